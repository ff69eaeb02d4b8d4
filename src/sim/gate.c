/* SPDX-License-Identifier: MIT */
/* From host to guest: lays out the guest's frame, then gate_entry.S changes stacks. The return
 * address that the guest function sees lies in the thunk region (thunk.c), so no host address stays
 * on a guest stack. */
#include "sim/private.h"

enum {
    HOME_SLOTS = 4,
    /* Above the first frame on a stack: a thunk copies stack arguments a caller may not have
     * passed. */
    TOP_BYTES = 8 * SIM_THUNK_STACK_ARGS_MAX + 64
};

/* Below the newest guest frame: what its call pushed ends 8 bytes under the rsp it returns to. */
static uint64_t next_frame(const struct sim_fiber *fiber)
{
    const struct sim_boundary *boundary = fiber->newest;

    while (boundary && boundary->direction != SIM_TO_HOST)
        boundary = boundary->previous;
    if (boundary)
        return boundary->guest_rsp - 8;
    weir_assert(fiber->guest_top_va);
    return fiber->guest_top_va - TOP_BYTES;
}

/* Not checked by the sanitizers: a guest stack that overflows here is the guest's fault, and a trap
 * handler says so. */
WEIR_NO_SANITIZE static void store_arguments(uint64_t rsp, unsigned count, const uint64_t *args)
{
    uint64_t *home = (uint64_t *)rsp;

    for (unsigned i = 0; i < count; i++)
        home[i] = args[i];
    for (unsigned i = count; i < HOME_SLOTS; i++)
        home[i] = 0;
}

uint64_t sim_gate(uint64_t target, unsigned count, const uint64_t *args, uint64_t guest_stack)
{
    struct sim_fiber *fiber = sim_ambient_fiber;
    unsigned slots = count < HOME_SLOTS ? HOME_SLOTS : count;
    uint64_t rsp;

    weir_assert(fiber);
    weir_assert(count <= SIM_GATE_ARGS_MAX);
    rsp = guest_stack ? guest_stack - TOP_BYTES : next_frame(fiber);
    rsp = bits_align_down(rsp - 8 * (uint64_t)slots, 16);
    store_arguments(rsp, count, args);
    return sim_gate_enter(target, rsp, fiber);
}

uint64_t sim_gate_return_va(struct sim *sim)
{
    return sim->thunks->gate_call_va + 2; /* behind its `call *%rax` */
}

struct sim_boundary *sim_boundary_newest(struct sim_fiber *fiber)
{
    return fiber->newest;
}

void sim_boundary_push(struct sim_fiber *fiber, struct sim_boundary *boundary)
{
    weir_assert(bits_is_aligned((uint64_t)boundary, 16));
    boundary->previous = fiber->newest;
    fiber->newest = boundary;
}

void sim_boundary_pop(struct sim_fiber *fiber, struct sim_boundary *boundary)
{
    weir_assert(fiber->newest == boundary);
    fiber->newest = boundary->previous;
}

uint64_t sim_fiber_host_rsp(struct sim_fiber *fiber)
{
    return (uint64_t)fiber->newest;
}
