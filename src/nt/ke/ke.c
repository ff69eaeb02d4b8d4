/* SPDX-License-Identifier: MIT */
/* The kernel's life: making it, its rooms, calls out into drivers and the thunks they call in
 * through. The simulation asks two things of us: what to do when a CPU goes on (deliver.c) and
 * which one that is. */
#include "ke/internal.h"

#include <string.h>

#include "ke/thread.h"

static const uint64_t ke_magic = 0x6b65726e656c2121u; /* "kernel!!" */

struct ke *ke_ambient;

struct ke *ke_current(void)
{
    return ke_ambient;
}

struct sim *ke_sim(struct ke *ke)
{
    return ke->sim;
}

struct trace *ke_trace(struct ke *ke)
{
    return ke->trace;
}

enum ke_windows ke_windows(struct ke *ke)
{
    return ke->config.windows;
}

void ke_set_room(struct ke *ke, enum ke_room room, void *state)
{
    weir_assert(room < KE_ROOM_COUNT);
    ke->rooms[room] = state;
}

void *ke_room(struct ke *ke, enum ke_room room)
{
    weir_assert(room < KE_ROOM_COUNT);
    return ke->rooms[room];
}

/* ---- Creation -------------------------------------------------------------------------------- */

static void on_cpu_switch(void *ctx, unsigned cpu)
{
    struct ke *ke = ctx;

    ke->cpu = &ke->cpus[cpu];
    ke->trace->irql = ke->cpu->irql;
    ke_pcr_select(ke, cpu);
}

static void on_resume(void *ctx, unsigned cpu)
{
    struct ke *ke = ctx;

    (void)cpu;
    if (weir_unlikely(ke->trace->now_ns >= ke->cpu->quantum_end_ns))
        ke_quantum_end(ke, ke->cpu);
    ke_deliver_pending(ke);
}

static int cpu_create(struct ke *ke, unsigned number)
{
    struct ke_cpu *cpu = &ke->cpus[number];
    int error;

    cpu->number = number;
    cpu->quantum_end_ns = UINT64_MAX;
    for (unsigned i = 0; i < KE_IRQLS; i++)
        list_init(&cpu->vectors[i]);
    cpu->dpc_queue = ke_threads_dpc_queue(ke, number);
    InitializeListHead(cpu->dpc_queue);
    error = sim_guest_stack_create(ke->sim, KE_GUEST_STACK_BYTES, &cpu->isr_stack_va);
    if (!error)
        error = sim_guest_stack_create(ke->sim, KE_GUEST_STACK_BYTES, &cpu->dpc_stack_va);
    return error;
}

static void cpu_destroy(struct ke *ke, struct ke_cpu *cpu)
{
    if (cpu->isr_stack_va)
        sim_guest_stack_destroy(ke->sim, cpu->isr_stack_va);
    if (cpu->dpc_stack_va)
        sim_guest_stack_destroy(ke->sim, cpu->dpc_stack_va);
}

static int create_parts(struct ke *ke)
{
    int error = ke_bugcheck_create(ke);

    if (!error)
        error = ke_pcr_create(ke);
    if (!error)
        error = ke_timers_create(ke);
    if (!error)
        error = ke_interrupts_create(ke);
    if (!error)
        error = ke_threads_create(ke);
    for (unsigned cpu = 0; !error && cpu < ke->cpu_count; cpu++)
        error = cpu_create(ke, cpu);
    if (!error)
        error = ke_threads_create_idle(ke);
    if (!error)
        error = ke_trap_create(ke);
    return error;
}

int ke_create(const struct ke_config *config, struct ke **out)
{
    static const struct sim_hooks hooks = {.on_resume = on_resume, .on_cpu_switch = on_cpu_switch};
    struct ke *ke = calloc(1, sizeof *ke);
    int error;

    if (!ke)
        return -ENOMEM;
    weir_assert(!ke_ambient);
    ke->magic = ke_magic;
    ke->config = *config;
    ke->sim = config->sim;
    ke->trace = sim_trace(config->sim);
    ke->cpu_count = sim_cpus(config->sim);
    ke->cpu = &ke->cpus[0];
    for (unsigned i = 0; i < KE_PRIORITIES; i++)
        list_init(&ke->ready.queue[i]);
    ke_ambient = ke;
    error = create_parts(ke);
    if (error) {
        ke_destroy(ke);
        return error;
    }
    sim_set_hooks(ke->sim, &hooks, ke);
    *out = ke;
    return 0;
}

/* The simulation has ended: what its fibers were in the middle of stays as it is. */
void ke_destroy(struct ke *ke)
{
    if (!ke)
        return;
    weir_assert(ke->magic == ke_magic);
    weir_assert(!sim_fiber_current());
    sim_set_hooks(ke->sim, &(struct sim_hooks){0}, NULL);
    ke_trap_destroy(ke);
    ke_threads_destroy(ke);
    for (unsigned cpu = 0; cpu < ke->cpu_count; cpu++)
        cpu_destroy(ke, &ke->cpus[cpu]);
    ke_interrupts_destroy(ke);
    ke_timers_destroy(ke);
    ke_pcr_destroy(ke);
    ke_bugcheck_destroy(ke);
    map_fini(&ke->thunks);
    map_fini(&ke->kinterrupts);
    ke->magic = 0;
    ke_ambient = NULL;
    free(ke);
}

/* ---- Thunks ---------------------------------------------------------------------------------- */

void ke_set_thunk_ops(struct ke *ke, const struct ke_thunk_ops *ops, void *ctx)
{
    ke->thunk_ops = ops;
    ke->thunk_ctx = ctx;
}

static uint64_t bind(struct ke *ke, const struct ke_handout *slot)
{
    uint32_t thunk;
    int error;

    if (ke->thunk_ops)
        return ke->thunk_ops->bind(ke->thunk_ctx, slot);
    error = sim_thunk_bind(ke->sim, slot->host_fn, slot->stack_args, &thunk);
    weir_assert(error == 0);
    return sim_thunk_va(ke->sim, thunk);
}

void *ke_thunk_handout(const struct ke_handout *slot)
{
    struct ke *ke = ke_ambient;
    void *known = map_get(&ke->thunks, (uint64_t)slot->host_fn);
    int error;

    if (known)
        return known;
    known = (void *)bind(ke, slot);
    error = map_set(&ke->thunks, (uint64_t)slot->host_fn, known);
    weir_assert(error == 0);
    return known;
}

void *ke_thunk(const void *host_fn, const char *name, unsigned stack_args)
{
    struct ke_handout slot = {.host_fn = host_fn, .name = name, .stack_args = stack_args};

    return ke_thunk_handout(&slot);
}

/* A function that ends in a jump to ours (a tail call) left nothing of itself on the stack: what we
 * would return to is the gate. Then the function that the gate entered is the best answer there
 * is. */
uint64_t ke_caller_of(const struct sim_boundary *boundary)
{
    if (boundary == NULL || boundary->direction != SIM_TO_HOST)
        return 0;
    if (boundary->guest_rip == sim_gate_return_va(ke_current()->sim) && boundary->previous != NULL)
        return boundary->previous->target;
    return boundary->guest_rip;
}

uint64_t ke_caller_va(void)
{
    struct sim_fiber *fiber = sim_fiber_current();

    return ke_caller_of(fiber ? sim_boundary_newest(fiber) : NULL);
}
