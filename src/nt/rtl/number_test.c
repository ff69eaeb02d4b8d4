/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtl/rtl.h"

static void bytes_are_swapped(void **state)
{
    (void)state;
    assert_int_equal(RtlUshortByteSwap(0x1234), 0x3412);
    assert_int_equal(RtlUlongByteSwap(0x12345678), 0x78563412);
    assert_true(RtlUlonglongByteSwap(0x0123456789abcdef) == 0xefcdab8967452301);
}

static void single_bits_are_found_and_none_is_minus_one(void **state)
{
    (void)state;
    assert_int_equal(RtlFindLeastSignificantBit(0), -1);
    assert_int_equal(RtlFindMostSignificantBit(0), -1);
    assert_int_equal(RtlFindLeastSignificantBit(0x8000000000000010), 4);
    assert_int_equal(RtlFindMostSignificantBit(0x8000000000000010), 63);
}

static void integers_of_64_bits_are_spelt_or_refused(void **state)
{
    WCHAR buffer[21];
    UNICODE_STRING string = {.MaximumLength = sizeof buffer, .Buffer = buffer};
    ULONG value = 0;

    (void)state;
    assert_int_equal(RtlInt64ToUnicodeString(UINT64_MAX, 10, &string), STATUS_SUCCESS);
    assert_int_equal(string.Length, 40);
    assert_int_equal(buffer[0], '1');
    assert_int_equal(buffer[20], 0);
    assert_int_equal(RtlInt64ToUnicodeString(7, 7, &string), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlInt64ToUnicodeString(UINT64_MAX, 2, &string), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(RtlInt64ToUnicodeString(0x1f, 16, &string), STATUS_SUCCESS);
    assert_int_equal(RtlUnicodeStringToInteger(&string, 16, &value), STATUS_SUCCESS);
    assert_int_equal(value, 0x1f);
}

static void characters_are_read_in_the_base_they_name(void **state)
{
    ULONG value = 0;

    (void)state;
    assert_int_equal(RtlCharToInteger(" -12z", 0, &value), STATUS_SUCCESS);
    assert_int_equal(value, (ULONG)-12);
    assert_int_equal(RtlCharToInteger("0x1F", 0, &value), STATUS_SUCCESS);
    assert_int_equal(value, 0x1f);
    assert_int_equal(RtlCharToInteger("0b101", 0, &value), STATUS_SUCCESS);
    assert_int_equal(value, 5);
    assert_int_equal(RtlCharToInteger("17", 8, &value), STATUS_SUCCESS);
    assert_int_equal(value, 15);
    assert_int_equal(RtlCharToInteger("17", 9, &value), STATUS_INVALID_PARAMETER);
    assert_int_equal(value, 15);
}

static void random_numbers_follow_from_the_seed_and_stay_in_range(void **state)
{
    ULONG seed = 1, again = 1, other = 2;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        ULONG number = RtlRandom(&seed);

        assert_in_range(number, 0, 0x7ffffffe);
        assert_int_equal(RtlRandomEx(&again), number);
    }
    assert_int_not_equal(RtlRandom(&other), RtlRandom(&seed));
}

static void seconds_since_1980_are_times_and_back(void **state)
{
    LARGE_INTEGER time;
    TIME_FIELDS fields;
    ULONG seconds = 7;

    (void)state;
    RtlSecondsSince1980ToTime(86400, &time);
    RtlTimeToTimeFields(&time, &fields);
    assert_int_equal(fields.Year, 1980);
    assert_int_equal(fields.Month, 1);
    assert_int_equal(fields.Day, 2);
    assert_true(RtlTimeToSecondsSince1980(&time, &seconds));
    assert_int_equal(seconds, 86400);
    time.QuadPart = 0; /* long before 1980 */
    assert_false(RtlTimeToSecondsSince1980(&time, &seconds));
    assert_int_equal(seconds, 86400);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_swapped),
        cmocka_unit_test(single_bits_are_found_and_none_is_minus_one),
        cmocka_unit_test(integers_of_64_bits_are_spelt_or_refused),
        cmocka_unit_test(characters_are_read_in_the_base_they_name),
        cmocka_unit_test(random_numbers_follow_from_the_seed_and_stay_in_range),
        cmocka_unit_test(seconds_since_1980_are_times_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
