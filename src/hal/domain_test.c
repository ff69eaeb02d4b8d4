/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hal/testbed.h"

enum { BYTES = 1 << 20, PAGES = 256 };

static struct hal_bed bed;

static void start_with(enum hal_iommu iommu, enum mm_policy policy, uint64_t ram, bool bounce)
{
    struct mm_config mm = {.ram_bytes = ram, .policy = policy};
    struct hal_config config = {.iommu = iommu, .force_bounce = bounce};

    hal_bed_start(&bed, &mm, &config);
    ke_irql_raise(DISPATCH_LEVEL);
}

static int start_remap(void **state)
{
    (void)state;
    start_with(HAL_IOMMU_REMAP, MM_SCATTERED, 8 * GIB, false);
    return 0;
}

static int start_strict(void **state)
{
    (void)state;
    start_with(HAL_IOMMU_STRICT, MM_SCATTERED, 8 * GIB, false);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    ke_irql_lower(PASSIVE_LEVEL);
    hal_bed_stop(&bed);
    return 0;
}

static const DMA_OPERATIONS *operations(PDMA_ADAPTER adapter)
{
    return hal_bed_operations(&bed, adapter);
}

static PDMA_ADAPTER adapter(bool wide, bool scatter_gather)
{
    PDMA_ADAPTER object;
    ULONG registers;

    ke_irql_lower(PASSIVE_LEVEL);
    object = hal_bed_adapter(&bed, wide, scatter_gather, 64 << 20, &registers);
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(registers, (64 << 20) / 4096 + 1); /* what was asked for, and one more */
    return object;
}

/* Of a device that claims nothing: 24 bits. */
static PDMA_ADAPTER narrow_adapter(void)
{
    DEVICE_DESCRIPTION description = {.Version = 2,
                                      .Master = TRUE,
                                      .ScatterGather = TRUE,
                                      .InterfaceType = Internal,
                                      .MaximumLength = BYTES};
    PDMA_ADAPTER object;
    ULONG registers;

    ke_irql_lower(PASSIVE_LEVEL);
    object = hal_get_adapter(bed.slot, &description, &registers);
    ke_irql_raise(DISPATCH_LEVEL);
    assert_non_null(object);
    return object;
}

static void put_adapter(PDMA_ADAPTER object)
{
    operations(object)->PutDmaAdapter(object);
}

static void NTAPI keep_list(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list,
                            PVOID context)
{
    (void)device;
    (void)irp;
    *(PSCATTER_GATHER_LIST *)context = list;
}

/* NULL: it waits. */
static NTSTATUS ask(PDMA_ADAPTER a, PMDL mdl, bool to_device, PSCATTER_GATHER_LIST *list)
{
    *list = NULL;
    return operations(a)->GetScatterGatherList(a, NULL, mdl, MmGetMdlVirtualAddress(mdl),
                                               mdl->ByteCount, keep_list, list, to_device);
}

static PSCATTER_GATHER_LIST get(PDMA_ADAPTER a, PMDL mdl, bool to_device)
{
    PSCATTER_GATHER_LIST list;

    assert_int_equal(ask(a, mdl, to_device, &list), STATUS_SUCCESS);
    assert_non_null(list);
    return list;
}

static void put(PDMA_ADAPTER a, PSCATTER_GATHER_LIST list, bool to_device)
{
    operations(a)->PutScatterGatherList(a, list, to_device);
}

static uint64_t la_of(const SCATTER_GATHER_LIST *list)
{
    return (uint64_t)list->Elements[0].Address.QuadPart;
}

static int card_writes(uint64_t la, const void *bytes, uint64_t size_bytes)
{
    return hw_dma_write(&bed.card.device, la, bytes, size_bytes);
}

/* ---- Addresses ------------------------------------------------------------------------------- */

static void a_transfer_gets_one_run_below_the_limit_with_high_bits_set(void **state)
{
    PDMA_ADAPTER wide = adapter(true, true), plain = adapter(false, true);
    PDMA_ADAPTER narrow = narrow_adapter();
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, BYTES - 100, 100, &va);
    PSCATTER_GATHER_LIST lists[] = {get(wide, mdl, false), get(plain, mdl, false),
                                    get(narrow, mdl, false)};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(lists); i++) {
        assert_int_equal(lists[i]->NumberOfElements, 1);
        assert_int_equal(lists[i]->Elements[0].Length, BYTES - 100);
        assert_int_equal(la_of(lists[i]) % 4096, 100);
    }
    assert_int_equal(la_of(lists[0]) >> 47, 1);
    assert_int_equal(la_of(lists[1]) >> 31, 1);
    assert_int_equal(la_of(lists[2]) >> 23, 1);
    assert_int_equal(bed.hal->figures.bounce_bytes, 0);
    assert_int_equal(bed.hal->figures.registers_in_use, 0);
    put(wide, lists[0], false);
    put(plain, lists[1], false);
    put(narrow, lists[2], false);
    put_adapter(wide);
    put_adapter(plain);
    put_adapter(narrow);
}

/* With 3 GB of contiguous memory the pages have the very numbers that the domain may choose. */
static void no_logical_page_is_the_physical_one(void **state)
{
    enum { BUFFERS = 24, ROUNDS = 40 };
    PMDL mdls[BUFFERS];
    PDMA_ADAPTER a;
    uint64_t va;

    (void)state;
    stop(NULL);
    start_with(HAL_IOMMU_REMAP, MM_CONTIGUOUS, 3 * GIB, false);
    a = adapter(false, true);
    for (unsigned i = 0; i < BUFFERS; i++)
        mdls[i] = hal_bed_buffer(&bed, 64 << 20, 0, &va);
    for (unsigned round = 0; round < ROUNDS; round++) {
        PSCATTER_GATHER_LIST list = get(a, mdls[round % BUFFERS], false);
        const PFN_NUMBER *pfns = MmGetMdlPfnArray(mdls[round % BUFFERS]);

        for (uint64_t i = 0; i < (64 << 20) / 4096; i++) {
            assert_true(pfns[i] != (la_of(list) >> 12) + i);
            assert_int_equal(domain_pfn(bed.slot->domain, (la_of(list) >> 12) + i), pfns[i]);
        }
        put(a, list, false);
    }
    put_adapter(a);
}

static void an_unmapped_page_lies_between_mappings(void **state)
{
    PDMA_ADAPTER a = adapter(true, true);
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, BYTES, 0, &va);
    PSCATTER_GATHER_LIST first = get(a, mdl, false), second = get(a, mdl, false);
    uint64_t end = la_of(first) + BYTES, word = 0;

    (void)state;
    assert_true(la_of(second) >= end + 4096);
    assert_int_equal(card_writes(end - 8, &word, 8), 0);
    assert_int_equal(card_writes(end, &word, 8), -EFAULT);
    assert_int_equal(card_writes(end - 8, &word, 16), -EFAULT); /* only its first half happens */
    put(a, first, false);
    put(a, second, false);
    put_adapter(a);
}

static void a_device_without_scatter_gather_gets_one_element_and_no_copy(void **state)
{
    PDMA_ADAPTER a = adapter(false, false);
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, BYTES, 100, &va);
    PSCATTER_GATHER_LIST list = get(a, mdl, false);
    uint32_t word = 5, found;

    (void)state;
    assert_int_equal(list->NumberOfElements, 1);
    assert_int_equal(card_writes(la_of(list) + 5000, &word, 4), 0);
    assert_true(mm_copy_from_va(bed.base.mm, &found, va + 5000, 4)); /* seen before the put */
    assert_int_equal(found, 5);
    put(a, list, false);
    put_adapter(a);
}

/* Pieces that do not join are one element still: as a copy. */
static void chained_mdls_that_do_not_join_are_copied_for_such_a_device(void **state)
{
    PDMA_ADAPTER a = adapter(false, false), b = adapter(false, true);
    uint64_t va, second_va;
    PMDL mdl = hal_bed_buffer(&bed, 5000, 100, &va);
    PSCATTER_GATHER_LIST list;
    uint8_t bytes[8000], found[8000];

    (void)state;
    mdl->Next = hal_bed_buffer(&bed, 3000, 50, &second_va);
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    assert_int_equal(operations(a)->GetScatterGatherList(a, NULL, mdl, MmGetMdlVirtualAddress(mdl),
                                                         8000, keep_list, &list, FALSE),
                     STATUS_SUCCESS);
    assert_int_equal(list->NumberOfElements, 1);
    assert_int_equal(card_writes(la_of(list), bytes, 8000), 0);
    put(a, list, false);
    assert_true(mm_copy_from_va(bed.base.mm, found, va, 5000));
    assert_true(mm_copy_from_va(bed.base.mm, found + 5000, second_va, 3000));
    assert_memory_equal(found, bytes, 8000);
    assert_int_equal(operations(b)->GetScatterGatherList(b, NULL, mdl, MmGetMdlVirtualAddress(mdl),
                                                         8000, keep_list, &list, FALSE),
                     STATUS_SUCCESS);
    assert_int_equal(list->NumberOfElements, 2);
    put(b, list, false);
    put_adapter(a);
    put_adapter(b);
}

static void forced_bouncing_and_remapping_go_together(void **state)
{
    PDMA_ADAPTER a;
    PSCATTER_GATHER_LIST list;
    uint64_t va;
    uint32_t word = 5, found = 0;
    PMDL mdl;

    (void)state;
    stop(NULL);
    start_with(HAL_IOMMU_REMAP, MM_SCATTERED, 8 * GIB, true);
    ke_irql_lower(PASSIVE_LEVEL);
    a = hal_bed_adapter(&bed, true, true, BYTES, &(ULONG){0});
    ke_irql_raise(DISPATCH_LEVEL);
    mdl = hal_bed_buffer(&bed, BYTES, 0, &va);
    list = get(a, mdl, false);
    assert_int_equal(list->NumberOfElements, 1);
    assert_int_equal(card_writes(la_of(list) + 5000, &word, 4), 0);
    assert_true(mm_copy_from_va(bed.base.mm, &found, va + 5000, 4));
    assert_int_not_equal(found, 5);
    put(a, list, false);
    assert_true(mm_copy_from_va(bed.base.mm, &found, va + 5000, 4));
    assert_int_equal(found, 5);
    put_adapter(a);
}

static void common_buffers_need_neither_low_nor_contiguous_memory(void **state)
{
    PDMA_ADAPTER a = adapter(false, true);
    uint64_t low_pages = mm_low_free_pages(bed.base.mm);
    PHYSICAL_ADDRESS la;
    uint8_t *va;
    uint64_t word = 0x1122334455667788, found;

    (void)state;
    ke_irql_lower(PASSIVE_LEVEL);
    va = operations(a)->AllocateCommonBuffer(a, 64 * 4096, &la, FALSE);
    assert_non_null(va);
    assert_int_equal(mm_low_free_pages(bed.base.mm), low_pages);
    assert_true((uint64_t)la.QuadPart >> 31 == 1);
    for (unsigned page = 0; page < 64; page++) {
        assert_int_equal(card_writes((uint64_t)la.QuadPart + page * 4096 + 8, &word, 8), 0);
        assert_true(mm_copy_from_va(bed.base.mm, &found, (uint64_t)va + page * 4096 + 8, 8));
        assert_true(found == word);
    }
    operations(a)->FreeCommonBuffer(a, 64 * 4096, la, va, FALSE);
    assert_int_equal(card_writes((uint64_t)la.QuadPart, &word, 8), -EFAULT);
    put_adapter(a);
    ke_irql_raise(DISPATCH_LEVEL);
}

/* ---- Space ----------------------------------------------------------------------------------- */

/* 15 MB hold 14 mappings of 1 MB each. */
static void remapping_waits_for_addresses_and_uses_them_again(void **state)
{
    enum { MANY = 40 };
    PDMA_ADAPTER a = narrow_adapter();
    PSCATTER_GATHER_LIST lists[MANY];
    unsigned served = 0;
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, BYTES, 0, &va);

    (void)state;
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(ask(a, mdl, false, &lists[i]), STATUS_SUCCESS);
    for (unsigned i = 0; i < MANY; i++)
        served += lists[i] != NULL;
    assert_in_range(served, 8, 14);
    for (unsigned i = 0; i < MANY; i++) {
        assert_non_null(lists[i]);
        put(a, lists[i], false);
    }
    put_adapter(a);
    assert_int_equal(bed.slot->domain->live, 0);
}

static void strict_never_uses_an_address_again_and_refuses_in_the_end(void **state)
{
    static uint8_t used[16 << 20 >> 12];
    PDMA_ADAPTER a = narrow_adapter();
    PSCATTER_GATHER_LIST list;
    uint64_t va, mapped = 0;
    PMDL mdl = hal_bed_buffer(&bed, 40000, 0, &va);
    struct trace_event event;

    (void)state;
    memset(used, 0, sizeof used);
    while (ask(a, mdl, false, &list) == STATUS_SUCCESS) {
        for (uint64_t page = la_of(list) >> 12; page <= (la_of(list) + 39999) >> 12; page++)
            assert_int_equal(used[page]++, 0);
        put(a, list, false);
        assert_true(++mapped < 1000);
    }
    assert_in_range(mapped, 250, 350); /* of 3840 pages, eleven each */
    assert_int_equal(testbed_events(&bed.base, TRACE_addresses_used_up, &event), 1);
    put_adapter(a);
}

/* ---- Accesses -------------------------------------------------------------------------------- */

static void accesses(uint64_t before, uint64_t within, uint64_t after, int beside)
{
    uint8_t byte = 1;

    assert_int_equal(card_writes(within, &byte, 1), 0);
    assert_int_equal(card_writes(before, &byte, 1), beside);
    assert_int_equal(card_writes(after, &byte, 1), beside);
}

/* A mapping of 5000 bytes from offset 100 on: pages 0 and 1, the last byte at 1003 of page 1. */
static void an_iommu_translates_pages_and_strict_counts_bytes(void **state)
{
    for (int strict = 0; strict <= 1; strict++) {
        PSCATTER_GATHER_LIST list;
        PDMA_ADAPTER a;
        uint64_t va;
        PMDL mdl;

        stop(state);
        start_with(strict ? HAL_IOMMU_STRICT : HAL_IOMMU_REMAP, MM_SCATTERED, 8 * GIB, false);
        a = adapter(true, true);
        mdl = hal_bed_buffer(&bed, 5000, 100, &va);
        list = get(a, mdl, false);
        accesses(la_of(list) - 1, la_of(list) + 4999, la_of(list) + 5000, strict ? -EFAULT : 0);
        assert_in_range(testbed_findings(&bed.base, VERIFY_bus_past_end), 1, 2);
        put(a, list, false);
        put_adapter(a);
    }
}

static void the_wrong_direction_aborts(void **state)
{
    PDMA_ADAPTER a = adapter(true, true);
    uint64_t va, word = 7;
    PMDL mdl = hal_bed_buffer(&bed, BYTES, 0, &va);
    PSCATTER_GATHER_LIST list = get(a, mdl, true);

    (void)state;
    assert_int_equal(hw_dma_read(&bed.card.device, la_of(list) + 8, &word, 8), 0);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_bus_direction), 0);
    assert_int_equal(card_writes(la_of(list) + 8, &word, 8), -EFAULT);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_bus_direction), 1);
    put(a, list, true);
    put_adapter(a);
}

/* A window leads to memory only where the pages lie together, which scattered ones do not. */
static void windows_do_not_lead_past_the_end_of_a_page(void **state)
{
    PDMA_ADAPTER a = adapter(true, true);
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, BYTES, 0, &va);
    PSCATTER_GATHER_LIST list = get(a, mdl, false);
    uint8_t *window = hw_dma_window(&bed.card.device, la_of(list) + 4096 + 16, 4000);

    (void)state;
    assert_ptr_equal(window,
                     (uint8_t *)mm_page(bed.base.mm, MmGetMdlPfnArray(mdl)[1]) + 16);
    assert_null(hw_dma_window(&bed.card.device, la_of(list), BYTES));
    put(a, list, false);
    assert_null(hw_dma_window(&bed.card.device, la_of(list), 16));
    put_adapter(a);
}

static void access_after_release(void *ctx)
{
    PDMA_ADAPTER a = hal_bed_adapter(&bed, true, true, BYTES, &(ULONG){0});
    uint64_t va, word = 7;
    PMDL mdl = hal_bed_buffer(&bed, BYTES, 0, &va);
    PSCATTER_GATHER_LIST list;
    uint64_t *la = ctx;

    ke_irql_raise(DISPATCH_LEVEL);
    list = get(a, mdl, false);
    *la = la_of(list) + 4096;
    put(a, list, false);
    assert_int_equal(hw_dma_read(&bed.card.device, *la, &word, 8), -EFAULT);
    assert_true(word == UINT64_MAX);
    ke_irql_lower(PASSIVE_LEVEL); /* here the IOMMU's interrupt comes through */
    ke_yield();
    fail();
}

static void an_aborted_access_ends_in_the_documented_bug_check(void **state)
{
    struct trace_event event;
    uint64_t la = 0;

    (void)state;
    ke_irql_lower(PASSIVE_LEVEL);
    assert_int_equal(testbed_run(&bed.base, access_after_release, &la), KE_STOP_BUG_CHECK);
    assert_int_equal(testbed_events(&bed.base, TRACE_bug_check, &event), 1);
    assert_int_equal(event.arg[0], 0xE6);
    assert_int_equal(event.arg[1], 0x26);
    assert_int_equal(event.arg[3], la);
    assert_int_equal(event.arg[4], 6);
    assert_int_equal(event.arg[5], 0); /* nobody's code */
}

#define REMAP(name)  cmocka_unit_test_setup_teardown(name, start_remap, stop)
#define STRICT(name) cmocka_unit_test_setup_teardown(name, start_strict, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        REMAP(a_transfer_gets_one_run_below_the_limit_with_high_bits_set),
        REMAP(no_logical_page_is_the_physical_one),
        REMAP(an_unmapped_page_lies_between_mappings),
        REMAP(a_device_without_scatter_gather_gets_one_element_and_no_copy),
        REMAP(chained_mdls_that_do_not_join_are_copied_for_such_a_device),
        REMAP(forced_bouncing_and_remapping_go_together),
        REMAP(common_buffers_need_neither_low_nor_contiguous_memory),
        REMAP(remapping_waits_for_addresses_and_uses_them_again),
        STRICT(strict_never_uses_an_address_again_and_refuses_in_the_end),
        REMAP(an_iommu_translates_pages_and_strict_counts_bytes),
        REMAP(the_wrong_direction_aborts),
        REMAP(windows_do_not_lead_past_the_end_of_a_page),
        REMAP(an_aborted_access_ends_in_the_documented_bug_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
