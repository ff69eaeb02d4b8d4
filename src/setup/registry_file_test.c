/* SPDX-License-Identifier: MIT */
#include "setup/setup_test.h"

#define HEAD "Windows Registry Editor Version 5.00\r\n\r\n"

static void refuses(const char *text, unsigned line, const char *words)
{
    struct setup_changes changes;
    struct setup_error error;

    assert_int_equal(setup_registry_parse(text, strlen(text), &changes, &error), -EINVAL);
    if (error.line != line || strstr(error.text, words) == NULL)
        fail_msg("line %u: %s", error.line, error.text);
}

static void every_kind_of_line_is_read(void **state)
{
    static const char text[] =
        HEAD "; a comment\r\n"
             "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Vendor [x]]\r\n"
             "@=\"default\"\r\n"
             "\"Path\"=\"C:\\\\Dir \\\"q\\\"\"\r\n"
             "\"Number\"=dword:0000002a\r\n"
             "\"Bytes\"=hex:01,02,\\\r\n  fe\r\n"
             "\"List\"=hex(7):61,00,00,00,00,00\r\n"
             "\"Wide\"=hex(b):01,00,00,00,00,00,00,80\r\n"
             "\"Empty\"=hex:\r\n"
             "\"Gone\"=-\r\n"
             "\r\n[-HKEY_LOCAL_MACHINE\\Software\\Old]\r\n"
             "[HKEY_CURRENT_USER\\Mine]\r\n"
             "[HKR\\Sub]\r\n\"Own\"=dword:1\r\n"
             "[HKR.HW]\r\n[HKR.Services\\Parameters]\r\n\"Depth\"=dword:c";
    struct setup_changes changes;
    struct setup_error error;
    const struct setup_change *change;

    (void)state;
    assert_int_equal(setup_registry_parse(text, sizeof text - 1, &changes, &error), 0);
#define IN "SOFTWARE\\Vendor [x]"
    assert_wide(change_of(&changes, SETUP_MACHINE, IN, "Path")->data, "C:\\Dir \"q\"");
    change = change_of(&changes, SETUP_MACHINE, IN, "Number");
    assert_int_equal(change->type, SETUP_DWORD);
    assert_memory_equal(change->data, "\x2a\0\0\0", 4);
    change = change_of(&changes, SETUP_MACHINE, IN, "Bytes");
    assert_int_equal(change->size_bytes, 3);
    assert_int_equal(change->data[2], 0xFE);
    change = change_of(&changes, SETUP_MACHINE, IN, "List");
    assert_int_equal(change->type, SETUP_MULTI_SZ);
    assert_int_equal(change->size_bytes, 6);
    assert_int_equal(change_of(&changes, SETUP_MACHINE, IN, "Wide")->type, SETUP_QWORD);
    assert_int_equal(change_of(&changes, SETUP_MACHINE, IN, "Empty")->size_bytes, 0);
    assert_int_equal(change_of(&changes, SETUP_MACHINE, IN, "Gone")->verb, SETUP_DELETE_VALUE);
    assert_wide(change_of(&changes, SETUP_MACHINE, IN, "")->data, "default");
    assert_int_equal(change_of(&changes, SETUP_MACHINE, "Software\\Old", "")->verb,
                     SETUP_DELETE_KEY);
    assert_int_equal(change_of(&changes, SETUP_USERS, ".Default\\Mine", "")->verb, SETUP_MAKE_KEY);
    assert_int_equal(change_of(&changes, SETUP_SOFTWARE, "Sub", "Own")->data[0], 1);
    assert_int_equal(change_of(&changes, SETUP_HARDWARE, "", "")->verb, SETUP_MAKE_KEY);
    assert_int_equal(change_of(&changes, SETUP_SERVICE, "Parameters", "Depth")->data[0], 12);
#undef IN
    setup_changes_fini(&changes);
}

static void the_old_format_has_strings_of_bytes(void **state)
{
    static const char text[] = "REGEDIT4\n[HKEY_LOCAL_MACHINE\\A]\n\"L\"=hex(7):61,00,00\n";
    struct setup_changes changes;
    struct setup_error error;

    (void)state;
    assert_int_equal(setup_registry_parse(text, sizeof text - 1, &changes, &error), 0);
    assert_int_equal(change_of(&changes, SETUP_MACHINE, "A", "L")->size_bytes, 6);
    setup_changes_fini(&changes);
}

static void what_cannot_be_is_refused_with_its_line(void **state)
{
    (void)state;
    refuses("", 0, "begins with");
    refuses("[HKEY_LOCAL_MACHINE\\A]\n", 1, "begins with");
    refuses(HEAD "\"a\"=dword:1\n", 3, "below a key");
    refuses(HEAD "[HKEY_LOCAL_MACHINE\\A\n", 3, "ends in ]");
    refuses(HEAD "[HKXY\\A]\n", 3, "HKXY is no registry root");
    refuses(HEAD "[HKR]\na=1\n", 4, "wants \"name\"=data");
    refuses(HEAD "[HKR]\n\"a\n", 4, "ends in a quotation mark");
    refuses(HEAD "[HKR]\n\"a\"\"b\"\n", 4, "= follows");
    refuses(HEAD "[HKR]\n\"a\"=\"b\n", 4, "a string ends");
    refuses(HEAD "[HKR]\n\"a\"=dword:xyz\n", 4, "dword:xyz");
    refuses(HEAD "[HKR]\n\"a\"=hex(q):00\n", 4, "hex(TYPE)");
    refuses(HEAD "[HKR]\n\"a\"=hex:1,2,zz\n", 4, "no byte");
    refuses(HEAD "[HKR]\n\"a\"=word:1\n", 4, "data is");
    refuses(HEAD "[-HKR\\Sub]\n\"a\"=dword:1\n", 4, "below a key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_line_is_read),
        cmocka_unit_test(the_old_format_has_strings_of_bytes),
        cmocka_unit_test(what_cannot_be_is_refused_with_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
