/* SPDX-License-Identifier: MIT */
/* Whose memory a physical address is: for reports of accesses by cards, which are rare, so this
 * looks through every region there is. */
#include "mm/pool.h"
#include "mm/state.h"

static bool is_used(const struct mm_zones *zones, mm_pfn pfn)
{
    const struct zone *zone = &zones->zones[pfn >> ZONE_SHIFT];

    return zone->state != ZONE_FRESH && bitmap_test(zone->used, pfn % ZONE_PAGES);
}

static bool region_owns(const struct mm_region *region, mm_pfn pfn, uint64_t *page)
{
    if (region->pfns == NULL || (!region->owns_pages && region->kind != REGION_POOL))
        return false;
    for (uint64_t i = 0; i < region->pages; i++) { /* 0: no page there */
        if (pfn != 0 && region->pfns[i] == pfn) {
            *page = i;
            return true;
        }
    }
    return false;
}

static enum mm_owner_kind kind_of(const struct mm_region *region)
{
    switch (region->kind) {
    case REGION_USER: return MM_OWNER_CLIENT;
    case REGION_IMAGE: return MM_OWNER_IMAGE;
    case REGION_POOL:
    case REGION_BLOCK: return MM_OWNER_POOL;
    case REGION_MEMORY: return MM_OWNER_CONTIGUOUS;
    default: return MM_OWNER_SYSTEM;
    }
}

void mm_owner_of(struct mm *mm, mm_pa pa, struct mm_owner *out)
{
    mm_pfn pfn = pa.value >> MM_PAGE_SHIFT;
    uint64_t page;

    *out = (struct mm_owner){.kind = MM_OWNER_NOBODY};
    if (!mm_is_ram(mm, pfn)) {
        out->kind = MM_OWNER_NO_RAM;
        return;
    }
    for (size_t i = 0; i < mm->regions.all.count; i++) {
        const struct mm_region *region = mm->regions.all.items[i];

        if (!region_owns(region, pfn, &page))
            continue;
        out->kind = kind_of(region);
        out->va = region->base_va + (page << MM_PAGE_SHIFT) + pa.value % MM_PAGE_SIZE;
        if (region->kind == REGION_POOL || region->kind == REGION_BLOCK)
            pool_owner(mm, region, page, out);
        return;
    }
    if (low_holds(&mm->low, pfn))
        out->kind = low_is_free(&mm->low, pfn) ? MM_OWNER_NOBODY : MM_OWNER_LOW;
    else if (is_used(&mm->zones, pfn))
        out->kind = MM_OWNER_SYSTEM;
}
