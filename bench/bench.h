/* SPDX-License-Identifier: MIT */
/* What benchmarks share: rounds, medians, ratios, the line that says on which machine it ran.
 * Rules: pinned to one CPU; reference and subject in every round, order swapped each round; a round
 * in which the process was taken off the CPU is dropped; minimum, median and maximum of both sides
 * and the median of the rounds' ratios; output as JSON. Figures are for people: nothing here is a
 * test. */
#ifndef WEIR_BENCH_BENCH_H
#define WEIR_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BENCH_ROUNDS = 41, BENCH_ROUNDS_MAX = 400 };

struct bench_series {
    double value[BENCH_ROUNDS_MAX];
    unsigned count;
};
void bench_add(struct bench_series *series, double value);
double bench_median(const struct bench_series *series);
double bench_min(const struct bench_series *series);
double bench_max(const struct bench_series *series);

uint64_t bench_now_ns(void);
void bench_pin(unsigned cpu);
long bench_involuntary_switches(void);

/* {"bench": name, "machine": "...", "figures": [ ... ]} */
void bench_begin(const char *name);
void bench_figure(const char *name, const char *unit, const struct bench_series *series);
void bench_value(const char *name, const char *unit, double value);
void bench_end(void);

#endif
