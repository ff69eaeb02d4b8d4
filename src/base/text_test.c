/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void writes_append_and_the_text_stays_terminated(void **state)
{
    struct text text;

    (void)state;
    text_init(&text);
    assert_string_equal(text_get(&text), "");
    text_string(&text, "frame ");
    text_printf(&text, "%d of %s", 17, "300");
    text_char(&text, '.');
    text_repeat(&text, '-', 3);
    assert_string_equal(text_get(&text), "frame 17 of 300.---");
    assert_int_equal(text.length, 19);
    assert_int_equal(text_error(&text), 0);
    text_clear(&text);
    assert_string_equal(text_get(&text), "");
    text_fini(&text);
}

static void a_long_text_grows_as_it_must(void **state)
{
    struct text text;

    (void)state;
    text_init(&text);
    for (int i = 0; i < 10000; i++)
        text_printf(&text, "%05d", i);
    assert_int_equal(text.length, 50000);
    assert_memory_equal(text_get(&text) + 49995, "09999", 6);
    text_fini(&text);
}

static void the_first_error_sticks_and_later_writes_do_nothing(void **state)
{
    struct text text;

    (void)state;
    text_init(&text);
    text_string(&text, "kept");
    text_repeat(&text, 'x', SIZE_MAX - 2);
    assert_int_equal(text_error(&text), -ENOMEM);
    text_string(&text, "more");
    assert_string_equal(text_get(&text), "kept");
    assert_null(text_take(&text));
}

static void taking_hands_over_the_buffer(void **state)
{
    struct text text;
    char *taken;

    (void)state;
    text_init(&text);
    text_string(&text, "mine");
    taken = text_take(&text);
    assert_string_equal(taken, "mine");
    free(taken);
    taken = text_take(&text);
    assert_string_equal(taken, "");
    free(taken);
    text_fini(&text);
}

static void what_is_shown_is_valid_utf8_without_controls(void **state)
{
    struct text text;

    (void)state;
    text_init(&text);
    text_shown(&text, "a\x1b[2J\n\x7F|\xC3\xA4\xE2\x82\xAC|\xC0\x80|\xF0\x9F");
    assert_string_equal(text_get(&text), "a [2J  |\xC3\xA4\xE2\x82\xAC|??|??");
    text_fini(&text);
}

static void check_json(const char *bytes, size_t count, const char *expected)
{
    struct text text;

    text_init(&text);
    text_json_bytes(&text, bytes, count);
    assert_string_equal(text_get(&text), expected);
    text_fini(&text);
}

static void json_strings_escape_quotes_controls_and_nul(void **state)
{
    (void)state;
    check_json("", 0, "\"\"");
    check_json("a\"b\\c\n\t\r", 8, "\"a\\\"b\\\\c\\n\\t\\r\"");
    check_json("\0\x1F\x7F", 3, "\"\\u0000\\u001f\\u007f\"");
}

static void json_strings_keep_valid_utf8_and_replace_the_rest(void **state)
{
    (void)state;
    check_json("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x8E\xA5", 9,
               "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x8E\xA5\"");
    check_json("\xC0\x80", 2, "\"\\ufffd\\ufffd\"");
    check_json("\xED\xA0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\"");
    check_json("\xF4\x90\x80\x80", 4, "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
    check_json("\xE2\x82", 2, "\"\\ufffd\\ufffd\"");
    check_json("\xC3" "a", 2, "\"\\ufffda\"");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_append_and_the_text_stays_terminated),
        cmocka_unit_test(a_long_text_grows_as_it_must),
        cmocka_unit_test(the_first_error_sticks_and_later_writes_do_nothing),
        cmocka_unit_test(taking_hands_over_the_buffer),
        cmocka_unit_test(what_is_shown_is_valid_utf8_without_controls),
        cmocka_unit_test(json_strings_escape_quotes_controls_and_nul),
        cmocka_unit_test(json_strings_keep_valid_utf8_and_replace_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
