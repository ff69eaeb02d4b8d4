/* SPDX-License-Identifier: MIT */
/* Drawing. Most lines of the picture are equal, so the picture is a few template lines; a line is
 * up to three runs of templates, with the stamp or'ed into the low bits. What changes from frame to
 * frame is drawn once a frame: seven lines of digits, and where the disc is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pattern_internal.h"

struct colour {
    uint8_t r, g, b;
};
struct pixel {
    uint8_t r, g, b, y, u, v;
};

static const struct colour bars[8] = {
    {191, 191, 191}, {191, 191, 0}, {0, 191, 191}, {0, 191, 0},
    {191, 0, 191},   {191, 0, 0},   {0, 0, 191},   {16, 16, 16},
};
static const struct colour reverse[8] = {
    {0, 0, 191},   {16, 16, 16}, {191, 0, 191},   {16, 16, 16},
    {0, 191, 191}, {16, 16, 16}, {191, 191, 191}, {16, 16, 16},
};
static const struct colour box_colour = {16, 16, 16};
static const struct colour digit_colour = {252, 252, 252};
static const struct colour disc_colour = {252, 124, 20};

/* Digits of five by seven cells, the leftmost in bit 4. */
static const uint8_t digits[10][DIGIT_ROWS] = {
    {0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e}, {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e},
    {0x0e, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1f}, {0x1f, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0e},
    {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02}, {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e},
    {0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e}, {0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08},
    {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e}, {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c},
};
enum { DIGITS_SHOWN_MIN = 6, DIGITS_SHOWN_MAX = 10, DIGIT_CELLS = 6 };

/* ---- Geometry -------------------------------------------------------------------------------- */

static bool geometry_is_good(const struct weir_pattern_geometry *geometry)
{
    return geometry->format < WEIR_PATTERN_FORMATS && geometry->width >= WEIR_PATTERN_SIZE_MIN &&
           geometry->width <= WEIR_PATTERN_SIZE_MAX && geometry->width % 2 == 0 &&
           geometry->height >= WEIR_PATTERN_SIZE_MIN && geometry->height <= WEIR_PATTERN_SIZE_MAX &&
           geometry->bottom_up <= 1;
}

uint32_t weir_pattern_stride(const struct weir_pattern_geometry *geometry)
{
    static const uint8_t pixel_bytes[WEIR_PATTERN_FORMATS] = {2, 2, 3, 4, 1};

    if (!geometry_is_good(geometry))
        return 0;
    if (geometry->format == WEIR_PATTERN_RGB24)
        return (geometry->width * 3 + 3) & ~3u;
    return geometry->width * pixel_bytes[geometry->format];
}

uint32_t weir_pattern_lines(const struct weir_pattern_geometry *geometry)
{
    if (!geometry_is_good(geometry))
        return 0;
    if (geometry->format == WEIR_PATTERN_NV12)
        return geometry->height + (geometry->height + 1) / 2;
    return geometry->height;
}

uint64_t weir_pattern_frame_bytes(const struct weir_pattern_geometry *geometry)
{
    return (uint64_t)weir_pattern_stride(geometry) * weir_pattern_lines(geometry);
}

const struct weir_pattern_geometry *weir_pattern_geometry(const struct weir_pattern *pattern)
{
    return &pattern->geometry;
}

/* ---- Stamps ---------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t value)
{
    value ^= value >> 33;
    value *= 0xff51afd7ed558ccdu;
    value ^= value >> 33;
    value *= 0xc4ceb9fe1a85ec53u;
    return value ^ value >> 33;
}

uint64_t pattern_stamp_check(const struct weir_pattern *pattern, uint32_t frame, uint32_t line)
{
    return mix(pattern->key ^ ((uint64_t)line << 32 | frame));
}

uint64_t pattern_page_check(const struct weir_pattern *pattern, uint32_t frame, uint32_t page)
{
    return mix(~pattern->key ^ ((uint64_t)page << 32 | frame));
}

/* Two bits of the stamp into the low bits of each of eight bytes. */
static uint64_t spread(uint64_t bits16)
{
    bits16 = (bits16 | bits16 << 24) & 0x000000ff000000ffu;
    bits16 = (bits16 | bits16 << 12) & 0x000f000f000f000fu;
    return (bits16 | bits16 << 6) & 0x0303030303030303u;
}

static void spread_stamp(const struct weir_pattern *pattern, uint32_t frame, uint32_t line,
                         uint8_t out[RUN])
{
    uint64_t check = pattern_stamp_check(pattern, frame, line);
    const uint64_t words[2] = {((uint64_t)line << 32 | frame) ^ check, check};

    for (unsigned i = 0; i < 8; i++) {
        uint64_t eight = spread(words[i / 4] >> (i % 4 * 16) & 0xffff);

        memcpy(out + i * 8, &eight, sizeof eight);
    }
}

/* Stores only: out may lie in memory that is not in the cache, and a load that had to wait for one
 * of these stores would wait for all before it. */
void weir_pattern_make_page(const struct weir_pattern *pattern, uint32_t frame, uint32_t page,
                            struct weir_pattern_page *out)
{
    *out = pattern->page;
    out->frame = frame;
    out->page = page;
    out->check = pattern_page_check(pattern, frame, page);
}

/* ---- Template lines -------------------------------------------------------------------------- */

static bool is_planar(const struct weir_pattern *pattern)
{
    return pattern->geometry.format == WEIR_PATTERN_NV12;
}

static uint8_t *template_line(const struct weir_pattern *pattern, unsigned kind, bool chroma)
{
    size_t rows = is_planar(pattern) ? kind * 2u + chroma : kind;

    return pattern->templates + rows * pattern->stride;
}

/* The low two bits belong to the stamp. BT.601, studio range. */
static struct pixel make_pixel(struct colour c)
{
    int y = ((66 * c.r + 129 * c.g + 25 * c.b + 128) >> 8) + 16;
    int u = ((-38 * c.r - 74 * c.g + 112 * c.b + 128) >> 8) + 128;
    int v = ((112 * c.r - 94 * c.g - 18 * c.b + 128) >> 8) + 128;

    return (struct pixel){c.r & 0xfc,        c.g & 0xfc,        c.b & 0xfc,
                          (uint8_t)y & 0xfc, (uint8_t)u & 0xfc, (uint8_t)v & 0xfc};
}

/* Bytes that a pair of pixels takes in a line of one plane. */
static uint32_t pair_bytes(const struct weir_pattern *pattern)
{
    static const uint8_t bytes[WEIR_PATTERN_FORMATS] = {4, 4, 6, 8, 2};

    return bytes[pattern->geometry.format];
}

static void store_pair(const struct weir_pattern *pattern, bool chroma, struct pixel p, uint8_t *at)
{
    switch (pattern->geometry.format) {
    case WEIR_PATTERN_YUY2:
        memcpy(at, (uint8_t[4]){p.y, p.u, p.y, p.v}, 4);
        break;
    case WEIR_PATTERN_UYVY:
        memcpy(at, (uint8_t[4]){p.u, p.y, p.v, p.y}, 4);
        break;
    case WEIR_PATTERN_RGB24:
        memcpy(at, (uint8_t[6]){p.b, p.g, p.r, p.b, p.g, p.r}, 6);
        break;
    case WEIR_PATTERN_RGB32:
        memcpy(at, (uint8_t[8]){p.b, p.g, p.r, 0, p.b, p.g, p.r, 0}, 8);
        break;
    default:
        memcpy(at, chroma ? (uint8_t[2]){p.u, p.v} : (uint8_t[2]){p.y, p.y}, 2);
    }
}

/* Pixels [from, to), widened to whole pairs, cut to the line. */
static void paint(const struct weir_pattern *pattern, uint8_t *line, bool chroma, uint32_t from,
                  uint32_t to, struct colour colour)
{
    struct pixel pixel = make_pixel(colour);
    uint32_t width = pattern->geometry.width;

    for (uint32_t x = from & ~1u; x < to && x < width; x += 2)
        store_pair(pattern, chroma, pixel, line + x / 2 * pair_bytes(pattern));
}

static void paint_bars(const struct weir_pattern *pattern, enum template_kind kind, bool chroma,
                       const struct colour colours[8])
{
    uint32_t width = pattern->geometry.width;

    for (uint32_t i = 0; i < 8; i++)
        paint(pattern, template_line(pattern, kind, chroma), chroma, width * i / 8,
              width * (i + 1) / 8, colours[i]);
}

static uint32_t digits_shown(uint32_t frame)
{
    uint32_t shown = 1;

    for (; frame >= 10; frame /= 10)
        shown++;
    return shown < DIGITS_SHOWN_MIN ? DIGITS_SHOWN_MIN : shown;
}

static uint32_t box_left(const struct weir_pattern *pattern, uint32_t shown)
{
    uint32_t box_width = (shown * DIGIT_CELLS + 1) * pattern->digit_scale;

    return box_width < pattern->geometry.width ? (pattern->geometry.width - box_width) / 2 & ~1u
                                               : 0;
}

static void paint_box(const struct weir_pattern *pattern, unsigned kind, bool chroma,
                      uint32_t shown)
{
    uint32_t left = box_left(pattern, shown);
    uint8_t *line = template_line(pattern, kind, chroma);

    memcpy(line, template_line(pattern, TEMPLATE_BARS, chroma), pattern->stride);
    paint(pattern, line, chroma, left, left + (shown * DIGIT_CELLS + 1) * pattern->digit_scale,
          box_colour);
}

static void paint_templates(const struct weir_pattern *pattern, bool chroma)
{
    uint32_t width = pattern->geometry.width;
    uint8_t *ramp = template_line(pattern, TEMPLATE_RAMP, chroma);

    paint_bars(pattern, TEMPLATE_BARS, chroma, bars);
    paint_bars(pattern, TEMPLATE_REVERSE, chroma, reverse);
    for (uint32_t x = 0; x < width; x += 2) {
        uint8_t grey = (uint8_t)(x * 255 / width);

        paint(pattern, ramp, chroma, x, x + 2, (struct colour){grey, grey, grey});
    }
    paint_box(pattern, TEMPLATE_BOX, chroma, DIGITS_SHOWN_MIN);
    paint(pattern, template_line(pattern, TEMPLATE_DISC, chroma), chroma, 0, width, disc_colour);
}

/* ---- What changes from frame to frame -------------------------------------------------------- */

static void paint_digits(const struct weir_pattern *pattern, uint32_t frame, bool chroma)
{
    uint32_t shown = digits_shown(frame), scale = pattern->digit_scale;
    uint8_t number[DIGITS_SHOWN_MAX];

    for (uint32_t i = shown; i-- > 0; frame /= 10)
        number[i] = frame % 10;
    paint_box(pattern, TEMPLATE_BOX, chroma, shown);
    for (unsigned row = 0; row < DIGIT_ROWS; row++) {
        uint8_t *line = template_line(pattern, TEMPLATE_DIGITS + row, chroma);
        uint32_t x = box_left(pattern, shown) + scale;

        memcpy(line, template_line(pattern, TEMPLATE_BOX, chroma), pattern->stride);
        for (uint32_t i = 0; i < shown; i++, x += DIGIT_CELLS * scale)
            for (unsigned cell = 0; cell < 5; cell++)
                if (digits[number[i]][row] >> (4 - cell) & 1)
                    paint(pattern, line, chroma, x + cell * scale, x + (cell + 1) * scale,
                          digit_colour);
    }
}

/* Back and forth between 0 and span in period frames. */
static uint32_t swing(uint32_t frame, uint32_t period, uint32_t span)
{
    uint32_t phase = frame % period, half = period / 2;

    return (uint32_t)((uint64_t)span * (phase < half ? phase : period - phase) / half);
}

static void draw_frame(struct weir_pattern *pattern, uint32_t frame)
{
    uint32_t width = pattern->geometry.width, height = pattern->geometry.height;
    uint32_t radius = pattern->disc_radius, room = height - pattern->ramp_top;

    if (pattern->drawn && pattern->drawn_frame == frame)
        return;
    paint_digits(pattern, frame, false);
    if (is_planar(pattern))
        paint_digits(pattern, frame, true);
    pattern->disc_x = radius + swing(frame, 240, width > 2 * radius ? width - 2 * radius : 0);
    pattern->disc_y =
        pattern->ramp_top + radius + swing(frame, 60, room > 2 * radius ? room - 2 * radius : 0);
    pattern->drawn_frame = frame;
    pattern->drawn = true;
}

/* ---- A line ---------------------------------------------------------------------------------- */

static const uint8_t *row_template(const struct weir_pattern *pattern, uint32_t row, bool chroma)
{
    unsigned kind = TEMPLATE_BARS;

    if (row >= pattern->box_top && row < pattern->box_bottom) {
        uint32_t cell = (row - pattern->box_top) / pattern->digit_scale;

        kind = cell >= 1 && cell <= DIGIT_ROWS ? TEMPLATE_DIGITS + cell - 1 : TEMPLATE_BOX;
    } else if (row >= pattern->ramp_top) {
        kind = TEMPLATE_RAMP;
    } else if (row >= pattern->reverse_top) {
        kind = TEMPLATE_REVERSE;
    }
    return template_line(pattern, kind, chroma);
}

static void add_run(struct line_plan *plan, const uint8_t *from, uint32_t end)
{
    if (plan->count > 0 && plan->runs[plan->count - 1].end >= end)
        return;
    plan->runs[plan->count++] = (struct line_run){from, end};
}

static void plan_line(struct weir_pattern *pattern, uint32_t frame, uint32_t line,
                      struct line_plan *plan)
{
    uint32_t height = pattern->geometry.height;
    bool chroma = line >= height;
    uint32_t row = chroma ? (line - height) * 2 : line;
    uint32_t distance;
    const uint8_t *base;

    draw_frame(pattern, frame);
    spread_stamp(pattern, frame, line, plan->stamp);
    if (pattern->geometry.bottom_up && !chroma)
        row = height - 1 - row;
    base = row_template(pattern, row, chroma);
    plan->count = 0;
    distance = row < pattern->disc_y ? pattern->disc_y - row : row - pattern->disc_y;
    if (distance <= pattern->disc_radius && row >= pattern->ramp_top) {
        uint32_t half = pattern->disc_half[distance], pair = pair_bytes(pattern);

        if (pattern->disc_x > half)
            add_run(plan, base, (pattern->disc_x - half) / 2 * pair);
        add_run(plan, template_line(pattern, TEMPLATE_DISC, chroma),
                (pattern->disc_x + half) / 2 * pair < pattern->stride
                    ? (pattern->disc_x + half) / 2 * pair
                    : pattern->stride);
    }
    add_run(plan, base, pattern->stride);
}

const struct line_plan *pattern_plan_line(struct weir_pattern *pattern, uint32_t frame,
                                          uint32_t line)
{
    if (!pattern->planned || pattern->planned_frame != frame || pattern->planned_line != line)
        plan_line(pattern, frame, line, &pattern->plan);
    pattern->planned = true;
    pattern->planned_frame = frame;
    pattern->planned_line = line;
    return &pattern->plan;
}

/* out[0 ..] = bytes [from, to) of a template with the stamp. */
static void stamp_part(const struct weir_pattern *pattern, const uint8_t *template,
                       const uint8_t stamp[RUN], uint32_t from, uint32_t to, bool stream,
                       uint8_t *out)
{
    uint32_t i = from, runs;

    for (; i < to && i % RUN != 0; i++)
        *out++ = template[i] | stamp[i % RUN];
    runs = (to - i) / RUN;
    if (stream && (uintptr_t)out % RUN == 0)
        pattern->loops->stream(template + i, stamp, runs, out);
    else
        pattern->loops->store(template + i, stamp, runs, out);
    i += runs * RUN;
    out += runs * RUN;
    for (; i < to; i++)
        *out++ = template[i] | stamp[i % RUN];
}

static void stamp_line(const struct weir_pattern *pattern, const struct line_plan *plan,
                       uint32_t from, uint32_t to, bool stream, uint8_t *out)
{
    for (uint32_t i = 0; i < plan->count && from < to; i++) {
        uint32_t end = plan->runs[i].end < to ? plan->runs[i].end : to;

        if (end <= from)
            continue;
        stamp_part(pattern, plan->runs[i].from, plan->stamp, from, end, stream, out);
        out += end - from;
        from = end;
    }
}

void weir_pattern_line(struct weir_pattern *pattern, uint32_t frame, uint32_t line, uint8_t *out)
{
    stamp_line(pattern, pattern_plan_line(pattern, frame, line), 0, pattern->stride, false, out);
}

static void draw_bytes(struct weir_pattern *pattern, uint32_t frame, uint64_t offset,
                       uint64_t size_bytes, bool stream, uint8_t *out)
{
    uint32_t line = (uint32_t)(offset / pattern->stride);
    uint32_t from = (uint32_t)(offset % pattern->stride);

    while (size_bytes > 0) {
        uint64_t room = pattern->stride - from;
        uint32_t count = (uint32_t)(room < size_bytes ? room : size_bytes);

        stamp_line(pattern, pattern_plan_line(pattern, frame, line++), from, from + count, stream,
                   out);
        out += count;
        size_bytes -= count;
        from = 0;
    }
}

void weir_pattern_bytes(struct weir_pattern *pattern, uint32_t frame, uint64_t offset,
                        uint64_t size_bytes, uint8_t *out)
{
    draw_bytes(pattern, frame, offset, size_bytes, false, out);
}

void weir_pattern_stream(struct weir_pattern *pattern, uint32_t frame, uint64_t offset,
                         uint64_t size_bytes, uint8_t *out)
{
    draw_bytes(pattern, frame, offset, size_bytes, true, out);
}

/* ---- Life ------------------------------------------------------------------------------------ */

static uint32_t square_root(uint32_t value)
{
    uint32_t root = 0;

    while ((root + 1) * (root + 1) <= value)
        root++;
    return root;
}

/* Where things are in the picture: bars two thirds down, then a strip, then the ramp with the disc;
 * the digits about a fifth of the picture high, in the middle of the bars. */
static void lay_out(struct weir_pattern *pattern)
{
    uint32_t height = pattern->geometry.height;
    uint32_t scale = height / 36 & ~1u;

    pattern->reverse_top = height * 8 / 12 & ~1u;
    pattern->ramp_top = height * 9 / 12 & ~1u;
    pattern->digit_scale = scale == 0 ? 1 : scale;
    pattern->box_top = (pattern->reverse_top - 9 * pattern->digit_scale) / 2 & ~1u;
    if (9 * pattern->digit_scale > pattern->reverse_top)
        pattern->box_top = 0;
    pattern->box_bottom = pattern->box_top + 9 * pattern->digit_scale;
    if (pattern->box_bottom > pattern->reverse_top)
        pattern->box_bottom = pattern->reverse_top;
    pattern->disc_radius = height / 12;
    for (uint32_t i = 0; i <= pattern->disc_radius; i++)
        pattern->disc_half[i] = square_root(pattern->disc_radius * pattern->disc_radius - i * i);
}

int weir_pattern_create(const struct weir_pattern_geometry *geometry, struct weir_pattern **out)
{
    struct weir_pattern *pattern;

    if (!geometry_is_good(geometry))
        return -EINVAL;
    pattern = calloc(1, sizeof *pattern);
    if (pattern == NULL)
        return -ENOMEM;
    pattern->geometry = *geometry;
    pattern->loops = pattern_loops();
    pattern->stride = weir_pattern_stride(geometry);
    pattern->lines = weir_pattern_lines(geometry);
    pattern->frame_bytes = weir_pattern_frame_bytes(geometry);
    pattern->key = mix((uint64_t)geometry->width << 32 | geometry->height << 8 |
                       geometry->format << 1 | geometry->bottom_up);
    pattern->page = (struct weir_pattern_page){
        .magic = {'w', 'e', 'i', 'r', 'p', 'a', 'g', 'e'},
        .format = geometry->format,
        .width = geometry->width,
        .height = geometry->height,
        .bottom_up = geometry->bottom_up,
        .frame_bytes = pattern->frame_bytes,
    };
    pattern->templates = calloc((size_t)TEMPLATES * 2, pattern->stride);
    pattern->disc_half = calloc(geometry->height / 12 + 1, sizeof *pattern->disc_half);
    if (pattern->templates == NULL || pattern->disc_half == NULL) {
        weir_pattern_destroy(pattern);
        return -ENOMEM;
    }
    lay_out(pattern);
    paint_templates(pattern, false);
    if (is_planar(pattern))
        paint_templates(pattern, true);
    *out = pattern;
    return 0;
}

void weir_pattern_destroy(struct weir_pattern *pattern)
{
    if (pattern == NULL)
        return;
    free(pattern->templates);
    free(pattern->disc_half);
    free(pattern);
}
