/* SPDX-License-Identifier: MIT */
/* Fast mutexes: a count that is 1 while free, and an event for those who wait. Holding one raises
 * to APC_LEVEL; the Unsafe forms leave that to the caller. One thread may not take it twice:
 * Windows hangs or stops with 0xBF, we report a finding and stop. Not here: guarded mutexes (ke).
 */
#include "ex/ex.h"

#include "ex/state.h"
#include "trace/rules.h"

enum { MUTEX_ALREADY_OWNED = 0xBF };

static void lock(PFAST_MUTEX mutex)
{
    PKTHREAD self = KeGetCurrentThread();

    if (mutex->Owner == self) {
        KE_FINDING(ke_current(), VERIFY_mutex_order, KE_ARG(mutex));
        ke_bug_check(MUTEX_ALREADY_OWNED, KE_ARG(mutex), KE_ARG(self), 0, 0);
    }
    if (--mutex->Count != 0) {
        mutex->Contention++;
        KeWaitForSingleObject(&mutex->Event, WrFastMutex, KernelMode, FALSE, NULL);
        self = KeGetCurrentThread();
    }
    mutex->Owner = self;
}

static bool try_lock(PFAST_MUTEX mutex)
{
    if (mutex->Count != 1)
        return false;
    mutex->Count = 0;
    mutex->Owner = KeGetCurrentThread();
    return true;
}

static void unlock(PFAST_MUTEX mutex)
{
    if (mutex->Owner != KeGetCurrentThread())
        KE_FINDING(ke_current(), VERIFY_mutex_order, KE_ARG(mutex));
    mutex->Owner = NULL;
    if (++mutex->Count <= 0)
        KeSetEvent(&mutex->Event, EVENT_INCREMENT, FALSE);
}

void NTAPI ExAcquireFastMutex(PFAST_MUTEX mutex)
{
    KIRQL old = KfRaiseIrql(APC_LEVEL);

    lock(mutex);
    mutex->OldIrql = old;
}

void NTAPI ExReleaseFastMutex(PFAST_MUTEX mutex)
{
    KIRQL old = (KIRQL)mutex->OldIrql;

    unlock(mutex);
    KeLowerIrql(old);
}

BOOLEAN NTAPI ExTryToAcquireFastMutex(PFAST_MUTEX mutex)
{
    KIRQL old = KfRaiseIrql(APC_LEVEL);

    if (try_lock(mutex)) {
        mutex->OldIrql = old;
        return TRUE;
    }
    KeLowerIrql(old);
    return FALSE;
}

void NTAPI ExAcquireFastMutexUnsafe(PFAST_MUTEX mutex)
{
    lock(mutex);
}

void NTAPI ExReleaseFastMutexUnsafe(PFAST_MUTEX mutex)
{
    unlock(mutex);
}
