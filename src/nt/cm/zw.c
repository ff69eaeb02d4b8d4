/* SPDX-License-Identifier: MIT */
/* The registry by handle. A key that is opened twice has two objects, each with a body of its own.
 * Sizes follow one rule throughout ("ZwQueryValueKey", Return value): a buffer that does not even
 * hold the fixed part gets STATUS_BUFFER_TOO_SMALL and nothing else, a buffer that holds a part
 * gets that part and STATUS_BUFFER_OVERFLOW, and *ResultLength always is what all of it needs. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cm/key.h"
#include "ob/ob.h"
#include "rtl/rtl.h"

enum { KEY_TAG = 0x204D4320 /* ' CM ' */ };

/* ---- Opening --------------------------------------------------------------------------------- */

static void open_delete(void *body, void *state)
{
    cm_key_release(state);
    ExFreePoolWithTag(body, KEY_TAG);
}

static void handles_gone(void *body, void *state)
{
    (void)state;
    cm_watches_end(cm_of(ke_current()), body);
}

NTSTATUS cm_open_key(struct cm *cm, struct cm_key *key, ACCESS_MASK access, ULONG attributes,
                     HANDLE *out)
{
    struct ob *ob = ob_of(cm->ke);
    void *body = ExAllocatePoolWithTag(PagedPool, 16, KEY_TAG);
    NTSTATUS status;

    if (body == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(body, 0, 16);
    status = ob_object_create(ob, OB_TYPE_KEY, body, key, open_delete, handles_gone);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(body, KEY_TAG);
        return status;
    }
    key->opens++;
    status = ob_handle_open(ob, body, access, attributes, out);
    ob_dereference(ob, body);
    return status;
}

NTSTATUS cm_key_of(HANDLE handle, struct cm_key **out)
{
    struct ob *ob = ob_of(ke_current());
    void *body;
    NTSTATUS status = ob_handle_body(ob, handle, OB_TYPE_KEY, &body);
    struct cm_key *key;

    if (!NT_SUCCESS(status))
        return status;
    key = ob_state(ob, OB_TYPE_KEY, body);
    if (key->deleted)
        return STATUS_KEY_DELETED;
    *out = key;
    return STATUS_SUCCESS;
}

static NTSTATUS find_by_attributes(POBJECT_ATTRIBUTES attributes, int create, struct cm_key **out,
                                   bool *created)
{
    struct cm *cm = cm_of(ke_current());
    struct cm_key *root;
    NTSTATUS status;

    if (attributes == NULL || attributes->Length != sizeof *attributes)
        return STATUS_INVALID_PARAMETER;
    if (attributes->RootDirectory == NULL) {
        if (attributes->ObjectName == NULL)
            return STATUS_OBJECT_PATH_SYNTAX_BAD;
        return cm_find(cm, attributes->ObjectName, create, out, created);
    }
    status = cm_key_of(attributes->RootDirectory, &root);
    if (!NT_SUCCESS(status))
        return status;
    if (attributes->ObjectName == NULL) {
        *out = root;
        *created = false;
        return STATUS_SUCCESS;
    }
    if (attributes->ObjectName->Length != 0 && attributes->ObjectName->Buffer[0] == '\\')
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    return cm_key_walk(root, attributes->ObjectName->Buffer,
                       attributes->ObjectName->Length / sizeof(WCHAR), create, out, created);
}

NTSTATUS NTAPI ZwCreateKey(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                           ULONG title_index, PUNICODE_STRING class, ULONG options,
                           PULONG disposition)
{
    struct cm_key *key;
    bool created;
    NTSTATUS status = find_by_attributes(attributes, 1, &key, &created);

    (void)title_index;
    (void)class;
    (void)options;
    if (!NT_SUCCESS(status))
        return status;
    if (disposition != NULL)
        *disposition = created ? REG_CREATED_NEW_KEY : REG_OPENED_EXISTING_KEY;
    return cm_open_key(cm_of(ke_current()), key, access, attributes->Attributes, handle);
}

NTSTATUS NTAPI ZwOpenKey(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes)
{
    struct cm_key *key;
    bool created;
    NTSTATUS status = find_by_attributes(attributes, 0, &key, &created);

    if (!NT_SUCCESS(status))
        return status;
    return cm_open_key(cm_of(ke_current()), key, access, attributes->Attributes, handle);
}

NTSTATUS NTAPI ZwOpenKeyEx(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                           ULONG options)
{
    (void)options;
    return ZwOpenKey(handle, access, attributes);
}

NTSTATUS NTAPI ZwDeleteKey(HANDLE handle)
{
    struct cm_key *key;
    NTSTATUS status = cm_key_of(handle, &key);

    if (!NT_SUCCESS(status))
        return status;
    if (key->children.count != 0 || key->parent == NULL || key->parent->parent == NULL)
        return STATUS_CANNOT_DELETE;
    cm_key_unlink(key);
    return STATUS_SUCCESS;
}

/* The registry is in memory; there is nothing to write to. */
NTSTATUS NTAPI ZwFlushKey(HANDLE handle)
{
    struct cm_key *key;

    return cm_key_of(handle, &key);
}

/* ---- Answers of two parts: a fixed one and what follows -------------------------------------- */

struct answer {
    UCHAR fixed[64];
    ULONG fixed_bytes;
    const void *tail[2];
    ULONG tail_at[2]; /* offset in the answer */
    ULONG tail_bytes[2];
    ULONG needed;
};

static void answer_tail(struct answer *answer, unsigned which, ULONG at, const void *bytes,
                        ULONG count)
{
    answer->tail[which] = bytes;
    answer->tail_at[which] = at;
    answer->tail_bytes[which] = count;
    if (at + count > answer->needed)
        answer->needed = at + count;
}

static NTSTATUS deliver(const struct answer *answer, void *buffer, ULONG room, PULONG needed)
{
    unsigned i;

    *needed = answer->needed;
    if (room < answer->fixed_bytes || buffer == NULL)
        return STATUS_BUFFER_TOO_SMALL;
    memcpy(buffer, answer->fixed, answer->fixed_bytes);
    for (i = 0; i < 2; i++) {
        ULONG at = answer->tail_at[i];
        ULONG fits = at < room ? room - at : 0;

        if (answer->tail_bytes[i] < fits)
            fits = answer->tail_bytes[i];
        if (fits != 0)
            memcpy((char *)buffer + at, answer->tail[i], fits);
    }
    return room < answer->needed ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static void put_ulong(struct answer *answer, size_t at, ULONG value)
{
    memcpy(answer->fixed + at, &value, sizeof value);
}

static NTSTATUS answer_value(const struct cm_value *value, KEY_VALUE_INFORMATION_CLASS class,
                             struct answer *answer)
{
    ULONG name_bytes = value->name_chars * (ULONG)sizeof(WCHAR);
    ULONG at;

    memset(answer, 0, sizeof *answer);
    switch (class) {
    case KeyValueBasicInformation:
        answer->fixed_bytes = offsetof(KEY_VALUE_BASIC_INFORMATION, Name);
        put_ulong(answer, offsetof(KEY_VALUE_BASIC_INFORMATION, Type), value->type);
        put_ulong(answer, offsetof(KEY_VALUE_BASIC_INFORMATION, NameLength), name_bytes);
        answer_tail(answer, 0, answer->fixed_bytes, value->name, name_bytes);
        break;
    case KeyValueFullInformation:
    case KeyValueFullInformationAlign64:
        answer->fixed_bytes = offsetof(KEY_VALUE_FULL_INFORMATION, Name);
        at = (ULONG)bits_align_up(answer->fixed_bytes + name_bytes,
                                  class == KeyValueFullInformation ? 4 : 8);
        put_ulong(answer, offsetof(KEY_VALUE_FULL_INFORMATION, Type), value->type);
        put_ulong(answer, offsetof(KEY_VALUE_FULL_INFORMATION, DataOffset), at);
        put_ulong(answer, offsetof(KEY_VALUE_FULL_INFORMATION, DataLength), value->size_bytes);
        put_ulong(answer, offsetof(KEY_VALUE_FULL_INFORMATION, NameLength), name_bytes);
        answer_tail(answer, 0, answer->fixed_bytes, value->name, name_bytes);
        answer_tail(answer, 1, at, value->data, value->size_bytes);
        break;
    case KeyValuePartialInformation:
        answer->fixed_bytes = offsetof(KEY_VALUE_PARTIAL_INFORMATION, Data);
        put_ulong(answer, offsetof(KEY_VALUE_PARTIAL_INFORMATION, Type), value->type);
        put_ulong(answer, offsetof(KEY_VALUE_PARTIAL_INFORMATION, DataLength), value->size_bytes);
        answer_tail(answer, 0, answer->fixed_bytes, value->data, value->size_bytes);
        break;
    case KeyValuePartialInformationAlign64:
        answer->fixed_bytes = offsetof(KEY_VALUE_PARTIAL_INFORMATION_ALIGN64, Data);
        put_ulong(answer, 0, value->type);
        put_ulong(answer, 4, value->size_bytes);
        answer_tail(answer, 0, answer->fixed_bytes, value->data, value->size_bytes);
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwQueryValueKey(HANDLE handle, PUNICODE_STRING name,
                               KEY_VALUE_INFORMATION_CLASS class, PVOID buffer, ULONG room,
                               PULONG needed)
{
    struct cm_key *key;
    struct cm_value *value;
    struct answer answer;
    NTSTATUS status = cm_key_of(handle, &key);

    if (!NT_SUCCESS(status))
        return status;
    value = cm_key_value(key, name->Buffer, name->Length / sizeof(WCHAR));
    if (value == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    status = answer_value(value, class, &answer);
    return NT_SUCCESS(status) ? deliver(&answer, buffer, room, needed) : status;
}

NTSTATUS NTAPI ZwEnumerateValueKey(HANDLE handle, ULONG index, KEY_VALUE_INFORMATION_CLASS class,
                                   PVOID buffer, ULONG room, PULONG needed)
{
    struct cm_key *key;
    struct answer answer;
    NTSTATUS status = cm_key_of(handle, &key);

    if (!NT_SUCCESS(status))
        return status;
    if (index >= key->values.count)
        return STATUS_NO_MORE_ENTRIES;
    status = answer_value(&key->values.items[index], class, &answer);
    return NT_SUCCESS(status) ? deliver(&answer, buffer, room, needed) : status;
}

/* ---- Keys about themselves ------------------------------------------------------------------- */

static void answer_full(const struct cm_key *key, struct answer *answer)
{
    KEY_FULL_INFORMATION full = {.LastWriteTime.QuadPart = key->last_write_100ns};
    const struct cm_value *value;
    size_t i;

    full.ClassOffset = offsetof(KEY_FULL_INFORMATION, Class);
    full.SubKeys = (ULONG)key->children.count;
    full.Values = (ULONG)key->values.count;
    for (i = 0; i < key->children.count; i++) {
        ULONG bytes = key->children.items[i]->name_chars * (ULONG)sizeof(WCHAR);

        full.MaxNameLen = bytes > full.MaxNameLen ? bytes : full.MaxNameLen;
    }
    array_for_each(value, &key->values) {
        ULONG bytes = value->name_chars * (ULONG)sizeof(WCHAR);

        full.MaxValueNameLen = bytes > full.MaxValueNameLen ? bytes : full.MaxValueNameLen;
        if (value->size_bytes > full.MaxValueDataLen)
            full.MaxValueDataLen = value->size_bytes;
    }
    answer->fixed_bytes = answer->needed = offsetof(KEY_FULL_INFORMATION, Class);
    memcpy(answer->fixed, &full, answer->fixed_bytes);
}

static WCHAR *full_name(const struct cm_key *key, ULONG *chars)
{
    static const WCHAR registry[] = u"\\REGISTRY";
    ULONG lead = ARRAY_LEN(registry) - 1;
    const struct cm_key *at;
    WCHAR *name;
    ULONG end;

    *chars = lead;
    for (at = key; at->parent != NULL; at = at->parent)
        *chars += at->name_chars + 1u;
    name = malloc((*chars + 1) * sizeof *name);
    if (name == NULL)
        return NULL;
    memcpy(name, registry, lead * sizeof *name);
    for (at = key, end = *chars; at->parent != NULL; at = at->parent) {
        end -= at->name_chars + 1u;
        name[end] = '\\';
        memcpy(name + end + 1, at->name, at->name_chars * sizeof *name);
    }
    return name;
}

static NTSTATUS deliver_name(const struct cm_key *key, PVOID buffer, ULONG room, PULONG needed)
{
    struct answer answer = {.fixed_bytes = sizeof(ULONG)};
    ULONG chars;
    WCHAR *name = full_name(key, &chars);
    NTSTATUS status;

    if (name == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    put_ulong(&answer, 0, chars * (ULONG)sizeof(WCHAR));
    answer_tail(&answer, 0, sizeof(ULONG), name, chars * (ULONG)sizeof(WCHAR));
    status = deliver(&answer, buffer, room, needed);
    free(name);
    return status;
}

static NTSTATUS deliver_key(const struct cm_key *key, KEY_INFORMATION_CLASS class, PVOID buffer,
                            ULONG room, PULONG needed)
{
    struct answer answer = {0};
    ULONG name_bytes = key->name_chars * (ULONG)sizeof(WCHAR);

    memcpy(answer.fixed, &key->last_write_100ns, sizeof(LONGLONG));
    switch (class) {
    case KeyBasicInformation:
        answer.fixed_bytes = offsetof(KEY_BASIC_INFORMATION, Name);
        put_ulong(&answer, offsetof(KEY_BASIC_INFORMATION, NameLength), name_bytes);
        answer_tail(&answer, 0, answer.fixed_bytes, key->name, name_bytes);
        break;
    case KeyNodeInformation:
        answer.fixed_bytes = offsetof(KEY_NODE_INFORMATION, Name);
        put_ulong(&answer, offsetof(KEY_NODE_INFORMATION, ClassOffset), (ULONG)-1);
        put_ulong(&answer, offsetof(KEY_NODE_INFORMATION, NameLength), name_bytes);
        answer_tail(&answer, 0, answer.fixed_bytes, key->name, name_bytes);
        break;
    case KeyFullInformation:
        answer_full(key, &answer);
        break;
    case KeyNameInformation:
        return deliver_name(key, buffer, room, needed);
    default:
        return STATUS_INVALID_PARAMETER;
    }
    return deliver(&answer, buffer, room, needed);
}

NTSTATUS NTAPI ZwQueryKey(HANDLE handle, KEY_INFORMATION_CLASS class, PVOID buffer, ULONG room,
                          PULONG needed)
{
    struct cm_key *key;
    NTSTATUS status = cm_key_of(handle, &key);

    return NT_SUCCESS(status) ? deliver_key(key, class, buffer, room, needed) : status;
}

NTSTATUS NTAPI ZwEnumerateKey(HANDLE handle, ULONG index, KEY_INFORMATION_CLASS class, PVOID buffer,
                              ULONG room, PULONG needed)
{
    struct cm_key *key;
    NTSTATUS status = cm_key_of(handle, &key);

    if (!NT_SUCCESS(status))
        return status;
    if (index >= key->children.count)
        return STATUS_NO_MORE_ENTRIES;
    return deliver_key(key->children.items[index], class, buffer, room, needed);
}

/* ---- Writing --------------------------------------------------------------------------------- */

NTSTATUS NTAPI ZwSetValueKey(HANDLE handle, PUNICODE_STRING name, ULONG title_index, ULONG type,
                             PVOID data, ULONG size_bytes)
{
    struct cm_key *key;
    NTSTATUS status = cm_key_of(handle, &key);

    (void)title_index;
    if (!NT_SUCCESS(status))
        return status;
    if (name->Length / sizeof(WCHAR) > CM_VALUE_NAME_CHARS_MAX)
        return STATUS_INVALID_PARAMETER;
    if (size_bytes > CM_VALUE_BYTES_MAX)
        return STATUS_REGISTRY_QUOTA_LIMIT;
    return cm_key_set(key, name->Buffer, name->Length / sizeof(WCHAR), type, data, size_bytes);
}

NTSTATUS NTAPI ZwDeleteValueKey(HANDLE handle, PUNICODE_STRING name)
{
    struct cm_key *key;
    NTSTATUS status = cm_key_of(handle, &key);

    if (!NT_SUCCESS(status))
        return status;
    return cm_key_delete_value(key, name->Buffer, name->Length / sizeof(WCHAR));
}
