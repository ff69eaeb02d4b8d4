/* SPDX-License-Identifier: MIT */
/* The engine behind ExAllocatePoolWithTag (whose parameters nt/ex/pool.c understands): blocks of
 * system memory with a tag. As on Windows a block below a page has a header of 16 bytes, is aligned
 * to 16 and never crosses a page; a larger one begins at a page.
 *
 * Small blocks lie in one arena for each pool, a page holding blocks of one size; what we know
 * about them lies in memory of ours, out of the driver's reach. Everything a careless driver relies
 * on is unreliable here: new memory holds a seeded byte, not zeros; the place of a block in its
 * page, and the distance to its neighbours, come from the seed; freed memory is filled with another
 * byte, rests a while, and must still hold it when it is used again; bytes between the end of a
 * block and the next header are checked when it is freed. Blocks of a page and more have a region
 * each (pool_block.c). Callable up to DISPATCH_LEVEL. Not here: pool types, flags and IRQL rules
 * (nt/ex/pool.c). */
#ifndef WEIR_NT_MM_POOL_H
#define WEIR_NT_MM_POOL_H

#include "base/base.h"
#include "mm/region.h"

enum {
    POOL_HEADER_BYTES = 16,
    POOL_ALIGNED_FIRST = 64,
    POOL_CLASSES = 44,
    POOL_SMALL_MAX = MM_PAGE_SIZE - POOL_HEADER_BYTES,
    POOL_ARENA_PAGES = 1 << 18, /* 1 GB of small blocks in each pool */
    POOL_COMMIT_PAGES = 16,
    POOL_RUN_PAGES = 8, /* longest run of physical pages asked for */
    POOL_QUARANTINE_MAX = 128,
    POOL_REST_MAX = 32, /* freed large blocks kept inaccessible */
    POOL_REST_KEEP = 4,
    POOL_REST_PAGES_MAX = 4096,
    POOL_POISON_PAGES_MAX = 16,
    POOL_EAGER_PAGES_MAX = 256,
    POOL_KINDS = 2
};

struct pool_record {
    uint64_t caller_va;
    uint64_t sequence;
    uint32_t tag;
    uint32_t size_bytes;
};

/* Blocks are live, free (bit in free), or resting after their free. */
struct pool_page {
    uint64_t free[2];
    uint64_t live[2];
    struct pool_record *records;
    uint32_t next, previous; /* list of pages of the class with free blocks; page + 1 */
    uint16_t free_count;
    uint8_t class;
    bool in_use;
};

struct pool_arena {
    struct mm_region *region;
    struct pool_page *pages;
    uint64_t committed;
    ARRAY(uint32_t) unused; /* committed pages without blocks */
    uint32_t heads[POOL_CLASSES]; /* page + 1 */
    uint64_t resting[POOL_QUARANTINE_MAX]; /* addresses, oldest first from rest_at */
    uint32_t rest_at, rest_length;
};

/* A block of a page or more. */
struct pool_block {
    struct list_node link;
    struct mm_region *region;
    struct pool_record record;
    uint64_t size_bytes;
    bool live;
};

struct mm_pool {
    struct pool_arena arena[POOL_KINDS];
    struct list_node blocks; /* live large ones */
    struct pool_block *resting[POOL_REST_MAX]; /* oldest first */
    unsigned resting_count;
    uint64_t resting_pages;
    uint64_t sequence;
    uint64_t key; /* of the headers */
    uint8_t fill, poison; /* every byte of new and of freed memory */
    struct sim_rng rng;
    uint8_t class_of[POOL_SMALL_MAX / 16 + 1];
};

int pool_init(struct mm *mm);
void pool_fini(struct mm *mm);

/* pool_block.c */
void *pool_block_take(struct mm *mm, const struct mm_pool_request *request);
/* False when va is no large block, live or freed. Does not return when it was freed already. */
bool pool_block_give(struct mm *mm, uint64_t va, uint32_t tag);
void pool_blocks_fini(struct mm *mm);

/* The driver destroyed or misused pool: a finding, then the bug check. */
_Noreturn void pool_bad_free(struct mm *mm, uint64_t reason, uint64_t va, uint64_t detail);
void pool_check_tag(struct mm *mm, const struct pool_record *record, uint64_t va, uint32_t tag);
/* Of owner->va, which lies on this page of the region. */
void pool_owner(const struct mm *mm, const struct mm_region *region, uint64_t page,
                struct mm_owner *owner);
bool pool_is_filled(const void *from, size_t size_bytes, uint8_t byte);

#endif
