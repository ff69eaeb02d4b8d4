/* SPDX-License-Identifier: MIT */
/* From guest to host: a region of small stubs at a seeded address, one per thunk. A stub loads its
 * number and jumps to the region's common part, which jumps to thunk_entry.S. The region may only
 * be executed, where the processor can tell that from reading: it holds the two addresses of host
 * code there are. */
#include "sim/private.h"

#include <stddef.h>
#include <string.h>

enum {
    GATE_CALL_OFFSET = 0x00,
    COMMON_OFFSET = 0x20,
    STUBS_OFFSET = 0x40,
    STUB_BYTES = 16,
    REGION_BYTES = STUBS_OFFSET + STUB_BYTES * SIM_THUNKS_MAX
};

_Static_assert(offsetof(struct sim_thunks, leave) == 8, "assembly knows this");
_Static_assert(offsetof(struct sim_thunks, ctx) == 16, "assembly knows this");
_Static_assert(offsetof(struct sim_thunks, gate_call_va) == 24, "assembly knows this");
_Static_assert(offsetof(struct sim_thunks, entry) == 32, "assembly knows this");
_Static_assert(sizeof(struct sim_thunk) == 16, "assembly knows this");
_Static_assert(offsetof(struct sim_fiber, newest) == SIM_FIBER_NEWEST, "assembly knows this");
_Static_assert(offsetof(struct sim_fiber, thunks) == SIM_FIBER_THUNKS, "assembly knows this");

static void nothing_entered(void *ctx, uint32_t thunk, const uint64_t args[4],
                            struct sim_boundary *boundary)
{
    (void)ctx;
    (void)thunk;
    (void)args;
    (void)boundary;
}

static uint64_t nothing_left(void *ctx, uint32_t thunk, uint64_t result)
{
    (void)ctx;
    (void)thunk;
    return result;
}

/* mov $target, %r10; jmp *%r10 */
static void write_jump(uint8_t *code, const void *target)
{
    uint64_t address = (uint64_t)target;

    memcpy(code, "\x49\xba", 2);
    memcpy(code + 2, &address, 8);
    memcpy(code + 10, "\x41\xff\xe2", 3);
}

/* mov $index, %r11d; jmp common */
static void write_stub(uint8_t *region, uint32_t index)
{
    uint8_t *stub = region + STUBS_OFFSET + STUB_BYTES * index;
    int32_t distance = COMMON_OFFSET - (int32_t)(STUBS_OFFSET + STUB_BYTES * index + 11);

    memcpy(stub, "\x41\xbb", 2);
    memcpy(stub + 2, &index, 4);
    stub[6] = 0xe9;
    memcpy(stub + 7, &distance, 4);
}

static void write_region(uint8_t *region)
{
    host_populate((uint64_t)region, REGION_BYTES);
    memset(region, 0xcc, REGION_BYTES);
    memcpy(region + GATE_CALL_OFFSET, "\xff\xd0", 2); /* call *%rax */
    write_jump(region + GATE_CALL_OFFSET + 2, (const void *)sim_gate_back);
    write_jump(region + COMMON_OFFSET, (const void *)sim_thunk_entry);
    for (uint32_t i = 0; i < SIM_THUNKS_MAX; i++)
        write_stub(region, i);
}

int sim_thunks_create(struct sim *sim)
{
    struct sim_thunks *thunks = calloc(1, sizeof *thunks);
    uint64_t region_va;
    int error;

    if (!thunks)
        return -ENOMEM;
    error = sim_space_reserve(sim, false, REGION_BYTES, HOST_PAGE_SIZE, &region_va);
    if (!error)
        error = host_map_at(region_va, -1, 0, REGION_BYTES, HOST_READ | HOST_WRITE);
    if (error) {
        free(thunks);
        return error;
    }
    sim->thunks = thunks;
    thunks->region_va = region_va;
    thunks->gate_call_va = region_va + GATE_CALL_OFFSET;
    thunks->enter = nothing_entered;
    thunks->leave = nothing_left;
    write_region((uint8_t *)region_va);
    return host_protect(region_va, REGION_BYTES, HOST_EXECUTE);
}

void sim_thunks_destroy(struct sim *sim)
{
    if (!sim->thunks)
        return;
    host_unmap((void *)sim->thunks->region_va, REGION_BYTES);
    free(sim->thunks);
    sim->thunks = NULL;
}

void sim_thunks_set_hooks(struct sim *sim, sim_thunk_enter_fn *enter, sim_thunk_leave_fn *leave,
                          void *ctx)
{
    sim->thunks->enter = enter ? enter : nothing_entered;
    sim->thunks->leave = leave ? leave : nothing_left;
    sim->thunks->ctx = ctx;
}

int sim_thunk_bind(struct sim *sim, const void *host_fn, unsigned stack_args, uint32_t *thunk)
{
    struct sim_thunks *thunks = sim->thunks;

    if (stack_args > SIM_THUNK_STACK_ARGS_MAX)
        return -EINVAL;
    if (thunks->count == SIM_THUNKS_MAX)
        return -ENOSPC;
    thunks->entry[thunks->count] = (struct sim_thunk){.host_fn = host_fn, .stack_args = stack_args};
    *thunk = thunks->count++;
    return 0;
}

uint64_t sim_thunk_va(struct sim *sim, uint32_t thunk)
{
    weir_assert(thunk < sim->thunks->count);
    return sim->thunks->region_va + STUBS_OFFSET + (uint64_t)STUB_BYTES * thunk;
}

const void *sim_thunk_host_fn(struct sim *sim, uint64_t va, uint32_t *thunk)
{
    const struct sim_thunks *thunks = sim->thunks;
    uint64_t offset = va - thunks->region_va - STUBS_OFFSET;

    if (offset >= (uint64_t)STUB_BYTES * thunks->count || offset % STUB_BYTES != 0)
        return NULL;
    if (thunk)
        *thunk = (uint32_t)(offset / STUB_BYTES);
    return thunks->entry[offset / STUB_BYTES].host_fn;
}
