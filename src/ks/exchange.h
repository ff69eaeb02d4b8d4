/* SPDX-License-Identifier: MIT */
/* The buffers of IOCTL_KS_PROPERTY, _METHOD and _ENABLE_EVENT: METHOD_NEITHER from outside, one
 * system buffer inside, data first and the request behind it, both 8-aligned. The I/O manager
 * copies data back on completion and frees the buffer. PASSIVE_LEVEL for capture, up to
 * DISPATCH_LEVEL for the rest. */
#ifndef WEIR_KS_EXCHANGE_H
#define WEIR_KS_EXCHANGE_H

#include <stdbool.h>

#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_exchange {
    PKSIDENTIFIER request;
    ULONG request_bytes;
    PVOID data; /* NULL when the requester gave no room */
    ULONG data_bytes;
};

/* Captures once; a second call for the same IRP finds what the first one made.
 * STATUS_INVALID_BUFFER_SIZE when the request is shorter than a KSIDENTIFIER. */
NTSTATUS ks_exchange_capture(PIRP irp, struct ks_exchange *exchange);
/* The same in a buffer that the driver's allocator leaves in AssociatedIrp.SystemBuffer; whoever
 * allocates frees it and copies back. one_way: flags of requests that give nothing back, so that
 * the allocator is told whether bytes return. NULL: as above. */
NTSTATUS ks_exchange_capture_into(PIRP irp, PFNKSALLOCATOR allocator, ULONG one_way,
                                  struct ks_exchange *exchange);
/* Before completion: nothing is copied back beyond the requester's buffer. */
void ks_exchange_settle(PIRP irp);
/* Answers a fixed-size read: copies, or says how much room is needed. */
NTSTATUS ks_answer(PIRP irp, const void *value, ULONG bytes);
/* The same for room of any size: STATUS_BUFFER_OVERFLOW for none, STATUS_BUFFER_TOO_SMALL for
 * little. */
NTSTATUS ks_answer_size(PIRP irp, ULONG bytes);

#endif
