/* SPDX-License-Identifier: MIT */
/* Locking: MmProbeAndLockPages makes the pages of a buffer resident and writes their numbers into
 * the MDL. It has no status: a bad buffer raises an exception, which drivers catch with __try.
 * Nothing is ever paged out here, so a lock is a count on the region that keeps its pages from
 * being given back, one step for a buffer of any size. MmProbeAndLockPages, MmUnlockPages,
 * MmBuildMdlForNonPagedPool; wdm.h. */
#include <string.h>

#include "host/host.h"
#include "mm/limits.h"
#include "mm/mdl.h"

enum { NOT_LOCKABLE = MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL };

/* Copies the numbers of the buffer's pages; false when one has no page. */
static bool copy_pfns(const struct mm_region *region, PMDL mdl)
{
    uint64_t first = region_page_of(region, (uint64_t)(uintptr_t)mdl->StartVa);
    uint64_t pages = mdl_pages(mdl);
    PFN_NUMBER *to = MmGetMdlPfnArray(mdl);
    bool holes =
        region->kind == REGION_IMAGE || region->kind == REGION_POOL || region->kind == REGION_MDL;

    if (first + pages > region->pages)
        return false;
    if (region->pfns == NULL) {
        for (uint64_t i = 0; i < pages; i++)
            to[i] = region_pfn(region, first + i);
        return true;
    }
    memcpy(to, region->pfns + first, pages * sizeof *to);
    for (uint64_t i = 0; holes && i < pages; i++) {
        if (to[i] == 0)
            return false;
    }
    return true;
}

static bool may_lock(const struct mm_region *region, const MDL *mdl, KPROCESSOR_MODE mode,
                     LOCK_OPERATION operation)
{
    if (region == NULL || mdl->ByteCount == 0)
        return false;
    if (mode != KernelMode && mdl_va(mdl) + mdl->ByteCount > MM_USER_PROBE_ADDRESS)
        return false;
    return operation == IoReadAccess || (region->protection & HOST_WRITE) != 0;
}

NTSTATUS mm_lock_pages(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation)
{
    struct mm *mm = mm_here();
    struct mm_region *region = region_find(mm, (uint64_t)(uintptr_t)mdl->StartVa);

    if (mdl->MdlFlags & NOT_LOCKABLE)
        mdl_misused(mm, mdl);
    if (sim_fault_point(mm->sim, "lock"))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!may_lock(region, mdl, mode, operation) || !copy_pfns(region, mdl))
        return STATUS_ACCESS_VIOLATION;
    region->pins++;
    mdl->MdlFlags &= ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED |
                       MDL_WRITE_OPERATION | MDL_IO_SPACE);
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    if (operation != IoReadAccess)
        mdl->MdlFlags |= MDL_WRITE_OPERATION;
    if (region->pfns == NULL)
        mdl->MdlFlags |= MDL_IO_SPACE;
    return STATUS_SUCCESS;
}

void NTAPI MmProbeAndLockPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                               LOCK_OPERATION Operation)
{
    NTSTATUS status = mm_lock_pages(MemoryDescriptorList, AccessMode, Operation);

    if (!NT_SUCCESS(status))
        mm_here()->raise(status);
}

/* Ends the system mapping too, if there is one. MmUnlockPages, Remarks. */
void NTAPI MmUnlockPages(PMDL MemoryDescriptorList)
{
    struct mm *mm = mm_here();
    PMDL mdl = MemoryDescriptorList;
    struct mm_region *region;

    if (!(mdl->MdlFlags & MDL_PAGES_LOCKED) || (mdl->MdlFlags & MDL_PARTIAL)) {
        mdl_misused(mm, mdl);
        return;
    }
    if (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA)
        MmUnmapLockedPages(mdl->MappedSystemVa, mdl);
    mdl->MdlFlags &= ~(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION | MDL_IO_SPACE);
    region = region_any(mm, (uint64_t)(uintptr_t)mdl->StartVa);
    if (region == NULL || region->pins == 0)
        return;
    if (--region->pins == 0 && !region->live && region->kind == REGION_USER)
        region_destroy(mm, region);
}

/* For nonpaged pool, contiguous and device memory: nothing is locked, because nothing could be
 * paged out, and the buffer's own address serves as its mapping. Paged pool is the driver's mistake
 * (bug check 0xC4, 7F). */
void NTAPI MmBuildMdlForNonPagedPool(PMDLX MemoryDescriptorList)
{
    struct mm *mm = mm_here();
    PMDL mdl = MemoryDescriptorList;
    struct mm_region *region = region_find(mm, (uint64_t)(uintptr_t)mdl->StartVa);

    if ((mdl->MdlFlags & NOT_LOCKABLE) || region == NULL || region->paged ||
        region->kind == REGION_USER || !copy_pfns(region, mdl)) {
        mdl_misused(mm, mdl);
        if (region == NULL || !copy_pfns(region, mdl))
            return;
    }
    mdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
    if (region->pfns == NULL)
        mdl->MdlFlags |= MDL_IO_SPACE;
    mdl->MappedSystemVa = (PVOID)mdl_va(mdl);
    mdl->Process = NULL;
}
