/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/options.h"

/* ---- Bench: words as the shell would hand them over ------------------------------------------ */

enum { WORDS_MAX = 32 };
static struct options options;
static char line_copy[512];

/* Parses "run d.sys" and then the words of line. */
static int parse_words(const char *line)
{
    static char run[] = "run", driver[] = "d.sys";
    char *argv[WORDS_MAX + 1] = {run, driver};
    int argc = 2;

    snprintf(line_copy, sizeof line_copy, "%s", line);
    for (char *word = strtok(line_copy, " "); word != NULL; word = strtok(NULL, " ")) {
        assert_true(argc < WORDS_MAX);
        argv[argc++] = word;
    }
    return options_parse(argc, argv, &options);
}

static void expect_good(const char *line)
{
    int result = parse_words(line);

    if (result != 0)
        fail_msg("%s: refused", line);
}

static void expect_bad(const char *line)
{
    int result = parse_words(line);

    if (result != CLI_USAGE)
        fail_msg("%s: %d", line, result);
}

/* ---- Values ---------------------------------------------------------------------------------- */

static void defaults_are_the_documented_ones(void **state)
{
    (void)state;
    expect_good("");
    assert_string_equal(options.driver, "d.sys");
    assert_string_equal(options.card, "grabber64");
    assert_string_equal(options.card_parameters, "");
    assert_null(options.pins[0].format);
    assert_int_equal(options.pins[0].width, 0);
    assert_int_equal(options.pins[0].rate_numerator, 0);
    assert_int_equal(options.pins[0].frames, 300);
    assert_int_equal(options.pins[0].seconds, 0);
    assert_int_equal(options.ram_bytes, UINT64_C(8) << 30);
    assert_int_equal(options.pins[0].buffers, 8);
    assert_int_equal(options.seed, 1);
    assert_int_equal(options.cpus, 2);
    assert_int_equal(options.windows, KE_WINDOWS_10);
    assert_int_equal(options.pages, MM_SCATTERED);
    assert_string_equal(options.pages_shown, "scattered");
    assert_int_equal(options.low_memory_bytes, 64 << 20);
    assert_int_equal(options.low_memory_pressure, 0);
    assert_int_equal(options.map_registers, 16384);
    assert_int_equal(options.buffer_offset_bytes, 0);
    assert_int_equal(options.iommu, HAL_IOMMU_OFF);
    assert_false(options.force_bounce);
    assert_false(options_dma_asked(&options));
    assert_null(options.pins[0].output);
    assert_null(options.json);
    assert_null(options.record);
    assert_false(options.quiet);
}

static void a_value_may_follow_a_blank_or_an_equals_sign(void **state)
{
    (void)state;
    expect_good("--frames 7 --seed=0x10");
    assert_int_equal(options.pins[0].frames, 7);
    assert_int_equal(options.seed, 16);
    expect_good("--param=Depth=7");
    assert_string_equal(options.parameters[0].name, "Depth");
    assert_string_equal(options.parameters[0].value, "7");
}

static void a_card_is_a_name_and_what_follows_the_first_comma(void **state)
{
    (void)state;
    expect_good("--card grabber32,payload=stamps,fault=torn");
    assert_string_equal(options.card, "grabber32");
    assert_string_equal(options.card_parameters, "payload=stamps,fault=torn");
    expect_good("--card ./my/card.so");
    assert_string_equal(options.card, "./my/card.so");
    expect_bad("--card ,payload=full");
    expect_bad("--card=");
}

static void a_card_name_longer_than_any_path_is_refused(void **state)
{
    char name[600] = "--card=";

    (void)state;
    memset(name + 7, 'c', sizeof name - 8);
    name[sizeof name - 1] = 0;
    {
        static char run[] = "run", driver[] = "d.sys";
        char *argv[] = {run, driver, name, NULL};

        assert_int_equal(options_parse(3, argv, &options), CLI_USAGE);
    }
}

static void formats_are_known_by_name_in_either_case(void **state)
{
    (void)state;
    expect_good("--format NV12");
    assert_string_equal(options_fourcc(options.pins[0].format), "NV12");
    expect_good("--format rgb24");
    assert_string_equal(options_fourcc(options.pins[0].format), "RGB3");
    assert_string_equal(options_format_name("RGB3"), "RGB24");
    assert_string_equal(options_format_name("YUY2"), "YUY2");
    assert_string_equal(options_format_name("WAVE"), "WAVE");
    assert_null(options_fourcc("mjpg"));
    expect_bad("--format mjpg");
}

static void sizes_are_two_numbers_in_range(void **state)
{
    (void)state;
    expect_good("--size 1920x1080");
    assert_int_equal(options.pins[0].width, 1920);
    assert_int_equal(options.pins[0].height, 1080);
    expect_good("--size 16x16384");
    expect_bad("--size 1920");
    expect_bad("--size 1920x");
    expect_bad("--size x1080");
    expect_bad("--size 15x100");
    expect_bad("--size 100x16385");
    expect_bad("--size 100x100x100");
    expect_bad("--size -1x100");
}

static void rates_are_whole_decimal_or_fractions(void **state)
{
    static const struct {
        const char *line;
        unsigned numerator, denominator;
    } rows[] = {{"--fps 60", 60, 1},           {"--fps 59.94", 60000, 1001},
                {"--fps 23.976", 24000, 1001}, {"--fps 30000/1001", 30000, 1001},
                {"--fps 12.5", 12500, 1000},   {"--fps 0.5", 500, 1000}};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        expect_good(rows[i].line);
        assert_int_equal(options.pins[0].rate_numerator, rows[i].numerator);
        assert_int_equal(options.pins[0].rate_denominator, rows[i].denominator);
    }
    expect_bad("--fps 0");
    expect_bad("--fps 60/0");
    expect_bad("--fps 60/");
    expect_bad("--fps /2");
    expect_bad("--fps fast");
    expect_bad("--fps 1e3");
    expect_bad("--fps 0.0001");
}

static void numbers_have_limits_and_nothing_behind_them(void **state)
{
    static const char *const good[] = {"--frames 1", "--frames 4294967295", "--seconds 1",
                                       "--ram 64M", "--ram 1T", "--ram 100MiB", "--buffers 1",
                                       "--buffers 1024", "--seed 0", "--seed 9223372036854775807",
                                       "--cpus 1", "--cpus 32"};
    static const char *const bad[] = {
        "--frames 0", "--frames 4294967296", "--frames 3x", "--seconds 0", "--seconds 1000001",
        "--ram 63M", "--ram 1025G", "--ram 65537K", "--ram 8Q", "--ram lots", "--buffers 0",
        "--buffers 1025", "--seed -1", "--seed 9223372036854775808", "--seed", "--cpus 0",
        "--cpus 33"};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(good); i++)
        expect_good(good[i]);
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
        expect_bad(bad[i]);
    expect_good("--ram 3G");
    assert_int_equal(options.ram_bytes, UINT64_C(3) << 30);
}

/* ---- DMA and memory -------------------------------------------------------------------------- */

static void map_registers_are_at_least_one(void **state)
{
    (void)state;
    expect_good("--map-registers 1");
    assert_int_equal(options.map_registers, 1);
    expect_good("--map-registers 1048576");
    expect_bad("--map-registers 0");
    expect_bad("--map-registers 1048577");
    expect_bad("--map-registers -1");
    expect_bad("--map-registers some");
    expect_bad("--map-registers");
}

static void low_memory_is_whole_pages_that_lie_below_4_gb(void **state)
{
    (void)state;
    expect_good("--low-memory 8M");
    assert_int_equal(options.low_memory_bytes, 8 << 20);
    expect_good("--low-memory 260K");
    expect_good("--ram 64M --low-memory 36M");
    expect_good("--ram 1T --low-memory 2G");
    expect_good("--ram 64M");
    assert_int_equal(options.low_memory_bytes, 16 << 20);
    expect_bad("--low-memory 0");
    expect_bad("--low-memory 252K");
    expect_bad("--low-memory 1000001");
    expect_bad("--low-memory 1022K7");
    expect_bad("--low-memory 8MB8");
    expect_bad("--ram 64M --low-memory 65M");
    expect_bad("--ram 64M --low-memory 37M");
    expect_bad("--low-memory 8G");
    expect_bad("--low-memory 9G");
}

static void pressure_is_a_percentage_that_leaves_some(void **state)
{
    (void)state;
    expect_good("--low-memory-pressure 0");
    expect_good("--low-memory-pressure 95");
    assert_int_equal(options.low_memory_pressure, 95);
    expect_bad("--low-memory-pressure 96");
    expect_bad("--low-memory-pressure 50%");
    expect_bad("--low-memory-pressure -5");
}

static void pages_are_laid_out_by_a_known_policy(void **state)
{
    static const struct {
        const char *line;
        enum mm_policy policy;
        unsigned run_pages;
    } rows[] = {{"--pages scattered", MM_SCATTERED, 0}, {"--pages contiguous", MM_CONTIGUOUS, 0},
                {"--pages high", MM_HIGH, 0},           {"--pages low", MM_LOW, 0},
                {"--pages runs:1", MM_RUNS, 1},         {"--pages runs:512", MM_RUNS, 512}};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        expect_good(rows[i].line);
        assert_int_equal(options.pages, rows[i].policy);
        assert_int_equal(options.run_pages, rows[i].run_pages);
        assert_string_equal(options.pages_shown, strchr(rows[i].line, ' ') + 1);
    }
    expect_bad("--pages random");
    expect_bad("--pages runs");
    expect_bad("--pages runs:");
    expect_bad("--pages runs:0");
    expect_bad("--pages runs:513");
    expect_bad("--pages High");
    expect_bad("--ram 3G --pages high");
    expect_good("--ram 3073M --pages high");
}

static void buffers_begin_within_their_first_page(void **state)
{
    (void)state;
    expect_good("--buffer-offset 0x123");
    assert_int_equal(options.buffer_offset_bytes, 0x123);
    expect_good("--buffer-offset 4095");
    expect_bad("--buffer-offset 4096");
    expect_bad("--buffer-offset -1");
}

static void an_iommu_has_three_modes_and_needs_a_card(void **state)
{
    (void)state;
    expect_good("--iommu off --card none");
    expect_good("--iommu remap");
    assert_int_equal(options.iommu, HAL_IOMMU_REMAP);
    expect_good("--iommu strict --force-bounce");
    assert_int_equal(options.iommu, HAL_IOMMU_STRICT);
    assert_string_equal(options_iommu_name(options.iommu), "strict");
    assert_true(options.force_bounce);
    expect_bad("--iommu on");
    expect_bad("--iommu strict --card none");
    expect_bad("--force-bounce=yes");
}

static void the_machine_is_made_of_what_was_asked_for(void **state)
{
    struct machine_config config;
    struct client_request request;

    (void)state;
    expect_good("--ram 4G --low-memory 8M --low-memory-pressure 40 --map-registers 100 "
                "--force-bounce --pages runs:7 --buffer-offset 5 --buffers 3 --format nv12 "
                "--seed 9 --cpus 3 --windows xp --card grabber32,payload=stamps");
    assert_true(options_dma_asked(&options));
    options_machine_config(&options, &config);
    assert_int_equal(config.memory.ram_bytes, UINT64_C(4) << 30);
    assert_int_equal(config.memory.low_memory_bytes, 8 << 20);
    assert_int_equal(config.memory.policy, MM_RUNS);
    assert_int_equal(config.memory.run_pages, 7);
    assert_int_equal(config.hal.low_memory_pressure, 400);
    assert_int_equal(config.hal.map_registers_cap, 100);
    assert_true(config.hal.force_bounce);
    assert_int_equal(config.seed, 9);
    assert_int_equal(config.cpus, 3);
    assert_int_equal(config.windows, KE_WINDOWS_XP);
    assert_string_equal(config.card, "grabber32");
    assert_string_equal(config.driver_name, "d.sys");
    options_stream_request(&options, &request);
    assert_int_equal(request.pins[0].buffers, 3);
    assert_int_equal(request.pins[0].buffer_offset_bytes, 5);
    assert_string_equal(request.pins[0].fourcc, "NV12");
    assert_true(request.check);
    assert_int_equal(request.payload, WEIR_PATTERN_STAMPS);
}

static void frames_and_seconds_exclude_each_other(void **state)
{
    (void)state;
    expect_good("--seconds 5");
    assert_int_equal(options.pins[0].frames, 0);
    assert_int_equal(options.pins[0].seconds, 5);
    expect_bad("--seconds 5 --frames 5");
}

static void formats_of_sound_are_known_as_others_spell_them(void **state)
{
    struct client_request request;

    (void)state;
    expect_good("--format s16 --rate 44100 --channels 6 --packet 20");
    options_stream_request(&options, &request);
    assert_int_equal(request.pins[0].media, CLIENT_AUDIO);
    assert_int_equal(request.pins[0].audio.bits, 16);
    assert_int_equal(request.pins[0].audio.rate_hz, 44100);
    assert_int_equal(request.pins[0].audio.channels, 6);
    assert_int_equal(request.pins[0].packet_ms, 20);
    expect_good("--format S24_LE");
    expect_good("--format s32le");
    expect_good("--format f32");
    options_stream_request(&options, &request);
    assert_true(request.pins[0].audio.is_float);
    expect_good("--format u8");
    expect_bad("--format s16be");
    expect_bad("--format s20");
    expect_bad("--rate 999");
    expect_bad("--channels 0");
    expect_bad("--channels 33");
    expect_bad("--packet 0");
    assert_string_equal(options_samples_name(24, false), "s24");
    assert_string_equal(options_samples_name(32, true), "f32");
}

static void each_pin_is_asked_for_what_it_says_and_else_for_what_all_are(void **state)
{
    struct client_request request;

    (void)state;
    expect_good("--pin 0:size=640x480,frames=7,out=a.y4m --pin 1/capture:in=b.wav --fps 25 "
                "--buffers 3");
    assert_int_equal(options.pin_count, 2);
    assert_string_equal(options.pins[0].pin, "0");
    assert_string_equal(options.pins[0].output, "a.y4m");
    assert_int_equal(options.pins[0].frames, 7);
    assert_string_equal(options.pins[1].pin, "1/capture");
    assert_string_equal(options.pins[1].input, "b.wav");
    assert_int_equal(options.pins[1].width, 0);
    assert_int_equal(options.pins[1].rate_numerator, 25);
    assert_int_equal(options.pins[1].frames, 0); /* to the file's end */
    assert_int_equal(options.pins[1].buffers, 3);
    options_stream_request(&options, &request);
    assert_int_equal(request.pin_count, 2);
    assert_string_equal(request.pins[0].name, "0");
    assert_true(request.pins[0].kept);
    assert_false(request.pins[1].kept);
    assert_int_equal(request.pins[0].width, 640);
}

static void lengths_follow_from_what_is_played(void **state)
{
    (void)state;
    expect_good("-i a.y4m");
    assert_int_equal(options.pins[0].frames, 0);
    expect_good("-i a.y4m --frames 3");
    assert_int_equal(options.pins[0].frames, 3);
    expect_good("--pin 0:in=a.y4m --pin 1");
    assert_int_equal(options.pins[1].frames, 0);
    expect_good("--pin 0 --pin 1:seconds=2");
    assert_int_equal(options.pins[0].frames, 300);
    assert_int_equal(options.pins[1].frames, 0);
    assert_int_equal(options.pins[1].seconds, 2);
}

static void pins_that_make_no_sense_are_refused(void **state)
{
    static const char *const bad[] = {
        "--pin :size=640x480", "--pin 0:size", "--pin 0:size=", "--pin 0:size=12", "--pin 0:=3",
        "--pin 0:seed=3", "--pin 0:buffer-offset=3", "--pin 0:frames=1,seconds=1", "--pin 0:a=b=c",
        "--pin 0 --pin 1 -o a.y4m", "--pin 0 --pin 1 -i a.y4m", "--pin 0:in=a.y4m -i b.y4m",
        "--pin 0:out=a.y4m --pin 1:out=a.y4m", "--pin 0:in=a.y4m,out=a.y4m", "-i a.y4m -i b.y4m",
        "-i d.sys", "--pin 0 --pin 0 --pin 0 --pin 0 --pin 0 --pin 0 --pin 0 --pin 0 --pin 0",
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
        expect_bad(bad[i]);
    expect_good("--pin 0:in=- --pin 1:in=-");
}

static void snapshots_name_a_frame_of_the_run_and_a_file(void **state)
{
    (void)state;
    expect_good("--snapshot 0:a.png --snapshot 299:b:c.png");
    assert_int_equal(options.snapshot_count, 2);
    assert_int_equal(options.snapshots[1].frame, 299);
    assert_string_equal(options.snapshots[1].path, "b:c.png");
    expect_bad("--snapshot a.png");
    expect_bad("--snapshot 5:");
    expect_bad("--snapshot :a.png");
    expect_bad("--snapshot x:a.png");
    expect_bad("--snapshot 300:a.png");
    expect_bad("--frames 10 --snapshot 10:a.png");
    expect_good("--seconds 5 --snapshot 100000:a.png");
    expect_bad("--snapshot 0:a --snapshot 1:b --snapshot 2:c --snapshot 3:d --snapshot 4:e "
               "--snapshot 5:f --snapshot 6:g --snapshot 7:h --snapshot 8:i");
}

static void parameters_are_names_with_values(void **state)
{
    (void)state;
    expect_good("--param Depth=7 --param Name=a=b --param Empty=");
    assert_int_equal(options.parameter_count, 3);
    assert_string_equal(options.parameters[1].value, "a=b");
    assert_string_equal(options.parameters[2].value, "");
    expect_bad("--param Depth");
    expect_bad("--param =7");
}

static void more_parameters_than_fit_are_refused(void **state)
{
    static char run[] = "run", driver[] = "d.sys";
    char words[OPTIONS_PARAMETERS_MAX + 1][16];
    char *argv[OPTIONS_PARAMETERS_MAX + 4] = {run, driver};

    (void)state;
    for (int i = 0; i <= OPTIONS_PARAMETERS_MAX; i++) {
        snprintf(words[i], sizeof words[i], "--param=p%d=1", i);
        argv[2 + i] = words[i];
    }
    assert_int_equal(options_parse(OPTIONS_PARAMETERS_MAX + 3, argv, &options), CLI_USAGE);
}

static void every_windows_profile_in_the_help_is_known_to_exports(void **state)
{
    static const char *const names[] = {"xp", "ws2003", "ws2003sp1", "vista", "win7", "win8",
                                        "win8.1", "win10-1803", "win10", "win11"};
    enum ke_windows before = KE_WINDOWS_XP;

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        char line[64];

        snprintf(line, sizeof line, "--windows %s", names[i]);
        expect_good(line);
        assert_string_equal(exports_windows_name(options.windows), names[i]);
        assert_true(strlen(exports_windows_label(options.windows)) > 0);
        assert_true(i == 0 || options.windows > before); /* later is greater: rows compare */
        before = options.windows;
    }
    expect_bad("--windows win3.1");
    expect_bad("--windows WIN10");
    expect_bad("--windows=");
}

/* ---- Words ----------------------------------------------------------------------------------- */

static void outputs_are_taken_as_they_are(void **state)
{
    (void)state;
    expect_good("-o v.y4m --record r.weir --json s.json --quiet");
    assert_string_equal(options.pins[0].output, "v.y4m");
    assert_string_equal(options.record, "r.weir");
    assert_string_equal(options.json, "s.json");
    assert_true(options.quiet);
    expect_good("-o -");
    assert_string_equal(options.pins[0].output, "-");
}

static void two_things_cannot_go_to_one_file(void **state)
{
    (void)state;
    expect_bad("-o a.y4m -o b.y4m");
    expect_bad("-o - --json -");
    expect_bad("--record - --json -");
    expect_bad("-o v.y4m --record v.y4m");
    expect_bad("-o v.y4m --snapshot 0:v.y4m");
    expect_bad("--snapshot 0:p.png --snapshot 1:p.png");
    expect_bad("--json d.sys"); /* the driver's own file */
}

static void what_is_no_option_is_refused(void **state)
{
    (void)state;
    expect_bad("--frame 3");
    expect_bad("-x");
    expect_bad("--quiet=yes");
    expect_bad("other.sys");
    expect_bad("--frames");
    expect_bad("-o --quiet");
    expect_bad("--json --frames=3");
}

static void a_driver_must_be_named_unless_help_is_wanted(void **state)
{
    static char run[] = "run", help[] = "--help", short_help[] = "-h";
    char *nothing[] = {run, NULL};
    char *wanted[] = {run, help, NULL};
    char *brief[] = {run, short_help, NULL};

    (void)state;
    assert_int_equal(options_parse(1, nothing, &options), CLI_USAGE);
    assert_int_equal(options_parse(2, wanted, &options), 0);
    assert_true(options.help);
    assert_int_equal(options_parse(2, brief, &options), 0);
    assert_true(options.help);
}

/* ---- What the card draws --------------------------------------------------------------------- */

static void the_payload_is_what_was_given_or_the_cards_default(void **state)
{
    enum weir_pattern_payload payload;

    (void)state;
    expect_good("");
    assert_true(options_payload(&options, &payload));
    assert_int_equal(payload, WEIR_PATTERN_FULL);
    expect_good("--card grabber32,payload=stamps,at=9");
    assert_true(options_payload(&options, &payload));
    assert_int_equal(payload, WEIR_PATTERN_STAMPS);
    expect_good("--card grabber32,at=9,payload=none");
    assert_true(options_payload(&options, &payload));
    assert_int_equal(payload, WEIR_PATTERN_EMPTY);
    expect_good("--card my.so,payload=full");
    assert_true(options_payload(&options, &payload));
}

static void a_card_that_says_nothing_of_a_payload_is_not_judged(void **state)
{
    enum weir_pattern_payload payload;

    (void)state;
    expect_good("--card none");
    assert_false(options_payload(&options, &payload));
    expect_good("--card my.so,xpayload=full");
    assert_false(options_payload(&options, &payload));
    expect_good("--card my.so,payload=fullest");
    assert_false(options_payload(&options, &payload));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_the_documented_ones),
        cmocka_unit_test(a_value_may_follow_a_blank_or_an_equals_sign),
        cmocka_unit_test(a_card_is_a_name_and_what_follows_the_first_comma),
        cmocka_unit_test(a_card_name_longer_than_any_path_is_refused),
        cmocka_unit_test(formats_are_known_by_name_in_either_case),
        cmocka_unit_test(sizes_are_two_numbers_in_range),
        cmocka_unit_test(rates_are_whole_decimal_or_fractions),
        cmocka_unit_test(numbers_have_limits_and_nothing_behind_them),
        cmocka_unit_test(map_registers_are_at_least_one),
        cmocka_unit_test(low_memory_is_whole_pages_that_lie_below_4_gb),
        cmocka_unit_test(pressure_is_a_percentage_that_leaves_some),
        cmocka_unit_test(pages_are_laid_out_by_a_known_policy),
        cmocka_unit_test(buffers_begin_within_their_first_page),
        cmocka_unit_test(an_iommu_has_three_modes_and_needs_a_card),
        cmocka_unit_test(the_machine_is_made_of_what_was_asked_for),
        cmocka_unit_test(frames_and_seconds_exclude_each_other),
        cmocka_unit_test(formats_of_sound_are_known_as_others_spell_them),
        cmocka_unit_test(each_pin_is_asked_for_what_it_says_and_else_for_what_all_are),
        cmocka_unit_test(lengths_follow_from_what_is_played),
        cmocka_unit_test(pins_that_make_no_sense_are_refused),
        cmocka_unit_test(snapshots_name_a_frame_of_the_run_and_a_file),
        cmocka_unit_test(parameters_are_names_with_values),
        cmocka_unit_test(more_parameters_than_fit_are_refused),
        cmocka_unit_test(every_windows_profile_in_the_help_is_known_to_exports),
        cmocka_unit_test(outputs_are_taken_as_they_are),
        cmocka_unit_test(two_things_cannot_go_to_one_file),
        cmocka_unit_test(what_is_no_option_is_refused),
        cmocka_unit_test(a_driver_must_be_named_unless_help_is_wanted),
        cmocka_unit_test(the_payload_is_what_was_given_or_the_cards_default),
        cmocka_unit_test(a_card_that_says_nothing_of_a_payload_is_not_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
