/* SPDX-License-Identifier: MIT */
/* The memory manager (Mm): MDLs, mappings, contiguous and I/O memory, pageable sections.
 * An MDL belongs to whoever allocated it; locked pages stay where they are until MmUnlockPages.
 * Drivers read MDLs inline, so flags and MappedSystemVa must always tell the truth.
 * Not here: pool (wdm_ex.h), IoAllocateMdl and its kin (wdm_iofn.h). */
#ifndef WEIR_WDK_WDM_MM_H
#define WEIR_WDK_WDM_MM_H

#include "wdk/wdm_ke.h"

#define MDL_MAPPED_TO_SYSTEM_VA     0x0001
#define MDL_PAGES_LOCKED            0x0002
#define MDL_SOURCE_IS_NONPAGED_POOL 0x0004
#define MDL_ALLOCATED_FIXED_SIZE    0x0008
#define MDL_PARTIAL                 0x0010
#define MDL_PARTIAL_HAS_BEEN_MAPPED 0x0020
#define MDL_IO_PAGE_READ            0x0040
#define MDL_WRITE_OPERATION         0x0080
#define MDL_PARENT_MAPPED_SYSTEM_VA 0x0100
#define MDL_FREE_EXTRA_PTES         0x0200
#define MDL_DESCRIBES_AWE           0x0400
#define MDL_IO_SPACE                0x0800
#define MDL_NETWORK_HEADER          0x1000
#define MDL_MAPPING_CAN_FAIL        0x2000
#define MDL_ALLOCATED_MUST_SUCCEED  0x4000
#define MDL_INTERNAL                0x8000

typedef ULONG_PTR PFN_NUMBER, *PPFN_NUMBER;
typedef LONG_PTR SPFN_NUMBER, *PSPFN_NUMBER;

/* Followed in memory by one PFN_NUMBER for each page it spans. */
struct _MDL {
    struct _MDL *Next;
    CSHORT Size;
    CSHORT MdlFlags;
    struct _EPROCESS *Process;
    PVOID MappedSystemVa;
    PVOID StartVa;
    ULONG ByteCount;
    ULONG ByteOffset;
};
typedef MDL *PMDLX;
typedef ULONG NODE_REQUIREMENT;
#define MM_ANY_NODE_OK 0x80000000u

WDK_ASSERT_SIZE(MDL, 0x30);
WDK_ASSERT_OFFSET(MDL, Size, 8);
WDK_ASSERT_OFFSET(MDL, MdlFlags, 0xA);
WDK_ASSERT_OFFSET(MDL, Process, 0x10);
WDK_ASSERT_OFFSET(MDL, MappedSystemVa, 0x18);
WDK_ASSERT_OFFSET(MDL, StartVa, 0x20);
WDK_ASSERT_OFFSET(MDL, ByteCount, 0x28);
WDK_ASSERT_OFFSET(MDL, ByteOffset, 0x2C);

typedef enum _LOCK_OPERATION {
    IoReadAccess,
    IoWriteAccess,
    IoModifyAccess,
} LOCK_OPERATION;

typedef enum _MEMORY_CACHING_TYPE {
    MmNonCached,
    MmCached,
    MmWriteCombined,
    MmHardwareCoherentCached,
    MmNonCachedUnordered,
    MmUSWCCached,
    MmMaximumCacheType,
    MmNotMapped = -1,
} MEMORY_CACHING_TYPE;

typedef enum _MM_PAGE_PRIORITY {
    LowPagePriority,
    NormalPagePriority = 16,
    HighPagePriority = 32,
} MM_PAGE_PRIORITY;

typedef enum _MM_SYSTEM_SIZE {
    MmSmallSystem,
    MmMediumSystem,
    MmLargeSystem,
} MM_SYSTEMSIZE;

#define MdlMappingNoWrite 0x80000000u
#define MdlMappingNoExecute 0x40000000u
#define MdlMappingWithGuardPtes 0x20000000u

#define MM_DONT_ZERO_ALLOCATION               0x00000001
#define MM_ALLOCATE_FROM_LOCAL_NODE_ONLY      0x00000002
#define MM_ALLOCATE_FULLY_REQUIRED            0x00000004
#define MM_ALLOCATE_NO_WAIT                   0x00000008
#define MM_ALLOCATE_PREFER_CONTIGUOUS         0x00000010
#define MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS 0x00000020
#define PAGE_NOACCESS          0x01
#define PAGE_READONLY          0x02
#define PAGE_READWRITE         0x04
#define PAGE_WRITECOPY         0x08
#define PAGE_EXECUTE           0x10
#define PAGE_EXECUTE_READ      0x20
#define PAGE_EXECUTE_READWRITE 0x40
#define PAGE_EXECUTE_WRITECOPY 0x80
#define PAGE_GUARD             0x100
#define PAGE_NOCACHE           0x200
#define PAGE_WRITECOMBINE      0x400

typedef struct _PHYSICAL_MEMORY_RANGE {
    PHYSICAL_ADDRESS BaseAddress;
    LARGE_INTEGER NumberOfBytes;
} PHYSICAL_MEMORY_RANGE, *PPHYSICAL_MEMORY_RANGE;

/* Reading an MDL. */
FORCEINLINE PPFN_NUMBER MmGetMdlPfnArray(const MDL *Mdl)
{
    return (PPFN_NUMBER)(ULONG_PTR)(Mdl + 1);
}

FORCEINLINE PVOID MmGetMdlVirtualAddress(const MDL *Mdl)
{
    return (PCHAR)Mdl->StartVa + Mdl->ByteOffset;
}

FORCEINLINE ULONG MmGetMdlByteCount(const MDL *Mdl)
{
    return Mdl->ByteCount;
}

FORCEINLINE ULONG MmGetMdlByteOffset(const MDL *Mdl)
{
    return Mdl->ByteOffset;
}

FORCEINLINE PVOID MmGetMdlBaseVa(const MDL *Mdl)
{
    return Mdl->StartVa;
}

/* Leaves Process and MappedSystemVa as they are, like the inline code in drivers. */
FORCEINLINE void MmInitializeMdl(PMDL Mdl, PVOID BaseVa, SIZE_T Length)
{
    SIZE_T pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(BaseVa, Length);

    Mdl->Next = NULL;
    Mdl->Size = (CSHORT)(sizeof(MDL) + sizeof(PFN_NUMBER) * pages);
    Mdl->MdlFlags = 0;
    Mdl->StartVa = PAGE_ALIGN(BaseVa);
    Mdl->ByteOffset = BYTE_OFFSET(BaseVa);
    Mdl->ByteCount = (ULONG)Length;
}

PVOID NTAPI MmMapLockedPagesSpecifyCache(PMDLX MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
    MEMORY_CACHING_TYPE CacheType, PVOID BaseAddress, ULONG BugCheckOnFailure,
    MM_PAGE_PRIORITY Priority);
PVOID NTAPI MmMapLockedPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode);
void NTAPI MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList);
void NTAPI MmProbeAndLockPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
    LOCK_OPERATION Operation);
void NTAPI MmUnlockPages(PMDL MemoryDescriptorList);
void NTAPI MmBuildMdlForNonPagedPool(PMDLX MemoryDescriptorList);
NTSTATUS NTAPI MmAdvanceMdl(PMDL Mdl, ULONG NumberOfBytes);
SIZE_T NTAPI MmSizeOfMdl(PVOID Base, SIZE_T Length);
PMDL NTAPI MmCreateMdl(PMDL MemoryDescriptorList, PVOID Base, SIZE_T Length);
NTSTATUS NTAPI MmProtectMdlSystemAddress(PMDL MemoryDescriptorList, ULONG NewProtect);
PVOID NTAPI MmMapLockedPagesWithReservedMapping(PVOID MappingAddress, ULONG PoolTag,
    PMDL MemoryDescriptorList, MEMORY_CACHING_TYPE CacheType);
PVOID NTAPI MmAllocateMappingAddress(SIZE_T NumberOfBytes, ULONG PoolTag);
void NTAPI MmFreeMappingAddress(PVOID BaseAddress, ULONG PoolTag);
void NTAPI MmUnmapReservedMapping(PVOID BaseAddress, ULONG PoolTag, PMDL MemoryDescriptorList);
PMDL NTAPI MmAllocatePagesForMdl(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
    PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes);
PMDL NTAPI MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
    PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes, MEMORY_CACHING_TYPE CacheType, ULONG Flags);
void NTAPI MmFreePagesFromMdl(PMDLX MemoryDescriptorList);

FORCEINLINE PVOID MmGetSystemAddressForMdlSafe(PMDL Mdl, ULONG Priority)
{
    if (Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) {
        return Mdl->MappedSystemVa;
    }
    return MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE, Priority);
}

FORCEINLINE void MmPrepareMdlForReuse(PMDL Mdl)
{
    if (Mdl->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED) {
        MmUnmapLockedPages(Mdl->MappedSystemVa, Mdl);
    }
}

/* Contiguous, I/O and other memory. */
PVOID NTAPI MmAllocateContiguousMemory(SIZE_T NumberOfBytes,
    PHYSICAL_ADDRESS HighestAcceptableAddress);
PVOID NTAPI MmAllocateContiguousMemorySpecifyCache(SIZE_T NumberOfBytes,
    PHYSICAL_ADDRESS LowestAcceptableAddress, PHYSICAL_ADDRESS HighestAcceptableAddress,
    PHYSICAL_ADDRESS BoundaryAddressMultiple, MEMORY_CACHING_TYPE CacheType);
PVOID NTAPI MmAllocateContiguousMemorySpecifyCacheNode(SIZE_T NumberOfBytes,
    PHYSICAL_ADDRESS LowestAcceptableAddress, PHYSICAL_ADDRESS HighestAcceptableAddress,
    PHYSICAL_ADDRESS BoundaryAddressMultiple, MEMORY_CACHING_TYPE CacheType,
    NODE_REQUIREMENT PreferredNode);
#define MM_ALLOCATE_CONTIGUOUS_MEMORY_FAST_ONLY 0x00000001
NTSTATUS NTAPI MmAllocateContiguousMemoryEx(PSIZE_T NumberOfBytes,
    PHYSICAL_ADDRESS LowestAcceptableAddress, PHYSICAL_ADDRESS HighestAcceptableAddress,
    PHYSICAL_ADDRESS BoundaryAddressMultiple, ULONG PreferredNode, ULONG Protect,
    PVOID PartitionObject, ULONG Tag, ULONG Flags, PVOID *BaseAddress);
PMDL NTAPI MmAllocateNodePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
    PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes, MEMORY_CACHING_TYPE CacheType, ULONG IdealNode,
    ULONG Flags);
PVOID NTAPI MmAllocateContiguousNodeMemory(SIZE_T NumberOfBytes,
    PHYSICAL_ADDRESS LowestAcceptableAddress, PHYSICAL_ADDRESS HighestAcceptableAddress,
    PHYSICAL_ADDRESS BoundaryAddressMultiple, ULONG Protect, ULONG PreferredNode);
void NTAPI MmFreeContiguousMemory(PVOID BaseAddress);
void NTAPI MmFreeContiguousMemorySpecifyCache(PVOID BaseAddress, SIZE_T NumberOfBytes,
    MEMORY_CACHING_TYPE CacheType);
PVOID NTAPI MmAllocateNonCachedMemory(SIZE_T NumberOfBytes);
void NTAPI MmFreeNonCachedMemory(PVOID BaseAddress, SIZE_T NumberOfBytes);
PVOID NTAPI MmMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes,
    MEMORY_CACHING_TYPE CacheEnable);
PVOID NTAPI MmMapIoSpaceEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG Protect);
void NTAPI MmUnmapIoSpace(PVOID BaseAddress, SIZE_T NumberOfBytes);
PVOID NTAPI MmMapVideoDisplay(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes,
    MEMORY_CACHING_TYPE CacheType);
void NTAPI MmUnmapVideoDisplay(PVOID BaseAddress, SIZE_T NumberOfBytes);
PHYSICAL_ADDRESS NTAPI MmGetPhysicalAddress(PVOID BaseAddress);
PVOID NTAPI MmGetVirtualForPhysical(PHYSICAL_ADDRESS PhysicalAddress);
PPHYSICAL_MEMORY_RANGE NTAPI MmGetPhysicalMemoryRanges(void);
BOOLEAN NTAPI MmIsAddressValid(PVOID VirtualAddress);
BOOLEAN NTAPI MmIsNonPagedSystemAddressValid(PVOID VirtualAddress);
HANDLE NTAPI MmSecureVirtualMemory(PVOID Address, SIZE_T Size, ULONG ProbeMode);
void NTAPI MmUnsecureVirtualMemory(HANDLE SecureHandle);

/* Pageable parts of a driver. */
#define MmLockPagableCodeSection(address) MmLockPagableDataSection((PVOID)(ULONG_PTR)(address))
PVOID NTAPI MmLockPagableDataSection(PVOID AddressWithinSection);
void NTAPI MmLockPagableSectionByHandle(PVOID ImageSectionHandle);
void NTAPI MmUnlockPagableImageSection(PVOID ImageSectionHandle);
PVOID NTAPI MmPageEntireDriver(PVOID AddressWithinSection);
void NTAPI MmResetDriverPaging(PVOID AddressWithinSection);

/* The rest. ProbeForRead and ProbeForWrite raise; they never return a status. */
PVOID NTAPI MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName);
MM_SYSTEMSIZE NTAPI MmQuerySystemSize(void);
BOOLEAN NTAPI MmIsThisAnNtAsSystem(void);
LOGICAL NTAPI MmIsDriverVerifying(struct _DRIVER_OBJECT *DriverObject);
LOGICAL NTAPI MmIsDriverVerifyingByAddress(PVOID AddressWithinSection);
NTSTATUS NTAPI MmIsVerifierEnabled(PULONG VerifierFlags);
void NTAPI ProbeForRead(const void *Address, SIZE_T Length, ULONG Alignment);
void NTAPI ProbeForWrite(PVOID Address, SIZE_T Length, ULONG Alignment);

#endif
