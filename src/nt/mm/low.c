/* SPDX-License-Identifier: MIT */
#include "mm/low.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOW_SMALL_BASE_PFN ((UINT64_C(8) << 20) >> MM_PAGE_SHIFT)
#define LOW_SMALL_PAGES ((UINT64_C(2) << 20) >> MM_PAGE_SHIFT)
#define LOW_BASE_PFN ((UINT64_C(16) << 20) >> MM_PAGE_SHIFT)

static int piece_init(struct low_piece *piece, mm_pfn first, uint64_t pages)
{
    uint64_t words = BITMAP_WORDS(pages);

    piece->first = first;
    piece->pages = pages;
    piece->free_pages = pages;
    piece->summary_words = BITMAP_WORDS(words);
    piece->free = calloc(words, sizeof *piece->free);
    piece->summary = calloc(piece->summary_words, sizeof *piece->summary);
    if (piece->free == NULL || piece->summary == NULL)
        return -ENOMEM;
    bitmap_set_range(piece->free, 0, pages);
    bitmap_set_range(piece->summary, 0, words);
    return 0;
}

static void piece_fini(struct low_piece *piece)
{
    free(piece->free);
    free(piece->summary);
    memset(piece, 0, sizeof *piece);
}

static uint64_t room_pages(uint64_t below_4g_bytes)
{
    return (below_4g_bytes >> MM_PAGE_SHIFT) - LOW_BASE_PFN;
}

uint64_t low_bytes_max(uint64_t below_4g_bytes)
{
    uint64_t room = room_pages(below_4g_bytes);

    return bits_align_down(room - room / 4, ZONE_PAGES) << MM_PAGE_SHIFT;
}

static void reserve_zones(struct mm_zones *zones, const struct low_piece *piece)
{
    zones_reserve(zones, piece->first, bits_align_up(piece->pages, ZONE_PAGES));
}

int low_init(struct mm_low *low, struct mm_zones *zones, uint64_t bytes, uint64_t seed)
{
    uint64_t pages = bytes >> MM_PAGE_SHIFT;
    uint64_t small = pages / 4 < LOW_SMALL_PAGES ? pages / 4 : LOW_SMALL_PAGES;
    uint64_t zone_pages = bits_align_up(pages - small, ZONE_PAGES);
    struct sim_rng rng;
    uint64_t slack;
    mm_pfn first;
    int error;

    memset(low, 0, sizeof *low);
    if (bytes < MM_LOW_MEMORY_MIN || bytes % MM_PAGE_SIZE != 0 ||
        bytes > low_bytes_max(zones->ram->low_end))
        return -EINVAL;
    sim_rng_init(&rng, seed, "mm.low");
    slack = (room_pages(zones->ram->low_end) - zone_pages) / ZONE_PAGES / 2;
    first = LOW_BASE_PFN + sim_rng_below(&rng, slack + 1) * ZONE_PAGES;
    error = piece_init(&low->piece[0], first, pages - small);
    if (error == 0)
        error = piece_init(&low->piece[1], LOW_SMALL_BASE_PFN, small);
    if (error != 0) {
        low_fini(low);
        return error;
    }
    for (unsigned i = 0; i < LOW_PIECES; i++)
        reserve_zones(zones, &low->piece[i]);
    return 0;
}

void low_fini(struct mm_low *low)
{
    for (unsigned i = 0; i < LOW_PIECES; i++)
        piece_fini(&low->piece[i]);
}

static uint64_t take_single(struct low_piece *piece)
{
    uint64_t at = piece->hint;
    uint64_t word;

    while (piece->summary[at] == 0)
        at++;
    piece->hint = at;
    word = at * 64 + bits_lowest(piece->summary[at]);
    at = word * 64 + bits_lowest(piece->free[word]);
    piece->free[word] &= piece->free[word] - 1;
    if (piece->free[word] == 0)
        bitmap_clear(piece->summary, word);
    piece->free_pages--;
    return at;
}

/* The first aligned run of free pages that ends at or below end; BITMAP_NONE when there is none. */
static size_t find_run(const struct low_piece *piece, uint64_t count, uint64_t align, uint64_t end)
{
    size_t at = bitmap_find_set(piece->free, end, 0);

    while (at != BITMAP_NONE) {
        size_t start = bits_align_up(piece->first + at, align) - piece->first;
        size_t stop;

        if (start + count > end)
            return BITMAP_NONE;
        stop = bitmap_find_clear(piece->free, end, start);
        if (stop == BITMAP_NONE || stop >= start + count)
            return start;
        at = bitmap_find_set(piece->free, end, stop);
    }
    return BITMAP_NONE;
}

static size_t take_run(struct low_piece *piece, uint64_t count, uint64_t align, uint64_t end)
{
    size_t at = find_run(piece, count, align, end);

    if (at == BITMAP_NONE)
        return at;
    bitmap_clear_range(piece->free, at, count);
    for (size_t word = at / 64; word <= (at + count - 1) / 64; word++) {
        if (piece->free[word] == 0)
            bitmap_clear(piece->summary, word);
    }
    piece->free_pages -= count;
    return at;
}

/* Pages of the piece below the limit. */
static uint64_t usable_pages(const struct low_piece *piece, uint64_t limit_pa)
{
    uint64_t end_pfn = limit_pa == 0 ? UINT64_MAX : (limit_pa + 1) >> MM_PAGE_SHIFT;

    if (end_pfn <= piece->first)
        return 0;
    return end_pfn - piece->first < piece->pages ? end_pfn - piece->first : piece->pages;
}

mm_pfn low_take(struct mm_low *low, uint64_t count, uint64_t align_pages, uint64_t limit_pa)
{
    struct low_piece *pool = &low->piece[0];
    uint64_t limit = limit_pa == UINT64_MAX ? 0 : limit_pa;

    weir_assert(count != 0);
    weir_assert(bits_is_power_of_two(align_pages));
    if (count == 1 && align_pages == 1 && pool->free_pages != 0 &&
        usable_pages(pool, limit) == pool->pages)
        return pool->first + take_single(pool);
    for (unsigned i = 0; i < LOW_PIECES; i++) {
        struct low_piece *piece = &low->piece[i];
        uint64_t end = usable_pages(piece, limit);
        size_t at;

        if (end < count || piece->free_pages < count)
            continue;
        at = take_run(piece, count, align_pages, end);
        if (at != BITMAP_NONE)
            return piece->first + at;
    }
    return MM_PFN_NONE;
}

void low_give(struct mm_low *low, mm_pfn first, uint64_t count)
{
    struct low_piece *piece = &low->piece[first < low->piece[0].first];
    uint64_t at = first - piece->first;

    weir_assert(at + count <= piece->pages);
    weir_assert(!bitmap_test(piece->free, at));
    if (count == 1)
        bitmap_set(piece->free, at);
    else
        bitmap_set_range(piece->free, at, count);
    for (uint64_t word = at / 64; word <= (at + count - 1) / 64; word++)
        bitmap_set(piece->summary, word);
    if (at / 64 / 64 < piece->hint)
        piece->hint = at / 64 / 64;
    piece->free_pages += count;
}

uint64_t low_free_pages(const struct mm_low *low)
{
    return low->piece[0].free_pages + low->piece[1].free_pages;
}
