/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>

#include "hal/adapter.h"
#include "hal/copy.h"
#include "hal/operations.h"

static const uint64_t hal_magic = 0x776569722e68616c; /* "weir.hal" */

int hal_create(struct ke *ke, struct mm *mm, const struct hal_config *config, struct hal **out)
{
    struct hal *hal;
    int error;

    hal = calloc(1, sizeof *hal);
    if (hal == NULL)
        return -ENOMEM;
    hal->magic = hal_magic;
    hal->ke = ke;
    hal->mm = mm;
    hal->sim = ke_sim(ke);
    hal->trace = ke_trace(ke);
    hal->config = *config;
    hal->to_bounce = copy_best_to_bounce();
    hal->from_bounce = copy_best_from_bounce();
    hal->low_pages = mm_low_free_pages(mm);
    list_init(&hal->adapters);
    sim_rng_init(&hal->rng, sim_seed(hal->sim), "hal");
    error = mappings_init(&hal->mappings);
    if (error != 0)
        goto free;
    error = domains_init(hal);
    if (error == 0)
        error = bus_fault_init(hal);
    if (error == 0)
        error = rival_init(hal);
    if (error != 0)
        goto domains;
    pci_init(hal);
    ke_set_room(ke, KE_ROOM_HAL, hal);
    *out = hal;
    return 0;
domains:
    bus_fault_fini(hal);
    domains_fini(hal);
    mappings_fini(&hal->mappings);
free:
    free(hal);
    return error;
}

void hal_destroy(struct hal *hal)
{
    if (hal == NULL)
        return;
    weir_assert(hal->magic == hal_magic);
    while (!list_is_empty(&hal->adapters)) {
        struct hal_adapter *adapter =
            list_entry(list_first(&hal->adapters), struct hal_adapter, link);

        adapter_abandon(adapter);
    }
    pci_fini(hal);
    for (unsigned i = 0; i < HAL_TABLES; i++) {
        if (hal->tables[i] != NULL)
            ExFreePool(hal->tables[i]);
    }
    sglist_fini(hal);
    channel_fini(hal);
    common_buffer_vectors_fini(hal);
    rival_fini(hal);
    bus_fault_fini(hal);
    free(hal->scratch);
    domains_fini(hal);
    mappings_fini(&hal->mappings);
    ke_set_room(hal->ke, KE_ROOM_HAL, NULL);
    hal->magic = 0;
    free(hal);
}

void hal_figures(struct hal *hal, struct hal_figures *out)
{
    *out = hal->figures;
}
