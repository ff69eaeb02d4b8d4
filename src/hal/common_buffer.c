/* SPDX-License-Identifier: MIT */
/* Contiguous for driver and card, in the device's reach, and of undefined contents. Without an
 * IOMMU a device that cannot reach all of RAM is served from the low-memory pool, where bounce
 * pages live too. At least a page goes, but no more than the length asked for is the caller's:
 * what lies behind is filled, and who writes there is seen at the end. AllocateCommonBuffer,
 * FreeCommonBuffer; "Using Common-Buffer Bus-Master DMA"; bug check 0xE6, 03 and 0F. UNDOC:
 * alignment to a page for both addresses, no crossing of a 4 GB line; both observed.
 * CacheEnabled is ignored on x64. */
#include "hal/common_buffer.h"

#include <stdlib.h>
#include <string.h>

#include "hal/operations.h"
#include "host/host.h"

enum { PADDING = 0x0F, LARGE_PAGES = 512 };
#define LARGEST (UINT64_C(1) << 32) /* none crosses a 4 GB line */

/* ---- Buffers --------------------------------------------------------------------------------- */

static enum registers_result open_to_card(struct hal_adapter *adapter,
                                          struct hal_common_buffer *buffer,
                                          const struct common_buffer_request *wanted)
{
    struct domain_request request = {
        .pfns = buffer->memory.pfns,
        .pages = (buffer->size_bytes + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT,
        .last_offset = (uint32_t)((buffer->size_bytes - 1) % MM_PAGE_SIZE),
        .directions = MAPPING_TO_DEVICE | MAPPING_FROM_DEVICE,
        .use = MAPPING_COMMON_BUFFER,
        .lowest_la = wanted->lowest_la,
        .highest_la = wanted->highest_la,
    };
    struct domain_pages pages;
    enum registers_result result = domain_map(adapter, &request, &pages);

    if (result != REGISTERS_TAKEN)
        return result;
    buffer->la = domain_page(&pages, 0) << MM_PAGE_SHIFT;
    buffer->serial = pages.serial;
    return result;
}

static uint64_t room_of(const struct hal_common_buffer *buffer)
{
    return buffer->memory.pages << MM_PAGE_SHIFT;
}

/* By its page: at the driver's addresses nothing need be mapped before the driver comes there. */
static uint8_t *byte_at(struct hal *hal, const struct hal_common_buffer *buffer, uint64_t offset)
{
    mm_pfn pfn = buffer->memory.pfns[offset >> MM_PAGE_SHIFT];

    return (uint8_t *)mm_page(hal->mm, pfn) + offset % MM_PAGE_SIZE;
}

/* The driver must not count on zeros, nor on what lies behind its bytes. */
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
    for (uint64_t i = buffer->size_bytes; i < room_of(buffer); i++)
        *byte_at(hal, buffer, i) = PADDING;
}

static bool is_untouched_behind(struct hal *hal, const struct hal_common_buffer *buffer)
{
    for (uint64_t i = buffer->size_bytes; i < room_of(buffer); i++) {
        if (*byte_at(hal, buffer, i) != PADDING)
            return false;
    }
    return true;
}

static int take_memory(struct hal_adapter *adapter, const struct common_buffer_request *request,
                       struct domain_memory *out)
{
    uint64_t align = request->large_pages ? LARGE_PAGES : 1;
    uint64_t pages = (request->size_bytes + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT;
    struct domain_bounds bounds = {
        .pages = (pages + align - 1) / align * align,
        .align_pages = align,
        .lowest_la = request->lowest_la,
        .highest_la = request->highest_la,
    };

    return domain_take_memory(adapter, &bounds, out);
}

static struct hal_common_buffer *create(struct hal_adapter *adapter,
                                        const struct common_buffer_request *request)
{
    struct hal_common_buffer *buffer = calloc(1, sizeof *buffer);
    struct mm *mm = adapter->hal->mm;

    if (buffer == NULL)
        return NULL;
    buffer->size_bytes = request->size_bytes;
    if (take_memory(adapter, request, &buffer->memory) != 0)
        goto free;
    if (mm_system_map(mm, buffer->memory.pfns, buffer->memory.pages, HOST_READ | HOST_WRITE,
                      &buffer->va) != 0)
        goto give;
    if (open_to_card(adapter, buffer, request) != REGISTERS_TAKEN)
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

bool common_buffer_can_add(struct hal_adapter *adapter)
{
    return array_reserve(&adapter->common_buffers, adapter->common_buffers.count + 1) == 0;
}

void common_buffer_add(struct hal_adapter *adapter, struct hal_common_buffer *buffer)
{
    adapter->common_buffers.items[adapter->common_buffers.count++] = buffer;
    adapter->common_buffers_live++;
    adapter->hal->figures.common_buffers_live++;
    TRACE(adapter->hal->trace, common_buffer, adapter->id, buffer->la, buffer->size_bytes, 1);
}

struct hal_common_buffer *common_buffer_make(struct hal_adapter *adapter,
                                             const struct common_buffer_request *request)
{
    struct hal *hal = adapter->hal;
    struct hal_common_buffer *buffer;

    if (request->size_bytes == 0 || request->size_bytes > LARGEST ||
        request->highest_la < MM_PAGE_SIZE - 1 || sim_fault_point(hal->sim, "common_buffer") ||
        !common_buffer_can_add(adapter))
        return NULL;
    buffer = create(adapter, request);
    if (buffer == NULL) {
        TRACE(hal->trace, dma_refused, adapter->id, (uint32_t)STATUS_INSUFFICIENT_RESOURCES,
              (request->size_bytes + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT,
              mm_low_free_pages(hal->mm));
        return NULL;
    }
    scribble(hal, buffer);
    common_buffer_add(adapter, buffer);
    return buffer;
}

static void end(struct hal_adapter *adapter, struct hal_common_buffer *buffer)
{
    domain_unmap(adapter, buffer->serial);
    if (buffer->memory.pages != 0) {
        mm_system_unmap(adapter->hal->mm, buffer->va);
        domain_give_memory(adapter->hal, &buffer->memory);
    }
    adapter->common_buffers_live--;
    adapter->hal->figures.common_buffers_live--;
    free(buffer);
}

void common_buffer_free(struct hal_adapter *adapter, struct hal_common_buffer *buffer)
{
    struct hal *hal = adapter->hal;
    size_t at = 0;

    while (adapter->common_buffers.items[at] != buffer)
        at++;
    if (buffer->memory.pages != 0 && !is_untouched_behind(hal, buffer))
        KE_FINDING(hal->ke, VERIFY_common_buffer_overrun, buffer->va, buffer->size_bytes);
    TRACE(hal->trace, common_buffer, adapter->id, buffer->la, buffer->size_bytes, 0);
    array_remove_at(&adapter->common_buffers, at);
    end(adapter, buffer);
    registers_serve(hal);
}

void common_buffers_end(struct hal_adapter *adapter)
{
    while (adapter->common_buffers.count != 0)
        end(adapter, array_pop(&adapter->common_buffers));
}

/* ---- Version 1 ------------------------------------------------------------------------------- */

PVOID NTAPI hal_allocate_common_buffer(PDMA_ADAPTER DmaAdapter, ULONG Length,
                                       PPHYSICAL_ADDRESS LogicalAddress, BOOLEAN CacheEnabled)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_AllocateCommonBuffer);
    struct common_buffer_request request = {.size_bytes = Length, .highest_la = UINT64_MAX};
    struct hal_common_buffer *buffer =
        adapter != NULL ? common_buffer_make(adapter, &request) : NULL;

    (void)CacheEnabled;
    if (buffer == NULL)
        return NULL;
    LogicalAddress->QuadPart = (LONGLONG)buffer->la;
    return (PVOID)buffer->va;
}

/* All of address, logical address and length must be those of the allocation. */
void NTAPI hal_free_common_buffer(PDMA_ADAPTER DmaAdapter, ULONG Length,
                                  PHYSICAL_ADDRESS LogicalAddress, PVOID VirtualAddress,
                                  BOOLEAN CacheEnabled)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_FreeCommonBuffer);
    struct hal_common_buffer *buffer = NULL;

    (void)CacheEnabled;
    if (adapter == NULL)
        return;
    for (size_t i = 0; i < adapter->common_buffers.count && buffer == NULL; i++) {
        if (adapter->common_buffers.items[i]->va == KE_ARG(VirtualAddress))
            buffer = adapter->common_buffers.items[i];
    }
    if (buffer == NULL || buffer->size_bytes != Length ||
        buffer->la != (uint64_t)LogicalAddress.QuadPart)
        KE_FINDING(adapter->hal->ke, VERIFY_common_buffer_free, KE_ARG(VirtualAddress), Length);
    if (buffer != NULL)
        common_buffer_free(adapter, buffer);
}
