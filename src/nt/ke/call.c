/* SPDX-License-Identifier: MIT */
/* Calls through a function pointer that a driver may have given us. It may be the driver's own
 * code, a thunk of ours that the driver passed on, or our own function: only the first changes
 * stacks.
 *
 * Guest code runs on the thread's guest stack, or on the CPU's stack for DPCs or interrupts when it
 * is called from one; a call nested in guest code that is already there goes on below it. */
#include "ke/internal.h"
#include "ke/thread.h"

typedef uint64_t WEIR_MS_ABI four_fn(uint64_t, uint64_t, uint64_t, uint64_t);
typedef uint64_t WEIR_MS_ABI sixteen_fn(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                        uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                        uint64_t, uint64_t, uint64_t, uint64_t);

/* Arguments that the function does not have do no harm: the caller cleans the stack. */
static uint64_t call_host(const void *fn, unsigned count, const uint64_t *args)
{
    uint64_t a[16] = {0};

    for (unsigned i = 0; i < count; i++)
        a[i] = args[i];
    if (count <= 4)
        return ((four_fn *)fn)(a[0], a[1], a[2], a[3]);
    return ((sixteen_fn *)fn)(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10],
                              a[11], a[12], a[13], a[14], a[15]);
}

static bool is_on(const struct sim_boundary *boundary, uint64_t top_va)
{
    return boundary && boundary->direction == SIM_TO_HOST &&
           top_va - boundary->guest_rsp < KE_GUEST_STACK_BYTES;
}

/* 0: go on where the newest guest frame is. */
static uint64_t choose_stack(struct ke *ke)
{
    const struct ke_cpu *cpu = ke->cpu;
    uint64_t top_va;

    if (cpu->isr_depth)
        top_va = cpu->isr_stack_va;
    else if (cpu->in_dpc)
        top_va = cpu->dpc_stack_va;
    else
        return 0;
    return is_on(sim_boundary_newest(sim_fiber_current()), top_va) ? 0 : top_va;
}

static void check_irql(struct ke *ke, const void *fn, KIRQL before)
{
    KIRQL after = ke->cpu->irql;

    if (weir_likely(after == before))
        return;
    TRACE(ke->trace, irql_mismatch, (uint64_t)fn, before, after, 0);
    TRACE(ke->trace, finding, VERIFY_callback_irql, (uint64_t)fn, before, after);
    ke_set_irql(ke, before);
}

static uint64_t call_guest(struct ke *ke, uint64_t stack_va, const void *fn, unsigned count,
                           const uint64_t *args)
{
    KIRQL before = ke->cpu->irql;
    uint64_t result;

    TRACE_CLASSED(ke->trace, call, guest_enter, (uint64_t)fn, 0, count > 0 ? args[0] : 0,
                  count > 1 ? args[1] : 0);
    result = sim_gate((uint64_t)fn, count, args, stack_va);
    check_irql(ke, fn, before);
    TRACE_CLASSED(ke->trace, call, guest_leave, (uint64_t)fn, 0, result);
    return result;
}

/* The function of ours that fn leads to, or NULL: guest code. */
static const void *host_function(struct ke *ke, const void *fn)
{
    if (!sim_is_guest_visible((uint64_t)fn))
        return fn;
    return sim_thunk_host_fn(ke->sim, (uint64_t)fn, NULL);
}

uint64_t ke_call_args(const void *fn, unsigned count, const uint64_t *args)
{
    struct ke *ke = ke_ambient;
    const void *host_fn = host_function(ke, fn);
    struct ke_thread *thread;
    uint64_t result;

    weir_assert(count <= SIM_GATE_ARGS_MAX);
    if (!host_fn)
        return call_guest(ke, choose_stack(ke), fn, count, args);
    if (!sim_fiber_current()) /* a pure function of ours, without a machine */
        return call_host(host_fn, count, args);
    thread = ke_this_thread(ke);
    thread->routine_depth++;
    result = call_host(host_fn, count, args);
    thread->routine_depth--;
    return result;
}

uint64_t ke_call_on_stack(struct ke *ke, uint64_t top_va, const void *fn, unsigned count,
                          const uint64_t *args)
{
    const void *host_fn = host_function(ke, fn);

    weir_assert(count <= SIM_GATE_ARGS_MAX);
    if (host_fn)
        return call_host(host_fn, count, args);
    return call_guest(ke, top_va, fn, count, args);
}
