/* SPDX-License-Identifier: MIT */
/* While a locked pointer refers to any frame of an IRP, the IRP cannot be cancelled; the request
 * waits for the last lock to go. Then the edges leave the IRP's frames, and the cancel callback of
 * every clone on them runs, at DISPATCH_LEVEL under the queue's spin lock: it may touch its own
 * clone only, and deletes it. A clone without a callback keeps the IRP until the driver deletes it.
 * Stream Pointers and IRP Cancellation; KsStreamPointerClone, CancelCallback.
 *
 * Our reading: when the driver lets go of the last frame in the very call that ends the last lock,
 * the data won the race and the IRP completes as the driver left it. */
#include "ks/cancel.h"

#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/request.h"
#include "ks/room.h"

enum { REQUEST_SLOT = 3 }; /* of IRP.Tail.Overlay.DriverContext */

static void call_cancel_callback(struct ks_stream_pointer *clone)
{
    PFNKSSTREAMPOINTER callback = clone->cancel_callback;

    clone->called_back = true;
    if (callback != NULL)
        KE_CALL(callback, KE_ARG(&clone->public));
}

/* A clone of the request that its callback has not heard of; callbacks delete, so look anew each
 * time. */
static struct ks_stream_pointer *next_to_call(struct ks_queue *queue)
{
    for (PLIST_ENTRY link = queue->clones.Flink; link != &queue->clones; link = link->Flink) {
        struct ks_stream_pointer *clone = CONTAINING_RECORD(link, struct ks_stream_pointer, link);

        if (clone->cancelled && !clone->called_back)
            return clone;
    }
    return NULL;
}

static void mark_clones(struct ks_queue *queue, const struct ks_request *request)
{
    for (PLIST_ENTRY link = queue->clones.Flink; link != &queue->clones; link = link->Flink) {
        struct ks_stream_pointer *clone = CONTAINING_RECORD(link, struct ks_stream_pointer, link);

        if (clone->frame != NULL && clone->frame->request == request)
            clone->cancelled = true;
    }
}

static void leave_cancelled_frame(struct ks_stream_pointer *edge)
{
    if (edge != NULL && edge->frame != NULL && edge->frame->cancelled)
        ks_pointer_move(edge);
}

static void cancel_now(struct ks_request *request)
{
    struct ks_queue *queue = request->queue;
    struct ks_stream_pointer *clone;

    request->cancelled = true;
    if (NT_SUCCESS(request->status))
        request->status = STATUS_CANCELLED;
    for (ULONG i = 0; i < request->frame_count; i++)
        request->frames[i].cancelled = true;
    leave_cancelled_frame(queue->leading);
    leave_cancelled_frame(queue->trailing);
    mark_clones(queue, request);
    while ((clone = next_to_call(queue)) != NULL)
        call_cancel_callback(clone);
    for (ULONG i = 0; i < request->frame_count; i++)
        ks_queue_release_if_free(queue, &request->frames[i]);
}

void ks_cancel_request(struct ks_request *request)
{
    request->cancel_asked = true;
    if (!request->cancelled && !request->finished && !ks_request_has_locked_frame(request))
        cancel_now(request);
}

static bool all_frames_freed(const struct ks_request *request)
{
    for (ULONG i = 0; i < request->frame_count; i++) {
        if (!request->frames[i].freed)
            return false;
    }
    return true;
}

void ks_cancel_after_unlock(struct ks_frame *frame)
{
    struct ks_request *request = frame->request;

    if (request->cancel_asked && !all_frames_freed(request))
        ks_cancel_request(request);
}

/* The I/O manager's call, with its cancel spin lock held and no lock of ours. The IRP stays until
 * we say so: its completion waits for cancel_seen. */
static void NTAPI cancel_routine(PDEVICE_OBJECT device, PIRP irp)
{
    struct ks_request *request = irp->Tail.Overlay.DriverContext[REQUEST_SLOT];
    struct ks_queue *queue = request->queue;
    struct ks_queue_hold hold;

    UNREFERENCED_PARAMETER(device);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    ks_queue_enter(queue, &hold);
    request->cancel_seen = true;
    ks_cancel_request(request);
    ks_queue_stay(queue);
    ks_queue_leave(queue, &hold);
    ks_queue_stay_over(queue);
}

bool ks_cancel_arm(struct ks_request *request)
{
    PIRP irp = request->irp;

    irp->Tail.Overlay.DriverContext[REQUEST_SLOT] = request;
    IoSetCancelRoutine(irp, KS_ROUTINE(cancel_routine));
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL) != NULL) {
        request->cancel_seen = true;
        return true;
    }
    return false;
}

bool ks_cancel_disarm(struct ks_request *request)
{
    return request->cancel_seen || IoSetCancelRoutine(request->irp, NULL) != NULL;
}
