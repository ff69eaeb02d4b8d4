/* SPDX-License-Identifier: MIT */
#include "pin.h"

PCARD_CHANNEL PinChannel(PKSPIN Pin)
{
    PCARD_DEVICE Device = KsPinGetDevice(Pin)->Context;

    return Device->Channels[Pin->Id];
}

/* ---- Formats --------------------------------------------------------------------------------- */

/* Called before Create (OldFormat NULL) and when the client changes the format; the new one is
 * already in Pin->ConnectionFormat. Some clients set the same format once more just before RUN. */
NTSTATUS PinSetDataFormat(PKSPIN Pin, PKSDATAFORMAT OldFormat, PKSMULTIPLE_ITEM OldAttributes,
                          const KSDATARANGE *Range, const KSATTRIBUTE_LIST *AttributeRange)
{
    PCARD_CHANNEL Channel = PinChannel(Pin);
    VIDEO_FORMAT Format;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(OldAttributes);
    UNREFERENCED_PARAMETER(AttributeRange);
    RtlZeroMemory(&Format, sizeof(Format)); /* holes too: it is compared below */
    Status = VideoParseFormat(Pin->ConnectionFormat, Range, &Format);
    if (!NT_SUCCESS(Status))
        return Status;
    if (OldFormat != NULL && Pin->DeviceState != KSSTATE_STOP)
        return RtlCompareMemory(&Format, &Channel->Format, sizeof(Format)) == sizeof(Format)
                   ? STATUS_SUCCESS
                   : STATUS_INVALID_DEVICE_STATE;
    Channel->Format = Format;
    return STATUS_SUCCESS;
}

/* ---- Open and close -------------------------------------------------------------------------- */

NTSTATUS PinOpen(PKSPIN Pin)
{
    PCARD_CHANNEL Channel = PinChannel(Pin);
    NTSTATUS Status = VideoSetFraming(Pin, Channel->Format.FrameBytes);

    if (!NT_SUCCESS(Status))
        return Status;
    Pin->Context = Channel;
    Channel->Pin = Pin;
    return STATUS_SUCCESS;
}

VOID PinClose(PKSPIN Pin)
{
    PCARD_CHANNEL Channel = Pin->Context;

    Channel->Pin = NULL;
}

/* ---- The clock ------------------------------------------------------------------------------- */

/* A graph without a clock is normal: its frames carry the time since RUN. */
VOID PinAcquireClock(PCARD_CHANNEL Channel)
{
    if (!NT_SUCCESS(KsPinGetReferenceClockInterface(Channel->Pin, &Channel->Clock)))
        Channel->Clock = NULL;
}

VOID PinReleaseClock(PCARD_CHANNEL Channel)
{
    if (Channel->Clock != NULL)
        Channel->Clock->lpVtbl->Release(Channel->Clock);
    Channel->Clock = NULL;
}
