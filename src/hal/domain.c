/* SPDX-License-Identifier: MIT */
/* Windows hands a driver logical addresses and says no more of them than that the device can use
 * them; with DMA remapping they have nothing to do with physical ones. UNDOC, all of it ours: a
 * transfer's pages get one run; it crosses no 4 GB line; 48 bits are the widest addresses a
 * translated device is given, as the IOMMUs of PCs have; none lies at or above 3 GB and below 4 GB,
 * where bridges look for devices, nor below 1 MB. "Enabling DMA remapping for device drivers";
 * ALLOCATE_COMMON_BUFFER, LogicalAddress.
 *
 * An octave is the addresses with the same highest bit, so an adapter of b bits takes from octave b
 * and, when that is full, from those below. Of each octave a seeded window is used. */
#include "hal/domain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hal/adapter.h"
#include "host/host.h"

enum {
    OCTAVE_LOWEST = 21, /* 1 MB */
    OCTAVE_HIGHEST = 48,
    GUARD_PAGES = 1,
};
#define WINDOW_PAGES   (UINT64_C(1) << 22) /* 16 GB */
#define FOUR_GB        (UINT64_C(1) << 32)
#define FOUR_GB_PAGES  (FOUR_GB >> MM_PAGE_SHIFT)
#define DEVICES_PAGE   (UINT64_C(0xC0000000) >> MM_PAGE_SHIFT)
#define NOWHERE        UINT64_MAX

/* ---- Tables ---------------------------------------------------------------------------------- */

static int map_table(uint64_t pages, uint32_t **out)
{
    void *table;
    int error = host_map(-1, 0, pages * sizeof **out, HOST_READ | HOST_WRITE, &table);

    if (error == 0)
        *out = table;
    return error;
}

static void table_destroy(struct domain_table *table)
{
    if (table->entries != NULL)
        host_unmap(table->entries, table->pages * sizeof *table->entries);
    if (table->pfns != NULL)
        host_unmap(table->pfns, table->pages * sizeof *table->pfns);
    free(table);
}

static struct domain_table *table_create(uint64_t first, uint64_t pages, bool translates)
{
    struct domain_table *table = calloc(1, sizeof *table);

    if (table == NULL)
        return NULL;
    table->first = first;
    table->pages = pages;
    if (map_table(pages, &table->entries) != 0 ||
        (translates && map_table(pages, &table->pfns) != 0)) {
        table_destroy(table);
        return NULL;
    }
    return table;
}

/* The octave's window: somewhere in it, begun somewhere near its front. */
static struct domain_table *open_octave(struct hal *hal, struct hal_domain *domain, unsigned octave)
{
    unsigned bits = octave - MM_PAGE_SHIFT;
    uint64_t first = UINT64_C(1) << (bits - 1);
    uint64_t end = octave == 32 ? DEVICES_PAGE : first * 2;
    uint64_t pages = end - first < WINDOW_PAGES ? end - first : WINDOW_PAGES;
    struct domain_table *table;

    first += sim_rng_below(&hal->iommu_rng, end - first - pages + 1);
    table = table_create(first, pages, true);
    if (table != NULL)
        table->next = sim_rng_below(&hal->iommu_rng, pages / 16 + 1);
    domain->tables[bits] = table;
    return table;
}

static int domain_create(struct hal *hal, struct hal_domain **out)
{
    struct hal_domain *domain = calloc(1, sizeof *domain);

    if (domain == NULL || array_push(&hal->domains, domain) != 0) {
        free(domain);
        return -ENOMEM;
    }
    domain->iommu = hal->config.iommu;
    if (domain->iommu == HAL_IOMMU_OFF) {
        struct domain_table *table =
            table_create(0, mm_highest_pa(hal->mm) >> MM_PAGE_SHIFT, false);

        if (table == NULL)
            return -ENOMEM;
        for (unsigned i = 0; i < DOMAIN_OCTAVES; i++)
            domain->tables[i] = table;
    }
    *out = domain;
    return 0;
}

static void domain_destroy(struct hal_domain *domain)
{
    for (unsigned i = 0; i < DOMAIN_OCTAVES; i++) {
        if (domain->tables[i] != NULL && (i == 0 || domain->tables[i] != domain->tables[i - 1]))
            table_destroy(domain->tables[i]);
    }
    free(domain);
}

int domains_init(struct hal *hal)
{
    sim_rng_init(&hal->iommu_rng, sim_seed(hal->sim), "iommu");
    return domain_create(hal, &hal->domain);
}

int domain_for_card(struct hal *hal, struct hal_domain **out)
{
    if (hal->config.iommu != HAL_IOMMU_OFF)
        return domain_create(hal, out);
    *out = hal->domain;
    return 0;
}

void domains_fini(struct hal *hal)
{
    for (size_t i = 0; i < hal->domains.count; i++)
        domain_destroy(hal->domains.items[i]);
    array_fini(&hal->domains);
}

bool domain_remaps(const struct hal_adapter *adapter)
{
    return adapter->domain->iommu != HAL_IOMMU_OFF;
}

bool domain_joins(const struct hal_adapter *adapter, mm_pfn before, mm_pfn after)
{
    return domain_remaps(adapter) || (after == before + 1 && after % FOUR_GB_PAGES != 0);
}

/* ---- Runs ------------------------------------------------------------------------------------ */

/* Index of the first run of free pages at or after from, with a guard behind it. The pages of one
 * mapping have one serial, and once it is known to be dead the others need no look. */
static uint64_t free_run(const struct hal_mappings *mappings, const struct domain_table *table,
                         uint64_t from, uint64_t pages)
{
    uint64_t start = from;
    uint32_t dead = 0;

    for (uint64_t at = from; at < table->pages; at++) {
        uint32_t entry = table->entries[at];

        if (entry != dead && entry != 0) {
            if (mapping_is_live(mappings, entry)) {
                at = (mapping_at(mappings, entry)->last_la >> MM_PAGE_SHIFT) - table->first +
                     GUARD_PAGES;
                start = at + 1;
                continue;
            }
            dead = entry;
        }
        if (at + 1 - start == pages + GUARD_PAGES)
            return start;
    }
    return NOWHERE;
}

static bool is_identical(const struct domain_request *request, uint64_t first)
{
    for (uint64_t i = 0; i < request->pages; i++) {
        if (request->pfns[i] == first + i)
            return true;
    }
    return false;
}

/* A free run in [from, end) of the table's pages that may be used: not over a 4 GB line, no page of
 * it with the number of what lies behind. */
static uint64_t good_run(struct hal *hal, const struct domain_table *table,
                         const struct domain_request *request, uint64_t from, uint64_t end)
{
    uint64_t ram_pages = mm_highest_pa(hal->mm) >> MM_PAGE_SHIFT;

    for (;;) {
        uint64_t start = free_run(&hal->mappings, table, from, request->pages);
        uint64_t first = table->first + start;
        uint64_t last = first + request->pages - 1;

        if (start == NOWHERE || start + request->pages > end)
            return NOWHERE;
        if (first / FOUR_GB_PAGES != last / FOUR_GB_PAGES)
            from = last / FOUR_GB_PAGES * FOUR_GB_PAGES - table->first;
        else if (first < ram_pages && is_identical(request, first))
            from = start + 1;
        else
            return start;
    }
}

/* From where the last one ended, so that an address comes back late; then from the front. What was
 * used is not used again under strict, where next is the end of that. */
static uint64_t run_in_table(struct hal *hal, const struct hal_domain *domain,
                             struct domain_table *table, const struct domain_request *request)
{
    uint64_t lowest = (request->lowest_la + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT;
    uint64_t beyond = (request->highest_la + 1) >> MM_PAGE_SHIFT;
    uint64_t from = lowest > table->first ? lowest - table->first : 0;
    uint64_t end = beyond > table->first ? beyond - table->first : 0;
    uint64_t next = table->next > from ? table->next : from;
    uint64_t start = good_run(hal, table, request, next, end);

    if (start == NOWHERE && domain->iommu != HAL_IOMMU_STRICT)
        start = good_run(hal, table, request, from, end);
    if (start == NOWHERE)
        return NOWHERE;
    table->next = start + request->pages + GUARD_PAGES;
    return start;
}

static unsigned octave_of(uint64_t la)
{
    return la == 0 ? 0 : 64 - weir_count_leading_zeros(la);
}

/* From the adapter's highest octave downwards. */
static struct domain_table *find_run(struct hal *hal, struct hal_domain *domain,
                                     const struct domain_request *request, uint64_t *start)
{
    unsigned octave = octave_of(request->highest_la);
    unsigned lowest = octave_of(request->lowest_la);

    for (; octave >= OCTAVE_LOWEST && octave >= lowest; octave--) {
        struct domain_table *table = domain->tables[octave - MM_PAGE_SHIFT];

        if (table == NULL)
            table = open_octave(hal, domain, octave);
        if (table == NULL)
            return NULL;
        *start = run_in_table(hal, domain, table, request);
        if (*start != NOWHERE)
            return table;
    }
    return NULL;
}

/* ---- Mapping --------------------------------------------------------------------------------- */

/* The pages of a frame were mapped together the last time as well, so what is known of one entry
 * holds for the next. */
static void enter_own_pages(struct hal_mappings *mappings, struct domain_table *table,
                            const mm_pfn *pages, uint64_t count, uint32_t serial)
{
    uint32_t *entries = table->entries;
    uint32_t dead = 0;

    for (uint64_t i = 0; i < count; i++) {
        uint32_t old = entries[pages[i]];

        if (weir_unlikely(old != dead && old != 0)) {
            if (old >= MAPPING_SHARED || mapping_is_live(mappings, old)) {
                entries[pages[i]] = mapping_share(mappings, old, serial);
                continue;
            }
            dead = old;
        }
        entries[pages[i]] = serial;
    }
}

static void enter_run(struct domain_table *table, uint64_t start, const mm_pfn *pfns,
                      uint64_t count, uint32_t serial)
{
    for (uint64_t i = 0; i < count; i++) {
        table->entries[start + i] = serial;
        table->pfns[start + i] = (uint32_t)pfns[i];
    }
}

static struct hal_mapping *new_mapping(struct hal_adapter *adapter,
                                       const struct domain_request *request)
{
    struct hal_mapping *mapping = mapping_new(&adapter->hal->mappings);

    if (mapping == NULL)
        return NULL;
    mapping->directions = (uint8_t)request->directions;
    mapping->use = (uint8_t)request->use;
    mapping->slot = adapter->slot;
    mapping->adapter_id = adapter->id;
    mapping->made_by_va = ke_caller_va();
    return mapping;
}

/* Under strict this is the end of the card's address space: once, for the reader of the report. */
static void tell_used_up(const struct hal_adapter *adapter, uint64_t pages)
{
    struct hal_domain *domain = adapter->domain;

    if (domain->used_up)
        return;
    domain->used_up = true;
    TRACE(adapter->hal->trace, addresses_used_up, adapter->id, pages, domain->pages_used);
}

static enum registers_result map_run(struct hal_adapter *adapter,
                                     const struct domain_request *wanted, struct domain_pages *out)
{
    struct hal_domain *domain = adapter->domain;
    struct domain_request request = *wanted;
    uint64_t widest = (UINT64_C(1) << OCTAVE_HIGHEST) - 1;
    struct domain_table *table;
    uint64_t start;

    widest = adapter->limit_la < widest ? adapter->limit_la : widest;
    if (request.highest_la == 0 || request.highest_la > widest)
        request.highest_la = widest;
    table = find_run(adapter->hal, domain, &request, &start);
    if (table == NULL) {
        if (domain->iommu == HAL_IOMMU_REMAP && domain->live != 0)
            return REGISTERS_WAIT;
        tell_used_up(adapter, request.pages);
        return REGISTERS_NEVER;
    }
    out->scattered = NULL;
    out->first = table->first + start;
    enter_run(table, start, request.pfns, request.pages, out->serial);
    domain->live++;
    domain->pages_used += request.pages;
    return REGISTERS_TAKEN;
}

enum registers_result domain_map(struct hal_adapter *adapter, const struct domain_request *request,
                                 struct domain_pages *out)
{
    struct hal_mappings *mappings = &adapter->hal->mappings;
    struct hal_mapping *mapping = new_mapping(adapter, request);
    enum registers_result result = REGISTERS_TAKEN;

    if (mapping == NULL)
        return REGISTERS_NEVER;
    *out = (struct domain_pages){.scattered = request->pfns, .serial = mapping->serial};
    if (domain_remaps(adapter))
        result = map_run(adapter, request, out);
    else
        enter_own_pages(mappings, adapter->domain->tables[0], request->pfns, request->pages,
                        out->serial);
    if (result != REGISTERS_TAKEN) {
        mapping_end(mappings, mapping->serial, 0);
        return result;
    }
    mapping->first_la = domain_page(out, 0) << MM_PAGE_SHIFT | request->first_offset;
    mapping->last_la =
        domain_page(out, request->pages - 1) << MM_PAGE_SHIFT | request->last_offset;
    return REGISTERS_TAKEN;
}

void domain_unmap(struct hal_adapter *adapter, uint32_t serial)
{
    mapping_end(&adapter->hal->mappings, serial, ke_caller_va());
    if (domain_remaps(adapter))
        adapter->domain->live--;
}

/* ---- Memory for common buffers --------------------------------------------------------------- */

/* Low memory is given out from its front: what lies before the bounds is held until there is
 * something behind. */
static mm_pfn take_low(struct hal *hal, const struct domain_bounds *bounds, uint64_t highest_pa)
{
    mm_pfn *held = malloc((hal->low_pages + 1) * sizeof *held);
    uint64_t count = 0;
    mm_pfn first;

    if (held == NULL)
        return MM_PFN_NONE;
    for (;;) {
        first = mm_low_allocate(hal->mm, bounds->pages, bounds->align_pages, highest_pa);
        if (first == MM_PFN_NONE || first << MM_PAGE_SHIFT >= bounds->lowest_la)
            break;
        held[count++] = first;
    }
    while (count-- != 0)
        mm_low_free(hal->mm, held[count], bounds->pages);
    free(held);
    return first;
}

/* More than is wanted, so that an aligned run is in it; the rest goes back. */
static mm_pfn take_contiguous(struct mm *mm, const struct domain_bounds *bounds,
                              uint64_t highest_pa)
{
    uint64_t slack = bounds->align_pages - 1;
    mm_pfn first = mm_contiguous_allocate(mm, bounds->pages + slack, bounds->lowest_la, highest_pa,
                                          FOUR_GB);
    uint64_t before;

    if (first == MM_PFN_NONE || slack == 0)
        return first;
    before = (first + slack) / bounds->align_pages * bounds->align_pages - first;
    if (before != 0)
        mm_contiguous_free(mm, first, before);
    if (before != slack)
        mm_contiguous_free(mm, first + before + bounds->pages, slack - before);
    return first + before;
}

static mm_pfn take_together(struct hal_adapter *adapter, const struct domain_bounds *bounds,
                            struct domain_memory *memory)
{
    struct mm *mm = adapter->hal->mm;
    uint64_t highest_pa =
        bounds->highest_la < adapter->limit_la ? bounds->highest_la : adapter->limit_la;

    memory->source =
        adapter->limit_la < mm_highest_pa(mm) - 1 ? MEMORY_LOW : MEMORY_CONTIGUOUS;
    if (memory->source == MEMORY_CONTIGUOUS)
        return take_contiguous(mm, bounds, highest_pa);
    rival_wake(adapter->hal);
    return take_low(adapter->hal, bounds, highest_pa);
}

/* What is translated may lie anywhere; else the pages lie together, from low memory where the
 * device does not reach all of RAM. */
int domain_take_memory(struct hal_adapter *adapter, const struct domain_bounds *bounds,
                       struct domain_memory *out)
{
    struct domain_memory memory = {.pages = bounds->pages,
                                   .pfns = malloc(bounds->pages * sizeof *memory.pfns)};
    mm_pfn first;

    if (memory.pfns == NULL)
        return -ENOMEM;
    if (domain_remaps(adapter)) {
        memory.source = MEMORY_PAGES;
        if (mm_pages_allocate(adapter->hal->mm, memory.pages, 0, memory.pfns) != 0)
            goto refuse;
    } else {
        first = take_together(adapter, bounds, &memory);
        if (first == MM_PFN_NONE)
            goto refuse;
        for (uint64_t i = 0; i < memory.pages; i++)
            memory.pfns[i] = first + i;
    }
    *out = memory;
    return 0;
refuse:
    free(memory.pfns);
    return -ENOMEM;
}

void domain_give_memory(struct hal *hal, struct domain_memory *memory)
{
    if (memory->source == MEMORY_PAGES)
        mm_pages_free(hal->mm, memory->pages, memory->pfns);
    else if (memory->source == MEMORY_LOW)
        mm_low_free(hal->mm, memory->pfns[0], memory->pages);
    else
        mm_contiguous_free(hal->mm, memory->pfns[0], memory->pages);
    free(memory->pfns);
    *memory = (struct domain_memory){0};
}
