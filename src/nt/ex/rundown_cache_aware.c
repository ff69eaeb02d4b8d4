/* SPDX-License-Identifier: MIT */
/* Rundown protection that keeps a count for each processor, so that processors do not fight for a
 * cache line. Caches are not modelled, so one count stands for all; what a driver can see is the
 * same. "Run-Down Protection", Cache-Aware Run-Down Protection. */
#include "ex/ex.h"
#include "ex/state.h"

struct _EX_RUNDOWN_REF_CACHE_AWARE {
    EX_RUNDOWN_REF all;
    ULONG tag; /* 0: in memory of the driver's own */
};

PEX_RUNDOWN_REF_CACHE_AWARE NTAPI ExAllocateCacheAwareRundownProtection(POOL_TYPE type, ULONG tag)
{
    PEX_RUNDOWN_REF_CACHE_AWARE run = ExAllocatePoolWithTag(type, sizeof *run, tag);

    if (run != NULL) {
        ExInitializeRundownProtection(&run->all);
        run->tag = tag;
    }
    return run;
}

SIZE_T NTAPI ExSizeOfRundownProtectionCacheAware(void)
{
    return sizeof(struct _EX_RUNDOWN_REF_CACHE_AWARE);
}

void NTAPI ExInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE run, SIZE_T size)
{
    (void)size; /* as ExSizeOfRundownProtectionCacheAware said */
    ExInitializeRundownProtection(&run->all);
    run->tag = 0;
}

void NTAPI ExReInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE run)
{
    ExReInitializeRundownProtection(&run->all);
}

void NTAPI ExFreeCacheAwareRundownProtection(PEX_RUNDOWN_REF_CACHE_AWARE run)
{
    ExFreePoolWithTag(run, run->tag);
}

BOOLEAN NTAPI ExAcquireRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE run, ULONG count)
{
    return ExAcquireRundownProtectionEx(&run->all, count);
}

BOOLEAN NTAPI ExAcquireRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE run)
{
    return ExAcquireRundownProtectionEx(&run->all, 1);
}

void NTAPI ExReleaseRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE run, ULONG count)
{
    ExReleaseRundownProtectionEx(&run->all, count);
}

void NTAPI ExReleaseRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE run)
{
    ExReleaseRundownProtectionEx(&run->all, 1);
}

void NTAPI ExRundownCompletedCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE run)
{
    ExRundownCompleted(&run->all);
}

void NTAPI ExWaitForRundownProtectionReleaseCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE run)
{
    ExWaitForRundownProtectionRelease(&run->all);
}
