/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtl/crt.h"

enum { INVALID = 22, RANGE = 34, CUT = 80 };

static void expect(const WCHAR *got, const WCHAR *wanted)
{
    assert_int_equal(nt_wcscmp(got, wanted), 0);
}

static void lengths_end_at_the_terminator_or_the_limit(void **state)
{
    (void)state;
    assert_int_equal(nt_wcslen(u""), 0);
    assert_int_equal(nt_wcslen(u"pin"), 3);
    assert_int_equal(nt_wcsnlen(u"pin", 2), 2);
    assert_int_equal(nt_wcsnlen(u"pin", 9), 3);
}

static void copies_fill_up_and_appends_terminate(void **state)
{
    WCHAR to[6] = u"zzzzz";

    (void)state;
    assert_ptr_equal(nt_wcscpy(to, u"ab"), to);
    expect(to, u"ab");
    assert_ptr_equal(nt_wcscat(to, u"c"), to);
    expect(to, u"abc");
    nt_wcsncat(to, u"defg", 2);
    expect(to, u"abcde");
    nt_wcsncpy(to, u"x", 3);
    assert_memory_equal(to, u"x\0\0de", sizeof to);
    nt_wcsncpy(to, u"123456", 2); /* no terminator of its own */
    assert_int_equal(to[1], '2');
    assert_int_equal(to[2], 0);
}

static void comparisons_look_at_units_and_stop_at_the_count(void **state)
{
    (void)state;
    assert_true(nt_wcscmp(u"a", u"b") < 0);
    assert_true(nt_wcscmp(u"\xffff", u"\x0001") > 0);
    assert_true(nt_wcscmp(u"ab", u"a") > 0);
    assert_int_equal(nt_wcsncmp(u"abc", u"abd", 2), 0);
    assert_true(nt_wcsncmp(u"abc", u"abd", 3) < 0);
    assert_int_equal(nt_wcsncmp(u"a", u"b", 0), 0);
}

static void searches_find_or_return_null(void **state)
{
    static const WCHAR text[] = u"pci\\ven\\dev";

    (void)state;
    assert_ptr_equal(nt_wcschr(text, '\\'), text + 3);
    assert_ptr_equal(nt_wcsrchr(text, '\\'), text + 7);
    assert_ptr_equal(nt_wcschr(text, 0), text + 11);
    assert_null(nt_wcschr(text, 'x'));
    assert_null(nt_wcsrchr(text, 'x'));
    assert_ptr_equal(nt_wcsstr(text, u"ven"), text + 4);
    assert_ptr_equal(nt_wcsstr(text, u""), text);
    assert_null(nt_wcsstr(text, u"vem"));
    assert_int_equal(nt_wcsspn(text, u"cip"), 3);
    assert_int_equal(nt_wcscspn(text, u"\\"), 3);
    assert_int_equal(nt_wcscspn(text, u"#"), 11);
}

static void strings_change_in_place(void **state)
{
    WCHAR text[] = u"\u00c4bC";

    (void)state;
    expect(nt__wcslwr(text), u"\u00e4bc");
    expect(nt__wcsupr(text), u"\u00c4BC");
    expect(nt__wcsrev(text), u"CB\u00c4");
    expect(nt__wcsnset(text, '-', 2), u"--\u00c4");
    expect(nt__wcsnset(text, '+', 9), u"+++");
    assert_int_equal(nt_towupper(u'\u00e4'), u'\u00c4');
    assert_int_equal(nt_towlower(u'\u00c4'), u'\u00e4');
    assert_int_equal(nt_towupper('1'), '1');
}

static void secure_copies_refuse_and_empty_the_destination(void **state)
{
    WCHAR to[4] = u"abc";

    (void)state;
    assert_int_equal(nt_wcscpy_s(to, 4, u"wxy"), 0);
    expect(to, u"wxy");
    assert_int_equal(nt_wcscpy_s(to, 4, u"wxyz"), RANGE);
    expect(to, u"");
    assert_int_equal(nt_wcscpy_s(NULL, 4, u"w"), INVALID);
    assert_int_equal(nt_wcscpy_s(to, 0, u"w"), INVALID);
    assert_int_equal(nt_wcscpy_s(to, 4, NULL), INVALID);
    assert_int_equal(nt_wcsncpy_s(to, 4, u"wxyz", 3), 0);
    expect(to, u"wxy");
    assert_int_equal(nt_wcsncpy_s(to, 4, u"wxyz", (SIZE_T)-1), CUT);
    expect(to, u"wxy");
    assert_int_equal(nt_wcsncpy_s(to, 4, u"wxyz", 4), RANGE);
    expect(to, u"");
}

static void secure_appends_refuse_and_empty_the_destination(void **state)
{
    WCHAR to[4] = u"a", full[2] = {'x', 'y'};

    (void)state;
    assert_int_equal(nt_wcscat_s(to, 4, u"bc"), 0);
    expect(to, u"abc");
    assert_int_equal(nt_wcscat_s(to, 4, u"d"), RANGE);
    expect(to, u"");
    assert_int_equal(nt_wcsncat_s(to, 4, u"wxyz", 2), 0);
    expect(to, u"wx");
    assert_int_equal(nt_wcsncat_s(to, 4, u"yz", (SIZE_T)-1), CUT);
    expect(to, u"wxy");
    assert_int_equal(nt_wcsncat_s(full, 2, u"z", 1), INVALID); /* it has no terminator */
    expect(full, u"");
    assert_int_equal(nt_wcsncat_s(NULL, 2, u"z", 1), INVALID);
}

static void the_code_page_has_a_byte_a_character(void **state)
{
    WCHAR wide[4] = u"zzz";
    char narrow[4] = "zzz";

    (void)state;
    assert_int_equal(nt_mbstowcs(wide, "\x80k", 4), 2);
    expect(wide, u"\u20ack");
    assert_int_equal(nt_mbstowcs(NULL, "abc", 0), 3);
    assert_int_equal(nt_mbstowcs(wide, "abcd", 2), 2); /* no room: no terminator */
    assert_int_equal(nt_wcstombs(narrow, u"\u20ack", 4), 2);
    assert_string_equal(narrow, "\x80k");
    assert_int_equal(nt_wcstombs(NULL, u"abc", 0), 3);
    assert_int_equal(nt_mbtowc(wide, "k", 1), 1);
    assert_int_equal(wide[0], 'k');
    assert_int_equal(nt_mbtowc(wide, "", 1), 0);
    assert_int_equal(nt_mbtowc(wide, NULL, 1), 0);
    assert_int_equal(nt_mbtowc(wide, "k", 0), 0);
    assert_int_equal(nt_wctomb(narrow, 'k'), 1);
    assert_int_equal(narrow[0], 'k');
    assert_int_equal(nt_wctomb(NULL, 'k'), 0);
}

static void wide_numbers_are_read_and_written(void **state)
{
    WCHAR text[12];

    (void)state;
    assert_int_equal(nt__wtoi(u" -12x"), -12);
    assert_int_equal(nt__wtol(u"77"), 77);
    assert_int_equal(nt__wtoi(u"x"), 0);
    expect(nt__itow(-5, text, 10), u"-5");
    expect(nt__itow(-1, text, 16), u"ffffffff");
    assert_int_equal(nt__itow_s(255, text, 12, 2), 0);
    expect(text, u"11111111");
    assert_int_equal(nt__itow_s(255, text, 8, 2), RANGE);
    expect(text, u"");
    assert_int_equal(nt__itow_s(255, text, 12, 37), INVALID);
    assert_int_equal(nt__itow_s(255, NULL, 12, 10), INVALID);
    assert_int_equal(nt__ui64tow_s(UINT64_MAX, text, 12, 36), RANGE);
    assert_int_equal(nt__ui64tow_s(1234567890123, text, 12, 16), 0);
    expect(text, u"11f71fb04cb");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_end_at_the_terminator_or_the_limit),
        cmocka_unit_test(copies_fill_up_and_appends_terminate),
        cmocka_unit_test(comparisons_look_at_units_and_stop_at_the_count),
        cmocka_unit_test(searches_find_or_return_null),
        cmocka_unit_test(strings_change_in_place),
        cmocka_unit_test(secure_copies_refuse_and_empty_the_destination),
        cmocka_unit_test(secure_appends_refuse_and_empty_the_destination),
        cmocka_unit_test(the_code_page_has_a_byte_a_character),
        cmocka_unit_test(wide_numbers_are_read_and_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
