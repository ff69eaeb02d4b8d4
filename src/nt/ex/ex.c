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
    map_fini(&ex->previous_modes);
    ex->magic = 0;
    free(ex);
}

struct ex *ex_of(struct ke *ke)
{
    return ke_room(ke, KE_ROOM_EX);
}

KPROCESSOR_MODE ex_set_previous_mode(KPROCESSOR_MODE mode)
{
    struct ex *ex = ex_of(ke_current());
    uint64_t thread = KE_ARG(KeGetCurrentThread());
    bool was_user;

    if (mode == UserMode) {
        was_user = map_get(&ex->previous_modes, thread) != NULL;
        if (!was_user)
            weir_assert(map_set(&ex->previous_modes, thread, ex) == 0);
    } else {
        was_user = map_remove(&ex->previous_modes, thread) != NULL;
    }
    return was_user ? UserMode : KernelMode;
}
