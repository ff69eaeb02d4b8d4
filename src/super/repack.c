/* SPDX-License-Identifier: MIT */
#include "super/repack.h"

#include <string.h>

struct yuv {
    int y, u, v;
};

static bool is(const struct super_format *format, const char *fourcc)
{
    return strcmp(format->fourcc, fourcc) == 0;
}

static bool is_rgb(const struct super_format *format)
{
    return is(format, "RGB3") || is(format, "RGB4");
}

/* Of pixels, without what pads the line. */
static uint64_t row_bytes(const struct super_format *format)
{
    uint64_t width = format->width;

    if (is_rgb(format))
        return width * (is(format, "RGB3") ? 3 : 4);
    return is(format, "NV12") ? width : width * 2;
}

static uint64_t source_bytes(const struct super_format *format)
{
    uint64_t rows = format->height;

    return format->stride_bytes * (is(format, "NV12") ? rows + rows / 2 : rows);
}

const char *repack_refusal(const struct super_format *format)
{
    uint64_t pixels = (uint64_t)format->width * format->height;

    if (is(format, "WAVE"))
        return "this is sound and no picture; use a .wav output";
    if (!is_rgb(format) && !is(format, "YUY2") && !is(format, "UYVY") && !is(format, "NV12"))
        return "only YUY2, UYVY, NV12, RGB24 and RGB32 can be written as pictures; use a .raw "
               "output";
    if (pixels == 0 || format->width > 65536 || format->height > 65536)
        return "the frame has no pixels or too many";
    if (!is_rgb(format) && format->width % 2 != 0)
        return "the width of a YUV frame must be even";
    if (is(format, "NV12") && format->height % 2 != 0)
        return "the height of an NV12 frame must be even";
    if (format->stride_bytes < row_bytes(format) || format->frame_bytes < source_bytes(format))
        return "the frame is smaller than the picture it should hold";
    return NULL;
}

const char *repack_y4m_colour(const struct super_format *format)
{
    if (is_rgb(format))
        return "C444";
    return is(format, "NV12") ? "C420" : "C422";
}

uint64_t repack_y4m_bytes(const struct super_format *format)
{
    uint64_t pixels = (uint64_t)format->width * format->height;

    if (is_rgb(format))
        return pixels * 3;
    return is(format, "NV12") ? pixels * 3 / 2 : pixels * 2;
}

/* Packed 4:2:2: four bytes hold two pixels; first says where Y0 lies. */
static void repack_422(const struct super_format *format, const uint8_t *from, uint8_t *to)
{
    uint32_t pairs = format->width / 2;
    uint8_t *y = to;
    uint8_t *u = y + (uint64_t)format->width * format->height;
    uint8_t *v = u + (uint64_t)pairs * format->height;
    unsigned luma = is(format, "YUY2") ? 0 : 1;
    unsigned chroma = 1 - luma;

    for (uint32_t row = 0; row < format->height; row++) {
        const uint8_t *line = from + (uint64_t)row * format->stride_bytes;

        for (uint32_t i = 0; i < pairs; i++) {
            y[2 * i] = line[4 * i + luma];
            y[2 * i + 1] = line[4 * i + luma + 2];
            u[i] = line[4 * i + chroma];
            v[i] = line[4 * i + chroma + 2];
        }
        y += format->width;
        u += pairs;
        v += pairs;
    }
}

static void repack_nv12(const struct super_format *format, const uint8_t *from, uint8_t *to)
{
    uint32_t pairs = format->width / 2;
    uint8_t *u = to + (uint64_t)format->width * format->height;
    uint8_t *v = u + (uint64_t)pairs * (format->height / 2);
    const uint8_t *chroma = from + (uint64_t)format->stride_bytes * format->height;

    for (uint32_t row = 0; row < format->height; row++)
        memcpy(to + (uint64_t)row * format->width, from + (uint64_t)row * format->stride_bytes,
               format->width);
    for (uint32_t row = 0; row < format->height / 2; row++) {
        for (uint32_t i = 0; i < pairs; i++) {
            u[i] = chroma[2 * i];
            v[i] = chroma[2 * i + 1];
        }
        u += pairs;
        v += pairs;
        chroma += format->stride_bytes;
    }
}

static const uint8_t *rgb_row(const struct super_format *format, const uint8_t *from, uint32_t row)
{
    uint32_t at = format->bottom_up ? format->height - 1 - row : row;

    return from + (uint64_t)at * format->stride_bytes;
}

/* Windows stores blue first. */
static struct yuv yuv_of_bgr(const uint8_t *pixel)
{
    int b = pixel[0], g = pixel[1], r = pixel[2];

    return (struct yuv){.y = 16 + ((16829 * r + 33039 * g + 6416 * b + 32768) >> 16),
                        .u = 128 + ((-9714 * r - 19070 * g + 28784 * b + 32768) >> 16),
                        .v = 128 + ((28784 * r - 24103 * g - 4681 * b + 32768) >> 16)};
}

static void repack_rgb(const struct super_format *format, const uint8_t *from, uint8_t *to)
{
    uint64_t pixels = (uint64_t)format->width * format->height;
    unsigned pixel_bytes = is(format, "RGB3") ? 3 : 4;
    uint64_t at = 0;

    for (uint32_t row = 0; row < format->height; row++) {
        const uint8_t *line = rgb_row(format, from, row);

        for (uint32_t i = 0; i < format->width; i++, at++) {
            struct yuv yuv = yuv_of_bgr(line + (uint64_t)i * pixel_bytes);

            to[at] = (uint8_t)yuv.y;
            to[pixels + at] = (uint8_t)yuv.u;
            to[2 * pixels + at] = (uint8_t)yuv.v;
        }
    }
}

void repack_y4m(const struct super_format *format, const uint8_t *from, uint8_t *to)
{
    if (is_rgb(format))
        repack_rgb(format, from, to);
    else if (is(format, "NV12"))
        repack_nv12(format, from, to);
    else
        repack_422(format, from, to);
}

/* ---- To RGB ---------------------------------------------------------------------------------- */

static uint8_t clamp(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* The inverse of the matrix above, 16-bit fixed point: 1.164, 1.596, 0.392, 0.813, 2.017. */
static void rgb_of_yuv(struct yuv yuv, uint8_t *to)
{
    int y = 76309 * (yuv.y - 16), u = yuv.u - 128, v = yuv.v - 128;

    to[0] = clamp((y + 104597 * v + 32768) >> 16);
    to[1] = clamp((y - 25675 * u - 53279 * v + 32768) >> 16);
    to[2] = clamp((y + 132201 * u + 32768) >> 16);
}

static struct yuv yuv_at(const struct super_format *format, const uint8_t *from, uint32_t row,
                         uint32_t column)
{
    const uint8_t *line = from + (uint64_t)row * format->stride_bytes;
    unsigned luma = is(format, "YUY2") ? 0 : 1;
    uint32_t pair = column / 2 * 4;

    if (is(format, "NV12")) {
        const uint8_t *chroma = from + (uint64_t)format->stride_bytes * (format->height + row / 2);

        return (struct yuv){line[column], chroma[column / 2 * 2], chroma[column / 2 * 2 + 1]};
    }
    return (struct yuv){line[2 * (uint64_t)column + luma], line[pair + 1 - luma],
                        line[pair + 3 - luma]};
}

void repack_rgb_row(const struct super_format *format, const uint8_t *from, uint32_t row,
                    uint8_t *to)
{
    unsigned pixel_bytes = is(format, "RGB3") ? 3 : 4;

    for (uint32_t column = 0; column < format->width; column++, to += 3) {
        if (is_rgb(format)) {
            const uint8_t *pixel = rgb_row(format, from, row) + (uint64_t)column * pixel_bytes;

            to[0] = pixel[2];
            to[1] = pixel[1];
            to[2] = pixel[0];
        } else {
            rgb_of_yuv(yuv_at(format, from, row, column), to);
        }
    }
}

/* ---- From planes ----------------------------------------------------------------------------- */

static void unpack_422(const struct super_format *format, const uint8_t *from, uint8_t *to)
{
    uint32_t pairs = format->width / 2;
    const uint8_t *y = from;
    const uint8_t *u = y + (uint64_t)format->width * format->height;
    const uint8_t *v = u + (uint64_t)pairs * format->height;
    unsigned luma = is(format, "YUY2") ? 0 : 1;
    unsigned chroma = 1 - luma;

    for (uint32_t row = 0; row < format->height; row++) {
        uint8_t *line = to + (uint64_t)row * format->stride_bytes;

        for (uint32_t i = 0; i < pairs; i++) {
            line[4 * i + luma] = y[2 * i];
            line[4 * i + luma + 2] = y[2 * i + 1];
            line[4 * i + chroma] = u[i];
            line[4 * i + chroma + 2] = v[i];
        }
        y += format->width;
        u += pairs;
        v += pairs;
    }
}

static void unpack_nv12(const struct super_format *format, const uint8_t *from, uint8_t *to)
{
    uint32_t pairs = format->width / 2;
    const uint8_t *u = from + (uint64_t)format->width * format->height;
    const uint8_t *v = u + (uint64_t)pairs * (format->height / 2);
    uint8_t *chroma = to + (uint64_t)format->stride_bytes * format->height;

    for (uint32_t row = 0; row < format->height; row++)
        memcpy(to + (uint64_t)row * format->stride_bytes, from + (uint64_t)row * format->width,
               format->width);
    for (uint32_t row = 0; row < format->height / 2; row++) {
        for (uint32_t i = 0; i < pairs; i++) {
            chroma[2 * i] = u[i];
            chroma[2 * i + 1] = v[i];
        }
        u += pairs;
        v += pairs;
        chroma += format->stride_bytes;
    }
}

static void unpack_rgb(const struct super_format *format, const uint8_t *from, uint8_t *to)
{
    uint64_t pixels = (uint64_t)format->width * format->height;
    unsigned pixel_bytes = is(format, "RGB3") ? 3 : 4;

    for (uint32_t row = 0; row < format->height; row++) {
        uint8_t *line = to + (uint64_t)(format->bottom_up ? format->height - 1 - row : row) *
                                 format->stride_bytes;

        for (uint32_t i = 0; i < format->width; i++) {
            uint64_t at = (uint64_t)row * format->width + i;
            uint8_t rgb[3];

            rgb_of_yuv((struct yuv){from[at], from[pixels + at], from[2 * pixels + at]}, rgb);
            line[i * pixel_bytes] = rgb[2];
            line[i * pixel_bytes + 1] = rgb[1];
            line[i * pixel_bytes + 2] = rgb[0];
        }
    }
}

void repack_from_y4m(const struct super_format *format, const uint8_t *from, uint8_t *to)
{
    memset(to, 0, format->frame_bytes);
    if (is_rgb(format))
        unpack_rgb(format, from, to);
    else if (is(format, "NV12"))
        unpack_nv12(format, from, to);
    else
        unpack_422(format, from, to);
}
