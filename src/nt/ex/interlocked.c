/* SPDX-License-Identifier: MIT */
/* Lists and sums that several IRQLs may share.
 *
 * The ExInterlocked functions take a spin lock with interrupts off, so they may be called at any
 * IRQL, which is why the same list must never be touched by other means
 * (ExInterlockedInsertHeadList, Remarks). Between two yield points nothing else runs here: taking
 * the lock at the caller's IRQL, waiting if another CPU holds it, and letting go again is the same.
 * The functions on S-lists need no lock; those that take one ignore it, as on x64.
 *
 * An S-list's header counts its entries and, against reuse of an entry, its changes. */
#include "ke/ke.h"
#include "wdk/wdm.h"

static void lock(PKSPIN_LOCK spin_lock)
{
    KeAcquireSpinLockAtDpcLevel(spin_lock);
}

static void unlock(PKSPIN_LOCK spin_lock)
{
    KeReleaseSpinLockFromDpcLevel(spin_lock);
}

/* ---- Doubly linked lists: NULL when the list was empty --------------------------------------- */

PLIST_ENTRY NTAPI ExInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                              PKSPIN_LOCK Lock)
{
    PLIST_ENTRY first;

    lock(Lock);
    first = IsListEmpty(ListHead) ? NULL : ListHead->Flink;
    InsertHeadList(ListHead, ListEntry);
    unlock(Lock);
    return first;
}

PLIST_ENTRY NTAPI ExInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                              PKSPIN_LOCK Lock)
{
    PLIST_ENTRY last;

    lock(Lock);
    last = IsListEmpty(ListHead) ? NULL : ListHead->Blink;
    InsertTailList(ListHead, ListEntry);
    unlock(Lock);
    return last;
}

PLIST_ENTRY NTAPI ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    PLIST_ENTRY first;

    lock(Lock);
    first = IsListEmpty(ListHead) ? NULL : RemoveHeadList(ListHead);
    unlock(Lock);
    return first;
}

/* ---- Singly linked lists --------------------------------------------------------------------- */

PSINGLE_LIST_ENTRY NTAPI ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    PSINGLE_LIST_ENTRY first;

    lock(Lock);
    first = PopEntryList(ListHead);
    unlock(Lock);
    return first;
}

PSINGLE_LIST_ENTRY NTAPI ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY ListHead,
                                                    PSINGLE_LIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    PSINGLE_LIST_ENTRY first;

    lock(Lock);
    first = ListHead->Next;
    PushEntryList(ListHead, ListEntry);
    unlock(Lock);
    return first;
}

/* ---- Sums: what was there before ------------------------------------------------------------- */

LARGE_INTEGER NTAPI ExInterlockedAddLargeInteger(PLARGE_INTEGER Addend, LARGE_INTEGER Increment,
                                                 PKSPIN_LOCK Lock)
{
    LARGE_INTEGER old;

    lock(Lock);
    old = *Addend;
    Addend->QuadPart = (LONGLONG)((ULONGLONG)old.QuadPart + (ULONGLONG)Increment.QuadPart);
    unlock(Lock);
    return old;
}

ULONG NTAPI ExInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock)
{
    ULONG old;

    lock(Lock);
    old = *Addend;
    *Addend = old + Increment;
    unlock(Lock);
    return old;
}

/* ---- S-lists --------------------------------------------------------------------------------- */

static PSLIST_ENTRY first_of(PSLIST_HEADER head)
{
    return (PSLIST_ENTRY)((ULONG_PTR)head->HeaderX64.NextEntry << 4);
}

static void change(PSLIST_HEADER head, PSLIST_ENTRY first, unsigned depth)
{
    head->HeaderX64.NextEntry = (ULONG_PTR)first >> 4;
    head->HeaderX64.Depth = depth & 0xFFFF;
    head->HeaderX64.Sequence++;
}

void NTAPI ExInitializeSListHead(PSLIST_HEADER SListHead)
{
    *SListHead = (SLIST_HEADER){0};
}

USHORT NTAPI ExQueryDepthSList(PSLIST_HEADER SListHead)
{
    return (USHORT)SListHead->HeaderX64.Depth;
}

PSLIST_ENTRY NTAPI ExpInterlockedPopEntrySList(PSLIST_HEADER ListHead)
{
    PSLIST_ENTRY first = first_of(ListHead);

    if (first)
        change(ListHead, first->Next, ListHead->HeaderX64.Depth - 1u);
    return first;
}

PSLIST_ENTRY NTAPI ExpInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry)
{
    PSLIST_ENTRY first = first_of(ListHead);

    ListEntry->Next = first;
    change(ListHead, ListEntry, ListHead->HeaderX64.Depth + 1u);
    return first;
}

PSLIST_ENTRY NTAPI ExpInterlockedFlushSList(PSLIST_HEADER ListHead)
{
    PSLIST_ENTRY first = first_of(ListHead);

    change(ListHead, NULL, 0);
    return first;
}

PSLIST_ENTRY NTAPI ExInterlockedPopEntrySList(PSLIST_HEADER ListHead, PKSPIN_LOCK Lock)
{
    (void)Lock;
    return ExpInterlockedPopEntrySList(ListHead);
}

PSLIST_ENTRY NTAPI ExInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry,
                                               PKSPIN_LOCK Lock)
{
    (void)Lock;
    return ExpInterlockedPushEntrySList(ListHead, ListEntry);
}

PSLIST_ENTRY NTAPI ExInterlockedFlushSList(PSLIST_HEADER ListHead)
{
    return ExpInterlockedFlushSList(ListHead);
}
