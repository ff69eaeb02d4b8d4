/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hal/testbed.h"
#include "mm/fault.h"

static struct hal_bed bed;

static int start(void **state)
{
    struct mm_config mm = {.ram_bytes = 8 * GIB};
    struct hal_config config = {0};

    (void)state;
    hal_bed_start(&bed, &mm, &config);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    hal_bed_stop(&bed);
    return 0;
}

static void bars_get_addresses_where_a_pc_has_room(void **state)
{
    const struct hw_bar *bar = bed.card.device.bar;

    (void)state;
    assert_in_range(bar[0].base, 0xE0000000, 0xFEC00000 - 0x10000);
    assert_int_equal(bar[0].base % 0x10000, 0);
    assert_in_range(bar[1].base, 0xC000, 0xFFE0);
    assert_true(bar[2].base >= UINT64_C(1) << 36);
    assert_int_equal(bar[2].base % 0x100000, 0);
    assert_int_equal(config_get(&bed.card.device, 0x10, 4), bar[0].base);
    assert_int_equal(config_get(&bed.card.device, 0x18, 4) & ~15u, (uint32_t)bar[2].base);
    assert_int_equal(config_get(&bed.card.device, 0x1C, 4), bar[2].base >> 32);
}

static void slots_differ_and_do_not_overlap(void **state)
{
    struct test_card others[20];
    struct hal_slot *slots[20];

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        test_card_init(&others[i], bed.base.sim);
        assert_int_equal(hal_attach(bed.hal, &others[i].device, &slots[i]), 0);
        assert_ptr_equal(hal_slot_device(slots[i]), &others[i].device);
        for (unsigned k = 0; k < i; k++) {
            assert_int_not_equal(hal_slot_number(slots[i]), hal_slot_number(slots[k]));
            assert_int_not_equal(others[i].device.bar[0].base, others[k].device.bar[0].base);
        }
    }
    for (unsigned i = 0; i < 20; i++)
        hal_detach(bed.hal, slots[i]);
}

static void a_crowded_bus_has_no_slot_left(void **state)
{
    static struct test_card others[40];
    struct hal_slot *slots[40];
    unsigned count = 0;

    (void)state;
    for (; count < 40; count++) {
        test_card_init(&others[count], bed.base.sim);
        if (hal_attach(bed.hal, &others[count].device, &slots[count]) != 0)
            break;
    }
    assert_int_equal(count, 28); /* 32 less the machine's own and the first card */
    while (count-- != 0)
        hal_detach(bed.hal, slots[count]);
}

static const CM_PARTIAL_RESOURCE_DESCRIPTOR *descriptor(PCM_RESOURCE_LIST list, unsigned index)
{
    const CM_PARTIAL_RESOURCE_DESCRIPTOR *first =
        list->List[0].PartialResourceList.PartialDescriptors;

    return first + index;
}

static void resources_are_bars_then_messages(void **state)
{
    PCM_RESOURCE_LIST raw, translated;

    (void)state;
    assert_int_equal(hal_slot_resources(bed.slot, 4, &raw, &translated), STATUS_SUCCESS);
    assert_int_equal(raw->Count, 1);
    assert_int_equal(raw->List[0].InterfaceType, PCIBus);
    assert_int_equal(raw->List[0].PartialResourceList.Count, 4);
    assert_int_equal(translated->List[0].PartialResourceList.Count, 4);
    assert_int_equal(descriptor(translated, 0)->Type, CmResourceTypeMemory);
    assert_int_equal(descriptor(translated, 0)->u.Memory.Start.QuadPart,
                     bed.card.device.bar[0].base);
    assert_int_equal(descriptor(translated, 0)->u.Memory.Length, 0x10000);
    assert_int_equal(descriptor(translated, 1)->Type, CmResourceTypePort);
    assert_int_equal(descriptor(raw, 3)->Type, CmResourceTypeInterrupt);
    assert_int_equal(descriptor(raw, 3)->Flags,
                     CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE);
    assert_int_equal(descriptor(raw, 3)->u.MessageInterrupt.Raw.MessageCount, 4);
    assert_int_equal(descriptor(translated, 3)->u.MessageInterrupt.Translated.Level,
                     descriptor(translated, 3)->u.MessageInterrupt.Translated.Vector >> 4);
    assert_in_range(descriptor(translated, 3)->u.MessageInterrupt.Translated.Level, 3, 11);
    ExFreePool(raw);
    ExFreePool(translated);
    assert_int_equal(hal_slot_resources(bed.slot, 8, &raw, &translated), STATUS_SUCCESS);
    assert_int_equal(descriptor(raw, 3)->u.MessageInterrupt.Raw.MessageCount, 1); /* 8 or 1 */
    ExFreePool(raw);
    ExFreePool(translated);
}

static void without_messages_there_is_a_shared_line(void **state)
{
    PCM_RESOURCE_LIST raw, translated;

    (void)state;
    assert_int_equal(hal_slot_resources(bed.slot, 0, &raw, &translated), STATUS_SUCCESS);
    assert_int_equal(descriptor(translated, 3)->Flags, CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE);
    assert_int_equal(descriptor(translated, 3)->ShareDisposition, CmResourceShareShared);
    assert_int_equal(descriptor(translated, 3)->u.Interrupt.Level,
                     descriptor(translated, 3)->u.Interrupt.Vector >> 4);
    assert_int_equal(descriptor(raw, 3)->u.Interrupt.Vector, config_get(&bed.card.device, 0x3C, 1));
    ExFreePool(raw);
    ExFreePool(translated);
    assert_int_equal(sim_fault_arm(bed.base.sim, "pool", 2), 0);
    assert_int_equal(hal_slot_resources(bed.slot, 0, &raw, &translated),
                     STATUS_INSUFFICIENT_RESOURCES);
}

static void enabling_programs_the_messages_that_were_granted(void **state)
{
    PCM_RESOURCE_LIST raw, translated;

    (void)state;
    assert_int_equal(hw_messages_on(&bed.card.device), 0);
    assert_int_equal(hal_slot_resources(bed.slot, 4, &raw, &translated), STATUS_SUCCESS);
    assert_int_equal(hal_slot_enable(bed.slot), STATUS_SUCCESS);
    assert_int_equal(hw_messages_on(&bed.card.device), 4);
    assert_int_equal(config_message(&bed.card.device, 3).data,
                     descriptor(translated, 3)->u.MessageInterrupt.Translated.Vector + 3);
    hal_slot_disable(bed.slot);
    assert_int_equal(hw_messages_on(&bed.card.device), 0);
    assert_int_equal(config_command(&bed.card.device) & 7, 0);
    ExFreePool(raw);
    ExFreePool(translated);
}

static void dma_is_refused_until_bus_mastering_is_on(void **state)
{
    uint32_t word = 0;

    (void)state;
    hal_slot_disable(bed.slot);
    assert_int_equal(hw_dma_write(&bed.card.device, 0x1000000, &word, 4), -EPERM);
    assert_int_equal(hal_slot_enable(bed.slot), STATUS_SUCCESS);
    assert_int_equal(hw_dma_write(&bed.card.device, 0x1000000, &word, 4), 0);
    hal_detach(bed.hal, bed.slot);
    assert_int_equal(hw_dma_write(&bed.card.device, 0x1000000, &word, 4), -ENODEV);
    assert_int_equal(hal_attach(bed.hal, &bed.card.device, &bed.slot), 0);
}

static void registers_are_reached_through_mappings_and_ports(void **state)
{
    PHYSICAL_ADDRESS pa = {.QuadPart = (LONGLONG)bed.card.device.bar[0].base};
    uint8_t *registers = MmMapIoSpace(pa, 0x10000, MmNonCached);

    (void)state;
    fault_io_write(bed.base.mm, KE_ARG(registers) + 8, 4, 0x12345678);
    assert_int_equal(bed.card.registers[1], 0x12345678);
    assert_int_equal(fault_io_read(bed.base.mm, KE_ARG(registers) + 8, 4), 0x12345678);
    assert_int_equal(fault_io_read(bed.base.mm, KE_ARG(registers) + 8, 1), 0x78);
    hal_slot_disable(bed.slot);
    assert_int_equal(fault_io_read(bed.base.mm, KE_ARG(registers) + 8, 4), 0xFFFFFFFF);
    MmUnmapIoSpace(registers, 0x10000);
    pa.QuadPart = 0xFE000000; /* nobody */
    registers = MmMapIoSpace(pa, 0x1000, MmNonCached);
    assert_int_equal(fault_io_read(bed.base.mm, KE_ARG(registers), 2), 0xFFFF);
    fault_io_write(bed.base.mm, KE_ARG(registers), 2, 0);
    MmUnmapIoSpace(registers, 0x1000);
}

static void config_space_is_read_and_written_in_pieces(void **state)
{
    ULONG slot = hal_slot_number(bed.slot) >> 16;
    uint8_t bytes[8];
    USHORT vendor = 0;

    (void)state;
    assert_int_equal(hal_slot_read_config(bed.slot, bytes, 1, 6), 6);
    assert_int_equal(bytes[0], 0x12);
    assert_int_equal(bytes[1] | bytes[2] << 8, 0x5678);
    bytes[0] = 0x40;
    assert_int_equal(hal_slot_write_config(bed.slot, bytes, 0x3C, 1), 1);
    assert_int_equal(config_get(&bed.card.device, 0x3C, 1), 0x40);
    assert_int_equal(hal_slot_read_config(bed.slot, bytes, HW_CONFIG_BYTES - 4, 8), 4);
    assert_int_equal(HalGetBusDataByOffset(PCIConfiguration, 0, slot, &vendor, 0, 2), 2);
    assert_int_equal(vendor, 0x1234);
    assert_int_equal(HalGetBusDataByOffset(PCIConfiguration, 0, slot ^ 1, &vendor, 0, 2), 2);
    assert_int_equal(vendor, 0xFFFF);
    assert_int_equal(HalGetBusDataByOffset(PCIConfiguration, 1, slot, &vendor, 0, 2), 0);
}

static void drivers_write_config_space_where_a_card_is(void **state)
{
    ULONG slot = hal_slot_number(bed.slot) >> 16;
    uint8_t line = 0x51;

    (void)state;
    assert_int_equal(HalSetBusDataByOffset(PCIConfiguration, 0, slot, &line, 0x3C, 1), 1);
    assert_int_equal(config_get(&bed.card.device, 0x3C, 1), 0x51);
    assert_int_equal(HalSetBusDataByOffset(PCIConfiguration, 1, slot, &line, 0x3C, 1), 0);
    assert_int_equal(HalSetBusDataByOffset(PCIConfiguration, 0, slot ^ 1, &line, 0x3C, 1), 0);
    assert_int_equal(HalSetBusDataByOffset(Cmos, 0, slot, &line, 0x3C, 1), 0);
    assert_int_equal(HalSetBusDataByOffset(PCIConfiguration, 0, slot, &line, HW_CONFIG_BYTES, 1),
                     0);
}

static void the_bus_has_the_cpus_addresses(void **state)
{
    PHYSICAL_ADDRESS bus = {.QuadPart = 0xE0001000}, cpu = {.QuadPart = 7};
    ULONG space = 0;

    (void)state;
    assert_false(HalTranslateBusAddress(Isa, 0, bus, &space, &cpu));
    assert_false(HalTranslateBusAddress(PCIBus, 3, bus, &space, &cpu));
    assert_int_equal(cpu.QuadPart, 7);
    assert_true(HalTranslateBusAddress(PCIBus, 0, bus, &space, &cpu));
    assert_int_equal(cpu.QuadPart, 0xE0001000);
    assert_int_equal(space, 0); /* memory, as it was */
}

static void a_removed_card_cannot_be_enabled(void **state)
{
    (void)state;
    bed.card.device.removed = true;
    assert_int_equal(hal_slot_enable(bed.slot), STATUS_NO_SUCH_DEVICE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(bars_get_addresses_where_a_pc_has_room),
        TEST(slots_differ_and_do_not_overlap),
        TEST(a_crowded_bus_has_no_slot_left),
        TEST(resources_are_bars_then_messages),
        TEST(without_messages_there_is_a_shared_line),
        TEST(enabling_programs_the_messages_that_were_granted),
        TEST(dma_is_refused_until_bus_mastering_is_on),
        TEST(registers_are_reached_through_mappings_and_ports),
        TEST(config_space_is_read_and_written_in_pieces),
        TEST(drivers_write_config_space_where_a_card_is),
        TEST(the_bus_has_the_cpus_addresses),
        TEST(a_removed_card_cannot_be_enabled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
