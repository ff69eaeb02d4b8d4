/* SPDX-License-Identifier: MIT */
/* System mappings of MDLs. AVStream asks for a system address of every frame's MDL, and most
 * drivers with mapped pins never touch it: so a mapping is a lazy region, and an unmapped region is
 * parked instead of destroyed. The next MDL with the same pages gets the region back with whatever
 * host mappings it still has; another MDL of the same length gets the one parked longest ago. A
 * parked region is dead: touching it is a fault, as after any MmUnmapLockedPages. */
#ifndef WEIR_NT_MM_PARK_H
#define WEIR_NT_MM_PARK_H

#include "mm/region.h"

enum { PARK_MAX = 128, PARK_KEEP = 8 };

struct mm_park {
    struct mm_region *regions[PARK_MAX]; /* oldest first */
    unsigned count;
};

/* A live lazy region over these pages. */
int park_map(struct mm *mm, bool user, const mm_pfn *pfns, uint64_t count, unsigned protection,
             struct mm_region **out);
void park_unmap(struct mm *mm, struct mm_region *region);

#endif
