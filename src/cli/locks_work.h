/* SPDX-License-Identifier: MIT */
/* The runs of `weir locks`: as `weir run` makes one, many of them, as many at a time as there are
 * CPUs. Several machines mean several processes: workers, each of which supervises one machine
 * after the other and counts its locks into memory shared with us. What comes out does not depend
 * on how many there are: counts are sums, and of what went wrong the first runs are told. Not a
 * door. */
#ifndef WEIR_CLI_LOCKS_WORK_H
#define WEIR_CLI_LOCKS_WORK_H

#include "cli/locks_options.h"
#include "super/super.h"

enum { LOCKS_INCIDENTS_MAX = 8, LOCKS_TEXT_BYTES = 320 };

struct locks_broken_run {
    unsigned run; /* its number: column by column, in a column by buffers, then by seeds */
    char text[LOCKS_TEXT_BYTES];
};
struct locks_results {
    struct locks_counts *counts; /* of each column */
    struct super_format format[LOCKS_COLUMNS_MAX];
    bool has_format[LOCKS_COLUMNS_MAX];
    unsigned broken_runs[LOCKS_COLUMNS_MAX];
    struct locks_broken_run broken[LOCKS_INCIDENTS_MAX]; /* the first of all */
    unsigned broken_count; /* of those kept */
};

/* 0, or an exit code after one clear message. *out is zeroed first; locks_results_fini in any
 * case. */
int locks_work(const struct locks_options *options, const void *driver_bytes,
               size_t driver_size_bytes, struct locks_results *out);
void locks_results_fini(struct locks_results *results);
/* Which column, buffers and seed a run's number means. */
void locks_run_place(const struct locks_options *options, unsigned run, unsigned *column,
                     unsigned *buffers, uint64_t *seed);

#endif
