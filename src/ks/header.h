/* SPDX-License-Identifier: MIT */
/* The KS device header, where a device extension's first word points, and its create items: the
 * names under which objects of the device can be opened. PASSIVE_LEVEL; the list has a lock of its
 * own. Not here: object headers (file.h), what create routines do (create.c). */
#ifndef WEIR_KS_HEADER_H
#define WEIR_KS_HEADER_H

#include <stdint.h>

#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_device;

struct ks_device_header {
    uint64_t magic;
    struct ks_device *device; /* NULL when a driver of KS1 style made the header */
    PDEVICE_OBJECT pnp_device;
    PDEVICE_OBJECT base_device;
    KSPIN_LOCK lock;
    LIST_ENTRY items; /* struct ks_create_item */
};

struct ks_create_item {
    LIST_ENTRY link;
    PKSOBJECT_CREATE_ITEM item; /* own, or what the driver gave */
    KSOBJECT_CREATE_ITEM own;
    PFNKSITEMFREECALLBACK freed;
};

struct ks_device_header *ks_header_of(PVOID header);
/* The item whose class is the first part of name, up to a backslash; NULL when there is none. */
PKSOBJECT_CREATE_ITEM ks_header_find(struct ks_device_header *header, const UNICODE_STRING *name);
/* Frees items that were made with KSCREATE_ITEM_FREEONSTOP. */
void ks_header_free_on_stop(struct ks_device_header *header);

#endif
