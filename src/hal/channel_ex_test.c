/* SPDX-License-Identifier: MIT */
/* Transfer contexts, channels and transfers of version 3, and their cancellation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hal/testbed_v3.h"

/* ---- Contexts -------------------------------------------------------------------------------- */

static void a_context_must_be_initialised(void **state)
{
    struct context context = {0};
    struct channel channel;

    (void)state;
    assert_int_equal(dma->InitializeDmaTransferContext(a, NULL), STATUS_INVALID_PARAMETER);
    expect_quiet();
    assert_int_equal(allocate(&context, 1, &channel, DeallocateObject), STATUS_INVALID_PARAMETER);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_transfer_context), 1);
    assert_int_equal(allocate(NULL, 1, &channel, DeallocateObject), STATUS_INVALID_PARAMETER);
    assert_int_equal(channel.calls, 0);
    context = fresh();
    assert_int_equal(allocate(&context, 1, &channel, DeallocateObject), STATUS_SUCCESS);
    assert_int_equal(channel.calls, 1);
    expect_quiet();
}

static void a_context_is_written_in_its_128_bytes_only(void **state)
{
    uint8_t bytes[DMA_TRANSFER_CONTEXT_SIZE_V1 + 16];

    (void)state;
    memset(bytes, 0x5A, sizeof bytes);
    assert_int_equal(dma->InitializeDmaTransferContext(a, bytes), STATUS_SUCCESS);
    for (unsigned i = DMA_TRANSFER_CONTEXT_SIZE_V1; i < sizeof bytes; i++)
        assert_int_equal(bytes[i], 0x5A);
}

static void a_context_serves_one_waiting_request(void **state)
{
    struct context first = fresh(), second = fresh();
    struct channel holder, waiting, another;

    (void)state;
    assert_int_equal(allocate(&first, 1, &holder, KeepObject), STATUS_SUCCESS);
    assert_int_equal(allocate(&second, 1, &waiting, DeallocateObject), STATUS_SUCCESS);
    expect_quiet();
    assert_int_equal(allocate(&second, 1, &another, DeallocateObject), STATUS_INVALID_PARAMETER);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_transfer_context), 1);
    dma->FreeAdapterChannel(a);
    assert_int_equal(waiting.calls, 1);
    assert_int_equal(another.calls, 0);
}

/* ---- Channels -------------------------------------------------------------------------------- */

static void arguments_of_the_channel_that_make_no_sense_are_refused(void **state)
{
    struct context context = fresh();
    struct channel channel = {.answer = DeallocateObject};
    PVOID base = NULL;

    (void)state;
    assert_int_equal(dma->AllocateAdapterChannelEx(a, NULL, &context, 1, 0, NULL, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(dma->AllocateAdapterChannelEx(a, NULL, &context, 1, 0, execute, &channel,
                                                   &base),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(dma->AllocateAdapterChannelEx(a, NULL, &context, 1, SYNC, NULL, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(dma->AllocateAdapterChannelEx(a, NULL, &context, 1, 0x80, execute, &channel,
                                                   NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(channel.calls, 0);
    assert_int_equal(dma->AllocateAdapterChannelEx(a, NULL, &context, registers + 1, SYNC, execute,
                                                   &channel, &base),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_too_many_registers), 1);
    assert_null(base);
    assert_int_equal(dma->AllocateAdapterChannelEx(a, NULL, &context, 1, SYNC, execute, &channel,
                                                   &base),
                     STATUS_SUCCESS);
    assert_int_equal(channel.calls, 1);
    assert_ptr_equal(channel.base, base);
    expect_quiet();
}

static void a_synchronous_request_does_not_wait(void **state)
{
    struct context first = fresh(), second = fresh();
    struct channel holder, channel = {.answer = DeallocateObject};
    PVOID base;

    (void)state;
    assert_int_equal(allocate(&first, 1, &holder, KeepObject), STATUS_SUCCESS);
    assert_int_equal(dma->AllocateAdapterChannelEx(a, NULL, &second, 1, SYNC, execute, &channel,
                                                   NULL),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(channel.calls, 0);
    dma->FreeAdapterObject(a, DeallocateObject);
    assert_int_equal(channel.calls, 0);
    base = allocate_now(3);
    assert_int_equal(bed.hal->figures.registers_in_use, 3);
    dma->FreeAdapterObject(a, KeepObject);
    assert_int_equal(bed.hal->figures.registers_in_use, 3);
    dma->FreeAdapterObject(a, DeallocateObjectKeepRegisters);
    assert_int_equal(bed.hal->figures.registers_in_use, 3);
    dma->FreeMapRegisters(a, base, 3);
    assert_int_equal(bed.hal->figures.registers_in_use, 0);
    expect_quiet();
    dma->FreeAdapterObject(a, DeallocateObject);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_channel_not_held), 1);
}

/* First the channel, then the registers, each in order; nobody overtakes. */
static void the_queue_has_two_levels(void **state)
{
    struct hal_config config = {.map_registers_cap = 10};
    struct context contexts[4];
    struct channel holder, second, third, fourth;

    (void)state;
    restart(&config, 32, true);
    for (unsigned i = 0; i < 4; i++)
        contexts[i] = fresh();
    assert_int_equal(allocate(&contexts[0], 8, &holder, DeallocateObjectKeepRegisters),
                     STATUS_SUCCESS);
    assert_int_equal(allocate(&contexts[1], 8, &second, KeepObject), STATUS_SUCCESS);
    assert_int_equal(allocate(&contexts[2], 1, &third, DeallocateObject), STATUS_SUCCESS);
    assert_int_equal(allocate(&contexts[3], 1, &fourth, DeallocateObject), STATUS_SUCCESS);
    assert_int_equal(holder.calls, 1);
    assert_int_equal(second.calls + third.calls + fourth.calls, 0); /* 2 registers are free */
    dma->FreeMapRegisters(a, holder.base, 8);
    assert_int_equal(second.calls, 1);
    assert_int_equal(third.calls, 0); /* the channel is the second's */
    dma->FreeAdapterChannel(a);
    assert_int_equal(third.calls, 1);
    assert_int_equal(fourth.calls, 1);
    assert_int_equal(bed.hal->figures.registers_in_use, 0);
    expect_quiet();
}

/* Whoever waits behind one that got its registers late is not forgotten. */
static void the_channel_is_passed_on_by_one_that_waited_for_registers(void **state)
{
    struct hal_config config = {.map_registers_cap = 10};
    struct context contexts[3];
    struct channel holder, second, third;

    (void)state;
    restart(&config, 32, true);
    for (unsigned i = 0; i < 3; i++)
        contexts[i] = fresh();
    allocate(&contexts[0], 8, &holder, DeallocateObjectKeepRegisters);
    allocate(&contexts[1], 8, &second, DeallocateObjectKeepRegisters);
    allocate(&contexts[2], 1, &third, DeallocateObject);
    dma->FreeMapRegisters(a, holder.base, 8);
    assert_int_equal(second.calls, 1);
    assert_int_equal(third.calls, 1);
    dma->FreeMapRegisters(a, second.base, 8);
    expect_quiet();
}

static void a_request_that_waits_can_be_cancelled(void **state)
{
    struct hal_config config = {.map_registers_cap = 10};
    struct context contexts[4];
    struct channel holder, for_registers, for_channel, last;

    (void)state;
    restart(&config, 32, true);
    for (unsigned i = 0; i < 4; i++)
        contexts[i] = fresh();
    allocate(&contexts[0], 8, &holder, DeallocateObjectKeepRegisters);
    allocate(&contexts[1], 8, &for_registers, DeallocateObject);
    allocate(&contexts[2], 1, &for_channel, DeallocateObject);
    allocate(&contexts[3], 1, &last, DeallocateObject);
    assert_int_equal(dma->CancelAdapterChannel(a, NULL, &contexts[0]), FALSE); /* it has run */
    assert_int_equal(dma->CancelAdapterChannel(a, NULL, &contexts[2]), TRUE);
    assert_int_equal(dma->CancelAdapterChannel(a, NULL, &contexts[1]), TRUE);
    assert_int_equal(last.calls, 1); /* nobody is before it any more */
    dma->FreeMapRegisters(a, holder.base, 8);
    assert_int_equal(for_registers.calls + for_channel.calls, 0);
    assert_int_equal(bed.hal->figures.registers_in_use, 0);
    expect_quiet();
}

static void a_request_to_come_can_be_cancelled_before(void **state)
{
    struct context context = fresh();
    struct channel channel;
    struct lists lists;
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);

    (void)state;
    assert_int_equal(dma->CancelAdapterChannel(a, NULL, &context), TRUE);
    assert_int_equal(allocate(&context, 1, &channel, DeallocateObject), STATUS_CANCELLED);
    assert_int_equal(get(&context, mdl, 0, PACKET, 0, &lists, NULL), STATUS_CANCELLED);
    assert_int_equal(channel.calls + lists.calls, 0);
    context = fresh();
    assert_int_equal(allocate(&context, 1, &channel, DeallocateObject), STATUS_SUCCESS);
    assert_int_equal(dma->CancelAdapterChannel(a, NULL, &context), FALSE);
    expect_quiet();
}

static void custom_functions_are_not_implemented(void **state)
{
    (void)state;
    assert_int_equal(dma->ConfigureAdapterChannel(a, 1, NULL), STATUS_NOT_IMPLEMENTED);
    expect_quiet();
}

/* ---- Transfers ------------------------------------------------------------------------------- */

/* 32 and 64 bits, with and without scatter/gather: all in one call, from an offset, byte for
 * byte. */
static void map_transfer_ex_maps_a_whole_chain(void **state)
{
    struct hal_config config = {0};
    static uint8_t room[0x10 + 64 * 0x18];
    PSCATTER_GATHER_LIST list = (PSCATTER_GATHER_LIST)room;

    (void)state;
    for (unsigned kind = 0; kind < 4; kind++) {
        uint64_t first_va, second_va;
        PMDL first, second;
        ULONG length = 30000;
        PVOID base;

        restart(&config, kind & 1 ? 64 : 32, kind & 2);
        first = hal_bed_buffer(&bed, 10000, 50, &first_va);
        second = hal_bed_buffer(&bed, 30000, 3000, &second_va);
        first->Next = second;
        base = allocate_now(registers);
        assert_int_equal(dma->MapTransferEx(a, first, base, 5000, 0, &length, FALSE, list,
                                            sizeof room, NULL, NULL),
                         STATUS_SUCCESS);
        assert_int_equal(length, 30000);
        assert_int_equal(total(list), 30000);
        if (!(kind & 2))
            assert_int_equal(list->NumberOfElements, 1);
        card_writes(list, 0);
        assert_int_equal(dma->FlushAdapterBuffersEx(a, first, base, 5000, 30000, FALSE),
                         STATUS_SUCCESS);
        client_sees(first_va + 5000, 0, 5000);
        client_sees(second_va, 5000, 25000);
        dma->FreeAdapterChannel(a);
        expect_quiet();
    }
}

/* Few registers, or a short list: the driver comes again with the rest. */
static void map_transfer_ex_maps_as_much_as_it_can(void **state)
{
    static uint8_t room[0x10 + 64 * 0x18];
    PSCATTER_GATHER_LIST list = (PSCATTER_GATHER_LIST)room;

    (void)state;
    for (unsigned few = 0; few < 2; few++) {
        struct hal_config config = {.force_bounce = few};
        ULONG list_bytes = few ? sizeof room : 0x10 + 2 * 0x18;
        uint64_t va, done = 0;
        unsigned calls = 0;
        PVOID base;
        PMDL mdl;

        restart(&config, 64, true);
        mdl = hal_bed_buffer(&bed, PACKET, 100, &va);
        base = allocate_now(few ? 3 : registers);
        while (done != PACKET) {
            ULONG length = (ULONG)(PACKET - done);

            assert_int_equal(dma->MapTransferEx(a, mdl, base, done, 0, &length, FALSE, list,
                                                list_bytes, NULL, NULL),
                             STATUS_SUCCESS);
            assert_in_range(length, 1, PACKET - done);
            assert_int_equal(total(list), length);
            assert_true(list->NumberOfElements <= (list_bytes - 0x10) / 0x18);
            card_writes(list, done);
            assert_int_equal(dma->FlushAdapterBuffersEx(a, mdl, base, done, length, FALSE),
                             STATUS_SUCCESS);
            done += length;
            calls++;
        }
        assert_in_range(calls, 2, 14);
        client_sees(va, 0, PACKET);
        dma->FreeAdapterChannel(a);
        expect_quiet();
    }
}

static void map_transfer_ex_refuses_what_it_cannot_do(void **state)
{
    uint8_t room[0x10 + 64 * 0x18];
    PSCATTER_GATHER_LIST list = (PSCATTER_GATHER_LIST)room;
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    PMDL loose = IoAllocateMdl((PVOID)va, 4096, FALSE, FALSE, NULL);
    PVOID base = allocate_now(registers);
    ULONG length = 4096;

    (void)state;
#define MAP(mdl, base, offset, list, bytes, routine)                                               \
    dma->MapTransferEx(a, mdl, base, offset, 0, &length, FALSE, list, bytes, routine, NULL)
    assert_int_equal(MAP(mdl, base, 0, NULL, 0, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(MAP(mdl, base, 0, list, 0x10 + 0x17, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(MAP(mdl, base, 0, list, sizeof room, completed), STATUS_INVALID_PARAMETER);
    assert_int_equal(MAP(mdl, base, PACKET, list, sizeof room, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(MAP(NULL, base, 0, list, sizeof room, NULL), STATUS_INVALID_PARAMETER);
    expect_quiet();
    assert_int_equal(MAP(mdl, base, PACKET - 4095, list, sizeof room, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_dma_length), 1);
    assert_int_equal(MAP(loose, base, 0, list, sizeof room, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_dma_buffer), 1);
    assert_int_equal(MAP(mdl, (PVOID)77, 0, list, sizeof room, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_registers_unknown), 1);
    length = 0;
    assert_int_equal(MAP(mdl, base, 0, list, sizeof room, NULL), STATUS_SUCCESS);
    assert_int_equal(list->NumberOfElements, 0);
    assert_int_equal(dma->FlushAdapterBuffersEx(a, mdl, base, 0, 0, FALSE), STATUS_SUCCESS);
    expect_quiet();
#undef MAP
    dma->FreeAdapterChannel(a);
}

static void every_mapping_is_flushed_before_the_next(void **state)
{
    uint8_t room[0x10 + 64 * 0x18];
    PSCATTER_GATHER_LIST list = (PSCATTER_GATHER_LIST)room;
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    PVOID base = allocate_now(registers);
    ULONG length = 4096;

    (void)state;
    assert_int_equal(dma->MapTransferEx(a, mdl, base, 0, 0, &length, FALSE, list, sizeof room, NULL,
                                        NULL),
                     STATUS_SUCCESS);
    expect_quiet();
    assert_int_equal(dma->MapTransferEx(a, mdl, base, 0, 0, &length, FALSE, list, sizeof room, NULL,
                                        NULL),
                     STATUS_SUCCESS);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_range_mapped), 1);
    assert_int_equal(dma->FlushAdapterBuffersEx(a, mdl, base, 0, 4096, TRUE), STATUS_SUCCESS);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_dma_direction), 1);
    assert_int_equal(dma->FlushAdapterBuffersEx(a, mdl, base, 0, 4096, FALSE),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_flush_not_mapped), 1);
    assert_int_equal(dma->FlushAdapterBuffersEx(a, mdl, base, PACKET, 4096, FALSE),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(dma->FlushAdapterBuffersEx(a, mdl, (PVOID)77, 0, 4096, FALSE),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_registers_unknown), 1);
    dma->FreeAdapterChannel(a);
}

/* What MapTransfer maps FlushAdapterBuffersEx flushes, and the other way round. */
static void both_versions_flush_what_the_other_mapped(void **state)
{
    uint8_t room[0x10 + 64 * 0x18];
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 8, &va);
    PVOID base = allocate_now(registers);
    ULONG length = 100;

    (void)state;
    dma->MapTransfer(a, mdl, base, (PVOID)(va + 50), &length, FALSE);
    assert_int_equal(dma->FlushAdapterBuffersEx(a, mdl, base, 50, 100, FALSE), STATUS_SUCCESS);
    dma->MapTransferEx(a, mdl, base, 50, 0, &length, FALSE, (PSCATTER_GATHER_LIST)room, sizeof room,
                       NULL, NULL);
    assert_int_equal(dma->FlushAdapterBuffers(a, mdl, base, (PVOID)(va + 50), 100, FALSE), TRUE);
    dma->FreeAdapterChannel(a);
    expect_quiet();
}

static void a_cancelled_transfer_maps_nothing_more(void **state)
{
    uint8_t room[0x10 + 64 * 0x18];
    struct context context = fresh(), other = fresh();
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    ULONG length = 4096;
    PVOID base;

    (void)state;
    assert_int_equal(dma->AllocateAdapterChannelEx(a, NULL, &context, 2, SYNC, NULL, NULL, &base),
                     STATUS_SUCCESS);
    assert_int_equal(dma->CancelMappedTransfer(a, &other), STATUS_INVALID_PARAMETER);
    assert_int_equal(dma->MapTransferEx(a, mdl, base, 0, 0, &length, FALSE,
                                        (PSCATTER_GATHER_LIST)room, sizeof room, NULL, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(dma->CancelMappedTransfer(a, &context), STATUS_SUCCESS);
    assert_int_equal(dma->FlushAdapterBuffersEx(a, mdl, base, 0, 4096, FALSE), STATUS_SUCCESS);
    assert_int_equal(dma->MapTransferEx(a, mdl, base, 4096, 0, &length, FALSE,
                                        (PSCATTER_GATHER_LIST)room, sizeof room, NULL, NULL),
                     STATUS_CANCELLED);
    dma->FreeAdapterChannel(a);
    expect_quiet();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_context_must_be_initialised),
        TEST(a_context_is_written_in_its_128_bytes_only),
        TEST(a_context_serves_one_waiting_request),
        TEST(arguments_of_the_channel_that_make_no_sense_are_refused),
        TEST(a_synchronous_request_does_not_wait),
        TEST(the_queue_has_two_levels),
        TEST(the_channel_is_passed_on_by_one_that_waited_for_registers),
        TEST(a_request_that_waits_can_be_cancelled),
        TEST(a_request_to_come_can_be_cancelled_before),
        TEST(custom_functions_are_not_implemented),
        TEST(map_transfer_ex_maps_a_whole_chain),
        TEST(map_transfer_ex_maps_as_much_as_it_can),
        TEST(map_transfer_ex_refuses_what_it_cannot_do),
        TEST(every_mapping_is_flushed_before_the_next),
        TEST(both_versions_flush_what_the_other_mapped),
        TEST(a_cancelled_transfer_maps_nothing_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
