/* SPDX-License-Identifier: MIT */
/* A pipe has no name that says what is wanted: pictures go out as Y4M, sound as WAVE. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "super/sink.h"

static int take_format(void *ctx, const struct super_format *format)
{
    struct sink_file *sink = ctx;
    bool sound = strcmp(format->fourcc, "WAVE") == 0;

    sink->take = sound ? sink_wav_frame : sink_y4m_frame;
    sink->finish = sound ? sink_wav_end : sink_end;
    return sound ? sink_wav_format(ctx, format) : sink_y4m_format(ctx, format);
}

static int take_frame(void *ctx, const struct super_frame *frame)
{
    struct sink_file *sink = ctx;

    return sink->take(ctx, frame);
}

static int end(void *ctx, bool ok)
{
    struct sink_file *sink = ctx;

    return sink->finish != NULL ? sink->finish(ctx, ok) : sink_end(ctx, ok);
}

int super_sink_stream(const char *path, struct super_sink *out, struct super_error *error)
{
    struct sink_file *sink;
    int result = sink_open(path, NULL, &sink, error);

    if (result != 0)
        return result;
    if (!sink->file.in_place) {
        snprintf(error->text, sizeof error->text, "%s: is no pipe and no device", path);
        sink_release(sink);
        return -EINVAL;
    }
    *out = (struct super_sink){.name = sink->name, .format = take_format, .frame = take_frame,
                               .end = end, .why = sink_why, .release = sink_release, .ctx = sink};
    return 0;
}
