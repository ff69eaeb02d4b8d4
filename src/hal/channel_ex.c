/* SPDX-License-Identifier: MIT */
/* The channel as version 3 has it: under a transfer context by which a waiting request can be
 * cancelled, and on wish synchronously. A synchronous request does not wait; it needs no routine,
 * and without one the caller gets the map registers on return and gives the channel back with
 * FreeAdapterObject, which says in the routine's words what is kept. AllocateAdapterChannelEx,
 * FreeAdapterObject; "Basic Calling Pattern for Version-3 DMA Routines".
 *
 * Two pages disagree on whether MapRegisterBase may be given along with a routine: here it may. It
 * may not without DMA_SYNCHRONOUS_CALLBACK. UNDOC: other flags are refused. */
#include "hal/channel.h"
#include "hal/operations.h"
#include "hal/transfer_context.h"

static bool is_acceptable(const struct channel_request *request, ULONG flags)
{
    if ((flags & ~(ULONG)DMA_SYNCHRONOUS_CALLBACK) != 0)
        return false;
    if (!request->synchronous)
        return request->routine != NULL && request->base == NULL;
    return request->routine != NULL || request->base != NULL;
}

NTSTATUS NTAPI hal_allocate_adapter_channel_ex(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                               PVOID DmaTransferContext, ULONG NumberOfMapRegisters,
                                               ULONG Flags, PDRIVER_CONTROL ExecutionRoutine,
                                               PVOID ExecutionContext, PVOID *MapRegisterBase)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_AllocateAdapterChannelEx);
    struct channel_request request = {
        .registers = NumberOfMapRegisters,
        .synchronous = (Flags & DMA_SYNCHRONOUS_CALLBACK) != 0,
        .device = DeviceObject,
        .routine = ExecutionRoutine,
        .driver_context = ExecutionContext,
        .base = MapRegisterBase,
    };
    NTSTATUS status;

    if (adapter == NULL || !is_acceptable(&request, Flags))
        return STATUS_INVALID_PARAMETER;
    status = transfer_context_use(adapter, DmaTransferContext, &request.transfer_context);
    return NT_SUCCESS(status) ? channel_allocate(adapter, &request) : status;
}

void NTAPI hal_free_adapter_object(PDMA_ADAPTER DmaAdapter, IO_ALLOCATION_ACTION AllocationAction)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_FreeAdapterObject);

    if (adapter != NULL)
        channel_free(adapter, AllocationAction);
}
