/* SPDX-License-Identifier: MIT */
/* For the tests of mm and of rooms above it: a simulation, a kernel and memory, without a running
 * machine. Events land in a ring that testbed_events reads. Include after cmocka.h. */
#ifndef WEIR_NT_MM_TESTBED_H
#define WEIR_NT_MM_TESTBED_H

#include <stdlib.h>
#include <string.h>

#include "ke/ke.h"
#include "mm/mm.h"
#include "trace/rules.h"

enum { TESTBED_RING = 1 << 14 };

struct testbed {
    struct trace_ring *ring;
    struct trace_reader reader;
    struct trace trace;
    struct sim *sim;
    struct ke *ke;
    struct mm *mm;
};

static inline void testbed_start_as(struct testbed *bed, uint64_t seed, enum ke_windows windows,
                                    const struct mm_config *config)
{
    struct sim_config sim = {.seed = seed, .cpus = 1, .trace = &bed->trace};
    struct ke_config ke = {.windows = windows};

    memset(bed, 0, sizeof *bed);
    bed->ring = calloc(1, trace_ring_size_bytes(TESTBED_RING));
    assert_non_null(bed->ring);
    trace_ring_init(bed->ring, TESTBED_RING);
    bed->ring->closed = 1; /* a test that reads nothing does not wait */
    trace_reader_init(&bed->reader, bed->ring, TESTBED_RING);
    trace_init(&bed->trace, bed->ring, TRACE_CLASS_always, NULL, NULL);
    assert_int_equal(sim_create(&sim, &bed->sim), 0);
    ke.sim = bed->sim;
    ke.ram_pages = config->ram_bytes >> MM_PAGE_SHIFT;
    assert_int_equal(ke_create(&ke, &bed->ke), 0);
    assert_int_equal(mm_create(bed->ke, config, &bed->mm), 0);
}

static inline void testbed_start(struct testbed *bed, uint64_t seed, const struct mm_config *config)
{
    testbed_start_as(bed, seed, KE_WINDOWS_10, config);
}

static inline void testbed_stop(struct testbed *bed)
{
    mm_destroy(bed->mm);
    ke_destroy(bed->ke);
    sim_destroy(bed->sim);
    trace_fini(&bed->trace);
    free(bed->ring);
}

/* Runs fn on a thread of the kernel until somebody stops the simulation; the reason. */
static inline int testbed_run(struct testbed *bed, ke_thread_fn *fn, void *ctx)
{
    struct ke_thread *thread;

    assert_int_equal(ke_thread_start(bed->ke, "test", fn, ctx, &thread), 0);
    return sim_run(bed->sim);
}

/* Events of this type since the last call; the newest one in *last. All others are skipped. */
static inline unsigned testbed_events(struct testbed *bed, enum trace_type type,
                                      struct trace_event *last)
{
    struct trace_event event;
    unsigned count = 0;

    while (trace_reader_next(&bed->reader, &event) == 1) {
        if (event.type == type) {
            *last = event;
            count++;
        }
    }
    return count;
}

/* Findings of this rule since the last call. */
static inline unsigned testbed_findings(struct testbed *bed, enum verify_rule rule)
{
    struct trace_event event;
    unsigned count = 0;

    while (trace_reader_next(&bed->reader, &event) == 1)
        count += event.type == TRACE_finding && event.arg[0] == (uint64_t)rule;
    return count;
}

/* Of every rule. */
static inline unsigned testbed_all_findings(struct testbed *bed)
{
    struct trace_event event;
    unsigned count = 0;

    while (trace_reader_next(&bed->reader, &event) == 1)
        count += event.type == TRACE_finding;
    return count;
}

#endif
