/* SPDX-License-Identifier: MIT */
#include "mm/demand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "mm/state.h"

int demand_init(struct mm_demand *demand, uint64_t budget)
{
    uint64_t capacity = 1;

    memset(demand, 0, sizeof *demand);
    demand->budget = budget != 0 ? budget : DEMAND_BUDGET_DEFAULT;
    if (demand->budget < DEMAND_BUDGET_MIN)
        return -EINVAL;
    while (capacity < demand->budget)
        capacity *= 2;
    demand->capacity = capacity;
    demand->ring = calloc(capacity, sizeof *demand->ring);
    return demand->ring != NULL ? 0 : -ENOMEM;
}

void demand_fini(struct mm_demand *demand)
{
    free(demand->ring);
    memset(demand, 0, sizeof *demand);
}

static uint64_t cluster_pages(const struct mm_region *region, uint64_t cluster)
{
    uint64_t rest = region->pages - cluster * DEMAND_CLUSTER_PAGES;

    return rest < DEMAND_CLUSTER_PAGES ? rest : DEMAND_CLUSTER_PAGES;
}

static uint64_t cluster_va(const struct mm_region *region, uint64_t cluster)
{
    return region->base_va + ((cluster * DEMAND_CLUSTER_PAGES) << MM_PAGE_SHIFT);
}

static void evict_oldest(struct mm_demand *demand)
{
    struct demand_entry *entry = &demand->ring[demand->tail++ & (demand->capacity - 1)];
    struct mm_region *region = entry->region;

    if (region->generation != entry->generation)
        return;
    demand->mappings -= entry->mappings;
    region->mappings -= entry->mappings;
    host_unmap((void *)cluster_va(region, entry->cluster), cluster_pages(region, entry->cluster)
                                                               << MM_PAGE_SHIFT);
    bitmap_clear(region->clusters, entry->cluster);
    region->mapped_clusters--;
    demand->evictions++;
}

/* Calls host_protect for each stretch of mapped clusters: mprotect refuses a range with holes. */
static int protect_mapped(struct mm_region *region, unsigned protection)
{
    uint64_t clusters = demand_clusters(region->pages);
    size_t at = bitmap_find_set(region->clusters, clusters, 0);

    while (at != BITMAP_NONE) {
        size_t end = bitmap_find_clear(region->clusters, clusters, at);
        uint64_t end_va = end == BITMAP_NONE ? region_end_va(region) : cluster_va(region, end);
        uint64_t va = cluster_va(region, at);
        int error = host_protect(va, end_va - va, protection);

        if (error != 0)
            return error;
        at = end == BITMAP_NONE ? end : bitmap_find_set(region->clusters, clusters, end);
    }
    return 0;
}

static void remember(struct mm_demand *demand, struct mm_region *region, uint64_t cluster,
                     uint64_t mappings)
{
    while (demand->head != demand->tail && (demand->head - demand->tail == demand->capacity ||
                                            demand->mappings + mappings > demand->budget))
        evict_oldest(demand);
    demand->ring[demand->head++ & (demand->capacity - 1)] =
        (struct demand_entry){region, region->generation, (uint32_t)cluster, (uint32_t)mappings};
    demand->mappings += mappings;
    region->mappings += mappings;
}

int demand_touch(struct mm *mm, struct mm_region *region, uint64_t page)
{
    uint64_t cluster = page / DEMAND_CLUSTER_PAGES;
    int mappings;

    if (region->masked) {
        int error = protect_mapped(region, region->protection);

        if (error != 0)
            return error;
        region->masked = false;
    }
    if (bitmap_test(region->clusters, cluster))
        return 0;
    mappings =
        region_map(mm, region, cluster * DEMAND_CLUSTER_PAGES, cluster_pages(region, cluster));
    if (mappings < 0)
        return mappings;
    remember(&mm->demand, region, cluster, (uint64_t)mappings);
    bitmap_set(region->clusters, cluster);
    region->mapped_clusters++;
    return 0;
}

void demand_hide(struct mm *mm, struct mm_region *region)
{
    if (region->mapped_clusters == 0 || region->masked)
        return;
    if (protect_mapped(region, HOST_NONE) != 0)
        demand_drop(mm, region);
    else
        region->masked = true;
}

void demand_drop(struct mm *mm, struct mm_region *region)
{
    if (region->mapped_clusters != 0)
        host_unmap((void *)region->base_va, region->pages << MM_PAGE_SHIFT);
    mm->demand.mappings -= region->mappings;
    region->mappings = 0;
    memset(region->clusters, 0,
           BITMAP_WORDS(demand_clusters(region->pages)) * sizeof *region->clusters);
    region->mapped_clusters = 0;
    region->masked = false;
    region->generation++;
}
