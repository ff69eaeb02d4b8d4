/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/report_test.h"

static const struct report_format video = {.name = "YUY2", .width = 640, .height = 480,
                                           .rate_numerator = 30, .rate_denominator = 1};
static const struct report_format sound = {.name = "s16", .channels = 2, .rate_hz = 48000,
                                           .valid_bits = 16, .block_bytes = 4,
                                           .frame_bytes = 1920};

static void one_pin_needs_no_name(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    bench.run.pins[0].format = video;
    TRACE(&bench.trace, client_pin, 3, 0, 0, 0, 0, 10);
    TRACE(&bench.trace, frame_delivered, 0, 0, 100, 0, 0, 0);
    expect_words(summary_of(&bench), ": YUY2 640x480 at 30 fps\nframes              1 delivered, 0 "
                                     "dropped by the driver, 0 lost, 0 torn\n");
    assert_int_equal(report_pin(bench.report, 0)->frames_wanted, 10);
    bench_close(&bench);
}

/* Frames are of the pin that the last turn named. */
static void frames_of_several_pins_are_told_apart(void **state)
{
    struct bench bench;
    json_t *root, *pins, *pin;

    (void)state;
    bench_open(&bench);
    bench.run.pins[0].format = bench.run.pins[1].format = video;
    TRACE(&bench.trace, client_pin, 0, 1, 0, 0, 0, 0);
    TRACE(&bench.trace, client_pin, 1, 0, 1, 0, 0, 0);
    TRACE(&bench.trace, frame_taken, 0, 0, 100);
    TRACE(&bench.trace, client_turn, 1);
    TRACE(&bench.trace, frame_delivered, 0, 0, 100, 0, 2, 0);
    TRACE(&bench.trace, frame_verdict, 0, 2, 1, 2, 3, 4);
    TRACE(&bench.trace, client_turn, 0);
    TRACE(&bench.trace, frame_taken, 1, 0, 100);
    expect_words(summary_of(&bench), ": 2 pins\n"
                 "pin 0 in            YUY2 640x480 at 30 fps: 2 taken by the driver\n"
                 "pin 1 out           YUY2 640x480 at 30 fps: 1 delivered, 0 dropped by the "
                 "driver, 0 lost, 1 torn\n"
                 "  pin 1, frame 0 torn: ");
    assert_int_equal(report_pin_frames(report_pin(bench.report, 0)), 2);
    assert_int_equal(report_pin_bad(report_pin(bench.report, 1)), 1);
    root = json_of(&bench, true);
    pins = json_object_get(root, "pins");
    assert_int_equal(json_array_size(pins), 2);
    pin = json_array_get(pins, 0);
    assert_string_equal(json_string_value(json_object_get(pin, "flow")), "in");
    assert_int_equal(json_integer_value(json_object_get(pin, "taken")), 2);
    assert_true(json_is_false(json_object_get(pin, "seen")));
    assert_true(json_is_null(json_object_get(json_array_get(pins, 1), "taken")));
    json_decref(root);
    bench_close(&bench);
}

static void sound_has_its_length_its_level_and_its_gaps(void **state)
{
    struct bench bench;
    json_t *root, *json;

    (void)state;
    bench_open(&bench);
    bench.run.pins[0].format = sound;
    TRACE(&bench.trace, client_pin, 3, 0, 0, 0, 0, 0);
    for (unsigned i = 0; i < 100; i++) {
        TRACE(&bench.trace, frame_delivered, i, 0, 1920, 0, 6, 0);
        TRACE(&bench.trace, audio_packet, 1920, UINT64_C(1) << (i == 7 ? 30 : 20),
              i == 50 ? (uint64_t)-100000 : 0, i == 50, i * 480, i == 60);
    }
    expect_words(summary_of(&bench), ": s16, 2 ch at 48 kHz\nsound               100 packets "
                 "delivered, 48000 samples a channel, 1 s, peak -6.0 dBFS; 1 gaps in time, 10.000 "
                 "ms; 1 discontinuities told of; the position went back 1 times\n");
    root = json_of(&bench, true);
    json = json_object_get(json_array_get(json_object_get(root, "pins"), 0), "sound");
    assert_int_equal(json_integer_value(json_object_get(json, "samples")), 48000);
    assert_int_equal(json_integer_value(json_object_get(json, "peak")), 1 << 30);
    assert_int_equal(json_integer_value(json_object_get(json, "gap_100ns")), 100000);
    assert_int_equal(json_integer_value(json_object_get(json, "position")), 99 * 480);
    json_decref(root);
    bench_close(&bench);
}

static void silence_is_called_so(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    bench.run.pins[0].format = sound;
    TRACE(&bench.trace, client_pin, 0, 1, 0, 0, 0, 0);
    TRACE(&bench.trace, frame_taken, 0, 0, 1920);
    TRACE(&bench.trace, audio_packet, 1920, 0, 0, 0, UINT64_MAX, 0);
    expect_words(summary_of(&bench), "1 packets taken by the driver, 480 samples a channel, 0.01 "
                                     "s, silence\n");
    bench_close(&bench);
}

/* From a process gone wild. */
static void pins_that_cannot_be_change_nothing(void **state)
{
    struct bench bench;

    (void)state;
    bench_open(&bench);
    TRACE(&bench.trace, client_pin, 0, 0, 5, 0, 0, 0);
    TRACE(&bench.trace, client_pin, 0, 0, UINT64_MAX, 0, 0, 0);
    TRACE(&bench.trace, client_turn, UINT64_MAX);
    TRACE(&bench.trace, frame_delivered, 0, 0, 100, 0, 0, 0);
    TRACE(&bench.trace, audio_packet, 1, UINT64_MAX, UINT64_MAX, 2, 3, 4);
    assert_int_equal(report_pin_count(bench.report), 0);
    for (uint64_t i = 0; i < 20; i++)
        TRACE(&bench.trace, client_pin, i, 0, i, 0, 0, 0);
    summary_of(&bench);
    assert_int_equal(report_pin_count(bench.report), REPORT_PINS_MAX);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_pin_needs_no_name),
        cmocka_unit_test(frames_of_several_pins_are_told_apart),
        cmocka_unit_test(sound_has_its_length_its_level_and_its_gaps),
        cmocka_unit_test(silence_is_called_so),
        cmocka_unit_test(pins_that_cannot_be_change_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
