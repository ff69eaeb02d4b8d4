/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mm/testbed.h"
#include "mm/zone.h"

enum { MIB = 1 << 20, FRAME_PAGES = 1013 };
#define GIB (UINT64_C(1) << 30)

static struct testbed bed;

static void start(enum mm_policy policy, uint64_t ram, uint64_t seed)
{
    struct mm_config config = {.ram_bytes = ram, .policy = policy, .run_pages = 4};

    testbed_start(&bed, seed, &config);
}

static unsigned count_runs(const mm_pfn *pfns, unsigned count)
{
    unsigned runs = 1;

    for (unsigned i = 1; i < count; i++)
        runs += pfns[i] != pfns[i - 1] + 1;
    return runs;
}

static unsigned count_above_4g(const mm_pfn *pfns, unsigned count)
{
    unsigned above = 0;

    for (unsigned i = 0; i < count; i++)
        above += pfns[i] >= 0x100000;
    return above;
}

static void ram_has_the_holes_of_a_pc(void **state)
{
    (void)state;
    start(MM_SCATTERED, 8 * GIB, 1);
    assert_true(mm_is_ram(bed.mm, 0));
    assert_true(mm_is_ram(bed.mm, 0x9F));
    assert_false(mm_is_ram(bed.mm, 0xA0));
    assert_false(mm_is_ram(bed.mm, 0xFF));
    assert_true(mm_is_ram(bed.mm, 0x100));
    assert_true(mm_is_ram(bed.mm, 0xBFFFF));
    assert_false(mm_is_ram(bed.mm, 0xC0000));
    assert_false(mm_is_ram(bed.mm, 0xFFFFF));
    assert_true(mm_is_ram(bed.mm, 0x100000));
    assert_int_equal(mm_highest_pa(bed.mm), 9 * GIB);
    assert_false(mm_is_ram(bed.mm, 9 * GIB >> 12));
    assert_null(mm_window(bed.mm, (mm_pa){0xBFFFF000}, 8192));
    assert_non_null(mm_window(bed.mm, (mm_pa){0x100000}, 8192));
    testbed_stop(&bed);
}

static void small_ram_ends_below_the_hole(void **state)
{
    (void)state;
    start(MM_SCATTERED, 64 * MIB, 1);
    assert_int_equal(mm_highest_pa(bed.mm), 64 * MIB);
    assert_false(mm_is_ram(bed.mm, 0x100000));
    testbed_stop(&bed);
}

static void a_terabyte_of_ram_costs_nothing_to_start(void **state)
{
    mm_pfn pfns[64];

    (void)state;
    start(MM_SCATTERED, 1024 * GIB, 1);
    assert_int_equal(mm_pages_allocate(bed.mm, 64, 0, pfns), 0);
    *(uint8_t *)mm_page(bed.mm, pfns[0]) = 1;
    testbed_stop(&bed);
}

static void odd_sizes_of_ram_are_refused(void **state)
{
    struct mm_config config = {.ram_bytes = 64 * MIB};
    struct mm *mm;

    (void)state;
    start(MM_SCATTERED, 64 * MIB, 1);
    config.ram_bytes = 63 * MIB;
    assert_int_equal(mm_create(bed.ke, &config, &mm), -EINVAL);
    config.ram_bytes = 64 * MIB + 4096;
    assert_int_equal(mm_create(bed.ke, &config, &mm), -EINVAL);
    config.ram_bytes = 64 * MIB;
    config.policy = MM_HIGH;
    assert_int_equal(mm_create(bed.ke, &config, &mm), -EINVAL);
    testbed_stop(&bed);
}

static void scattered_pages_are_not_neighbours_and_lie_on_both_sides_of_4_gb(void **state)
{
    static mm_pfn pfns[FRAME_PAGES];

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        unsigned above;

        start(MM_SCATTERED, 8 * GIB, seed);
        assert_int_equal(mm_pages_allocate(bed.mm, FRAME_PAGES, 0, pfns), 0);
        assert_in_range(count_runs(pfns, FRAME_PAGES), FRAME_PAGES * 9 / 10, FRAME_PAGES);
        above = count_above_4g(pfns, FRAME_PAGES);
        assert_in_range(above, FRAME_PAGES * 4 / 10,
                        FRAME_PAGES * 85 / 100); /* 5 of 8 GB are there */
        testbed_stop(&bed);
    }
}

static void the_seed_decides_which_pages(void **state)
{
    mm_pfn first[32], again[32], other[32];

    (void)state;
    start(MM_SCATTERED, 8 * GIB, 5);
    assert_int_equal(mm_pages_allocate(bed.mm, 32, 0, first), 0);
    testbed_stop(&bed);
    start(MM_SCATTERED, 8 * GIB, 5);
    assert_int_equal(mm_pages_allocate(bed.mm, 32, 0, again), 0);
    testbed_stop(&bed);
    start(MM_SCATTERED, 8 * GIB, 6);
    assert_int_equal(mm_pages_allocate(bed.mm, 32, 0, other), 0);
    testbed_stop(&bed);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
}

static void runs_are_short_contiguous_is_one_run(void **state)
{
    static mm_pfn pfns[FRAME_PAGES];

    (void)state;
    start(MM_RUNS, 1 * GIB, 1);
    assert_int_equal(mm_pages_allocate(bed.mm, FRAME_PAGES, 0, pfns), 0);
    assert_in_range(count_runs(pfns, FRAME_PAGES), FRAME_PAGES / 4, FRAME_PAGES / 2);
    testbed_stop(&bed);
    start(MM_CONTIGUOUS, 1 * GIB, 1);
    assert_int_equal(mm_pages_allocate(bed.mm, FRAME_PAGES, 0, pfns), 0);
    assert_int_equal(count_runs(pfns, FRAME_PAGES), 1);
    testbed_stop(&bed);
}

static void high_and_low_keep_to_their_side(void **state)
{
    static mm_pfn pfns[FRAME_PAGES];

    (void)state;
    start(MM_HIGH, 8 * GIB, 1);
    assert_int_equal(mm_pages_allocate(bed.mm, FRAME_PAGES, 0, pfns), 0);
    assert_int_equal(count_above_4g(pfns, FRAME_PAGES), FRAME_PAGES);
    testbed_stop(&bed);
    start(MM_LOW, 8 * GIB, 1);
    assert_int_equal(mm_pages_allocate(bed.mm, FRAME_PAGES, 0, pfns), 0);
    assert_int_equal(count_above_4g(pfns, FRAME_PAGES), 0);
    testbed_stop(&bed);
}

static void a_limit_is_kept_under_every_policy(void **state)
{
    mm_pfn pfns[100];

    (void)state;
    start(MM_HIGH, 8 * GIB, 1);
    assert_int_equal(mm_pages_allocate(bed.mm, 100, 4 * GIB, pfns), 0);
    assert_int_equal(count_above_4g(pfns, 100), 0);
    assert_int_equal(mm_pages_allocate(bed.mm, 100, 64 * MIB, pfns), 0);
    for (unsigned i = 0; i < 100; i++)
        assert_true(pfns[i] < 64 * MIB >> 12);
    testbed_stop(&bed);
}

/* Takes all RAM, page by page and then in one piece too many; nothing is given out twice. */
static void all_of_ram_can_be_taken_and_no_page_twice(void **state)
{
    enum { PAGES = 64 * MIB / 4096 };
    static mm_pfn pfns[PAGES];
    static uint8_t seen[PAGES];
    unsigned taken = 0;

    (void)state;
    memset(seen, 0, sizeof seen);
    start(MM_SCATTERED, 64 * MIB, 3);
    while (mm_pages_allocate(bed.mm, 1, 0, &pfns[taken]) == 0) {
        assert_true(mm_is_ram(bed.mm, pfns[taken]));
        assert_int_equal(seen[pfns[taken]]++, 0);
        taken++;
    }
    assert_in_range(taken, PAGES / 2, PAGES);
    mm_pages_free(bed.mm, taken, pfns);
    assert_int_equal(mm_pages_allocate(bed.mm, taken + 1, 0, pfns), -ENOMEM);
    assert_int_equal(mm_pages_allocate(bed.mm, taken, 0, pfns), 0);
    testbed_stop(&bed);
}

static void contiguous_memory_keeps_limits_and_boundaries(void **state)
{
    (void)state;
    start(MM_SCATTERED, 8 * GIB, 2);
    for (unsigned i = 1; i < 200; i++) {
        mm_pfn first = mm_contiguous_allocate(bed.mm, i, 16 * MIB, 0xFFFFFFFF, 0x100000);

        assert_true(first != MM_PFN_NONE);
        assert_true(first >= 16 * MIB >> 12);
        assert_true(first + i <= 0x100000);
        assert_int_equal(first / 256, (first + i - 1) / 256);
        for (unsigned page = 0; page < i; page++)
            assert_true(mm_is_ram(bed.mm, first + page));
    }
    assert_true(mm_contiguous_allocate(bed.mm, 257, 0, UINT64_MAX, 0x100000) == MM_PFN_NONE);
    assert_true(mm_contiguous_allocate(bed.mm, 2, 0x1000, 0x1FFF, 0) == MM_PFN_NONE);
    assert_true(mm_contiguous_allocate(bed.mm, 8 * GIB >> 12, 0, UINT64_MAX, 0) == MM_PFN_NONE);
    testbed_stop(&bed);
}

static void low_memory_has_a_size_and_runs_out(void **state)
{
    uint64_t pages = 0;
    mm_pfn first;

    (void)state;
    start(MM_SCATTERED, 8 * GIB, 2);
    assert_int_equal(mm_low_free_pages(bed.mm), 64 * 256);
    while ((first = mm_low_allocate(bed.mm, 1, 1, 0)) != MM_PFN_NONE) {
        assert_true(first < 0x100000);
        pages++;
    }
    assert_int_equal(pages, 64 * 256);
    assert_int_equal(mm_low_free_pages(bed.mm), 0);
    mm_low_free(bed.mm, 0x800, 1); /* 8 MB: the piece below 16 MB */
    assert_int_equal(mm_low_allocate(bed.mm, 1, 1, 0xFFFFFF), 0x800);
    testbed_stop(&bed);
}

/* The part below 16 MB is a quarter of it: what is asked for is all there is. */
static void low_memory_of_any_whole_pages_is_all_there_is(void **state)
{
    static const uint64_t sizes[] = {256 << 10, 260 << 10, (2 << 20) + 4096, 8 << 20, 36 << 20};
    struct mm_config config = {.ram_bytes = 64 * MIB};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
        uint64_t pages = 0;

        config.low_memory_bytes = sizes[i];
        testbed_start(&bed, 5, &config);
        while (mm_low_allocate(bed.mm, 1, 1, 0) != MM_PFN_NONE)
            pages++;
        assert_int_equal(pages, sizes[i] >> 12);
        testbed_stop(&bed);
    }
}

static void sizes_of_low_memory_that_cannot_be_are_refused(void **state)
{
    static const uint64_t sizes[] = {4096, (256 << 10) - 4096, (256 << 10) + 1, 37 << 20,
                                     64 << 20};
    struct mm_config config = {.ram_bytes = 64 * MIB};
    struct mm_limits limits;
    struct mm *mm = NULL;

    (void)state;
    mm_limits(config.ram_bytes, &limits);
    assert_int_equal(limits.below_4g_bytes, 64 << 20);
    assert_int_equal(limits.low_memory_default_bytes, 16 << 20);
    assert_int_equal(limits.low_memory_max_bytes, 36 << 20);
    start(MM_SCATTERED, 64 * MIB, 2);
    for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
        config.low_memory_bytes = sizes[i];
        assert_int_equal(mm_create(bed.ke, &config, &mm), -EINVAL);
    }
    testbed_stop(&bed);
}

static void low_memory_gives_aligned_runs_below_a_limit(void **state)
{
    (void)state;
    start(MM_SCATTERED, 8 * GIB, 2);
    assert_true(mm_low_allocate(bed.mm, 1, 1, 0) != MM_PFN_NONE);
    for (unsigned count = 1; count < 64; count++) {
        mm_pfn first = mm_low_allocate(bed.mm, count, 16, 0);

        assert_int_equal(first % 16, 0);
        if (count % 2 == 0)
            mm_low_free(bed.mm, first, count);
    }
    assert_true(mm_low_allocate(bed.mm, 16, 16, 0xFFFFFF) + 16 <= 0x1000);
    assert_true(mm_low_allocate(bed.mm, 513, 1, 0xFFFFFF) == MM_PFN_NONE);
    assert_true(mm_low_allocate(bed.mm, 1, 1, 0xFFFFF) == MM_PFN_NONE);
    testbed_stop(&bed);
}

/* Random takes and gives against a byte per page. */
static void low_memory_agrees_with_a_byte_per_page(void **state)
{
    static uint8_t model[0x100000];
    struct {
        mm_pfn first;
        uint32_t count;
    } held[256] = {0};
    struct sim_rng rng;

    (void)state;
    memset(model, 0, sizeof model);
    start(MM_SCATTERED, 8 * GIB, 2);
    sim_rng_init(&rng, 9, "test");
    for (unsigned i = 0; i < 20000; i++) {
        unsigned slot = (unsigned)sim_rng_below(&rng, 256);

        if (held[slot].count != 0) {
            memset(model + held[slot].first, 0, held[slot].count);
            mm_low_free(bed.mm, held[slot].first, held[slot].count);
            held[slot].count = 0;
            continue;
        }
        held[slot].count = 1 + (uint32_t)sim_rng_below(&rng, i % 2 ? 1 : 70);
        held[slot].first = mm_low_allocate(bed.mm, held[slot].count, 1, 0);
        assert_true(held[slot].first != MM_PFN_NONE);
        for (unsigned page = 0; page < held[slot].count; page++)
            assert_int_equal(model[held[slot].first + page]++, 0);
    }
    testbed_stop(&bed);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(ram_has_the_holes_of_a_pc),
        cmocka_unit_test(small_ram_ends_below_the_hole),
        cmocka_unit_test(a_terabyte_of_ram_costs_nothing_to_start),
        cmocka_unit_test(odd_sizes_of_ram_are_refused),
        cmocka_unit_test(scattered_pages_are_not_neighbours_and_lie_on_both_sides_of_4_gb),
        cmocka_unit_test(the_seed_decides_which_pages),
        cmocka_unit_test(runs_are_short_contiguous_is_one_run),
        cmocka_unit_test(high_and_low_keep_to_their_side),
        cmocka_unit_test(a_limit_is_kept_under_every_policy),
        cmocka_unit_test(all_of_ram_can_be_taken_and_no_page_twice),
        cmocka_unit_test(contiguous_memory_keeps_limits_and_boundaries),
        cmocka_unit_test(low_memory_has_a_size_and_runs_out),
        cmocka_unit_test(low_memory_of_any_whole_pages_is_all_there_is),
        cmocka_unit_test(sizes_of_low_memory_that_cannot_be_are_refused),
        cmocka_unit_test(low_memory_gives_aligned_runs_below_a_limit),
        cmocka_unit_test(low_memory_agrees_with_a_byte_per_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
