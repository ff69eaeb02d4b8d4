/* SPDX-License-Identifier: MIT */
/* tone.sys: a sound device without hardware. A render pin plays into a DAC, a capture pin records
 * from an ADC; the ADC hears a tone, or what the DAC plays (Loopback).
 *
 * There is one TONE a device, whatever number of filters is open: as with a sound card, volume set
 * through one handle is heard in the stream of another. A pin has a stream from Create to Close.
 * Positions and times are counted in frames, one sample of each channel. The device has counted
 * frames since the system started (ToneFrameAt), and both streams live on that count: what the
 * render stream plays at a frame is what the capture stream hears at the same frame.
 *
 * Lock guards what says so. The rest of a stream belongs to whoever moves its data: the timer's DPC
 * while it runs, its SetDeviceState while it does not. */
#ifndef DRIVERS_TONE_H
#define DRIVERS_TONE_H

#include "wave.h"

enum { TONE_TAG = 'enoT' };

/* Streams, in the order in which the timer serves them: what is heard must have been played. */
enum { TONE_RENDER, TONE_CAPTURE, TONE_STREAMS };

enum { TONE_PIN_RENDER, TONE_PIN_SPEAKER, TONE_PIN_LINE, TONE_PIN_CAPTURE, TONE_PINS };

enum {
    TONE_NODE_RENDER_VOLUME,
    TONE_NODE_RENDER_MUTE,
    TONE_NODE_DAC,
    TONE_NODE_ADC,
    TONE_NODE_CAPTURE_VOLUME,
    TONE_NODE_CAPTURE_MUTE,
    TONE_NODES
};

/* A volume and a mute node. Written at PASSIVE_LEVEL, read by the DPC, one aligned number each. */
typedef struct _TONE_LEVEL {
    LONG Volume[WAVE_CHANNELS_MAX]; /* 1/65536 dB */
    LONG Gain[WAVE_CHANNELS_MAX]; /* the same as a factor: LEVEL_UNITY is 1 */
    LONG Mute[WAVE_CHANNELS_MAX];
} TONE_LEVEL, *PTONE_LEVEL;

/* What was played lately, by the device's frames. 24 divides it, so that frames of every format
 * fit in a whole number of times. */
enum { CABLE_BYTES = 24 * 4096 };
typedef struct _TONE_CABLE {
    ULONGLONG From, To; /* the frames that are in Data */
    UCHAR Data[CABLE_BYTES];
} TONE_CABLE, *PTONE_CABLE;

typedef struct _TONE *PTONE;

typedef struct _TONE_STREAM {
    PTONE Tone;
    ULONG Id;
    TONE_LEVEL Level;
    PKSPIN Pin; /* Lock; NULL: no pin is open */
    WAVE Wave; /* Lock; changes in STOP only */
    BOOLEAN Running; /* Lock */
    PIKSREFERENCECLOCK Clock; /* NULL: a graph without one */

    /* Since STOP. Device frame Start + Done + Missed is the next one to be moved. */
    ULONGLONG Start; /* Lock; means something while Running */
    ULONGLONG Done; /* Lock; frames moved: the position */
    ULONGLONG Missed; /* Lock; frames for which there was no data, or no buffer */
    ULONGLONG Returned; /* Lock; captured bytes in buffers that the client has back */
    ULONGLONG Due; /* to be moved now */
    BOOLEAN Gap; /* the next captured frame does not follow the last */
} TONE_STREAM, *PTONE_STREAM;

typedef struct _TONE {
    KSPIN_LOCK Lock;
    TONE_STREAM Streams[TONE_STREAMS];
    ULONG Frequency; /* Hz */
    BOOLEAN Loopback;
    KTIMER Timer;
    KDPC Dpc;
    LONGLONG NextTick; /* 100 ns; the timer's */
    TONE_CABLE Cable; /* the DPC's, and that of whoever has made sure there is none */
} TONE;

/* driver.c */
PTONE ToneOfIrp(PIRP Irp);

/* settings.c: Frequency and Loopback, from the registry. PASSIVE_LEVEL. */
VOID ToneReadSettings(PTONE Tone, PKSDEVICE Device);

/* time.c: the device's time in 100 ns, its frames at a rate, and back. Any IRQL. */
LONGLONG ToneNow(VOID);
ULONGLONG ToneFrameAt(LONGLONG Time, ULONG Rate);
LONGLONG ToneTimeOf(ULONGLONG Frame, ULONG Rate);

/* timer.c: from Start to Stop the stream's data moves. PASSIVE_LEVEL. */
VOID ToneInitializeTimer(PTONE Tone);
VOID ToneStartStream(PTONE_STREAM Stream);
VOID ToneStopStream(PTONE_STREAM Stream);

/* render.c, capture.c: move Due frames, or as many as the client lets us, and take them off Due.
 * <= DISPATCH_LEVEL, one at a time. */
VOID ToneRender(PTONE_STREAM Stream);
VOID ToneCapture(PTONE_STREAM Stream);
/* The buffer that is partly full goes back to the client. */
VOID ToneFlushCapture(PTONE_STREAM Stream);

/* cable.c: Frames frames from device frame First on; what was not played is silence. */
VOID CableWrite(PTONE_CABLE Cable, const WAVE *Wave, const TONE_LEVEL *Level, ULONGLONG First,
                const UCHAR *From, ULONG Frames);
VOID CableRead(const TONE_CABLE *Cable, const WAVE *Wave, ULONGLONG First, PUCHAR To, ULONG Frames);

/* sine.c: the tone from stream frame First on; each further channel is an octave higher. */
VOID SineDraw(const WAVE *Wave, ULONG Frequency, ULONGLONG First, PUCHAR To, ULONG Frames);

/* level.c */
VOID LevelInitialize(PTONE_LEVEL Level);
/* To may be From. At 0 dB every byte stays what it is. */
VOID LevelApply(const TONE_LEVEL *Level, const WAVE *Wave, PUCHAR To, const UCHAR *From,
                ULONG Frames);
extern const KSAUTOMATION_TABLE LevelVolumeAutomation, LevelMuteAutomation;

/* pin.c */
extern const KSPIN_DISPATCH TonePinDispatch;
extern const KSAUTOMATION_TABLE TonePinAutomation;

/* topology.c */
extern const KSFILTER_DESCRIPTOR ToneFilter;

#endif
