/* SPDX-License-Identifier: MIT */
/* Pages without addresses: MmAllocatePagesForMdl(Ex) gives physical pages within limits, not mapped
 * and by default zeroed, in an MDL of their own. The MDL may describe fewer bytes than asked for;
 * MmFreePagesFromMdl gives the pages back, ExFreePool the MDL. wdm.h. */
#include <errno.h>

#include "mm/mdl.h"

struct page_limits {
    uint64_t low_pfn;
    uint64_t end_pfn;
    uint64_t chunk_pages; /* contiguous pieces of this many; 0: single pages */
};

static int take_chunks(struct mm *mm, const struct page_limits *limits, uint64_t count, mm_pfn *out)
{
    uint64_t chunk = limits->chunk_pages != 0 ? limits->chunk_pages : 1;

    for (uint64_t done = 0; done < count; done += chunk) {
        uint64_t piece = chunk < count - done ? chunk : count - done;
        mm_pfn first =
            zones_take_contiguous(&mm->zones, piece, limits->low_pfn, limits->end_pfn, 0);

        if (first == MM_PFN_NONE) {
            zones_give(&mm->zones, done, out);
            return -ENOMEM;
        }
        for (uint64_t i = 0; i < piece; i++)
            out[done + i] = first + i;
    }
    return 0;
}

static int take_pages(struct mm *mm, const struct page_limits *limits, uint64_t count, mm_pfn *out)
{
    uint64_t top_pfn = mm->ram.top >> MM_PAGE_SHIFT;

    if (limits->low_pfn != 0 || limits->chunk_pages != 0)
        return take_chunks(mm, limits, count, out);
    return zones_take(&mm->zones, count, 1,
                      limits->end_pfn < top_pfn ? limits->end_pfn << MM_PAGE_SHIFT : 0, out);
}

static struct page_limits limits_of(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high)
{
    uint64_t low_pa = (uint64_t)low.QuadPart;
    uint64_t high_pa = (uint64_t)high.QuadPart;

    return (struct page_limits){
        .low_pfn = (low_pa >> MM_PAGE_SHIFT) + (low_pa % MM_PAGE_SIZE != 0),
        .end_pfn = high_pa == UINT64_MAX ? UINT64_MAX : (high_pa + 1) >> MM_PAGE_SHIFT,
    };
}

/* UNDOC: with SkipBytes and without the chunk flag the search moves on by SkipBytes when a range
 * has too few pages; here the whole range above LowAddress is searched at once, which finds at
 * least as much. */
PMDL NTAPI MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                   PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes,
                                   MEMORY_CACHING_TYPE CacheType, ULONG Flags)
{
    struct mm *mm = mm_here();
    struct page_limits limits = limits_of(LowAddress, HighAddress);
    uint64_t count = (TotalBytes + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT;
    PMDL mdl;

    (void)CacheType;
    if (count == 0 || count > UINT32_MAX >> MM_PAGE_SHIFT || sim_fault_point(mm->sim, "mdl"))
        return NULL;
    if (Flags & MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS)
        limits.chunk_pages =
            SkipBytes.QuadPart != 0 ? (uint64_t)SkipBytes.QuadPart >> MM_PAGE_SHIFT : count;
    mdl = mdl_create(mm, 0, count << MM_PAGE_SHIFT);
    if (mdl == NULL)
        return NULL;
    while (take_pages(mm, &limits, count, MmGetMdlPfnArray(mdl)) != 0) {
        if (count == 1 || (Flags & MM_ALLOCATE_FULLY_REQUIRED)) {
            mm_pool_free(mm, mdl, 0);
            return NULL;
        }
        count /= 2;
    }
    mdl->ByteCount = (ULONG)(count << MM_PAGE_SHIFT);
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    for (uint64_t i = 0; !(Flags & MM_DONT_ZERO_ALLOCATION) && i < count; i++)
        zones_clear(&mm->zones, MmGetMdlPfnArray(mdl)[i]);
    return mdl;
}

/* There is one node; UNDOC: another number finds no pages. */
PMDL NTAPI MmAllocateNodePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                       PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes,
                                       MEMORY_CACHING_TYPE CacheType, ULONG IdealNode, ULONG Flags)
{
    if (IdealNode != 0)
        return NULL;
    return MmAllocatePagesForMdlEx(LowAddress, HighAddress, SkipBytes, TotalBytes, CacheType,
                                   Flags);
}

PMDL NTAPI MmAllocatePagesForMdl(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                 PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes)
{
    return MmAllocatePagesForMdlEx(LowAddress, HighAddress, SkipBytes, TotalBytes, MmCached, 0);
}

/* Ends the mapping too, as from Windows 7 on. */
void NTAPI MmFreePagesFromMdl(PMDLX MemoryDescriptorList)
{
    struct mm *mm = mm_here();
    PMDL mdl = MemoryDescriptorList;

    if (!(mdl->MdlFlags & MDL_PAGES_LOCKED) || mdl->StartVa != NULL) {
        mdl_misused(mm, mdl);
        return;
    }
    if (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA)
        MmUnmapLockedPages(mdl->MappedSystemVa, mdl);
    zones_give(&mm->zones, mdl_pages(mdl), MmGetMdlPfnArray(mdl));
    mdl->MdlFlags &= ~MDL_PAGES_LOCKED;
}
