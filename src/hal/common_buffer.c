/* SPDX-License-Identifier: MIT */
/* Common buffers: memory that driver and card share for as long as both like. Contiguous for both,
 * below the device's limit, and its contents undefined. A device that cannot reach all of RAM is
 * served from the low-memory pool, where bounce pages live too. AllocateCommonBuffer,
 * FreeCommonBuffer; "Using Common-Buffer Bus-Master DMA". UNDOC: alignment to a page for both
 * addresses, no crossing of a 4 GB line; both observed. CacheEnabled is ignored on x64. */
#include <stdlib.h>
#include <string.h>

#include "hal/adapter.h"
#include "hal/operations.h"
#include "host/host.h"

#define FOUR_GB (UINT64_C(1) << 32)

struct hal_common_buffer {
    uint64_t va;
    uint64_t la;
    ULONG size_bytes;
    uint32_t serial;
    uint64_t pages;
    bool low;
};

static mm_pfn take_pages(struct hal_adapter *adapter, uint64_t pages, bool low)
{
    struct mm *mm = adapter->hal->mm;

    return low ? mm_low_allocate(mm, pages, 1, adapter->limit_la)
               : mm_contiguous_allocate(mm, pages, 0, adapter->limit_la, FOUR_GB);
}

static void give_pages(struct hal_adapter *adapter, const struct hal_common_buffer *buffer)
{
    struct mm *mm = adapter->hal->mm;
    mm_pfn first = buffer->la >> MM_PAGE_SHIFT;

    if (buffer->low)
        mm_low_free(mm, first, buffer->pages);
    else
        mm_contiguous_free(mm, first, buffer->pages);
}

static int map_buffer(struct hal_adapter *adapter, struct hal_common_buffer *buffer)
{
    mm_pfn *pfns = malloc(buffer->pages * sizeof *pfns);
    int error;

    if (pfns == NULL)
        return -ENOMEM;
    for (uint64_t i = 0; i < buffer->pages; i++)
        pfns[i] = (buffer->la >> MM_PAGE_SHIFT) + i;
    error =
        mm_system_map(adapter->hal->mm, pfns, buffer->pages, HOST_READ | HOST_WRITE, &buffer->va);
    free(pfns);
    return error;
}

static int open_to_card(struct hal_adapter *adapter, struct hal_common_buffer *buffer)
{
    struct hal_bus *bus = &adapter->hal->bus;
    struct bus_mapping *mapping =
        bus_map(bus, adapter->slot, adapter->id, BUS_TO_DEVICE | BUS_FROM_DEVICE);

    if (mapping == NULL)
        return -ENOMEM;
    for (uint64_t i = 0; i < buffer->pages; i++)
        bus_map_page(bus, mapping, (buffer->la >> MM_PAGE_SHIFT) + i);
    mapping->first_la = buffer->la;
    mapping->last_la = buffer->la + (buffer->pages << MM_PAGE_SHIFT) - 1;
    buffer->serial = mapping->serial;
    return 0;
}

/* The driver must not count on zeros. */
static void scribble(struct hal *hal, const struct hal_common_buffer *buffer)
{
    uint64_t pattern = sim_rng_u64(&hal->rng) | UINT64_C(0x0101010101010101);
    uint64_t *words = mm_page(hal->mm, buffer->la >> MM_PAGE_SHIFT);

    host_populate((uint64_t)words, buffer->pages << MM_PAGE_SHIFT);
    host_populate(buffer->va, buffer->pages << MM_PAGE_SHIFT);
    for (uint64_t i = 0; i < buffer->pages * (MM_PAGE_SIZE / 8); i++)
        words[i] = pattern;
}

static struct hal_common_buffer *make(struct hal_adapter *adapter, ULONG size_bytes)
{
    struct hal_common_buffer *buffer = calloc(1, sizeof *buffer);
    mm_pfn first;

    if (buffer == NULL)
        return NULL;
    buffer->size_bytes = size_bytes;
    buffer->pages = BYTES_TO_PAGES(size_bytes);
    buffer->low = adapter->limit_la < mm_highest_pa(adapter->hal->mm) - 1;
    first = take_pages(adapter, buffer->pages, buffer->low);
    if (first == MM_PFN_NONE)
        goto free;
    buffer->la = first << MM_PAGE_SHIFT;
    if (map_buffer(adapter, buffer) != 0)
        goto give;
    if (open_to_card(adapter, buffer) != 0)
        goto unmap;
    return buffer;
unmap:
    mm_system_unmap(adapter->hal->mm, buffer->va);
give:
    give_pages(adapter, buffer);
free:
    free(buffer);
    return NULL;
}

static void end(struct hal_adapter *adapter, struct hal_common_buffer *buffer)
{
    bus_unmap(&adapter->hal->bus, buffer->serial);
    mm_system_unmap(adapter->hal->mm, buffer->va);
    give_pages(adapter, buffer);
    adapter->common_buffers_live--;
    adapter->hal->figures.common_buffers_live--;
    free(buffer);
}

PVOID NTAPI hal_allocate_common_buffer(PDMA_ADAPTER DmaAdapter, ULONG Length,
                                       PPHYSICAL_ADDRESS LogicalAddress, BOOLEAN CacheEnabled)
{
    struct hal_adapter *adapter = adapter_of(DmaAdapter);
    struct hal_common_buffer *buffer;
    struct hal *hal;

    (void)CacheEnabled;
    if (adapter == NULL)
        return NULL;
    hal = adapter->hal;
    hal_require_irql(hal, PASSIVE_LEVEL, PASSIVE_LEVEL);
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
    struct hal_adapter *adapter = adapter_of(DmaAdapter);
    struct hal *hal;

    (void)CacheEnabled;
    if (adapter == NULL)
        return;
    hal = adapter->hal;
    hal_require_irql(hal, PASSIVE_LEVEL, PASSIVE_LEVEL);
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
