/* SPDX-License-Identifier: MIT */
/* Stream requests at a pin's door: whether they are taken, and what their arrival starts.
 * PASSIVE_LEVEL, in the requester's thread. Not here: what becomes of them (queue.h). */
#ifndef WEIR_KS_STREAM_IO_H
#define WEIR_KS_STREAM_IO_H

#include "wdk/wdm.h"

struct ks_pin;
struct ks_queue;
struct ks_request;

/* IOCTL_KS_READ_STREAM and IOCTL_KS_WRITE_STREAM. STATUS_PENDING: the queue has the IRP. */
NTSTATUS ks_stream_io(struct ks_pin *pin, PIRP irp);
/* Puts a request that was built for the queue into it, which may start processing. STATUS_PENDING:
 * the queue has it; else it is gone. Up to DISPATCH_LEVEL, no lock held. */
NTSTATUS ks_stream_append(struct ks_queue *queue, struct ks_request *request);
/* IOCTL_KS_RESET_STATE. */
NTSTATUS ks_stream_reset(struct ks_pin *pin, PIRP irp);
/* Flushes the pin's queue and calls its Reset. */
void ks_stream_call_reset(struct ks_pin *pin);

#endif
