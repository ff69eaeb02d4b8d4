/* SPDX-License-Identifier: MIT */
/* Memory that a requester passes by address: METHOD_NEITHER buffers.
 * On Windows each of these is a probe and a copy inside a __try block; host code of ours has no
 * exceptions to catch, so the room asks mm, which says no instead of faulting. PASSIVE_LEVEL, in
 * the requester's thread. Not here: long-lived access to stream buffers, which goes through MDLs.
 */
#ifndef WEIR_KS_USER_H
#define WEIR_KS_USER_H

#include "wdk/wdm.h"

/* STATUS_ACCESS_VIOLATION when any byte is not there. */
NTSTATUS ks_user_read(KPROCESSOR_MODE mode, void *to, const void *from, SIZE_T bytes);
NTSTATUS ks_user_write(KPROCESSOR_MODE mode, void *to, const void *from, SIZE_T bytes);
/* MmProbeAndLockPages. */
NTSTATUS ks_user_lock(KPROCESSOR_MODE mode, PMDL mdl, LOCK_OPERATION operation);

#endif
