/* SPDX-License-Identifier: MIT */
/* Playing: due frames go out of the client's buffers into the DAC. */
#include "tone.h"

static VOID Account(PTONE_STREAM Stream, ULONG Frames)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Stream->Tone->Lock, &Irql);
    Stream->Done += Frames;
    KeReleaseSpinLock(&Stream->Tone->Lock, Irql);
    Stream->Due -= Frames;
}

/* A buffer that is played to its end goes back, and so does one with less than a frame in it, be it
 * what a client wrote or the empty one that ends a stream. */
VOID ToneRender(PTONE_STREAM Stream)
{
    const WAVE *Wave = &Stream->Wave;
    PKSSTREAM_POINTER Edge;

    while (Stream->Due != 0 && (Edge = KsPinGetLeadingEdgeStreamPointer(
                                    Stream->Pin, KSSTREAM_POINTER_STATE_LOCKED)) != NULL) {
        ULONG There = Edge->OffsetIn.Remaining / Wave->FrameBytes;
        ULONG Frames = (ULONG)min(There, Stream->Due);

        CableWrite(&Stream->Tone->Cable, Wave, &Stream->Level,
                   Stream->Start + Stream->Done + Stream->Missed, Edge->OffsetIn.Data, Frames);
        Account(Stream, Frames);
        KsStreamPointerAdvanceOffsetsAndUnlock(Edge, Frames * Wave->FrameBytes, 0, Frames == There);
    }
}
