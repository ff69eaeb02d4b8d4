/* SPDX-License-Identifier: MIT */
/* Adapters, and the tables behind them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hal/testbed.h"
#include "host/host.h"

static struct hal_bed bed;

static const DMA_OPERATIONS *operations(PDMA_ADAPTER adapter)
{
    return hal_bed_operations(&bed, adapter);
}

static void start_on(enum ke_windows windows)
{
    struct mm_config mm = {.ram_bytes = 8 * GIB};
    struct hal_config config = {0};

    hal_bed_start_on(&bed, windows, &mm, &config);
}

static int start(void **state)
{
    (void)state;
    start_on(KE_WINDOWS_10);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    ke_irql_lower(PASSIVE_LEVEL);
    hal_bed_stop(&bed);
    return 0;
}

static ULONG grant(const DEVICE_DESCRIPTION *description)
{
    DEVICE_DESCRIPTION copy = *description;
    ULONG registers = 0;
    PDMA_ADAPTER adapter = hal_get_adapter(bed.slot, &copy, &registers);

    if (adapter == NULL)
        return 0;
    operations(adapter)->PutDmaAdapter(adapter);
    return registers;
}

static void the_grant_is_one_more_than_the_pages_up_to_the_cap(void **state)
{
    DEVICE_DESCRIPTION wide = {.Version = 1,
                               .Master = TRUE,
                               .ScatterGather = TRUE,
                               .Dma64BitAddresses = TRUE,
                               .InterfaceType = PCIBus,
                               .MaximumLength = 65536};
    DEVICE_DESCRIPTION narrow = wide;

    (void)state;
    narrow.Dma64BitAddresses = FALSE;
    assert_int_equal(grant(&wide), 17);
    assert_int_equal(grant(&narrow), 17);
    wide.MaximumLength = narrow.MaximumLength = UINT32_MAX;
    assert_int_equal(grant(&wide), 0x100001);
    assert_int_equal(grant(&narrow), HAL_REGISTERS_DEFAULT);
}

static void descriptions_that_make_no_sense_are_refused(void **state)
{
    DEVICE_DESCRIPTION good = {.Version = 2, .Master = TRUE, .MaximumLength = 4096};
    DEVICE_DESCRIPTION bad = good;

    (void)state;
    assert_int_equal(grant(&good), 2);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_description_version), 0);
    bad.Version = 4;
    assert_int_equal(grant(&bad), 0);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_description_version), 1);
    bad = good;
    bad.Master = FALSE;
    assert_int_equal(grant(&bad), 0);
    bad = good;
    bad.Reserved1 = TRUE;
    assert_int_equal(grant(&bad), 0);
    assert_int_equal(sim_fault_arm(bed.base.sim, "adapter", 1), 0);
    assert_int_equal(grant(&good), 0);
}

static void the_table_is_as_long_as_the_version_says(void **state)
{
    DEVICE_DESCRIPTION description = {.Master = TRUE, .MaximumLength = 4096};
    ULONG registers;

    (void)state;
    for (description.Version = 0; description.Version <= 2; description.Version++) {
        PDMA_ADAPTER adapter = hal_get_adapter(NULL, &description, &registers);

        assert_int_equal(adapter->Version, 1);
        assert_int_equal(adapter->DmaOperations->Size,
                         description.Version < 2 ? DMA_OPERATIONS_SIZE_V1 : DMA_OPERATIONS_SIZE_V2);
        assert_int_equal(operations(adapter)->GetDmaAlignment(adapter), 1);
        assert_int_equal(operations(adapter)->ReadDmaCounter(adapter), 0);
        operations(adapter)->PutDmaAdapter(adapter);
    }
}

/* The sizes that the systems had: a driver compares Size before it uses a newer slot. */
static void tables_of_version_3_grow_with_windows(void **state)
{
    static const struct {
        enum ke_windows windows;
        ULONG size_bytes;
    } sizes[] = {
        {KE_WINDOWS_8, DMA_OPERATIONS_SIZE_V3},
        {KE_WINDOWS_81, DMA_OPERATIONS_SIZE_V3},
        {KE_WINDOWS_10_1803, DMA_OPERATIONS_SIZE_WIN10_1803},
        {KE_WINDOWS_10, DMA_OPERATIONS_SIZE_WIN10_1903},
        {KE_WINDOWS_11, DMA_OPERATIONS_SIZE_WIN11},
    };
    ULONG registers;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
        PDMA_ADAPTER adapter;

        stop(NULL);
        start_on(sizes[i].windows);
        adapter = hal_bed_adapter_v3(&bed, 64, true, 4096, &registers);
        assert_int_equal(adapter->Version, 1);
        assert_int_equal(adapter->DmaOperations->Size, sizes[i].size_bytes);
        operations(adapter)->PutDmaAdapter(adapter);
        adapter = hal_bed_adapter(&bed, true, true, 4096, &registers);
        assert_int_equal(adapter->DmaOperations->Size, DMA_OPERATIONS_SIZE_V2);
        operations(adapter)->PutDmaAdapter(adapter);
    }
}

static void version_3_is_refused_before_windows_8(void **state)
{
    DEVICE_DESCRIPTION description = {
        .Version = 3, .Master = TRUE, .MaximumLength = 4096, .DmaAddressWidth = 64};

    (void)state;
    for (unsigned windows = KE_WINDOWS_XP; windows < KE_WINDOWS_8; windows++) {
        stop(NULL);
        start_on((enum ke_windows)windows);
        assert_int_equal(grant(&description), 0);
        assert_int_equal(testbed_findings(&bed.base, VERIFY_description_version), 0);
    }
}

static void version_3_looks_at_the_width_alone(void **state)
{
    DEVICE_DESCRIPTION description = {.Version = 3,
                                      .Master = TRUE,
                                      .ScatterGather = TRUE,
                                      .Dma32BitAddresses = TRUE,
                                      .Dma64BitAddresses = TRUE,
                                      .InterfaceType = PCIBus,
                                      .MaximumLength = 4096,
                                      .DmaControllerInstance = 77,
                                      .DmaRequestLine = 77,
                                      .DeviceAddress.QuadPart = 77};
    static const ULONG bad[] = {0, 1, 23, 65, UINT32_MAX};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        description.DmaAddressWidth = bad[i];
        assert_int_equal(grant(&description), 0);
    }
    for (ULONG width = 24; width <= 64; width++) {
        struct trace_event event;

        description.DmaAddressWidth = width;
        assert_int_equal(grant(&description), 2);
        assert_int_equal(testbed_events(&bed.base, TRACE_adapter_created, &event), 1);
        assert_int_equal(event.arg[1], UINT64_MAX >> (64 - width));
    }
}

/* The highest address that each way of describing a device gives it. */
static void versions_0_to_2_tell_the_reach_by_flags(void **state)
{
    static const struct {
        DEVICE_DESCRIPTION description;
        uint64_t highest;
    } cases[] = {
        {{.InterfaceType = PCIBus}, 0xFFFFFF},
        {{.InterfaceType = PCIBus, .ScatterGather = TRUE}, UINT32_MAX},
        {{.InterfaceType = InterfaceTypeUndefined, .ScatterGather = TRUE}, UINT32_MAX},
        {{.InterfaceType = Isa, .ScatterGather = TRUE}, 0xFFFFFF},
        {{.InterfaceType = Isa, .Dma32BitAddresses = TRUE}, UINT32_MAX},
        {{.InterfaceType = Isa, .Dma64BitAddresses = TRUE}, UINT64_MAX},
        {{.Dma32BitAddresses = TRUE, .Dma64BitAddresses = TRUE}, UINT64_MAX},
        {{.DmaAddressWidth = 64}, 0xFFFFFF},
    };

    (void)state;
    for (ULONG version = 0; version <= 2; version++) {
        for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
            DEVICE_DESCRIPTION description = cases[i].description;
            struct trace_event event;

            description.Version = version;
            description.Master = TRUE;
            description.MaximumLength = 4096;
            assert_int_equal(grant(&description), 2);
            assert_int_equal(testbed_events(&bed.base, TRACE_adapter_created, &event), 1);
            assert_int_equal(event.arg[1], cases[i].highest);
        }
    }
}

/* A binary built for an older system passes a structure without the members of version 3. It stands
 * at the end of a page here, and nothing is mapped behind. */
static void a_short_description_is_not_read_past_its_end(void **state)
{
    DEVICE_DESCRIPTION description = {
        .Version = 2, .Master = TRUE, .MaximumLength = 4096, .InterfaceType = PCIBus};
    ULONG registers = 0;
    PDMA_ADAPTER adapter;
    PDEVICE_DESCRIPTION at_end;
    void *pages;

    (void)state;
    assert_int_equal(host_map(-1, 0, 8192, HOST_READ | HOST_WRITE, &pages), 0);
    assert_int_equal(host_protect((uint64_t)pages + 4096, 4096, 0), 0);
    at_end = (PDEVICE_DESCRIPTION)((uint8_t *)pages + 4096 - DEVICE_DESCRIPTION_SIZE_V2);
    memcpy(at_end, &description, DEVICE_DESCRIPTION_SIZE_V2);
    for (ULONG version = 0; version <= 2; version++) {
        at_end->Version = version;
        adapter = hal_get_adapter(bed.slot, at_end, &registers);
        assert_non_null(adapter);
        operations(adapter)->PutDmaAdapter(adapter);
    }
    assert_null(IoGetDmaAdapter(NULL, at_end, &registers));
    at_end->Version = 4;
    assert_null(hal_get_adapter(bed.slot, at_end, &registers));
    host_unmap(pages, 8192);
}

static void calls_without_a_live_adapter_are_findings(void **state)
{
    ULONG registers;
    PDMA_ADAPTER adapter = hal_bed_adapter(&bed, true, true, 4096, &registers);
    const DMA_OPERATIONS *table = operations(adapter);

    (void)state;
    table->GetDmaAlignment(adapter);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_adapter_null), 0);
    table->GetDmaAlignment(NULL);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_adapter_null), 1);
    table->PutDmaAdapter(adapter);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_adapter_dead), 0);
    table->GetDmaAlignment(adapter);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_adapter_dead), 1);
}

static void the_irql_of_a_call_is_held_against_its_row(void **state)
{
    ULONG registers, size;
    PDMA_ADAPTER adapter = hal_bed_adapter(&bed, true, true, 4096, &registers);
    const DMA_OPERATIONS *table = operations(adapter);
    struct trace_event event;

    (void)state;
    table->GetDmaAlignment(adapter);
    table->CalculateScatterGatherList(adapter, NULL, NULL, 4096, &size, NULL);
    ke_irql_raise(HIGH_LEVEL);
    table->CalculateScatterGatherList(adapter, NULL, NULL, 4096, &size, NULL);
    assert_int_equal(testbed_events(&bed.base, TRACE_finding, &event), 0);
    table->GetDmaAlignment(adapter);
    assert_int_equal(testbed_events(&bed.base, TRACE_finding, &event), 1);
    assert_int_equal(event.arg[0], VERIFY_call_irql);
    assert_string_equal(hal_operation_name((unsigned)(event.arg[2] - HAL_OPERATION_ID)),
                        "DMA_OPERATIONS.GetDmaAlignment");
    assert_int_equal(event.arg[3], HIGH_LEVEL);
    ke_irql_lower(PASSIVE_LEVEL);
    table->PutDmaAdapter(adapter);
}

static void old_narrow_devices_reach_16_mb(void **state)
{
    DEVICE_DESCRIPTION description = {
        .Version = 1, .Master = TRUE, .InterfaceType = Isa, .MaximumLength = 65536};
    PHYSICAL_ADDRESS la;
    ULONG registers;
    PDMA_ADAPTER adapter = hal_get_adapter(bed.slot, &description, &registers);
    PVOID va = operations(adapter)->AllocateCommonBuffer(adapter, 65536, &la, FALSE);

    (void)state;
    assert_non_null(va);
    assert_true(la.QuadPart + 65536 <= 16 << 20);
    operations(adapter)->FreeCommonBuffer(adapter, 65536, la, va, FALSE);
    operations(adapter)->PutDmaAdapter(adapter);
}

static void an_adapter_that_outlives_its_device_is_a_finding(void **state)
{
    struct test_card other;
    struct hal_slot *slot;
    DEVICE_DESCRIPTION description = {.Version = 1, .Master = TRUE, .MaximumLength = 4096};
    ULONG registers;
    PDMA_ADAPTER adapter;

    (void)state;
    test_card_init(&other, bed.base.sim);
    assert_int_equal(hal_attach(bed.hal, &other.device, &slot), 0);
    adapter = hal_get_adapter(slot, &description, &registers);
    hal_detach(bed.hal, slot);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_adapter_not_put), 1);
    operations(adapter)->PutDmaAdapter(adapter);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_grant_is_one_more_than_the_pages_up_to_the_cap),
        TEST(descriptions_that_make_no_sense_are_refused),
        TEST(the_table_is_as_long_as_the_version_says),
        TEST(tables_of_version_3_grow_with_windows),
        TEST(version_3_is_refused_before_windows_8),
        TEST(version_3_looks_at_the_width_alone),
        TEST(versions_0_to_2_tell_the_reach_by_flags),
        TEST(a_short_description_is_not_read_past_its_end),
        TEST(calls_without_a_live_adapter_are_findings),
        TEST(the_irql_of_a_call_is_held_against_its_row),
        TEST(old_narrow_devices_reach_16_mb),
        TEST(an_adapter_that_outlives_its_device_is_a_finding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
