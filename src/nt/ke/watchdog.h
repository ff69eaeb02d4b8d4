/* SPDX-License-Identifier: MIT */
/* The watchdog: driver code that runs on and on without calling anybody would stop the clock,
 * because time is virtual. The host's tick looks every KE_WATCHDOG_TICK_NS of CPU time whether
 * virtual time has moved; when it has not for KE_WATCHDOG_TICKS ticks and driver code is
 * running, a trap is forced: time moves by a millisecond and others get their turn. Where that
 * happens depends on the host, so the run can no longer be reproduced, and the event
 * forced_yield says so. Code that does this at DISPATCH_LEVEL or above KE_WATCHDOG_IN_ROW times
 * in a row ends in bug check 0x133; below, each time wears out patience (sim_set_patience). */
#ifndef WEIR_NT_KE_WATCHDOG_H
#define WEIR_NT_KE_WATCHDOG_H

#include <stdbool.h>

#include "host/host.h"
#include "ke/trap.h"

enum {
    KE_WATCHDOG_TICK_NS = 10000000,
    KE_WATCHDOG_TICKS = 5,
    KE_WATCHDOG_IN_ROW = 20,
    KE_WATCHDOG_STEP_NS = 1000000,
    KE_WATCHDOG_TURNS = 150000 /* of the patience of sim */
};

int ke_watchdog_create(struct ke *ke);
void ke_watchdog_destroy(struct ke *ke);
/* On the signal stack: whether to force a trap now. */
bool ke_watchdog_tick(struct ke *ke, const struct host_fault *fault);
/* The trap that was forced. */
void ke_watchdog_forced(struct ke *ke, struct ke_trap_frame *frame);

#endif
