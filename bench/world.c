/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RING_RECORDS = 1 << 12, SEED = 1 };

static void require(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "bench: %s failed\n", what);
    exit(1);
}

/* The reader that keeps up: everything emitted is taken at once. */
static void drain(void *ctx)
{
    struct trace_ring *ring = ctx;

    ring->tail = ring->head;
}

void world_create(struct world *world, const struct mm_config *memory,
                  const struct hal_config *config)
{
    struct sim_config sim = {.seed = SEED, .cpus = 1, .trace = &world->trace};
    struct ke_config ke = {.windows = KE_WINDOWS_10, .ram_pages = memory->ram_bytes >> 12};

    memset(world, 0, sizeof *world);
    world->ring = calloc(1, trace_ring_size_bytes(RING_RECORDS));
    require(world->ring != NULL, "memory");
    trace_ring_init(world->ring, RING_RECORDS);
    trace_init(&world->trace, world->ring, TRACE_CLASS_always, drain, world->ring);
    require(sim_create(&sim, &world->sim) == 0, "sim_create");
    ke.sim = world->sim;
    require(ke_create(&ke, &world->ke) == 0, "ke_create");
    require(mm_create(world->ke, memory, &world->mm) == 0, "mm_create");
    require(hal_create(world->ke, world->mm, config, &world->hal) == 0, "hal_create");
    ke_irql_raise(DISPATCH_LEVEL);
}

void world_destroy(struct world *world)
{
    ke_irql_lower(PASSIVE_LEVEL);
    hal_destroy(world->hal);
    mm_destroy(world->mm);
    ke_destroy(world->ke);
    sim_destroy(world->sim);
    trace_fini(&world->trace);
    free(world->ring);
}

void world_adapter(struct world *world, unsigned address_bits, ULONG maximum_bytes,
                   struct world_adapter *out)
{
    DEVICE_DESCRIPTION description = {.Version = 2,
                                      .Master = TRUE,
                                      .ScatterGather = TRUE,
                                      .Dma32BitAddresses = TRUE,
                                      .Dma64BitAddresses = address_bits == 64,
                                      .InterfaceType = PCIBus,
                                      .MaximumLength = maximum_bytes};
    const void *const *from;
    const void **to = (const void **)&out->operations;

    memset(out, 0, sizeof *out);
    ke_irql_lower(PASSIVE_LEVEL);
    out->object = hal_get_adapter(NULL, &description, &out->registers);
    ke_irql_raise(DISPATCH_LEVEL);
    require(out->object != NULL, "hal_get_adapter");
    from = (const void *const *)out->object->DmaOperations;
    out->operations.Size = out->object->DmaOperations->Size;
    for (unsigned i = 1; i < out->operations.Size / sizeof *to; i++)
        to[i] = sim_thunk_host_fn(world->sim, KE_ARG(from[i]), NULL);
}

uint8_t *world_page(struct world *world, const struct world_buffer *buffer, uint64_t offset)
{
    return mm_page(world->mm, mm_pfn_of_va(world->mm, buffer->va + offset));
}

void world_buffer(struct world *world, ULONG size_bytes, struct world_buffer *out)
{
    out->size_bytes = size_bytes;
    require(mm_user_allocate(world->mm, size_bytes, 0, &out->va) == 0, "mm_user_allocate");
    out->mdl = IoAllocateMdl((PVOID)out->va, size_bytes, FALSE, FALSE, NULL);
    require(out->mdl != NULL, "IoAllocateMdl");
    for (uint64_t offset = 0; offset < size_bytes; offset += MM_PAGE_SIZE)
        memset(world_page(world, out, offset), (int)(offset >> 12), MM_PAGE_SIZE);
}

static void NTAPI take_list(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list,
                            PVOID context)
{
    (void)device;
    (void)irp;
    *(PSCATTER_GATHER_LIST *)context = list;
}

void world_request(const struct world_adapter *adapter, const struct world_buffer *buffer,
                   bool to_device, PSCATTER_GATHER_LIST *list)
{
    NTSTATUS status;

    *list = NULL;
    status = adapter->operations.GetScatterGatherList(adapter->object, NULL, buffer->mdl,
                                                      (PVOID)buffer->va, buffer->size_bytes,
                                                      take_list, list, to_device);
    require(NT_SUCCESS(status), "GetScatterGatherList");
}

PSCATTER_GATHER_LIST world_get(const struct world_adapter *adapter,
                               const struct world_buffer *buffer, bool to_device)
{
    PSCATTER_GATHER_LIST list;

    world_request(adapter, buffer, to_device, &list);
    require(list != NULL, "GetScatterGatherList");
    return list;
}

void world_put(const struct world_adapter *adapter, PSCATTER_GATHER_LIST list, bool to_device)
{
    adapter->operations.PutScatterGatherList(adapter->object, list, to_device);
}
