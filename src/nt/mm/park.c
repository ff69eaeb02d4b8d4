/* SPDX-License-Identifier: MIT */
#include "mm/park.h"

#include <string.h>

#include "mm/state.h"

static bool is_user(const struct mm_region *region)
{
    return region->base_va < SIM_SYSTEM_WINDOW_BASE;
}

static struct mm_region *take_at(struct mm_park *park, unsigned at)
{
    struct mm_region *region = park->regions[at];

    park->count--;
    memmove(&park->regions[at], &park->regions[at + 1],
            (park->count - at) * sizeof park->regions[0]);
    return region;
}

/* The parked region over exactly these pages. Its first page differs for nearly every other one. */
static struct mm_region *find_same(struct mm_park *park, bool user, const mm_pfn *pfns,
                                   uint64_t count, unsigned protection)
{
    for (unsigned i = 0; i < park->count; i++) {
        struct mm_region *region = park->regions[i];

        if (region->pages == count && region->pfns[0] == pfns[0] && is_user(region) == user &&
            region->protection == protection &&
            memcmp(region->pfns, pfns, count * sizeof *pfns) == 0)
            return take_at(park, i);
    }
    return NULL;
}

/* The one of this length that was parked longest ago; a few are left alone, so that an address is
 * not given out again right after it was unmapped. */
static struct mm_region *find_oldest(struct mm_park *park, bool user, uint64_t count)
{
    for (unsigned i = 0; i + PARK_KEEP < park->count; i++) {
        struct mm_region *region = park->regions[i];

        if (region->pages == count && is_user(region) == user)
            return take_at(park, i);
    }
    return NULL;
}

int park_map(struct mm *mm, bool user, const mm_pfn *pfns, uint64_t count, unsigned protection,
             struct mm_region **out)
{
    struct mm_region *region = find_same(&mm->park, user, pfns, count, protection);

    if (region == NULL) {
        region = find_oldest(&mm->park, user, count);
        if (region != NULL) {
            demand_drop(mm, region);
        } else {
            int error = region_create(mm, REGION_MDL, user, count, MM_PAGE_SIZE, true, &region);

            if (error != 0)
                return error;
        }
        memcpy(region->pfns, pfns, count * sizeof *pfns);
        region->protection = protection;
    }
    region->live = true;
    *out = region;
    return 0;
}

void park_unmap(struct mm *mm, struct mm_region *region)
{
    struct mm_park *park = &mm->park;

    demand_hide(mm, region);
    region->live = false;
    if (park->count == PARK_MAX)
        region_destroy(mm, take_at(park, 0));
    park->regions[park->count++] = region;
}
