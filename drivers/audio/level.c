/* SPDX-License-Identifier: MIT */
/* Volume and mute: nodes of the filter, with a value for each channel.
 *
 * A client asks for a channel by its number, or for all of them with -1. A volume out of range is
 * not refused: it becomes the nearest there is, and reading it tells which
 * (KSPROPERTY_AUDIO_VOLUMELEVEL, KSPROPERTY_AUDIO_MUTE). What the values may be follows from the
 * tables at the end of this file, and AVStream tells it to whoever asks for basic support. */
#include "audio.h"

enum {
    DECIBEL = 65536, /* of the property */
    LOUDEST = 0,
    SOFTEST = -96 * DECIBEL,
    UNITY = 1 << 30, /* of a gain */
    MINUS_ONE_DECIBEL = 956973408, /* UNITY * 10^(-1/20) */
    ALL_CHANNELS = -1,
};

/* ---- Samples --------------------------------------------------------------------------------- */

static LONG GainOf(LONG Volume)
{
    LONGLONG Gain = UNITY;

    for (; Volume < LOUDEST; Volume += DECIBEL)
        Gain = Gain * MINUS_ONE_DECIBEL / UNITY;
    return (LONG)Gain;
}

VOID LevelInitialize(PAUDIO_LEVEL Level)
{
    ULONG i;

    for (i = 0; i < WAVE_CHANNELS_MAX; i++)
        Level->Gain[i] = UNITY;
}

VOID LevelApply(const AUDIO_LEVEL *Level, const WAVE *Wave, PUCHAR To, const UCHAR *From,
                ULONG Frames)
{
    ULONG Bytes = Wave->SampleBytes, i, Channel;

    for (i = 0; i < Frames; i++)
        for (Channel = 0; Channel < Wave->Channels; Channel++, To += Bytes, From += Bytes) {
            LONGLONG Gain = Level->Mute[Channel] ? 0 : Level->Gain[Channel];

            WaveStore(To, Bytes, (LONG)(WaveLoad(From, Bytes) * Gain / UNITY));
        }
}

/* ---- Properties ------------------------------------------------------------------------------ */

typedef struct _CHANNELS {
    PAUDIO_LEVEL Level;
    ULONG First, End;
} CHANNELS;

/* AVStream has looked at the size, and at the node. */
static NTSTATUS FindChannels(PIRP Irp, PKSIDENTIFIER Request, CHANNELS *Found)
{
    const KSNODEPROPERTY_AUDIO_CHANNEL *Channel = (const KSNODEPROPERTY_AUDIO_CHANNEL *)Request;
    ULONG Stream = Channel->NodeProperty.NodeId < AUDIO_NODE_ADC ? AUDIO_RENDER : AUDIO_CAPTURE;

    Found->Level = &AudioOfIrp(Irp)->Streams[Stream].Level;
    if (Channel->Channel == ALL_CHANNELS) {
        Found->First = 0;
        Found->End = WAVE_CHANNELS_MAX;
        return STATUS_SUCCESS;
    }
    if (Channel->Channel < 0 || Channel->Channel >= WAVE_CHANNELS_MAX)
        return STATUS_INVALID_PARAMETER;
    Found->First = Channel->Channel;
    Found->End = Found->First + 1;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI GetVolume(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    CHANNELS Channels;
    NTSTATUS Status = FindChannels(Irp, Request, &Channels);

    if (!NT_SUCCESS(Status))
        return Status;
    *(PLONG)Data = Channels.Level->Volume[Channels.First];
    Irp->IoStatus.Information = sizeof(LONG);
    return STATUS_SUCCESS;
}

/* To the next whole decibel below. */
static NTSTATUS NTAPI SetVolume(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    LONG Volume = *(PLONG)Data;
    CHANNELS Channels;
    NTSTATUS Status = FindChannels(Irp, Request, &Channels);
    ULONG i;

    if (!NT_SUCCESS(Status))
        return Status;
    Volume = max(min(Volume, LOUDEST), SOFTEST);
    Volume -= (Volume - SOFTEST) % DECIBEL;
    for (i = Channels.First; i < Channels.End; i++) {
        Channels.Level->Volume[i] = Volume;
        Channels.Level->Gain[i] = GainOf(Volume);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI GetMute(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    CHANNELS Channels;
    NTSTATUS Status = FindChannels(Irp, Request, &Channels);

    if (!NT_SUCCESS(Status))
        return Status;
    *(PLONG)Data = Channels.Level->Mute[Channels.First];
    Irp->IoStatus.Information = sizeof(LONG);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI SetMute(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    LONG Mute = *(PLONG)Data != 0;
    CHANNELS Channels;
    NTSTATUS Status = FindChannels(Irp, Request, &Channels);
    ULONG i;

    if (!NT_SUCCESS(Status))
        return Status;
    for (i = Channels.First; i < Channels.End; i++)
        Channels.Level->Mute[i] = Mute;
    return STATUS_SUCCESS;
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static const KSPROPERTY_STEPPING_LONG VolumeSteps[WAVE_CHANNELS_MAX] = {
    {.SteppingDelta = DECIBEL, .Bounds = {.SignedMinimum = SOFTEST, .SignedMaximum = LOUDEST}},
    {.SteppingDelta = DECIBEL, .Bounds = {.SignedMinimum = SOFTEST, .SignedMaximum = LOUDEST}},
};

static const KSPROPERTY_STEPPING_LONG MuteSteps[WAVE_CHANNELS_MAX] = {
    {.SteppingDelta = 1, .Bounds = {.SignedMinimum = 0, .SignedMaximum = 1}},
    {.SteppingDelta = 1, .Bounds = {.SignedMinimum = 0, .SignedMaximum = 1}},
};

/* One member for each channel (Exposing Multichannel Nodes). */
#define STEPPED(Steps)                                                              \
    {                                                                               \
        .MembersHeader = {.MembersFlags = KSPROPERTY_MEMBER_STEPPEDRANGES,          \
                          .MembersSize = sizeof(Steps[0]),                          \
                          .MembersCount = ARRAYSIZE(Steps),                         \
                          .Flags = KSPROPERTY_MEMBER_FLAG_BASICSUPPORT_MULTICHANNEL}, \
        .Members = Steps,                                                           \
    }

static const KSPROPERTY_MEMBERSLIST VolumeMembers[] = {STEPPED(VolumeSteps)};
static const KSPROPERTY_MEMBERSLIST MuteMembers[] = {STEPPED(MuteSteps)};

enum { VARIANT_I4 = 3, VARIANT_BOOL = 11 }; /* of VARENUM */

static const KSPROPERTY_VALUES VolumeValues = {
    .PropTypeSet = {{{STATIC_KSPROPTYPESETID_General, VARIANT_I4, 0}}},
    .MembersListCount = ARRAYSIZE(VolumeMembers),
    .MembersList = VolumeMembers,
};

static const KSPROPERTY_VALUES MuteValues = {
    .PropTypeSet = {{{STATIC_KSPROPTYPESETID_General, VARIANT_BOOL, 0}}},
    .MembersListCount = ARRAYSIZE(MuteMembers),
    .MembersList = MuteMembers,
};

static const KSPROPERTY_ITEM VolumeItems[] = {
    DEFINE_KSPROPERTY_ITEM(KSPROPERTY_AUDIO_VOLUMELEVEL, GetVolume,
                           sizeof(KSNODEPROPERTY_AUDIO_CHANNEL), sizeof(LONG), SetVolume,
                           &VolumeValues, 0, NULL, NULL, 0),
};

static const KSPROPERTY_ITEM MuteItems[] = {
    DEFINE_KSPROPERTY_ITEM(KSPROPERTY_AUDIO_MUTE, GetMute, sizeof(KSNODEPROPERTY_AUDIO_CHANNEL),
                           sizeof(LONG), SetMute, &MuteValues, 0, NULL, NULL, 0),
};

static const GUID AudioSet = {STATIC_KSPROPSETID_Audio};

static const KSPROPERTY_SET VolumeSets[] = {
    DEFINE_KSPROPERTY_SET(&AudioSet, ARRAYSIZE(VolumeItems), VolumeItems, 0, NULL),
};

static const KSPROPERTY_SET MuteSets[] = {
    DEFINE_KSPROPERTY_SET(&AudioSet, ARRAYSIZE(MuteItems), MuteItems, 0, NULL),
};

const KSAUTOMATION_TABLE LevelVolumeAutomation = {
    .PropertySetsCount = ARRAYSIZE(VolumeSets),
    .PropertyItemSize = sizeof(KSPROPERTY_ITEM),
    .PropertySets = VolumeSets,
};

const KSAUTOMATION_TABLE LevelMuteAutomation = {
    .PropertySetsCount = ARRAYSIZE(MuteSets),
    .PropertyItemSize = sizeof(KSPROPERTY_ITEM),
    .PropertySets = MuteSets,
};
