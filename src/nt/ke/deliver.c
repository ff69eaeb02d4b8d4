/* SPDX-License-Identifier: MIT */
/* IRQL, and what waits for it to fall.
 *
 * Each processor runs at an interrupt request level. Interrupts come through only above it, DPCs
 * and thread switches only below DISPATCH_LEVEL. On x64 the level is CR8; here it is a byte of the
 * CPU's state, and what is held back shows in a mask of pending work. Each yield point, and each
 * drop of IRQL is one, ends in ke_deliver, which runs whatever has become possible, nested on the
 * fiber that was interrupted. */
#include "ke/internal.h"

#include "ke/thread.h"

KIRQL ke_irql(void)
{
    return ke_ambient->cpu->irql;
}

void ke_set_irql(struct ke *ke, KIRQL irql)
{
    struct ke_cpu *cpu = ke->cpu;

    if (irql >= DISPATCH_LEVEL && cpu->irql < DISPATCH_LEVEL)
        cpu->raised_since_ns = ke->trace->now_ns;
    cpu->irql = irql;
    ke->trace->irql = irql;
}

/* Not in events, whose work is delivered when the CPU goes on, and not before or after the run. */
static bool may_deliver(struct ke *ke)
{
    return sim_fiber_current() && !sim_in_event(ke->sim);
}

/* Raising to a lower level or lowering to a higher one ends Windows: bug checks 0x9 and 0xA, which
 * take the level asked for and the one it was (KeRaiseIrql and KeLowerIrql, Remarks). */
KIRQL ke_irql_raise(KIRQL to)
{
    struct ke *ke = ke_ambient;
    KIRQL old = ke->cpu->irql;

    if (weir_unlikely(to < old))
        ke_bug_check(0x09, old, to, 0, 0);
    ke_set_irql(ke, to);
    return old;
}

void ke_irql_lower(KIRQL to)
{
    struct ke *ke = ke_ambient;

    if (weir_unlikely(to > ke->cpu->irql))
        ke_bug_check(0x0A, ke->cpu->irql, to, 0, ke_caller_va());
    ke_set_irql(ke, to);
    if (may_deliver(ke))
        sim_yield(ke->sim, 0);
}

void ke_yield(void)
{
    sim_yield(ke_ambient->sim, 0);
}

void ke_cpu_request(struct ke *ke, struct ke_cpu *cpu, uint32_t pending)
{
    cpu->pending |= pending;
    sim_cpu_wake(ke->sim, cpu->number);
}

static bool interrupt_possible(struct ke *ke, const struct ke_cpu *cpu)
{
    return (cpu->pending & KE_PENDING_INTERRUPT) && bits_highest(cpu->pending_irqls) > cpu->irql &&
           ke_interrupts_enabled(ke, cpu->number);
}

void ke_deliver(struct ke *ke)
{
    if (!may_deliver(ke))
        return;
    for (;;) {
        struct ke_cpu *cpu = ke->cpu; /* a thread switch may change it */

        if (interrupt_possible(ke, cpu)) {
            ke_interrupt_dispatch(ke, cpu);
        } else if (cpu->irql >= DISPATCH_LEVEL) {
            return;
        } else if (cpu->pending & KE_PENDING_DPC) {
            ke_dpc_run_all(ke);
        } else if (cpu->pending & KE_PENDING_SWITCH) {
            ke_reschedule(ke);
        } else {
            return;
        }
    }
}

/* Two ways of never ending: nobody can do anything, or timers go on while CPUs spin. */
void ke_spin(struct ke *ke, const void *lock, uint64_t since_ns)
{
    if (weir_likely(sim_spin(ke->sim) && ke->trace->now_ns - since_ns < KE_SPIN_LIMIT_NS))
        return;
    KE_FINDING(ke, VERIFY_deadlock, ke_shown_va(lock));
    sim_stop(ke->sim, KE_STOP_STALL);
    weir_assert_failed(__FILE__, __LINE__, "a stopped simulation goes on");
}

KIRQL NTAPI KeGetCurrentIrql(void)
{
    return ke_irql();
}

KIRQL NTAPI KfRaiseIrql(KIRQL NewIrql)
{
    return ke_irql_raise(NewIrql);
}

void NTAPI KeLowerIrql(KIRQL NewIrql)
{
    ke_irql_lower(NewIrql);
}

KIRQL NTAPI KeRaiseIrqlToDpcLevel(void)
{
    return ke_irql_raise(DISPATCH_LEVEL);
}

/* UNDOC: SYNCH_LEVEL is 12 on x64 and no page says so for this function. */
KIRQL NTAPI KeRaiseIrqlToSynchLevel(void)
{
    return ke_irql_raise(12);
}
