/* SPDX-License-Identifier: MIT */
#include "ex/ex.h"

#include <errno.h>
#include <stdlib.h>

#include "ex/state.h"

static const uint64_t ex_magic = 0x7765697265780000u;

int ex_create(struct ke *ke, struct ex **out)
{
    struct ex *ex = calloc(1, sizeof *ex);
    int error;

    if (ex == NULL)
        return -ENOMEM;
    ex->magic = ex_magic;
    ex->ke = ke;
    list_init(&ex->resource_list);
    sim_rng_init(&ex->uuids, sim_seed(ke_sim(ke)), "ex.uuid");
    sim_rng_init(&ex->random, sim_seed(ke_sim(ke)), "ex.random");
    ke_set_room(ke, KE_ROOM_EX, ex);
    error = ex_workers_init(ex);
    if (error == 0)
        error = ex_workers_start(ex);
    if (error != 0) {
        ex_destroy(ex);
        return error;
    }
    *out = ex;
    return 0;
}

void ex_destroy(struct ex *ex)
{
    if (ex == NULL)
        return;
    weir_assert(ex->magic == ex_magic);
    ke_set_room(ex->ke, KE_ROOM_EX, NULL);
    ex_workers_fini(ex);
    ex_resources_fini(ex);
    array_fini(&ex->user_mode);
    map_fini(&ex->random_providers); /* what is left of them goes with the pool */
    ex->magic = 0;
    free(ex);
}

struct ex *ex_of(struct ke *ke)
{
    return ke_room(ke, KE_ROOM_EX);
}

static size_t place_of(const struct ex *ex, PKTHREAD thread)
{
    size_t i;

    for (i = 0; i < ex->user_mode.count; i++) {
        if (ex->user_mode.items[i] == thread)
            break;
    }
    return i;
}

KPROCESSOR_MODE ex_set_previous_mode(KPROCESSOR_MODE mode)
{
    struct ex *ex = ex_of(ke_current());
    PKTHREAD self = KeGetCurrentThread();
    size_t place = place_of(ex, self);
    bool was_user = place < ex->user_mode.count;

    if (mode == UserMode && !was_user)
        weir_assert(array_push(&ex->user_mode, self) == 0);
    else if (mode == KernelMode && was_user)
        array_remove_at(&ex->user_mode, place);
    return was_user ? UserMode : KernelMode;
}

KPROCESSOR_MODE NTAPI ExGetPreviousMode(void)
{
    struct ex *ex = ex_of(ke_current());

    return place_of(ex, KeGetCurrentThread()) < ex->user_mode.count ? UserMode : KernelMode;
}
