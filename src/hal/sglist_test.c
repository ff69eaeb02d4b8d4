/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hal/testbed.h"

enum { FRAME = 1920 * 1080 * 2, FRAME_PAGES = 1013 };

static struct hal_bed bed;

static const DMA_OPERATIONS *operations(PDMA_ADAPTER adapter)
{
    return hal_bed_operations(&bed, adapter);
}

static void start(enum mm_policy policy, uint64_t ram, const struct hal_config *config)
{
    struct mm_config mm = {.ram_bytes = ram, .policy = policy};

    hal_bed_start(&bed, &mm, config);
    ke_irql_raise(DISPATCH_LEVEL);
}

static int start_default(void **state)
{
    struct hal_config config = {0};

    (void)state;
    start(MM_SCATTERED, 8 * GIB, &config);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    ke_irql_lower(PASSIVE_LEVEL);
    hal_bed_stop(&bed);
    return 0;
}

static PDMA_ADAPTER adapter(bool wide, bool scatter_gather)
{
    PDMA_ADAPTER object;
    ULONG registers;

    ke_irql_lower(PASSIVE_LEVEL);
    object = hal_bed_adapter(&bed, wide, scatter_gather, FRAME, &registers);
    ke_irql_raise(DISPATCH_LEVEL);
    return object;
}

static void put_adapter(PDMA_ADAPTER object)
{
    operations(object)->PutDmaAdapter(object);
}

/* What the driver's callback got. */
struct got {
    PSCATTER_GATHER_LIST list;
    PDEVICE_OBJECT device;
    PIRP irp;
    unsigned calls;
    KIRQL irql;
};

static void NTAPI keep_list(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list,
                            PVOID context)
{
    struct got *got = context;

    got->list = list;
    got->device = device;
    got->irp = irp;
    got->irql = ke_irql();
    got->calls++;
}

static NTSTATUS get_part(PDMA_ADAPTER a, PMDL mdl, uint64_t skip, ULONG length, bool to_device,
                         struct got *got)
{
    *got = (struct got){0};
    return operations(a)->GetScatterGatherList(a, NULL, mdl,
                                               (PUCHAR)MmGetMdlVirtualAddress(mdl) + skip, length,
                                               keep_list, got, to_device);
}

static PSCATTER_GATHER_LIST get(PDMA_ADAPTER a, PMDL mdl, bool to_device)
{
    struct got got;

    assert_int_equal(get_part(a, mdl, 0, mdl->ByteCount, to_device, &got), STATUS_SUCCESS);
    assert_int_equal(got.calls, 1);
    assert_int_equal(got.irql, DISPATCH_LEVEL);
    return got.list;
}

static void put(PDMA_ADAPTER a, PSCATTER_GATHER_LIST list, bool to_device)
{
    operations(a)->PutScatterGatherList(a, list, to_device);
}

static uint64_t total_bytes(const SCATTER_GATHER_LIST *list)
{
    uint64_t total = 0;

    for (ULONG i = 0; i < list->NumberOfElements; i++)
        total += list->Elements[i].Length;
    return total;
}

/* The card fills the list with a pattern that depends on the position. */
static void card_writes(const SCATTER_GATHER_LIST *list, uint8_t first)
{
    static uint8_t bytes[FRAME];
    uint64_t at = 0;

    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(first + i * 13 + i / 4096);
    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        assert_int_equal(hw_dma_write(&bed.card.device,
                                      (uint64_t)list->Elements[i].Address.QuadPart, bytes + at,
                                      list->Elements[i].Length),
                         0);
        at += list->Elements[i].Length;
    }
}

static bool client_sees(uint64_t va, uint8_t first)
{
    static uint8_t bytes[FRAME];

    assert_true(mm_copy_from_va(bed.base.mm, bytes, va, FRAME));
    for (unsigned i = 0; i < FRAME; i++) {
        if (bytes[i] != (uint8_t)(first + i * 13 + i / 4096))
            return false;
    }
    return true;
}

static void a_wide_card_gets_the_buffers_own_pages(void **state)
{
    PDMA_ADAPTER a = adapter(true, true);
    uint64_t va, at;
    PMDL mdl = hal_bed_buffer(&bed, FRAME, 8, &va);
    PSCATTER_GATHER_LIST list = get(a, mdl, false);
    struct hal_figures figures;

    (void)state;
    assert_int_equal(total_bytes(list), FRAME);
    at = va;
    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        assert_int_equal(list->Elements[i].Address.QuadPart,
                         mm_pfn_of_va(bed.base.mm, at) << 12 | at % 4096);
        at += list->Elements[i].Length;
    }
    card_writes(list, 3);
    assert_true(client_sees(va, 3)); /* at once: nothing is bounced */
    hal_figures(bed.hal, &figures);
    assert_int_equal(figures.direct_bytes, FRAME);
    assert_int_equal(figures.bounce_bytes, 0);
    assert_int_equal(figures.registers_in_use, 0);
    put(a, list, false);
    put_adapter(a);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_bus_outside), 0);
}

static void a_narrow_card_gets_low_pages_for_those_above_4_gb(void **state)
{
    PDMA_ADAPTER a = adapter(false, true);
    uint64_t va, above = 0;
    PMDL mdl = hal_bed_buffer(&bed, FRAME, 0, &va);
    uint64_t free_pages = mm_low_free_pages(bed.base.mm);
    PSCATTER_GATHER_LIST list = get(a, mdl, false);
    struct hal_figures figures;

    (void)state;
    for (uint64_t i = 0; i < FRAME_PAGES; i++) {
        uint64_t bytes = FRAME - i * 4096 < 4096 ? FRAME - i * 4096 : 4096;

        above += mm_pfn_of_va(bed.base.mm, va + i * 4096) >= 0x100000 ? bytes : 0;
    }
    for (ULONG i = 0; i < list->NumberOfElements; i++)
        assert_true((uint64_t)list->Elements[i].Address.QuadPart + list->Elements[i].Length <=
                    4 * GIB);
    hal_figures(bed.hal, &figures);
    assert_true(above > 0);
    assert_int_equal(figures.bounce_bytes, above);
    assert_int_equal(figures.direct_bytes, FRAME - above);
    assert_int_equal(figures.registers_in_use, FRAME_PAGES);
    assert_int_equal(mm_low_free_pages(bed.base.mm), free_pages - (above + 4095) / 4096);
    put(a, list, false);
    hal_figures(bed.hal, &figures);
    assert_int_equal(figures.registers_in_use, 0);
    assert_int_equal(figures.registers_highest, FRAME_PAGES);
    assert_int_equal(mm_low_free_pages(bed.base.mm), free_pages);
    put_adapter(a);
}

static void bounced_data_is_seen_after_the_put_and_not_before(void **state)
{
    PDMA_ADAPTER a = adapter(false, true);
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, FRAME, 8, &va);
    PSCATTER_GATHER_LIST list = get(a, mdl, false);

    (void)state;
    card_writes(list, 7);
    assert_false(client_sees(va, 7));
    put(a, list, false);
    assert_true(client_sees(va, 7));
    put_adapter(a);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_bus_outside), 0);
}

static void what_the_card_does_not_write_is_overwritten_by_the_put(void **state)
{
    struct hal_config config = {.force_bounce = true};
    uint64_t va;
    uint32_t word = 0x11223344;
    PDMA_ADAPTER a;
    PMDL mdl;
    PSCATTER_GATHER_LIST list;

    (void)state;
    stop(NULL);
    start(MM_SCATTERED, 8 * GIB, &config);
    a = adapter(true, true);
    mdl = hal_bed_buffer(&bed, 4096, 0, &va);
    assert_true(mm_copy_to_va(bed.base.mm, va, &word, 4));
    list = get(a, mdl, false);
    put(a, list, false); /* a short write: the bounce page was not loaded before */
    assert_true(mm_copy_from_va(bed.base.mm, &word, va, 4));
    assert_int_not_equal(word, 0x11223344);
    put_adapter(a);
}

static void data_for_the_card_is_copied_when_the_list_is_made(void **state)
{
    struct hal_config config = {.force_bounce = true};
    uint32_t word = 0x11223344;
    uint64_t va;
    PDMA_ADAPTER a;
    PSCATTER_GATHER_LIST list;
    PMDL mdl;

    (void)state;
    stop(NULL);
    start(MM_SCATTERED, 8 * GIB, &config);
    a = adapter(true, true);
    mdl = hal_bed_buffer(&bed, 4096, 0, &va);
    assert_true(mm_copy_to_va(bed.base.mm, va, &word, 4));
    list = get(a, mdl, true);
    word = 0;
    assert_true(mm_copy_to_va(bed.base.mm, va, &word, 4)); /* too late for the card */
    assert_int_equal(
        hw_dma_read(&bed.card.device, (uint64_t)list->Elements[0].Address.QuadPart, &word, 4), 0);
    assert_int_equal(word, 0x11223344);
    put(a, list, true);
    assert_true(mm_copy_from_va(bed.base.mm, &word, va, 4));
    assert_int_equal(word, 0);
    put_adapter(a);
}

static void contiguous_pages_become_one_element(void **state)
{
    struct hal_config config = {0};
    uint64_t va;
    PDMA_ADAPTER a;
    PMDL mdl;
    PSCATTER_GATHER_LIST list;

    (void)state;
    stop(NULL);
    start(MM_CONTIGUOUS, 2 * GIB, &config);
    a = adapter(false, true);
    mdl = hal_bed_buffer(&bed, FRAME, 100, &va);
    list = get(a, mdl, false);
    assert_int_equal(list->NumberOfElements, 1);
    assert_int_equal(list->Elements[0].Length, FRAME);
    put(a, list, false);
    put_adapter(a);
}

static void a_card_without_scatter_gather_gets_one_element_always(void **state)
{
    PDMA_ADAPTER a = adapter(true, false);
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, FRAME, 100, &va);
    PSCATTER_GATHER_LIST list = get(a, mdl, false);

    (void)state;
    assert_int_equal(list->NumberOfElements, 1);
    assert_int_equal(list->Elements[0].Length, FRAME);
    card_writes(list, 9);
    assert_false(client_sees(va, 9));
    put(a, list, false);
    assert_true(client_sees(va, 9));
    put_adapter(a);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_bus_outside), 0);
}

static void chained_mdls_are_one_transfer(void **state)
{
    PDMA_ADAPTER a = adapter(false, true);
    uint64_t first_va, second_va, at = 0;
    PMDL first = hal_bed_buffer(&bed, 10000, 50, &first_va);
    PMDL second = hal_bed_buffer(&bed, 20000, 3000, &second_va);
    uint8_t bytes[22000], found[22000];
    struct got got;

    (void)state;
    first->Next = second;
    assert_int_equal(get_part(a, first, 5000, 22000, false, &got), STATUS_SUCCESS);
    assert_int_equal(total_bytes(got.list), 22000);
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 3);
    for (ULONG i = 0; i < got.list->NumberOfElements; i++) {
        assert_int_equal(hw_dma_write(&bed.card.device,
                                      (uint64_t)got.list->Elements[i].Address.QuadPart, bytes + at,
                                      got.list->Elements[i].Length),
                         0);
        at += got.list->Elements[i].Length;
    }
    put(a, got.list, false);
    assert_true(mm_copy_from_va(bed.base.mm, found, first_va + 5000, 5000));
    assert_true(mm_copy_from_va(bed.base.mm, found + 5000, second_va, 17000));
    assert_memory_equal(found, bytes, sizeof bytes);
    assert_int_equal(get_part(a, first, 5000, 25001, false, &got), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(got.calls, 0);
    put_adapter(a);
}

static void requests_that_cannot_be_met_are_refused(void **state)
{
    PDMA_ADAPTER a = adapter(true, true);
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, 2 * FRAME, 0, &va);
    PMDL loose = IoAllocateMdl((PVOID)va, 4096, FALSE, FALSE, NULL);
    struct got got;

    (void)state;
    assert_int_equal(get_part(a, mdl, 0, 2 * FRAME, false, &got), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_too_many_registers), 1);
    assert_int_equal(get_part(a, mdl, 4096, 2 * FRAME, false, &got), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(get_part(a, loose, 0, 4096, false, &got), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_dma_buffer), 1);
    assert_int_equal(sim_fault_arm(bed.base.sim, "sg_list", 1), 0);
    assert_int_equal(get_part(a, mdl, 0, 4096, false, &got), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(got.calls, 0);
    ke_irql_lower(PASSIVE_LEVEL);
    assert_int_equal(get_part(a, mdl, 0, 4096, false, &got), STATUS_SUCCESS);
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(got.irql, DISPATCH_LEVEL);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_call_irql), 1);
    put(a, got.list, false);
    put_adapter(a);
}

static void a_request_waits_for_registers_and_is_called_later(void **state)
{
    struct hal_config config = {.map_registers_cap = 1500};
    struct got first, second, third;
    struct trace_event event;
    uint64_t va;
    PDMA_ADAPTER a;
    PMDL mdl;

    (void)state;
    stop(NULL);
    start(MM_SCATTERED, 8 * GIB, &config);
    a = adapter(false, true);
    mdl = hal_bed_buffer(&bed, FRAME, 0, &va);
    assert_int_equal(get_part(a, mdl, 0, FRAME, false, &first), STATUS_SUCCESS);
    assert_int_equal(get_part(a, mdl, 0, FRAME, false, &second), STATUS_SUCCESS);
    assert_int_equal(get_part(a, mdl, 0, 4096, false, &third),
                     STATUS_SUCCESS); /* must not overtake */
    assert_int_equal(testbed_events(&bed.base, TRACE_dma_queued, &event), 2);
    assert_int_equal(first.calls, 1);
    assert_int_equal(second.calls + third.calls, 0);
    put(a, first.list, false);
    assert_int_equal(second.calls, 1);
    assert_int_equal(third.calls, 1); /* 1014 of 1500 registers */
    assert_int_equal(second.irql, DISPATCH_LEVEL);
    put(a, second.list, false);
    put(a, third.list, false);
    put_adapter(a);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_adapter_leftover), 0);
}

static void running_out_of_low_memory_makes_others_wait(void **state)
{
    struct hal_config config = {.force_bounce = true, .map_registers_cap = 100000};
    struct got got[20];
    uint64_t va;
    unsigned called = 0;
    PDMA_ADAPTER a;
    PMDL mdl;

    (void)state;
    stop(NULL);
    start(MM_SCATTERED, 8 * GIB, &config);
    a = adapter(true, true);
    mdl = hal_bed_buffer(&bed, FRAME, 0, &va);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(get_part(a, mdl, 0, FRAME, false, &got[i]), STATUS_SUCCESS);
    for (unsigned i = 0; i < 20; i++)
        called += got[i].calls;
    assert_int_equal(called, 64 * 256 / FRAME_PAGES); /* of 64 MB */
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(got[i].calls, 1);
        put(a, got[i].list, false);
    }
    put_adapter(a);
}

/* Low memory of 9 MB holds two frames and a bit. */
static void the_oldest_waiter_of_each_adapter_gets_his_chance_in_order(void **state)
{
    struct hal_config config = {.force_bounce = true};
    struct mm_config mm = {.ram_bytes = 8 * GIB, .low_memory_bytes = 9 << 20};
    struct got first, second, third, behind, other;
    PDMA_ADAPTER a, b;
    uint64_t va;
    PMDL mdl;

    (void)state;
    stop(NULL);
    hal_bed_start(&bed, &mm, &config);
    ke_irql_raise(DISPATCH_LEVEL);
    a = adapter(true, true);
    b = adapter(true, true);
    mdl = hal_bed_buffer(&bed, FRAME, 0, &va);
    get_part(a, mdl, 0, FRAME, false, &first);
    get_part(a, mdl, 0, FRAME, false, &second);
    get_part(a, mdl, 0, FRAME, false, &third);
    get_part(a, mdl, 0, 4096, false, &behind); /* there would be room */
    get_part(b, mdl, 0, FRAME, false, &other);
    assert_int_equal(first.calls + second.calls, 2);
    assert_int_equal(third.calls + behind.calls + other.calls, 0);
    put(a, second.list, false); /* a is older than b, and nobody overtakes in a */
    assert_int_equal(third.calls, 1);
    assert_int_equal(behind.calls, 1);
    assert_int_equal(other.calls, 0);
    put(a, first.list, false);
    assert_int_equal(other.calls, 1);
    put(a, third.list, false);
    put(a, behind.list, false);
    put(b, other.list, false);
    put_adapter(a);
    put_adapter(b);
}

static void more_than_there_ever_is_is_refused(void **state)
{
    struct hal_config config = {.force_bounce = true, .map_registers_cap = 100000};
    struct mm_config mm = {.ram_bytes = 8 * GIB, .low_memory_bytes = 6 << 20};
    ULONG registers;
    struct got got;
    uint64_t va;
    PDMA_ADAPTER a;
    PMDL mdl;

    (void)state;
    stop(NULL);
    hal_bed_start(&bed, &mm, &config);
    a = hal_bed_adapter(&bed, true, true, 2 * FRAME, &registers);
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(registers, 2026);
    mdl = hal_bed_buffer(&bed, 2 * FRAME, 0, &va);
    assert_int_equal(get_part(a, mdl, 0, 2 * FRAME, false, &got), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(get_part(a, mdl, 0, FRAME, false, &got), STATUS_SUCCESS);
    assert_int_equal(got.calls, 1);
    put(a, got.list, false);
    assert_int_equal(sim_fault_arm(bed.base.sim, "map_registers", 1), 0);
    assert_int_equal(get_part(a, mdl, 0, FRAME, false, &got), STATUS_INSUFFICIENT_RESOURCES);
    put_adapter(a);
    assert_int_equal(bed.hal->figures.registers_in_use, 0);
}

/* Each puts its list at once, and so lets the next one in: in turn, not one within the other. */
struct hasty {
    PDMA_ADAPTER adapter;
    unsigned *depth, *deepest, *calls;
    unsigned turn; /* in which it was called */
};

static void NTAPI put_at_once(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list,
                              PVOID context)
{
    struct hasty *hasty = context;

    (void)device;
    (void)irp;
    hasty->turn = ++*hasty->calls;
    ++*hasty->depth;
    *hasty->deepest = *hasty->depth > *hasty->deepest ? *hasty->depth : *hasty->deepest;
    put(hasty->adapter, list, false);
    --*hasty->depth;
}

static void callbacks_that_put_at_once_come_in_turn(void **state)
{
    enum { WAITERS = 50 };
    struct hal_config config = {.map_registers_cap = 1500};
    unsigned depth = 0, deepest = 0, calls = 0;
    struct hasty waiters[WAITERS];
    struct got first;
    uint64_t va;
    PDMA_ADAPTER a;
    PMDL mdl;

    (void)state;
    stop(NULL);
    start(MM_SCATTERED, 8 * GIB, &config);
    a = adapter(false, true);
    mdl = hal_bed_buffer(&bed, FRAME, 0, &va);
    assert_int_equal(get_part(a, mdl, 0, FRAME, false, &first), STATUS_SUCCESS);
    for (unsigned i = 0; i < WAITERS; i++) {
        waiters[i] = (struct hasty){a, &depth, &deepest, &calls, 0};
        assert_int_equal(operations(a)->GetScatterGatherList(a, NULL, mdl, (PVOID)va, FRAME,
                                                             put_at_once, &waiters[i], FALSE),
                         STATUS_SUCCESS);
    }
    assert_int_equal(calls, 0);
    put(a, first.list, false);
    assert_int_equal(deepest, 1);
    for (unsigned i = 0; i < WAITERS; i++)
        assert_int_equal(waiters[i].turn, i + 1);
    assert_int_equal(bed.hal->figures.registers_in_use, 0);
    put_adapter(a);
}

static void sizes_are_calculated_for_the_worst_case_and_for_a_buffer(void **state)
{
    PDMA_ADAPTER a = adapter(true, true);
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, 10000, 4000, &va);
    ULONG size, registers;

    (void)state;
    assert_int_equal(
        operations(a)->CalculateScatterGatherList(a, NULL, NULL, 8 * 4096, &size, &registers),
        STATUS_SUCCESS);
    assert_int_equal(registers, 8);
    assert_int_equal(size, 0x10 + 8 * 0x18);
    assert_int_equal(
        operations(a)->CalculateScatterGatherList(a, mdl, (PVOID)va, 10000, &size, &registers),
        STATUS_SUCCESS);
    assert_int_equal(registers, 4);
    assert_int_equal(
        operations(a)->CalculateScatterGatherList(a, mdl, (PVOID)va, 10001, &size, NULL),
        STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(
        operations(a)->CalculateScatterGatherList(a, NULL, NULL, 5000 * 4096, &size, NULL),
        STATUS_INSUFFICIENT_RESOURCES);
    put_adapter(a);
}

static void a_list_can_live_in_the_drivers_buffer(void **state)
{
    PDMA_ADAPTER a = adapter(true, true);
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, 10000, 0, &va);
    uint8_t buffer[0x10 + 3 * 0x18];
    struct got got = {0};

    (void)state;
    assert_int_equal(operations(a)->BuildScatterGatherList(a, NULL, mdl, (PVOID)va, 10000,
                                                           keep_list, &got, FALSE, buffer,
                                                           sizeof buffer - 1),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(operations(a)->BuildScatterGatherList(a, NULL, mdl, (PVOID)va, 10000,
                                                           keep_list, &got, FALSE, buffer,
                                                           sizeof buffer),
                     STATUS_SUCCESS);
    assert_ptr_equal(got.list, buffer);
    put(a, got.list, false);
    put_adapter(a);
}

static void the_mdl_of_a_list_names_the_pages_the_card_sees(void **state)
{
    PDMA_ADAPTER a = adapter(false, true);
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, FRAME, 20, &va);
    PSCATTER_GATHER_LIST list = get(a, mdl, false);
    PMDL target = NULL;

    (void)state;
    assert_int_equal(operations(a)->BuildMdlFromScatterGatherList(a, list, NULL, &target),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(operations(a)->BuildMdlFromScatterGatherList(a, list, mdl, &target),
                     STATUS_SUCCESS);
    assert_ptr_not_equal(target, mdl);
    assert_int_equal(target->ByteOffset, 20);
    for (unsigned i = 0; i < FRAME_PAGES; i++)
        assert_true(MmGetMdlPfnArray(target)[i] < 0x100000);
    assert_int_equal(operations(a)->BuildMdlFromScatterGatherList(a, list, mdl, &target),
                     STATUS_NONE_MAPPED);
    put(a, list, false);
    put_adapter(a);
    a = adapter(true, true);
    list = get(a, mdl, false);
    assert_int_equal(operations(a)->BuildMdlFromScatterGatherList(a, list, mdl, &target),
                     STATUS_SUCCESS);
    assert_ptr_equal(target, mdl);
    put(a, list, false);
    put_adapter(a);
}

/* Bug check 0xE6: 1F, 21, 24; the statuses are those of a buffer that is too small, or of a
 * transfer that cannot be. */
static void impossible_lists_are_named(void **state)
{
    PDMA_ADAPTER a = adapter(true, true);
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, 10000, 8, &va);
    struct got got;
    ULONG size;

    (void)state;
    assert_int_equal(get_part(a, mdl, UINT64_MAX, 100, false, &got), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_dma_va), 1);
    assert_int_equal(get_part(a, mdl, 10000, 100, false, &got), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_dma_va), 1);
    assert_int_equal(get_part(a, mdl, 1, 10000, false, &got), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_dma_length), 1);
    assert_int_equal(get_part(a, mdl, 0, 0, false, &got), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_dma_zero_length), 1);
    assert_int_equal(got.calls, 0);
    assert_int_equal(operations(a)->CalculateScatterGatherList(a, mdl, (PVOID)(va - 1), 100, &size,
                                                               NULL),
                     STATUS_BUFFER_TOO_SMALL); /* a question is not a mistake */
    put(a, get(a, mdl, false), false);
    assert_int_equal(testbed_events(&bed.base, TRACE_finding, &(struct trace_event){0}), 0);
    put_adapter(a);
}

static void putting_twice_or_the_wrong_way_is_a_finding(void **state)
{
    PDMA_ADAPTER a = adapter(true, true);
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, 10000, 0, &va);
    PSCATTER_GATHER_LIST list = get(a, mdl, false);

    (void)state;
    list->Reserved = 77; /* drivers may not, but do */
    put(a, list, true);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_dma_direction), 1);
    put(a, list, false);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_list_not_put), 1);
    put_adapter(a);
}

static void what_is_left_at_the_end_is_a_finding(void **state)
{
    PDMA_ADAPTER a = adapter(false, true);
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, FRAME, 0, &va);
    PSCATTER_GATHER_LIST list = get(a, mdl, false);
    uint64_t la = (uint64_t)list->Elements[0].Address.QuadPart;

    (void)state;
    put_adapter(a);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_adapter_leftover), 1);
    assert_int_equal(bed.hal->figures.registers_in_use, 0);
    assert_int_equal(hw_dma_write(&bed.card.device, la, &la, 8), 0);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_bus_after_release), 1);
    hal_put_dma_adapter(a);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_adapter_dead), 1);
}

/* Many random transfers: the list is compared with one that is made page by page, without any
 * cleverness. */
static void random_lists_agree_with_a_naive_model(void **state)
{
    enum { BUFFERS = 8, ROUNDS = 3000 };
    static const enum mm_policy policies[] = {MM_SCATTERED, MM_RUNS, MM_CONTIGUOUS};
    struct hal_config config = {0};

    (void)state;
    for (unsigned p = 0; p < ARRAY_LEN(policies); p++) {
        PMDL mdls[BUFFERS];
        uint64_t vas[BUFFERS];
        struct sim_rng rng;
        PDMA_ADAPTER a;

        stop(NULL);
        start(policies[p], 8 * GIB, &config);
        sim_rng_init(&rng, p, "test");
        a = adapter(true, true);
        for (unsigned i = 0; i < BUFFERS; i++)
            mdls[i] = hal_bed_buffer(&bed, 200000, (uint32_t)sim_rng_below(&rng, 4096), &vas[i]);
        for (unsigned round = 0; round < ROUNDS; round++) {
            unsigned i = (unsigned)sim_rng_below(&rng, BUFFERS);
            uint64_t skip = sim_rng_below(&rng, 200000);
            ULONG length = 1 + (ULONG)sim_rng_below(&rng, 200000 - skip);
            uint64_t at = vas[i] + skip, left = length;
            unsigned element = 0;
            uint64_t in_element = 0;
            struct got got;

            assert_int_equal(get_part(a, mdls[i], skip, length, round % 2, &got), STATUS_SUCCESS);
            while (left != 0) { /* every byte's address, page by page */
                uint64_t piece = 4096 - at % 4096 < left ? 4096 - at % 4096 : left;
                uint64_t la = mm_pfn_of_va(bed.base.mm, at) << 12 | at % 4096;
                const SCATTER_GATHER_ELEMENT *e = &got.list->Elements[element];

                assert_true(element < got.list->NumberOfElements);
                assert_int_equal((uint64_t)e->Address.QuadPart + in_element, la);
                in_element += piece;
                assert_true(in_element <= e->Length);
                if (in_element == e->Length) {
                    const SCATTER_GATHER_ELEMENT *next = e + 1;

                    element++;
                    in_element = 0;
                    if (element < got.list->NumberOfElements) /* merged as far as possible */
                        assert_true((uint64_t)next->Address.QuadPart !=
                                        (uint64_t)e->Address.QuadPart + e->Length ||
                                    (uint32_t)next->Address.QuadPart == 0);
                }
                at += piece;
                left -= piece;
            }
            assert_int_equal(element, got.list->NumberOfElements);
            put(a, got.list, round % 2);
        }
        put_adapter(a);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_default, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_wide_card_gets_the_buffers_own_pages),
        TEST(a_narrow_card_gets_low_pages_for_those_above_4_gb),
        TEST(bounced_data_is_seen_after_the_put_and_not_before),
        TEST(what_the_card_does_not_write_is_overwritten_by_the_put),
        TEST(data_for_the_card_is_copied_when_the_list_is_made),
        TEST(contiguous_pages_become_one_element),
        TEST(a_card_without_scatter_gather_gets_one_element_always),
        TEST(chained_mdls_are_one_transfer),
        TEST(requests_that_cannot_be_met_are_refused),
        TEST(a_request_waits_for_registers_and_is_called_later),
        TEST(running_out_of_low_memory_makes_others_wait),
        TEST(the_oldest_waiter_of_each_adapter_gets_his_chance_in_order),
        TEST(more_than_there_ever_is_is_refused),
        TEST(callbacks_that_put_at_once_come_in_turn),
        TEST(sizes_are_calculated_for_the_worst_case_and_for_a_buffer),
        TEST(a_list_can_live_in_the_drivers_buffer),
        TEST(the_mdl_of_a_list_names_the_pages_the_card_sees),
        TEST(impossible_lists_are_named),
        TEST(putting_twice_or_the_wrong_way_is_a_finding),
        TEST(what_is_left_at_the_end_is_a_finding),
        TEST(random_lists_agree_with_a_naive_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
