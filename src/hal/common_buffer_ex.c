/* SPDX-License-Identifier: MIT */
/* Common buffers with bounds: below an address (AllocateCommonBufferEx), between two, of a caching
 * type, in large pages (AllocateCommonBufferWithBounds), for a DMA domain
 * (AllocateDomainCommonBuffer).
 *
 * Maximum is the address the buffer lies below; whether its last byte may be at that address the
 * pages do not say, so it is not (UNDOC). There is one NUMA node, and PreferredNode a wish. UNDOC:
 * flags other than the large page are refused. */
#include "hal/common_buffer.h"
#include "hal/dma_domain.h"
#include "hal/operations.h"

static uint64_t highest_below(const PHYSICAL_ADDRESS *maximum)
{
    uint64_t address = maximum != NULL ? (uint64_t)maximum->QuadPart : 0;

    return address != 0 ? address - 1 : UINT64_MAX;
}

PVOID NTAPI hal_allocate_common_buffer_ex(PDMA_ADAPTER DmaAdapter, PPHYSICAL_ADDRESS MaximumAddress,
                                          ULONG Length, PPHYSICAL_ADDRESS LogicalAddress,
                                          BOOLEAN CacheEnabled, NODE_REQUIREMENT PreferredNode)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_AllocateCommonBufferEx);
    struct common_buffer_request request = {.size_bytes = Length,
                                            .highest_la = highest_below(MaximumAddress)};
    struct hal_common_buffer *buffer =
        adapter != NULL ? common_buffer_make(adapter, &request) : NULL;

    (void)CacheEnabled;
    (void)PreferredNode;
    if (buffer == NULL)
        return NULL;
    LogicalAddress->QuadPart = (LONGLONG)buffer->la;
    return (PVOID)buffer->va;
}

/* NULL, with the status: what the request is for is impossible or not there. */
static struct hal_common_buffer *make(struct hal_adapter *adapter,
                                      struct common_buffer_request *request, ULONG flags,
                                      const MEMORY_CACHING_TYPE *type, NTSTATUS *status)
{
    struct hal_common_buffer *buffer;

    *status = STATUS_INVALID_PARAMETER;
    if ((flags & ~(ULONG)DOMAIN_COMMON_BUFFER_LARGE_PAGE) != 0 || !common_buffer_caching(type) ||
        request->size_bytes == 0)
        return NULL;
    request->large_pages = (flags & DOMAIN_COMMON_BUFFER_LARGE_PAGE) != 0;
    buffer = common_buffer_make(adapter, request);
    *status = buffer != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    return buffer;
}

PVOID NTAPI hal_allocate_common_buffer_bounds(PDMA_ADAPTER DmaAdapter,
                                              PPHYSICAL_ADDRESS MinimumAddress,
                                              PPHYSICAL_ADDRESS MaximumAddress, ULONG Length,
                                              ULONG Flags, MEMORY_CACHING_TYPE *CacheType,
                                              NODE_REQUIREMENT PreferredNode,
                                              PPHYSICAL_ADDRESS LogicalAddress)
{
    struct hal_adapter *adapter =
        operations_enter(DmaAdapter, HAL_OP_AllocateCommonBufferWithBounds);
    struct common_buffer_request request = {.size_bytes = Length,
                                            .highest_la = highest_below(MaximumAddress)};
    struct hal_common_buffer *buffer;
    NTSTATUS status;

    (void)PreferredNode;
    if (adapter == NULL)
        return NULL;
    if (MinimumAddress != NULL)
        request.lowest_la = (uint64_t)MinimumAddress->QuadPart;
    buffer = make(adapter, &request, Flags, CacheType, &status);
    if (buffer == NULL)
        return NULL;
    LogicalAddress->QuadPart = (LONGLONG)buffer->la;
    return (PVOID)buffer->va;
}

NTSTATUS NTAPI hal_allocate_domain_common_buffer(PDMA_ADAPTER DmaAdapter, HANDLE DomainHandle,
                                                 PPHYSICAL_ADDRESS MaximumAddress, ULONG Length,
                                                 ULONG Flags, MEMORY_CACHING_TYPE *CacheType,
                                                 NODE_REQUIREMENT PreferredNode,
                                                 PPHYSICAL_ADDRESS LogicalAddress,
                                                 PVOID *VirtualAddress)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_AllocateDomainCommonBuffer);
    struct common_buffer_request request = {.size_bytes = Length,
                                            .highest_la = highest_below(MaximumAddress)};
    struct hal_common_buffer *buffer;
    NTSTATUS status;

    (void)PreferredNode;
    if (adapter == NULL)
        return STATUS_INVALID_PARAMETER;
    status = dma_domain_check(adapter, DomainHandle);
    if (!NT_SUCCESS(status))
        return status;
    buffer = make(adapter, &request, Flags, CacheType, &status);
    if (buffer == NULL)
        return status;
    LogicalAddress->QuadPart = (LONGLONG)buffer->la;
    *VirtualAddress = (PVOID)buffer->va;
    return STATUS_SUCCESS;
}
