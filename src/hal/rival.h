/* SPDX-License-Identifier: MIT */
/* The rival: everybody else who wants low memory. On a PC that is other drivers' bounce pages and
 * common buffers; here it is one seeded stream of takes and returns, so that a driver meets
 * scarcity that comes and goes, and the same seed brings the same.
 *
 * Told to hold P of the memory on average, it rearranges itself every 1 to 20 ms of virtual time:
 * sometimes it wants all it may have (never the last 40th), sometimes nothing, sometimes anything
 * between, as often as P demands. What others hold it takes when they give it back, before those
 * who wait. What it gives back itself goes to whoever waits, at DISPATCH_LEVEL, in its DPC.
 *
 * It is awake from the first request for low memory until two seconds of virtual time have passed
 * without another; then it gives all back, so that a machine in which nothing can happen any more
 * is seen to stand still. Owned by hal, one of it. */
#ifndef WEIR_HAL_RIVAL_H
#define WEIR_HAL_RIVAL_H

#include "base/base.h"
#include "mm/mm.h"
#include "sim/sim.h"

struct hal;
struct rival_clock;
struct rival_block {
    mm_pfn first;
    uint64_t pages;
};
struct hal_rival {
    uint64_t most_pages; /* it may hold; 0: there is no rival */
    uint32_t share; /* of most_pages, on average, per mille */
    uint64_t held_pages, target_pages;
    uint64_t wanted_ns; /* when low memory was last asked for */
    bool awake;
    struct rival_clock *clock; /* pool memory: the kernel's lists go through it */
    struct sim_rng rng;
    ARRAY(struct rival_block) blocks;
};

enum { RIVAL_PRESSURE_MAX = 950 /* per mille */ };

/* Reads hal->config.low_memory_pressure. 0, -EINVAL (more than the maximum) or -ENOMEM. */
int rival_init(struct hal *hal);
void rival_fini(struct hal *hal); /* what it holds goes back */
/* Somebody is about to ask for low memory. Up to DISPATCH_LEVEL. */
void rival_wake(struct hal *hal);
/* Somebody has given low memory back: the rival takes what it lacks. */
void rival_claim(struct hal *hal);

#endif
