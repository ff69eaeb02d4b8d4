/* SPDX-License-Identifier: MIT */
/* Waiting.
 *
 * An object that can be waited for begins with a DISPATCHER_HEADER: a type, a signal state, and a
 * list of the wait blocks of those who wait. A thread waits for one object, for any or for all of
 * several; being satisfied changes the state of some types: a synchronization event is reset, a
 * semaphore counts down, a mutex gets an owner. Waiting for all changes nothing until all are
 * signalled at once (KeWaitForMultipleObjects, Remarks).
 *
 * A wait with a timeout other than zero needs IRQL at or below APC_LEVEL (KeWaitForSingleObject,
 * Remarks). A driver that does it above gets a finding; if the wait would really block, the machine
 * ends as Windows does: bug check 0xB8 in a DPC, 0xA elsewhere.
 *
 * Alertable waits behave as others: nothing queues user APCs here. */
#include "ke/wait.h"

#include "ke/bugcheck.h"

/* Parameter 1 of the bug check: a list was overwritten. */
enum { CORRUPT_LIST_ENTRY = 3 };

void ke_object_init(PDISPATCHER_HEADER header, UCHAR type, size_t size_bytes, LONG state)
{
    header->Lock = 0;
    header->Type = type;
    header->Size = (UCHAR)(size_bytes / sizeof(ULONG));
    header->SignalState = state;
    InitializeListHead(&header->WaitListHead);
}

/* ---- Objects' states ------------------------------------------------------------------------- */

static bool is_signaled(PDISPATCHER_HEADER header, const struct ke_thread *thread)
{
    if (header->Type == KOBJECT_MUTANT &&
        ((PKMUTANT)(void *)header)->OwnerThread == (PKTHREAD)thread->object)
        return true;
    return header->SignalState > 0;
}

static NTSTATUS acquire_mutant(PKMUTANT mutant, struct ke_thread *thread)
{
    NTSTATUS status = mutant->Abandoned ? STATUS_ABANDONED : STATUS_SUCCESS;

    if (--mutant->Header.SignalState == 0) {
        mutant->OwnerThread = (PKTHREAD)thread->object;
        mutant->Abandoned = FALSE;
        InsertTailList(&thread->object->mutants, &mutant->MutantListEntry);
        thread->kernel_apc_disable = (int16_t)(thread->kernel_apc_disable - mutant->ApcDisable);
    }
    return status;
}

/* STATUS_SUCCESS or STATUS_ABANDONED. */
static NTSTATUS consume(PDISPATCHER_HEADER header, struct ke_thread *thread)
{
    switch (header->Type) {
    case KOBJECT_EVENT_SYNCHRONIZATION:
    case KOBJECT_TIMER_SYNCHRONIZATION:
        header->SignalState = 0;
        return STATUS_SUCCESS;
    case KOBJECT_SEMAPHORE:
        header->SignalState--;
        return STATUS_SUCCESS;
    case KOBJECT_MUTANT:
        return acquire_mutant((PKMUTANT)(void *)header, thread);
    default:
        return STATUS_SUCCESS;
    }
}

static bool all_signaled(ULONG count, PVOID *objects, const struct ke_thread *thread)
{
    for (ULONG i = 0; i < count; i++) {
        if (!is_signaled(objects[i], thread))
            return false;
    }
    return true;
}

/* The status of a wait that is satisfied right now; false when it is not. */
static bool try_now(const struct ke_wait *wait, struct ke_thread *thread, NTSTATUS *status)
{
    if (!wait->all) {
        for (ULONG i = 0; i < wait->count; i++) {
            if (is_signaled(wait->objects[i], thread)) {
                *status = consume(wait->objects[i], thread) + (NTSTATUS)i;
                return true;
            }
        }
        return false;
    }
    if (!all_signaled(wait->count, wait->objects, thread))
        return false;
    *status = STATUS_SUCCESS;
    for (ULONG i = 0; i < wait->count; i++) {
        if (consume(wait->objects[i], thread) == STATUS_ABANDONED)
            *status = STATUS_ABANDONED;
    }
    return true;
}

/* ---- Waking ---------------------------------------------------------------------------------- */

void ke_thread_end_wait(struct ke *ke, struct ke_thread *thread, uint64_t result,
                        KPRIORITY increment)
{
    weir_assert(thread->state == KE_THREAD_WAITING);
    for (uint32_t i = 0; i < thread->wait_count; i++)
        RemoveEntryList(&thread->wait_blocks[i].WaitListEntry);
    thread->wait_count = 0;
    thread->wait_result = result;
    sim_event_cancel(ke->sim, &thread->wait_timeout);
    ke_ready(ke, thread, increment);
}

static bool satisfied(struct ke_thread *thread, PKWAIT_BLOCK block, NTSTATUS *status)
{
    PVOID objects[MAXIMUM_WAIT_OBJECTS];
    struct ke_wait wait = {.count = thread->wait_count, .all = true, .objects = objects};

    if (!thread->wait_all) {
        if (!is_signaled(block->Object, thread))
            return false;
        *status = consume(block->Object, thread) + block->WaitKey;
        return true;
    }
    for (uint32_t i = 0; i < thread->wait_count; i++)
        objects[i] = thread->wait_blocks[i].Object;
    return try_now(&wait, thread, status);
}

/* The list is in the driver's memory, and Windows walks it at DISPATCH_LEVEL. What can be no
 * address on any machine is found out here; a timer's comes up when no driver is calling. */
static void check_list(const LIST_ENTRY *entry)
{
    enum { LOWEST_VA = 0x10000, CANONICAL_BITS = 47 };
    uint64_t va = KE_ARG(entry);

    if (weir_unlikely(va < LOWEST_VA || va >> CANONICAL_BITS != 0))
        ke_bug_check(KE_BUG_IRQL_NOT_LESS_OR_EQUAL, va, DISPATCH_LEVEL, 0, 0);
}

/* Waiters are served in the order they came. After one was served the list starts over: its other
 * wait blocks may have been in it too. */
void ke_object_signal(struct ke *ke, PDISPATCHER_HEADER header, KPRIORITY increment)
{
    PLIST_ENTRY head = &header->WaitListHead;
    PLIST_ENTRY entry = head->Flink;

    while (entry != head && header->SignalState > 0) {
        PKWAIT_BLOCK block = CONTAINING_RECORD(entry, KWAIT_BLOCK, WaitListEntry);
        struct ke_thread *thread;
        NTSTATUS status;

        check_list(entry);
        thread = ke_thread_of(ke, block->Thread);
        if (!thread)
            ke_bug_check(KE_BUG_KERNEL_SECURITY_CHECK_FAILURE, CORRUPT_LIST_ENTRY, KE_ARG(entry), 0,
                         0);
        if (satisfied(thread, block, &status)) {
            ke_thread_end_wait(ke, thread, (ULONG)status, increment);
            entry = head->Flink;
        } else {
            entry = entry->Flink;
        }
    }
}

/* ---- Blocking -------------------------------------------------------------------------------- */

bool ke_wait_forbidden(struct ke *ke, PLARGE_INTEGER timeout)
{
    if (ke->cpu->irql <= APC_LEVEL || (timeout && timeout->QuadPart == 0))
        return false;
    KE_FINDING(ke, VERIFY_wait_at_dispatch, ke->cpu->irql);
    return true;
}

_Noreturn void ke_wait_bug_check(struct ke *ke, const void *object)
{
    struct ke_thread *thread = ke_this_thread(ke);

    if (ke->cpu->in_dpc)
        ke_bug_check(0xB8, (uint64_t)thread->object, 0, 0, 0);
    ke_bug_check(0x0A, (uint64_t)object, ke->cpu->irql, 0, ke_caller_va());
}

uint64_t ke_block(struct ke *ke, PLARGE_INTEGER timeout)
{
    struct ke_thread *thread = ke_this_thread(ke);

    weir_assert(!thread->idle);
    thread->state = KE_THREAD_WAITING;
    if (timeout)
        sim_event_arm(ke->sim, &thread->wait_timeout, ke_due_ns(ke, timeout->QuadPart));
    ke_switch_away(ke);
    ke_deliver_pending(ke);
    return thread->wait_result;
}

static void enter_lists(const struct ke_wait *wait, struct ke_thread *thread)
{
    for (ULONG i = 0; i < wait->count; i++) {
        PKWAIT_BLOCK block = &wait->blocks[i];
        PDISPATCHER_HEADER header = wait->objects[i];

        block->Thread = (PKTHREAD)thread->object;
        block->Object = header;
        block->NextWaitBlock = &wait->blocks[(i + 1) % wait->count];
        block->WaitKey = (USHORT)i;
        block->WaitType = wait->all ? WaitAll : WaitAny;
        InsertTailList(&header->WaitListHead, &block->WaitListEntry);
    }
    thread->wait_blocks = wait->blocks;
    thread->wait_count = wait->count;
    thread->wait_all = wait->all;
}

void ke_wait_next(struct ke *ke)
{
    struct ke_thread *thread = ke_this_thread(ke);

    thread->wait_irql = ke->cpu->irql;
    thread->wait_next = true;
    if (ke->cpu->irql < DISPATCH_LEVEL)
        ke_set_irql(ke, DISPATCH_LEVEL);
}

static void finish_wait_next(struct ke *ke, struct ke_thread *thread)
{
    thread->wait_next = false;
    ke_set_irql(ke, thread->wait_irql);
}

NTSTATUS ke_wait(struct ke *ke, const struct ke_wait *wait)
{
    struct ke_thread *thread = ke_this_thread(ke);
    bool forbidden;
    NTSTATUS status;

    if (thread->wait_next)
        finish_wait_next(ke, thread);
    forbidden = ke_wait_forbidden(ke, wait->timeout);
    if (try_now(wait, thread, &status)) {
        ke_deliver_pending(ke);
        return status;
    }
    if (wait->timeout && wait->timeout->QuadPart == 0) {
        ke_deliver_pending(ke);
        return STATUS_TIMEOUT;
    }
    if (forbidden)
        ke_wait_bug_check(ke, wait->objects[0]);
    enter_lists(wait, thread);
    return (NTSTATUS)ke_block(ke, wait->timeout);
}

NTSTATUS NTAPI KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason,
                                     KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                     PLARGE_INTEGER Timeout)
{
    struct ke *ke = ke_ambient;
    struct ke_thread *thread = ke_this_thread(ke);
    struct ke_wait wait = {
        .count = 1,
        .objects = &Object,
        .timeout = Timeout,
        .blocks = thread->object->wait_blocks,
    };

    (void)WaitReason;
    (void)WaitMode;
    (void)Alertable;
    return ke_wait(ke, &wait);
}

/* More objects than a thread has wait blocks of its own, and no array for them, or more than the
 * most there may be: bug check 0xC, MAXIMUM_WAIT_OBJECTS_EXCEEDED (KeWaitForMultipleObjects,
 * Count). */
NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG Count, PVOID *Object, WAIT_TYPE WaitType,
                                        KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode,
                                        BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                        PKWAIT_BLOCK WaitBlockArray)
{
    struct ke *ke = ke_ambient;
    struct ke_thread *thread = ke_this_thread(ke);
    struct ke_wait wait = {
        .count = Count,
        .objects = Object,
        .all = WaitType == WaitAll,
        .timeout = Timeout,
        .blocks = WaitBlockArray,
    };

    (void)WaitReason;
    (void)WaitMode;
    (void)Alertable;
    if (Count > MAXIMUM_WAIT_OBJECTS || (!WaitBlockArray && Count > THREAD_WAIT_OBJECTS))
        ke_bug_check(0x0C, 0, 0, 0, 0);
    if (Count == 0)
        return STATUS_INVALID_PARAMETER;
    if (!wait.blocks)
        wait.blocks = thread->object->wait_blocks;
    return ke_wait(ke, &wait);
}

/* An interval of zero gives the rest of the quantum to threads of the same priority. */
NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                      PLARGE_INTEGER Interval)
{
    struct ke *ke = ke_ambient;

    (void)WaitMode;
    (void)Alertable;
    if (ke->cpu->irql > APC_LEVEL) {
        KE_FINDING(ke, VERIFY_wait_at_dispatch, ke->cpu->irql);
        ke_wait_bug_check(ke, Interval);
    }
    if (Interval->QuadPart == 0)
        ke_yield_thread(ke);
    else
        ke_block(ke, Interval);
    return STATUS_SUCCESS;
}
