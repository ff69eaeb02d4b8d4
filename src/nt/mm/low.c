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
    piece->last_pa = ((first + pages) << MM_PAGE_SHIFT) - 1;
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

/* ---- Single pages ---------------------------------------------------------------------------- */

/* The lowest word that has a free page. */
static uint64_t lowest_word(struct low_piece *piece)
{
    uint64_t at = piece->hint;

    while (piece->summary[at] == 0)
        at++;
    piece->hint = at;
    return at * 64 + bits_lowest(piece->summary[at]);
}

static mm_pfn take_single(struct low_piece *piece)
{
    uint64_t word = lowest_word(piece);
    uint64_t at = word * 64 + bits_lowest(piece->free[word]);

    piece->free[word] &= piece->free[word] - 1;
    if (piece->free[word] == 0)
        bitmap_clear(piece->summary, word);
    piece->free_pages--;
    return piece->first + at;
}

/* Takes up to count of the lowest free pages, as many as lie in one word; their number. */
static uint64_t take_from_word(struct low_piece *piece, uint64_t count, mm_pfn *out)
{
    uint64_t word = lowest_word(piece);
    uint64_t left = piece->free[word];
    uint64_t taken = 0;

    for (; taken < count && left != 0; left &= left - 1)
        out[taken++] = piece->first + word * 64 + bits_lowest(left);
    piece->free[word] = left;
    if (left == 0)
        bitmap_clear(piece->summary, word);
    piece->free_pages -= taken;
    return taken;
}

/* ---- Runs ------------------------------------------------------------------------------------ */

/* The class of the longest power of two that is no more (no less) than count pages. */
static unsigned class_within(uint64_t count)
{
    unsigned class = bits_highest(count) - 1;

    return class < LOW_RUN_CLASSES ? class : LOW_RUN_CLASSES - 1;
}

static unsigned class_around(uint64_t count)
{
    return bits_is_power_of_two(count) ? bits_highest(count) - 1 : bits_highest(count);
}

/* Bits of the word from which count bits upwards are set; count is 2 to 64. */
static uint64_t run_starts(uint64_t word, uint64_t count)
{
    uint64_t have = 1;

    while (have < count && word != 0) {
        uint64_t step = have < count - have ? have : count - have;

        word &= word >> step;
        have += step;
    }
    return word;
}

/* The next word at or after this one that has a free page. */
static uint64_t next_used_word(const struct low_piece *piece, uint64_t word)
{
    size_t next = bitmap_find_set(piece->summary, BITMAP_WORDS(piece->pages), word);

    return next != BITMAP_NONE ? next : BITMAP_WORDS(piece->pages);
}

/* The first run of count free pages that begins at or after the page from, which is taken or begins
 * a run. count is at least 2. */
static size_t find_run(const struct low_piece *piece, uint64_t count, uint64_t from)
{
    uint64_t words = BITMAP_WORDS(piece->pages);
    uint64_t mask = ~UINT64_C(0) << from % 64;
    uint64_t before = 0; /* free pages up to the end of the last word */

    for (uint64_t at = from / 64; at < words; at++) {
        uint64_t word = piece->free[at] & mask;
        uint64_t first;

        mask = ~UINT64_C(0);
        if (word == 0) {
            before = 0;
            at = next_used_word(piece, at + 1) - 1;
            continue;
        }
        first = ~word != 0 ? bits_lowest(~word) : 64;
        if (before + first >= count)
            return at * 64 - before;
        if (first == 64) {
            before += 64;
            continue;
        }
        if (count <= 64 && (first = run_starts(word, count)) != 0)
            return at * 64 + bits_lowest(first);
        before = 63 - bits_highest(~word);
    }
    return BITMAP_NONE;
}

/* The same, aligned, and ending at or below end. */
static size_t find_aligned_run(const struct low_piece *piece, uint64_t count, uint64_t align,
                               uint64_t end)
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

/* The first page of the free run that the page before this one ends. */
static uint64_t run_begin(const struct low_piece *piece, uint64_t page)
{
    while (page != 0 && bitmap_test(piece->free, page - 1))
        page--;
    return page;
}

/* First fit, and what was learnt on the way is remembered. */
static size_t find_plain_run(struct low_piece *piece, uint64_t count, uint64_t end)
{
    uint64_t from = run_begin(piece, piece->none_below[class_within(count)]);
    size_t at = find_run(piece, count, from);
    uint64_t reached = at != BITMAP_NONE ? at : piece->pages;

    for (unsigned i = class_around(count); i < LOW_RUN_CLASSES; i++) {
        if (piece->none_below[i] < reached)
            piece->none_below[i] = reached;
    }
    return at == BITMAP_NONE || at + count > end ? BITMAP_NONE : at;
}

static bool is_alone(const struct low_piece *piece, uint64_t at)
{
    return (at == 0 || !bitmap_test(piece->free, at - 1)) &&
           (at + 1 == piece->pages || !bitmap_test(piece->free, at + 1));
}

/* Pages from this one on are free again. A page alone makes no run; else every run that came to be
 * goes on past it. Longer classes have gone further than shorter ones. */
static void note_given(struct low_piece *piece, uint64_t at, uint64_t count)
{
    if (piece->none_below[LOW_RUN_CLASSES - 1] <= at || (count == 1 && is_alone(piece, at)))
        return;
    for (unsigned i = LOW_RUN_CLASSES; i-- != 0 && piece->none_below[i] > at;)
        piece->none_below[i] = at;
}

static size_t take_run(struct low_piece *piece, uint64_t count, uint64_t align, uint64_t end)
{
    size_t at = align == 1 && count != 1 ? find_plain_run(piece, count, end)
                                         : find_aligned_run(piece, count, align, end);

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

/* ---- The pool -------------------------------------------------------------------------------- */

/* Pages of the piece that end at or below the limit. */
static uint64_t usable_pages(const struct low_piece *piece, uint64_t limit_pa)
{
    uint64_t end_pfn = limit_pa == UINT64_MAX ? limit_pa : (limit_pa + 1) >> MM_PAGE_SHIFT;

    if (end_pfn <= piece->first)
        return 0;
    return end_pfn - piece->first < piece->pages ? end_pfn - piece->first : piece->pages;
}

/* The highest address that counts; 0 stands for any. */
static uint64_t limit_of(uint64_t limit_pa)
{
    return limit_pa == 0 ? UINT64_MAX : limit_pa;
}

/* Any page will do. */
static bool takes_singles(const struct low_piece *pool, uint64_t limit_pa)
{
    return pool->free_pages != 0 && pool->last_pa <= limit_pa;
}

mm_pfn low_take(struct mm_low *low, uint64_t count, uint64_t align_pages, uint64_t limit_pa)
{
    struct low_piece *pool = &low->piece[0];
    uint64_t limit = limit_of(limit_pa);

    weir_assert(count != 0);
    weir_assert(bits_is_power_of_two(align_pages));
    if (count == 1 && align_pages == 1 && takes_singles(pool, limit))
        return take_single(pool);
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

static struct low_piece *piece_of(struct mm_low *low, mm_pfn first)
{
    return &low->piece[first < low->piece[0].first];
}

static void give_word(struct low_piece *piece, uint64_t word)
{
    bitmap_set(piece->summary, word);
    if (word / 64 < piece->hint)
        piece->hint = word / 64;
}

static void give_single(struct low_piece *piece, uint64_t at)
{
    weir_assert(at < piece->pages);
    weir_assert(!bitmap_test(piece->free, at));
    bitmap_set(piece->free, at);
    give_word(piece, at / 64);
    piece->free_pages++;
    note_given(piece, at, 1);
}

/* Gives back the pages at the front of the list that lie in one word; their number. */
static uint64_t give_to_word(struct mm_low *low, uint64_t count, const mm_pfn *pfns)
{
    struct low_piece *piece = piece_of(low, pfns[0]);
    uint64_t word = (pfns[0] - piece->first) / 64;
    mm_pfn base = piece->first + word * 64;
    uint64_t free = piece->free[word];
    uint64_t given = 0, lowest = 63;

    weir_assert(word * 64 < piece->pages);
    for (; given < count && pfns[given] - base < 64; given++) {
        uint64_t at = pfns[given] - base;

        weir_assert(!(free >> at & 1));
        free |= UINT64_C(1) << at;
        lowest = at < lowest ? at : lowest;
    }
    piece->free[word] = free;
    give_word(piece, word);
    piece->free_pages += given;
    note_given(piece, word * 64 + lowest, given);
    return given;
}

bool low_holds(const struct mm_low *low, mm_pfn pfn)
{
    for (unsigned i = 0; i < LOW_PIECES; i++) {
        if (pfn - low->piece[i].first < low->piece[i].pages)
            return true;
    }
    return false;
}

void low_give(struct mm_low *low, mm_pfn first, uint64_t count)
{
    struct low_piece *piece = piece_of(low, first);
    uint64_t at = first - piece->first;

    if (count == 1) {
        give_single(piece, at);
        return;
    }
    weir_assert(at + count <= piece->pages);
    weir_assert(!bitmap_test(piece->free, at));
    bitmap_set_range(piece->free, at, count);
    for (uint64_t word = at / 64; word <= (at + count - 1) / 64; word++)
        give_word(piece, word);
    piece->free_pages += count;
    note_given(piece, at, count);
}

bool low_take_pages(struct mm_low *low, uint64_t count, uint64_t limit_pa, mm_pfn *out)
{
    struct low_piece *pool = &low->piece[0];
    uint64_t limit = limit_of(limit_pa);

    uint64_t taken = 0;

    while (taken < count && takes_singles(pool, limit))
        taken += take_from_word(pool, count - taken, out + taken);
    for (; taken < count; taken++) {
        out[taken] = low_take(low, 1, 1, limit_pa);
        if (out[taken] == MM_PFN_NONE) {
            low_give_pages(low, taken, out);
            return false;
        }
    }
    return true;
}

void low_give_pages(struct mm_low *low, uint64_t count, const mm_pfn *pfns)
{
    for (uint64_t done = 0; done < count;)
        done += give_to_word(low, count - done, pfns + done);
}

uint64_t low_free_pages(const struct mm_low *low)
{
    return low->piece[0].free_pages + low->piece[1].free_pages;
}

bool low_is_free(const struct mm_low *low, mm_pfn pfn)
{
    const struct low_piece *piece = &low->piece[pfn < low->piece[0].first];

    return low_holds(low, pfn) && bitmap_test(piece->free, pfn - piece->first);
}
