/* SPDX-License-Identifier: MIT */
#include "io/nt_test.h"

static void strings_are_counted_in_bytes(struct nt *nt)
{
    WCHAR text[] = u"abc";
    UNICODE_STRING string;
    ANSI_STRING ansi;

    (void)nt;
    RtlInitUnicodeString(&string, text);
    assert_int_equal(string.Length, 6);
    assert_int_equal(string.MaximumLength, 8);
    RtlInitUnicodeString(&string, NULL);
    assert_int_equal(string.MaximumLength, 0);
    RtlInitAnsiString(&ansi, "abcd");
    assert_int_equal(ansi.Length, 4);
}

static void copying_and_appending_stop_at_the_buffer(struct nt *nt)
{
    WCHAR buffer[5] = u"zzzz";
    UNICODE_STRING to;
    UNICODE_STRING from = nt_string(u"abcdef");

    (void)nt;
    RtlInitEmptyUnicodeString(&to, buffer, sizeof buffer);
    RtlCopyUnicodeString(&to, &from);
    assert_int_equal(to.Length, 10);
    to.Length = 4;
    assert_int_equal(RtlAppendUnicodeToString(&to, u"xyz!"), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(to.Length, 4);
    assert_int_equal(RtlAppendUnicodeToString(&to, u"xy"), STATUS_SUCCESS);
    assert_memory_equal(buffer, u"abxy", 10); /* with its terminator */
}

static void case_can_be_ignored(struct nt *nt)
{
    UNICODE_STRING a = nt_string(u"\\Device\\Grün");
    UNICODE_STRING b = nt_string(u"\\DEVICE\\GRÜN");
    UNICODE_STRING prefix = nt_string(u"\\device");

    (void)nt;
    assert_true(RtlEqualUnicodeString(&a, &b, TRUE));
    assert_false(RtlEqualUnicodeString(&a, &b, FALSE));
    assert_true(RtlPrefixUnicodeString(&prefix, &a, TRUE));
    assert_false(RtlPrefixUnicodeString(&a, &prefix, TRUE));
    assert_true(RtlCompareUnicodeString(&prefix, &a, TRUE) < 0);
}

static void ansi_and_unicode_convert_both_ways(struct nt *nt)
{
    ANSI_STRING ansi, back;
    UNICODE_STRING wide;
    char narrow_room[3];

    (void)nt;
    RtlInitAnsiString(&ansi, "caf\xe9 \x80");
    assert_int_equal(RtlAnsiStringToUnicodeString(&wide, &ansi, TRUE), STATUS_SUCCESS);
    assert_memory_equal(wide.Buffer, u"café €", 14);
    assert_int_equal(RtlUnicodeStringToAnsiString(&back, &wide, TRUE), STATUS_SUCCESS);
    assert_string_equal(back.Buffer, "caf\xe9 \x80");
    RtlFreeAnsiString(&back);
    back = (ANSI_STRING){0, 3, narrow_room};
    assert_int_equal(RtlUnicodeStringToAnsiString(&back, &wide, FALSE), STATUS_BUFFER_OVERFLOW);
    assert_string_equal(back.Buffer, "ca");
    RtlFreeUnicodeString(&wide);
    assert_null(wide.Buffer);
}

static void utf8_replaces_what_is_broken(struct nt *nt)
{
    WCHAR wide[8];
    char narrow[16];
    ULONG used;

    (void)nt;
    assert_int_equal(RtlUnicodeToUTF8N(narrow, sizeof narrow, &used, u"a€\U0001F600", 8),
                     STATUS_SUCCESS);
    assert_int_equal(used, 8);
    assert_memory_equal(narrow, "a\xe2\x82\xac\xf0\x9f\x98\x80", 8);
    assert_int_equal(RtlUTF8ToUnicodeN(wide, sizeof wide, &used, narrow, 8), STATUS_SUCCESS);
    assert_int_equal(used, 8);
    assert_memory_equal(wide, u"a€\U0001F600", 8);
    assert_int_equal(RtlUTF8ToUnicodeN(wide, sizeof wide, &used, "a\xff" "b", 3),
                     STATUS_SOME_NOT_MAPPED);
    assert_int_equal(wide[1], 0xFFFD);
    assert_int_equal(RtlUTF8ToUnicodeN(wide, 2, &used, "ab", 2), STATUS_BUFFER_TOO_SMALL);
}

static void strings_of_utf8_are_counted(struct nt *nt)
{
    static char long_text[0x10000];
    UNICODE_STRING wide, back = {0};
    char room[6];
    UTF8_STRING narrow = {.MaximumLength = sizeof room, .Buffer = room};
    UTF8_STRING nothing = {0};

    (void)nt;
    RtlInitUnicodeString(&wide, u"a€😀");
    assert_int_equal(RtlUnicodeStringToUTF8String(&narrow, &wide, FALSE), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(narrow.Length, 4); /* whole characters */
    assert_int_equal(RtlUnicodeStringToUTF8String(&nothing, &wide, FALSE),
                     STATUS_INVALID_PARAMETER_1);
    assert_int_equal(RtlUnicodeStringToUTF8String(&narrow, &wide, TRUE), STATUS_SUCCESS);
    assert_int_equal(narrow.Length, 8);
    assert_memory_equal(narrow.Buffer, "a\xe2\x82\xac\xf0\x9f\x98\x80", 8);
    assert_int_equal(RtlUTF8StringToUnicodeString(&back, &narrow, FALSE), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(RtlUTF8StringToUnicodeString(&back, &narrow, TRUE), STATUS_SUCCESS);
    assert_int_equal(back.Length, 8);
    assert_memory_equal(back.Buffer, u"a€😀", 10);
    RtlFreeUnicodeString(&back);
    RtlFreeUTF8String(&narrow);
    assert_null(narrow.Buffer);
    RtlInitUnicodeString(&wide, u"\xD800!");
    assert_int_equal(RtlUnicodeStringToUTF8String(&narrow, &wide, TRUE), STATUS_SOME_NOT_MAPPED);
    RtlFreeUTF8String(&narrow);
    RtlInitUTF8String(&narrow, "text");
    assert_int_equal(narrow.Length, 4);
    assert_int_equal(RtlInitUTF8StringEx(&narrow, NULL), STATUS_SUCCESS);
    assert_int_equal(narrow.MaximumLength, 0);
    memset(long_text, 'x', sizeof long_text - 1);
    assert_int_equal(RtlInitUTF8StringEx(&narrow, long_text), STATUS_NAME_TOO_LONG);
    assert_null(narrow.Buffer);
}

static void guids_are_spelt_and_read_back(struct nt *nt)
{
    static const GUID guid = {0x65e8773d, 0x8f56, 0x11d0,
                              {0xa3, 0xb9, 0x00, 0xa0, 0xc9, 0x22, 0x31, 0x96}};
    UNICODE_STRING text;
    GUID back;

    (void)nt;
    assert_int_equal(RtlStringFromGUID(&guid, &text), STATUS_SUCCESS);
    assert_memory_equal(text.Buffer, u"{65E8773D-8F56-11D0-A3B9-00A0C9223196}", 78);
    assert_int_equal(RtlGUIDFromString(&text, &back), STATUS_SUCCESS);
    assert_true(IsEqualGUID(&guid, &back));
    text.Buffer[9] = '+';
    assert_int_equal(RtlGUIDFromString(&text, &back), STATUS_INVALID_PARAMETER);
    RtlFreeUnicodeString(&text);
}

static void integers_convert_in_four_bases(struct nt *nt)
{
    WCHAR buffer[12];
    UNICODE_STRING string;
    UNICODE_STRING hex = nt_string(u"0x1F rest");
    ULONG value;

    (void)nt;
    RtlInitEmptyUnicodeString(&string, buffer, sizeof buffer);
    assert_int_equal(RtlIntegerToUnicodeString(255, 16, &string), STATUS_SUCCESS);
    assert_memory_equal(buffer, u"FF", 6);
    assert_int_equal(RtlIntegerToUnicodeString(255, 7, &string), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlIntegerToUnicodeString(UINT32_MAX, 2, &string), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(RtlUnicodeStringToInteger(&hex, 0, &value), STATUS_SUCCESS);
    assert_int_equal(value, 31);
}

static void debug_output_is_an_event_and_its_text(struct nt *nt)
{
    uint64_t prints, texts;

    world_drain(&nt->world);
    prints = nt->world.events[TRACE_debug_print];
    texts = nt->world.events[TRACE_text];
    DbgPrint("frame %d of %s\n", 7, "grabber");
    world_drain(&nt->world);
    assert_int_equal(nt->world.events[TRACE_debug_print], prints + 1);
    assert_int_equal(nt->world.events[TRACE_text], texts + 1);
}

static void the_version_is_the_same_everywhere(struct nt *nt)
{
    RTL_OSVERSIONINFOEXW info = {.dwOSVersionInfoSize = sizeof info};
    RTL_OSVERSIONINFOEXW wanted = {.dwMajorVersion = 6, .dwMinorVersion = 1};
    ULONG major, minor, build;
    ULONGLONG mask = VerSetConditionMask(0, VER_MAJORVERSION, VER_GREATER_EQUAL);

    (void)nt;
    mask = VerSetConditionMask(mask, VER_MINORVERSION, VER_GREATER_EQUAL);
    assert_int_equal(RtlGetVersion((PRTL_OSVERSIONINFOW)&info), STATUS_SUCCESS);
    assert_false(PsGetVersion(&major, &minor, &build, NULL));
    assert_int_equal(info.dwMajorVersion, 10);
    assert_int_equal(info.dwBuildNumber, build);
    assert_int_equal(RtlVerifyVersionInfo(&wanted, VER_MAJORVERSION | VER_MINORVERSION, mask),
                     STATUS_SUCCESS);
    wanted.dwMajorVersion = 11;
    assert_int_equal(RtlVerifyVersionInfo(&wanted, VER_MAJORVERSION | VER_MINORVERSION, mask),
                     STATUS_REVISION_MISMATCH);
    assert_true(RtlIsNtDdiVersionAvailable(0x06010000));
    assert_false(RtlIsNtDdiVersionAvailable(0x0B000000));
    info.dwOSVersionInfoSize = 5;
    assert_int_equal(RtlGetVersion((PRTL_OSVERSIONINFOW)&info), STATUS_INVALID_PARAMETER);
}

NT_TEST(strings_are_counted_in_bytes)
NT_TEST(copying_and_appending_stop_at_the_buffer)
NT_TEST(case_can_be_ignored)
NT_TEST(ansi_and_unicode_convert_both_ways)
NT_TEST(utf8_replaces_what_is_broken)
NT_TEST(strings_of_utf8_are_counted)
NT_TEST(guids_are_spelt_and_read_back)
NT_TEST(integers_convert_in_four_bases)
NT_TEST(debug_output_is_an_event_and_its_text)
NT_TEST(the_version_is_the_same_everywhere)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings_are_counted_in_bytes),
        cmocka_unit_test(test_copying_and_appending_stop_at_the_buffer),
        cmocka_unit_test(test_case_can_be_ignored),
        cmocka_unit_test(test_ansi_and_unicode_convert_both_ways),
        cmocka_unit_test(test_utf8_replaces_what_is_broken),
        cmocka_unit_test(test_strings_of_utf8_are_counted),
        cmocka_unit_test(test_guids_are_spelt_and_read_back),
        cmocka_unit_test(test_integers_convert_in_four_bases),
        cmocka_unit_test(test_debug_output_is_an_event_and_its_text),
        cmocka_unit_test(test_the_version_is_the_same_everywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
