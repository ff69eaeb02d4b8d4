/* SPDX-License-Identifier: MIT */
/* Drivers with structured exceptions, loaded: the checks run in their DriverEntry (seh.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "machine/machine.h"
#include "trace/trace.h"

enum { RING_RECORDS = 1 << 12, DRIVER_BYTES_MAX = 1 << 20 };

struct stage {
    struct trace trace;
    struct trace_ring *ring;
    struct trace_reader reader;
    bool loaded;
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

static int run(const char *name, struct stage *stage)
{
    struct machine_config config = {
        .seed = 3,
        .cpus = 2,
        .windows = KE_WINDOWS_10,
        .memory = {.ram_bytes = UINT64_C(1) << 30, .policy = MM_SCATTERED},
        .card = "none",
        .driver_name = name,
        .trace = &stage->trace,
    };
    struct machine *machine;
    int reason;

    *stage = (struct stage){0};
    config.driver_bytes = read_driver(name, &config.driver_size_bytes);
    stage->ring = aligned_alloc(64, bits_align_up(trace_ring_size_bytes(RING_RECORDS), 64));
    assert_non_null(stage->ring);
    trace_ring_init(stage->ring, RING_RECORDS);
    trace_reader_init(&stage->reader, stage->ring, RING_RECORDS);
    trace_init(&stage->trace, stage->ring, TRACE_CLASS_always, drain, stage);
    assert_int_equal(machine_create(&config, &machine, &stage->error), 0);
    reason = machine_run(machine, live, stage);
    machine_destroy(machine);
    drain(stage);
    trace_fini(&stage->trace);
    free(stage->ring);
    free((void *)(uintptr_t)config.driver_bytes);
    return reason;
}

static void every_check_of_the_driver_holds(void **state)
{
    struct stage stage;

    (void)state;
    assert_int_equal(run("seh.sys", &stage), KE_STOP_DONE);
    if (!stage.loaded)
        fail_msg("%s", stage.error.text);
    assert_int_equal(stage.findings, 0);
    assert_int_equal(stage.bug_check, 0);
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
        cmocka_unit_test(every_check_of_the_driver_holds),
        cmocka_unit_test(an_exception_nobody_handles_is_bug_check_7e),
        cmocka_unit_test(at_dispatch_level_it_is_1e),
        cmocka_unit_test(an_exception_does_not_pass_through_our_frames),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
