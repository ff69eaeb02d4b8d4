/* SPDX-License-Identifier: MIT */
/* Common buffers: bounds, caching, large pages, vectors, buffers out of MDLs, domains. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hal/common_buffer.h"
#include "hal/testbed.h"

enum { LARGE = DOMAIN_COMMON_BUFFER_LARGE_PAGE, TWO_MB = 2 << 20 };

static struct hal_bed bed;
static PDMA_ADAPTER a;
static const DMA_OPERATIONS *dma;

static void start_with(enum hal_iommu iommu, ULONG width)
{
    struct mm_config mm = {.ram_bytes = 8 * GIB};
    struct hal_config config = {.iommu = iommu};
    ULONG registers;

    hal_bed_start_on(&bed, KE_WINDOWS_11, &mm, &config);
    a = hal_bed_adapter_v3(&bed, width, true, 65536, &registers);
    dma = hal_bed_operations(&bed, a);
}

static int start(void **state)
{
    (void)state;
    start_with(HAL_IOMMU_OFF, 32);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    hal_bed_stop(&bed);
    return 0;
}

static void restart(enum hal_iommu iommu, ULONG width)
{
    stop(NULL);
    start_with(iommu, width);
}

static void expect_quiet(void)
{
    struct trace_event event;

    assert_int_equal(testbed_events(&bed.base, TRACE_finding, &event), 0);
}

static PHYSICAL_ADDRESS address(uint64_t value)
{
    return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)value};
}

/* Driver and card see each other's bytes over all of the buffer. */
static void check_shared(const void *va, uint64_t la, uint64_t size_bytes)
{
    for (uint64_t at = 0; at < size_bytes; at += size_bytes - 4) {
        uint32_t word = 0x55AA0000 + (uint32_t)at;

        assert_int_equal(hw_dma_write(&bed.card.device, la + at, &word, 4), 0);
        assert_memory_equal((const uint8_t *)va + at, &word, 4);
        memset((uint8_t *)va + at, 0x77, 4);
        assert_int_equal(hw_dma_read(&bed.card.device, la + at, &word, 4), 0);
        assert_int_equal(word, 0x77777777);
    }
    expect_quiet();
}

/* ---- What lies behind ------------------------------------------------------------------------ */

static void writing_behind_a_common_buffer_is_a_finding(void **state)
{
    PHYSICAL_ADDRESS la;
    uint8_t *va = dma->AllocateCommonBuffer(a, 5000, &la, TRUE);

    (void)state;
    memset(va, 1, 5000);
    dma->FreeCommonBuffer(a, 5000, la, va, TRUE);
    expect_quiet();
    va = dma->AllocateCommonBuffer(a, 5000, &la, TRUE);
    va[5000] = 1;
    dma->FreeCommonBuffer(a, 5000, la, va, TRUE);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_common_buffer_overrun), 1);
    va = dma->AllocateCommonBuffer(a, 5000, &la, TRUE);
    va[8191] = 1;
    dma->FreeCommonBuffer(a, 5000, la, va, TRUE);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_common_buffer_overrun), 1);
}

static void the_card_keeps_to_the_bytes_asked_for_too(void **state)
{
    PHYSICAL_ADDRESS la;
    PVOID va = dma->AllocateCommonBuffer(a, 5000, &la, TRUE);
    uint32_t word = 0;

    (void)state;
    assert_int_equal(hw_dma_read(&bed.card.device, (uint64_t)la.QuadPart + 4996, &word, 4), 0);
    expect_quiet();
    hw_dma_read(&bed.card.device, (uint64_t)la.QuadPart + 4998, &word, 4);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_bus_past_end), 1);
    dma->FreeCommonBuffer(a, 5000, la, va, TRUE);
    expect_quiet();
}

/* ---- Bounds ---------------------------------------------------------------------------------- */

static void a_maximum_is_above_every_byte(void **state)
{
    static const uint64_t maxima[] = {16 << 20, UINT64_C(0xFFFFFFFF), 4 * GIB, 5 * GIB};

    (void)state;
    for (unsigned width = 32; width <= 64; width += 32) {
        restart(HAL_IOMMU_OFF, width);
        for (unsigned i = 0; i < ARRAY_LEN(maxima); i++) {
            PHYSICAL_ADDRESS maximum = address(maxima[i]), la;
            PVOID va = dma->AllocateCommonBufferEx(a, &maximum, 20000, &la, TRUE, 0);

            assert_non_null(va);
            assert_int_equal(la.QuadPart % 4096, 0);
            assert_true((uint64_t)la.QuadPart + 20000 <= maxima[i]);
            assert_true(((uint64_t)la.QuadPart + 19999) >> (width - 1) >> 1 == 0);
            check_shared(va, (uint64_t)la.QuadPart, 20000);
            dma->FreeCommonBuffer(a, 20000, la, va, TRUE);
        }
    }
    expect_quiet();
}

static void without_a_maximum_the_device_is_the_limit(void **state)
{
    PHYSICAL_ADDRESS la;
    PVOID va = dma->AllocateCommonBufferEx(a, NULL, 4096, &la, FALSE, 0);

    (void)state;
    assert_non_null(va);
    assert_true((uint64_t)la.QuadPart < 4 * GIB);
    dma->FreeCommonBuffer(a, 4096, la, va, FALSE);
    expect_quiet();
}

static void what_is_not_there_is_refused(void **state)
{
    PHYSICAL_ADDRESS low = address(4096), minimum = address(64 * GIB), la = address(77);

    (void)state;
    assert_null(dma->AllocateCommonBufferEx(a, &low, 4096, &la, TRUE, 0));
    assert_null(dma->AllocateCommonBufferEx(a, NULL, 0, &la, TRUE, 0));
    assert_null(dma->AllocateCommonBufferEx(a, NULL, 100 << 20, &la, TRUE, 0));
    assert_null(dma->AllocateCommonBufferWithBounds(a, &minimum, NULL, 4096, 0, NULL, 0, &la));
    assert_int_equal(sim_fault_arm(bed.base.sim, "common_buffer", 1), 0);
    assert_null(dma->AllocateCommonBufferEx(a, NULL, 4096, &la, TRUE, 0));
    assert_int_equal(la.QuadPart, 77);
    expect_quiet();
}

/* For both kinds of device; the low pool's front lies below the minimum, so it must be passed. */
static void bounds_hold_at_both_ends(void **state)
{
    (void)state;
    for (unsigned width = 32; width <= 64; width += 32) {
        PHYSICAL_ADDRESS first, la, minimum, maximum;
        uint64_t free_pages;
        PVOID before, va;

        restart(HAL_IOMMU_OFF, width);
        before = dma->AllocateCommonBuffer(a, 4096, &first, TRUE);
        free_pages = mm_low_free_pages(bed.base.mm);
        minimum = address((uint64_t)first.QuadPart + (8 << 20) + 1);
        maximum = address((uint64_t)first.QuadPart + (16 << 20));
        va = dma->AllocateCommonBufferWithBounds(a, &minimum, &maximum, 20000, 0, NULL, 0, &la);
        assert_non_null(va);
        assert_true(la.QuadPart >= minimum.QuadPart);
        assert_true(la.QuadPart + 20000 <= maximum.QuadPart);
        if (width == 32)
            assert_int_equal(mm_low_free_pages(bed.base.mm), free_pages - 5);
        check_shared(va, (uint64_t)la.QuadPart, 20000);
        dma->FreeCommonBuffer(a, 20000, la, va, TRUE);
        dma->FreeCommonBuffer(a, 4096, first, before, TRUE);
        expect_quiet();
    }
}

static void caching_is_on_or_off(void **state)
{
    static const MEMORY_CACHING_TYPE good[] = {MmNonCached, MmCached};
    MEMORY_CACHING_TYPE bad = MmWriteCombined;
    PHYSICAL_ADDRESS la;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(good); i++) {
        MEMORY_CACHING_TYPE type = good[i];
        PVOID va = dma->AllocateCommonBufferWithBounds(a, NULL, NULL, 4096, 0, &type, 0, &la);

        assert_non_null(va);
        dma->FreeCommonBuffer(a, 4096, la, va, TRUE);
    }
    assert_null(dma->AllocateCommonBufferWithBounds(a, NULL, NULL, 4096, 0, &bad, 0, &la));
    assert_null(dma->AllocateCommonBufferWithBounds(a, NULL, NULL, 4096, 0x80, NULL, 0, &la));
    expect_quiet();
}

static void large_pages_are_aligned_to_2_mb(void **state)
{
    (void)state;
    for (unsigned width = 32; width <= 64; width += 32) {
        uint64_t free_pages;
        PHYSICAL_ADDRESS la;
        PVOID va;

        restart(HAL_IOMMU_OFF, width);
        free_pages = mm_low_free_pages(bed.base.mm);
        va = dma->AllocateCommonBufferWithBounds(a, NULL, NULL, TWO_MB + 1, LARGE, NULL, 0, &la);
        assert_non_null(va);
        assert_int_equal(la.QuadPart % TWO_MB, 0);
        if (width == 32)
            assert_int_equal(mm_low_free_pages(bed.base.mm), free_pages - 1024);
        check_shared(va, (uint64_t)la.QuadPart, TWO_MB + 1);
        dma->FreeCommonBuffer(a, TWO_MB + 1, la, va, TRUE);
        assert_int_equal(mm_low_free_pages(bed.base.mm), free_pages);
        expect_quiet();
    }
}

/* ---- Vectors --------------------------------------------------------------------------------- */

static PDMA_COMMON_BUFFER_VECTOR vector_of(ULONG count, uint64_t size_bytes)
{
    PDMA_COMMON_BUFFER_VECTOR vector = NULL;

    assert_int_equal(dma->AllocateCommonBufferVector(a, address(0), address(UINT64_MAX), MmCached,
                                                     0, 0, count, size_bytes, &vector),
                     STATUS_SUCCESS);
    assert_non_null(vector);
    return vector;
}

static void a_vector_is_many_common_buffers(void **state)
{
    PDMA_COMMON_BUFFER_VECTOR vector = vector_of(20, 5000), other = vector_of(2, 4096);
    struct hal_figures figures;
    PHYSICAL_ADDRESS la;
    PVOID va;

    (void)state;
    assert_ptr_not_equal(vector, other);
    for (ULONG i = 0; i < 20; i++) {
        dma->GetCommonBufferFromVectorByIndex(a, vector, i, &va, &la);
        assert_true((uint64_t)la.QuadPart + 5000 <= 4 * GIB);
        check_shared(va, (uint64_t)la.QuadPart, 5000);
    }
    hal_figures(bed.hal, &figures);
    assert_int_equal(figures.common_buffers_live, 22);
    for (ULONG i = 20; i-- != 0;)
        dma->FreeCommonBufferFromVector(a, vector, i);
    dma->FreeCommonBufferVector(a, vector);
    dma->FreeCommonBufferFromVector(a, other, 0);
    dma->FreeCommonBufferFromVector(a, other, 1);
    dma->FreeCommonBufferVector(a, other);
    hal_figures(bed.hal, &figures);
    assert_int_equal(figures.common_buffers_live, 0);
    dma->PutDmaAdapter(a);
    expect_quiet();
}

static void a_vector_that_cannot_be_is_refused_whole(void **state)
{
    PDMA_COMMON_BUFFER_VECTOR vector = NULL;
    uint64_t free_pages = mm_low_free_pages(bed.base.mm);

    (void)state;
#define VECTOR(low, high, type, flags, count, size)                                                \
    dma->AllocateCommonBufferVector(a, address(low), address(high), type, 0, flags, count, size,   \
                                    &vector)
    assert_int_equal(VECTOR(0, UINT64_MAX, MmCached, 0, 0, 4096), STATUS_INVALID_PARAMETER);
    assert_int_equal(VECTOR(0, UINT64_MAX, MmCached, 0, 1, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(VECTOR(8192, 4096, MmCached, 0, 1, 4096), STATUS_INVALID_PARAMETER);
    assert_int_equal(VECTOR(0, UINT64_MAX, MmWriteCombined, 0, 1, 4096), STATUS_INVALID_PARAMETER);
    assert_int_equal(VECTOR(0, UINT64_MAX, MmCached, 8, 1, 4096), STATUS_INVALID_PARAMETER);
    assert_int_equal(VECTOR(0, 0, MmCached, 0, 1, 4096), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(VECTOR(0, UINT64_MAX, MmCached, 0, 100, 1 << 20),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(VECTOR(0, UINT64_MAX, MmCached, 0, 1, UINT64_MAX),
                     STATUS_INSUFFICIENT_RESOURCES);
#undef VECTOR
    assert_null(vector);
    assert_int_equal(mm_low_free_pages(bed.base.mm), free_pages);
    dma->FreeCommonBufferVector(a, (PDMA_COMMON_BUFFER_VECTOR)77);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_common_buffer_free), 1);
}

/* How a vector is misused, and the first parameters of the bug check that follows. */
struct misuse {
    void (*act)(PDMA_COMMON_BUFFER_VECTOR vector);
    uint64_t kind, second, third;
};

static void look_up_outside(PDMA_COMMON_BUFFER_VECTOR vector)
{
    PHYSICAL_ADDRESS la;
    PVOID va;

    dma->GetCommonBufferFromVectorByIndex(a, vector, 3, &va, &la);
}

static void free_twice(PDMA_COMMON_BUFFER_VECTOR vector)
{
    dma->FreeCommonBufferFromVector(a, vector, 1);
    dma->FreeCommonBufferFromVector(a, vector, 1);
}

static void free_before_its_buffers(PDMA_COMMON_BUFFER_VECTOR vector)
{
    dma->FreeCommonBufferFromVector(a, vector, 0);
    dma->FreeCommonBufferVector(a, vector);
}

static void look_up_too_high(PDMA_COMMON_BUFFER_VECTOR vector)
{
    ke_irql_raise(3);
    look_up_outside(vector);
}

static void leave_to_the_end(PDMA_COMMON_BUFFER_VECTOR vector)
{
    for (ULONG i = 0; i < 3; i++)
        dma->FreeCommonBufferFromVector(a, vector, i);
    dma->PutDmaAdapter(a);
}

static void misuse_it(void *ctx)
{
    const struct misuse *misuse = ctx;

    misuse->act(vector_of(3, 4096));
    fail();
}

static void misuse_of_a_vector_is_its_bug_check(void **state)
{
    static const struct misuse misuses[] = {
        {look_up_too_high, 1, 3, 0},        {free_before_its_buffers, 2, 1, 0},
        {look_up_outside, 3, 3, 3},         {free_twice, 4, 1, 0},
        {leave_to_the_end, 5, 0, 0},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(misuses); i++) {
        struct trace_event event;

        restart(HAL_IOMMU_OFF, 32);
        assert_int_equal(testbed_run(&bed.base, misuse_it, (void *)&misuses[i]), KE_STOP_BUG_CHECK);
        assert_int_equal(testbed_events(&bed.base, TRACE_bug_check, &event), 1);
        assert_int_equal(event.arg[0], 0x1DC);
        assert_int_equal(event.arg[1], misuses[i].kind);
        assert_int_equal(event.arg[2], misuses[i].second);
        if (misuses[i].kind == 3)
            assert_int_equal(event.arg[3], misuses[i].third);
    }
}

/* ---- Out of MDLs ----------------------------------------------------------------------------- */

/* Nonpaged pages in low memory that lie together, and their MDL. */
static PMDL contiguous(ULONG size_bytes, uint64_t highest, PVOID *va)
{
    PMDL mdl;

    *va = MmAllocateContiguousMemory(size_bytes, address(highest));
    assert_non_null(*va);
    mdl = IoAllocateMdl(*va, size_bytes, FALSE, FALSE, NULL);
    assert_non_null(mdl);
    MmBuildMdlForNonPagedPool(mdl);
    return mdl;
}

static void a_common_buffer_is_made_out_of_an_mdl(void **state)
{
    PHYSICAL_ADDRESS la;
    PVOID va;
    PMDL mdl = contiguous(16384, UINT32_MAX, &va);

    (void)state;
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, mdl, NULL, 0, &la), STATUS_SUCCESS);
    assert_int_equal(la.QuadPart, MmGetPhysicalAddress(va).QuadPart);
    check_shared(va, (uint64_t)la.QuadPart, 16384);
    dma->FreeCommonBuffer(a, 16384, la, va, TRUE);
    expect_quiet();
    memset(va, 0, 16384); /* the memory is still the driver's */
    hw_dma_write(&bed.card.device, (uint64_t)la.QuadPart, &la, 8);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_bus_after_release), 1);
}

static void an_mdl_that_cannot_be_a_common_buffer_is_refused(void **state)
{
    PHYSICAL_ADDRESS la;
    PVOID low, odd, high;
    PMDL good = contiguous(8192, UINT32_MAX, &low);
    PMDL short_one = contiguous(5000, UINT32_MAX, &odd);
    PMDL beyond;
    PMDL inner = IoAllocateMdl((PUCHAR)low + 16, 4096, FALSE, FALSE, NULL);
    uint64_t va;
    PMDL loose = IoAllocateMdl(low, 4096, FALSE, FALSE, NULL);
    PMDL unmapped = hal_bed_buffer(&bed, 4096, 0, &va);

    (void)state;
    MmBuildMdlForNonPagedPool(inner);
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, NULL, NULL, 0, &la),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, short_one, NULL, 0, &la),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, inner, NULL, 0, &la),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, loose, NULL, 0, &la),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, unmapped, NULL, 0, &la),
                     STATUS_INVALID_PARAMETER);
    good->Next = short_one;
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, good, NULL, 0, &la),
                     STATUS_INVALID_PARAMETER);
    good->Next = NULL;
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, good, NULL, 1, &la),
                     STATUS_INVALID_PARAMETER);
    high = MmAllocateContiguousMemorySpecifyCache(4096, address(4 * GIB), address(8 * GIB),
                                                  address(0), MmCached);
    assert_non_null(high);
    beyond = IoAllocateMdl(high, 4096, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(beyond);
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, beyond, NULL, 0, &la),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(bed.hal->figures.common_buffers_live, 0);
    expect_quiet();
}

static void options_choose_a_part_and_limits(void **state)
{
    DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION configs[2] = {
        {.ConfigType = CommonBufferConfigTypeSubSection, .SubSection = {8192, 4096}},
    };
    PHYSICAL_ADDRESS la;
    PVOID va;
    PMDL mdl = contiguous(16384, UINT32_MAX, &va);
    uint64_t first = (uint64_t)MmGetPhysicalAddress(va).QuadPart;

    (void)state;
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, mdl, configs, 1, &la), STATUS_SUCCESS);
    assert_int_equal(la.QuadPart, first + 8192);
    dma->FreeCommonBuffer(a, 4096, la, (PUCHAR)va + 8192, TRUE);
    configs[1] = configs[0];
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, mdl, configs, 2, &la),
                     STATUS_INVALID_PARAMETER);
    configs[0].SubSection.Length = 12288;
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, mdl, configs, 1, &la),
                     STATUS_INVALID_PARAMETER);
    configs[0].SubSection.Length = 4000;
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, mdl, configs, 1, &la),
                     STATUS_INVALID_PARAMETER);
    configs[0] = (DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION){
        .ConfigType = CommonBufferConfigTypeLogicalAddressLimits,
        .LogicalAddressLimits = {address(first), address(first + 16383)}};
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, mdl, configs, 1, &la), STATUS_SUCCESS);
    dma->FreeCommonBuffer(a, 16384, la, va, TRUE);
    configs[0].LogicalAddressLimits.MaximumAddress = address(first + 16382);
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, mdl, configs, 1, &la),
                     STATUS_INVALID_PARAMETER);
    configs[0].ConfigType = CommonBufferConfigTypeMax;
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, mdl, configs, 1, &la), STATUS_NOT_SUPPORTED);
    configs[0] = (DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION){
        .ConfigType = CommonBufferConfigTypeHardwareAccessPermissions,
        .HardwareAccessType = CommonBufferHardwareAccessReadOnly};
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, mdl, configs, 1, &la), STATUS_NOT_SUPPORTED);
    configs[0].HardwareAccessType = CommonBufferHardwareAccessReadWrite;
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, mdl, configs, 1, &la), STATUS_SUCCESS);
    dma->FreeCommonBuffer(a, 16384, la, va, TRUE);
    expect_quiet();
}

/* ---- With an IOMMU --------------------------------------------------------------------------- */

static void translated_buffers_keep_their_bounds(void **state)
{
    PHYSICAL_ADDRESS minimum = address(64 << 20), maximum = address(1 << 30), la;
    PVOID va;

    (void)state;
    restart(HAL_IOMMU_REMAP, 64);
    va = dma->AllocateCommonBufferWithBounds(a, &minimum, &maximum, 20000, 0, NULL, 0, &la);
    assert_non_null(va);
    assert_true(la.QuadPart >= minimum.QuadPart);
    assert_true(la.QuadPart + 20000 <= maximum.QuadPart);
    assert_true(la.QuadPart != MmGetPhysicalAddress(va).QuadPart);
    check_shared(va, (uint64_t)la.QuadPart, 20000);
    dma->FreeCommonBuffer(a, 20000, la, va, TRUE);
    expect_quiet();
}

static void scattered_pages_become_a_common_buffer_by_translation(void **state)
{
    DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION config = {
        .ConfigType = CommonBufferConfigTypeHardwareAccessPermissions,
        .HardwareAccessType = CommonBufferHardwareAccessReadOnly};
    PHYSICAL_ADDRESS la;
    uint32_t word = 0;
    PVOID va;
    PMDL mdl;

    (void)state;
    restart(HAL_IOMMU_REMAP, 32);
    va = ExAllocatePoolWithTag(NonPagedPool, 16384, 0x74736554);
    mdl = IoAllocateMdl(va, 16384, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(mdl);
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, mdl, NULL, 0, &la), STATUS_SUCCESS);
    assert_true((uint64_t)la.QuadPart < 4 * GIB);
    check_shared(va, (uint64_t)la.QuadPart, 16384);
    dma->FreeCommonBuffer(a, 16384, la, va, TRUE);
    assert_int_equal(dma->CreateCommonBufferFromMdl(a, mdl, &config, 1, &la), STATUS_SUCCESS);
    assert_int_equal(hw_dma_read(&bed.card.device, (uint64_t)la.QuadPart, &word, 4), 0);
    expect_quiet();
    hw_dma_write(&bed.card.device, (uint64_t)la.QuadPart, &word, 4);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_bus_direction), 1);
    dma->FreeCommonBuffer(a, 16384, la, va, TRUE);
}

static void a_domain_is_where_addresses_are_translated(void **state)
{
    PHYSICAL_ADDRESS la;
    HANDLE domain;
    PVOID va = NULL;

    (void)state;
    assert_null(dma->GetDmaDomain(a));
    assert_int_equal(dma->JoinDmaDomain(a, NULL), STATUS_NOT_SUPPORTED);
    assert_int_equal(dma->LeaveDmaDomain(a), STATUS_NOT_SUPPORTED);
    assert_int_equal(dma->AllocateDomainCommonBuffer(a, NULL, NULL, 4096, 0, NULL, 0, &la, &va),
                     STATUS_NOT_SUPPORTED);
    restart(HAL_IOMMU_STRICT, 32);
    domain = dma->GetDmaDomain(a);
    assert_non_null(domain);
    assert_int_equal(dma->JoinDmaDomain(a, domain), STATUS_SUCCESS);
    assert_int_equal(dma->JoinDmaDomain(a, (HANDLE)77), STATUS_INVALID_PARAMETER);
    assert_int_equal(dma->AllocateDomainCommonBuffer(a, (HANDLE)77, NULL, 4096, 0, NULL, 0, &la,
                                                     &va),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(dma->AllocateDomainCommonBuffer(a, domain, NULL, 0, 0, NULL, 0, &la, &va),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(dma->AllocateDomainCommonBuffer(a, domain, NULL, 5000, 0, NULL, 0, &la, &va),
                     STATUS_SUCCESS);
    check_shared(va, (uint64_t)la.QuadPart, 5000);
    dma->FreeCommonBuffer(a, 5000, la, va, TRUE);
    assert_int_equal(dma->LeaveDmaDomain(a), STATUS_SUCCESS);
    expect_quiet();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(writing_behind_a_common_buffer_is_a_finding),
        TEST(the_card_keeps_to_the_bytes_asked_for_too),
        TEST(a_maximum_is_above_every_byte),
        TEST(without_a_maximum_the_device_is_the_limit),
        TEST(what_is_not_there_is_refused),
        TEST(bounds_hold_at_both_ends),
        TEST(caching_is_on_or_off),
        TEST(large_pages_are_aligned_to_2_mb),
        TEST(a_vector_is_many_common_buffers),
        TEST(a_vector_that_cannot_be_is_refused_whole),
        TEST(misuse_of_a_vector_is_its_bug_check),
        TEST(a_common_buffer_is_made_out_of_an_mdl),
        TEST(an_mdl_that_cannot_be_a_common_buffer_is_refused),
        TEST(options_choose_a_part_and_limits),
        TEST(translated_buffers_keep_their_bounds),
        TEST(scattered_pages_become_a_common_buffer_by_translation),
        TEST(a_domain_is_where_addresses_are_translated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
