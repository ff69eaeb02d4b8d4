/* SPDX-License-Identifier: MIT */
#include "hal/transfer_context.h"

#include <string.h>

#include "hal/adapter.h"
#include "hal/operations.h"

enum context_state { CONTEXT_FRESH, CONTEXT_USED, CONTEXT_CANCELLED };

/* What we keep in the driver's memory: a number, so that no address of ours is there. */
struct context {
    uint64_t magic;
    uint64_t number;
    uint32_t state;
};
_Static_assert(sizeof(struct context) <= DMA_TRANSFER_CONTEXT_SIZE_V1, "it fits");

static const uint64_t context_magic = 0x7478743031616d44; /* "Dma10txt" */

static struct context *context_of(struct hal *hal, PVOID memory)
{
    struct context *context = memory;

    if (context == NULL)
        return NULL;
    if (context->magic == context_magic && context->number != 0 &&
        context->number <= hal->contexts_made)
        return context;
    KE_FINDING(hal->ke, VERIFY_transfer_context, KE_ARG(memory));
    return NULL;
}

/* All 128 bytes are the system's: what else the driver keeps there is overwritten. */
NTSTATUS NTAPI hal_initialize_transfer_context(PDMA_ADAPTER DmaAdapter, PVOID DmaTransferContext)
{
    struct hal_adapter *adapter =
        operations_enter(DmaAdapter, HAL_OP_InitializeDmaTransferContext);
    struct context context = {.magic = context_magic};

    if (adapter == NULL || DmaTransferContext == NULL)
        return STATUS_INVALID_PARAMETER;
    context.number = ++adapter->hal->contexts_made;
    memset(DmaTransferContext, 0, DMA_TRANSFER_CONTEXT_SIZE_V1);
    memcpy(DmaTransferContext, &context, sizeof context);
    return STATUS_SUCCESS;
}

/* UNDOC: the status of a request whose context was cancelled before; STATUS_CANCELLED, which
 * MapTransferEx has for a transfer that was. */
NTSTATUS transfer_context_use(struct hal_adapter *adapter, PVOID memory, uint64_t *number)
{
    struct context *context = context_of(adapter->hal, memory);

    if (context == NULL)
        return STATUS_INVALID_PARAMETER;
    if (transfer_context_waiter(adapter, context->number) != NULL) {
        KE_FINDING(adapter->hal->ke, VERIFY_transfer_context, KE_ARG(memory));
        return STATUS_INVALID_PARAMETER;
    }
    if (context->state == CONTEXT_CANCELLED)
        return STATUS_CANCELLED;
    context->state = CONTEXT_USED;
    *number = context->number;
    return STATUS_SUCCESS;
}

static struct hal_waiter *find(struct list_node *waiters, uint64_t number)
{
    struct hal_waiter *waiter;

    list_for_each_entry(waiter, waiters, link)
    {
        if (waiter->context == number)
            return waiter;
    }
    return NULL;
}

struct hal_waiter *transfer_context_waiter(struct hal_adapter *adapter, uint64_t number)
{
    struct hal_waiter *waiter = find(&adapter->channel_waiters, number);

    return waiter != NULL ? waiter : find(&adapter->register_waiters, number);
}

/* TRUE: the routine of the request will not be called. FALSE: it was, or is about to be. */
BOOLEAN NTAPI hal_cancel_adapter_channel(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                         PVOID DmaTransferContext)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_CancelAdapterChannel);
    struct context *context =
        adapter != NULL ? context_of(adapter->hal, DmaTransferContext) : NULL;
    struct hal_waiter *waiter;

    (void)DeviceObject;
    if (context == NULL)
        return FALSE;
    waiter = transfer_context_waiter(adapter, context->number);
    if (waiter != NULL) {
        TRACE(adapter->hal->trace, dma_cancelled, adapter->id, context->number, 1);
        waiter->cancel(waiter);
        registers_serve(adapter->hal);
        return TRUE;
    }
    if (context->state == CONTEXT_USED)
        return FALSE;
    if (context->state == CONTEXT_FRESH)
        TRACE(adapter->hal->trace, dma_cancelled, adapter->id, context->number, 0);
    context->state = CONTEXT_CANCELLED;
    return TRUE;
}

/* For transfers that a DMA controller does. UNDOC for bus masters: the transfers under this
 * allocation that are still to come are refused, those that are mapped must be flushed as ever. */
NTSTATUS NTAPI hal_cancel_mapped_transfer(PDMA_ADAPTER DmaAdapter, PVOID DmaTransferContext)
{
    struct hal_adapter *adapter = operations_enter(DmaAdapter, HAL_OP_CancelMappedTransfer);
    struct context *context =
        adapter != NULL ? context_of(adapter->hal, DmaTransferContext) : NULL;

    if (context == NULL || !channel_cancel_transfers(adapter, context->number))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}
