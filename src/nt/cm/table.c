/* SPDX-License-Identifier: MIT */
/* The registry by table: RtlQueryRegistryValues and the one-line helpers beside it.
 * Each row of the table names a value, a subkey to go into, or everything in a key; its routine is
 * called for each value found, or the value is put straight where the row says
 * (RTL_QUERY_REGISTRY_DIRECT). Direct rows have three forms: strings into a UNICODE_STRING, values
 * of up to four bytes into a ULONG, longer ones into a buffer whose first LONG tells its size,
 * negative when the data alone is wanted. "RtlQueryRegistryValues", Remarks.
 * REG_EXPAND_SZ is delivered as it stands: there is no environment to expand it with. */
#include <stdlib.h>
#include <string.h>

#include "cm/key.h"
#include "rtl/rtl.h"

enum { TABLE_TAG = 0x204D4320 /* ' CM ' */ };

static NTSTATUS start_key(ULONG relative_to, PCWSTR path, int create, struct cm_key **out)
{
    static const char *const roots[RTL_REGISTRY_MAXIMUM] = {
        [RTL_REGISTRY_SERVICES] = "\\System\\CurrentControlSet\\Services",
        [RTL_REGISTRY_CONTROL] = "\\System\\CurrentControlSet\\Control",
        [RTL_REGISTRY_WINDOWS_NT] = "\\Software\\Microsoft\\Windows NT\\CurrentVersion",
        [RTL_REGISTRY_DEVICEMAP] = "\\Hardware\\DeviceMap",
    };
    struct cm *cm = cm_of(ke_current());
    UNICODE_STRING string;
    NTSTATUS status;
    bool created;
    WCHAR *full;

    if (relative_to & RTL_REGISTRY_HANDLE)
        return cm_key_of((HANDLE)(ULONG_PTR)path, out);
    relative_to &= ~RTL_REGISTRY_OPTIONAL;
    if (relative_to >= RTL_REGISTRY_MAXIMUM)
        return STATUS_INVALID_PARAMETER;
    if (relative_to == RTL_REGISTRY_ABSOLUTE) {
        RtlInitUnicodeString(&string, path);
        return cm_find(cm, &string, create, out, &created);
    }
    full = malloc((nt_wcslen(path) + 128) * sizeof *full);
    if (full == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    nt_swprintf(full, u"\\Registry\\%S%S\\%s",
                relative_to == RTL_REGISTRY_USER ? "User\\.Default" : "Machine",
                roots[relative_to] != NULL ? roots[relative_to] : "", path);
    RtlInitUnicodeString(&string, full);
    status = cm_find(cm, &string, create, out, &created);
    free(full);
    return status;
}

/* ---- Delivering one value -------------------------------------------------------------------- */

static bool is_string(ULONG type)
{
    return type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ || type == REG_LINK;
}

static NTSTATUS direct_string(PUNICODE_STRING to, const void *data, ULONG bytes)
{
    ULONG text_bytes = bytes;

    if (bytes >= sizeof(WCHAR) && ((const WCHAR *)data)[bytes / sizeof(WCHAR) - 1] == 0)
        text_bytes -= sizeof(WCHAR);
    if (bytes > UNICODE_STRING_MAX_BYTES)
        return STATUS_BUFFER_OVERFLOW;
    if (to->Buffer == NULL) {
        to->Buffer = ExAllocatePoolWithTag(PagedPool, text_bytes + sizeof(WCHAR), TABLE_TAG);
        if (to->Buffer == NULL)
            return STATUS_NO_MEMORY;
        to->MaximumLength = (USHORT)(text_bytes + sizeof(WCHAR));
        to->Buffer[text_bytes / sizeof(WCHAR)] = 0;
    } else if (bytes > to->MaximumLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    memcpy(to->Buffer, data, bytes < to->MaximumLength ? bytes : text_bytes);
    to->Length = (USHORT)text_bytes;
    return STATUS_SUCCESS;
}

static NTSTATUS direct_binary(PVOID to, ULONG type, const void *data, ULONG bytes)
{
    LONG room;

    if (bytes <= sizeof(ULONG)) {
        memcpy(to, data, bytes);
        return STATUS_SUCCESS;
    }
    memcpy(&room, to, sizeof room);
    if (room < 0) {
        if (bytes > (ULONG)-room)
            return STATUS_BUFFER_TOO_SMALL;
        memcpy(to, data, bytes);
        return STATUS_SUCCESS;
    }
    if (bytes + 2 * sizeof(ULONG) > (ULONG)room)
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(to, &bytes, sizeof bytes);
    memcpy((char *)to + sizeof(ULONG), &type, sizeof type);
    memcpy((char *)to + 2 * sizeof(ULONG), data, bytes);
    return STATUS_SUCCESS;
}

static NTSTATUS deliver_direct(const RTL_QUERY_REGISTRY_TABLE *row, ULONG type, const void *data,
                               ULONG bytes)
{
    ULONG wanted = row->DefaultType >> RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;

    if ((row->Flags & RTL_QUERY_REGISTRY_TYPECHECK) && wanted != type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    if (is_string(type))
        return direct_string(row->EntryContext, data, bytes);
    return direct_binary(row->EntryContext, type, data, bytes);
}

static NTSTATUS call(const RTL_QUERY_REGISTRY_TABLE *row, PVOID context, const WCHAR *name,
                     ULONG type, const void *data, ULONG bytes)
{
    return (NTSTATUS)KE_CALL(row->QueryRoutine, KE_ARG(name), type, KE_ARG(data), bytes,
                             KE_ARG(context), KE_ARG(row->EntryContext));
}

/* The routine sees memory of the system's, each string of a REG_MULTI_SZ by itself. */
static NTSTATUS deliver_call(const RTL_QUERY_REGISTRY_TABLE *row, PVOID context, const WCHAR *name,
                             ULONG type, const WCHAR *data, ULONG bytes)
{
    ULONG chars = bytes / sizeof(WCHAR);
    NTSTATUS status = STATUS_SUCCESS;
    ULONG at = 0;

    if (type != REG_MULTI_SZ || (row->Flags & RTL_QUERY_REGISTRY_NOEXPAND))
        return call(row, context, name, type, data, bytes);
    while (NT_SUCCESS(status) && at < chars && data[at] != 0) {
        ULONG length = (ULONG)nt_wcsnlen(data + at, chars - at) + 1;

        status = call(row, context, name, REG_SZ, data + at, length * sizeof(WCHAR));
        at += length;
    }
    return status;
}

static NTSTATUS deliver(const RTL_QUERY_REGISTRY_TABLE *row, PVOID context, const WCHAR *name,
                        size_t name_chars, ULONG type, const void *data, ULONG bytes)
{
    NTSTATUS status = STATUS_NO_MEMORY;
    WCHAR *name_copy;
    char *data_copy;

    if (row->Flags & RTL_QUERY_REGISTRY_DIRECT)
        return deliver_direct(row, type, data, bytes);
    name_copy = ExAllocatePoolWithTag(PagedPool, (name_chars + 1) * sizeof(WCHAR), TABLE_TAG);
    data_copy = ExAllocatePoolWithTag(PagedPool, bytes + sizeof(WCHAR), TABLE_TAG);
    if (name_copy != NULL && data_copy != NULL) {
        memcpy(name_copy, name, name_chars * sizeof(WCHAR));
        name_copy[name_chars] = 0;
        memcpy(data_copy, data, bytes);
        memset(data_copy + bytes, 0, sizeof(WCHAR));
        status = deliver_call(row, context, name_copy, type, (WCHAR *)(PVOID)data_copy, bytes);
    }
    if (name_copy != NULL)
        ExFreePoolWithTag(name_copy, TABLE_TAG);
    if (data_copy != NULL)
        ExFreePoolWithTag(data_copy, TABLE_TAG);
    return status;
}

/* ---- One row --------------------------------------------------------------------------------- */

static ULONG default_bytes(const RTL_QUERY_REGISTRY_TABLE *row)
{
    ULONG type = row->DefaultType & ~RTL_QUERY_REGISTRY_TYPECHECK_MASK;
    const WCHAR *text = row->DefaultData;
    ULONG at = 0;

    if (row->DefaultLength != 0 || !is_string(type) || text == NULL)
        return row->DefaultLength;
    if (type != REG_MULTI_SZ)
        return (ULONG)(nt_wcslen(text) + 1) * sizeof(WCHAR);
    while (text[at] != 0)
        at += (ULONG)nt_wcslen(text + at) + 1;
    return (at + 1) * (ULONG)sizeof(WCHAR);
}

static NTSTATUS query_named(struct cm_key *key, const RTL_QUERY_REGISTRY_TABLE *row, PVOID context)
{
    size_t chars = nt_wcslen(row->Name);
    struct cm_value *value = key != NULL ? cm_key_value(key, row->Name, chars) : NULL;
    ULONG default_type = row->DefaultType & ~RTL_QUERY_REGISTRY_TYPECHECK_MASK;
    NTSTATUS status;

    if (value == NULL && (row->Flags & RTL_QUERY_REGISTRY_REQUIRED))
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (value == NULL && default_type == REG_NONE)
        return STATUS_SUCCESS;
    if (value == NULL) {
        RTL_QUERY_REGISTRY_TABLE unchecked = *row;

        unchecked.Flags &= ~(ULONG)RTL_QUERY_REGISTRY_TYPECHECK;
        return deliver(&unchecked, context, row->Name, chars, default_type, row->DefaultData,
                       default_bytes(row));
    }
    status = deliver(row, context, value->name, value->name_chars, value->type, value->data,
                     value->size_bytes);
    if (NT_SUCCESS(status) && (row->Flags & RTL_QUERY_REGISTRY_DELETE))
        status = cm_key_delete_value(key, row->Name, chars);
    return status;
}

static NTSTATUS query_all(struct cm_key *key, const RTL_QUERY_REGISTRY_TABLE *row, PVOID context)
{
    NTSTATUS status = STATUS_SUCCESS;
    size_t i;

    if (key == NULL || key->values.count == 0)
        return row->Flags & RTL_QUERY_REGISTRY_REQUIRED ? STATUS_OBJECT_NAME_NOT_FOUND
                                                        : STATUS_SUCCESS;
    for (i = 0; i < key->values.count && NT_SUCCESS(status); i++) {
        const struct cm_value *value = &key->values.items[i];

        status = deliver(row, context, value->name, value->name_chars, value->type, value->data,
                         value->size_bytes);
    }
    return status;
}

static bool is_row_valid(const RTL_QUERY_REGISTRY_TABLE *row)
{
    if ((row->Flags & RTL_QUERY_REGISTRY_SUBKEY) && row->Name == NULL)
        return false;
    if (row->Flags & RTL_QUERY_REGISTRY_DIRECT)
        return row->Name != NULL && row->QueryRoutine == NULL &&
               !(row->Flags & RTL_QUERY_REGISTRY_SUBKEY);
    return true;
}

static NTSTATUS query_row(struct cm_key *top, struct cm_key **current,
                          const RTL_QUERY_REGISTRY_TABLE *row, PVOID context)
{
    NTSTATUS status;
    bool created;

    if (!is_row_valid(row))
        return STATUS_INVALID_PARAMETER;
    if (row->Flags & (RTL_QUERY_REGISTRY_TOPKEY | RTL_QUERY_REGISTRY_SUBKEY))
        *current = top;
    if (row->Flags & RTL_QUERY_REGISTRY_SUBKEY) {
        if (top == NULL)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        status = cm_key_walk(top, row->Name, nt_wcslen(row->Name), 0, current, &created);
        if (!NT_SUCCESS(status))
            return status;
        return row->QueryRoutine != NULL ? query_all(*current, row, context) : STATUS_SUCCESS;
    }
    if (row->Flags & RTL_QUERY_REGISTRY_NOVALUE)
        return call(row, context, NULL, REG_NONE, NULL, 0);
    return row->Name != NULL ? query_named(*current, row, context)
                             : query_all(*current, row, context);
}

NTSTATUS NTAPI RtlQueryRegistryValues(ULONG relative_to, PCWSTR path,
                                      PRTL_QUERY_REGISTRY_TABLE row, PVOID context,
                                      PVOID environment)
{
    struct cm_key *top = NULL;
    struct cm_key *current;
    NTSTATUS status = start_key(relative_to, path, 0, &top);

    (void)environment;
    if (status == STATUS_OBJECT_NAME_NOT_FOUND && (relative_to & RTL_REGISTRY_OPTIONAL))
        status = STATUS_SUCCESS;
    current = top;
    for (; NT_SUCCESS(status); row++) {
        if (row->QueryRoutine == NULL &&
            !(row->Flags & (RTL_QUERY_REGISTRY_SUBKEY | RTL_QUERY_REGISTRY_DIRECT)))
            break;
        status = query_row(top, &current, row, context);
    }
    return status;
}

/* ---- Helpers --------------------------------------------------------------------------------- */

NTSTATUS NTAPI RtlWriteRegistryValue(ULONG relative_to, PCWSTR path, PCWSTR name, ULONG type,
                                     PVOID data, ULONG bytes)
{
    struct cm_key *key;
    NTSTATUS status = start_key(relative_to, path, 1, &key);

    if (!NT_SUCCESS(status))
        return status;
    if (bytes > CM_VALUE_BYTES_MAX)
        return STATUS_REGISTRY_QUOTA_LIMIT;
    return cm_key_set(key, name, nt_wcslen(name), type, data, bytes);
}

NTSTATUS NTAPI RtlDeleteRegistryValue(ULONG relative_to, PCWSTR path, PCWSTR name)
{
    struct cm_key *key;
    NTSTATUS status = start_key(relative_to, path, 0, &key);

    return NT_SUCCESS(status) ? cm_key_delete_value(key, name, nt_wcslen(name)) : status;
}

NTSTATUS NTAPI RtlCreateRegistryKey(ULONG relative_to, PWSTR path)
{
    struct cm_key *key;

    return start_key(relative_to, path, 1, &key);
}

NTSTATUS NTAPI RtlCheckRegistryKey(ULONG relative_to, PWSTR path)
{
    struct cm_key *key;

    return start_key(relative_to, path, 0, &key);
}
