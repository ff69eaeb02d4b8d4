/* SPDX-License-Identifier: MIT */
/* The picture: one line a column, its chance of failure over the locks already held. The vertical
 * axis is always 0 to 100 %, so that a line at the bottom looks like what it is. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/locks_words.h"

enum { WORDS_BYTES = 400, HELD_SHOWN_LEAST = 8 };

/* The words and points that struct plot borrows. */
struct sheet {
    struct plot plot;
    struct plot_point *points[LOCKS_COLUMNS_MAX];
    struct locks_answer answer[LOCKS_COLUMNS_MAX];
    char title[WORDS_BYTES], subtitle[WORDS_BYTES], level[WORDS_BYTES];
    char name[LOCKS_COLUMNS_MAX][WORDS_BYTES], mark[LOCKS_COLUMNS_MAX][WORDS_BYTES];
    char runs[WORDS_BYTES], price[WORDS_BYTES];
};

static void keep(struct text *text, char words[WORDS_BYTES])
{
    snprintf(words, WORDS_BYTES, "%s", text_get(text));
    text_clear(text);
}

static int add_series(struct sheet *sheet, const struct locks_report *report, unsigned index)
{
    const struct locks_counts *counts = report->column[index].counts;
    struct plot_series *series = &sheet->plot.series[index];
    struct plot_point *points = calloc(LOCKS_HELD_MAX + 1, sizeof *points);

    if (points == NULL)
        return -ENOMEM;
    sheet->points[index] = points;
    *series = (struct plot_series){.name = sheet->name[index], .points = points, .band = true};
    for (unsigned held = 0; held <= LOCKS_HELD_MAX; held++) {
        struct locks_rate rate;

        if (counts->level[held].attempts == 0)
            continue;
        locks_rate(&counts->level[held], &rate);
        points[series->count++] = (struct plot_point){held, rate.rate, rate.low, rate.high};
    }
    if (series->count > 0 && points[series->count - 1].x > sheet->plot.x.high)
        sheet->plot.x.high = points[series->count - 1].x;
    return 0;
}

static void name_series(struct sheet *sheet, const struct locks_report *report, unsigned index)
{
    const struct locks_answer *answer = &sheet->answer[index];
    const char *name = report->column[index].name;

    if (answer->attempts == 0)
        snprintf(sheet->name[index], WORDS_BYTES, "%s: nothing locked", name);
    else if (answer->failures == 0)
        snprintf(sheet->name[index], WORDS_BYTES, "%s: none failed, %u held", name,
                 answer->most_held);
    else
        snprintf(sheet->name[index], WORDS_BYTES, "%s", name);
}

/* Where a line leaves the target behind. */
static void mark_series(struct sheet *sheet, const struct locks_report *report, unsigned index)
{
    const struct locks_answer *answer = &sheet->answer[index];
    struct plot *plot = &sheet->plot;

    if (answer->failures == 0)
        return;
    if (answer->sure > 0 || answer->seen == 0)
        snprintf(sheet->mark[index], WORDS_BYTES, "%s: hold at most %u",
                 report->column[index].name, answer->sure);
    else
        snprintf(sheet->mark[index], WORDS_BYTES, "%s: up to %u by what was seen, none for sure",
                 report->column[index].name, answer->seen);
    plot->marks[plot->mark_count++] =
        (struct plot_mark){answer->sure > 0 ? answer->sure : answer->seen, index,
                           sheet->mark[index]};
}

static void add_head(struct sheet *sheet, const struct locks_report *report, struct text *text)
{
    const struct report_format *format = NULL;

    text_printf(text, "How many frame locks can %s hold?", report->driver);
    keep(text, sheet->title);
    for (unsigned i = 0; i < report->column_count && format == NULL; i++) {
        if (report->column[i].format.name != NULL)
            format = &report->column[i].format;
    }
    text_string(text, "Chance that one more lock fails, by locks already held. ");
    if (format != NULL)
        text_printf(text, "%s %" PRIu32 "x%" PRIu32 " frames, ", format->name, format->width,
                    format->height);
    locks_memory(report, text);
    text_printf(text, ", pages %s.", report->pages);
    keep(text, sheet->subtitle);
    text_printf(text, "target %.4g %%", report->target * 100);
    keep(text, sheet->level);
}

static void add_foot(struct sheet *sheet, const struct locks_report *report, struct text *text)
{
    struct text price;

    text_init(&price);
    text_string(text, "Bands: 95 % interval (Wilson). Runs ");
    locks_runs(report, text);
    text_char(text, '.');
    keep(text, sheet->runs);
    for (unsigned i = 0; i < report->column_count; i++) {
        text_clear(&price);
        if (sheet->answer[i].failures > 0 &&
            locks_price(report, report->column[i].counts, &price))
            text_printf(text, "%s: on average %s. ", report->column[i].name, text_get(&price));
    }
    text_fini(&price);
    keep(text, sheet->price);
}

static int fill(struct sheet *sheet, const struct locks_report *report)
{
    struct plot *plot = &sheet->plot;
    struct text text;
    int result = 0;

    *plot = (struct plot){.title = sheet->title, .subtitle = sheet->subtitle,
                          .notes = {sheet->runs, sheet->price},
                          .x = {.label = "frame locks already held", .unit = PLOT_COUNT,
                                .high = HELD_SHOWN_LEAST},
                          .y = {.label = "lock attempts that failed", .unit = PLOT_PERCENT,
                                .high = 1},
                          .series_count = report->column_count, .level = report->target,
                          .level_text = sheet->level};
    for (unsigned i = 0; i < report->column_count && result == 0; i++) {
        locks_answer(report->column[i].counts, report->target, &sheet->answer[i]);
        result = add_series(sheet, report, i);
        name_series(sheet, report, i);
        mark_series(sheet, report, i);
    }
    text_init(&text);
    add_head(sheet, report, &text);
    add_foot(sheet, report, &text);
    text_fini(&text);
    return result;
}

int locks_plot(const struct locks_report *report, enum plot_kind kind, plot_write_fn *write,
               void *ctx)
{
    struct sheet *sheet = calloc(1, sizeof *sheet);
    int result;

    if (sheet == NULL)
        return -ENOMEM;
    result = fill(sheet, report);
    if (result == 0)
        result = plot_render(&sheet->plot, kind, write, ctx);
    for (unsigned i = 0; i < report->column_count; i++)
        free(sheet->points[i]);
    free(sheet);
    return result;
}
