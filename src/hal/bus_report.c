/* SPDX-License-Identifier: MIT */
/* What is told of an access that no mapping allows. Violations are rare, so this looks far around:
 * at the pages beside the address, and for addresses of which it is the lower half. */
#include "hal/bus.h"

#include "hal/domain.h"
#include "hal/state.h"

enum { NEAR_PAGES = 64, BESIDE_BYTES = MM_PAGE_SIZE };
#define FOUR_GB (UINT64_C(1) << 32)

/* The mapping that was meant, as far as one can tell. */
struct near {
    uint32_t serial; /* 0: none */
    bool live;
    int64_t distance; /* > 0: bytes behind the end of what is mapped there, < 0: before it */
};

static bool is_of(const struct hal *hal, const struct hal_slot *slot, uint32_t serial)
{
    return mapping_is_live(&hal->mappings, serial) &&
           mapping_at(&hal->mappings, serial)->slot == slot;
}

/* The card's live mapping on a logical page; 0: none. */
static uint32_t live_on(const struct hal *hal, const struct hal_slot *slot, uint64_t page)
{
    const struct mapping_share *shares = hal->mappings.shares.items;
    uint32_t entry = domain_entry(slot->domain, page);

    if (entry < MAPPING_SHARED)
        return is_of(hal, slot, entry) ? entry : 0;
    for (uint32_t at = entry & ~MAPPING_SHARED; at != 0; at = shares[at - 1].next) {
        if (is_of(hal, slot, shares[at - 1].serial))
            return shares[at - 1].serial;
    }
    return 0;
}

/* ---- The lower half of an address ------------------------------------------------------------ */

static uint64_t whole_physical(const struct hal *hal, const struct hal_slot *slot, uint64_t la)
{
    for (uint64_t whole = la + FOUR_GB; whole < mm_highest_pa(hal->mm); whole += FOUR_GB) {
        if (live_on(hal, slot, whole >> MM_PAGE_SHIFT) != 0)
            return whole;
    }
    return 0;
}

/* Runs cross no 4 GB line, so a mapping has one upper half. */
static uint64_t whole_remapped(const struct hal *hal, const struct hal_slot *slot, uint64_t la)
{
    for (uint32_t i = 0; i <= hal->mappings.mask; i++) {
        const struct hal_mapping *mapping = &hal->mappings.items[i];
        uint64_t whole = mapping->first_la / FOUR_GB * FOUR_GB + la;

        if (mapping->live && mapping->slot == slot && whole != la && whole >= mapping->first_la &&
            whole <= mapping->last_la)
            return whole;
    }
    return 0;
}

/* The mapped address of which a card was told the lower 32 bits only; 0: there is none. */
static uint64_t whole_address(const struct hal *hal, const struct hal_slot *slot, uint64_t la)
{
    if (la >= FOUR_GB)
        return 0;
    return slot->domain->iommu == HAL_IOMMU_OFF ? whole_physical(hal, slot, la)
                                                : whole_remapped(hal, slot, la);
}

/* ---- The mapping that was meant -------------------------------------------------------------- */

static int64_t distance_to(const struct hal_mapping *mapping, uint64_t page, uint64_t la,
                           uint64_t size_bytes)
{
    uint64_t first = page << MM_PAGE_SHIFT;
    uint64_t last = first + MM_PAGE_SIZE - 1;

    if (page == mapping->first_la >> MM_PAGE_SHIFT)
        first = mapping->first_la;
    if (page == mapping->last_la >> MM_PAGE_SHIFT)
        last = mapping->last_la;
    if (la < first)
        return -(int64_t)(first - la);
    return la + size_bytes - 1 > last ? (int64_t)(la + size_bytes - 1 - last) : 0;
}

static struct near look_around(const struct hal *hal, const struct hal_slot *slot, uint64_t la,
                               uint64_t size_bytes)
{
    for (uint64_t away = 0; away <= NEAR_PAGES; away++) {
        for (unsigned side = 0; side < 2; side++) {
            uint64_t page = (la >> MM_PAGE_SHIFT) + (side == 0 ? -away : away);
            uint32_t serial = live_on(hal, slot, page);

            if (serial != 0)
                return (struct near){serial, true,
                                     distance_to(mapping_at(&hal->mappings, serial), page, la,
                                                 size_bytes)};
        }
    }
    return (struct near){0};
}

static struct near find_near(const struct hal *hal, const struct hal_slot *slot,
                             const struct bus_verdict *verdict, uint64_t la, uint64_t size_bytes)
{
    uint32_t serial = verdict->serial;

    if (serial == 0)
        return look_around(hal, slot, la, size_bytes);
    return (struct near){serial, mapping_is_live(&hal->mappings, serial),
                         distance_to(mapping_at(&hal->mappings, serial), la >> MM_PAGE_SHIFT, la,
                                     size_bytes)};
}

/* ---- Telling --------------------------------------------------------------------------------- */

/* An access right behind the last byte of a live mapping is an overrun, whatever was there
 * before. */
static bool runs_over(const struct hal *hal, const struct hal_slot *slot, uint64_t la,
                      struct near *near, uint64_t size_bytes)
{
    uint32_t serial = la == 0 ? 0 : live_on(hal, slot, (la - 1) >> MM_PAGE_SHIFT);

    if (serial == 0 || mapping_at(&hal->mappings, serial)->last_la + 1 != la)
        return false;
    *near = (struct near){serial, true, (int64_t)size_bytes};
    return true;
}

static enum bus_violation refine(const struct hal_slot *slot, const struct bus_verdict *verdict,
                                 uint64_t whole_la, const struct mm_owner *owner,
                                 const struct near *near)
{
    if (verdict->kind != BUS_OUTSIDE)
        return verdict->kind;
    if (verdict->serial != 0)
        return BUS_PAST_END;
    if (slot->domain->iommu == HAL_IOMMU_OFF && owner->kind == MM_OWNER_CONTIGUOUS)
        return BUS_CONTIGUOUS;
    if (whole_la != 0)
        return BUS_TRUNCATED;
    return near->serial != 0 && near->distance > -BESIDE_BYTES && near->distance <= BESIDE_BYTES
               ? BUS_PAST_END
               : BUS_OUTSIDE;
}

static void tell_details(struct hal *hal, const struct hal_slot *slot, bool refused,
                         uint64_t whole_la, const struct near *near)
{
    const struct hal_mapping *mapping = mapping_at(&hal->mappings, near->serial);

    TRACE(hal->trace, bus_card, slot->number, slot->device->dma_address_bits, refused, whole_la,
          (uint64_t)near->distance, near->live);
    if (near->serial != 0 && mapping->serial == near->serial)
        TRACE(hal->trace, bus_mapping, mapping->serial, mapping->use | mapping->directions << 8,
              mapping->first_la, mapping->last_la, mapping->made_by_va, mapping->ended_by_va);
}

static void tell_finding(struct hal *hal, const struct hal_slot *slot, enum bus_violation kind,
                         uint64_t la, uint64_t whole_la, const struct near *near)
{
    static const enum verify_rule rules[] = {
        [BUS_OUTSIDE] = VERIFY_bus_outside,
        [BUS_DIRECTION] = VERIFY_bus_direction,
        [BUS_AFTER_RELEASE] = VERIFY_bus_after_release,
        [BUS_ABOVE_WIDTH] = VERIFY_bus_above_width,
        [BUS_PAST_END] = VERIFY_bus_past_end,
        [BUS_TRUNCATED] = VERIFY_bus_truncated,
        [BUS_CONTIGUOUS] = VERIFY_bus_contiguous,
    };
    const struct hal_mapping *mapping = mapping_at(&hal->mappings, near->serial);
    bool known = near->serial != 0 && mapping->serial == near->serial;
    uint64_t caller_va = !known ? 0 : near->live ? mapping->made_by_va : mapping->ended_by_va;

    TRACE(hal->trace, finding, rules[kind], kind == BUS_OUTSIDE ? 0 : caller_va, la,
          kind == BUS_ABOVE_WIDTH ? slot->device->dma_address_bits : whole_la, near->serial);
}

static bool goes_on(struct hal *hal, struct hal_slot *slot, const struct bus_verdict *verdict,
                    uint64_t la, uint64_t size_bytes)
{
    struct bus_last *last = &hal->last_violation;
    bool same = last->slot == slot && last->kind == verdict->kind &&
                last->serial == verdict->serial && (verdict->serial != 0 || last->end_la == la);

    *last = (struct bus_last){verdict->kind, verdict->serial, la + size_bytes, slot};
    return same;
}

void bus_report(struct hal *hal, struct hal_slot *slot, const struct bus_verdict *verdict,
                uint64_t la, uint64_t size_bytes, bool write)
{
    mm_pfn pfn = domain_pfn(slot->domain, la >> MM_PAGE_SHIFT);
    mm_pa pa = {pfn << MM_PAGE_SHIFT | la % MM_PAGE_SIZE};
    struct mm_owner owner = {.kind = MM_OWNER_NO_RAM};
    uint64_t whole_la = whole_address(hal, slot, la);
    enum bus_violation kind;
    struct near near;

    if (goes_on(hal, slot, verdict, la, size_bytes))
        return;
    if (pfn != MM_PFN_NONE)
        mm_owner_of(hal->mm, pa, &owner);
    near = find_near(hal, slot, verdict, la, size_bytes);
    kind = refine(slot, verdict, whole_la, &owner, &near);
    if (kind == BUS_AFTER_RELEASE && runs_over(hal, slot, la, &near, size_bytes))
        kind = BUS_PAST_END;
    TRACE(hal->trace, bus_violation, kind, la, size_bytes, write, near.serial,
          near.serial != 0 ? mapping_at(&hal->mappings, near.serial)->adapter_id : 0);
    tell_details(hal, slot, verdict->aborts, kind == BUS_TRUNCATED ? whole_la : 0, &near);
    if (pfn != MM_PFN_NONE)
        TRACE(hal->trace, bus_stake, owner.kind, pa.value, size_bytes, owner.tag, owner.caller_va,
              owner.va);
    tell_finding(hal, slot, kind, la, whole_la, &near);
}
