/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hal/testbed.h"

static struct hal_bed bed;
static struct hal_adapter *adapter;

static int start(void **state)
{
    struct mm_config mm = {.ram_bytes = 8 * GIB};
    struct hal_config config = {0};
    ULONG registers;

    (void)state;
    hal_bed_start(&bed, &mm, &config);
    adapter = adapter_of(hal_bed_adapter(&bed, true, true, 1 << 20, &registers));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    hal_bed_stop(&bed);
    return 0;
}

/* A mapping of pages [first, first + count) of which the bytes [first_la, last_la] count. */
static uint32_t map(uint64_t first, uint64_t count, uint64_t first_la, uint64_t last_la,
                    unsigned directions)
{
    mm_pfn pfns[16];
    struct domain_request request = {.pfns = pfns,
                                     .pages = count,
                                     .first_offset = (uint32_t)(first_la % 4096),
                                     .last_offset = (uint32_t)(last_la % 4096),
                                     .directions = directions};
    struct domain_pages pages;

    for (uint64_t i = 0; i < count; i++)
        pfns[i] = first + i;
    assert_int_equal(domain_map(adapter, &request, &pages), REGISTERS_TAKEN);
    return pages.serial;
}

static int card_writes(uint64_t la, uint64_t size_bytes)
{
    uint8_t bytes[16384] = {0};

    return hw_dma_write(&bed.card.device, la, bytes, size_bytes);
}

static int card_reads(uint64_t la, uint64_t size_bytes)
{
    uint8_t bytes[16384];

    return hw_dma_read(&bed.card.device, la, bytes, size_bytes);
}

/* Findings since the last call: exactly one of this rule, or none of any. */
static void expect(enum verify_rule rule, unsigned count)
{
    struct trace_event event;
    unsigned found = 0;

    while (trace_reader_next(&bed.base.reader, &event) == 1) {
        if (event.type == TRACE_finding) {
            assert_int_equal(event.arg[0], rule);
            found++;
        }
    }
    assert_int_equal(found, count);
}

enum { PAGE = 0x40000 }; /* at 1 GB */
#define LA ((uint64_t)PAGE << 12)

static void accesses_within_a_mapping_pass(void **state)
{
    uint32_t serial = map(PAGE, 4, LA + 100, LA + 4 * 4096 - 51, MAPPING_FROM_DEVICE);

    (void)state;
    assert_int_equal(card_writes(LA + 100, 4 * 4096 - 150), 0);
    assert_int_equal(card_writes(LA + 4096, 1), 0);
    expect(VERIFY_bus_outside, 0);
    domain_unmap(adapter, serial);
}

static void accesses_outside_are_named_and_happen(void **state)
{
    uint32_t serial = map(PAGE, 2, LA + 100, LA + 8000, MAPPING_FROM_DEVICE);
    uint64_t word = 5;

    (void)state;
    assert_int_equal(card_writes(LA + 99, 2), 0); /* before its beginning */
    expect(VERIFY_bus_past_end, 1);
    assert_int_equal(card_writes(LA + 7999, 3),
                     0); /* past its end: the same mapping, reported once */
    expect(VERIFY_bus_outside, 0);
    assert_int_equal(hw_dma_write(&bed.card.device, LA + 0x100000, &word, 8), 0);
    expect(VERIFY_bus_outside, 1);
    assert_int_equal(*(uint64_t *)mm_page(bed.base.mm, PAGE + 0x100), 5);
    domain_unmap(adapter, serial);
}

static void what_is_no_ram_is_a_master_abort(void **state)
{
    uint64_t word = 0;

    (void)state;
    assert_int_equal(hw_dma_read(&bed.card.device, 0xF0000000, &word, 8), -EFAULT);
    assert_true(word == UINT64_MAX);
    assert_int_equal(hw_dma_write(&bed.card.device, 100 * GIB, &word, 8), -EFAULT);
    assert_int_equal(hw_dma_write(&bed.card.device, UINT64_MAX - 3, &word, 8), -EFAULT);
}

static void a_window_is_checked_as_the_write_it_stands_for(void **state)
{
    uint32_t serial = map(PAGE, 2, LA, LA + 8191, MAPPING_FROM_DEVICE);

    (void)state;
    assert_ptr_equal(hw_dma_window(&bed.card.device, LA + 16, 4096),
                     (uint8_t *)mm_page(bed.base.mm, PAGE) + 16);
    expect(VERIFY_bus_outside, 0);
    assert_non_null(hw_dma_window(&bed.card.device, LA + 8190, 3));
    expect(VERIFY_bus_past_end, 1);
    assert_null(hw_dma_window(&bed.card.device, 100 * GIB, 8));
    assert_null(hw_dma_window(&bed.card.device, UINT64_MAX - 3, 8));
    expect(VERIFY_bus_outside, 0);
    domain_unmap(adapter, serial);
}

static void the_direction_counts(void **state)
{
    uint32_t in = map(PAGE, 1, LA, LA + 4095, MAPPING_FROM_DEVICE);
    uint32_t out = map(PAGE + 1, 1, LA + 4096, LA + 8191, MAPPING_TO_DEVICE);
    uint32_t both =
        map(PAGE + 2, 1, LA + 8192, LA + 12287, MAPPING_TO_DEVICE | MAPPING_FROM_DEVICE);

    (void)state;
    assert_int_equal(card_writes(LA, 4096) + card_reads(LA + 4096, 4096), 0);
    assert_int_equal(card_writes(LA + 8192, 4096) + card_reads(LA + 8192, 4096), 0);
    expect(VERIFY_bus_direction, 0);
    card_reads(LA, 8);
    expect(VERIFY_bus_direction, 1);
    card_writes(LA + 4096, 8);
    expect(VERIFY_bus_direction, 1);
    domain_unmap(adapter, in);
    domain_unmap(adapter, out);
    domain_unmap(adapter, both);
}

static void an_access_after_the_release_is_told_from_a_stray_one(void **state)
{
    struct trace_event event;
    uint32_t serial = map(PAGE, 2, LA, LA + 8191, MAPPING_FROM_DEVICE);

    (void)state;
    domain_unmap(adapter, serial);
    card_writes(LA + 4096, 16);
    assert_int_equal(testbed_events(&bed.base, TRACE_bus_violation, &event), 1);
    assert_int_equal(event.arg[0], BUS_AFTER_RELEASE);
    assert_int_equal(event.arg[1], LA + 4096);
    assert_int_equal(event.arg[4], serial);
    assert_int_equal(event.arg[5], 1);
}

static void another_cards_mapping_does_not_count(void **state)
{
    struct test_card other;
    struct hal_slot *slot;
    uint32_t serial = map(PAGE, 1, LA, LA + 4095, MAPPING_FROM_DEVICE);
    uint64_t word = 0;

    (void)state;
    test_card_init(&other, bed.base.sim);
    assert_int_equal(hal_attach(bed.hal, &other.device, &slot), 0);
    assert_int_equal(hal_slot_enable(slot), STATUS_SUCCESS);
    assert_int_equal(hw_dma_write(&other.device, LA, &word, 8), 0);
    expect(VERIFY_bus_outside, 1);
    hal_detach(bed.hal, slot);
    domain_unmap(adapter, serial);
}

/* Two buffers in one page, as the end of one frame and the beginning of the next; then many. */
static void mappings_can_share_a_page(void **state)
{
    uint32_t first = map(PAGE, 2, LA, LA + 4096 + 99, MAPPING_FROM_DEVICE);
    uint32_t second = map(PAGE + 1, 2, LA + 4096 + 100, LA + 12287, MAPPING_FROM_DEVICE);
    uint32_t third = map(PAGE + 1, 1, LA + 4096, LA + 8191, MAPPING_TO_DEVICE);

    (void)state;
    card_writes(LA + 4096, 100);
    card_writes(LA + 4096 + 100, 4096);
    card_reads(LA + 4096, 4096);
    expect(VERIFY_bus_outside, 0);
    domain_unmap(adapter, first);
    card_writes(LA + 4096 + 100, 1);
    expect(VERIFY_bus_outside, 0);
    card_writes(LA + 4096, 100);
    expect(VERIFY_bus_past_end, 1);
    domain_unmap(adapter, second);
    domain_unmap(adapter, third);
    for (unsigned i = 0; i < 10000; i++) {
        uint32_t a = map(PAGE + 1, 1, LA + 4096, LA + 8191, MAPPING_FROM_DEVICE);
        uint32_t b = map(PAGE + 1, 1, LA + 4096, LA + 8191, MAPPING_FROM_DEVICE);

        domain_unmap(adapter, i % 2 ? a : b);
        domain_unmap(adapter, i % 2 ? b : a);
    }
    assert_in_range(bed.hal->mappings.shares.count, 1, 8); /* chains are pruned */
}

static void half_an_address_is_told_from_a_stray_one(void **state)
{
    uint64_t high = PAGE + (UINT64_C(1) << 20); /* 4 GB above */
    uint32_t serial = map(high, 2, high << 12, (high << 12) + 8191, MAPPING_FROM_DEVICE);
    struct trace_event event;

    (void)state;
    card_writes(LA + 4096 + 16, 8);
    assert_int_equal(testbed_events(&bed.base, TRACE_bus_card, &event), 1);
    assert_int_equal(event.arg[3], (high << 12) + 4096 + 16);
    card_writes(LA + 8192 + 16, 8); /* that one is mapped nowhere */
    expect(VERIFY_bus_outside, 1);
    domain_unmap(adapter, serial);
}

static void an_address_wider_than_the_card_is_a_master_abort(void **state)
{
    uint64_t high = PAGE + (UINT64_C(1) << 20);
    uint32_t serial = map(high, 1, high << 12, (high << 12) + 4095, MAPPING_FROM_DEVICE);
    uint64_t word = 0;

    (void)state;
    assert_int_equal(hw_dma_write(&bed.card.device, high << 12, &word, 8), 0);
    bed.card.device.dma_address_bits = 32;
    assert_int_equal(hw_dma_write(&bed.card.device, high << 12, &word, 8), -EFAULT);
    expect(VERIFY_bus_above_width, 1);
    domain_unmap(adapter, serial);
}

/* Old drivers give the card the physical address of contiguous memory, which works where nothing
 * translates: advice. */
static void contiguous_memory_is_worth_an_advice(void **state)
{
    PHYSICAL_ADDRESS highest = {.QuadPart = UINT32_MAX};
    uint8_t *memory = MmAllocateContiguousMemory(8192, highest);
    uint64_t pa = (uint64_t)MmGetPhysicalAddress(memory).QuadPart, word = 3;

    (void)state;
    assert_non_null(memory);
    assert_int_equal(hw_dma_write(&bed.card.device, pa + 16, &word, 8), 0);
    expect(VERIFY_bus_contiguous, 1);
    assert_int_equal(memory[16], 3);
    MmFreeContiguousMemory(memory);
    hw_dma_write(&bed.card.device, pa + 4096, &word, 8);
    expect(VERIFY_bus_outside, 1);
}

static void expect_stake(uint64_t pa, enum mm_owner_kind kind, uint32_t tag)
{
    struct trace_event event;
    uint64_t word = 0x77;

    assert_int_equal(hw_dma_write(&bed.card.device, pa, &word, 1), 0);
    assert_int_equal(testbed_events(&bed.base, TRACE_bus_stake, &event), 1);
    assert_int_equal(event.arg[0], kind);
    assert_int_equal(event.arg[1], pa);
    assert_int_equal(event.arg[3], tag);
}

static void whose_bytes_were_at_stake_is_told(void **state)
{
    uint8_t *small = ExAllocatePoolWithTag(NonPagedPool, 100, 0x31323334);
    uint8_t *large = ExAllocatePoolWithTag(NonPagedPool, 10000, 0x35363738);
    uint64_t small_pa = (uint64_t)MmGetPhysicalAddress(small).QuadPart + 50;
    uint64_t large_pa = (uint64_t)MmGetPhysicalAddress(large + 4096).QuadPart;
    uint64_t client;

    (void)state;
    assert_int_equal(mm_user_allocate(bed.base.mm, 4096, 0, &client), 0);
    expect_stake(small_pa, MM_OWNER_POOL, 0x31323334);
    expect_stake(large_pa, MM_OWNER_POOL, 0x35363738);
    expect_stake(mm_pfn_of_va(bed.base.mm, client) << 12, MM_OWNER_CLIENT, 0);
    ExFreePool(small);
    ExFreePool(large);
    expect_stake(small_pa, MM_OWNER_POOL_FREED, 0x31323334);
    expect_stake(large_pa + 4, MM_OWNER_POOL_FREED, 0x35363738);
    expect_stake(LA, MM_OWNER_NOBODY, 0);
}

static void many_mappings_live_at_once(void **state)
{
    enum { COUNT = 5000 };
    static uint32_t serials[COUNT];

    (void)state;
    for (unsigned i = 0; i < COUNT; i++)
        serials[i] =
            map(PAGE + i, 1, LA + i * 4096ull, LA + i * 4096ull + 4095, MAPPING_FROM_DEVICE);
    for (unsigned i = 0; i < COUNT; i++)
        card_writes(LA + i * 4096ull, 4096);
    expect(VERIFY_bus_outside, 0);
    for (unsigned i = 0; i < COUNT; i++)
        domain_unmap(adapter, serials[i]);
    assert_int_equal(bed.hal->mappings.live, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(accesses_within_a_mapping_pass),
        TEST(accesses_outside_are_named_and_happen),
        TEST(what_is_no_ram_is_a_master_abort),
        TEST(a_window_is_checked_as_the_write_it_stands_for),
        TEST(the_direction_counts),
        TEST(an_access_after_the_release_is_told_from_a_stray_one),
        TEST(another_cards_mapping_does_not_count),
        TEST(mappings_can_share_a_page),
        TEST(half_an_address_is_told_from_a_stray_one),
        TEST(an_address_wider_than_the_card_is_a_master_abort),
        TEST(contiguous_memory_is_worth_an_advice),
        TEST(whose_bytes_were_at_stake_is_told),
        TEST(many_mappings_live_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
