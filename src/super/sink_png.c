/* SPDX-License-Identifier: MIT */
/* One frame as a picture, by libpng. */
#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>

#include <png.h>

#include "super/repack.h"
#include "super/sink.h"

static int take_format(void *ctx, const struct super_format *format)
{
    struct sink_file *sink = ctx;

    sink->why = repack_refusal(format);
    if (sink->why != NULL)
        return -EINVAL;
    sink->format = *format;
    sink->packed_bytes = (uint64_t)format->width * 3;
    sink->packed = malloc(sink->packed_bytes);
    sink->whole = malloc(format->frame_bytes);
    return sink->packed == NULL || sink->whole == NULL ? -ENOMEM : 0;
}

static void write_bytes(png_structp png, png_bytep bytes, png_size_t count)
{
    struct sink_file *sink = png_get_io_ptr(png);

    sink->write_error = host_file_write(&sink->file, bytes, count);
    if (sink->write_error != 0)
        png_error(png, "write");
}

/* Without these two libpng prints to standard error by itself. */
static void on_error(png_structp png, png_const_charp text)
{
    (void)text;
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void flush_nothing(png_structp png)
{
    (void)png;
}

static void write_rows(struct sink_file *sink, png_structp png, png_infop info,
                       const uint8_t *pixels)
{
    png_set_write_fn(png, sink, write_bytes, flush_nothing);
    png_set_IHDR(png, info, sink->format.width, sink->format.height, 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (uint32_t row = 0; row < sink->format.height; row++) {
        repack_rgb_row(&sink->format, pixels, row, sink->packed);
        png_write_row(png, sink->packed);
    }
    png_write_end(png, NULL);
}

static int take_frame(void *ctx, const struct super_frame *frame)
{
    struct sink_file *sink = ctx;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_error,
                                              on_warning);
    png_infop info = png != NULL ? png_create_info_struct(png) : NULL;

    if (info == NULL) {
        png_destroy_write_struct(&png, NULL);
        return -ENOMEM;
    }
    if (setjmp(png_jmpbuf(png)) != 0) {
        png_destroy_write_struct(&png, &info);
        return sink->write_error != 0 ? sink->write_error : -EIO;
    }
    write_rows(sink, png, info, sink_whole(sink, frame));
    png_destroy_write_struct(&png, &info);
    sink->frames++;
    return 0;
}

int super_sink_png(const char *path, uint64_t frame_number, struct super_sink *out,
                   struct super_error *error)
{
    struct sink_file *sink;
    int result = sink_open(path, NULL, &sink, error);

    if (result != 0)
        return result;
    sink->wanted = frame_number;
    *out = (struct super_sink){.name = sink->name, .format = take_format, .frame = take_frame,
                               .wants = sink_wants_wanted, .end = sink_end, .why = sink_why,
                               .release = sink_release, .ctx = sink};
    return 0;
}
