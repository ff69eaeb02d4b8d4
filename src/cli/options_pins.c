/* SPDX-License-Identifier: MIT */
/* --pin: which pins are streamed, and what each is to do. What it does not say is as the options
 * for all pins say. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/option_rows.h"

enum { FRAMES_USUAL = 300, BUFFERS_USUAL = 8 };

static bool is_key(const char *pair, size_t length, const char *key)
{
    return strlen(key) == length && strncmp(pair, key, length) == 0;
}

/* "size=640x480": as --size takes it. */
static int take_pair(struct options_stream *stream, char *pair, const char *whole)
{
    char *equals = strchr(pair, '=');
    size_t length = equals != NULL ? (size_t)(equals - pair) : strlen(pair);
    const struct option_row *row = option_stream_row(pair, length);
    struct options options = {.stream = *stream};
    int result = 0;

    if (equals == NULL || equals[1] == 0)
        return cli_fail(CLI_USAGE, "--pin %s: %s: wants KEY=VALUE", whole, pair);
    if (is_key(pair, length, "in"))
        stream->input = equals + 1;
    else if (is_key(pair, length, "out"))
        stream->output = equals + 1;
    else if (row == NULL || is_key(pair, length, "buffer-offset"))
        return cli_fail(CLI_USAGE, "--pin %s: %.*s: wants format, size, fps, rate, channels, "
                        "packet, frames, seconds, buffers, in or out", whole, (int)length, pair);
    else
        result = row->take(&options, equals + 1);
    if (result == 0 && row != NULL)
        *stream = options.stream;
    return result;
}

/* PIN[:KEY=VALUE,...]; the words stay where they are and are cut apart. */
int options_take_pin(struct options *options, char *value)
{
    struct options_stream *stream = &options->pins[options->pin_count];
    char *at = strchr(value, ':');
    char whole[128];
    int result = 0;

    snprintf(whole, sizeof whole, "%s", value);
    if (options->pin_count == CLIENT_PINS_MAX)
        return cli_fail(CLI_USAGE, "--pin: at most %d of them", CLIENT_PINS_MAX);
    if (value[0] == 0 || at == value)
        return option_bad_value("--pin", value, "wants the id or the name of a pin");
    *stream = (struct options_stream){.pin = value};
    if (at != NULL)
        *at++ = 0;
    while (result == 0 && at != NULL) {
        char *comma = strchr(at, ',');

        if (comma != NULL)
            *comma++ = 0;
        result = take_pair(stream, at, whole);
        at = comma;
    }
    options->pin_count++;
    return result;
}

static void inherit(struct options_stream *stream, const struct options_stream *all)
{
    if (stream->format == NULL)
        stream->format = all->format;
    if (stream->width == 0) {
        stream->width = all->width;
        stream->height = all->height;
    }
    if (stream->rate_numerator == 0) {
        stream->rate_numerator = all->rate_numerator;
        stream->rate_denominator = all->rate_denominator;
    }
    if (stream->sample_rate_hz == 0)
        stream->sample_rate_hz = all->sample_rate_hz;
    if (stream->channels == 0)
        stream->channels = all->channels;
    if (stream->packet_ms == 0)
        stream->packet_ms = all->packet_ms;
    if (stream->buffers == 0)
        stream->buffers = all->buffers != 0 ? all->buffers : BUFFERS_USUAL;
    if (!stream->has_frames && !stream->has_seconds) {
        stream->has_frames = all->has_frames;
        stream->has_seconds = all->has_seconds;
        stream->frames = all->frames;
        stream->seconds = all->seconds;
    }
}

/* Where a file is played, its end is the end of everything that has no other. */
static void set_lengths(struct options *options)
{
    bool plays_file = false;

    for (unsigned i = 0; i < options->pin_count; i++)
        plays_file |= options->pins[i].input != NULL;
    for (unsigned i = 0; i < options->pin_count && !plays_file; i++) {
        struct options_stream *stream = &options->pins[i];

        if (!stream->has_frames && !stream->has_seconds)
            stream->frames = FRAMES_USUAL;
    }
}

static int add_files(struct options *options)
{
    struct options_stream *first = &options->pins[0];
    const struct options_stream *all = &options->stream;

    if (all->input == NULL && all->output == NULL)
        return 0;
    if (options->pin_count > 1)
        return cli_fail(CLI_USAGE, "%s %s: of which pin? With several, each names its own: --pin "
                        "%s:%s=FILE", all->input != NULL ? "-i" : "-o",
                        all->input != NULL ? all->input : all->output, first->pin,
                        all->input != NULL ? "in" : "out");
    if ((all->input != NULL && first->input != NULL) ||
        (all->output != NULL && first->output != NULL))
        return cli_fail(CLI_USAGE, "--pin %s names its file, and so does %s", first->pin,
                        all->input != NULL && first->input != NULL ? "-i" : "-o");
    first->input = all->input != NULL ? all->input : first->input;
    first->output = all->output != NULL ? all->output : first->output;
    return 0;
}

int options_settle_pins(struct options *options)
{
    int result;

    if (options->pin_count == 0)
        options->pins[options->pin_count++] = (struct options_stream){.pin = NULL};
    result = add_files(options);
    if (result != 0)
        return result;
    for (unsigned i = 0; i < options->pin_count; i++) {
        struct options_stream *stream = &options->pins[i];

        if ((stream->has_frames && stream->has_seconds) ||
            (options->stream.has_frames && options->stream.has_seconds))
            return cli_fail(CLI_USAGE, "--frames and --seconds exclude each other");
        inherit(stream, &options->stream);
    }
    set_lengths(options);
    return 0;
}
