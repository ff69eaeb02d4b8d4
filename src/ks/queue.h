/* SPDX-License-Identifier: MIT */
/* One pin's queue of frames, and the leading and trailing edges that walk it.
 * A pin on the standard transport has a queue from STOP->ACQUIRE to ACQUIRE->STOP; the queue owns
 * its requests (one stream IRP each), their frames and all stream pointers. One spin lock
 * serialises everything, and the processor that holds it may enter again: a driver deletes its
 * clone from within the cancel callback, which runs under the lock. What becomes free under the
 * lock is collected, and given back after the last leave: mappings first, then the IRP. Callable up
 * to DISPATCH_LEVEL, except create and destroy (PASSIVE_LEVEL). Not here: what a request is made of
 * (request.h), mapping tables (mapping.h), who calls Process (process.h). */
#ifndef WEIR_KS_QUEUE_H
#define WEIR_KS_QUEUE_H

#include <stdbool.h>

#include "ks/stream_pointer.h"
#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_pin;
struct ks_frame;
struct ks_request;
struct ks_dma;

enum { KS_QUEUE_TAG = 0x7551734b }; /* "KsQu" */

struct ks_queue {
    uint64_t magic;
    struct ks_pin *pin;
    struct ks_dma *dma; /* of the device; only pins that generate mappings use it */
    bool output; /* data flows out of the pin: READ_STREAM */
    bool mapped; /* KSPIN_FLAG_GENERATE_MAPPINGS */
    bool fifo; /* KSPIN_FLAG_ENFORCE_FIFO */
    bool in_place; /* frames are filled where they were read; see in_place.h */
    bool closing; /* being torn down: nothing new is queued */

    KSPIN_LOCK lock;
    ULONG holder; /* number of the processor that holds the lock + 1, or 0 */
    LIST_ENTRY frames; /* not yet free, oldest first */
    LIST_ENTRY requests; /* not yet completed, oldest first */
    LIST_ENTRY clones; /* in the order of cloning */
    LIST_ENTRY freed; /* frames that became free and are still to be retired */
    LIST_ENTRY done; /* requests that are finished and not yet completed, in that order */
    struct ks_stream_pointer *leading;
    struct ks_stream_pointer *trailing; /* NULL without KSPIN_FLAG_DISTINCT_TRAILING_EDGE */
    ULONG locked_frames;
    ULONG ended_clones; /* clones that ran off the end */
    ULONG staying; /* those who work for the queue outside the lock */
    bool format_awaited; /* a read said that the format changed; the others wait for its fetching */
    bool reset_queued;
    WORK_QUEUE_ITEM reset_item; /* calls Reset after a flush */
    bool awaited; /* somebody waits for emptied */
    KEVENT emptied; /* signalled when no request is left */

    LIST_ENTRY starved_link; /* in ks_dma.starved after a lock failed for want of resources */
    bool starved;
    bool awaits_registration; /* no release helps; see ks_dma_await_registration */
    bool lock_failed; /* since the last Process call; the processing loop reads and clears it */

    LIST_ENTRY spare_requests; /* request objects, their frames and mapping tables, for reuse */
    LIST_ENTRY
    spare_clones; /* deleted clones, oldest first: reused late, so that stale use shows */
    ULONG spare_clone_count;
};

struct ks_queue_hold {
    KIRQL irql;
    bool nested;
};

NTSTATUS ks_queue_create(struct ks_pin *pin, struct ks_queue **out);
/* Ends streaming: nothing new is taken, everything in it is ended. */
void ks_queue_close(struct ks_queue *queue);
/* Takes a closed queue up again; false when the pin wants one of another kind by now. */
bool ks_queue_reopen(struct ks_queue *queue);
/* The queue must be empty. NULL is fine. */
void ks_queue_destroy(struct ks_queue *queue);

void ks_queue_enter(struct ks_queue *queue, struct ks_queue_hold *hold);
/* Gives back what became free, which may complete IRPs. */
void ks_queue_leave(struct ks_queue *queue, struct ks_queue_hold *hold);

/* Keeps the queue in being while its lock is not held; taken with the lock, ended without. The end
 * completes requests that waited for a cancel routine. */
void ks_queue_stay(struct ks_queue *queue);
void ks_queue_stay_over(struct ks_queue *queue);
/* The client has the format that its last read announced: reads complete again. Lock not held. */
void ks_queue_format_fetched(struct ks_queue *queue);

/* The next frame that a pointer moving on from frame may refer to; NULL at the end. Lock held. */
struct ks_frame *ks_queue_next(struct ks_queue *queue, const struct ks_frame *frame);
/* The frame's mappings are gone: pointers on it have none either. Lock held. */
void ks_queue_reload(struct ks_queue *queue, const struct ks_frame *frame);
/* Lets the frame go when nothing refers to it and the edges have passed it. Lock held. */
void ks_queue_release_if_free(struct ks_queue *queue, struct ks_frame *frame);
/* Appends the request's frames; true when the leading edge had none before. Lock held. */
bool ks_queue_append(struct ks_queue *queue, struct ks_request *request);

/* Tells those who wait in ks_queue_flush when nothing is left. Lock held. */
void ks_queue_wake_if_empty(struct ks_queue *queue);

/* Bytes of the frames at and ahead of the leading edge. Lock held. */
ULONG ks_queue_bytes_ahead(struct ks_queue *queue);
/* Stop and flush: cancels all that waits, then waits until the queue is empty. PASSIVE_LEVEL. */
void ks_queue_flush(struct ks_queue *queue);
/* Cancels every request without waiting. PASSIVE or DISPATCH_LEVEL, lock not held. */
void ks_queue_cancel_all(struct ks_queue *queue);

#endif
