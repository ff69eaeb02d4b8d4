/* SPDX-License-Identifier: MIT */
/* PCM formats: what a pin offers, and what a format means. */
#ifndef DRIVERS_WAVE_H
#define DRIVERS_WAVE_H

#include "../common/windows.h"

enum {
    WAVE_CHANNELS_MAX = 2,
    WAVE_RANGES = 3, /* 16, 24 and 32 bit */
    WAVE_RATE_MIN = 44100,
    WAVE_RATE_MAX = 96000,
};

typedef struct _WAVE {
    ULONG Channels;
    ULONG SampleBytes; /* of one channel: 2, 3 or 4, little-endian, signed */
    ULONG FrameBytes;
    ULONG Rate; /* frames a second */
} WAVE, *PWAVE;

extern const PKSDATARANGE WaveDataRanges[WAVE_RANGES];

/* A PFNKSINTERSECTHANDLEREX: the highest that both sides can. */
NTSTATUS WaveIntersect(PVOID Context, PIRP Irp, PKSP_PIN Pin, PKSDATARANGE CallerRange,
                       PKSDATARANGE OurRange, ULONG BufferSize, PVOID Data, PULONG DataSize);

/* STATUS_NO_MATCH when the format is no PCM. */
NTSTATUS WaveRead(const KSDATAFORMAT *Format, PWAVE Wave);

BOOLEAN WaveIsIn(const WAVE *Wave, const KSDATARANGE *Range);

BOOLEAN WaveIsSame(const WAVE *A, const WAVE *B);

/* In Create: the pin's framing says that buffers hold a hundredth of a second. */
NTSTATUS WaveSetFraming(PKSPIN Pin, const WAVE *Wave);

/* One sample, left-justified in 32 bits. */
static inline LONG WaveLoad(const UCHAR *From, ULONG SampleBytes)
{
    ULONG Sample = (ULONG)From[SampleBytes - 1] << 24 | (ULONG)From[SampleBytes - 2] << 16;

    if (SampleBytes >= 3)
        Sample |= (ULONG)From[SampleBytes - 3] << 8;
    if (SampleBytes == 4)
        Sample |= From[0];
    return (LONG)Sample;
}

static inline VOID WaveStore(PUCHAR To, ULONG SampleBytes, LONG Sample)
{
    ULONG i;

    for (i = 0; i < SampleBytes; i++)
        To[i] = (UCHAR)((ULONG)Sample >> (8 * (4 - SampleBytes + i)));
}

#endif
