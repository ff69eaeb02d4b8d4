/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/locks.h"

/* ---- Rates ----------------------------------------------------------------------------------- */

static void check_rate(uint64_t failures, uint64_t attempts, double low, double high)
{
    struct locks_level level = {.attempts = attempts, .failures = failures};
    struct locks_rate rate;

    locks_rate(&level, &rate);
    assert_true(fabs(rate.low - low) < 5e-5);
    assert_true(fabs(rate.high - high) < 5e-5);
    assert_true(rate.low <= rate.rate);
    assert_true(rate.rate <= rate.high);
}

/* As published tables and other programs' Wilson intervals (without continuity correction) have
 * them. */
static void intervals_are_wilsons(void **state)
{
    (void)state;
    check_rate(0, 10, 0, 0.2775);
    check_rate(1, 10, 0.0179, 0.4042);
    check_rate(5, 10, 0.2366, 0.7634);
    check_rate(10, 10, 0.7225, 1);
    check_rate(50, 100, 0.4038, 0.5962);
    check_rate(15, 148, 0.0624, 0.1605); /* Newcombe 1998, Table I: 15 of 148 */
    check_rate(81, 263, 0.2553, 0.3662); /* the same: 81 of 263 */
    check_rate(0, 20, 0, 0.1611); /* the same: 0 of 20 */
    check_rate(1, 29, 0.0061, 0.1718); /* the same: 1 of 29 */
}

static void without_attempts_nothing_is_known(void **state)
{
    (void)state;
    check_rate(0, 0, 0, 1);
}

static void so_many_attempts_are_needed_to_be_sure(void **state)
{
    struct locks_level level = {.attempts = locks_attempts_wanted(0.01)};
    struct locks_rate rate;

    (void)state;
    assert_int_equal(level.attempts, 381);
    locks_rate(&level, &rate);
    assert_true(rate.high < 0.01);
    level.attempts--;
    locks_rate(&level, &rate);
    assert_false(rate.high < 0.01);
}

/* ---- Counts ---------------------------------------------------------------------------------- */

static void lock_event(struct locks_counts *counts, enum trace_type type, uint64_t held)
{
    struct trace_event event = {.type = (uint16_t)type};

    event.arg[3] = held;
    locks_event(counts, &event);
}

static struct locks_counts *counts_create(void)
{
    struct locks_counts *counts = calloc(1, sizeof *counts);

    assert_non_null(counts);
    return counts;
}

static void an_attempt_counts_by_the_locks_held_before_it(void **state)
{
    struct locks_counts *counts = counts_create();

    (void)state;
    lock_event(counts, TRACE_frame_lock, 1);
    lock_event(counts, TRACE_frame_lock, 2);
    lock_event(counts, TRACE_frame_lock_failed, 2);
    lock_event(counts, TRACE_frame_unlock, 1);
    lock_event(counts, TRACE_frame_lock_failed, 0);
    assert_int_equal(counts->level[0].attempts, 2);
    assert_int_equal(counts->level[0].failures, 1);
    assert_int_equal(counts->level[1].attempts, 1);
    assert_int_equal(counts->level[1].failures, 0);
    assert_int_equal(counts->level[2].attempts, 1);
    assert_int_equal(counts->level[2].failures, 1);
    free(counts);
}

static void numbers_gone_wild_stay_within_the_table(void **state)
{
    struct locks_counts *counts = counts_create();

    (void)state;
    lock_event(counts, TRACE_frame_lock, UINT64_MAX);
    lock_event(counts, TRACE_frame_lock_failed, UINT64_MAX);
    lock_event(counts, TRACE_frame_lock, 0); /* none held after a lock: nonsense */
    assert_int_equal(counts->level[LOCKS_HELD_MAX].attempts, 2);
    assert_int_equal(counts->level[0].attempts, 0);
    free(counts);
}

static void counts_of_several_processes_add_up(void **state)
{
    struct locks_counts *a = counts_create(), *b = counts_create();
    struct trace_event map = {.type = TRACE_dma_map, .arg = {1, 1, 4096, 8192, 2, 3}};

    (void)state;
    lock_event(a, TRACE_frame_lock, 1);
    lock_event(b, TRACE_frame_lock_failed, 0);
    locks_event(b, &map);
    locks_add(a, b);
    assert_int_equal(a->level[0].attempts, 2);
    assert_int_equal(a->level[0].failures, 1);
    assert_int_equal(a->transfers, 1);
    assert_int_equal(a->direct_bytes, 4096);
    assert_int_equal(a->bounce_bytes, 8192);
    assert_int_equal(a->registers, 3);
    free(a);
    free(b);
}

/* ---- The answer ------------------------------------------------------------------------------ */

static void set_level(struct locks_counts *counts, unsigned held, uint64_t failures,
                      uint64_t attempts)
{
    counts->level[held] = (struct locks_level){.attempts = attempts, .failures = failures};
}

static void the_answer_stops_where_failures_reach_the_target(void **state)
{
    struct locks_counts *counts = counts_create();
    struct locks_answer answer;

    (void)state;
    set_level(counts, 0, 0, 1000);
    set_level(counts, 1, 0, 1000);
    set_level(counts, 2, 5, 1000); /* 0.5 %, at most 1.2 % */
    set_level(counts, 3, 600, 1000);
    set_level(counts, 4, 10, 10);
    locks_answer(counts, 0.01, &answer);
    assert_int_equal(answer.sure, 2);
    assert_int_equal(answer.seen, 3);
    assert_int_equal(answer.most_held, 4);
    assert_int_equal(answer.half, 3);
    assert_int_equal(answer.attempts, 4010);
    assert_int_equal(answer.failures, 615);
    locks_answer(counts, 0.02, &answer);
    assert_int_equal(answer.sure, 3);
    free(counts);
}

static void a_level_beyond_a_bad_one_does_not_count(void **state)
{
    struct locks_counts *counts = counts_create();
    struct locks_answer answer;

    (void)state;
    set_level(counts, 0, 0, 1000);
    set_level(counts, 1, 50, 1000);
    set_level(counts, 2, 0, 1000);
    locks_answer(counts, 0.01, &answer);
    assert_int_equal(answer.seen, 1);
    assert_int_equal(answer.sure, 1);
    free(counts);
}

static void few_attempts_are_no_proof(void **state)
{
    struct locks_counts *counts = counts_create();
    struct locks_answer answer;

    (void)state;
    set_level(counts, 0, 0, 100);
    locks_answer(counts, 0.01, &answer);
    assert_int_equal(answer.sure, 0);
    assert_int_equal(answer.seen, 1);
    assert_int_equal(answer.half, LOCKS_HELD_MAX + 1);
    free(counts);
}

/* ---- What is told ---------------------------------------------------------------------------- */

struct bench {
    struct locks_counts *bounced, *direct;
    struct locks_report report;
    struct text text;
};
static const unsigned buffers[] = {1, 2, 3};
static const struct locks_incident incident = {0, 7, 3, "stalled"};

static void bench_open(struct bench *bench)
{
    bench->bounced = counts_create();
    bench->direct = counts_create();
    set_level(bench->bounced, 0, 0, 1000);
    set_level(bench->bounced, 1, 0, 1000);
    set_level(bench->bounced, 2, 900, 1000);
    bench->bounced->transfers = 2100;
    bench->bounced->registers = 2100 * 150;
    bench->bounced->bounce_bytes = 2100u * 375 * 1024;
    bench->bounced->direct_bytes = 2100u * 225 * 1024;
    set_level(bench->direct, 0, 0, 1000);
    set_level(bench->direct, 1, 0, 1000);
    set_level(bench->direct, 2, 0, 1000);
    bench->direct->transfers = 3000;
    bench->direct->direct_bytes = 3000u * 600 * 1024;
    bench->report = (struct locks_report){
        .version = "0.1.0", .driver = "grabber.sys", .ram_bytes = UINT64_C(8) << 30,
        .low_memory_bytes = 1 << 20, .low_memory_pressure = 30, .map_registers = 16384,
        .pages = "scattered", .windows = "win10", .cpus = 2, .seed_first = 1, .seed_last = 16,
        .buffers = buffers, .buffer_count = ARRAY_LEN(buffers), .frames = 60, .target = 0.01,
        .column = {{.name = "grabber32", .card = "grabber32", .card_parameters = "", .way = "plain",
                    .iommu = "off", .runs = 48, .broken_runs = 1, .counts = bench->bounced,
                    .format = {.name = "YUY2", .width = 640, .height = 480,
                               .rate_numerator = 30, .rate_denominator = 1,
                               .frame_bytes = 614400}},
                   {.name = "grabber64", .card = "grabber64", .card_parameters = "", .way = "plain",
                    .iommu = "off", .runs = 48, .counts = bench->direct}},
        .column_count = 2, .incidents = &incident, .incident_count = 1};
    text_init(&bench->text);
}

static void bench_close(struct bench *bench)
{
    free(bench->bounced);
    free(bench->direct);
    text_fini(&bench->text);
}

static void says(struct bench *bench, const char *words)
{
    if (strstr(text_get(&bench->text), words) == NULL)
        fail_msg("\"%s\" is not in:\n%s", words, text_get(&bench->text));
}

static void the_table_has_a_row_for_each_number_of_locks_held(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    locks_text(&bench.report, &bench.text);
    says(&bench, "grabber.sys");
    says(&bench, "low memory 1M, of which others hold 30% on average");
    says(&bench, "\n   0      1000        0    0.0%   0.0-  0.4%");
    says(&bench, "\n   2      1000      900   90.0%  88.0- 91.7%");
    says(&bench, "seed 7");
    says(&bench, "stalled");
    bench_close(&bench);
}

static void the_conclusion_is_a_sentence_with_the_number(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    locks_conclusion(&bench.report, 0, &bench.text);
    says(&bench, "grabber32: hold at most 2 frame locks");
    says(&bench, "150 of 16384 map registers (room for 109) and 375K of 1M of low memory "
                 "(room for 2)");
    text_clear(&bench.text);
    locks_conclusion(&bench.report, 1, &bench.text);
    says(&bench, "grabber64: no lock failed");
    says(&bench, "3 were held");
    bench_close(&bench);
}

static void without_a_single_attempt_the_conclusion_says_so(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    memset(bench.direct, 0, sizeof *bench.direct);
    locks_conclusion(&bench.report, 1, &bench.text);
    says(&bench, "grabber64: the driver never tried to lock a frame");
    bench_close(&bench);
}

static void json_holds_what_the_table_holds(void **state)
{
    struct bench bench;
    json_t *root, *column, *level;
    char *text;

    (void)state;
    bench_open(&bench);
    text = locks_json(&bench.report);
    assert_non_null(text);
    root = json_loads(text, 0, NULL);
    assert_non_null(root);
    assert_int_equal(json_integer_value(json_object_get(root, "schema_version")), 1);
    column = json_array_get(json_object_get(root, "columns"), 0);
    assert_int_equal(json_integer_value(json_object_get(column, "locks_sure")), 2);
    assert_int_equal(json_integer_value(json_object_get(column, "broken_runs")), 1);
    level = json_array_get(json_object_get(column, "levels"), 2);
    assert_int_equal(json_integer_value(json_object_get(level, "held")), 2);
    assert_int_equal(json_integer_value(json_object_get(level, "failures")), 900);
    assert_true(fabs(json_real_value(json_object_get(level, "rate")) - 0.9) < 1e-9);
    assert_int_equal(json_array_size(json_object_get(column, "levels")), 3);
    assert_int_equal(json_array_size(json_object_get(root, "incidents")), 1);
    json_decref(root);
    free(text);
    bench_close(&bench);
}

static int take(void *ctx, const void *bytes, size_t count)
{
    text_bytes(ctx, bytes, count);
    return 0;
}

static void the_plot_is_drawn_unless_there_is_nothing_to_draw(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    assert_int_equal(locks_plot(&bench.report, PLOT_SVG, take, &bench.text), 0);
    says(&bench, "</svg>");
    memset(bench.bounced, 0, sizeof *bench.bounced);
    assert_int_equal(locks_plot(&bench.report, PLOT_SVG, take, &bench.text), 0);
    memset(bench.direct, 0, sizeof *bench.direct);
    assert_int_equal(locks_plot(&bench.report, PLOT_SVG, take, &bench.text), -ENODATA);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_are_wilsons),
        cmocka_unit_test(without_attempts_nothing_is_known),
        cmocka_unit_test(so_many_attempts_are_needed_to_be_sure),
        cmocka_unit_test(an_attempt_counts_by_the_locks_held_before_it),
        cmocka_unit_test(numbers_gone_wild_stay_within_the_table),
        cmocka_unit_test(counts_of_several_processes_add_up),
        cmocka_unit_test(the_answer_stops_where_failures_reach_the_target),
        cmocka_unit_test(a_level_beyond_a_bad_one_does_not_count),
        cmocka_unit_test(few_attempts_are_no_proof),
        cmocka_unit_test(the_table_has_a_row_for_each_number_of_locks_held),
        cmocka_unit_test(the_conclusion_is_a_sentence_with_the_number),
        cmocka_unit_test(without_a_single_attempt_the_conclusion_says_so),
        cmocka_unit_test(json_holds_what_the_table_holds),
        cmocka_unit_test(the_plot_is_drawn_unless_there_is_nothing_to_draw),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
