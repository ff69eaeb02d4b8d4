/* SPDX-License-Identifier: MIT */
/* What an adapter can do and what a transfer takes, as drivers of version 3 ask for it; and the
 * functions of DMA controllers, which this machine has not got. GetDmaAdapterInfo,
 * GetDmaTransferInfo, ConfigureAdapterChannel, FlushDmaBuffer. */
#include "hal/operations.h"
#include "hal/sglist.h"

/* Describes DMA controllers by its page. UNDOC for bus masters: no limit on elements where the
 * device takes lists, the width of its description, single bytes; and callbacks can come within the
 * call. */
NTSTATUS NTAPI hal_get_dma_adapter_info(PDMA_ADAPTER DmaAdapter, PDMA_ADAPTER_INFO AdapterInfo)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_GetDmaAdapterInfo);

    if (adapter == NULL || AdapterInfo == NULL)
        return STATUS_INVALID_PARAMETER;
    if (AdapterInfo->Version != DMA_ADAPTER_INFO_VERSION1)
        return STATUS_NOT_SUPPORTED;
    AdapterInfo->V1 = (DMA_ADAPTER_INFO_V1){
        .ReadDmaCounterAvailable = FALSE,
        .ScatterGatherLimit = adapter->scatter_gather ? UINT32_MAX : 1,
        .DmaAddressWidth = adapter->width,
        .Flags = ADAPTER_INFO_SYNCHRONOUS_CALLBACK,
        .MinimumTransferUnit = 1,
    };
    return STATUS_SUCCESS;
}

/* Version 2 came with Windows 10 1809. */
static bool knows_transfer_info(struct hal *hal, ULONG version)
{
    return version == DMA_TRANSFER_INFO_VERSION1 ||
           (version == DMA_TRANSFER_INFO_VERSION2 && ke_windows(hal->ke) >= KE_WINDOWS_10);
}

/* The worst case: a register, an element and a logical page for each page spanned. It may be
 * more than the adapter is granted: then the driver splits the transfer. UNDOC: the status when
 * the chain does not hold the transfer. */
NTSTATUS NTAPI hal_get_dma_transfer_info(PDMA_ADAPTER DmaAdapter, PMDL Mdl, ULONGLONG Offset,
                                         ULONG Length, BOOLEAN WriteOnly,
                                         PDMA_TRANSFER_INFO TransferInfo)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_GetDmaTransferInfo);
    struct transfer transfer;
    uint32_t pages;

    (void)WriteOnly;
    if (adapter == NULL || TransferInfo == NULL)
        return STATUS_INVALID_PARAMETER;
    if (!knows_transfer_info(adapter->hal, TransferInfo->Version))
        return STATUS_NOT_SUPPORTED;
    if (Length == 0 || !transfer_seek(&transfer, Mdl, Offset, Length) ||
        transfer_check(adapter->hal, &transfer, &pages) != TRANSFER_GOOD)
        return STATUS_INVALID_PARAMETER;
    TransferInfo->V1 = (DMA_TRANSFER_INFO_V1){
        .MapRegisterCount = pages,
        .ScatterGatherElementCount = pages,
        .ScatterGatherListSize = sglist_bytes(pages),
    };
    if (TransferInfo->Version == DMA_TRANSFER_INFO_VERSION2)
        TransferInfo->V2.LogicalPageCount = pages;
    return STATUS_SUCCESS;
}

/* Custom functions of a DMA controller. A bus master has none. */
NTSTATUS NTAPI hal_configure_adapter_channel(PDMA_ADAPTER DmaAdapter, ULONG FunctionNumber,
                                             PVOID Context)
{
    (void)operations_enter(DmaAdapter, HAL_OP_ConfigureAdapterChannel);
    (void)FunctionNumber;
    (void)Context;
    return STATUS_NOT_IMPLEMENTED;
}

/* The caches of an x64 PC are coherent. UNDOC: what is bounced stays so until its mapping ends. */
NTSTATUS NTAPI hal_flush_dma_buffer(PDMA_ADAPTER DmaAdapter, PMDL Mdl, BOOLEAN ReadOperation)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_FlushDmaBuffer);

    (void)ReadOperation;
    return adapter != NULL && Mdl != NULL ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}
