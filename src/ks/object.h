/* SPDX-License-Identifier: MIT */
/* What devices, filter factories, filters and pins have in common: type, place in the hierarchy,
 * bag, COM face and event list. Each lives in the pool behind the part a driver sees, in one block.
 * The parent owns the link, whoever made the object owns the block. Hierarchy changes want the
 * device mutex, from filters downwards the filter's control mutex. Not here: what is particular to
 * one type (device.h, factory.h, filter.h, pin.h). */
#ifndef WEIR_KS_OBJECT_H
#define WEIR_KS_OBJECT_H

#include <stdint.h>

#include "ks/bag.h"
#include "ks/events.h"
#include "ks/unknown.h"
#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_device;

struct ks_object {
    uint64_t magic;
    KSOBJECTTYPE type;
    uint64_t id; /* in events and reports */
    PVOID public; /* KSDEVICE, KSFILTERFACTORY, KSFILTER or KSPIN */
    struct ks_device *device;
    struct ks_object *parent;
    LIST_ENTRY children; /* oldest first */
    LIST_ENTRY sibling;
    struct ks_bag bag;
    struct ks_unknown unknown;
    struct ks_events events;
};

/* The first words of each public part. The bag leads from there to the object. */
struct ks_public_head {
    const void *Descriptor;
    KSOBJECT_BAG Bag;
    PVOID Context;
};

/* Fills in the public head too: bag, and the parent's context. Joins the parent's children. */
void ks_object_init(struct ks_object *object, KSOBJECTTYPE type, PVOID public,
                    struct ks_device *device, struct ks_object *parent);
/* Leaves the parent, empties the bag. The block is the caller's to free. */
void ks_object_fini(struct ks_object *object);
/* Stops the machine if public is no live object: Windows would touch memory that is none. */
struct ks_object *ks_object_of(PVOID public);
/* The same, for one type. */
struct ks_object *ks_object_of_type(PVOID public, KSOBJECTTYPE type);

#endif
