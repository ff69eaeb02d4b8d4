/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/record.h"

struct bench {
    char path[64], part[72];
    struct record record;
    uint8_t *file;
    size_t file_bytes;
};

static void bench_open(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    snprintf(bench->path, sizeof bench->path, "/tmp/weir-record-XXXXXX.weir");
    assert_true(mkstemps(bench->path, 5) >= 0);
    assert_int_equal(host_file_unlink(bench->path), 0);
    snprintf(bench->part, sizeof bench->part, "%s.part", bench->path);
}

static void bench_close(struct bench *bench)
{
    assert_false(host_file_exists(bench->part));
    host_file_unlink(bench->path);
    free(bench->file);
}

static void read_back(struct bench *bench)
{
    void *bytes;

    assert_int_equal(host_file_read(bench->path, 1 << 24, &bytes, &bench->file_bytes), 0);
    bench->file = bytes;
}

static uint32_t word_at(const struct bench *bench, size_t offset)
{
    uint32_t word;

    assert_true(offset + sizeof word <= bench->file_bytes);
    memcpy(&word, bench->file + offset, sizeof word);
    return word;
}

static void put_events(struct bench *bench, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct trace_event event = {.type = TRACE_dpc, .sequence = i, .time_ns = i * 10};

        assert_int_equal(record_event(&bench->record, &event), 0);
    }
}

static void a_record_is_a_header_the_types_and_every_event_in_order(void **state)
{
    enum { EVENTS = 3000 }; /* more than one buffer */
    struct bench bench;
    uint32_t first;

    (void)state;
    bench_open(&bench);
    assert_int_equal(record_open(&bench.record, bench.path), 0);
    put_events(&bench, EVENTS);
    assert_false(host_file_exists(bench.path));
    assert_int_equal(record_close(&bench.record), 0);
    read_back(&bench);
    assert_memory_equal(bench.file, "weirrec", 8);
    assert_int_equal(word_at(&bench, 8), 1);
    first = word_at(&bench, 12);
    assert_int_equal(first % 64, 0);
    assert_int_equal(word_at(&bench, 16), 64);
    assert_int_equal(word_at(&bench, 20), TRACE_type_count);
    assert_int_equal(bench.file_bytes, first + EVENTS * 64);
    for (unsigned i = 0; i < EVENTS; i++)
        assert_int_equal(word_at(&bench, first + i * 64 + 8), i);
    bench_close(&bench);
}

static void the_header_names_every_type_with_its_arguments(void **state)
{
    struct bench bench;
    char line[128];
    const char *types;

    (void)state;
    bench_open(&bench);
    assert_int_equal(record_open(&bench.record, bench.path), 0);
    assert_int_equal(record_close(&bench.record), 0);
    read_back(&bench);
    assert_int_equal(bench.file_bytes, word_at(&bench, 12));
    types = (const char *)bench.file + 24;
    snprintf(line, sizeof line, "%d dpc dpc_va routine_va\n", TRACE_dpc);
    assert_non_null(strstr(types, line));
    for (unsigned i = 1; i < TRACE_type_count; i++) {
        snprintf(line, sizeof line, "%u %s", i, trace_type_name((enum trace_type)i));
        assert_non_null(strstr(types, line));
    }
    bench_close(&bench);
}

static void a_record_that_cannot_be_written_is_refused_at_once(void **state)
{
    struct record record;

    (void)state;
    assert_int_equal(record_open(&record, "/nowhere/r.weir"), -ENOENT);
    assert_false(record.open);
    assert_int_equal(record_open(&record, "/dev/full"), -ENOSPC);
    assert_false(record.open);
    assert_int_equal(record_close(&record), 0);
}

static void a_failure_in_the_middle_is_told_at_each_event_and_leaves_nothing(void **state)
{
    struct trace_event event = {.type = TRACE_dpc};
    struct bench bench;

    (void)state;
    bench_open(&bench);
    assert_int_equal(record_open(&bench.record, bench.path), 0);
    put_events(&bench, 1023);
    host_fd_close(bench.record.file.fd); /* from here on the host refuses */
    assert_int_equal(record_event(&bench.record, &event), -EBADF);
    assert_int_equal(record_event(&bench.record, &event), -EBADF);
    bench.record.file.fd = -1;
    assert_int_equal(record_close(&bench.record), -EBADF);
    assert_false(host_file_exists(bench.path));
    bench_close(&bench);
}

static void events_without_a_record_go_nowhere(void **state)
{
    struct record record = {0};
    struct trace_event event = {.type = TRACE_dpc};

    (void)state;
    assert_int_equal(record_event(&record, &event), 0);
    assert_int_equal(record_close(&record), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_a_header_the_types_and_every_event_in_order),
        cmocka_unit_test(the_header_names_every_type_with_its_arguments),
        cmocka_unit_test(a_record_that_cannot_be_written_is_refused_at_once),
        cmocka_unit_test(a_failure_in_the_middle_is_told_at_each_event_and_leaves_nothing),
        cmocka_unit_test(events_without_a_record_go_nowhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
