/* SPDX-License-Identifier: MIT */
/* From top to bottom: title, subtitle, legend, the word for the vertical axis, the picture, ticks,
 * the word for the horizontal axis, notes. What stands above and below the picture is measured
 * first; the picture gets the rest. The colours are those of Okabe and Ito, chosen to stay apart
 * for every kind of colour vision; dashes and markers tell the lines apart without any. */
#include "report/plot_draw.h"

#include <math.h>
#include <string.h>

#include "base/base.h"
#include "report/plot_axis.h"

enum { MARGIN = 24, LINE_GAP = 18, SWATCH = 34, MARKER_GAP = 26, LINES_MAX = 6 };
static const double size_title = 19, size_text = 13, size_small = 12;

struct colour {
    double red, green, blue;
};
static const struct colour ink = {0.13, 0.13, 0.13}, grey = {0.36, 0.36, 0.36},
                           frame_grey = {0.55, 0.55, 0.55}, grid_grey = {0.90, 0.90, 0.90},
                           white = {1, 1, 1};

/* The first lines are the widest, so that one that lies on top of another leaves it visible. */
static const struct {
    struct colour colour;
    double width, dash[4];
    int dashes;
} styles[PLOT_SERIES_MAX] = {
    {{0.84, 0.37, 0.00}, 3.2, {0}, 0}, /* vermilion */
    {{0.00, 0.45, 0.70}, 3.0, {0}, 0}, /* blue */
    {{0.00, 0.62, 0.45}, 2.8, {9, 5}, 2}, /* green */
    {{0.80, 0.47, 0.65}, 2.6, {2, 4}, 2}, /* purple */
    {{0.90, 0.62, 0.00}, 2.4, {12, 4, 2, 4}, 4}, /* orange */
    {{0.34, 0.71, 0.91}, 2.4, {6, 3}, 2}, /* sky */
    {{0.35, 0.35, 0.35}, 2.2, {3, 3}, 2},
    {{0.00, 0.00, 0.00}, 2.0, {14, 3}, 2},
};

struct canvas {
    cairo_t *cairo;
    const struct plot *plot;
    struct axis x, y;
    double left, right, top, bottom; /* of the picture */
};

/* ---- Text ------------------------------------------------------------------------------------ */

enum align { ALIGN_LEFT, ALIGN_CENTRE, ALIGN_RIGHT };

static void set_colour(cairo_t *cairo, struct colour colour, double opacity)
{
    cairo_set_source_rgba(cairo, colour.red, colour.green, colour.blue, opacity);
}

static void set_font(cairo_t *cairo, double size, bool bold)
{
    cairo_select_font_face(cairo, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo, size);
}

static double text_width(cairo_t *cairo, const char *string)
{
    cairo_text_extents_t extents;

    cairo_text_extents(cairo, string, &extents);
    return extents.x_advance;
}

static void put_text(cairo_t *cairo, double x, double y, enum align align, struct colour colour,
                     const char *string)
{
    double shift = align == ALIGN_LEFT ? 0 : text_width(cairo, string);

    set_colour(cairo, colour, 1);
    cairo_move_to(cairo, x - (align == ALIGN_CENTRE ? shift / 2 : shift), y);
    cairo_show_text(cairo, string);
}

/* Words that lines may run through: the paper shows around them. */
static void put_text_clear(cairo_t *cairo, double x, double y, enum align align,
                           struct colour colour, const char *string)
{
    double width = text_width(cairo, string);
    double from = align == ALIGN_LEFT ? x : x - width;

    set_colour(cairo, white, 0.85);
    cairo_rectangle(cairo, from - 3, y - size_small, width + 6, size_small + 5);
    cairo_fill(cairo);
    put_text(cairo, x, y, align, colour, string);
}

/* How many bytes of the words fit a line: up to a blank where there is one. */
static size_t fitting(cairo_t *cairo, const char *string, double width)
{
    struct text part;
    size_t best = 0;

    text_init(&part);
    for (size_t i = 0; best == 0 || string[best] != 0; i = best + 1) {
        size_t end = i + strcspn(string + i, " ");

        text_clear(&part);
        text_bytes(&part, string, end);
        if (best != 0 && text_width(cairo, text_get(&part)) > width)
            break;
        best = end;
        if (text_error(&part) != 0)
            break;
    }
    text_fini(&part);
    return best;
}

/* Writes, or only measures, lines of at most the paper's width in the font that is set; the first
 * baseline is y. Returns the next baseline. */
static double put_lines(cairo_t *cairo, double y, double gap, struct colour colour, bool draw,
                        const char *string)
{
    struct text shown, line;
    const char *at;

    text_init(&shown);
    text_init(&line);
    text_shown(&shown, string);
    at = text_get(&shown) + strspn(text_get(&shown), " ");
    for (unsigned i = 0; i < LINES_MAX && *at != 0; i++) {
        size_t count = fitting(cairo, at, PLOT_WIDTH - 2 * MARGIN);

        text_clear(&line);
        text_bytes(&line, at, count);
        if (draw)
            put_text(cairo, MARGIN, y, ALIGN_LEFT, colour, text_get(&line));
        y += gap;
        at += count;
        at += strspn(at, " ");
    }
    text_fini(&line);
    text_fini(&shown);
    return y;
}

/* One line, with what must not be shown made harmless. */
static void put_shown(cairo_t *cairo, double x, double y, enum align align, struct colour colour,
                      bool clear, const char *string)
{
    struct text shown;

    text_init(&shown);
    text_shown(&shown, string);
    if (clear)
        put_text_clear(cairo, x, y, align, colour, text_get(&shown));
    else
        put_text(cairo, x, y, align, colour, text_get(&shown));
    text_fini(&shown);
}

static double shown_width(cairo_t *cairo, const char *string)
{
    struct text shown;
    double width;

    text_init(&shown);
    text_shown(&shown, string);
    width = text_width(cairo, text_get(&shown));
    text_fini(&shown);
    return width;
}

/* ---- Lines and markers ----------------------------------------------------------------------- */

static void set_series_line(cairo_t *cairo, unsigned series)
{
    set_colour(cairo, styles[series].colour, 1);
    cairo_set_line_width(cairo, styles[series].width);
    cairo_set_dash(cairo, styles[series].dash, styles[series].dashes, 0);
}

static void plain_line(cairo_t *cairo, struct colour colour, double width)
{
    set_colour(cairo, colour, 1);
    cairo_set_line_width(cairo, width);
    cairo_set_dash(cairo, NULL, 0, 0);
}

static void polygon(cairo_t *cairo, double x, double y, double radius, unsigned corners,
                    double turn)
{
    for (unsigned i = 0; i < corners; i++) {
        double angle = turn + 2 * M_PI * i / corners;

        cairo_line_to(cairo, x + radius * cos(angle), y + radius * sin(angle));
    }
    cairo_close_path(cairo);
}

/* A shape for each series, filled with its colour or with paper. */
static void marker(cairo_t *cairo, double x, double y, unsigned series)
{
    cairo_new_path(cairo);
    switch (series % 4) {
    case 0: cairo_arc(cairo, x, y, 4.6, 0, 2 * M_PI); break;
    case 1: polygon(cairo, x, y, 5.4, 4, M_PI / 4); break;
    case 2: polygon(cairo, x, y, 5.8, 3, -M_PI / 2); break;
    default: polygon(cairo, x, y, 5.6, 4, 0); break;
    }
    set_colour(cairo, series < 4 ? styles[series].colour : white, 1);
    cairo_fill_preserve(cairo);
    plain_line(cairo, series < 4 ? white : styles[series].colour, 1.2);
    cairo_stroke(cairo);
}

/* ---- Head: title, subtitle, legend ----------------------------------------------------------- */

static double head_texts(cairo_t *cairo, const struct plot *plot)
{
    double y = MARGIN + 14;

    set_font(cairo, size_title, true);
    y = put_lines(cairo, y, 24, ink, true, plot->title);
    if (plot->subtitle == NULL)
        return y;
    set_font(cairo, size_text, false);
    return put_lines(cairo, y, LINE_GAP, grey, true, plot->subtitle);
}

/* In rows. Returns the baseline below them. */
static double legend(cairo_t *cairo, const struct plot *plot, double y)
{
    double x = MARGIN;

    y += 8;
    set_font(cairo, size_text, false);
    for (unsigned i = 0; i < plot->series_count; i++) {
        double width = SWATCH + 8 + shown_width(cairo, plot->series[i].name);

        if (x > MARGIN && x + width > PLOT_WIDTH - MARGIN) {
            x = MARGIN;
            y += LINE_GAP + 2;
        }
        set_series_line(cairo, i);
        cairo_move_to(cairo, x, y - 4.5);
        cairo_line_to(cairo, x + SWATCH, y - 4.5);
        cairo_stroke(cairo);
        marker(cairo, x + SWATCH / 2.0, y - 4.5, i);
        put_shown(cairo, x + SWATCH + 8, y, ALIGN_LEFT, ink, false, plot->series[i].name);
        x += width + 26;
    }
    return y + LINE_GAP;
}

/* ---- Axes ------------------------------------------------------------------------------------ */

static void fit_axes(struct canvas *canvas)
{
    const struct plot *plot = canvas->plot;
    double x_low = INFINITY, x_high = -INFINITY, y_low = INFINITY, y_high = -INFINITY;

    for (unsigned s = 0; s < plot->series_count; s++) {
        const struct plot_series *series = &plot->series[s];

        for (size_t i = 0; i < series->count; i++) {
            const struct plot_point *point = &series->points[i];

            x_low = fmin(x_low, point->x);
            x_high = fmax(x_high, point->x);
            y_low = fmin(y_low, series->band ? point->low : point->y);
            y_high = fmax(y_high, series->band ? point->high : point->y);
        }
    }
    if (plot->level_text != NULL) {
        y_low = fmin(y_low, plot->level);
        y_high = fmax(y_high, plot->level);
    }
    axis_fit(&plot->x, x_low, x_high, 9, false, &canvas->x);
    axis_fit(&plot->y, y_low, y_high, 6, true, &canvas->y);
}

static double at_x(const struct canvas *canvas, double value)
{
    return canvas->left + axis_place(&canvas->x, value) * (canvas->right - canvas->left);
}

static double at_y(const struct canvas *canvas, double value)
{
    return canvas->bottom - axis_place(&canvas->y, value) * (canvas->bottom - canvas->top);
}

static double widest_label(cairo_t *cairo, const struct axis *axis)
{
    char label[AXIS_LABEL_BYTES];
    double widest = 0;

    for (unsigned i = 0; i < axis->tick_count; i++) {
        axis_label(axis, axis->tick[i], label);
        widest = fmax(widest, text_width(cairo, label));
    }
    return widest;
}

/* A line is sharp when it covers whole pixels. */
static double sharp(double at)
{
    return floor(at) + 0.5;
}

static void draw_y_axis(const struct canvas *canvas)
{
    cairo_t *cairo = canvas->cairo;
    char label[AXIS_LABEL_BYTES];

    for (unsigned i = 0; i < canvas->y.tick_count; i++) {
        double y = at_y(canvas, canvas->y.tick[i]);

        plain_line(cairo, grid_grey, 1);
        cairo_move_to(cairo, canvas->left, sharp(y));
        cairo_line_to(cairo, canvas->right, sharp(y));
        cairo_stroke(cairo);
        axis_label(&canvas->y, canvas->y.tick[i], label);
        put_text(cairo, canvas->left - 8, y + 4.5, ALIGN_RIGHT, grey, label);
    }
}

static void draw_x_axis(const struct canvas *canvas)
{
    cairo_t *cairo = canvas->cairo;
    char label[AXIS_LABEL_BYTES];

    plain_line(cairo, frame_grey, 1);
    cairo_move_to(cairo, canvas->left, sharp(canvas->bottom));
    cairo_line_to(cairo, canvas->right, sharp(canvas->bottom));
    cairo_stroke(cairo);
    for (unsigned i = 0; i < canvas->x.tick_count; i++) {
        double x = at_x(canvas, canvas->x.tick[i]);

        plain_line(cairo, frame_grey, 1);
        cairo_move_to(cairo, sharp(x), canvas->bottom);
        cairo_line_to(cairo, sharp(x), canvas->bottom + 5);
        cairo_stroke(cairo);
        axis_label(&canvas->x, canvas->x.tick[i], label);
        put_text(cairo, x, canvas->bottom + 19, ALIGN_CENTRE, grey, label);
    }
}

/* ---- The picture ----------------------------------------------------------------------------- */

/* One edge of a series: its line, or a side of its band. */
static double edge(const struct plot_point *point, int side)
{
    return side == 0 ? point->y : side < 0 ? point->low : point->high;
}

static void follow(const struct canvas *canvas, const struct plot_series *series, int side)
{
    for (size_t i = 0; i < series->count; i++) {
        const struct plot_point *point = &series->points[i];

        if (series->steps && i > 0)
            cairo_line_to(canvas->cairo, at_x(canvas, point->x),
                          at_y(canvas, edge(&point[-1], side)));
        cairo_line_to(canvas->cairo, at_x(canvas, point->x), at_y(canvas, edge(point, side)));
    }
}

static void follow_back(const struct canvas *canvas, const struct plot_series *series, int side)
{
    for (size_t i = series->count; i-- > 0;) {
        const struct plot_point *point = &series->points[i];

        cairo_line_to(canvas->cairo, at_x(canvas, point->x), at_y(canvas, edge(point, side)));
        if (series->steps && i > 0)
            cairo_line_to(canvas->cairo, at_x(canvas, point->x),
                          at_y(canvas, edge(&point[-1], side)));
    }
}

static void draw_band(const struct canvas *canvas, unsigned index)
{
    const struct plot_series *series = &canvas->plot->series[index];

    if (!series->band || series->count == 0)
        return;
    cairo_new_path(canvas->cairo);
    follow(canvas, series, -1);
    follow_back(canvas, series, 1);
    cairo_close_path(canvas->cairo);
    set_colour(canvas->cairo, styles[index].colour, 0.18);
    cairo_fill(canvas->cairo);
}

/* Every point has a marker where there is room, else every second, third... Series whose points are
 * close take turns, so that the markers of lines on top of one another alternate. */
static size_t marker_stride(const struct canvas *canvas, size_t points)
{
    double gap = points > 1 ? (canvas->right - canvas->left) / (double)(points - 1) : MARKER_GAP;

    if (gap >= MARKER_GAP)
        return 1;
    return (size_t)fmax(ceil(MARKER_GAP / gap), canvas->plot->series_count);
}

static void draw_line(const struct canvas *canvas, unsigned index)
{
    const struct plot_series *series = &canvas->plot->series[index];
    size_t stride = marker_stride(canvas, series->count);

    cairo_new_path(canvas->cairo);
    follow(canvas, series, 0);
    set_series_line(canvas->cairo, index);
    cairo_stroke(canvas->cairo);
    for (size_t i = index % stride; i < series->count; i += stride)
        marker(canvas->cairo, at_x(canvas, series->points[i].x),
               at_y(canvas, series->points[i].y), index);
}

static void draw_level(const struct canvas *canvas)
{
    static const double dash[] = {5, 4};
    double y = at_y(canvas, canvas->plot->level);

    if (canvas->plot->level_text == NULL)
        return;
    plain_line(canvas->cairo, ink, 1);
    cairo_set_dash(canvas->cairo, dash, 2, 0);
    cairo_move_to(canvas->cairo, canvas->left, sharp(y));
    cairo_line_to(canvas->cairo, canvas->right, sharp(y));
    cairo_stroke(canvas->cairo);
}

static void draw_mark_line(const struct canvas *canvas, const struct plot_mark *mark)
{
    static const double dash[] = {2, 3};
    double x = at_x(canvas, mark->x);

    plain_line(canvas->cairo, styles[mark->series].colour, 1.5);
    cairo_set_dash(canvas->cairo, dash, 2, 0);
    cairo_move_to(canvas->cairo, sharp(x), canvas->top);
    cairo_line_to(canvas->cairo, sharp(x), canvas->bottom);
    cairo_stroke(canvas->cairo);
}

/* Each mark's words have a height of their own, and stand on the left where there is room: what a
 * mark warns of comes after it. */
static void draw_mark_text(const struct canvas *canvas, unsigned index)
{
    const struct plot_mark *mark = &canvas->plot->marks[index];
    double x = at_x(canvas, mark->x), y = canvas->top + 14 + index * (LINE_GAP + 2);
    bool left = x - 8 - shown_width(canvas->cairo, mark->text) >= canvas->left;

    put_shown(canvas->cairo, left ? x - 8 : x + 8, y, left ? ALIGN_RIGHT : ALIGN_LEFT,
              styles[mark->series].colour, true, mark->text);
}

static void draw_level_text(const struct canvas *canvas)
{
    if (canvas->plot->level_text == NULL)
        return;
    put_shown(canvas->cairo, canvas->right - 2, at_y(canvas, canvas->plot->level) - 6, ALIGN_RIGHT,
              ink, true, canvas->plot->level_text);
}

static void draw_picture(const struct canvas *canvas)
{
    const struct plot *plot = canvas->plot;
    cairo_t *cairo = canvas->cairo;

    cairo_save(cairo);
    /* What lies beyond an axis of given ends is cut; a line on the edge shows whole. */
    cairo_rectangle(cairo, canvas->left - 6, canvas->top - 6, canvas->right - canvas->left + 12,
                    canvas->bottom - canvas->top + 12);
    cairo_clip(cairo);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    for (unsigned i = 0; i < plot->series_count; i++)
        draw_band(canvas, i);
    draw_level(canvas);
    for (unsigned i = 0; i < plot->mark_count; i++)
        draw_mark_line(canvas, &plot->marks[i]);
    for (unsigned i = 0; i < plot->series_count; i++)
        draw_line(canvas, i);
    cairo_restore(cairo);
    set_font(cairo, size_small, false);
    draw_level_text(canvas);
    for (unsigned i = 0; i < plot->mark_count; i++)
        draw_mark_text(canvas, i);
}

/* ---- Foot: notes ----------------------------------------------------------------------------- */

static double notes(cairo_t *cairo, const struct plot *plot, double y, bool draw)
{
    set_font(cairo, size_small, false);
    for (unsigned i = 0; i < PLOT_NOTES_MAX; i++) {
        if (plot->notes[i] != NULL)
            y = put_lines(cairo, y, LINE_GAP - 2, grey, draw, plot->notes[i]);
    }
    return y;
}

static void set_hinting(cairo_t *cairo)
{
    cairo_font_options_t *options = cairo_font_options_create();

    /* Letters as they are designed, whatever the host's desktop prefers. */
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_set_font_options(cairo, options);
    cairo_font_options_destroy(options);
}

void plot_draw(const struct plot *plot, cairo_t *cairo)
{
    struct canvas canvas = {.cairo = cairo, .plot = plot};
    double foot;

    set_colour(cairo, white, 1);
    cairo_paint(cairo);
    set_hinting(cairo);
    fit_axes(&canvas);
    canvas.top = legend(cairo, plot, head_texts(cairo, plot)) + 24;
    foot = notes(cairo, plot, 0, false);
    canvas.bottom = PLOT_HEIGHT - MARGIN - foot - 46;
    set_font(cairo, size_small, false);
    canvas.left = MARGIN + widest_label(cairo, &canvas.y) + 8;
    canvas.right = PLOT_WIDTH - MARGIN - 8;
    draw_y_axis(&canvas);
    draw_x_axis(&canvas);
    set_font(cairo, size_text, false);
    put_shown(cairo, MARGIN, canvas.top - 14, ALIGN_LEFT, ink, false, plot->y.label);
    put_shown(cairo, (canvas.left + canvas.right) / 2, canvas.bottom + 40, ALIGN_CENTRE, ink, false,
              plot->x.label);
    draw_picture(&canvas);
    notes(cairo, plot, canvas.bottom + 66, true);
}
