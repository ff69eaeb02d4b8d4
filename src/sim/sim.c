/* SPDX-License-Identifier: MIT */
/* One simulation: making it, taking it apart, and the small questions about it. */
#include "sim/private.h"

#include <string.h>

static const uint64_t sim_magic = 0x73696d756c617465u; /* "simulate" */

static void nothing(void *ctx, unsigned cpu)
{
    (void)ctx;
    (void)cpu;
}

static void init_fields(struct sim *sim, const struct sim_config *config)
{
    sim->magic = sim_magic;
    sim->seed = config->seed;
    sim->cpus = config->cpus;
    sim->trace = config->trace;
    sim->yield_cost_ns = config->yield_cost_ns ? config->yield_cost_ns : SIM_YIELD_COST_NS;
    sim->hooks = (struct sim_hooks){.on_resume = nothing, .on_cpu_switch = nothing};
    sim->host.sim = sim;
    sim->turns_left = UINT64_MAX;
    sim->patient_until_ns = UINT64_MAX;
    list_init(&sim->fibers);
    sim_rng_init(&sim->schedule, config->seed, "schedule");
    sim_rng_init(&sim->space, config->seed, "space");
}

int sim_create(const struct sim_config *config, struct sim **out)
{
    struct sim *sim;
    int error;

    if (config->cpus == 0 || config->cpus > SIM_CPUS_MAX || !config->trace)
        return -EINVAL;
    sim = calloc(1, sizeof *sim);
    if (!sim)
        return -ENOMEM;
    init_fields(sim, config);
    sim_space_create(sim);
    error = sim_events_create(sim);
    if (!error)
        error = sim_thunks_create(sim);
    if (error) {
        sim_destroy(sim);
        return error;
    }
    *out = sim;
    return 0;
}

void sim_destroy(struct sim *sim)
{
    if (!sim)
        return;
    weir_assert(sim->magic == sim_magic);
    weir_assert(!sim_ambient_fiber);
    sim_fibers_destroy(sim);
    sim_guest_stacks_destroy(sim);
    sim_thunks_destroy(sim);
    sim_events_destroy(sim);
    sim_space_destroy(sim);
    sim->magic = 0;
    free(sim);
}

void sim_set_hooks(struct sim *sim, const struct sim_hooks *hooks, void *ctx)
{
    sim->hooks.on_resume = hooks->on_resume ? hooks->on_resume : nothing;
    sim->hooks.on_cpu_switch = hooks->on_cpu_switch ? hooks->on_cpu_switch : nothing;
    sim->hooks_ctx = ctx;
}

void sim_set_pace(struct sim *sim, sim_pace_fn *pace, void *ctx)
{
    sim->pace = pace;
    sim->pace_ctx = ctx;
}

struct trace *sim_trace(struct sim *sim)
{
    return sim->trace;
}

uint64_t sim_seed(struct sim *sim)
{
    return sim->seed;
}

unsigned sim_cpus(struct sim *sim)
{
    return sim->cpus;
}

uint64_t sim_now_ns(struct sim *sim)
{
    return sim->now_ns;
}
