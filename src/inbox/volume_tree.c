/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inbox/volume.h"
#include "rtl/rtl.h"

static size_t place_of(const struct volume_node *node, const WCHAR *name, size_t chars, bool *found)
{
    size_t low = 0, high = node->children.count;

    *found = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct volume_node *child = node->children.items[middle];
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
    return low;
}

struct volume_node *volume_child(const struct volume_node *node, const WCHAR *name, size_t chars)
{
    bool found;
    size_t place = place_of(node, name, chars, &found);

    return found ? node->children.items[place] : NULL;
}

/* Its name is not taken. */
static int link_child(struct volume_node *parent, struct volume_node *node)
{
    bool found;
    size_t place = place_of(parent, node->name, node->name_chars, &found);

    weir_assert(!found);
    if (array_reserve(&parent->children, parent->children.count + 1) != 0)
        return -ENOMEM;
    memmove(parent->children.items + place + 1, parent->children.items + place,
            (parent->children.count - place) * sizeof node);
    parent->children.items[place] = node;
    parent->children.count++;
    node->parent = parent;
    return 0;
}

static void unlink_child(struct volume_node *node)
{
    bool found;
    size_t place = place_of(node->parent, node->name, node->name_chars, &found);

    weir_assert(found);
    array_remove_at(&node->parent->children, place);
    volume_touch(node->parent);
    node->parent = NULL;
}

struct volume_node *volume_node_create(struct inbox_volume *volume, struct volume_node *parent,
                                       const WCHAR *name, size_t chars, bool directory)
{
    struct volume_node *node = calloc(1, sizeof *node);

    if (node == NULL)
        return NULL;
    node->name = rtl_wide_copy(name, chars);
    node->name_chars = chars;
    node->directory = directory;
    node->number = ++volume->next_number;
    KeQuerySystemTime(&node->created);
    node->accessed = node->written = node->changed = node->created;
    if (node->name == NULL || (parent != NULL && link_child(parent, node) != 0)) {
        free(node->name);
        free(node);
        return NULL;
    }
    if (parent != NULL)
        volume_touch(parent);
    return node;
}

void volume_node_free(struct inbox_volume *volume, struct volume_node *node)
{
    for (size_t i = 0; i < node->children.count; i++)
        volume_node_free(volume, node->children.items[i]);
    volume->used_bytes -= node->size_bytes;
    array_fini(&node->children);
    free(node->name);
    free(node->bytes);
    free(node);
}

void volume_unlink(struct inbox_volume *volume, struct volume_node *node)
{
    if (node->parent != NULL)
        unlink_child(node);
    node->deleted = true;
    if (node->files == 0)
        volume_node_free(volume, node);
}

int volume_move(struct volume_node *node, struct volume_node *parent, const WCHAR *name,
                size_t chars)
{
    WCHAR *fresh = rtl_wide_copy(name, chars);

    if (fresh == NULL || array_reserve(&parent->children, parent->children.count + 1) != 0) {
        free(fresh);
        return -ENOMEM;
    }
    unlink_child(node);
    free(node->name);
    node->name = fresh;
    node->name_chars = chars;
    weir_assert(link_child(parent, node) == 0);
    volume_touch(parent);
    node->changed_here = true;
    KeQuerySystemTime(&node->changed);
    return 0;
}

NTSTATUS volume_resize(struct inbox_volume *volume, struct volume_node *node, uint64_t size_bytes)
{
    uint8_t *bytes;

    if (size_bytes > VOLUME_BYTES_MAX ||
        volume->used_bytes - node->size_bytes + size_bytes > VOLUME_BYTES_MAX)
        return STATUS_DISK_FULL;
    if (size_bytes > node->room_bytes) {
        uint64_t room = size_bytes + size_bytes / 2 + VOLUME_CLUSTER_BYTES;

        bytes = realloc(node->bytes, room);
        if (bytes == NULL)
            return STATUS_DISK_FULL;
        node->bytes = bytes;
        node->room_bytes = room;
    }
    if (size_bytes > node->size_bytes)
        memset(node->bytes + node->size_bytes, 0, size_bytes - node->size_bytes);
    volume->used_bytes += size_bytes - node->size_bytes;
    node->size_bytes = size_bytes;
    return STATUS_SUCCESS;
}

void volume_touch(struct volume_node *node)
{
    node->changed_here = true;
    KeQuerySystemTime(&node->written);
    node->changed = node->written;
    if (!node->directory)
        node->attributes |= FILE_ATTRIBUTE_ARCHIVE;
}
