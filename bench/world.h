/* SPDX-License-Identifier: MIT */
/* A machine without driver and card for benchmarks of mm and hal: simulation, kernel, memory, HAL,
 * and nobody who runs but the caller, at DISPATCH_LEVEL. Operations of adapters are called as the
 * functions behind the thunks, so a call costs what weir does in it and not the way there.
 * Whatever fails ends the program: a benchmark has nothing to fall back on. */
#ifndef WEIR_BENCH_WORLD_H
#define WEIR_BENCH_WORLD_H

#include "base/base.h"
#include "hal/hal.h"

struct world {
    struct trace trace;
    struct trace_ring *ring;
    struct sim *sim;
    struct ke *ke;
    struct mm *mm;
    struct hal *hal;
};

void world_create(struct world *world, const struct mm_config *memory,
                  const struct hal_config *config);
void world_destroy(struct world *world);

/* An adapter with scatter/gather and what its table leads to. */
struct world_adapter {
    PDMA_ADAPTER object;
    DMA_OPERATIONS operations;
    ULONG registers;
};
void world_adapter(struct world *world, unsigned address_bits, ULONG maximum_bytes,
                   struct world_adapter *out);

/* A buffer of a client, every page touched, and an MDL for it that is not locked. */
struct world_buffer {
    uint64_t va;
    PMDL mdl;
    ULONG size_bytes;
};
void world_buffer(struct world *world, ULONG size_bytes, struct world_buffer *out);
/* Host address of the page at the offset. */
uint8_t *world_page(struct world *world, const struct world_buffer *buffer, uint64_t offset);

/* Asks for the list of a transfer; *list is set when the callback comes, now or later. */
void world_request(const struct world_adapter *adapter, const struct world_buffer *buffer,
                   bool to_device, PSCATTER_GATHER_LIST *list);
/* The same, and the callback must come at once. */
PSCATTER_GATHER_LIST world_get(const struct world_adapter *adapter,
                               const struct world_buffer *buffer, bool to_device);
void world_put(const struct world_adapter *adapter, PSCATTER_GATHER_LIST list, bool to_device);

#endif
