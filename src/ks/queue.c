/* SPDX-License-Identifier: MIT */
/* Clients queue stream IRPs on a pin; each header in them is a frame. The leading edge points at
 * the frame the driver works on next, frames ahead of it wait, frames behind it live as long as a
 * clone (or the window up to the trailing edge) refers to them. When the last frame of an IRP is
 * free the IRP is completed, in the order in which that happens, unless the pin enforces arrival
 * order. Introduction to Stream Pointers; Leading and Trailing Edge Stream Pointers;
 * KSPIN_FLAG_ENFORCE_FIFO.
 *
 * Our reading: a frame is free when its reference count is zero and both edges have passed it, or
 * its IRP was cancelled. Mappings are given back before the IRP is completed, and both happen
 * outside the spin lock. On a connected pin the IRP then goes on to the next one (request.c). */
#include "ks/queue.h"

#include <string.h>

#include "base/fatal.h"
#include "ks/cancel.h"
#include "ks/clone.h"
#include "ks/dma.h"
#include "ks/pin.h"
#include "ks/request.h"
#include "ks/room.h"
#include "ks/stream_options.h"

static const uint64_t queue_magic = 0x6b73517565756521u;

static struct ks_stream_pointer *create_edge(struct ks_queue *queue, enum ks_pointer_kind kind)
{
    struct ks_stream_pointer *edge =
        ExAllocatePoolWithTag(NonPagedPool, sizeof *edge, KS_QUEUE_TAG);

    if (edge != NULL)
        ks_pointer_init(edge, kind, queue);
    return edge;
}

static void init_lists(struct ks_queue *queue)
{
    InitializeListHead(&queue->frames);
    InitializeListHead(&queue->requests);
    InitializeListHead(&queue->clones);
    InitializeListHead(&queue->freed);
    InitializeListHead(&queue->done);
    InitializeListHead(&queue->spare_requests);
    InitializeListHead(&queue->spare_clones);
    InitializeListHead(&queue->starved_link);
    KeInitializeSpinLock(&queue->lock);
    KeInitializeEvent(&queue->emptied, NotificationEvent, FALSE);
}

static bool wants_trailing_edge(const struct ks_pin *pin)
{
    return (pin->public.Descriptor->Flags & KSPIN_FLAG_DISTINCT_TRAILING_EDGE) != 0;
}

/* From the descriptor, which the driver may have edited since the last time. */
static void configure(struct ks_queue *queue)
{
    ULONG flags = queue->pin->public.Descriptor->Flags;

    queue->output = queue->pin->public.DataFlow == KSPIN_DATAFLOW_OUT;
    queue->mapped = (flags & KSPIN_FLAG_GENERATE_MAPPINGS) != 0;
    queue->fifo = (flags & KSPIN_FLAG_ENFORCE_FIFO) != 0;
    queue->in_place = queue->pin->pipe.in_place != NULL;
    queue->closing = false;
}

NTSTATUS ks_queue_create(struct ks_pin *pin, struct ks_queue **out)
{
    struct ks_queue *queue = ExAllocatePoolWithTag(NonPagedPool, sizeof *queue, KS_QUEUE_TAG);

    if (queue == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(queue, 0, sizeof *queue);
    queue->magic = queue_magic;
    queue->pin = pin;
    queue->dma = ks_pin_dma(pin);
    configure(queue);
    init_lists(queue);
    queue->leading = create_edge(queue, KS_POINTER_LEADING);
    if (wants_trailing_edge(pin))
        queue->trailing = create_edge(queue, KS_POINTER_TRAILING);
    if (queue->leading == NULL || (queue->trailing == NULL && wants_trailing_edge(pin))) {
        ks_queue_destroy(queue);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *out = queue;
    return STATUS_SUCCESS;
}

bool ks_queue_reopen(struct ks_queue *queue)
{
    weir_assert(queue->magic == queue_magic);
    if (wants_trailing_edge(queue->pin) != (queue->trailing != NULL))
        return false;
    configure(queue);
    return true;
}

void ks_queue_close(struct ks_queue *queue)
{
    queue->closing = true;
    ks_queue_format_fetched(queue);
    ks_queue_flush(queue);
    ks_dma_forget(queue->dma, queue);
}

static void free_spares(struct ks_queue *queue)
{
    while (!IsListEmpty(&queue->spare_requests)) {
        PLIST_ENTRY link = RemoveHeadList(&queue->spare_requests);

        ks_request_free(CONTAINING_RECORD(link, struct ks_request, link));
    }
    while (!IsListEmpty(&queue->spare_clones)) {
        PLIST_ENTRY link = RemoveHeadList(&queue->spare_clones);

        ExFreePoolWithTag(CONTAINING_RECORD(link, struct ks_stream_pointer, link), KS_QUEUE_TAG);
    }
}

static void free_edge(struct ks_stream_pointer *edge)
{
    if (edge == NULL)
        return;
    edge->magic = KS_POINTER_DELETED;
    ExFreePoolWithTag(edge, KS_QUEUE_TAG);
}

void ks_queue_destroy(struct ks_queue *queue)
{
    struct ks_queue_hold hold;

    if (queue == NULL)
        return;
    weir_assert(queue->magic == queue_magic);
    if (queue->leading != NULL) {
        ks_queue_enter(queue, &hold); /* whoever woke us is out of the lock once we have had it */
        ks_queue_leave(queue, &hold);
    }
    weir_assert(IsListEmpty(&queue->requests));
    weir_assert(IsListEmpty(&queue->clones));
    KeFlushQueuedDpcs(); /* a timeout that was cancelled may still be on its way */
    ks_dma_forget(queue->dma, queue);
    free_spares(queue);
    free_edge(queue->leading);
    free_edge(queue->trailing);
    queue->magic = 0;
    ExFreePoolWithTag(queue, KS_QUEUE_TAG);
}

/* ---- The lock -------------------------------------------------------------------------------- */

void ks_queue_enter(struct ks_queue *queue, struct ks_queue_hold *hold)
{
    ULONG me = KeGetCurrentProcessorNumber() + 1;

    hold->irql = 0;
    hold->nested = KeGetCurrentIrql() >= DISPATCH_LEVEL && queue->holder == me;
    if (hold->nested)
        return;
    hold->irql = KeAcquireSpinLockRaiseToDpc(&queue->lock);
    queue->holder = KeGetCurrentProcessorNumber() + 1;
}

/* What leaves the queue's lists is chained through Flink, oldest first, NULL at the end: a list
 * head on our stack would leave its host address in pool. */
struct chain {
    PLIST_ENTRY first;
    PLIST_ENTRY last;
};

static void chain_append(struct chain *chain, PLIST_ENTRY link)
{
    link->Flink = NULL;
    link->Blink = NULL;
    if (chain->first == NULL)
        chain->first = link;
    else
        chain->last->Flink = link;
    chain->last = link;
}

static PLIST_ENTRY chain_pop(struct chain *chain)
{
    PLIST_ENTRY link = chain->first;

    if (link != NULL)
        chain->first = link->Flink;
    return link;
}

/* False while the cancel routine is on its way, which then does it. */
static bool take_request(struct ks_request *request, struct chain *finished)
{
    if (!ks_cancel_disarm(request))
        return false;
    RemoveEntryList(&request->done_link);
    RemoveEntryList(&request->link);
    chain_append(finished, &request->link);
    if (request->queue->output &&
        ks_options_include(request, KSSTREAM_HEADER_OPTIONSF_TYPECHANGED))
        request->queue->format_awaited = !request->queue->closing;
    return true;
}

/* Behind a read that announced a format; what is cancelled does not wait. */
static bool waits_for_format(const struct ks_request *request)
{
    return request->queue->format_awaited && !request->cancelled && !request->cancel_seen;
}

static void take_in_order_of_arrival(struct ks_queue *queue, struct chain *finished)
{
    while (!IsListEmpty(&queue->requests)) {
        struct ks_request *oldest =
            CONTAINING_RECORD(queue->requests.Flink, struct ks_request, link);

        if (!oldest->finished || waits_for_format(oldest) || !take_request(oldest, finished))
            return;
    }
}

/* Requests that are ready to be completed. */
static void take_finished(struct ks_queue *queue, struct chain *finished)
{
    PLIST_ENTRY next;

    if (queue->fifo) {
        take_in_order_of_arrival(queue, finished);
        return;
    }
    for (PLIST_ENTRY link = queue->done.Flink; link != &queue->done; link = next) {
        struct ks_request *request = CONTAINING_RECORD(link, struct ks_request, done_link);

        next = link->Flink;
        if (!waits_for_format(request))
            take_request(request, finished);
    }
}

void ks_queue_wake_if_empty(struct ks_queue *queue)
{
    if (queue->awaited && IsListEmpty(&queue->requests) && queue->staying == 0)
        KeSetEvent(&queue->emptied, IO_NO_INCREMENT, FALSE);
}

static void complete_finished(struct ks_queue *queue)
{
    struct ks_queue_hold hold;
    struct chain finished = {0};
    PLIST_ENTRY link;

    ks_queue_enter(queue, &hold);
    take_finished(queue, &finished);
    ks_queue_leave(queue, &hold);
    while ((link = chain_pop(&finished)) != NULL)
        ks_request_complete(CONTAINING_RECORD(link, struct ks_request, link));
}

void ks_queue_format_fetched(struct ks_queue *queue)
{
    queue->format_awaited = false;
    complete_finished(queue);
}

void ks_queue_stay(struct ks_queue *queue)
{
    queue->staying++;
}

void ks_queue_stay_over(struct ks_queue *queue)
{
    struct ks_queue_hold hold;

    complete_finished(queue);
    ks_queue_enter(queue, &hold);
    queue->staying--;
    ks_queue_wake_if_empty(queue);
    ks_queue_leave(queue, &hold);
}

/* The frames' way out: mappings back to the adapter, then the IRPs whose last frame this was. */
static void retire(struct ks_queue *queue, struct chain *freed)
{
    struct ks_queue_hold hold;
    PLIST_ENTRY link;

    for (link = freed->first; link != NULL; link = link->Flink)
        ks_mapping_put(queue, CONTAINING_RECORD(link, struct ks_frame, link));
    ks_queue_enter(queue, &hold);
    while ((link = chain_pop(freed)) != NULL) {
        struct ks_frame *frame = CONTAINING_RECORD(link, struct ks_frame, link);

        if (--frame->request->frames_left == 0) {
            frame->request->finished = true;
            InsertTailList(&queue->done, &frame->request->done_link);
        }
    }
    ks_queue_leave(queue, &hold);
    ks_queue_stay_over(queue);
}

void ks_queue_leave(struct ks_queue *queue, struct ks_queue_hold *hold)
{
    struct chain freed = {0};

    if (hold->nested)
        return;
    ks_processor_set_frames(&queue->pin->processor, queue->leading->frame != NULL);
    while (!IsListEmpty(&queue->freed))
        chain_append(&freed, RemoveHeadList(&queue->freed));
    if (freed.first != NULL)
        ks_queue_stay(queue);
    queue->holder = 0;
    KeReleaseSpinLock(&queue->lock, hold->irql);
    if (freed.first != NULL)
        retire(queue, &freed);
}

/* ---- Frames ---------------------------------------------------------------------------------- */

struct ks_frame *ks_queue_next(struct ks_queue *queue, const struct ks_frame *frame)
{
    for (PLIST_ENTRY link = frame->link.Flink; link != &queue->frames; link = link->Flink) {
        struct ks_frame *next = CONTAINING_RECORD(link, struct ks_frame, link);

        if (!next->cancelled)
            return next;
    }
    return NULL;
}

void ks_queue_release_if_free(struct ks_queue *queue, struct ks_frame *frame)
{
    bool passed = frame->passed_leading && (queue->trailing == NULL || frame->passed_trailing);

    if (frame->freed || frame->references != 0 || !(passed || frame->cancelled))
        return;
    weir_assert(frame->locks == 0);
    frame->freed = true;
    RemoveEntryList(&frame->link);
    InsertTailList(&queue->freed, &frame->link);
}

static void reload(struct ks_stream_pointer *pointer, const struct ks_frame *frame)
{
    if (pointer != NULL && pointer->frame == frame)
        ks_pointer_load_offsets(pointer);
}

void ks_queue_reload(struct ks_queue *queue, const struct ks_frame *frame)
{
    reload(queue->leading, frame);
    reload(queue->trailing, frame);
    for (PLIST_ENTRY link = queue->clones.Flink; link != &queue->clones; link = link->Flink)
        reload(CONTAINING_RECORD(link, struct ks_stream_pointer, link), frame);
}

/* Pointers that ran off the end refer to the first frame that arrives after. For the edges that is
 * documented; UNDOC for clones, where we do the same. */
static void catch_arrival(struct ks_queue *queue, struct ks_frame *frame)
{
    PLIST_ENTRY link = &queue->clones;

    if (queue->leading->frame == NULL)
        ks_pointer_attach(queue->leading, frame);
    if (queue->trailing != NULL && queue->trailing->frame == NULL)
        ks_pointer_attach(queue->trailing, frame);
    while (queue->ended_clones != 0) {
        struct ks_stream_pointer *clone;

        link = link->Flink;
        clone = CONTAINING_RECORD(link, struct ks_stream_pointer, link);
        if (clone->at_end)
            ks_pointer_attach(clone, frame);
    }
}

bool ks_queue_append(struct ks_queue *queue, struct ks_request *request)
{
    bool was_empty = queue->leading->frame == NULL;

    InsertTailList(&queue->requests, &request->link);
    for (ULONG i = 0; i < request->frame_count; i++) {
        struct ks_frame *frame = &request->frames[i];

        InsertTailList(&queue->frames, &frame->link);
        TRACE(ks_trace(), frame_queued, queue->pin->object.id, frame->id,
              frame->size_bytes);
    }
    catch_arrival(queue, &request->frames[0]);
    return was_empty;
}

ULONG ks_queue_bytes_ahead(struct ks_queue *queue)
{
    struct ks_frame *frame = queue->leading->frame;
    ULONG bytes = 0;

    if (frame != NULL && !queue->mapped) {
        bytes = queue->leading->public.Offset->Remaining;
        frame = ks_queue_next(queue, frame);
    }
    for (; frame != NULL; frame = ks_queue_next(queue, frame))
        bytes += frame->size_bytes;
    return bytes;
}
