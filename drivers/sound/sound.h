/* SPDX-License-Identifier: MIT */
/* sound.sys: the card audio32. Its engine (drivers/audio says what that is) is the card: two rings
 * in common buffers, an interrupt each period. The render stream is written ahead of the card, as
 * far as there is room; the capture stream is read behind it.
 *
 * Frame n of a stream lies in its ring at n modulo the ring's frames. The card has moved the frames
 * below CardFrame; Done + Missed is where the driver is. So for playing what lies between the two
 * is still to be heard, for recording it is still to be fetched.
 *
 *   Audio.Lock   as in audio.h
 *   Control      what runs on the card: SetDeviceState and SetPower, PASSIVE_LEVEL */
#ifndef DRIVERS_SOUND_H
#define DRIVERS_SOUND_H

#include "../../models/audio32/regs.h"
#include "../audio/audio.h"

enum {
    SOUND_TAG = 'dnuS',
    RING_PERIODS = 8, /* of a hundredth of a second: the largest ring has 61,440 bytes */
};

typedef struct _SOUND_RING {
    PUCHAR Va;
    PHYSICAL_ADDRESS La;
    ULONG PeriodFrames;
    BOOLEAN OnCard; /* Lock; the card has it running */
    ULONGLONG Moved; /* Lock; frames the card had moved when it was last started, or stopped */
    ULONGLONG StartFrame; /* the first that is moved after RingStart, and when that was */
    LONGLONG StartTime; /* 100 ns */
    ULONGLONG Cleared; /* frames below are silence in the ring, unless written again */
    ULONGLONG SoundFrom, SoundTo; /* Lock; the last frames that were no silence, in one piece */
} SOUND_RING, *PSOUND_RING;

typedef struct _SOUND {
    AUDIO Audio; /* first */
    PKSDEVICE KsDevice;
    SOUND_RING Rings[AUDIO_STREAMS];
    PUCHAR Registers; /* NULL while not started */
    ULONG RegisterBytes;
    PDMA_ADAPTER Adapter;
    PKINTERRUPT Interrupt;
    volatile LONG Causes; /* from the ISR to the DPC */
    KDPC Dpc;
    FAST_MUTEX Control;
    BOOLEAN Powered; /* Control: started and in D0 */
} SOUND, *PSOUND;

/* ring.c: the engine. Control is held, the device started. */
VOID RingStart(PAUDIO_STREAM Stream);
VOID RingStop(PAUDIO_STREAM Stream);
/* The card's interrupt: frames have moved. DISPATCH_LEVEL. */
VOID RingService(PAUDIO_STREAM Stream);

/* interrupt.c */
NTSTATUS SoundConnectInterrupt(PSOUND Sound, PCM_PARTIAL_RESOURCE_DESCRIPTOR Resource);
VOID SoundDisconnectInterrupt(PSOUND Sound);
KDEFERRED_ROUTINE SoundDpc;

static inline ULONG SoundRead(PSOUND Sound, ULONG Offset)
{
    return READ_REGISTER_ULONG((volatile ULONG *)(Sound->Registers + Offset));
}

static inline VOID SoundWrite(PSOUND Sound, ULONG Offset, ULONG Value)
{
    WRITE_REGISTER_ULONG((volatile ULONG *)(Sound->Registers + Offset), Value);
}

/* Streams are numbered as the card numbers them. */
C_ASSERT((int)AUDIO_RENDER == (int)A32_OUT && (int)AUDIO_CAPTURE == (int)A32_IN);

static inline ULONG StreamRegister(PAUDIO_STREAM Stream, ULONG Offset)
{
    return A32_STREAM + Stream->Id * A32_STREAM_STRIDE + Offset;
}

#endif
