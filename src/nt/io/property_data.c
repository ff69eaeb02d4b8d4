/* SPDX-License-Identifier: MIT */
/* Unified device properties: values under a key (a GUID and a number) that drivers set and read
 * back, on a device or on one of its interfaces. They last as long as the device node or the
 * interface; a locale is part of the key. A type of DEVPROP_TYPE_EMPTY deletes.
 * "IoSetDevicePropertyData". Not here: the properties that Windows itself sets on every device. */
#include "io/property_data.h"

#include <stdlib.h>
#include <string.h>

#include "io/state.h"

enum { TYPE_EMPTY = 0 };

struct property {
    struct list_node link;
    DEVPROPKEY key;
    LCID locale;
    DEVPROPTYPE type;
    ULONG size_bytes;
    UCHAR data[];
};

static struct property *find(const struct list_node *properties, const DEVPROPKEY *key, LCID locale)
{
    struct property *property;

    list_for_each_entry(property, properties, link) {
        if (IsEqualGUID(&property->key.fmtid, &key->fmtid) && property->key.pid == key->pid &&
            property->locale == locale)
            return property;
    }
    return NULL;
}

static void forget(struct property *property)
{
    if (property == NULL)
        return;
    list_remove(&property->link);
    free(property);
}

void io_properties_fini(struct list_node *properties)
{
    struct list_node *node;

    while ((node = list_first(properties)) != NULL)
        forget(list_entry(node, struct property, link));
}

NTSTATUS io_property_set(struct list_node *properties, const DEVPROPKEY *key, LCID locale,
                         DEVPROPTYPE type, ULONG size_bytes, const void *data)
{
    struct property *fresh;

    if (type == TYPE_EMPTY) {
        forget(find(properties, key, locale));
        return STATUS_SUCCESS;
    }
    fresh = calloc(1, sizeof *fresh + size_bytes);
    if (fresh == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    fresh->key = *key;
    fresh->locale = locale;
    fresh->type = type;
    fresh->size_bytes = size_bytes;
    if (size_bytes != 0)
        memcpy(fresh->data, data, size_bytes);
    forget(find(properties, key, locale));
    list_insert_tail(properties, &fresh->link);
    return STATUS_SUCCESS;
}

NTSTATUS io_property_get(const struct list_node *properties, const DEVPROPKEY *key, LCID locale,
                         ULONG room, void *data, PULONG needed, DEVPROPTYPE *type)
{
    const struct property *property = find(properties, key, locale);

    *needed = 0;
    if (property == NULL)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    *needed = property->size_bytes;
    *type = property->type;
    if (room < property->size_bytes)
        return STATUS_BUFFER_TOO_SMALL;
    if (property->size_bytes != 0)
        memcpy(data, property->data, property->size_bytes);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoSetDevicePropertyData(PDEVICE_OBJECT pdo, const DEVPROPKEY *key, LCID locale,
                                       ULONG flags, DEVPROPTYPE type, ULONG size_bytes, PVOID data)
{
    struct io_node *node = io_node_of(pdo);

    (void)flags;
    if (node == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    return io_property_set(&node->properties, key, locale, type, size_bytes, data);
}

NTSTATUS NTAPI IoGetDevicePropertyData(PDEVICE_OBJECT pdo, const DEVPROPKEY *key, LCID locale,
                                       ULONG flags, ULONG room, PVOID data, PULONG needed,
                                       PDEVPROPTYPE type)
{
    struct io_node *node = io_node_of(pdo);

    if (node == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (flags != 0)
        return STATUS_INVALID_PARAMETER;
    return io_property_get(&node->properties, key, locale, room, data, needed, type);
}
