/* SPDX-License-Identifier: MIT */
/* The simulation: fibers, the scheduler, virtual time, seeded random streams, fault points.
 *
 * One machine is one host thread. Code of ours runs on host stacks; the code under test, called
 * guest code here, runs on guest stacks of its own. A fiber is a host stack paired with a guest
 * stack. Gate (host to guest) and thunk (guest to host) switch between the two and leave a boundary
 * record on the host stack, so unwinding goes from record to record.
 *
 * A CPU runs one fiber at a time. sim_yield is the only place where another CPU may go on: the
 * scheduler draws from the seed. Interrupt work does not need fibers: sim_yield calls the on_resume
 * hook of the CPU that goes on, which runs handlers nested on the fiber that was interrupted (their
 * guest code on guest stacks of the CPU, see the guest_stack argument of sim_gate).
 *
 * Time is virtual, in nanoseconds. Each yield costs a little; when every CPU is idle, time jumps to
 * the next event. Events fire inside sim_yield or sim_idle, on the host stack of whoever runs, in
 * order of (due, sequence). An event function must not yield and must not call guest code.
 *
 * No Windows word here. No locking anywhere: there is nothing to lock. */
#ifndef WEIR_SIM_H
#define WEIR_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim;
struct sim_fiber;
struct trace;

/* ---- Seeded random streams ------------------------------------------------------------------- */
/* Streams with different names are independent; the same seed and name give the same numbers. */
struct sim_rng {
    uint64_t state[4];
};
void sim_rng_init(struct sim_rng *rng, uint64_t seed, const char *stream);
uint64_t sim_rng_u64(struct sim_rng *rng);
uint64_t sim_rng_below(struct sim_rng *rng, uint64_t bound); /* 0 <= result < bound; bound > 0 */
bool sim_rng_chance(struct sim_rng *rng, uint32_t numerator, uint32_t denominator);

/* ---- The simulation -------------------------------------------------------------------------- */
enum { SIM_CPUS_MAX = 32 };

struct sim_hooks {
    /* The CPU goes on after a yield: deliver what is pending. Called on its fiber, may nest. */
    void (*on_resume)(void *ctx, unsigned cpu);
    /* The CPU's fiber changed (sets GS base and the like). Called before the CPU goes on. */
    void (*on_cpu_switch)(void *ctx, unsigned cpu);
};

struct sim_config {
    uint64_t seed;
    unsigned cpus; /* 1 .. SIM_CPUS_MAX */
    struct trace *trace; /* borrowed; now_ns and cpu are kept up to date in it */
    uint32_t yield_cost_ns; /* virtual cost of one yield point; 0 means the default (50 ns) */
};

int sim_create(const struct sim_config *config, struct sim **out);
void sim_destroy(struct sim *sim);
void sim_set_hooks(struct sim *sim, const struct sim_hooks *hooks, void *ctx);
struct trace *sim_trace(struct sim *sim);
uint64_t sim_seed(struct sim *sim);
unsigned sim_cpus(struct sim *sim);

/* ---- Virtual time and events ----------------------------------------------------------------- */
uint64_t sim_now_ns(struct sim *sim);

typedef void sim_event_fn(void *ctx);
/* Caller's memory; zero it once with sim_event_init. Arming an armed event moves it. */
struct sim_event {
    uint64_t due_ns;
    uint64_t sequence;
    uint32_t heap_index; /* 0 = not armed */
    sim_event_fn *fire;
    void *ctx;
};
void sim_event_init(struct sim_event *event, sim_event_fn *fire, void *ctx);
void sim_event_arm(struct sim *sim, struct sim_event *event, uint64_t due_ns);
bool sim_event_cancel(struct sim *sim, struct sim_event *event); /* true if it was armed */
bool sim_in_event(struct sim *sim); /* an event function runs: no yield, no guest code */

/* For runs that are tied to the outside world: called before time jumps to the first event at
 * due_ns (UINT64_MAX: none is armed). It may wait, and may arm earlier events; the jump goes to
 * whatever is first afterwards. Such a run can be reproduced only from what came in. NULL: none. */
typedef void sim_pace_fn(void *ctx, uint64_t due_ns);
void sim_set_pace(struct sim *sim, sim_pace_fn *pace, void *ctx);

/* ---- Fibers ---------------------------------------------------------------------------------- */
typedef void sim_fiber_fn(void *ctx); /* must not return: its CPU goes on with another fiber */
/* host_stack_bytes 0 means the default. The guest stack has guest_stack_bytes usable bytes between
 * inaccessible pages, at a seeded address; 0 for a fiber that never runs guest code. */
int sim_fiber_create(struct sim *sim, const char *name, sim_fiber_fn *run, void *ctx,
                     size_t host_stack_bytes, size_t guest_stack_bytes, struct sim_fiber **out);
void sim_fiber_destroy(struct sim *sim, struct sim_fiber *fiber); /* not the current one */
struct sim_fiber *sim_fiber_current(void); /* NULL outside sim_run */
void sim_fiber_set_owner(struct sim_fiber *fiber, void *owner);
void *sim_fiber_owner(struct sim_fiber *fiber);
struct sim *sim_fiber_sim(struct sim_fiber *fiber);

/* ---- CPUs and the scheduler ------------------------------------------------------------------ */
unsigned sim_cpu_current(struct sim *sim);
/* Which fiber the CPU runs from now on. When cpu is the current one, switches to it at once and
 * returns when this fiber is chosen again. */
void sim_cpu_run_fiber(struct sim *sim, unsigned cpu, struct sim_fiber *fiber);

/* A yield point: time moves by cost_ns (0 = the default), due events fire, the seed may pick
 * another CPU, and when this CPU goes on, its on_resume hook runs. */
void sim_yield(struct sim *sim, uint64_t cost_ns);
/* Time passes for this CPU without anything to do: like sim_yield until delay_ns have passed. */
void sim_stall(struct sim *sim, uint64_t delay_ns);
/* This CPU has nothing to run: it is not picked until sim_cpu_wake; when all idle, time jumps to
 * the next event. Returns after this CPU was woken (its on_resume hook has run). */
void sim_idle(struct sim *sim);
/* This CPU waits for another one (a spin lock): someone else goes on if anyone can. Returns false
 * when nobody can ever go on and no event is armed: a deadlock the caller must report. */
bool sim_spin(struct sim *sim);
/* Work has appeared for the CPU (an interrupt, a ready thread). Callable from events. */
void sim_cpu_wake(struct sim *sim, unsigned cpu);

/* Runs until sim_stop. Called on the host's own stack. Returns the reason given. */
int sim_run(struct sim *sim);
/* Leaves sim_run for good. Does not return when called on a fiber. */
void sim_stop(struct sim *sim, int reason);
enum {
    SIM_STOPPED_BY_STALL = -1, /* nothing can run and no event is armed */
    SIM_STOPPED_BY_PATIENCE = -2 /* see sim_set_patience */
};
/* From now on so many turns (a CPU goes on, an event is jumped to) and so much time are left; then
 * the simulation stops. Whoever has got on with his work sets it again. Without it, no bound. */
void sim_set_patience(struct sim *sim, uint64_t turns, uint64_t duration_ns);
/* Something took as much of the host's time as so many turns. */
void sim_spend_patience(struct sim *sim, uint64_t turns);

/* ---- Crossing between host and guest --------------------------------------------------------- */
enum sim_direction { SIM_TO_GUEST, SIM_TO_HOST };

/* On the host stack, newest first. For SIM_TO_HOST the guest registers are those at the call. */
struct sim_boundary {
    struct sim_boundary *previous;
    uint64_t direction; /* enum sim_direction */
    uint64_t target; /* guest function entered, or index of the thunk */
    uint64_t guest_rip; /* SIM_TO_HOST: return address into guest code */
    uint64_t guest_rsp; /* SIM_TO_HOST: rsp after that return */
    uint64_t rbx, rbp, rsi, rdi, r12, r13, r14, r15;
    uint64_t kind; /* SIM_TO_HOST: 0 a thunk; others are their writer's (a trap) */
    uint64_t xmm[10][2]; /* SIM_TO_HOST: xmm6 to xmm15, low half first */
};
/* Offsets for assembly, where host code may run, and how a trap leaves a boundary: sim/cross.h. */
struct sim_boundary *sim_boundary_newest(struct sim_fiber *fiber);

/* Calls guest code with up to 16 integer arguments (Microsoft x64 convention) and returns rax.
 * guest_stack 0 goes on below the newest guest frame of this fiber, or at the top of its guest
 * stack; otherwise it is the top of a guest stack to use (a CPU's interrupt or DPC stack). */
enum { SIM_GATE_ARGS_MAX = 16 };
uint64_t sim_gate(uint64_t target, unsigned count, const uint64_t *args, uint64_t guest_stack);
/* The return address of every function that a gate entered: where guest frames end. */
uint64_t sim_gate_return_va(struct sim *sim);
/* Guest stacks beside those of fibers (a CPU's interrupt stack, a stack to expand to): seeded
 * address, inaccessible pages around. top_va is what sim_gate takes. */
int sim_guest_stack_create(struct sim *sim, size_t usable_bytes, uint64_t *top_va);
void sim_guest_stack_destroy(struct sim *sim, uint64_t top_va);
/* The usable range of the guest stack that holds rsp; false when none of ours does. */
bool sim_guest_stack_range(struct sim *sim, uint64_t rsp, uint64_t *low_va, uint64_t *top_va);

/* Thunks: addresses in guest-visible memory through which guest code enters host functions. */
typedef void sim_thunk_enter_fn(void *ctx, uint32_t thunk, const uint64_t args[4],
                                struct sim_boundary *boundary);
/* Returns what the guest finds in rax. */
typedef uint64_t sim_thunk_leave_fn(void *ctx, uint32_t thunk, uint64_t result);
void sim_thunks_set_hooks(struct sim *sim, sim_thunk_enter_fn *enter, sim_thunk_leave_fn *leave,
                          void *ctx);
enum { SIM_THUNKS_MAX = 8192, SIM_THUNK_STACK_ARGS_MAX = 32 };
/* host_fn is an ms_abi function; stack_args says how many 8-byte stack arguments to carry over. */
int sim_thunk_bind(struct sim *sim, const void *host_fn, unsigned stack_args, uint32_t *thunk);
uint64_t sim_thunk_va(struct sim *sim, uint32_t thunk);
/* The host function behind a guest-visible thunk address, or NULL. */
const void *sim_thunk_host_fn(struct sim *sim, uint64_t va, uint32_t *thunk);

/* ---- Guest-visible address space ------------------------------------------------------------- */
/* Everything guest code can see lies at seeded addresses in fixed windows, free under
 * AddressSanitizer. */
#define SIM_SYSTEM_WINDOW_BASE 0x300000000000u
#define SIM_SYSTEM_WINDOW_END 0x500000000000u
#define SIM_USER_WINDOW_BASE 0x200000000000u
#define SIM_USER_WINDOW_END 0x300000000000u
static inline bool sim_is_guest_visible(uint64_t va)
{
    return va >= SIM_USER_WINDOW_BASE && va < SIM_SYSTEM_WINDOW_END;
}
/* Reserves (does not map) size_bytes at a seeded address with inaccessible pages around it. */
int sim_space_reserve(struct sim *sim, bool user, uint64_t size_bytes, uint64_t align,
                      uint64_t *out_va);
/* The same within a gigabyte of an address in one of the windows: code there reaches it by a
 * jump. */
#define SIM_NEAR_BYTES UINT64_C(0x40000000)
int sim_space_reserve_near(struct sim *sim, uint64_t near_va, uint64_t size_bytes,
                           uint64_t *out_va);
void sim_space_release(struct sim *sim, uint64_t va);

/* ---- Fault points ---------------------------------------------------------------------------- */
/* A named place where something may be made to fail: true means fail now. Off unless configured. */
bool sim_fault_point(struct sim *sim, const char *name);
/* Fails the nth passage (1 = next) of the named point; 0 switches it off. */
int sim_fault_arm(struct sim *sim, const char *name, uint64_t nth);

#endif
