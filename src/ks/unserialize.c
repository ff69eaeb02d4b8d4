/* SPDX-License-Identifier: MIT */
/* Properties that a key of the registry keeps for an object: each of its values is a set as
 * KSPROPERTY_TYPE_SERIALIZESET gives one, and goes back to the object in a request of its own.
 * Names of values mean nothing. KsUnserializeObjectPropertiesFromRegistry.
 * UNDOC: neither key nor path, a value that is not binary or too short for a set:
 * STATUS_INVALID_PARAMETER. The first failure ends it. */
#include <string.h>

#include "ks/room.h"

enum { VALUE_TAG = 0x6e55734b };

static NTSTATUS send(PFILE_OBJECT file, PVOID data, ULONG bytes)
{
    PKSPROPERTY request;
    ULONG returned;
    NTSTATUS status;

    if (bytes < sizeof(KSPROPERTY_SERIALHDR))
        return STATUS_INVALID_PARAMETER;
    request = ks_allocate(sizeof *request);
    if (request == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(&request->Set, data, sizeof request->Set); /* the header's first field */
    request->Flags = KSPROPERTY_TYPE_UNSERIALIZESET;
    status = KsSynchronousIoControlDevice(file, KernelMode, IOCTL_KS_PROPERTY, request,
                                          sizeof *request, data, bytes, &returned);
    ks_free(request);
    return status;
}

/* STATUS_NO_MORE_ENTRIES at the end. */
static NTSTATUS read_value(HANDLE key, ULONG index, PKEY_VALUE_FULL_INFORMATION *out)
{
    KEY_VALUE_FULL_INFORMATION head;
    ULONG bytes = 0;
    NTSTATUS status = ZwEnumerateValueKey(key, index, KeyValueFullInformation, &head, sizeof head,
                                          &bytes);

    if (status != STATUS_BUFFER_OVERFLOW && status != STATUS_BUFFER_TOO_SMALL &&
        status != STATUS_SUCCESS)
        return status;
    *out = ExAllocatePoolWithTag(PagedPool, bytes, VALUE_TAG);
    if (*out == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = ZwEnumerateValueKey(key, index, KeyValueFullInformation, *out, bytes, &bytes);
    if (!NT_SUCCESS(status))
        ExFreePoolWithTag(*out, VALUE_TAG);
    return status;
}

static NTSTATUS apply_value(PFILE_OBJECT file, PKEY_VALUE_FULL_INFORMATION value)
{
    PVOID data;
    NTSTATUS status;

    if (value->Type != REG_BINARY)
        return STATUS_INVALID_PARAMETER;
    data = ks_allocate(value->DataLength + 1);
    if (data == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(data, (const UCHAR *)value + value->DataOffset, value->DataLength);
    status = send(file, data, value->DataLength);
    ks_free(data);
    return status;
}

static NTSTATUS apply_all(PFILE_OBJECT file, HANDLE key)
{
    NTSTATUS status = STATUS_SUCCESS;

    for (ULONG i = 0; NT_SUCCESS(status); i++) {
        PKEY_VALUE_FULL_INFORMATION value;

        status = read_value(key, i, &value);
        if (status == STATUS_NO_MORE_ENTRIES)
            return STATUS_SUCCESS;
        if (!NT_SUCCESS(status))
            break;
        status = apply_value(file, value);
        ExFreePoolWithTag(value, VALUE_TAG);
    }
    return status;
}

NTSTATUS NTAPI KsUnserializeObjectPropertiesFromRegistry(PFILE_OBJECT FileObject, HANDLE ParentKey,
                                                         PUNICODE_STRING RegistryPath)
{
    OBJECT_ATTRIBUTES attributes;
    NTSTATUS status;
    HANDLE key;

    if (RegistryPath == NULL)
        return ParentKey != NULL ? apply_all(FileObject, ParentKey) : STATUS_INVALID_PARAMETER;
    InitializeObjectAttributes(&attributes, RegistryPath, OBJ_CASE_INSENSITIVE, ParentKey, NULL);
    status = ZwOpenKey(&key, KEY_READ, &attributes);
    if (!NT_SUCCESS(status))
        return status;
    status = apply_all(FileObject, key);
    ZwClose(key);
    return status;
}
