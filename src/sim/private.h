/* SPDX-License-Identifier: MIT */
/* What the files of sim share: the whole state of one simulation. Nobody outside sim includes
 * this. */
#ifndef WEIR_SIM_PRIVATE_H
#define WEIR_SIM_PRIVATE_H

#include "base/base.h"
#include "host/host.h"
#include "sim/cross.h"
#include "sim/sim.h"
#include "trace/trace.h"

#if defined(__SANITIZE_ADDRESS__)
#define SIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIM_ASAN 1
#endif
#endif
#ifndef SIM_ASAN
#define SIM_ASAN 0
#endif

enum {
    SIM_YIELD_COST_NS = 50,
    SIM_SWITCH_ONE_IN = 16, /* a yield point picks another CPU with this chance */
    SIM_FAULT_POINTS_MAX = 32,
    SIM_FAULT_NAME_MAX = 48
};
#define SIM_HOST_STACK_BYTES (SIM_ASAN ? 1024u * 1024u : 256u * 1024u)

struct sim_fiber {
    struct sim_boundary *newest; /* SIM_FIBER_NEWEST */
    struct sim_thunks *thunks; /* SIM_FIBER_THUNKS */
    uint64_t rsp; /* while another fiber runs */
    uint64_t guest_top_va; /* 0: never runs guest code */
    struct sim *sim;
    void *owner;
    sim_fiber_fn *run;
    void *ctx;
    uint8_t *host_base; /* guard page first */
    size_t host_bytes; /* guard page included */
    void *asan_fake_stack;
    struct list_node link; /* in sim.fibers */
    char name[32];
};

struct sim_thunk {
    const void *host_fn;
    uint64_t stack_args;
};

struct sim_thunks {
    sim_thunk_enter_fn *enter; /* offsets are known to thunk_entry.S */
    sim_thunk_leave_fn *leave;
    void *ctx;
    uint64_t gate_call_va;
    struct sim_thunk entry[SIM_THUNKS_MAX];
    uint64_t region_va;
    uint32_t count;
};

struct sim_range {
    uint64_t va;
    uint64_t size_bytes;
};

/* One window of addresses: what is taken, in order, and the zone that small ranges come from. */
struct sim_window {
    uint64_t base;
    uint64_t end;
    ARRAY(struct sim_range) taken;
    uint64_t zone_va;
    uint64_t zone_used_bytes;
};

struct sim_guest_stack {
    uint64_t low_va;
    uint64_t top_va;
};

struct sim_fault {
    char name[SIM_FAULT_NAME_MAX];
    uint64_t passages_left; /* 0: off */
};

struct sim {
    uint64_t magic;
    struct trace *trace;
    uint64_t now_ns;
    uint64_t next_due_ns; /* of the first event, UINT64_MAX when there is none */
    uint64_t yield_cost_ns;
    uint32_t runnable; /* bit per CPU */
    uint32_t current; /* CPU */
    uint32_t spinning; /* CPUs that spun since something else happened */
    uint32_t spin_rounds; /* complete rounds of all runnable CPUs */
    struct sim_hooks hooks;
    void *hooks_ctx;
    sim_pace_fn *pace;
    void *pace_ctx;
    struct sim_rng schedule;
    uint64_t draws; /* random bits in stock, 4 are used at a time */
    uint32_t draws_left;
    uint64_t turns_left; /* of the patience, and until when it lasts */
    uint64_t patient_until_ns;
    unsigned cpus;
    struct sim_fiber *cpu_fiber[SIM_CPUS_MAX];

    ARRAY(struct sim_event *) heap; /* heap.items[0] is unused: index 0 means not armed */
    uint64_t event_sequence;
    bool firing; /* an event function runs */

    struct sim_fiber host; /* stands for the stack that called sim_run */
    bool running;
    bool stopped;
    int stop_reason;

    struct list_node fibers;
    struct sim_thunks *thunks;
    struct sim_window system;
    struct sim_window user;
    struct sim_rng space;
    ARRAY(struct sim_guest_stack) guest_stacks;
    struct sim_fault faults[SIM_FAULT_POINTS_MAX];
    unsigned faults_armed;
    uint64_t seed;
};

/* fiber.c */
void sim_fiber_switch(struct sim *sim, struct sim_fiber *to);
void sim_fibers_destroy(struct sim *sim);
/* event.c */
int sim_events_create(struct sim *sim);
void sim_events_destroy(struct sim *sim);
void sim_events_fire(struct sim *sim); /* those that are due */
bool sim_events_jump(struct sim *sim); /* time moves to the first event; false: there is none */
/* space.c */
void sim_space_create(struct sim *sim);
void sim_space_destroy(struct sim *sim);
/* thunk.c */
int sim_thunks_create(struct sim *sim);
void sim_thunks_destroy(struct sim *sim);
/* guest_stack.c */
void sim_guest_stacks_destroy(struct sim *sim);

/* switch.S, gate_entry.S, thunk_entry.S */
void sim_switch(uint64_t *save_rsp, uint64_t rsp);
void sim_fiber_first(void);
uint64_t sim_gate_enter(uint64_t target, uint64_t guest_rsp, struct sim_fiber *fiber);
void sim_gate_back(void);
void sim_thunk_entry(void);

#endif
