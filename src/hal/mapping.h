/* SPDX-License-Identifier: MIT */
/* Mappings: what an adapter has set up for its card. A mapping is a first and a last byte of
 * logical address space, a direction, and who made it. Each has a serial number; the tables of
 * logical pages (domain.h) hold the serial of the mapping made there last, so ending a mapping is
 * one store: an entry whose serial is no longer live says that the page was mapped once. Pages that
 * live mappings share (the end of one buffer and the beginning of the next) have a chain of serials
 * instead.
 *
 * The record of a mapping that has ended stays until another takes its place, for whoever reports
 * what came too late. Not here: addresses (domain.h), the check (bus.h). */
#ifndef WEIR_HAL_MAPPING_H
#define WEIR_HAL_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

struct hal_slot;

enum { MAPPING_TO_DEVICE = 1, MAPPING_FROM_DEVICE = 2 };
enum mapping_use { MAPPING_LIST, MAPPING_FRAGMENT, MAPPING_COMMON_BUFFER };
#define MAPPING_SHARED 0x80000000u

struct hal_mapping {
    uint32_t serial; /* 0: never used */
    bool live;
    uint8_t directions; /* MAPPING_TO_DEVICE ... */
    uint8_t use;
    struct hal_slot *slot; /* NULL: a device without hardware */
    uint64_t adapter_id;
    uint64_t first_la, last_la; /* of the mapping's first and last page only these bytes count */
    uint64_t made_by_va, ended_by_va; /* the driver's calls; 0: not ended, or nobody's call */
};

struct mapping_share {
    uint32_t serial;
    uint32_t next; /* index + 1 */
};

struct hal_mappings {
    struct hal_mapping *items; /* at serial & mask */
    uint32_t mask;
    uint32_t live;
    uint32_t serial; /* newest */
    ARRAY(struct mapping_share) shares;
    uint32_t unused_share; /* index + 1 */
};

int mappings_init(struct hal_mappings *mappings);
void mappings_fini(struct hal_mappings *mappings);
/* A live mapping of no pages; NULL when there is no memory. The pointer holds until the next one is
 * made. */
struct hal_mapping *mapping_new(struct hal_mappings *mappings);
void mapping_end(struct hal_mappings *mappings, uint32_t serial, uint64_t caller_va);
/* What the entry of a page becomes when the mapping joins those it names. */
uint32_t mapping_share(struct hal_mappings *mappings, uint32_t entry, uint32_t serial);

/* The record at the serial's place: the caller compares. */
static inline struct hal_mapping *mapping_at(const struct hal_mappings *mappings, uint32_t serial)
{
    return &mappings->items[serial & mappings->mask];
}

static inline bool mapping_is_live(const struct hal_mappings *mappings, uint32_t serial)
{
    const struct hal_mapping *mapping = mapping_at(mappings, serial);

    return mapping->serial == serial && mapping->live;
}

#endif
