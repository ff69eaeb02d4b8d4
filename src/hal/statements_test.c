/* SPDX-License-Identifier: MIT */
/* Statements of the documentation about descriptions and adapters, one test each;
 * docs/dma-statements.tsv says which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hal/testbed.h"

enum { MIB = 1 << 20 };

static struct hal_bed bed;

static const DMA_OPERATIONS *operations(PDMA_ADAPTER adapter)
{
    return hal_bed_operations(&bed, adapter);
}

static int start(void **state)
{
    struct mm_config mm = {.ram_bytes = 8 * GIB, .policy = MM_HIGH};
    struct hal_config config = {0};

    (void)state;
    hal_bed_start(&bed, &mm, &config);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    ke_irql_lower(PASSIVE_LEVEL);
    hal_bed_stop(&bed);
    return 0;
}

static DEVICE_DESCRIPTION bus_master(ULONG version)
{
    return (DEVICE_DESCRIPTION){.Version = version,
                                .Master = TRUE,
                                .ScatterGather = TRUE,
                                .Dma32BitAddresses = TRUE,
                                .InterfaceType = PCIBus,
                                .MaximumLength = 65536,
                                .DmaAddressWidth = version == 3 ? 32 : 0};
}

/* ---- Descriptions ---------------------------------------------------------------------------- */

struct adapter_facts {
    ULONG registers;
    uint64_t highest_la; /* of a common buffer */
};

static struct adapter_facts facts_of(DEVICE_DESCRIPTION description)
{
    struct adapter_facts facts = {0};
    PDMA_ADAPTER a = hal_get_adapter(bed.slot, &description, &facts.registers);
    PHYSICAL_ADDRESS la;
    PVOID va;

    assert_non_null(a);
    va = operations(a)->AllocateCommonBuffer(a, 4096, &la, TRUE);
    assert_non_null(va);
    facts.highest_la = (uint64_t)la.QuadPart;
    operations(a)->FreeCommonBuffer(a, 4096, la, va, TRUE);
    operations(a)->PutDmaAdapter(a);
    return facts;
}

/* An adapter with them is the adapter without them. */
static void members_of_system_dma_do_not_matter_to_a_bus_master(void **state)
{
    (void)state;
    for (ULONG version = 0; version <= 3; version++) {
        DEVICE_DESCRIPTION with = bus_master(version);
        struct adapter_facts plain = facts_of(with);
        struct adapter_facts full;

        with.DemandMode = with.AutoInitialize = with.IgnoreCount = TRUE;
        with.BusNumber = 5;
        with.DmaChannel = 3;
        with.DmaWidth = Width16Bits;
        with.DmaSpeed = TypeF;
        with.DmaPort = 0x60;
        if (version == 3) {
            with.DmaControllerInstance = 2;
            with.DmaRequestLine = 7;
            with.DeviceAddress.QuadPart = 0xF0000000;
        }
        full = facts_of(with);
        assert_int_equal(full.registers, plain.registers);
        assert_int_equal(full.registers, 17);
        assert_true((full.highest_la < 4 * GIB) && (plain.highest_la < 4 * GIB));
    }
}

static void reach_by_flags_and_bus(void **state)
{
    static const struct {
        bool wide, narrow, scatter_gather;
        INTERFACE_TYPE bus;
        uint64_t reach;
    } cases[] = {
        {true, false, true, PCIBus, UINT64_MAX}, {true, true, true, PCIBus, UINT64_MAX},
        {true, false, false, Isa, UINT64_MAX},   {false, true, true, PCIBus, 4 * GIB},
        {false, true, false, Isa, 4 * GIB},      {false, false, true, PCIBus, 4 * GIB},
        {false, false, false, PCIBus, 16 * MIB}, {false, false, true, Isa, 16 * MIB},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        for (ULONG version = 0; version <= 2; version++) {
            DEVICE_DESCRIPTION description = bus_master(version);
            uint64_t la;

            description.Dma64BitAddresses = cases[i].wide;
            description.Dma32BitAddresses = cases[i].narrow;
            description.ScatterGather = cases[i].scatter_gather;
            description.InterfaceType = cases[i].bus;
            la = facts_of(description).highest_la;
            assert_true(la < cases[i].reach);
            assert_true(cases[i].reach != 4 * GIB || la >= 16 * MIB);
        }
    }
}

static void NTAPI keep_list(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list,
                            PVOID context)
{
    (void)device;
    (void)irp;
    *(PSCATTER_GATHER_LIST *)context = list;
}

static void memory_beyond_the_width_is_reached_through_map_registers(void **state)
{
    enum { WIDTH = 31, BYTES = 60000 };
    DEVICE_DESCRIPTION description = bus_master(3);
    PSCATTER_GATHER_LIST list = NULL;
    ULONG registers;
    PDMA_ADAPTER a;
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, BYTES, 0, &va);

    (void)state;
    description.DmaAddressWidth = WIDTH;
    a = hal_get_adapter(bed.slot, &description, &registers);
    assert_non_null(a);
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(operations(a)->GetScatterGatherList(a, NULL, mdl, (PVOID)va, BYTES, keep_list,
                                                         &list, FALSE),
                     STATUS_SUCCESS);
    assert_non_null(list);
    for (ULONG i = 0; i < list->NumberOfElements; i++)
        assert_true((uint64_t)list->Elements[i].Address.QuadPart + list->Elements[i].Length <=
                    UINT64_C(1) << WIDTH);
    assert_int_equal(bed.hal->figures.registers_in_use, 15);
    assert_int_equal(bed.hal->figures.bounce_bytes, BYTES);
    operations(a)->PutScatterGatherList(a, list, FALSE);
    operations(a)->PutDmaAdapter(a);
}

/* The buffer lies above 4 GB; what a driver that keeps only LowPart would program is elsewhere. */
static void an_address_cut_to_32_bits_hits_other_memory(void **state)
{
    DEVICE_DESCRIPTION description = bus_master(2);
    PSCATTER_GATHER_LIST list = NULL;
    uint32_t word = 5, found = 0;
    PDMA_ADAPTER a;
    ULONG registers;
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, 4096, 0, &va);

    (void)state;
    description.Dma64BitAddresses = TRUE;
    a = hal_get_adapter(bed.slot, &description, &registers);
    ke_irql_raise(DISPATCH_LEVEL);
    operations(a)->GetScatterGatherList(a, NULL, mdl, (PVOID)va, 4096, keep_list, &list, FALSE);
    assert_int_not_equal(list->Elements[0].Address.HighPart, 0);
    hw_dma_write(&bed.card.device, (uint64_t)list->Elements[0].Address.QuadPart, &word, 4);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_bus_truncated), 0);
    word = 6;
    hw_dma_write(&bed.card.device, list->Elements[0].Address.LowPart, &word, 4);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_bus_truncated), 1);
    operations(a)->PutScatterGatherList(a, list, FALSE);
    assert_true(mm_copy_from_va(bed.base.mm, &found, va, 4));
    assert_int_equal(found, 5);
    operations(a)->PutDmaAdapter(a);
}

/* ---- Adapters -------------------------------------------------------------------------------- */

static void an_adapter_shows_version_size_and_functions(void **state)
{
    DEVICE_DESCRIPTION description = bus_master(2);
    ULONG registers;
    PDMA_ADAPTER a = hal_get_adapter(bed.slot, &description, &registers);

    (void)state;
    assert_int_equal(a->Version, 1);
    assert_int_equal(a->Size, sizeof *a);
    assert_non_null(a->DmaOperations);
    for (unsigned i = 1; i < a->DmaOperations->Size / sizeof(void *); i++)
        assert_non_null(((void **)a->DmaOperations)[i]);
    operations(a)->PutDmaAdapter(a);
}

static void an_adapter_can_be_made_and_put_at_dispatch_level(void **state)
{
    DEVICE_DESCRIPTION description = bus_master(2);
    ULONG registers;
    PDMA_ADAPTER a;

    (void)state;
    ke_irql_raise(DISPATCH_LEVEL);
    a = hal_get_adapter(bed.slot, &description, &registers);
    assert_non_null(a);
    operations(a)->PutDmaAdapter(a);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_call_irql), 0);
    ke_irql_raise(DISPATCH_LEVEL + 1);
    a = hal_get_adapter(bed.slot, &description, &registers);
    assert_true(testbed_findings(&bed.base, VERIFY_call_irql) > 0);
    operations(a)->PutDmaAdapter(a);
    assert_true(testbed_findings(&bed.base, VERIFY_call_irql) > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(members_of_system_dma_do_not_matter_to_a_bus_master),
        TEST(reach_by_flags_and_bus),
        TEST(memory_beyond_the_width_is_reached_through_map_registers),
        TEST(an_address_cut_to_32_bits_hits_other_memory),
        TEST(an_adapter_shows_version_size_and_functions),
        TEST(an_adapter_can_be_made_and_put_at_dispatch_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
