/* SPDX-License-Identifier: MIT */
/* Timers: an object that becomes signalled at a time, once or periodically, and may queue a DPC
 * then.
 *
 * A due time below zero is an interval from now, others are system times, both in units of 100 ns;
 * periods are milliseconds. Setting a timer that is set cancels it first (KeSetTimerEx, Remarks). A
 * notification timer stays signalled until it is set again, a synchronization timer satisfies one
 * waiter.
 *
 * Windows expires timers at clock interrupts, 15.6 ms or less apart. UNDOC: ours come every 1 ms,
 * what a system plays media with usually runs at; a timer expires at the first tick at or after its
 * due time and never early. A due time that has passed expires at once.
 *
 * The public object has no room for our event, so each timer that is set has a struct here, found
 * by the timer's address. It lives while the timer is set. */
#include "ke/wait.h"

struct ke_timer {
    struct ke *ke;
    PKTIMER timer;
    uint32_t cpu; /* that set it: where its DPC runs unless it has a target */
    uint64_t period_ns;
    struct sim_event event;
    struct ke_timer *next_free;
    struct list_node link; /* all that are set, for ke_timers_destroy */
};

struct ke_timers {
    struct map set; /* PKTIMER -> struct ke_timer */
    struct list_node list;
    struct ke_timer *free;
};

int ke_timers_create(struct ke *ke)
{
    ke->timers = calloc(1, sizeof *ke->timers);
    if (!ke->timers)
        return -ENOMEM;
    list_init(&ke->timers->list);
    return 0;
}

void ke_timers_destroy(struct ke *ke)
{
    struct list_node *node;

    if (!ke->timers)
        return;
    while ((node = list_pop_head(&ke->timers->list)) != NULL) {
        struct ke_timer *timer = list_entry(node, struct ke_timer, link);

        sim_event_cancel(ke->sim, &timer->event);
        free(timer);
    }
    while (ke->timers->free) {
        struct ke_timer *next = ke->timers->free->next_free;

        free(ke->timers->free);
        ke->timers->free = next;
    }
    map_fini(&ke->timers->set);
    free(ke->timers);
    ke->timers = NULL;
}

static uint64_t on_grid(uint64_t ns)
{
    uint64_t ticks = ns / KE_TICK_NS + (ns % KE_TICK_NS != 0);

    return ticks * KE_TICK_NS;
}

/* Times too far away to count in nanoseconds never come. */
uint64_t ke_due_ns(struct ke *ke, LONGLONG due_100ns)
{
    uint64_t now_ns = sim_now_ns(ke->sim);
    uint64_t delay_100ns;

    if (due_100ns < 0)
        delay_100ns = -(uint64_t)due_100ns;
    else if (due_100ns <= KE_BOOT_TIME_100NS + (LONGLONG)(now_ns / 100))
        return now_ns;
    else
        delay_100ns = (uint64_t)due_100ns - KE_BOOT_TIME_100NS - now_ns / 100;
    if (delay_100ns > (UINT64_MAX / 2 - now_ns) / 100)
        return UINT64_MAX / 2;
    return on_grid(now_ns + delay_100ns * 100);
}

static void timer_expired(void *ctx);

static struct ke_timer *timer_alloc(struct ke *ke, PKTIMER public)
{
    struct ke_timer *timer = ke->timers->free;
    int error;

    if (timer)
        ke->timers->free = timer->next_free;
    else
        timer = calloc(1, sizeof *timer);
    weir_assert(timer);
    timer->ke = ke;
    timer->timer = public;
    sim_event_init(&timer->event, timer_expired, timer);
    list_insert_tail(&ke->timers->list, &timer->link);
    error = map_set(&ke->timers->set, (uint64_t)public, timer);
    weir_assert(error == 0);
    return timer;
}

static void timer_free(struct ke_timer *timer)
{
    struct ke_timers *timers = timer->ke->timers;

    sim_event_cancel(timer->ke->sim, &timer->event);
    map_remove(&timers->set, (uint64_t)timer->timer);
    list_remove(&timer->link);
    timer->next_free = timers->free;
    timers->free = timer;
}

static void timer_expired(void *ctx)
{
    struct ke_timer *timer = ctx;
    struct ke *ke = timer->ke;
    PKTIMER public = timer->timer;
    struct ke_cpu *cpu = &ke->cpus[timer->cpu];

    if (timer->period_ns)
        sim_event_arm(ke->sim, &timer->event, timer->event.due_ns + timer->period_ns);
    else
        timer_free(timer);
    public->Header.SignalState = 1;
    ke_object_signal(ke, &public->Header, 0);
    if (public->Dpc)
        ke_dpc_queue(ke, cpu, public->Dpc, NULL, NULL);
}

void NTAPI KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type)
{
    UCHAR type = Type == NotificationTimer ? KOBJECT_TIMER_NOTIFICATION
                                           : KOBJECT_TIMER_SYNCHRONIZATION;

    *Timer = (KTIMER){0};
    ke_object_init(&Timer->Header, type, sizeof *Timer, 0);
    InitializeListHead(&Timer->TimerListEntry);
}

void NTAPI KeInitializeTimer(PKTIMER Timer)
{
    KeInitializeTimerEx(Timer, NotificationTimer);
}

BOOLEAN NTAPI KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc)
{
    struct ke *ke = ke_ambient;
    struct ke_timer *timer = map_get(&ke->timers->set, (uint64_t)Timer);
    BOOLEAN was_set = timer != NULL;
    uint64_t due_ns = ke_due_ns(ke, DueTime.QuadPart);

    if (!timer)
        timer = timer_alloc(ke, Timer);
    timer->cpu = ke->cpu->number;
    timer->period_ns = Period > 0 ? (uint64_t)Period * KE_TICK_NS : 0;
    Timer->Header.SignalState = 0;
    Timer->DueTime.QuadPart = due_ns / 100;
    Timer->Dpc = Dpc;
    Timer->Period = (ULONG)Period;
    sim_event_arm(ke->sim, &timer->event, due_ns);
    return was_set;
}

BOOLEAN NTAPI KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc)
{
    return KeSetTimerEx(Timer, DueTime, 0, Dpc);
}

/* The tolerance lets Windows expire the timer with others; expiring on time is within it. */
BOOLEAN NTAPI KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period,
                                    ULONG TolerableDelay, PKDPC Dpc)
{
    (void)TolerableDelay;
    return KeSetTimerEx(Timer, DueTime, (LONG)Period, Dpc);
}

BOOLEAN NTAPI KeCancelTimer(PKTIMER Timer)
{
    struct ke *ke = ke_ambient;
    struct ke_timer *timer = map_get(&ke->timers->set, (uint64_t)Timer);

    if (!timer)
        return FALSE;
    timer_free(timer);
    return TRUE;
}

BOOLEAN NTAPI KeReadStateTimer(PKTIMER Timer)
{
    return Timer->Header.SignalState > 0;
}

bool ke_timer_in(struct ke *ke, uint64_t va, uint64_t size_bytes, uint64_t *out_va)
{
    struct ke_timer *timer;

    list_for_each_entry(timer, &ke->timers->list, link) {
        if ((uint64_t)timer->timer - va < size_bytes) {
            *out_va = (uint64_t)timer->timer;
            return true;
        }
    }
    return false;
}
