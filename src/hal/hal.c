/* SPDX-License-Identifier: MIT */
#include "hal/hal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hal/dma.h"
#include "hal/state.h"

static const uint64_t hal_magic = 0x68616c7374617465u;
static const uint64_t low_window_pa = 0xE0000000u; /* below 4 GB, in the hole that RAM leaves */

struct hal *hal_of(struct ke *ke)
{
    struct hal *hal = ke_room(ke, KE_ROOM_HAL);

    weir_assert(hal != NULL);
    weir_assert(hal->magic == hal_magic);
    return hal;
}

int hal_create(struct ke *ke, struct mm *mm, const struct hal_config *config, struct hal **out)
{
    struct hal *hal = calloc(1, sizeof *hal);
    int result;

    if (hal == NULL)
        return -ENOMEM;
    hal->magic = hal_magic;
    hal->ke = ke;
    hal->mm = mm;
    hal->config = *config;
    sim_rng_init(&hal->rng, sim_seed(ke_sim(ke)), "hal");
    hal->next_low_pa = low_window_pa + sim_rng_below(&hal->rng, 64) * 0x100000;
    hal->next_high_pa = bits_align_up(mm_highest_pa(mm), UINT64_C(1) << 36) +
                        sim_rng_below(&hal->rng, 16) * (UINT64_C(1) << 30);
    hal->next_vector = 0x51 + (uint32_t)sim_rng_below(&hal->rng, 4) * 0x10;
    result = hal_dma_create(hal);
    if (result != 0) {
        free(hal);
        return result;
    }
    ke_set_room(ke, KE_ROOM_HAL, hal);
    hal_device_io_connect(hal);
    *out = hal;
    return 0;
}

void hal_destroy(struct hal *hal)
{
    if (hal == NULL)
        return;
    weir_assert(hal->magic == hal_magic);
    while (hal->slot_count > 0)
        hal_detach(hal, hal->slots[hal->slot_count - 1]);
    hal_dma_destroy(hal);
    hal->magic = 0;
    free(hal);
}

void hal_figures(struct hal *hal, struct hal_figures *out)
{
    memset(out, 0, sizeof *out);
    hal_dma_figures(hal, out);
}
