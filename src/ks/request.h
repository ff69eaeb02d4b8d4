/* SPDX-License-Identifier: MIT */
/* Requests and frames: one READ_STREAM or WRITE_STREAM IRP, and each stream header in it.
 * A request owns its frames; the queue owns the request until the IRP is completed, then keeps the
 * object, with its mapping tables, for the next IRP. Building a request runs at PASSIVE_LEVEL in
 * the requester's thread; finishing one runs up to DISPATCH_LEVEL on any. Not here: the lists they
 * hang in (queue.h). */
#ifndef WEIR_KS_REQUEST_H
#define WEIR_KS_REQUEST_H

#include <stdbool.h>

#include "ks/mapping.h"
#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_carrier;
struct ks_queue;
struct ks_request;

/* One KSSTREAM_HEADER with its buffer. */
struct ks_frame {
    LIST_ENTRY link; /* queue->frames, then queue->freed */
    struct ks_request *request;
    PKSSTREAM_HEADER header; /* the captured copy, which the driver reads and writes */
    PMDL mdl; /* NULL when the header carries no data */
    PVOID client_data; /* the client's own Data value, given back at the end */
    ULONG size_bytes; /* as captured: FrameExtent going out, DataUsed going in */
    uint64_t id;
    uint32_t references; /* edges, clones, and a mapping that has been asked for */
    uint32_t locks; /* locked pointers */
    bool passed_leading;
    bool passed_trailing;
    bool cancelled;
    bool freed;
    struct ks_mapping mapping;
};

struct ks_request {
    LIST_ENTRY link; /* queue->requests or queue->spare_requests */
    LIST_ENTRY done_link; /* queue->done once finished */
    struct ks_queue *queue;
    PIRP irp;
    struct ks_carrier *carrier; /* that the IRP belongs to; NULL: a client's */
    bool reads; /* the client reads */
    bool continued; /* it comes from the pin before in the pipe, which has locked its buffers */
    NTSTATUS status; /* the first failure sticks */
    bool cancel_seen; /* the cancel routine has run and left */
    bool cancel_asked; /* to be cancelled as soon as no frame is locked */
    bool cancelled;
    bool finished; /* every frame is retired; waits for its turn or for the cancel routine */
    ULONG header_bytes; /* size of all headers of the IRP */
    ULONG frame_count;
    ULONG frames_left; /* not yet retired */
    ULONG frame_capacity;
    struct ks_frame frames[];
};

/* Checks the IRP's headers, captures them, locks the buffers. On success the request belongs to the
 * caller, who appends it; on failure the IRP is as it was, apart from what its completion frees. */
NTSTATUS ks_request_build(struct ks_queue *queue, PIRP irp, struct ks_request **out);
/* For a frame that goes round by itself. NULL without memory. Up to DISPATCH_LEVEL. */
struct ks_request *ks_request_carry(struct ks_queue *queue, struct ks_carrier *carrier);
/* Undoes what made a request that is not going to be appended; the IRP stays. */
void ks_request_abandon(struct ks_request *request);
/* The pin has done with it: the IRP goes on to the next pin of the pipe, home if it is a carrier's,
 * or to its client with status, information and the client's own values. No lock held; the request
 * goes back to the queue's spares. */
void ks_request_complete(struct ks_request *request);
/* Number of locked frames among its own. Lock held. */
bool ks_request_has_locked_frame(const struct ks_request *request);
void ks_request_free(struct ks_request *request);

#endif
