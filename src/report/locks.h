/* SPDX-License-Identifier: MIT */
/* How many frame locks can a driver hold? Counted from the events of many runs, told as a table, a
 * sentence, JSON and a plot.
 *
 * Supporting DMA in 64-Bit AVStream Drivers warns that a driver that holds many frame locks at once
 * runs out of resources, and does not say how many are many: that depends on card, memory, frame
 * size and luck. So each lock attempt counts, by how many locks the pin held when it was made. The
 * share of attempts that failed has an interval after Wilson, 95 %, which takes attempts for
 * independent; those of one run are only nearly so, which is why many seeds are run.
 *
 * A column is one card treated in one way. Columns are counted apart (in several processes, and
 * added up) and told side by side. Order: counts by locks_event and locks_add, then the answers.
 * Not here: running the machines. */
#ifndef WEIR_REPORT_LOCKS_H
#define WEIR_REPORT_LOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "report/plot.h"
#include "report/report.h"

enum { LOCKS_HELD_MAX = 1024, LOCKS_COLUMNS_MAX = PLOT_SERIES_MAX };

struct locks_level {
    uint64_t attempts, failures;
};
struct locks_counts {
    struct locks_level level[LOCKS_HELD_MAX + 1]; /* by locks held before; more count as the last */
    uint64_t transfers, registers, bounce_bytes, direct_bytes; /* mapped for DMA */
    uint64_t frames; /* delivered */
};
void locks_event(struct locks_counts *counts, const struct trace_event *event);
void locks_add(struct locks_counts *to, const struct locks_counts *from);

struct locks_rate {
    double rate, low, high; /* all 0, 0, 1 without attempts */
};
void locks_rate(const struct locks_level *level, struct locks_rate *out);

struct locks_answer {
    uint64_t attempts, failures;
    unsigned most_held; /* the largest number of locks held at one time */
    /* Locks that can be held so that each of them, when it was made, failed with less than the
     * target: by the upper end of the interval, and by the share that was seen. */
    unsigned sure, seen;
    unsigned half; /* with so many held, half of the attempts failed; LOCKS_HELD_MAX + 1: never */
};
void locks_answer(const struct locks_counts *counts, double target, struct locks_answer *out);
/* Attempts at one level, none failed, after which it is sure that fewer than the target fail. */
uint64_t locks_attempts_wanted(double target);

struct locks_column {
    const char *name; /* "grabber32, remapped" */
    const char *card, *card_parameters, *way, *iommu;
    bool force_bounce;
    struct report_format format;
    unsigned runs, broken_runs;
    const struct locks_counts *counts;
};
struct locks_incident { /* a run that did not end as it should */
    unsigned column;
    uint64_t seed;
    unsigned buffers;
    const char *text;
};
struct locks_report {
    const char *version, *driver;
    uint64_t ram_bytes, low_memory_bytes;
    unsigned low_memory_pressure; /* percent */
    uint32_t map_registers, buffer_offset_bytes;
    const char *pages, *windows;
    unsigned cpus;
    uint64_t seed_first, seed_last;
    const unsigned *buffers; /* grows */
    unsigned buffer_count;
    uint64_t frames, seconds; /* a run; one of them is 0 */
    double target;
    struct locks_column column[LOCKS_COLUMNS_MAX];
    unsigned column_count;
    const struct locks_incident *incidents;
    unsigned incident_count; /* of those listed; broken_runs counts all */
};
void locks_text(const struct locks_report *report, struct text *out);
/* One sentence a column. */
void locks_conclusion(const struct locks_report *report, unsigned column, struct text *out);
/* docs/locks.md describes it. The caller frees the result; NULL: no memory. */
char *locks_json(const struct locks_report *report);
/* As plot_render. -ENODATA: no lock was ever tried. */
int locks_plot(const struct locks_report *report, enum plot_kind kind, plot_write_fn *write,
               void *ctx);

#endif
