/* SPDX-License-Identifier: MIT */
#include "audio.h"

VOID AudioInitialize(PAUDIO Audio)
{
    ULONG i;

    KeInitializeSpinLock(&Audio->Lock);
    for (i = 0; i < AUDIO_STREAMS; i++) {
        Audio->Streams[i].Audio = Audio;
        Audio->Streams[i].Id = i;
        InitializeListHead(&Audio->Streams[i].Waiting);
        LevelInitialize(&Audio->Streams[i].Level);
    }
}

PAUDIO AudioOfIrp(PIRP Irp)
{
    return KsGetDeviceForDeviceObject(IoGetCurrentIrpStackLocation(Irp)->DeviceObject)->Context;
}

VOID AudioMiss(PAUDIO_STREAM Stream, ULONGLONG Frames)
{
    KIRQL Irql;

    if (Frames == 0)
        return;
    Stream->Gap = TRUE;
    KeAcquireSpinLock(&Stream->Audio->Lock, &Irql);
    Stream->Missed += Frames;
    KeReleaseSpinLock(&Stream->Audio->Lock, Irql);
}
