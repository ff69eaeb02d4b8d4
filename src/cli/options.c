/* SPDX-License-Identifier: MIT */
#include "cli/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/cli.h"
#include "hw/hw.h"
#include "weir/device.h"

typedef int take_fn(struct options *options, char *value); /* 0 or an exit code */
struct option_row {
    const char *name; /* "--card" */
    const char *value; /* how the value is shown in --help; NULL: takes none */
    const char *help;
    take_fn *take;
};

enum { MIB = 1 << 20 };
static const uint64_t ram_min = 64u * MIB, ram_max = UINT64_C(1) << 40;

/* ---- Values ---------------------------------------------------------------------------------- */

static int bad_value(const char *option, const char *value, const char *wanted)
{
    return cli_fail(CLI_USAGE, "%s %s: %s", option, value, wanted);
}

static int take_number(const char *option, const char *value, uint64_t low, uint64_t high,
                       uint64_t *out)
{
    char wanted[96];

    if (num_parse_range(value, low, high, out) == 0)
        return 0;
    snprintf(wanted, sizeof wanted, "wants a number from %" PRIu64 " to %" PRIu64, low, high);
    return bad_value(option, value, wanted);
}

static int take_card(struct options *options, char *value)
{
    char *comma = strchr(value, ',');
    size_t length = comma != NULL ? (size_t)(comma - value) : strlen(value);

    if (length == 0 || length >= sizeof options->card ||
        (comma != NULL && strlen(comma + 1) >= sizeof options->card_parameters))
        return bad_value("--card", value,
                         "wants NAME or FILE.so, then key=value pairs after commas");
    memcpy(options->card, value, length);
    options->card[length] = 0;
    snprintf(options->card_parameters, sizeof options->card_parameters, "%s",
             comma != NULL ? comma + 1 : "");
    return 0;
}

static const struct {
    const char *name, *fourcc, *shown;
} formats[] = {{"yuy2", "YUY2", "YUY2"},
               {"uyvy", "UYVY", "UYVY"},
               {"rgb24", "RGB3", "RGB24"},
               {"rgb32", "RGB4", "RGB32"},
               {"nv12", "NV12", "NV12"}};

const char *options_fourcc(const char *format)
{
    for (unsigned i = 0; i < ARRAY_LEN(formats); i++) {
        if (strcasecmp(formats[i].name, format) == 0)
            return formats[i].fourcc;
    }
    return NULL;
}

const char *options_format_name(const char *fourcc)
{
    for (unsigned i = 0; i < ARRAY_LEN(formats); i++) {
        if (strcmp(formats[i].fourcc, fourcc) == 0)
            return formats[i].shown;
    }
    return fourcc;
}

static int take_format(struct options *options, char *value)
{
    if (options_fourcc(value) == NULL)
        return bad_value("--format", value, "wants yuy2, uyvy, rgb24, rgb32 or nv12");
    options->format = value;
    return 0;
}

static int take_size(struct options *options, char *value)
{
    char *cross = strchr(value, 'x');
    uint64_t width, height;
    bool good = false;

    if (cross != NULL) {
        *cross = 0;
        good = num_parse_range(value, 16, 16384, &width) == 0 &&
               num_parse_range(cross + 1, 16, 16384, &height) == 0;
        *cross = 'x';
    }
    if (!good)
        return bad_value("--size", value, "wants WIDTHxHEIGHT, each from 16 to 16384");
    options->width = (uint32_t)width;
    options->height = (uint32_t)height;
    return 0;
}

/* 60, 30000/1001, or a decimal: 23.976, 29.97 and 59.94 mean the NTSC rates. */
static int take_fps(struct options *options, char *value)
{
    static const struct {
        const char *text;
        uint32_t numerator;
    } ntsc[] = {{"23.976", 24000},
                {"23.98", 24000},
                {"29.97", 30000},
                {"59.94", 60000},
                {"119.88", 120000}};
    char *slash = strchr(value, '/');
    uint64_t numerator, denominator = 1;
    bool good;

    for (unsigned i = 0; i < ARRAY_LEN(ntsc); i++) {
        if (strcmp(value, ntsc[i].text) == 0) {
            options->rate_numerator = ntsc[i].numerator;
            options->rate_denominator = 1001;
            return 0;
        }
    }
    if (slash != NULL) {
        *slash = 0;
        good = num_parse_range(value, 1, 1000000, &numerator) == 0 &&
               num_parse_range(slash + 1, 1, 1000000, &denominator) == 0;
        *slash = '/';
    } else {
        good = num_parse_decimal(value, 1000, &numerator) == 0 && numerator > 0 &&
               numerator <= 1000000;
        denominator = 1000;
        if (good && numerator % 1000 == 0) {
            numerator /= 1000;
            denominator = 1;
        }
    }
    if (!good)
        return bad_value("--fps", value, "wants frames a second: 60, 59.94 or 60000/1001");
    options->rate_numerator = (uint32_t)numerator;
    options->rate_denominator = (uint32_t)denominator;
    return 0;
}

static int take_frames(struct options *options, char *value)
{
    options->has_frames = true;
    return take_number("--frames", value, 1, UINT32_MAX, &options->frames);
}

static int take_seconds(struct options *options, char *value)
{
    options->has_seconds = true;
    return take_number("--seconds", value, 1, 1000000, &options->seconds);
}

static int take_output(struct options *options, char *value)
{
    if (options->output != NULL)
        return cli_fail(CLI_USAGE, "-o %s: one output at a time (%s was named before)", value,
                        options->output);
    options->output = value;
    return 0;
}

static int take_snapshot(struct options *options, char *value)
{
    struct options_snapshot *snapshot = &options->snapshots[options->snapshot_count];
    char *colon = strchr(value, ':');
    uint64_t frame;
    bool good = false;

    if (options->snapshot_count == OPTIONS_SNAPSHOTS_MAX)
        return cli_fail(CLI_USAGE, "--snapshot: at most %d of them", OPTIONS_SNAPSHOTS_MAX);
    if (colon != NULL) {
        *colon = 0;
        good = num_parse_range(value, 0, UINT32_MAX, &frame) == 0 && colon[1] != 0;
        *colon = ':';
    }
    if (!good)
        return bad_value("--snapshot", value, "wants N:FILE.png, N counting from 0");
    *snapshot = (struct options_snapshot){.frame = frame, .path = colon + 1};
    options->snapshot_count++;
    return 0;
}

static int take_ram(struct options *options, char *value)
{
    if (num_parse_size(value, &options->ram_bytes) != 0 || options->ram_bytes < ram_min ||
        options->ram_bytes > ram_max || options->ram_bytes % MIB != 0)
        return bad_value("--ram", value, "wants a size from 64M to 1T in whole megabytes");
    return 0;
}

static int take_buffers(struct options *options, char *value)
{
    uint64_t number = 0;
    int result = take_number("--buffers", value, 1, 1024, &number);

    options->buffers = (unsigned)number;
    return result;
}

static int take_seed(struct options *options, char *value)
{
    return take_number("--seed", value, 0, INT64_MAX, &options->seed); /* JSON has no more */
}

static int take_cpus(struct options *options, char *value)
{
    uint64_t number = 0;
    int result = take_number("--cpus", value, 1, SIM_CPUS_MAX, &number);

    options->cpus = (unsigned)number;
    return result;
}

static int take_windows(struct options *options, char *value)
{
    if (!exports_windows_parse(value, &options->windows))
        return bad_value("--windows", value,
                         "wants xp, ws2003, ws2003sp1, vista, win7, win8, win8.1, win10-1803, "
                         "win10 or win11");
    return 0;
}

static int take_parameter(struct options *options, char *value)
{
    char *equals = strchr(value, '=');

    if (equals == NULL || equals == value)
        return bad_value("--param", value, "wants Name=Value");
    if (options->parameter_count == OPTIONS_PARAMETERS_MAX)
        return cli_fail(CLI_USAGE, "--param: at most %d of them", OPTIONS_PARAMETERS_MAX);
    *equals = 0;
    options->parameters[options->parameter_count++] =
        (struct machine_parameter){.name = value, .value = equals + 1};
    return 0;
}

static int take_record(struct options *options, char *value)
{
    options->record = value;
    return 0;
}

static int take_json(struct options *options, char *value)
{
    options->json = value;
    return 0;
}

static int take_quiet(struct options *options, char *value)
{
    (void)value;
    options->quiet = true;
    return 0;
}

static int take_help(struct options *options, char *value)
{
    (void)value;
    options->help = true;
    return 0;
}

/* ---- Table ----------------------------------------------------------------------------------- */

static const struct option_row rows[] = {
    {"--card", "NAME|FILE.so[,key=value...]",
     "the card, see `weir cards`; none: a device without hardware [grabber64]", take_card},
    {"--format", "FORMAT", "yuy2, uyvy, rgb24, rgb32, nv12 [the driver's first]", take_format},
    {"--size", "WxH", "picture size in pixels [the driver's default]", take_size},
    {"--fps", "RATE", "60, 59.94, 30000/1001 [the driver's default]", take_fps},
    {"--frames", "N", "frames to deliver [300 unless --seconds is given]", take_frames},
    {"--seconds", "S", "seconds of virtual time to stream", take_seconds},
    {"-o", "FILE", ".y4m or .raw; - or a pipe gets Y4M", take_output},
    {"--snapshot", "N:FILE.png", "frame N, counted from 0, as a picture; repeatable",
     take_snapshot},
    {"--ram", "SIZE", "modelled RAM, 64M to 1T [8G]", take_ram},
    {"--buffers", "N", "reads kept outstanding [8]", take_buffers},
    {"--seed", "N", "what decides every free choice [1]", take_seed},
    {"--cpus", "N", "virtual CPUs, 1 to 32 [2]", take_cpus},
    {"--windows", "PROFILE",
     "xp ws2003 ws2003sp1 vista win7 win8 win8.1 win10-1803 win10 win11 [win10]", take_windows},
    {"--param", "Name=Value",
     "a registry value the driver finds in its Parameters and driver keys; repeatable",
     take_parameter},
    {"--record", "FILE.weir", "every event of the run", take_record},
    {"--json", "FILE", "the summary for programs; - is standard output", take_json},
    {"--quiet", NULL, "no summary, no progress", take_quiet},
    {"--help", NULL, "this text", take_help},
};

void options_help(void)
{
    printf("usage: weir run DRIVER.sys [options]\n\n"
           "Loads the driver, starts it on a card, opens its capture pin and streams.\n\n");
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        char left[64];

        snprintf(left, sizeof left, "%s %s", rows[i].name,
                 rows[i].value != NULL ? rows[i].value : "");
        if (strlen(left) > 22)
            printf("  %s\n  %-22s %s\n", left, "", rows[i].help);
        else
            printf("  %-22s %s\n", left, rows[i].help);
    }
    printf("\nExit codes: 0 clean, 1 findings, bug check, stall or too few frames, 2 usage, 3 the "
           "image or\ndriver was refused, 4 weir's own fault, 5 the host refused, "
           "130 interrupted.\n");
}

static const struct option_row *find_row(const char *name)
{
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    return strcmp(name, "-h") == 0 ? find_row("--help") : NULL;
}

/* "--json --quiet": the value was forgotten. */
static bool names_option(const char *word)
{
    size_t length = strcspn(word, "=");

    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        if (strlen(rows[i].name) == length && strncmp(rows[i].name, word, length) == 0)
            return true;
    }
    return false;
}

static int wants_value(const struct option_row *row)
{
    return cli_fail(CLI_USAGE, "%s wants a value: %s %s", row->name, row->name, row->value);
}

/* "--name value" and "--name=value" mean the same. */
static int take_argument(struct options *options, int argc, char **argv, int *at)
{
    char *argument = argv[*at];
    char *equals = strncmp(argument, "--", 2) == 0 ? strchr(argument, '=') : NULL;
    const struct option_row *row;
    char *value = NULL;

    if (argument[0] != '-' || strcmp(argument, "-") == 0) {
        if (options->driver != NULL)
            return cli_fail(CLI_USAGE, "%s: one driver at a time (%s was named before)", argument,
                            options->driver);
        options->driver = argument;
        return 0;
    }
    if (equals != NULL) {
        *equals = 0;
        value = equals + 1;
    }
    row = find_row(argument);
    if (row == NULL)
        return cli_fail(CLI_USAGE, "unknown option %s; see `weir run --help`", argument);
    if (row->value == NULL && value != NULL)
        return cli_fail(CLI_USAGE, "%s takes no value", row->name);
    if (row->value != NULL && value == NULL) {
        if (*at + 1 >= argc)
            return wants_value(row);
        value = argv[++*at];
        if (names_option(value))
            return wants_value(row);
    }
    return row->take(options, value);
}

/* The value of key in "key=value,key=value", up to the comma; NULL when it is not there. */
static const char *card_parameter(const char *pairs, const char *key)
{
    size_t length = strlen(key);

    for (const char *at = pairs; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, key, length) == 0 && at[length] == '=')
            return at + length + 1;
    }
    return NULL;
}

/* As the built-in card's table has it; NULL when it is no built-in card or has no such
 * parameter. */
static const char *card_default(const char *card, const char *key)
{
    const struct weir_device_model *model;

    for (unsigned i = 0; (model = hw_model_at(i)) != NULL; i++) {
        const struct weir_parameter *p = strcmp(model->name, card) == 0 ? model->parameters : NULL;

        for (; p != NULL && p->name != NULL; p++) {
            if (strcmp(p->name, key) == 0)
                return p->value;
        }
    }
    return NULL;
}

bool options_payload(const struct options *options, enum weir_pattern_payload *out)
{
    static const char *const words[] = {"full", "stamps", "none"};
    const char *value = card_parameter(options->card_parameters, "payload");

    if (value == NULL)
        value = card_default(options->card, "payload");
    for (unsigned i = 0; value != NULL && i < ARRAY_LEN(words); i++) {
        size_t length = strcspn(value, ",");

        if (strlen(words[i]) == length && strncmp(value, words[i], length) == 0) {
            *out = (enum weir_pattern_payload)i;
            return true;
        }
    }
    return false;
}

/* Two outputs in one file would spoil each other, and an output in the driver's file the driver. */
static int check_paths(const struct options *options)
{
    const char *paths[OPTIONS_SNAPSHOTS_MAX + 4] = {options->driver, options->output,
                                                    options->record, options->json};

    for (unsigned i = 0; i < options->snapshot_count; i++)
        paths[4 + i] = options->snapshots[i].path;
    for (unsigned i = 0; i < ARRAY_LEN(paths); i++) {
        for (unsigned k = i + 1; k < ARRAY_LEN(paths) && paths[i] != NULL; k++) {
            if (paths[k] != NULL && strcmp(paths[i], paths[k]) == 0)
                return cli_fail(CLI_USAGE, "%s is named twice; every file holds one thing",
                                paths[i]);
        }
    }
    return 0;
}

static int check_snapshots(const struct options *options)
{
    for (unsigned i = 0; i < options->snapshot_count; i++) {
        const struct options_snapshot *snapshot = &options->snapshots[i];

        if (options->frames != 0 && snapshot->frame >= options->frames)
            return cli_fail(CLI_USAGE,
                            "--snapshot %" PRIu64 ":%s: the run delivers frames 0 to %" PRIu64,
                            snapshot->frame, snapshot->path, options->frames - 1);
    }
    return 0;
}

int options_parse(int argc, char **argv, struct options *out)
{
    int result;

    *out = (struct options){.card = "grabber64", .ram_bytes = UINT64_C(8) << 30, .buffers = 8,
                            .seed = 1, .cpus = 2, .windows = KE_WINDOWS_10};
    for (int i = 1; i < argc; i++) {
        result = take_argument(out, argc, argv, &i);
        if (result != 0)
            return result;
    }
    if (out->help)
        return 0;
    if (out->driver == NULL)
        return cli_fail(CLI_USAGE, "which driver? usage: weir run DRIVER.sys [options]");
    if (out->has_frames && out->has_seconds)
        return cli_fail(CLI_USAGE, "--frames and --seconds exclude each other");
    if (!out->has_frames && !out->has_seconds)
        out->frames = 300;
    result = check_paths(out);
    return result != 0 ? result : check_snapshots(out);
}
