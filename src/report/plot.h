/* SPDX-License-Identifier: MIT */
/* Pictures of figures: a few lines over one axis, with bands of confidence, as SVG or PNG. The
 * same plot gives the same bytes, on hosts with the same cairo and the same fonts. Made to be read
 * at a glance: colours that the colour-blind can tell apart, each line also with a dash and a
 * marker of its own, a legend, few grid lines, nothing that means nothing.
 *
 * The caller owns all that struct plot points to. Nothing is kept. Not here: files. The caller
 * opens one first (so that what cannot be written is refused before the work is done) and hands
 * the bytes on; plot_kind_of_path tells which kind its name asks for. */
#ifndef WEIR_REPORT_PLOT_H
#define WEIR_REPORT_PLOT_H

#include <stdbool.h>
#include <stddef.h>

enum { PLOT_SERIES_MAX = 8, PLOT_NOTES_MAX = 4, PLOT_MARKS_MAX = 8 };

struct plot_point {
    double x, y;
    double low, high; /* of the band; low <= y <= high. Read only when the series has a band */
};

struct plot_series {
    const char *name; /* for the legend */
    const struct plot_point *points; /* x grows */
    size_t count; /* 0: named in the legend and not drawn */
    bool band;
    bool steps; /* the value holds up to the next point, instead of a straight line to it */
};

enum plot_scale { PLOT_LINEAR, PLOT_LOG10, PLOT_LOG2 };
enum plot_unit {
    PLOT_NUMBER, /* 0.25, 1500, 2M */
    PLOT_COUNT, /* the same for what is whole: no ticks between 1 and 2 */
    PLOT_PERCENT, /* the value 0.25 shows as 25 % */
    PLOT_BYTES /* 64 KB, 16 MB: powers of 1024 */
};

struct plot_axis {
    const char *label;
    enum plot_scale scale;
    enum plot_unit unit;
    /* Where the axis begins and ends; both 0: as the data want it. A linear axis then includes
     * zero. */
    double low, high;
};

/* A place that matters: a vertical line from the axis up, with words beside it. */
struct plot_mark {
    double x;
    unsigned series; /* whose colour */
    const char *text;
};

struct plot {
    const char *title; /* required */
    const char *subtitle; /* optional */
    const char *notes[PLOT_NOTES_MAX]; /* below the picture; NULL: none */
    struct plot_axis x, y;
    struct plot_series series[PLOT_SERIES_MAX];
    unsigned series_count;
    struct plot_mark marks[PLOT_MARKS_MAX];
    unsigned mark_count;
    /* A horizontal line to compare with, such as a goal; no text, no line. */
    double level;
    const char *level_text;
};

enum plot_kind { PLOT_SVG, PLOT_PNG };
/* By the ending, in either case: ".svg", ".png". False: neither. */
bool plot_kind_of_path(const char *path, enum plot_kind *out);

typedef int plot_write_fn(void *ctx, const void *bytes, size_t count); /* 0 or -errno */
/* 0, or: -EINVAL when the plot makes no sense (no title, no or too many series, a value that is not
 * finite, a band beside its line, x that does not grow, zero or less on a logarithmic axis, an axis
 * that ends where it begins), -ENODATA when no series has a point, -ENOMEM, -EIO when cairo fails;
 * nothing is written then. Else what write returned that was not 0. */
int plot_render(const struct plot *plot, enum plot_kind kind, plot_write_fn *write, void *ctx);

#endif
