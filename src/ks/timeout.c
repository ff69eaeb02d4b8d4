/* SPDX-License-Identifier: MIT */
/* A stream pointer may carry one timeout: a driver that renders at a given time schedules it and
 * gets its callback at DISPATCH_LEVEL. A new one replaces the old; deleting the pointer cancels it.
 * Stream Pointer Timers; KsStreamPointerScheduleTimeout.
 * Left out: the documented oddity that timeouts of a paused pin come late. Ours come on time. */
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/stream_pointer.h"
#include "ks/room.h"

static void NTAPI timeout_due(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    struct ks_stream_pointer *pointer = Context;
    PFNKSSTREAMPOINTER callback = NULL;
    struct ks_queue_hold hold;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    ks_queue_enter(pointer->queue, &hold);
    if (pointer->timeout.due) {
        callback = pointer->timeout.callback;
        pointer->timeout.due = false;
    }
    ks_queue_leave(pointer->queue, &hold);
    if (callback != NULL)
        KE_CALL(callback, KE_ARG(&pointer->public));
}

void ks_pointer_timeout_cancel(struct ks_stream_pointer *pointer)
{
    if (!pointer->timeout.due)
        return;
    pointer->timeout.due = false;
    KeCancelTimer(&pointer->timeout.timer);
    KeRemoveQueueDpc(&pointer->timeout.dpc);
}

void NTAPI KsStreamPointerScheduleTimeout(PKSSTREAM_POINTER StreamPointer,
                                          PFNKSSTREAMPOINTER Callback, ULONGLONG Interval)
{
    struct ks_stream_pointer *pointer = ks_pointer_of(StreamPointer);
    LARGE_INTEGER due = {.QuadPart = -(LONGLONG)Interval};
    struct ks_queue_hold hold;

    if (pointer == NULL)
        return;
    ks_queue_enter(pointer->queue, &hold);
    ks_pointer_timeout_cancel(pointer);
    if (!pointer->timeout.prepared) {
        KeInitializeTimer(&pointer->timeout.timer);
        KeInitializeDpc(&pointer->timeout.dpc, KS_ROUTINE(timeout_due), pointer);
        pointer->timeout.prepared = true;
    }
    pointer->timeout.callback = Callback;
    pointer->timeout.due = true;
    KeSetTimer(&pointer->timeout.timer, due, &pointer->timeout.dpc);
    ks_queue_leave(pointer->queue, &hold);
}

void NTAPI KsStreamPointerCancelTimeout(PKSSTREAM_POINTER StreamPointer)
{
    struct ks_stream_pointer *pointer = ks_pointer_of(StreamPointer);
    struct ks_queue_hold hold;

    if (pointer == NULL)
        return;
    ks_queue_enter(pointer->queue, &hold);
    ks_pointer_timeout_cancel(pointer);
    ks_queue_leave(pointer->queue, &hold);
}
