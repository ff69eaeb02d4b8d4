/* SPDX-License-Identifier: MIT */
/* Fibers: a host stack with a guard page below it, and usually a guest stack. A fiber that does not
 * run is one saved rsp; what it will go on with lies on its stack (switch.S). AddressSanitizer is
 * told of every switch, because it must know which stack is live. */
#include "sim/private.h"

#include <stdio.h>
#include <string.h>

#if SIM_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

struct sim_fiber *sim_ambient_fiber;

struct sim_fiber *sim_fiber_current(void)
{
    return sim_ambient_fiber;
}

static void switch_starts(struct sim_fiber *from, const struct sim_fiber *to)
{
#if SIM_ASAN
    __sanitizer_start_switch_fiber(&from->asan_fake_stack, to->host_base, to->host_bytes);
#else
    (void)from;
    (void)to;
#endif
}

static void switch_ended(struct sim_fiber *now, struct sim *sim)
{
#if SIM_ASAN
    const void *bottom;
    size_t size;

    __sanitizer_finish_switch_fiber(now->asan_fake_stack, &bottom, &size);
    if (!sim->host.host_base) {
        sim->host.host_base = (uint8_t *)bottom;
        sim->host.host_bytes = size;
    }
#else
    (void)now;
    (void)sim;
#endif
}

void sim_fiber_switch(struct sim *sim, struct sim_fiber *to)
{
    struct sim_fiber *from = sim_ambient_fiber ? sim_ambient_fiber : &sim->host;

    if (from == to)
        return;
    sim_ambient_fiber = to == &sim->host ? NULL : to;
    switch_starts(from, to);
    sim_switch(&from->rsp, to->rsp);
    switch_ended(from, sim);
}

/* Called by sim_fiber_first. */
_Noreturn void sim_fiber_main(struct sim_fiber *fiber);
_Noreturn void sim_fiber_main(struct sim_fiber *fiber)
{
    switch_ended(fiber, fiber->sim);
    fiber->run(fiber->ctx);
    weir_assert_failed(__FILE__, __LINE__, "a fiber's function does not return");
}

/* What sim_switch pops: control words, r15 r14 r13 r12 rbx rbp, return address. */
static void prepare_stack(struct sim_fiber *fiber)
{
    uint64_t *top = (uint64_t *)(void *)(fiber->host_base + fiber->host_bytes);
    uint64_t *frame = top - 10;

    memset(frame, 0, 10 * sizeof *frame);
    frame[0] = (uint64_t)0x037f << 32 | 0x1f80; /* both as at program start */
    frame[5] = (uint64_t)fiber;
    frame[7] = (uint64_t)sim_fiber_first;
    fiber->rsp = (uint64_t)frame;
}

static int host_stack_create(struct sim_fiber *fiber, size_t size_bytes)
{
    void *base;
    size_t usable = bits_align_up(size_bytes ? size_bytes : SIM_HOST_STACK_BYTES, HOST_PAGE_SIZE);
    size_t whole = usable + HOST_PAGE_SIZE;
    int error = host_map(-1, 0, whole, HOST_READ | HOST_WRITE, &base);

    if (error)
        return error;
    error = host_protect((uint64_t)base, HOST_PAGE_SIZE, HOST_NONE);
    if (error) {
        host_unmap(base, whole);
        return error;
    }
    fiber->host_base = base;
    fiber->host_bytes = whole;
    return 0;
}

static void host_stack_destroy(struct sim_fiber *fiber)
{
#if SIM_ASAN
    /* Its frames were never left, and the addresses come back to somebody. */
    __asan_unpoison_memory_region(fiber->host_base, fiber->host_bytes);
#endif
    host_unmap(fiber->host_base, fiber->host_bytes);
}

int sim_fiber_create(struct sim *sim, const char *name, sim_fiber_fn *run, void *ctx,
                     size_t host_stack_bytes, size_t guest_stack_bytes, struct sim_fiber **out)
{
    struct sim_fiber *fiber = calloc(1, sizeof *fiber);
    int error;

    if (!fiber)
        return -ENOMEM;
    error = host_stack_create(fiber, host_stack_bytes);
    if (error)
        goto free_fiber;
    if (guest_stack_bytes) {
        error = sim_guest_stack_create(sim, guest_stack_bytes, &fiber->guest_top_va);
        if (error)
            goto free_host_stack;
    }
    fiber->sim = sim;
    fiber->thunks = sim->thunks;
    fiber->run = run;
    fiber->ctx = ctx;
    snprintf(fiber->name, sizeof fiber->name, "%s", name);
    prepare_stack(fiber);
    list_insert_tail(&sim->fibers, &fiber->link);
    *out = fiber;
    return 0;

free_host_stack:
    host_stack_destroy(fiber);
free_fiber:
    free(fiber);
    return error;
}

void sim_fiber_destroy(struct sim *sim, struct sim_fiber *fiber)
{
    if (!fiber)
        return;
    weir_assert(fiber != sim_ambient_fiber);
    if (fiber->guest_top_va)
        sim_guest_stack_destroy(sim, fiber->guest_top_va);
    host_stack_destroy(fiber);
    list_remove(&fiber->link);
    free(fiber);
}

void sim_fibers_destroy(struct sim *sim)
{
    struct sim_fiber *fiber;
    struct sim_fiber *following;

    list_for_each_entry_safe(fiber, following, &sim->fibers, link)
        sim_fiber_destroy(sim, fiber);
}

void sim_fiber_set_owner(struct sim_fiber *fiber, void *owner)
{
    fiber->owner = owner;
}

void *sim_fiber_owner(struct sim_fiber *fiber)
{
    return fiber->owner;
}

struct sim *sim_fiber_sim(struct sim_fiber *fiber)
{
    return fiber->sim;
}

void sim_fiber_host_stack(struct sim_fiber *fiber, uint64_t *low, uint64_t *top)
{
    *low = (uint64_t)fiber->host_base + HOST_PAGE_SIZE;
    *top = (uint64_t)fiber->host_base + fiber->host_bytes;
}
