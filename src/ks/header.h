/* SPDX-License-Identifier: MIT */
/* The KS device header, where a device extension's first word points: the create items of the
 * device, the device objects around it, and the object headers that want to hear of power or have
 * targets. PASSIVE_LEVEL unless said otherwise. Not here: create items (create_item.h), object
 * headers (file.h, object_header.c), what create routines do (create.c). */
#ifndef WEIR_KS_HEADER_H
#define WEIR_KS_HEADER_H

#include <stdint.h>

#include "ks/create_item.h"
#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_device;

struct ks_device_header {
    uint64_t magic;
    struct ks_device *device; /* NULL when a driver of KS1 style made the header */
    PDEVICE_OBJECT pnp_device; /* the next one of the stack */
    PDEVICE_OBJECT base_device; /* the one whose header this is */
    struct ks_create_list items;
    BUS_INTERFACE_REFERENCE bus; /* asked for at the first KsReferenceBusObject */
    ERESOURCE security; /* KsAcquireDeviceSecurityLock */
    KSPIN_LOCK lock; /* of the list below */
    LIST_ENTRY objects; /* struct ks_file, by header_link: all object headers */
};

struct ks_device_header *ks_header_of(PVOID header);
/* The header of a device object; NULL when its extension has none. */
struct ks_device_header *ks_header_of_object(PDEVICE_OBJECT object);
/* Gives the bus's interface back; bus_reference.c. */
void ks_header_release_bus(struct ks_device_header *header);
/* Frees items that were made with KSCREATE_ITEM_FREEONSTOP. */
void ks_header_free_on_stop(struct ks_device_header *header);

#endif
