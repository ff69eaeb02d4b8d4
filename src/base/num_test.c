/* SPDX-License-Identifier: MIT */
#include "base/num.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check_u64(const char *string, int expected_error, uint64_t expected)
{
    uint64_t value = 12345;

    assert_int_equal(num_parse_u64(string, &value), expected_error);
    assert_int_equal(value, expected_error == 0 ? expected : 12345);
}

static void check_size(const char *string, int expected_error, uint64_t expected)
{
    uint64_t value = 12345;

    assert_int_equal(num_parse_size(string, &value), expected_error);
    assert_int_equal(value, expected_error == 0 ? expected : 12345);
}

static void check_decimal(const char *string, uint64_t scale, int expected_error, uint64_t expected)
{
    uint64_t value = 12345;

    assert_int_equal(num_parse_decimal(string, scale, &value), expected_error);
    assert_int_equal(value, expected_error == 0 ? expected : 12345);
}

static void integers_are_decimal_or_hexadecimal(void **state)
{
    (void)state;
    check_u64("0", 0, 0);
    check_u64("18446744073709551615", 0, UINT64_MAX);
    check_u64("0xFfffFFFFffffffff", 0, UINT64_MAX);
    check_u64("010", 0, 10);
}

static void integers_with_anything_else_around_them_are_refused(void **state)
{
    (void)state;
    check_u64("", -EINVAL, 0);
    check_u64("-1", -EINVAL, 0);
    check_u64("+1", -EINVAL, 0);
    check_u64(" 1", -EINVAL, 0);
    check_u64("1 ", -EINVAL, 0);
    check_u64("0x", -EINVAL, 0);
    check_u64("12a", -EINVAL, 0);
}

static void too_large_is_told_from_malformed(void **state)
{
    (void)state;
    check_u64("18446744073709551616", -ERANGE, 0);
    check_u64("0x10000000000000000", -ERANGE, 0);
    check_u64("99999999999999999999x", -EINVAL, 0);
}

static void limits_are_inclusive(void **state)
{
    uint64_t value = 0;
    uint32_t narrow = 0;

    (void)state;
    assert_int_equal(num_parse_range("3", 3, 8, &value), 0);
    assert_int_equal(num_parse_range("8", 3, 8, &value), 0);
    assert_int_equal(num_parse_range("2", 3, 8, &value), -ERANGE);
    assert_int_equal(num_parse_range("9", 3, 8, &value), -ERANGE);
    assert_int_equal(value, 8);
    assert_int_equal(num_parse_u32("4294967295", &narrow), 0);
    assert_int_equal(narrow, UINT32_MAX);
    assert_int_equal(num_parse_u32("4294967296", &narrow), -ERANGE);
}

static void sizes_take_binary_suffixes(void **state)
{
    (void)state;
    check_size("4096", 0, 4096);
    check_size("64k", 0, 65536);
    check_size("64M", 0, UINT64_C(64) << 20);
    check_size("8G", 0, UINT64_C(8) << 30);
    check_size("8GiB", 0, UINT64_C(8) << 30);
    check_size("1TB", 0, UINT64_C(1) << 40);
    check_size("0x10K", 0, 16384);
    check_size("8Gi", -EINVAL, 0);
    check_size("8X", -EINVAL, 0);
    check_size("G", -EINVAL, 0);
    check_size("1.5G", -EINVAL, 0);
    check_size("16777216T", -ERANGE, 0);
    check_size("99999999999999999999G", -ERANGE, 0);
}

static void decimals_are_scaled_without_rounding(void **state)
{
    (void)state;
    check_decimal("59.94", 1000, 0, 59940);
    check_decimal("60", 1000, 0, 60000);
    check_decimal("0.001", 1000, 0, 1);
    check_decimal("1.5000000", 1000, 0, 1500);
    check_decimal("1.0001", 1000, -EINVAL, 0);
    check_decimal("1.", 1000, -EINVAL, 0);
    check_decimal(".5", 1000, -EINVAL, 0);
    check_decimal("1.5s", 1000, -EINVAL, 0);
    check_decimal("1e3", 1000, -EINVAL, 0);
    check_decimal("18446744073709551615.5", 1000, -ERANGE, 0);
    check_decimal("18446744073709551.615", 1000, 0, UINT64_MAX);
    check_decimal("18446744073709551.616", 1000, -ERANGE, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_decimal_or_hexadecimal),
        cmocka_unit_test(integers_with_anything_else_around_them_are_refused),
        cmocka_unit_test(too_large_is_told_from_malformed),
        cmocka_unit_test(limits_are_inclusive),
        cmocka_unit_test(sizes_take_binary_suffixes),
        cmocka_unit_test(decimals_are_scaled_without_rounding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
