/* SPDX-License-Identifier: MIT */
/* MapTransferEx and FlushAdapterBuffersEx: all of a transfer in one call, as far as registers and
 * the driver's list go. *Length says how far that was; the driver comes again with the rest, after
 * a flush of what it has. A list too small for one element is STATUS_INVALID_PARAMETER; of no bytes
 * at all it is an empty list, which the page allows. "Using the MapTransferEx Routine",
 * MapTransferEx, FlushAdapterBuffersEx.
 *
 * UNDOC: a completion routine, which a bus master must not give and nobody would call, is refused;
 * DeviceOffset is ignored, as it counts for DMA controllers only. */
#include "hal/channel.h"
#include "hal/operations.h"
#include "hal/sglist.h"

/* The driver's list while it is filled. */
struct output {
    PSCATTER_GATHER_LIST list;
    uint32_t room;
    uint64_t end_la; /* of the newest element */
};

/* A device without scatter/gather takes one element, whatever room there is. */
static uint32_t room_for(const struct hal_adapter *adapter, ULONG size_bytes)
{
    return adapter->scatter_gather ? (uint32_t)((size_bytes - sizeof(SCATTER_GATHER_LIST)) /
                                                sizeof(SCATTER_GATHER_ELEMENT))
                                   : 1;
}

static void add(struct output *output, uint64_t la, uint64_t size_bytes)
{
    if (output->list->NumberOfElements != 0 && la == output->end_la && (uint32_t)la != 0)
        output->list->Elements[output->list->NumberOfElements - 1].Length += (ULONG)size_bytes;
    else
        output->list->Elements[output->list->NumberOfElements++] = (SCATTER_GATHER_ELEMENT){
            .Address.QuadPart = (LONGLONG)la, .Length = (ULONG)size_bytes};
    output->end_la = la + size_bytes;
}

/* What is mapped already when no more can be stays so. The bytes mapped in all. */
static uint64_t map_all(struct hal_token *token, PMDL chain, uint64_t offset, uint64_t size_bytes,
                        bool to_device, struct output *output, enum registers_result *result)
{
    uint64_t done = 0;

    *result = REGISTERS_TAKEN;
    while (done != size_bytes) {
        struct transfer transfer;
        uint64_t la;

        if (output->list->NumberOfElements == output->room)
            break;
        transfer_seek(&transfer, chain, offset + done, size_bytes - done);
        *result = token_map(token, &transfer, to_device, &la);
        if (*result != REGISTERS_TAKEN)
            break;
        add(output, la, transfer.size_bytes);
        done += transfer.size_bytes;
    }
    return done;
}

static NTSTATUS check(struct hal_adapter *adapter, struct hal_token *token, PVOID base,
                      const struct transfer *transfer)
{
    uint32_t registers;
    enum transfer_check verdict;

    if (token == NULL) {
        KE_FINDING(adapter->hal->ke, VERIFY_registers_unknown, KE_ARG(base));
        return STATUS_INVALID_PARAMETER;
    }
    if (token->cancelled)
        return STATUS_CANCELLED;
    verdict = transfer_check(adapter->hal, transfer, &registers);
    transfer_blame(adapter->hal, transfer, verdict);
    if (verdict != TRANSFER_GOOD)
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI hal_map_transfer_ex(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                   ULONGLONG Offset, ULONG DeviceOffset, PULONG Length,
                                   BOOLEAN WriteToDevice, PSCATTER_GATHER_LIST ScatterGatherBuffer,
                                   ULONG ScatterGatherBufferLength,
                                   PDMA_COMPLETION_ROUTINE DmaCompletionRoutine,
                                   PVOID CompletionContext)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_MapTransferEx);
    struct output output = {.list = ScatterGatherBuffer};
    enum registers_result result;
    struct hal_token *token;
    struct transfer transfer;
    uint64_t done;
    NTSTATUS status;

    (void)DeviceOffset;
    (void)CompletionContext;
    if (adapter == NULL || ScatterGatherBuffer == NULL || DmaCompletionRoutine != NULL ||
        ScatterGatherBufferLength < sglist_bytes(1) ||
        !transfer_seek(&transfer, Mdl, Offset, *Length))
        return STATUS_INVALID_PARAMETER;
    token = token_of(adapter, MapRegisterBase);
    status = check(adapter, token, MapRegisterBase, &transfer);
    if (!NT_SUCCESS(status))
        return status;
    output.room = room_for(adapter, ScatterGatherBufferLength);
    *ScatterGatherBuffer = (SCATTER_GATHER_LIST){0};
    done = map_all(token, Mdl, Offset, *Length, WriteToDevice != FALSE, &output, &result);
    if (done == 0 && result != REGISTERS_TAKEN)
        return STATUS_INSUFFICIENT_RESOURCES;
    *Length = (ULONG)done;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI hal_flush_adapter_buffers_ex(PDMA_ADAPTER DmaAdapter, PMDL Mdl,
                                            PVOID MapRegisterBase, ULONGLONG Offset, ULONG Length,
                                            BOOLEAN WriteToDevice)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_FlushAdapterBuffersEx);
    struct hal_token *token;
    struct transfer range;

    if (adapter == NULL || !transfer_seek(&range, Mdl, Offset, Length))
        return STATUS_INVALID_PARAMETER;
    token = token_of(adapter, MapRegisterBase);
    if (token == NULL) {
        KE_FINDING(adapter->hal->ke, VERIFY_registers_unknown, KE_ARG(MapRegisterBase));
        return STATUS_INVALID_PARAMETER;
    }
    if (Length == 0)
        return STATUS_SUCCESS;
    if (!token_flush(token, Mdl, Offset, Length, WriteToDevice != FALSE))
        return STATUS_INVALID_PARAMETER;
    if (Length > transfer_chain_bytes(&range))
        KE_FINDING(adapter->hal->ke, VERIFY_flush_length, Length, transfer_chain_bytes(&range));
    return STATUS_SUCCESS;
}
