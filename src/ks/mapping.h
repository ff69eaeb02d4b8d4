/* SPDX-License-Identifier: MIT */
/* A frame's mapping table: made at the first lock of any pointer on the frame, shared by all of
 * them, kept until the frame is retired. The adapter's scatter/gather list stands behind it for as
 * long. make wants the queue's lock held, put wants it not held; both up to DISPATCH_LEVEL. Not
 * here: the arithmetic (mapping_split.h), the adapter (dma.h). */
#ifndef WEIR_KS_MAPPING_H
#define WEIR_KS_MAPPING_H

#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_frame;
struct ks_queue;

enum ks_mapping_state {
    KS_MAPPING_NONE,
    KS_MAPPING_ASKED, /* the adapter will call back when it has map registers */
    KS_MAPPING_LISTED, /* the list is there, the table is not: it came late, or memory was short */
    KS_MAPPING_MADE,
    KS_MAPPING_REFUSED /* longer than the adapter maps at once; for as long as it is registered */
};

struct ks_mapping {
    enum ks_mapping_state state;
    ULONG asking; /* number + 1 of the processor inside GetScatterGatherList, or 0 */
    ULONG failures; /* lists refused in a row while nothing of the device was mapped */
    ULONG registrations; /* ks_dma.registrations when it was refused */
    PDMA_ADAPTER adapter; /* that made the list: it gets it back, whatever is registered by then */
    PDMA_OPERATIONS operations; /* of that adapter */
    PSCATTER_GATHER_LIST list;
    PUCHAR table;
    ULONG table_bytes; /* of the block, which outlives the frame */
    ULONG count;
    ULONG stride_bytes;
};

/* STATUS_SUCCESS: the table is there. STATUS_DEVICE_NOT_READY: no adapter, a stopped device, or the
 * list comes later. STATUS_INSUFFICIENT_RESOURCES: no memory, or a frame beyond the grant. After a
 * failure the pin's processing is resumed when there is hope again. */
NTSTATUS ks_mapping_make(struct ks_queue *queue, struct ks_frame *frame);
/* Gives the list back: the adapter flushes, and copies bounced data to the client's pages. */
void ks_mapping_put(struct ks_queue *queue, struct ks_frame *frame);
/* Gives back the lists of frames that no pointer locks, before the device stops. Lock not held. */
void ks_mapping_release_idle(struct ks_queue *queue);
/* A queue that cannot be emptied: lists that are owed by an adapter that is gone never come, and
 * their frames no longer wait. PASSIVE_LEVEL, lock not held. */
void ks_mapping_forsake(struct ks_queue *queue);
/* With the frame object itself. */
void ks_mapping_free_table(struct ks_mapping *mapping);

#endif
