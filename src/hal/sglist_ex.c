/* SPDX-License-Identifier: MIT */
/* Scatter/gather lists as version 3 asks for them: from an offset into an MDL chain, under a
 * transfer context by which the request can be cancelled, and on wish synchronously. A
 * synchronous request does not wait: what is not there at once is STATUS_INSUFFICIENT_RESOURCES.
 * It needs no routine; without one the caller gets the list on return, and with it the adapter's
 * channel, which he gives back with FreeAdapterObject. GetScatterGatherListEx,
 * BuildScatterGatherListEx.
 *
 * UNDOC: flags other than DMA_SYNCHRONOUS_CALLBACK are refused, and so are completion routines,
 * which bus masters must not give and which nobody would call. */
#include "hal/operations.h"
#include "hal/sglist.h"
#include "hal/transfer_context.h"

static bool is_acceptable(const struct sglist_request *request, ULONG flags,
                          PDMA_COMPLETION_ROUTINE completion)
{
    if ((flags & ~(ULONG)DMA_SYNCHRONOUS_CALLBACK) != 0 || completion != NULL)
        return false;
    if (request->routine != NULL)
        return true;
    return request->synchronous && request->list != NULL;
}

static NTSTATUS get(struct hal_adapter *adapter, struct sglist_request *request, PVOID context,
                    PMDL mdl, uint64_t offset, ULONG length)
{
    NTSTATUS status;

    if (length == 0 || !transfer_seek(&request->transfer, mdl, offset, length))
        return STATUS_INVALID_PARAMETER;
    status = transfer_context_use(adapter, context, &request->transfer_context);
    return NT_SUCCESS(status) ? sglist_get(adapter, request) : status;
}

NTSTATUS NTAPI hal_get_scatter_gather_list_ex(
    PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID DmaTransferContext, PMDL Mdl,
    ULONGLONG Offset, ULONG Length, ULONG Flags, PDRIVER_LIST_CONTROL ExecutionRoutine,
    PVOID Context, BOOLEAN WriteToDevice, PDMA_COMPLETION_ROUTINE DmaCompletionRoutine,
    PVOID CompletionContext, PSCATTER_GATHER_LIST *ScatterGatherList)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_GetScatterGatherListEx);
    struct sglist_request request = {
        .to_device = WriteToDevice != FALSE,
        .synchronous = (Flags & DMA_SYNCHRONOUS_CALLBACK) != 0,
        .device = DeviceObject,
        .routine = ExecutionRoutine,
        .context = Context,
        .list = ScatterGatherList,
    };

    (void)CompletionContext;
    if (adapter == NULL || !is_acceptable(&request, Flags, DmaCompletionRoutine))
        return STATUS_INVALID_PARAMETER;
    return get(adapter, &request, DmaTransferContext, Mdl, Offset, Length);
}

NTSTATUS NTAPI hal_build_scatter_gather_list_ex(
    PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject, PVOID DmaTransferContext, PMDL Mdl,
    ULONGLONG Offset, ULONG Length, ULONG Flags, PDRIVER_LIST_CONTROL ExecutionRoutine,
    PVOID Context, BOOLEAN WriteToDevice, PVOID ScatterGatherBuffer, ULONG ScatterGatherLength,
    PDMA_COMPLETION_ROUTINE DmaCompletionRoutine, PVOID CompletionContext, PVOID ScatterGatherList)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_BuildScatterGatherListEx);
    struct sglist_request request = {
        .to_device = WriteToDevice != FALSE,
        .synchronous = (Flags & DMA_SYNCHRONOUS_CALLBACK) != 0,
        .device = DeviceObject,
        .routine = ExecutionRoutine,
        .context = Context,
        .buffer = ScatterGatherBuffer,
        .buffer_bytes = ScatterGatherLength,
        .list = ScatterGatherList,
    };

    (void)CompletionContext;
    if (adapter == NULL || ScatterGatherBuffer == NULL ||
        !is_acceptable(&request, Flags, DmaCompletionRoutine))
        return STATUS_INVALID_PARAMETER;
    return get(adapter, &request, DmaTransferContext, Mdl, Offset, Length);
}
