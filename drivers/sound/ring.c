/* SPDX-License-Identifier: MIT */
/* The engine: what the driver does with the rings while the card goes round in them. */
#include "sound.h"

static PSOUND SoundOf(PAUDIO_STREAM Stream)
{
    return CONTAINING_RECORD(Stream->Audio, SOUND, Audio);
}

static PSOUND_RING RingOf(PAUDIO_STREAM Stream)
{
    return &SoundOf(Stream)->Rings[Stream->Id];
}

static ULONG RingFrames(PAUDIO_STREAM Stream)
{
    return RingOf(Stream)->PeriodFrames * RING_PERIODS;
}

static ULONGLONG NextFrame(PAUDIO_STREAM Stream)
{
    return Stream->Done + Stream->Missed;
}

/* How many frames the card has moved since STOP. PERIODS counts from RingStart on; a card that is
 * out of its slot reads as all ones. Lock is held. */
static ULONGLONG CardFrame(PAUDIO_STREAM Stream)
{
    PSOUND_RING Ring = RingOf(Stream);
    ULONG Periods;

    if (!Ring->OnCard)
        return Ring->Moved;
    Periods = SoundRead(SoundOf(Stream), StreamRegister(Stream, A32_PERIODS));
    return Periods == 0xffffffff ? Ring->Moved
                                 : Ring->Moved + (ULONGLONG)Periods * Ring->PeriodFrames;
}

/* ---- The next frames of a stream ------------------------------------------------------------- */

/* Where a frame lies, and how many follow it without a break. */
static PUCHAR Span(PAUDIO_STREAM Stream, ULONGLONG Frame, ULONG Frames, PULONG Count)
{
    ULONG At = (ULONG)(Frame % RingFrames(Stream));

    *Count = min(Frames, RingFrames(Stream) - At);
    return RingOf(Stream)->Va + At * Stream->Wave.FrameBytes;
}

static VOID NoteSound(PAUDIO_STREAM Stream, ULONGLONG Frame, ULONG Frames)
{
    PSOUND_RING Ring = RingOf(Stream);
    KIRQL Irql;

    KeAcquireSpinLock(&Stream->Audio->Lock, &Irql);
    if (Ring->SoundTo != Frame)
        Ring->SoundFrom = Frame;
    Ring->SoundTo = Frame + Frames;
    KeReleaseSpinLock(&Stream->Audio->Lock, Irql);
}

VOID EnginePlay(PAUDIO_STREAM Stream, const UCHAR *From, ULONG Frames)
{
    ULONGLONG Frame = NextFrame(Stream);
    ULONG Count;

    NoteSound(Stream, Frame, Frames);
    for (; Frames != 0; Frames -= Count, Frame += Count, From += Count * Stream->Wave.FrameBytes) {
        PUCHAR To = Span(Stream, Frame, Frames, &Count);

        LevelApply(&Stream->Level, &Stream->Wave, To, From, Count);
    }
}

VOID EngineHear(PAUDIO_STREAM Stream, PUCHAR To, ULONG Frames)
{
    ULONGLONG Frame = NextFrame(Stream);
    ULONG Count;

    for (; Frames != 0; Frames -= Count, Frame += Count, To += Count * Stream->Wave.FrameBytes) {
        PUCHAR From = Span(Stream, Frame, Frames, &Count);

        RtlCopyMemory(To, From, Count * Stream->Wave.FrameBytes);
    }
}

/* The card latches its first frame when it is started. */
LONGLONG EngineTimeOfNext(PAUDIO_STREAM Stream)
{
    PSOUND_RING Ring = RingOf(Stream);

    return Ring->StartTime + AudioTimeOf(NextFrame(Stream) - Ring->StartFrame, Stream->Wave.Rate);
}

/* Done follows what is in the ring, and is zero in STOP. */
ULONGLONG EngineAhead(PAUDIO_STREAM Stream)
{
    PSOUND_RING Ring = RingOf(Stream);
    ULONGLONG From = max(CardFrame(Stream), Ring->SoundFrom);

    return Ring->SoundTo > From ? min(Ring->SoundTo - From, Stream->Done) : 0;
}

/* What goes out does not come in, as far as the driver knows. */
BOOLEAN EngineIsWire(PAUDIO Audio)
{
    UNREFERENCED_PARAMETER(Audio);
    return FALSE;
}

/* ---- An interrupt ---------------------------------------------------------------------------- */

/* Process is called within the attempt: the pin lets it run at DISPATCH_LEVEL, and nobody else
 * attempts. Without a buffer it is not called. */
static VOID Attempt(PAUDIO_STREAM Stream, ULONGLONG Due)
{
    Stream->Due = Due;
    KsPinAttemptProcessing(Stream->Pin, FALSE);
    Stream->Due = 0;
}

/* What was played becomes silence, so that nothing is heard twice if we are late. */
static VOID ClearPlayed(PAUDIO_STREAM Stream, ULONGLONG Card)
{
    PSOUND_RING Ring = RingOf(Stream);
    ULONG Count;

    Ring->Cleared = max(Ring->Cleared, Card > RingFrames(Stream) ? Card - RingFrames(Stream) : 0);
    for (; Ring->Cleared < Card; Ring->Cleared += Count) {
        PUCHAR At = Span(Stream, Ring->Cleared, (ULONG)(Card - Ring->Cleared), &Count);

        RtlZeroMemory(At, Count * Stream->Wave.FrameBytes);
    }
}

/* The card reads the next period when this one is over: what is not there then is silence. */
static VOID Play(PAUDIO_STREAM Stream, ULONGLONG Card)
{
    ULONGLONG Wanted = Card + RingOf(Stream)->PeriodFrames;

    ClearPlayed(Stream, Card);
    AudioReturnHeard(Stream, Card);
    if (NextFrame(Stream) < Card)
        AudioMiss(Stream, Card - NextFrame(Stream));
    Attempt(Stream, Card + RingFrames(Stream) - NextFrame(Stream));
    if (NextFrame(Stream) < Wanted)
        AudioMiss(Stream, Wanted - NextFrame(Stream));
}

/* The ring keeps what the client has no buffer for, until the card comes round to it. */
static VOID Record(PAUDIO_STREAM Stream, ULONGLONG Card)
{
    ULONG Kept = RingFrames(Stream) - RingOf(Stream)->PeriodFrames;

    if (Card - NextFrame(Stream) > Kept)
        AudioMiss(Stream, Card - NextFrame(Stream) - Kept);
    Attempt(Stream, Card - NextFrame(Stream));
}

VOID RingService(PAUDIO_STREAM Stream)
{
    ULONGLONG Card;
    BOOLEAN Running;
    KIRQL Irql;

    KeAcquireSpinLock(&Stream->Audio->Lock, &Irql);
    Running = Stream->Running;
    Card = CardFrame(Stream);
    KeReleaseSpinLock(&Stream->Audio->Lock, Irql);
    if (!Running)
        return;
    if (Stream->Id == AUDIO_RENDER)
        Play(Stream, Card);
    else
        Record(Stream, Card);
}

/* ---- Start and stop -------------------------------------------------------------------------- */

static VOID Program(PAUDIO_STREAM Stream)
{
    PSOUND Sound = SoundOf(Stream);
    PSOUND_RING Ring = RingOf(Stream);
    const WAVE *Wave = &Stream->Wave;
    ULONG Position = (ULONG)(Ring->Moved % RingFrames(Stream)) * Wave->FrameBytes;

    SoundWrite(Sound, StreamRegister(Stream, A32_BASE), Ring->La.LowPart);
    SoundWrite(Sound, StreamRegister(Stream, A32_BYTES), RingFrames(Stream) * Wave->FrameBytes);
    SoundWrite(Sound, StreamRegister(Stream, A32_PERIOD), Ring->PeriodFrames * Wave->FrameBytes);
    SoundWrite(Sound, StreamRegister(Stream, A32_FORMAT),
               A32_FORMAT_OF(Wave->Channels, Wave->SampleBytes * 8));
    SoundWrite(Sound, StreamRegister(Stream, A32_RATE), Wave->Rate);
    SoundWrite(Sound, StreamRegister(Stream, A32_POSITION), Position);
}

VOID RingStart(PAUDIO_STREAM Stream)
{
    PSOUND_RING Ring = RingOf(Stream);
    KIRQL Irql;

    if (Ring->OnCard)
        return;
    Program(Stream);
    KeAcquireSpinLock(&Stream->Audio->Lock, &Irql);
    Ring->StartFrame = Ring->Moved;
    Ring->StartTime = AudioNow();
    Ring->OnCard = TRUE;
    KeReleaseSpinLock(&Stream->Audio->Lock, Irql);
    KeMemoryBarrier(); /* what is in the ring, before the card may look */
    SoundWrite(SoundOf(Stream), StreamRegister(Stream, A32_RUN), 1);
}

VOID RingStop(PAUDIO_STREAM Stream)
{
    PSOUND_RING Ring = RingOf(Stream);
    KIRQL Irql;

    if (!Ring->OnCard)
        return;
    SoundWrite(SoundOf(Stream), StreamRegister(Stream, A32_RUN), 0);
    KeAcquireSpinLock(&Stream->Audio->Lock, &Irql);
    Ring->Moved = CardFrame(Stream);
    Ring->OnCard = FALSE;
    KeReleaseSpinLock(&Stream->Audio->Lock, Irql);
}

/* The first RUN after STOP. A player's first period is silence: there is nothing else yet. */
static VOID Prepare(PAUDIO_STREAM Stream)
{
    PSOUND_RING Ring = RingOf(Stream);

    Ring->PeriodFrames = Stream->Wave.Rate / 100;
    Ring->Moved = 0;
    Ring->Cleared = 0;
    Ring->SoundFrom = 0;
    Ring->SoundTo = 0;
    RtlZeroMemory(Ring->Va, RingFrames(Stream) * Stream->Wave.FrameBytes);
    if (Stream->Id == AUDIO_RENDER)
        AudioMiss(Stream, Ring->PeriodFrames);
}

static VOID SetRunning(PAUDIO_STREAM Stream, BOOLEAN Running)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Stream->Audio->Lock, &Irql);
    Stream->Running = Running;
    KeReleaseSpinLock(&Stream->Audio->Lock, Irql);
}

/* Waking, RUN may come before the card has power: SetPower starts it then. */
VOID EngineStart(PAUDIO_STREAM Stream)
{
    PSOUND Sound = SoundOf(Stream);

    ExAcquireFastMutex(&Sound->Control);
    if (NextFrame(Stream) == 0)
        Prepare(Stream);
    SetRunning(Stream, TRUE);
    if (Sound->Powered)
        RingStart(Stream);
    ExReleaseFastMutex(&Sound->Control);
}

/* After the flush no DPC knows the stream as running, and what the card has recorded goes to the
 * client as far as it has buffers. */
VOID EngineStop(PAUDIO_STREAM Stream)
{
    PSOUND Sound = SoundOf(Stream);

    ExAcquireFastMutex(&Sound->Control);
    if (Sound->Powered)
        RingStop(Stream);
    SetRunning(Stream, FALSE);
    ExReleaseFastMutex(&Sound->Control);
    KeFlushQueuedDpcs();
    if (Stream->Id == AUDIO_RENDER)
        return;
    Stream->Due = RingOf(Stream)->Moved - NextFrame(Stream);
    AudioCapture(Stream);
    AudioMiss(Stream, Stream->Due);
    Stream->Due = 0;
}
