/* SPDX-License-Identifier: MIT */
/* Drivers as Microsoft's compilers lay them out, loaded: the checks run in their DriverEntry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "machine/machine.h"
#include "trace/trace.h"

enum { RING_RECORDS = 1 << 12, DRIVER_BYTES_MAX = 1 << 20 };

struct stage {
    struct trace trace;
    struct trace_ring *ring;
    struct trace_reader reader;
    bool loaded, started;
    struct machine_error error;
    uint64_t findings;
    uint64_t bug_check, first_parameter;
};

static void drain(void *ctx)
{
    struct stage *stage = ctx;
    struct trace_event event;

    while (trace_reader_next(&stage->reader, &event) == 1) {
        stage->findings += event.type == TRACE_finding;
        if (event.type == TRACE_bug_check) {
            stage->bug_check = event.arg[0];
            stage->first_parameter = event.arg[1];
        }
    }
}

static void *read_driver(const char *name, size_t *size_bytes)
{
    const char *build = getenv("WEIR_BUILD");
    char path[4096];
    FILE *file;
    void *bytes = malloc(DRIVER_BYTES_MAX);

    snprintf(path, sizeof path, "%s/tests/drivers/msvc/%s", build != NULL ? build : ".", name);
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_non_null(bytes);
    *size_bytes = fread(bytes, 1, DRIVER_BYTES_MAX, file);
    fclose(file);
    return bytes;
}

static void live(struct machine *machine, void *ctx)
{
    struct stage *stage = ctx;

    stage->loaded = machine_load_driver(machine, &stage->error);
    if (stage->loaded)
        machine_unload_driver(machine);
}

static void live_with_a_device(struct machine *machine, void *ctx)
{
    struct stage *stage = ctx;
    struct machine_error error;

    stage->loaded = machine_load_driver(machine, &stage->error);
    if (!stage->loaded)
        return;
    stage->started = machine_start_device(machine, &stage->error);
    machine_remove_device(machine, &error);
    machine_unload_driver(machine);
}

/* library: loaded before; NULL: nothing is. card: NULL: none, and no device. */
static int run_on(const char *card, const char *library, const char *name, struct stage *stage)
{
    struct machine_image other = {.name = library};
    struct machine_config config = {
        .seed = 3,
        .cpus = 2,
        .windows = KE_WINDOWS_10,
        .memory = {.ram_bytes = UINT64_C(1) << 30, .policy = MM_SCATTERED},
        .card = card != NULL ? card : "none",
        .driver_name = name,
        .trace = &stage->trace,
        .others = &other,
        .other_count = library != NULL,
    };
    struct machine *machine;
    int reason;

    *stage = (struct stage){0};
    config.driver_bytes = read_driver(name, &config.driver_size_bytes);
    if (library != NULL)
        other.bytes = read_driver(library, &other.size_bytes);
    stage->ring = aligned_alloc(64, bits_align_up(trace_ring_size_bytes(RING_RECORDS), 64));
    assert_non_null(stage->ring);
    trace_ring_init(stage->ring, RING_RECORDS);
    trace_reader_init(&stage->reader, stage->ring, RING_RECORDS);
    trace_init(&stage->trace, stage->ring, TRACE_CLASS_always, drain, stage);
    assert_int_equal(machine_create(&config, &machine, &stage->error), 0);
    reason = machine_run(machine, card != NULL ? live_with_a_device : live, stage);
    machine_destroy(machine);
    drain(stage);
    trace_fini(&stage->trace);
    free(stage->ring);
    free((void *)(uintptr_t)config.driver_bytes);
    free((void *)(uintptr_t)other.bytes);
    return reason;
}

static int run_with(const char *library, const char *name, struct stage *stage)
{
    return run_on(NULL, library, name, stage);
}

static int run(const char *name, struct stage *stage)
{
    return run_on(NULL, NULL, name, stage);
}

static void expect_good(const char *library, const char *name)
{
    struct stage stage;

    assert_int_equal(run_with(library, name, &stage), KE_STOP_DONE);
    if (!stage.loaded)
        fail_msg("%s: %s", name, stage.error.text);
    assert_int_equal(stage.findings, 0);
    assert_int_equal(stage.bug_check, 0);
}

static void exceptions_reach_their_handlers(void **state)
{
    (void)state;
    expect_good(NULL, "seh.sys");
}

static void a_driver_unwinds_raises_and_finds_its_stack_and_image(void **state)
{
    (void)state;
    expect_good(NULL, "executive.sys");
}

static void unwinding_to_a_frame_that_is_not_there_is_a_bug_check(void **state)
{
    static const char *const names[] = {"unwind_nowhere.sys", "unwindex_nowhere.sys",
                                        "local_unwind_nowhere.sys"};
    struct stage stage;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        assert_int_equal(run(names[i], &stage), KE_STOP_BUG_CHECK);
        assert_int_equal(stage.bug_check, 0x1e);
        assert_int_equal(stage.first_parameter, 0xC0000029); /* STATUS_INVALID_UNWIND_TARGET */
    }
}

static void guarded_cplusplus_code_runs_with_a_cookie_of_its_own(void **state)
{
    (void)state;
    expect_good(NULL, "guard.sys");
}

static void inline_code_of_compilers_and_headers_does_what_it_does_on_windows(void **state)
{
    struct stage stage;

    (void)state;
    assert_int_equal(run_on("raw", NULL, "codegen.sys", &stage), KE_STOP_DONE);
    if (!stage.started)
        fail_msg("%s", stage.error.text);
    assert_int_equal(stage.findings, 0);
}

/* __chkstk touches each page on the way down, so that it meets the guard page. */
static void large_frames_without_end_meet_the_end_of_the_stack(void **state)
{
    struct stage stage;

    (void)state;
    assert_int_equal(run("stackhog.sys", &stage), KE_STOP_BUG_CHECK);
    assert_int_equal(stage.bug_check, 0x7f);
    assert_int_equal(stage.first_parameter, 8);
}

static void a_buffer_overrun_ends_in_bug_check_139(void **state)
{
    struct stage stage;

    (void)state;
    assert_int_equal(run("overrun.sys", &stage), KE_STOP_BUG_CHECK);
    assert_int_equal(stage.bug_check, 0x139);
    assert_int_equal(stage.first_parameter, 2);
}

static void a_pure_virtual_call_ends_the_machine(void **state)
{
    struct stage stage;

    (void)state;
    assert_int_equal(run("purecall.sys", &stage), KE_STOP_BUG_CHECK);
}

static void a_driver_imports_from_one_that_was_loaded_before(void **state)
{
    (void)state;
    expect_good("exporter.sys", "importer.sys");
}

static void without_the_other_driver_a_call_to_it_stops_by_name(void **state)
{
    struct stage stage;

    (void)state;
    assert_int_equal(run("importer.sys", &stage), KE_STOP_MISSING_CALL);
}

static void a_library_that_is_none_is_refused_by_name(void **state)
{
    struct stage stage;

    (void)state;
    assert_int_equal(run_with("unhandled.obj", "importer.sys", &stage), KE_STOP_DONE);
    assert_false(stage.loaded);
    assert_int_equal(stage.error.kind, MACHINE_IMAGE);
    assert_non_null(strstr(stage.error.text, "unhandled.obj"));
}

static void expect_bug_check(const char *name, uint64_t code)
{
    struct stage stage;

    assert_int_equal(run(name, &stage), KE_STOP_BUG_CHECK);
    assert_int_equal(stage.bug_check, code);
    assert_int_equal(stage.first_parameter, 0xC0000777);
}

static void an_exception_nobody_handles_is_bug_check_7e(void **state)
{
    (void)state;
    expect_bug_check("unhandled.sys", 0x7e);
}

static void at_dispatch_level_it_is_1e(void **state)
{
    (void)state;
    expect_bug_check("unhandled_dispatch.sys", 0x1e);
}

static void an_exception_does_not_pass_through_our_frames(void **state)
{
    (void)state;
    expect_bug_check("through_system.sys", 0x7e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exceptions_reach_their_handlers),
        cmocka_unit_test(a_driver_unwinds_raises_and_finds_its_stack_and_image),
        cmocka_unit_test(unwinding_to_a_frame_that_is_not_there_is_a_bug_check),
        cmocka_unit_test(guarded_cplusplus_code_runs_with_a_cookie_of_its_own),
        cmocka_unit_test(inline_code_of_compilers_and_headers_does_what_it_does_on_windows),
        cmocka_unit_test(large_frames_without_end_meet_the_end_of_the_stack),
        cmocka_unit_test(a_buffer_overrun_ends_in_bug_check_139),
        cmocka_unit_test(a_pure_virtual_call_ends_the_machine),
        cmocka_unit_test(a_driver_imports_from_one_that_was_loaded_before),
        cmocka_unit_test(without_the_other_driver_a_call_to_it_stops_by_name),
        cmocka_unit_test(a_library_that_is_none_is_refused_by_name),
        cmocka_unit_test(an_exception_nobody_handles_is_bug_check_7e),
        cmocka_unit_test(at_dispatch_level_it_is_1e),
        cmocka_unit_test(an_exception_does_not_pass_through_our_frames),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
