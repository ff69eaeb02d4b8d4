/* SPDX-License-Identifier: MIT */
/* Regions: ranges of virtual address space with the pages under them. Every address that mm gives
 * out lies in one region, so a lookup answers what an address is, which page it names, and whether
 * the access is allowed. A region is eager (its host mappings exist from the start) or lazy
 * (demand.h makes them on touch). Region structs are recycled and never freed before mm, so that a
 * stale pointer with an old generation is recognised. region_find and region_pfn are
 * async-signal-safe: the fault path uses them. */
#ifndef WEIR_NT_MM_REGION_H
#define WEIR_NT_MM_REGION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "mm/mm.h"

enum region_kind {
    REGION_FREED, /* kept inaccessible for a while after its end */
    REGION_USER, /* client memory */
    REGION_IMAGE,
    REGION_SYSTEM, /* mm_system_map */
    REGION_MDL, /* MmMapLockedPages */
    REGION_POOL, /* all small blocks of one pool */
    REGION_BLOCK, /* one pool block of a page or more */
    REGION_MEMORY, /* MmAllocateContiguousMemory and kin, RAM under MmMapIoSpace */
    REGION_IO /* device registers */
};

struct pool_block;
struct mm_region {
    uint64_t magic;
    uint64_t base_va;
    uint64_t pages;
    uint64_t generation; /* of the struct: moves when the region dies */
    enum region_kind kind;
    unsigned protection; /* HOST_READ ... */
    bool live; /* else nothing may touch it */
    bool owns_pages; /* gives them back at the end */
    bool low; /* they are a run of the low-memory pool */
    bool lazy;
    bool masked; /* its host mappings exist but are inaccessible */
    bool paged; /* paged pool */
    bool reserved; /* REGION_MDL: MmAllocateMappingAddress */
    uint64_t pins; /* locks by MDLs */
    mm_pfn *pfns; /* 0 = no page there; NULL for REGION_IO */
    uint64_t *clusters; /* lazy: which clusters have host mappings */
    uint64_t mapped_clusters;
    uint64_t mappings; /* what they count against the budget */
    uint64_t io_pa; /* REGION_IO: physical address of base_va */
    struct pool_block *block; /* REGION_BLOCK */
};

struct region_slot {
    uint64_t base_va;
    uint64_t end_va;
    struct mm_region *region;
};
struct mm_regions {
    ARRAY(struct region_slot) sorted; /* by base_va */
    ARRAY(struct mm_region *) all; /* every struct there is */
    ARRAY(struct mm_region *) unused;
};

void regions_fini(struct mm *mm);
/* A live region at a seeded address, pfns all 0, nothing mapped. lazy reserves what the fault path
 * needs. */
int region_create(struct mm *mm, enum region_kind kind, bool user, uint64_t pages, uint64_t align,
                  bool lazy, struct mm_region **out);
/* Gives the pages back if the region owns them, then the address space. */
void region_destroy(struct mm *mm, struct mm_region *region);
void region_release_pages(struct mm *mm, struct mm_region *region);
/* The live region that holds va; NULL when there is none. region_any finds dead ones too. */
struct mm_region *region_find(struct mm *mm, uint64_t va);
struct mm_region *region_any(struct mm *mm, uint64_t va);
/* Makes host mappings for the pages [first, first + count), one for each physical run. Their
 * number, or -errno. */
int region_map(struct mm *mm, struct mm_region *region, uint64_t first, uint64_t count);

static inline uint64_t region_end_va(const struct mm_region *region)
{
    return region->base_va + (region->pages << MM_PAGE_SHIFT);
}

static inline uint64_t region_page_of(const struct mm_region *region, uint64_t va)
{
    return (va - region->base_va) >> MM_PAGE_SHIFT;
}

/* 0 when there is no page. */
static inline mm_pfn region_pfn(const struct mm_region *region, uint64_t page)
{
    return region->pfns != NULL ? region->pfns[page] : (region->io_pa >> MM_PAGE_SHIFT) + page;
}

#endif
