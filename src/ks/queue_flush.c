/* SPDX-License-Identifier: MIT */
/* A pin that stops gives its frames back: what waits is cancelled, what the driver has locked is
 * waited for. Requests that are asked to go leave one by one, and the last wakes who waits. State
 * Transitions; Stream Pointers and IRP Cancellation.
 * UNDOC: pointers that a driver has forgotten. After a second they are told and taken away. */
#include "ks/cancel.h"
#include "ks/clone.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/request.h"
#include "ks/room.h"

void ks_queue_cancel_all(struct ks_queue *queue)
{
    struct ks_queue_hold hold;

    ks_queue_enter(queue, &hold);
    for (PLIST_ENTRY link = queue->requests.Flink; link != &queue->requests; link = link->Flink)
        ks_cancel_request(CONTAINING_RECORD(link, struct ks_request, link));
    ks_queue_leave(queue, &hold);
}

static NTSTATUS wait_until_empty(struct ks_queue *queue, PLARGE_INTEGER timeout)
{
    struct ks_queue_hold hold;
    NTSTATUS status;

    ks_queue_enter(queue, &hold);
    KeClearEvent(&queue->emptied);
    queue->awaited = true;
    ks_queue_wake_if_empty(queue);
    ks_queue_leave(queue, &hold);
    status = KeWaitForSingleObject(&queue->emptied, Executive, KernelMode, FALSE, timeout);
    ks_queue_enter(queue, &hold);
    queue->awaited = false;
    ks_queue_leave(queue, &hold);
    return status;
}

static void unlock_forgotten_edge(struct ks_queue *queue, struct ks_stream_pointer *edge)
{
    if (edge == NULL || !edge->locked)
        return;
    KE_FINDING(ke_current(), VERIFY_stream_pointer_lock, queue->pin->object.id);
    ks_pointer_unlock(edge);
}

/* The driver's STOP callback is over and pointers still hold frames. The original would wait for
 * ever; we report, and take the pointers away. */
static void drop_forgotten_pointers(struct ks_queue *queue)
{
    struct ks_queue_hold hold;

    ks_queue_enter(queue, &hold);
    unlock_forgotten_edge(queue, queue->leading);
    unlock_forgotten_edge(queue, queue->trailing);
    while (!IsListEmpty(&queue->clones)) {
        struct ks_stream_pointer *clone =
            CONTAINING_RECORD(queue->clones.Flink, struct ks_stream_pointer, link);

        KE_FINDING(ke_current(), VERIFY_clone_leak, queue->pin->object.id);
        ks_clone_discard(clone);
    }
    ks_queue_leave(queue, &hold);
}

/* What holds the queue after a second of patience: pointers that the driver has forgotten, or a
 * list that an adapter owes. The latter may take as long as somebody else keeps map registers, but
 * an adapter that was put owes nothing. */
void ks_queue_flush(struct ks_queue *queue)
{
    LARGE_INTEGER patience = {.QuadPart = -10000000};
    NTSTATUS status;

    ks_queue_cancel_all(queue);
    status = wait_until_empty(queue, &patience);
    while (status == STATUS_TIMEOUT || !IsListEmpty(&queue->clones)) {
        drop_forgotten_pointers(queue);
        ks_mapping_forsake(queue);
        ks_queue_cancel_all(queue);
        status = wait_until_empty(queue, &patience);
    }
}
