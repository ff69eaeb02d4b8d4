/* SPDX-License-Identifier: MIT */
#include "mm/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "mm/state.h"
#include "trace/rules.h"

enum { PLAIN_CLASSES = 30, ALIGNED_CLASSES = POOL_CLASSES - PLAIN_CLASSES };
enum {
    BAD_POOL_HEADER = 0x19,
    BAD_POOL_CALLER = 0xC2,
    HEADER_CORRUPT = 0x20,
    ALREADY_FREED = 0x7,
    NOT_POOL = 0x46
};

/* Bytes from one block to the next: header and payload. The larger ones divide a page into equal
 * parts; the second row, for blocks aligned to a cache line, leaves room for the first header
 * before them. */
static const uint16_t strides[POOL_CLASSES] = {
    32,  48,  64,  80,  96,  112, 128, 144, 160, 176, 192, 208,  224,  240,  256,
    272, 288, 304, 336, 368, 400, 448, 512, 576, 672, 816, 1024, 1360, 2048, 4096,
    64,  128, 192, 256, 320, 384, 448, 512, 640, 768, 960, 1344, 1984, 4032,
};

static unsigned first_payload(unsigned class)
{
    return class < PLAIN_CLASSES ? POOL_HEADER_BYTES : POOL_ALIGNED_FIRST;
}

static unsigned payload_bytes(unsigned class)
{
    return strides[class] - POOL_HEADER_BYTES;
}

static unsigned blocks_in_page(unsigned class)
{
    return (MM_PAGE_SIZE + POOL_HEADER_BYTES - first_payload(class)) / strides[class];
}

/* ---- Patterns and headers -------------------------------------------------------------------- */

bool pool_is_filled(const void *from, size_t size_bytes, uint8_t byte)
{
    const uint8_t *bytes = from;

    return size_bytes == 0 || (bytes[0] == byte && memcmp(bytes, bytes + 1, size_bytes - 1) == 0);
}

/* What lies before a payload: the tag where debuggers look for it, and a word no overrun
 * reproduces. */
struct pool_header {
    uint32_t size_class;
    uint32_t tag;
    uint64_t check;
};

static struct pool_header *header_of(uint64_t payload_va)
{
    return (struct pool_header *)(payload_va - POOL_HEADER_BYTES);
}

static uint64_t check_word(const struct mm_pool *pool, uint64_t payload_va)
{
    return hash_u64(pool->key ^ payload_va);
}

/* ---- Findings -------------------------------------------------------------------------------- */

void pool_bad_free(struct mm *mm, uint64_t reason, uint64_t va, uint64_t detail)
{
    KE_FINDING(mm->ke, VERIFY_unknown_free, va, reason);
    ke_bug_check(BAD_POOL_CALLER, reason, reason == ALREADY_FREED ? 0 : va, detail, va);
}

/* UNDOC: Windows compares tags on free builds only for tags with the protection bit (0x80000000);
 * drivers with careless tags run there. So a wrong tag is a finding, and a bug check where Windows
 * makes it one. Bug check 0xC2, parameter 0xA. */
void pool_check_tag(struct mm *mm, const struct pool_record *record, uint64_t va, uint32_t tag)
{
    if (tag == 0 || tag == record->tag)
        return;
    KE_FINDING(mm->ke, VERIFY_pool_tag, record->tag, tag, va);
    if (record->tag & 0x80000000u)
        ke_bug_check(BAD_POOL_CALLER, 0xA, va, record->tag, tag);
}

/* ---- Pages of the arena ---------------------------------------------------------------------- */

static uint64_t page_va(const struct pool_arena *arena, uint64_t page)
{
    return arena->region->base_va + (page << MM_PAGE_SHIFT);
}

static uint64_t block_va(const struct pool_arena *arena, uint64_t page, unsigned block)
{
    unsigned class = arena->pages[page].class;

    return page_va(arena, page) + first_payload(class) + (uint64_t)block * strides[class];
}

static int commit_pages(struct mm *mm, struct pool_arena *arena)
{
    struct mm_region *region = arena->region;
    uint64_t first = arena->committed;
    int mappings;

    if (first + POOL_COMMIT_PAGES > region->pages ||
        array_reserve(&arena->unused, first + POOL_COMMIT_PAGES) != 0)
        return -ENOMEM;
    if (zones_take(&mm->zones, POOL_COMMIT_PAGES, POOL_RUN_PAGES, 0, &region->pfns[first]) != 0)
        return -ENOMEM;
    mappings = region_map(mm, region, first, POOL_COMMIT_PAGES);
    if (mappings < 0) {
        zones_give(&mm->zones, POOL_COMMIT_PAGES, &region->pfns[first]);
        memset(&region->pfns[first], 0, POOL_COMMIT_PAGES * sizeof *region->pfns);
        return mappings;
    }
    for (uint64_t i = 0; i < POOL_COMMIT_PAGES; i++) {
        uint32_t *place = &arena->unused.items[arena->unused.count++];
        uint32_t *other = place - sim_rng_below(&mm->pool.rng, i + 1);

        *place = *other;
        *other = (uint32_t)(first + i);
    }
    arena->committed += POOL_COMMIT_PAGES;
    return 0;
}

static void link_page(struct pool_arena *arena, uint32_t page)
{
    struct pool_page *p = &arena->pages[page];

    p->previous = 0;
    p->next = arena->heads[p->class];
    if (p->next != 0)
        arena->pages[p->next - 1].previous = page + 1;
    arena->heads[p->class] = page + 1;
}

static void unlink_page(struct pool_arena *arena, uint32_t page)
{
    struct pool_page *p = &arena->pages[page];

    if (p->next != 0)
        arena->pages[p->next - 1].previous = p->previous;
    if (p->previous != 0)
        arena->pages[p->previous - 1].next = p->next;
    else
        arena->heads[p->class] = p->next;
}

/* Gives an unused page to a class: headers, patterns, all blocks free. */
static int page_for_class(struct mm *mm, struct pool_arena *arena, unsigned class)
{
    unsigned blocks = blocks_in_page(class);
    struct pool_record *records;
    struct pool_page *p;
    uint32_t page;
    int error = 0;

    if (arena->unused.count == 0)
        error = commit_pages(mm, arena);
    if (error != 0)
        return error;
    records = calloc(blocks, sizeof *records);
    if (records == NULL)
        return -ENOMEM;
    page = array_pop(&arena->unused);
    p = &arena->pages[page];
    memset(p, 0, sizeof *p);
    p->records = records;
    p->class = (uint8_t) class;
    p->in_use = true;
    p->free_count = (uint16_t)blocks;
    bitmap_set_range(p->free, 0, blocks);
    memset((void *)page_va(arena, page), mm->pool.poison, MM_PAGE_SIZE);
    for (unsigned i = 0; i < blocks; i++) {
        uint64_t va = block_va(arena, page, i);

        *header_of(va) = (struct pool_header){class, 0, check_word(&mm->pool, va)};
    }
    link_page(arena, page);
    return 0;
}

static void retire_page(struct pool_arena *arena, uint32_t page)
{
    struct pool_page *p = &arena->pages[page];

    unlink_page(arena, page);
    free(p->records);
    memset(p, 0, sizeof *p);
    arena->unused.items[arena->unused.count++] = page;
}

/* ---- Small blocks ---------------------------------------------------------------------------- */

static unsigned class_for(const struct mm_pool *pool, const struct mm_pool_request *request)
{
    if (!request->cache_aligned)
        return pool->class_of[(request->size_bytes + 15) / 16];
    for (unsigned class = PLAIN_CLASSES; class < POOL_CLASSES; class ++) {
        if (request->size_bytes <= payload_bytes(class))
            return class;
    }
    return POOL_CLASSES;
}

static unsigned pick_free(struct mm_pool *pool, const struct pool_page *p)
{
    unsigned start = (unsigned)(sim_rng_u64(&pool->rng) % blocks_in_page(p->class));
    unsigned at = start / 64;
    uint64_t word = p->free[at] & (UINT64_MAX << (start % 64));

    while (word == 0) {
        at ^= 1;
        word = p->free[at];
    }
    return at * 64 + bits_lowest(word);
}

static void *take_small(struct mm *mm, const struct mm_pool_request *request, unsigned class)
{
    struct pool_arena *arena = &mm->pool.arena[request->kind];
    struct pool_page *p;
    uint32_t page;
    unsigned block;
    uint64_t va;

    if (arena->heads[class] == 0 && page_for_class(mm, arena, class) != 0)
        return NULL;
    page = arena->heads[class] - 1;
    p = &arena->pages[page];
    block = pick_free(&mm->pool, p);
    bitmap_clear(p->free, block);
    bitmap_set(p->live, block);
    if (--p->free_count == 0)
        unlink_page(arena, page);
    va = block_va(arena, page, block);
    if (!pool_is_filled((void *)va, payload_bytes(class), mm->pool.poison))
        KE_FINDING(mm->ke, VERIFY_pool_after_free, va, p->records[block].tag,
                   p->records[block].caller_va);
    p->records[block] = (struct pool_record){request->caller_va, ++mm->pool.sequence, request->tag,
                                             (uint32_t)request->size_bytes};
    header_of(va)->tag = request->tag;
    memset((void *)va, mm->pool.fill, payload_bytes(class));
    if (request->zero)
        memset((void *)va, 0, request->size_bytes);
    return (void *)va;
}

/* The block whose turn is over becomes free. */
static void release_resting(struct pool_arena *arena, uint64_t va)
{
    uint32_t page = (uint32_t)region_page_of(arena->region, va);
    struct pool_page *p = &arena->pages[page];
    unsigned block = (unsigned)((va % MM_PAGE_SIZE - first_payload(p->class)) / strides[p->class]);

    bitmap_set(p->free, block);
    if (p->free_count++ == 0)
        link_page(arena, page);
    if (p->free_count == blocks_in_page(p->class) && (p->next != 0 || p->previous != 0))
        retire_page(arena, page); /* not the last one: the class would fetch it back at once */
}

static void rest(struct pool_arena *arena, uint64_t va)
{
    uint64_t oldest = arena->resting[arena->rest_at];

    arena->resting[arena->rest_at] = va;
    arena->rest_at = (arena->rest_at + 1) % arena->rest_length;
    if (oldest != 0)
        release_resting(arena, oldest);
}

static void check_neighbours(struct mm *mm, struct pool_arena *arena, uint64_t page, unsigned block)
{
    struct pool_page *p = &arena->pages[page];
    uint64_t va = block_va(arena, page, block);
    uint64_t next_va = block + 1 < blocks_in_page(p->class) ? va + strides[p->class] : 0;

    if (header_of(va)->check != check_word(&mm->pool, va) ||
        (next_va != 0 && header_of(next_va)->check != check_word(&mm->pool, next_va))) {
        KE_FINDING(mm->ke, VERIFY_pool_overrun, va, p->records[block].size_bytes,
                   p->records[block].tag);
        ke_bug_check(BAD_POOL_HEADER, HEADER_CORRUPT, va, next_va, p->records[block].tag);
    }
}

static void give_small(struct mm *mm, struct pool_arena *arena, uint64_t va, uint32_t tag)
{
    uint64_t page = region_page_of(arena->region, va);
    struct pool_page *p = &arena->pages[page];
    struct pool_record *record;
    uint64_t offset;
    unsigned block;

    if (!p->in_use || va % MM_PAGE_SIZE < first_payload(p->class))
        pool_bad_free(mm, NOT_POOL, va, 0);
    offset = va % MM_PAGE_SIZE - first_payload(p->class);
    block = (unsigned)(offset / strides[p->class]);
    if (offset % strides[p->class] != 0 || block >= blocks_in_page(p->class))
        pool_bad_free(mm, NOT_POOL, va, 0);
    record = &p->records[block];
    if (!bitmap_test(p->live, block))
        pool_bad_free(mm, ALREADY_FREED, va, record->tag);
    pool_check_tag(mm, record, va, tag);
    check_neighbours(mm, arena, page, block);
    if (!pool_is_filled((void *)(va + record->size_bytes),
                        payload_bytes(p->class) - record->size_bytes, mm->pool.fill))
        KE_FINDING(mm->ke, VERIFY_pool_overrun, va, record->size_bytes, record->tag);
    bitmap_clear(p->live, block);
    record->caller_va = ke_caller_va();
    memset((void *)va, mm->pool.poison, payload_bytes(p->class));
    rest(arena, va);
}

/* ---- The door -------------------------------------------------------------------------------- */

void *mm_pool_allocate(struct mm *mm, const struct mm_pool_request *request)
{
    unsigned class;

    if (sim_fault_point(mm->sim, "pool"))
        return NULL;
    if (request->size_bytes > POOL_SMALL_MAX)
        return pool_block_take(mm, request);
    class = class_for(&mm->pool, request);
    return class == POOL_CLASSES ? pool_block_take(mm, request) : take_small(mm, request, class);
}

static struct pool_arena *arena_of(struct mm *mm, uint64_t va)
{
    for (unsigned i = 0; i < POOL_KINDS; i++) {
        struct pool_arena *arena = &mm->pool.arena[i];

        if (va - arena->region->base_va < arena->region->pages << MM_PAGE_SHIFT)
            return arena;
    }
    return NULL;
}

void mm_pool_free(struct mm *mm, void *block, uint32_t tag)
{
    uint64_t va = (uint64_t)(uintptr_t)block;
    struct pool_arena *arena = arena_of(mm, va);

    if (arena != NULL)
        give_small(mm, arena, va, tag);
    else if (!pool_block_give(mm, va, tag))
        pool_bad_free(mm, NOT_POOL, va, 0);
}

bool mm_pool_is_paged(struct mm *mm, uint64_t va)
{
    struct mm_region *region = region_find(mm, va);

    return region != NULL && region->paged;
}

/* ---- Leaks ----------------------------------------------------------------------------------- */

struct leak {
    const struct pool_record *record;
    uint64_t va;
    uint64_t size_bytes;
};
struct leaks {
    ARRAY(struct leak) found;
    uint64_t base_va, end_va;
};

static int by_sequence(const void *left, const void *right)
{
    const struct leak *a = left;
    const struct leak *b = right;

    return a->record->sequence < b->record->sequence ? -1
                                                     : a->record->sequence != b->record->sequence;
}

static void note_leak(struct leaks *leaks, const struct pool_record *record, uint64_t va,
                      uint64_t size_bytes)
{
    struct leak leak = {record, va, size_bytes};

    if (record->caller_va >= leaks->base_va && record->caller_va < leaks->end_va)
        (void)!array_push(&leaks->found, leak);
}

static void find_small_leaks(struct leaks *leaks, const struct pool_arena *arena)
{
    for (uint64_t page = 0; page < arena->committed; page++) {
        const struct pool_page *p = &arena->pages[page];

        for (unsigned block = 0; p->in_use && block < blocks_in_page(p->class); block++) {
            if (bitmap_test(p->live, block))
                note_leak(leaks, &p->records[block], block_va(arena, page, block),
                          p->records[block].size_bytes);
        }
    }
}

void mm_report_leaks(struct mm *mm, uint64_t base_va, uint64_t end_va)
{
    struct leaks leaks = {.base_va = base_va, .end_va = end_va};
    struct pool_block *block;

    for (unsigned i = 0; i < POOL_KINDS; i++)
        find_small_leaks(&leaks, &mm->pool.arena[i]);
    list_for_each_entry(block, &mm->pool.blocks, link)
        note_leak(&leaks, &block->record, block->region->base_va, block->size_bytes);
    if (leaks.found.count != 0)
        qsort(leaks.found.items, leaks.found.count, sizeof *leaks.found.items, by_sequence);
    for (size_t i = 0; i < leaks.found.count; i++) {
        const struct leak *leak = &leaks.found.items[i];

        TRACE(mm->trace, pool_leak, leak->record->tag, leak->va, leak->size_bytes,
              leak->record->caller_va);
        TRACE(mm->trace, finding, VERIFY_pool_leak, leak->record->caller_va, leak->record->tag,
              leak->size_bytes, leak->va);
    }
    array_fini(&leaks.found);
}

/* ---- Start and end --------------------------------------------------------------------------- */

static int arena_init(struct mm *mm, struct pool_arena *arena, bool paged)
{
    uint64_t size = POOL_ARENA_PAGES * sizeof *arena->pages;
    void *pages;
    int error =
        region_create(mm, REGION_POOL, false, POOL_ARENA_PAGES, 0x200000, false, &arena->region);

    if (error != 0)
        return error;
    arena->region->paged = paged;
    error = host_map(-1, 0, size, HOST_READ | HOST_WRITE, &pages);
    if (error != 0)
        return error;
    arena->pages = pages;
    arena->rest_length = POOL_QUARANTINE_MAX / 2 +
                         (uint32_t)sim_rng_below(&mm->pool.rng, POOL_QUARANTINE_MAX / 2 + 1);
    return 0;
}

static void arena_fini(struct pool_arena *arena)
{
    for (uint64_t page = 0; page < arena->committed; page++)
        free(arena->pages[page].records);
    if (arena->pages != NULL)
        host_unmap(arena->pages, POOL_ARENA_PAGES * sizeof *arena->pages);
    array_fini(&arena->unused);
    memset(arena, 0, sizeof *arena);
}

/* A byte that makes no canonical address when it is repeated, so that a pointer read from memory
 * that was never written, or no longer is, faults. */
static uint8_t draw_pattern(struct sim_rng *rng, uint8_t lowest)
{
    return (uint8_t)(lowest + sim_rng_below(rng, 0x20));
}

int pool_init(struct mm *mm)
{
    struct mm_pool *pool = &mm->pool;
    unsigned class = 0;
    int error = 0;

    list_init(&pool->blocks);
    sim_rng_init(&pool->rng, sim_seed(mm->sim), "mm.pool");
    pool->key = sim_rng_u64(&pool->rng);
    pool->fill = draw_pattern(&pool->rng, 0xA0);
    pool->poison = draw_pattern(&pool->rng, 0xD0);
    for (unsigned i = 0; i < ARRAY_LEN(pool->class_of); i++) {
        while (payload_bytes(class) < i * 16)
            class ++;
        pool->class_of[i] = (uint8_t) class;
    }
    for (unsigned i = 0; i < POOL_KINDS && error == 0; i++)
        error = arena_init(mm, &pool->arena[i], i == MM_POOL_PAGED);
    return error;
}

void pool_fini(struct mm *mm)
{
    pool_blocks_fini(mm);
    for (unsigned i = 0; i < POOL_KINDS; i++)
        arena_fini(&mm->pool.arena[i]);
}

/* ---- Whose memory ---------------------------------------------------------------------------- */

static void small_owner(const struct pool_arena *arena, uint64_t page, struct mm_owner *owner)
{
    const struct pool_page *p = &arena->pages[page];
    uint64_t offset = owner->va % MM_PAGE_SIZE;
    unsigned block;

    owner->kind = MM_OWNER_POOL_FREED;
    if (!p->in_use)
        return;
    block = offset < first_payload(p->class)
                ? 0
                : (unsigned)((offset - first_payload(p->class)) / strides[p->class]);
    if (block >= blocks_in_page(p->class))
        return;
    owner->tag = p->records[block].tag;
    owner->caller_va = p->records[block].caller_va;
    owner->size_bytes = p->records[block].size_bytes;
    if (bitmap_test(p->live, block))
        owner->kind = MM_OWNER_POOL;
}

void pool_owner(const struct mm *mm, const struct mm_region *region, uint64_t page,
                struct mm_owner *owner)
{
    if (region->kind == REGION_BLOCK) {
        owner->kind = region->block->live ? MM_OWNER_POOL : MM_OWNER_POOL_FREED;
        owner->tag = region->block->record.tag;
        owner->caller_va = region->block->record.caller_va;
        owner->size_bytes = region->block->size_bytes;
        return;
    }
    for (unsigned i = 0; i < POOL_KINDS; i++) {
        if (mm->pool.arena[i].region == region)
            small_owner(&mm->pool.arena[i], page, owner);
    }
}
