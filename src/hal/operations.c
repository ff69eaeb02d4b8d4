/* SPDX-License-Identifier: MIT */
/* The tables drivers call through: one for description versions 0 and 1, a longer one for
 * version 2. They lie in pool, as all a driver sees, and hold thunks. Size tells how far a table
 * goes. DMA_OPERATIONS, wdm.h. */
#include "hal/operations.h"

#include <string.h>

#include "hal/adapter.h"

enum { TAG = 0x4F616D44 /* "DmaO" */ };

static const struct {
    const char *name;
    const void *function;
    unsigned stack_args;
} rows[] = {
    {"DMA_OPERATIONS.PutDmaAdapter", (const void *)hal_put_dma_adapter, 0},
    {"DMA_OPERATIONS.AllocateCommonBuffer", (const void *)hal_allocate_common_buffer, 0},
    {"DMA_OPERATIONS.FreeCommonBuffer", (const void *)hal_free_common_buffer, 1},
    {"DMA_OPERATIONS.AllocateAdapterChannel", (const void *)hal_allocate_adapter_channel, 1},
    {"DMA_OPERATIONS.FlushAdapterBuffers", (const void *)hal_flush_adapter_buffers, 2},
    {"DMA_OPERATIONS.FreeAdapterChannel", (const void *)hal_free_adapter_channel, 0},
    {"DMA_OPERATIONS.FreeMapRegisters", (const void *)hal_free_map_registers, 0},
    {"DMA_OPERATIONS.MapTransfer", (const void *)hal_map_transfer, 2},
    {"DMA_OPERATIONS.GetDmaAlignment", (const void *)hal_get_dma_alignment, 0},
    {"DMA_OPERATIONS.ReadDmaCounter", (const void *)hal_read_dma_counter, 0},
    {"DMA_OPERATIONS.GetScatterGatherList", (const void *)hal_get_scatter_gather_list, 4},
    {"DMA_OPERATIONS.PutScatterGatherList", (const void *)hal_put_scatter_gather_list, 0},
    {"DMA_OPERATIONS.CalculateScatterGatherList", (const void *)hal_calculate_scatter_gather_list,
     2},
    {"DMA_OPERATIONS.BuildScatterGatherList", (const void *)hal_build_scatter_gather_list, 6},
    {"DMA_OPERATIONS.BuildMdlFromScatterGatherList", (const void *)hal_build_mdl_from_list, 0},
};

_Static_assert(sizeof(void *) * (1 + ARRAY_LEN(rows)) == DMA_OPERATIONS_SIZE_V2,
               "one row for each slot of version 2");

static PDMA_OPERATIONS make_table(ULONG size_bytes)
{
    PDMA_OPERATIONS table = ExAllocatePoolWithTag(NonPagedPool, size_bytes, TAG);
    void **slots = (void **)table;

    if (table == NULL)
        return NULL;
    memset(table, 0, size_bytes);
    table->Size = size_bytes;
    for (unsigned i = 0; (i + 2) * sizeof *slots <= size_bytes; i++)
        slots[i + 1] = ke_thunk(rows[i].function, rows[i].name, rows[i].stack_args);
    return table;
}

PDMA_OPERATIONS adapter_operations(struct hal *hal, ULONG version)
{
    unsigned index = version >= DEVICE_DESCRIPTION_VERSION2;

    if (hal->tables[index] == NULL)
        hal->tables[index] =
            make_table(index != 0 ? DMA_OPERATIONS_SIZE_V2 : DMA_OPERATIONS_SIZE_V1);
    return hal->tables[index];
}
