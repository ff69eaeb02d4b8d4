/* SPDX-License-Identifier: MIT */
/* Events that have handles and names: ZwCreateEvent, IoCreateNotificationEvent and their kin. The
 * body is a KEVENT in nonpaged pool; one that has a name is shared by all who open it. */
#include "ob/state.h"
#include "rtl/rtl.h"

enum { EVENT_TAG = 0x6E657645 /* 'Even' */ };

static void event_delete(void *body, void *state)
{
    (void)state;
    ExFreePoolWithTag(body, EVENT_TAG);
}

static NTSTATUS create(struct ob *ob, const UNICODE_STRING *name, EVENT_TYPE type, BOOLEAN state,
                       PKEVENT *out)
{
    PKEVENT event = ExAllocatePoolWithTag(NonPagedPool, sizeof *event, EVENT_TAG);
    NTSTATUS status;

    if (event == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeEvent(event, type, state);
    status = ob_object_create(ob, OB_TYPE_EVENT, event, event, event_delete, NULL);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(event, EVENT_TAG);
        return status;
    }
    if (name != NULL)
        status = ob_name_insert(ob, name, event);
    if (!NT_SUCCESS(status))
        ob_dereference(ob, event);
    else
        *out = event;
    return status;
}

/* An open handle to the event, whose only reference it is when the event is new. */
static NTSTATUS open_by_name(struct ob *ob, const UNICODE_STRING *name, ACCESS_MASK access,
                             ULONG attributes, PKEVENT *out, HANDLE *handle)
{
    enum ob_type type;
    void *body;
    size_t rest;
    NTSTATUS status = ob_name_find(ob, name, &type, &body, &rest);

    if (!NT_SUCCESS(status))
        return status;
    if (rest != 0)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (type != OB_TYPE_EVENT)
        return STATUS_OBJECT_TYPE_MISMATCH;
    *out = body;
    return ob_handle_open(ob, body, access, attributes, handle);
}

static NTSTATUS create_with_handle(const UNICODE_STRING *name, EVENT_TYPE type, BOOLEAN state,
                                   ACCESS_MASK access, ULONG attributes, PKEVENT *out,
                                   HANDLE *handle)
{
    struct ob *ob = ob_of(ke_current());
    NTSTATUS status = create(ob, name, type, state, out);

    if (!NT_SUCCESS(status))
        return status;
    status = ob_handle_open(ob, *out, access, attributes, handle);
    ob_dereference(ob, *out);
    return status;
}

NTSTATUS NTAPI ZwCreateEvent(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                             EVENT_TYPE type, BOOLEAN state)
{
    const UNICODE_STRING *name = attributes != NULL ? attributes->ObjectName : NULL;
    ULONG flags = attributes != NULL ? attributes->Attributes : 0;
    PKEVENT event;
    NTSTATUS status;

    if (type != NotificationEvent && type != SynchronizationEvent)
        return STATUS_INVALID_PARAMETER_4;
    status = create_with_handle(name, type, state, access, flags, &event, handle);
    if (status == STATUS_OBJECT_NAME_COLLISION && (flags & OBJ_OPENIF)) {
        status = open_by_name(ob_of(ke_current()), name, access, flags, &event, handle);
        if (NT_SUCCESS(status))
            status = STATUS_OBJECT_NAME_EXISTS;
    }
    return status;
}

NTSTATUS NTAPI ZwOpenEvent(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    PKEVENT event;

    if (attributes == NULL || attributes->ObjectName == NULL)
        return STATUS_INVALID_PARAMETER;
    return open_by_name(ob_of(ke_current()), attributes->ObjectName, access,
                        attributes->Attributes, &event, handle);
}

static PKEVENT create_or_open(PUNICODE_STRING name, PHANDLE handle, EVENT_TYPE type)
{
    PKEVENT event = NULL;
    NTSTATUS status = create_with_handle(name, type, TRUE, EVENT_ALL_ACCESS, OBJ_KERNEL_HANDLE,
                                         &event, handle);

    if (status == STATUS_OBJECT_NAME_COLLISION)
        status = open_by_name(ob_of(ke_current()), name, EVENT_ALL_ACCESS, OBJ_KERNEL_HANDLE,
                              &event, handle);
    return NT_SUCCESS(status) ? event : NULL;
}

PKEVENT NTAPI IoCreateNotificationEvent(PUNICODE_STRING name, PHANDLE handle)
{
    return create_or_open(name, handle, NotificationEvent);
}

PKEVENT NTAPI IoCreateSynchronizationEvent(PUNICODE_STRING name, PHANDLE handle)
{
    return create_or_open(name, handle, SynchronizationEvent);
}

static NTSTATUS event_of(HANDLE handle, PKEVENT *out)
{
    void *body;
    NTSTATUS status = ob_handle_body(ob_of(ke_current()), handle, OB_TYPE_EVENT, &body);

    if (NT_SUCCESS(status))
        *out = body;
    return status;
}

NTSTATUS NTAPI ZwSetEvent(HANDLE handle, PLONG previous)
{
    PKEVENT event;
    LONG state;
    NTSTATUS status = event_of(handle, &event);

    if (!NT_SUCCESS(status))
        return status;
    state = KeSetEvent(event, EVENT_INCREMENT, FALSE);
    if (previous != NULL)
        *previous = state;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwResetEvent(HANDLE handle, PLONG previous)
{
    PKEVENT event;
    LONG state;
    NTSTATUS status = event_of(handle, &event);

    if (!NT_SUCCESS(status))
        return status;
    state = KeResetEvent(event);
    if (previous != NULL)
        *previous = state;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwClearEvent(HANDLE handle)
{
    return ZwResetEvent(handle, NULL);
}

/* Bodies that a thread can wait for begin with a dispatcher header; a file's has an event in it. */
NTSTATUS ob_wait_object(HANDLE handle, PVOID *body, PVOID *object)
{
    NTSTATUS status = ObReferenceObjectByHandle(handle, SYNCHRONIZE, NULL, KernelMode, body, NULL);

    if (!NT_SUCCESS(status))
        return status;
    *object = *body;
    switch (ob_object_of(ob_of(ke_current()), *body)->type) {
    case OB_TYPE_EVENT:
    case OB_TYPE_SEMAPHORE:
    case OB_TYPE_TIMER:
    case OB_TYPE_THREAD:
        return STATUS_SUCCESS;
    case OB_TYPE_FILE:
        *object = &((PFILE_OBJECT)*body)->Event;
        return STATUS_SUCCESS;
    default:
        ObfDereferenceObject(*body);
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
}

NTSTATUS NTAPI ZwWaitForSingleObject(HANDLE handle, BOOLEAN alertable, PLARGE_INTEGER timeout)
{
    PVOID body, object;
    NTSTATUS status = ob_wait_object(handle, &body, &object);

    if (!NT_SUCCESS(status))
        return status;
    status = KeWaitForSingleObject(object, UserRequest, KernelMode, alertable, timeout);
    ObfDereferenceObject(body);
    return status;
}
