/* SPDX-License-Identifier: MIT */
/* Host mappings on touch. A scattered buffer needs one host mapping for each of its pages, a
 * process has 65,530 of them, and most buffers are never touched by a CPU: cards, bus, client and
 * oracle reach pages through the window. So a lazy region starts without mappings; the first access
 * to a cluster of pages maps that cluster, and when the budget is spent the clusters mapped longest
 * ago lose theirs. The order depends on accesses alone, so it is the same in every run of a seed.
 * Nothing here allocates: it runs on the fault path.
 *
 * demand_hide makes a whole region inaccessible but keeps its mappings, for an MDL that is mapped,
 * unmapped and mapped again with every frame: the next touch then costs one mprotect for each
 * mapped stretch. */
#ifndef WEIR_NT_MM_DEMAND_H
#define WEIR_NT_MM_DEMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/region.h"

enum { DEMAND_CLUSTER_PAGES = 32, DEMAND_BUDGET_DEFAULT = 30000, DEMAND_BUDGET_MIN = 256 };

struct demand_entry {
    struct mm_region *region;
    uint64_t generation;
    uint32_t cluster;
    uint32_t mappings;
};
struct mm_demand {
    struct demand_entry *ring; /* oldest first; entries of dead regions are skipped */
    uint64_t capacity; /* power of two */
    uint64_t head, tail;
    uint64_t budget;
    uint64_t mappings; /* in use, counting one for each run of a cluster */
    uint64_t evictions;
};

int demand_init(struct mm_demand *demand, uint64_t budget);
void demand_fini(struct mm_demand *demand);
/* Makes the page accessible; 0 or -errno. The region is lazy and live, and the page exists. */
int demand_touch(struct mm *mm, struct mm_region *region, uint64_t page);
void demand_hide(struct mm *mm, struct mm_region *region);
/* Drops all mappings of the region: its range is inaccessible again. */
void demand_drop(struct mm *mm, struct mm_region *region);

static inline uint64_t demand_clusters(uint64_t pages)
{
    return (pages + DEMAND_CLUSTER_PAGES - 1) / DEMAND_CLUSTER_PAGES;
}

#endif
