/* SPDX-License-Identifier: MIT */
/* What a client is told of a captured picture, and of those it did not get. */
#include "pin.h"

/* The extension is there when the client's header is large enough, whatever we have asked for. */
static VOID FillFrameInfo(PKSSTREAM_HEADER Header, const CARD_STAMP *Stamp)
{
    PKS_FRAME_INFO Info = (PKS_FRAME_INFO)(Header + 1);

    if (Header->Size < sizeof(*Header) + sizeof(*Info))
        return;
    Info->ExtendedHeaderSize = sizeof(*Info);
    Info->dwFrameFlags = KS_VIDEO_FLAG_FRAME;
    Info->PictureNumber = Stamp->PictureNumber;
    Info->DropCount = Stamp->DropCount;
}

VOID CaptureFillHeader(PCARD_CHANNEL Channel, PKSSTREAM_HEADER Header, const CARD_STAMP *Stamp)
{
    Header->DataUsed = Channel->Format.FrameBytes;
    Header->PresentationTime.Time = Stamp->Time;
    Header->PresentationTime.Numerator = 1;
    Header->PresentationTime.Denominator = 1;
    Header->Duration = Channel->Format.Duration;
    /* Every uncompressed picture is a splice point. */
    Header->OptionsFlags |= KSSTREAM_HEADER_OPTIONSF_TIMEVALID |
                            KSSTREAM_HEADER_OPTIONSF_DURATIONVALID |
                            KSSTREAM_HEADER_OPTIONSF_SPLICEPOINT;
    if (Stamp->Discontinuity)
        Header->OptionsFlags |= KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY;
    FillFrameInfo(Header, Stamp);
}

/* ---- Dropped frames -------------------------------------------------------------------------- */

static NTSTATUS GetDroppedFrames(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    PKSPROPERTY_DROPPEDFRAMES_CURRENT_S Current = Data;
    PCARD_CHANNEL Channel = KsGetPinFromIrp(Irp)->Context;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Request);
    KeAcquireSpinLock(&Channel->Lock, &Irql);
    Current->PictureNumber = Channel->PictureNumber;
    Current->DropCount = Channel->DropCount;
    KeReleaseSpinLock(&Channel->Lock, Irql);
    Current->AverageFrameSize = Channel->Format.FrameBytes;
    return STATUS_SUCCESS;
}

static DEFINE_KSPROPERTY_TABLE(DroppedFramesItems){
    DEFINE_KSPROPERTY_ITEM(KSPROPERTY_DROPPEDFRAMES_CURRENT, GetDroppedFrames, sizeof(KSPROPERTY),
                           sizeof(KSPROPERTY_DROPPEDFRAMES_CURRENT_S), NULL, NULL, 0, NULL, NULL,
                           0)};

static DEFINE_KSPROPERTY_SET_TABLE(Properties){
    DEFINE_KSPROPERTY_SET(&PROPSETID_VIDCAP_DROPPEDFRAMES, SIZEOF_ARRAY(DroppedFramesItems),
                          DroppedFramesItems, 0, NULL)};

const KSAUTOMATION_TABLE CaptureAutomation = {
    DEFINE_KSAUTOMATION_PROPERTIES(Properties),
    DEFINE_KSAUTOMATION_METHODS_NULL,
    DEFINE_KSAUTOMATION_EVENTS_NULL,
};
