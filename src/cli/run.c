/* SPDX-License-Identifier: MIT */
/* `weir run`, the parent: options, outputs, the child's end, the summary, the exit code. */
#include "cli/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/record.h"
#include "report/report.h"

enum { SINKS_MAX = OPTIONS_SNAPSHOTS_MAX + 2 };
static const uint64_t frame_bytes_max = 16384u * 16384u; /* sparse: only what is used costs */
static const uint64_t frame_bytes_usual = 64u << 20;

struct session {
    struct options options;
    struct run_child child;
    void *driver_bytes;
    struct super_sink sinks[SINKS_MAX];
    unsigned sink_count;
    struct super_sink *hash;
    struct report *report;
    struct record record;
    struct super_end end;
    uint64_t started_ns, wall_ns;
    bool progress_shown;
    int exit_code;
    const char *outcome;
    char message[700];
};

/* ---- Outputs ---------------------------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);

    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static int open_video(struct session *session)
{
    const char *path = session->options.output;
    struct super_error error;
    int result;

    if (path == NULL)
        return 0;
    if (ends_with(path, ".raw"))
        result = super_sink_raw(path, &session->sinks[session->sink_count], &error);
    else if (strcmp(path, "-") == 0 || ends_with(path, ".y4m") || strncmp(path, "/dev/", 5) == 0 ||
             host_file_exists(path))
        result = super_sink_y4m(path, &session->sinks[session->sink_count], &error);
    else
        return cli_fail(CLI_USAGE, "-o %s: wants a name ending in .y4m or .raw, a pipe, or -", path);
    if (result != 0)
        return cli_fail(CLI_HOST, "%s", error.text);
    session->sink_count++;
    return 0;
}

static int open_outputs(struct session *session)
{
    const struct options *options = &session->options;
    struct super_error error;
    int result = open_video(session);

    for (unsigned i = 0; result == 0 && i < options->snapshot_count; i++) {
        if (super_sink_png(options->snapshots[i].path, options->snapshots[i].frame,
                           &session->sinks[session->sink_count], &error) != 0)
            return cli_fail(CLI_HOST, "%s", error.text);
        session->sink_count++;
    }
    if (result == 0 && options->json != NULL && options->output != NULL) {
        session->hash = &session->sinks[session->sink_count];
        if (super_sink_hash(session->hash) != 0)
            return cli_fail(CLI_HOST, "no memory");
        session->sink_count++;
    }
    if (result == 0 && options->record != NULL) {
        int refused = record_open(&session->record, options->record);

        if (refused != 0)
            return cli_fail(CLI_HOST, "%s: cannot be written: %s", options->record,
                            host_error_text(refused));
    }
    return result;
}

/* ---- While it runs ------------------------------------------------------------------------------------------------ */

static void take_event(void *ctx, const struct trace_event *event)
{
    struct session *session = ctx;

    report_event(session->report, event);
    record_event(&session->record, event);
}

static void show_progress(void *ctx)
{
    struct session *session = ctx;
    double virtual_s = (double)report_virtual_ns(session->report) / 1e9;

    fprintf(stderr, "\r%" PRIu64 " frames, %.2f s of virtual time", report_frames(session->report),
            virtual_s);
    session->progress_shown = true;
}

static int run_machine(struct session *session)
{
    bool terminal = !session->options.quiet && host_is_terminal(2);
    struct super_config config = {.frame_bytes_max = session->sink_count > 0 ? frame_bytes_usual : 4096,
                                  .event = take_event, .event_ctx = session,
                                  .progress = terminal ? show_progress : NULL,
                                  .progress_ctx = session, .sinks = session->sinks,
                                  .sink_count = session->sink_count};
    uint64_t pixels = (uint64_t)session->options.width * session->options.height;
    struct super *super;
    int result;

    if (session->sink_count > 0 && pixels * 4 > frame_bytes_usual)
        config.frame_bytes_max = pixels * 4 < frame_bytes_max ? pixels * 4 : frame_bytes_max;
    result = super_create(&config, &super);
    if (result == 0) {
        session->started_ns = host_monotonic_ns();
        result = super_run(super, run_child_main, &session->child, &session->end);
        session->wall_ns = host_monotonic_ns() - session->started_ns;
        super_destroy(super);
    }
    if (session->progress_shown)
        fputs("\r\033[K", stderr);
    return result == 0 ? 0 : cli_fail(CLI_HOST, "the machine cannot start: %s", host_error_text(result));
}

/* ---- The end -------------------------------------------------------------------------------------------------------- */

static int WEIR_PRINTF(4, 5)
    outcome(struct session *session, enum cli_exit code, const char *word, const char *format, ...)
{
    va_list arguments;

    session->exit_code = code;
    session->outcome = word;
    va_start(arguments, format);
    vsnprintf(session->message, sizeof session->message, format, arguments);
    va_end(arguments);
    return code;
}

static int said_outcome(struct session *session)
{
    const struct super_end *end = &session->end;

    switch ((enum run_said)end->said_kind) {
    case RUN_SAID_USAGE: return outcome(session, CLI_USAGE, "refused", "%s", end->said);
    case RUN_SAID_IMAGE: return outcome(session, CLI_IMAGE, "driver refused", "%s", end->said);
    case RUN_SAID_HOST: return outcome(session, CLI_HOST, "host refused", "%s", end->said);
    case RUN_SAID_MISSING:
        return outcome(session, CLI_IMAGE, "missing function", "%s: %s", session->options.driver,
                       end->said);
    case RUN_SAID_BUG_CHECK:
        return outcome(session, CLI_FINDINGS, "bug check", "%s: %s", session->options.driver, end->said);
    default: return outcome(session, CLI_FINDINGS, "stalled", "%s", end->said);
    }
}

static int died_outcome(struct session *session)
{
    const struct super_end *end = &session->end;

    if (end->kind == SUPER_DIED)
        return outcome(session, CLI_FINDINGS, "died",
                       "%s: the driver destroyed its own process (%s); what was delivered is kept",
                       session->options.driver, host_signal_name(end->code));
    if (end->kind == SUPER_HUNG)
        return outcome(session, CLI_FINDINGS, "hung",
                       "%s: silent for too long and killed; what was delivered is kept",
                       session->options.driver);
    return outcome(session, CLI_FINDINGS, "died",
                   "%s: wrote over memory it shares with its supervisor and was killed; what was "
                   "delivered is kept", session->options.driver);
}

static int output_outcome(struct session *session)
{
    for (unsigned i = 0; i < session->sink_count; i++) {
        const struct super_sink *sink = &session->sinks[i];

        if (sink->error == -EPIPE)
            return outcome(session, CLI_HOST, "output closed", "%s: closed by its reader", sink->name);
        if (sink->error != 0)
            return outcome(session, CLI_HOST, "output failed", "%s: %s; nothing was left of it",
                           sink->name, host_error_text(sink->error));
    }
    return 0;
}

static int judge(struct session *session)
{
    struct report_figures figures;
    uint64_t bad;

    report_figures(session->report, &figures);
    bad = figures.lost + figures.torn + figures.stale + figures.short_frames + figures.duplicate +
          figures.out_of_order + figures.wrong;
    if (verify_errors(report_verify(session->report)) > 0)
        return outcome(session, CLI_FINDINGS, "findings", "the driver broke rules; see the findings");
    if (bad > 0)
        return outcome(session, CLI_FINDINGS, "bad frames", "%" PRIu64 " frames are lost or not what the "
                       "card drew", bad);
    if (session->options.frames > figures.delivered)
        return outcome(session, CLI_FINDINGS, "too few frames", "%" PRIu64 " of %" PRIu64
                       " frames were delivered", figures.delivered, session->options.frames);
    session->outcome = "ok";
    return CLI_CLEAN;
}

static int decide(struct session *session)
{
    const struct super_end *end = &session->end;

    switch (end->kind) {
    case SUPER_OUTPUT: return output_outcome(session);
    case SUPER_INTERRUPTED:
        return outcome(session, CLI_INTERRUPTED, "interrupted", "interrupted; what was delivered is kept");
    case SUPER_DIED:
    case SUPER_HUNG:
    case SUPER_BROKEN: return died_outcome(session);
    case SUPER_EXITED: break;
    }
    if (end->said_kind != RUN_SAID_NOTHING)
        return said_outcome(session);
    if (end->code == CLI_WEIR || end->code == CLI_IMAGE) {
        session->outcome = "weir stopped"; /* its fatal hook has told why */
        return session->exit_code = end->code;
    }
    return judge(session);
}

static const char *export_name(uint64_t id)
{
    const struct exports_row *row = exports_at((unsigned)id);

    return row != NULL ? row->name : "?";
}

static void describe(struct session *session, struct report_run *run)
{
    const struct options *options = &session->options;
    enum weir_pattern_payload payload;
    static const char *const payloads[] = {"full", "stamps", "none"};
    bool drawn = options_payload(options, &payload);

    *run = (struct report_run){.version = WEIR_VERSION, .driver = cli_base_name(options->driver),
                               .card = options->card, .seed = options->seed, .cpus = options->cpus,
                               .ram_bytes = options->ram_bytes,
                               .windows = exports_windows_name(options->windows),
                               .payload = drawn ? payloads[payload] : NULL,
                               .buffers = options->buffers, .wall_ns = session->wall_ns,
                               .exit_code = session->exit_code, .outcome = session->outcome,
                               .message = session->message[0] != 0 ? session->message : NULL};
    if (options->width != 0)
        snprintf(run->format, sizeof run->format, "%s %" PRIu32 "x%" PRIu32 " at %.6g fps",
                 options->format != NULL ? options->format : "default", options->width,
                 options->height,
                 options->rate_numerator != 0
                     ? (double)options->rate_numerator / options->rate_denominator
                     : 0.0);
    else
        snprintf(run->format, sizeof run->format, "%s",
                 options->format != NULL ? options->format : "the driver's default format");
    if (session->hash != NULL) {
        run->has_video_hash = true;
        run->video_hash = super_sink_hash_value(session->hash);
    }
}

static int write_json(struct session *session, const struct report_run *run)
{
    char *text = report_json(session->report, run, true);
    struct host_file file;
    int result;

    if (text == NULL)
        return cli_fail(CLI_HOST, "no memory for --json");
    result = host_file_create(&file, session->options.json);
    if (result == 0) {
        result = host_file_write(&file, text, strlen(text));
        if (result == 0)
            result = host_file_write(&file, "\n", 1);
        if (result == 0)
            result = host_file_commit(&file);
        else
            host_file_abandon(&file);
    }
    free(text);
    if (result == 0)
        return 0;
    return cli_fail(CLI_HOST, "%s: cannot be written: %s", session->options.json,
                    host_error_text(result));
}

static bool had_machine(const struct session *session)
{
    int said = session->end.said_kind;

    return said != RUN_SAID_USAGE && said != RUN_SAID_IMAGE && said != RUN_SAID_HOST;
}

static void print_report(struct session *session, const struct report_run *run)
{
    FILE *to = session->options.output != NULL && strcmp(session->options.output, "-") == 0 ? stderr
                                                                                            : stdout;
    bool post_mortem = session->end.kind == SUPER_DIED || session->end.kind == SUPER_HUNG ||
                       session->end.kind == SUPER_BROKEN ||
                       session->end.said_kind == RUN_SAID_BUG_CHECK ||
                       session->end.said_kind == RUN_SAID_MISSING ||
                       session->end.said_kind == RUN_SAID_STALL;
    struct text text;

    text_init(&text);
    if (post_mortem)
        report_post_mortem(session->report, &text);
    fputs(text_get(&text), stderr);
    text_clear(&text);
    if (!session->options.quiet && had_machine(session)) {
        report_text(session->report, run, &text);
        fputs(text_get(&text), to);
        fflush(to);
    }
    text_fini(&text);
}

static int finish(struct session *session)
{
    struct report_run run;
    int refused = record_close(&session->record);
    int result;

    session->exit_code = decide(session);
    if (refused != 0)
        outcome(session, CLI_HOST, "output failed", "%s: %s; nothing was left of it",
                session->options.record, host_error_text(refused));
    describe(session, &run);
    print_report(session, &run);
    if (session->message[0] != 0)
        cli_fail((enum cli_exit)session->exit_code, "%s", session->message);
    if (session->options.json != NULL) {
        result = write_json(session, &run);
        if (result != 0)
            return result;
    }
    return session->exit_code;
}

static void release(struct session *session)
{
    for (unsigned i = 0; i < session->sink_count; i++)
        super_sink_release(&session->sinks[i]);
    if (session->record.open)
        host_file_abandon(&session->record.file);
    report_destroy(session->report);
    free(session->driver_bytes);
    free(session);
}

int cli_run(int argc, char **argv)
{
    struct session *session = calloc(1, sizeof *session);
    int result;

    if (session == NULL)
        return cli_fail(CLI_HOST, "no memory");
    result = options_parse(argc, argv, &session->options);
    if (result == 0 && session->options.help) {
        options_help();
        release(session);
        return CLI_CLEAN;
    }
    session->report = report_create(export_name);
    if (result == 0 && session->report == NULL)
        result = cli_fail(CLI_HOST, "no memory");
    if (result == 0)
        result = cli_read_driver(session->options.driver, &session->driver_bytes,
                                 &session->child.driver_size_bytes);
    if (result == 0)
        result = open_outputs(session);
    session->child.options = &session->options;
    session->child.driver_bytes = session->driver_bytes;
    session->child.record = session->options.record != NULL;
    if (result == 0)
        result = run_machine(session);
    if (result == 0)
        result = finish(session);
    release(session);
    return result;
}
