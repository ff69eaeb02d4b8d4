/* SPDX-License-Identifier: MIT */
/* Queues: entries for worker threads, of which only so many shall run at a time. An entry goes
 * straight to the thread that has waited longest unless as many as the queue allows are busy with
 * earlier ones; a thread counts as busy from the entry it got until it comes back. UNDOC: a worker
 * that blocks on something else stays counted here, where Windows lets another one run. */
#include "ke/wait.h"

void NTAPI KeInitializeQueue(PRKQUEUE Queue, ULONG Count)
{
    ke_object_init(&Queue->Header, KOBJECT_QUEUE, sizeof *Queue, 0);
    InitializeListHead(&Queue->EntryListHead);
    InitializeListHead(&Queue->ThreadListHead);
    Queue->CurrentCount = 0;
    Queue->MaximumCount = Count ? Count : ke_ambient->cpu_count;
}

/* The thread that began to wait last is served first, which keeps caches warm (KeInsertQueue,
 * Remarks). */
static bool hand_over(struct ke *ke, PRKQUEUE queue)
{
    PLIST_ENTRY waiter = queue->Header.WaitListHead.Blink;
    struct ke_thread *thread;
    PLIST_ENTRY entry;

    if (waiter == &queue->Header.WaitListHead || IsListEmpty(&queue->EntryListHead) ||
        queue->CurrentCount >= queue->MaximumCount)
        return false;
    thread = ke_thread_of(ke, CONTAINING_RECORD(waiter, KWAIT_BLOCK, WaitListEntry)->Thread);
    weir_assert(thread);
    entry = RemoveHeadList(&queue->EntryListHead);
    entry->Flink = NULL;
    queue->Header.SignalState--;
    queue->CurrentCount++;
    ke_thread_end_wait(ke, thread, (uint64_t)entry, 0);
    return true;
}

static LONG insert(PRKQUEUE queue, PLIST_ENTRY entry, bool at_head)
{
    struct ke *ke = ke_ambient;
    LONG old = queue->Header.SignalState;

    if (at_head)
        InsertHeadList(&queue->EntryListHead, entry);
    else
        InsertTailList(&queue->EntryListHead, entry);
    queue->Header.SignalState++;
    hand_over(ke, queue);
    ke_deliver_pending(ke);
    return old;
}

LONG NTAPI KeInsertQueue(PRKQUEUE Queue, PLIST_ENTRY Entry)
{
    return insert(Queue, Entry, false);
}

LONG NTAPI KeInsertHeadQueue(PRKQUEUE Queue, PLIST_ENTRY Entry)
{
    return insert(Queue, Entry, true);
}

LONG NTAPI KeReadStateQueue(PRKQUEUE Queue)
{
    return Queue->Header.SignalState;
}

static void leave_queue(struct ke *ke, struct ke_thread *thread)
{
    PRKQUEUE old = thread->queue;

    thread->queue = NULL;
    if (!old)
        return;
    old->CurrentCount--;
    while (hand_over(ke, old))
        continue;
}

static PLIST_ENTRY take_entry(PRKQUEUE queue, struct ke_thread *thread)
{
    PLIST_ENTRY entry = RemoveHeadList(&queue->EntryListHead);

    entry->Flink = NULL;
    queue->Header.SignalState--;
    queue->CurrentCount++;
    thread->queue = queue;
    return entry;
}

static PLIST_ENTRY wait_for_entry(struct ke *ke, PRKQUEUE queue, PLARGE_INTEGER timeout)
{
    struct ke_thread *thread = ke_this_thread(ke);
    PKWAIT_BLOCK block = &thread->object->wait_blocks[0];
    uint64_t result;

    block->Thread = (PKTHREAD)thread->object;
    block->Object = queue;
    InsertTailList(&queue->Header.WaitListHead, &block->WaitListEntry);
    thread->wait_blocks = block;
    thread->wait_count = 1;
    thread->wait_all = false;
    result = ke_block(ke, timeout);
    if (result != (ULONG)STATUS_TIMEOUT && result != (ULONG)STATUS_ABANDONED)
        thread->queue = queue;
    return (PLIST_ENTRY)result;
}

/* Returns an entry, or STATUS_TIMEOUT or STATUS_ABANDONED as a pointer. */
PLIST_ENTRY NTAPI KeRemoveQueue(PRKQUEUE Queue, KPROCESSOR_MODE WaitMode, PLARGE_INTEGER Timeout)
{
    struct ke *ke = ke_ambient;
    struct ke_thread *thread = ke_this_thread(ke);
    bool forbidden;

    (void)WaitMode;
    leave_queue(ke, thread);
    forbidden = ke_wait_forbidden(ke, Timeout);
    if (!IsListEmpty(&Queue->EntryListHead) && Queue->CurrentCount < Queue->MaximumCount)
        return take_entry(Queue, thread);
    if (Timeout && Timeout->QuadPart == 0)
        return (PLIST_ENTRY)(ULONG_PTR)STATUS_TIMEOUT;
    if (forbidden)
        ke_wait_bug_check(ke, Queue);
    return wait_for_entry(ke, Queue, Timeout);
}

/* Waiters go on with STATUS_ABANDONED; the first entry of those left, linked in a ring, or NULL. */
PLIST_ENTRY NTAPI KeRundownQueue(PRKQUEUE Queue)
{
    struct ke *ke = ke_ambient;
    PLIST_ENTRY waiters = &Queue->Header.WaitListHead;
    PLIST_ENTRY first = NULL;

    while (!IsListEmpty(waiters)) {
        PKWAIT_BLOCK block = CONTAINING_RECORD(waiters->Flink, KWAIT_BLOCK, WaitListEntry);

        ke_thread_end_wait(ke, ke_thread_of(ke, block->Thread), (ULONG)STATUS_ABANDONED, 0);
    }
    if (!IsListEmpty(&Queue->EntryListHead)) {
        first = Queue->EntryListHead.Flink;
        RemoveEntryList(&Queue->EntryListHead);
        InitializeListHead(&Queue->EntryListHead);
    }
    Queue->Header.SignalState = 0;
    ke_deliver_pending(ke);
    return first;
}
