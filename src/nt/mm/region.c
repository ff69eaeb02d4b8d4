/* SPDX-License-Identifier: MIT */
#include "mm/region.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "mm/state.h"

static const uint64_t region_magic = 0x6d6d726567696f6e; /* "mmregion" */

/* Index of the first slot whose end lies above va. */
static size_t slot_at_or_after(const struct mm_regions *regions, uint64_t va)
{
    size_t low = 0;
    size_t high = regions->sorted.count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (regions->sorted.items[middle].end_va <= va)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct mm_region *region_any(struct mm *mm, uint64_t va)
{
    size_t at = slot_at_or_after(&mm->regions, va);

    if (at == mm->regions.sorted.count || mm->regions.sorted.items[at].base_va > va)
        return NULL;
    return mm->regions.sorted.items[at].region;
}

struct mm_region *region_find(struct mm *mm, uint64_t va)
{
    struct mm_region *region = region_any(mm, va);

    return region != NULL && region->live ? region : NULL;
}

static struct mm_region *struct_take(struct mm_regions *regions)
{
    struct mm_region *region;

    if (regions->unused.count != 0)
        return array_pop(&regions->unused);
    region = calloc(1, sizeof *region);
    if (region == NULL)
        return NULL;
    if (array_push(&regions->all, region) != 0 ||
        array_reserve(&regions->unused, regions->all.count) != 0) {
        free(region);
        return NULL;
    }
    region->magic = region_magic;
    return region;
}

static void struct_give(struct mm_regions *regions, struct mm_region *region)
{
    uint64_t generation = region->generation;

    free(region->pfns);
    free(region->clusters);
    memset(region, 0, sizeof *region);
    region->magic = region_magic;
    region->generation = generation + 1;
    regions->unused.items[regions->unused.count++] = region;
}

static int insert_sorted(struct mm_regions *regions, struct mm_region *region)
{
    struct region_slot slot = {region->base_va, region_end_va(region), region};
    size_t at = slot_at_or_after(regions, region->base_va);

    if (array_reserve(&regions->sorted, regions->sorted.count + 1) != 0)
        return -ENOMEM;
    memmove(&regions->sorted.items[at + 1], &regions->sorted.items[at],
            (regions->sorted.count - at) * sizeof slot);
    regions->sorted.items[at] = slot;
    regions->sorted.count++;
    return 0;
}

int region_create(struct mm *mm, enum region_kind kind, bool user, uint64_t pages, uint64_t align,
                  bool lazy, struct mm_region **out)
{
    struct mm_region *region = struct_take(&mm->regions);
    int error = -ENOMEM;

    if (region == NULL)
        return -ENOMEM;
    region->kind = kind;
    region->pages = pages;
    region->protection = HOST_READ | HOST_WRITE;
    region->lazy = lazy;
    region->live = true;
    if (kind != REGION_IO) {
        region->pfns = calloc(pages, sizeof *region->pfns);
        if (region->pfns == NULL)
            goto give;
    }
    if (lazy) {
        region->clusters = calloc(BITMAP_WORDS(demand_clusters(pages)), sizeof *region->clusters);
        if (region->clusters == NULL)
            goto give;
    }
    error = sim_space_reserve(mm->sim, user, pages << MM_PAGE_SHIFT, align, &region->base_va);
    if (error != 0)
        goto give;
    error = insert_sorted(&mm->regions, region);
    if (error != 0)
        goto release;
    *out = region;
    return 0;
release:
    sim_space_release(mm->sim, region->base_va);
give:
    struct_give(&mm->regions, region);
    return error;
}

void region_release_pages(struct mm *mm, struct mm_region *region)
{
    if (!region->owns_pages)
        return;
    if (region->low)
        low_give(&mm->low, region->pfns[0], region->pages);
    for (uint64_t i = 0; i < region->pages && !region->low; i++) {
        if (region->pfns[i] != 0)
            zones_give_run(&mm->zones, region->pfns[i], 1);
    }
    region->low = false;
    memset(region->pfns, 0, region->pages * sizeof *region->pfns);
    region->owns_pages = false;
}

void region_destroy(struct mm *mm, struct mm_region *region)
{
    size_t at = slot_at_or_after(&mm->regions, region->base_va);

    weir_assert(region->magic == region_magic);
    weir_assert(mm->regions.sorted.items[at].region == region);
    array_remove_at(&mm->regions.sorted, at);
    if (region->lazy)
        demand_drop(mm, region);
    else if (region->kind != REGION_IO)
        host_unmap((void *)region->base_va, region->pages << MM_PAGE_SHIFT);
    region_release_pages(mm, region);
    sim_space_release(mm->sim, region->base_va);
    struct_give(&mm->regions, region);
}

void regions_fini(struct mm *mm)
{
    while (mm->regions.sorted.count != 0) {
        struct region_slot *last = &mm->regions.sorted.items[mm->regions.sorted.count - 1];

        region_destroy(mm, last->region);
    }
    for (size_t i = 0; i < mm->regions.all.count; i++)
        free(mm->regions.all.items[i]);
    array_fini(&mm->regions.sorted);
    array_fini(&mm->regions.all);
    array_fini(&mm->regions.unused);
}

int region_map(struct mm *mm, struct mm_region *region, uint64_t first, uint64_t count)
{
    uint64_t end = first + count;
    int mappings = 0;

    while (first < end) {
        uint64_t run = 1;
        int error;

        if (region->pfns[first] == 0) {
            first++;
            continue;
        }
        while (first + run < end && region->pfns[first + run] == region->pfns[first] + run)
            run++;
        error = host_map_at(region->base_va + (first << MM_PAGE_SHIFT), mm->ram.fd,
                            region->pfns[first] << MM_PAGE_SHIFT, run << MM_PAGE_SHIFT,
                            region->protection);
        if (error != 0)
            return error;
        first += run;
        mappings++;
    }
    return mappings;
}
