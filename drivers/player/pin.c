/* SPDX-License-Identifier: MIT */
/* The pin that takes pictures and plays them in the order in which they come, one each frame
 * period. Presentation times are not looked at: the card has a clock of its own and one place to
 * show a picture, so a client that is in time needs none, and one that is not is shown late. */
#include "player.h"

static NTSTATUS Create(PKSPIN Pin, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    return PinOpen(Pin);
}

static NTSTATUS Close(PKSPIN Pin, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    PinClose(Pin);
    return STATUS_SUCCESS;
}

/* A whole picture, no more and no less: the mappings cover what is used. */
BOOLEAN MappedIsGoodBuffer(PCARD_CHANNEL Channel, const KSSTREAM_HEADER *Header)
{
    return Header->DataUsed == Channel->Format.FrameBytes;
}

/* The card has read it: the client may have its buffer again. */
VOID MappedFrameDone(PCARD_CHANNEL Channel, PMAPPED_FRAME Frame)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Frame);
}

VOID MappedFrameDropped(PMAPPED_FRAME Frame)
{
    KsStreamPointerSetStatusCode(Frame->Clone, STATUS_CANCELLED);
}

const KSPIN_DISPATCH PlayerPinDispatch = {
    .Create = Create,
    .Close = Close,
    .Process = MappedProcess,
    .Reset = MappedReset,
    .SetDataFormat = MappedSetDataFormat,
    .SetDeviceState = MappedSetDeviceState,
};
