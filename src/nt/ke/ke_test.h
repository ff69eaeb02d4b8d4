/* SPDX-License-Identifier: MIT */
/* For ke's tests: a machine of a few CPUs in which one thread of ours runs a test body, and its
 * trace. */
#ifndef WEIR_NT_KE_KE_TEST_H
#define WEIR_NT_KE_KE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "ke/ke.h"
#include "trace/rules.h"

enum { WORLD_RING = 1 << 14 };

struct world {
    struct trace_ring *ring;
    struct trace trace;
    struct trace_reader reader;
    struct sim *sim;
    struct ke *ke;
    int stopped; /* what sim_run returned */
    uint64_t digest;
    uint64_t events[TRACE_type_count];
    uint64_t rules[VERIFY_RULE_COUNT];
    uint64_t bug_check; /* 0: none */
    void (*body)(struct world *world);
};

static inline void world_drain(void *ctx)
{
    struct world *world = ctx;
    struct trace_event event;

    while (trace_reader_next(&world->reader, &event) == 1) {
        world->digest = hash_combine(world->digest, hash_bytes(&event, sizeof event, 0));
        world->events[event.type]++;
        if (event.type == TRACE_finding)
            world->rules[event.arg[0]]++;
        if (event.type == TRACE_bug_check)
            world->bug_check = event.arg[0];
    }
}

static inline void world_thread(void *ctx)
{
    struct world *world = ctx;

    world->body(world);
    sim_stop(world->sim, KE_STOP_DONE);
}

static inline void world_open(struct world *world, uint64_t seed, unsigned cpus)
{
    struct sim_config config = {.seed = seed, .cpus = cpus, .trace = &world->trace};
    struct ke_config ke_config = {.windows = KE_WINDOWS_10, .ram_pages = 65536};

    memset(world, 0, sizeof *world);
    world->ring = aligned_alloc(64, bits_align_up(trace_ring_size_bytes(WORLD_RING), 64));
    assert_non_null(world->ring);
    trace_ring_init(world->ring, WORLD_RING);
    trace_reader_init(&world->reader, world->ring, WORLD_RING);
    trace_init(&world->trace, world->ring,
               TRACE_CLASS_always | TRACE_CLASS_call | TRACE_CLASS_sched, world_drain, world);
    assert_int_equal(sim_create(&config, &world->sim), 0);
    ke_config.sim = world->sim;
    assert_int_equal(ke_create(&ke_config, &world->ke), 0);
}

static inline void world_close(struct world *world)
{
    ke_destroy(world->ke);
    sim_destroy(world->sim);
    world_drain(world);
    trace_fini(&world->trace);
    free(world->ring);
}

static inline void world_run(struct world *world, void (*body)(struct world *world))
{
    world->body = body;
    assert_int_equal(ke_thread_start(world->ke, "test", world_thread, world, NULL), 0);
    world->stopped = sim_run(world->sim);
}

/* A whole life; the world's counts stay to be looked at. */
static inline void world_live(struct world *world, uint64_t seed, unsigned cpus,
                              void (*body)(struct world *world))
{
    world_open(world, seed, cpus);
    world_run(world, body);
    world_close(world);
}

#define RUN(seed, cpus, body)                                                                      \
    do {                                                                                           \
        struct world run_world;                                                                    \
        world_live(&run_world, (seed), (cpus), (body));                                            \
        assert_int_equal(run_world.bug_check, 0);                                                  \
        assert_int_equal(run_world.events[TRACE_finding], 0);                                      \
        assert_int_equal(run_world.stopped, KE_STOP_DONE);                                         \
    } while (0)

#define RUN_INTO_BUG_CHECK(seed, cpus, body, code)                                                 \
    do {                                                                                           \
        struct world run_world;                                                                    \
        world_live(&run_world, (seed), (cpus), (body));                                            \
        assert_int_equal(run_world.bug_check, (code));                                             \
        assert_int_equal(run_world.stopped, KE_STOP_BUG_CHECK);                                    \
    } while (0)

static inline LARGE_INTEGER in_ms(int64_t ms)
{
    return (LARGE_INTEGER){.QuadPart = -ms * 10000};
}

static inline uint64_t now_us(void)
{
    return sim_now_ns(ke_sim(ke_current())) / 1000;
}

static inline void sleep_ms(int64_t ms)
{
    LARGE_INTEGER interval = in_ms(ms);

    assert_int_equal(KeDelayExecutionThread(KernelMode, FALSE, &interval), STATUS_SUCCESS);
}

static inline NTSTATUS wait_for(void *object)
{
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, NULL);
}

static inline NTSTATUS wait_ms(void *object, int64_t ms)
{
    LARGE_INTEGER timeout = in_ms(ms);

    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &timeout);
}

#endif
