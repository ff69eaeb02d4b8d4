/* SPDX-License-Identifier: MIT */
/* tone.sys: a sound device without hardware, whose engine is a timer (drivers/audio says what an
 * engine is). The ADC hears a tone, or what the DAC plays (Loopback).
 *
 * The device has counted frames since the system started (AudioFrameAt), and both streams live on
 * that count: what the render stream plays at a frame is what the capture stream hears at it. */
#ifndef DRIVERS_TONE_H
#define DRIVERS_TONE_H

#include "../audio/audio.h"

enum { TONE_TAG = 'enoT' };

/* What was played lately, by the device's frames. 24 divides it, so that frames of every format
 * fit in a whole number of times. */
enum { CABLE_BYTES = 24 * 4096 };
typedef struct _TONE_CABLE {
    ULONGLONG From, To; /* the frames that are in Data */
    UCHAR Data[CABLE_BYTES];
} TONE_CABLE, *PTONE_CABLE;

typedef struct _TONE {
    AUDIO Audio; /* first */
    /* Lock: the device's frame that is frame 0 of the stream, as long as it runs. */
    ULONGLONG Start[AUDIO_STREAMS];
    ULONG Frequency; /* Hz */
    BOOLEAN Loopback;
    KTIMER Timer;
    KDPC Dpc;
    LONGLONG NextTick; /* 100 ns; the timer's */
    TONE_CABLE Cable; /* the DPC's */
} TONE, *PTONE;

/* settings.c: Frequency and Loopback, from the registry. PASSIVE_LEVEL. */
VOID ToneReadSettings(PTONE Tone, PKSDEVICE Device);

/* timer.c */
VOID ToneInitializeTimer(PTONE Tone);

/* cable.c: Frames frames from device frame First on; what was not played is silence. */
VOID CableWrite(PTONE_CABLE Cable, const WAVE *Wave, const AUDIO_LEVEL *Level, ULONGLONG First,
                const UCHAR *From, ULONG Frames);
VOID CableRead(const TONE_CABLE *Cable, const WAVE *Wave, ULONGLONG First, PUCHAR To, ULONG Frames);

/* sine.c: the tone from stream frame First on; each further channel is an octave higher. */
VOID SineDraw(const WAVE *Wave, ULONG Frequency, ULONGLONG First, PUCHAR To, ULONG Frames);

#endif
