/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "io/nt_test.h"
#include "rtl/crt.h"

enum { INVALID = 22, RANGE = 34, CUT = 80 };

static void characters_have_the_classes_of_ascii(void **state)
{
    static const struct {
        int NTCDECL (*is)(int character);
        const char *members;
    } classes[] = {
        {nt_isdigit, "0123456789"},
        {nt_isxdigit, "0123456789ABCDEFabcdef"},
        {nt_islower, "abcdefghijklmnopqrstuvwxyz"},
        {nt_isupper, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
        {nt_isspace, "\t\n\v\f\r "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        for (int c = 1; c < 256; c++)
            assert_int_equal(classes[i].is(c) != 0, strchr(classes[i].members, c) != NULL);
    }
    for (int c = 0; c < 256; c++)
        assert_int_equal(nt_isprint(c) != 0, c >= 0x20 && c < 0x7f);
}

static void case_is_that_of_ascii(void **state)
{
    (void)state;
    assert_int_equal(nt_toupper('z'), 'Z');
    assert_int_equal(nt_tolower('A'), 'a');
    assert_int_equal(nt_toupper('{'), '{');
    assert_int_equal(nt_tolower('@'), '@');
    assert_int_equal(nt_toupper(0xe4), 0xe4);
    assert_int_equal(nt__strnicmp("PCI\\ven", "pci\\dev", 4), 0);
    assert_true(nt__strnicmp("PCI\\ven", "pci\\dev", 5) > 0);
    assert_true(nt__strnicmp("a", "ab", 9) < 0);
}

static void strings_change_in_place(void **state)
{
    char text[] = "aBc";

    (void)state;
    assert_string_equal(nt__strlwr(text), "abc");
    assert_string_equal(nt__strupr(text), "ABC");
    assert_string_equal(nt__strrev(text), "CBA");
    assert_string_equal(nt__strnset(text, '-', 2), "--A");
    assert_string_equal(nt__strnset(text, '+', 9), "+++");
    assert_string_equal(nt__strset(text, 'x'), "xxx");
}

static void appends_and_spans_stop_where_they_are_told(void **state)
{
    char to[8] = "ab";

    (void)state;
    assert_string_equal(nt_strncat(to, "cdef", 2), "abcd");
    assert_string_equal(nt_strncat(to, "e", 5), "abcde");
    assert_int_equal(nt_strnlen("abc", 2), 2);
    assert_int_equal(nt_strnlen("abc", 5), 3);
    assert_int_equal(nt_strspn("aabbc", "ab"), 4);
    assert_int_equal(nt_strspn("xyz", "ab"), 0);
    assert_ptr_equal(nt_memchr(to, 'd', 5), to + 3);
    assert_null(nt_memchr(to, 'd', 3));
}

static void secure_functions_refuse(void **state)
{
    char to[4] = "a";

    (void)state;
    assert_int_equal(nt_strncat_s(to, 4, "bcd", 2), 0);
    assert_string_equal(to, "abc");
    assert_int_equal(nt_strncat_s(to, 4, "d", (SIZE_T)-1), CUT);
    assert_string_equal(to, "abc");
    assert_int_equal(nt_strncat_s(to, 4, "d", 1), RANGE);
    assert_string_equal(to, "");
    assert_int_equal(nt_strncat_s(to, 4, NULL, 1), INVALID);
    assert_int_equal(nt_strncat_s(NULL, 4, "d", 1), INVALID);
    memcpy(to, "wxy", 4);
    assert_int_equal(nt_memmove_s(to + 1, 3, to, 2), 0);
    assert_memory_equal(to, "wwx", 4);
    assert_int_equal(nt_memmove_s(to, 4, "12345", 5), RANGE);
    assert_memory_equal(to, "wwx", 4);
    assert_int_equal(nt_memmove_s(NULL, 4, to, 1), INVALID);
    assert_int_equal(nt_memmove_s(to, 4, NULL, 1), INVALID);
    assert_int_equal(nt_memmove_s(NULL, 0, NULL, 0), 0);
}

static void words_are_cut_one_by_one(void **state)
{
    char text[] = ",,red,,green,";
    char *context = NULL;

    (void)state;
    assert_string_equal(nt_strtok_s(text, ",", &context), "red");
    assert_string_equal(nt_strtok_s(NULL, ",", &context), "green");
    assert_null(nt_strtok_s(NULL, ",", &context));
    assert_null(nt_strtok_s(NULL, ",", &context));
}

static void numbers_of_64_bits_are_written_or_refused(void **state)
{
    char text[24];

    (void)state;
    assert_int_equal(nt_atol("  -2147483648"), INT32_MIN);
    assert_int_equal(nt__i64toa_s(INT64_MIN, text, 24, 10), 0);
    assert_string_equal(text, "-9223372036854775808");
    assert_int_equal(nt__i64toa_s(-1, text, 24, 16), 0);
    assert_string_equal(text, "ffffffffffffffff");
    assert_int_equal(nt__i64toa_s(-1, text, 16, 16), RANGE);
    assert_string_equal(text, "");
    assert_int_equal(nt__ui64toa_s(UINT64_MAX, text, 24, 10), 0);
    assert_string_equal(text, "18446744073709551615");
    assert_int_equal(nt__ui64toa_s(1, text, 24, 1), INVALID);
    assert_int_equal(nt__ui64toa_s(1, NULL, 24, 10), INVALID);
}

static void random_numbers_follow_from_their_seed(struct nt *nt)
{
    int first[4];

    (void)nt;
    nt_srand(7);
    for (unsigned i = 0; i < 4; i++) {
        first[i] = nt_rand();
        assert_true(first[i] >= 0);
        assert_true(first[i] <= 32767);
    }
    nt_srand(7);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(nt_rand(), first[i]);
    nt_srand(8);
    assert_int_not_equal(nt_rand(), first[0]);
}
NT_TEST(random_numbers_follow_from_their_seed)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_have_the_classes_of_ascii),
        cmocka_unit_test(case_is_that_of_ascii),
        cmocka_unit_test(strings_change_in_place),
        cmocka_unit_test(appends_and_spans_stop_where_they_are_told),
        cmocka_unit_test(secure_functions_refuse),
        cmocka_unit_test(words_are_cut_one_by_one),
        cmocka_unit_test(numbers_of_64_bits_are_written_or_refused),
        cmocka_unit_test(test_random_numbers_follow_from_their_seed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
