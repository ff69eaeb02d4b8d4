/* SPDX-License-Identifier: MIT */
#include "ke/watchdog.h"

#include <stdlib.h>

#include "ke/bugcheck.h"

struct ke_watchdog {
    uint64_t seen_ns; /* virtual time at the last tick */
    unsigned still; /* ticks since it moved */
    struct {
        uint64_t resumed_ns; /* virtual time when the CPU went on after a forced trap */
        unsigned in_row;
    } cpus[SIM_CPUS_MAX];
};

int ke_watchdog_create(struct ke *ke)
{
    ke->watchdog = calloc(1, sizeof(*ke->watchdog));
    return ke->watchdog ? 0 : -ENOMEM;
}

void ke_watchdog_destroy(struct ke *ke)
{
    free(ke->watchdog);
    ke->watchdog = NULL;
}

/* Every yield point moves virtual time, so time that stands still means that there was none. Ticks
 * in our own code do not count: a card that draws a large picture takes long at one moment of
 * virtual time, and the driver code that runs next is not to blame. */
bool ke_watchdog_tick(struct ke *ke, const struct host_fault *fault)
{
    struct ke_watchdog *watchdog = ke->watchdog;
    uint64_t now_ns = ke->trace->now_ns;
    bool in_driver = sim_fiber_current() && sim_is_guest_visible(fault->rip);

    if (!in_driver || now_ns != watchdog->seen_ns) {
        watchdog->seen_ns = now_ns;
        watchdog->still = 0;
        return false;
    }
    if (++watchdog->still < KE_WATCHDOG_TICKS)
        return false;
    watchdog->still = 0;
    return true;
}

void ke_watchdog_forced(struct ke *ke, struct ke_trap_frame *frame)
{
    struct ke_watchdog *watchdog = ke->watchdog;
    unsigned cpu = ke->cpu->number;
    bool in_row = watchdog->cpus[cpu].resumed_ns == ke->trace->now_ns;
    unsigned count = in_row ? watchdog->cpus[cpu].in_row + 1 : 1;
    TRACE(ke->trace, forced_yield, frame->rip);
    if (ke->cpu->irql >= DISPATCH_LEVEL && count >= KE_WATCHDOG_IN_ROW)
        ke_bug_check_from(ke, frame, KE_BUG_DPC_WATCHDOG_VIOLATION, 0, count,
                          KE_WATCHDOG_IN_ROW, 0);
    sim_spend_patience(ke->sim, KE_WATCHDOG_TURNS);
    sim_yield(ke->sim, KE_WATCHDOG_STEP_NS);
    cpu = ke->cpu->number; /* the thread may have been moved */
    watchdog->cpus[cpu].resumed_ns = ke->trace->now_ns;
    watchdog->cpus[cpu].in_row = count;
}
