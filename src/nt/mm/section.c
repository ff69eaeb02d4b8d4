/* SPDX-License-Identifier: MIT */
/* Pageable sections and what is left of Mm. Images are resident from load to unload, so locking a
 * section changes nothing; its handle is the image's base, which drivers may only hand back.
 * MmLockPagableDataSection, MmPageEntireDriver and the others; wdm.h. */
#include "mm/state.h"

static PVOID image_of(PVOID address)
{
    struct mm_region *region = region_find(mm_here(), (uint64_t)(uintptr_t)address);

    return region != NULL && region->kind == REGION_IMAGE ? (PVOID)region->base_va : NULL;
}

PVOID NTAPI MmLockPagableDataSection(PVOID AddressWithinSection)
{
    return image_of(AddressWithinSection);
}

void NTAPI MmLockPagableSectionByHandle(PVOID ImageSectionHandle)
{
    (void)ImageSectionHandle;
}

void NTAPI MmUnlockPagableImageSection(PVOID ImageSectionHandle)
{
    (void)ImageSectionHandle;
}

PVOID NTAPI MmPageEntireDriver(PVOID AddressWithinSection)
{
    return image_of(AddressWithinSection);
}

void NTAPI MmResetDriverPaging(PVOID AddressWithinSection)
{
    (void)AddressWithinSection;
}

/* Every system that still runs is a large one: the limits were drawn in 1993. */
MM_SYSTEMSIZE NTAPI MmQuerySystemSize(void)
{
    return MmLargeSystem;
}

BOOLEAN NTAPI MmIsThisAnNtAsSystem(void)
{
    return FALSE;
}

/* weir judges drivers, but not as Windows' Driver Verifier, which would change what functions
 * return. */
LOGICAL NTAPI MmIsDriverVerifying(struct _DRIVER_OBJECT *DriverObject)
{
    (void)DriverObject;
    return FALSE;
}

LOGICAL NTAPI MmIsDriverVerifyingByAddress(PVOID AddressWithinSection)
{
    (void)AddressWithinSection;
    return FALSE;
}

NTSTATUS NTAPI MmIsVerifierEnabled(PULONG VerifierFlags)
{
    *VerifierFlags = 0;
    return STATUS_SUCCESS;
}
