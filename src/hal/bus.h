/* SPDX-License-Identifier: MIT */
/* The road from card to memory, and the check on it. Each access is resolved against what the
 * adapters of the card have mapped at that moment (domain.h): one look for each page. An access is
 * outside every mapping, in the wrong direction, or too late; each is seen and named. Without an
 * IOMMU it then happens, as on a PC: an access to RAM goes through, any other is a master abort.
 * With one, an access to a page that is not mapped, or not that way, is a master abort, and the
 * IOMMU tells Windows, which stops with bug check 0xE6, 0x26; under strict so is one to a byte that
 * is not. Not here: which addresses a transfer gets. */
#ifndef WEIR_HAL_BUS_H
#define WEIR_HAL_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "wdk/wdm.h"

struct hal;
struct hal_slot;

enum bus_violation {
    BUS_OUTSIDE,
    BUS_DIRECTION,
    BUS_AFTER_RELEASE,
    BUS_ABOVE_WIDTH, /* of the card's own addresses */
    BUS_PAST_END, /* next to a mapping */
    BUS_TRUNCATED, /* the lower half of a mapped address */
    BUS_CONTIGUOUS /* memory whose physical address old drivers give to cards */
};
struct bus_verdict {
    bool allowed;
    bool aborts; /* not allowed, and does not happen */
    enum bus_violation kind;
    uint32_t serial; /* of the mapping that speaks against it; 0: none */
};

/* The violation reported last: a card that goes on is reported once. */
struct bus_last {
    enum bus_violation kind;
    uint32_t serial;
    uint64_t end_la;
    struct hal_slot *slot;
};

/* What the IOMMU reports: the first fault only, the machine stops over it. */
struct bus_fault {
    PKDPC dpc; /* in pool */
    bool reported;
    uint64_t device, address_la, type;
};
int bus_fault_init(struct hal *hal);
void bus_fault_fini(struct hal *hal);

/* Tells of an access that is not allowed (bus_report.c): what kind of mistake it is, which mapping
 * was meant, whose bytes were at stake. */
void bus_report(struct hal *hal, struct hal_slot *slot, const struct bus_verdict *verdict,
                uint64_t la, uint64_t size_bytes, bool write);

/* What a card does: 0 or -EFAULT. */
int bus_access(struct hal *hal, struct hal_slot *slot, uint64_t la, void *buffer,
               uint64_t size_bytes, bool write);

/* Where such a write goes, checked as one, or NULL when it would fail or does not lie together. */
void *bus_window(struct hal *hal, struct hal_slot *slot, uint64_t la, uint64_t size_bytes);

#endif
