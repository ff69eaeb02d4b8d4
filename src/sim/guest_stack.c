/* SPDX-License-Identifier: MIT */
/* Guest stacks: usable pages between inaccessible ones, at seeded addresses. All are found again by
 * an address inside, so that stack limits can be told truthfully wherever guest code runs. */
#include "sim/private.h"

#if SIM_ASAN
#include <sanitizer/asan_interface.h>
#endif

static struct sim_guest_stack *find(struct sim *sim, uint64_t rsp)
{
    struct sim_guest_stack *stack;

    array_for_each(stack, &sim->guest_stacks) {
        /* rsp is the top itself before anything was pushed. */
        if (rsp >= stack->low_va && rsp <= stack->top_va)
            return stack;
    }
    return NULL;
}

int sim_guest_stack_create(struct sim *sim, size_t usable_bytes, uint64_t *top_va)
{
    struct sim_guest_stack stack;
    uint64_t size_bytes = bits_align_up(usable_bytes, HOST_PAGE_SIZE);
    int error = array_reserve(&sim->guest_stacks, sim->guest_stacks.count + 1);

    if (!error)
        error = sim_space_reserve(sim, false, size_bytes, HOST_PAGE_SIZE, &stack.low_va);
    if (error)
        return error;
    error = host_map_at(stack.low_va, -1, 0, size_bytes, HOST_READ | HOST_WRITE);
    if (error) {
        sim_space_release(sim, stack.low_va);
        return error;
    }
    stack.top_va = stack.low_va + size_bytes;
    error = array_push(&sim->guest_stacks, stack);
    weir_assert(error == 0);
    *top_va = stack.top_va;
    return 0;
}

static void release(struct sim *sim, const struct sim_guest_stack *stack)
{
    uint64_t size_bytes = stack->top_va - stack->low_va;

#if SIM_ASAN
    __asan_unpoison_memory_region((void *)stack->low_va, size_bytes);
#endif
    host_unmap((void *)stack->low_va, size_bytes);
    sim_space_release(sim, stack->low_va);
}

void sim_guest_stack_destroy(struct sim *sim, uint64_t top_va)
{
    struct sim_guest_stack *stack = find(sim, top_va);

    weir_assert(stack);
    weir_assert(stack->top_va == top_va);
    release(sim, stack);
    array_remove_at(&sim->guest_stacks, (size_t)(stack - sim->guest_stacks.items));
}

void sim_guest_stacks_destroy(struct sim *sim)
{
    struct sim_guest_stack *stack;

    array_for_each(stack, &sim->guest_stacks)
        release(sim, stack);
    array_fini(&sim->guest_stacks);
}

bool sim_guest_stack_range(struct sim *sim, uint64_t rsp, uint64_t *low_va, uint64_t *top_va)
{
    const struct sim_guest_stack *stack = find(sim, rsp);

    if (!stack)
        return false;
    *low_va = stack->low_va;
    *top_va = stack->top_va;
    return true;
}
