/* SPDX-License-Identifier: MIT */
/* One frame: the mappings the card needs, and the stream header the client gets. */
#include "grabber.h"

/* The clone was made from the locked leading edge, so it is locked too: the frame cannot be
 * cancelled under the card, its mappings exist, and both hold until the clone is deleted. */
PGRABBER_FRAME GrabberFrameInitialize(PKSSTREAM_POINTER Clone)
{
    PGRABBER_FRAME Frame = Clone->Context;

    RtlZeroMemory(Frame, sizeof(*Frame));
    Frame->Clone = Clone;
    /* Entries are sizeof(GRABBER_MAPPING) apart because that is the stride we registered. */
    Frame->Mappings = (PGRABBER_MAPPING)Clone->OffsetOut.Mappings;
    Frame->MappingCount = Clone->OffsetOut.Count;
    return Frame;
}

/* The card has forgotten the frame: all of it must be posted again. */
VOID GrabberFrameRewind(PGRABBER_FRAME Frame)
{
    ULONG i;

    for (i = 0; i < Frame->MappingCount; i++)
        Frame->Mappings[i].Posted = 0;
    Frame->NextMapping = 0;
    Frame->Entries = 0;
}

/* Stream time, if the graph has a clock; else the time since RUN, which runs at the same rate.
 * Callable in a DPC: KsPinGetReferenceClockInterface says so of the interface it returns. */
static LONGLONG StreamTime(PGRABBER_CHANNEL Channel)
{
    LONGLONG SystemTime;

    if (Channel->Clock != NULL)
        return Channel->Clock->lpVtbl->GetCorrelatedTime(Channel->Clock, &SystemTime);
    return (LONGLONG)KeQueryInterruptTime() - Channel->StartTime;
}

/* The extension is there when the client's header is large enough, whatever we have asked for. */
static VOID FillFrameInfo(PGRABBER_CHANNEL Channel, PKSSTREAM_HEADER Header)
{
    PKS_FRAME_INFO Info = (PKS_FRAME_INFO)(Header + 1);

    if (Header->Size < sizeof(*Header) + sizeof(*Info))
        return;
    Info->ExtendedHeaderSize = sizeof(*Info);
    Info->dwFrameFlags = KS_VIDEO_FLAG_FRAME;
    Info->PictureNumber = Channel->PictureNumber;
    Info->DropCount = Channel->DropCount;
}

/* Fills the header of a captured frame. Channel->Lock is held; the caller deletes the clone without
 * it. The pixels are not for us to look at: on a bounced buffer they arrive when the clone goes. */
VOID GrabberFrameComplete(PGRABBER_CHANNEL Channel, PGRABBER_FRAME Frame)
{
    PKSSTREAM_HEADER Header = Frame->Clone->StreamHeader;

    Header->DataUsed = Channel->Format.FrameBytes;
    Header->PresentationTime.Time = StreamTime(Channel);
    Header->PresentationTime.Numerator = 1;
    Header->PresentationTime.Denominator = 1;
    Header->Duration = Channel->Format.Duration;
    /* Every uncompressed picture is a splice point. */
    Header->OptionsFlags |= KSSTREAM_HEADER_OPTIONSF_TIMEVALID |
                            KSSTREAM_HEADER_OPTIONSF_DURATIONVALID |
                            KSSTREAM_HEADER_OPTIONSF_SPLICEPOINT;
    if (Channel->Discontinuity)
        Header->OptionsFlags |= KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY;
    Channel->Discontinuity = FALSE;
    FillFrameInfo(Channel, Header);
}
