/* SPDX-License-Identifier: MIT */
/* The part of an MDL chain that a transfer covers, and the walk over its pages. CurrentVa counts
 * from the first MDL's own address and need not be mapped anywhere; a transfer may run on into the
 * MDLs chained to it. GetScatterGatherList, MapTransfer: CurrentVa. */
#ifndef WEIR_HAL_TRANSFER_H
#define WEIR_HAL_TRANSFER_H

#include "hal/adapter.h"

struct transfer {
    PMDL mdl;
    uint64_t skip_bytes; /* from the first MDL's buffer */
    uint64_t size_bytes;
};

enum transfer_check { TRANSFER_GOOD, TRANSFER_OUTSIDE, TRANSFER_TOO_SHORT, TRANSFER_NOT_LOCKED };

/* Whether the chain holds the transfer, is locked, and names RAM only (no DMA from card to card).
 * *registers gets one for each page spanned. */
enum transfer_check transfer_check(struct hal *hal, const struct transfer *transfer,
                                   uint32_t *registers);
/* CurrentVa is an address in the first MDL's buffer, whether anything is mapped there or not. */
static inline struct transfer transfer_at(PMDL mdl, PVOID current_va, ULONG length)
{
    uint64_t skip = KE_ARG(current_va) - KE_ARG(MmGetMdlVirtualAddress(mdl));

    return (struct transfer){mdl, skip, length};
}

/* What the driver did wrong, as a finding. */
void transfer_blame(struct hal *hal, const struct transfer *transfer, enum transfer_check verdict);
/* The transfer that begins so many bytes into a chain; false: the chain ends before. */
bool transfer_seek(struct transfer *out, PMDL chain, uint64_t offset, uint64_t size_bytes);
/* Bytes of the chain from the transfer's beginning on. */
uint64_t transfer_chain_bytes(const struct transfer *transfer);
/* Pages of the transfer that the adapter cannot reach. */
uint32_t transfer_out_of_reach(const struct hal_adapter *adapter, const struct transfer *transfer);

/* The longest part from its beginning that the device can be given as one run, without bouncing; 0:
 * its first page is out of reach. */
uint64_t transfer_direct_bytes(const struct hal_adapter *adapter, const struct transfer *transfer);
bool transfer_is_one_run(const struct hal_adapter *adapter, const struct transfer *transfer);

/* The transfer's pages as one array: the MDL's own, or that of a chain gathered in the HAL's
 * scratch, which holds until the next call; NULL: no memory. */
const mm_pfn *transfer_pfns(struct hal *hal, const struct transfer *transfer, uint64_t pages);
mm_pfn *transfer_scratch(struct hal *hal, uint64_t pages);
/* Of the transfer's last byte, in its page. */
uint32_t transfer_last_offset(const struct transfer *transfer);

/* The pages in order, one piece of one page at a time. Start with transfer_begin; piece_bytes 0 is
 * the end. */
struct transfer_walk {
    PMDL mdl;
    const PFN_NUMBER *pfn;
    uint64_t left_in_mdl;
    uint64_t left_bytes;
    uint32_t offset; /* in the page */
    uint32_t piece_bytes;
};

static inline void transfer_fit(struct transfer_walk *walk)
{
    uint64_t piece = MM_PAGE_SIZE - walk->offset;

    piece = piece < walk->left_in_mdl ? piece : walk->left_in_mdl;
    walk->piece_bytes = (uint32_t)(piece < walk->left_bytes ? piece : walk->left_bytes);
}

static inline void transfer_begin(struct transfer_walk *walk, const struct transfer *transfer)
{
    uint64_t from_page = transfer->mdl->ByteOffset + transfer->skip_bytes;

    walk->mdl = transfer->mdl;
    walk->pfn = MmGetMdlPfnArray(transfer->mdl) + (from_page >> MM_PAGE_SHIFT);
    walk->left_in_mdl = transfer->mdl->ByteCount - transfer->skip_bytes;
    walk->left_bytes = transfer->size_bytes;
    walk->offset = (uint32_t)(from_page % MM_PAGE_SIZE);
    transfer_fit(walk);
}

static inline void transfer_next(struct transfer_walk *walk)
{
    walk->left_in_mdl -= walk->piece_bytes;
    walk->left_bytes -= walk->piece_bytes;
    walk->pfn++;
    walk->offset = 0;
    while (weir_unlikely(walk->left_in_mdl == 0 && walk->left_bytes != 0)) {
        walk->mdl = walk->mdl->Next;
        walk->pfn = MmGetMdlPfnArray(walk->mdl);
        walk->left_in_mdl = walk->mdl->ByteCount;
        walk->offset = walk->mdl->ByteOffset;
    }
    transfer_fit(walk);
}

/* Whole pages from here on within one MDL; transfer_skip goes past that many. */
static inline uint64_t transfer_whole_pages(const struct transfer_walk *walk)
{
    uint64_t left = walk->left_in_mdl < walk->left_bytes ? walk->left_in_mdl : walk->left_bytes;

    return walk->offset == 0 ? left >> MM_PAGE_SHIFT : 0;
}

static inline void transfer_skip(struct transfer_walk *walk, uint64_t pages)
{
    uint64_t before = (pages - 1) << MM_PAGE_SHIFT;

    walk->pfn += pages - 1;
    walk->left_in_mdl -= before;
    walk->left_bytes -= before;
    transfer_next(walk);
}

#endif
