/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "client/match.h"

enum { LINE_BYTES = 4, LINES = 4, FRAME_BYTES = LINE_BYTES * LINES };

static struct match *match_of(const char *pictures)
{
    struct match *match;

    assert_int_equal(match_create(FRAME_BYTES, LINE_BYTES, &match), 0);
    for (; *pictures != 0; pictures++) {
        uint8_t bytes[FRAME_BYTES];

        memset(bytes, *pictures, sizeof bytes);
        assert_int_equal(match_sent(match, bytes), 0);
    }
    return match;
}

static struct oracle_judgement judge(struct match *match, char picture)
{
    struct oracle_judgement judgement;
    uint8_t bytes[FRAME_BYTES];

    memset(bytes, picture, sizeof bytes);
    match_judge(match, bytes, &judgement);
    return judgement;
}

static void every_picture_once_and_in_order_is_well(void **state)
{
    struct match *match = match_of("aabca");

    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        struct oracle_judgement judgement = judge(match, "aabca"[i]);

        assert_int_equal(judgement.verdict, WEIR_VERDICT_OK);
        assert_int_equal(judgement.picture, i);
        assert_int_equal(judgement.missing, 0);
    }
    match_destroy(match);
}

static void one_that_is_left_out_is_missing_and_late_when_it_comes(void **state)
{
    struct match *match = match_of("abcd");

    (void)state;
    assert_int_equal(judge(match, 'c').missing, 2);
    assert_int_equal(judge(match, 'a').verdict, ORACLE_OUT_OF_ORDER);
    assert_int_equal(judge(match, 'a').verdict, WEIR_VERDICT_STALE); /* now it has been here */
    match_destroy(match);
}

static void one_that_comes_again_is_a_duplicate_or_stale(void **state)
{
    struct match *match = match_of("abcd");

    (void)state;
    judge(match, 'a');
    judge(match, 'b');
    assert_int_equal(judge(match, 'b').verdict, ORACLE_DUPLICATE);
    assert_int_equal(judge(match, 'a').verdict, WEIR_VERDICT_STALE);
    assert_int_equal(judge(match, 'd').missing, 0); /* the stale one took the place of c */
    assert_int_equal(judge(match, 'd').verdict, ORACLE_DUPLICATE);
    match_destroy(match);
}

static void what_was_never_sent_is_wrong_where_it_differs(void **state)
{
    struct match *match = match_of("ab");
    struct oracle_judgement judgement;
    uint8_t bytes[FRAME_BYTES];

    (void)state;
    memset(bytes, 'a', sizeof bytes);
    bytes[6] = 'x';
    match_judge(match, bytes, &judgement);
    assert_int_equal(judgement.verdict, WEIR_VERDICT_WRONG);
    assert_int_equal(judgement.offset, 6);
    assert_int_equal(judgement.line, 1);
    assert_int_equal(judgement.expected, 0);
    assert_false(judgement.numbered);
    assert_int_equal(judge(match, 'b').missing, 0);
    assert_int_equal(judge(match, 'x').verdict, WEIR_VERDICT_WRONG); /* nothing is on its way */
    match_destroy(match);
}

static void the_end_of_the_picture_before_makes_one_torn(void **state)
{
    struct match *match = match_of("ab");
    struct oracle_judgement judgement;
    uint8_t bytes[FRAME_BYTES];

    (void)state;
    judge(match, 'a');
    memset(bytes, 'b', 6);
    memset(bytes + 6, 'a', sizeof bytes - 6);
    match_judge(match, bytes, &judgement);
    assert_int_equal(judgement.verdict, WEIR_VERDICT_TORN);
    assert_int_equal(judgement.expected, 1);
    assert_int_equal(judgement.found, 0);
    assert_int_equal(judgement.line, 1);
    match_destroy(match);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_picture_once_and_in_order_is_well),
        cmocka_unit_test(one_that_is_left_out_is_missing_and_late_when_it_comes),
        cmocka_unit_test(one_that_comes_again_is_a_duplicate_or_stale),
        cmocka_unit_test(what_was_never_sent_is_wrong_where_it_differs),
        cmocka_unit_test(the_end_of_the_picture_before_makes_one_torn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
