/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/rules.h"
#include "trace/trace.h"

enum { CAPACITY = 8 };

struct bench {
    struct trace_ring *ring;
    struct trace trace;
    struct trace_reader reader;
    unsigned waits;
    bool closes; /* the reader goes away instead of reading */
    struct trace_event taken;
};

/* Stands for the supervisor: reads one record whenever the writer waits. */
static void read_one(void *ctx)
{
    struct bench *bench = ctx;

    bench->waits++;
    if (bench->closes)
        bench->ring->closed = 1;
    else
        assert_int_equal(trace_reader_next(&bench->reader, &bench->taken), 1);
}

static void bench_open(struct bench *bench, uint32_t classes)
{
    memset(bench, 0, sizeof *bench);
    bench->ring = aligned_alloc(64, trace_ring_size_bytes(CAPACITY));
    assert_non_null(bench->ring);
    trace_ring_init(bench->ring, CAPACITY);
    trace_init(&bench->trace, bench->ring, classes, read_one, bench);
    trace_reader_init(&bench->reader, bench->ring, CAPACITY);
}

static void bench_close(struct bench *bench)
{
    trace_fini(&bench->trace);
    free(bench->ring);
}

static void emit(struct bench *bench, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        TRACE(&bench->trace, dpc, i, 2);
}

static int next(struct bench *bench)
{
    return trace_reader_next(&bench->reader, &bench->taken);
}

/* ---- In order -------------------------------------------------------------------------------- */

static void a_record_arrives_with_time_cpu_irql_and_arguments(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, TRACE_CLASS_always);
    assert_int_equal(next(&bench), 0);
    bench.trace.now_ns = 77;
    bench.trace.cpu = 1;
    bench.trace.irql = 2;
    TRACE(&bench.trace, interrupt, 0x41, 3, 1, 1);
    assert_int_equal(next(&bench), 1);
    assert_int_equal(bench.taken.type, TRACE_interrupt);
    assert_int_equal(bench.taken.time_ns, 77);
    assert_int_equal(bench.taken.cpu, 1);
    assert_int_equal(bench.taken.irql, 2);
    assert_int_equal(bench.taken.arg[0], 0x41);
    assert_int_equal(bench.taken.arg[3], 1);
    assert_int_equal(bench.taken.arg[5], 0);
    assert_int_equal(next(&bench), 0);
    bench_close(&bench);
}

static void records_keep_their_order_over_many_rounds_of_the_ring(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, TRACE_CLASS_always);
    for (unsigned i = 0; i < 100; i++) {
        emit(&bench, 3);
        for (unsigned k = 0; k < 3; k++) {
            assert_int_equal(next(&bench), 1);
            assert_int_equal(bench.taken.sequence, i * 3 + k);
            assert_int_equal(bench.taken.arg[0], k);
        }
    }
    assert_int_equal(next(&bench), 0);
    assert_int_equal(bench.waits, 0);
    bench_close(&bench);
}

static void a_full_ring_makes_the_writer_wait_and_loses_nothing(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, TRACE_CLASS_always);
    emit(&bench, CAPACITY + 5);
    assert_int_equal(bench.waits, 5);
    assert_int_equal(bench.taken.sequence, 4);
    assert_int_equal(bench.ring->writer_waits, 5);
    for (unsigned i = 0; i < CAPACITY; i++)
        assert_int_equal(next(&bench), 1);
    assert_int_equal(bench.taken.sequence, CAPACITY + 4);
    assert_int_equal(next(&bench), 0);
    bench_close(&bench);
}

static void a_writer_whose_reader_is_gone_drops_instead_of_waiting(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, TRACE_CLASS_always);
    bench.closes = true;
    emit(&bench, CAPACITY + 5);
    assert_int_equal(bench.waits, 1);
    assert_int_equal(bench.ring->head, CAPACITY);
    bench_close(&bench);
}

static void classes_nobody_wants_are_not_stored(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, TRACE_CLASS_always | TRACE_CLASS_sched);
    TRACE_CLASSED(&bench.trace, call, import_call, 1);
    assert_int_equal(next(&bench), 0);
    TRACE_CLASSED(&bench.trace, sched, cpu_switch, 0, 1);
    assert_int_equal(next(&bench), 1);
    assert_int_equal(bench.taken.sequence, 0);
    bench_close(&bench);
}

static void text_is_cut_into_runs_of_forty_bytes(void **state)
{
    static const char text[] = "0123456789012345678901234567890123456789tail";
    struct bench bench;

    (void)state;
    bench_open(&bench, TRACE_CLASS_always);
    trace_text(&bench.trace, text, strlen(text));
    assert_int_equal(next(&bench), 1);
    assert_int_equal(bench.taken.arg[0], 44);
    assert_memory_equal(&bench.taken.arg[1], text, 40);
    assert_int_equal(next(&bench), 1);
    assert_int_equal(bench.taken.arg[0], 4);
    assert_memory_equal(&bench.taken.arg[1], "tail\0\0\0\0", 8);
    assert_int_equal(next(&bench), 0);
    bench_close(&bench);
}

static void empty_text_is_one_record(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, TRACE_CLASS_always);
    trace_text(&bench.trace, "", 0);
    assert_int_equal(next(&bench), 1);
    assert_int_equal(bench.taken.type, TRACE_text);
    assert_int_equal(bench.taken.arg[0], 0);
    assert_int_equal(next(&bench), 0);
    bench_close(&bench);
}

/* ---- A writer that cannot be trusted --------------------------------------------------------- */

static void expect_broken(struct bench *bench)
{
    struct trace_event before = bench->taken;

    assert_int_equal(next(bench), -EBADMSG);
    assert_memory_equal(&before, &bench->taken, sizeof before);
    bench->ring->head = bench->reader.tail; /* mending it does not help */
    assert_int_equal(next(bench), -EBADMSG);
    bench_close(bench);
}

static void a_head_that_runs_back_ends_the_stream(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, TRACE_CLASS_always);
    emit(&bench, 3);
    assert_int_equal(next(&bench), 1);
    assert_int_equal(next(&bench), 1);
    bench.ring->head = 1;
    expect_broken(&bench);
}

static void a_head_too_far_ahead_ends_the_stream(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, TRACE_CLASS_always);
    bench.ring->head = CAPACITY + 1;
    expect_broken(&bench);
}

static void a_wrong_sequence_ends_the_stream(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, TRACE_CLASS_always);
    emit(&bench, 2);
    bench.ring->records[1].sequence = 7;
    assert_int_equal(next(&bench), 1);
    expect_broken(&bench);
}

static void a_type_out_of_range_ends_the_stream(void **state)
{
    static const uint16_t bad[] = {TRACE_none, TRACE_type_count, UINT16_MAX};

    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct bench bench;

        bench_open(&bench, TRACE_CLASS_always);
        emit(&bench, 1);
        bench.ring->records[0].type = bad[i];
        expect_broken(&bench);
    }
}

static void a_spoiled_tail_or_capacity_does_not_move_the_reader(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench, TRACE_CLASS_always);
    emit(&bench, 4);
    assert_int_equal(next(&bench), 1);
    bench.ring->tail = UINT64_MAX / 2;
    bench.ring->capacity = UINT64_MAX;
    assert_int_equal(next(&bench), 1);
    assert_int_equal(bench.taken.sequence, 1);
    assert_int_equal(bench.ring->tail, 2);
    bench_close(&bench);
}

/* ---- Names ----------------------------------------------------------------------------------- */

static void every_type_has_a_name_and_the_tables_class(void **state)
{
    (void)state;
    assert_string_equal(trace_type_name(TRACE_dma_map), "dma_map");
    assert_string_equal(trace_arg_name(TRACE_dma_map, 3), "bounce_bytes");
    assert_int_equal(trace_type_class(TRACE_dma_map), TRACE_CLASS_always);
    assert_int_equal(trace_type_class(TRACE_import_call), TRACE_CLASS_call);
    assert_int_equal(trace_type_class(TRACE_thread_switch), TRACE_CLASS_sched);
    for (unsigned i = 0; i < TRACE_type_count; i++)
        assert_true(strlen(trace_type_name((enum trace_type)i)) > 0);
}

static void what_is_no_type_or_argument_has_no_name(void **state)
{
    (void)state;
    assert_string_equal(trace_type_name(TRACE_type_count), "unknown");
    assert_null(trace_arg_name(TRACE_dpc, 2));
    assert_null(trace_arg_name(TRACE_dpc, 6));
    assert_null(trace_arg_name(TRACE_type_count, 0));
}

/* An argument that is left out is left out of all that follow, so a row has no holes. */
static void unused_arguments_stand_at_the_end_of_a_row(void **state)
{
    (void)state;
    for (unsigned i = 1; i < TRACE_type_count; i++) {
        bool ended = false;

        for (unsigned k = 0; k < 6; k++) {
            bool used = trace_arg_name((enum trace_type)i, k) != NULL;

            assert_false(ended && used);
            ended |= !used;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_arrives_with_time_cpu_irql_and_arguments),
        cmocka_unit_test(records_keep_their_order_over_many_rounds_of_the_ring),
        cmocka_unit_test(a_full_ring_makes_the_writer_wait_and_loses_nothing),
        cmocka_unit_test(a_writer_whose_reader_is_gone_drops_instead_of_waiting),
        cmocka_unit_test(classes_nobody_wants_are_not_stored),
        cmocka_unit_test(text_is_cut_into_runs_of_forty_bytes),
        cmocka_unit_test(empty_text_is_one_record),
        cmocka_unit_test(a_head_that_runs_back_ends_the_stream),
        cmocka_unit_test(a_head_too_far_ahead_ends_the_stream),
        cmocka_unit_test(a_wrong_sequence_ends_the_stream),
        cmocka_unit_test(a_type_out_of_range_ends_the_stream),
        cmocka_unit_test(a_spoiled_tail_or_capacity_does_not_move_the_reader),
        cmocka_unit_test(every_type_has_a_name_and_the_tables_class),
        cmocka_unit_test(what_is_no_type_or_argument_has_no_name),
        cmocka_unit_test(unused_arguments_stand_at_the_end_of_a_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
