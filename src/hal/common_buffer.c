/* SPDX-License-Identifier: MIT */
/* Common buffers: memory that driver and card share for as long as both like. Contiguous for both,
 * below the device's limit, and its contents undefined. Where addresses are not translated, a
 * device that cannot reach all of RAM is served from the low-memory pool, where bounce pages live
 * too. AllocateCommonBuffer, FreeCommonBuffer; "Using Common-Buffer Bus-Master DMA". UNDOC:
 * alignment to a page for both addresses, no crossing of a 4 GB line; both observed. CacheEnabled
 * is ignored on x64. */
#include <stdlib.h>

#include "hal/adapter.h"
#include "hal/operations.h"
#include "host/host.h"

struct hal_common_buffer {
    uint64_t va;
    uint64_t la;
    ULONG size_bytes;
    uint32_t serial;
    struct domain_memory memory;
};

static enum registers_result open_to_card(struct hal_adapter *adapter,
                                          struct hal_common_buffer *buffer)
{
    struct domain_request request = {
        .pfns = buffer->memory.pfns,
        .pages = buffer->memory.pages,
        .last_offset = MM_PAGE_SIZE - 1,
        .directions = MAPPING_TO_DEVICE | MAPPING_FROM_DEVICE,
        .use = MAPPING_COMMON_BUFFER,
    };
    struct domain_pages pages;
    enum registers_result result = domain_map(adapter, &request, &pages);

    if (result != REGISTERS_TAKEN)
        return result;
    buffer->la = domain_page(&pages, 0) << MM_PAGE_SHIFT;
    buffer->serial = pages.serial;
    return result;
}

/* The driver must not count on zeros. */
static void scribble(struct hal *hal, const struct hal_common_buffer *buffer)
{
    uint64_t pattern = sim_rng_u64(&hal->rng) | UINT64_C(0x0101010101010101);
    const struct domain_memory *memory = &buffer->memory;

    if (memory->source != MEMORY_PAGES)
        host_populate((uint64_t)mm_page(hal->mm, memory->pfns[0]),
                      memory->pages << MM_PAGE_SHIFT);
    host_populate(buffer->va, memory->pages << MM_PAGE_SHIFT);
    for (uint64_t page = 0; page < memory->pages; page++) {
        uint64_t *words = mm_page(hal->mm, memory->pfns[page]);

        for (unsigned i = 0; i < MM_PAGE_SIZE / sizeof *words; i++)
            words[i] = pattern;
    }
}

static struct hal_common_buffer *make(struct hal_adapter *adapter, ULONG size_bytes)
{
    struct hal_common_buffer *buffer = calloc(1, sizeof *buffer);
    struct mm *mm = adapter->hal->mm;

    if (buffer == NULL)
        return NULL;
    buffer->size_bytes = size_bytes;
    if (domain_take_memory(adapter, BYTES_TO_PAGES(size_bytes), UINT64_MAX, &buffer->memory) != 0)
        goto free;
    if (mm_system_map(mm, buffer->memory.pfns, buffer->memory.pages, HOST_READ | HOST_WRITE,
                      &buffer->va) != 0)
        goto give;
    if (open_to_card(adapter, buffer) != REGISTERS_TAKEN)
        goto unmap;
    return buffer;
unmap:
    mm_system_unmap(mm, buffer->va);
give:
    domain_give_memory(adapter->hal, &buffer->memory);
free:
    free(buffer);
    return NULL;
}

static void end(struct hal_adapter *adapter, struct hal_common_buffer *buffer)
{
    domain_unmap(adapter, buffer->serial);
    mm_system_unmap(adapter->hal->mm, buffer->va);
    domain_give_memory(adapter->hal, &buffer->memory);
    adapter->common_buffers_live--;
    adapter->hal->figures.common_buffers_live--;
    free(buffer);
}

PVOID NTAPI hal_allocate_common_buffer(PDMA_ADAPTER DmaAdapter, ULONG Length,
                                       PPHYSICAL_ADDRESS LogicalAddress, BOOLEAN CacheEnabled)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_AllocateCommonBuffer);
    struct hal_common_buffer *buffer;
    struct hal *hal;

    (void)CacheEnabled;
    if (adapter == NULL)
        return NULL;
    hal = adapter->hal;
    if (Length == 0 || sim_fault_point(hal->sim, "common_buffer") ||
        array_reserve(&adapter->common_buffers, adapter->common_buffers.count + 1) != 0)
        return NULL;
    buffer = make(adapter, Length);
    if (buffer == NULL) {
        TRACE(hal->trace, dma_refused, adapter->id, STATUS_INSUFFICIENT_RESOURCES,
              BYTES_TO_PAGES(Length), mm_low_free_pages(hal->mm));
        return NULL;
    }
    adapter->common_buffers.items[adapter->common_buffers.count++] = buffer;
    adapter->common_buffers_live++;
    hal->figures.common_buffers_live++;
    scribble(hal, buffer);
    LogicalAddress->QuadPart = (LONGLONG)buffer->la;
    TRACE(hal->trace, common_buffer, adapter->id, buffer->la, Length, 1);
    return (PVOID)buffer->va;
}

/* All of address, logical address and length must be those of the allocation. */
void NTAPI hal_free_common_buffer(PDMA_ADAPTER DmaAdapter, ULONG Length,
                                  PHYSICAL_ADDRESS LogicalAddress, PVOID VirtualAddress,
                                  BOOLEAN CacheEnabled)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_FreeCommonBuffer);
    struct hal *hal;

    (void)CacheEnabled;
    if (adapter == NULL)
        return;
    hal = adapter->hal;
    for (size_t i = 0; i < adapter->common_buffers.count; i++) {
        struct hal_common_buffer *buffer = adapter->common_buffers.items[i];

        if (buffer->va != KE_ARG(VirtualAddress))
            continue;
        if (buffer->size_bytes != Length || buffer->la != (uint64_t)LogicalAddress.QuadPart)
            KE_FINDING(hal->ke, VERIFY_common_buffer_free, KE_ARG(VirtualAddress), Length);
        TRACE(hal->trace, common_buffer, adapter->id, buffer->la, buffer->size_bytes, 0);
        array_remove_at(&adapter->common_buffers, i);
        end(adapter, buffer);
        registers_serve(hal);
        return;
    }
    KE_FINDING(hal->ke, VERIFY_common_buffer_free, KE_ARG(VirtualAddress), Length);
}

void common_buffers_end(struct hal_adapter *adapter)
{
    while (adapter->common_buffers.count != 0)
        end(adapter, array_pop(&adapter->common_buffers));
}
