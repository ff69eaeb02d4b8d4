/* SPDX-License-Identifier: MIT */
/* For the tests of report: a report that is fed with events. Include after cmocka.h. */
#ifndef WEIR_REPORT_TEST_H
#define WEIR_REPORT_TEST_H
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

/* ---- Bench: a report fed by a real event stream ---------------------------------------------- */

enum { CAPACITY = 1 << 12 };

struct bench {
    struct report *report;
    struct trace_ring *ring;
    struct trace trace;
    struct trace_reader reader;
    struct text text;
    struct report_run run;
};

static inline const char *export_name(uint64_t id)
{
    return id == 4 ? "KeSetTimerEx" : "?";
}

static inline void bench_open(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    bench->report = report_create(export_name);
    bench->ring = aligned_alloc(64, trace_ring_size_bytes(CAPACITY));
    assert_non_null(bench->report);
    assert_non_null(bench->ring);
    trace_ring_init(bench->ring, CAPACITY);
    trace_init(&bench->trace, bench->ring, TRACE_CLASS_always, NULL, NULL);
    trace_reader_init(&bench->reader, bench->ring, CAPACITY);
    text_init(&bench->text);
    bench->run = (struct report_run){.version = "0.1.0", .driver = "grabber.sys",
                                     .card = "grabber64", .card_parameters = "", .seed = 1,
                                     .cpus = 2, .ram_bytes = 1 << 30, .windows = "win10",
                                     .payload = "full", .buffers = 8,
                                     .dma = {.pages = "scattered", .iommu = "off",
                                             .low_memory_bytes = 64 << 20,
                                             .map_registers = 16384, .is_default = true},
                                     .wall_ns = 500000000,
                                     .outcome = "ok"};
}

static inline void bench_close(struct bench *bench)
{
    report_destroy(bench->report);
    free(bench->ring);
    text_fini(&bench->text);
}

static inline void feed(struct bench *bench)
{
    struct trace_event event;

    while (trace_reader_next(&bench->reader, &event) == 1)
        report_event(bench->report, &event);
}

static inline void say(struct bench *bench, const char *text)
{
    trace_text(&bench->trace, text, strlen(text));
}

static inline void load_driver(struct bench *bench)
{
    TRACE(&bench->trace, module_loaded, 0x40000000, 0x6000, 0x40001000);
    say(bench, "grabber.sys");
}

static inline struct report_figures figures_of(struct bench *bench)
{
    struct report_figures figures;

    feed(bench);
    report_figures(bench->report, &figures);
    return figures;
}

static inline const char *summary_of(struct bench *bench)
{
    feed(bench);
    text_clear(&bench->text);
    report_text(bench->report, &bench->run, &bench->text);
    return text_get(&bench->text);
}

static inline const char *post_mortem_of(struct bench *bench)
{
    feed(bench);
    text_clear(&bench->text);
    report_post_mortem(bench->report, &bench->text);
    return text_get(&bench->text);
}

static inline json_t *json_of(struct bench *bench, bool with_wall)
{
    char *text;
    json_t *root;

    feed(bench);
    text = report_json(bench->report, &bench->run, with_wall);
    assert_non_null(text);
    root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    free(text);
    return root;
}

static inline void expect_words(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" is not in:\n%s", words, text);
}

static inline void expect_no_words(const char *text, const char *words)
{
    if (strstr(text, words) != NULL)
        fail_msg("\"%s\" is in:\n%s", words, text);
}

#endif
