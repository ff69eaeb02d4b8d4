/* SPDX-License-Identifier: MIT */
/* One-time initialization. The caller's word holds two bits of state and, above them, first the
 * chain of threads that wait for the initialization under way, then the data it gave. Synchronous
 * callers wait for one another; asynchronous ones all initialize, and the first to complete wins.
 * RtlRunOnceBeginInitialize, RtlRunOnceComplete, RtlRunOnceExecuteOnce.
 *
 * UNDOC: statuses for flags that do not exist (STATUS_INVALID_PARAMETER_2) and for a structure that
 * is used in the other mode (STATUS_INVALID_OWNER). */
#include "base/base.h"
#include "rtl/rtl.h"
#include "wdk/wdm.h"

enum { NOTHING_YET, BUSY, DONE, BUSY_ASYNC, STATE_MASK = 3, WAITER_TAG = 0x6F6E754Fu };

/* In pool: drivers see its address in the word. */
struct waiter {
    struct waiter *next;
    KEVENT go;
};

static ULONG_PTR state_of(const RTL_RUN_ONCE *once)
{
    return (ULONG_PTR)once->Ptr & STATE_MASK;
}

static void *payload_of(const RTL_RUN_ONCE *once)
{
    return (void *)((ULONG_PTR)once->Ptr & ~(ULONG_PTR)STATE_MASK);
}

static void set(PRTL_RUN_ONCE once, const void *payload, ULONG_PTR state)
{
    once->Ptr = (PVOID)((ULONG_PTR)payload | state);
}

void NTAPI RtlRunOnceInitialize(PRTL_RUN_ONCE once)
{
    once->Ptr = NULL;
}

static void wait_for_other(PRTL_RUN_ONCE once)
{
    struct waiter *self = ExAllocatePoolWithTag(NonPagedPool, sizeof *self, WAITER_TAG);

    weir_assert(self != NULL);
    self->next = payload_of(once);
    KeInitializeEvent(&self->go, NotificationEvent, FALSE);
    set(once, self, BUSY);
    KeWaitForSingleObject(&self->go, Executive, KernelMode, FALSE, NULL);
    ExFreePoolWithTag(self, WAITER_TAG);
}

static NTSTATUS begin(PRTL_RUN_ONCE once, bool async)
{
    while (state_of(once) == BUSY) {
        if (async)
            return STATUS_INVALID_OWNER;
        wait_for_other(once);
    }
    if (state_of(once) == DONE)
        return STATUS_SUCCESS;
    if (state_of(once) == BUSY_ASYNC)
        return async ? STATUS_PENDING : STATUS_INVALID_OWNER;
    set(once, NULL, async ? BUSY_ASYNC : BUSY);
    return STATUS_PENDING;
}

NTSTATUS NTAPI RtlRunOnceBeginInitialize(PRTL_RUN_ONCE once, ULONG flags, PVOID *context)
{
    NTSTATUS status;

    if ((flags & ~(ULONG)(RTL_RUN_ONCE_CHECK_ONLY | RTL_RUN_ONCE_ASYNC)) != 0 ||
        flags == (RTL_RUN_ONCE_CHECK_ONLY | RTL_RUN_ONCE_ASYNC))
        return STATUS_INVALID_PARAMETER_2;
    if (flags & RTL_RUN_ONCE_CHECK_ONLY)
        status = state_of(once) == DONE ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
    else
        status = begin(once, (flags & RTL_RUN_ONCE_ASYNC) != 0);
    if (status == STATUS_SUCCESS && context != NULL)
        *context = payload_of(once);
    return status;
}

static void wake(struct waiter *waiter)
{
    while (waiter != NULL) {
        struct waiter *next = waiter->next; /* it may be gone once its event is set */

        KeSetEvent(&waiter->go, IO_NO_INCREMENT, FALSE);
        waiter = next;
    }
}

NTSTATUS NTAPI RtlRunOnceComplete(PRTL_RUN_ONCE once, ULONG flags, PVOID context)
{
    bool async = (flags & RTL_RUN_ONCE_ASYNC) != 0;
    bool failed = (flags & RTL_RUN_ONCE_INIT_FAILED) != 0;
    struct waiter *waiters;

    if ((flags & ~(ULONG)(RTL_RUN_ONCE_ASYNC | RTL_RUN_ONCE_INIT_FAILED)) != 0 || (async && failed))
        return STATUS_INVALID_PARAMETER_2;
    if (((ULONG_PTR)context & STATE_MASK) != 0 || (failed && context != NULL))
        return STATUS_INVALID_PARAMETER_3;
    if (state_of(once) == DONE || state_of(once) == NOTHING_YET)
        return STATUS_UNSUCCESSFUL;
    if (async != (state_of(once) == BUSY_ASYNC))
        return STATUS_INVALID_OWNER;
    waiters = async ? NULL : payload_of(once);
    set(once, context, failed ? NOTHING_YET : DONE);
    wake(waiters);
    return STATUS_SUCCESS;
}

/* "runs with normal kernel APCs disabled". */
NTSTATUS NTAPI RtlRunOnceExecuteOnce(PRTL_RUN_ONCE once, PRTL_RUN_ONCE_INIT_FN init,
                                     PVOID parameter, PVOID *context)
{
    PVOID data = NULL;
    NTSTATUS status;
    ULONG good;

    KeEnterCriticalRegion();
    status = RtlRunOnceBeginInitialize(once, 0, context);
    if (status == STATUS_PENDING) {
        good = (ULONG)KE_CALL(init, KE_ARG(once), KE_ARG(parameter), KE_ARG(&data));
        status = RtlRunOnceComplete(once, good != 0 ? 0 : RTL_RUN_ONCE_INIT_FAILED,
                                    good != 0 ? data : NULL);
        if (NT_SUCCESS(status) && good == 0)
            status = STATUS_UNSUCCESSFUL;
        else if (NT_SUCCESS(status) && context != NULL)
            *context = data;
    }
    KeLeaveCriticalRegion();
    return status;
}
