/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rtl/crt.h"

#define EXPECT(expected, ...)                                                                      \
    do {                                                                                           \
        char got[200];                                                                             \
        int length = nt__snprintf(got, sizeof got, __VA_ARGS__);                                   \
        assert_string_equal(got, expected);                                                        \
        assert_int_equal(length, strlen(expected));                                                \
    } while (0)

static void integers_print_with_flags_width_and_precision(void **state)
{
    (void)state;
    EXPECT("42|  42|42  |0042|+42| 42", "%d|%4d|%-4d|%04d|%+d|% d", 42, 42, 42, 42, 42, 42);
    EXPECT("-7|00007|  007", "%i|%.5d|%5.3d", -7, 7, 7);
    EXPECT("-2147483648", "%d", INT32_MIN);
    EXPECT("4294967295 ff FF 0x1f 017", "%u %x %X %#x %#o", 0xffffffffu, 255, 255, 31, 15);
    EXPECT("[] [0] []", "[%.0d] [%d] [%.0x]", 0, 0, 0);
    EXPECT("   5|5   |", "%*d|%*d|", 4, 5, -4, 5);
}

static void sizes_are_those_of_windows(void **state)
{
    (void)state;
    EXPECT("1122334455667788", "%I64x", 0x1122334455667788ll);
    EXPECT("-1 18446744073709551615", "%lld %llu", -1ll, -1ll);
    EXPECT("4294967295", "%lu", 0xffffffffu); /* a Windows long has 32 bits */
    EXPECT("ffff -1", "%hx %hd", 0x1ffff, 0xffff);
    EXPECT("5 6", "%I32d %Iu", 5, (size_t)6);
}

static void a_pointer_has_sixteen_capital_digits(void **state)
{
    (void)state;
    EXPECT("00003000ABCDEF01", "%p", (void *)0x3000abcdef01);
}

static void strings_of_both_widths_and_counted_ones_print(void **state)
{
    WCHAR text[] = u"wide";
    UNICODE_STRING counted = {8, 10, text};
    ANSI_STRING narrow = {3, 3, (char *)(uintptr_t)"abcdef"};

    (void)state;
    EXPECT("narrow|wide|wide|wide", "%s|%S|%ws|%ls", "narrow", text, text, text);
    EXPECT("wide|abc", "%wZ|%Z", &counted, &narrow);
    EXPECT("  nar|na   |", "%5.3s|%-5.2s|", "narrow", "narrow");
    EXPECT("(null) (null)", "%s %wZ", (char *)NULL, (PUNICODE_STRING)NULL);
    EXPECT("x|y|%|q", "%c|%C|%%|%q", 'x', u'y');
}

static void wide_formats_take_wide_strings_by_default(void **state)
{
    WCHAR got[64];

    (void)state;
    assert_int_equal(nt__snwprintf(got, 64, u"%s %S %d", u"wide", "narrow", 3), 13);
    assert_memory_equal(got, u"wide narrow 3", 14 * sizeof(WCHAR));
    nt_swprintf(got, u"\\Device\\%08lx", 26);
    assert_memory_equal(got, u"\\Device\\0000001a", 17 * sizeof(WCHAR));
}

static void floating_point_prints_as_in_c(void **state)
{
    (void)state;
    EXPECT("59.94 1.500000e+00", "%.2f %e", 59.94, 1.5);
}

static void snprintf_reports_what_does_not_fit_and_leaves_no_terminator(void **state)
{
    char got[5] = "zzzz";

    (void)state;
    assert_int_equal(nt__snprintf(got, 3, "abcdef"), -1);
    assert_memory_equal(got, "abcz", 4);
    assert_int_equal(nt__snprintf(got, 3, "xyz"), 3); /* exactly full: no room for the zero */
    assert_memory_equal(got, "xyzz", 4);
}

static void the_secure_forms_terminate_or_empty(void **state)
{
    char got[8];

    (void)state;
    assert_int_equal(nt_sprintf_s(got, 8, "%s", "seven77"), 7);
    assert_string_equal(got, "seven77");
    assert_int_equal(nt_sprintf_s(got, 8, "%s", "eight888"), -1);
    assert_string_equal(got, "");
    assert_int_equal(nt__snprintf_s(got, 8, (SIZE_T)-1, "%s", "eight888"), -1);
    assert_string_equal(got, "eight88");
    assert_int_equal(nt__snprintf_s(got, 8, 3, "%s", "abcdef"), -1);
    assert_string_equal(got, "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_print_with_flags_width_and_precision),
        cmocka_unit_test(sizes_are_those_of_windows),
        cmocka_unit_test(a_pointer_has_sixteen_capital_digits),
        cmocka_unit_test(strings_of_both_widths_and_counted_ones_print),
        cmocka_unit_test(wide_formats_take_wide_strings_by_default),
        cmocka_unit_test(floating_point_prints_as_in_c),
        cmocka_unit_test(snprintf_reports_what_does_not_fit_and_leaves_no_terminator),
        cmocka_unit_test(the_secure_forms_terminate_or_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
