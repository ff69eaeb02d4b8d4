/* SPDX-License-Identifier: MIT */
/* The low-memory pool: pages below 4 GB that bounce buffers and common buffers live in. It has a
 * size, and it runs out. Two pieces: the pool proper, and a quarter of the size, at most 2 MB,
 * below 16 MB for devices with 24 address bits; the others come to it last.
 *
 * Free pages are bits in words, and a summary has one bit for each word that is not empty, so that
 * taking and giving a page costs the same at any occupancy. The lowest free page is taken first:
 * what was just given back is taken again while it is warm in the cache. */
#ifndef WEIR_NT_MM_LOW_H
#define WEIR_NT_MM_LOW_H

#include <stdint.h>

#include "mm/zone.h"

struct low_piece {
    mm_pfn first;
    uint64_t pages;
    uint64_t free_pages;
    uint64_t *free; /* one bit a page */
    uint64_t *summary; /* one bit a word of free */
    uint64_t summary_words;
    uint64_t hint; /* no word of the summary below it has a bit */
};
enum { LOW_PIECES = 2 };
struct mm_low {
    struct low_piece piece[LOW_PIECES]; /* the pool, the part below 16 MB */
};

/* The most that can be set aside: all zones from 16 MB on but a quarter, for everybody else. */
uint64_t low_bytes_max(uint64_t below_4g_bytes);
/* Sets its zones aside; before any page is given out. */
int low_init(struct mm_low *low, struct mm_zones *zones, uint64_t bytes, uint64_t seed);
void low_fini(struct mm_low *low);
mm_pfn low_take(struct mm_low *low, uint64_t count, uint64_t align_pages, uint64_t limit_pa);
void low_give(struct mm_low *low, mm_pfn first, uint64_t count);
uint64_t low_free_pages(const struct mm_low *low);

#endif
