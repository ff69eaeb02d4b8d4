/* SPDX-License-Identifier: MIT */
/* `weir inspect`: what a driver shows to applications. The child looks (run_child.c) and hands out
 * what it knows after each step; the last document that came is shown, also when the driver did not
 * live to the end. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/option_rows.h"
#include "cli/run.h"
#include "host/host.h"
#include "report/inspect.h"
#include "report/report.h"

enum { DOCUMENT_BYTES_MAX = 16 << 20 };

struct inspect_options {
    struct options run; /* first: the tables' functions know it */
    const char *dot, *svg;
    bool keep_pins_closed, leave_values;
};

struct output {
    const char *path; /* NULL: not wanted */
    struct host_file file;
};

struct session {
    struct inspect_options options;
    struct run_child child;
    struct run_inspection inspection;
    void *driver_bytes;
    struct output json, dot, svg;
    struct report *report;
    struct super_end end;
    char *document; /* the last one, whole */
    size_t document_bytes;
    int exit_code;
    char message[700];
};

/* ---- Options --------------------------------------------------------------------------------- */

static struct inspect_options *of(struct options *options)
{
    return (struct inspect_options *)options;
}

static int take_json(struct options *options, char *value)
{
    options->json = value;
    return 0;
}

static int take_dot(struct options *options, char *value)
{
    of(options)->dot = value;
    return 0;
}

static int take_svg(struct options *options, char *value)
{
    of(options)->svg = value;
    return 0;
}

static int take_keep_closed(struct options *options, char *value)
{
    (void)value;
    of(options)->keep_pins_closed = true;
    return 0;
}

static int take_leave_values(struct options *options, char *value)
{
    (void)value;
    of(options)->leave_values = true;
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

static const struct option_row look_rows[] = {
    {"--no-open", NULL, "open no pin; framing and a pin's own properties stay unknown",
     take_keep_closed},
    {"--no-values", NULL, "do not read the values of properties", take_leave_values},
};
static const struct option_table look_table = {"How it looks", look_rows, ARRAY_LEN(look_rows)};

static const struct option_row output_rows[] = {
    {"--json", "FILE", "the same for programs (docs/inspect.md); - is standard output", take_json},
    {"--dot", "FILE", "the topology as text for Graphviz", take_dot},
    {"--svg", "FILE", "the topology as a picture", take_svg},
    {"--quiet", NULL, "no text", take_quiet},
    {"--help", NULL, "this text", take_help},
};
static const struct option_table output_table = {"What comes out", output_rows,
                                                 ARRAY_LEN(output_rows)};

static const struct option_table *const tables[] = {&option_machine_table, &look_table,
                                                    &option_lacks_table, &output_table, NULL};
static const struct option_command command = {"inspect", tables};

static void help(void)
{
    printf("usage: weir inspect DRIVER.sys [options]\n\n"
           "Loads the driver, starts it on a card and asks what an application can ask: device\n"
           "interfaces, filters, pins, data ranges, nodes, connections, properties, methods,\n"
           "events, allocator framing. Text goes to standard output unless a file's name is -.\n"
           "\n");
    option_rows_help(&command);
    printf("\nExit codes: 0 clean, 1 findings, bug check or stall, 2 usage, 3 the image or driver "
           "was refused\nor shows no device interface, 4 weir's own fault, 5 the host refused, "
           "130 interrupted.\n");
}

static int check_paths(const struct inspect_options *options)
{
    const char *paths[] = {options->run.driver, options->run.json, options->dot, options->svg};

    for (unsigned i = 0; i < ARRAY_LEN(paths); i++) {
        for (unsigned k = i + 1; k < ARRAY_LEN(paths) && paths[i] != NULL; k++) {
            if (paths[k] != NULL && strcmp(paths[i], paths[k]) == 0)
                return cli_fail(CLI_USAGE, "%s is named twice; every file holds one thing",
                                paths[i]);
        }
    }
    return 0;
}

static int parse(struct inspect_options *options, int argc, char **argv)
{
    int result;

    options_default(&options->run);
    result = option_rows_parse(&command, argc, argv, &options->run);
    if (result != 0 || options->run.help)
        return result;
    if (options->run.driver == NULL)
        return cli_fail(CLI_USAGE, "which driver? usage: weir inspect DRIVER.sys [options]");
    result = check_paths(options);
    return result != 0 ? result : options_check_machine(&options->run);
}

/* ---- Outputs --------------------------------------------------------------------------------- */

static int unwritable(const char *path, int error)
{
    return cli_fail(CLI_HOST, "%s: cannot be written: %s", path, host_error_text(error));
}

static int open_output(struct output *output, const char *path)
{
    int error;

    output->path = path;
    error = path != NULL ? host_file_create(&output->file, path) : 0;
    return error != 0 ? unwritable(path, error) : 0;
}

static int open_outputs(struct session *session)
{
    int result = open_output(&session->json, session->options.run.json);

    if (result == 0)
        result = open_output(&session->dot, session->options.dot);
    if (result == 0)
        result = open_output(&session->svg, session->options.svg);
    return result;
}

static int write_output(struct output *output, const char *text)
{
    int error;

    if (output->path == NULL)
        return 0;
    error = text != NULL ? host_file_write(&output->file, text, strlen(text)) : -ENOMEM;
    if (error == 0)
        error = host_file_commit(&output->file);
    return error == 0 ? 0 : unwritable(output->path, error);
}

/* ---- The child ------------------------------------------------------------------------------- */

static void take_event(void *ctx, const struct trace_event *event)
{
    struct session *session = ctx;

    report_event(session->report, event);
}

/* Each document holds the ones before it. */
static int keep_document(void *ctx, const struct super_frame *frame)
{
    struct session *session = ctx;
    char *copy = malloc(frame->bytes + 1);

    if (copy == NULL)
        return -ENOMEM;
    memcpy(copy, frame->data, frame->bytes);
    free(session->document);
    session->document = copy;
    session->document_bytes = frame->bytes;
    return 0;
}

static int end_nothing(void *ctx, bool ok)
{
    (void)ctx;
    (void)ok;
    return 0;
}

static void release_nothing(void *ctx)
{
    (void)ctx;
}

static int run_machine(struct session *session)
{
    struct super_sink sink = {.name = "the inspection", .frame = keep_document, .end = end_nothing,
                              .release = release_nothing, .ctx = session};
    struct super_config config = {.frame_bytes_max = DOCUMENT_BYTES_MAX, .event = take_event,
                                  .event_ctx = session, .sinks = &sink, .sink_count = 1};
    struct super *super;
    int result = super_create(&config, &super);

    if (result == 0) {
        result = super_run(super, run_child_main, &session->child, &session->end);
        super_destroy(super);
    }
    return result == 0 ? 0 : cli_fail(CLI_HOST, "the machine's process: %s",
                                      host_error_text(result));
}

/* ---- The end --------------------------------------------------------------------------------- */

static int WEIR_PRINTF(3, 4)
    outcome(struct session *session, enum cli_exit code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(session->message, sizeof session->message, format, arguments);
    va_end(arguments);
    return code;
}

static int said_outcome(struct session *session)
{
    const struct super_end *end = &session->end;
    const char *driver = session->options.run.driver;
    char reason[300];
    bool known = report_reason(session->report, reason, sizeof reason);

    switch ((enum run_said)end->said_kind) {
    case RUN_SAID_USAGE: return outcome(session, CLI_USAGE, "%s", end->said);
    case RUN_SAID_IMAGE: return outcome(session, CLI_IMAGE, "%s", end->said);
    case RUN_SAID_HOST: return outcome(session, CLI_HOST, "%s", end->said);
    case RUN_SAID_MISSING:
        return outcome(session, CLI_IMAGE, "%s: %s; --stub NAME=STATUS lets a run go on", driver,
                       known ? reason : end->said);
    case RUN_SAID_BUG_CHECK:
        return outcome(session, CLI_FINDINGS, "%s: %s", driver, known ? reason : end->said);
    default: return outcome(session, CLI_FINDINGS, "%s: %s", driver, end->said);
    }
}

static int ended(struct session *session)
{
    const struct super_end *end = &session->end;
    const char *driver = session->options.run.driver;

    switch (end->kind) {
    case SUPER_INTERRUPTED: return outcome(session, CLI_INTERRUPTED, "interrupted");
    case SUPER_OUTPUT: return outcome(session, CLI_HOST, "no memory for what the driver tells");
    case SUPER_HUNG:
        return outcome(session, CLI_FINDINGS, "%s: silent for too long and killed", driver);
    case SUPER_BROKEN:
        return outcome(session, CLI_FINDINGS, "%s: wrote over memory it shares with its supervisor "
                       "and was killed", driver);
    case SUPER_DIED:
        if (strcmp(host_signal_name(end->code), "SIGKILL") == 0)
            return outcome(session, CLI_HOST, "the machine's process was killed from outside, most "
                           "likely for want of memory");
        return outcome(session, CLI_FINDINGS, "%s: the driver destroyed its own process (%s)",
                       driver, host_signal_name(end->code));
    case SUPER_EXITED: break;
    }
    if (end->said_kind != RUN_SAID_NOTHING)
        return said_outcome(session);
    if (end->code == CLI_WEIR || end->code == CLI_IMAGE)
        return end->code; /* the fatal hook has told why */
    if (end->code != 0)
        return outcome(session, CLI_WEIR, "the machine's process ended with status %d and no word",
                       end->code);
    if (verify_errors(report_verify(session->report)) > 0)
        return outcome(session, CLI_FINDINGS, "%s: the driver broke rules; see the findings",
                       driver);
    if (report_stub_calls(session->report) > 0)
        return outcome(session, CLI_FINDINGS, "%s: %" PRIu64 " calls were answered by --stub; what "
                       "the driver shows with what is really there is not known", driver,
                       report_stub_calls(session->report));
    return CLI_CLEAN;
}

static bool is_post_mortem(const struct super_end *end)
{
    return end->kind == SUPER_DIED || end->kind == SUPER_HUNG || end->kind == SUPER_BROKEN ||
           end->said_kind == RUN_SAID_BUG_CHECK || end->said_kind == RUN_SAID_MISSING ||
           end->said_kind == RUN_SAID_STALL;
}

static void print_events(struct session *session)
{
    struct text text;

    text_init(&text);
    if (is_post_mortem(&session->end))
        report_post_mortem(session->report, &text);
    report_findings(session->report, session->options.run.card, &text);
    fputs(text_get(&text), stderr);
    text_fini(&text);
}

static bool text_wanted(const struct session *session)
{
    const char *const paths[] = {session->json.path, session->dot.path, session->svg.path};

    for (unsigned i = 0; i < ARRAY_LEN(paths); i++) {
        if (paths[i] != NULL && strcmp(paths[i], "-") == 0)
            return false;
    }
    return !session->options.run.quiet;
}

static int write_pictures(struct session *session, const struct inspect_document *document,
                          const struct inspect_run *run)
{
    struct text text;
    int result;

    text_init(&text);
    inspect_dot(document, run, &text);
    result = write_output(&session->dot, text_error(&text) == 0 ? text_get(&text) : NULL);
    text_clear(&text);
    inspect_svg(document, run, &text);
    if (result == 0)
        result = write_output(&session->svg, text_error(&text) == 0 ? text_get(&text) : NULL);
    text_fini(&text);
    return result;
}

static void print_text(const struct inspect_document *document, const struct inspect_run *run)
{
    struct text text;

    text_init(&text);
    inspect_text(document, run, &text);
    fputs(text_get(&text), stdout);
    fflush(stdout);
    text_fini(&text);
}

static int write_json(struct session *session, const struct inspect_document *document,
                      const struct inspect_run *run)
{
    char *json;
    struct text text;
    int result;

    if (session->json.path == NULL)
        return 0;
    json = inspect_json(document, run);
    text_init(&text);
    if (json != NULL)
        text_printf(&text, "%s\n", json);
    result = write_output(&session->json, json != NULL ? text_get(&text) : NULL);
    text_fini(&text);
    free(json);
    return result;
}

static int show(struct session *session, const struct inspect_run *run)
{
    struct inspect_document *document =
        session->document != NULL ? inspect_parse(session->document, session->document_bytes)
                                  : NULL;
    int result = write_json(session, document, run);

    if (document != NULL && text_wanted(session))
        print_text(document, run);
    if (document != NULL && result == 0)
        result = write_pictures(session, document, run);
    inspect_destroy(document);
    return result;
}

static int finish(struct session *session)
{
    const struct options *options = &session->options.run;
    struct inspect_run run = {.version = WEIR_VERSION, .driver = cli_base_name(options->driver),
                              .card = options->card, .card_parameters = options->card_parameters,
                              .windows = exports_windows_name(options->windows),
                              .seed = options->seed};
    int result;

    session->exit_code = ended(session);
    run.exit_code = session->exit_code;
    run.message = session->message[0] != 0 ? session->message : NULL;
    print_events(session);
    result = show(session, &run);
    if (session->message[0] != 0)
        cli_fail((enum cli_exit)session->exit_code, "%s", session->message);
    return result != 0 ? result : session->exit_code;
}

static void release(struct session *session)
{
    host_file_abandon(&session->json.file);
    host_file_abandon(&session->dot.file);
    host_file_abandon(&session->svg.file);
    report_destroy(session->report);
    free(session->document);
    free(session->driver_bytes);
    options_release(&session->options.run);
    free(session);
}

int cli_inspect(int argc, char **argv)
{
    struct session *session = calloc(1, sizeof *session);
    int result;

    if (session == NULL)
        return cli_fail(CLI_HOST, "no memory");
    result = parse(&session->options, argc, argv);
    if (result == 0 && session->options.run.help) {
        help();
        release(session);
        return CLI_CLEAN;
    }
    session->report = report_create(exports_call_name);
    if (result == 0 && session->report == NULL)
        result = cli_fail(CLI_HOST, "no memory");
    if (result == 0)
        result = cli_read_driver(session->options.run.driver, &session->driver_bytes,
                                 &session->child.driver_size_bytes);
    if (result == 0)
        result = open_outputs(session);
    session->inspection = (struct run_inspection){
        .open_pins = !session->options.keep_pins_closed,
        .read_values = !session->options.leave_values};
    session->child.options = &session->options.run;
    session->child.driver_bytes = session->driver_bytes;
    session->child.inspection = &session->inspection;
    if (result == 0)
        result = run_machine(session);
    if (result == 0)
        result = finish(session);
    release(session);
    return result;
}
