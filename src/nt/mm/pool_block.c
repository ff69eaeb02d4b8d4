/* SPDX-License-Identifier: MIT */
/* Pool blocks of a page or more, a region each. Those of a few pages are filled with the poison
 * when they are freed, as small blocks are; larger ones become inaccessible, which costs more and
 * also catches reading. */
#include "mm/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "mm/state.h"
#include "trace/rules.h"

enum { BAD_POOL_CALLER_FREED = 0x7, BAD_POOL_CALLER_ADDRESS = 0x46 };

static void block_destroy(struct mm *mm, struct pool_block *block)
{
    region_destroy(mm, block->region);
    free(block);
}

static struct pool_block *rest_take(struct mm_pool *pool, unsigned at)
{
    struct pool_block *block = pool->resting[at];

    pool->resting_count--;
    pool->resting_pages -= block->region->pages;
    memmove(&pool->resting[at], &pool->resting[at + 1],
            (pool->resting_count - at) * sizeof pool->resting[0]);
    return block;
}

static void rest_all_end(struct mm *mm)
{
    while (mm->pool.resting_count != 0)
        block_destroy(mm, rest_take(&mm->pool, 0));
}

static struct pool_block *rest_find(struct mm_pool *pool, uint64_t pages, bool paged)
{
    for (unsigned i = 0; i + POOL_REST_KEEP < pool->resting_count; i++) {
        struct mm_region *region = pool->resting[i]->region;

        if (region->pages == pages && region->paged == paged)
            return rest_take(pool, i);
    }
    return NULL;
}

static bool is_poisoned(const struct mm_region *region)
{
    return region->pages <= POOL_POISON_PAGES_MAX;
}

static void poison(struct mm *mm, const struct mm_region *region)
{
    for (uint64_t i = 0; i < region->pages; i++)
        memset(ram_page(&mm->ram, region->pfns[i]), mm->pool.poison, MM_PAGE_SIZE);
}

static void check_poison(struct mm *mm, const struct pool_block *block)
{
    const struct mm_region *region = block->region;

    for (uint64_t i = 0; i < region->pages; i++) {
        if (!pool_is_filled(ram_page(&mm->ram, region->pfns[i]), MM_PAGE_SIZE, mm->pool.poison)) {
            KE_FINDING(mm->ke, VERIFY_pool_after_free, region->base_va, block->record.tag,
                       block->record.caller_va);
            return;
        }
    }
}

/* The region's whole range changes: one call for a block that is mapped from the start. */
static int set_accessible(struct mm *mm, struct mm_region *region, bool accessible)
{
    if (is_poisoned(region)) {
        if (accessible)
            check_poison(mm, region->block);
        else
            poison(mm, region);
        return 0;
    }
    if (!region->lazy)
        return host_protect(region->base_va, region->pages << MM_PAGE_SHIFT,
                            accessible ? region->protection : HOST_NONE);
    if (!accessible)
        demand_hide(mm, region);
    return 0;
}

static int fill_region(struct mm *mm, struct mm_region *region)
{
    int error = zones_take(&mm->zones, region->pages, POOL_RUN_PAGES, 0, region->pfns);

    if (error != 0 && mm->pool.resting_count != 0) {
        rest_all_end(mm);
        error = zones_take(&mm->zones, region->pages, POOL_RUN_PAGES, 0, region->pfns);
    }
    if (error != 0)
        return error;
    region->owns_pages = true;
    if (!region->lazy) {
        int mappings = region_map(mm, region, 0, region->pages);

        if (mappings < 0)
            return mappings;
    }
    return 0;
}

static struct pool_block *block_create(struct mm *mm, uint64_t pages, bool paged)
{
    struct pool_block *block = calloc(1, sizeof *block);

    if (block == NULL)
        return NULL;
    if (region_create(mm, REGION_BLOCK, false, pages, MM_PAGE_SIZE, pages > POOL_EAGER_PAGES_MAX,
                      &block->region) != 0) {
        free(block);
        return NULL;
    }
    block->region->block = block;
    block->region->paged = paged;
    if (fill_region(mm, block->region) != 0) {
        block_destroy(mm, block);
        return NULL;
    }
    return block;
}

/* Through the window: a lazy block gets no host mappings by being filled. */
static void fill_pages(struct mm *mm, const struct pool_block *block, bool zero)
{
    const struct mm_region *region = block->region;
    uint64_t tail = block->size_bytes % MM_PAGE_SIZE;

    for (uint64_t i = 0; i < region->pages; i++) {
        uint8_t *page = ram_page(&mm->ram, region->pfns[i]);

        memset(page, mm->pool.fill, MM_PAGE_SIZE);
        if (zero)
            memset(page, 0, i + 1 == region->pages && tail != 0 ? tail : MM_PAGE_SIZE);
    }
}

static bool tail_is_intact(struct mm *mm, const struct pool_block *block)
{
    const struct mm_region *region = block->region;
    const uint8_t *page = ram_page(&mm->ram, region->pfns[region->pages - 1]);
    uint64_t tail = block->size_bytes % MM_PAGE_SIZE;

    return tail == 0 || pool_is_filled(page + tail, MM_PAGE_SIZE - tail, mm->pool.fill);
}

void *pool_block_take(struct mm *mm, const struct mm_pool_request *request)
{
    uint64_t pages = (request->size_bytes + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT;
    bool paged = request->kind == MM_POOL_PAGED;
    struct pool_block *block;

    if (request->size_bytes > mm->ram.bytes)
        return NULL;
    block = rest_find(&mm->pool, pages, paged);
    if (block != NULL && set_accessible(mm, block->region, true) != 0) {
        block_destroy(mm, block);
        block = NULL;
    }
    if (block == NULL)
        block = block_create(mm, pages, paged);
    if (block == NULL)
        return NULL;
    block->region->live = true;
    block->live = true;
    block->size_bytes = request->size_bytes;
    block->record = (struct pool_record){request->caller_va, ++mm->pool.sequence, request->tag, 0};
    list_insert_tail(&mm->pool.blocks, &block->link);
    fill_pages(mm, block, request->zero);
    return (void *)block->region->base_va;
}

bool pool_block_give(struct mm *mm, uint64_t va, uint32_t tag)
{
    struct mm_region *region = region_any(mm, va);
    struct pool_block *block;

    if (region == NULL || region->kind != REGION_BLOCK)
        return false;
    block = region->block;
    if (va != region->base_va)
        pool_bad_free(mm, BAD_POOL_CALLER_ADDRESS, va, 0);
    if (!block->live)
        pool_bad_free(mm, BAD_POOL_CALLER_FREED, va, block->record.tag);
    pool_check_tag(mm, &block->record, va, tag);
    if (!tail_is_intact(mm, block))
        KE_FINDING(mm->ke, VERIFY_pool_overrun, va, block->size_bytes, block->record.tag);
    list_remove(&block->link);
    block->live = false;
    region->live = false;
    while (mm->pool.resting_count != 0 &&
           (mm->pool.resting_count == POOL_REST_MAX ||
            mm->pool.resting_pages + region->pages > POOL_REST_PAGES_MAX))
        block_destroy(mm, rest_take(&mm->pool, 0));
    if (set_accessible(mm, region, false) != 0) {
        block_destroy(mm, block);
        return true;
    }
    mm->pool.resting[mm->pool.resting_count++] = block;
    mm->pool.resting_pages += region->pages;
    return true;
}

void pool_blocks_fini(struct mm *mm)
{
    rest_all_end(mm);
    while (!list_is_empty(&mm->pool.blocks)) {
        struct pool_block *block =
            list_entry(list_first(&mm->pool.blocks), struct pool_block, link);

        list_remove(&block->link);
        block_destroy(mm, block);
    }
}
