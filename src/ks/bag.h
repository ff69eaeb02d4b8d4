/* SPDX-License-Identifier: MIT */
/* Object bags: what a driver puts into one is freed with the object the bag belongs to.
 * An item may lie in several bags of a device and is freed when it leaves the last of them, so
 * counts are kept per device, on a shelf. The bag's documented mutex (device mutex for devices and
 * factories, control mutex for filters and pins) is the caller's business; lists are safe without
 * it. PASSIVE_LEVEL. Not here: which object owns which bag (object.h). */
#ifndef WEIR_KS_BAG_H
#define WEIR_KS_BAG_H

#include <stdint.h>

#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_bag_shelf {
    KSPIN_LOCK lock;
    LIST_ENTRY items;
};

struct ks_bag {
    uint64_t magic;
    struct ks_bag_shelf *shelf;
    struct ks_object *owner; /* NULL for a bag the driver allocated */
    LIST_ENTRY entries;
};

void ks_bag_shelf_init(struct ks_bag_shelf *shelf);

void ks_bag_init(struct ks_bag *bag, struct ks_bag_shelf *shelf, struct ks_object *owner);
/* Empties the bag, youngest item first. */
void ks_bag_fini(struct ks_bag *bag);

#endif
