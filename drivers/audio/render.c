/* SPDX-License-Identifier: MIT */
/* Playing: due frames go out of the client's buffers to the DAC. A buffer goes back when its last
 * frame has been heard, which may be later than it was taken out: a clone of the leading edge stays
 * on it till then. Nothing of the buffer is needed any more, so the clone is not locked, and a
 * client that cancels gets its buffer at once. */
#include "audio.h"

/* ---- Buffers that wait to be heard ----------------------------------------------------------- */

/* The clone's Context. Lock: in Stream->Waiting, oldest first, until somebody takes it off to
 * delete the clone. */
typedef struct _WAITING {
    LIST_ENTRY Link;
    ULONGLONG End; /* heard when so many frames are */
    PAUDIO_STREAM Stream;
    PKSSTREAM_POINTER Clone;
    BOOLEAN Taken;
} WAITING, *PWAITING;

/* AVStream holds its queue's lock. One that is taken off already is deleted by who did it. */
static VOID NTAPI Cancelled(PKSSTREAM_POINTER Clone)
{
    PWAITING Waiting = Clone->Context;
    PAUDIO Audio = Waiting->Stream->Audio;
    BOOLEAN Ours;
    KIRQL Irql;

    KeAcquireSpinLock(&Audio->Lock, &Irql);
    Ours = !Waiting->Taken;
    if (Ours)
        RemoveEntryList(&Waiting->Link);
    Waiting->Taken = TRUE;
    KeReleaseSpinLock(&Audio->Lock, Irql);
    if (Ours)
        KsStreamPointerDelete(Clone);
}

/* Without memory for a clone the buffer goes back early. */
static VOID Wait(PAUDIO_STREAM Stream, PKSSTREAM_POINTER Edge)
{
    PKSSTREAM_POINTER Clone;
    PWAITING Waiting;
    KIRQL Irql;

    if (!NT_SUCCESS(KsStreamPointerClone(Edge, Cancelled, sizeof(*Waiting), &Clone)))
        return;
    Waiting = Clone->Context;
    Waiting->Stream = Stream;
    Waiting->Clone = Clone;
    Waiting->End = Stream->Done + Stream->Missed;
    Waiting->Taken = FALSE;
    KeAcquireSpinLock(&Stream->Audio->Lock, &Irql);
    InsertTailList(&Stream->Waiting, &Waiting->Link);
    KeReleaseSpinLock(&Stream->Audio->Lock, Irql);
    KsStreamPointerUnlock(Clone, FALSE); /* now it can be cancelled */
}

/* NULL: none that is heard. */
static PKSSTREAM_POINTER TakeHeard(PAUDIO_STREAM Stream, ULONGLONG Heard)
{
    PWAITING Waiting = NULL;
    KIRQL Irql;

    KeAcquireSpinLock(&Stream->Audio->Lock, &Irql);
    if (!IsListEmpty(&Stream->Waiting)) {
        Waiting = CONTAINING_RECORD(Stream->Waiting.Flink, WAITING, Link);
        if (Waiting->End > Heard)
            Waiting = NULL;
    }
    if (Waiting != NULL) {
        RemoveEntryList(&Waiting->Link);
        Waiting->Taken = TRUE;
    }
    KeReleaseSpinLock(&Stream->Audio->Lock, Irql);
    return Waiting != NULL ? Waiting->Clone : NULL;
}

VOID AudioReturnHeard(PAUDIO_STREAM Stream, ULONGLONG Heard)
{
    PKSSTREAM_POINTER Clone;

    while ((Clone = TakeHeard(Stream, Heard)) != NULL)
        KsStreamPointerDelete(Clone);
}

/* ---- Data ------------------------------------------------------------------------------------ */

static VOID Account(PAUDIO_STREAM Stream, ULONG Frames)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Stream->Audio->Lock, &Irql);
    Stream->Done += Frames;
    KeReleaseSpinLock(&Stream->Audio->Lock, Irql);
    Stream->Due -= Frames;
}

/* What is less than a frame at a buffer's end is passed over, be it what a client wrote or the
 * empty buffer that ends a stream. */
VOID AudioRender(PAUDIO_STREAM Stream)
{
    const WAVE *Wave = &Stream->Wave;
    PKSSTREAM_POINTER Edge;

    while (Stream->Due != 0 && (Edge = KsPinGetLeadingEdgeStreamPointer(
                                    Stream->Pin, KSSTREAM_POINTER_STATE_LOCKED)) != NULL) {
        ULONG There = Edge->OffsetIn.Remaining / Wave->FrameBytes;
        ULONG Frames = (ULONG)min(There, Stream->Due);

        EnginePlay(Stream, Edge->OffsetIn.Data, Frames);
        Account(Stream, Frames);
        if (Frames == There)
            Wait(Stream, Edge);
        KsStreamPointerAdvanceOffsetsAndUnlock(Edge, Frames * Wave->FrameBytes, 0, Frames == There);
    }
}
