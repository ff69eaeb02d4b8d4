/* SPDX-License-Identifier: MIT */
/* Filter factories: a descriptor under a name, and a device interface for each category.
 * Owned by the device; the last create item that goes takes the factory with it. Device mutex held.
 * Not here: filters (filter.h). */
#ifndef WEIR_KS_FACTORY_H
#define WEIR_KS_FACTORY_H

#include "ks/object.h"
#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_factory {
    KSFILTERFACTORY public; /* first */
    uint64_t magic;
    struct ks_object object;
    PFNKSFILTERFACTORYPOWER sleep, wake;
    ULONG create_items; /* names it still has */
    ULONG interface_count;
    UNICODE_STRING *interfaces; /* symbolic links, one a category */
};

struct ks_factory *ks_factory_of(PKSFILTERFACTORY factory);
/* All factories of the device: interfaces on or off. */
void ks_factories_set_state(struct ks_device *device, BOOLEAN enable);
void ks_factories_destroy(struct ks_device *device);

#endif
