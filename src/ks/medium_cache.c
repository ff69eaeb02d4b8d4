/* SPDX-License-Identifier: MIT */
/* Which filters have a pin of a medium, in the registry, so that graphs of tuners and crossbars
 * need not open every filter there is: Control\MediumCache\GUID\DWORD\DWORD, with a value for each
 * device interface that says which way the pin goes. KsCacheMedium.
 * UNDOC: how the key's DWORDs are written. In hexadecimal, Id before Flags.
 * UNDOC: a direction other than 0 and 1. STATUS_INVALID_PARAMETER, as for an interface without a
 * name. */
#include "ks/room.h"

#define CACHE u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\MediumCache"

enum { KEY_CHARS = 200 };

/* In pool, since the registry's functions read it. */
struct cache_key {
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    ULONG direction;
    HANDLE handle;
    WCHAR text[KEY_CHARS];
};

/* The key so far, which exists afterwards. */
static NTSTATUS make_key(struct cache_key *key)
{
    NTSTATUS status;

    InitializeObjectAttributes(&key->attributes, &key->name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    status = ZwCreateKey(&key->handle, KEY_WRITE, &key->attributes, 0, NULL,
                         REG_OPTION_NON_VOLATILE, NULL);
    return status;
}

static NTSTATUS go_down(struct cache_key *key, PUNICODE_STRING part)
{
    NTSTATUS status = RtlAppendUnicodeToString(&key->name, u"\\");

    if (NT_SUCCESS(status))
        status = RtlAppendUnicodeStringToString(&key->name, part);
    if (!NT_SUCCESS(status))
        return status;
    ZwClose(key->handle);
    key->handle = NULL;
    return make_key(key);
}

static NTSTATUS go_down_number(struct cache_key *key, ULONG number)
{
    WCHAR digits[12];
    UNICODE_STRING text = {.Buffer = digits, .MaximumLength = sizeof digits};
    NTSTATUS status = RtlIntegerToUnicodeString(number, 16, &text);

    return NT_SUCCESS(status) ? go_down(key, &text) : status;
}

static NTSTATUS go_to_medium(struct cache_key *key, const KSPIN_MEDIUM *medium)
{
    UNICODE_STRING guid;
    NTSTATUS status = RtlStringFromGUID(&medium->Set, &guid);

    if (!NT_SUCCESS(status))
        return status;
    status = make_key(key);
    if (NT_SUCCESS(status))
        status = go_down(key, &guid);
    RtlFreeUnicodeString(&guid);
    if (NT_SUCCESS(status))
        status = go_down_number(key, medium->Id);
    return NT_SUCCESS(status) ? go_down_number(key, medium->Flags) : status;
}

NTSTATUS NTAPI KsCacheMedium(PUNICODE_STRING SymbolicLink, PKSPIN_MEDIUM Medium, ULONG PinDirection)
{
    struct cache_key *key;
    NTSTATUS status;

    if (PinDirection > 1 || SymbolicLink->Length == 0)
        return STATUS_INVALID_PARAMETER;
    key = ks_allocate(sizeof *key);
    if (key == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    key->name.Buffer = key->text;
    key->name.MaximumLength = sizeof key->text;
    key->direction = PinDirection;
    status = RtlAppendUnicodeToString(&key->name, CACHE);
    if (NT_SUCCESS(status))
        status = go_to_medium(key, Medium);
    if (NT_SUCCESS(status))
        status = ZwSetValueKey(key->handle, SymbolicLink, 0, REG_DWORD, &key->direction,
                               sizeof key->direction);
    if (key->handle != NULL)
        ZwClose(key->handle);
    ks_free(key);
    return status;
}
