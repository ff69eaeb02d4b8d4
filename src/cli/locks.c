/* SPDX-License-Identifier: MIT */
/* `weir locks`: how many frame locks can a driver hold? Options, outputs, the runs (locks_work.c),
 * the answer (report/locks.h). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/locks_work.h"
#include "host/host.h"
#include "report/locks.h"

struct session {
    struct locks_options options;
    void *driver_bytes;
    size_t driver_size_bytes;
    struct host_file plot, json; /* opened first and written last */
    struct locks_results results;
    struct options run[LOCKS_COLUMNS_MAX]; /* of each column: the report borrows its words */
    struct locks_incident incidents[LOCKS_INCIDENTS_MAX];
    struct locks_report report;
};

/* ---- Outputs --------------------------------------------------------------------------------- */

static int unwritable(const char *path, int error)
{
    return cli_fail(CLI_HOST, "%s: cannot be written: %s", path, host_error_text(error));
}

static int open_output(struct host_file *file, const char *path)
{
    int error = path != NULL ? host_file_create(file, path) : 0;

    return error != 0 ? unwritable(path, error) : 0;
}

static int write_bytes(void *ctx, const void *bytes, size_t count)
{
    return host_file_write(ctx, bytes, count);
}

static int write_plot(struct session *session)
{
    const struct options *options = &session->options.run;
    int error;

    if (options->stream.output == NULL)
        return 0;
    error = locks_plot(&session->report, session->options.plot_kind, write_bytes, &session->plot);
    if (error == -ENODATA)
        return cli_fail(CLI_FINDINGS, "%s: the driver never tried to lock a frame, so there is "
                        "nothing to draw", options->stream.output);
    if (error == 0)
        error = host_file_commit(&session->plot);
    return error == 0 ? 0 : unwritable(options->stream.output, error);
}

static int write_json(struct session *session)
{
    const char *path = session->options.run.json;
    char *text;
    int error;

    if (path == NULL)
        return 0;
    text = locks_json(&session->report);
    if (text == NULL)
        return cli_fail(CLI_HOST, "no memory for --json");
    error = host_file_write(&session->json, text, strlen(text));
    if (error == 0)
        error = host_file_write(&session->json, "\n", 1);
    if (error == 0)
        error = host_file_commit(&session->json);
    free(text);
    return error == 0 ? 0 : unwritable(path, error);
}

static void write_text(const struct session *session)
{
    const char *json = session->options.run.json;
    FILE *to = json != NULL && strcmp(json, "-") == 0 ? stderr : stdout;
    struct text text;

    if (session->options.run.quiet)
        return;
    text_init(&text);
    locks_text(&session->report, &text);
    fputs(text_get(&text), to);
    fflush(to);
    text_fini(&text);
}

/* ---- Which buffers --------------------------------------------------------------------------- */

/* More buffers than the driver ever locks tell nothing new. One run a column with many of them
 * shows how many that is. With one more, every number that it locks is tried again and again. */
static int choose_buffers(struct session *session)
{
    struct locks_options *options = &session->options;
    uint64_t last_seed = options->seed_last;
    unsigned most = 0;
    int result;

    if (options->buffer_count > 0)
        return 0;
    options->seed_last = options->seed_first;
    result = locks_options_buffers(options, LOCKS_BUFFERS_USUAL, LOCKS_BUFFERS_USUAL);
    if (result == 0)
        result = locks_work(options, session->driver_bytes, session->driver_size_bytes,
                            &session->results);
    options->seed_last = last_seed;
    for (unsigned i = 0; i < options->column_count && result == 0; i++) {
        struct locks_answer answer;

        locks_answer(&session->results.counts[i], options->target, &answer);
        if (answer.most_held > most)
            most = answer.most_held;
    }
    if (session->results.broken_count > 0 || most >= LOCKS_BUFFERS_USUAL)
        most = LOCKS_BUFFERS_USUAL - 1; /* what broke off may have held more */
    locks_results_fini(&session->results);
    return result != 0 ? result : locks_options_buffers(options, 1, most + 1);
}

/* ---- The answer ------------------------------------------------------------------------------ */

static struct report_format format_of(const struct super_format *format)
{
    return (struct report_format){.name = options_format_name(format->fourcc),
                                  .width = format->width, .height = format->height,
                                  .bottom_up = format->bottom_up,
                                  .rate_numerator = format->rate_numerator,
                                  .rate_denominator = format->rate_denominator,
                                  .frame_bytes = format->frame_bytes};
}

static void describe_column(struct session *session, unsigned index)
{
    const struct locks_options *options = &session->options;
    const struct locks_results *results = &session->results;
    struct locks_column *column = &session->report.column[index];
    struct options *run = &session->run[index];

    locks_run_options(options, index, options->buffers[0], options->seed_first, run);
    *column = (struct locks_column){
        .name = options->columns[index].name, .card = run->card,
        .card_parameters = run->card_parameters,
        .way = locks_way_name(options->columns[index].way),
        .iommu = options_iommu_name(run->iommu), .force_bounce = run->force_bounce,
        .runs = locks_run_count(options) / options->column_count,
        .broken_runs = results->broken_runs[index], .counts = &results->counts[index]};
    if (results->has_format[index])
        column->format = format_of(&results->format[index]);
}

static void describe(struct session *session)
{
    const struct locks_options *options = &session->options;
    const struct options *run = &options->run;

    session->report = (struct locks_report){
        .version = WEIR_VERSION, .driver = cli_base_name(run->driver), .ram_bytes = run->ram_bytes,
        .low_memory_bytes = run->low_memory_bytes,
        .low_memory_pressure = run->low_memory_pressure, .map_registers = run->map_registers,
        .buffer_offset_bytes = run->buffer_offset_bytes, .pages = run->pages_shown,
        .windows = exports_windows_name(run->windows), .cpus = run->cpus,
        .seed_first = options->seed_first, .seed_last = options->seed_last,
        .buffers = options->buffers, .buffer_count = options->buffer_count,
        .frames = run->stream.frames, .seconds = run->stream.seconds, .target = options->target,
        .column_count = options->column_count, .incidents = session->incidents,
        .incident_count = session->results.broken_count};
    for (unsigned i = 0; i < options->column_count; i++)
        describe_column(session, i);
    for (unsigned i = 0; i < session->results.broken_count; i++) {
        const struct locks_broken_run *broken = &session->results.broken[i];
        struct locks_incident *incident = &session->incidents[i];

        incident->text = broken->text;
        locks_run_place(options, broken->run, &incident->column, &incident->buffers,
                        &incident->seed);
    }
}

static int verdict(const struct session *session)
{
    unsigned broken = 0, runs = locks_run_count(&session->options);
    const struct locks_incident *first = &session->incidents[0];

    for (unsigned i = 0; i < session->options.column_count; i++)
        broken += session->results.broken_runs[i];
    if (broken == 0)
        return CLI_CLEAN;
    return cli_fail(CLI_FINDINGS,
                    "%u of %u runs broke off or had findings; the first: %s, --seed %" PRIu64
                    " --buffers %u: %s", broken, runs, session->report.column[first->column].name,
                    first->seed, first->buffers, first->text);
}

static int answer(struct session *session)
{
    int result;

    describe(session);
    write_text(session);
    result = write_plot(session);
    if (result == 0)
        result = write_json(session);
    return result != 0 ? result : verdict(session);
}

static void release(struct session *session)
{
    host_file_abandon(&session->plot);
    host_file_abandon(&session->json);
    locks_results_fini(&session->results);
    free(session->driver_bytes);
    free(session);
}

int cli_locks(int argc, char **argv)
{
    struct session *session = calloc(1, sizeof *session);
    int result;

    if (session == NULL)
        return cli_fail(CLI_HOST, "no memory");
    result = locks_options_parse(argc, argv, &session->options);
    if (result == 0 && session->options.run.help) {
        locks_options_help();
        release(session);
        return CLI_CLEAN;
    }
    if (result == 0)
        result = cli_read_driver(session->options.run.driver, &session->driver_bytes,
                                 &session->driver_size_bytes);
    if (result == 0)
        result = open_output(&session->plot, session->options.run.stream.output);
    if (result == 0)
        result = open_output(&session->json, session->options.run.json);
    if (result == 0)
        result = choose_buffers(session);
    if (result == 0)
        result = locks_work(&session->options, session->driver_bytes, session->driver_size_bytes,
                            &session->results);
    if (result == 0)
        result = answer(session);
    release(session);
    return result;
}
