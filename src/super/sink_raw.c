/* SPDX-License-Identifier: MIT */
/* The driver's bytes, frame after frame, DataUsed of each. */
#include "super/sink.h"

static int take_frame(void *ctx, const struct super_frame *frame)
{
    struct sink_file *sink = ctx;
    int result = host_file_write(&sink->file, frame->data, frame->bytes);

    sink->frames += result == 0;
    return result;
}

int super_sink_raw(const char *path, struct super_sink *out, struct super_error *error)
{
    struct sink_file *sink;
    int result = sink_open(path, ".raw", &sink, error);

    if (result != 0)
        return result;
    *out = (struct super_sink){.name = sink->name, .frame = take_frame, .end = sink_end,
                               .why = sink_why, .release = sink_release, .ctx = sink};
    return 0;
}
