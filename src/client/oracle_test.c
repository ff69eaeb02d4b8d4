/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "client/oracle.h"

/* ---- Bench: two buffers in odd pieces, a card that draws, an oracle that judges -------------- */

enum { PIECE = 5000, PIECES_MAX = 256 };

struct buffer {
    uint8_t *bytes;
    struct weir_pattern_piece pieces[PIECES_MAX];
    size_t count;
};

struct bench {
    enum weir_pattern_payload payload;
    struct weir_pattern *pattern;
    struct oracle *oracle;
    uint64_t bytes;
    struct buffer buffer;
    struct oracle_judgement got;
};

static void bench_open(struct bench *bench, enum weir_pattern_payload payload)
{
    struct weir_pattern_geometry geometry = {WEIR_PATTERN_YUY2, 320, 240, 0};
    struct buffer *buffer = &bench->buffer;

    memset(bench, 0, sizeof *bench);
    bench->payload = payload;
    assert_int_equal(weir_pattern_create(&geometry, &bench->pattern), 0);
    assert_int_equal(oracle_create(&geometry, payload, &bench->oracle), 0);
    bench->bytes = weir_pattern_frame_bytes(&geometry);
    buffer->bytes = calloc(1, bench->bytes);
    assert_non_null(buffer->bytes);
    for (uint64_t at = 0; at < bench->bytes; at += PIECE)
        buffer->pieces[buffer->count++] = (struct weir_pattern_piece){
            buffer->bytes + at, bench->bytes - at < PIECE ? bench->bytes - at : PIECE};
}

static void bench_close(struct bench *bench)
{
    oracle_destroy(bench->oracle);
    weir_pattern_destroy(bench->pattern);
    free(bench->buffer.bytes);
}

/* What the card does with bytes [from, to) of a frame. */
static void draw(struct bench *bench, uint32_t frame, uint64_t from, uint64_t to)
{
    if (bench->payload == WEIR_PATTERN_FULL)
        weir_pattern_bytes(bench->pattern, frame, from, to - from, bench->buffer.bytes + from);
    for (uint64_t at = (from + 4095) / 4096 * 4096;
         bench->payload == WEIR_PATTERN_STAMPS && at < to; at += WEIR_PATTERN_PAGE_BYTES) {
        struct weir_pattern_page page;
        uint64_t left = bench->bytes - at;

        weir_pattern_make_page(bench->pattern, frame, (uint32_t)(at / 4096), &page);
        memcpy(bench->buffer.bytes + at, &page, left < sizeof page ? left : sizeof page);
    }
}

static unsigned judge(struct bench *bench, uint64_t bytes)
{
    struct weir_pattern_view view = {bench->buffer.pieces, bench->buffer.count, bytes};

    oracle_judge(bench->oracle, &view, &bench->got);
    return bench->got.verdict;
}

static void spoil(struct bench *bench)
{
    struct weir_pattern_view view = {bench->buffer.pieces, bench->buffer.count, bench->bytes};

    oracle_spoil(bench->oracle, &view);
}

/* A whole frame into a buffer that was queued as the client does it. */
static unsigned deliver(struct bench *bench, uint32_t frame)
{
    spoil(bench);
    draw(bench, frame, 0, bench->bytes);
    return judge(bench, bench->bytes);
}

static const enum weir_pattern_payload both[] = {WEIR_PATTERN_FULL, WEIR_PATTERN_STAMPS};

/* ---- One frame after the other --------------------------------------------------------------- */

static void frames_in_order_are_ok_and_none_is_missing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct bench bench;

        bench_open(&bench, both[i]);
        for (uint32_t frame = 5; frame < 12; frame++) {
            assert_int_equal(deliver(&bench, frame), WEIR_VERDICT_OK);
            assert_true(bench.got.numbered);
            assert_int_equal(bench.got.picture, frame);
            assert_int_equal(bench.got.missing, 0);
        }
        bench_close(&bench);
    }
}

static void a_gap_is_counted_once_at_the_frame_after_it(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_FULL);
    deliver(&bench, 5);
    assert_int_equal(deliver(&bench, 9), WEIR_VERDICT_OK);
    assert_int_equal(bench.got.missing, 3);
    assert_int_equal(deliver(&bench, 10), WEIR_VERDICT_OK);
    assert_int_equal(bench.got.missing, 0);
    bench_close(&bench);
}

static void numbers_may_wrap(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_STAMPS);
    deliver(&bench, UINT32_MAX - 1);
    assert_int_equal(deliver(&bench, UINT32_MAX), WEIR_VERDICT_OK);
    assert_int_equal(deliver(&bench, 2), WEIR_VERDICT_OK);
    assert_int_equal(bench.got.missing, 2);
    assert_int_equal(deliver(&bench, UINT32_MAX), WEIR_VERDICT_STALE);
    assert_int_equal(bench.got.expected, 3);
    bench_close(&bench);
}

/* ---- Sequences that are wrong ---------------------------------------------------------------- */

static void the_frame_before_once_more_is_a_duplicate(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct bench bench;

        bench_open(&bench, both[i]);
        deliver(&bench, 5);
        deliver(&bench, 6);
        assert_int_equal(deliver(&bench, 6), ORACLE_DUPLICATE);
        assert_int_equal(bench.got.picture, 6);
        assert_int_equal(bench.got.expected, 7);
        assert_int_equal(bench.got.found, 6);
        assert_int_equal(bench.got.missing, 0);
        assert_int_equal(deliver(&bench, 7), WEIR_VERDICT_OK);
        assert_int_equal(bench.got.missing, 0);
        bench_close(&bench);
    }
}

static void an_older_frame_once_more_is_stale(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_FULL);
    for (uint32_t frame = 1; frame < 5; frame++)
        deliver(&bench, frame);
    assert_int_equal(deliver(&bench, 2), WEIR_VERDICT_STALE);
    assert_int_equal(bench.got.expected, 5);
    assert_int_equal(bench.got.found, 2);
    assert_int_equal(deliver(&bench, 5), WEIR_VERDICT_OK);
    bench_close(&bench);
}

static void an_older_frame_that_never_came_is_out_of_order(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_FULL);
    deliver(&bench, 5);
    deliver(&bench, 7);
    assert_int_equal(bench.got.missing, 1);
    assert_int_equal(deliver(&bench, 6), ORACLE_OUT_OF_ORDER);
    assert_int_equal(bench.got.picture, 6);
    assert_int_equal(deliver(&bench, 6), WEIR_VERDICT_STALE); /* now it has come */
    assert_int_equal(deliver(&bench, 8), WEIR_VERDICT_OK);
    assert_int_equal(bench.got.missing, 0);
    bench_close(&bench);
}

static void a_frame_that_another_took_the_place_of_is_not_lost_too(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_FULL);
    deliver(&bench, 5);
    deliver(&bench, 6);
    assert_int_equal(deliver(&bench, 5), WEIR_VERDICT_STALE); /* in the place of 7 */
    assert_int_equal(deliver(&bench, 8), WEIR_VERDICT_OK);
    assert_int_equal(bench.got.missing, 0);
    assert_int_equal(deliver(&bench, 8), ORACLE_DUPLICATE); /* in the place of 9 */
    assert_int_equal(deliver(&bench, 12), WEIR_VERDICT_OK);
    assert_int_equal(bench.got.missing, 2);
    bench_close(&bench);
}

static void a_frame_that_comes_late_does_not_hide_the_next_gap(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_FULL);
    deliver(&bench, 5);
    deliver(&bench, 7);
    assert_int_equal(deliver(&bench, 6), ORACLE_OUT_OF_ORDER);
    assert_int_equal(deliver(&bench, 9), WEIR_VERDICT_OK);
    assert_int_equal(bench.got.missing, 1);
    bench_close(&bench);
}

static void a_number_is_forgotten_when_its_slot_is_needed_again(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_STAMPS);
    deliver(&bench, 0);
    deliver(&bench, 5000);
    assert_int_equal(bench.got.missing, 4999);
    assert_int_equal(deliver(&bench, 4096), ORACLE_OUT_OF_ORDER); /* shares a slot with 0 */
    bench_close(&bench);
}

static void above_two_to_the_31_order_is_judged_as_below(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_STAMPS);
    deliver(&bench, 0x90000000);
    deliver(&bench, 0x90000001);
    assert_int_equal(deliver(&bench, 0x90000001), ORACLE_DUPLICATE);
    assert_int_equal(deliver(&bench, 0x90000000), WEIR_VERDICT_STALE);
    bench_close(&bench);
}

/* ---- Frames that are wrong ------------------------------------------------------------------- */

static void a_buffer_the_card_did_not_touch_is_stale(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct bench bench;

        bench_open(&bench, both[i]);
        deliver(&bench, 5);
        deliver(&bench, 6);
        spoil(&bench);
        assert_int_equal(judge(&bench, bench.bytes), WEIR_VERDICT_STALE);
        assert_int_equal(bench.got.expected, 7);
        assert_int_equal(bench.got.found, 6);
        bench_close(&bench);
    }
}

static void a_buffer_that_never_held_a_frame_is_short_from_its_start(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct bench bench;

        bench_open(&bench, both[i]);
        deliver(&bench, 5);
        memset(bench.buffer.bytes, 0, bench.bytes);
        spoil(&bench);
        assert_int_equal(judge(&bench, bench.bytes), WEIR_VERDICT_SHORT);
        assert_false(bench.got.numbered);
        assert_int_equal(bench.got.picture, 6); /* the one that should have been here */
        assert_int_equal(bench.got.expected, 6);
        assert_int_equal(bench.got.offset, 0);
        assert_int_equal(deliver(&bench, 7), WEIR_VERDICT_OK);
        assert_int_equal(bench.got.missing, 0); /* the short one was 6 */
        bench_close(&bench);
    }
}

static void a_frame_whose_end_was_not_written_is_short_and_named(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct bench bench;

        bench_open(&bench, both[i]);
        deliver(&bench, 5);
        spoil(&bench);
        draw(&bench, 6, 0, bench.bytes / 2);
        assert_int_equal(judge(&bench, bench.bytes), WEIR_VERDICT_SHORT);
        assert_int_equal(bench.got.picture, 6);
        assert_true(bench.got.offset >= bench.bytes / 2);
        assert_true(bench.got.offset <= bench.bytes / 2 + 4096);
        assert_int_equal(deliver(&bench, 7), WEIR_VERDICT_OK);
        assert_int_equal(bench.got.missing, 0);
        bench_close(&bench);
    }
}

static void only_the_last_bytes_unwritten_is_short_thanks_to_the_mark(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_FULL);
    deliver(&bench, 5);
    spoil(&bench);
    draw(&bench, 6, 0, bench.bytes - 64);
    assert_int_equal(judge(&bench, bench.bytes), WEIR_VERDICT_SHORT);
    assert_int_equal(bench.got.picture, 6);
    bench_close(&bench);
}

static void less_data_used_than_a_frame_is_short(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_FULL);
    draw(&bench, 5, 0, bench.bytes);
    assert_int_equal(judge(&bench, bench.bytes - 1000), WEIR_VERDICT_SHORT);
    assert_int_equal(bench.got.offset, bench.bytes - 1000);
    bench_close(&bench);
}

static void a_newer_frame_in_the_middle_is_torn_and_says_where(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct bench bench;

        bench_open(&bench, both[i]);
        deliver(&bench, 5);
        deliver(&bench, 6);
        draw(&bench, 7, bench.bytes / 2, bench.bytes);
        assert_int_equal(judge(&bench, bench.bytes), WEIR_VERDICT_TORN);
        assert_int_equal(bench.got.picture, 6);
        assert_int_equal(bench.got.found, 7);
        assert_true(bench.got.offset >= bench.bytes / 2);
        bench_close(&bench);
    }
}

static void foreign_bytes_are_wrong(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_FULL);
    draw(&bench, 5, 0, bench.bytes);
    bench.buffer.bytes[70000] ^= 0x80;
    assert_int_equal(judge(&bench, bench.bytes), WEIR_VERDICT_WRONG);
    assert_int_equal(bench.got.offset, 70000);
    bench_close(&bench);
}

static void nothing_is_judged_when_the_card_draws_nothing(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_EMPTY);
    spoil(&bench);
    for (uint64_t i = 0; i < bench.bytes; i++)
        assert_int_equal(bench.buffer.bytes[i], 0);
    assert_int_equal(judge(&bench, bench.bytes), WEIR_VERDICT_UNCHECKED);
    assert_int_equal(bench.got.missing, 0);
    bench_close(&bench);
}

/* ---- What was sent is known ------------------------------------------------------------------ */

static void a_picture_beyond_the_horizon_is_early_and_not_the_newest(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_FULL);
    oracle_set_horizon(bench.oracle, 5);
    draw(&bench, 5, 0, bench.bytes);
    assert_int_equal(judge(&bench, bench.bytes), WEIR_VERDICT_OK);
    oracle_set_horizon(bench.oracle, 6);
    draw(&bench, 9, 0, bench.bytes);
    assert_int_equal(judge(&bench, bench.bytes), WEIR_VERDICT_EARLY);
    assert_int_equal(bench.got.expected, 6);
    assert_int_equal(bench.got.found, 9);
    oracle_set_horizon(bench.oracle, 7);
    draw(&bench, 7, 0, bench.bytes);
    assert_int_equal(judge(&bench, bench.bytes), WEIR_VERDICT_OK);
    assert_int_equal(bench.got.missing, 0); /* the early one stood in for 6 */
    oracle_set_horizon(bench.oracle, 9);
    draw(&bench, 9, 0, bench.bytes);
    assert_int_equal(judge(&bench, bench.bytes), WEIR_VERDICT_OK);
    assert_int_equal(bench.got.missing, 1);
    bench_close(&bench);
}

/* ---- Refusals, names ------------------------------------------------------------------------- */

static void after_an_interruption_a_card_may_count_on_or_anew(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_FULL);
    deliver(&bench, 7);
    oracle_restart(bench.oracle);
    assert_int_equal(deliver(&bench, 10), WEIR_VERDICT_OK);
    assert_int_equal(bench.got.missing, 2);
    oracle_restart(bench.oracle);
    assert_int_equal(deliver(&bench, 0), WEIR_VERDICT_OK);
    assert_int_equal(bench.got.missing, 0);
    assert_int_equal(deliver(&bench, 2), WEIR_VERDICT_OK);
    assert_int_equal(bench.got.missing, 1);
    bench_close(&bench);
}

static void one_interruption_excuses_one_frame(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_FULL);
    deliver(&bench, 7);
    oracle_restart(bench.oracle);
    deliver(&bench, 8);
    assert_int_equal(deliver(&bench, 8), ORACLE_DUPLICATE);
    assert_int_equal(deliver(&bench, 3), ORACLE_OUT_OF_ORDER);
    bench_close(&bench);
}

static void a_geometry_that_cannot_be_is_refused(void **state)
{
    struct weir_pattern_geometry geometry = {WEIR_PATTERN_FORMATS, 320, 240, 0};
    struct oracle *oracle = NULL;

    (void)state;
    assert_true(oracle_create(&geometry, WEIR_PATTERN_FULL, &oracle) < 0);
    assert_null(oracle);
    oracle_destroy(oracle);
}

static void every_verdict_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(oracle_verdict_name(WEIR_VERDICT_TORN), "torn");
    assert_string_equal(oracle_verdict_name(ORACLE_DUPLICATE), "duplicate");
    assert_string_equal(oracle_verdict_name(ORACLE_OUT_OF_ORDER), "out of order");
    assert_string_equal(oracle_verdict_name(15), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_in_order_are_ok_and_none_is_missing),
        cmocka_unit_test(a_gap_is_counted_once_at_the_frame_after_it),
        cmocka_unit_test(numbers_may_wrap),
        cmocka_unit_test(the_frame_before_once_more_is_a_duplicate),
        cmocka_unit_test(an_older_frame_once_more_is_stale),
        cmocka_unit_test(an_older_frame_that_never_came_is_out_of_order),
        cmocka_unit_test(a_frame_that_another_took_the_place_of_is_not_lost_too),
        cmocka_unit_test(a_frame_that_comes_late_does_not_hide_the_next_gap),
        cmocka_unit_test(a_number_is_forgotten_when_its_slot_is_needed_again),
        cmocka_unit_test(above_two_to_the_31_order_is_judged_as_below),
        cmocka_unit_test(a_buffer_the_card_did_not_touch_is_stale),
        cmocka_unit_test(a_buffer_that_never_held_a_frame_is_short_from_its_start),
        cmocka_unit_test(a_frame_whose_end_was_not_written_is_short_and_named),
        cmocka_unit_test(only_the_last_bytes_unwritten_is_short_thanks_to_the_mark),
        cmocka_unit_test(less_data_used_than_a_frame_is_short),
        cmocka_unit_test(a_newer_frame_in_the_middle_is_torn_and_says_where),
        cmocka_unit_test(foreign_bytes_are_wrong),
        cmocka_unit_test(nothing_is_judged_when_the_card_draws_nothing),
        cmocka_unit_test(a_picture_beyond_the_horizon_is_early_and_not_the_newest),
        cmocka_unit_test(after_an_interruption_a_card_may_count_on_or_anew),
        cmocka_unit_test(one_interruption_excuses_one_frame),
        cmocka_unit_test(a_geometry_that_cannot_be_is_refused),
        cmocka_unit_test(every_verdict_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
