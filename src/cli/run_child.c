/* SPDX-License-Identifier: MIT */
/* The child of a command that runs a driver: builds the machine, takes the driver through its life,
 * streams or looks at it. Whatever goes wrong is told in one sentence; the parent turns it into an
 * exit code. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/cli.h"
#include "cli/run.h"
#include "host/host.h"

struct life {
    struct super_child *child;
    const struct run_child *run;
    struct trace trace;
    unsigned char selector; /* of syscall user dispatch: 1 forbids */
    struct client_source sources[CLIENT_PINS_MAX];
    uint64_t documents; /* given so far */
    bool failed;
};

static void WEIR_PRINTF(3, 4) say(struct life *life, enum run_said kind, const char *format, ...)
{
    char text[500];
    va_list arguments;

    if (life->failed)
        return;
    life->failed = true;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    super_child_say(life->child, kind, text);
}

static void say_machine(struct life *life, const struct machine_error *error)
{
    static const enum run_said kinds[] = {
        [MACHINE_OK] = RUN_SAID_NOTHING,
        [MACHINE_HOST] = RUN_SAID_HOST,
        [MACHINE_CARD] = RUN_SAID_USAGE,
        [MACHINE_IMAGE] = RUN_SAID_IMAGE,
        [MACHINE_DRIVER] = RUN_SAID_IMAGE,
    };

    if (error->kind == MACHINE_IMAGE || error->kind == MACHINE_DRIVER)
        say(life, kinds[error->kind], "%s: %s", life->run->options->driver, error->text);
    else
        say(life, kinds[error->kind], "%s", error->text);
}

/* ---- Frames ---------------------------------------------------------------------------------- */

static struct super_format super_format_of(const struct client_format *format)
{
    struct super_format out = {.width = format->width, .height = format->height,
                               .stride_bytes = format->stride_bytes, .bottom_up = format->bottom_up,
                               .rate_numerator = format->rate_numerator,
                               .rate_denominator = format->rate_denominator,
                               .audio = {.rate_hz = format->audio.rate_hz,
                                         .channels = format->audio.channels,
                                         .bits = format->audio.bits,
                                         .valid_bits = format->audio.valid_bits,
                                         .channel_mask = format->audio.channel_mask,
                                         .is_float = format->audio.is_float},
                               .frame_bytes = format->frame_bytes};

    memcpy(out.fourcc, format->fourcc, sizeof out.fourcc);
    return out;
}

static int give_format(void *ctx, unsigned pin, const struct client_format *format)
{
    struct life *life = ctx;
    struct super_format out = super_format_of(format);

    if (super_child_set_format(life->child, pin, &out) == 0)
        return 0;
    say(life, RUN_SAID_HOST,
        "frames of %" PRIu64 " bytes are too large for an output; name a --size",
        format->frame_bytes);
    return -1;
}

static int give_frame(void *ctx, unsigned pin, const struct client_frame *frame)
{
    struct life *life = ctx;
    uint8_t *to;
    uint64_t done = 0;

    if (!super_child_wants_frame(life->child, pin, frame->number))
        return 0;
    to = super_child_frame_begin(life->child, pin, frame->number, frame->bytes);
    if (to == NULL)
        return -1;
    for (size_t i = 0; i < frame->piece_count && done < frame->bytes; i++) {
        uint64_t left = frame->bytes - done;
        uint64_t count = frame->pieces[i].size_bytes < left ? frame->pieces[i].size_bytes : left;

        memcpy(to + done, frame->pieces[i].bytes, count);
        done += count;
    }
    super_child_frame_done(life->child, frame->time_100ns, frame->has_time);
    return 0;
}

static bool stop_wanted(void *ctx)
{
    struct life *life = ctx;

    return super_child_stop_requested(life->child);
}

static void say_client(struct life *life, const struct client_result *result)
{
    switch (result->kind) {
    case CLIENT_OK:
    case CLIENT_STOPPED: break;
    case CLIENT_NO_ROOM:
    case CLIENT_BROKEN_INPUT:
    case CLIENT_NO_FORMAT: say(life, RUN_SAID_USAGE, "%s", result->text); break;
    case CLIENT_NO_PIN: say(life, RUN_SAID_IMAGE, "%s", result->text); break;
    case CLIENT_HOST: say(life, RUN_SAID_HOST, "%s", result->text); break;
    case CLIENT_REFUSED:
    case CLIENT_STALLED: say(life, RUN_SAID_STALL, "%s", result->text); break;
    }
}

/* ---- What was found -------------------------------------------------------------------------- */

static int give_document(void *ctx, const char *json, size_t bytes)
{
    struct life *life = ctx;
    uint8_t *to = super_child_frame_begin(life->child, 0, life->documents, bytes);

    if (to == NULL) {
        if (!super_child_stop_requested(life->child))
            say(life, RUN_SAID_HOST, "the driver tells more of itself than fits: %zu bytes", bytes);
        return -1;
    }
    memcpy(to, json, bytes);
    super_child_frame_done(life->child, 0, false);
    life->documents++;
    return 0;
}

static void look(struct life *life, struct machine *machine)
{
    struct client_inspection request = {.open_pins = life->run->inspection->open_pins,
                                        .read_values = life->run->inspection->read_values,
                                        .document = give_document, .ctx = life};
    struct super_format format = {.fourcc = "JSON"};
    struct client_result result;

    if (super_child_set_format(life->child, 0, &format) != 0)
        return;
    client_inspect(machine, &request, &result);
    say_client(life, &result);
}

/* ---- Files that are played ------------------------------------------------------------------- */

static int next_of_source(void *ctx, const struct client_format *format, uint8_t *to, uint64_t *got)
{
    struct super_format out = super_format_of(format);

    return super_source_next(ctx, &out, to, got);
}

static const char *why_of_source(void *ctx)
{
    return super_source_why(ctx);
}

/* What a file holds is what is wanted of its pin. */
static void add_source(struct super_source *from, const char *name, struct client_source *source,
                       struct client_pin *pin)
{
    const struct super_contents *contents = super_source_contents(from);
    const struct super_audio *audio = &contents->audio;

    *source = (struct client_source){.name = name, .holds = contents->holds,
                                     .media = contents->sound ? CLIENT_AUDIO : CLIENT_VIDEO,
                                     .width = contents->width, .height = contents->height,
                                     .rate_numerator = contents->rate_numerator,
                                     .rate_denominator = contents->rate_denominator,
                                     .audio = {.rate_hz = audio->rate_hz,
                                               .channels = audio->channels, .bits = audio->bits,
                                               .valid_bits = audio->valid_bits,
                                               .channel_mask = audio->channel_mask,
                                               .is_float = audio->is_float},
                                     .next = next_of_source, .why = why_of_source, .ctx = from};
    memcpy(source->fourccs, contents->fourccs, sizeof source->fourccs);
    pin->source = source;
    pin->media = source->media;
    pin->width = source->width;
    pin->height = source->height;
    pin->rate_numerator = source->rate_numerator;
    pin->rate_denominator = source->rate_denominator;
    pin->audio = source->audio;
}

static void add_sources(struct life *life, struct client_request *request)
{
    const struct run_child *run = life->run;

    for (unsigned i = 0; run->sources != NULL && i < request->pin_count; i++) {
        const char *name = run->options->pins[i].input;

        if (run->sources[i] != NULL)
            add_source(run->sources[i], strcmp(name, "-") == 0 ? "standard input" : name,
                       &life->sources[i], &request->pins[i]);
    }
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void stream(struct life *life, struct machine *machine)
{
    struct client_request request;
    struct client_sink sink = {.format = give_format, .frame = give_frame, .stop = stop_wanted,
                               .ctx = life};
    struct client_result result;

    options_stream_request(life->run->options, &request);
    add_sources(life, &request);
    client_run(machine, &request, &sink, &result);
    say_client(life, &result);
}

static void live(struct machine *machine, void *ctx)
{
    struct life *life = ctx;
    struct machine_error error = {0};

    if (!machine_load_driver(machine, &error)) {
        say_machine(life, &error);
        return;
    }
    if (machine_start_device(machine, &error)) {
        if (life->run->inspection != NULL)
            look(life, machine);
        else
            stream(life, machine);
        if (!machine_remove_device(machine, &error))
            say_machine(life, &error);
    } else {
        say_machine(life, &error);
    }
    machine_unload_driver(machine);
}

static void enter_sandbox(void *ctx)
{
    struct life *life = ctx;
    int result = host_sandbox_enter(&life->selector);

    life->selector = 1;
    if (result != 0)
        trace_text(&life->trace, "no syscall user dispatch", 24);
}

static void configure(struct life *life, struct machine_config *config)
{
    options_machine_config(life->run->options, config);
    config->driver_bytes = life->run->driver_bytes;
    config->driver_size_bytes = life->run->driver_size_bytes;
    config->trace = &life->trace;
    config->trap_tsc = true;
    config->before_guest = enter_sandbox;
    config->before_guest_ctx = life;
}

static void say_stop(struct life *life, int reason)
{
    if (reason == KE_STOP_BUG_CHECK)
        say(life, RUN_SAID_BUG_CHECK, "the driver stopped the machine");
    else if (reason == KE_STOP_MISSING_CALL)
        say(life, RUN_SAID_MISSING, "the driver called a function that weir does not have");
    else if (reason == KE_STOP_ENDLESS)
        say(life, RUN_SAID_STALL,
            "the driver goes round and round: no frame and no end of a step in %d million turns or "
            "%d seconds of virtual time",
            MACHINE_PATIENCE_TURNS / 1000000, MACHINE_PATIENCE_SECONDS);
    else if (reason != KE_STOP_DONE)
        say(life, RUN_SAID_STALL,
            "nothing can run any more: every thread waits for something that cannot come");
}

int run_child_main(struct super_child *child, void *ctx)
{
    struct life *life = calloc(1, sizeof *life);
    struct machine_config config;
    struct machine_error error = {0};
    struct machine *machine;
    struct trace_ring *ring;
    uint64_t capacity;
    uint32_t classes = TRACE_CLASS_always;

    if (life == NULL) {
        super_child_say(child, RUN_SAID_HOST, "no memory");
        return 1;
    }
    life->child = child;
    life->run = ctx;
    if (life->run->record)
        classes |= TRACE_CLASS_call | TRACE_CLASS_sched;
    ring = super_child_ring(child, &capacity);
    trace_init(&life->trace, ring, classes, super_child_wait, child);
    configure(life, &config);
    if (machine_create(&config, &machine, &error) != 0) {
        say_machine(life, &error);
        return 1;
    }
    say_stop(life, machine_run(machine, live, life));
    files_out_collect(&life->run->files_out, machine);
    /* The process ends here: the memory of a broken machine is not walked again. */
    return life->failed ? 1 : 0;
}
