/* SPDX-License-Identifier: MIT */
/* DMA transfer contexts: 128 bytes of the driver's by which it names a request of version 3 when it
 * wants to cancel it. The driver has them initialised before each use and keeps them until the
 * request has run or is cancelled; they are not touched after that. A context is good for one
 * request at a time, and cancelling one that no request has used yet cancels those to come.
 * InitializeDmaTransferContext, CancelAdapterChannel. Callable up to DISPATCH_LEVEL. */
#ifndef WEIR_HAL_TRANSFER_CONTEXT_H
#define WEIR_HAL_TRANSFER_CONTEXT_H

#include "hal/state.h"
#include "hal/channel.h"

/* STATUS_SUCCESS, and the number by which the request is known from now on; or the status of a
 * request that cannot be made with this context. */
NTSTATUS transfer_context_use(struct hal_adapter *adapter, PVOID context, uint64_t *number);
/* Who waits, for the channel or for registers, under that number; NULL: nobody. */
struct hal_waiter *transfer_context_waiter(struct hal_adapter *adapter, uint64_t number);

#endif
