/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mm/state.h"
#include "mm/testbed.h"

enum { TAG = 0x74736554 };
#define GIB (UINT64_C(1) << 30)

static struct testbed bed;

static int start_seed(uint64_t seed)
{
    struct mm_config config = {.ram_bytes = GIB};

    testbed_start(&bed, seed, &config);
    return 0;
}

static int start(void **state)
{
    (void)state;
    return start_seed(3);
}

static int stop(void **state)
{
    (void)state;
    testbed_stop(&bed);
    return 0;
}

static uint8_t *take(uint64_t size_bytes)
{
    struct mm_pool_request request = {
        .kind = MM_POOL_NONPAGED, .tag = TAG, .size_bytes = size_bytes, .caller_va = 0x1234};

    return mm_pool_allocate(bed.mm, &request);
}

static void blocks_are_aligned_and_small_ones_stay_in_their_page(void **state)
{
    (void)state;
    for (uint64_t size = 0; size < 20000; size = size < 5000 ? size + 1 : size + 997) {
        uint8_t *block = take(size);
        uint64_t va = (uint64_t)(uintptr_t)block;

        assert_non_null(block);
        assert_int_equal(va % 16, 0);
        if (size >= 4096)
            assert_int_equal(va % 4096, 0);
        else if (size != 0)
            assert_int_equal(va / 4096, (va + size - 1) / 4096);
        memset(block, 0xFF, size);
        mm_pool_free(bed.mm, block, TAG);
    }
    assert_int_equal(testbed_findings(&bed, VERIFY_pool_overrun), 0);
}

static void cache_aligned_blocks_begin_at_a_line(void **state)
{
    (void)state;
    for (uint64_t size = 1; size < 5000; size += 13) {
        struct mm_pool_request request = {.tag = TAG, .size_bytes = size, .cache_aligned = true};
        uint64_t va = (uint64_t)(uintptr_t)mm_pool_allocate(bed.mm, &request);

        assert_int_equal(va % 64, 0);
        if (size < 4096)
            assert_int_equal(va / 4096, (va + size - 1) / 4096);
    }
}

static void new_memory_holds_a_pattern_unless_zero_is_asked_for(void **state)
{
    static const uint64_t sizes[] = {8, 100, 4000, 4096, 50000, 3 << 20};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
        struct mm_pool_request request = {.tag = TAG, .size_bytes = sizes[i], .zero = true};
        uint8_t *zeroed = mm_pool_allocate(bed.mm, &request);
        uint64_t first, last;

        assert_true(mm_copy_from_va(bed.mm, &first, (uint64_t)(uintptr_t)take(sizes[i]), 8));
        assert_int_equal(first, bed.mm->pool.fill * UINT64_C(0x0101010101010101));
        assert_true(mm_copy_from_va(bed.mm, &first, (uint64_t)(uintptr_t)zeroed, 8));
        assert_true(mm_copy_from_va(bed.mm, &last, (uint64_t)(uintptr_t)zeroed + sizes[i] - 8, 8));
        assert_int_equal(first | last, 0);
    }
}

static void freed_memory_is_not_given_out_at_once_and_holds_a_poison(void **state)
{
    uint8_t *block = take(100);

    (void)state;
    mm_pool_free(bed.mm, block, TAG);
    assert_int_equal(block[0], bed.mm->pool.poison);
    assert_int_equal(block[99], bed.mm->pool.poison);
    for (unsigned i = 0; i < POOL_QUARANTINE_MAX / 2; i++) {
        uint8_t *other = take(100);

        assert_ptr_not_equal(other, block);
        mm_pool_free(bed.mm, other, TAG);
    }
}

static void writing_after_the_free_is_found_when_the_block_is_used_again(void **state)
{
    uint8_t *block = take(100);

    (void)state;
    mm_pool_free(bed.mm, block, TAG);
    block[50] = 1;
    for (unsigned i = 0; i < 2000; i++)
        mm_pool_free(bed.mm, take(100), TAG);
    assert_int_equal(testbed_findings(&bed, VERIFY_pool_after_free), 1);
}

static void writing_after_the_free_of_a_few_pages_is_found_too(void **state)
{
    uint8_t *block = take(9000);

    (void)state;
    mm_pool_free(bed.mm, block, TAG);
    block[8999] = 1;
    for (unsigned i = 0; i < 2 * POOL_REST_MAX; i++)
        mm_pool_free(bed.mm, take(9000), TAG);
    assert_int_equal(testbed_findings(&bed, VERIFY_pool_after_free), 1);
}

static void writing_past_the_end_is_found_when_the_block_is_freed(void **state)
{
    static const unsigned sizes[] = {20, 100, 1000, 4001, 5000, 100001};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
        uint8_t *block = take(sizes[i]);

        block[sizes[i]] ^= 1;
        mm_pool_free(bed.mm, block, TAG);
        assert_int_equal(testbed_findings(&bed, VERIFY_pool_overrun), 1);
    }
}

static void the_wrong_tag_is_a_finding(void **state)
{
    (void)state;
    mm_pool_free(bed.mm, take(100), 0);
    mm_pool_free(bed.mm, take(5000), TAG);
    assert_int_equal(testbed_findings(&bed, VERIFY_pool_tag), 0);
    mm_pool_free(bed.mm, take(100), 0x1111);
    mm_pool_free(bed.mm, take(5000), 0x1111);
    assert_int_equal(testbed_findings(&bed, VERIFY_pool_tag), 2);
}

static void overwrite_header(void *ctx)
{
    uint8_t *block = take(32);

    (void)ctx;
    memset(block - 16, 0, 16);
    mm_pool_free(bed.mm, block, TAG);
}

/* The first block of a full page of them has a neighbour; a driver cannot know which. */
static void overrun(void *ctx)
{
    uint8_t *blocks[4096 / 48];

    (void)ctx;
    for (unsigned i = 0; i < ARRAY_LEN(blocks); i++)
        blocks[i] = take(32);
    for (unsigned i = 0; i < ARRAY_LEN(blocks); i++) {
        if ((uint64_t)(uintptr_t)blocks[i] % 4096 == 16) {
            memset(blocks[i], 0, 48);
            mm_pool_free(bed.mm, blocks[i], TAG);
        }
    }
}

static void free_twice(void *ctx)
{
    uint8_t *block = take(*(unsigned *)ctx);

    mm_pool_free(bed.mm, block, TAG);
    mm_pool_free(bed.mm, block, TAG);
}

static void free_inside(void *ctx)
{
    mm_pool_free(bed.mm, take(*(unsigned *)ctx) + 16, TAG);
}

static void free_elsewhere(void *ctx)
{
    mm_pool_free(bed.mm, ctx, TAG);
}

static void dies(ke_thread_fn *fn, void *ctx, uint64_t code, uint64_t reason)
{
    struct trace_event event;

    assert_int_equal(testbed_run(&bed, fn, ctx), KE_STOP_BUG_CHECK);
    assert_int_equal(testbed_events(&bed, TRACE_bug_check, &event), 1);
    assert_int_equal(event.arg[0], code);
    assert_int_equal(event.arg[1], reason);
    testbed_stop(&bed);
    start_seed(3);
}

static void bad_frees_and_broken_headers_are_bug_checks(void **state)
{
    unsigned small = 100, page = 4096, large = 300000;

    (void)state;
    dies(overwrite_header, NULL, 0x19, 0x20);
    dies(free_twice, &small, 0xC2, 0x7);
    dies(free_twice, &page, 0xC2, 0x7);
    dies(free_twice, &large, 0xC2, 0x7);
    dies(free_inside, &small, 0xC2, 0x46);
    dies(free_inside, &page, 0xC2, 0x46);
    dies(free_elsewhere, &small, 0xC2, 0x46);
    dies(free_elsewhere, NULL, 0xC2, 0x46);
}

static void an_overrun_into_the_next_header_is_a_bug_check(void **state)
{
    (void)state;
    dies(overrun, NULL, 0x19, 0x20);
}

static void leaks_are_reported_in_order_of_allocation(void **state)
{
    struct trace_event event;

    (void)state;
    take(100);
    mm_pool_free(bed.mm, take(200), TAG);
    take(100000);
    take(300);
    mm_report_leaks(bed.mm, 0x2000, 0x3000);
    assert_int_equal(testbed_events(&bed, TRACE_pool_leak, &event), 0);
    mm_report_leaks(bed.mm, 0x1000, 0x2000);
    assert_int_equal(testbed_events(&bed, TRACE_pool_leak, &event), 3);
    assert_int_equal(event.arg[2], 300);
    assert_int_equal(event.arg[3], 0x1234);
}

static void allocation_can_fail(void **state)
{
    (void)state;
    assert_int_equal(sim_fault_arm(bed.sim, "pool", 2), 0);
    assert_non_null(take(10));
    assert_null(take(10));
    assert_non_null(take(10));
    assert_null(take(2 * GIB));
}

static void the_seed_decides_the_layout(void **state)
{
    uint64_t first = (uint64_t)(uintptr_t)take(64);

    (void)state;
    testbed_stop(&bed);
    start_seed(3);
    assert_int_equal((uint64_t)(uintptr_t)take(64), first);
    testbed_stop(&bed);
    start_seed(4);
    assert_int_not_equal((uint64_t)(uintptr_t)take(64), first);
}

/* Random takes and frees of all sizes: blocks never overlap and keep their bytes. */
static void blocks_keep_their_bytes(void **state)
{
    struct {
        uint8_t *block;
        uint64_t size;
        uint8_t byte;
    } held[300] = {0};
    struct sim_rng rng;

    (void)state;
    sim_rng_init(&rng, 1, "test");
    for (unsigned i = 0; i < 20000; i++) {
        unsigned slot = (unsigned)sim_rng_below(&rng, ARRAY_LEN(held));
        uint8_t *block = held[slot].block;

        if (block == NULL) {
            held[slot].size = 1 + sim_rng_below(&rng, i % 8 == 0 ? 20000 : 600);
            held[slot].byte = (uint8_t)i;
            held[slot].block = take(held[slot].size);
            assert_non_null(held[slot].block);
            memset(held[slot].block, held[slot].byte, held[slot].size);
            continue;
        }
        for (uint64_t at = 0; at < held[slot].size; at++)
            assert_int_equal(block[at], held[slot].byte);
        mm_pool_free(bed.mm, block, TAG);
        held[slot].block = NULL;
    }
    assert_int_equal(testbed_findings(&bed, VERIFY_pool_overrun), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(blocks_are_aligned_and_small_ones_stay_in_their_page),
        TEST(cache_aligned_blocks_begin_at_a_line),
        TEST(new_memory_holds_a_pattern_unless_zero_is_asked_for),
        TEST(freed_memory_is_not_given_out_at_once_and_holds_a_poison),
        TEST(writing_after_the_free_is_found_when_the_block_is_used_again),
        TEST(writing_after_the_free_of_a_few_pages_is_found_too),
        TEST(writing_past_the_end_is_found_when_the_block_is_freed),
        TEST(the_wrong_tag_is_a_finding),
        TEST(bad_frees_and_broken_headers_are_bug_checks),
        TEST(an_overrun_into_the_next_header_is_a_bug_check),
        TEST(leaks_are_reported_in_order_of_allocation),
        TEST(allocation_can_fail),
        TEST(the_seed_decides_the_layout),
        TEST(blocks_keep_their_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
