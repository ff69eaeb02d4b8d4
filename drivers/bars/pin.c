/* SPDX-License-Identifier: MIT */
/* The pin, and Process, which a filter-centric driver has in the filter's dispatch table.
 *
 * Process is shown the index by pin type, with one process pin in it: where the next buffer lies
 * and how much room it has. It says how many bytes it has written and that the buffer may go; what
 * the stream pointer has to do for that is AVStream's affair. */
#include "bars.h"

/* ---- Process --------------------------------------------------------------------------------- */

static LONGLONG PresentationTime(PBARS Bars)
{
    if (Bars->Clock != NULL)
        return Bars->Clock->lpVtbl->GetTime(Bars->Clock);
    return Bars->Tick * Bars->Format.Duration; /* since RUN */
}

/* The extension is there when the client's header is large enough, whatever we have asked for. */
static VOID FillFrameInfo(PBARS Bars, PKSSTREAM_HEADER Header)
{
    PKS_FRAME_INFO Info = (PKS_FRAME_INFO)(Header + 1);

    if (Header->Size < sizeof(*Header) + sizeof(*Info))
        return;
    Info->ExtendedHeaderSize = sizeof(*Info);
    Info->dwFrameFlags = KS_VIDEO_FLAG_FRAME;
    Info->PictureNumber = Bars->PictureNumber;
    Info->DropCount = Bars->DropCount;
}

/* DataUsed is not ours: it follows from BytesUsed. */
static VOID FillHeader(PBARS Bars, PKSSTREAM_HEADER Header)
{
    Header->PresentationTime.Time = PresentationTime(Bars);
    Header->PresentationTime.Numerator = 1;
    Header->PresentationTime.Denominator = 1;
    Header->Duration = Bars->Format.Duration;
    Header->OptionsFlags |= KSSTREAM_HEADER_OPTIONSF_TIMEVALID |
                            KSSTREAM_HEADER_OPTIONSF_DURATIONVALID |
                            KSSTREAM_HEADER_OPTIONSF_SPLICEPOINT;
    FillFrameInfo(Bars, Header);
}

/* <= DISPATCH_LEVEL, never concurrent. PENDING: not again before the timer asks for it. */
NTSTATUS BarsProcess(PKSFILTER Filter, PKSPROCESSPIN_INDEXENTRY Index)
{
    PBARS Bars = Filter->Context;
    PKSPROCESSPIN Pin;

    if (Index[BARS_PIN].Count == 0)
        return STATUS_PENDING;
    Pin = Index[BARS_PIN].Pins[0];
    Bars->PictureNumber++;
    if (Pin->BytesAvailable < Bars->Format.FrameBytes) {
        Bars->DropCount++;
        Pin->Terminate = TRUE; /* too small for a picture, if there is one at all */
        return STATUS_PENDING;
    }
    BarsDraw(&Bars->Format, (ULONG)Bars->PictureNumber, Pin->Data);
    FillHeader(Bars, Pin->StreamPointer->StreamHeader);
    Pin->BytesUsed = Bars->Format.FrameBytes;
    Pin->Terminate = TRUE;
    return STATUS_PENDING;
}

/* ---- Formats and states ---------------------------------------------------------------------- */

/* Called before Create (OldFormat NULL) and when the client changes the format. */
static NTSTATUS SetDataFormat(PKSPIN Pin, PKSDATAFORMAT OldFormat, PKSMULTIPLE_ITEM OldAttributes,
                              const KSDATARANGE *Range, const KSATTRIBUTE_LIST *AttributeRange)
{
    PBARS Bars = Pin->Context;
    VIDEO_FORMAT Format;
    NTSTATUS Status = VideoParseFormat(Pin->ConnectionFormat, Range, &Format);

    UNREFERENCED_PARAMETER(OldAttributes);
    UNREFERENCED_PARAMETER(AttributeRange);
    if (!NT_SUCCESS(Status))
        return Status;
    if (OldFormat != NULL && Pin->DeviceState != KSSTATE_STOP)
        return STATUS_INVALID_DEVICE_STATE;
    Bars->Format = Format;
    return STATUS_SUCCESS;
}

static NTSTATUS Create(PKSPIN Pin, PIRP Irp)
{
    PBARS Bars = Pin->Context;

    UNREFERENCED_PARAMETER(Irp);
    Pin->StreamHeaderSize = sizeof(KSSTREAM_HEADER) + sizeof(KS_FRAME_INFO);
    return VideoSetFraming(Pin, Bars->Format.FrameBytes);
}

static VOID ReleaseClock(PBARS Bars)
{
    if (Bars->Clock != NULL)
        Bars->Clock->lpVtbl->Release(Bars->Clock);
    Bars->Clock = NULL;
}

static NTSTATUS SetDeviceState(PKSPIN Pin, KSSTATE To, KSSTATE From)
{
    PBARS Bars = Pin->Context;

    if (To == KSSTATE_ACQUIRE && From == KSSTATE_STOP) {
        Bars->PictureNumber = 0;
        Bars->DropCount = 0;
        if (!NT_SUCCESS(KsPinGetReferenceClockInterface(Pin, &Bars->Clock)))
            Bars->Clock = NULL;
    }
    if (To == KSSTATE_RUN)
        BarsStartTimer(Bars);
    if (To == KSSTATE_PAUSE && From == KSSTATE_RUN)
        BarsStopTimer(Bars);
    if (To == KSSTATE_STOP)
        ReleaseClock(Bars);
    return STATUS_SUCCESS;
}

/* No Process: the filter's does it. */
const KSPIN_DISPATCH BarsPinDispatch = {
    .Create = Create,
    .SetDataFormat = SetDataFormat,
    .SetDeviceState = SetDeviceState,
};
