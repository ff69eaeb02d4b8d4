/* SPDX-License-Identifier: MIT */
/* Threads: a fiber, a priority, and the public object that drivers wait on. The object lies in
 * memory that drivers see, followed by the thread's wait blocks, because lists of waiters run
 * through both. Our own state is struct ke_thread, found from the object by its place. ke_ready and
 * ke_thread_end_wait are callable from events; what switches threads needs IRQL below
 * DISPATCH_LEVEL. Not here: handles and process structures (ps). */
#ifndef WEIR_NT_KE_THREAD_H
#define WEIR_NT_KE_THREAD_H

#include "ke/internal.h"

enum ke_thread_state {
    KE_THREAD_READY, /* in a ready queue, or chosen by a CPU that has not switched yet */
    KE_THREAD_RUNNING,
    KE_THREAD_WAITING,
    KE_THREAD_HELD, /* created, and not released yet */
    KE_THREAD_ENDED
};

enum { KE_IDLE_PRIORITY = -1, KE_DEFAULT_PRIORITY = 8 };

/* In memory that drivers see. */
struct ke_thread_object {
    KTHREAD thread;
    KWAIT_BLOCK wait_blocks[THREAD_WAIT_OBJECTS];
    LIST_ENTRY mutants; /* owned, by MutantListEntry */
};

struct ke_thread {
    uint64_t magic;
    struct ke *ke;
    struct sim_fiber *fiber;
    struct ke_thread_object *object;
    uint64_t id;
    enum ke_thread_state state;
    int priority;
    int base_priority;
    uint32_t affinity; /* bit per CPU */
    uint32_t cpu; /* runs there, or did last */
    KIRQL irql; /* while it does not run */
    bool chosen; /* a CPU's next */
    bool idle; /* of a CPU; never waits, never in a queue */
    uint32_t references;
    struct list_node link; /* ready queue, or the list of the dead */

    PKWAIT_BLOCK wait_blocks; /* while it waits */
    uint32_t wait_count;
    bool wait_all;
    uint64_t wait_result; /* NTSTATUS, or the entry of a queue */
    struct sim_event wait_timeout;
    bool wait_next; /* KeSetEvent with Wait: the IRQL to go back to is kept */
    KIRQL wait_irql;
    struct _KQUEUE *queue; /* whose entries it works on */

    int16_t kernel_apc_disable;
    int16_t special_apc_disable;
    bool stack_swap_off;
    unsigned routine_depth; /* calls of our own routines in a driver's place: ke_call_args */
    uint64_t created_ns;
    uint64_t run_ns; /* up to the last switch */
    uint64_t running_since_ns;

    ke_thread_fn *fn;
    void *ctx;
    NTSTATUS exit_status;
    char name[32];
};

struct ke_threads {
    uint64_t region_va;
    struct ke_thread *slot[KE_THREADS_MAX];
    uint32_t free_slots[KE_THREADS_MAX]; /* a stack */
    uint32_t free_count;
    uint64_t last_id;
    struct list_node dead; /* ended, and nobody refers to them */
    struct sim_rng rng; /* which idle CPU */
};

int ke_threads_create(struct ke *ke);
int ke_threads_create_idle(struct ke *ke); /* one per CPU */
void ke_threads_destroy(struct ke *ke);
void ke_threads_reap(struct ke *ke);
/* List heads that drivers may see. */
LIST_ENTRY *ke_threads_dpc_queue(struct ke *ke, unsigned cpu);
LIST_ENTRY *ke_threads_crash_list(struct ke *ke);

static inline struct ke_thread *ke_this_thread(struct ke *ke)
{
    return ke->cpu->current;
}

/* schedule.c */
void ke_ready(struct ke *ke, struct ke_thread *thread, KPRIORITY increment);
void ke_reschedule(struct ke *ke); /* KE_PENDING_SWITCH was set */
void ke_quantum_end(struct ke *ke, struct ke_cpu *cpu);
void ke_switch_away(struct ke *ke); /* this thread waits or has ended */
void ke_yield_thread(struct ke *ke); /* to threads of the same priority */
void ke_set_priority(struct ke *ke, struct ke_thread *thread, int priority);
void ke_set_affinity(struct ke *ke, struct ke_thread *thread, uint32_t affinity);

#endif
