/* SPDX-License-Identifier: MIT */
/* Waiting and waking: the rules that all dispatcher objects share. ke_object_signal is called after
 * SignalState became positive; it wakes whom that satisfies and takes what they consume. Callable
 * from events, at any IRQL; nothing switches until ke_deliver_pending. */
#ifndef WEIR_NT_KE_WAIT_H
#define WEIR_NT_KE_WAIT_H

#include "ke/thread.h"

void ke_object_init(PDISPATCHER_HEADER header, UCHAR type, size_t size_bytes, LONG state);
void ke_object_signal(struct ke *ke, PDISPATCHER_HEADER header, KPRIORITY increment);

/* The lowest common door of the waits; blocks holds count wait blocks. */
struct ke_wait {
    ULONG count;
    PVOID *objects;
    bool all;
    PLARGE_INTEGER timeout;
    PKWAIT_BLOCK blocks;
};
NTSTATUS ke_wait(struct ke *ke, const struct ke_wait *wait);
/* Blocks without an object until ke_thread_end_wait or the timeout; the thread's wait_result. */
uint64_t ke_block(struct ke *ke, PLARGE_INTEGER timeout);
void ke_thread_end_wait(struct ke *ke, struct ke_thread *thread, uint64_t result,
                        KPRIORITY increment);
/* Emits the finding; true when this wait may not block here. */
bool ke_wait_forbidden(struct ke *ke, PLARGE_INTEGER timeout);
_Noreturn void ke_wait_bug_check(struct ke *ke, const void *object);
/* KeSetEvent, KeReleaseX with Wait: IRQL stays up until the wait that follows. */
void ke_wait_next(struct ke *ke);

#endif
