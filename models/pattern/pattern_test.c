/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "weir/pattern.h"

/* One buffer that holds a frame, seen in pieces of a page less a bit, so that nothing is
 * aligned. */
enum { PIECE = 4000, PIECES_MAX = 4096 };
struct bench {
    struct weir_pattern *pattern;
    uint64_t bytes;
    uint8_t *frame;
    struct weir_pattern_piece pieces[PIECES_MAX];
    struct weir_pattern_view view;
    struct weir_pattern_result result;
};

static void bench_open(struct bench *bench, uint32_t format, uint32_t width, uint32_t height)
{
    struct weir_pattern_geometry geometry = {format, width, height, format == WEIR_PATTERN_RGB32};
    size_t count = 0;

    memset(bench, 0, sizeof *bench);
    assert_int_equal(weir_pattern_create(&geometry, &bench->pattern), 0);
    bench->bytes = weir_pattern_frame_bytes(&geometry);
    bench->frame = calloc(1, bench->bytes);
    assert_non_null(bench->frame);
    for (uint64_t offset = 0; offset < bench->bytes; offset += PIECE) {
        assert_true(count < PIECES_MAX);
        bench->pieces[count++] = (struct weir_pattern_piece){
            bench->frame + offset, bench->bytes - offset < PIECE ? bench->bytes - offset : PIECE};
    }
    bench->view = (struct weir_pattern_view){bench->pieces, count, bench->bytes};
}

static void bench_close(struct bench *bench)
{
    free(bench->frame);
    weir_pattern_destroy(bench->pattern);
}

static void draw(struct bench *bench, uint32_t frame, uint64_t from, uint64_t to)
{
    weir_pattern_bytes(bench->pattern, frame, from, to - from, bench->frame + from);
}

static enum weir_verdict judge(struct bench *bench, enum weir_pattern_payload payload,
                               uint32_t first, uint32_t last)
{
    struct weir_pattern_expect expect = {first, last};

    weir_pattern_check(bench->pattern, payload, &bench->view, &expect, &bench->result);
    return bench->result.verdict;
}

static void stamp_pages(struct bench *bench, uint32_t frame, uint64_t from, uint64_t to)
{
    for (uint64_t offset = from; offset < to; offset += WEIR_PATTERN_PAGE_BYTES) {
        struct weir_pattern_page page;
        uint64_t left = bench->bytes - offset;

        weir_pattern_make_page(bench->pattern, frame, (uint32_t)(offset / WEIR_PATTERN_PAGE_BYTES),
                               &page);
        memcpy(bench->frame + offset, &page, left < sizeof page ? left : sizeof page);
    }
}

static const struct weir_pattern_geometry every_geometry[] = {
    {WEIR_PATTERN_YUY2, 640, 480, 0},   {WEIR_PATTERN_UYVY, 1280, 720, 0},
    {WEIR_PATTERN_RGB24, 90, 66, 0},    {WEIR_PATTERN_RGB32, 320, 200, 1},
    {WEIR_PATTERN_NV12, 1920, 1080, 0}, {WEIR_PATTERN_NV12, 64, 65, 0},
};

static void a_drawn_frame_is_ok_in_every_format(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof every_geometry / sizeof every_geometry[0]; i++) {
        struct bench bench;

        bench_open(&bench, every_geometry[i].format, every_geometry[i].width,
                   every_geometry[i].height);
        draw(&bench, 123456789, 0, bench.bytes);
        assert_int_equal(judge(&bench, WEIR_PATTERN_FULL, 123456789, 123456789), WEIR_VERDICT_OK);
        assert_true(bench.result.numbered);
        assert_int_equal(bench.result.frame, 123456789);
        bench_close(&bench);
    }
}

static void lines_and_byte_ranges_draw_the_same(void **state)
{
    struct bench bench;
    uint32_t stride, lines;
    uint8_t *whole;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_RGB24, 90, 66);
    stride = weir_pattern_stride(weir_pattern_geometry(bench.pattern));
    lines = weir_pattern_lines(weir_pattern_geometry(bench.pattern));
    whole = malloc(bench.bytes);
    assert_non_null(whole);
    for (uint32_t line = 0; line < lines; line++)
        weir_pattern_line(bench.pattern, 7, line, whole + (size_t)line * stride);
    for (uint64_t from = 0; from < bench.bytes; from += 1001)
        draw(&bench, 7, from, from + 1001 < bench.bytes ? from + 1001 : bench.bytes);
    assert_memory_equal(whole, bench.frame, bench.bytes);
    free(whole);
    bench_close(&bench);
}

static void every_wrong_bit_is_found(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_YUY2, 64, 64);
    draw(&bench, 3, 0, bench.bytes);
    for (uint64_t offset = 0; offset < bench.bytes; offset += 37) {
        bench.frame[offset] ^= (uint8_t)(1u << offset % 8);
        assert_int_not_equal(judge(&bench, WEIR_PATTERN_FULL, 3, 3), WEIR_VERDICT_OK);
        if (offset >= 128)
            assert_int_equal(bench.result.offset, offset);
        bench.frame[offset] ^= (uint8_t)(1u << offset % 8);
    }
    bench_close(&bench);
}

static void an_unwritten_tail_is_short_wherever_it_begins(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_YUY2, 640, 480);
    for (uint64_t cut = 1300; cut < bench.bytes; cut += 91234) {
        draw(&bench, 5, 0, bench.bytes);
        draw(&bench, 6, 0, cut);
        assert_int_equal(judge(&bench, WEIR_PATTERN_FULL, 6, 6), WEIR_VERDICT_SHORT);
        assert_int_equal(bench.result.frame, 6);
        assert_int_equal(bench.result.found, 5);
        assert_in_range(bench.result.offset, cut, cut + 64);
        memset(bench.frame + cut, 0, bench.bytes - cut);
        assert_int_equal(judge(&bench, WEIR_PATTERN_FULL, 6, 6), WEIR_VERDICT_SHORT);
        assert_int_equal(bench.result.found, UINT32_MAX);
    }
    bench_close(&bench);
}

static void a_short_data_used_is_short_at_its_end(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_NV12, 640, 480);
    draw(&bench, 6, 0, bench.bytes);
    bench.view.size_bytes = bench.bytes - 100;
    assert_int_equal(judge(&bench, WEIR_PATTERN_FULL, 6, 6), WEIR_VERDICT_SHORT);
    assert_int_equal(bench.result.offset, bench.bytes - 100);
    bench_close(&bench);
}

static void an_empty_frame_is_short_from_the_start(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_YUY2, 640, 480);
    assert_int_equal(judge(&bench, WEIR_PATTERN_FULL, 9, 9), WEIR_VERDICT_SHORT);
    assert_false(bench.result.numbered);
    assert_int_equal(bench.result.offset, 0);
    assert_int_equal(bench.result.frame, 9);
    bench_close(&bench);
}

static void newer_pieces_are_torn(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_YUY2, 640, 480);
    draw(&bench, 6, 0, bench.bytes);
    draw(&bench, 7, bench.bytes / 2, bench.bytes);
    assert_int_equal(judge(&bench, WEIR_PATTERN_FULL, 6, 6), WEIR_VERDICT_TORN);
    assert_int_equal(bench.result.line, 240);
    assert_int_equal(bench.result.frame, 6);
    assert_int_equal(bench.result.found, 7);
    draw(&bench, 6, 0, bench.bytes);
    draw(&bench, 7, 1280 * 100, 1280 * 101);
    assert_int_equal(judge(&bench, WEIR_PATTERN_FULL, 6, 6), WEIR_VERDICT_TORN);
    assert_int_equal(bench.result.line, 100);
    bench_close(&bench);
}

static void an_older_piece_in_the_middle_is_torn(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_UYVY, 640, 480);
    draw(&bench, 20, 0, bench.bytes);
    draw(&bench, 12, 128000, 128000 + 4096);
    assert_int_equal(judge(&bench, WEIR_PATTERN_FULL, 20, 20), WEIR_VERDICT_TORN);
    assert_int_equal(bench.result.found, 12);
    bench_close(&bench);
}

static void bytes_of_another_line_and_foreign_bytes_are_wrong(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_YUY2, 640, 480);
    draw(&bench, 20, 0, bench.bytes);
    memcpy(bench.frame + 128000, bench.frame + 256000, 4096);
    assert_int_equal(judge(&bench, WEIR_PATTERN_FULL, 20, 20), WEIR_VERDICT_WRONG);
    assert_int_equal(bench.result.line, 100);
    draw(&bench, 20, 0, bench.bytes);
    memset(bench.frame + 128000, 0xaa, 500);
    assert_int_equal(judge(&bench, WEIR_PATTERN_FULL, 20, 20), WEIR_VERDICT_WRONG);
    assert_int_equal(bench.result.found, UINT32_MAX);
    bench_close(&bench);
}

static void a_whole_frame_out_of_range_is_stale_or_early(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_YUY2, 640, 480);
    draw(&bench, 20, 0, bench.bytes);
    assert_int_equal(judge(&bench, WEIR_PATTERN_FULL, 21, 30), WEIR_VERDICT_STALE);
    assert_int_equal(bench.result.expected, 21);
    assert_int_equal(bench.result.found, 20);
    assert_int_equal(judge(&bench, WEIR_PATTERN_FULL, 10, 19), WEIR_VERDICT_EARLY);
    assert_int_equal(judge(&bench, WEIR_PATTERN_FULL, 1, 0), WEIR_VERDICT_OK);
    draw(&bench, 0, 0, bench.bytes);
    assert_int_equal(judge(&bench, WEIR_PATTERN_FULL, UINT32_MAX, 0), WEIR_VERDICT_OK);
    bench_close(&bench);
}

static void page_stamps_tell_the_same(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_NV12, 1920, 1080);
    stamp_pages(&bench, 40, 0, bench.bytes);
    assert_int_equal(judge(&bench, WEIR_PATTERN_STAMPS, 40, 40), WEIR_VERDICT_OK);
    assert_int_equal(judge(&bench, WEIR_PATTERN_STAMPS, 41, 41), WEIR_VERDICT_STALE);
    stamp_pages(&bench, 41, 0, 4096 * 700);
    assert_int_equal(judge(&bench, WEIR_PATTERN_STAMPS, 41, 41), WEIR_VERDICT_SHORT);
    assert_int_equal(bench.result.line, 700);
    assert_int_equal(bench.result.found, 40);
    stamp_pages(&bench, 41, 0, bench.bytes);
    stamp_pages(&bench, 42, 4096 * 300, bench.bytes);
    assert_int_equal(judge(&bench, WEIR_PATTERN_STAMPS, 41, 41), WEIR_VERDICT_TORN);
    assert_int_equal(bench.result.line, 300);
    stamp_pages(&bench, 41, 0, bench.bytes);
    memcpy(bench.frame + 4096 * 30, bench.frame + 4096 * 31, 64);
    assert_int_equal(judge(&bench, WEIR_PATTERN_STAMPS, 41, 41), WEIR_VERDICT_WRONG);
    bench_close(&bench);
}

static void payload_none_is_not_judged(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, WEIR_PATTERN_NV12, 64, 64);
    assert_int_equal(judge(&bench, WEIR_PATTERN_EMPTY, 0, 0), WEIR_VERDICT_UNCHECKED);
    assert_string_equal(weir_verdict_name(bench.result.verdict), "unchecked");
    bench_close(&bench);
}

static void bad_geometries_are_refused(void **state)
{
    static const struct weir_pattern_geometry bad[] = {
        {WEIR_PATTERN_FORMATS, 640, 480, 0}, {WEIR_PATTERN_YUY2, 641, 480, 0},
        {WEIR_PATTERN_YUY2, 62, 480, 0},     {WEIR_PATTERN_YUY2, 640, 16386, 0},
        {WEIR_PATTERN_YUY2, 640, 480, 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct weir_pattern *pattern = NULL;

        assert_int_not_equal(weir_pattern_create(&bad[i], &pattern), 0);
        assert_null(pattern);
        assert_int_equal(weir_pattern_frame_bytes(&bad[i]), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_drawn_frame_is_ok_in_every_format),
        cmocka_unit_test(lines_and_byte_ranges_draw_the_same),
        cmocka_unit_test(every_wrong_bit_is_found),
        cmocka_unit_test(an_unwritten_tail_is_short_wherever_it_begins),
        cmocka_unit_test(a_short_data_used_is_short_at_its_end),
        cmocka_unit_test(an_empty_frame_is_short_from_the_start),
        cmocka_unit_test(newer_pieces_are_torn),
        cmocka_unit_test(an_older_piece_in_the_middle_is_torn),
        cmocka_unit_test(bytes_of_another_line_and_foreign_bytes_are_wrong),
        cmocka_unit_test(a_whole_frame_out_of_range_is_stale_or_early),
        cmocka_unit_test(page_stamps_tell_the_same),
        cmocka_unit_test(payload_none_is_not_judged),
        cmocka_unit_test(bad_geometries_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
