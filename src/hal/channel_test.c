/* SPDX-License-Identifier: MIT */
/* Channels and common buffers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hal/testbed.h"

enum { PACKET = 50000 };

static struct hal_bed bed;

static const DMA_OPERATIONS *operations(PDMA_ADAPTER adapter)
{
    return hal_bed_operations(&bed, adapter);
}

static void start_with(const struct hal_config *config)
{
    struct mm_config mm = {.ram_bytes = 8 * GIB};

    hal_bed_start(&bed, &mm, config);
}

static int start(void **state)
{
    struct hal_config config = {0};

    (void)state;
    start_with(&config);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    ke_irql_lower(PASSIVE_LEVEL);
    hal_bed_stop(&bed);
    return 0;
}

/* ---- Common buffers -------------------------------------------------------------------------- */

static void a_common_buffer_is_shared_with_the_card(void **state)
{
    ULONG registers;

    (void)state;
    for (unsigned wide = 0; wide < 2; wide++) {
        PDMA_ADAPTER a = hal_bed_adapter(&bed, wide, true, 4096, &registers);
        PHYSICAL_ADDRESS la;
        uint32_t *va = operations(a)->AllocateCommonBuffer(a, 20000, &la, TRUE);
        uint32_t word = 0x55AA55AA;

        assert_non_null(va);
        assert_int_not_equal(va[4], 0);
        assert_int_equal(la.QuadPart % 4096, 0);
        if (!wide)
            assert_true((uint64_t)la.QuadPart < 4 * GIB);
        assert_int_equal(hw_dma_write(&bed.card.device, (uint64_t)la.QuadPart + 16, &word, 4), 0);
        assert_int_equal(va[4], word);
        va[5] = 77;
        assert_int_equal(hw_dma_read(&bed.card.device, (uint64_t)la.QuadPart + 20, &word, 4), 0);
        assert_int_equal(word, 77);
        assert_int_equal(testbed_findings(&bed.base, VERIFY_bus_outside), 0);
        operations(a)->FreeCommonBuffer(a, 20000, la, va, TRUE);
        hw_dma_write(&bed.card.device, (uint64_t)la.QuadPart, &word, 4);
        assert_int_equal(testbed_findings(&bed.base, VERIFY_bus_after_release), 1);
        operations(a)->PutDmaAdapter(a);
    }
}

static void common_buffers_are_refused_and_must_be_freed_as_allocated(void **state)
{
    ULONG registers;
    PDMA_ADAPTER a = hal_bed_adapter(&bed, false, true, 4096, &registers);
    PHYSICAL_ADDRESS la;
    PVOID va;

    (void)state;
    assert_null(operations(a)->AllocateCommonBuffer(a, 0, &la, TRUE));
    assert_null(operations(a)->AllocateCommonBuffer(a, 100 << 20, &la, TRUE));
    assert_int_equal(sim_fault_arm(bed.base.sim, "common_buffer", 1), 0);
    assert_null(operations(a)->AllocateCommonBuffer(a, 4096, &la, TRUE));
    va = operations(a)->AllocateCommonBuffer(a, 4096, &la, TRUE);
    operations(a)->FreeCommonBuffer(a, 8192, la, va, TRUE);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_common_buffer_free), 1);
    operations(a)->FreeCommonBuffer(a, 4096, la, va, TRUE);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_common_buffer_free), 1);
    va = operations(a)->AllocateCommonBuffer(a, 4096, &la, TRUE);
    operations(a)->PutDmaAdapter(a);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_adapter_leftover), 1);
}

/* ---- Channels -------------------------------------------------------------------------------- */

struct channel {
    IO_ALLOCATION_ACTION answer;
    PVOID base;
    unsigned calls;
};

static IO_ALLOCATION_ACTION NTAPI execute(PDEVICE_OBJECT device, PIRP irp, PVOID base,
                                          PVOID context)
{
    struct channel *channel = context;

    (void)device;
    (void)irp;
    assert_int_equal(ke_irql(), DISPATCH_LEVEL);
    channel->base = base;
    channel->calls++;
    return channel->answer;
}

static NTSTATUS allocate(PDMA_ADAPTER a, ULONG registers, struct channel *channel,
                         IO_ALLOCATION_ACTION answer)
{
    *channel = (struct channel){.answer = answer};
    return operations(a)->AllocateAdapterChannel(a, NULL, registers, execute, channel);
}

/* Maps a whole packet, lets the card write or check it, flushes. */
static unsigned transfer(PDMA_ADAPTER a, PMDL mdl, PVOID base, bool to_device)
{
    static uint8_t bytes[PACKET], found[PACKET];
    PUCHAR va = MmGetMdlVirtualAddress(mdl);
    unsigned fragments = 0;
    ULONG length;

    for (unsigned i = 0; i < PACKET; i++)
        bytes[i] = (uint8_t)(i * 5 + i / 256);
    if (to_device)
        assert_true(mm_copy_to_va(bed.base.mm, KE_ARG(va), bytes, PACKET));
    for (ULONG done = 0; done < PACKET; done += length, fragments++) {
        PHYSICAL_ADDRESS la;

        length = PACKET - done;
        la = operations(a)->MapTransfer(a, mdl, base, va + done, &length, to_device);
        assert_int_not_equal(length, 0);
        if (to_device) {
            assert_int_equal(hw_dma_read(&bed.card.device, (uint64_t)la.QuadPart, found, length),
                             0);
            assert_memory_equal(found, bytes + done, length);
        } else {
            assert_int_equal(
                hw_dma_write(&bed.card.device, (uint64_t)la.QuadPart, bytes + done, length), 0);
        }
        assert_true(operations(a)->FlushAdapterBuffers(a, mdl, base, va + done, length, to_device));
    }
    assert_true(mm_copy_from_va(bed.base.mm, found, KE_ARG(va), PACKET));
    assert_memory_equal(found, bytes, PACKET);
    return fragments;
}

static void packets_arrive_whole_for_every_kind_of_adapter(void **state)
{
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 123, &va);

    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        struct channel channel;
        ULONG registers;
        PDMA_ADAPTER a = hal_bed_adapter(&bed, kind & 1, kind & 2, PACKET, &registers);

        ke_irql_raise(DISPATCH_LEVEL);
        for (unsigned way = 0; way < 2; way++) {
            unsigned fragments;

            assert_int_equal(allocate(a, registers, &channel, DeallocateObjectKeepRegisters),
                             STATUS_SUCCESS);
            assert_int_equal(channel.calls, 1);
            fragments = transfer(a, mdl, channel.base, way);
            assert_true(kind & 2 ? fragments > 5 : fragments == 1);
            operations(a)->FreeMapRegisters(a, channel.base, registers);
        }
        operations(a)->PutDmaAdapter(a);
        ke_irql_lower(PASSIVE_LEVEL);
    }
    assert_int_equal(bed.hal->figures.registers_in_use, 0);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_bus_outside), 0);
}

static void the_three_answers_keep_what_they_say(void **state)
{
    ULONG registers;
    PDMA_ADAPTER a = hal_bed_adapter(&bed, false, true, PACKET, &registers);
    struct channel first, second, third;

    (void)state;
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(allocate(a, 5, &first, DeallocateObject), STATUS_SUCCESS);
    assert_int_equal(bed.hal->figures.registers_in_use, 0);
    assert_int_equal(allocate(a, 5, &first, KeepObject), STATUS_SUCCESS);
    assert_int_equal(bed.hal->figures.registers_in_use, 5);
    assert_int_equal(allocate(a, 5, &second, DeallocateObjectKeepRegisters), STATUS_SUCCESS);
    assert_int_equal(allocate(a, 5, &third, DeallocateObject), STATUS_SUCCESS);
    assert_int_equal(second.calls + third.calls, 0); /* the channel is held */
    operations(a)->FreeAdapterChannel(a);
    assert_int_equal(second.calls, 1);
    assert_int_equal(third.calls, 1);
    assert_int_equal(bed.hal->figures.registers_in_use, 5);
    operations(a)->FreeMapRegisters(a, second.base, 5);
    assert_int_equal(bed.hal->figures.registers_in_use, 0);
    operations(a)->PutDmaAdapter(a);
}

static void a_channel_waits_for_registers(void **state)
{
    struct hal_config config = {.map_registers_cap = 20};
    struct channel first, second;
    ULONG registers;
    PDMA_ADAPTER a;

    (void)state;
    stop(NULL);
    start_with(&config);
    a = hal_bed_adapter(&bed, false, true, PACKET, &registers);
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(allocate(a, 14, &first, DeallocateObjectKeepRegisters), STATUS_SUCCESS);
    assert_int_equal(allocate(a, 14, &second, DeallocateObjectKeepRegisters), STATUS_SUCCESS);
    assert_int_equal(second.calls, 0);
    operations(a)->FreeMapRegisters(a, first.base, 14);
    assert_int_equal(second.calls, 1);
    operations(a)->FreeMapRegisters(a, second.base, 14);
    operations(a)->PutDmaAdapter(a);
}

static void misuse_of_channels_is_found(void **state)
{
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    ULONG registers, length = 100;
    PDMA_ADAPTER a = hal_bed_adapter(&bed, false, false, PACKET, &registers);
    struct channel channel;

    (void)state;
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(allocate(a, registers + 1, &channel, KeepObject),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_too_many_registers), 1);
    operations(a)->FreeAdapterChannel(a);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_channel_not_held), 1);
    assert_int_equal(allocate(a, 1, &channel, DeallocateObjectKeepRegisters), STATUS_SUCCESS);
    operations(a)->FlushAdapterBuffers(a, mdl, channel.base, (PVOID)va, 100, FALSE);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_flush_not_mapped), 1);
    length = PACKET; /* scattered, so it would need more than one register */
    assert_int_equal(
        operations(a)->MapTransfer(a, mdl, channel.base, (PVOID)va, &length, FALSE).QuadPart, 0);
    assert_int_equal(length, 0);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_too_many_registers), 1);
    length = 100;
    operations(a)->MapTransfer(a, mdl, channel.base, (PVOID)va, &length, FALSE);
    operations(a)->FlushAdapterBuffers(a, mdl, channel.base, (PVOID)va, 100, TRUE);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_dma_direction), 1);
    operations(a)->MapTransfer(a, mdl, channel.base, (PVOID)va, &length, FALSE);
    operations(a)->FreeMapRegisters(a, channel.base, 1);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_not_flushed), 1);
    operations(a)->FreeMapRegisters(a, channel.base, 1);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_registers_free), 1);
    operations(a)->PutDmaAdapter(a);
}

static void the_old_names_do_the_same(void **state)
{
    ULONG registers, length = 100;
    PDMA_ADAPTER a = hal_bed_adapter(&bed, false, true, PACKET, &registers);
    struct channel channel = {.answer = DeallocateObjectKeepRegisters};
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    PHYSICAL_ADDRESS la;
    PVOID buffer = HalAllocateCommonBuffer(a, 4096, &la, TRUE);

    (void)state;
    assert_non_null(buffer);
    HalFreeCommonBuffer(a, 4096, la, buffer, TRUE);
    assert_int_equal(HalReadDmaCounter(a), 0);
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(IoAllocateAdapterChannel(a, NULL, 1, execute, &channel), STATUS_SUCCESS);
    la = IoMapTransfer(a, mdl, channel.base, (PVOID)va, &length, FALSE);
    assert_int_not_equal(la.QuadPart, 0);
    assert_int_equal(length, 100);
    assert_int_equal(IoFlushAdapterBuffers(a, mdl, channel.base, (PVOID)va, length, FALSE), TRUE);
    IoFreeMapRegisters(a, channel.base, 1);
    channel.answer = KeepObject;
    assert_int_equal(IoAllocateAdapterChannel(a, NULL, 1, execute, &channel), STATUS_SUCCESS);
    IoFreeAdapterChannel(a);
    assert_int_equal(bed.hal->figures.registers_in_use, 0);
    operations(a)->PutDmaAdapter(a);
    assert_int_equal(testbed_events(&bed.base, TRACE_finding, &(struct trace_event){0}), 0);
}

static void the_old_names_refuse_the_same(void **state)
{
    ULONG registers, length = 100;
    PDMA_ADAPTER a = hal_bed_adapter(&bed, false, false, PACKET, &registers);
    struct channel channel = {.answer = DeallocateObjectKeepRegisters};
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    PHYSICAL_ADDRESS la;
    PVOID buffer;

    (void)state;
    assert_null(HalAllocateCommonBuffer(a, 0, &la, TRUE));
    buffer = HalAllocateCommonBuffer(a, 4096, &la, TRUE);
    HalFreeCommonBuffer(a, 8192, la, buffer, TRUE);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_common_buffer_free), 1);
    HalFreeCommonBuffer(a, 4096, la, buffer, TRUE);
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(IoAllocateAdapterChannel(a, NULL, registers + 1, execute, &channel),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_too_many_registers), 1);
    IoFreeAdapterChannel(a);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_channel_not_held), 1);
    assert_int_equal(IoAllocateAdapterChannel(a, NULL, 1, execute, &channel), STATUS_SUCCESS);
    IoFlushAdapterBuffers(a, mdl, channel.base, (PVOID)va, 100, FALSE);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_flush_not_mapped), 1);
    assert_int_equal(IoMapTransfer(a, mdl, (PVOID)77, (PVOID)va, &length, FALSE).QuadPart, 0);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_registers_unknown), 1);
    IoFreeMapRegisters(a, channel.base, 1);
    IoFreeMapRegisters(a, channel.base, 1);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_registers_free), 1);
    operations(a)->PutDmaAdapter(a);
}

static void get_an_adapter_the_old_way(void *ctx)
{
    ULONG registers;

    HalGetAdapter(ctx, &registers);
    fail();
}

static void making_an_adapter_the_old_way_is_a_bug_check(void **state)
{
    DEVICE_DESCRIPTION description = {.Master = TRUE};
    struct trace_event event;

    (void)state;
    assert_int_equal(testbed_run(&bed.base, get_an_adapter_the_old_way, &description),
                     KE_STOP_BUG_CHECK);
    assert_int_equal(testbed_events(&bed.base, TRACE_bug_check, &event), 1);
    assert_int_equal(event.arg[0], 0xE6);
    assert_int_equal(event.arg[1], 0x1E);
}

/* One request is pending for a device object at a time (bug check 0xE6, 0B). */
static void a_device_has_one_request_at_a_time(void **state)
{
    DEVICE_OBJECT devices[2] = {0};
    ULONG registers;
    PDMA_ADAPTER a = hal_bed_adapter(&bed, false, true, PACKET, &registers);
    PDMA_ADAPTER b = hal_bed_adapter(&bed, false, true, PACKET, &registers);
    struct channel holder = {.answer = KeepObject}, others[2] = {{.answer = DeallocateObject},
                                                                 {.answer = DeallocateObject}};

    (void)state;
    ke_irql_raise(DISPATCH_LEVEL);
    for (unsigned i = 0; i < 3; i++) /* one after the other */
        operations(a)->AllocateAdapterChannel(a, &devices[0], 1, execute, &others[0]);
    operations(a)->AllocateAdapterChannel(a, &devices[0], 1, execute, &holder);
    operations(b)->AllocateAdapterChannel(b, &devices[0], 1, execute, &others[0]);
    operations(a)->AllocateAdapterChannel(a, &devices[1], 1, execute, &others[0]);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_channel_twice), 0);
    operations(a)->AllocateAdapterChannel(a, &devices[1], 1, execute, &others[1]);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_channel_twice), 1);
    operations(a)->AllocateAdapterChannel(a, &devices[0], 1, execute, &others[1]);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_channel_twice), 1);
    operations(a)->FreeAdapterChannel(a);
    assert_int_equal(others[0].calls, 5);
    assert_int_equal(others[1].calls, 2);
    operations(a)->PutDmaAdapter(a);
    operations(b)->PutDmaAdapter(b);
}

static void what_is_mapped_is_not_mapped_again(void **state)
{
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    ULONG registers, length = 200;
    PDMA_ADAPTER a = hal_bed_adapter(&bed, true, true, PACKET, &registers);
    struct channel channel;

    (void)state;
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(allocate(a, 4, &channel, DeallocateObjectKeepRegisters), STATUS_SUCCESS);
    operations(a)->MapTransfer(a, mdl, channel.base, (PVOID)va, &length, FALSE);
    operations(a)->MapTransfer(a, mdl, channel.base, (PVOID)(va + 200), &length, FALSE);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_range_mapped), 0);
    operations(a)->MapTransfer(a, mdl, channel.base, (PVOID)(va + 399), &length, FALSE);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_range_mapped), 1);
    operations(a)->FlushAdapterBuffers(a, mdl, channel.base, (PVOID)va, 600, FALSE);
    operations(a)->MapTransfer(a, mdl, channel.base, (PVOID)va, &length, FALSE);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_range_mapped), 0);
    operations(a)->FlushAdapterBuffers(a, mdl, channel.base, (PVOID)va, PACKET, FALSE);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_flush_length), 0);
    operations(a)->MapTransfer(a, mdl, channel.base, (PVOID)va, &length, FALSE);
    operations(a)->FlushAdapterBuffers(a, mdl, channel.base, (PVOID)va, PACKET + 1, FALSE);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_flush_length), 1);
    operations(a)->FreeMapRegisters(a, channel.base, 4);
    operations(a)->PutDmaAdapter(a);
}

/* Bug check 0xE6: 1B, 21, 24, and registers that are none. */
static void impossible_transfers_are_named(void **state)
{
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    ULONG registers;
    PDMA_ADAPTER a = hal_bed_adapter(&bed, true, true, PACKET, &registers);
    struct channel channel;
    const struct {
        PVOID base;
        uint64_t va;
        ULONG length;
        enum verify_rule rule;
    } cases[] = {
        {NULL, va - 1, 100, VERIFY_dma_va},
        {NULL, va + PACKET, 100, VERIFY_dma_va},
        {NULL, va, 0, VERIFY_dma_zero_length},
        {NULL, va + 1, PACKET, VERIFY_dma_length},
        {(PVOID)77, va, 100, VERIFY_registers_unknown},
    };

    (void)state;
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(allocate(a, 14, &channel, DeallocateObjectKeepRegisters), STATUS_SUCCESS);
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        ULONG length = cases[i].length;
        PVOID base = cases[i].base != NULL ? cases[i].base : channel.base;
        struct trace_event event;

        operations(a)->MapTransfer(a, mdl, base, (PVOID)cases[i].va, &length, FALSE);
        assert_int_equal(length, 0);
        assert_int_equal(testbed_events(&bed.base, TRACE_finding, &event), 1);
        assert_int_equal(event.arg[0], cases[i].rule);
    }
    operations(a)->FreeMapRegisters(a, channel.base, 14);
    operations(a)->PutDmaAdapter(a);
}

/* Many tiny MDLs in one page's worth of registers: more pieces than pages. */
static void a_chain_of_small_mdls_is_bounced_into_few_pages(void **state)
{
    enum { MDLS = 50, BYTES = 40 };
    ULONG registers, length = MDLS * BYTES;
    PDMA_ADAPTER a = hal_bed_adapter(&bed, false, false, 4096 * MDLS, &registers);
    PMDL mdls[MDLS];
    uint64_t vas[MDLS];
    uint8_t bytes[MDLS * BYTES], found[BYTES];
    struct channel channel;
    PHYSICAL_ADDRESS la;

    (void)state;
    for (unsigned i = 0; i < MDLS; i++) {
        mdls[i] = hal_bed_buffer(&bed, BYTES, 100 * i % 4000, &vas[i]);
        if (i != 0)
            mdls[i - 1]->Next = mdls[i];
    }
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 11);
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(allocate(a, 2, &channel, DeallocateObjectKeepRegisters), STATUS_SUCCESS);
    la = operations(a)->MapTransfer(a, mdls[0], channel.base, (PVOID)vas[0], &length, FALSE);
    assert_int_equal(length, sizeof bytes);
    assert_int_equal(hw_dma_write(&bed.card.device, (uint64_t)la.QuadPart, bytes, sizeof bytes), 0);
    operations(a)->FlushAdapterBuffers(a, mdls[0], channel.base, (PVOID)vas[0], length, FALSE);
    for (unsigned i = 0; i < MDLS; i++) {
        assert_true(mm_copy_from_va(bed.base.mm, found, vas[i], BYTES));
        assert_memory_equal(found, bytes + i * BYTES, BYTES);
    }
    operations(a)->FreeMapRegisters(a, channel.base, 2);
    operations(a)->PutDmaAdapter(a);
    assert_int_equal(testbed_events(&bed.base, TRACE_finding, &(struct trace_event){0}), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_common_buffer_is_shared_with_the_card),
        TEST(common_buffers_are_refused_and_must_be_freed_as_allocated),
        TEST(packets_arrive_whole_for_every_kind_of_adapter),
        TEST(the_three_answers_keep_what_they_say),
        TEST(a_channel_waits_for_registers),
        TEST(misuse_of_channels_is_found),
        TEST(the_old_names_do_the_same),
        TEST(the_old_names_refuse_the_same),
        TEST(making_an_adapter_the_old_way_is_a_bug_check),
        TEST(a_device_has_one_request_at_a_time),
        TEST(what_is_mapped_is_not_mapped_again),
        TEST(impossible_transfers_are_named),
        TEST(a_chain_of_small_mdls_is_bounced_into_few_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
