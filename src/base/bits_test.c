/* SPDX-License-Identifier: MIT */
#include "base/bits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void aligning_goes_to_the_next_or_the_previous_multiple(void **state)
{
    (void)state;
    assert_int_equal(bits_align_up(0, 4096), 0);
    assert_int_equal(bits_align_up(1, 4096), 4096);
    assert_int_equal(bits_align_up(4096, 4096), 4096);
    assert_int_equal(bits_align_down(8191, 4096), 4096);
    assert_true(bits_is_aligned(8192, 4096));
    assert_false(bits_is_aligned(8193, 4096));
}

static void zero_is_no_power_of_two(void **state)
{
    (void)state;
    assert_false(bits_is_power_of_two(0));
    assert_true(bits_is_power_of_two(1));
    assert_true(bits_is_power_of_two(UINT64_C(1) << 63));
    assert_false(bits_is_power_of_two(6));
}

static void lowest_and_highest_name_the_outermost_set_bits(void **state)
{
    (void)state;
    assert_int_equal(bits_lowest(0x50), 4);
    assert_int_equal(bits_highest(0x50), 6);
    assert_int_equal(bits_highest(UINT64_MAX), 63);
    assert_int_equal(bits_count(0xF0F), 8);
}

static void a_range_across_words_is_set_and_cleared_exactly(void **state)
{
    uint64_t words[BITMAP_WORDS(200)] = { 0 };

    (void)state;
    bitmap_set_range(words, 60, 100);
    assert_int_equal(bitmap_weight(words, 200), 100);
    assert_false(bitmap_test(words, 59));
    assert_true(bitmap_test(words, 60));
    assert_true(bitmap_test(words, 159));
    assert_false(bitmap_test(words, 160));
    bitmap_clear_range(words, 64, 64);
    assert_int_equal(bitmap_weight(words, 200), 36);
    assert_int_equal(bitmap_weight(words, 62), 2);
}

static void finding_skips_full_words_and_stops_at_the_end(void **state)
{
    uint64_t words[BITMAP_WORDS(130)] = { 0 };

    (void)state;
    assert_int_equal(bitmap_find_set(words, 130, 0), BITMAP_NONE);
    bitmap_set_range(words, 0, 129);
    assert_int_equal(bitmap_find_clear(words, 130, 0), 129);
    assert_int_equal(bitmap_find_clear(words, 129, 0), BITMAP_NONE);
    bitmap_clear(words, 70);
    assert_int_equal(bitmap_find_clear(words, 130, 3), 70);
    bitmap_set(words, 70);
    assert_int_equal(bitmap_find_clear(words, 130, 3), 129);
}

static void a_run_is_found_behind_gaps_that_are_too_short(void **state)
{
    uint64_t words[BITMAP_WORDS(192)] = { 0 };

    (void)state;
    bitmap_set(words, 3);
    bitmap_set(words, 100);
    assert_int_equal(bitmap_find_clear_run(words, 192, 0, 3), 0);
    assert_int_equal(bitmap_find_clear_run(words, 192, 0, 4), 4);
    assert_int_equal(bitmap_find_clear_run(words, 192, 50, 51), 101);
    assert_int_equal(bitmap_find_clear_run(words, 192, 0, 96), 4);
    assert_int_equal(bitmap_find_clear_run(words, 192, 0, 97), BITMAP_NONE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(aligning_goes_to_the_next_or_the_previous_multiple),
        cmocka_unit_test(zero_is_no_power_of_two),
        cmocka_unit_test(lowest_and_highest_name_the_outermost_set_bits),
        cmocka_unit_test(a_range_across_words_is_set_and_cleared_exactly),
        cmocka_unit_test(finding_skips_full_words_and_stops_at_the_end),
        cmocka_unit_test(a_run_is_found_behind_gaps_that_are_too_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
