/* SPDX-License-Identifier: MIT */
/* Clones: stream pointers that a driver makes and deletes. Lock of the queue held.
 * A deleted clone's block stays with the queue for a while, so that a driver that still uses it is
 * caught by the magic word and not by luck. Not here: what all pointers share (stream_pointer.h).
 */
#ifndef WEIR_KS_CLONE_H
#define WEIR_KS_CLONE_H

struct ks_stream_pointer;

/* Deletes: unlocks, drops the reference, cancels the timeout. The frame may become free by it. */
void ks_clone_discard(struct ks_stream_pointer *clone);

#endif
