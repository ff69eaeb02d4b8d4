/* SPDX-License-Identifier: MIT */
/* Scatter/gather lists of version 3, and what adapters and transfers tell of themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hal/testbed_v3.h"

/* ---- Lists ----------------------------------------------------------------------------------- */

static void a_list_begins_at_an_offset_into_the_chain(void **state)
{
    struct context context = fresh();
    uint64_t first_va, second_va;
    PMDL first = hal_bed_buffer(&bed, 10000, 50, &first_va);
    PMDL second = hal_bed_buffer(&bed, 20000, 3000, &second_va);
    struct lists lists;

    (void)state;
    first->Next = second;
    assert_int_equal(get(&context, first, 12000, 18000, 0, &lists, NULL), STATUS_SUCCESS);
    assert_int_equal(lists.calls, 1);
    assert_int_equal(total(lists.list), 18000);
    card_writes(lists.list, 0);
    dma->PutScatterGatherList(a, lists.list, FALSE);
    client_sees(second_va + 2000, 0, 18000);
    expect_quiet();
    context = fresh();
    assert_int_equal(get(&context, first, 30000, 1, 0, &lists, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(get(&context, first, 0, 0, 0, &lists, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(get(&context, NULL, 0, 1, 0, &lists, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(lists.calls, 0);
    expect_quiet();
}

static void arguments_of_a_list_that_make_no_sense_are_refused(void **state)
{
    struct context context = fresh();
    PSCATTER_GATHER_LIST list = NULL;
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    struct lists lists;

    (void)state;
    assert_int_equal(get(&context, mdl, 0, PACKET, 0, NULL, &list), STATUS_INVALID_PARAMETER);
    assert_int_equal(get(&context, mdl, 0, PACKET, SYNC, NULL, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(get(&context, mdl, 0, PACKET, 0x80, &lists, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(get(NULL, mdl, 0, PACKET, 0, &lists, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(dma->GetScatterGatherListEx(a, NULL, &context, mdl, 0, PACKET, 0, keep_list,
                                                 &lists, FALSE, completed, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(lists.calls, 0);
    assert_null(list);
    assert_int_equal(get(&context, mdl, 0, PACKET, SYNC, &lists, &list), STATUS_SUCCESS);
    assert_ptr_equal(lists.list, list);
    dma->PutScatterGatherList(a, list, FALSE);
    expect_quiet();
}

static void a_list_without_a_routine_comes_with_the_channel(void **state)
{
    struct context context = fresh(), other = fresh(), third = fresh();
    PSCATTER_GATHER_LIST list = NULL, more = NULL;
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    struct channel channel;

    (void)state;
    assert_int_equal(get(&context, mdl, 0, PACKET, SYNC, NULL, &list), STATUS_SUCCESS);
    assert_non_null(list);
    assert_int_equal(allocate(&other, 1, &channel, DeallocateObject), STATUS_SUCCESS);
    assert_int_equal(channel.calls, 0);
    assert_int_equal(get(&third, mdl, 0, PACKET, SYNC, NULL, &more),
                     STATUS_INSUFFICIENT_RESOURCES);
    dma->FreeAdapterObject(a, DeallocateObjectKeepRegisters);
    assert_int_equal(channel.calls, 1);
    card_writes(list, 0);
    dma->PutScatterGatherList(a, list, FALSE);
    client_sees(va, 0, PACKET);
    expect_quiet();
}

static void freeing_the_object_ends_a_lists_mapping(void **state)
{
    struct context context = fresh();
    PSCATTER_GATHER_LIST list = NULL;
    uint64_t va, la;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);

    (void)state;
    assert_int_equal(get(&context, mdl, 0, PACKET, SYNC, NULL, &list), STATUS_SUCCESS);
    la = (uint64_t)list->Elements[0].Address.QuadPart;
    dma->FreeAdapterObject(a, DeallocateObject);
    assert_int_equal(bed.hal->figures.lists_live, 0);
    assert_int_equal(bed.hal->figures.registers_in_use, 0);
    dma->PutScatterGatherList(a, list, FALSE);
    expect_quiet();
    hw_dma_write(&bed.card.device, la, &va, 8);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_bus_after_release), 1);
}

static void a_list_that_waits_can_be_cancelled(void **state)
{
    struct hal_config config = {.map_registers_cap = 14};
    struct context contexts[3];
    struct lists first, second, third;
    uint64_t va;
    PMDL mdl;

    (void)state;
    restart(&config, 32, true);
    for (unsigned i = 0; i < 3; i++)
        contexts[i] = fresh();
    mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    assert_int_equal(get(&contexts[0], mdl, 0, PACKET, 0, &first, NULL), STATUS_SUCCESS);
    assert_int_equal(get(&contexts[1], mdl, 0, PACKET, 0, &second, NULL), STATUS_SUCCESS);
    assert_int_equal(get(&contexts[2], mdl, 0, PACKET, 0, &third, NULL), STATUS_SUCCESS);
    assert_int_equal(dma->CancelAdapterChannel(a, NULL, &contexts[1]), TRUE);
    assert_int_equal(dma->CancelAdapterChannel(a, NULL, &contexts[0]), FALSE);
    dma->PutScatterGatherList(a, first.list, FALSE);
    assert_int_equal(second.calls, 0);
    assert_int_equal(third.calls, 1);
    dma->PutScatterGatherList(a, third.list, FALSE);
    assert_int_equal(bed.hal->figures.registers_in_use, 0);
    expect_quiet();
}

/* UNDOC of channel.h: GetScatterGatherList takes and leaves the channel, so it waits for it. */
static void a_list_waits_for_the_channel_that_another_holds(void **state)
{
    struct context context = fresh(), other = fresh();
    struct channel holder;
    struct lists lists;
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);

    (void)state;
    assert_int_equal(allocate(&context, 1, &holder, KeepObject), STATUS_SUCCESS);
    assert_int_equal(get(&other, mdl, 0, PACKET, 0, &lists, NULL), STATUS_SUCCESS);
    assert_int_equal(lists.calls, 0);
    dma->FreeAdapterChannel(a);
    assert_int_equal(lists.calls, 1);
    dma->PutScatterGatherList(a, lists.list, FALSE);
    expect_quiet();
}

static void a_built_list_lies_in_the_drivers_buffer(void **state)
{
    struct context context = fresh();
    DMA_TRANSFER_INFO info = {.Version = DMA_TRANSFER_INFO_VERSION1};
    static uint8_t room[4096];
    struct lists lists = {0};
    PVOID out = NULL;
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 10, &va);

    (void)state;
    assert_int_equal(dma->GetDmaTransferInfo(a, mdl, 90, 40000, FALSE, &info), STATUS_SUCCESS);
    assert_int_equal(dma->BuildScatterGatherListEx(
                         a, NULL, &context, mdl, 90, 40000, 0, keep_list, &lists, FALSE, room,
                         info.V1.ScatterGatherListSize - 1, NULL, NULL, NULL),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(dma->BuildScatterGatherListEx(a, NULL, &context, mdl, 90, 40000, 0, keep_list,
                                                   &lists, FALSE, NULL, 0, NULL, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(lists.calls, 0);
    assert_int_equal(dma->BuildScatterGatherListEx(
                         a, NULL, &context, mdl, 90, 40000, SYNC, keep_list, &lists, FALSE, room,
                         info.V1.ScatterGatherListSize, NULL, NULL, &out),
                     STATUS_SUCCESS);
    assert_int_equal(lists.calls, 1);
    assert_ptr_equal(lists.list, room);
    assert_ptr_equal(out, room);
    card_writes(lists.list, 0);
    dma->PutScatterGatherList(a, lists.list, FALSE);
    client_sees(va + 90, 0, 40000);
    expect_quiet();
}

/* ---- Information ----------------------------------------------------------------------------- */

static void an_adapter_tells_its_width(void **state)
{
    struct hal_config config = {0};
    static const ULONG widths[] = {24, 32, 36, 40, 64};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(widths); i++) {
        DMA_ADAPTER_INFO info = {.Version = 2};

        restart(&config, widths[i], i % 2);
        assert_int_equal(dma->GetDmaAdapterInfo(a, &info), STATUS_NOT_SUPPORTED);
        info.Version = DMA_ADAPTER_INFO_VERSION1;
        assert_int_equal(dma->GetDmaAdapterInfo(a, &info), STATUS_SUCCESS);
        assert_int_equal(info.V1.DmaAddressWidth, widths[i]);
        assert_int_equal(info.V1.ScatterGatherLimit, i % 2 ? UINT32_MAX : 1);
        assert_int_equal(info.V1.ReadDmaCounterAvailable, FALSE);
        assert_int_equal(info.V1.Flags, ADAPTER_INFO_SYNCHRONOUS_CALLBACK);
        assert_int_equal(info.V1.MinimumTransferUnit, 1);
    }
}

static void a_transfer_is_measured_in_pages(void **state)
{
    DMA_TRANSFER_INFO info = {.Version = DMA_TRANSFER_INFO_VERSION2};
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, 3 * PACKET, 4000, &va);

    (void)state;
    assert_int_equal(dma->GetDmaTransferInfo(a, mdl, 90, 4104, TRUE, &info), STATUS_SUCCESS);
    assert_int_equal(info.V2.MapRegisterCount, 3);
    assert_int_equal(info.V2.ScatterGatherElementCount, 3);
    assert_int_equal(info.V2.ScatterGatherListSize, 0x10 + 3 * 0x18);
    assert_int_equal(info.V2.LogicalPageCount, 3);
    info = (DMA_TRANSFER_INFO){.Version = DMA_TRANSFER_INFO_VERSION1};
    assert_int_equal(dma->GetDmaTransferInfo(a, mdl, 0, 3 * PACKET, TRUE, &info), STATUS_SUCCESS);
    assert_true(info.V1.MapRegisterCount > registers); /* the driver splits it */
    assert_int_equal(dma->GetDmaTransferInfo(a, mdl, 1, 3 * PACKET, TRUE, &info),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(dma->GetDmaTransferInfo(a, mdl, 3 * PACKET, 1, TRUE, &info),
                     STATUS_INVALID_PARAMETER);
    info.Version = 3;
    assert_int_equal(dma->GetDmaTransferInfo(a, mdl, 0, 1, TRUE, &info), STATUS_NOT_SUPPORTED);
    expect_quiet();
}

static void version_2_of_the_transfer_information_came_in_1809(void **state)
{
    struct mm_config mm = {.ram_bytes = 8 * GIB};
    struct hal_config config = {0};
    DMA_TRANSFER_INFO info = {.Version = DMA_TRANSFER_INFO_VERSION2};
    uint64_t va;
    PMDL mdl;

    (void)state;
    stop(NULL);
    hal_bed_start_on(&bed, KE_WINDOWS_10_1803, &mm, &config);
    a = hal_bed_adapter_v3(&bed, 32, true, PACKET, &registers);
    dma = hal_bed_operations(&bed, a);
    mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(dma->GetDmaTransferInfo(a, mdl, 0, 1, TRUE, &info), STATUS_NOT_SUPPORTED);
    info.Version = DMA_TRANSFER_INFO_VERSION1;
    assert_int_equal(dma->GetDmaTransferInfo(a, mdl, 0, 1, TRUE, &info), STATUS_SUCCESS);
}

static void flushing_a_dma_buffer_succeeds(void **state)
{
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, PACKET, 0, &va);

    (void)state;
    assert_int_equal(dma->FlushDmaBuffer(a, mdl, TRUE), STATUS_SUCCESS);
    assert_int_equal(dma->FlushDmaBuffer(a, NULL, TRUE), STATUS_INVALID_PARAMETER);
}

/* Nothing above the width reaches the card, whatever the width is. */
static void any_width_bounces_what_lies_above(void **state)
{
    static const ULONG widths[] = {28, 32, 33, 34, 36, 40};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(widths); i++) {
        struct mm_config mm = {.ram_bytes = 128 * GIB};
        struct hal_config config = {0};
        struct context context;
        struct lists lists;
        uint64_t va, above = 0;
        PMDL mdl;

        stop(NULL);
        hal_bed_start_on(&bed, KE_WINDOWS_11, &mm, &config);
        a = hal_bed_adapter_v3(&bed, widths[i], true, PACKET, &registers);
        dma = hal_bed_operations(&bed, a);
        mdl = hal_bed_buffer(&bed, PACKET, 0, &va);
        ke_irql_raise(DISPATCH_LEVEL);
        context = fresh();
        for (unsigned page = 0; page < PACKET / 4096 + 1; page++) {
            uint64_t bytes = page < PACKET / 4096 ? 4096 : PACKET % 4096;

            above += mm_pfn_of_va(bed.base.mm, va + page * 4096) >> (widths[i] - 12) ? bytes : 0;
        }
        assert_int_equal(get(&context, mdl, 0, PACKET, 0, &lists, NULL), STATUS_SUCCESS);
        assert_int_equal(lists.calls, 1);
        assert_int_equal(bed.hal->figures.bounce_bytes, above);
        for (ULONG e = 0; e < lists.list->NumberOfElements; e++)
            assert_true(((uint64_t)lists.list->Elements[e].Address.QuadPart +
                         lists.list->Elements[e].Length - 1) >> widths[i] == 0);
        card_writes(lists.list, 0);
        dma->PutScatterGatherList(a, lists.list, FALSE);
        client_sees(va, 0, PACKET);
        expect_quiet();
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_list_begins_at_an_offset_into_the_chain),
        TEST(arguments_of_a_list_that_make_no_sense_are_refused),
        TEST(a_list_without_a_routine_comes_with_the_channel),
        TEST(freeing_the_object_ends_a_lists_mapping),
        TEST(a_list_that_waits_can_be_cancelled),
        TEST(a_list_waits_for_the_channel_that_another_holds),
        TEST(a_built_list_lies_in_the_drivers_buffer),
        TEST(an_adapter_tells_its_width),
        TEST(a_transfer_is_measured_in_pages),
        TEST(version_2_of_the_transfer_information_came_in_1809),
        TEST(flushing_a_dma_buffer_succeeds),
        TEST(any_width_bounces_what_lies_above),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
