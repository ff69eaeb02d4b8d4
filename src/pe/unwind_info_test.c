/* SPDX-License-Identifier: MIT */
#include "pe/pe_test.h"
#include "pe/unwind_info.h"

/* Decodes a copy of exactly count bytes, so that reading past the end is caught. */
static const char *decode(const void *bytes, size_t count, struct unwind_info *info)
{
    uint8_t *copy = malloc(count != 0 ? count : 1);
    struct cursor cursor;
    const char *wrong;

    assert_non_null(copy);
    memcpy(copy, bytes, count);
    cursor_init(&cursor, copy, count);
    wrong = unwind_info_decode(cursor, info);
    free(copy);
    return wrong;
}

static void must_decode(const uint8_t *bytes, size_t count, struct unwind_info *info)
{
    struct cursor cursor;

    cursor_init(&cursor, bytes, count);
    assert_null(unwind_info_decode(cursor, info));
}

static void the_header_gives_prologue_frame_and_flags(void **state)
{
    static const uint8_t bytes[] = { 0x0A, 9, 1, 0x25, 9, 0x03, 0, 0, 0x78, 0x56, 0, 0 };
    struct unwind_info info;

    (void)state;
    must_decode(bytes, sizeof(bytes), &info);
    assert_int_equal(info.version, 2);
    assert_int_equal(info.flags, UNWIND_FLAG_EHANDLER);
    assert_int_equal(info.prologue_bytes, 9);
    assert_int_equal(info.frame_register, PE_RBP);
    assert_int_equal(info.frame_offset_bytes, 32);
    assert_int_equal(info.handler_rva, 0x5678);
    assert_int_equal(info.handler_data, 12);
}

static void every_code_gives_its_operand(void **state)
{
    static const uint8_t bytes[] = {
        0x02, 40, 20, 0x05,
        2, 0x06,                            /* epilog, version 2 */
        40, 0x1A,                           /* machine frame with error code */
        36, 0x69, 0x78, 0x56, 0x34, 0x12,   /* xmm6 far */
        32, 0x78, 0x03, 0x00,               /* xmm7 at 3 * 16 */
        28, 0xC5, 0x00, 0x00, 0x01, 0x00,   /* r12 far */
        24, 0xD4, 0x05, 0x00,               /* r13 at 5 * 8 */
        20, 0x03,                           /* set frame register */
        16, 0x42,                           /* 40 bytes */
        12, 0x11, 0x00, 0x00, 0x02, 0x00,   /* 128 KB */
        8, 0x01, 0x00, 0x20,                /* 64 KB */
        1, 0x50,                            /* push rbp */
    };
    static const struct unwind_code expected[] = {
        { 2, UNWIND_EPILOG, 0, 0 },
        { 40, UNWIND_PUSH_MACHFRAME, 1, 0 },
        { 36, UNWIND_SAVE_XMM128_FAR, 6, 0x12345678 },
        { 32, UNWIND_SAVE_XMM128, 7, 48 },
        { 28, UNWIND_SAVE_NONVOL_FAR, PE_R12, 0x10000 },
        { 24, UNWIND_SAVE_NONVOL, PE_R13, 40 },
        { 20, UNWIND_SET_FPREG, 0, 0 },
        { 16, UNWIND_ALLOC_SMALL, 4, 40 },
        { 12, UNWIND_ALLOC_LARGE, 1, 0x20000 },
        { 8, UNWIND_ALLOC_LARGE, 0, 0x10000 },
        { 1, UNWIND_PUSH_NONVOL, PE_RBP, 0 },
    };
    struct unwind_code code;
    struct unwind_info info;
    unsigned slot = 0;

    (void)state;
    must_decode(bytes, sizeof(bytes), &info);
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        assert_true(unwind_code_next(&info, &slot, &code));
        assert_int_equal(code.prologue_offset, expected[i].prologue_offset);
        assert_int_equal(code.op, expected[i].op);
        assert_int_equal(code.info, expected[i].info);
        assert_int_equal(code.operand_bytes, expected[i].operand_bytes);
    }
    assert_false(unwind_code_next(&info, &slot, &code));
}

static void an_odd_number_of_slots_is_followed_by_padding(void **state)
{
    static const uint8_t bytes[] = { 0x21, 1, 1, 0, 1, 0x30, 0xEE, 0xEE,
                                     0, 0x10, 0, 0, 0, 0x20, 0, 0, 0, 0x30, 0, 0 };
    struct unwind_info info;

    (void)state;
    must_decode(bytes, sizeof(bytes), &info);
    assert_int_equal(info.flags, UNWIND_FLAG_CHAININFO);
    assert_int_equal(info.chained.begin_rva, 0x1000);
    assert_int_equal(info.chained.end_rva, 0x2000);
    assert_int_equal(info.chained.unwind_rva, 0x3000);
}

static void damaged_info_is_refused_in_words(void **state)
{
    static const struct {
        const char *bytes;
        size_t      count;
        const char *word;
    } cases[] = {
        { "\x01\0\0", 3, "cut off" },
        { "\x00\0\0\0", 4, "version" },
        { "\x03\0\0\0", 4, "version" },
        { "\x41\0\0\0", 4, "flags" },
        { "\x01\0\x01\0\x01\x30", 6, "codes cut off" },
        { "\x01\0\x01\0\x01\x0B\0\0", 8, "unknown unwind code" },
        { "\x01\0\x01\0\x01\x06\0\0", 8, "unknown unwind code" },
        { "\x02\0\x01\0\x01\x07\0\0", 8, "unknown unwind code" },
        { "\x01\0\x03\0\x01\x21\0\0\0\0\0\0", 12, "unknown unwind code" },
        { "\x01\0\x01\0\x01\x2A\0\0", 8, "unknown unwind code" },
        { "\x01\0\x01\0\x01\x01\0\0", 8, "end of the codes" },
        { "\x01\0\x02\0\x01\x11\0\0", 8, "end of the codes" },
        { "\x01\0\x01\0\x01\x03\0\0", 8, "frame register" },
        { "\x29\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16, "handler of its own" },
        { "\x21\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15, "chained" },
        { "\x11\0\0\0\0\0\0", 7, "handler cut off" },
    };
    struct unwind_info info;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *wrong = decode(cases[i].bytes, cases[i].count, &info);

        assert_non_null(wrong);
        if (strstr(wrong, cases[i].word) == NULL)
            fail_msg("case %zu: %s", i, wrong);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_gives_prologue_frame_and_flags),
        cmocka_unit_test(every_code_gives_its_operand),
        cmocka_unit_test(an_odd_number_of_slots_is_followed_by_padding),
        cmocka_unit_test(damaged_info_is_refused_in_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
