/* SPDX-License-Identifier: MIT */
/* What benchmarks share: rounds, medians, ratios, the line that says on which machine it ran.
 * Rules: pinned to one CPU, memory touched before; reference and subject in every round, order
 * swapped each round; a round in which the process was taken off the CPU, or in which a side took
 * 2 ms more than it ever did, is dropped and another one taken; minimum, median and maximum of both
 * sides and of the rounds' ratios; output as JSON. Figures are for people: nothing here is a test.
 */
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
/* The value that the share of the samples is not above: 0 the least, 0.5 the median, 1 the most. */
double bench_rank(const struct bench_series *series, double share);
double bench_median(const struct bench_series *series);
double bench_min(const struct bench_series *series);
double bench_max(const struct bench_series *series);

uint64_t bench_now_ns(void);
void bench_pin(unsigned cpu);
long bench_involuntary_switches(void);
/* The number of rounds a command line asks for; BENCH_ROUNDS when text is NULL. */
unsigned bench_rounds(const char *text);

/* One side of a comparison: does its work once and returns how long it took, in ns, without the
 * preparations; 0 when it knows that it was disturbed. */
typedef double bench_side_fn(void *ctx);
struct bench_side {
    bench_side_fn *run;
    void *ctx;
};
struct bench_pair {
    struct bench_series reference, subject; /* ns */
    struct bench_series ratio; /* reference / subject: above 1 the subject is faster */
    unsigned dropped; /* rounds */
};
/* Each side once unmeasured, then rounds until enough were kept, three times as many at most. */
void bench_duel(struct bench_pair *pair, unsigned rounds, const struct bench_side *reference,
                const struct bench_side *subject);
/* One side alone, by the same rules. */
void bench_solo(struct bench_series *series, unsigned rounds, const struct bench_side *side);

/* {"bench": name, "machine": {...}, "figures": [ ... ]} */
void bench_begin(const char *name);
void bench_figure(const char *name, const char *unit, const struct bench_series *series);
void bench_value(const char *name, const char *unit, double value);
/* Both sides in the unit, which is ns divided by scale; goal is the row of docs/PERFORMANCE.md. */
void bench_print_pair(const char *goal, const char *name, const char *unit, double scale,
                      const struct bench_pair *pair);
void bench_end(void);

#endif
