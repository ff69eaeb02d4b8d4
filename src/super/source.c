/* SPDX-License-Identifier: MIT */
#include "super/source.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


int source_damaged(struct super_source *source, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(source->why, sizeof source->why, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

int source_unreadable(struct super_source *source, int error)
{
    snprintf(source->why, sizeof source->why, "cannot be read: %s", host_error_text(error));
    return error == -EINVAL ? -EIO : error;
}

int source_read_all(struct super_source *source, void *to, size_t count)
{
    size_t got;
    int result = host_input_read(&source->input, to, count, &got);

    if (result != 0)
        return source_unreadable(source, result);
    return got == count ? 0 : source_damaged(source, "is cut off in its header");
}

static int look(struct super_source *source)
{
    uint8_t first[SOURCE_FIRST_BYTES];
    int result = source_read_all(source, first, sizeof first);

    if (result != 0)
        return result;
    if (memcmp(first, "YUV4MPEG2 ", 10) == 0)
        return source_y4m_open(source, first);
    if (memcmp(first, "RIFF", 4) == 0 && memcmp(first + 8, "WAVE", 4) == 0)
        return source_wav_open(source, first);
    return source_damaged(source, "is neither YUV4MPEG2 nor RIFF WAVE; ffmpeg -i ... out.y4m or "
                                  "out.wav makes such files");
}

int super_source_open(const char *path, struct super_source **out, struct super_error *error)
{
    struct super_source *source = calloc(1, sizeof *source);
    int result;

    if (source == NULL) {
        snprintf(error->text, sizeof error->text, "%s: no memory", path);
        return -ENOMEM;
    }
    snprintf(source->name, sizeof source->name, "%s",
             strcmp(path, "-") == 0 ? "standard input" : path);
    result = host_input_open(&source->input, path);
    if (result != 0) {
        snprintf(error->text, sizeof error->text, "%s: cannot be read: %s", source->name,
                 host_error_text(result));
        free(source);
        return result == -EINVAL ? -EIO : result;
    }
    result = look(source);
    if (result != 0) {
        snprintf(error->text, sizeof error->text, "%.120s: %.190s", source->name,
                 source->why);
        super_source_close(source);
        return result;
    }
    *out = source;
    return 0;
}

void super_source_close(struct super_source *source)
{
    if (source == NULL)
        return;
    host_input_close(&source->input);
    free(source->planes);
    free(source);
}

const struct super_contents *super_source_contents(const struct super_source *source)
{
    return &source->contents;
}

const char *super_source_why(const struct super_source *source)
{
    return source->why;
}

int super_source_next(struct super_source *source, const struct super_format *format, uint8_t *to,
                      uint64_t *got)
{
    return source->contents.sound ? source_wav_next(source, format, to, got)
                                  : source_y4m_next(source, format, to, got);
}
