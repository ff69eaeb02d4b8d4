/* SPDX-License-Identifier: MIT */
/* The printf family by its faces: which of them cut, refuse and terminate. What directives mean is
 * format_test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtl/crt.h"

#define WITH_LIST(call)                                                                            \
    NT_VA_LIST list;                                                                               \
    int result;                                                                                    \
                                                                                                   \
    NT_VA_START(list, format);                                                                     \
    result = call;                                                                                 \
    NT_VA_END(list);                                                                               \
    return result

static int NTCDECL by_list(char *to, const char *format, ...)
{
    WITH_LIST(nt_vsprintf(to, format, list));
}

static int NTCDECL by_list_n(char *to, SIZE_T room, const char *format, ...)
{
    WITH_LIST(nt__vsnprintf(to, room, format, list));
}

static int NTCDECL by_list_s(char *to, SIZE_T room, const char *format, ...)
{
    WITH_LIST(nt_vsprintf_s(to, room, format, list));
}

static int NTCDECL by_list_ns(char *to, SIZE_T room, SIZE_T count, const char *format, ...)
{
    WITH_LIST(nt__vsnprintf_s(to, room, count, format, list));
}

static int NTCDECL wide_by_list_n(WCHAR *to, SIZE_T room, const WCHAR *format, ...)
{
    WITH_LIST(nt__vsnwprintf(to, room, format, list));
}

static int NTCDECL wide_by_list_s(WCHAR *to, SIZE_T room, const WCHAR *format, ...)
{
    WITH_LIST(nt_vswprintf_s(to, room, format, list));
}

static int NTCDECL wide_by_list_ns(WCHAR *to, SIZE_T room, SIZE_T count, const WCHAR *format, ...)
{
    WITH_LIST(nt__vsnwprintf_s(to, room, count, format, list));
}

static void expect(const WCHAR *got, const WCHAR *wanted)
{
    assert_int_equal(nt_wcscmp(got, wanted), 0);
}

static void plain_ones_write_what_comes(void **state)
{
    char got[16];

    (void)state;
    assert_int_equal(nt_sprintf(got, "%d-%s", 7, "x"), 3);
    assert_string_equal(got, "7-x");
    assert_int_equal(by_list(got, "%x", 255), 2);
    assert_string_equal(got, "ff");
}

static void counted_ones_leave_the_terminator_out_when_full(void **state)
{
    char got[5] = "zzzz";
    WCHAR wide[5] = u"zzzz";

    (void)state;
    assert_int_equal(by_list_n(got, 4, "%s", "abcd"), 4);
    assert_memory_equal(got, "abcd", 5);
    assert_int_equal(by_list_n(got, 2, "%s", "xyz"), -1);
    assert_memory_equal(got, "xycd", 5);
    assert_int_equal(by_list_n(got, 5, "%s", "q"), 1);
    assert_string_equal(got, "q");
    assert_int_equal(wide_by_list_n(wide, 2, u"%s", u"xyz"), -1);
    expect(wide, u"xyzz");
    assert_int_equal(wide_by_list_n(wide, 5, u"%s", u"q"), 1);
    expect(wide, u"q");
}

static void secure_ones_refuse_what_does_not_fit(void **state)
{
    char got[4] = "zzz";
    WCHAR wide[4] = u"zzz";

    (void)state;
    assert_int_equal(by_list_s(got, 4, "%d", 123), 3);
    assert_string_equal(got, "123");
    assert_int_equal(by_list_s(got, 4, "%d", 1234), -1);
    assert_string_equal(got, "");
    assert_int_equal(by_list_s(NULL, 4, "%d", 1), -1);
    assert_int_equal(wide_by_list_s(wide, 4, u"%d", 123), 3);
    expect(wide, u"123");
    assert_int_equal(nt_swprintf_s(wide, 4, u"%d", 1234), -1);
    expect(wide, u"");
    assert_int_equal(wide_by_list_s(wide, 0, u"%d", 1), -1);
}

static void secure_counted_ones_cut_at_the_count(void **state)
{
    char got[4] = "zzz";
    WCHAR wide[4] = u"zzz";

    (void)state;
    assert_int_equal(by_list_ns(got, 4, 2, "%s", "abc"), -1);
    assert_string_equal(got, "ab");
    assert_int_equal(by_list_ns(got, 4, (SIZE_T)-1, "%s", "abcdef"), -1);
    assert_string_equal(got, "abc");
    assert_int_equal(by_list_ns(got, 4, 4, "%s", "abcdef"), -1);
    assert_string_equal(got, "");
    assert_int_equal(wide_by_list_ns(wide, 4, 2, u"%s", u"abc"), -1);
    expect(wide, u"ab");
    assert_int_equal(nt__snwprintf_s(wide, 4, (SIZE_T)-1, u"%s", u"abcdef"), -1);
    expect(wide, u"abc");
    assert_int_equal(nt__snwprintf_s(wide, 4, 3, u"%s", u"ab"), 2);
    expect(wide, u"ab");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_ones_write_what_comes),
        cmocka_unit_test(counted_ones_leave_the_terminator_out_when_full),
        cmocka_unit_test(secure_ones_refuse_what_does_not_fit),
        cmocka_unit_test(secure_counted_ones_cut_at_the_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
