/* SPDX-License-Identifier: MIT */
/* Processors: one group, one node, all active; as many as the machine has virtual CPUs. Their
 * caches. */
#include "ke/thread.h"

static KAFFINITY active(void)
{
    return (UINT64_C(1) << ke_ambient->cpu_count) - 1;
}

ULONG NTAPI KeGetCurrentProcessorNumber(void)
{
    return ke_ambient->cpu->number;
}

ULONG NTAPI KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber)
{
    ULONG number = ke_ambient->cpu->number;

    if (ProcNumber)
        *ProcNumber = (PROCESSOR_NUMBER){.Number = (UCHAR)number};
    return number;
}

USHORT NTAPI KeGetCurrentNodeNumber(void)
{
    return 0;
}

USHORT NTAPI KeQueryHighestNodeNumber(void)
{
    return 0;
}

KAFFINITY NTAPI KeQueryActiveProcessors(void)
{
    return active();
}

ULONG NTAPI KeQueryActiveProcessorCount(PKAFFINITY ActiveProcessors)
{
    if (ActiveProcessors)
        *ActiveProcessors = active();
    return ke_ambient->cpu_count;
}

/* 0xFFFF is ALL_PROCESSOR_GROUPS; a group that does not exist has no processors. */
ULONG NTAPI KeQueryActiveProcessorCountEx(USHORT GroupNumber)
{
    return GroupNumber == 0 || GroupNumber == 0xFFFF ? ke_ambient->cpu_count : 0;
}

ULONG NTAPI KeQueryMaximumProcessorCount(void)
{
    return ke_ambient->cpu_count;
}

ULONG NTAPI KeQueryMaximumProcessorCountEx(USHORT GroupNumber)
{
    return KeQueryActiveProcessorCountEx(GroupNumber);
}

USHORT NTAPI KeQueryActiveGroupCount(void)
{
    return 1;
}

USHORT NTAPI KeQueryMaximumGroupCount(void)
{
    return 1;
}

KAFFINITY NTAPI KeQueryGroupAffinity(USHORT GroupNumber)
{
    return GroupNumber == 0 ? active() : 0;
}

ULONG NTAPI KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcNumber->Group != 0 || ProcNumber->Number >= ke_ambient->cpu_count ||
        ProcNumber->Reserved != 0)
        return MAXULONG; /* INVALID_PROCESSOR_INDEX */
    return ProcNumber->Number;
}

NTSTATUS NTAPI KeGetProcessorNumberFromIndex(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcIndex >= ke_ambient->cpu_count)
        return STATUS_INVALID_PARAMETER;
    *ProcNumber = (PROCESSOR_NUMBER){.Number = (UCHAR)ProcIndex};
    return STATUS_SUCCESS;
}

PKTHREAD NTAPI KeGetCurrentThread(void)
{
    return (PKTHREAD)ke_this_thread(ke_ambient)->object;
}

/* Caches: host memory is coherent, and there is nothing between a store and a device. */
BOOLEAN NTAPI KeInvalidateAllCaches(void)
{
    return TRUE;
}

void NTAPI KeFlushWriteBuffer(void)
{
    KeMemoryBarrier();
}

ULONG NTAPI KeGetRecommendedSharedDataAlignment(void)
{
    return SYSTEM_CACHE_ALIGNMENT_SIZE;
}
