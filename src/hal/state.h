/* SPDX-License-Identifier: MIT */
/* What the files of hal share. One struct hal for a machine; slots, adapters and what is mapped
 * hang off it. */
#ifndef WEIR_HAL_STATE_H
#define WEIR_HAL_STATE_H

#include "base/base.h"
#include "hal/bus.h"
#include "hal/domain.h"
#include "hal/hal.h"
#include "hal/mapping.h"
#include "hal/pci.h"
#include "hal/registers.h"
#include "hal/rival.h"
#include "trace/rules.h"

enum { HAL_TABLES = 3 };

struct copy_kernel;
struct hal_list;
struct hal_adapter;
struct hal_token;
struct hal_buffer_vector;

struct hal {
    uint64_t magic;
    struct ke *ke;
    struct mm *mm;
    struct sim *sim;
    struct trace *trace;
    struct hal_config config;
    struct sim_rng rng;
    struct hal_pci pci;
    struct hal_mappings mappings;
    struct bus_last last_violation;
    struct bus_fault fault;
    ARRAY(struct hal_domain *) domains;
    struct hal_domain *domain; /* everybody's; with an IOMMU only of devices without hardware */
    struct sim_rng iommu_rng;
    const struct copy_kernel *to_bounce, *from_bounce; /* for this CPU */
    struct hal_queue queue; /* who waits for map registers */
    struct list_node adapters;
    uint64_t adapters_made;
    PDMA_OPERATIONS tables[HAL_TABLES]; /* of versions 1 to 3, where drivers see them */
    ARRAY(struct hal_list *) lists; /* every one there is, by number */
    ARRAY(struct hal_token *) tokens;
    ARRAY(struct hal_buffer_vector *) vectors;
    uint64_t contexts_made; /* transfer contexts */
    mm_pfn *scratch; /* pages of one transfer while it is mapped */
    uint64_t scratch_pages;
    struct hal_figures figures;
    uint64_t low_pages; /* there are in all */
    struct hal_rival rival;
};

static inline struct hal *hal_here(void)
{
    return ke_room(ke_current(), KE_ROOM_HAL);
}

#endif
