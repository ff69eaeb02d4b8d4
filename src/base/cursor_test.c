/* SPDX-License-Identifier: MIT */
#include "base/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 'a', 'b', 0, 'c' };

static struct cursor at(uint64_t offset)
{
    struct cursor cursor;

    cursor_init(&cursor, bytes, sizeof(bytes));
    assert_true(cursor_seek(&cursor, offset));
    return cursor;
}

static void numbers_are_little_endian_and_need_no_alignment(void **state)
{
    struct cursor cursor = at(1);
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    (void)state;
    assert_true(cursor_u8(&cursor, &u8));
    assert_true(cursor_u16(&cursor, &u16));
    assert_true(cursor_u32(&cursor, &u32));
    assert_int_equal(u8, 2);
    assert_int_equal(u16, 0x0403);
    assert_int_equal(u32, 0x08070605);
    cursor = at(0);
    assert_true(cursor_u64(&cursor, &u64));
    assert_int_equal(u64, UINT64_C(0x0807060504030201));
}

static void a_read_past_the_end_changes_neither_cursor_nor_output(void **state)
{
    struct cursor cursor = at(sizeof(bytes) - 3);
    uint32_t value = 99;

    (void)state;
    assert_false(cursor_u32(&cursor, &value));
    assert_int_equal(value, 99);
    assert_int_equal(cursor.offset, sizeof(bytes) - 3);
    assert_int_equal(cursor_remaining(&cursor), 3);
}

static void seeking_and_skipping_refuse_what_lies_outside(void **state)
{
    struct cursor cursor = at(4);

    (void)state;
    assert_false(cursor_seek(&cursor, sizeof(bytes) + 1));
    assert_false(cursor_skip(&cursor, UINT64_MAX));
    assert_int_equal(cursor.offset, 4);
    assert_true(cursor_skip(&cursor, sizeof(bytes) - 4));
    assert_int_equal(cursor_remaining(&cursor), 0);
}

static void a_string_must_end_within_its_limit(void **state)
{
    struct cursor cursor = at(8);
    const char *string;

    (void)state;
    assert_false(cursor_string(&cursor, 2, &string));
    assert_true(cursor_string(&cursor, 3, &string));
    assert_string_equal(string, "ab");
    assert_int_equal(cursor.offset, 11);
    assert_false(cursor_string(&cursor, 100, &string));
}

static void a_sub_reader_ends_where_it_was_told_to(void **state)
{
    struct cursor cursor = at(0);
    struct cursor part;
    const uint8_t *from;

    (void)state;
    assert_true(cursor_sub(&cursor, 4, 4, &part));
    assert_true(cursor_bytes(&part, 4, &from));
    assert_int_equal(from[0], 5);
    assert_false(cursor_bytes(&part, 1, &from));
    assert_false(cursor_sub(&cursor, 4, UINT64_MAX, &part));
    assert_false(cursor_sub(&cursor, sizeof(bytes) + 1, 0, &part));
}

static void a_cursor_over_nothing_reads_nothing(void **state)
{
    struct cursor cursor;
    const char *string;
    uint8_t value;

    (void)state;
    cursor_init(&cursor, NULL, 10);
    assert_false(cursor_u8(&cursor, &value));
    assert_false(cursor_string(&cursor, 10, &string));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_little_endian_and_need_no_alignment),
        cmocka_unit_test(a_read_past_the_end_changes_neither_cursor_nor_output),
        cmocka_unit_test(seeking_and_skipping_refuse_what_lies_outside),
        cmocka_unit_test(a_string_must_end_within_its_limit),
        cmocka_unit_test(a_sub_reader_ends_where_it_was_told_to),
        cmocka_unit_test(a_cursor_over_nothing_reads_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
