/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

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

static double rank(const struct bench_series *series, double where)
{
    double sorted[BENCH_ROUNDS_MAX];

    if (series->count == 0)
        return 0;
    memcpy(sorted, series->value, series->count * sizeof sorted[0]);
    qsort(sorted, series->count, sizeof sorted[0], compare);
    return sorted[(unsigned)(where * (series->count - 1))];
}

double bench_median(const struct bench_series *series)
{
    return rank(series, 0.5);
}

double bench_min(const struct bench_series *series)
{
    return rank(series, 0);
}

double bench_max(const struct bench_series *series)
{
    return rank(series, 1);
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

static bool first_figure;

static void machine_line(char *text, size_t size)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[512];

    snprintf(text, size, "unknown CPU");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "model name", 10) == 0) {
            line[strcspn(line, "\n")] = 0;
            snprintf(text, size, "%s", strchr(line, ':') + 2);
            break;
        }
    }
    if (file != NULL)
        fclose(file);
}

void bench_begin(const char *name)
{
    char machine[256];

    machine_line(machine, sizeof machine);
    first_figure = true;
    printf("{\"bench\": \"%s\", \"machine\": \"%s\", \"page_bytes\": 4096, \"figures\": [", name,
           machine);
}

void bench_figure(const char *name, const char *unit, const struct bench_series *series)
{
    printf("%s\n  {\"name\": \"%s\", \"unit\": \"%s\", \"min\": %.4g, \"median\": %.4g, \"max\": "
           "%.4g, "
           "\"rounds\": %u}",
           first_figure ? "" : ",", name, unit, bench_min(series), bench_median(series),
           bench_max(series), series->count);
    first_figure = false;
}

void bench_value(const char *name, const char *unit, double value)
{
    printf("%s\n  {\"name\": \"%s\", \"unit\": \"%s\", \"value\": %.4g}", first_figure ? "" : ",",
           name, unit, value);
    first_figure = false;
}

void bench_end(void)
{
    printf("\n]}\n");
}
