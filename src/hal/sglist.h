/* SPDX-License-Identifier: MIT */
/* One scatter/gather list: from the driver's request until it is put. The list that the driver sees
 * is nonpaged pool (or the driver's own buffer); everything else is here. Structs and their pool
 * are used again by their adapter. */
#ifndef WEIR_HAL_SGLIST_H
#define WEIR_HAL_SGLIST_H

#include "hal/copy.h"
#include "hal/transfer.h"

struct hal_list {
    uint64_t magic;
    struct hal_waiter waiter;
    struct hal_adapter *adapter;
    uint32_t number; /* index in hal->lists + 1, in the driver's list as Reserved */
    bool live; /* mapped: the driver has it */
    bool waiting;
    bool to_device;
    bool contiguous; /* the whole transfer is bounced into one run */
    uint32_t serial; /* of the mapping */
    PSCATTER_GATHER_LIST sgl; /* what the driver has */
    PSCATTER_GATHER_LIST own; /* in pool, room for capacity elements; NULL: not yet */
    uint32_t capacity;
    struct transfer transfer;
    uint32_t pages; /* spanned */
    struct hal_registers held;
    struct copy_piece *pieces; /* one for each bounced page */
    uint32_t piece_count, piece_capacity;
    PMDL built; /* BuildMdlFromScatterGatherList */
    bool mdl_built;
    bool released; /* its registers are gone, the list is not put yet */
    PDEVICE_OBJECT device;
    PDRIVER_LIST_CONTROL routine;
    PVOID context;
};

/* What a driver asks for. */
struct sglist_request {
    struct transfer transfer;
    bool to_device;
    bool synchronous; /* now or not at all */
    PDEVICE_OBJECT device;
    PDRIVER_LIST_CONTROL routine; /* NULL: synchronous, and the channel comes with the list */
    PVOID context;
    PVOID buffer; /* for the list; NULL: it comes from pool */
    ULONG buffer_bytes;
    uint64_t transfer_context; /* number; 0: none */
    PSCATTER_GATHER_LIST *list; /* gets the list when there is one on return; NULL: not wanted */
};
NTSTATUS sglist_get(struct hal_adapter *adapter, const struct sglist_request *request);
/* The list behind what the driver has; NULL, after a finding, when there is none. */
struct hal_list *sglist_of(struct hal_adapter *adapter, PSCATTER_GATHER_LIST sgl);
/* sglist_mdl.c: the MDLs that BuildMdlFromScatterGatherList made for it. */
void sglist_free_mdl(struct hal_list *list);
/* Ends the mapping of a list that the driver has yet to put. */
void sglist_release(struct hal_list *list);

static inline ULONG sglist_bytes(uint32_t elements)
{
    return (ULONG)(sizeof(SCATTER_GATHER_LIST) + elements * sizeof(SCATTER_GATHER_ELEMENT));
}

/* The registers and pages the transfer needs are held: maps it, fills the list, and copies what the
 * device is to read. Nothing has changed where logical addresses do not suffice. */
enum registers_result sglist_build(struct hal_list *list);
uint64_t sglist_bounced_bytes(const struct hal_list *list);

#endif
