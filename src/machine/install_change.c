/* SPDX-License-Identifier: MIT */
/* One registry change, made through the functions that drivers have. */
#include <stdlib.h>
#include <string.h>

#include "machine/internal.h"

enum { VALUE_MAX = 1 << 20 };

static NTSTATUS step_into(HANDLE *at, const WCHAR *name, size_t chars, bool create)
{
    UNICODE_STRING string = {(USHORT)(chars * sizeof(WCHAR)), (USHORT)(chars * sizeof(WCHAR)),
                             (PWSTR)(uintptr_t)name};
    OBJECT_ATTRIBUTES attributes;
    HANDLE next;
    NTSTATUS status;

    InitializeObjectAttributes(&attributes, &string, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, *at,
                               NULL);
    status = create ? ZwCreateKey(&next, KEY_ALL_ACCESS, &attributes, 0, NULL, 0, NULL)
                    : ZwOpenKey(&next, KEY_ALL_ACCESS, &attributes);
    ZwClose(*at);
    *at = NT_SUCCESS(status) ? next : NULL;
    return status;
}

/* The key at path below root; the caller closes it. */
static NTSTATUS open_below(HANDLE root, const WCHAR *path, bool create, HANDLE *out)
{
    UNICODE_STRING nothing = {0};
    OBJECT_ATTRIBUTES attributes;
    NTSTATUS status;

    InitializeObjectAttributes(&attributes, &nothing, OBJ_KERNEL_HANDLE, root, NULL);
    status = ZwOpenKey(out, KEY_ALL_ACCESS, &attributes);
    while (NT_SUCCESS(status) && *path != 0) {
        size_t chars = 0;

        while (path[chars] != 0 && path[chars] != '\\')
            chars++;
        if (chars != 0)
            status = step_into(out, path, chars, create);
        path += chars + (path[chars] == '\\');
    }
    return status;
}

/* ---- Values ---------------------------------------------------------------------------------- */

/* The whole value, which the caller frees; NULL: there is none. */
static KEY_VALUE_PARTIAL_INFORMATION *read_value(HANDLE key, UNICODE_STRING *name)
{
    ULONG needed = 0;
    void *buffer;

    if (ZwQueryValueKey(key, name, KeyValuePartialInformation, NULL, 0, &needed) !=
        STATUS_BUFFER_TOO_SMALL)
        return NULL;
    buffer = malloc(needed);
    if (buffer != NULL &&
        !NT_SUCCESS(ZwQueryValueKey(key, name, KeyValuePartialInformation, buffer, needed,
                                    &needed))) {
        free(buffer);
        return NULL;
    }
    return buffer;
}

struct strings { /* of a REG_MULTI_SZ, without the empty one at the end */
    const WCHAR *at;
    size_t chars;
};

static struct strings strings_of(const KEY_VALUE_PARTIAL_INFORMATION *value)
{
    struct strings strings = {NULL, 0};

    if (value == NULL || value->Type != REG_MULTI_SZ)
        return strings;
    strings.at = (const WCHAR *)(const void *)value->Data;
    strings.chars = value->DataLength / sizeof(WCHAR);
    while (strings.chars > 0 && strings.at[strings.chars - 1] == 0 &&
           (strings.chars == 1 || strings.at[strings.chars - 2] == 0))
        strings.chars--;
    return strings;
}

/* Copies the strings that are not the one named, or all; tells whether it was among them. */
static bool copy_strings(struct strings from, const WCHAR *named, bool keep_all, WCHAR *to,
                         size_t *chars)
{
    bool found = false;

    for (size_t at = 0; at < from.chars;) {
        size_t length = nt_wcsnlen(from.at + at, from.chars - at);
        bool same = length == nt_wcslen(named) &&
                    nt__wcsnicmp(from.at + at, named, length) == 0;

        found |= same;
        if (keep_all || !same) {
            memcpy(to + *chars, from.at + at, length * sizeof(WCHAR));
            *chars += length;
            to[(*chars)++] = 0;
        }
        at += length + 1;
    }
    return found;
}

static NTSTATUS set_strings(HANDLE key, UNICODE_STRING *name, WCHAR *strings, size_t chars)
{
    strings[chars++] = 0;
    return ZwSetValueKey(key, name, 0, REG_MULTI_SZ, strings, (ULONG)(chars * sizeof(WCHAR)));
}

/* The change's strings one by one, behind those that are there. */
static NTSTATUS append_strings(HANDLE key, UNICODE_STRING *name, struct strings present,
                               const struct setup_change *change)
{
    size_t more = change->size_bytes / sizeof(WCHAR), chars = 0;
    WCHAR *all = calloc(present.chars + more + 3, sizeof *all);
    const WCHAR *added = (const WCHAR *)(const void *)change->data;
    NTSTATUS status;

    if (all == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    (void)copy_strings(present, u"", true, all, &chars);
    for (size_t at = 0; at < more; at += nt_wcsnlen(added + at, more - at) + 1) {
        WCHAR *end = all + chars;
        size_t ignored = 0;

        if (!copy_strings(present, added + at, true, end, &ignored)) {
            nt_wcscpy(end, added + at);
            chars += nt_wcslen(end) + 1;
        }
    }
    status = set_strings(key, name, all, chars);
    free(all);
    return status;
}

static NTSTATUS delete_string(HANDLE key, UNICODE_STRING *name, struct strings present,
                              const struct setup_change *change)
{
    WCHAR *rest;
    size_t chars = 0;
    NTSTATUS status;

    if (present.chars == 0)
        return STATUS_SUCCESS;
    rest = calloc(present.chars + 3, sizeof *rest);
    if (rest == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    (void)copy_strings(present, (const WCHAR *)(const void *)change->data, false, rest, &chars);
    status = set_strings(key, name, rest, chars);
    free(rest);
    return status;
}

static NTSTATUS set_value(HANDLE key, UNICODE_STRING *name, const struct setup_change *change)
{
    return ZwSetValueKey(key, name, 0, change->type, change->data, change->size_bytes);
}

static NTSTATUS change_value(HANDLE key, const struct setup_change *change)
{
    KEY_VALUE_PARTIAL_INFORMATION *value;
    UNICODE_STRING name;
    NTSTATUS status = STATUS_SUCCESS;

    RtlInitUnicodeString(&name, (const WCHAR *)change->name);
    value = read_value(key, &name);
    if ((value != NULL && change->keep) || (value == NULL && change->overwrite_only)) {
        free(value);
        return STATUS_SUCCESS;
    }
    if (change->verb == SETUP_SET)
        status = set_value(key, &name, change);
    else if (change->verb == SETUP_APPEND)
        status = append_strings(key, &name, strings_of(value), change);
    else if (change->verb == SETUP_DELETE_STRING)
        status = delete_string(key, &name, strings_of(value), change);
    else if (value != NULL)
        status = ZwDeleteValueKey(key, &name);
    free(value);
    return status;
}

/* ---- Keys ------------------------------------------------------------------------------------ */

static NTSTATUS delete_tree(HANDLE key)
{
    struct {
        KEY_BASIC_INFORMATION information;
        WCHAR rest[256];
    } child;
    ULONG needed;
    NTSTATUS status = STATUS_SUCCESS;

    while (NT_SUCCESS(status) &&
           NT_SUCCESS(ZwEnumerateKey(key, 0, KeyBasicInformation, &child, sizeof child, &needed))) {
        HANDLE below = NULL;
        UNICODE_STRING name = {(USHORT)child.information.NameLength,
                               (USHORT)child.information.NameLength, child.information.Name};
        OBJECT_ATTRIBUTES attributes;

        InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, key, NULL);
        status = ZwOpenKey(&below, KEY_ALL_ACCESS, &attributes);
        if (NT_SUCCESS(status)) {
            status = delete_tree(below);
            ZwClose(below);
        }
    }
    return NT_SUCCESS(status) ? ZwDeleteKey(key) : status;
}

/* What is not there need not be deleted. */
NTSTATUS machine_make_change(HANDLE root, const struct setup_change *change)
{
    bool creates = change->verb == SETUP_SET || change->verb == SETUP_APPEND ||
                   change->verb == SETUP_MAKE_KEY;
    HANDLE key = NULL;
    NTSTATUS status = open_below(root, (const WCHAR *)change->key, creates, &key);

    if (status == STATUS_OBJECT_NAME_NOT_FOUND && !creates)
        return STATUS_SUCCESS;
    if (!NT_SUCCESS(status))
        return status;
    if (change->verb == SETUP_DELETE_KEY)
        status = delete_tree(key);
    else if (change->verb != SETUP_MAKE_KEY)
        status = change_value(key, change);
    ZwClose(key);
    return status;
}
