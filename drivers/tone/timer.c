/* SPDX-License-Identifier: MIT */
/* The device works a hundred times a second. Each time every running stream moves the frames that
 * have passed since the last time, however late the timer is. Those for which there was nothing to
 * play, or no buffer, are gone: a converter does not wait. Between two times, and so in PAUSE, the
 * positions stand still. */
#include "tone.h"

enum { PERIOD = 100000 /* 100 ns */ };

static BOOLEAN IsAnyRunning(PTONE Tone)
{
    return Tone->Streams[TONE_RENDER].Running || Tone->Streams[TONE_CAPTURE].Running;
}

/* ---- One stream ------------------------------------------------------------------------------ */

/* FALSE: the stream does not run. */
static BOOLEAN Begin(PTONE_STREAM Stream, LONGLONG Now)
{
    ULONGLONG Frame = ToneFrameAt(Now, Stream->Wave.Rate);
    BOOLEAN Running;
    KIRQL Irql;

    KeAcquireSpinLock(&Stream->Tone->Lock, &Irql);
    Running = Stream->Running;
    Stream->Due = Running ? Frame - Stream->Start - Stream->Done - Stream->Missed : 0;
    KeReleaseSpinLock(&Stream->Tone->Lock, Irql);
    return Running;
}

static VOID End(PTONE_STREAM Stream)
{
    KIRQL Irql;

    if (Stream->Due == 0)
        return;
    Stream->Gap = TRUE;
    KeAcquireSpinLock(&Stream->Tone->Lock, &Irql);
    Stream->Missed += Stream->Due;
    KeReleaseSpinLock(&Stream->Tone->Lock, Irql);
    Stream->Due = 0;
}

/* Process is called within the attempt: the pin lets it run at DISPATCH_LEVEL, and nobody else
 * attempts. Without a buffer it is not called. */
static VOID Tick(PTONE_STREAM Stream, LONGLONG Now)
{
    if (!Begin(Stream, Now))
        return;
    KsPinAttemptProcessing(Stream->Pin, FALSE);
    End(Stream);
}

/* ---- The timer ------------------------------------------------------------------------------- */

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
    LONGLONG Now = ToneNow();
    PTONE Tone = Context;
    ULONG i;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    for (i = 0; i < TONE_STREAMS; i++)
        Tick(&Tone->Streams[i], Now);
    KeAcquireSpinLockAtDpcLevel(&Tone->Lock);
    Arm(Tone, Now);
    KeReleaseSpinLockFromDpcLevel(&Tone->Lock);
}

VOID ToneInitializeTimer(PTONE Tone)
{
    KeInitializeSpinLock(&Tone->Lock);
    KeInitializeTimer(&Tone->Timer);
    KeInitializeDpc(&Tone->Dpc, Expired, Tone);
}

/* ---- Start and stop -------------------------------------------------------------------------- */

VOID ToneStartStream(PTONE_STREAM Stream)
{
    PTONE Tone = Stream->Tone;
    BOOLEAN WasRunning;
    LONGLONG Now;
    KIRQL Irql;

    KeAcquireSpinLock(&Tone->Lock, &Irql);
    Now = ToneNow();
    WasRunning = IsAnyRunning(Tone);
    Stream->Start = ToneFrameAt(Now, Stream->Wave.Rate) - Stream->Done - Stream->Missed;
    Stream->Running = TRUE;
    if (!WasRunning) {
        Tone->NextTick = Now;
        Arm(Tone, Now);
    }
    KeReleaseSpinLock(&Tone->Lock, Irql);
}

/* After the flush no DPC knows the stream as running. */
VOID ToneStopStream(PTONE_STREAM Stream)
{
    PTONE Tone = Stream->Tone;
    KIRQL Irql;

    KeAcquireSpinLock(&Tone->Lock, &Irql);
    Stream->Running = FALSE;
    if (!IsAnyRunning(Tone))
        KeCancelTimer(&Tone->Timer);
    KeReleaseSpinLock(&Tone->Lock, Irql);
    KeFlushQueuedDpcs();
}
