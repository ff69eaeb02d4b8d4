/* SPDX-License-Identifier: MIT */
/* Guarded mutexes: a count and an event, as fast mutexes are, but the owner enters a guarded region
 * instead of raising IRQL. Not recursive: a thread that takes one it owns waits for itself for
 * ever, and the run ends as a stall. */
#include "ke/wait.h"

void NTAPI KeInitializeGuardedMutex(PKGUARDED_MUTEX GuardedMutex)
{
    *GuardedMutex = (KGUARDED_MUTEX){.Count = 1};
    KeInitializeEvent(&GuardedMutex->Event, SynchronizationEvent, FALSE);
}

static PKTHREAD this_object(void)
{
    return (PKTHREAD)ke_this_thread(ke_ambient)->object;
}

/* Count is 1 when free, and one less for the owner and for every waiter. */
void NTAPI KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX GuardedMutex)
{
    if (--GuardedMutex->Count != 0) {
        GuardedMutex->Contention++;
        KeWaitForSingleObject(&GuardedMutex->Event, WrGuardedMutex, KernelMode, FALSE, NULL);
    }
    GuardedMutex->Owner = this_object();
}

void NTAPI KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX GuardedMutex)
{
    GuardedMutex->Owner = NULL;
    if (++GuardedMutex->Count <= 0)
        KeSetEvent(&GuardedMutex->Event, 1, FALSE);
}

void NTAPI KeAcquireGuardedMutex(PKGUARDED_MUTEX GuardedMutex)
{
    KeEnterGuardedRegion();
    KeAcquireGuardedMutexUnsafe(GuardedMutex);
}

void NTAPI KeReleaseGuardedMutex(PKGUARDED_MUTEX GuardedMutex)
{
    KeReleaseGuardedMutexUnsafe(GuardedMutex);
    KeLeaveGuardedRegion();
}

BOOLEAN NTAPI KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX GuardedMutex)
{
    if (GuardedMutex->Count != 1)
        return FALSE;
    KeEnterGuardedRegion();
    GuardedMutex->Count = 0;
    GuardedMutex->Owner = this_object();
    return TRUE;
}
