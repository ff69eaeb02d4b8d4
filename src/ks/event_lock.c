/* SPDX-License-Identifier: MIT */
/* A driver that keeps an event list says which kind of lock guards it. KSEVENTS_LOCKTYPE. The kinds
 * that want a critical region get one; a list without a lock is its owner's business. */
#include "ks/event.h"

#include "ks/room.h"

void ks_event_lock_take(const struct ks_event_lock *lock, KIRQL *irql)
{
    *irql = PASSIVE_LEVEL;
    switch (lock->type) {
    case KSEVENTS_NONE:
        break;
    case KSEVENTS_SPINLOCK:
        KeAcquireSpinLock(lock->lock, irql);
        break;
    case KSEVENTS_MUTEX:
        KeWaitForSingleObject(lock->lock, Executive, KernelMode, FALSE, NULL);
        break;
    case KSEVENTS_FMUTEX:
        ExAcquireFastMutex(lock->lock);
        break;
    case KSEVENTS_FMUTEXUNSAFE:
        KeEnterCriticalRegion();
        ExAcquireFastMutexUnsafe(lock->lock);
        break;
    case KSEVENTS_INTERRUPT:
        *irql = KeAcquireInterruptSpinLock(lock->lock);
        break;
    case KSEVENTS_ERESOURCE:
        KeEnterCriticalRegion();
        ExAcquireResourceExclusiveLite(lock->lock, TRUE);
        break;
    }
}

void ks_event_lock_drop(const struct ks_event_lock *lock, KIRQL irql)
{
    switch (lock->type) {
    case KSEVENTS_NONE:
        break;
    case KSEVENTS_SPINLOCK:
        KeReleaseSpinLock(lock->lock, irql);
        break;
    case KSEVENTS_MUTEX:
        KeReleaseMutex(lock->lock, FALSE);
        break;
    case KSEVENTS_FMUTEX:
        ExReleaseFastMutex(lock->lock);
        break;
    case KSEVENTS_FMUTEXUNSAFE:
        ExReleaseFastMutexUnsafe(lock->lock);
        KeLeaveCriticalRegion();
        break;
    case KSEVENTS_INTERRUPT:
        KeReleaseInterruptSpinLock(lock->lock, irql);
        break;
    case KSEVENTS_ERESOURCE:
        ExReleaseResourceLite(lock->lock);
        KeLeaveCriticalRegion();
        break;
    }
}
