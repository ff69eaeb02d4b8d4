/* SPDX-License-Identifier: MIT */
/* Questions about addresses. ProbeForRead and ProbeForWrite check that a range lies in user space
 * and raise when it does not; only ProbeForWrite looks whether there is memory. A length of 0 is
 * never checked. ProbeForRead, ProbeForWrite, Remarks; wdm.h. */
#include <string.h>

#include "host/host.h"
#include "mm/limits.h"
#include "mm/state.h"

enum { RANGES = 3 };

static void probe_range(struct mm *mm, uint64_t va, uint64_t size_bytes, ULONG alignment)
{
    uint64_t end;

    if ((va & (alignment - 1)) != 0)
        mm->raise(STATUS_DATATYPE_MISALIGNMENT);
    if (weir_add_overflows(va, size_bytes, &end) || end > MM_USER_PROBE_ADDRESS)
        mm->raise(STATUS_ACCESS_VIOLATION);
}

void NTAPI ProbeForRead(const void *Address, SIZE_T Length, ULONG Alignment)
{
    if (Length != 0)
        probe_range(mm_here(), (uint64_t)(uintptr_t)Address, Length, Alignment);
}

void NTAPI ProbeForWrite(PVOID Address, SIZE_T Length, ULONG Alignment)
{
    struct mm *mm = mm_here();
    uint64_t va = (uint64_t)(uintptr_t)Address;

    if (Length == 0)
        return;
    probe_range(mm, va, Length, Alignment);
    for (uint64_t at = va & ~(uint64_t)(MM_PAGE_SIZE - 1); at < va + Length; at += MM_PAGE_SIZE) {
        struct mm_region *region = region_find(mm, at);

        if (region == NULL || !(region->protection & HOST_WRITE))
            mm->raise(STATUS_ACCESS_VIOLATION);
    }
}

/* Device memory has physical addresses too. 0 for an address that names nothing.
 * MmGetPhysicalAddress. */
PHYSICAL_ADDRESS NTAPI MmGetPhysicalAddress(PVOID BaseAddress)
{
    uint64_t va = (uint64_t)(uintptr_t)BaseAddress;
    mm_pfn pfn = mm_pfn_of_va(mm_here(), va);
    PHYSICAL_ADDRESS pa = {.QuadPart = 0};

    if (pfn != MM_PFN_NONE)
        pa.QuadPart = (LONGLONG)(pfn << MM_PAGE_SHIFT | va % MM_PAGE_SIZE);
    return pa;
}

/* Stacks are the simulation's memory and lie in no region, but an access to one does not fault. */
BOOLEAN NTAPI MmIsAddressValid(PVOID VirtualAddress)
{
    struct mm *mm = mm_here();
    uint64_t va = (uint64_t)(uintptr_t)VirtualAddress;
    uint64_t low, top;

    return mm_pfn_of_va(mm, va) != MM_PFN_NONE || sim_guest_stack_range(mm->sim, va, &low, &top);
}

BOOLEAN NTAPI MmIsNonPagedSystemAddressValid(PVOID VirtualAddress)
{
    struct mm *mm = mm_here();

    return MmIsAddressValid(VirtualAddress) &&
           !mm_pool_is_paged(mm, (uint64_t)(uintptr_t)VirtualAddress);
}

/* RAM as the firmware reported it; an entry of zeros ends the array, which the caller frees with
 * ExFreePool. */
PPHYSICAL_MEMORY_RANGE NTAPI MmGetPhysicalMemoryRanges(void)
{
    struct mm *mm = mm_here();
    uint64_t bounds[RANGES][2] = {{MM_PAGE_SIZE, RAM_VIDEO_BASE},
                                  {RAM_VIDEO_END, mm->ram.low_end},
                                  {RAM_HIGH_BASE, mm->ram.high_end}};
    struct mm_pool_request request = {.kind = MM_POOL_NONPAGED,
                                      .tag = 0x68506D4D /* "MmPh" */,
                                      .size_bytes = (RANGES + 1) * sizeof(PHYSICAL_MEMORY_RANGE),
                                      .zero = true,
                                      .caller_va = ke_caller_va()};
    PPHYSICAL_MEMORY_RANGE ranges = mm_pool_allocate(mm, &request);

    for (unsigned i = 0; ranges != NULL && i < RANGES && bounds[i][0] < bounds[i][1]; i++) {
        ranges[i].BaseAddress.QuadPart = (LONGLONG)bounds[i][0];
        ranges[i].NumberOfBytes.QuadPart = (LONGLONG)(bounds[i][1] - bounds[i][0]);
    }
    return ranges;
}

/* ---- Secured ranges -------------------------------------------------------------------------- */

static bool may_be_used(struct mm *mm, uint64_t va, uint64_t size_bytes, bool write)
{
    uint64_t end;

    if (weir_add_overflows(va, size_bytes, &end) || end > MM_USER_PROBE_ADDRESS)
        return false;
    for (uint64_t at = va & ~(uint64_t)(MM_PAGE_SIZE - 1); at < end; at += MM_PAGE_SIZE) {
        struct mm_region *region = region_find(mm, at);

        if (region == NULL || region->kind != REGION_USER ||
            at >= region->base_va + (region->pages << MM_PAGE_SHIFT))
            return false;
        if (write && !(region->protection & HOST_WRITE))
            return false;
    }
    return true;
}

/* The application never changes a protection and frees no buffer before its request is done, so a
 * range that may be used now stays so: the handle is a number. MmSecureVirtualMemory. */
HANDLE NTAPI MmSecureVirtualMemory(PVOID Address, SIZE_T Size, ULONG ProbeMode)
{
    struct mm *mm = mm_here();

    if (Size == 0 || (ProbeMode != PAGE_READWRITE && ProbeMode != PAGE_READONLY))
        return NULL;
    if (!may_be_used(mm, (uint64_t)(uintptr_t)Address, Size, ProbeMode == PAGE_READWRITE))
        return NULL;
    return (HANDLE)(uintptr_t)(++mm->secured * 16);
}

void NTAPI MmUnsecureVirtualMemory(HANDLE SecureHandle)
{
    (void)SecureHandle;
}
