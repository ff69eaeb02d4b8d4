/* SPDX-License-Identifier: MIT */
/* Handles: indices times four, one table for the one process there is. A kernel handle has its
 * upper half set, as on Windows, so that a driver can tell. -1 and -2 are the current process and
 * thread. Closing what is not open is STATUS_INVALID_HANDLE; Windows under a verifier stops there
 * (0x93), we report a finding. */
#include "ob/state.h"
#include "trace/rules.h"

#define KERNEL_HANDLE_BITS 0xFFFFFFFF80000000ull
#define CURRENT_PROCESS ((HANDLE)(LONG_PTR)-1)
#define CURRENT_THREAD ((HANDLE)(LONG_PTR)-2)

void ob_handles_fini(struct ob *ob)
{
    array_fini(&ob->handles);
}

static struct ob_handle *slot_of(struct ob *ob, HANDLE handle)
{
    uint64_t value = KE_ARG(handle) & ~KERNEL_HANDLE_BITS;
    uint64_t index = value / 4;

    if (value % 4 != 0 || index == 0 || index > ob->handles.count)
        return NULL;
    if (ob->handles.items[index - 1].object == NULL)
        return NULL;
    return &ob->handles.items[index - 1];
}

static int new_slot(struct ob *ob, uint32_t *out)
{
    if (ob->free_handle != 0) {
        *out = ob->free_handle - 1;
        ob->free_handle = ob->handles.items[*out].next_free;
        return 0;
    }
    if (ob->handles.count == OB_HANDLES_MAX)
        return -1;
    *out = (uint32_t)ob->handles.count;
    return array_push(&ob->handles, (struct ob_handle){0});
}

NTSTATUS ob_handle_open(struct ob *ob, void *body, ACCESS_MASK access, ULONG attributes,
                        HANDLE *out)
{
    struct ob_object *object = ob_object_of(ob, body);
    uint64_t value;
    uint32_t index;

    if (object == NULL)
        return STATUS_INVALID_PARAMETER;
    if (new_slot(ob, &index) != 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    ob_reference(ob, body);
    object->handles++;
    ob->handles.items[index] =
        (struct ob_handle){.object = object, .access = access, .attributes = attributes};
    value = (uint64_t)(index + 1) * 4;
    if (attributes & OBJ_KERNEL_HANDLE)
        value |= KERNEL_HANDLE_BITS;
    *out = (HANDLE)value;
    return STATUS_SUCCESS;
}

NTSTATUS ob_handle_close(struct ob *ob, HANDLE handle)
{
    struct ob_handle *slot = slot_of(ob, handle);
    struct ob_object *object;

    if (handle == CURRENT_PROCESS || handle == CURRENT_THREAD)
        return STATUS_SUCCESS;
    if (slot == NULL)
        return STATUS_INVALID_HANDLE;
    object = slot->object;
    *slot = (struct ob_handle){.next_free = ob->free_handle};
    ob->free_handle = (uint32_t)(slot - ob->handles.items) + 1;
    if (--object->handles == 0 && object->on_close != NULL)
        object->on_close(object->body, object->state);
    ob_dereference(ob, object->body);
    return STATUS_SUCCESS;
}

NTSTATUS ob_handle_body(struct ob *ob, HANDLE handle, enum ob_type type, void **out)
{
    struct ob_handle *slot = slot_of(ob, handle);

    if (slot == NULL)
        return STATUS_INVALID_HANDLE;
    if (slot->object->type != type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    *out = slot->object->body;
    return STATUS_SUCCESS;
}

static NTSTATUS reference_current(PVOID body, POBJECT_TYPE wanted, POBJECT_TYPE is, PVOID *out)
{
    if (wanted != NULL && wanted != is)
        return STATUS_OBJECT_TYPE_MISMATCH;
    ObfReferenceObject(body);
    *out = body;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObReferenceObjectByHandle(HANDLE handle, ACCESS_MASK access, POBJECT_TYPE type,
                                         KPROCESSOR_MODE mode, PVOID *body,
                                         POBJECT_HANDLE_INFORMATION information)
{
    struct ob *ob = ob_of(ke_current());
    struct ob_handle *slot;

    *body = NULL;
    if (handle == CURRENT_THREAD)
        return reference_current(KeGetCurrentThread(), type, ob_type_public(OB_TYPE_THREAD), body);
    if (handle == CURRENT_PROCESS)
        return reference_current(IoGetCurrentProcess(), type, ob_type_public(OB_TYPE_PROCESS),
                                 body);
    slot = slot_of(ob, handle);
    if (slot == NULL)
        return STATUS_INVALID_HANDLE;
    if (!ob_type_matches(slot->object, type))
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (mode == UserMode && (access & ~slot->access) != 0)
        return STATUS_ACCESS_DENIED;
    if (information != NULL)
        *information = (OBJECT_HANDLE_INFORMATION){slot->attributes, slot->access};
    *body = slot->object->body;
    ob_reference(ob, *body);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObReferenceObjectByHandleWithTag(HANDLE handle, ACCESS_MASK access,
                                                POBJECT_TYPE type, KPROCESSOR_MODE mode, ULONG tag,
                                                PVOID *body,
                                                POBJECT_HANDLE_INFORMATION information)
{
    (void)tag;
    return ObReferenceObjectByHandle(handle, access, type, mode, body, information);
}

NTSTATUS NTAPI ObOpenObjectByPointer(PVOID body, ULONG attributes, PACCESS_STATE state,
                                     ACCESS_MASK access, POBJECT_TYPE type, KPROCESSOR_MODE mode,
                                     PHANDLE handle)
{
    struct ob *ob = ob_of(ke_current());
    struct ob_object *object = ob_object_of(ob, body);

    (void)state;
    (void)mode;
    if (object == NULL)
        return STATUS_INVALID_PARAMETER;
    if (!ob_type_matches(object, type))
        return STATUS_OBJECT_TYPE_MISMATCH;
    return ob_handle_open(ob, body, access, attributes, handle);
}

/* Options: 1 closes the source, 2 keeps its access, 4 its attributes. There is one table, so the
 * processes do not matter. */
NTSTATUS NTAPI ZwDuplicateObject(HANDLE source_process, HANDLE source, HANDLE target_process,
                                 PHANDLE target, ACCESS_MASK access, ULONG attributes,
                                 ULONG options)
{
    struct ob *ob = ob_of(ke_current());
    struct ob_handle *slot = slot_of(ob, source);
    NTSTATUS status = STATUS_SUCCESS;

    (void)source_process;
    (void)target_process;
    if (slot == NULL)
        return STATUS_INVALID_HANDLE;
    if (options & 2)
        access = slot->access;
    if (options & 4)
        attributes = slot->attributes;
    if (target != NULL)
        status = ob_handle_open(ob, slot->object->body, access, attributes, target);
    if (options & 1)
        (void)ob_handle_close(ob, source);
    return status;
}

BOOLEAN NTAPI ObIsKernelHandle(HANDLE handle)
{
    return (KE_ARG(handle) & KERNEL_HANDLE_BITS) == KERNEL_HANDLE_BITS &&
           handle != CURRENT_PROCESS && handle != CURRENT_THREAD;
}

NTSTATUS NTAPI ZwClose(HANDLE handle)
{
    struct ob *ob = ob_of(ke_current());
    NTSTATUS status = ob_handle_close(ob, handle);

    if (!NT_SUCCESS(status))
        KE_FINDING(ob->ke, VERIFY_bad_handle, KE_ARG(handle));
    return status;
}

BOOLEAN NTAPI ObCloseHandle(HANDLE handle, KPROCESSOR_MODE mode)
{
    (void)mode;
    return NT_SUCCESS(ZwClose(handle));
}
