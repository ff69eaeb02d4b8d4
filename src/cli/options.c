/* SPDX-License-Identifier: MIT */
#include "cli/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/option_rows.h"

static int take_output(struct options *options, char *value)
{
    if (options->stream.output != NULL)
        return cli_fail(CLI_USAGE, "-o %s: one output at a time (%s was named before); a --pin has "
                        "its own: --pin 1:out=FILE", value, options->stream.output);
    options->stream.output = value;
    return 0;
}

static int take_input(struct options *options, char *value)
{
    if (options->stream.input != NULL)
        return cli_fail(CLI_USAGE, "-i %s: one input at a time (%s was named before); a --pin has "
                        "its own: --pin 0:in=FILE", value, options->stream.input);
    options->stream.input = value;
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
        return option_bad_value("--snapshot", value, "wants N:FILE.png, N counting from 0");
    *snapshot = (struct options_snapshot){.frame = frame, .path = colon + 1};
    options->snapshot_count++;
    return 0;
}

static int take_record(struct options *options, char *value)
{
    options->record = value;
    return 0;
}

int option_take_json(struct options *options, char *value)
{
    options->json = value;
    return 0;
}

static int take_files_out(struct options *options, char *value)
{
    options->files_out = value;
    return 0;
}

static int take_quiet(struct options *options, char *value)
{
    (void)value;
    options->quiet = true;
    return 0;
}

int option_take_help(struct options *options, char *value)
{
    (void)value;
    options->help = true;
    return 0;
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static const struct option_row pin_rows[] = {
    {"--pin", "PIN[:KEY=VALUE,...]",
     "the pin that is streamed: its id or name as weir inspect shows it, FILTER/PIN; repeatable. "
     "KEY: an option above without its dashes, in=FILE or out=FILE [the pin that suits]",
     options_take_pin},
    {"-i", "FILE", "plays it: .y4m (YUV4MPEG2) or .wav; - is standard input [test signals]",
     take_input},
};
static const struct option_table pin_table = {"The pins", pin_rows, ARRAY_LEN(pin_rows)};

static const struct option_row rows[] = {
    {"-o", "FILE", ".y4m, .wav or .raw; - or a pipe gets Y4M or WAVE", take_output},
    {"--snapshot", "N:FILE.png", "frame N, counted from 0, as a picture; repeatable",
     take_snapshot},
    {"--record", "FILE.weir", "every event of the run", take_record},
    {"--json", "FILE", "the summary for programs; - is standard output", option_take_json},
    {"--files-out", "DIR", "the files that the driver made or wrote on the drive of --files",
     take_files_out},
    {"--quiet", NULL, "no summary, no progress", take_quiet},
    {"--help", NULL, "this text", option_take_help},
};
static const struct option_table output_table = {"What comes out", rows, ARRAY_LEN(rows)};

static const struct option_row incident_rows[] = {
    {"--at", "WHEN:EVENT",
     "after WHEN frames (100) or so much virtual time (2s, 500ms); EVENT is one of the below; "
     "repeatable", option_take_at},
#define INCIDENT(name, text) {"  " #name, NULL, text, NULL},
#include "trace/incidents.tbl.h"
#undef INCIDENT
};
static const struct option_table incident_table = {"What happens while it streams", incident_rows,
                                                   ARRAY_LEN(incident_rows)};

static const struct option_table *const tables[] = {&option_machine_table, &option_stream_table,
                                                    &pin_table, &incident_table,
                                                    &option_dma_table, &option_lacks_table,
                                                    &output_table, NULL};
static const struct option_command command = {"run", tables};

void options_help(void)
{
    printf("usage: weir run DRIVER.sys [options]\n\n"
           "Loads the driver, starts it on a card, opens a pin that captures or plays, and "
           "streams. A\nfilter that needs pictures before it gives any is sent test pictures, or "
           "what -i names.\n\n");
    option_rows_help(&command);
    printf("\nExit codes: 0 clean, 1 findings, bug check, stall or too few frames, 2 usage, 3 the "
           "image or\ndriver was refused, 4 weir's own fault, 5 the host refused, "
           "130 interrupted.\n");
}

void options_default(struct options *out)
{
    *out = (struct options){.card = "grabber64", .ram_bytes = UINT64_C(8) << 30, .seed = 1,
                            .cpus = 2, .windows = KE_WINDOWS_10,
                            .pages = MM_SCATTERED, .pages_shown = "scattered",
                            .map_registers = HAL_REGISTERS_DEFAULT,
                            .iommu = HAL_IOMMU_OFF};
}

static int check_files_out(const struct options *options)
{
    if (options->files_out == NULL || options->files_path != NULL)
        return 0;
    return cli_fail(CLI_USAGE, "--files-out %s: without --files DIR there is no drive to write "
                               "to; an empty folder will do", options->files_out);
}

/* Two outputs in one file would spoil each other, and an output in a file that is read that. */
static int check_paths(const struct options *options)
{
    const char *paths[OPTIONS_SNAPSHOTS_MAX + 2 * CLIENT_PINS_MAX + 3] = {
        options->driver, options->record, options->json};
    unsigned count = 3;

    for (unsigned i = 0; i < options->snapshot_count; i++)
        paths[count++] = options->snapshots[i].path;
    for (unsigned i = 0; i < options->pin_count; i++) {
        paths[count++] = options->pins[i].output;
        if (options->pins[i].input != NULL && strcmp(options->pins[i].input, "-") != 0)
            paths[count++] = options->pins[i].input;
    }
    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = i + 1; k < count && paths[i] != NULL; k++) {
            if (paths[k] != NULL && strcmp(paths[i], paths[k]) == 0)
                return cli_fail(CLI_USAGE, "%s is named twice; every file holds one thing",
                                paths[i]);
        }
    }
    return 0;
}

static int check_snapshots(const struct options *options)
{
    uint64_t frames = options->pins[0].frames;

    for (unsigned i = 0; i < options->snapshot_count; i++) {
        const struct options_snapshot *snapshot = &options->snapshots[i];

        if (frames != 0 && snapshot->frame >= frames)
            return cli_fail(CLI_USAGE,
                            "--snapshot %" PRIu64 ":%s: the run delivers frames 0 to %" PRIu64,
                            snapshot->frame, snapshot->path, frames - 1);
    }
    return 0;
}

int options_parse(int argc, char **argv, struct options *out)
{
    int result;

    options_default(out);
    result = option_rows_parse(&command, argc, argv, out);
    if (result != 0 || out->help)
        return result;
    if (out->driver == NULL)
        return cli_fail(CLI_USAGE, "which driver? usage: weir run DRIVER.sys [options]");
    result = options_settle_pins(out);
    if (result == 0)
        result = check_paths(out);
    if (result == 0)
        result = check_files_out(out);
    if (result == 0)
        result = check_snapshots(out);
    if (result == 0)
        result = options_check_incidents(out);
    return result != 0 ? result : options_check_machine(out);
}
