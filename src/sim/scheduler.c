/* SPDX-License-Identifier: MIT */
/* The scheduler: which CPU goes on, and what time it is.
 *
 * A CPU is runnable, or it is parked: idle, or stalling until a moment that an event marks. Whoever
 * parks hands on to a runnable CPU drawn from the seed; when there is none, time jumps to the next
 * event, which may wake one. A yield point of a runnable CPU keeps going except for one draw in
 * sixteen.
 *
 * A CPU that spins is runnable but waits for another one. When every runnable CPU has done nothing
 * but spin for two whole rounds, only an event can help: time jumps to it. Without one that is a
 * deadlock. Two rounds, because in the first one a CPU may still have released something between
 * two spins. */
#include "sim/private.h"

static uint32_t bit_of(unsigned cpu)
{
    return UINT32_C(1) << cpu;
}

static uint32_t others(const struct sim *sim)
{
    return sim->runnable & ~bit_of(sim->current);
}

static unsigned pick(struct sim *sim, uint32_t mask)
{
    uint64_t skip;

    if ((mask & (mask - 1)) == 0)
        return bits_lowest(mask);
    skip = sim_rng_below(&sim->schedule, bits_count(mask));
    while (skip--)
        mask &= mask - 1;
    return bits_lowest(mask);
}

/* Whether a yield point hands on: four random bits are zero. */
static bool draw_switch(struct sim *sim)
{
    _Static_assert(SIM_SWITCH_ONE_IN == 16, "four bits");
    bool hit;

    if (sim->draws_left == 0) {
        sim->draws = sim_rng_u64(&sim->schedule);
        sim->draws_left = 16;
    }
    hit = (sim->draws & 15) == 0;
    sim->draws >>= 4;
    sim->draws_left--;
    return hit;
}

static void progress(struct sim *sim)
{
    sim->spinning = 0;
    sim->spin_rounds = 0;
}

/* Returns when the CPU that calls is picked again. */
static void hand_on(struct sim *sim, unsigned to)
{
    unsigned from = sim->current;

    if (to == from)
        return;
    TRACE_CLASSED(sim->trace, sched, cpu_switch, from, to);
    sim->current = to;
    sim->trace->cpu = (uint8_t)to;
    sim->hooks.on_cpu_switch(sim->hooks_ctx, to);
    sim_fiber_switch(sim, sim->cpu_fiber[to]);
}

/* Guest code that goes round and round keeps time moving: nothing else would end it. */
static void take_turn(struct sim *sim)
{
    sim->turns_left--;
    if (weir_unlikely(sim->turns_left == 0 || sim->now_ns >= sim->patient_until_ns))
        sim_stop(sim, SIM_STOPPED_BY_PATIENCE);
}

static void go_on(struct sim *sim)
{
    take_turn(sim);
    sim->hooks.on_resume(sim->hooks_ctx, sim->current);
}

static void pass_time(struct sim *sim, uint64_t cost_ns)
{
    sim->now_ns += cost_ns;
    sim->trace->now_ns = sim->now_ns;
    if (weir_unlikely(sim->now_ns >= sim->next_due_ns))
        sim_events_fire(sim);
}

void sim_yield(struct sim *sim, uint64_t cost_ns)
{
    weir_assert(!sim->firing);
    progress(sim);
    pass_time(sim, cost_ns ? cost_ns : sim->yield_cost_ns);
    if (others(sim) && draw_switch(sim))
        hand_on(sim, pick(sim, others(sim)));
    go_on(sim);
}

/* This CPU is not runnable; returns when it is and has been picked. */
static void park(struct sim *sim)
{
    while (!sim->runnable) {
        take_turn(sim);
        if (!sim_events_jump(sim))
            sim_stop(sim, SIM_STOPPED_BY_STALL);
    }
    hand_on(sim, pick(sim, sim->runnable));
}

void sim_idle(struct sim *sim)
{
    progress(sim);
    sim->runnable &= ~bit_of(sim->current);
    park(sim);
    go_on(sim);
}

struct stall {
    struct sim *sim;
    unsigned cpu; /* where the fiber that stalls is now */
};

static void stall_ends(void *ctx)
{
    struct stall *stall = ctx;

    sim_cpu_wake(stall->sim, stall->cpu);
}

void sim_stall(struct sim *sim, uint64_t delay_ns)
{
    uint64_t until_ns = sim->now_ns + delay_ns;
    struct stall stall = {.sim = sim};
    struct sim_event end;

    progress(sim);
    if (!others(sim) && until_ns < sim->next_due_ns) {
        pass_time(sim, delay_ns);
        go_on(sim);
        return;
    }
    sim_event_init(&end, stall_ends, &stall);
    sim_event_arm(sim, &end, until_ns);
    while (sim->now_ns < until_ns) {
        stall.cpu = sim->current;
        sim->runnable &= ~bit_of(sim->current);
        park(sim);
        go_on(sim);
    }
    sim_event_cancel(sim, &end);
}

bool sim_spin(struct sim *sim)
{
    uint32_t fresh;

    pass_time(sim, sim->yield_cost_ns);
    sim->spinning |= bit_of(sim->current);
    if (!(sim->runnable & ~sim->spinning)) {
        sim->spinning = bit_of(sim->current);
        if (++sim->spin_rounds > 2) {
            progress(sim);
            if (!sim_events_jump(sim))
                return false;
        }
    }
    fresh = others(sim) & ~sim->spinning;
    if (fresh)
        hand_on(sim, pick(sim, fresh));
    go_on(sim);
    return true;
}

void sim_cpu_wake(struct sim *sim, unsigned cpu)
{
    weir_assert(cpu < sim->cpus);
    sim->runnable |= bit_of(cpu);
    progress(sim);
}

unsigned sim_cpu_current(struct sim *sim)
{
    return sim->current;
}

void sim_cpu_run_fiber(struct sim *sim, unsigned cpu, struct sim_fiber *fiber)
{
    weir_assert(cpu < sim->cpus);
    sim->cpu_fiber[cpu] = fiber;
    if (sim_ambient_fiber && cpu == sim->current) {
        progress(sim);
        sim_fiber_switch(sim, fiber);
    }
}

int sim_run(struct sim *sim)
{
    unsigned first;

    weir_assert(!sim_ambient_fiber);
    for (unsigned cpu = 0; cpu < sim->cpus; cpu++)
        weir_assert(sim->cpu_fiber[cpu]);
    if (sim->stopped)
        return sim->stop_reason;
    sim->runnable = sim->cpus == 32 ? UINT32_MAX : bit_of(sim->cpus) - 1;
    first = pick(sim, sim->runnable);
    sim->current = first;
    sim->trace->cpu = (uint8_t)first;
    sim->hooks.on_cpu_switch(sim->hooks_ctx, first);
    sim_fiber_switch(sim, sim->cpu_fiber[first]);
    sim->trace->cpu = TRACE_NO_CPU;
    weir_assert(sim->stopped);
    return sim->stop_reason;
}

void sim_set_patience(struct sim *sim, uint64_t turns, uint64_t duration_ns)
{
    weir_assert(turns > 0);
    sim->turns_left = turns;
    sim->patient_until_ns =
        duration_ns < UINT64_MAX - sim->now_ns ? sim->now_ns + duration_ns : UINT64_MAX;
}

void sim_spend_patience(struct sim *sim, uint64_t turns)
{
    sim->turns_left -= turns < sim->turns_left ? turns : sim->turns_left - 1;
}

void sim_stop(struct sim *sim, int reason)
{
    if (!sim->stopped)
        sim->stop_reason = reason;
    sim->stopped = true;
    if (sim_ambient_fiber)
        sim_fiber_switch(sim, &sim->host);
}
