/* SPDX-License-Identifier: MIT */
/* Crossing between host and guest, for assembly and for whoever takes over from guest code in other
 * ways than a thunk (a trap). Included by C and by assembly. While guest code runs, the newest
 * boundary of its fiber is the gate's, at the lowest address in use on the fiber's host stack: host
 * code may go on right below it. To take over: build a sim_boundary (SIM_TO_HOST) 16-aligned on the
 * host stack, fill in the guest's registers, sim_boundary_push it, run host code below it,
 * sim_boundary_pop it, go back. A thunk does exactly this (thunk_entry.S). sim_ambient_fiber is the
 * fiber that runs, NULL outside sim_run. Reading it is async-signal-safe. */
#ifndef WEIR_SIM_CROSS_H
#define WEIR_SIM_CROSS_H

#define SIM_BOUNDARY_PREVIOUS 0
#define SIM_BOUNDARY_DIRECTION 8
#define SIM_BOUNDARY_TARGET 16
#define SIM_BOUNDARY_GUEST_RIP 24
#define SIM_BOUNDARY_GUEST_RSP 32
#define SIM_BOUNDARY_RBX 40
#define SIM_BOUNDARY_RBP 48
#define SIM_BOUNDARY_RSI 56
#define SIM_BOUNDARY_RDI 64
#define SIM_BOUNDARY_R12 72
#define SIM_BOUNDARY_R13 80
#define SIM_BOUNDARY_R14 88
#define SIM_BOUNDARY_R15 96
#define SIM_BOUNDARY_KIND 104
#define SIM_BOUNDARY_XMM6 112
#define SIM_BOUNDARY_BYTES 272

#define SIM_FIBER_NEWEST 0
#define SIM_FIBER_THUNKS 8

#ifndef __ASSEMBLER__

#include <stddef.h>

#include "sim/sim.h"

extern struct sim_fiber *sim_ambient_fiber;

/* Where host code may run while the fiber is in guest code: grows down from here. 16-aligned. */
uint64_t sim_fiber_host_rsp(struct sim_fiber *fiber);
void sim_boundary_push(struct sim_fiber *fiber, struct sim_boundary *boundary);
void sim_boundary_pop(struct sim_fiber *fiber, struct sim_boundary *boundary); /* the newest one */
/* The fiber's host stack: [low, top). */
void sim_fiber_host_stack(struct sim_fiber *fiber, uint64_t *low, uint64_t *top);

_Static_assert(sizeof(struct sim_boundary) == SIM_BOUNDARY_BYTES, "assembly knows the size");
_Static_assert(offsetof(struct sim_boundary, guest_rsp) == SIM_BOUNDARY_GUEST_RSP,
               "and the fields");
_Static_assert(offsetof(struct sim_boundary, rbx) == SIM_BOUNDARY_RBX, "and the fields");
_Static_assert(offsetof(struct sim_boundary, r15) == SIM_BOUNDARY_R15, "and the fields");
_Static_assert(offsetof(struct sim_boundary, kind) == SIM_BOUNDARY_KIND, "and the fields");
_Static_assert(offsetof(struct sim_boundary, xmm) == SIM_BOUNDARY_XMM6, "and the fields");

#endif
#endif
