/* SPDX-License-Identifier: MIT */
#include "hal/transfer.h"

#include <stdlib.h>

enum { LOCKED = MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL };

static bool names_ram(struct hal *hal, const PFN_NUMBER *pfns, uint64_t pages)
{
    PFN_NUMBER highest = 0;

    for (uint64_t i = 0; i < pages; i++)
        highest = pfns[i] > highest ? pfns[i] : highest;
    return highest < mm_highest_pa(hal->mm) >> MM_PAGE_SHIFT;
}

enum transfer_check transfer_check(struct hal *hal, const struct transfer *transfer,
                                   uint32_t *registers)
{
    uint64_t left = transfer->size_bytes;
    uint64_t skip = transfer->skip_bytes;
    uint32_t pages = 0;

    for (const MDL *mdl = transfer->mdl; left != 0; mdl = mdl->Next) {
        uint64_t here, first, spanned;

        if (skip != 0 && skip >= mdl->ByteCount)
            return TRANSFER_OUTSIDE;
        if (mdl == NULL)
            return TRANSFER_TOO_SHORT;
        if (!(mdl->MdlFlags & LOCKED) || (mdl->MdlFlags & MDL_IO_SPACE))
            return TRANSFER_NOT_LOCKED;
        here = mdl->ByteCount - skip < left ? mdl->ByteCount - skip : left;
        first = mdl->ByteOffset + skip;
        spanned =
            here == 0 ? 0 : ((first % MM_PAGE_SIZE) + here + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT;
        if (!names_ram(hal, MmGetMdlPfnArray(mdl) + (first >> MM_PAGE_SHIFT), spanned))
            return TRANSFER_NOT_LOCKED;
        pages += (uint32_t)spanned;
        left -= here;
        skip = 0;
    }
    *registers = pages;
    return TRANSFER_GOOD;
}

uint64_t transfer_chain_bytes(const struct transfer *transfer)
{
    uint64_t size_bytes = 0;

    for (const MDL *mdl = transfer->mdl; mdl != NULL; mdl = mdl->Next)
        size_bytes += mdl->ByteCount;
    return size_bytes - transfer->skip_bytes;
}

/* Bug check 0xE6: 0E, 1B and 1F, 24. */
void transfer_blame(struct hal *hal, const struct transfer *transfer, enum transfer_check verdict)
{
    if (verdict == TRANSFER_NOT_LOCKED)
        KE_FINDING(hal->ke, VERIFY_dma_buffer, KE_ARG(transfer->mdl));
    else if (verdict == TRANSFER_OUTSIDE)
        KE_FINDING(hal->ke, VERIFY_dma_va,
                   KE_ARG(MmGetMdlVirtualAddress(transfer->mdl)) + transfer->skip_bytes,
                   KE_ARG(transfer->mdl));
    else if (verdict == TRANSFER_TOO_SHORT)
        KE_FINDING(hal->ke, VERIFY_dma_length, transfer->size_bytes,
                   transfer_chain_bytes(transfer));
}

bool transfer_seek(struct transfer *out, PMDL chain, uint64_t offset, uint64_t size_bytes)
{
    for (PMDL mdl = chain; mdl != NULL; mdl = mdl->Next) {
        if (offset < mdl->ByteCount) {
            *out = (struct transfer){mdl, offset, size_bytes};
            return true;
        }
        offset -= mdl->ByteCount;
    }
    return false;
}

uint32_t transfer_out_of_reach(const struct hal_adapter *adapter, const struct transfer *transfer)
{
    struct transfer_walk walk;
    uint32_t pages = 0;

    for (transfer_begin(&walk, transfer); walk.piece_bytes != 0; transfer_next(&walk))
        pages += !adapter_reaches(adapter, *walk.pfn);
    return pages;
}

mm_pfn *transfer_scratch(struct hal *hal, uint64_t pages)
{
    if (pages > hal->scratch_pages) {
        mm_pfn *scratch = realloc(hal->scratch, pages * sizeof *scratch);

        if (scratch == NULL)
            return NULL;
        hal->scratch = scratch;
        hal->scratch_pages = pages;
    }
    return hal->scratch;
}

const mm_pfn *transfer_pfns(struct hal *hal, const struct transfer *transfer, uint64_t pages)
{
    struct transfer_walk walk;
    mm_pfn *scratch;
    uint64_t count = 0;

    transfer_begin(&walk, transfer);
    if (walk.left_in_mdl >= walk.left_bytes)
        return walk.pfn;
    scratch = transfer_scratch(hal, pages);
    if (scratch == NULL)
        return NULL;
    for (; walk.piece_bytes != 0; transfer_next(&walk))
        scratch[count++] = *walk.pfn;
    return scratch;
}

uint32_t transfer_last_offset(const struct transfer *transfer)
{
    struct transfer_walk walk;
    uint32_t last = 0;

    transfer_begin(&walk, transfer);
    if (walk.left_in_mdl >= walk.left_bytes)
        return (uint32_t)((walk.offset + transfer->size_bytes - 1) % MM_PAGE_SIZE);
    for (; walk.piece_bytes != 0; transfer_next(&walk))
        last = walk.offset + walk.piece_bytes - 1;
    return last;
}

bool transfer_is_one_run(const struct hal_adapter *adapter, const struct transfer *transfer)
{
    return transfer_direct_bytes(adapter, transfer) == transfer->size_bytes;
}

uint64_t transfer_direct_bytes(const struct hal_adapter *adapter, const struct transfer *transfer)
{
    struct transfer_walk walk;
    mm_pfn before = 0;
    uint64_t size_bytes = 0;
    uint32_t end = 0; /* offset in the page before */

    for (transfer_begin(&walk, transfer); walk.piece_bytes != 0; transfer_next(&walk)) {
        if (!adapter_reaches(adapter, *walk.pfn))
            break;
        if (size_bytes != 0 && (end != MM_PAGE_SIZE || walk.offset != 0 ||
                                !domain_joins(adapter, before, *walk.pfn)))
            break;
        before = *walk.pfn;
        end = walk.offset + walk.piece_bytes;
        size_bytes += walk.piece_bytes;
    }
    return size_bytes;
}
