/* SPDX-License-Identifier: MIT */
/* Counted strings: what changes case, compares, appends and converts, with what does not fit. */
#include "io/nt_test.h"

static ANSI_STRING ansi(char *text)
{
    ANSI_STRING string;

    RtlInitString(&string, text);
    return string;
}

static void a_string_too_long_for_its_length_is_refused(struct nt *nt)
{
    static WCHAR endless[0x8001];
    UNICODE_STRING string;

    (void)nt;
    assert_int_equal(RtlInitUnicodeStringEx(&string, u"abc"), STATUS_SUCCESS);
    assert_int_equal(string.Length, 6);
    assert_int_equal(RtlInitUnicodeStringEx(&string, NULL), STATUS_SUCCESS);
    assert_null(string.Buffer);
    for (unsigned i = 0; i < 0x8000; i++)
        endless[i] = 'x';
    assert_int_equal(RtlInitUnicodeStringEx(&string, endless), STATUS_NAME_TOO_LONG);
}

static void a_duplicate_has_a_buffer_of_its_own(struct nt *nt)
{
    UNICODE_STRING from = nt_string(u"abc"), empty = {0}, to;

    (void)nt;
    assert_int_equal(RtlDuplicateUnicodeString(1, &from, &to), STATUS_SUCCESS);
    assert_true(to.Buffer != from.Buffer);
    assert_true(RtlEqualUnicodeString(&from, &to, FALSE));
    RtlFreeUnicodeString(&to);
    assert_null(to.Buffer);
    assert_int_equal(RtlDuplicateUnicodeString(1, &empty, &to), STATUS_SUCCESS);
    assert_null(to.Buffer);
    assert_int_equal(RtlDuplicateUnicodeString(3, &empty, &to), STATUS_SUCCESS);
    assert_non_null(to.Buffer);
    RtlFreeUnicodeString(&to);
    assert_int_equal(RtlDuplicateUnicodeString(2, &from, &to), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlDuplicateUnicodeString(4, &from, &to), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlDuplicateUnicodeString(1, NULL, &to), STATUS_INVALID_PARAMETER);
}

static void strings_that_cannot_be_are_invalid(struct nt *nt)
{
    WCHAR text[4];
    UNICODE_STRING string = {.Length = 6, .MaximumLength = 8, .Buffer = text};

    (void)nt;
    assert_int_equal(RtlValidateUnicodeString(0, &string), STATUS_SUCCESS);
    assert_int_equal(RtlValidateUnicodeString(0, NULL), STATUS_SUCCESS);
    assert_int_equal(RtlValidateUnicodeString(1, &string), STATUS_INVALID_PARAMETER);
    string.Length = 5;
    assert_int_equal(RtlValidateUnicodeString(0, &string), STATUS_INVALID_PARAMETER);
    string.Length = 10;
    assert_int_equal(RtlValidateUnicodeString(0, &string), STATUS_INVALID_PARAMETER);
    string.Length = 6;
    string.Buffer = NULL;
    assert_int_equal(RtlValidateUnicodeString(0, &string), STATUS_INVALID_PARAMETER);
}

static void narrow_strings_compare_copy_and_grow(struct nt *nt)
{
    char buffer[5];
    STRING to = {.MaximumLength = sizeof buffer, .Buffer = buffer};
    STRING abc = ansi("abc"), upper = ansi("ABC"), longer = ansi("abcdef");

    (void)nt;
    assert_true(RtlCompareString(&abc, &upper, FALSE) > 0);
    assert_int_equal(RtlCompareString(&abc, &upper, TRUE), 0);
    assert_true(RtlCompareString(&abc, &longer, FALSE) < 0);
    assert_true(RtlEqualString(&abc, &upper, TRUE));
    assert_false(RtlEqualString(&abc, &longer, TRUE));
    RtlCopyString(&to, &longer);
    assert_int_equal(to.Length, 5);
    RtlCopyString(&to, NULL);
    assert_int_equal(to.Length, 0);
    assert_int_equal(RtlAppendStringToString(&to, &abc), STATUS_SUCCESS);
    assert_int_equal(RtlAppendStringToString(&to, &abc), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(to.Length, 3);
    RtlUpperString(&to, &longer);
    assert_memory_equal(buffer, "ABCDE", 5);
    assert_int_equal(RtlUpperChar('a'), 'A');
    assert_int_equal(RtlUpperChar('1'), '1');
}

static void wide_strings_change_case_where_there_is_room(struct nt *nt)
{
    WCHAR buffer[2];
    UNICODE_STRING from = nt_string(u"\u00e4B1"), to, small = {0, sizeof buffer, buffer};

    (void)nt;
    assert_int_equal(RtlUpcaseUnicodeString(&to, &from, TRUE), STATUS_SUCCESS);
    assert_memory_equal(to.Buffer, u"\u00c4B1", 6);
    RtlFreeUnicodeString(&to);
    assert_int_equal(RtlDowncaseUnicodeString(&to, &from, TRUE), STATUS_SUCCESS);
    assert_memory_equal(to.Buffer, u"\u00e4b1", 6);
    RtlFreeUnicodeString(&to);
    assert_int_equal(RtlUpcaseUnicodeString(&small, &from, FALSE), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(RtlDowncaseUnicodeString(&small, &from, FALSE), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(RtlUpcaseUnicodeChar('q'), 'Q');
    assert_int_equal(RtlDowncaseUnicodeChar('Q'), 'q');
}

static void characters_without_a_string_compare_by_their_counts(struct nt *nt)
{
    (void)nt;
    assert_int_equal(RtlCompareUnicodeStrings(u"abX", 2, u"abY", 2, FALSE), 0);
    assert_true(RtlCompareUnicodeStrings(u"ab", 2, u"abc", 3, FALSE) < 0);
    assert_int_equal(RtlCompareUnicodeStrings(u"AB", 2, u"ab", 2, TRUE), 0);
    assert_true(RtlCompareUnicodeStrings(u"AB", 2, u"ab", 2, FALSE) < 0);
}

static void appending_a_string_stops_at_the_buffer(struct nt *nt)
{
    WCHAR buffer[4];
    UNICODE_STRING to = {0, sizeof buffer, buffer}, ab = nt_string(u"ab");

    (void)nt;
    assert_int_equal(RtlAppendUnicodeStringToString(&to, &ab), STATUS_SUCCESS);
    assert_int_equal(buffer[2], 0);
    assert_int_equal(RtlAppendUnicodeStringToString(&to, &ab), STATUS_SUCCESS);
    assert_int_equal(to.Length, 8);
    assert_int_equal(RtlAppendUnicodeStringToString(&to, &ab), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(to.Length, 8);
}

static void hashes_take_the_documented_algorithms(struct nt *nt)
{
    UNICODE_STRING lower = nt_string(u"pin"), upper = nt_string(u"PIN");
    ULONG hash = 0, other = 0;

    (void)nt;
    assert_int_equal(RtlHashUnicodeString(&lower, TRUE, 0, &hash), STATUS_SUCCESS);
    assert_int_equal(RtlHashUnicodeString(&upper, TRUE, 1, &other), STATUS_SUCCESS);
    assert_int_equal(hash, other);
    assert_int_equal(RtlHashUnicodeString(&lower, FALSE, 0, &other), STATUS_SUCCESS);
    assert_int_not_equal(hash, other);
    assert_int_equal(RtlHashUnicodeString(&lower, FALSE, 2, &other), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlHashUnicodeString(NULL, FALSE, 0, &other), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlHashUnicodeString(&lower, FALSE, 0, NULL), STATUS_INVALID_PARAMETER);
}

static void conversions_say_their_size_and_cut_what_does_not_fit(struct nt *nt)
{
    WCHAR wide[4];
    char narrow[4];
    UCHAR *at = (UCHAR *)"\x80";
    ANSI_STRING three = ansi("abc");
    UNICODE_STRING text = nt_string(u"abc");
    ULONG used = 0;

    (void)nt;
    assert_int_equal(RtlxAnsiStringToUnicodeSize(&three), 8);
    assert_int_equal(RtlxUnicodeStringToAnsiSize(&text), 4);
    assert_int_equal(RtlMultiByteToUnicodeSize(&used, "abc", 3), STATUS_SUCCESS);
    assert_int_equal(used, 6);
    assert_int_equal(RtlMultiByteToUnicodeN(wide, 8, &used, "abc", 3), STATUS_SUCCESS);
    assert_int_equal(used, 6);
    assert_int_equal(RtlMultiByteToUnicodeN(wide, 4, &used, "xyz", 3), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(used, 4);
    assert_memory_equal(wide, u"xyc", 6);
    assert_int_equal(RtlUnicodeToMultiByteSize(&used, u"abc", 6), STATUS_SUCCESS);
    assert_int_equal(used, 3);
    assert_int_equal(RtlUnicodeToMultiByteN(narrow, 4, &used, u"abc", 6), STATUS_SUCCESS);
    assert_memory_equal(narrow, "abc", 3);
    assert_int_equal(RtlUnicodeToMultiByteN(narrow, 2, NULL, u"xyz", 6), STATUS_BUFFER_OVERFLOW);
    assert_memory_equal(narrow, "xyc", 3);
    assert_int_equal(RtlAnsiCharToUnicodeChar(&at), 0x20ac);
    assert_int_equal(*at, 0);
}

NT_TEST(a_string_too_long_for_its_length_is_refused)
NT_TEST(a_duplicate_has_a_buffer_of_its_own)
NT_TEST(strings_that_cannot_be_are_invalid)
NT_TEST(narrow_strings_compare_copy_and_grow)
NT_TEST(wide_strings_change_case_where_there_is_room)
NT_TEST(characters_without_a_string_compare_by_their_counts)
NT_TEST(appending_a_string_stops_at_the_buffer)
NT_TEST(hashes_take_the_documented_algorithms)
NT_TEST(conversions_say_their_size_and_cut_what_does_not_fit)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_string_too_long_for_its_length_is_refused),
        cmocka_unit_test(test_a_duplicate_has_a_buffer_of_its_own),
        cmocka_unit_test(test_strings_that_cannot_be_are_invalid),
        cmocka_unit_test(test_narrow_strings_compare_copy_and_grow),
        cmocka_unit_test(test_wide_strings_change_case_where_there_is_room),
        cmocka_unit_test(test_characters_without_a_string_compare_by_their_counts),
        cmocka_unit_test(test_appending_a_string_stops_at_the_buffer),
        cmocka_unit_test(test_hashes_take_the_documented_algorithms),
        cmocka_unit_test(test_conversions_say_their_size_and_cut_what_does_not_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
