/* SPDX-License-Identifier: MIT */
#include "hal/transfer.h"

enum { LOCKED = MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL };

static bool names_ram(struct hal *hal, const PFN_NUMBER *pfns, uint64_t pages)
{
    PFN_NUMBER highest = 0;

    for (uint64_t i = 0; i < pages; i++)
        highest = pfns[i] > highest ? pfns[i] : highest;
    return highest < hal->bus.pages;
}

enum transfer_check transfer_check(struct hal *hal, const struct transfer *transfer,
                                   uint32_t *registers)
{
    uint64_t left = transfer->size_bytes;
    uint64_t skip = transfer->skip_bytes;
    uint32_t pages = 0;

    for (const MDL *mdl = transfer->mdl; left != 0; mdl = mdl->Next) {
        uint64_t here, first, spanned;

        if (mdl == NULL || skip > mdl->ByteCount)
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

uint32_t transfer_out_of_reach(const struct hal_adapter *adapter, const struct transfer *transfer)
{
    struct transfer_walk walk;
    uint32_t pages = 0;

    for (transfer_begin(&walk, transfer); walk.piece_bytes != 0; transfer_next(&walk))
        pages += !adapter_reaches(adapter, *walk.pfn);
    return pages;
}
