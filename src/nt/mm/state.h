/* SPDX-License-Identifier: MIT */
/* What mm holds together. Private to the room. */
#ifndef WEIR_NT_MM_STATE_H
#define WEIR_NT_MM_STATE_H

#include "mm/demand.h"
#include "mm/low.h"
#include "mm/mm.h"
#include "mm/park.h"
#include "mm/pool.h"
#include "mm/ram.h"
#include "mm/region.h"
#include "mm/zone.h"

struct mm {
    uint64_t magic;
    struct ke *ke;
    struct sim *sim;
    struct trace *trace;
    struct mm_ram ram;
    struct mm_zones zones;
    struct mm_low low;
    struct mm_regions regions;
    struct mm_demand demand;
    struct mm_park park;
    struct mm_pool pool;
    struct mm_io_ops io;
    void *io_ctx;
    mm_raise_fn *raise;
    uint64_t secured; /* handles of secured ranges given so far */
};

static inline struct mm *mm_here(void)
{
    return ke_room(ke_current(), KE_ROOM_MM);
}

#endif
