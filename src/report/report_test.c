/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/report_test.h"

/* ---- Figures --------------------------------------------------------------------------------- */

static void verdicts_are_counted_by_kind(void **state)
{
    static const unsigned verdicts[] = {0, 0, 1, 2, 2, 3, 4, 5, 6, 16, 17, 99};
    struct bench bench;
    struct report_figures figures;

    (void)state;
    bench_open(&bench);
    for (unsigned i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++)
        TRACE(&bench.trace, frame_delivered, i, 0, 100, 0, verdicts[i], i);
    TRACE(&bench.trace, frames_lost, 3, 4, 5);
    TRACE(&bench.trace, frames_lost, 9, 1, 0);
    figures = figures_of(&bench);
    assert_int_equal(figures.delivered, 12);
    assert_int_equal(figures.verdicts.short_frames, 1);
    assert_int_equal(figures.verdicts.torn, 2);
    assert_int_equal(figures.verdicts.stale, 1);
    assert_int_equal(figures.verdicts.wrong, 1);
    assert_int_equal(figures.verdicts.duplicate, 1);
    assert_int_equal(figures.verdicts.out_of_order, 2); /* early is out of order too */
    assert_int_equal(figures.lost, 5);
    assert_int_equal(figures.dropped_by_driver, 5);
    assert_int_equal(report_frames(bench.report), 12);
    bench_close(&bench);
}

static void mappings_have_their_least_their_median_and_their_most(void **state)
{
    static const unsigned mappings[] = {1013, 7, 1020, 500, 1014};
    struct bench bench;
    struct report_figures figures;

    (void)state;
    bench_open(&bench);
    figures = figures_of(&bench);
    assert_int_equal(figures.mappings_median, 0);
    for (unsigned i = 0; i < 5; i++)
        TRACE(&bench.trace, frame_lock, 1, i, mappings[i], i + 1, 0, 0);
    TRACE(&bench.trace, frame_lock, 1, 5, 0, 2, 0, 0); /* no mappings: not counted among them */
    figures = figures_of(&bench);
    assert_int_equal(figures.mappings_min, 7);
    assert_int_equal(figures.mappings_median, 1013);
    assert_int_equal(figures.mappings_max, 1020);
    assert_int_equal(figures.frame_locks, 6);
    assert_int_equal(figures.frame_locks_highest, 5);
    TRACE(&bench.trace, frame_lock, 1, 6, UINT64_MAX, 1, 0, 0);
    figures = figures_of(&bench);
    assert_int_equal(figures.mappings_frames, 6);
    assert_true(figures.mappings_max > 200000);
    bench_close(&bench);
}

static void an_even_count_of_frames_has_the_upper_median(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    TRACE(&bench.trace, frame_lock, 1, 0, 10, 1);
    TRACE(&bench.trace, frame_lock, 1, 1, 20, 1);
    assert_int_equal(figures_of(&bench).mappings_median, 20);
    bench_close(&bench);
}

static void dma_is_added_up_and_registers_are_those_of_all_adapters(void **state)
{
    struct bench bench;
    struct report_figures figures;

    (void)state;
    bench_open(&bench);
    TRACE(&bench.trace, map_registers, 1, 10, 10);
    TRACE(&bench.trace, dma_map, 1, 5, 4096, 8192, 3, 10);
    TRACE(&bench.trace, map_registers, 2, 7, 17);
    TRACE(&bench.trace, dma_map, 2, 6, 100, 0, 1, 7);
    TRACE(&bench.trace, map_registers, 1, 0, 7);
    TRACE(&bench.trace, dma_refused, 1, 0xc000009a, 20, 3);
    TRACE(&bench.trace, frame_lock_failed, 1, 1, 0xc000009a, 4);
    figures = figures_of(&bench);
    assert_int_equal(figures.direct_bytes, 4196);
    assert_int_equal(figures.bounce_bytes, 8192);
    assert_int_equal(figures.registers_highest, 17);
    assert_int_equal(figures.registers_now, 7);
    assert_int_equal(figures.registers_failed, 1);
    assert_int_equal(figures.frame_locks_failed, 1);
    bench_close(&bench);
}

static void what_lies_above_4_gib_counts_for_the_reads_that_were_locked(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    TRACE(&bench.trace, read_queued, 8192, 4096);
    TRACE(&bench.trace, read_queued, 8192, 8192);
    TRACE(&bench.trace, read_queued, 8192, 100);
    TRACE(&bench.trace, frame_lock, 1, 0, 2, 1);
    TRACE(&bench.trace, frame_lock, 1, 1, 2, 2);
    assert_int_equal(figures_of(&bench).high_bytes, 12288);
    bench_close(&bench);
}

static void interrupts_dpcs_and_time_are_counted(void **state)
{
    struct bench bench;
    struct report_figures figures;

    (void)state;
    bench_open(&bench);
    bench.trace.now_ns = 1000;
    TRACE(&bench.trace, interrupt, 0x41, 1, 0, 1);
    TRACE(&bench.trace, interrupt, 0x41, 1, 0, 0);
    TRACE(&bench.trace, dpc, 1, 2);
    bench.trace.now_ns = 2000;
    TRACE(&bench.trace, forced_yield, 0x40001234);
    figures = figures_of(&bench);
    assert_int_equal(figures.interrupts, 2);
    assert_int_equal(figures.interrupts_unclaimed, 1);
    assert_int_equal(figures.dpcs, 1);
    assert_int_equal(figures.virtual_ns, 2000);
    assert_int_equal(report_virtual_ns(bench.report), 2000);
    assert_int_equal(figures.forced_yields, 1);
    assert_int_equal(figures.events, 4);
    bench_close(&bench);
}

/* ---- Places ---------------------------------------------------------------------------------- */

static void an_address_in_a_module_is_told_by_name_and_offset(void **state)
{
    struct bench bench;
    char place[96];

    (void)state;
    bench_open(&bench);
    load_driver(&bench);
    feed(&bench);
    report_place(bench.report, 0x40001a30, place, sizeof place);
    assert_string_equal(place, "grabber.sys+0x1a30");
    report_place(bench.report, 0x40000000, place, sizeof place);
    assert_string_equal(place, "grabber.sys+0x0");
    report_place(bench.report, 0x40006000, place, sizeof place);
    assert_string_equal(place, "0x40006000");
    report_place(bench.report, 0x3fffffff, place, sizeof place);
    assert_string_equal(place, "0x3fffffff");
    bench_close(&bench);
}

static void a_text_that_never_ended_is_not_mixed_with_the_next(void **state)
{
    struct bench bench;
    char place[96];

    (void)state;
    bench_open(&bench);
    TRACE(&bench.trace, debug_print, 100);
    TRACE(&bench.trace, text, 100, 0x4141414141414141); /* the rest never comes */
    load_driver(&bench);
    feed(&bench);
    report_place(bench.report, 0x40000001, place, sizeof place);
    assert_string_equal(place, "grabber.sys+0x1");
    bench_close(&bench);
}

static void more_modules_and_longer_texts_than_fit_are_cut(void **state)
{
    struct bench bench;
    char name[2000], place[96];

    (void)state;
    memset(name, 'n', sizeof name);
    bench_open(&bench);
    for (uint64_t i = 1; i <= 40; i++) {
        TRACE(&bench.trace, module_loaded, i << 20, 0x1000, 0);
        trace_text(&bench.trace, name, sizeof name);
        feed(&bench);
    }
    report_place(bench.report, 1 << 20, place, sizeof place);
    assert_int_equal(strlen(place), 63 + 4);
    report_place(bench.report, 40 << 20, place, sizeof place);
    assert_string_equal(place, "0x2800000");
    for (unsigned i = 0; i < 100000; i++) { /* a text that says it goes on for ever */
        TRACE(&bench.trace, text, UINT64_MAX, 0x4141414141414141);
        feed(&bench);
    }
    bench_close(&bench);
}

/* ---- Summary --------------------------------------------------------------------------------- */

static void the_summary_says_what_was_asked_for(void **state)
{
    struct bench bench;
    const char *text;

    (void)state;
    bench_open(&bench);
    bench.run.pins[0].format = (struct report_format){.name = "YUY2", .width = 1920, .height = 1080,
                                              .rate_numerator = 60000, .rate_denominator = 1001};
    bench.trace.now_ns = 5000000000;
    TRACE(&bench.trace, frame_delivered, 0, 0, 100, 0, 0, 0);
    TRACE(&bench.trace, frame_lock, 1, 0, 1013, 2);
    TRACE(&bench.trace, dma_map, 1, 5, 4096, 8192, 3, 10);
    text = summary_of(&bench);
    expect_words(text, "grabber.sys on grabber64: YUY2 1920x1080 at 59.9401 fps\n");
    expect_words(text,
                 "frames              1 delivered, 0 dropped by the driver, 0 lost, 0 torn\n");
    expect_words(text, "frame locks         1 made, 2 held at most, 0 failed\n");
    expect_words(text,
                 "map registers       0 held at most, 0 at the end, 0 requests waited, 0 failed\n");
    expect_words(text, "4096 bytes direct, 8192 bytes bounced; frames "
                  "hold 0 bytes at or above 4 GiB\n");
    expect_words(text, "mappings per frame  1013 min, 1013 median, 1013 max\n");
    expect_words(text, "interrupts          0 (0 unclaimed), DPCs 0\n");
    expect_words(text, "5.000000 s virtual, 0.500 s wall, ratio 10.0\n");
    expect_words(text, "findings            none\n");
    expect_no_words(text, "stale");
    expect_no_words(text, "reproducible");
    bench_close(&bench);
}

static void the_summary_tells_of_an_unusual_machine_only(void **state)
{
    struct bench bench;
    const char *text;

    (void)state;
    bench_open(&bench);
    text = summary_of(&bench);
    expect_words(text, "grabber.sys on grabber64: no format");
    expect_no_words(text, "memory and DMA");
    expect_no_words(text, "low memory");
    bench.run.dma = (struct report_dma){.pages = "runs:7", .iommu = "strict",
                                        .buffer_offset_bytes = 291, .low_memory_bytes = 8 << 20,
                                        .low_memory_pressure = 40, .map_registers = 100,
                                        .force_bounce = true};
    bench.run.windows_label = "Windows XP (what-if)";
    text = summary_of(&bench);
    expect_words(text, "grabber.sys on grabber64, Windows XP (what-if): no format");
    expect_words(text, "memory and DMA      pages runs:7, buffers at byte 291 of a page, low "
                       "memory 8M of which others want 40%, 100 map registers, every page "
                       "bounced, IOMMU strict\n");
    bench_close(&bench);
}

/* 1 MB from the first second on, 3 MB from the second on, nothing from the third to the fourth. */
static void what_the_rival_held_is_weighed_by_time(void **state)
{
    static const uint64_t pages[] = {256, 768, 0, 0};
    struct report_figures figures;
    struct bench bench;

    (void)state;
    bench_open(&bench);
    for (unsigned i = 0; i < 4; i++) {
        bench.trace.now_ns = (i + 1) * UINT64_C(1000000000);
        TRACE(&bench.trace, low_memory_rival, pages[i], 100);
    }
    expect_words(summary_of(&bench),
                 "low memory          1.0M held by others on average, 3.0M at most\n");
    report_figures(bench.report, &figures);
    assert_int_equal(figures.rival_bytes_average, 1 << 20);
    assert_int_equal(figures.rival_bytes_highest, 3 << 20);
    bench_close(&bench);
}

static void the_summary_names_rarer_verdicts_and_findings_only_when_there_are_any(void **state)
{
    struct bench bench;
    const char *text;

    (void)state;
    bench_open(&bench);
    load_driver(&bench);
    bench.run.card_parameters = "fault=stale";
    TRACE(&bench.trace, frame_delivered, 0, 0, 100, 0, 3, 0);
    TRACE(&bench.trace, forced_yield, 0x40001234);
    TRACE(&bench.trace, finding, VERIFY_call_irql, 0x40001234, 4, 2, 0);
    TRACE(&bench.trace, finding, VERIFY_call_irql, 0x40001234, 4, 2, 0);
    TRACE(&bench.trace, finding, VERIFY_legacy_registration, 0, 0);
    text = summary_of(&bench);
    expect_words(text, "grabber.sys on grabber64,fault=stale: no format agreed on\n");
    expect_words(text, ", 1 stale, 0 short, 0 duplicate, 0 out of order, 0 wrong\n");
    expect_words(text, "not reproducible");
    expect_words(text, "findings            2 (1 errors)\n");
    expect_words(text, "  finding call_irql: called at the wrong IRQL (KeSetTimerEx, at IRQL 2) at "
                       "grabber.sys+0x1234, 2 times; first at 0.000000 s [");
    expect_words(text, "  advice legacy_registration: ");
    bench_close(&bench);
}

/* ---- Post-mortem ----------------------------------------------------------------------------- */

static void a_bug_check_is_told_with_place_exception_registers_and_stack(void **state)
{
    struct bench bench;
    const char *text;
    char line[200];
    uint32_t code = 0;

    (void)state;
    bench_open(&bench);
    load_driver(&bench);
    assert_false(report_has_bug_check(bench.report, &code));
    bench.trace.cpu = 1;
    bench.trace.irql = 5;
    bench.trace.now_ns = 77;
    TRACE(&bench.trace, exception, 0xc0000005, 0x40001abc, 0x18, 1, 3);
    TRACE(&bench.trace, bug_check, 0xd1, 0x18, 5, 1, 0x40001abc, 0x40001abc);
    for (unsigned i = 0; i < 4; i++)
        TRACE(&bench.trace, registers, i, i * 4, i * 4 + 1, i * 4 + 2, i * 4 + 3);
    TRACE(&bench.trace, registers, 4, 0x40001abc, 0x246);
    TRACE(&bench.trace, stack_frame, 0, 0x40001abc, 0x1000);
    TRACE(&bench.trace, stack_frame, 1, 0x40002000, 0x1100);
    text = post_mortem_of(&bench);
    assert_true(report_has_bug_check(bench.report, &code));
    assert_int_equal(code, 0xd1);
    expect_words(text, "*** bug check 0xd1 DRIVER_IRQL_NOT_LESS_OR_EQUAL (0x18, 0x5, 0x1, "
                       "0x40001abc)\n    at grabber.sys+0x1abc, CPU 1, IRQL 5\n");
    expect_words(text, "    exception 0xc0000005 at grabber.sys+0x1abc, address 0x18 (write)\n");
    expect_words(text, "    rax 0000000000000000  rcx 0000000000000001  rdx 0000000000000002  "
                       "rbx 0000000000000003\n    rsp 0000000000000004");
    expect_words(text, "r15 000000000000000f\n    rip 0000000040001abc  rflags 0000000000000246\n");
    expect_words(text, "    call stack\n       0 grabber.sys+0x1abc\n"
                       "       1 grabber.sys+0x2000\n");
    expect_words(text, "    last events\n");
    expect_words(text, "cpu 1 irql  5  exception code=0xc0000005 rip_va=grabber.sys+0x1abc");
    expect_no_words(text, "registers index");
    assert_true(report_reason(bench.report, line, sizeof line));
    assert_string_equal(line, "bug check 0xd1 DRIVER_IRQL_NOT_LESS_OR_EQUAL at grabber.sys+0x1abc");
    bench_close(&bench);
}

static void an_exception_that_was_handled_long_before_is_not_blamed(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    TRACE(&bench.trace, exception, 0xc0000005, 0x40001abc, 0x18, 1, 3);
    bench.trace.now_ns = 5;
    TRACE(&bench.trace, bug_check, 0x133, 0, 1, 2, 3, 0);
    expect_words(post_mortem_of(&bench), "DPC_WATCHDOG_VIOLATION");
    expect_no_words(text_get(&bench.text), "    exception 0x");
    expect_no_words(text_get(&bench.text), "CPU 255");
    bench_close(&bench);
}

static void the_last_events_name_rules_and_exports(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    TRACE(&bench.trace, finding, VERIFY_clone_leak, 0x40001234, 4);
    TRACE(&bench.trace, call_wrong_irql, 4, 0x40001234, 0, 1);
    TRACE(&bench.trace, finding, VERIFY_RULE_COUNT, 0x40001234, 4);
    expect_words(post_mortem_of(&bench), "finding rule=clone_leak caller_va=0x40001234");
    expect_words(text_get(&bench.text), "call_wrong_irql export=KeSetTimerEx");
    bench_close(&bench);
}

static void a_missing_function_is_told_with_its_caller(void **state)
{
    struct bench bench;
    char line[200];

    (void)state;
    bench_open(&bench);
    load_driver(&bench);
    TRACE(&bench.trace, missing_call, 0, 0x40001010, 1, 2, 3, 4);
    say(&bench, "ntoskrnl.exe!KeFancyNewThing");
    expect_words(post_mortem_of(&bench),
                 "*** ntoskrnl.exe!KeFancyNewThing was called at grabber.sys+0x1010, which weir "
                 "does not have (arguments 0x1, 0x2, 0x3, 0x4)\n");
    assert_true(report_reason(bench.report, line, sizeof line));
    assert_string_equal(line, "ntoskrnl.exe!KeFancyNewThing was called at grabber.sys+0x1010, "
                              "which weir does not have");
    bench_close(&bench);
}

static void what_the_driver_printed_is_shown_and_cannot_steer_a_terminal(void **state)
{
    struct bench bench;
    const char *text;

    (void)state;
    bench_open(&bench);
    for (unsigned i = 0; i < 70; i++) {
        TRACE(&bench.trace, debug_print, 6);
        say(&bench, i == 69 ? "\033[2Jtwo\nlines\r\n" : i == 5 ? "early\n" : "hello\n");
    }
    text = post_mortem_of(&bench);
    expect_words(text, "    the driver printed\n      hello\n");
    expect_words(text, "\n       [2Jtwo lines\n");
    expect_no_words(text, "early"); /* only the last are kept */
    expect_no_words(text, "\033");
    bench_close(&bench);
}

static void a_death_without_a_word_still_shows_the_last_events(void **state)
{
    struct bench bench;
    char line[200];

    (void)state;
    bench_open(&bench);
    assert_string_equal(post_mortem_of(&bench), "");
    for (unsigned i = 0; i < 100; i++)
        TRACE(&bench.trace, frame_queued, 1, i, 640);
    post_mortem_of(&bench);
    expect_words(text_get(&bench.text), "frame_queued pin_id=0x1 frame_id=0x63 size_bytes=0x280\n");
    expect_words(text_get(&bench.text), "frame_id=0x4c ");
    expect_no_words(text_get(&bench.text), "frame_id=0x4b ");
    expect_no_words(text_get(&bench.text), "bug check");
    assert_false(report_reason(bench.report, line, sizeof line));
    bench_close(&bench);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void expect_keys(json_t *object, const char *const *keys)
{
    const char *key;
    json_t *value;

    assert_true(json_is_object(object));
    json_object_foreach(object, key, value) {
        assert_non_null(*keys);
        assert_string_equal(key, *keys++);
    }
    assert_null(*keys);
}

static void members_come_in_the_documented_order(void **state)
{
    static const char *const root_keys[] = {
        "schema_version", "weir_version", "outcome", "exit_code", "message", "run", "frames",
        "bad_frames", "dma",
        "interrupts", "interrupts_unclaimed", "dpcs", "events", "video_hash", "time", "incidents",
        "findings",
        "findings_beyond_limit", "bug_check", "missing_function", "stubs", "notes", "pins",
        NULL};
    static const char *const run_keys[] = {
        "driver", "card", "card_parameters", "format", "seed", "cpus", "ram_bytes", "windows",
        "payload", "buffers", "buffer_offset", "pages", "low_memory_bytes",
        "low_memory_pressure", "map_registers", "force_bounce", "iommu", NULL};
    static const char *const frames_keys[] = {
        "delivered", "dropped_by_driver", "underruns", "lost", "torn", "stale", "short",
        "duplicate",
        "out_of_order", "wrong", NULL};
    static const char *const dma_keys[] = {
        "frame_locks", "frame_locks_highest", "frame_locks_failed", "map_registers_highest",
        "map_registers_at_end", "map_register_requests_queued",
        "map_register_requests_failed", "low_memory_rival_average", "low_memory_rival_highest",
        "direct_bytes", "bounce_bytes",
        "frame_bytes_above_4g",        "mappings_min", "mappings_median", "mappings_max", NULL};
    static const char *const time_keys[] = {"virtual_ns", "reproducible", "wall_ns", NULL};
    struct bench bench;
    json_t *root;

    (void)state;
    bench_open(&bench);
    root = json_of(&bench, true);
    expect_keys(root, root_keys);
    expect_keys(json_object_get(root, "run"), run_keys);
    expect_keys(json_object_get(root, "frames"), frames_keys);
    expect_keys(json_object_get(root, "dma"), dma_keys);
    expect_keys(json_object_get(root, "time"), time_keys);
    assert_int_equal(json_integer_value(json_object_get(root, "schema_version")), 1);
    assert_true(json_is_null(json_object_get(root, "message")));
    assert_true(json_is_null(json_object_get(root, "bug_check")));
    assert_true(json_is_null(json_object_get(root, "missing_function")));
    assert_true(json_is_null(json_object_get(root, "video_hash")));
    assert_true(json_is_null(json_object_get(json_object_get(root, "run"), "format")));
    json_decref(root);
    root = json_of(&bench, false);
    assert_null(json_object_get(json_object_get(root, "time"), "wall_ns"));
    json_decref(root);
    bench_close(&bench);
}

static void the_first_bad_frames_are_named_in_text_and_json(void **state)
{
    static const char *const keys[] = {"frame", "verdict", "line", "expected", "found", "offset",
                                       "pin", NULL};
    struct bench bench;
    json_t *root, *frames, *frame;

    (void)state;
    bench_open(&bench);
    for (unsigned i = 0; i < 20; i++)
        TRACE(&bench.trace, frame_verdict, 9 + i, i == 0 ? 2 : 16, 240, 6,
              i == 1 ? UINT32_MAX : 7, 307200);
    expect_words(summary_of(&bench),
                 "  frame 9 torn: at byte 307200, line 240, picture 7 where 6 belongs\n"
                 "  frame 10 duplicate: at byte 307200, line 240, nothing where picture 6 belongs\n"
                 "  frame 11 duplicate: at byte 307200, line 240, picture 7 where 6 belongs\n");
    expect_words(text_get(&bench.text), "  and 4 more\n");
    root = json_of(&bench, true);
    frames = json_object_get(root, "bad_frames");
    assert_int_equal(json_array_size(frames), 16);
    frame = json_array_get(frames, 0);
    expect_keys(frame, keys);
    assert_string_equal(json_string_value(json_object_get(frame, "verdict")), "torn");
    assert_int_equal(json_integer_value(json_object_get(frame, "offset")), 307200);
    json_decref(root);
    bench_close(&bench);
}

static void findings_format_and_bug_check_carry_what_the_text_carries(void **state)
{
    static const char *const finding_keys[] = {"rule", "kind", "text", "source", "place", "count",
                                               "first_ns", "access", NULL};
    static const char *const bug_keys[] = {"code", "name", "parameter1", "parameter2", "parameter3",
                                           "parameter4", "place", "irql", "exception", "stack",
                                           NULL};
    static const char *const format_keys[] = {"name", "width", "height", "bottom_up",
                                              "rate_numerator", "rate_denominator", "frame_bytes",
                                              NULL};
    struct bench bench;
    json_t *root, *finding, *bug;

    (void)state;
    bench_open(&bench);
    load_driver(&bench);
    bench.run.pins[0].format = (struct report_format){.name = "RGB24", .width = 640,
                                                      .bottom_up = true};
    bench.run.pins[0].has_hash = true;
    bench.run.pins[0].hash = 0xabc;
    TRACE(&bench.trace, finding, VERIFY_clone_leak, 0x40001234, 4, 2, 0);
    TRACE(&bench.trace, finding, VERIFY_legacy_registration, 0);
    TRACE(&bench.trace, exception, 0xc0000005, 0x40001abc, 0x18, 8, 3);
    TRACE(&bench.trace, bug_check, 0x1e, 1, 2, 3, 4, 0x40001abc);
    TRACE(&bench.trace, stack_frame, 0, 0x40001abc, 0);
    TRACE(&bench.trace, missing_call, 0, 0x40001010, 4, 5, 6, 7);
    say(&bench, "hal.dll!HalFancy");
    root = json_of(&bench, true);
    finding = json_array_get(json_object_get(root, "findings"), 0);
    expect_keys(finding, finding_keys);
    assert_string_equal(json_string_value(json_object_get(finding, "rule")), "clone_leak");
    assert_string_equal(json_string_value(json_object_get(finding, "kind")), "error");
    assert_string_equal(json_string_value(json_object_get(finding, "place")), "grabber.sys+0x1234");
    finding = json_array_get(json_object_get(root, "findings"), 1);
    assert_string_equal(json_string_value(json_object_get(finding, "kind")), "advice");
    assert_true(json_is_null(json_object_get(finding, "place")));
    bug = json_object_get(root, "bug_check");
    expect_keys(bug, bug_keys);
    assert_string_equal(json_string_value(json_object_get(bug, "code")), "0x1e");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(bug, "exception"), "access")), "execute");
    assert_int_equal(json_array_size(json_object_get(bug, "stack")), 1);
    expect_keys(json_object_get(json_object_get(root, "run"), "format"), format_keys);
    assert_string_equal(json_string_value(json_object_get(root, "video_hash")), "0xabc");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(root, "missing_function"), "name")),
        "hal.dll!HalFancy");
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(json_object_get(root, "missing_function"),
                                                         "arguments"), 3)), "0x7");
    json_decref(root);
    bench_close(&bench);
}

static void notes_are_told_once_with_their_number(void **state)
{
    struct bench bench;
    json_t *root, *note;

    (void)state;
    bench_open(&bench);
    expect_no_words(summary_of(&bench), "file wanted");
    for (unsigned i = 0; i < 3; i++)
        trace_note(&bench.trace, TRACE_NOTE_FILE_WANTED, "C:\\fw.bin");
    trace_note(&bench.trace, TRACE_NOTE_INSTALLED, "card.inf: a card");
    TRACE(&bench.trace, note, 77); /* from a process gone wild */
    say(&bench, "nothing");
    expect_words(summary_of(&bench), "installed           card.inf: a card\n"
                                     "file wanted         C:\\fw.bin (3 times)\n"
                                     "findings");
    root = json_of(&bench, true);
    note = json_array_get(json_object_get(root, "notes"), 0);
    assert_string_equal(json_string_value(json_object_get(note, "kind")), "file wanted");
    assert_int_equal(json_integer_value(json_object_get(note, "count")), 3);
    json_decref(root);
    bench_close(&bench);
}

static void stubbed_calls_are_counted_and_never_pass_for_the_real_thing(void **state)
{
    struct bench bench;
    json_t *root, *stub;

    (void)state;
    bench_open(&bench);
    load_driver(&bench);
    expect_no_words(summary_of(&bench), "stubbed");
    TRACE(&bench.trace, stub_given, 0, 0xc0000002);
    say(&bench, "KeFancyNewThing");
    TRACE(&bench.trace, stub_given, 1, 0);
    say(&bench, "hal.dll!HalUnused");
    TRACE(&bench.trace, stub_given, 2, 0);
    say(&bench, "HalNobody");
    TRACE(&bench.trace, stub_bound, 0, 4);
    TRACE(&bench.trace, stub_bound, 1, 5);
    TRACE(&bench.trace, stub_called, 0, 0x40001010, 1, 2, 3, 4);
    TRACE(&bench.trace, stub_called, 0, 0x40002020, 1, 2, 3, 4);
    TRACE(&bench.trace, stub_called, 77, 0x40002020, 1, 2, 3, 4); /* from a process gone wild */
    expect_words(summary_of(&bench),
                 "stubbed             2 calls: this run tells nothing of Windows\n"
                 "  KeFancyNewThing=0xc0000002: 2 calls; first at grabber.sys+0x1010\n"
                 "  hal.dll!HalUnused=0x0: imported, never called\n"
                 "  HalNobody=0x0: nobody imports it\n");
    assert_int_equal(report_stub_calls(bench.report), 2);
    root = json_of(&bench, true);
    stub = json_array_get(json_object_get(root, "stubs"), 0);
    assert_string_equal(json_string_value(json_object_get(stub, "name")), "KeFancyNewThing");
    assert_string_equal(json_string_value(json_object_get(stub, "value")), "0xc0000002");
    assert_int_equal(json_integer_value(json_object_get(stub, "calls")), 2);
    assert_string_equal(json_string_value(json_object_get(stub, "first_place")),
                        "grabber.sys+0x1010");
    stub = json_array_get(json_object_get(root, "stubs"), 2);
    assert_true(json_is_false(json_object_get(stub, "imported")));
    assert_true(json_is_null(json_object_get(stub, "first_place")));
    json_decref(root);
    bench_close(&bench);
}

static void names_that_are_no_utf8_and_numbers_beyond_63_bits_stay_valid_json(void **state)
{
    struct bench bench;
    json_t *root;

    (void)state;
    bench_open(&bench);
    bench.run.driver = "gr\xfc" "bber.sys";
    TRACE(&bench.trace, dma_map, 1, 5, UINT64_MAX - 5, 0, 3, 10);
    root = json_of(&bench, true);
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(root, "run"), "driver")), "gr?bber.sys");
    assert_true(json_integer_value(json_object_get(json_object_get(root, "dma"), "direct_bytes")) ==
                INT64_MAX);
    json_decref(root);
    bench_close(&bench);
}

static void equal_events_give_equal_json_but_for_the_wall_time(void **state)
{
    struct bench bench;
    char *first, *second;

    (void)state;
    bench_open(&bench);
    TRACE(&bench.trace, frame_delivered, 0, 0, 100, 0, 0, 0);
    feed(&bench);
    first = report_json(bench.report, &bench.run, false);
    bench.run.wall_ns *= 3;
    second = report_json(bench.report, &bench.run, false);
    assert_string_equal(first, second);
    free(first);
    free(second);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_are_counted_by_kind),
        cmocka_unit_test(mappings_have_their_least_their_median_and_their_most),
        cmocka_unit_test(an_even_count_of_frames_has_the_upper_median),
        cmocka_unit_test(dma_is_added_up_and_registers_are_those_of_all_adapters),
        cmocka_unit_test(what_lies_above_4_gib_counts_for_the_reads_that_were_locked),
        cmocka_unit_test(interrupts_dpcs_and_time_are_counted),
        cmocka_unit_test(an_address_in_a_module_is_told_by_name_and_offset),
        cmocka_unit_test(a_text_that_never_ended_is_not_mixed_with_the_next),
        cmocka_unit_test(more_modules_and_longer_texts_than_fit_are_cut),
        cmocka_unit_test(the_summary_says_what_was_asked_for),
        cmocka_unit_test(the_summary_tells_of_an_unusual_machine_only),
        cmocka_unit_test(what_the_rival_held_is_weighed_by_time),
        cmocka_unit_test(the_summary_names_rarer_verdicts_and_findings_only_when_there_are_any),
        cmocka_unit_test(a_bug_check_is_told_with_place_exception_registers_and_stack),
        cmocka_unit_test(an_exception_that_was_handled_long_before_is_not_blamed),
        cmocka_unit_test(the_last_events_name_rules_and_exports),
        cmocka_unit_test(a_missing_function_is_told_with_its_caller),
        cmocka_unit_test(notes_are_told_once_with_their_number),
        cmocka_unit_test(stubbed_calls_are_counted_and_never_pass_for_the_real_thing),
        cmocka_unit_test(what_the_driver_printed_is_shown_and_cannot_steer_a_terminal),
        cmocka_unit_test(a_death_without_a_word_still_shows_the_last_events),
        cmocka_unit_test(members_come_in_the_documented_order),
        cmocka_unit_test(the_first_bad_frames_are_named_in_text_and_json),
        cmocka_unit_test(findings_format_and_bug_check_carry_what_the_text_carries),
        cmocka_unit_test(names_that_are_no_utf8_and_numbers_beyond_63_bits_stay_valid_json),
        cmocka_unit_test(equal_events_give_equal_json_but_for_the_wall_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
