/* SPDX-License-Identifier: MIT */
/* What the files of ke share: the kernel's state and the doors between its halves. One half (cpu,
 * thread, wait, dpc, timer, interrupt ...) decides who runs; the other (trap, patch, pcr, unwind,
 * bugcheck, watchdog) takes what the processor throws. Neither reaches into the other's state:
 * struct ke holds one pointer for each part of the second half. Between two yield points nothing
 * else runs, so there are no locks. After anything that may yield, "this CPU" may be another one:
 * read it again. */
#ifndef WEIR_NT_KE_INTERNAL_H
#define WEIR_NT_KE_INTERNAL_H

#include "base/base.h"
#include "ke/ke.h"
#include "sim/cross.h"
#include "sim/sim.h"
#include "trace/rules.h"
#include "trace/trace.h"

enum {
    KE_THREADS_MAX = 1024,
    KE_THREAD_OBJECT_BYTES = 2048,
    KE_GUEST_STACK_BYTES = 0x6000,
    KE_PRIORITIES = 32,
    KE_VECTORS_MAX = 4096,
    KE_IRQLS = 16,
    KE_TICK_NS = 1000000, /* timers expire on this grid */
    KE_TIME_INCREMENT_100NS = 156250
};

#define KE_SPIN_LIMIT_NS UINT64_C(10000000000)

/* 2026-01-01 00:00:00 UTC in units of 100 ns since 1601: the system time at boot. */
#define KE_BOOT_TIME_100NS INT64_C(134116992000000000)

struct ke_interrupts;
struct ke_timers;
struct ke_threads;

/* Reasons to look further when a CPU goes on. */
enum { KE_PENDING_INTERRUPT = 1, KE_PENDING_DPC = 2, KE_PENDING_SWITCH = 4 };

struct ke_cpu {
    uint32_t number;
    uint32_t pending; /* KE_PENDING_* */
    KIRQL irql;
    bool in_dpc;
    uint8_t isr_depth;
    uint16_t pending_irqls; /* bit n: an interrupt of IRQL n waits */
    struct ke_thread *current;
    struct ke_thread *idle;
    struct ke_thread *next; /* chosen to run here as soon as IRQL allows */
    uint64_t quantum_end_ns;
    bool rotate; /* the current thread has used up its quantum: it goes to the tail */
    uint64_t isr_stack_va; /* tops of guest stacks */
    uint64_t dpc_stack_va;
    uint64_t raised_since_ns; /* when IRQL left the levels below DISPATCH_LEVEL */
    LIST_ENTRY *dpc_queue; /* in memory that drivers see: KDPCs link to it */
    struct list_node vectors[KE_IRQLS];
};

/* Threads that wait for a CPU, by priority. */
struct ke_ready {
    uint32_t priorities; /* bit n: queue n is not empty */
    struct list_node queue[KE_PRIORITIES];
};

enum { KE_NMI_CALLBACKS_MAX = 16 };

struct ke {
    uint64_t magic;
    struct sim *sim;
    struct trace *trace;
    struct ke_config config;
    unsigned cpu_count;
    struct ke_cpu *cpu; /* the one that runs */
    struct ke_cpu cpus[SIM_CPUS_MAX];
    struct ke_ready ready;
    struct ke_threads *threads;
    struct ke_timers *timers;
    struct ke_interrupts *interrupts;
    const void *nmi_callbacks[KE_NMI_CALLBACKS_MAX]; /* NULL: free */
    void *rooms[KE_ROOM_COUNT];
    const struct ke_thunk_ops *thunk_ops;
    void *thunk_ctx;
    struct map thunks; /* host function -> address drivers see */
    struct map kinterrupts; /* PKINTERRUPT -> struct ke_interrupt */
    /* The other half. */
    struct ke_pcrs *pcrs;
    struct ke_traps *traps;
    struct ke_modules *modules;
    struct ke_bug_check_state *bug_check;
    struct ke_watchdog *watchdog;
};

extern struct ke *ke_ambient; /* ke_current() without the call */

/* deliver.c: runs what this CPU's IRQL allows, interrupts first, then DPCs, then another thread. */
void ke_deliver(struct ke *ke);
static inline void ke_deliver_pending(struct ke *ke)
{
    if (weir_unlikely(ke->cpu->pending))
        ke_deliver(ke);
}
void ke_set_irql(struct ke *ke, KIRQL irql); /* of this CPU, and nothing else happens */
/* Work of these kinds (KE_PENDING_*) waits for the CPU. Callable from events. */
void ke_cpu_request(struct ke *ke, struct ke_cpu *cpu, uint32_t pending);
/* Waits for another CPU, since then; a deadlock is reported and ends the run. */
void ke_spin(struct ke *ke, const void *lock, uint64_t since_ns);
/* For events: host addresses differ from run to run and are shown as 0. */
static inline uint64_t ke_shown_va(const void *address)
{
    return sim_is_guest_visible((uint64_t)address) ? (uint64_t)address : 0;
}

/* call.c: as ke_call_args, but guest code starts at the top of this guest stack. */
uint64_t ke_call_on_stack(struct ke *ke, uint64_t top_va, const void *fn, unsigned count,
                          const uint64_t *args);

/* spin_lock.c: without a change of IRQL. */
/* The CPU holds the lock it asks for: a finding and bug check 0xF. */
void ke_spin_recursive(struct ke *ke, const void *lock);
void ke_spin_acquire(struct ke *ke, PKSPIN_LOCK lock);
void ke_spin_release(struct ke *ke, PKSPIN_LOCK lock);

/* interrupt.c */
int ke_interrupts_create(struct ke *ke);
void ke_interrupts_destroy(struct ke *ke);
void ke_interrupt_dispatch(struct ke *ke, struct ke_cpu *cpu); /* the highest one that waits */

/* dpc.c */
void ke_dpc_run_all(struct ke *ke);
/* On the CPU unless the DPC has a target; false when it is queued already. Callable from events. */
bool ke_dpc_queue(struct ke *ke, struct ke_cpu *cpu, PKDPC dpc, PVOID argument1, PVOID argument2);

/* crash.c: runs what drivers registered for the end, once a bug check has been reported. */
void ke_crash_callbacks(struct ke *ke);

/* timer.c */
int ke_timers_create(struct ke *ke);
void ke_timers_destroy(struct ke *ke);
/* When a documented due time (negative: relative) comes, on the grid of timers. */
uint64_t ke_due_ns(struct ke *ke, LONGLONG due_100ns);

/* ---- Asked of the other half ----------------------------------------------------------------- */
int ke_pcr_create(struct ke *ke); /* pcr.c: KPCRs, shared user data; fills ke->pcrs */
void ke_pcr_destroy(struct ke *ke);
void ke_pcr_select(struct ke *ke, unsigned cpu); /* GS base: this CPU goes on */
void ke_pcr_set_thread(struct ke *ke, unsigned cpu, PKTHREAD thread); /* gs:[188h] */
int ke_trap_create(struct ke *ke); /* trap.c: fills ke->traps, installs nothing yet */
void ke_trap_destroy(struct ke *ke);
int ke_bugcheck_create(struct ke *ke); /* bugcheck.c: fills ke->bug_check and ke->modules */
void ke_bugcheck_destroy(struct ke *ke);
bool ke_interrupts_enabled(struct ke *ke, unsigned cpu); /* trap.c: cli and sti */

/* ---- Offered to the other half --------------------------------------------------------------- */
/* Time as Windows shows it: on the grid of KE_TICK_NS, as clock interrupts would update it. */
uint64_t ke_interrupt_time_100ns(struct ke *ke);
uint64_t ke_system_time_100ns(struct ke *ke);
uint64_t ke_tick_count(struct ke *ke); /* units of KE_TIME_INCREMENT_100NS */
uint64_t ke_performance_counter(struct ke *ke); /* 10 MHz, exact */

#endif
