/* SPDX-License-Identifier: MIT */
#include "mm/zone.h"

#include <errno.h>
#include <string.h>

#include "host/host.h"

enum { DRAW_TRIES = 32 };

static bool zone_is_high(const struct mm_zones *zones, uint64_t index)
{
    return index >= zones->high_first;
}

static bool zone_fits(const struct mm_zones *zones, uint64_t index, enum zone_set_kind kind)
{
    return kind == ZONE_SET_ANY || (kind == ZONE_SET_HIGH) == zone_is_high(zones, index);
}

int zones_init(struct mm_zones *zones, const struct mm_ram *ram, const struct mm_config *config,
               uint64_t seed)
{
    void *memory;
    int error;

    memset(zones, 0, sizeof *zones);
    zones->ram = ram;
    zones->zone_count = ram->top >> (ZONE_SHIFT + MM_PAGE_SHIFT);
    zones->high_first = RAM_HIGH_BASE >> (ZONE_SHIFT + MM_PAGE_SHIFT);
    zones->low_zones = (ram->low_end >> (ZONE_SHIFT + MM_PAGE_SHIFT)) - 1;
    zones->high_zones = (ram->high_end - RAM_HIGH_BASE) >> (ZONE_SHIFT + MM_PAGE_SHIFT);
    if (config->policy == MM_HIGH && zones->high_zones == 0)
        return -EINVAL;
    error =
        host_map(-1, 0, zones->zone_count * sizeof *zones->zones, HOST_READ | HOST_WRITE, &memory);
    if (error != 0)
        return error;
    zones->zones = memory;
    zones->zones[0].state = ZONE_RESERVED;
    zones->low_fresh = zones->low_zones;
    zones->high_fresh = zones->high_zones;
    zones->free_pages = (zones->low_zones + zones->high_zones) * ZONE_PAGES;
    zones->policy = config->policy;
    zones->run_pages = config->run_pages != 0 ? config->run_pages : 16;
    sim_rng_init(&zones->rng, seed, "mm.zones");
    zones->phase = sim_rng_below(&zones->rng, zones->low_zones + zones->high_zones);
    return 0;
}

void zones_fini(struct mm_zones *zones)
{
    for (unsigned i = 0; i < ZONE_SETS; i++)
        array_fini(&zones->sets[i].partial);
    if (zones->zones != NULL)
        host_unmap(zones->zones, zones->zone_count * sizeof *zones->zones);
    memset(zones, 0, sizeof *zones);
}

void zones_reserve(struct mm_zones *zones, uint64_t first_pfn, uint64_t pages)
{
    for (uint64_t i = first_pfn >> ZONE_SHIFT; i < (first_pfn + pages) >> ZONE_SHIFT; i++) {
        weir_assert(zones->zones[i].state == ZONE_FRESH);
        zones->zones[i].state = ZONE_RESERVED;
        zones->low_fresh--;
        zones->low_zones--;
        zones->free_pages -= ZONE_PAGES;
    }
}

/* ---- Lists of zones -------------------------------------------------------------------------- */

static void zone_leave(struct mm_zones *zones, uint32_t index)
{
    struct zone *zone = &zones->zones[index];
    struct zone_set *set = &zones->sets[zone->set];
    uint32_t *items = zone->state == ZONE_OPEN ? set->open : set->partial.items;
    uint32_t last;

    if (zone->state == ZONE_OPEN)
        last = --set->open_count;
    else
        last = (uint32_t)--set->partial.count;
    items[zone->position] = items[last];
    zones->zones[items[last]].position = zone->position;
}

/* The array has room for every zone of the set: partial_reserve came first. */
static void zone_to_partial(struct mm_zones *zones, uint32_t index)
{
    struct zone *zone = &zones->zones[index];
    struct zone_set *set = &zones->sets[zone->set];

    zone->state = ZONE_PARTIAL;
    zone->position = (uint32_t)set->partial.count;
    set->partial.items[set->partial.count++] = index;
}

static void zone_to_open(struct mm_zones *zones, uint32_t index, enum zone_set_kind kind)
{
    struct zone *zone = &zones->zones[index];
    struct zone_set *set = &zones->sets[kind];

    zone->state = ZONE_OPEN;
    zone->set = (uint8_t)kind;
    zone->position = set->open_count;
    set->open[set->open_count++] = index;
}

/* Room in a set's list for one zone more than have ever been touched, so that giving back cannot
 * fail. */
static int touch_fresh(struct mm_zones *zones, uint64_t index)
{
    struct zone *zone = &zones->zones[index];
    uint64_t touched = zones->low_zones + zones->high_zones - zones->low_fresh - zones->high_fresh;

    for (unsigned i = 0; i < ZONE_SETS; i++) {
        if (array_reserve(&zones->sets[i].partial, touched + 1) != 0)
            return -ENOMEM;
    }
    zone->free_pages = ZONE_PAGES;
    if (zone_is_high(zones, index))
        zones->high_fresh--;
    else
        zones->low_fresh--;
    return 0;
}

/* ---- Drawing --------------------------------------------------------------------------------- */

static bool next_is_high(struct mm_zones *zones)
{
    uint64_t total = zones->low_zones + zones->high_zones;
    uint64_t before = zones->drawn * zones->high_zones + zones->phase;

    zones->drawn++;
    return (before + zones->high_zones) / total > before / total;
}

static uint64_t find_fresh(struct mm_zones *zones, bool high)
{
    uint64_t first = high ? zones->high_first : 1;
    uint64_t end = high ? zones->zone_count : zones->ram->low_end >> (ZONE_SHIFT + MM_PAGE_SHIFT);
    uint64_t index = first;

    for (unsigned i = 0; i < DRAW_TRIES; i++) {
        index = first + sim_rng_below(&zones->rng, end - first);
        if (zones->zones[index].state == ZONE_FRESH)
            return index;
    }
    for (uint64_t i = first; i < end; i++) {
        if (++index == end)
            index = first;
        if (zones->zones[index].state == ZONE_FRESH)
            return index;
    }
    return 0;
}

static uint64_t draw_fresh(struct mm_zones *zones, enum zone_set_kind kind)
{
    bool high = kind == ZONE_SET_HIGH || (kind == ZONE_SET_ANY && next_is_high(zones));

    if (kind == ZONE_SET_ANY && (high ? zones->high_fresh : zones->low_fresh) == 0)
        high = !high;
    if ((high ? zones->high_fresh : zones->low_fresh) == 0)
        return 0;
    return find_fresh(zones, high);
}

/* RAM is nearly full: pages are left only where another kind of request uses the zone. */
static uint64_t find_used_elsewhere(struct mm_zones *zones, enum zone_set_kind kind)
{
    for (uint64_t i = 1; i < zones->zone_count; i++) {
        struct zone *zone = &zones->zones[i];

        if ((zone->state == ZONE_OPEN || zone->state == ZONE_PARTIAL) &&
            zone_fits(zones, i, kind) && zone->set != kind)
            return i;
    }
    return 0;
}

static bool open_zone(struct mm_zones *zones, enum zone_set_kind kind)
{
    struct zone_set *set = &zones->sets[kind];
    uint64_t index;

    if (set->partial.count != 0) {
        index = set->partial.items[sim_rng_below(&zones->rng, set->partial.count)];
        zone_leave(zones, (uint32_t)index);
    } else {
        index = draw_fresh(zones, kind);
        if (index != 0) {
            if (touch_fresh(zones, index) != 0)
                return false;
        } else {
            index = set->open_count == 0 ? find_used_elsewhere(zones, kind) : 0;
            if (index == 0)
                return false;
            zone_leave(zones, (uint32_t)index);
        }
    }
    zone_to_open(zones, (uint32_t)index, kind);
    return true;
}

static void mark_used(struct mm_zones *zones, uint32_t index, uint64_t first, uint64_t count)
{
    struct zone *zone = &zones->zones[index];

    bitmap_set_range(zone->used, first, count);
    zone->free_pages = (uint16_t)(zone->free_pages - count);
    zones->free_pages -= count;
    if (zone->free_pages == 0) {
        zone_leave(zones, index);
        zone->state = ZONE_FULL;
    }
}

/* ---- Taking ---------------------------------------------------------------------------------- */

static size_t free_page_near(const struct zone *zone, size_t start)
{
    uint64_t word = ~zone->used[start / 64] & (UINT64_MAX << (start % 64));
    size_t at = start / 64;

    while (word == 0) {
        at = (at + 1) % (ZONE_PAGES / 64);
        word = ~zone->used[at];
    }
    return at * 64 + bits_lowest(word);
}

/* A run of at most *length free pages near start; shortens it until one fits. */
static size_t free_run_near(const struct zone *zone, size_t start, uint64_t *length)
{
    for (;; *length /= 2) {
        size_t at;

        if (*length <= 1) {
            *length = 1;
            return free_page_near(zone, start);
        }
        at = bitmap_find_clear_run(zone->used, ZONE_PAGES, start, *length);
        if (at == BITMAP_NONE)
            at = bitmap_find_clear_run(zone->used, ZONE_PAGES, 0, *length);
        if (at != BITMAP_NONE)
            return at;
    }
}

static uint64_t take_run(struct mm_zones *zones, enum zone_set_kind kind, uint64_t length,
                         mm_pfn *out)
{
    struct zone_set *set = &zones->sets[kind];
    uint64_t draw;
    uint32_t index;
    size_t at;

    while (set->open_count < ZONES_OPEN_MAX && open_zone(zones, kind))
        ;
    if (set->open_count == 0)
        return 0;
    draw = sim_rng_u64(&zones->rng);
    index = set->open[((draw >> 32) * set->open_count) >> 32];
    at = free_run_near(&zones->zones[index], draw % ZONE_PAGES, &length);
    mark_used(zones, index, at, length);
    for (uint64_t i = 0; i < length; i++)
        out[i] = ((mm_pfn)index << ZONE_SHIFT) + at + i;
    return length;
}

static int take_runs(struct mm_zones *zones, enum zone_set_kind kind, uint64_t count,
                     uint32_t max_run, mm_pfn *out)
{
    uint64_t done = 0;

    while (done < count) {
        uint64_t length = max_run > 1 ? 1 + sim_rng_below(&zones->rng, max_run) : 1;

        length = take_run(zones, kind, length < count - done ? length : count - done, out + done);
        if (length == 0) {
            zones_give(zones, done, out);
            return -ENOMEM;
        }
        done += length;
    }
    return 0;
}

static int take_below(struct mm_zones *zones, uint64_t count, uint64_t end_pfn, mm_pfn *out)
{
    for (uint64_t i = 0; i < count; i++) {
        out[i] = zones_take_contiguous(zones, 1, 0, end_pfn, 0);
        if (out[i] == MM_PFN_NONE) {
            zones_give(zones, i, out);
            return -ENOMEM;
        }
    }
    return 0;
}

static int take_one_run(struct mm_zones *zones, uint64_t count, uint64_t end_pfn, mm_pfn *out)
{
    mm_pfn first = zones_take_contiguous(zones, count, 0, end_pfn, 0);

    if (first == MM_PFN_NONE)
        return -ENOMEM;
    for (uint64_t i = 0; i < count; i++)
        out[i] = first + i;
    return 0;
}

int zones_take(struct mm_zones *zones, uint64_t count, uint32_t max_run, uint64_t limit_pa,
               mm_pfn *out)
{
    uint64_t end_pfn = limit_pa != 0 ? limit_pa >> MM_PAGE_SHIFT : UINT64_MAX;
    enum zone_set_kind kind = ZONE_SET_ANY;

    if (count > zones->free_pages)
        return -ENOMEM;
    if (zones->policy == MM_CONTIGUOUS)
        return take_one_run(zones, count, end_pfn, out);
    if (limit_pa != 0 && limit_pa < zones->ram->top) {
        if (limit_pa < zones->ram->low_end || limit_pa > RAM_HIGH_BASE)
            return take_below(zones, count, end_pfn, out);
        kind = ZONE_SET_LOW;
    } else if (zones->policy == MM_HIGH || zones->policy == MM_LOW) {
        kind = zones->policy == MM_HIGH ? ZONE_SET_HIGH : ZONE_SET_LOW;
    }
    if (zones->policy == MM_RUNS && max_run < zones->run_pages)
        max_run = zones->run_pages;
    return take_runs(zones, kind, count, max_run, out);
}

/* ---- Contiguous runs ------------------------------------------------------------------------- */

/* The first place in [start, end) for count pages that cross no boundary; end when there is none.
 */
static uint64_t fit_run(uint64_t start, uint64_t end, uint64_t count, uint64_t boundary)
{
    if (boundary != 0 && start / boundary != (start + count - 1) / boundary)
        start += boundary - start % boundary;
    return start + count <= end ? start : end;
}

static bool zone_has_free(const struct mm_zones *zones, uint64_t index)
{
    uint8_t state = zones->zones[index].state;

    if (index >= zones->ram->low_end >> (ZONE_SHIFT + MM_PAGE_SHIFT) && index < zones->high_first)
        return false;
    return state != ZONE_FULL && state != ZONE_RESERVED;
}

static mm_pfn find_run(const struct mm_zones *zones, uint64_t count, uint64_t low, uint64_t end,
                       uint64_t boundary)
{
    uint64_t start = low;
    uint64_t at = low;

    while (at < end) {
        uint64_t index = at >> ZONE_SHIFT;
        uint64_t zone_end = (index + 1) << ZONE_SHIFT;
        const struct zone *zone = &zones->zones[index];
        uint64_t place;

        if (!zone_has_free(zones, index)) {
            start = at = zone_end;
            continue;
        }
        if (zone->state != ZONE_FRESH && bitmap_test(zone->used, at % ZONE_PAGES)) {
            place = bitmap_find_clear(zone->used, ZONE_PAGES, at % ZONE_PAGES);
            start = at = place == BITMAP_NONE ? zone_end : (index << ZONE_SHIFT) + place;
            continue;
        }
        place = zone->state == ZONE_FRESH
                    ? BITMAP_NONE
                    : bitmap_find_set(zone->used, ZONE_PAGES, at % ZONE_PAGES);
        at = place == BITMAP_NONE ? zone_end : (index << ZONE_SHIFT) + place;
        at = at < end ? at : end;
        place = fit_run(start, at, count, boundary);
        if (place < at)
            return place;
    }
    return MM_PFN_NONE;
}

static int mark_run(struct mm_zones *zones, mm_pfn first, uint64_t count)
{
    while (count != 0) {
        uint32_t index = (uint32_t)(first >> ZONE_SHIFT);
        uint64_t at = first % ZONE_PAGES;
        uint64_t piece = ZONE_PAGES - at < count ? ZONE_PAGES - at : count;

        if (zones->zones[index].state == ZONE_FRESH) {
            if (touch_fresh(zones, index) != 0)
                return -ENOMEM;
            zones->zones[index].set = ZONE_SET_ANY;
            zone_to_partial(zones, index);
        }
        mark_used(zones, index, at, piece);
        first += piece;
        count -= piece;
    }
    return 0;
}

/* Searches from a random zone onwards, then below it: neighbours of one allocation stay a matter of
 * luck. */
mm_pfn zones_take_contiguous(struct mm_zones *zones, uint64_t count, uint64_t low_pfn,
                             uint64_t end_pfn, uint64_t boundary_pages)
{
    uint64_t end =
        end_pfn < zones->zone_count << ZONE_SHIFT ? end_pfn : zones->zone_count << ZONE_SHIFT;
    uint64_t middle;
    mm_pfn first;

    if (count == 0 || low_pfn >= end || count > zones->free_pages)
        return MM_PFN_NONE;
    if (boundary_pages != 0 && count > boundary_pages)
        return MM_PFN_NONE;
    middle = low_pfn + sim_rng_below(&zones->rng, end - low_pfn);
    middle &= ~(uint64_t)(ZONE_PAGES - 1);
    first = middle > low_pfn ? find_run(zones, count, middle, end, boundary_pages) : MM_PFN_NONE;
    if (first == MM_PFN_NONE)
        first = find_run(zones, count, low_pfn, end, boundary_pages);
    if (first == MM_PFN_NONE || mark_run(zones, first, count) != 0)
        return MM_PFN_NONE;
    return first;
}

/* ---- Giving back ----------------------------------------------------------------------------- */

void zones_give_run(struct mm_zones *zones, mm_pfn first, uint64_t count)
{
    while (count != 0) {
        uint32_t index = (uint32_t)(first >> ZONE_SHIFT);
        uint64_t at = first % ZONE_PAGES;
        uint64_t piece = ZONE_PAGES - at < count ? ZONE_PAGES - at : count;
        struct zone *zone = &zones->zones[index];

        weir_assert(bitmap_test(zone->used, at));
        bitmap_clear_range(zone->used, at, piece);
        bitmap_set_range(zone->dirty, at, piece);
        zone->free_pages = (uint16_t)(zone->free_pages + piece);
        zones->free_pages += piece;
        if (zone->state == ZONE_FULL)
            zone_to_partial(zones, index);
        first += piece;
        count -= piece;
    }
}

void zones_give(struct mm_zones *zones, uint64_t count, const mm_pfn *pfns)
{
    for (uint64_t i = 0; i < count; i++)
        zones_give_run(zones, pfns[i], 1);
}

void zones_clear(struct mm_zones *zones, mm_pfn pfn)
{
    struct zone *zone = &zones->zones[pfn >> ZONE_SHIFT];

    if (bitmap_test(zone->dirty, pfn % ZONE_PAGES))
        memset(ram_page(zones->ram, pfn), 0, MM_PAGE_SIZE);
}
