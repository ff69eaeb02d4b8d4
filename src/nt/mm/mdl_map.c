/* SPDX-License-Identifier: MIT */
/* System and user addresses for the pages of an MDL. The mapping is a lazy region (park.h): nobody
 * pays for addresses that are asked for and not used. MmMapLockedPagesSpecifyCache,
 * MmUnmapLockedPages and the reserved mappings; wdm.h. Not here: caching. x64 machines are
 * coherent, so all cache types are the same mapping. */
#include <errno.h>
#include <string.h>

#include "host/host.h"
#include "mm/mdl.h"

enum { MAPPABLE = MDL_PAGES_LOCKED | MDL_PARTIAL };

/* A loop the compiler can do several pages at a time: this runs for every frame. */
static bool names_ram(struct mm *mm, const MDL *mdl)
{
    const PFN_NUMBER *pfns = MmGetMdlPfnArray(mdl);
    uint64_t pages = mdl_pages(mdl);
    uint64_t low_end = mm->ram.low_end >> MM_PAGE_SHIFT;
    uint64_t high = RAM_HIGH_BASE >> MM_PAGE_SHIFT;
    uint64_t high_end = mm->ram.high_end >> MM_PAGE_SHIFT;
    uint64_t bad = 0;

    for (uint64_t i = 0; i < pages; i++)
        bad |= (pfns[i] >= low_end) & ((pfns[i] < high) | (pfns[i] >= high_end));
    return pages != 0 && bad == 0;
}

/* Device pages: contiguous by nature, as the MDL was built from one mapping of them. */
static int map_device(struct mm *mm, const MDL *mdl, struct mm_region **out)
{
    int error = region_create(mm, REGION_IO, false, mdl_pages(mdl), MM_PAGE_SIZE, false, out);

    if (error == 0)
        (*out)->io_pa = MmGetMdlPfnArray(mdl)[0] << MM_PAGE_SHIFT;
    return error;
}

static int map_pages(struct mm *mm, const MDL *mdl, bool user, ULONG priority,
                     struct mm_region **out)
{
    unsigned protection = HOST_READ | (priority & MdlMappingNoWrite ? 0 : HOST_WRITE);

    if (sim_fault_point(mm->sim, "map"))
        return -ENOMEM;
    if (mdl->MdlFlags & MDL_IO_SPACE)
        return map_device(mm, mdl, out);
    if (!names_ram(mm, mdl))
        return -EINVAL;
    return park_map(mm, user, MmGetMdlPfnArray(mdl), mdl_pages(mdl), protection, out);
}

/* To user space the function raises when it fails; to system space it returns NULL, or stops the
 * system if the caller asked for that. The MDL records a system mapping only.
 * MmMapLockedPagesSpecifyCache, Return value. */
PVOID NTAPI MmMapLockedPagesSpecifyCache(PMDLX MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                                         MEMORY_CACHING_TYPE CacheType, PVOID BaseAddress,
                                         ULONG BugCheckOnFailure, MM_PAGE_PRIORITY Priority)
{
    enum { NO_MORE_SYSTEM_PTES = 0x3F };
    struct mm *mm = mm_here();
    PMDL mdl = MemoryDescriptorList;
    bool user = AccessMode != KernelMode;
    struct mm_region *region;
    uint64_t va;

    (void)CacheType;
    (void)BaseAddress; /* a wish, for user mappings; UNDOC how often Windows grants it */
    if (!(mdl->MdlFlags & (MAPPABLE | MDL_SOURCE_IS_NONPAGED_POOL)))
        mdl_misused(mm, mdl);
    if (!user && (mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))) {
        mdl_misused(mm, mdl);
        return mdl->MappedSystemVa;
    }
    if (map_pages(mm, mdl, user, (ULONG)Priority, &region) != 0) {
        if (user)
            mm->raise(STATUS_INSUFFICIENT_RESOURCES);
        if (BugCheckOnFailure)
            ke_bug_check(NO_MORE_SYSTEM_PTES, 0, mdl_pages(mdl), 0, 0);
        return NULL;
    }
    va = region->base_va + mdl->ByteOffset;
    if (user)
        return (PVOID)va;
    mdl->MappedSystemVa = (PVOID)va;
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    if (mdl->MdlFlags & MDL_PARTIAL)
        mdl->MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
    return (PVOID)va;
}

PVOID NTAPI MmMapLockedPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode)
{
    return MmMapLockedPagesSpecifyCache(MemoryDescriptorList, AccessMode, MmCached, NULL, TRUE,
                                        HighPagePriority);
}

/* A mapping made for another MDL, or none at all, is the driver's mistake: bug check 0xDA or worse
 * there, a finding here. So is unmapping a partial MDL that uses its parent's mapping. */
void NTAPI MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList)
{
    struct mm *mm = mm_here();
    PMDL mdl = MemoryDescriptorList;
    struct mm_region *region = region_find(mm, (uint64_t)(uintptr_t)BaseAddress);
    bool borrowed = (mdl->MdlFlags & MDL_PARTIAL) && BaseAddress == mdl->MappedSystemVa &&
                    !(mdl->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED);

    if (region == NULL || borrowed || (region->kind != REGION_MDL && region->kind != REGION_IO)) {
        mdl_misused(mm, mdl);
        return;
    }
    if (region->kind == REGION_IO)
        region_destroy(mm, region);
    else
        park_unmap(mm, region);
    if (BaseAddress != mdl->MappedSystemVa)
        return;
    mdl->MdlFlags &= ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
    mdl->MappedSystemVa = NULL;
}

static bool host_protection_of(ULONG protect, unsigned *out)
{
    switch (protect & ~(ULONG)(PAGE_NOCACHE | PAGE_WRITECOMBINE)) {
    case PAGE_NOACCESS:
        *out = HOST_NONE;
        return true;
    case PAGE_READONLY:
        *out = HOST_READ;
        return true;
    case PAGE_READWRITE:
        *out = HOST_READ | HOST_WRITE;
        return true;
    case PAGE_EXECUTE_READ:
        *out = HOST_READ | HOST_EXECUTE;
        return true;
    case PAGE_EXECUTE_READWRITE:
        *out = HOST_READ | HOST_WRITE | HOST_EXECUTE;
        return true;
    default:
        return false;
    }
}

/* Only for an MDL that MmMapLockedPages mapped to system space. MmProtectMdlSystemAddress, Return
 * value. */
NTSTATUS NTAPI MmProtectMdlSystemAddress(PMDL MemoryDescriptorList, ULONG NewProtect)
{
    struct mm *mm = mm_here();
    PMDL mdl = MemoryDescriptorList;
    struct mm_region *region = region_find(mm, (uint64_t)(uintptr_t)mdl->MappedSystemVa);
    unsigned protection;

    if (!host_protection_of(NewProtect, &protection))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (!(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) || region == NULL || region->kind != REGION_MDL)
        return STATUS_NOT_MAPPED_VIEW;
    demand_hide(mm, region); /* the next touch makes it accessible as region->protection says */
    region->protection = protection;
    return STATUS_SUCCESS;
}

/* ---- Reserved mappings ----------------------------------------------------------------------- */
/* Addresses set aside for a driver that must map some MDL even when memory is short. A live region
 * without pages. */

PVOID NTAPI MmAllocateMappingAddress(SIZE_T NumberOfBytes, ULONG PoolTag)
{
    uint64_t pages = (NumberOfBytes + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT;
    struct mm *mm = mm_here();
    struct mm_region *region;

    (void)PoolTag;
    if (pages == 0 || sim_fault_point(mm->sim, "map") ||
        region_create(mm, REGION_MDL, false, pages, MM_PAGE_SIZE, true, &region) != 0)
        return NULL;
    region->reserved = true;
    return (PVOID)region->base_va;
}

static struct mm_region *reserved_at(struct mm *mm, PVOID address)
{
    struct mm_region *region = region_find(mm, (uint64_t)(uintptr_t)address);

    return region != NULL && region->reserved ? region : NULL;
}

void NTAPI MmFreeMappingAddress(PVOID BaseAddress, ULONG PoolTag)
{
    enum { SYSTEM_PTE_MISUSE = 0xDA, NOT_RESERVED = 0x107 };
    struct mm *mm = mm_here();
    struct mm_region *region = reserved_at(mm, BaseAddress);

    if (region == NULL)
        ke_bug_check(SYSTEM_PTE_MISUSE, NOT_RESERVED, (uint64_t)(uintptr_t)BaseAddress, PoolTag, 0);
    region_destroy(mm, region);
}

PVOID NTAPI MmMapLockedPagesWithReservedMapping(PVOID MappingAddress, ULONG PoolTag,
                                                PMDL MemoryDescriptorList,
                                                MEMORY_CACHING_TYPE CacheType)
{
    struct mm *mm = mm_here();
    PMDL mdl = MemoryDescriptorList;
    struct mm_region *region = reserved_at(mm, MappingAddress);

    (void)PoolTag;
    (void)CacheType;
    if (region == NULL || region->pfns[0] != 0 || mdl_pages(mdl) > region->pages ||
        !names_ram(mm, mdl)) {
        mdl_misused(mm, mdl);
        return NULL;
    }
    memcpy(region->pfns, MmGetMdlPfnArray(mdl), mdl_pages(mdl) * sizeof *region->pfns);
    mdl->MappedSystemVa = (PVOID)(region->base_va + mdl->ByteOffset);
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    if (mdl->MdlFlags & MDL_PARTIAL)
        mdl->MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
    return mdl->MappedSystemVa;
}

void NTAPI MmUnmapReservedMapping(PVOID BaseAddress, ULONG PoolTag, PMDL MemoryDescriptorList)
{
    struct mm *mm = mm_here();
    PMDL mdl = MemoryDescriptorList;
    struct mm_region *region = reserved_at(mm, BaseAddress);

    (void)PoolTag;
    if (region == NULL || region->pfns[0] == 0) {
        mdl_misused(mm, mdl);
        return;
    }
    demand_drop(mm, region);
    memset(region->pfns, 0, region->pages * sizeof *region->pfns);
    mdl->MdlFlags &= ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
    mdl->MappedSystemVa = NULL;
}
