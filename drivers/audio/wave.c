/* SPDX-License-Identifier: MIT */
/* 16, 24 and 32 bit, one or two channels, any rate from 44,100 to 96,000 a second.
 *
 * WAVEFORMATEX says all there is to say of 16 bits in two channels. Where samples are wider clients
 * use WAVEFORMATEXTENSIBLE, which tells container and valid bits apart; both are understood, and
 * valid bits must fill the container (Extensible Wave-Format Descriptors). */
#include "wave.h"

enum { WAVE_TAG = 'evaW' };

/* ---- What there is --------------------------------------------------------------------------- */

#define PCM_RANGE(Bits)                                                            \
    {                                                                              \
        .DataRange =                                                               \
            {                                                                      \
                .FormatSize = sizeof(KSDATARANGE_AUDIO),                           \
                .MajorFormat = {STATIC_KSDATAFORMAT_TYPE_AUDIO},                   \
                .SubFormat = {STATIC_KSDATAFORMAT_SUBTYPE_PCM},                    \
                .Specifier = {STATIC_KSDATAFORMAT_SPECIFIER_WAVEFORMATEX},         \
            },                                                                     \
        .MaximumChannels = WAVE_CHANNELS_MAX, .MinimumBitsPerSample = (Bits),      \
        .MaximumBitsPerSample = (Bits), .MinimumSampleFrequency = WAVE_RATE_MIN,   \
        .MaximumSampleFrequency = WAVE_RATE_MAX,                                   \
    }

static const KSDATARANGE_AUDIO Ranges[WAVE_RANGES] = {PCM_RANGE(16), PCM_RANGE(24), PCM_RANGE(32)};

const PKSDATARANGE WaveDataRanges[WAVE_RANGES] = {
    (PKSDATARANGE)&Ranges[0], (PKSDATARANGE)&Ranges[1], (PKSDATARANGE)&Ranges[2]};

static const GUID SubtypePcm = {STATIC_KSDATAFORMAT_SUBTYPE_PCM};

/* ---- Intersection ---------------------------------------------------------------------------- */

/* A format with room for the longer header. */
#include <pshpack1.h>
typedef struct _PCM_FORMAT {
    KSDATAFORMAT DataFormat;
    WAVEFORMATEXTENSIBLE Wave;
} PCM_FORMAT;
#include <poppack.h>

static ULONG FormatBytes(ULONG Bits)
{
    return Bits > 16 ? sizeof(PCM_FORMAT) : sizeof(KSDATAFORMAT_WAVEFORMATEX);
}

static ULONG SpeakersOf(ULONG Channels)
{
    return Channels == 1 ? KSAUDIO_SPEAKER_MONO : KSAUDIO_SPEAKER_STEREO;
}

static VOID FillFormat(PCM_FORMAT *Format, ULONG Channels, ULONG Bits, ULONG Rate)
{
    ULONG Bytes = FormatBytes(Bits);
    WAVEFORMATEX Wave = {
        .wFormatTag = Bits > 16 ? WAVE_FORMAT_EXTENSIBLE : WAVE_FORMAT_PCM,
        .nChannels = (WORD)Channels,
        .nSamplesPerSec = Rate,
        .nAvgBytesPerSec = Rate * Channels * Bits / 8,
        .nBlockAlign = (WORD)(Channels * Bits / 8),
        .wBitsPerSample = (WORD)Bits,
        .cbSize = (WORD)(Bytes - sizeof(KSDATAFORMAT_WAVEFORMATEX)),
    };

    RtlZeroMemory(Format, Bytes);
    Format->DataFormat = Ranges[0].DataRange; /* all have the same GUIDs */
    Format->DataFormat.FormatSize = Bytes;
    Format->DataFormat.SampleSize = Wave.nBlockAlign;
    Format->Wave.Format = Wave;
    if (Bits > 16) {
        Format->Wave.Samples.wValidBitsPerSample = (WORD)Bits;
        Format->Wave.dwChannelMask = SpeakersOf(Channels);
        Format->Wave.SubFormat = SubtypePcm;
    }
}

/* KS has compared the three GUIDs. A caller that names no numbers takes ours. */
NTSTATUS WaveIntersect(PVOID Context, PIRP Irp, PKSP_PIN Pin, PKSDATARANGE CallerRange,
                       PKSDATARANGE OurRange, ULONG BufferSize, PVOID Data, PULONG DataSize)
{
    const KSDATARANGE_AUDIO *Ours = (const KSDATARANGE_AUDIO *)OurRange;
    const KSDATARANGE_AUDIO *Caller = (const KSDATARANGE_AUDIO *)CallerRange;
    ULONG Channels, Rate, Bits = Ours->MaximumBitsPerSample;

    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Pin);
    if (CallerRange->FormatSize < sizeof(*Caller))
        Caller = Ours;
    Channels = min(Caller->MaximumChannels, Ours->MaximumChannels);
    Rate = min(Caller->MaximumSampleFrequency, Ours->MaximumSampleFrequency);
    if (Channels == 0 || Rate < Ours->MinimumSampleFrequency ||
        Rate < Caller->MinimumSampleFrequency || Bits < Caller->MinimumBitsPerSample ||
        Bits > Caller->MaximumBitsPerSample)
        return STATUS_NO_MATCH;
    *DataSize = FormatBytes(Bits);
    if (BufferSize == 0)
        return STATUS_BUFFER_OVERFLOW; /* the caller wants to know the size */
    if (BufferSize < *DataSize)
        return STATUS_BUFFER_TOO_SMALL;
    FillFormat(Data, Channels, Bits, Rate);
    return STATUS_SUCCESS;
}

/* ---- Formats --------------------------------------------------------------------------------- */

/* What the longer header adds must not change what the samples mean. */
static BOOLEAN IsPlainPcm(const PCM_FORMAT *Format)
{
    const WAVEFORMATEXTENSIBLE *Wave = &Format->Wave;

    if (Wave->Format.wFormatTag == WAVE_FORMAT_PCM)
        return TRUE;
    return Wave->Format.wFormatTag == WAVE_FORMAT_EXTENSIBLE &&
           Format->DataFormat.FormatSize >= sizeof(*Format) &&
           Wave->Format.cbSize >= sizeof(*Wave) - sizeof(Wave->Format) &&
           IsEqualGUID(&Wave->SubFormat, &SubtypePcm) &&
           Wave->Samples.wValidBitsPerSample == Wave->Format.wBitsPerSample;
}

NTSTATUS WaveRead(const KSDATAFORMAT *Format, PWAVE Wave)
{
    const PCM_FORMAT *Pcm = (const PCM_FORMAT *)Format;
    const WAVEFORMATEX *Header = &Pcm->Wave.Format;

    if (Format->FormatSize < sizeof(KSDATAFORMAT_WAVEFORMATEX) || !IsPlainPcm(Pcm) ||
        Header->nChannels == 0 || Header->wBitsPerSample % 8 != 0 ||
        Header->nBlockAlign != Header->nChannels * Header->wBitsPerSample / 8)
        return STATUS_NO_MATCH;
    Wave->Channels = Header->nChannels;
    Wave->SampleBytes = Header->wBitsPerSample / 8;
    Wave->FrameBytes = Header->nBlockAlign;
    Wave->Rate = Header->nSamplesPerSec;
    return STATUS_SUCCESS;
}

BOOLEAN WaveIsIn(const WAVE *Wave, const KSDATARANGE *Range)
{
    const KSDATARANGE_AUDIO *Ours = (const KSDATARANGE_AUDIO *)Range;

    return Wave->Channels <= Ours->MaximumChannels &&
           Wave->SampleBytes * 8 == Ours->MaximumBitsPerSample &&
           Wave->Rate >= Ours->MinimumSampleFrequency &&
           Wave->Rate <= Ours->MaximumSampleFrequency;
}

BOOLEAN WaveIsSame(const WAVE *A, const WAVE *B)
{
    return A->Channels == B->Channels && A->SampleBytes == B->SampleBytes && A->Rate == B->Rate;
}

/* ---- Framing --------------------------------------------------------------------------------- */

/* The descriptor and what it points to are shared by all instances, and const: KsEdit makes copies
 * that belong to this pin, first of the descriptor, then of the framing. */
NTSTATUS WaveSetFraming(PKSPIN Pin, const WAVE *Wave)
{
    ULONG Bytes = Wave->Rate / 100 * Wave->FrameBytes;
    PKSALLOCATOR_FRAMING_EX Framing;
    NTSTATUS Status;

    Status = KsEdit(Pin, &Pin->Descriptor, WAVE_TAG);
    if (NT_SUCCESS(Status))
        Status = KsEdit(Pin, &Pin->Descriptor->AllocatorFraming, WAVE_TAG);
    if (!NT_SUCCESS(Status))
        return Status;
    Framing = (PKSALLOCATOR_FRAMING_EX)Pin->Descriptor->AllocatorFraming;
    Framing->FramingItem[0].PhysicalRange.MinFrameSize = Bytes;
    Framing->FramingItem[0].PhysicalRange.MaxFrameSize = Bytes;
    Framing->FramingItem[0].FramingRange.Range.MinFrameSize = Bytes;
    Framing->FramingItem[0].FramingRange.Range.MaxFrameSize = Bytes;
    return STATUS_SUCCESS;
}
