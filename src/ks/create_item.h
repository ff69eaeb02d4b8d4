/* SPDX-License-Identifier: MIT */
/* Create items: the names under which objects of a device, or sub-objects of an object, can be
 * opened, each with the routine that makes the object. A list belongs to a device header or to an
 * object header. Adding and freeing at PASSIVE_LEVEL, finding up to DISPATCH_LEVEL; the list has a
 * lock of its own. Not here: what create routines do (create.c). */
#ifndef WEIR_KS_CREATE_ITEM_H
#define WEIR_KS_CREATE_ITEM_H

#include <stdbool.h>

#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_create_list {
    KSPIN_LOCK lock;
    LIST_ENTRY items; /* struct ks_create_item */
};

void ks_create_list_init(struct ks_create_list *list);
/* Frees all items, telling their owners. */
void ks_create_list_fini(struct ks_create_list *list);
/* The driver's array, as it stands in the driver's memory. */
NTSTATUS ks_create_list_add_all(struct ks_create_list *list, ULONG count,
                                PKSOBJECT_CREATE_ITEM items);
NTSTATUS ks_create_list_add(struct ks_create_list *list, PKSOBJECT_CREATE_ITEM item, bool copy,
                            PFNKSITEMFREECALLBACK freed);
/* Fills an item of the driver's that has no Create yet. */
NTSTATUS ks_create_list_fill(struct ks_create_list *list, const KSOBJECT_CREATE_ITEM *item);
/* The item whose class is the first part of name, up to a backslash; without one the wildcard's;
 * NULL when there is neither. */
PKSOBJECT_CREATE_ITEM ks_create_list_find(struct ks_create_list *list, const UNICODE_STRING *name);

/* Frees the items that fit; true when there was one. */
typedef bool ks_create_filter(const KSOBJECT_CREATE_ITEM *item, const void *wanted);
bool ks_create_list_free(struct ks_create_list *list, ks_create_filter *fits, const void *wanted);

#endif
