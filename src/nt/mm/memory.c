/* SPDX-License-Identifier: MIT */
/* Memory in large pieces. MmAllocateContiguousMemory gives physically contiguous pages within
 * limits: page aligned, nonpaged, its contents undefined, which here means a pattern. x64 caches
 * are coherent, so the cache type changes nothing. MmAllocateNonCachedMemory gives pages that need
 * not be contiguous. wdm.h. */
#include <errno.h>
#include <string.h>

#include "mm/pool.h"
#include "mm/state.h"
#include "trace/rules.h"

enum { BAD_POOL_CALLER = 0xC2, NOT_CONTIGUOUS_MEMORY = 0x60, NONCACHED_RUN_PAGES = 8 };

static uint64_t pages_for(uint64_t size_bytes)
{
    return (size_bytes + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT;
}

/* The region takes over the pages that take writes into region->pfns. */
typedef int take_fn(struct mm *mm, const void *wish, uint64_t pages, mm_pfn *out);

static PVOID allocate(struct mm *mm, uint64_t size_bytes, take_fn *take, const void *wish)
{
    uint64_t pages = pages_for(size_bytes);
    struct mm_region *region;

    if (size_bytes == 0 || size_bytes > mm->ram.bytes || sim_fault_point(mm->sim, "contiguous"))
        return NULL;
    if (region_create(mm, REGION_MEMORY, false, pages, MM_PAGE_SIZE, false, &region) != 0)
        return NULL;
    if (take(mm, wish, pages, region->pfns) != 0)
        goto destroy;
    region->owns_pages = true;
    region->low = low_holds(&mm->low, region->pfns[0]);
    if (region_map(mm, region, 0, pages) < 0)
        goto destroy;
    for (uint64_t i = 0; i < pages; i++)
        memset(ram_page(&mm->ram, region->pfns[i]), mm->pool.fill, MM_PAGE_SIZE);
    return (PVOID)region->base_va;
destroy:
    region_destroy(mm, region);
    return NULL;
}

static void release(PVOID base)
{
    struct mm *mm = mm_here();
    uint64_t va = (uint64_t)(uintptr_t)base;
    struct mm_region *region = region_find(mm, va);

    if (region == NULL || region->kind != REGION_MEMORY || !region->owns_pages ||
        region->base_va != va) {
        KE_FINDING(mm->ke, VERIFY_unknown_free, va);
        ke_bug_check(BAD_POOL_CALLER, NOT_CONTIGUOUS_MEMORY, va, 0, 0);
    }
    region_destroy(mm, region);
}

struct contiguous_wish {
    uint64_t low_pa, high_pa, boundary_bytes;
};

static uint64_t power_of_two_around(uint64_t count)
{
    return bits_is_power_of_two(count) ? count : UINT64_C(2) << bits_highest(count);
}

/* A run that begins at a multiple of a power of two no shorter than itself crosses no boundary that
 * is one. */
static mm_pfn take_low(struct mm *mm, const struct contiguous_wish *wish, uint64_t pages)
{
    uint64_t align = wish->boundary_bytes != 0 ? power_of_two_around(pages) : 1;
    mm_pfn first;

    if (wish->boundary_bytes != 0 && align << MM_PAGE_SHIFT > wish->boundary_bytes)
        return MM_PFN_NONE;
    first = low_take(&mm->low, pages, align, wish->high_pa);
    if (first == MM_PFN_NONE || first << MM_PAGE_SHIFT >= wish->low_pa)
        return first;
    low_give(&mm->low, first, pages);
    return MM_PFN_NONE;
}

/* Memory that must lie below 4 GB is what 32-bit cards bounce through, and as scarce. UNDOC: on a
 * PC it is whatever is left there; here it is the low-memory pool. */
static int take_contiguous(struct mm *mm, const void *wish, uint64_t pages, mm_pfn *out)
{
    const struct contiguous_wish *w = wish;
    mm_pfn first = w->high_pa <= UINT32_MAX
                       ? take_low(mm, w, pages)
                       : mm_contiguous_allocate(mm, pages, w->low_pa, w->high_pa,
                                                w->boundary_bytes);

    if (first == MM_PFN_NONE)
        return -ENOMEM;
    for (uint64_t i = 0; i < pages; i++)
        out[i] = first + i;
    return 0;
}

static int take_any(struct mm *mm, const void *wish, uint64_t pages, mm_pfn *out)
{
    (void)wish;
    return zones_take(&mm->zones, pages, NONCACHED_RUN_PAGES, 0, out);
}

PVOID NTAPI MmAllocateContiguousMemorySpecifyCache(SIZE_T NumberOfBytes,
                                                   PHYSICAL_ADDRESS LowestAcceptableAddress,
                                                   PHYSICAL_ADDRESS HighestAcceptableAddress,
                                                   PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                                   MEMORY_CACHING_TYPE CacheType)
{
    struct contiguous_wish wish = {(uint64_t)LowestAcceptableAddress.QuadPart,
                                   (uint64_t)HighestAcceptableAddress.QuadPart,
                                   (uint64_t)BoundaryAddressMultiple.QuadPart};

    (void)CacheType;
    return allocate(mm_here(), NumberOfBytes, take_contiguous, &wish);
}

PVOID NTAPI MmAllocateContiguousMemory(SIZE_T NumberOfBytes,
                                       PHYSICAL_ADDRESS HighestAcceptableAddress)
{
    PHYSICAL_ADDRESS none = {.QuadPart = 0};

    return MmAllocateContiguousMemorySpecifyCache(NumberOfBytes, none, HighestAcceptableAddress,
                                                  none, MmCached);
}

/* There is one node, which has all memory. */
PVOID NTAPI MmAllocateContiguousMemorySpecifyCacheNode(SIZE_T NumberOfBytes,
                                                       PHYSICAL_ADDRESS LowestAcceptableAddress,
                                                       PHYSICAL_ADDRESS HighestAcceptableAddress,
                                                       PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                                       MEMORY_CACHING_TYPE CacheType,
                                                       NODE_REQUIREMENT PreferredNode)
{
    (void)PreferredNode;
    return MmAllocateContiguousMemorySpecifyCache(NumberOfBytes, LowestAcceptableAddress,
                                                  HighestAcceptableAddress, BoundaryAddressMultiple,
                                                  CacheType);
}

PVOID NTAPI MmAllocateContiguousNodeMemory(SIZE_T NumberOfBytes,
                                           PHYSICAL_ADDRESS LowestAcceptableAddress,
                                           PHYSICAL_ADDRESS HighestAcceptableAddress,
                                           PHYSICAL_ADDRESS BoundaryAddressMultiple, ULONG Protect,
                                           ULONG PreferredNode)
{
    (void)Protect;
    (void)PreferredNode;
    return MmAllocateContiguousMemorySpecifyCache(NumberOfBytes, LowestAcceptableAddress,
                                                  HighestAcceptableAddress, BoundaryAddressMultiple,
                                                  MmCached);
}

/* UNDOC: *NumberOfBytes comes back in whole pages. A partition of memory is refused: there are
 * none. */
NTSTATUS NTAPI MmAllocateContiguousMemoryEx(PSIZE_T NumberOfBytes,
                                            PHYSICAL_ADDRESS LowestAcceptableAddress,
                                            PHYSICAL_ADDRESS HighestAcceptableAddress,
                                            PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                            ULONG PreferredNode, ULONG Protect,
                                            PVOID PartitionObject, ULONG Tag, ULONG Flags,
                                            PVOID *BaseAddress)
{
    (void)Tag;
    *BaseAddress = NULL;
    if (PartitionObject != NULL || (Flags & ~(ULONG)MM_ALLOCATE_CONTIGUOUS_MEMORY_FAST_ONLY) != 0)
        return STATUS_INVALID_PARAMETER;
    *BaseAddress = MmAllocateContiguousNodeMemory(*NumberOfBytes, LowestAcceptableAddress,
                                                  HighestAcceptableAddress, BoundaryAddressMultiple,
                                                  Protect, PreferredNode);
    if (*BaseAddress == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *NumberOfBytes = pages_for(*NumberOfBytes) << MM_PAGE_SHIFT;
    return STATUS_SUCCESS;
}

void NTAPI MmFreeContiguousMemory(PVOID BaseAddress)
{
    release(BaseAddress);
}

void NTAPI MmFreeContiguousMemorySpecifyCache(PVOID BaseAddress, SIZE_T NumberOfBytes,
                                              MEMORY_CACHING_TYPE CacheType)
{
    (void)NumberOfBytes;
    (void)CacheType;
    release(BaseAddress);
}

PVOID NTAPI MmAllocateNonCachedMemory(SIZE_T NumberOfBytes)
{
    return allocate(mm_here(), NumberOfBytes, take_any, NULL);
}

void NTAPI MmFreeNonCachedMemory(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    (void)NumberOfBytes;
    release(BaseAddress);
}
