/* SPDX-License-Identifier: MIT */
#include "cm/key.h"

#include <stdlib.h>
#include <string.h>

#include "rtl/rtl.h"

static LONGLONG now_100ns(void)
{
    LARGE_INTEGER now;

    KeQuerySystemTime(&now);
    return now.QuadPart;
}

/* ---- Keys ------------------------------------------------------------------------------------ */

static size_t place_of(const struct cm_key *key, const WCHAR *name, size_t chars, bool *found)
{
    size_t low = 0;
    size_t high = key->children.count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct cm_key *child = key->children.items[middle];
        int order = rtl_compare(child->name, child->name_chars, name, chars, true);

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

struct cm_key *cm_key_child(const struct cm_key *key, const WCHAR *name, size_t chars)
{
    bool found;
    size_t place = place_of(key, name, chars, &found);

    return found ? key->children.items[place] : NULL;
}

/* parent NULL makes a root. */
struct cm_key *cm_key_create(struct cm_key *parent, const WCHAR *name, size_t chars)
{
    struct cm_key *key = calloc(1, sizeof *key);
    bool found;
    size_t place;

    if (key == NULL)
        return NULL;
    key->name = rtl_wide_copy(name, chars);
    if (key->name == NULL || (parent != NULL && array_push(&parent->children, key) != 0)) {
        free(key->name);
        free(key);
        return NULL;
    }
    key->name_chars = (USHORT)chars;
    key->parent = parent;
    if (parent != NULL) {
        parent->children.count--;
        place = place_of(parent, name, chars, &found);
        weir_assert(!found);
        memmove(&parent->children.items[place + 1], &parent->children.items[place],
                (parent->children.count - place) * sizeof key);
        parent->children.items[place] = key;
        parent->children.count++;
        parent->last_write_100ns = key->last_write_100ns = now_100ns();
        cm_key_changed(parent, REG_NOTIFY_CHANGE_NAME);
    }
    return key;
}

static void key_free(struct cm_key *key)
{
    struct cm_value *value;

    array_for_each(value, &key->values) {
        free(value->name);
        free(value->data);
    }
    array_fini(&key->values);
    array_fini(&key->children);
    free(key->name);
    free(key);
}

void cm_key_free_tree(struct cm_key *key)
{
    size_t i;

    for (i = 0; i < key->children.count; i++)
        cm_key_free_tree(key->children.items[i]);
    key_free(key);
}

void cm_key_unlink(struct cm_key *key)
{
    struct cm_key *parent = key->parent;
    bool found;
    size_t place;

    while (key->children.count != 0)
        cm_key_unlink(key->children.items[key->children.count - 1]);
    if (parent != NULL) {
        place = place_of(parent, key->name, key->name_chars, &found);
        weir_assert(found);
        array_remove_at(&parent->children, place);
        parent->last_write_100ns = now_100ns();
        cm_key_changed(parent, REG_NOTIFY_CHANGE_NAME);
    }
    key->parent = NULL;
    key->deleted = true;
    if (key->opens == 0)
        key_free(key);
}

void cm_key_release(struct cm_key *key)
{
    weir_assert(key->opens > 0);
    if (--key->opens == 0 && key->deleted)
        key_free(key);
}

/* ControlSet001 is what CurrentControlSet points to. */
static const WCHAR *plain_name(const WCHAR *name, size_t *chars)
{
    static const WCHAR set[] = u"ControlSet001";
    static const WCHAR current[] = u"CurrentControlSet";

    if (rtl_compare(name, *chars, set, ARRAY_LEN(set) - 1, true) != 0)
        return name;
    *chars = ARRAY_LEN(current) - 1;
    return current;
}

NTSTATUS cm_key_walk(struct cm_key *start, const WCHAR *path, size_t chars, int create,
                     struct cm_key **out, bool *created)
{
    struct cm_key *key = start;
    size_t at = 0;

    *created = false;
    while (at < chars) {
        struct cm_key *child;
        const WCHAR *name = path + at;
        size_t length = 0;

        if (path[at] == '\\') {
            at++;
            continue;
        }
        while (at < chars && path[at] != '\\') {
            at++;
            length++;
        }
        if (length > CM_NAME_CHARS_MAX)
            return STATUS_INVALID_PARAMETER;
        name = plain_name(name, &length);
        child = cm_key_child(key, name, length);
        if (child == NULL && (create == 2 || (create == 1 && at >= chars))) {
            child = cm_key_create(key, name, length);
            if (child == NULL)
                return STATUS_INSUFFICIENT_RESOURCES;
            *created = true;
        }
        if (child == NULL)
            return STATUS_OBJECT_NAME_NOT_FOUND;
        key = child;
    }
    *out = key;
    return STATUS_SUCCESS;
}

/* ---- Values ---------------------------------------------------------------------------------- */

struct cm_value *cm_key_value(struct cm_key *key, const WCHAR *name, size_t chars)
{
    struct cm_value *value;

    array_for_each(value, &key->values) {
        if (rtl_compare(value->name, value->name_chars, name, chars, true) == 0)
            return value;
    }
    return NULL;
}

NTSTATUS cm_key_set(struct cm_key *key, const WCHAR *name, size_t chars, ULONG type,
                    const void *data, ULONG size_bytes)
{
    struct cm_value *value = cm_key_value(key, name, chars);
    struct cm_value fresh = {.name_chars = (USHORT)chars};
    void *copy = malloc(size_bytes + 1);
    bool same = value != NULL && value->type == type && value->size_bytes == size_bytes &&
                (size_bytes == 0 || memcmp(value->data, data, size_bytes) == 0);

    if (copy == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (size_bytes != 0)
        memcpy(copy, data, size_bytes);
    if (value == NULL) {
        fresh.name = rtl_wide_copy(name, chars);
        if (fresh.name == NULL || array_push(&key->values, fresh) != 0) {
            free(fresh.name);
            free(copy);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        value = &key->values.items[key->values.count - 1];
    }
    free(value->data);
    value->data = copy;
    value->type = type;
    value->size_bytes = size_bytes;
    key->last_write_100ns = now_100ns();
    if (!same)
        cm_key_changed(key, REG_NOTIFY_CHANGE_LAST_SET);
    return STATUS_SUCCESS;
}

NTSTATUS cm_key_delete_value(struct cm_key *key, const WCHAR *name, size_t chars)
{
    struct cm_value *value = cm_key_value(key, name, chars);

    if (value == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    free(value->name);
    free(value->data);
    array_remove_at(&key->values, (size_t)(value - key->values.items));
    key->last_write_100ns = now_100ns();
    cm_key_changed(key, REG_NOTIFY_CHANGE_LAST_SET);
    return STATUS_SUCCESS;
}
