/* SPDX-License-Identifier: MIT */
/* A clone starts where its parent stands, with the parent's offsets and the parent's lock: the
 * clone of a locked pointer is locked and keeps its IRP from being cancelled. It holds its frame in
 * the queue until it is deleted, which is how a driver waits for its hardware. Deleting may
 * complete the IRP within the call, and must work from the cancel callback, under the queue's lock.
 * Cloning Stream Pointers; KsStreamPointerClone; KsStreamPointerDelete.
 * UNDOC: cloning a pointer that refers to no frame. We say STATUS_DEVICE_NOT_READY. */
#include "ks/clone.h"

#include <string.h>

#include "ks/cancel.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/request.h"
#include "ks/room.h"

enum { SPARE_CLONES_KEPT = 16, SPARE_CLONES_MAX = 64 };

static struct ks_stream_pointer *take_spare(struct ks_queue *queue, ULONG context_bytes)
{
    struct ks_stream_pointer *spare;

    if (queue->spare_clone_count <= SPARE_CLONES_KEPT)
        return NULL;
    spare = CONTAINING_RECORD(queue->spare_clones.Flink, struct ks_stream_pointer, link);
    if (spare->context_bytes != context_bytes && queue->spare_clone_count < SPARE_CLONES_MAX)
        return NULL;
    RemoveEntryList(&spare->link);
    queue->spare_clone_count--;
    if (spare->context_bytes == context_bytes)
        return spare;
    ExFreePoolWithTag(spare, KS_QUEUE_TAG);
    return NULL;
}

static struct ks_stream_pointer *allocate_clone(struct ks_queue *queue, ULONG context_bytes)
{
    struct ks_stream_pointer *clone = take_spare(queue, context_bytes);

    if (clone == NULL)
        clone = ExAllocatePoolWithTag(NonPagedPool, sizeof *clone + context_bytes, KS_QUEUE_TAG);
    if (clone == NULL)
        return NULL;
    ks_pointer_init(clone, KS_POINTER_CLONE, queue);
    clone->context_bytes = context_bytes;
    if (context_bytes != 0) {
        memset(clone->context, 0, context_bytes);
        clone->public.Context = clone->context;
    }
    return clone;
}

static void copy_place(struct ks_stream_pointer *clone, const struct ks_stream_pointer *parent)
{
    ks_pointer_attach(clone, parent->frame);
    clone->public.OffsetIn = parent->public.OffsetIn;
    clone->public.OffsetOut = parent->public.OffsetOut;
    clone->offsets_loaded = parent->offsets_loaded;
    clone->locked = parent->locked;
    if (clone->locked)
        clone->frame->locks++;
}

static NTSTATUS make_clone(struct ks_stream_pointer *parent, PFNKSSTREAMPOINTER cancel_callback,
                           ULONG context_bytes, PKSSTREAM_POINTER *out)
{
    struct ks_queue *queue = parent->queue;
    struct ks_stream_pointer *clone;

    if (parent->frame == NULL || parent->cancelled)
        return STATUS_DEVICE_NOT_READY;
    clone = allocate_clone(queue, context_bytes);
    if (clone == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    clone->cancel_callback = cancel_callback;
    copy_place(clone, parent);
    InsertTailList(&queue->clones, &clone->link);
    *out = &clone->public;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KsStreamPointerClone(PKSSTREAM_POINTER StreamPointer,
                                    PFNKSSTREAMPOINTER CancelCallback, ULONG ContextSize,
                                    PKSSTREAM_POINTER *CloneStreamPointer)
{
    struct ks_stream_pointer *parent = ks_pointer_of(StreamPointer);
    struct ks_queue_hold hold;
    NTSTATUS status;

    if (parent == NULL)
        return STATUS_DEVICE_NOT_READY;
    ks_queue_enter(parent->queue, &hold);
    status = make_clone(parent, CancelCallback, ContextSize, CloneStreamPointer);
    ks_queue_leave(parent->queue, &hold);
    return status;
}

void ks_clone_discard(struct ks_stream_pointer *clone)
{
    struct ks_queue *queue = clone->queue;
    struct ks_frame *frame = clone->frame;
    bool was_locked = clone->locked;

    ks_pointer_timeout_cancel(clone);
    ks_pointer_detach(clone);
    clone->magic = KS_POINTER_DELETED;
    RemoveEntryList(&clone->link);
    InsertTailList(&queue->spare_clones, &clone->link);
    queue->spare_clone_count++;
    if (frame == NULL)
        return;
    ks_queue_release_if_free(queue, frame);
    if (was_locked)
        ks_cancel_after_unlock(frame);
}

void NTAPI KsStreamPointerDelete(PKSSTREAM_POINTER StreamPointer)
{
    struct ks_stream_pointer *clone = ks_pointer_of(StreamPointer);
    struct ks_queue *queue;
    struct ks_queue_hold hold;

    if (clone == NULL)
        return;
    if (clone->kind != KS_POINTER_CLONE) {
        KE_FINDING(ke_current(), VERIFY_stream_pointer, KE_ARG(StreamPointer));
        return;
    }
    queue = clone->queue;
    ks_queue_enter(queue, &hold);
    ks_clone_discard(clone);
    ks_queue_leave(queue, &hold);
}

static PKSSTREAM_POINTER clone_at(struct ks_queue *queue, PLIST_ENTRY link)
{
    if (link == &queue->clones)
        return NULL;
    return &CONTAINING_RECORD(link, struct ks_stream_pointer, link)->public;
}

PKSSTREAM_POINTER NTAPI KsPinGetFirstCloneStreamPointer(PKSPIN Pin)
{
    struct ks_queue *queue = ks_pin_of(Pin)->queue;
    struct ks_queue_hold hold;
    PKSSTREAM_POINTER first;

    if (queue == NULL)
        return NULL;
    ks_queue_enter(queue, &hold);
    first = clone_at(queue, queue->clones.Flink);
    ks_queue_leave(queue, &hold);
    return first;
}

PKSSTREAM_POINTER NTAPI KsStreamPointerGetNextClone(PKSSTREAM_POINTER StreamPointer)
{
    struct ks_stream_pointer *clone = ks_pointer_of(StreamPointer);
    struct ks_queue_hold hold;
    PKSSTREAM_POINTER next;

    if (clone == NULL || clone->kind != KS_POINTER_CLONE)
        return NULL;
    ks_queue_enter(clone->queue, &hold);
    next = clone_at(clone->queue, clone->link.Flink);
    ks_queue_leave(clone->queue, &hold);
    return next;
}
