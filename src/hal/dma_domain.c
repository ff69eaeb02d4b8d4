/* SPDX-License-Identifier: MIT */
/* A DMA domain is the address space that an IOMMU gives to a device. GetDmaDomain, JoinDmaDomain,
 * LeaveDmaDomain; their pages say what they are for and no more.
 *
 * UNDOC: a card's domain is its adapters' from the start, and its handle a number. Where nothing is
 * translated there is no domain, the handle is NULL, and the others answer STATUS_NOT_SUPPORTED. To
 * join the domain one is in, or to leave it, changes nothing: a card without a domain could not do
 * DMA. Joining that of another card is STATUS_NOT_SUPPORTED. */
#include "hal/dma_domain.h"

#include "hal/operations.h"

#define HANDLE_BASE UINT64_C(0x444D0000)

static HANDLE handle_of(const struct hal_adapter *adapter)
{
    const struct hal *hal = adapter->hal;

    for (size_t i = 0; i < hal->domains.count && domain_remaps(adapter); i++) {
        if (hal->domains.items[i] == adapter->domain)
            return (HANDLE)(HANDLE_BASE + (i + 1) * 4);
    }
    return NULL;
}

static bool is_domain(const struct hal *hal, HANDLE handle)
{
    uint64_t number = KE_ARG(handle) - HANDLE_BASE;

    return number % 4 == 0 && number / 4 != 0 && number / 4 <= hal->domains.count;
}

NTSTATUS dma_domain_check(struct hal_adapter *adapter, HANDLE handle)
{
    if (!domain_remaps(adapter))
        return STATUS_NOT_SUPPORTED;
    if (!is_domain(adapter->hal, handle))
        return STATUS_INVALID_PARAMETER;
    return handle == handle_of(adapter) ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}

HANDLE NTAPI hal_get_dma_domain(PDMA_ADAPTER DmaAdapter)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_GetDmaDomain);

    return adapter != NULL ? handle_of(adapter) : NULL;
}

NTSTATUS NTAPI hal_join_dma_domain(PDMA_ADAPTER DmaAdapter, HANDLE DomainHandle)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_JoinDmaDomain);

    return adapter != NULL ? dma_domain_check(adapter, DomainHandle) : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI hal_leave_dma_domain(PDMA_ADAPTER DmaAdapter)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_LeaveDmaDomain);

    if (adapter == NULL)
        return STATUS_INVALID_PARAMETER;
    return domain_remaps(adapter) ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}
