/* SPDX-License-Identifier: MIT */
#include "hal/bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hal/state.h"
#include "host/host.h"

enum { MAPPINGS_START = 64, PAGE = MM_PAGE_SIZE };

int bus_init(struct hal_bus *bus, uint64_t pages)
{
    void *entries;
    int error;

    memset(bus, 0, sizeof *bus);
    bus->mappings = calloc(MAPPINGS_START, sizeof *bus->mappings);
    if (bus->mappings == NULL)
        return -ENOMEM;
    bus->mask = MAPPINGS_START - 1;
    error = host_map(-1, 0, pages * sizeof *bus->entries, HOST_READ | HOST_WRITE, &entries);
    if (error != 0) {
        free(bus->mappings);
        return error;
    }
    bus->entries = entries;
    bus->pages = pages;
    return 0;
}

void bus_fini(struct hal_bus *bus)
{
    if (bus->entries != NULL)
        host_unmap(bus->entries, bus->pages * sizeof *bus->entries);
    free(bus->mappings);
    array_fini(&bus->shares);
    memset(bus, 0, sizeof *bus);
}

/* ---- Mappings -------------------------------------------------------------------------------- */

/* Serials that differ under the old mask differ under a longer one, so every live mapping finds its
 * place. */
static int grow(struct hal_bus *bus)
{
    uint32_t mask = bus->mask * 2 + 1;
    struct bus_mapping *mappings = calloc((size_t)mask + 1, sizeof *mappings);

    if (mappings == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i <= bus->mask; i++) {
        if (bus->mappings[i].live)
            mappings[bus->mappings[i].serial & mask] = bus->mappings[i];
    }
    free(bus->mappings);
    bus->mappings = mappings;
    bus->mask = mask;
    return 0;
}

static uint32_t next_serial(struct hal_bus *bus)
{
    do {
        bus->serial = (bus->serial + 1) % BUS_SHARED;
    } while (bus->serial == 0 || bus->mappings[bus->serial & bus->mask].live);
    return bus->serial;
}

struct bus_mapping *bus_map(struct hal_bus *bus, struct hal_slot *slot, uint64_t adapter_id,
                            unsigned directions)
{
    struct bus_mapping *mapping;
    uint32_t serial;

    if (bus->live > bus->mask / 2 && grow(bus) != 0)
        return NULL;
    serial = next_serial(bus);
    mapping = &bus->mappings[serial & bus->mask];
    *mapping = (struct bus_mapping){.serial = serial,
                                    .live = true,
                                    .directions = (uint8_t)directions,
                                    .slot = slot,
                                    .adapter_id = adapter_id};
    bus->live++;
    return mapping;
}

void bus_unmap(struct hal_bus *bus, uint32_t serial)
{
    weir_assert(bus_is_live(bus, serial));
    bus->mappings[serial & bus->mask].live = false;
    bus->live--;
}

/* ---- Shared pages ---------------------------------------------------------------------------- */

static uint32_t share_new(struct hal_bus *bus, uint32_t serial, uint32_t next)
{
    struct bus_share share = {serial, next};
    uint32_t at = bus->unused_share;

    if (at != 0) {
        bus->unused_share = bus->shares.items[at - 1].next;
        bus->shares.items[at - 1] = share;
        return at;
    }
    return array_push(&bus->shares, share) == 0 ? (uint32_t)bus->shares.count : 0;
}

/* The chain without its dead members. */
static uint32_t prune(struct hal_bus *bus, uint32_t at)
{
    uint32_t kept = 0;

    while (at != 0) {
        struct bus_share *share = &bus->shares.items[at - 1];
        uint32_t next = share->next;

        if (bus_is_live(bus, share->serial)) {
            share->next = kept;
            kept = at;
        } else {
            share->next = bus->unused_share;
            bus->unused_share = at;
        }
        at = next;
    }
    return kept;
}

/* Without memory for the chain the newest mapping alone stands: the check is then too strict for
 * the others. */
void bus_share_page(struct hal_bus *bus, struct bus_mapping *mapping, uint64_t page)
{
    uint32_t old = bus->entries[page];
    uint32_t chain = old >= BUS_SHARED ? prune(bus, old & ~BUS_SHARED) : share_new(bus, old, 0);
    uint32_t head = chain != 0 ? share_new(bus, mapping->serial, chain) : 0;

    bus->entries[page] = head != 0 ? BUS_SHARED | head : mapping->serial;
}

/* The pages of a frame were mapped together the last time as well: their entries hold one serial,
 * and once it is known to be dead the others need no look. */
void bus_map_pages(struct hal_bus *bus, struct bus_mapping *mapping, const uint64_t *pages,
                   uint64_t count)
{
    uint32_t *entries = bus->entries;
    uint32_t serial = mapping->serial;
    uint32_t dead = 0;

    for (uint64_t i = 0; i < count; i++) {
        uint32_t old = entries[pages[i]];

        if (weir_unlikely(old != dead && old != 0)) {
            if (old >= BUS_SHARED || bus_is_live(bus, old)) {
                bus_share_page(bus, mapping, pages[i]);
                continue;
            }
            dead = old;
        }
        entries[pages[i]] = serial;
    }
}

/* ---- The check ------------------------------------------------------------------------------- */

struct verdict {
    bool allowed;
    enum bus_violation kind;
    uint32_t serial;
};

/* One mapping's word on the access [la, end), which lies in one page. */
static void consult(const struct hal_bus *bus, struct hal_slot *slot, uint32_t serial, uint64_t la,
                    uint64_t end, unsigned direction, struct verdict *verdict)
{
    const struct bus_mapping *mapping = &bus->mappings[serial & bus->mask];

    if (!bus_is_live(bus, serial)) {
        if (verdict->kind == BUS_OUTSIDE && verdict->serial == 0)
            *verdict = (struct verdict){false, BUS_AFTER_RELEASE, serial};
        return;
    }
    if (mapping->slot != slot)
        return;
    if ((la / PAGE == mapping->first_la / PAGE && la < mapping->first_la) ||
        (la / PAGE == mapping->last_la / PAGE && end > mapping->last_la + 1)) {
        *verdict = (struct verdict){false, BUS_OUTSIDE, serial};
        return;
    }
    if (mapping->directions & direction)
        verdict->allowed = true;
    else
        *verdict = (struct verdict){false, BUS_DIRECTION, serial};
}

static struct verdict check(const struct hal_bus *bus, struct hal_slot *slot, uint64_t la,
                            uint64_t end, unsigned direction)
{
    struct verdict verdict = {false, BUS_OUTSIDE, 0};
    uint32_t entry = la / PAGE < bus->pages ? bus->entries[la / PAGE] : 0;

    if (entry < BUS_SHARED) {
        if (entry != 0)
            consult(bus, slot, entry, la, end, direction, &verdict);
        return verdict;
    }
    for (uint32_t at = entry & ~BUS_SHARED; at != 0 && !verdict.allowed;
         at = bus->shares.items[at - 1].next)
        consult(bus, slot, bus->shares.items[at - 1].serial, la, end, direction, &verdict);
    return verdict;
}

static void report(struct hal *hal, struct hal_slot *slot, const struct verdict *verdict,
                   uint64_t la, uint64_t size_bytes, bool write)
{
    static const enum verify_rule rules[] = {
        [BUS_OUTSIDE] = VERIFY_bus_outside,
        [BUS_DIRECTION] = VERIFY_bus_direction,
        [BUS_AFTER_RELEASE] = VERIFY_bus_after_release,
    };
    struct hal_bus *bus = &hal->bus;
    const struct bus_mapping *mapping = &bus->mappings[verdict->serial & bus->mask];
    bool goes_on = bus->last.slot == slot && bus->last.kind == verdict->kind &&
                   bus->last.serial == verdict->serial &&
                   (verdict->serial != 0 || bus->last.end_la == la);

    bus->last.slot = slot;
    bus->last.kind = verdict->kind;
    bus->last.serial = verdict->serial;
    bus->last.end_la = la + size_bytes;
    if (goes_on)
        return;
    TRACE(hal->trace, bus_violation, verdict->kind, la, size_bytes, write, verdict->serial,
          mapping->serial == verdict->serial ? mapping->adapter_id : 0);
    KE_FINDING(hal->ke, rules[verdict->kind], la, size_bytes, verdict->serial);
}

/* The access lies within one page that is neither the first nor the last of its mapping, and
 * nothing speaks against it: nearly every one does. */
static bool is_plain(const struct hal_bus *bus, const struct hal_slot *slot, uint64_t la,
                     uint64_t size_bytes, unsigned direction)
{
    uint64_t page = la / PAGE;
    uint32_t entry = page < bus->pages ? bus->entries[page] : 0;
    const struct bus_mapping *mapping = &bus->mappings[entry & bus->mask];

    return size_bytes <= PAGE - la % PAGE && entry != 0 && mapping->serial == entry &&
           mapping->live && mapping->slot == slot && (mapping->directions & direction) != 0 &&
           page != mapping->first_la / PAGE && page != mapping->last_la / PAGE;
}

static void check_range(struct hal *hal, struct hal_slot *slot, uint64_t la, uint64_t size_bytes,
                        bool write)
{
    unsigned direction = write ? BUS_FROM_DEVICE : BUS_TO_DEVICE;

    if (weir_likely(is_plain(&hal->bus, slot, la, size_bytes, direction)))
        return;
    while (size_bytes != 0) {
        uint64_t piece = PAGE - la % PAGE < size_bytes ? PAGE - la % PAGE : size_bytes;
        struct verdict verdict = check(&hal->bus, slot, la, la + piece, direction);

        if (weir_unlikely(!verdict.allowed))
            report(hal, slot, &verdict, la, piece, write);
        la += piece;
        size_bytes -= piece;
    }
}

void *bus_window(struct hal *hal, struct hal_slot *slot, uint64_t la, uint64_t size_bytes)
{
    void *memory = mm_window(hal->mm, (mm_pa){la}, size_bytes);

    if (memory != NULL)
        check_range(hal, slot, la, size_bytes, true);
    return memory;
}

int bus_access(struct hal *hal, struct hal_slot *slot, uint64_t la, void *buffer,
               uint64_t size_bytes, bool write)
{
    void *memory;
    uint64_t end;

    if (weir_add_overflows(la, size_bytes, &end))
        return -EFAULT;
    check_range(hal, slot, la, size_bytes, write);
    memory = mm_window(hal->mm, (mm_pa){la}, size_bytes);
    if (memory == NULL)
        return -EFAULT;
    if (write)
        memcpy(memory, buffer, size_bytes);
    else
        memcpy(buffer, memory, size_bytes);
    return 0;
}
