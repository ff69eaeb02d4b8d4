/* SPDX-License-Identifier: MIT */
/* A default clock has a state like a pin. Stream time advances with physical time while it runs,
 * stands in PAUSE and ACQUIRE, and is zero after STOP; physical time never goes back. The driver
 * may give a time base of its own; for the clock of a pin that is KSCLOCK_DISPATCH.CorrelatedTime
 * in 100 ns, for KsAllocateDefaultClockEx a routine that counts in units of its own frequency.
 * AVStream Clocks; KsAllocateDefaultClockEx; KSCLOCK_DISPATCH.
 * UNDOC: which system time goes into
 * the pair. It is the performance counter in 100 ns. */
#include "ks/default_clock.h"

#include "ks/clock_marks.h"
#include "ks/room.h"

static const uint64_t clock_magic = 0x6b73636c6f636b21u;

enum { UNITS_PER_SECOND = 10000000 };

static LONGLONG to_100ns(LONGLONG ticks, LONGLONG frequency)
{
    LONGLONG seconds = ticks / frequency;

    return seconds * UNITS_PER_SECOND +
           (ticks - seconds * frequency) * UNITS_PER_SECOND / frequency;
}

static LONGLONG counter_100ns(void)
{
    LARGE_INTEGER frequency;
    LARGE_INTEGER counter = KeQueryPerformanceCounter(&frequency);

    return to_100ns(counter.QuadPart, frequency.QuadPart);
}

struct ks_default_clock *ks_default_clock_create(void)
{
    struct ks_default_clock *clock = ks_allocate(sizeof *clock);

    if (clock == NULL)
        return NULL;
    clock->magic = clock_magic;
    clock->references = 1;
    clock->state = KSSTATE_STOP;
    clock->resolution.Granularity = 1;
    KeInitializeSpinLock(&clock->lock);
    ks_clock_marks_init(clock);
    return clock;
}

void ks_default_clock_ref(struct ks_default_clock *clock)
{
    InterlockedIncrement(&clock->references);
}

void ks_default_clock_unref(struct ks_default_clock *clock)
{
    if (clock == NULL || InterlockedDecrement(&clock->references) != 0)
        return;
    clock->magic = 0;
    ks_free(clock);
}

/* The driver's time base reads or writes through a pointer, which has to be one a driver may see.
 */
static LONGLONG ask_driver(const struct ks_default_clock *clock, LONGLONG *value)
{
    LONGLONG *shown = ks_allocate(sizeof *shown);
    LONGLONG time;

    if (shown == NULL)
        return counter_100ns();
    *shown = *value;
    time = (LONGLONG)KE_CALL(clock->correlated_time, KE_ARG(clock->context), KE_ARG(shown));
    *value = *shown;
    ks_free(shown);
    return time;
}

LONGLONG ks_default_clock_physical(struct ks_default_clock *clock, LONGLONG *system_time)
{
    LONGLONG system = counter_100ns();
    LONGLONG physical = system;

    if (clock->correlated_time != NULL && clock->pin_semantics) {
        physical = ask_driver(clock, &system);
    } else if (clock->correlated_time != NULL) {
        LONGLONG frequency = UNITS_PER_SECOND;

        physical = ask_driver(clock, &frequency);
        physical = frequency > 0 ? to_100ns(physical, frequency) : physical;
    }
    if (system_time != NULL)
        *system_time = system;
    return physical;
}

LONGLONG ks_default_clock_time(struct ks_default_clock *clock, LONGLONG *system_time)
{
    LONGLONG physical = ks_default_clock_physical(clock, system_time);
    LONGLONG time;
    KIRQL irql;

    KeAcquireSpinLock(&clock->lock, &irql);
    time = clock->stream_time;
    if (clock->state == KSSTATE_RUN && physical > clock->started)
        time += physical - clock->started;
    KeReleaseSpinLock(&clock->lock, irql);
    return time;
}

void ks_default_clock_set_state(struct ks_default_clock *clock, KSSTATE state)
{
    LONGLONG time = ks_default_clock_time(clock, NULL);
    LONGLONG physical = ks_default_clock_physical(clock, NULL);
    KIRQL irql;

    KeAcquireSpinLock(&clock->lock, &irql);
    clock->stream_time = state == KSSTATE_STOP ? 0 : time;
    clock->started = physical;
    clock->state = state;
    KeReleaseSpinLock(&clock->lock, irql);
    ks_clock_marks_update(clock);
}

void ks_default_clock_set_time(struct ks_default_clock *clock, LONGLONG time)
{
    LONGLONG physical = ks_default_clock_physical(clock, NULL);
    KIRQL irql;

    KeAcquireSpinLock(&clock->lock, &irql);
    clock->stream_time = time;
    clock->started = physical;
    KeReleaseSpinLock(&clock->lock, irql);
    ks_clock_marks_update(clock);
}

/* ---- What drivers call ----------------------------------------------------------------------- */

struct ks_default_clock *ks_default_clock_of(PKSDEFAULTCLOCK handle)
{
    struct ks_default_clock *clock = handle;

    if (clock == NULL || clock->magic != clock_magic)
        ks_not_an_object(handle);
    return clock;
}

NTSTATUS NTAPI KsAllocateDefaultClockEx(PKSDEFAULTCLOCK *DefaultClock, PVOID Context,
                                        PFNKSSETTIMER SetTimer, PFNKSCANCELTIMER CancelTimer,
                                        PFNKSCORRELATEDTIME CorrelatedTime,
                                        const KSRESOLUTION *Resolution, ULONG Flags)
{
    struct ks_default_clock *clock;

    if (Flags != 0)
        return STATUS_INVALID_PARAMETER;
    clock = ks_default_clock_create();
    if (clock == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    clock->context = Context;
    clock->set_timer = SetTimer;
    clock->cancel_timer = CancelTimer;
    clock->correlated_time = CorrelatedTime;
    if (Resolution != NULL)
        clock->resolution = *Resolution;
    *DefaultClock = clock;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KsAllocateDefaultClock(PKSDEFAULTCLOCK *DefaultClock)
{
    return KsAllocateDefaultClockEx(DefaultClock, NULL, NULL, NULL, NULL, NULL, 0);
}

void NTAPI KsFreeDefaultClock(PKSDEFAULTCLOCK DefaultClock)
{
    ks_default_clock_unref(ks_default_clock_of(DefaultClock));
}

KSSTATE NTAPI KsGetDefaultClockState(PKSDEFAULTCLOCK DefaultClock)
{
    return ks_default_clock_of(DefaultClock)->state;
}

void NTAPI KsSetDefaultClockState(PKSDEFAULTCLOCK DefaultClock, KSSTATE State)
{
    ks_default_clock_set_state(ks_default_clock_of(DefaultClock), State);
}

LONGLONG NTAPI KsGetDefaultClockTime(PKSDEFAULTCLOCK DefaultClock)
{
    return ks_default_clock_time(ks_default_clock_of(DefaultClock), NULL);
}

void NTAPI KsSetDefaultClockTime(PKSDEFAULTCLOCK DefaultClock, LONGLONG Time)
{
    ks_default_clock_set_time(ks_default_clock_of(DefaultClock), Time);
}
