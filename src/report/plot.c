/* SPDX-License-Identifier: MIT */
/* Checks a plot, has it drawn, hands out the bytes. */
#include "report/plot.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include <cairo-svg.h>
#include <cairo.h>

#include "base/base.h"
#include "report/plot_draw.h"

static const double pixels_per_unit = 1.5; /* of a PNG: sharp on a dense display, small as a file */

bool plot_kind_of_path(const char *path, enum plot_kind *out)
{
    size_t length = strlen(path);
    bool svg = length >= 4 && strcasecmp(path + length - 4, ".svg") == 0;
    bool png = length >= 4 && strcasecmp(path + length - 4, ".png") == 0;

    if (svg || png)
        *out = svg ? PLOT_SVG : PLOT_PNG;
    return svg || png;
}

/* ---- What makes sense ------------------------------------------------------------------------ */

static bool good_value(const struct plot_axis *axis, double value)
{
    return isfinite(value) && (axis->scale == PLOT_LINEAR || value > 0);
}

static bool good_axis(const struct plot_axis *axis)
{
    if (axis->label == NULL)
        return false;
    if (axis->low == 0 && axis->high == 0)
        return true;
    return good_value(axis, axis->low) && good_value(axis, axis->high) && axis->low < axis->high;
}

static bool good_series(const struct plot *plot, const struct plot_series *series)
{
    if (series->name == NULL)
        return false;
    for (size_t i = 0; i < series->count; i++) {
        const struct plot_point *point = &series->points[i];

        if (!good_value(&plot->x, point->x) || !good_value(&plot->y, point->y))
            return false;
        if (i > 0 && point->x <= point[-1].x)
            return false;
        if (!series->band)
            continue;
        if (!good_value(&plot->y, point->low) || !good_value(&plot->y, point->high) ||
            point->low > point->y || point->high < point->y)
            return false;
    }
    return true;
}

static bool good_marks(const struct plot *plot)
{
    if (plot->mark_count > PLOT_MARKS_MAX)
        return false;
    for (unsigned i = 0; i < plot->mark_count; i++) {
        const struct plot_mark *mark = &plot->marks[i];

        if (mark->text == NULL || mark->series >= plot->series_count ||
            !good_value(&plot->x, mark->x))
            return false;
    }
    return plot->level_text == NULL || good_value(&plot->y, plot->level);
}

static int check(const struct plot *plot)
{
    size_t points = 0;

    if (plot->title == NULL || plot->series_count == 0 || plot->series_count > PLOT_SERIES_MAX)
        return -EINVAL;
    if (!good_axis(&plot->x) || !good_axis(&plot->y))
        return -EINVAL;
    for (unsigned i = 0; i < plot->series_count; i++) {
        if (!good_series(plot, &plot->series[i]))
            return -EINVAL;
        points += plot->series[i].count;
    }
    if (!good_marks(plot))
        return -EINVAL;
    return points > 0 ? 0 : -ENODATA;
}

/* ---- Bytes ----------------------------------------------------------------------------------- */

static cairo_status_t keep(void *ctx, const unsigned char *bytes, unsigned count)
{
    struct text *kept = ctx;

    text_bytes(kept, bytes, count);
    return text_error(kept) == 0 ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static cairo_surface_t *create_surface(enum plot_kind kind, struct text *kept)
{
    cairo_surface_t *surface;

    if (kind == PLOT_PNG)
        return cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(PLOT_WIDTH * pixels_per_unit),
                                          (int)(PLOT_HEIGHT * pixels_per_unit));
    surface = cairo_svg_surface_create_for_stream(keep, kept, PLOT_WIDTH, PLOT_HEIGHT);
    if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS)
        cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX);
    return surface;
}

/* cairo numbers the surfaces of a process, and writes the number into the SVG. */
static int give_svg(const struct text *kept, plot_write_fn *write, void *ctx)
{
    static const char before[] = "id=\"surface";
    const char *all = text_get(kept), *number = strstr(all, before);
    int result;

    if (number == NULL)
        return write(ctx, all, kept->length);
    number += sizeof before - 1;
    result = write(ctx, all, (size_t)(number - all));
    number += strspn(number, "0123456789");
    return result != 0 ? result : write(ctx, number, kept->length - (size_t)(number - all));
}

static cairo_status_t draw(const struct plot *plot, enum plot_kind kind, struct text *kept)
{
    cairo_surface_t *surface = create_surface(kind, kept);
    cairo_t *cairo = cairo_create(surface);
    cairo_status_t status;

    if (kind == PLOT_PNG)
        cairo_scale(cairo, pixels_per_unit, pixels_per_unit);
    plot_draw(plot, cairo);
    status = cairo_status(cairo);
    cairo_destroy(cairo);
    if (status == CAIRO_STATUS_SUCCESS && kind == PLOT_PNG)
        status = cairo_surface_write_to_png_stream(surface, keep, kept);
    cairo_surface_finish(surface); /* an SVG is written here */
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    return status;
}

int plot_render(const struct plot *plot, enum plot_kind kind, plot_write_fn *write, void *ctx)
{
    int result = check(plot);
    cairo_status_t status;
    struct text kept;

    if (result != 0)
        return result;
    text_init(&kept);
    status = draw(plot, kind, &kept);
    if (text_error(&kept) != 0)
        result = text_error(&kept);
    else if (status != CAIRO_STATUS_SUCCESS)
        result = status == CAIRO_STATUS_NO_MEMORY ? -ENOMEM : -EIO;
    else if (kind == PLOT_SVG)
        result = give_svg(&kept, write, ctx);
    else
        result = write(ctx, text_get(&kept), kept.length);
    text_fini(&kept);
    return result;
}
