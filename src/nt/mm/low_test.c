/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mm/state.h"
#include "mm/testbed.h"

/* A quarter of what there is lies below 16 MB. */
enum { POOL_PAGES = 768, SMALL_PAGES = 256, SMALL_BASE = 0x800, ALL = POOL_PAGES + SMALL_PAGES };

static struct testbed bed;

static void start(void)
{
    struct mm_config config = {.ram_bytes = UINT64_C(256) << 20,
                               .low_memory_bytes = (uint64_t)ALL << MM_PAGE_SHIFT};

    testbed_start(&bed, 3, &config);
    assert_int_equal(bed.mm->low.piece[0].pages, POOL_PAGES);
    assert_int_equal(bed.mm->low.piece[1].pages, SMALL_PAGES);
}

/* ---- The obvious allocator: a byte per page, first fit, the pool before the small piece ------ */

struct model {
    mm_pfn pool_base;
    bool taken[ALL]; /* the pool, then the piece below 16 MB */
};

static mm_pfn model_pfn(const struct model *model, unsigned at)
{
    return at < POOL_PAGES ? model->pool_base + at : SMALL_BASE + at - POOL_PAGES;
}

static bool model_fits(const struct model *model, unsigned at, unsigned count, uint64_t align,
                       uint64_t limit_pa)
{
    unsigned end = at < POOL_PAGES ? POOL_PAGES : ALL;
    mm_pfn first = model_pfn(model, at);

    if (at + count > end || first % align != 0 ||
        (limit_pa != 0 && ((first + count) << MM_PAGE_SHIFT) - 1 > limit_pa))
        return false;
    for (unsigned i = at; i < at + count; i++) {
        if (model->taken[i])
            return false;
    }
    return true;
}

static mm_pfn model_take(struct model *model, unsigned count, uint64_t align, uint64_t limit_pa)
{
    for (unsigned at = 0; at < ALL; at++) {
        if (!model_fits(model, at, count, align, limit_pa))
            continue;
        memset(model->taken + at, true, count);
        return model_pfn(model, at);
    }
    return MM_PFN_NONE;
}

static void model_give(struct model *model, mm_pfn first, unsigned count)
{
    uint64_t at =
        first >= model->pool_base ? first - model->pool_base : first - SMALL_BASE + POOL_PAGES;

    memset(model->taken + at, false, count);
}

/* ---- Against it ------------------------------------------------------------------------------ */

struct held {
    mm_pfn first;
    unsigned count;
};

/* How long the runs of a phase are at most, and how many of 100 steps take rather than give: pools
 * that are empty, half full with holes, and full. */
static const struct {
    unsigned run_max, takes;
} phases[] = {{1, 70}, {90, 55}, {16, 90}, {2, 50}, {200, 40}, {64, 60}, {1, 95}, {130, 50}};
enum { STEPS = 700, HELD_MAX = ALL };

static mm_pfn take_from_both(struct model *model, struct sim_rng *rng, unsigned count)
{
    uint64_t align = sim_rng_below(rng, 8) == 0 ? UINT64_C(1) << sim_rng_below(rng, 6) : 1;
    uint64_t limit_pa = 0;
    mm_pfn first;

    if (sim_rng_below(rng, 8) == 0)
        limit_pa = (model->pool_base + sim_rng_below(rng, POOL_PAGES)) << MM_PAGE_SHIFT;
    else if (sim_rng_below(rng, 8) == 0)
        limit_pa = 0xFFFFFF;
    first = mm_low_allocate(bed.mm, count, align, limit_pa);
    assert_true(first == model_take(model, count, align, limit_pa));
    return first;
}

static void every_run_is_the_lowest_that_fits(void **state)
{
    static struct held held[HELD_MAX];
    static struct model model;
    struct sim_rng rng;
    unsigned live = 0, refused = 0;

    (void)state;
    start();
    model.pool_base = bed.mm->low.piece[0].first;
    sim_rng_init(&rng, 4, "test");
    for (unsigned i = 0; i < ARRAY_LEN(phases) * STEPS; i++) {
        unsigned phase = i / STEPS;

        if (live == 0 || sim_rng_below(&rng, 100) < phases[phase].takes) {
            unsigned count = 1 + (unsigned)sim_rng_below(&rng, phases[phase].run_max);
            mm_pfn first = take_from_both(&model, &rng, count);

            if (first != MM_PFN_NONE)
                held[live++] = (struct held){first, count};
            refused += first == MM_PFN_NONE;
        } else {
            unsigned victim = (unsigned)sim_rng_below(&rng, live);

            mm_low_free(bed.mm, held[victim].first, held[victim].count);
            model_give(&model, held[victim].first, held[victim].count);
            held[victim] = held[--live];
        }
    }
    assert_true(refused > 100);
    testbed_stop(&bed);
}

static void a_run_may_fill_the_whole_pool(void **state)
{
    mm_pfn first;

    (void)state;
    start();
    first = mm_low_allocate(bed.mm, POOL_PAGES, 1, 0);
    assert_true(first == bed.mm->low.piece[0].first);
    assert_true(mm_low_allocate(bed.mm, SMALL_PAGES + 1, 1, 0) == MM_PFN_NONE);
    mm_low_free(bed.mm, first, POOL_PAGES);
    assert_true(mm_low_allocate(bed.mm, POOL_PAGES, 1, 0) == first);
    testbed_stop(&bed);
}

static void holes_that_join_are_found(void **state)
{
    mm_pfn base;

    (void)state;
    start();
    base = mm_low_allocate(bed.mm, POOL_PAGES, 1, 0);
    for (unsigned i = 100; i < 228; i += 2)
        mm_low_free(bed.mm, base + i, 1);
    assert_true(mm_low_allocate(bed.mm, 2, 1, 0) < base); /* in the small piece */
    for (unsigned i = 101; i < 227; i += 2) {
        mm_low_free(bed.mm, base + i, 1);
        assert_true(mm_low_allocate(bed.mm, i - 98, 1, 0) == base + 100);
        mm_low_free(bed.mm, base + 100, i - 98);
    }
    testbed_stop(&bed);
}

/* ---- Many pages at once ---------------------------------------------------------------------- */

static void pages_in_bulk_are_those_that_single_calls_give(void **state)
{
    static mm_pfn singles[ALL], bulk[ALL];

    (void)state;
    start();
    for (unsigned i = 0; i < ALL; i++)
        singles[i] = mm_low_allocate(bed.mm, 1, 1, 0);
    mm_low_pages_free(bed.mm, ALL, singles);
    assert_int_equal(mm_low_free_pages(bed.mm), ALL);
    assert_true(mm_low_pages_allocate(bed.mm, ALL, 0, bulk));
    assert_memory_equal(bulk, singles, sizeof bulk);
    assert_int_equal(mm_low_free_pages(bed.mm), 0);
    testbed_stop(&bed);
}

static void pages_in_bulk_come_all_or_not_at_all(void **state)
{
    static mm_pfn pfns[ALL + 1];

    (void)state;
    start();
    assert_false(mm_low_pages_allocate(bed.mm, ALL + 1, 0, pfns));
    assert_false(mm_low_pages_allocate(bed.mm, SMALL_PAGES + 1, 0xFFFFFF, pfns));
    assert_int_equal(mm_low_free_pages(bed.mm), ALL);
    assert_true(mm_low_pages_allocate(bed.mm, SMALL_PAGES, 0xFFFFFF, pfns));
    for (unsigned i = 0; i < SMALL_PAGES; i++)
        assert_int_equal(pfns[i], SMALL_BASE + i);
    assert_true(mm_low_pages_allocate(bed.mm, 0, 0, pfns));
    testbed_stop(&bed);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_run_is_the_lowest_that_fits),
        cmocka_unit_test(a_run_may_fill_the_whole_pool),
        cmocka_unit_test(holes_that_join_are_found),
        cmocka_unit_test(pages_in_bulk_are_those_that_single_calls_give),
        cmocka_unit_test(pages_in_bulk_come_all_or_not_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
