/* SPDX-License-Identifier: MIT */
/* YUV4MPEG2: a text header, then for each frame a line and its planes. Every player reads it, and
 * nothing of a YUV frame is lost. A frame is put together in memory and written by one call, so
 * what is in the file before a frame fails is whole. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "super/repack.h"
#include "super/sink.h"

static const char frame_line[] = "FRAME\n";
enum { FRAME_LINE_BYTES = sizeof frame_line - 1 };

int sink_y4m_format(void *ctx, const struct super_format *format)
{
    struct sink_file *sink = ctx;
    char header[160];
    int length;

    sink->why = repack_refusal(format);
    if (sink->why != NULL)
        return -EINVAL;
    sink->format = *format;
    sink->packed_bytes = FRAME_LINE_BYTES + repack_y4m_bytes(format);
    sink->packed = malloc(sink->packed_bytes);
    sink->whole = malloc(format->frame_bytes);
    if (sink->packed == NULL || sink->whole == NULL)
        return -ENOMEM;
    memcpy(sink->packed, frame_line, FRAME_LINE_BYTES);
    length = snprintf(header, sizeof header,
                      "YUV4MPEG2 W%" PRIu32 " H%" PRIu32 " F%" PRIu32 ":%" PRIu32 " Ip A1:1 %s\n",
                      format->width, format->height, format->rate_numerator,
                      format->rate_denominator, repack_y4m_colour(format));
    return host_file_write(&sink->file, header, (size_t)length);
}

int sink_y4m_frame(void *ctx, const struct super_frame *frame)
{
    struct sink_file *sink = ctx;
    int result;

    repack_y4m(&sink->format, sink_whole(sink, frame), sink->packed + FRAME_LINE_BYTES);
    result = host_file_write(&sink->file, sink->packed, sink->packed_bytes);
    sink->frames += result == 0;
    return result;
}

int super_sink_y4m(const char *path, struct super_sink *out, struct super_error *error)
{
    struct sink_file *sink;
    int result = sink_open(path, ".y4m", &sink, error);

    if (result != 0)
        return result;
    *out = (struct super_sink){.name = sink->name, .format = sink_y4m_format,
                               .frame = sink_y4m_frame, .end = sink_end, .why = sink_why,
                               .release = sink_release, .ctx = sink};
    return 0;
}
