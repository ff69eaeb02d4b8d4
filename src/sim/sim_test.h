/* SPDX-License-Identifier: MIT */
/* For sim's tests: a simulation with a trace that drops everything but keeps the last records. */
#ifndef WEIR_SIM_SIM_TEST_H
#define WEIR_SIM_SIM_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "sim/sim.h"
#include "trace/trace.h"

enum { WORLD_RING = 1 << 14 };

struct world {
    struct trace_ring *ring;
    struct trace trace;
    struct trace_reader reader;
    struct sim *sim;
    uint64_t digest; /* of every record read so far */
    uint64_t records;
};

static void world_drain(void *ctx)
{
    struct world *world = ctx;
    struct trace_event event;

    while (trace_reader_next(&world->reader, &event) == 1) {
        world->digest = hash_combine(world->digest, hash_bytes(&event, sizeof event, 0));
        world->records++;
    }
}

static inline void world_open(struct world *world, uint64_t seed, unsigned cpus)
{
    struct sim_config config = {.seed = seed, .cpus = cpus, .trace = &world->trace};

    memset(world, 0, sizeof *world);
    world->ring = aligned_alloc(64, bits_align_up(trace_ring_size_bytes(WORLD_RING), 64));
    assert_non_null(world->ring);
    trace_ring_init(world->ring, WORLD_RING);
    trace_reader_init(&world->reader, world->ring, WORLD_RING);
    trace_init(&world->trace, world->ring,
               TRACE_CLASS_always | TRACE_CLASS_call | TRACE_CLASS_sched, world_drain, world);
    assert_int_equal(sim_create(&config, &world->sim), 0);
}

static inline void world_close(struct world *world)
{
    sim_destroy(world->sim);
    world_drain(world);
    trace_fini(&world->trace);
    free(world->ring);
}

#endif
