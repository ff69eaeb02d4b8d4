/* SPDX-License-Identifier: MIT */
/* The table and the sentences of `weir locks`, for people: two columns side by side fit a terminal
 * of 80. */
#include <inttypes.h>
#include <string.h>

#include "report/locks_words.h"

enum { SIDE_BY_SIDE = 2, BLOCK_COLUMNS = 38 };

void locks_size(uint64_t bytes, struct text *out)
{
    static const char *const units[] = {"", "K", "M", "G", "T"};
    unsigned unit = 0;

    while (unit + 1 < ARRAY_LEN(units) && bytes >= 1024 && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    text_printf(out, "%" PRIu64 "%s", bytes, units[unit]);
}

/* How many fit, if they take what they took on average. */
bool locks_price(const struct locks_report *report, const struct locks_counts *counts,
                 struct text *out)
{
    uint64_t registers, low_bytes;

    if (counts->transfers == 0 || counts->registers < counts->transfers)
        return false;
    registers = (counts->registers + counts->transfers / 2) / counts->transfers;
    low_bytes = counts->bounce_bytes / counts->transfers & ~UINT64_C(1023);
    text_printf(out, "a lock takes %" PRIu64 " of %" PRIu32 " map registers (room for %" PRIu64
                     ") and ", registers, report->map_registers,
                report->map_registers / registers);
    if (low_bytes == 0) {
        text_string(out, "no low memory");
        return true;
    }
    locks_size(low_bytes, out);
    text_string(out, " of ");
    locks_size(report->low_memory_bytes, out);
    text_printf(out, " of low memory (room for %" PRIu64 ")",
                report->low_memory_bytes / low_bytes);
    return true;
}

/* "1", "1 to 64", "1, 2, 4, 8". */
static void buffers_text(const struct locks_report *report, struct text *out)
{
    unsigned last = report->buffer_count - 1;

    if (last > 1 && report->buffers[last] - report->buffers[0] == last) {
        text_printf(out, "%u to %u", report->buffers[0], report->buffers[last]);
        return;
    }
    for (unsigned i = 0; i <= last; i++)
        text_printf(out, "%s%u", i > 0 ? ", " : "", report->buffers[i]);
}

void locks_runs(const struct locks_report *report, struct text *out)
{
    unsigned runs = 0;

    for (unsigned i = 0; i < report->column_count; i++)
        runs += report->column[i].runs;
    text_printf(out, "%u: ", runs);
    if (report->seed_first == report->seed_last)
        text_printf(out, "seed %" PRIu64, report->seed_first);
    else
        text_printf(out, "seeds %" PRIu64 " to %" PRIu64, report->seed_first, report->seed_last);
    text_string(out, ", buffers outstanding ");
    buffers_text(report, out);
    if (report->seconds > 0)
        text_printf(out, ", %" PRIu64 " s of virtual time each", report->seconds);
    else
        text_printf(out, ", %" PRIu64 " frames each", report->frames);
}

void locks_memory(const struct locks_report *report, struct text *out)
{
    text_string(out, "RAM ");
    locks_size(report->ram_bytes, out);
    text_string(out, ", low memory ");
    locks_size(report->low_memory_bytes, out);
    if (report->low_memory_pressure > 0)
        text_printf(out, ", of which others hold %u%% on average", report->low_memory_pressure);
}

static bool same_stream(const struct report_format *a, const struct report_format *b)
{
    return a->name != NULL && b->name != NULL && strcmp(a->name, b->name) == 0 &&
           a->frame_bytes == b->frame_bytes && a->width == b->width;
}

static void stream_text(const struct locks_column *column, const char *word, struct text *out)
{
    const struct report_format *format = &column->format;

    text_printf(out, "%-20s%s: ", word, column->name);
    if (format->name == NULL)
        text_string(out, "no format agreed on\n");
    else
        text_printf(out, "%s %" PRIu32 "x%" PRIu32 " at %.6g fps, %" PRIu64 " bytes a frame\n",
                    format->name, format->width, format->height,
                    format->rate_denominator != 0
                        ? (double)format->rate_numerator / format->rate_denominator
                        : 0.0,
                    format->frame_bytes);
}

static void head_text(const struct locks_report *report, struct text *out)
{
    text_printf(out, "%s: how many frame locks can it hold?\n", report->driver);
    text_string(out, "memory              ");
    locks_memory(report, out);
    text_printf(out, ", pages %s, at most %" PRIu32 " map registers\n", report->pages,
                report->map_registers);
    text_string(out, "runs                ");
    locks_runs(report, out);
    text_string(out, "\n");
    stream_text(&report->column[0], "streams", out);
    for (unsigned i = 1; i < report->column_count; i++) {
        if (!same_stream(&report->column[0].format, &report->column[i].format))
            stream_text(&report->column[i], "", out);
    }
}

/* ---- The table ------------------------------------------------------------------------------- */

static void table_head(const struct locks_report *report, unsigned first, unsigned end,
                       struct text *out)
{
    text_string(out, "\n    ");
    for (unsigned i = first; i < end; i++)
        text_printf(out, "  %-*.*s", i + 1 < end ? BLOCK_COLUMNS - 2 : 0, BLOCK_COLUMNS - 2,
                    report->column[i].name);
    text_string(out, "\nheld");
    for (unsigned i = first; i < end; i++)
        text_string(out, "  attempts failures    rate 95% interval");
    text_char(out, '\n');
}

static void table_cell(const struct locks_level *level, struct text *out)
{
    struct locks_rate rate;

    if (level->attempts == 0) {
        text_printf(out, "%10s%9s%8s%13s", "-", "-", "-", "-");
        return;
    }
    locks_rate(level, &rate);
    text_printf(out, "%10" PRIu64 "%9" PRIu64 "%7.1f%% %5.1f-%5.1f%%", level->attempts,
                level->failures, rate.rate * 100, rate.low * 100, rate.high * 100);
}

static bool any_attempt(const struct locks_report *report, unsigned first, unsigned end,
                        unsigned held)
{
    for (unsigned i = first; i < end; i++) {
        if (report->column[i].counts->level[held].attempts > 0)
            return true;
    }
    return false;
}

static void table_text(const struct locks_report *report, unsigned first, struct text *out)
{
    unsigned end = first + SIDE_BY_SIDE;

    if (end > report->column_count)
        end = report->column_count;
    table_head(report, first, end, out);
    for (unsigned held = 0; held <= LOCKS_HELD_MAX; held++) {
        if (!any_attempt(report, first, end, held))
            continue;
        text_printf(out, "%4u", held);
        for (unsigned i = first; i < end; i++)
            table_cell(&report->column[i].counts->level[held], out);
        text_char(out, '\n');
    }
}

/* ---- The sentences --------------------------------------------------------------------------- */

static void price_text(const struct locks_report *report, const struct locks_counts *counts,
                       struct text *out)
{
    struct text price;

    text_init(&price);
    if (locks_price(report, counts, &price))
        text_printf(out, " On average %s.", text_get(&price));
    text_fini(&price);
}

static void unfailing_text(const struct locks_report *report, const struct locks_answer *answer,
                           struct text *out)
{
    double per_cent = report->target * 100;

    if (answer->most_held == 1)
        text_string(out, "no lock failed; one at a time was held");
    else
        text_printf(out, "no lock failed; up to %u were held", answer->most_held);
    if (answer->most_held < report->buffers[report->buffer_count - 1])
        text_string(out, ", the driver holds no more");
    else
        text_string(out, ", as many as there were buffers");
    if (answer->sure == answer->most_held)
        text_printf(out, ". Each fails in fewer than %.4g%% of attempts (95%% sure).", per_cent);
    else
        text_printf(out, ". That fewer than %.4g%% fail is sure only up to %u: it takes %" PRIu64
                         " attempts at each number held, more seeds make them.",
                    per_cent, answer->sure, locks_attempts_wanted(report->target));
}

static void failing_text(const struct locks_report *report, const struct locks_counts *counts,
                         const struct locks_answer *answer, struct text *out)
{
    double per_cent = report->target * 100;
    struct locks_rate first;

    locks_rate(&counts->level[0], &first);
    if (answer->seen == 0)
        text_printf(out, "hold none: even with none held %.4g%% of the attempts failed.",
                    first.rate * 100);
    else if (answer->sure == 0)
        text_printf(out, "too few attempts to be sure of one lock at %.4g%%; up to %u stayed below "
                         "it.", per_cent, answer->seen);
    else
        text_printf(out, "hold at most %u frame lock%s: so many fail in fewer than %.4g%% of "
                         "attempts (95%% sure).", answer->sure, answer->sure == 1 ? "" : "s",
                    per_cent);
    if (answer->sure > 0 && answer->seen > answer->sure)
        text_printf(out, " Up to %u stayed below it, too few attempts to be sure.", answer->seen);
    if (answer->half > 0 && answer->half <= LOCKS_HELD_MAX)
        text_printf(out, " With %u held, at least half of the attempts failed.", answer->half);
}

void locks_conclusion(const struct locks_report *report, unsigned column, struct text *out)
{
    const struct locks_counts *counts = report->column[column].counts;
    struct locks_answer answer;

    locks_answer(counts, report->target, &answer);
    text_printf(out, "%s: ", report->column[column].name);
    if (answer.attempts == 0)
        text_string(out, "the driver never tried to lock a frame.");
    else if (answer.failures == 0)
        unfailing_text(report, &answer, out);
    else
        failing_text(report, counts, &answer, out);
    price_text(report, counts, out);
}

static void incidents_text(const struct locks_report *report, struct text *out)
{
    unsigned broken = 0;

    for (unsigned i = 0; i < report->column_count; i++)
        broken += report->column[i].broken_runs;
    if (broken == 0)
        return;
    text_printf(out, "\n%u of the runs did not end as they should; their locks up to then count\n",
                broken);
    for (unsigned i = 0; i < report->incident_count; i++) {
        const struct locks_incident *incident = &report->incidents[i];

        text_printf(out, "  %s, seed %" PRIu64 ", %u buffers: ",
                    report->column[incident->column].name, incident->seed, incident->buffers);
        text_shown(out, incident->text);
        text_char(out, '\n');
    }
    if (broken > report->incident_count)
        text_printf(out, "  and %u more\n", broken - report->incident_count);
}

void locks_text(const struct locks_report *report, struct text *out)
{
    head_text(report, out);
    for (unsigned first = 0; first < report->column_count; first += SIDE_BY_SIDE)
        table_text(report, first, out);
    text_char(out, '\n');
    for (unsigned i = 0; i < report->column_count; i++) {
        locks_conclusion(report, i, out);
        text_char(out, '\n');
    }
    incidents_text(report, out);
}
