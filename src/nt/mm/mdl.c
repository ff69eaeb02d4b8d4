/* SPDX-License-Identifier: MIT */
/* MDLs: allocation, parts, size. An MDL is a header of 0x30 bytes followed by one page frame number
 * for each page of a buffer; drivers read all of it inline. IoAllocateMdl describes a range of
 * addresses and leaves the numbers to MmProbeAndLockPages (mdl_lock.c) or
 * MmBuildMdlForNonPagedPool. IoAllocateMdl, IoFreeMdl, IoBuildPartialMdl; wdm.h. */
#include "mm/mdl.h"

#include <string.h>

#include "trace/rules.h"

void mdl_misused(struct mm *mm, const MDL *mdl)
{
    KE_FINDING(mm->ke, VERIFY_mdl_state, (uint64_t)(uintptr_t)mdl, (uint16_t)mdl->MdlFlags);
}

static uint64_t size_for(uint64_t va, uint64_t size_bytes)
{
    uint64_t pages = ((va & (MM_PAGE_SIZE - 1)) + size_bytes + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT;

    return sizeof(MDL) + pages * sizeof(PFN_NUMBER);
}

PMDL mdl_create(struct mm *mm, uint64_t va, uint64_t size_bytes)
{
    struct mm_pool_request request = {
        .kind = MM_POOL_NONPAGED, .tag = MDL_TAG, .size_bytes = size_for(va, size_bytes)};
    PMDL mdl = mm_pool_allocate(mm, &request);

    if (mdl == NULL)
        return NULL;
    MmInitializeMdl(mdl, (PVOID)va, size_bytes);
    mdl->Process = NULL;
    return mdl;
}

static void attach_to_irp(PIRP irp, PMDL mdl, bool secondary)
{
    PMDL *link = &irp->MdlAddress;

    while (secondary && *link != NULL)
        link = &(*link)->Next;
    *link = mdl;
}

/* UNDOC: MDL_ALLOCATED_FIXED_SIZE says that Windows took the MDL from a lookaside list, which it
 * does up to 23 pages; nothing but debuggers looks at it. Set here by the same limit. */
PMDL NTAPI IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer,
                         BOOLEAN ChargeQuota, PIRP Irp)
{
    enum { FIXED_SIZE_PAGES = 23 };
    struct mm *mm = mm_here();
    PMDL mdl;

    (void)ChargeQuota; /* there is one process, and it has no limit */
    if (sim_fault_point(mm->sim, "mdl"))
        return NULL;
    mdl = mdl_create(mm, (uint64_t)(uintptr_t)VirtualAddress, Length);
    if (mdl == NULL)
        return NULL;
    if (mdl_pages(mdl) <= FIXED_SIZE_PAGES)
        mdl->MdlFlags |= MDL_ALLOCATED_FIXED_SIZE;
    if (Irp != NULL)
        attach_to_irp(Irp, mdl, SecondaryBuffer);
    return mdl;
}

/* Frees this one MDL, not those chained to it, and undoes the mapping of a partial one. The pages
 * must have been unlocked before. IoFreeMdl, Remarks; bug check 0xC4, B8. */
void NTAPI IoFreeMdl(PMDL Mdl)
{
    struct mm *mm = mm_here();

    MmPrepareMdlForReuse(Mdl);
    if (Mdl->MdlFlags & MDL_PAGES_LOCKED)
        mdl_misused(mm, Mdl);
    mm_pool_free(mm, Mdl, 0);
}

/* The target describes a part of the source's buffer and shares its mapping, if there is one.
 * Length 0 means the rest of the buffer. IoBuildPartialMdl, Parameters. */
void NTAPI IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length)
{
    struct mm *mm = mm_here();
    uint64_t va = (uint64_t)(uintptr_t)VirtualAddress;
    uint64_t skipped = va - mdl_va(SourceMdl);
    uint64_t first_page =
        (va >> MM_PAGE_SHIFT) - ((uint64_t)(uintptr_t)SourceMdl->StartVa >> MM_PAGE_SHIFT);
    CSHORT kept = MDL_ALLOCATED_FIXED_SIZE | MDL_ALLOCATED_MUST_SUCCEED;
    CSHORT shared =
        MDL_SOURCE_IS_NONPAGED_POOL | MDL_MAPPED_TO_SYSTEM_VA | MDL_IO_PAGE_READ | MDL_IO_SPACE;

    if (!(SourceMdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL)))
        mdl_misused(mm, SourceMdl);
    if (skipped > SourceMdl->ByteCount || Length > SourceMdl->ByteCount - skipped) {
        mdl_misused(mm, TargetMdl);
        return;
    }
    TargetMdl->StartVa = PAGE_ALIGN(VirtualAddress);
    TargetMdl->ByteOffset = BYTE_OFFSET(VirtualAddress);
    TargetMdl->ByteCount = Length != 0 ? Length : SourceMdl->ByteCount - (ULONG)skipped;
    TargetMdl->Process = SourceMdl->Process;
    TargetMdl->MdlFlags =
        (CSHORT)((TargetMdl->MdlFlags & kept) | (SourceMdl->MdlFlags & shared) | MDL_PARTIAL);
    TargetMdl->MappedSystemVa = (PCHAR)SourceMdl->MappedSystemVa + skipped;
    memcpy(MmGetMdlPfnArray(TargetMdl), MmGetMdlPfnArray(SourceMdl) + first_page,
           mdl_pages(TargetMdl) * sizeof(PFN_NUMBER));
}

SIZE_T NTAPI MmSizeOfMdl(PVOID Base, SIZE_T Length)
{
    return size_for((uint64_t)(uintptr_t)Base, Length);
}

PMDL NTAPI MmCreateMdl(PMDL MemoryDescriptorList, PVOID Base, SIZE_T Length)
{
    if (MemoryDescriptorList == NULL)
        return mdl_create(mm_here(), (uint64_t)(uintptr_t)Base, Length);
    MmInitializeMdl(MemoryDescriptorList, Base, Length);
    return MemoryDescriptorList;
}

/* Moves the beginning of the buffer forward. Whole pages that fall out are lost to the MDL, so
 * Windows unlocks them; here a lock covers a region and ends with the MDL. MmAdvanceMdl; resident:
 * fltKernel. */
NTSTATUS NTAPI MmAdvanceMdl(PMDL Mdl, ULONG NumberOfBytes)
{
    uint64_t offset = (uint64_t)Mdl->ByteOffset + NumberOfBytes;
    uint64_t dropped = offset >> MM_PAGE_SHIFT;
    uint64_t pages = mdl_pages(Mdl);

    if (NumberOfBytes > Mdl->ByteCount)
        return STATUS_INVALID_PARAMETER_2;
    memmove(MmGetMdlPfnArray(Mdl), MmGetMdlPfnArray(Mdl) + dropped,
            (pages - dropped) * sizeof(PFN_NUMBER));
    Mdl->StartVa = (PCHAR)Mdl->StartVa + (dropped << MM_PAGE_SHIFT);
    Mdl->ByteOffset = (ULONG)(offset % MM_PAGE_SIZE);
    Mdl->ByteCount -= NumberOfBytes;
    if (Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
        Mdl->MappedSystemVa = (PCHAR)Mdl->MappedSystemVa + NumberOfBytes;
    return STATUS_SUCCESS;
}
