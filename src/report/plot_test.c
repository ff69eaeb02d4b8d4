/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "report/plot.h"

/* ---- Bench: two lines with all that a plot may have ------------------------------------------ */

enum { POINTS = 20 };

struct bench {
    struct plot plot;
    struct plot_point first[POINTS], second[POINTS];
    struct text bytes;
    unsigned writes;
    int refuse; /* what the next write returns */
};

static void bench_open(struct bench *bench)
{
    *bench = (struct bench){
        .plot = {.title = "Locks", .subtitle = "How many fit", .notes = {"A note", "Another"},
                 .x = {.label = "locks held"},
                 .y = {.label = "refused", .unit = PLOT_PERCENT},
                 .series = {{"one card", bench->first, POINTS, true, false},
                            {"another", bench->second, POINTS, false, true}},
                 .series_count = 2,
                 .marks = {{7, 0, "seven"}}, .mark_count = 1,
                 .level = 0.01, .level_text = "target"}};
    for (unsigned i = 0; i < POINTS; i++) {
        double y = i / 40.0;

        bench->first[i] = (struct plot_point){i + 1, y, y / 2, y + 0.1};
        bench->second[i] = (struct plot_point){.x = i + 1, .y = 0.2};
    }
    text_init(&bench->bytes);
}

static int take(void *ctx, const void *bytes, size_t count)
{
    struct bench *bench = ctx;

    bench->writes++;
    text_bytes(&bench->bytes, bytes, count);
    return bench->refuse;
}

static int render(struct bench *bench, enum plot_kind kind)
{
    text_clear(&bench->bytes);
    bench->writes = 0;
    return plot_render(&bench->plot, kind, take, bench);
}

static void refused(struct bench *bench, int error)
{
    assert_int_equal(render(bench, PLOT_SVG), error);
    assert_int_equal(render(bench, PLOT_PNG), error);
    assert_int_equal(bench->writes, 0);
    text_fini(&bench->bytes);
    bench_open(bench);
}

/* ---- Kinds ----------------------------------------------------------------------------------- */

static void the_ending_tells_the_kind(void **state)
{
    enum plot_kind kind = PLOT_PNG;

    (void)state;
    assert_true(plot_kind_of_path("a/b.svg", &kind));
    assert_int_equal(kind, PLOT_SVG);
    assert_true(plot_kind_of_path("B.PNG", &kind));
    assert_int_equal(kind, PLOT_PNG);
    assert_false(plot_kind_of_path("a.jpg", &kind));
    assert_false(plot_kind_of_path("svg", &kind));
    assert_false(plot_kind_of_path("", &kind));
}

static void a_plot_becomes_an_svg_or_a_png(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    assert_int_equal(render(&bench, PLOT_SVG), 0);
    assert_memory_equal(text_get(&bench.bytes), "<?xml", 5);
    assert_non_null(strstr(text_get(&bench.bytes), "</svg>"));
    assert_int_equal(render(&bench, PLOT_PNG), 0);
    assert_memory_equal(text_get(&bench.bytes), "\x89PNG\r\n\x1a\n", 8);
    assert_memory_equal(text_get(&bench.bytes) + bench.bytes.length - 8, "IEND", 4);
    text_fini(&bench.bytes);
}

static void the_same_plot_gives_the_same_bytes(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    for (int kind = PLOT_SVG; kind <= PLOT_PNG; kind++) {
        size_t length;
        char *first;

        assert_int_equal(render(&bench, (enum plot_kind)kind), 0);
        length = bench.bytes.length;
        first = text_take(&bench.bytes);
        assert_int_equal(render(&bench, (enum plot_kind)kind), 0);
        assert_int_equal(bench.bytes.length, length);
        assert_memory_equal(text_get(&bench.bytes), first, length);
        free(first);
    }
    text_fini(&bench.bytes);
}

static void another_value_gives_another_picture(void **state)
{
    struct bench bench;
    char *first;

    (void)state;
    bench_open(&bench);
    assert_int_equal(render(&bench, PLOT_SVG), 0);
    first = text_take(&bench.bytes);
    bench.second[POINTS - 1].y = 0.4;
    assert_int_equal(render(&bench, PLOT_SVG), 0);
    assert_string_not_equal(text_get(&bench.bytes), first);
    free(first);
    text_fini(&bench.bytes);
}

/* ---- What is not drawn ----------------------------------------------------------------------- */

static void a_plot_that_makes_no_sense_is_refused_before_a_byte_is_written(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    bench.plot.title = NULL;
    refused(&bench, -EINVAL);
    bench.plot.y.label = NULL;
    refused(&bench, -EINVAL);
    bench.plot.series_count = 0;
    refused(&bench, -EINVAL);
    bench.plot.series_count = PLOT_SERIES_MAX + 1;
    refused(&bench, -EINVAL);
    bench.first[3].y = NAN;
    refused(&bench, -EINVAL);
    bench.first[3].high = bench.first[3].y - 0.01;
    refused(&bench, -EINVAL);
    bench.second[3].x = bench.second[2].x;
    refused(&bench, -EINVAL);
    bench.plot.x.low = 5;
    refused(&bench, -EINVAL);
    bench.plot.marks[0].series = 2;
    refused(&bench, -EINVAL);
    text_fini(&bench.bytes);
}

static void zero_has_no_place_on_a_logarithmic_axis(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    bench.plot.x.scale = PLOT_LOG2;
    assert_int_equal(render(&bench, PLOT_SVG), 0);
    bench.plot.y.scale = PLOT_LOG10;
    refused(&bench, -EINVAL); /* the first value of y is 0 */
    text_fini(&bench.bytes);
}

static void a_series_may_be_empty_but_not_all(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    bench.plot.series[0].count = 0;
    assert_int_equal(render(&bench, PLOT_SVG), 0);
    bench.plot.series[1].count = 0;
    refused(&bench, -ENODATA);
    text_fini(&bench.bytes);
}

static void what_the_writer_says_comes_back(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    bench.refuse = -ENOSPC;
    assert_int_equal(render(&bench, PLOT_SVG), -ENOSPC);
    assert_int_equal(render(&bench, PLOT_PNG), -ENOSPC);
    assert_int_equal(bench.writes, 1);
    text_fini(&bench.bytes);
}

static void texts_that_are_long_or_no_utf8_are_drawn_all_the_same(void **state)
{
    struct bench bench;
    char words[4000];

    (void)state;
    bench_open(&bench);
    memset(words, 'w', sizeof words - 1);
    words[sizeof words - 1] = 0;
    for (unsigned i = 7; i < sizeof words - 1; i += 8)
        words[i] = ' ';
    bench.plot.title = "  caf\xE9\n\x1b[2J";
    bench.plot.subtitle = words;
    bench.plot.series[0].name = "\xFF\xFE";
    bench.plot.notes[1] = "   ";
    assert_int_equal(render(&bench, PLOT_SVG), 0);
    assert_int_equal(render(&bench, PLOT_PNG), 0);
    text_fini(&bench.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ending_tells_the_kind),
        cmocka_unit_test(a_plot_becomes_an_svg_or_a_png),
        cmocka_unit_test(the_same_plot_gives_the_same_bytes),
        cmocka_unit_test(another_value_gives_another_picture),
        cmocka_unit_test(a_plot_that_makes_no_sense_is_refused_before_a_byte_is_written),
        cmocka_unit_test(zero_has_no_place_on_a_logarithmic_axis),
        cmocka_unit_test(a_series_may_be_empty_but_not_all),
        cmocka_unit_test(what_the_writer_says_comes_back),
        cmocka_unit_test(texts_that_are_long_or_no_utf8_are_drawn_all_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
