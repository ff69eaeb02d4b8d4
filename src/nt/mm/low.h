/* SPDX-License-Identifier: MIT */
/* The low-memory pool: pages below 4 GB that bounce buffers and common buffers live in. It has a
 * size, and it runs out. Two pieces: the pool proper, and a quarter of the size, at most 2 MB,
 * below 16 MB for devices with 24 address bits; the others come to it last.
 *
 * Free pages are bits in words, and a summary has one bit for each word that is not empty, so that
 * taking and giving a page costs the same at any occupancy. The lowest free page is taken first:
 * what was just given back is taken again while it is warm in the cache. Runs are first fit too. A
 * search for one looks at a word at a time, past the words without a free page, and begins where
 * runs of its size can be: for each power of two the piece remembers below which page there is no
 * free run that long. */
#ifndef WEIR_NT_MM_LOW_H
#define WEIR_NT_MM_LOW_H

#include <stdbool.h>
#include <stdbool.h>
#include <stdint.h>

#include "mm/zone.h"

enum { LOW_RUN_CLASSES = 8 }; /* runs of 2^1 ... 2^8 pages and more */
struct low_piece {
    mm_pfn first;
    uint64_t pages;
    uint64_t last_pa; /* of the last byte */
    uint64_t free_pages;
    uint64_t *free; /* one bit a page */
    uint64_t *summary; /* one bit a word of free */
    uint64_t summary_words;
    uint64_t hint; /* no word of the summary below it has a bit */
    uint64_t none_below[LOW_RUN_CLASSES]; /* every free run of 2^(i + 1) goes on past this page */
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
bool low_holds(const struct mm_low *low, mm_pfn pfn); /* a page of the pool, given out or not */
void low_give(struct mm_low *low, mm_pfn first, uint64_t count);
/* Single pages, the same ones as count calls would give; all or nothing. */
bool low_take_pages(struct mm_low *low, uint64_t count, uint64_t limit_pa, mm_pfn *out);
void low_give_pages(struct mm_low *low, uint64_t count, const mm_pfn *pfns);
uint64_t low_free_pages(const struct mm_low *low);
bool low_is_free(const struct mm_low *low, mm_pfn pfn);

#endif
