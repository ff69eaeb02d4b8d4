/* SPDX-License-Identifier: MIT */
/* A sound device as the sample drivers see it, whatever moves its samples. A render pin plays into
 * a DAC, a capture pin records from an ADC, each through volume and mute.
 *
 * There is one AUDIO a device, whatever number of filters is open: as with a sound card, volume set
 * through one handle is heard in the stream of another. A pin has a stream from Create to Close.
 * Streams are counted in frames, one sample of each channel.
 *
 * The engine, of which each driver has one, knows when frames are due. It attempts processing at
 * DISPATCH_LEVEL, and Process (render.c, capture.c) moves Due frames, or as many as the client lets
 * it, through the engine's memory. Lock guards what says so; the rest of a stream belongs to the
 * engine's DPC while it runs, to its SetDeviceState while it does not. */
#ifndef DRIVERS_AUDIO_H
#define DRIVERS_AUDIO_H

#include "wave.h"

/* Streams, in the order in which an engine serves them: what is heard must have been played. */
enum { AUDIO_RENDER, AUDIO_CAPTURE, AUDIO_STREAMS };

enum { AUDIO_PIN_RENDER, AUDIO_PIN_SPEAKER, AUDIO_PIN_LINE, AUDIO_PIN_CAPTURE, AUDIO_PINS };

enum {
    AUDIO_NODE_RENDER_VOLUME,
    AUDIO_NODE_RENDER_MUTE,
    AUDIO_NODE_DAC,
    AUDIO_NODE_ADC,
    AUDIO_NODE_CAPTURE_VOLUME,
    AUDIO_NODE_CAPTURE_MUTE,
    AUDIO_NODES
};

/* A volume and a mute node. Written at PASSIVE_LEVEL, read by DPCs, one aligned number each. */
typedef struct _AUDIO_LEVEL {
    LONG Volume[WAVE_CHANNELS_MAX]; /* 1/65536 dB */
    LONG Gain[WAVE_CHANNELS_MAX]; /* the same as a factor */
    LONG Mute[WAVE_CHANNELS_MAX];
} AUDIO_LEVEL, *PAUDIO_LEVEL;

typedef struct _AUDIO *PAUDIO;

typedef struct _AUDIO_STREAM {
    PAUDIO Audio;
    ULONG Id;
    AUDIO_LEVEL Level;
    PKSPIN Pin; /* Lock; NULL: no pin is open */
    WAVE Wave; /* Lock; changes in STOP only */
    BOOLEAN Running; /* Lock; the engine's */
    PIKSREFERENCECLOCK Clock; /* NULL: a graph without one */

    /* Since STOP: frame Done + Missed is the next one to be moved. */
    ULONGLONG Done; /* Lock; frames moved */
    ULONGLONG Missed; /* Lock; frames for which there was no data, or no buffer */
    ULONGLONG Returned; /* Lock; captured bytes in buffers that the client has back */
    LIST_ENTRY Waiting; /* Lock; buffers that are not heard yet (render.c) */
    ULONGLONG Due; /* to be moved now */
    BOOLEAN Gap; /* the next captured frame does not follow the last */
} AUDIO_STREAM, *PAUDIO_STREAM;

/* The first member of what a driver has for its device, which is the KSDEVICE's Context. */
typedef struct _AUDIO {
    KSPIN_LOCK Lock;
    AUDIO_STREAM Streams[AUDIO_STREAMS];
} AUDIO;

/* stream.c */
VOID AudioInitialize(PAUDIO Audio);
PAUDIO AudioOfIrp(PIRP Irp);
/* The next frames are over: nothing was moved. <= DISPATCH_LEVEL. */
VOID AudioMiss(PAUDIO_STREAM Stream, ULONGLONG Frames);

/* time.c: the system's time in 100 ns, its frames at a rate, and back. Any IRQL. */
LONGLONG AudioNow(VOID);
ULONGLONG AudioFrameAt(LONGLONG Time, ULONG Rate);
LONGLONG AudioTimeOf(ULONGLONG Frame, ULONG Rate);

/* render.c, capture.c: move what is Due, and take it off Due. <= DISPATCH_LEVEL, one at a time. */
VOID AudioRender(PAUDIO_STREAM Stream);
/* Buffers whose frames are below Heard go back to the client. <= DISPATCH_LEVEL. */
VOID AudioReturnHeard(PAUDIO_STREAM Stream, ULONGLONG Heard);
VOID AudioCapture(PAUDIO_STREAM Stream);
/* The buffer that is partly full goes back to the client. */
VOID AudioFlushCapture(PAUDIO_STREAM Stream);

/* level.c */
VOID LevelInitialize(PAUDIO_LEVEL Level);
/* To may be From. At 0 dB every byte stays what it is. */
VOID LevelApply(const AUDIO_LEVEL *Level, const WAVE *Wave, PUCHAR To, const UCHAR *From,
                ULONG Frames);
extern const KSAUTOMATION_TABLE LevelVolumeAutomation, LevelMuteAutomation;

/* pin.c */
extern const KSPIN_DISPATCH AudioPinDispatch;
extern const KSAUTOMATION_TABLE AudioPinAutomation;

/* topology.c; each driver's filter has a reference string of its own. */
extern const KSFILTER_DESCRIPTOR AudioFilter;
extern const GUID AudioReference; /* the driver's */

/* ---- The engine: each driver has one --------------------------------------------------------- */

/* From Start to Stop the stream's frames move. PASSIVE_LEVEL. */
VOID EngineStart(PAUDIO_STREAM Stream);
VOID EngineStop(PAUDIO_STREAM Stream);

/* Both streams must have one format. */
BOOLEAN EngineIsWire(PAUDIO Audio);

/* The next frames, to the DAC with their level applied, or from the ADC. <= DISPATCH_LEVEL. */
VOID EnginePlay(PAUDIO_STREAM Stream, const UCHAR *From, ULONG Frames);
VOID EngineHear(PAUDIO_STREAM Stream, PUCHAR To, ULONG Frames);

/* When the next frame was at the converter, by AudioNow. <= DISPATCH_LEVEL. */
LONGLONG EngineTimeOfNext(PAUDIO_STREAM Stream);

/* Frames that were moved and are not heard yet. Lock is held. */
ULONGLONG EngineAhead(PAUDIO_STREAM Stream);

#endif
