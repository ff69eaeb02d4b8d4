/* SPDX-License-Identifier: MIT */
/* Which thread a CPU runs.
 *
 * Windows runs the ready thread of highest priority, lets a thread of higher priority preempt at
 * once, and makes threads of equal priority take turns when a quantum has passed ("Scheduling
 * Priorities", "Context Switches"). Ours do the same from one set of ready queues. A thread that
 * becomes ready goes to the CPU it ran on if that one is idle, else to an idle one the seed draws,
 * else it preempts the CPU with the lowest priority below its own. UNDOC: which of several idle
 * CPUs, and the length of the quantum (two clock ticks here, as on a client system). A priority
 * boost lasts until quanta have eaten it. */
#include "ke/thread.h"

#define QUANTUM_NS (UINT64_C(2) * KE_TIME_INCREMENT_100NS * 100)

static uint32_t bit_of(unsigned number)
{
    return UINT32_C(1) << number;
}

/* ---- Ready queues ---------------------------------------------------------------------------- */

static void enqueue(struct ke *ke, struct ke_thread *thread, bool at_head)
{
    struct list_node *queue = &ke->ready.queue[thread->priority];

    thread->state = KE_THREAD_READY;
    thread->chosen = false;
    if (at_head)
        list_insert_head(queue, &thread->link);
    else
        list_insert_tail(queue, &thread->link);
    ke->ready.priorities |= bit_of((unsigned)thread->priority);
}

static void dequeue(struct ke *ke, struct ke_thread *thread)
{
    list_remove(&thread->link);
    if (list_is_empty(&ke->ready.queue[thread->priority]))
        ke->ready.priorities &= ~bit_of((unsigned)thread->priority);
}

/* The best thread that may run on the CPU, of at least the lowest priority asked for. */
static struct ke_thread *find_ready(struct ke *ke, unsigned cpu, int lowest)
{
    uint32_t priorities = ke->ready.priorities;

    while (priorities) {
        int priority = (int)bits_highest(priorities);
        struct ke_thread *thread;

        if (priority < lowest)
            return NULL;
        list_for_each_entry(thread, &ke->ready.queue[priority], link) {
            if (thread->affinity & bit_of(cpu))
                return thread;
        }
        priorities &= ~bit_of((unsigned)priority);
    }
    return NULL;
}

/* ---- A thread becomes ready ------------------------------------------------------------------ */

static int busy_with(const struct ke_cpu *cpu)
{
    return cpu->next ? cpu->next->priority : cpu->current->priority;
}

static struct ke_cpu *choose_idle(struct ke *ke, const struct ke_thread *thread)
{
    uint32_t idle = 0;
    uint64_t skip;

    for (unsigned i = 0; i < ke->cpu_count; i++) {
        if ((thread->affinity & bit_of(i)) && busy_with(&ke->cpus[i]) == KE_IDLE_PRIORITY)
            idle |= bit_of(i);
    }
    if (!idle)
        return NULL;
    if (idle & bit_of(thread->cpu))
        return &ke->cpus[thread->cpu];
    skip = sim_rng_below(&ke->threads->rng, bits_count(idle));
    while (skip--)
        idle &= idle - 1;
    return &ke->cpus[bits_lowest(idle)];
}

static struct ke_cpu *choose_lowest(struct ke *ke, const struct ke_thread *thread)
{
    struct ke_cpu *best = NULL;

    for (unsigned i = 0; i < ke->cpu_count; i++) {
        struct ke_cpu *cpu = &ke->cpus[(thread->cpu + i) % ke->cpu_count];

        if ((thread->affinity & bit_of(cpu->number)) &&
            (!best || busy_with(cpu) < busy_with(best)))
            best = cpu;
    }
    return best && busy_with(best) < thread->priority ? best : NULL;
}

static void choose_for(struct ke *ke, struct ke_cpu *cpu, struct ke_thread *thread)
{
    if (cpu->next)
        enqueue(ke, cpu->next, true);
    cpu->next = thread;
    thread->state = KE_THREAD_READY;
    thread->chosen = true;
    thread->cpu = cpu->number;
    ke_cpu_request(ke, cpu, KE_PENDING_SWITCH);
}

/* Boosts stay in the range of ordinary priorities: a real-time thread is never boosted (KeSetEvent,
 * Increment; "Priority Boosts"). */
static void boost(struct ke_thread *thread, KPRIORITY increment)
{
    int boosted = thread->base_priority + increment;

    if (increment <= 0 || thread->base_priority >= LOW_REALTIME_PRIORITY)
        return;
    if (boosted >= LOW_REALTIME_PRIORITY)
        boosted = LOW_REALTIME_PRIORITY - 1;
    if (boosted > thread->priority)
        thread->priority = boosted;
}

static void place(struct ke *ke, struct ke_thread *thread)
{
    struct ke_cpu *cpu = choose_idle(ke, thread);

    if (!cpu)
        cpu = choose_lowest(ke, thread);
    if (cpu)
        choose_for(ke, cpu, thread);
    else
        enqueue(ke, thread, false);
}

void ke_ready(struct ke *ke, struct ke_thread *thread, KPRIORITY increment)
{
    boost(thread, increment);
    place(ke, thread);
}

/* ---- Switching ------------------------------------------------------------------------------- */

static void account(struct ke *ke, struct ke_thread *from, struct ke_thread *to)
{
    uint64_t now_ns = ke->trace->now_ns;

    from->run_ns += now_ns - from->running_since_ns;
    to->running_since_ns = now_ns;
}

static void switch_to(struct ke *ke, struct ke_thread *to)
{
    struct ke_cpu *cpu = ke->cpu;
    struct ke_thread *from = cpu->current;

    weir_assert(cpu->irql < DISPATCH_LEVEL);
    account(ke, from, to);
    from->irql = cpu->irql;
    cpu->current = to;
    cpu->rotate = false;
    cpu->quantum_end_ns = to->idle ? UINT64_MAX : ke->trace->now_ns + QUANTUM_NS;
    to->state = KE_THREAD_RUNNING;
    to->chosen = false;
    to->cpu = cpu->number;
    ke_set_irql(ke, to->irql);
    ke_pcr_set_thread(ke, cpu->number, (PKTHREAD)to->object);
    TRACE_CLASSED(ke->trace, sched, thread_switch, from->id, to->id);
    sim_cpu_run_fiber(ke->sim, cpu->number, to->fiber);
    /* Here again, perhaps on another CPU. */
    if (weir_unlikely(!list_is_empty(&ke->threads->dead)))
        ke_threads_reap(ke);
}

static struct ke_thread *take_next(struct ke *ke, struct ke_cpu *cpu, int lowest)
{
    struct ke_thread *next = cpu->next;

    if (next) {
        cpu->next = NULL;
        return next;
    }
    next = find_ready(ke, cpu->number, lowest);
    if (next)
        dequeue(ke, next);
    return next;
}

void ke_switch_away(struct ke *ke)
{
    struct ke_thread *next = take_next(ke, ke->cpu, 0);

    ke->cpu->pending &= ~(uint32_t)KE_PENDING_SWITCH;
    switch_to(ke, next ? next : ke->cpu->idle);
}

void ke_reschedule(struct ke *ke)
{
    struct ke_cpu *cpu = ke->cpu;
    struct ke_thread *current = cpu->current;
    struct ke_thread *next;

    cpu->pending &= ~(uint32_t)KE_PENDING_SWITCH;
    if (!(current->affinity & bit_of(cpu->number))) {
        place(ke, current);
        ke_switch_away(ke);
        return;
    }
    next = take_next(ke, cpu, current->priority + (cpu->rotate ? 0 : 1));
    if (!next) {
        cpu->rotate = false;
        return;
    }
    if (!current->idle)
        enqueue(ke, current, !cpu->rotate);
    switch_to(ke, next);
}

void ke_quantum_end(struct ke *ke, struct ke_cpu *cpu)
{
    struct ke_thread *thread = cpu->current;

    cpu->quantum_end_ns = ke->trace->now_ns + QUANTUM_NS;
    if (thread->priority > thread->base_priority)
        thread->priority--;
    if (cpu->next || !find_ready(ke, cpu->number, thread->priority))
        return;
    cpu->rotate = true;
    ke_cpu_request(ke, cpu, KE_PENDING_SWITCH);
}

void ke_yield_thread(struct ke *ke)
{
    ke->cpu->rotate = true;
    ke->cpu->pending |= KE_PENDING_SWITCH;
    ke_deliver(ke);
}

/* ---- Changes --------------------------------------------------------------------------------- */

/* A chosen or queued thread is placed anew; a running one gives way if someone ready is better
 * now. */
static void replace(struct ke *ke, struct ke_thread *thread)
{
    struct ke_cpu *cpu = &ke->cpus[thread->cpu];

    if (thread->state == KE_THREAD_READY) {
        if (thread->chosen)
            cpu->next = NULL;
        place(ke, thread);
        if (cpu->pending & KE_PENDING_SWITCH)
            sim_cpu_wake(ke->sim, cpu->number);
    } else if (thread->state == KE_THREAD_RUNNING) {
        ke_cpu_request(ke, cpu, KE_PENDING_SWITCH);
    }
}

void ke_set_priority(struct ke *ke, struct ke_thread *thread, int priority)
{
    bool queued = thread->state == KE_THREAD_READY && !thread->chosen;

    if (queued)
        dequeue(ke, thread);
    thread->priority = priority;
    thread->base_priority = priority;
    replace(ke, thread);
}

void ke_set_affinity(struct ke *ke, struct ke_thread *thread, uint32_t affinity)
{
    bool queued = thread->state == KE_THREAD_READY && !thread->chosen;

    if (queued)
        dequeue(ke, thread);
    thread->affinity = affinity;
    if (thread->state == KE_THREAD_READY ||
        (thread->state == KE_THREAD_RUNNING && !(affinity & bit_of(thread->cpu))))
        replace(ke, thread);
    ke_deliver_pending(ke);
}
