/* SPDX-License-Identifier: MIT */
/* Device memory. MmMapIoSpace gives addresses for a physical range: of a device's registers, as a
 * rule. Nothing is mapped under them: each access faults, and ke emulates it through mm_io_ops, so
 * a register read reaches the model of the card. A range of RAM is mapped as memory. The page
 * offset of the physical address is kept. MmMapIoSpace, MmMapIoSpaceEx, MmUnmapIoSpace; wdm.h. */
#include "host/host.h"
#include "mm/state.h"
#include "trace/rules.h"

static struct mm_region *map_ram(struct mm *mm, uint64_t pa, uint64_t pages)
{
    struct mm_region *region;

    if (region_create(mm, REGION_MEMORY, false, pages, MM_PAGE_SIZE, false, &region) != 0)
        return NULL;
    for (uint64_t i = 0; i < pages; i++)
        region->pfns[i] = (pa >> MM_PAGE_SHIFT) + i;
    if (region_map(mm, region, 0, pages) < 0) {
        region_destroy(mm, region);
        return NULL;
    }
    return region;
}

static struct mm_region *map_device(struct mm *mm, uint64_t pa, uint64_t pages)
{
    struct mm_region *region;

    if (region_create(mm, REGION_IO, false, pages, MM_PAGE_SIZE, false, &region) != 0)
        return NULL;
    region->io_pa = pa;
    return region;
}

static bool touches_ram(struct mm *mm, uint64_t pa, uint64_t pages)
{
    for (uint64_t i = 0; i < pages; i++) {
        if (mm_is_ram(mm, (pa >> MM_PAGE_SHIFT) + i))
            return true;
    }
    return false;
}

PVOID NTAPI MmMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes,
                         MEMORY_CACHING_TYPE CacheEnable)
{
    struct mm *mm = mm_here();
    uint64_t pa = (uint64_t)PhysicalAddress.QuadPart;
    uint64_t base_pa = pa & ~(uint64_t)(MM_PAGE_SIZE - 1);
    uint64_t pages = (pa - base_pa + NumberOfBytes + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT;
    struct mm_region *region;

    (void)CacheEnable;
    if (NumberOfBytes == 0 || NumberOfBytes > UINT32_MAX || sim_fault_point(mm->sim, "map"))
        return NULL;
    if (mm_window(mm, (mm_pa){base_pa}, pages << MM_PAGE_SHIFT) != NULL)
        region = map_ram(mm, base_pa, pages);
    else
        region = touches_ram(mm, base_pa, pages) ? NULL : map_device(mm, base_pa, pages);
    return region != NULL ? (PVOID)(region->base_va + (pa - base_pa)) : NULL;
}

/* "must set one of the following flag bits", and of the two that say how it is cached "one (but not
 * both)". UNDOC: what sets others gets no mapping. Device memory is always read and written: the
 * card judges the access. */
static bool is_io_protection(ULONG protect)
{
    ULONG access = protect & ~(ULONG)(PAGE_NOCACHE | PAGE_WRITECOMBINE);

    if ((protect & PAGE_NOCACHE) && (protect & PAGE_WRITECOMBINE))
        return false;
    return access == PAGE_READONLY || access == PAGE_READWRITE || access == PAGE_EXECUTE ||
           access == PAGE_EXECUTE_READ || access == PAGE_EXECUTE_READWRITE;
}

PVOID NTAPI MmMapIoSpaceEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG Protect)
{
    return is_io_protection(Protect) ? MmMapIoSpace(PhysicalAddress, NumberOfBytes, MmNonCached)
                                     : NULL;
}

/* UNDOC: what Windows does with an address that MmMapIoSpace did not return; here it is a finding.
 */
void NTAPI MmUnmapIoSpace(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    struct mm *mm = mm_here();
    uint64_t va = (uint64_t)(uintptr_t)BaseAddress;
    struct mm_region *region = region_find(mm, va);
    bool mapped = region != NULL && (region->kind == REGION_IO ||
                                     (region->kind == REGION_MEMORY && !region->owns_pages));

    (void)NumberOfBytes;
    if (!mapped || va - region->base_va >= MM_PAGE_SIZE) {
        KE_FINDING(mm->ke, VERIFY_unknown_free, va);
        return;
    }
    region_destroy(mm, region);
}
