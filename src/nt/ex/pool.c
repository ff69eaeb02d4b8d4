/* SPDX-License-Identifier: MIT */
/* Pool as drivers call it. The older functions take a POOL_TYPE with flag bits, leave memory
 * uninitialised and return NULL when there is none; ExAllocatePool2 takes flags of its own, zeroes
 * by default and takes no tag 0. Blocks and their checks are mm's (mm/pool.h); this file knows
 * types, flags, IRQL and who is asking. ExAllocatePoolWithTag, ExAllocatePool2, ExFreePoolWithTag;
 * wdm.h. POOL_TYPE.
 *
 * Nonpaged and paged pool differ in what they may be used for, not in being paged: nothing is ever
 * paged out. Not here: executable pool (all pool is data), session pool (taken as ordinary), quota
 * (there is no limit). */
#include "base/base.h"
#include "mm/mm.h"
#include "trace/rules.h"

enum {
    NO_TAG = 0x656E6F4E, /* "None" */
    PAGED_BIT = 1,
    CACHE_ALIGNED_BIT = 4,
    NO_EXECUTE_BIT = 512
};

/* Pool that ks or io allocates inside a driver's call is theirs: only a call that came straight
 * from the driver to one of these functions is charged to it. */
static uint64_t direct_caller(const void *function)
{
    struct sim *sim = ke_sim(ke_current());
    struct sim_fiber *fiber = sim_fiber_current();
    const struct sim_boundary *boundary = fiber != NULL ? sim_boundary_newest(fiber) : NULL;

    if (boundary == NULL || boundary->direction != SIM_TO_HOST || boundary->kind != 0)
        return 0;
    if (sim_thunk_host_fn(sim, sim_thunk_va(sim, (uint32_t)boundary->target), NULL) != function)
        return 0;
    return boundary->guest_rip;
}

/* Paged pool above APC_LEVEL, any pool above DISPATCH_LEVEL. The Windows that does not verify lets
 * the first one pass as long as the page happens to be resident, which here it always is. */
static void check_irql(bool paged)
{
    KIRQL highest = paged ? APC_LEVEL : DISPATCH_LEVEL;

    if (ke_irql() > highest)
        KE_FINDING(ke_current(), VERIFY_call_irql, UINT32_MAX, ke_irql(), highest);
}

static PVOID allocate(const struct mm_pool_request *request, bool raise)
{
    PVOID block;

    check_irql(request->kind == MM_POOL_PAGED);
    block = mm_pool_allocate(mm_of(ke_current()), request);
    if (block == NULL && raise)
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    return block;
}

/* The allocators before Windows 8 go wrong when asked for no-execute pool; zeroing
 * on request came with Windows 10 2004, and wrappers in wdm.h pass the flag to older systems and
 * zero themselves. UNDOC: those systems give ordinary pool here, and take the flag for nothing. "NX
 * Pool Compatibility Issues"; ExAllocatePoolZero, Remarks. */
static bool check_type(ULONG type)
{
    enum ke_windows windows = ke_windows(ke_current());

    if ((type & NO_EXECUTE_BIT) && windows < KE_WINDOWS_8)
        KE_FINDING(ke_current(), VERIFY_pool_type, type);
    return (type & POOL_ZERO_ALLOCATION) && windows >= KE_WINDOWS_10;
}

static PVOID allocate_typed(POOL_TYPE type, SIZE_T size_bytes, ULONG tag, bool raise,
                            uint64_t caller_va)
{
    struct mm_pool_request request = {
        .kind = (ULONG)type & PAGED_BIT ? MM_POOL_PAGED : MM_POOL_NONPAGED,
        .cache_aligned = ((ULONG)type & CACHE_ALIGNED_BIT) != 0,
        .zero = check_type((ULONG)type),
        .tag = tag,
        .size_bytes = size_bytes,
        .caller_va = caller_va,
    };

    return allocate(&request, raise || ((ULONG)type & POOL_RAISE_IF_ALLOCATION_FAILURE) != 0);
}

PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return allocate_typed(PoolType, NumberOfBytes, Tag, false,
                          direct_caller((const void *)ExAllocatePoolWithTag));
}

PVOID NTAPI ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    return allocate_typed(PoolType, NumberOfBytes, NO_TAG, false,
                          direct_caller((const void *)ExAllocatePool));
}

/* The quota functions raise when they fail, unless the type asks them not to.
 * ExAllocatePoolWithQuotaTag, Return value. */
static bool quota_raises(POOL_TYPE type)
{
    return ((ULONG)type & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE) == 0;
}

PVOID NTAPI ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return allocate_typed(PoolType, NumberOfBytes, Tag, quota_raises(PoolType),
                          direct_caller((const void *)ExAllocatePoolWithQuotaTag));
}

PVOID NTAPI ExAllocatePoolWithQuota(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    return allocate_typed(PoolType, NumberOfBytes, NO_TAG, quota_raises(PoolType),
                          direct_caller((const void *)ExAllocatePoolWithQuota));
}

/* The priority says how much pool must be left over; here nothing is set aside. */
PVOID NTAPI ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                          EX_POOL_PRIORITY Priority)
{
    (void)Priority;
    return allocate_typed(PoolType, NumberOfBytes, Tag, false,
                          direct_caller((const void *)ExAllocatePoolWithTagPriority));
}

/* Exactly one of the pool flags must be there; an unknown required flag, tag 0 and size 0 are
 * refused. Optional flags (the upper half) may be unknown. Failing means NULL, or an exception
 * where that was asked for. ExAllocatePool2, Return value; POOL_FLAGS. */
static PVOID allocate_flagged(POOL_FLAGS flags, SIZE_T size_bytes, ULONG tag, uint64_t caller_va)
{
    const POOL_FLAGS pools = POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED;
    const POOL_FLAGS required = pools | POOL_FLAG_USE_QUOTA | POOL_FLAG_UNINITIALIZED |
                                POOL_FLAG_SESSION | POOL_FLAG_CACHE_ALIGNED |
                                POOL_FLAG_RAISE_ON_FAILURE;
    struct mm_pool_request request = {
        .kind = flags & POOL_FLAG_PAGED ? MM_POOL_PAGED : MM_POOL_NONPAGED,
        .cache_aligned = (flags & POOL_FLAG_CACHE_ALIGNED) != 0,
        .zero = (flags & POOL_FLAG_UNINITIALIZED) == 0,
        .tag = tag,
        .size_bytes = size_bytes,
        .caller_va = caller_va,
    };
    bool bad = bits_count(flags & pools) != 1 || (flags & UINT32_MAX & ~required) != 0 ||
               tag == 0 || size_bytes == 0;

    if (!bad)
        return allocate(&request, (flags & POOL_FLAG_RAISE_ON_FAILURE) != 0);
    if (flags & POOL_FLAG_RAISE_ON_FAILURE)
        ExRaiseStatus(STATUS_INVALID_PARAMETER);
    return NULL;
}

PVOID NTAPI ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
    return allocate_flagged(Flags, NumberOfBytes, Tag,
                            direct_caller((const void *)ExAllocatePool2));
}

/* Extended parameters choose priorities, secure pools and nodes, none of which exist here: a caller
 * that marked one as required would be told so by the kernel, and is stopped here. */
PVOID NTAPI ExAllocatePool3(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag,
                            PVOID ExtendedParameters, ULONG ExtendedParametersCount)
{
    (void)ExtendedParameters;
    if (ExtendedParametersCount != 0)
        weir_not_implemented("ExAllocatePool3 with extended parameters");
    return allocate_flagged(Flags, NumberOfBytes, Tag,
                            direct_caller((const void *)ExAllocatePool3));
}

static void free_block(PVOID block, ULONG tag)
{
    struct mm *mm = mm_of(ke_current());

    check_irql(mm_pool_is_paged(mm, (uint64_t)(uintptr_t)block));
    mm_pool_free(mm, block, tag);
}

void NTAPI ExFreePoolWithTag(PVOID P, ULONG Tag)
{
    free_block(P, Tag);
}

void NTAPI ExFreePool(PVOID P)
{
    free_block(P, 0);
}

void NTAPI ExFreePool2(PVOID P, ULONG Tag, PVOID ExtendedParameters, ULONG ExtendedParametersCount)
{
    (void)ExtendedParameters;
    (void)ExtendedParametersCount;
    free_block(P, Tag);
}
