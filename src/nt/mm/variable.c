/* SPDX-License-Identifier: MIT */
#include "mm/variable.h"

#include <errno.h>
#include <string.h>

#include "mm/limits.h"
#include "mm/state.h"

struct variables {
    uint64_t highest_user_address;
    uint64_t system_range_start;
    uint64_t user_probe_address;
    uint8_t physical_64_bit;
};

static const struct {
    const char *name;
    size_t offset;
} rows[] = {
    {"MmHighestUserAddress", offsetof(struct variables, highest_user_address)},
    {"MmSystemRangeStart", offsetof(struct variables, system_range_start)},
    {"MmUserProbeAddress", offsetof(struct variables, user_probe_address)},
    {"Mm64BitPhysicalAddress", offsetof(struct variables, physical_64_bit)},
};

/* Mm64BitPhysicalAddress is TRUE on every x64 system, whatever its RAM. */
int variables_init(struct mm *mm)
{
    struct mm_pool_request request = {.kind = MM_POOL_NONPAGED,
                                      .tag = 0x7261566D /* "mVar" */,
                                      .size_bytes = sizeof(struct variables)};
    struct variables *variables = mm_pool_allocate(mm, &request);

    if (variables == NULL)
        return -ENOMEM;
    variables->highest_user_address = MM_USER_PROBE_ADDRESS - 1;
    variables->system_range_start = SIM_SYSTEM_WINDOW_BASE;
    variables->user_probe_address = MM_USER_PROBE_ADDRESS;
    variables->physical_64_bit = TRUE;
    mm->variables_va = (uint64_t)(uintptr_t)variables;
    return 0;
}

uint64_t mm_variable_va(struct mm *mm, const char *name)
{
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(rows[i].name, name) == 0)
            return mm->variables_va + rows[i].offset;
    }
    return 0;
}
