/* SPDX-License-Identifier: MIT */
/* Which page of RAM is given out next. Windows takes pages from lists whose order is, after some
 * uptime, as good as random; a driver that meets contiguous pages in the laboratory meets scattered
 * ones at the customer's. The policy decides how scattered; the seed decides the rest.
 *
 * RAM is divided into zones of 2 MB. Single pages come from a few open zones, each page from a
 * random place in a random open zone; when a zone is full another one is drawn. So the pages of a
 * buffer are scattered for the driver, while the host touches little memory. Zones above and below
 * 4 GB are drawn in proportion to the RAM there, evenly from the first one on (as on a PC, where
 * nothing prefers either side), so that a few buffers already see the mixture. Used zones with room
 * are drawn before fresh ones.
 *
 * The first 2 MB are never given out: page 0 can stand for "none". What low.h owns is set aside at
 * start. All or nothing: a request that cannot be met in full takes no page. No policy is softened.
 */
#ifndef WEIR_NT_MM_ZONE_H
#define WEIR_NT_MM_ZONE_H

#include "base/base.h"
#include "mm/mm.h"
#include "mm/ram.h"

enum { ZONE_PAGES = 512, ZONE_SHIFT = 9, ZONES_OPEN_MAX = 8 };
enum zone_state { ZONE_FRESH, ZONE_OPEN, ZONE_PARTIAL, ZONE_FULL, ZONE_RESERVED };

struct zone {
    uint64_t used[ZONE_PAGES / 64];
    uint64_t dirty[ZONE_PAGES / 64]; /* was given out before: its bytes are somebody's */
    uint16_t free_pages; /* meaningful unless fresh */
    uint8_t state;
    uint8_t set;
    uint32_t position; /* in open or partial */
};

/* Zones that serve one kind of request. */
enum zone_set_kind { ZONE_SET_ANY, ZONE_SET_HIGH, ZONE_SET_LOW, ZONE_SETS };
struct zone_set {
    uint32_t open[ZONES_OPEN_MAX];
    uint32_t open_count;
    ARRAY(uint32_t) partial;
};

struct mm_zones {
    const struct mm_ram *ram;
    struct zone *zones; /* sparse: one per 2 MB of address space */
    uint64_t zone_count;
    uint64_t high_first; /* index of the zone at 4 GB */
    uint64_t low_zones, high_zones; /* that can be given out */
    uint64_t low_fresh, high_fresh;
    uint64_t drawn; /* fresh zones drawn so far for ZONE_SET_ANY */
    uint64_t phase; /* seeded start of the proportion between high and low */
    uint64_t free_pages;
    struct zone_set sets[ZONE_SETS];
    struct sim_rng rng;
    enum mm_policy policy;
    uint32_t run_pages;
};

int zones_init(struct mm_zones *zones, const struct mm_ram *ram, const struct mm_config *config,
               uint64_t seed);
void zones_fini(struct mm_zones *zones);
/* Sets aside whole zones before the first allocation. */
void zones_reserve(struct mm_zones *zones, uint64_t first_pfn, uint64_t pages);
/* Pages by the policy. max_run > 1 asks for runs of up to that many where the policy gives single
 * pages, for memory whose mappings should be few. limit_pa as in mm_pages_allocate. */
int zones_take(struct mm_zones *zones, uint64_t count, uint32_t max_run, uint64_t limit_pa,
               mm_pfn *out);
/* A run of free pages within [low_pfn, end_pfn) that does not cross a multiple of boundary_pages
 * (0: none). */
mm_pfn zones_take_contiguous(struct mm_zones *zones, uint64_t count, uint64_t low_pfn,
                             uint64_t end_pfn, uint64_t boundary_pages);
void zones_give(struct mm_zones *zones, uint64_t count, const mm_pfn *pfns);
void zones_give_run(struct mm_zones *zones, mm_pfn first, uint64_t count);
/* Zero bytes in the page, without touching one that was never used. For pages just taken. */
void zones_clear(struct mm_zones *zones, mm_pfn pfn);

#endif
