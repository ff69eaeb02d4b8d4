/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtl/rtl.h"

enum { NONE = 0xFFFFFFFFu };

/* 40 bits: 0 to 3 set, 10 to 11 set, 38 and 39 set. */
static RTL_BITMAP sample(ULONG buffer[2])
{
    RTL_BITMAP map;

    RtlInitializeBitMap(&map, buffer, 40);
    RtlClearAllBits(&map);
    RtlSetBits(&map, 0, 4);
    RtlSetBits(&map, 10, 2);
    RtlSetBit(&map, 38);
    RtlSetBit(&map, 39);
    return map;
}

static void bits_are_set_cleared_and_tested_one_by_one(void **state)
{
    ULONG buffer[2];
    RTL_BITMAP map = sample(buffer);

    (void)state;
    assert_int_equal(buffer[0], 0x0c0f);
    assert_int_equal(buffer[1], 0xc0);
    assert_true(RtlTestBit(&map, 38));
    assert_false(RtlTestBit(&map, 37));
    RtlClearBit(&map, 38);
    assert_false(RtlTestBit(&map, 38));
    RtlClearBits(&map, 2, 9);
    assert_int_equal(buffer[0], 0x0803);
    assert_false(RtlTestBit(&map, 40));
}

static void all_bits_change_at_once(void **state)
{
    ULONG buffer[2] = {5, 5};
    RTL_BITMAP map;

    (void)state;
    RtlInitializeBitMap(&map, buffer, 40);
    RtlSetAllBits(&map);
    assert_int_equal(RtlNumberOfSetBits(&map), 40);
    assert_int_equal(RtlNumberOfClearBits(&map), 0);
    RtlClearAllBits(&map);
    assert_int_equal(RtlNumberOfSetBits(&map), 0);
    assert_int_equal(RtlNumberOfClearBits(&map), 40);
}

static void ranges_are_clear_or_set_as_a_whole(void **state)
{
    ULONG buffer[2];
    RTL_BITMAP map = sample(buffer);

    (void)state;
    assert_true(RtlAreBitsClear(&map, 4, 6));
    assert_false(RtlAreBitsClear(&map, 4, 7));
    assert_true(RtlAreBitsSet(&map, 0, 4));
    assert_false(RtlAreBitsSet(&map, 0, 5));
    assert_false(RtlAreBitsClear(&map, 4, 0));
    assert_false(RtlAreBitsClear(&map, 30, 20)); /* beyond the end */
}

static void searches_begin_at_the_hint_and_go_round(void **state)
{
    ULONG buffer[2];
    RTL_BITMAP map = sample(buffer);

    (void)state;
    assert_int_equal(RtlFindClearBits(&map, 6, 0), 4);
    assert_int_equal(RtlFindClearBits(&map, 6, 5), 12);
    assert_int_equal(RtlFindClearBits(&map, 26, 20), 12);
    assert_int_equal(RtlFindClearBits(&map, 27, 0), NONE);
    assert_int_equal(RtlFindSetBits(&map, 2, 3), 10);
    assert_int_equal(RtlFindSetBits(&map, 3, 20), 0);
    assert_int_equal(RtlFindSetBits(&map, 5, 0), NONE);
}

static void what_is_found_can_be_taken_at_once(void **state)
{
    ULONG buffer[2];
    RTL_BITMAP map = sample(buffer);

    (void)state;
    assert_int_equal(RtlFindSetBitsAndClear(&map, 4, 0), 0);
    assert_true(RtlAreBitsClear(&map, 0, 10));
    assert_int_equal(RtlFindSetBitsAndClear(&map, 4, 0), NONE);
    assert_int_equal(RtlFindClearBitsAndSet(&map, 26, 0), 12);
    assert_true(RtlAreBitsSet(&map, 10, 30));
    assert_int_equal(RtlFindClearBitsAndSet(&map, 11, 0), NONE);
}

static void runs_of_clear_bits_are_found_in_order_and_by_length(void **state)
{
    ULONG buffer[2], first = 77;
    RTL_BITMAP map = sample(buffer);

    (void)state;
    assert_int_equal(RtlFindFirstRunClear(&map, &first), 6);
    assert_int_equal(first, 4);
    assert_int_equal(RtlFindNextForwardRunClear(&map, 10, &first), 26);
    assert_int_equal(first, 12);
    assert_int_equal(RtlFindNextForwardRunClear(&map, 38, &first), 0);
    assert_int_equal(RtlFindLongestRunClear(&map, &first), 26);
    assert_int_equal(first, 12);
    RtlSetAllBits(&map);
    assert_int_equal(RtlFindLongestRunClear(&map, &first), 0);
    assert_int_equal(RtlFindFirstRunClear(&map, &first), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_are_set_cleared_and_tested_one_by_one),
        cmocka_unit_test(all_bits_change_at_once),
        cmocka_unit_test(ranges_are_clear_or_set_as_a_whole),
        cmocka_unit_test(searches_begin_at_the_hint_and_go_round),
        cmocka_unit_test(what_is_found_can_be_taken_at_once),
        cmocka_unit_test(runs_of_clear_bits_are_found_in_order_and_by_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
