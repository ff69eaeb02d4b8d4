/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rtl/crt.h"

static void copies_that_overlap_are_right(void **state)
{
    char text[] = "0123456789";

    (void)state;
    nt_memcpy(text + 2, text, 5);
    assert_string_equal(text, "0101234789");
    nt_memmove(text, text + 1, 4);
    assert_string_equal(text, "1012234789");
}

static void secure_copies_refuse_and_clear(void **state)
{
    char to[4] = "abc";

    (void)state;
    assert_int_equal(nt_memcpy_s(to, 4, "wxyz!", 5), 34);
    assert_memory_equal(to, "\0\0\0\0", 4);
    assert_int_equal(nt_strcpy_s(to, 4, "wxy"), 0);
    assert_string_equal(to, "wxy");
    assert_int_equal(nt_strcpy_s(to, 4, "wxyz"), 34);
    assert_string_equal(to, "");
    assert_int_equal(nt_strncpy_s(to, 4, "wxyz", (SIZE_T)-1), 80); /* as much as fits */
    assert_string_equal(to, "wxy");
    assert_int_equal(nt_strcat_s(to, 4, "!"), 34);
    assert_int_equal(nt_strcpy_s(NULL, 4, "x"), 22);
}

static void strings_compare_with_and_without_case(void **state)
{
    (void)state;
    assert_int_equal(nt_strcmp("abc", "abd"), -1);
    assert_int_equal(nt_strncmp("abc", "abd", 2), 0);
    assert_int_equal(nt__stricmp("KSFILTER", "ksfilter"), 0);
    assert_true(nt__wcsicmp(u"pci\\ven", u"PCI\\VEM") > 0);
    assert_int_equal(nt__wcsnicmp(u"äb", u"ÄC", 1), 0);
}

static void searches_find_first_last_and_parts(void **state)
{
    const char *text = "a\\b\\c";

    (void)state;
    assert_ptr_equal(nt_strchr(text, '\\'), text + 1);
    assert_ptr_equal(nt_strrchr(text, '\\'), text + 3);
    assert_ptr_equal(nt_strstr(text, "b\\"), text + 2);
    assert_null(nt_strstr(text, "x"));
    assert_ptr_equal(nt_strchr(text, 0), text + 5);
    assert_int_equal(nt_strcspn(text, "\\"), 1);
}

static void strncpy_fills_up_with_zeros(void **state)
{
    char to[6] = "zzzzz";

    (void)state;
    nt_strncpy(to, "ab", 4);
    assert_memory_equal(to, "ab\0\0z", 6);
}

static void numbers_are_read_to_the_first_strange_character(void **state)
{
    char *end;

    (void)state;
    assert_int_equal(nt_atoi(" -12x"), -12);
    assert_int_equal(nt_strtoul("0x1Fg", &end, 0), 31);
    assert_string_equal(end, "g");
    assert_int_equal(nt_strtol("99999999999", NULL, 10), INT32_MAX);
    assert_int_equal(nt_strtol("-99999999999", NULL, 10), INT32_MIN);
    assert_int_equal(nt_strtoul("4294967296", NULL, 10), UINT32_MAX);
    assert_true(nt__strtoui64("18446744073709551615", NULL, 10) == UINT64_MAX);
    assert_int_equal(nt_wcstoul(u"017", NULL, 0), 15);
}

static void numbers_are_written_in_any_base(void **state)
{
    char text[70];

    (void)state;
    assert_string_equal(nt__itoa(-255, text, 16), "ffffff01");
    assert_string_equal(nt__itoa(-255, text, 10), "-255");
    assert_string_equal(nt__i64toa(INT64_MIN, text, 10), "-9223372036854775808");
    assert_int_equal(nt__itoa_s(1000, text, 4, 10), 34);
    assert_int_equal(nt__itoa_s(1, text, 4, 99), 22);
}

static int NTCDECL compare_ints(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void qsort_sorts_and_bsearch_finds(void **state)
{
    int items[101];
    int i;

    (void)state;
    for (i = 0; i < 101; i++)
        items[i] = i * 37 % 101;
    nt_qsort(items, 101, sizeof items[0], compare_ints);
    for (i = 0; i < 101; i++)
        assert_int_equal(items[i], i);
    i = 64;
    assert_ptr_equal(nt_bsearch(&i, items, 101, sizeof items[0], compare_ints), &items[64]);
    i = 101;
    assert_null(nt_bsearch(&i, items, 101, sizeof items[0], compare_ints));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_that_overlap_are_right),
        cmocka_unit_test(secure_copies_refuse_and_clear),
        cmocka_unit_test(strings_compare_with_and_without_case),
        cmocka_unit_test(searches_find_first_last_and_parts),
        cmocka_unit_test(strncpy_fills_up_with_zeros),
        cmocka_unit_test(numbers_are_read_to_the_first_strange_character),
        cmocka_unit_test(numbers_are_written_in_any_base),
        cmocka_unit_test(qsort_sorts_and_bsearch_finds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
