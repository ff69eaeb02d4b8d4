/* SPDX-License-Identifier: MIT */
/* The capture pin. */
#include "grabber.h"

static NTSTATUS Create(PKSPIN Pin, PIRP Irp)
{
    NTSTATUS Status = PinOpen(Pin);

    UNREFERENCED_PARAMETER(Irp);
    /* We would like KS_FRAME_INFO behind each header; whether it is there the header's size
     * tells. */
    if (NT_SUCCESS(Status))
        Pin->StreamHeaderSize = sizeof(KSSTREAM_HEADER) + sizeof(KS_FRAME_INFO);
    return Status;
}

static NTSTATUS Close(PKSPIN Pin, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    PinClose(Pin);
    return STATUS_SUCCESS;
}

BOOLEAN MappedIsGoodBuffer(PCARD_CHANNEL Channel, const KSSTREAM_HEADER *Header)
{
    return Header->FrameExtent >= Channel->Format.FrameBytes;
}

/* The pixels are not for us to look at: on a bounced buffer they arrive when the clone goes. */
VOID MappedFrameDone(PCARD_CHANNEL Channel, PMAPPED_FRAME Frame)
{
    CaptureFillHeader(Channel, Frame->Clone->StreamHeader, &Frame->Card.Stamp);
}

/* DataUsed 0 tells the client that there is nothing in it. */
VOID MappedFrameDropped(PMAPPED_FRAME Frame)
{
    Frame->Clone->StreamHeader->DataUsed = 0;
}

const KSPIN_DISPATCH GrabberPinDispatch = {
    .Create = Create,
    .Close = Close,
    .Process = MappedProcess,
    .Reset = MappedReset,
    .SetDataFormat = MappedSetDataFormat,
    .SetDeviceState = MappedSetDeviceState,
};
