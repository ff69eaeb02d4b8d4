/* SPDX-License-Identifier: MIT */
/* Default clocks: stream time that runs in RUN, holds in PAUSE and is zero in STOP.
 * KsAllocateDefaultClockEx makes one, with a time base of the driver's if it gives one. Reading is
 * callable up to DISPATCH_LEVEL; the state is set by one thread at a time.
 * Not here: whose clock it is (clock.h). */
#ifndef WEIR_KS_DEFAULT_CLOCK_H
#define WEIR_KS_DEFAULT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "ks/events.h"
#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_default_clock {
    uint64_t magic;
    LONG references;
    PVOID context; /* of the driver's functions */
    PFNKSSETTIMER set_timer;
    PFNKSCANCELTIMER cancel_timer;
    PFNKSCORRELATEDTIME correlated_time;
    bool pin_semantics; /* correlated_time is KSCLOCK_DISPATCH's: 100 ns, no frequency */
    KSRESOLUTION resolution;
    KSPIN_LOCK lock;
    KSSTATE state;
    LONGLONG stream_time; /* when the clock last stopped, 100 ns */
    LONGLONG started; /* physical time when it last ran from stream_time */
    struct ks_events marks; /* clock_marks.h */
    bool marked; /* there has been one */
    KTIMER mark_timer;
    KDPC mark_dpc;
};

struct ks_default_clock *ks_default_clock_of(PKSDEFAULTCLOCK handle);
struct ks_default_clock *ks_default_clock_create(void);
void ks_default_clock_ref(struct ks_default_clock *clock);
void ks_default_clock_unref(struct ks_default_clock *clock);
void ks_default_clock_set_state(struct ks_default_clock *clock, KSSTATE state);
void ks_default_clock_set_time(struct ks_default_clock *clock, LONGLONG time);
LONGLONG ks_default_clock_time(struct ks_default_clock *clock, LONGLONG *system_time);
LONGLONG ks_default_clock_physical(struct ks_default_clock *clock, LONGLONG *system_time);

#endif
