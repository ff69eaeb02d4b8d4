/* SPDX-License-Identifier: MIT */
/* Events of a clock: a client wants to be told when stream time reaches a mark
 * (KSEVENT_CLOCK_POSITION_MARK), or a mark and every so much time after it
 * (KSEVENT_CLOCK_INTERVAL_MARK). Entries of all files of a clock are on one list; while the clock
 * runs, a timer is set for the nearest mark, by KeSetTimerEx or by the driver's SetTimer "based on
 * deltas to the current Presentation Time". A timer that is set, and its DPC, hold a reference of
 * the clock (KsAllocateDefaultClockEx, Remarks).
 * UNDOC: a mark that lies behind the clock's time is told at once. UNDOC: of several intervals that
 * have passed since the last look, one event tells. UNDOC: a position mark is told once, also when
 * time is set back. UNDOC: an interval must be above zero. */
#include "ks/clock_marks.h"

#include "ks/clock.h"
#include "ks/default_clock.h"
#include "ks/events.h"
#include "ks/room.h"

/* ---- The timer ------------------------------------------------------------------------------- */

static bool set_timer(struct ks_default_clock *clock, LONGLONG delta)
{
    LARGE_INTEGER due = {.QuadPart = delta > 0 ? -delta : -1};

    if (clock->set_timer != NULL)
        return (BOOLEAN)KE_CALL(clock->set_timer, KE_ARG(clock->context),
                                KE_ARG(&clock->mark_timer), due.QuadPart,
                                KE_ARG(&clock->mark_dpc)) != FALSE;
    return KeSetTimerEx(&clock->mark_timer, due, 0, &clock->mark_dpc) != FALSE;
}

static bool cancel_timer(struct ks_default_clock *clock)
{
    if (clock->cancel_timer != NULL)
        return (BOOLEAN)KE_CALL(clock->cancel_timer, KE_ARG(clock->context),
                                KE_ARG(&clock->mark_timer)) != FALSE;
    return KeCancelTimer(&clock->mark_timer) != FALSE;
}

static bool nearest_mark(struct ks_default_clock *clock, LONGLONG *nearest)
{
    bool found = false;

    for (PLIST_ENTRY link = clock->marks.list.Flink; link != &clock->marks.list;
         link = link->Flink) {
        const struct ks_mark *mark =
            ks_event_mark(CONTAINING_RECORD(link, KSEVENT_ENTRY, ListEntry));

        if (mark->told || (found && mark->time >= *nearest))
            continue;
        *nearest = mark->time;
        found = true;
    }
    return found;
}

/* The list's lock is held. True when a timer went whose reference the caller must give back. */
static bool set_or_cancel(struct ks_default_clock *clock)
{
    LONGLONG nearest = 0;

    if (clock->state != KSSTATE_RUN || !nearest_mark(clock, &nearest))
        return cancel_timer(clock);
    ks_default_clock_ref(clock);
    return set_timer(clock, nearest - ks_default_clock_time(clock, NULL));
}

void ks_clock_marks_update(struct ks_default_clock *clock)
{
    bool spare;
    KIRQL irql;

    if (!clock->marked)
        return;
    KeAcquireSpinLock(&clock->marks.lock, &irql);
    spare = set_or_cancel(clock);
    KeReleaseSpinLock(&clock->marks.lock, irql);
    if (spare)
        ks_default_clock_unref(clock);
}

/* ---- When it expires ------------------------------------------------------------------------- */

static void tell(PKSEVENT_ENTRY entry, LONGLONG time)
{
    struct ks_mark *mark = ks_event_mark(entry);

    if (mark->told || mark->time > time)
        return;
    if (mark->interval == 0)
        mark->told = true;
    else
        mark->time += ((time - mark->time) / mark->interval + 1) * mark->interval;
    KsGenerateEvent(entry);
}

static void NTAPI marks_due(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    struct ks_default_clock *clock = Context;
    LONGLONG time = ks_default_clock_time(clock, NULL);
    KIRQL irql;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLock(&clock->marks.lock, &irql);
    for (PLIST_ENTRY link = clock->marks.list.Flink; link != &clock->marks.list;
         link = link->Flink)
        tell(CONTAINING_RECORD(link, KSEVENT_ENTRY, ListEntry), time);
    KeReleaseSpinLock(&clock->marks.lock, irql);
    ks_clock_marks_update(clock);
    ks_default_clock_unref(clock);
}

void ks_clock_marks_init(struct ks_default_clock *clock)
{
    ks_events_init(&clock->marks);
    KeInitializeTimer(&clock->mark_timer);
    KeInitializeDpc(&clock->mark_dpc, KS_ROUTINE(marks_due), clock);
}

void ks_clock_marks_orphan(struct ks_default_clock *clock)
{
    bool spare = clock->marked && cancel_timer(clock);

    clock->set_timer = NULL;
    clock->cancel_timer = NULL;
    if (spare)
        ks_default_clock_unref(clock);
}

/* ---- What clients and drivers ask for -------------------------------------------------------- */

/* The runtime's handler for both events, and one that drivers put into tables of their own. */
NTSTATUS NTAPI KsiDefaultClockAddMarkEvent(PIRP Irp, PKSEVENT_TIME_INTERVAL EventTime,
                                           PKSEVENT_ENTRY EventEntry)
{
    bool repeats = EventEntry->EventItem->EventId == KSEVENT_CLOCK_INTERVAL_MARK;
    struct ks_default_clock *clock = ks_clock_of_irp(Irp);

    if (repeats && EventTime->Interval <= 0)
        return STATUS_INVALID_PARAMETER;
    *ks_event_mark(EventEntry) = (struct ks_mark){
        .time = EventTime->TimeBase, /* where KSEVENT_TIME_MARK has its MarkTime */
        .interval = repeats ? EventTime->Interval : 0,
    };
    clock->marked = true;
    ks_events_add(&clock->marks, EventEntry);
    ks_clock_marks_update(clock);
    return STATUS_SUCCESS;
}
