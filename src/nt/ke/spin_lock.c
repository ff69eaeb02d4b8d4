/* SPDX-License-Identifier: MIT */
/* Spin locks. Drivers own the word, nonzero while the lock is held; it says here which CPU holds
 * it, so that a CPU which asks for a lock it holds is found out: bug check 0xF,
 * SPIN_LOCK_ALREADY_OWNED, as the checked build of Windows does. Releasing a lock that this CPU
 * does not hold is a finding, and frees it, as Windows would. Waiting lets other CPUs go on; when
 * that cannot end, it is a deadlock.
 *
 * UNDOC: an in-stack queued lock serves its waiters in the order they came ("Queued Spin Locks");
 * here the seed decides among them, as it does for ordinary locks: a stricter order hides no race a
 * driver has. */
#include "ke/internal.h"

/* Low bit: held. */
static KSPIN_LOCK held_by(const struct ke_cpu *cpu)
{
    return 1 | (KSPIN_LOCK)(cpu->number + 1) << 8;
}

void ke_spin_recursive(struct ke *ke, const void *lock)
{
    KE_FINDING(ke, VERIFY_spin_lock_recursive, ke_shown_va(lock));
    ke_bug_check(0x0F, (uint64_t)lock, 0, 0, 0);
}

void ke_spin_acquire(struct ke *ke, PKSPIN_LOCK lock)
{
    volatile KSPIN_LOCK *word = lock;
    uint64_t since_ns = ke->trace->now_ns;

    while (weir_unlikely(*word != 0)) {
        if (*word == held_by(ke->cpu))
            ke_spin_recursive(ke, lock);
        ke_spin(ke, lock, since_ns);
    }
    *word = held_by(ke->cpu);
}

void ke_spin_release(struct ke *ke, PKSPIN_LOCK lock)
{
    if (weir_unlikely(*lock != held_by(ke->cpu)))
        KE_FINDING(ke, VERIFY_spin_lock_not_owned, ke_shown_va(lock));
    *(volatile KSPIN_LOCK *)lock = 0;
}

void NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    *SpinLock = 0;
}

KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    KIRQL old = ke_irql_raise(DISPATCH_LEVEL);

    ke_spin_acquire(ke_ambient, SpinLock);
    return old;
}

void NTAPI KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    ke_spin_release(ke_ambient, SpinLock);
    ke_irql_lower(NewIrql);
}

void NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    ke_spin_acquire(ke_ambient, SpinLock);
}

void NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    ke_spin_release(ke_ambient, SpinLock);
}

KIRQL NTAPI KfAcquireSpinLock(PKSPIN_LOCK SpinLock)
{
    return KeAcquireSpinLockRaiseToDpc(SpinLock);
}

void NTAPI KfReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    KeReleaseSpinLock(SpinLock, NewIrql);
}

void NTAPI KefAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    ke_spin_acquire(ke_ambient, SpinLock);
}

void NTAPI KefReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    ke_spin_release(ke_ambient, SpinLock);
}

BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    struct ke *ke = ke_ambient;

    if (*SpinLock != 0)
        return FALSE;
    *SpinLock = held_by(ke->cpu);
    return TRUE;
}

/* TRUE: the lock is free. */
BOOLEAN NTAPI KeTestSpinLock(PKSPIN_LOCK SpinLock)
{
    return *(volatile KSPIN_LOCK *)SpinLock == 0;
}

/* For code that may run in an ordinary or in a threaded DPC. */
KIRQL NTAPI KeAcquireSpinLockForDpc(PKSPIN_LOCK SpinLock)
{
    return KeAcquireSpinLockRaiseToDpc(SpinLock);
}

void NTAPI KeReleaseSpinLockForDpc(PKSPIN_LOCK SpinLock, KIRQL OldIrql)
{
    KeReleaseSpinLock(SpinLock, OldIrql);
}

/* ---- In-stack queued spin locks -------------------------------------------------------------- */

static void acquire_queued(struct ke *ke, PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle)
{
    handle->LockQueue.Next = NULL;
    handle->LockQueue.Lock = lock;
    ke_spin_acquire(ke, lock);
}

void NTAPI KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    LockHandle->OldIrql = ke_irql_raise(DISPATCH_LEVEL);
    acquire_queued(ke_ambient, SpinLock, LockHandle);
}

void NTAPI KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle)
{
    KIRQL old = LockHandle->OldIrql;

    ke_spin_release(ke_ambient, LockHandle->LockQueue.Lock);
    ke_irql_lower(old);
}

void NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock,
                                                    PKLOCK_QUEUE_HANDLE LockHandle)
{
    acquire_queued(ke_ambient, SpinLock, LockHandle);
}

void NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle)
{
    ke_spin_release(ke_ambient, LockHandle->LockQueue.Lock);
}

void NTAPI KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK SpinLock,
                                                PKLOCK_QUEUE_HANDLE LockHandle)
{
    KeAcquireInStackQueuedSpinLock(SpinLock, LockHandle);
}

void NTAPI KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE LockHandle)
{
    KeReleaseInStackQueuedSpinLock(LockHandle);
}
