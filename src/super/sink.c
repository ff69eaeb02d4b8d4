/* SPDX-License-Identifier: MIT */
#include "super/sink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *text, const char *ending)
{
    size_t length = strlen(text), tail = strlen(ending);

    return length >= tail && strcmp(text + length - tail, ending) == 0;
}

int sink_open(const char *path, const char *ending, struct sink_file **out,
              struct super_error *error)
{
    struct sink_file *sink = calloc(1, sizeof *sink);
    int result;

    if (sink == NULL) {
        snprintf(error->text, sizeof error->text, "%s: no memory", path);
        return -ENOMEM;
    }
    snprintf(sink->name, sizeof sink->name, "%s",
             strcmp(path, "-") == 0 ? "standard output" : path);
    result = host_file_create(&sink->file, path);
    if (result != 0) {
        snprintf(error->text, sizeof error->text, "%s: cannot be written: %s", path,
                 host_error_text(result));
        free(sink);
        return result;
    }
    if (ending != NULL && !sink->file.in_place && !ends_with(path, ending)) {
        snprintf(error->text, sizeof error->text, "%s: the name of a file must end in %s", path,
                 ending);
        sink_release(sink);
        return -EINVAL;
    }
    *out = sink;
    return 0;
}

void sink_release(void *ctx)
{
    struct sink_file *sink = ctx;

    host_file_abandon(&sink->file);
    free(sink->whole);
    free(sink->packed);
    free(sink);
}

int sink_end(void *ctx, bool ok)
{
    struct sink_file *sink = ctx;

    if (ok && sink->frames > 0)
        return host_file_commit(&sink->file);
    host_file_abandon(&sink->file);
    return 0;
}

const char *sink_why(void *ctx)
{
    const struct sink_file *sink = ctx;

    return sink->why;
}

bool sink_wants_wanted(void *ctx, uint64_t number)
{
    const struct sink_file *sink = ctx;

    return number == sink->wanted;
}

const uint8_t *sink_whole(struct sink_file *sink, const struct super_frame *frame)
{
    if (frame->bytes >= sink->format.frame_bytes)
        return frame->data;
    memset(sink->whole, 0, sink->format.frame_bytes);
    memcpy(sink->whole, frame->data, frame->bytes);
    return sink->whole;
}

const char *super_sink_failure(const struct super_sink *sink)
{
    const char *why = sink->why != NULL ? sink->why(sink->ctx) : NULL;

    return why != NULL ? why : host_error_text(sink->error);
}

void super_sink_release(struct super_sink *sink)
{
    if (sink->ctx != NULL)
        sink->release(sink->ctx);
    sink->ctx = NULL;
}
