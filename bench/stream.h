/* SPDX-License-Identifier: MIT */
/* One stream as a sample: grabber.sys on a card in a machine of its own, in a child process. Events
 * are emitted and consumed in place, as the supervisor would.
 *
 * The stream is timed in blocks of at least a millisecond, after a warm-up. A block in which the
 * process was taken off the CPU is dropped; the frame time of a round is the time of all blocks
 * that are left over their frames. A round that kept less than half of its frames counts for
 * nothing. */
#ifndef WEIR_BENCH_STREAM_H
#define WEIR_BENCH_STREAM_H

#include "client/client.h"
#include "mm/mm.h"

struct stream_variant {
    const char *name;
    const char *card;
    const char *parameters;
    const char *fourcc;
    enum weir_pattern_payload payload;
    bool check;
    unsigned frames;
    enum mm_policy policy;
};

struct stream_driver {
    void *bytes;
    size_t size_bytes;
};
/* False, after a message, when the file cannot be read. */
bool stream_driver_read(struct stream_driver *driver, const char *path);
void stream_driver_free(struct stream_driver *driver);

/* Runs the variant once: ns for a frame, 0 when the round was disturbed. A variant that does not
 * run ends the program. */
double stream_frame_ns(const struct stream_driver *driver, const struct stream_variant *variant);

#endif
