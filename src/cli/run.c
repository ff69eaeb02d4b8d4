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
#include "cli/run_files.h"
#include "report/report.h"

static const uint64_t frame_bytes_max = 16384u * 16384u; /* sparse: only what is used costs */
static const uint64_t frame_bytes_usual = 64u << 20;

struct session {
    struct options options;
    struct run_child child;
    void *driver_bytes;
    struct run_files files;
    struct report *report;
    struct record record;
    struct host_file json; /* opened first and written last */
    struct super *super;
    struct super_end end;
    uint64_t started_ns, wall_ns;
    int progress_columns; /* of the line on the terminal, 0: none */
    int exit_code;
    const char *outcome;
    char message[700];
};

/* ---- Outputs --------------------------------------------------------------------------------- */

static int unwritable(const char *path, int error)
{
    return cli_fail(CLI_HOST, "%s: cannot be written: %s", path, host_error_text(error));
}

/* What cannot be written is refused now and not after an hour. */
static int open_outputs(struct session *session)
{
    const struct options *options = &session->options;
    int result = run_files_open(&session->files, options);

    if (result == 0 && options->record != NULL) {
        int error = record_open(&session->record, options->record);

        result = error != 0 ? unwritable(options->record, error) : 0;
    }
    if (result == 0 && options->json != NULL) {
        int error = host_file_create(&session->json, options->json);

        result = error != 0 ? unwritable(options->json, error) : 0;
    }
    return result;
}

/* ---- While it runs --------------------------------------------------------------------------- */

static void take_event(void *ctx, const struct trace_event *event)
{
    struct session *session = ctx;

    report_event(session->report, event);
    if (record_event(&session->record, event) != 0)
        super_stop(session->super);
}

static void show_progress(void *ctx)
{
    struct session *session = ctx;
    double virtual_s = (double)report_virtual_ns(session->report) / 1e9;

    fputc('\r', stderr);
    session->progress_columns = fprintf(stderr, "%" PRIu64 " frames, %.2f s of virtual time",
                                        report_frames(session->report), virtual_s);
}

static void clear_progress(struct session *session)
{
    if (session->progress_columns > 0)
        fprintf(stderr, "\r%*s\r", session->progress_columns, "");
    session->progress_columns = 0;
}

/* For frames of the size that was asked for, or that a file has. */
static void make_room(const struct session *session, unsigned pin, uint64_t *frame_bytes)
{
    const struct options_stream *stream = &session->options.pins[pin];
    const struct super_source *source = session->files.sources[pin];
    uint64_t pixels = (uint64_t)stream->width * stream->height;

    if (source != NULL)
        pixels = (uint64_t)super_source_contents(source)->width *
                 super_source_contents(source)->height;
    if (pixels * 4 > *frame_bytes)
        *frame_bytes = pixels * 4 < frame_bytes_max ? pixels * 4 : frame_bytes_max;
}

static int run_machine(struct session *session)
{
    bool terminal = !session->options.quiet && host_is_terminal(2);
    struct super_config config = {.frame_bytes_max =
                                      session->files.sink_count > 0 ? frame_bytes_usual : 4096,
                                  .event = take_event, .event_ctx = session,
                                  .progress = terminal ? show_progress : NULL,
                                  .progress_ctx = session, .sinks = session->files.sinks,
                                  .sink_count = session->files.sink_count};
    int result;

    for (unsigned i = 0; session->files.sink_count > 0 && i < session->options.pin_count; i++)
        make_room(session, i, &config.frame_bytes_max);
    result = super_create(&config, &session->super);
    if (result == 0) {
        session->started_ns = host_monotonic_ns();
        result = super_run(session->super, run_child_main, &session->child, &session->end);
        session->wall_ns = host_monotonic_ns() - session->started_ns;
        super_destroy(session->super);
    }
    clear_progress(session);
    return result == 0 ? 0 : cli_fail(CLI_HOST, "the machine's process: %s",
                                      host_error_text(result));
}

/* ---- The end --------------------------------------------------------------------------------- */

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

static bool no_lock_succeeded(const struct session *session)
{
    struct report_figures figures;

    report_figures(session->report, &figures);
    return figures.frame_locks == 0 && figures.frame_locks_failed > 0;
}

static int said_outcome(struct session *session)
{
    const struct super_end *end = &session->end;
    char reason[300];
    bool known = report_reason(session->report, reason, sizeof reason);

    switch ((enum run_said)end->said_kind) {
    case RUN_SAID_USAGE: return outcome(session, CLI_USAGE, "refused", "%s", end->said);
    case RUN_SAID_IMAGE: return outcome(session, CLI_IMAGE, "driver refused", "%s", end->said);
    case RUN_SAID_HOST: return outcome(session, CLI_HOST, "host refused", "%s", end->said);
    case RUN_SAID_MISSING:
        return outcome(session, CLI_IMAGE, "missing function",
                       "%s: %s; --stub NAME=STATUS lets a run go on", session->options.driver,
                       known ? reason : end->said);
    case RUN_SAID_BUG_CHECK:
        return outcome(session, CLI_FINDINGS, "bug check", "%s: %s", session->options.driver,
                       known ? reason : end->said);
    default:
        return outcome(session, CLI_FINDINGS, "stalled", "%s%s", end->said,
                       no_lock_succeeded(session)
                           ? "; every lock failed: a frame needs more map registers or low memory "
                             "than there are (--map-registers, --low-memory)"
                           : "");
    }
}

static int died_outcome(struct session *session)
{
    const struct super_end *end = &session->end;

    if (end->kind == SUPER_DIED && strcmp(host_signal_name(end->code), "SIGKILL") == 0)
        return outcome(session, CLI_HOST, "killed",
                       "the machine's process was killed from outside, most likely for want of "
                       "memory; what was delivered is kept");
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
    for (unsigned i = 0; i < session->files.sink_count; i++) {
        const struct super_sink *sink = &session->files.sinks[i];

        if (sink->error == -EPIPE)
            return outcome(session, CLI_HOST, "output closed", "%s: closed by its reader",
                           sink->name);
        if (sink->error != 0)
            return outcome(session, CLI_HOST, "output failed", "%s: %s; the run was stopped",
                           sink->name, super_sink_failure(sink));
    }
    return 0;
}

/* A snapshot's frame may never have come: then there is no picture, and that is no success. */
static const struct options_snapshot *missed_snapshot(const struct session *session)
{
    for (unsigned i = 0; i < session->options.snapshot_count; i++) {
        if (session->files.snapshots[i].frames == 0)
            return &session->options.snapshots[i];
    }
    return NULL;
}

static int bad_outcome(struct session *session, uint64_t bad)
{
    struct report_figures figures;

    report_figures(session->report, &figures);
    if (figures.interrupts == 0 && figures.direct_bytes + figures.bounce_bytes == 0)
        return outcome(session, CLI_FINDINGS, "bad frames",
                       "frames that are lost or not what the card drew: %" PRIu64 ". The card did "
                       "nothing at all; a driver that needs no hardware runs with --card none",
                       bad);
    return outcome(session, CLI_FINDINGS, "bad frames",
                   "frames that are lost or not what %s: %" PRIu64,
                   report_pin(session->report, 0)->plays ? "was sent" : "the card drew", bad);
}

/* Bad frames of any pin, or positions that cannot be. */
static int judge_frames(struct session *session)
{
    uint64_t bad = 0, back = 0;

    for (unsigned i = 0; i < report_pin_count(session->report); i++) {
        bad += report_pin_bad(report_pin(session->report, i));
        back += report_pin(session->report, i)->sound.positions_back;
    }
    if (bad > 0)
        return bad_outcome(session, bad);
    if (back > 0)
        return outcome(session, CLI_FINDINGS, "bad frames",
                       "%s: the position of a stream of sound went back %" PRIu64 " times",
                       session->options.driver, back);
    return 0;
}

static const char *nothing_came(const struct report_pin *pin)
{
    if (!pin->plays)
        return "no frame was delivered";
    return pin->seen ? "no picture left the card" : "the driver took nothing of what was sent";
}

/* "pin 1: ", where there are several. */
static int judge_count(struct session *session, unsigned index)
{
    const struct report_pin *pin = report_pin(session->report, index);
    uint64_t frames = report_pin_frames(pin);
    char name[48] = "";

    if (report_pin_count(session->report) > 1)
        snprintf(name, sizeof name, "pin %" PRIu64 ": ", pin->pin_id);
    if (frames == 0)
        return outcome(session, CLI_FINDINGS, "too few frames", "%s%s", name, nothing_came(pin));
    if ((pin->plays ? frames + pin->missed : frames) < pin->frames_wanted)
        return outcome(session, CLI_FINDINGS, "too few frames", "%s%" PRIu64 " of %" PRIu64
                       " frames were %s", name, frames, pin->frames_wanted,
                       pin->plays && !pin->seen ? "taken" : "delivered");
    return 0;
}

/* Fewer than wanted, on nobody's account; 0: enough. */
static int judge_counts(struct session *session)
{
    const struct options_snapshot *missed = missed_snapshot(session);
    unsigned count = report_pin_count(session->report);
    unsigned incidents = report_incident_count(session->report);
    bool gone = report_removed_by_surprise(session->report);
    int result = 0;

    if (!gone && incidents < session->options.incident_count)
        return outcome(session, CLI_FINDINGS, "too few frames",
                       "--at: the run ended before %u of %u events came due",
                       session->options.incident_count - incidents,
                       session->options.incident_count);
    if (count == 0)
        return outcome(session, CLI_FINDINGS, "too few frames", "no frame was delivered");
    for (unsigned i = 0; result == 0 && !gone && i < count; i++)
        result = judge_count(session, i);
    if (result == 0 && missed != NULL)
        return outcome(session, CLI_FINDINGS, "too few frames",
                       "--snapshot %" PRIu64 ":%s: the run ended after %" PRIu64 " frames",
                       missed->frame, missed->path,
                       report_pin(session->report, 0)->delivered);
    return result;
}

static int judge(struct session *session)
{
    int result;

    if (verify_errors(report_verify(session->report)) > 0)
        return outcome(session, CLI_FINDINGS, "findings",
                       "%s: the driver broke rules; see the findings", session->options.driver);
    result = judge_frames(session);
    if (result == 0)
        result = judge_counts(session);
    if (result != 0)
        return result;
    if (report_stub_calls(session->report) > 0)
        return outcome(session, CLI_FINDINGS, "stubbed",
                       "%s: %" PRIu64 " calls were answered by --stub; how the driver fares with "
                       "what is really there is not known", session->options.driver,
                       report_stub_calls(session->report));
    session->outcome = "ok";
    return CLI_CLEAN;
}

static int decide(struct session *session)
{
    const struct super_end *end = &session->end;

    switch (end->kind) {
    case SUPER_OUTPUT: return output_outcome(session);
    case SUPER_INTERRUPTED:
        return outcome(session, CLI_INTERRUPTED, "interrupted",
                       "interrupted; what was delivered is kept");
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
    if (end->code != 0)
        return outcome(session, CLI_WEIR, "weir stopped",
                       "the machine's process ended with status %d and no word", end->code);
    return judge(session);
}

static struct report_format agreed_format(const struct super_format *format)
{
    const struct super_audio *audio = &format->audio;

    if (strcmp(format->fourcc, "WAVE") == 0)
        return (struct report_format){.name = options_samples_name(audio->bits, audio->is_float),
                                      .channels = audio->channels, .rate_hz = audio->rate_hz,
                                      .valid_bits = audio->valid_bits,
                                      .channel_mask = audio->channel_mask,
                                      .block_bytes = audio->channels * audio->bits / 8,
                                      .frame_bytes = format->frame_bytes};
    return (struct report_format){.name = options_format_name(format->fourcc),
                                  .width = format->width, .height = format->height,
                                  .bottom_up = format->bottom_up,
                                  .rate_numerator = format->rate_numerator,
                                  .rate_denominator = format->rate_denominator,
                                  .frame_bytes = format->frame_bytes};
}

static void describe_pins(const struct session *session, struct report_run *run)
{
    for (unsigned i = 0; i < REPORT_PINS_MAX && i < SUPER_STREAMS_MAX; i++) {
        struct report_run_pin *pin = &run->pins[i];

        if (session->end.has_format[i])
            pin->format = agreed_format(&session->end.format[i]);
        pin->has_hash = i < CLIENT_PINS_MAX && session->files.hashes[i] != NULL;
        if (pin->has_hash)
            pin->hash = super_sink_hash_value(session->files.hashes[i]);
    }
}

static struct report_dma describe_dma(const struct options *options)
{
    return (struct report_dma){.pages = options->pages_shown,
                               .iommu = options_iommu_name(options->iommu),
                               .buffer_offset_bytes = options->buffer_offset_bytes,
                               .low_memory_bytes = options->low_memory_bytes,
                               .low_memory_pressure = options->low_memory_pressure,
                               .map_registers = options->map_registers,
                               .force_bounce = options->force_bounce,
                               .is_default = !options_dma_asked(options)};
}

static void describe(struct session *session, struct report_run *run)
{
    const struct options *options = &session->options;
    enum weir_pattern_payload payload;
    static const char *const payloads[] = {"full", "stamps", "none"};
    bool drawn = options_payload(options, &payload);

    *run = (struct report_run){.version = WEIR_VERSION, .driver = cli_base_name(options->driver),
                               .card = options->card,
                               .card_parameters = options->card_parameters,
                               .seed = options->seed, .cpus = options->cpus,
                               .ram_bytes = options->ram_bytes,
                               .windows = exports_windows_name(options->windows),
                               .windows_label = options->windows != KE_WINDOWS_10
                                                    ? exports_windows_label(options->windows)
                                                    : NULL,
                               .payload = drawn ? payloads[payload] : NULL,
                               .buffers = options->pins[0].buffers, .dma = describe_dma(options),
                               .wall_ns = session->wall_ns,
                               .exit_code = session->exit_code, .outcome = session->outcome,
                               .message = session->message[0] != 0 ? session->message : NULL};
    describe_pins(session, run);
}

static int write_json(struct session *session, const struct report_run *run)
{
    char *text = report_json(session->report, run, true);
    int result;

    if (text == NULL)
        return cli_fail(CLI_HOST, "no memory for --json");
    result = host_file_write(&session->json, text, strlen(text));
    if (result == 0)
        result = host_file_write(&session->json, "\n", 1);
    if (result == 0)
        result = host_file_commit(&session->json);
    free(text);
    return result == 0 ? 0 : unwritable(session->options.json, result);
}

static bool had_machine(const struct session *session)
{
    int said = session->end.said_kind;

    return said != RUN_SAID_USAGE && said != RUN_SAID_IMAGE && said != RUN_SAID_HOST;
}

static bool is_standard_output(const char *path)
{
    return path != NULL && strcmp(path, "-") == 0;
}

/* The summary makes way for what else goes to standard output. */
static FILE *summary_stream(const struct options *options)
{
    bool taken = is_standard_output(options->json) || is_standard_output(options->record);

    for (unsigned i = 0; i < options->pin_count; i++)
        taken |= is_standard_output(options->pins[i].output);
    for (unsigned i = 0; i < options->snapshot_count; i++)
        taken |= is_standard_output(options->snapshots[i].path);
    return taken ? stderr : stdout;
}

static void print_report(struct session *session, const struct report_run *run)
{
    FILE *to = summary_stream(&session->options);
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
    if (!session->options.quiet &&
        (had_machine(session) || verify_errors(report_verify(session->report)) > 0)) {
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
        outcome(session, CLI_HOST, "output failed", "%s: %s; the run was stopped",
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

/* What the driver wrote is kept whatever came of the run. */
static int finish_with_files(struct session *session)
{
    int written = files_out_write(&session->child.files_out);
    int result = finish(session);

    return written != 0 ? written : result;
}

static void release(struct session *session)
{
    run_files_release(&session->files);
    files_out_close(&session->child.files_out);
    if (session->record.open)
        host_file_abandon(&session->record.file);
    host_file_abandon(&session->json);
    report_destroy(session->report);
    free(session->driver_bytes);
    options_release(&session->options);
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
    session->report = report_create(exports_call_name);
    if (result == 0 && session->report == NULL)
        result = cli_fail(CLI_HOST, "no memory");
    if (result == 0)
        result = cli_read_driver(session->options.driver, &session->driver_bytes,
                                 &session->child.driver_size_bytes);
    if (result == 0)
        result = open_outputs(session);
    if (result == 0)
        result = files_out_open(&session->child.files_out, session->options.files_out);
    session->child.options = &session->options;
    session->child.driver_bytes = session->driver_bytes;
    session->child.record = session->options.record != NULL;
    session->child.sources = session->files.sources;
    if (result == 0)
        result = run_machine(session);
    if (result == 0)
        result = finish_with_files(session);
    release(session);
    return result;
}
