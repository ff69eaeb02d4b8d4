/* SPDX-License-Identifier: MIT */
/* The road from card to memory, and the check on it. What an adapter has set up for its card is a
 * mapping: pages of logical addresses, a first and a last byte, a direction. Mappings have serial
 * numbers; a table with one entry for each page of logical address space holds the serial of the
 * mapping made there last. So a card's access costs one look for each page, making a mapping one
 * store for each page, and ending it one store in all: an entry whose serial is no longer live says
 * that the page was mapped once. Pages that live mappings share (the end of one buffer and the
 * beginning of the next) have a chain of serials instead.
 *
 * Without an IOMMU a violation is seen and named, and then happens, as on a PC: an access to RAM
 * goes through, any other is a master abort. Logical addresses are physical ones here; a table for
 * each domain comes with the IOMMU. Not here: which addresses a transfer gets (sglist.c, channel.c,
 * common_buffer.c). */
#ifndef WEIR_HAL_BUS_H
#define WEIR_HAL_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "hw/hw.h"
#include "mm/mm.h"

struct hal;
struct hal_slot;

enum { BUS_TO_DEVICE = 1, BUS_FROM_DEVICE = 2 };
enum bus_violation { BUS_OUTSIDE, BUS_DIRECTION, BUS_AFTER_RELEASE };
#define BUS_SHARED 0x80000000u

struct bus_mapping {
    uint32_t serial; /* 0: never used */
    bool live;
    uint8_t directions; /* BUS_TO_DEVICE ... */
    bool shares; /* has entries in chains */
    struct hal_slot *slot; /* NULL: a device without hardware */
    uint64_t adapter_id;
    uint64_t first_la, last_la; /* of the mapping's first and last page only these bytes count */
};

struct bus_share {
    uint32_t serial;
    uint32_t next; /* index + 1 */
};

struct hal_bus {
    uint32_t *entries; /* sparse; serial, or BUS_SHARED | index + 1 of a chain */
    uint64_t pages;
    struct bus_mapping *mappings; /* at serial & mask */
    uint32_t mask;
    uint32_t live;
    uint32_t serial; /* newest */
    ARRAY(struct bus_share) shares;
    uint32_t unused_share; /* index + 1 */
    /* The violation reported last: a card that goes on is reported once. */
    struct {
        enum bus_violation kind;
        uint32_t serial;
        uint64_t end_la;
        struct hal_slot *slot;
    } last;
};

int bus_init(struct hal_bus *bus, uint64_t pages);
void bus_fini(struct hal_bus *bus);
/* A live mapping without pages; NULL when there is no memory. The pointer holds until the next one
 * is made. */
struct bus_mapping *bus_map(struct hal_bus *bus, struct hal_slot *slot, uint64_t adapter_id,
                            unsigned directions);
void bus_share_page(struct hal_bus *bus, struct bus_mapping *mapping, uint64_t page);
void bus_unmap(struct hal_bus *bus, uint32_t serial);

/* What a card does: 0 or -EFAULT. */
int bus_access(struct hal *hal, struct hal_slot *slot, uint64_t la, void *buffer,
               uint64_t size_bytes, bool write);

/* Where such a write goes, checked as one, or NULL when it would fail. */
void *bus_window(struct hal *hal, struct hal_slot *slot, uint64_t la, uint64_t size_bytes);

static inline bool bus_is_live(const struct hal_bus *bus, uint32_t serial)
{
    const struct bus_mapping *mapping = &bus->mappings[serial & bus->mask];

    return mapping->serial == serial && mapping->live;
}

/* Adds a page of logical address space to the mapping. */
static inline void bus_map_page(struct hal_bus *bus, struct bus_mapping *mapping, uint64_t page)
{
    uint32_t old = bus->entries[page];

    if (weir_unlikely(old >= BUS_SHARED || (old != 0 && bus_is_live(bus, old))))
        bus_share_page(bus, mapping, page);
    else
        bus->entries[page] = mapping->serial;
}

/* The same for many. */
void bus_map_pages(struct hal_bus *bus, struct bus_mapping *mapping, const uint64_t *pages,
                   uint64_t count);

#endif
