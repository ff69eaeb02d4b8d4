/* SPDX-License-Identifier: MIT */
/* The engine. The device works a hundred times a second. Each time every running stream moves the
 * frames that have passed since the last time, however late the timer is. Those for which there was
 * nothing to play, or no buffer, are gone: a converter does not wait. Between two times, and so in
 * PAUSE, the positions stand still. */
#include "tone.h"

enum { PERIOD = 100000 /* 100 ns */ };

static PTONE ToneOf(PAUDIO_STREAM Stream)
{
    return CONTAINING_RECORD(Stream->Audio, TONE, Audio);
}

static BOOLEAN IsAnyRunning(PTONE Tone)
{
    return Tone->Audio.Streams[AUDIO_RENDER].Running || Tone->Audio.Streams[AUDIO_CAPTURE].Running;
}

/* ---- The next frames of a stream ------------------------------------------------------------- */

static ULONGLONG NextFrame(PAUDIO_STREAM Stream)
{
    return ToneOf(Stream)->Start[Stream->Id] + Stream->Done + Stream->Missed;
}

VOID EnginePlay(PAUDIO_STREAM Stream, const UCHAR *From, ULONG Frames)
{
    CableWrite(&ToneOf(Stream)->Cable, &Stream->Wave, &Stream->Level, NextFrame(Stream), From,
               Frames);
}

VOID EngineHear(PAUDIO_STREAM Stream, PUCHAR To, ULONG Frames)
{
    PTONE Tone = ToneOf(Stream);

    if (Tone->Loopback)
        CableRead(&Tone->Cable, &Stream->Wave, NextFrame(Stream), To, Frames);
    else
        SineDraw(&Stream->Wave, Tone->Frequency, Stream->Done + Stream->Missed, To, Frames);
}

LONGLONG EngineTimeOfNext(PAUDIO_STREAM Stream)
{
    return AudioTimeOf(NextFrame(Stream), Stream->Wave.Rate);
}

/* What is moved is heard at once. */
ULONGLONG EngineAhead(PAUDIO_STREAM Stream)
{
    UNREFERENCED_PARAMETER(Stream);
    return 0;
}

BOOLEAN EngineIsWire(PAUDIO Audio)
{
    return CONTAINING_RECORD(Audio, TONE, Audio)->Loopback;
}

/* ---- A tick ---------------------------------------------------------------------------------- */

/* FALSE: the stream does not run. */
static BOOLEAN Begin(PAUDIO_STREAM Stream, LONGLONG Now)
{
    ULONGLONG Frame = AudioFrameAt(Now, Stream->Wave.Rate);
    BOOLEAN Running;
    KIRQL Irql;

    KeAcquireSpinLock(&Stream->Audio->Lock, &Irql);
    Running = Stream->Running;
    Stream->Due = Running ? Frame - NextFrame(Stream) : 0;
    KeReleaseSpinLock(&Stream->Audio->Lock, Irql);
    return Running;
}

/* Process is called within the attempt: the pin lets it run at DISPATCH_LEVEL, and nobody else
 * attempts. Without a buffer it is not called. */
static VOID Tick(PAUDIO_STREAM Stream, LONGLONG Now)
{
    if (!Begin(Stream, Now))
        return;
    KsPinAttemptProcessing(Stream->Pin, FALSE);
    AudioReturnHeard(Stream, Stream->Done + Stream->Missed);
    AudioMiss(Stream, Stream->Due);
    Stream->Due = 0;
}

/* Lock is held, so the timer is not set again once nothing runs. */
static VOID Arm(PTONE Tone, LONGLONG Now)
{
    LARGE_INTEGER Wait;

    if (!IsAnyRunning(Tone))
        return;
    Tone->NextTick = max(Tone->NextTick + PERIOD, Now + 1);
    Wait.QuadPart = Now - Tone->NextTick; /* below zero: from now */
    KeSetTimer(&Tone->Timer, Wait, &Tone->Dpc);
}

static VOID NTAPI Expired(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    LONGLONG Now = AudioNow();
    PTONE Tone = Context;
    ULONG i;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    for (i = 0; i < AUDIO_STREAMS; i++)
        Tick(&Tone->Audio.Streams[i], Now);
    KeAcquireSpinLockAtDpcLevel(&Tone->Audio.Lock);
    Arm(Tone, Now);
    KeReleaseSpinLockFromDpcLevel(&Tone->Audio.Lock);
}

VOID ToneInitializeTimer(PTONE Tone)
{
    KeInitializeTimer(&Tone->Timer);
    KeInitializeDpc(&Tone->Dpc, Expired, Tone);
}

/* ---- Start and stop -------------------------------------------------------------------------- */

VOID EngineStart(PAUDIO_STREAM Stream)
{
    PTONE Tone = ToneOf(Stream);
    BOOLEAN WasRunning;
    LONGLONG Now;
    KIRQL Irql;

    KeAcquireSpinLock(&Tone->Audio.Lock, &Irql);
    Now = AudioNow();
    WasRunning = IsAnyRunning(Tone);
    Tone->Start[Stream->Id] =
        AudioFrameAt(Now, Stream->Wave.Rate) - Stream->Done - Stream->Missed;
    Stream->Running = TRUE;
    if (!WasRunning) {
        Tone->NextTick = Now;
        Arm(Tone, Now);
    }
    KeReleaseSpinLock(&Tone->Audio.Lock, Irql);
}

/* After the flush no DPC knows the stream as running. */
VOID EngineStop(PAUDIO_STREAM Stream)
{
    PTONE Tone = ToneOf(Stream);
    KIRQL Irql;

    KeAcquireSpinLock(&Tone->Audio.Lock, &Irql);
    Stream->Running = FALSE;
    if (!IsAnyRunning(Tone))
        KeCancelTimer(&Tone->Timer);
    KeReleaseSpinLock(&Tone->Audio.Lock, Irql);
    KeFlushQueuedDpcs();
}
