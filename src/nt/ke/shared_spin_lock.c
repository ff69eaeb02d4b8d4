/* SPDX-License-Identifier: MIT */
/* Spin locks that many readers or one writer hold (EX_SPIN_LOCK, from Vista SP1 on). They are
 * Ex's by name and spin as the others do, so they live beside them.
 *
 * Drivers own the 32-bit word, zero while the lock is free. UNDOC: what else it says. Here a writer
 * leaves its CPU in it, so that a CPU which asks again for what it holds is found out, and readers
 * are counted; a reader who asks again is not known by name, and deadlocks only if a writer waits.
 * A writer that waits keeps new readers out, as the pages' ban on recursion for readers suggests:
 * "Recursive acquisition of a spin lock causes deadlock" (ExAcquireSpinLockSharedAtDpcLevel,
 * Remarks). Test: "a writer that waits comes before new readers". */
#include "ke/internal.h"

enum {
    WRITER = 1u << 31,
    WRITER_WAITS = 1u << 30,
    READERS = WRITER_WAITS - 1,
};

static volatile uint32_t *word_of(PEX_SPIN_LOCK lock)
{
    return (volatile uint32_t *)lock;
}

static uint32_t written_by(const struct ke_cpu *cpu)
{
    return WRITER | (cpu->number + 1);
}

static void acquire_exclusive(struct ke *ke, PEX_SPIN_LOCK lock)
{
    volatile uint32_t *word = word_of(lock);
    uint64_t since_ns = ke->trace->now_ns;

    while ((*word & ~(uint32_t)WRITER_WAITS) != 0) {
        if ((*word & ~(uint32_t)WRITER_WAITS) == written_by(ke->cpu))
            ke_spin_recursive(ke, lock);
        *word |= WRITER_WAITS;
        ke_spin(ke, lock, since_ns);
    }
    *word = written_by(ke->cpu);
}

static void release_exclusive(struct ke *ke, PEX_SPIN_LOCK lock)
{
    volatile uint32_t *word = word_of(lock);

    if ((*word & ~(uint32_t)WRITER_WAITS) != written_by(ke->cpu))
        KE_FINDING(ke, VERIFY_spin_lock_not_owned, ke_shown_va(lock));
    *word &= WRITER_WAITS;
}

static void acquire_shared(struct ke *ke, PEX_SPIN_LOCK lock)
{
    volatile uint32_t *word = word_of(lock);
    uint64_t since_ns = ke->trace->now_ns;

    while ((*word & (WRITER | WRITER_WAITS)) != 0) {
        if ((*word & ~(uint32_t)WRITER_WAITS) == written_by(ke->cpu))
            ke_spin_recursive(ke, lock);
        ke_spin(ke, lock, since_ns);
    }
    (*word)++;
}

static void release_shared(struct ke *ke, PEX_SPIN_LOCK lock)
{
    volatile uint32_t *word = word_of(lock);

    if ((*word & WRITER) != 0 || (*word & READERS) == 0)
        KE_FINDING(ke, VERIFY_spin_lock_not_owned, ke_shown_va(lock));
    else
        (*word)--;
}

KIRQL NTAPI ExAcquireSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    KIRQL old = ke_irql_raise(DISPATCH_LEVEL);

    acquire_exclusive(ke_ambient, SpinLock);
    return old;
}

void NTAPI ExReleaseSpinLockExclusive(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    release_exclusive(ke_ambient, SpinLock);
    ke_irql_lower(OldIrql);
}

KIRQL NTAPI ExAcquireSpinLockShared(PEX_SPIN_LOCK SpinLock)
{
    KIRQL old = ke_irql_raise(DISPATCH_LEVEL);

    acquire_shared(ke_ambient, SpinLock);
    return old;
}

void NTAPI ExReleaseSpinLockShared(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    release_shared(ke_ambient, SpinLock);
    ke_irql_lower(OldIrql);
}

void NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    acquire_exclusive(ke_ambient, SpinLock);
}

void NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    release_exclusive(ke_ambient, SpinLock);
}

void NTAPI ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    acquire_shared(ke_ambient, SpinLock);
}

void NTAPI ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    release_shared(ke_ambient, SpinLock);
}

/* TRUE: the caller was the only reader and is the writer now; else it still reads. */
LOGICAL NTAPI ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    volatile uint32_t *word = word_of(SpinLock);
    struct ke *ke = ke_ambient;

    if ((*word & ~(uint32_t)WRITER_WAITS) != 1)
        return FALSE;
    *word = written_by(ke->cpu) | (*word & WRITER_WAITS);
    return TRUE;
}
