/* SPDX-License-Identifier: MIT */
/* What drawing and judging share: the templates of one geometry, and a line as the few runs of
 * templates it is made of. */
#ifndef WEIR_PATTERN_INTERNAL_H
#define WEIR_PATTERN_INTERNAL_H

#include "run.h"
#include "weir/pattern.h"

enum { DIGIT_ROWS = 7, RUN = WEIR_PATTERN_RUN_BYTES, PAGE = WEIR_PATTERN_PAGE_BYTES };

/* A kind of line: one row of memory, or two for NV12 (luma and chroma). */
enum template_kind {
    TEMPLATE_BARS,
    TEMPLATE_REVERSE,
    TEMPLATE_RAMP,
    TEMPLATE_BOX, /* bars with the dark box in which the digits stand */
    TEMPLATE_DISC, /* the disc's colour all over */
    TEMPLATE_DIGITS, /* the box with one row of the digits of drawn_frame */
    TEMPLATES = TEMPLATE_DIGITS + DIGIT_ROWS,
};

/* A line in memory as runs of templates: bytes [end of the one before, end) of the template. */
struct line_run {
    const uint8_t *from; /* template line: byte i of the line is from[i] */
    uint32_t end;
};
enum { LINE_RUNS_MAX = 3 };
struct line_plan {
    struct line_run runs[LINE_RUNS_MAX];
    uint32_t count;
    uint8_t stamp[RUN]; /* spread over the low bits */
};

struct weir_pattern {
    struct weir_pattern_geometry geometry;
    const struct pattern_loops *loops;
    uint32_t stride, lines;
    uint64_t frame_bytes;
    uint64_t key; /* of the geometry, part of every check word */
    struct weir_pattern_page page; /* what all pages have in common */
    uint8_t *templates; /* TEMPLATES x planes x stride bytes, low two bits zero */
    /* In picture rows and pixels. */
    uint32_t reverse_top, ramp_top;
    uint32_t digit_scale, box_top, box_bottom;
    uint32_t disc_radius;
    uint32_t *disc_half; /* half its width by distance from its middle row */
    uint32_t drawn_frame; /* whose digits and disc are drawn */
    bool drawn;
    uint32_t disc_x, disc_y;
    struct line_plan plan; /* the one last asked for: a page begins where the last one ended */
    uint32_t planned_frame, planned_line;
    bool planned;
};

/* Good until the next call. */
const struct line_plan *pattern_plan_line(struct weir_pattern *pattern, uint32_t frame,
                                          uint32_t line);

uint64_t pattern_stamp_check(const struct weir_pattern *pattern, uint32_t frame, uint32_t line);
uint64_t pattern_page_check(const struct weir_pattern *pattern, uint32_t frame, uint32_t page);

#endif
