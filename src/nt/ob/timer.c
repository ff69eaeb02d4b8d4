/* SPDX-License-Identifier: MIT */
/* Timers that have handles (ZwCreateTimer and its kin), and waiting for several handles at once.
 * The body is a KTIMER in nonpaged pool. Timer APCs are not delivered: a routine given to
 * ZwSetTimer stops the run by name. */
#include "base/base.h"
#include "ob/state.h"

enum { TIMER_TAG = 0x656D6954 /* 'Time' */ };

static void timer_delete(void *body, void *state)
{
    (void)state;
    KeCancelTimer(body);
    ExFreePoolWithTag(body, TIMER_TAG);
}

NTSTATUS NTAPI ZwCreateTimer(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                             TIMER_TYPE type)
{
    struct ob *ob = ob_of(ke_current());
    PKTIMER timer;
    NTSTATUS status;

    if (type != NotificationTimer && type != SynchronizationTimer)
        return STATUS_INVALID_PARAMETER_4; /* UNDOC: as ZwCreateEvent says of its type */
    timer = ExAllocatePoolWithTag(NonPagedPool, sizeof *timer, TIMER_TAG);
    if (timer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeTimerEx(timer, type);
    status = ob_object_create(ob, OB_TYPE_TIMER, timer, timer, timer_delete, NULL);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(timer, TIMER_TAG);
        return status;
    }
    if (attributes != NULL && attributes->ObjectName != NULL)
        status = ob_name_insert(ob, attributes->ObjectName, timer);
    if (NT_SUCCESS(status))
        status = ob_handle_open(ob, timer, access,
                                attributes != NULL ? attributes->Attributes : 0, handle);
    ob_dereference(ob, timer);
    return status;
}

NTSTATUS NTAPI ZwOpenTimer(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    struct ob *ob = ob_of(ke_current());
    enum ob_type type;
    void *body;
    size_t rest;
    NTSTATUS status;

    if (attributes == NULL || attributes->ObjectName == NULL)
        return STATUS_INVALID_PARAMETER;
    status = ob_name_find(ob, attributes->ObjectName, &type, &body, &rest);
    if (!NT_SUCCESS(status))
        return status;
    if (rest != 0)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (type != OB_TYPE_TIMER)
        return STATUS_OBJECT_TYPE_MISMATCH;
    return ob_handle_open(ob, body, access, attributes->Attributes, handle);
}

NTSTATUS NTAPI ZwSetTimer(HANDLE handle, PLARGE_INTEGER due, PTIMER_APC_ROUTINE routine,
                          PVOID context, BOOLEAN resume, LONG period, PBOOLEAN previous)
{
    void *body;
    BOOLEAN was_signalled;
    NTSTATUS status = ob_handle_body(ob_of(ke_current()), handle, OB_TYPE_TIMER, &body);

    (void)context;
    (void)resume;
    if (!NT_SUCCESS(status))
        return status;
    if (period < 0)
        return STATUS_INVALID_PARAMETER_6; /* UNDOC: "must be greater than or equal to zero" */
    if (routine != NULL)
        weir_not_implemented("ZwSetTimer with an APC routine");
    was_signalled = KeReadStateTimer(body);
    KeSetTimerEx(body, *due, period, NULL);
    if (previous != NULL)
        *previous = was_signalled;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwCancelTimer(HANDLE handle, PBOOLEAN state)
{
    void *body;
    NTSTATUS status = ob_handle_body(ob_of(ke_current()), handle, OB_TYPE_TIMER, &body);

    if (!NT_SUCCESS(status))
        return status;
    KeCancelTimer(body);
    if (state != NULL)
        *state = KeReadStateTimer(body);
    return STATUS_SUCCESS;
}

/* References are held while it waits; blocks come from pool when the thread's own are too few. */
NTSTATUS NTAPI ZwWaitForMultipleObjects(ULONG count, PHANDLE handles, WAIT_TYPE type,
                                        BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    PVOID bodies[MAXIMUM_WAIT_OBJECTS];
    PVOID objects[MAXIMUM_WAIT_OBJECTS];
    PKWAIT_BLOCK blocks = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG taken = 0;

    if (count == 0 || count > MAXIMUM_WAIT_OBJECTS)
        return STATUS_INVALID_PARAMETER_1;
    if (count > THREAD_WAIT_OBJECTS) {
        blocks = ExAllocatePoolWithTag(NonPagedPool, count * sizeof *blocks, TIMER_TAG);
        if (blocks == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (; taken < count && NT_SUCCESS(status); taken++)
        status = ob_wait_object(handles[taken], &bodies[taken], &objects[taken]);
    if (NT_SUCCESS(status))
        status = KeWaitForMultipleObjects(count, objects, type, UserRequest, KernelMode, alertable,
                                          timeout, blocks);
    else
        taken--;
    while (taken > 0)
        ObfDereferenceObject(bodies[--taken]);
    if (blocks != NULL)
        ExFreePoolWithTag(blocks, TIMER_TAG);
    return status;
}
