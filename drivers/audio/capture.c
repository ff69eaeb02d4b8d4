/* SPDX-License-Identifier: MIT */
/* Recording: due frames go from the ADC into the client's buffers, whole frames into each. */
#include "audio.h"

/* ---- Headers --------------------------------------------------------------------------------- */

/* Of the next frame, by the graph's clock. What the clock says, it says of a moment, which
 * GetCorrelatedTime tells; the frame was due somewhat before it. AVStream Clocks. */
static LONGLONG PresentationTime(PAUDIO_STREAM Stream)
{
    LONGLONG Time, System;

    if (Stream->Clock == NULL) /* since RUN, then */
        return AudioTimeOf(Stream->Done + Stream->Missed, Stream->Wave.Rate);
    Time = Stream->Clock->lpVtbl->GetCorrelatedTime(Stream->Clock, &System);
    Time -= System - EngineTimeOfNext(Stream);
    return max(Time, 0); /* the clock may have started a little later than the stream */
}

static VOID BeginBuffer(PAUDIO_STREAM Stream, PKSSTREAM_HEADER Header)
{
    Header->PresentationTime.Time = PresentationTime(Stream);
    Header->PresentationTime.Numerator = 1;
    Header->PresentationTime.Denominator = 1;
    Header->Duration = 0;
    Header->DataUsed = 0;
    Header->OptionsFlags |=
        KSSTREAM_HEADER_OPTIONSF_TIMEVALID | KSSTREAM_HEADER_OPTIONSF_DURATIONVALID;
    if (Stream->Gap)
        Header->OptionsFlags |= KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY;
    Stream->Gap = FALSE;
}

/* ---- Data ------------------------------------------------------------------------------------ */

/* Full, the buffer goes back to the client. */
static VOID Account(PAUDIO_STREAM Stream, ULONG Frames, ULONG ReturnedBytes)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Stream->Audio->Lock, &Irql);
    Stream->Done += Frames;
    Stream->Returned += ReturnedBytes;
    KeReleaseSpinLock(&Stream->Audio->Lock, Irql);
    Stream->Due -= Frames;
}

static VOID FillBuffer(PAUDIO_STREAM Stream, PKSSTREAM_POINTER Edge)
{
    PKSSTREAM_HEADER Header = Edge->StreamHeader;
    const WAVE *Wave = &Stream->Wave;
    ULONG Room = Edge->OffsetOut.Remaining / Wave->FrameBytes;
    ULONG Frames = (ULONG)min(Room, Stream->Due);

    if (Edge->OffsetOut.Remaining == Edge->OffsetOut.Count)
        BeginBuffer(Stream, Header);
    EngineHear(Stream, Edge->OffsetOut.Data, Frames);
    LevelApply(&Stream->Level, Wave, Edge->OffsetOut.Data, Edge->OffsetOut.Data, Frames);
    Header->DataUsed += Frames * Wave->FrameBytes;
    Header->Duration = AudioTimeOf(Header->DataUsed / Wave->FrameBytes, Wave->Rate);
    Account(Stream, Frames, Frames == Room ? Header->DataUsed : 0);
    KsStreamPointerAdvanceOffsetsAndUnlock(Edge, 0, Frames * Wave->FrameBytes, Frames == Room);
}

VOID AudioCapture(PAUDIO_STREAM Stream)
{
    PKSSTREAM_POINTER Edge;

    while (Stream->Due != 0 && (Edge = KsPinGetLeadingEdgeStreamPointer(
                                    Stream->Pin, KSSTREAM_POINTER_STATE_LOCKED)) != NULL)
        FillBuffer(Stream, Edge);
}

VOID AudioFlushCapture(PAUDIO_STREAM Stream)
{
    PKSSTREAM_POINTER Edge =
        KsPinGetLeadingEdgeStreamPointer(Stream->Pin, KSSTREAM_POINTER_STATE_LOCKED);

    if (Edge == NULL)
        return;
    if (Edge->OffsetOut.Remaining != Edge->OffsetOut.Count)
        Account(Stream, 0, Edge->StreamHeader->DataUsed);
    KsStreamPointerUnlock(Edge, Edge->OffsetOut.Remaining != Edge->OffsetOut.Count);
}
