/* SPDX-License-Identifier: MIT */
/* Symbolic links and directories as drivers make them.
 *
 * A link made by IoCreateSymbolicLink stays until IoDeleteSymbolicLink; no handle keeps it. Made by
 * ZwCreateSymbolicLinkObject it goes with its last handle, unless it was made with OBJ_PERMANENT
 * and ZwMakeTemporaryObject has not been called. Names are a table of whole paths (name.c), so a
 * directory is a name among them: it can be made, opened and go, and what lies below it is found by
 * its own path. ZwCreateSymbolicLinkObject, ZwCreateDirectoryObject, ZwMakeTemporaryObject.
 */
#include <string.h>

#include "ob/state.h"

enum { LINK_TAG = 0x6B6E694C /* 'Link' */, DIRECTORY_TAG = 0x65726944 /* 'Dire' */ };

/* An open or new link: what it is called and what it leads to, as strings of pool. */
struct link_body {
    UNICODE_STRING path;
    UNICODE_STRING target;
    BOOLEAN owns_name; /* the name goes with it */
};

NTSTATUS NTAPI IoCreateSymbolicLink(PUNICODE_STRING link, PUNICODE_STRING target)
{
    return ob_link_insert(ob_of(ke_current()), link, target);
}

NTSTATUS NTAPI IoCreateUnprotectedSymbolicLink(PUNICODE_STRING link, PUNICODE_STRING target)
{
    return IoCreateSymbolicLink(link, target);
}

NTSTATUS NTAPI IoDeleteSymbolicLink(PUNICODE_STRING link)
{
    struct ob *ob = ob_of(ke_current());
    const UNICODE_STRING *target;
    NTSTATUS status = ob_link_target(ob, link, &target);

    return NT_SUCCESS(status) ? ob_name_remove(ob, link) : status;
}

static NTSTATUS named(const OBJECT_ATTRIBUTES *attributes, const char *caller)
{
    if (attributes == NULL || attributes->ObjectName == NULL)
        return STATUS_INVALID_PARAMETER;
    if (attributes->RootDirectory != NULL)
        weir_not_implemented(caller);
    return STATUS_SUCCESS;
}

/* A handle to an object with one reference; a permanent one keeps that reference. */
static NTSTATUS hand_out(struct ob *ob, void *body, ACCESS_MASK access, ULONG flags,
                         PHANDLE handle)
{
    NTSTATUS status = ob_handle_open(ob, body, access, flags, handle);

    if (NT_SUCCESS(status) && (flags & OBJ_PERMANENT))
        ob_object_of(ob, body)->permanent = true;
    else
        ob_dereference(ob, body);
    return status;
}

/* ---- Links ----------------------------------------------------------------------------------- */

static void link_delete(void *body, void *state)
{
    struct link_body *link = body;

    (void)state;
    if (link->owns_name)
        (void)ob_name_remove(ob_of(ke_current()), &link->path);
    ExFreePoolWithTag(link, LINK_TAG);
}

/* Both strings lie behind the body. */
static NTSTATUS create_link(struct ob *ob, const UNICODE_STRING *path, const UNICODE_STRING *target,
                            struct link_body **out)
{
    struct link_body *link = ExAllocatePoolWithTag(
        NonPagedPool, sizeof *link + path->Length + target->Length, LINK_TAG);
    NTSTATUS status;

    if (link == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *link = (struct link_body){
        .path = {path->Length, path->Length, (PWCH)(link + 1)},
        .target = {target->Length, target->Length, (PWCH)((PUCHAR)(link + 1) + path->Length)}};
    memcpy(link->path.Buffer, path->Buffer, path->Length);
    memcpy(link->target.Buffer, target->Buffer, target->Length);
    status = ob_object_create(ob, OB_TYPE_LINK, link, link, link_delete, NULL);
    if (!NT_SUCCESS(status))
        ExFreePoolWithTag(link, LINK_TAG);
    else
        *out = link;
    return status;
}

NTSTATUS NTAPI ZwCreateSymbolicLinkObject(PHANDLE handle, ACCESS_MASK access,
                                          POBJECT_ATTRIBUTES attributes, PUNICODE_STRING target)
{
    struct ob *ob = ob_of(ke_current());
    struct link_body *link;
    NTSTATUS status = named(attributes, "ZwCreateSymbolicLinkObject with a root directory");

    if (!NT_SUCCESS(status))
        return status;
    status = create_link(ob, attributes->ObjectName, target, &link);
    if (!NT_SUCCESS(status))
        return status;
    status = ob_link_insert(ob, attributes->ObjectName, target);
    link->owns_name = (BOOLEAN)NT_SUCCESS(status);
    if (NT_SUCCESS(status))
        return hand_out(ob, link, access, attributes->Attributes, handle);
    ob_dereference(ob, link);
    return status;
}

NTSTATUS NTAPI ZwOpenSymbolicLinkObject(PHANDLE handle, ACCESS_MASK access,
                                        POBJECT_ATTRIBUTES attributes)
{
    struct ob *ob = ob_of(ke_current());
    const UNICODE_STRING *target;
    struct link_body *link;
    NTSTATUS status = named(attributes, "ZwOpenSymbolicLinkObject with a root directory");

    if (NT_SUCCESS(status))
        status = ob_link_target(ob, attributes->ObjectName, &target);
    if (NT_SUCCESS(status))
        status = create_link(ob, attributes->ObjectName, target, &link);
    if (!NT_SUCCESS(status))
        return status;
    return hand_out(ob, link, access, attributes->Attributes & ~(ULONG)OBJ_PERMANENT, handle);
}

/* The length that is returned counts no terminator, as the string has none. */
NTSTATUS NTAPI ZwQuerySymbolicLinkObject(HANDLE handle, PUNICODE_STRING target, PULONG length)
{
    struct link_body *link;
    void *body;
    NTSTATUS status = ob_handle_body(ob_of(ke_current()), handle, OB_TYPE_LINK, &body);

    if (!NT_SUCCESS(status))
        return status;
    link = body;
    if (length != NULL)
        *length = link->target.Length;
    if (target->MaximumLength < link->target.Length)
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(target->Buffer, link->target.Buffer, link->target.Length);
    target->Length = link->target.Length;
    return STATUS_SUCCESS;
}

/* ---- Directories ----------------------------------------------------------------------------- */

static void directory_delete(void *body, void *state)
{
    (void)state;
    ExFreePoolWithTag(body, DIRECTORY_TAG);
}

static NTSTATUS open_directory(struct ob *ob, PHANDLE handle, ACCESS_MASK access,
                               POBJECT_ATTRIBUTES attributes)
{
    enum ob_type type;
    void *body;
    size_t rest;
    NTSTATUS status = ob_name_find(ob, attributes->ObjectName, &type, &body, &rest);

    if (!NT_SUCCESS(status))
        return status;
    if (rest != 0)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (type != OB_TYPE_DIRECTORY)
        return STATUS_OBJECT_TYPE_MISMATCH;
    return ob_handle_open(ob, body, access, attributes->Attributes, handle);
}

NTSTATUS NTAPI ZwOpenDirectoryObject(PHANDLE handle, ACCESS_MASK access,
                                     POBJECT_ATTRIBUTES attributes)
{
    NTSTATUS status = named(attributes, "ZwOpenDirectoryObject with a root directory");

    return NT_SUCCESS(status) ? open_directory(ob_of(ke_current()), handle, access, attributes)
                              : status;
}

static NTSTATUS create_directory(struct ob *ob, PHANDLE handle, ACCESS_MASK access,
                                 POBJECT_ATTRIBUTES attributes)
{
    PVOID body = ExAllocatePoolWithTag(NonPagedPool, sizeof(ULONG64), DIRECTORY_TAG);
    NTSTATUS status;

    if (body == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = ob_object_create(ob, OB_TYPE_DIRECTORY, body, body, directory_delete, NULL);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(body, DIRECTORY_TAG);
        return status;
    }
    status = ob_name_insert(ob, attributes->ObjectName, body);
    if (NT_SUCCESS(status))
        return hand_out(ob, body, access, attributes->Attributes, handle);
    ob_dereference(ob, body);
    return status;
}

NTSTATUS NTAPI ZwCreateDirectoryObject(PHANDLE handle, ACCESS_MASK access,
                                       POBJECT_ATTRIBUTES attributes)
{
    struct ob *ob = ob_of(ke_current());
    NTSTATUS status = named(attributes, "ZwCreateDirectoryObject with a root directory");

    if (!NT_SUCCESS(status))
        return status;
    status = create_directory(ob, handle, access, attributes);
    if (status != STATUS_OBJECT_NAME_COLLISION || !(attributes->Attributes & OBJ_OPENIF))
        return status;
    status = open_directory(ob, handle, access, attributes);
    return NT_SUCCESS(status) ? STATUS_OBJECT_NAME_EXISTS : status;
}

/* ---- Permanence ------------------------------------------------------------------------------ */

void NTAPI ObMakeTemporaryObject(PVOID body)
{
    struct ob *ob = ob_of(ke_current());
    struct ob_object *object = ob_object_of(ob, body);

    if (object == NULL || !object->permanent)
        return;
    object->permanent = false;
    ob_dereference(ob, body);
}

NTSTATUS NTAPI ZwMakeTemporaryObject(HANDLE handle)
{
    PVOID body;
    NTSTATUS status = ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &body, NULL);

    if (!NT_SUCCESS(status))
        return status;
    ObMakeTemporaryObject(body);
    ObfDereferenceObject(body);
    return STATUS_SUCCESS;
}
