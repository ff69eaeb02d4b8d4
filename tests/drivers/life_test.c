/* SPDX-License-Identifier: MIT */
/* The sample drivers through the life that a command line does not lead them through: sleep and
 * wake while they stream, stop and start between two streams, removal in the middle of a frame,
 * memory that runs out. Every run must end without a finding, with all map registers and common
 * buffers returned, and every frame delivered must be right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "client/client.h"
#include "hw/hw.h"
#include "machine/machine.h"
#include "trace/trace.h"

enum { RING_RECORDS = 1 << 14, FRAMES = 12, EVENT_AT = 5 };

struct stage;
typedef void stage_event_fn(struct stage *stage);
typedef void stage_main_fn(struct stage *stage);

struct stage {
    const char *driver, *card;
    stage_main_fn *main;
    stage_event_fn *event; /* in the middle of the first stream, on the client's thread */
    struct trace_ring *ring;
    struct trace trace;
    struct trace_reader reader;
    struct machine *machine;
    uint64_t findings, bug_checks;
    uint64_t frames; /* of the stream now running */
    struct client_result result;
    bool failed;
    char why[512];
};

static void drain(void *ctx)
{
    struct stage *stage = ctx;
    struct trace_event event;

    while (trace_reader_next(&stage->reader, &event) == 1) {
        stage->findings += event.type == TRACE_finding;
        stage->bug_checks += event.type == TRACE_bug_check;
    }
}

/* cmocka's own checks leave by longjmp, which a fiber must not do: what fails there is kept. */
static bool expect(struct stage *stage, bool held, const char *what)
{
    if (!held && !stage->failed) {
        stage->failed = true;
        snprintf(stage->why, sizeof stage->why, "%s on %s: %s", stage->driver, stage->card, what);
    }
    return held;
}
#define EXPECT(stage, condition) expect((stage), (condition), #condition)

/* ---- Streaming ------------------------------------------------------------------------------- */

static int take_format(void *ctx, unsigned pin, const struct client_format *format)
{
    (void)ctx;
    (void)pin;
    (void)format;
    return 0;
}

static int take_frame(void *ctx, unsigned pin, const struct client_frame *frame)
{
    struct stage *stage = ctx;

    (void)pin;
    (void)frame;
    if (++stage->frames == EVENT_AT && stage->event != NULL) {
        stage_event_fn *event = stage->event;

        stage->event = NULL;
        event(stage);
    }
    return 0;
}

static bool never_stop(void *ctx)
{
    (void)ctx;
    return false;
}

static void stream_lines(struct stage *stage, uint32_t width, uint32_t height)
{
    const struct client_request request = {
        .pins = {{
            .fourcc = "YUY2",
            .width = width,
            .height = height,
            .rate_numerator = 60,
            .rate_denominator = 1,
            .frames = FRAMES,
            .buffers = 6,
        }},
        .pin_count = 1,
        .check = true,
        .payload = WEIR_PATTERN_FULL,
    };
    const struct client_sink sink = {take_format, take_frame, never_stop, stage};

    stage->frames = 0;
    client_run(stage->machine, &request, &sink, &stage->result);
}

static void stream(struct stage *stage)
{
    stream_lines(stage, 1280, 720);
}

static bool frames_are_right(const struct client_result *result)
{
    return result->torn == 0 && result->stale == 0 && result->short_frames == 0 &&
           result->duplicate == 0 && result->out_of_order == 0 && result->wrong == 0;
}

static void stream_whole(struct stage *stage)
{
    stream(stage);
    EXPECT(stage, stage->result.kind == CLIENT_OK);
    EXPECT(stage, stage->result.delivered == FRAMES);
    EXPECT(stage, frames_are_right(&stage->result));
}

/* ---- Running a machine ----------------------------------------------------------------------- */

static void *read_driver(const char *name, size_t *size_bytes)
{
    const char *build = getenv("WEIR_BUILD");
    char path[4096];
    FILE *file;
    void *bytes;

    snprintf(path, sizeof path, "%s/drivers/%s", build != NULL ? build : ".", name);
    file = fopen(path, "rb");
    assert_non_null(file);
    bytes = malloc(1 << 20);
    assert_non_null(bytes);
    *size_bytes = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    return bytes;
}

static void live(struct machine *machine, void *ctx)
{
    struct stage *stage = ctx;
    struct machine_error error = {0};

    stage->machine = machine;
    if (EXPECT(stage, machine_load_driver(machine, &error)) &&
        EXPECT(stage, machine_start_device(machine, &error)))
        stage->main(stage);
}

/* low_memory_bytes 0: as much as there usually is. */
static void run(const char *driver, const char *card, uint64_t low_memory_bytes,
                stage_main_fn *main, stage_event_fn *event)
{
    struct stage stage = {.driver = driver, .card = card, .main = main, .event = event};
    struct machine_config config = {
        .seed = 11,
        .cpus = 2,
        .windows = KE_WINDOWS_10,
        .memory = {.ram_bytes = UINT64_C(8) << 30, .policy = MM_SCATTERED,
                   .low_memory_bytes = low_memory_bytes},
        .card = card,
        .driver_name = driver,
        .trace = &stage.trace,
    };
    struct machine_error error;
    struct machine *machine;

    config.driver_bytes = read_driver(driver, &config.driver_size_bytes);
    stage.ring = aligned_alloc(64, bits_align_up(trace_ring_size_bytes(RING_RECORDS), 64));
    assert_non_null(stage.ring);
    trace_ring_init(stage.ring, RING_RECORDS);
    trace_reader_init(&stage.reader, stage.ring, RING_RECORDS);
    trace_init(&stage.trace, stage.ring, TRACE_CLASS_always, drain, &stage);
    assert_int_equal(machine_create(&config, &machine, &error), 0);
    EXPECT(&stage, machine_run(machine, live, &stage) == KE_STOP_DONE);
    machine_destroy(machine);
    drain(&stage);
    EXPECT(&stage, stage.bug_checks == 0);
    EXPECT(&stage, stage.findings == 0);
    trace_fini(&stage.trace);
    free(stage.ring);
    free((void *)(uintptr_t)config.driver_bytes);
    if (stage.failed)
        fail_msg("%s", stage.why);
}

static void run_all(stage_main_fn *main, stage_event_fn *event)
{
    run("grabber.sys", "grabber64", 0, main, event);
    run("grabber.sys", "grabber32", 0, main, event);
    run("commonbuffer.sys", "grabber64", 0, main, event);
    run("commonbuffer.sys", "grabber32", 0, main, event);
    run("player.sys", "player64", 0, main, event);
    run("player.sys", "player32", 0, main, event);
}

static bool registers_are_back(struct stage *stage)
{
    struct hal_figures figures;

    hal_figures(machine_hal(stage->machine), &figures);
    return figures.registers_in_use == 0 && figures.adapters_live == 0 &&
           figures.common_buffers_live == 0;
}

static void leave(struct stage *stage)
{
    struct machine_error error;

    EXPECT(stage, machine_remove_device(stage->machine, &error));
    EXPECT(stage, registers_are_back(stage));
    machine_unload_driver(stage->machine);
}

/* ---- Lives ----------------------------------------------------------------------------------- */

static void stream_once(struct stage *stage)
{
    stream_whole(stage);
    leave(stage);
}

static void stream_twice(struct stage *stage)
{
    stream_whole(stage);
    stream_whole(stage);
    leave(stage);
}

static void two_streams_follow_each_other(void **state)
{
    (void)state;
    run_all(stream_twice, NULL);
}

static void nap(struct stage *stage)
{
    struct machine_error error;

    EXPECT(stage, machine_power(stage->machine, true, &error));
    EXPECT(stage, machine_power(stage->machine, false, &error));
}

static void a_stream_goes_on_after_sleep(void **state)
{
    (void)state;
    run_all(stream_once, nap);
}

static void stop_and_start(struct stage *stage)
{
    struct machine_error error;

    stream_whole(stage);
    EXPECT(stage, machine_stop_device(stage->machine, &error));
    EXPECT(stage, registers_are_back(stage));
    EXPECT(stage, machine_restart_device(stage->machine, &error));
    stream_whole(stage);
    leave(stage);
}

static void a_stopped_device_starts_again(void **state)
{
    (void)state;
    run_all(stop_and_start, NULL);
}

static void try_to_stop(struct stage *stage)
{
    struct machine_error error;

    EXPECT(stage, !machine_stop_device(stage->machine, &error));
}

static void a_streaming_device_refuses_to_stop(void **state)
{
    (void)state;
    run_all(stream_once, try_to_stop);
}

static void pull_out(struct stage *stage)
{
    machine_surprise_remove(stage->machine);
}

static void stream_until_removed(struct stage *stage)
{
    stream(stage);
    EXPECT(stage, stage->result.kind != CLIENT_OK);
    EXPECT(stage, stage->result.delivered >= EVENT_AT);
    EXPECT(stage, stage->result.delivered < FRAMES);
    EXPECT(stage, frames_are_right(&stage->result));
    machine_unload_driver(stage->machine);
    EXPECT(stage, registers_are_back(stage));
}

static void a_card_pulled_out_while_streaming_ends_the_stream_and_nothing_else(void **state)
{
    (void)state;
    run_all(stream_until_removed, pull_out);
}

/* ---- Memory that runs out -------------------------------------------------------------------- */

/* The descriptors are there since Start, so these are buffers for pictures: what is not to be had
 * in one piece is made of two. */
static void stream_with_failing_allocations(struct stage *stage)
{
    struct sim *sim = machine_sim(stage->machine);

    for (uint64_t nth = 1; nth <= 5; nth++) {
        EXPECT(stage, sim_fault_arm(sim, "common_buffer", nth) == 0);
        stream_whole(stage);
    }
    EXPECT(stage, sim_fault_arm(sim, "common_buffer", 0) == 0);
    leave(stage);
}

static void a_failed_common_buffer_is_made_of_smaller_ones(void **state)
{
    (void)state;
    run("commonbuffer.sys", "grabber64", 0, stream_with_failing_allocations, NULL);
    run("commonbuffer.sys", "grabber32", 0, stream_with_failing_allocations, NULL);
}

/* Two pictures of 1.76 MB fit in, the four that the driver would like do not. */
static void little_low_memory_is_enough_for_two_common_buffers(void **state)
{
    (void)state;
    run("commonbuffer.sys", "grabber32", UINT64_C(4) << 20, stream_once, NULL);
}

static void stream_refused(struct stage *stage)
{
    stream_lines(stage, 1920, 1080);
    EXPECT(stage, stage->result.kind == CLIENT_REFUSED);
    EXPECT(stage, stage->result.status == STATUS_INSUFFICIENT_RESOURCES);
    EXPECT(stage, stage->result.delivered == 0);
    leave(stage);
}

static void too_little_low_memory_for_two_common_buffers_refuses_the_stream(void **state)
{
    (void)state;
    run("commonbuffer.sys", "grabber32", UINT64_C(4) << 20, stream_refused, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_streams_follow_each_other),
        cmocka_unit_test(a_stream_goes_on_after_sleep),
        cmocka_unit_test(a_stopped_device_starts_again),
        cmocka_unit_test(a_streaming_device_refuses_to_stop),
        cmocka_unit_test(a_card_pulled_out_while_streaming_ends_the_stream_and_nothing_else),
        cmocka_unit_test(a_failed_common_buffer_is_made_of_smaller_ones),
        cmocka_unit_test(little_low_memory_is_enough_for_two_common_buffers),
        cmocka_unit_test(too_little_low_memory_for_two_common_buffers_refuses_the_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
