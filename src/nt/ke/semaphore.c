/* SPDX-License-Identifier: MIT */
/* Semaphores: a count up to a limit; a wait takes one. A release beyond the limit changes nothing
 * and raises STATUS_SEMAPHORE_LIMIT_EXCEEDED (KeReleaseSemaphore, Remarks). */
#include "ke/wait.h"

void NTAPI KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit)
{
    ke_object_init(&Semaphore->Header, KOBJECT_SEMAPHORE, sizeof *Semaphore, Count);
    Semaphore->Limit = Limit;
}

LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment,
                              BOOLEAN Wait)
{
    struct ke *ke = ke_ambient;
    LONG old = Semaphore->Header.SignalState;
    LONG now;

    if (weir_add_overflows(old, Adjustment, &now) || now > Semaphore->Limit || Adjustment < 0)
        ExRaiseStatus(STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    Semaphore->Header.SignalState = now;
    if (now > 0)
        ke_object_signal(ke, &Semaphore->Header, Increment);
    if (Wait)
        ke_wait_next(ke);
    else
        ke_deliver_pending(ke);
    return old;
}

LONG NTAPI KeReadStateSemaphore(PRKSEMAPHORE Semaphore)
{
    return Semaphore->Header.SignalState;
}
