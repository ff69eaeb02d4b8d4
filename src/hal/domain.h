/* SPDX-License-Identifier: MIT */
/* Logical addresses: the one place that decides which of them each page of a transfer or of a
 * common buffer gets, and that knows what lies behind it. Who maps memory for a card hands over the
 * pages in order - the driver's own or the low ones that stand in for them - and learns their
 * logical pages; how they came about is not his business:
 *
 *   HAL_IOMMU_OFF     the logical page is the physical one, as on a PC without an IOMMU.
 *   HAL_IOMMU_REMAP   the domain of the card gives each mapping a run of its own, below the
 *                     adapter's limit, its highest address bits set, never the pages' own numbers,
 *                     and with an unmapped page on either side. What is given back is used again.
 *   HAL_IOMMU_STRICT  the same, and no logical page is used twice in the life of the card.
 *
 * Order: adapter_reaches and domain_joins tell what needs low pages, domain_map makes the mapping,
 * domain_unmap ends it. Callable up to DISPATCH_LEVEL. No allocation but for the first mapping in
 * an octave of address space.
 *
 * A domain has tables of logical pages, one for each octave of address space that is in use, so one
 * look at an address finds its table. Not here: the check of accesses (bus.h), bouncing
 * (registers.h). */
#ifndef WEIR_HAL_DOMAIN_H
#define WEIR_HAL_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "hal/hal.h"
#include "hal/mapping.h"
#include "hal/registers.h"

struct hal_adapter;

enum { DOMAIN_OCTAVES = 65 };

struct domain_table { /* neighbouring logical pages */
    uint64_t first, pages;
    uint32_t *entries; /* sparse; a page's serial, or MAPPING_SHARED | index + 1 of a chain */
    uint32_t *pfns; /* what lies behind; NULL: the physical page of the same number */
    uint64_t next; /* index where the next run is sought */
};

struct hal_domain {
    enum hal_iommu iommu;
    struct domain_table *tables[DOMAIN_OCTAVES]; /* by the bits of the page number */
    uint64_t live; /* mappings in runs of their own */
    uint64_t pages_used; /* logical pages handed out so far */
    bool used_up; /* said once */
};

/* What is to be mapped. The pages need not stay where they are listed. */
struct domain_request {
    const mm_pfn *pfns;
    uint64_t pages;
    uint32_t first_offset, last_offset; /* of the first and last byte, in their pages */
    unsigned directions;
    enum mapping_use use;
    uint64_t lowest_la, highest_la; /* where the addresses may lie; highest 0: adapter's limit */
};

/* Logical pages of a mapping: scattered[0], scattered[1] ...; NULL: first, first + 1 ... */
struct domain_pages {
    const mm_pfn *scattered;
    uint64_t first;
    uint32_t serial; /* of the mapping */
};

/* REGISTERS_WAIT: no run is free now. REGISTERS_NEVER: nor will be, or the host has no memory. */
enum registers_result domain_map(struct hal_adapter *adapter, const struct domain_request *request,
                                 struct domain_pages *out);
void domain_unmap(struct hal_adapter *adapter, uint32_t serial);

/* Whether two pages that follow each other in a transfer get logical pages that follow each other.
 * Neighbours are not joined across a 4 GB line (UNDOC, observed). */
bool domain_joins(const struct hal_adapter *adapter, mm_pfn before, mm_pfn after);
/* The card's addresses are translated: it reaches all memory, nothing need be bounced. */
bool domain_remaps(const struct hal_adapter *adapter);

/* Memory for a common buffer: pages that domain_map can give neighbouring logical addresses in the
 * adapter's reach and within the bounds. */
struct domain_bounds {
    uint64_t pages, align_pages; /* of the memory; a power of two */
    uint64_t lowest_la, highest_la; /* of the first and last byte */
};
struct domain_memory {
    mm_pfn *pfns;
    uint64_t pages;
    enum { MEMORY_PAGES, MEMORY_LOW, MEMORY_CONTIGUOUS } source;
};
int domain_take_memory(struct hal_adapter *adapter, const struct domain_bounds *bounds,
                       struct domain_memory *out);
void domain_give_memory(struct hal *hal, struct domain_memory *memory);

/* Each card has a domain of its own where addresses are translated; without an IOMMU there is one
 * for all. Devices without hardware share one. The HAL keeps them to its end. */
int domains_init(struct hal *hal);
void domains_fini(struct hal *hal);
int domain_for_card(struct hal *hal, struct hal_domain **out);

static inline uint64_t domain_page(const struct domain_pages *pages, uint64_t index)
{
    return pages->scattered != NULL ? pages->scattered[index] : pages->first + index;
}

/* NULL: no address in there has ever been given out. */
static inline const struct domain_table *domain_table(const struct hal_domain *domain,
                                                      uint64_t page)
{
    unsigned bits = page == 0 ? 0 : 64 - weir_count_leading_zeros(page);
    const struct domain_table *table = domain->tables[bits];

    return table != NULL && page - table->first < table->pages ? table : NULL;
}

/* 0: never mapped. */
static inline uint32_t domain_entry(const struct hal_domain *domain, uint64_t page)
{
    const struct domain_table *table = domain_table(domain, page);

    return table != NULL ? table->entries[page - table->first] : 0;
}

/* The physical page behind a logical one; MM_PFN_NONE where nothing ever was. */
static inline mm_pfn domain_pfn(const struct hal_domain *domain, uint64_t page)
{
    const struct domain_table *table = domain_table(domain, page);

    if (table == NULL)
        return MM_PFN_NONE;
    if (table->pfns == NULL)
        return page;
    return table->entries[page - table->first] == 0 ? MM_PFN_NONE
                                                    : table->pfns[page - table->first];
}

#endif
