/* SPDX-License-Identifier: MIT */
/* A stream IRP that arrives at a pin is checked, captured, appended to the queue, and may start
 * processing. Reads go to pins whose data flows out, writes to those whose data flows in. Between
 * RESET_STATE BEGIN and END nothing is taken. IOCTL_KS_READ_STREAM; IOCTL_KS_RESET_STATE;
 * KSPIN_FLAG_ASYNCHRONOUS_PROCESSING.
 * UNDOC: streaming on a pin in STOP. We refuse with STATUS_INVALID_DEVICE_STATE. */
#include "ks/stream_io.h"

#include "ks/cancel.h"
#include "ks/filter.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/request.h"
#include "ks/room.h"

static NTSTATUS may_stream(const struct ks_pin *pin, ULONG code)
{
    bool output = pin->public.DataFlow == KSPIN_DATAFLOW_OUT;

    if (!pin->standard_transport || pin->pipe.peer != NULL ||
        output != (code == IOCTL_KS_READ_STREAM))
        return STATUS_INVALID_DEVICE_REQUEST;
    if (pin->public.ResetState == KSRESET_BEGIN)
        return STATUS_DEVICE_NOT_READY;
    if (pin->queue == NULL || pin->queue->closing)
        return STATUS_INVALID_DEVICE_STATE;
    return STATUS_SUCCESS;
}

static void attempt_after_arrival(struct ks_pin *pin, bool was_empty)
{
    ULONG flags = pin->public.Descriptor->Flags;

    if (was_empty || (flags & KSPIN_FLAG_INITIATE_PROCESSING_ON_EVERY_ARRIVAL) != 0)
        ks_processor_initiate(&pin->processor);
}

NTSTATUS ks_stream_append(struct ks_queue *queue, struct ks_request *request)
{
    struct ks_queue_hold hold;
    bool was_empty;

    ks_queue_enter(queue, &hold);
    if (queue->closing) {
        ks_queue_leave(queue, &hold);
        ks_request_abandon(request);
        return STATUS_INVALID_DEVICE_STATE;
    }
    if (request->carrier == NULL)
        IoMarkIrpPending(request->irp);
    was_empty = ks_queue_append(queue, request);
    if (ks_cancel_arm(request))
        ks_cancel_request(request);
    ks_queue_stay(queue);
    ks_queue_leave(queue, &hold);
    attempt_after_arrival(queue->pin, was_empty);
    ks_queue_stay_over(queue);
    return STATUS_PENDING;
}

NTSTATUS ks_stream_io(struct ks_pin *pin, PIRP irp)
{
    ULONG code = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode;
    struct ks_request *request;
    NTSTATUS status = may_stream(pin, code);

    if (NT_SUCCESS(status))
        status = ks_request_build(pin->queue, irp, &request);
    if (NT_SUCCESS(status))
        status = ks_stream_append(pin->queue, request);
    return status;
}

void ks_stream_call_reset(struct ks_pin *pin)
{
    const KSPIN_DISPATCH *dispatch = pin->public.Descriptor->Dispatch;

    if (dispatch != NULL && dispatch->Reset != NULL)
        KE_CALL(dispatch->Reset, KE_ARG(&pin->public));
    if (pin->processor.filter != NULL)
        ks_filter_call_reset(pin->filter);
}

NTSTATUS ks_stream_reset(struct ks_pin *pin, PIRP irp)
{
    KSRESET reset;
    NTSTATUS status = KsAcquireResetValue(irp, &reset);

    if (!NT_SUCCESS(status))
        return status;
    pin->public.ResetState = reset;
    if (reset == KSRESET_BEGIN) {
        if (pin->queue != NULL)
            ks_queue_cancel_all(pin->queue);
        ks_stream_call_reset(pin);
    }
    return STATUS_SUCCESS;
}
