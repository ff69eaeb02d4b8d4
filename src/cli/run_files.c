/* SPDX-License-Identifier: MIT */
#include "cli/run_files.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

/* ---- Inputs ---------------------------------------------------------------------------------- */

/* A file says what it holds; what was asked for beside it must be the same. */
static int check_asked(const struct options_stream *stream, const struct super_contents *contents)
{
    const struct super_audio *audio = &contents->audio;
    struct client_audio samples;
    const char *option = NULL;

    if (stream->format != NULL && options_samples(stream->format, &samples) != contents->sound)
        option = "--format";
    else if (stream->format != NULL && contents->sound &&
             (samples.bits != audio->bits || samples.is_float != audio->is_float))
        option = "--format";
    else if (stream->width != 0 &&
             (stream->width != contents->width || stream->height != contents->height))
        option = "--size";
    else if (stream->rate_numerator != 0 &&
             (uint64_t)stream->rate_numerator * contents->rate_denominator !=
                 (uint64_t)contents->rate_numerator * stream->rate_denominator)
        option = "--fps";
    else if (stream->sample_rate_hz != 0 && stream->sample_rate_hz != audio->rate_hz)
        option = "--rate";
    else if (stream->channels != 0 && stream->channels != audio->channels)
        option = "--channels";
    if (option == NULL)
        return 0;
    return cli_fail(CLI_USAGE, "%s holds %s, and %s asks for something else", stream->input,
                    contents->holds, option);
}

static int open_input(struct run_files *files, const struct options *options, unsigned pin)
{
    const struct options_stream *stream = &options->pins[pin];
    struct super_error error;
    int result;

    if (stream->input == NULL)
        return 0;
    result = super_source_open(stream->input, &files->sources[pin], &error);
    if (result != 0)
        return cli_fail(result == -EINVAL ? CLI_USAGE : CLI_HOST, "%s", error.text);
    return check_asked(stream, super_source_contents(files->sources[pin]));
}

/* ---- Outputs --------------------------------------------------------------------------------- */

static bool ends_with(const char *path, const char *ending)
{
    size_t length = strlen(path), tail = strlen(ending);

    return length >= tail && strcmp(path + length - tail, ending) == 0;
}

/* By its name it is raw, WAVE or Y4M; a pipe or a device may have any name. */
static int open_output(struct run_files *files, const struct options *options, unsigned pin)
{
    const char *path = options->pins[pin].output;
    struct super_sink *sink = &files->sinks[files->sink_count];
    struct super_error error;
    int result;

    if (path == NULL)
        return 0;
    if (ends_with(path, ".raw"))
        result = super_sink_raw(path, sink, &error);
    else if (ends_with(path, ".wav"))
        result = super_sink_wav(path, sink, &error);
    else if (ends_with(path, ".y4m"))
        result = super_sink_y4m(path, sink, &error);
    else
        result = super_sink_stream(path, sink, &error);
    if (result == -EINVAL)
        return cli_fail(CLI_USAGE, "-o %s: wants a name ending in .y4m, .wav or .raw, a pipe, or -",
                        path);
    if (result != 0)
        return cli_fail(CLI_HOST, "%s", error.text);
    sink->stream = pin;
    files->sink_count++;
    return 0;
}

/* Of the first pin. */
static int open_snapshots(struct run_files *files, const struct options *options)
{
    struct super_error error;

    files->snapshots = &files->sinks[files->sink_count];
    for (unsigned i = 0; i < options->snapshot_count; i++) {
        if (super_sink_png(options->snapshots[i].path, options->snapshots[i].frame,
                           &files->sinks[files->sink_count], &error) != 0)
            return cli_fail(CLI_HOST, "%s", error.text);
        files->sink_count++;
    }
    return 0;
}

static int open_hash(struct run_files *files, const struct options *options, unsigned pin)
{
    struct super_sink *sink = &files->sinks[files->sink_count];

    if (options->json == NULL || options->pins[pin].output == NULL)
        return 0;
    if (super_sink_hash(sink) != 0)
        return cli_fail(CLI_HOST, "no memory");
    sink->stream = pin;
    files->hashes[pin] = sink;
    files->sink_count++;
    return 0;
}

int run_files_open(struct run_files *files, const struct options *options)
{
    int result = 0;

    for (unsigned i = 0; result == 0 && i < options->pin_count; i++)
        result = open_input(files, options, i);
    for (unsigned i = 0; result == 0 && i < options->pin_count; i++)
        result = open_output(files, options, i);
    if (result == 0)
        result = open_snapshots(files, options);
    for (unsigned i = 0; result == 0 && i < options->pin_count; i++)
        result = open_hash(files, options, i);
    return result;
}

void run_files_release(struct run_files *files)
{
    for (unsigned i = 0; i < files->sink_count; i++)
        super_sink_release(&files->sinks[i]);
    for (unsigned i = 0; i < CLIENT_PINS_MAX; i++)
        super_source_close(files->sources[i]);
}
