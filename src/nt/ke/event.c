/* SPDX-License-Identifier: MIT */
/* Events: a notification event stays signalled until it is reset and satisfies every waiter; a
 * synchronization event satisfies one and resets itself. KeSetEvent and its kin return the state
 * that was there before. UNDOC: KeSetEvent at an IRQL above DISPATCH_LEVEL works here as in an ISR
 * it happens to. */
#include "ke/wait.h"

void NTAPI KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
    UCHAR type = Type == NotificationEvent ? KOBJECT_EVENT_NOTIFICATION
                                           : KOBJECT_EVENT_SYNCHRONIZATION;

    ke_object_init(&Event->Header, type, sizeof *Event, State != FALSE);
}

LONG NTAPI KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    struct ke *ke = ke_ambient;
    LONG old = Event->Header.SignalState;

    Event->Header.SignalState = 1;
    if (!old)
        ke_object_signal(ke, &Event->Header, Increment);
    if (Wait)
        ke_wait_next(ke);
    else
        ke_deliver_pending(ke);
    return old;
}

LONG NTAPI KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    struct ke *ke = ke_ambient;
    LONG old = Event->Header.SignalState;

    Event->Header.SignalState = 1;
    if (!old)
        ke_object_signal(ke, &Event->Header, Increment);
    Event->Header.SignalState = 0;
    if (Wait)
        ke_wait_next(ke);
    else
        ke_deliver_pending(ke);
    return old;
}

void NTAPI KeClearEvent(PRKEVENT Event)
{
    Event->Header.SignalState = 0;
}

LONG NTAPI KeResetEvent(PRKEVENT Event)
{
    LONG old = Event->Header.SignalState;

    Event->Header.SignalState = 0;
    return old;
}

LONG NTAPI KeReadStateEvent(PRKEVENT Event)
{
    return Event->Header.SignalState;
}
