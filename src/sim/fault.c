/* SPDX-License-Identifier: MIT */
/* Fault points: a small table of names, each counting down to the passage that fails. */
#include "sim/private.h"

#include <stdio.h>
#include <string.h>

static struct sim_fault *find(struct sim *sim, const char *name)
{
    for (unsigned i = 0; i < SIM_FAULT_POINTS_MAX; i++) {
        if (strcmp(sim->faults[i].name, name) == 0)
            return &sim->faults[i];
    }
    return NULL;
}

bool sim_fault_point(struct sim *sim, const char *name)
{
    struct sim_fault *fault;

    if (weir_likely(sim->faults_armed == 0))
        return false;
    fault = find(sim, name);
    if (!fault || fault->passages_left == 0)
        return false;
    if (--fault->passages_left != 0)
        return false;
    sim->faults_armed--;
    return true;
}

int sim_fault_arm(struct sim *sim, const char *name, uint64_t nth)
{
    struct sim_fault *fault;

    if (name[0] == 0 || strlen(name) >= SIM_FAULT_NAME_MAX)
        return -EINVAL;
    fault = find(sim, name);
    if (!fault)
        fault = find(sim, "");
    if (!fault)
        return -ENOSPC;
    snprintf(fault->name, sizeof fault->name, "%s", name);
    sim->faults_armed += (nth != 0) - (fault->passages_left != 0);
    fault->passages_left = nth;
    return 0;
}
