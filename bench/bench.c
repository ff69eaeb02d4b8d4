/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

void bench_add(struct bench_series *series, double value)
{
    if (series->count < BENCH_ROUNDS_MAX)
        series->value[series->count++] = value;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

double bench_rank(const struct bench_series *series, double share)
{
    double sorted[BENCH_ROUNDS_MAX];

    if (series->count == 0)
        return 0;
    memcpy(sorted, series->value, series->count * sizeof sorted[0]);
    qsort(sorted, series->count, sizeof sorted[0], compare);
    return sorted[(unsigned)(share * (series->count - 1))];
}

double bench_median(const struct bench_series *series)
{
    return bench_rank(series, 0.5);
}

double bench_min(const struct bench_series *series)
{
    return bench_rank(series, 0);
}

double bench_max(const struct bench_series *series)
{
    return bench_rank(series, 1);
}

uint64_t bench_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void bench_pin(unsigned cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        perror("bench: cannot pin");
}

long bench_involuntary_switches(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_nivcsw;
}

unsigned bench_rounds(const char *text)
{
    unsigned long rounds = text != NULL ? strtoul(text, NULL, 10) : BENCH_ROUNDS;

    if (rounds == 0 || rounds > BENCH_ROUNDS_MAX) {
        fprintf(stderr, "bench: 1 to %d rounds, not \"%s\"\n", BENCH_ROUNDS_MAX, text);
        exit(2);
    }
    return (unsigned)rounds;
}

/* ---- Comparisons ----------------------------------------------------------------------------- */

static const double jump_ns = 2e6;

/* The host took the CPU away: the side took far longer than it can. */
static bool jumped(double ns, double *shortest_ns)
{
    if (ns < *shortest_ns)
        *shortest_ns = ns;
    return ns > *shortest_ns + jump_ns;
}

void bench_duel(struct bench_pair *pair, unsigned rounds, const struct bench_side *reference,
                const struct bench_side *subject)
{
    double shortest_reference_ns = reference->run(reference->ctx);
    double shortest_subject_ns = subject->run(subject->ctx);

    memset(pair, 0, sizeof *pair);
    for (unsigned i = 0; i < 3 * rounds && pair->ratio.count < rounds; i++) {
        bool subject_first = i % 2 != 0;
        long switches = bench_involuntary_switches();
        double subject_ns = subject_first ? subject->run(subject->ctx) : 0;
        double reference_ns = reference->run(reference->ctx);
        bool disturbed;

        if (!subject_first)
            subject_ns = subject->run(subject->ctx);
        disturbed = bench_involuntary_switches() != switches;
        disturbed |= reference_ns == 0 || subject_ns == 0;
        disturbed |= jumped(reference_ns, &shortest_reference_ns);
        disturbed |= jumped(subject_ns, &shortest_subject_ns);
        if (disturbed) {
            pair->dropped++;
            continue;
        }
        bench_add(&pair->reference, reference_ns);
        bench_add(&pair->subject, subject_ns);
        bench_add(&pair->ratio, reference_ns / subject_ns);
    }
}

void bench_solo(struct bench_series *series, unsigned rounds, const struct bench_side *side)
{
    double shortest_ns = side->run(side->ctx);

    series->count = 0;
    for (unsigned i = 0; i < 3 * rounds && series->count < rounds; i++) {
        long switches = bench_involuntary_switches();
        double ns = side->run(side->ctx);

        if (!jumped(ns, &shortest_ns) && ns != 0 && bench_involuntary_switches() == switches)
            bench_add(series, ns);
    }
}

/* ---- Output ---------------------------------------------------------------------------------- */

static bool first_figure;

/* What stands behind "key" in a file of lines "key : value"; false when there is no such line. */
static bool line_of(const char *path, const char *key, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    char line[8192];
    bool found = false;

    while (!found && file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');

        line[strcspn(line, "\n")] = 0;
        found = colon != NULL && strncmp(line, key, strlen(key)) == 0;
        if (found)
            snprintf(text, size, "%.*s", (int)size - 1, colon + 2);
    }
    if (file != NULL)
        fclose(file);
    return found;
}

static void print_flags(const char *all)
{
    static const char *const flags[] = {"sse2", "avx2", "avx512f", "erms", "fsrm", "hypervisor"};
    const char *separator = "";

    for (unsigned i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        char word[32];

        snprintf(word, sizeof word, " %s ", flags[i]);
        if (strstr(all, word) == NULL)
            continue;
        printf("%s%s", separator, flags[i]);
        separator = " ";
    }
}

/* Which of the words of a kernel setting stands in brackets. */
static void chosen(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    char line[256] = "";

    snprintf(text, size, "unknown");
    if (file == NULL)
        return;
    if (fgets(line, sizeof line, file) != NULL && strchr(line, '[') != NULL) {
        const char *word = strchr(line, '[') + 1;

        snprintf(text, size, "%.*s", (int)strcspn(word, "]"), word);
    }
    fclose(file);
}

static void print_machine(void)
{
    char model[256] = "unknown CPU", flags[8192] = "", huge[64];
    struct utsname system;

    line_of("/proc/cpuinfo", "model name", model, sizeof model);
    line_of("/proc/cpuinfo", "flags", flags, sizeof flags);
    chosen("/sys/kernel/mm/transparent_hugepage/shmem_enabled", huge, sizeof huge);
    uname(&system);
    printf("{\"cpu\": \"%s\", \"cpus\": %ld, \"flags\": \"", model, sysconf(_SC_NPROCESSORS_ONLN));
    print_flags(flags);
    printf("\", \"page_bytes\": %ld, \"huge_pages_of_memfd\": \"%s\", \"l2_bytes\": %ld, "
           "\"l3_bytes\": %ld, \"kernel\": \"%s\", \"compiler\": \"%s\"}",
           sysconf(_SC_PAGESIZE), huge, sysconf(_SC_LEVEL2_CACHE_SIZE),
           sysconf(_SC_LEVEL3_CACHE_SIZE), system.release, __VERSION__);
}

void bench_begin(const char *name)
{
    first_figure = true;
    printf("{\"bench\": \"%s\", \"machine\": ", name);
    print_machine();
    printf(", \"figures\": [");
}

static void begin_figure(const char *name, const char *unit)
{
    printf("%s\n  {\"name\": \"%s\", \"unit\": \"%s\", ", first_figure ? "" : ",", name, unit);
    first_figure = false;
}

static void print_range(const struct bench_series *series, double scale)
{
    printf("\"min\": %.4g, \"median\": %.4g, \"max\": %.4g", bench_min(series) / scale,
           bench_median(series) / scale, bench_max(series) / scale);
}

void bench_figure(const char *name, const char *unit, const struct bench_series *series)
{
    begin_figure(name, unit);
    print_range(series, 1);
    printf(", \"rounds\": %u}", series->count);
}

void bench_value(const char *name, const char *unit, double value)
{
    begin_figure(name, unit);
    printf("\"value\": %.4g}", value);
}

void bench_print_pair(const char *goal, const char *name, const char *unit, double scale,
                const struct bench_pair *pair)
{
    begin_figure(name, unit);
    printf("\"goal\": \"%s\", \"reference\": {", goal);
    print_range(&pair->reference, scale);
    printf("}, \"subject\": {");
    print_range(&pair->subject, scale);
    printf("}, \"ratio\": {");
    print_range(&pair->ratio, 1);
    printf("}, \"rounds\": %u, \"dropped\": %u}", pair->ratio.count, pair->dropped);
}

void bench_end(void)
{
    printf("\n]}\n");
}
