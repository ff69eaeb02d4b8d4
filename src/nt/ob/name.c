/* SPDX-License-Identifier: MIT */
/* Names. A sorted table of whole paths stands for Windows' tree of directories: a path is looked up
 * by trying it whole and then shorter by one component each time, so that
 * \??\PCI#...#{guid}\GLOBAL finds the link \??\PCI#...#{guid} and leaves "\GLOBAL" to the device.
 * Links are followed by putting their target in place of the part that named them. */
#include <stdlib.h>
#include <string.h>

#include "ob/state.h"
#include "rtl/rtl.h"

static void string_free(UNICODE_STRING *string)
{
    free(string->Buffer);
    *string = (UNICODE_STRING){0};
}

static NTSTATUS string_copy(const WCHAR *text, size_t count, UNICODE_STRING *out)
{
    size_t bytes = count * sizeof(WCHAR);
    WCHAR *copy;

    if (bytes + sizeof(WCHAR) > UNICODE_STRING_MAX_BYTES)
        return STATUS_NAME_TOO_LONG;
    copy = rtl_wide_copy(text, count);
    if (copy == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *out = (UNICODE_STRING){(USHORT)bytes, (USHORT)(bytes + sizeof(WCHAR)), copy};
    return STATUS_SUCCESS;
}

static bool has_prefix(const WCHAR *text, size_t count, const WCHAR *prefix, size_t prefix_count)
{
    return count >= prefix_count &&
           rtl_compare(text, prefix_count, prefix, prefix_count, true) == 0 &&
           (count == prefix_count || text[prefix_count] == '\\');
}

/* How many characters of the path an alias of \?? takes, 0 when it begins with none. */
static size_t alias_length(const WCHAR *text, size_t count)
{
    static const WCHAR dos[] = u"\\DosDevices";
    static const WCHAR global[] = u"\\GLOBAL??";

    if (has_prefix(text, count, dos, ARRAY_LEN(dos) - 1))
        return ARRAY_LEN(dos) - 1;
    if (has_prefix(text, count, global, ARRAY_LEN(global) - 1))
        return ARRAY_LEN(global) - 1;
    return 0;
}

/* A copy with \DosDevices and its like replaced. */
static NTSTATUS canonical(const UNICODE_STRING *path, UNICODE_STRING *out)
{
    size_t count = path->Length / sizeof(WCHAR);
    size_t alias = alias_length(path->Buffer, count);
    NTSTATUS status;

    if (count == 0 || path->Buffer[0] != '\\')
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    status = string_copy(path->Buffer, count, out);
    if (NT_SUCCESS(status) && alias != 0) {
        memcpy(out->Buffer, u"\\??", 3 * sizeof(WCHAR));
        memmove(out->Buffer + 3, path->Buffer + alias, (count - alias) * sizeof(WCHAR));
        out->Length = (USHORT)((count - alias + 3) * sizeof(WCHAR));
        out->Buffer[out->Length / sizeof(WCHAR)] = 0;
    }
    return status;
}

/* Where the path stands in the table, or should stand. */
static size_t place_of(struct ob *ob, const WCHAR *text, size_t count, bool *found)
{
    size_t low = 0;
    size_t high = ob->names.count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const UNICODE_STRING *path = &ob->names.items[middle].path;
        int order = rtl_compare(path->Buffer, path->Length / sizeof(WCHAR), text, count, true);

        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = false;
    return low;
}

/* Takes name's strings on success. */
static NTSTATUS insert(struct ob *ob, const struct ob_name *name)
{
    bool found;
    size_t place = place_of(ob, name->path.Buffer, name->path.Length / sizeof(WCHAR), &found);

    if (found)
        return STATUS_OBJECT_NAME_COLLISION;
    if (array_push(&ob->names, *name) != 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    memmove(&ob->names.items[place + 1], &ob->names.items[place],
            (ob->names.count - 1 - place) * sizeof *name);
    ob->names.items[place] = *name;
    return STATUS_SUCCESS;
}

static void remove_at(struct ob *ob, size_t place)
{
    string_free(&ob->names.items[place].path);
    string_free(&ob->names.items[place].target);
    array_remove_at(&ob->names, place);
}

NTSTATUS ob_name_insert(struct ob *ob, const UNICODE_STRING *path, void *body)
{
    struct ob_name name = {.body = body};
    NTSTATUS status = canonical(path, &name.path);

    if (!NT_SUCCESS(status))
        return status;
    status = insert(ob, &name);
    if (!NT_SUCCESS(status))
        string_free(&name.path);
    return status;
}

NTSTATUS ob_link_insert(struct ob *ob, const UNICODE_STRING *path, const UNICODE_STRING *target)
{
    struct ob_name name = {0};
    NTSTATUS status = canonical(path, &name.path);

    if (!NT_SUCCESS(status))
        return status;
    status = canonical(target, &name.target);
    if (NT_SUCCESS(status))
        status = insert(ob, &name);
    if (!NT_SUCCESS(status)) {
        string_free(&name.path);
        string_free(&name.target);
    }
    return status;
}

static struct ob_name *find_exact(struct ob *ob, const UNICODE_STRING *path)
{
    UNICODE_STRING full;
    bool found;
    size_t place;

    if (!NT_SUCCESS(canonical(path, &full)))
        return NULL;
    place = place_of(ob, full.Buffer, full.Length / sizeof(WCHAR), &found);
    string_free(&full);
    return found ? &ob->names.items[place] : NULL;
}

NTSTATUS ob_name_remove(struct ob *ob, const UNICODE_STRING *path)
{
    struct ob_name *name = find_exact(ob, path);

    if (name == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    remove_at(ob, (size_t)(name - ob->names.items));
    return STATUS_SUCCESS;
}

void ob_name_remove_of(struct ob *ob, const void *body)
{
    size_t place = ob->names.count;

    while (place-- > 0) {
        if (ob->names.items[place].body == body)
            remove_at(ob, place);
    }
}

void ob_names_fini(struct ob *ob)
{
    while (ob->names.count != 0)
        remove_at(ob, ob->names.count - 1);
    array_fini(&ob->names);
}

/* The longest leading part that is a name; *used counts its characters. */
static struct ob_name *find_leading(struct ob *ob, const UNICODE_STRING *path, size_t *used)
{
    size_t count = path->Length / sizeof(WCHAR);

    while (count > 0) {
        bool found;
        size_t place = place_of(ob, path->Buffer, count, &found);

        if (found) {
            *used = count;
            return &ob->names.items[place];
        }
        while (count > 0 && path->Buffer[--count] != '\\')
            continue;
    }
    return NULL;
}

/* Puts the link's target in place of the part that named it. */
static NTSTATUS follow(UNICODE_STRING *path, const UNICODE_STRING *target, size_t used)
{
    size_t rest = path->Length / sizeof(WCHAR) - used;
    size_t lead = target->Length / sizeof(WCHAR);
    UNICODE_STRING next = {0};
    NTSTATUS status = STATUS_NAME_TOO_LONG;
    WCHAR *text = malloc((lead + rest + 1) * sizeof *text);

    if (text == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memcpy(text, target->Buffer, lead * sizeof *text);
    memcpy(text + lead, path->Buffer + used, rest * sizeof *text);
    status = string_copy(text, lead + rest, &next);
    free(text);
    if (!NT_SUCCESS(status))
        return status;
    string_free(path);
    *path = next;
    return STATUS_SUCCESS;
}

NTSTATUS ob_name_find(struct ob *ob, const UNICODE_STRING *path, enum ob_type *out_type,
                      void **out_body, size_t *out_rest_chars)
{
    UNICODE_STRING full;
    unsigned links;
    NTSTATUS status = canonical(path, &full);

    if (!NT_SUCCESS(status))
        return status;
    for (links = 0; links <= OB_LINKS_FOLLOWED_MAX; links++) {
        size_t used;
        struct ob_name *name = find_leading(ob, &full, &used);

        status = STATUS_OBJECT_NAME_NOT_FOUND;
        if (name == NULL)
            break;
        if (name->body != NULL) {
            *out_body = name->body;
            *out_type = ob_object_of(ob, name->body)->type;
            *out_rest_chars = full.Length / sizeof(WCHAR) - used;
            status = STATUS_SUCCESS;
            break;
        }
        status = follow(&full, &name->target, used);
        if (!NT_SUCCESS(status))
            break;
        status = STATUS_OBJECT_NAME_NOT_FOUND;
    }
    string_free(&full);
    return status;
}

NTSTATUS ob_link_target(struct ob *ob, const UNICODE_STRING *path, const UNICODE_STRING **out)
{
    struct ob_name *name = find_exact(ob, path);

    if (name == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    if (name->body != NULL)
        return STATUS_OBJECT_TYPE_MISMATCH;
    *out = &name->target;
    return STATUS_SUCCESS;
}

const UNICODE_STRING *ob_name_of(struct ob *ob, const void *body)
{
    struct ob_name *name;

    array_for_each(name, &ob->names) {
        if (name->body == body)
            return &name->path;
    }
    return NULL;
}

/* The string follows the structure. Too small a buffer: STATUS_INFO_LENGTH_MISMATCH and the
 * size. */
NTSTATUS NTAPI ObQueryNameString(PVOID body, POBJECT_NAME_INFORMATION information, ULONG length,
                                 PULONG needed)
{
    const UNICODE_STRING *name = ob_name_of(ob_of(ke_current()), body);
    ULONG bytes = name != NULL ? name->Length + (ULONG)sizeof(WCHAR) : 0;

    *needed = (ULONG)sizeof *information + bytes;
    if (length < *needed)
        return STATUS_INFO_LENGTH_MISMATCH;
    information->Name = (UNICODE_STRING){0};
    if (name != NULL) {
        information->Name = (UNICODE_STRING){name->Length, (USHORT)bytes, (PWCH)(information + 1)};
        memcpy(information->Name.Buffer, name->Buffer, bytes);
    }
    return STATUS_SUCCESS;
}
