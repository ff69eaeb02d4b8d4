/* SPDX-License-Identifier: MIT */
/* A pin that registers a frame return callback before it leaves STOP is in injection mode: it has
 * no queue and is given no frames to fill, but puts frames of its own into the circuit, to the pin
 * at the other end and back to the callback. Frame Injection; KsPinRegisterFrameReturnCallback;
 * KsPinSubmitFrame; KsPinSubmitFrameMdl.
 *
 * UNDOC: injecting on a pin that is not connected to another, or in STOP. It is refused with
 * STATUS_INVALID_DEVICE_STATE, and with STATUS_INVALID_DEVICE_REQUEST on a pin that has not
 * registered a callback. UNDOC: a frame without a header of the driver's. On a pin whose data flow
 * out it is full, else empty. A header that claims more data than there are is refused. */
#include <string.h>

#include "ks/pin.h"
#include "ks/requester.h"
#include "ks/room.h"

static NTSTATUS may_inject(const struct ks_pin *pin)
{
    if (pin->pipe.frame_return == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    return ks_requester_sends(pin->pipe.requester) ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_STATE;
}

static NTSTATUS inject(struct ks_pin *pin, PVOID data, ULONG bytes, PMDL mdl,
                       const KSSTREAM_HEADER *header, PVOID context)
{
    ULONG header_bytes = header != NULL ? header->Size : (ULONG)sizeof *header;
    struct ks_carrier *carrier;
    NTSTATUS status;

    if (header_bytes < sizeof *header || (header != NULL && header->DataUsed > bytes))
        return STATUS_INVALID_PARAMETER;
    carrier = ks_carrier_create(pin->pipe.requester, data, bytes, mdl, header_bytes);
    if (carrier == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (header != NULL)
        memcpy(&carrier->header, header, header_bytes);
    else if (pin->public.DataFlow == KSPIN_DATAFLOW_OUT)
        carrier->header.DataUsed = bytes;
    carrier->header.Data = data;
    carrier->header.FrameExtent = bytes;
    carrier->context = context;
    status = ks_carrier_send(carrier);
    if (status == STATUS_PENDING)
        return STATUS_SUCCESS;
    ks_carrier_destroy(carrier);
    return status;
}

NTSTATUS NTAPI KsPinSubmitFrame(PKSPIN Pin, PVOID Data, ULONG Size, PKSSTREAM_HEADER StreamHeader,
                                PVOID Context)
{
    struct ks_pin *pin = ks_pin_of(Pin);
    NTSTATUS status = may_inject(pin);

    if (!NT_SUCCESS(status))
        return status;
    if ((Data == NULL) != (Size == 0))
        return STATUS_INVALID_PARAMETER;
    return inject(pin, Data, Size, NULL, StreamHeader, Context);
}

NTSTATUS NTAPI KsPinSubmitFrameMdl(PKSPIN Pin, PMDL Mdl, PKSSTREAM_HEADER StreamHeader,
                                   PVOID Context)
{
    struct ks_pin *pin = ks_pin_of(Pin);
    NTSTATUS status = may_inject(pin);
    PVOID data = NULL;

    if (!NT_SUCCESS(status))
        return status;
    if (Mdl != NULL) {
        data = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
        if (data == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    return inject(pin, data, Mdl != NULL ? MmGetMdlByteCount(Mdl) : 0, Mdl, StreamHeader, Context);
}

/* Decides the mode when the pin next leaves STOP. */
void NTAPI KsPinRegisterFrameReturnCallback(PKSPIN Pin, PFNKSPINFRAMERETURN FrameReturn)
{
    struct ks_pin *pin = ks_pin_of(Pin);

    if (pin->public.ClientState != KSSTATE_STOP) {
        KE_FINDING(ke_current(), VERIFY_frame_return, pin->object.id);
        return;
    }
    pin->pipe.frame_return = FrameReturn;
}
