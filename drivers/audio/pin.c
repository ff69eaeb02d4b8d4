/* SPDX-License-Identifier: MIT */
/* The pins that stream: open, formats, states, position, clock. */
#include "audio.h"

/* ---- Process --------------------------------------------------------------------------------- */

/* Called by the engine's attempts only. PENDING: not again before the next. */
static NTSTATUS NTAPI Process(PKSPIN Pin)
{
    PAUDIO_STREAM Stream = Pin->Context;

    if (Stream->Id == AUDIO_RENDER)
        AudioRender(Stream);
    else
        AudioCapture(Stream);
    return STATUS_PENDING;
}

/* ---- Formats --------------------------------------------------------------------------------- */

/* Lock is held. A wire has one format at both ends. */
static NTSTATUS TakeFormat(PAUDIO_STREAM Stream, const WAVE *Wave)
{
    const AUDIO_STREAM *Other = &Stream->Audio->Streams[AUDIO_CAPTURE - Stream->Id];

    if (EngineIsWire(Stream->Audio) && Other->Pin != NULL && !WaveIsSame(Wave, &Other->Wave))
        return STATUS_NO_MATCH;
    Stream->Wave = *Wave;
    return STATUS_SUCCESS;
}

static NTSTATUS ChangeFormat(PAUDIO_STREAM Stream, const WAVE *Wave)
{
    NTSTATUS Status;
    KIRQL Irql;

    if (WaveIsSame(Wave, &Stream->Wave))
        return STATUS_SUCCESS; /* some clients say it once more just before RUN */
    if (Stream->Pin->DeviceState != KSSTATE_STOP)
        return STATUS_INVALID_DEVICE_STATE;
    KeAcquireSpinLock(&Stream->Audio->Lock, &Irql);
    Status = TakeFormat(Stream, Wave);
    KeReleaseSpinLock(&Stream->Audio->Lock, Irql);
    return Status;
}

/* Before Create (OldFormat NULL) there is no stream yet, and Create takes the format. */
static NTSTATUS NTAPI SetDataFormat(PKSPIN Pin, PKSDATAFORMAT OldFormat,
                                    PKSMULTIPLE_ITEM OldAttributes, const KSDATARANGE *Range,
                                    const KSATTRIBUTE_LIST *AttributeRange)
{
    NTSTATUS Status;
    WAVE Wave;

    UNREFERENCED_PARAMETER(OldAttributes);
    UNREFERENCED_PARAMETER(AttributeRange);
    Status = WaveRead(Pin->ConnectionFormat, &Wave);
    if (NT_SUCCESS(Status) && !WaveIsIn(&Wave, Range))
        Status = STATUS_NO_MATCH;
    if (!NT_SUCCESS(Status) || OldFormat == NULL)
        return Status;
    return ChangeFormat(Pin->Context, &Wave);
}

/* ---- Open and close -------------------------------------------------------------------------- */

static NTSTATUS Claim(PAUDIO_STREAM Stream, PKSPIN Pin, const WAVE *Wave)
{
    NTSTATUS Status = STATUS_DEVICE_BUSY; /* a pin of another filter has it */
    KIRQL Irql;

    KeAcquireSpinLock(&Stream->Audio->Lock, &Irql);
    if (Stream->Pin == NULL)
        Status = TakeFormat(Stream, Wave);
    if (NT_SUCCESS(Status))
        Stream->Pin = Pin;
    KeReleaseSpinLock(&Stream->Audio->Lock, Irql);
    return Status;
}

static NTSTATUS NTAPI Create(PKSPIN Pin, PIRP Irp)
{
    PAUDIO Audio = KsPinGetDevice(Pin)->Context;
    PAUDIO_STREAM Stream =
        &Audio->Streams[Pin->Id == AUDIO_PIN_RENDER ? AUDIO_RENDER : AUDIO_CAPTURE];
    NTSTATUS Status;
    WAVE Wave;

    UNREFERENCED_PARAMETER(Irp);
    Status = WaveRead(Pin->ConnectionFormat, &Wave);
    if (NT_SUCCESS(Status))
        Status = WaveSetFraming(Pin, &Wave);
    if (NT_SUCCESS(Status))
        Status = Claim(Stream, Pin, &Wave);
    if (NT_SUCCESS(Status))
        Pin->Context = Stream;
    return Status;
}

static NTSTATUS NTAPI Close(PKSPIN Pin, PIRP Irp)
{
    PAUDIO_STREAM Stream = Pin->Context;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Irp);
    KeAcquireSpinLock(&Stream->Audio->Lock, &Irql);
    Stream->Pin = NULL;
    KeReleaseSpinLock(&Stream->Audio->Lock, Irql);
    return STATUS_SUCCESS;
}

/* ---- States ---------------------------------------------------------------------------------- */

/* The clock of a graph without another is this pin's own. */
static VOID Acquire(PAUDIO_STREAM Stream)
{
    if (!NT_SUCCESS(KsPinGetReferenceClockInterface(Stream->Pin, &Stream->Clock)))
        Stream->Clock = NULL;
}

static VOID Release(PAUDIO_STREAM Stream)
{
    KIRQL Irql;

    if (Stream->Clock != NULL)
        Stream->Clock->lpVtbl->Release(Stream->Clock);
    Stream->Clock = NULL;
    KeAcquireSpinLock(&Stream->Audio->Lock, &Irql);
    Stream->Done = 0;
    Stream->Missed = 0;
    Stream->Returned = 0;
    KeReleaseSpinLock(&Stream->Audio->Lock, Irql);
    Stream->Gap = FALSE;
}

/* What is recorded after a pause does not follow what was recorded before it, so the two do not
 * share a buffer. */
static VOID Pause(PAUDIO_STREAM Stream)
{
    EngineStop(Stream);
    if (Stream->Id == AUDIO_CAPTURE)
        AudioFlushCapture(Stream);
    Stream->Gap = Stream->Done != 0;
}

static NTSTATUS NTAPI SetDeviceState(PKSPIN Pin, KSSTATE To, KSSTATE From)
{
    PAUDIO_STREAM Stream = Pin->Context;

    if (To == KSSTATE_ACQUIRE && From == KSSTATE_STOP)
        Acquire(Stream);
    if (To == KSSTATE_RUN)
        EngineStart(Stream);
    if (To == KSSTATE_PAUSE && From == KSSTATE_RUN)
        Pause(Stream);
    if (To == KSSTATE_ACQUIRE && From == KSSTATE_PAUSE)
        AudioReturnHeard(Stream, MAXULONGLONG); /* nobody will hear the rest */
    if (To == KSSTATE_STOP)
        Release(Stream);
    return STATUS_SUCCESS;
}

/* ---- The clock ------------------------------------------------------------------------------- */

/* The time of the converters, which goes on in every state; AVStream makes stream time of it. */
static LONGLONG FASTCALL CorrelatedTime(PKSPIN Pin, PLONGLONG SystemTime)
{
    UNREFERENCED_PARAMETER(Pin);
    *SystemTime = AudioNow();
    return *SystemTime;
}

static VOID NTAPI Resolution(PKSPIN Pin, PKSRESOLUTION Answer)
{
    UNREFERENCED_PARAMETER(Pin);
    Answer->Granularity = 1; /* 100 ns */
    Answer->Error = 0;
}

static const KSCLOCK_DISPATCH Clock = {.CorrelatedTime = CorrelatedTime, .Resolution = Resolution};

/* ---- The position ---------------------------------------------------------------------------- */

/* In bytes of the stream. Playing: what is heard now, and the end of what the client has written.
 * Recording: what is taken now, and the end of what the client may read. Audio Position Property */
static NTSTATUS NTAPI GetPosition(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    PKSPIN Pin = KsGetPinFromIrp(Irp);
    PKSAUDIO_POSITION Position = Data;
    PAUDIO_STREAM Stream = Pin->Context;
    LONG Written = 0;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Request);
    KeAcquireSpinLock(&Stream->Audio->Lock, &Irql);
    Position->PlayOffset = (Stream->Done - EngineAhead(Stream)) * Stream->Wave.FrameBytes;
    Position->WriteOffset =
        Stream->Id == AUDIO_CAPTURE ? Stream->Returned : Stream->Done * Stream->Wave.FrameBytes;
    KeReleaseSpinLock(&Stream->Audio->Lock, Irql);
    if (Stream->Id == AUDIO_RENDER &&
        NT_SUCCESS(KsPinGetAvailableByteCount(Pin, &Written, NULL))) /* not in STOP */
        Position->WriteOffset += Written;
    Irp->IoStatus.Information = sizeof(*Position);
    return STATUS_SUCCESS;
}

static const KSPROPERTY_ITEM AudioItems[] = {
    DEFINE_KSPROPERTY_ITEM(KSPROPERTY_AUDIO_POSITION, GetPosition, sizeof(KSPROPERTY),
                           sizeof(KSAUDIO_POSITION), NULL, NULL, 0, NULL, NULL, 0),
};

static const GUID AudioSet = {STATIC_KSPROPSETID_Audio};

static const KSPROPERTY_SET AudioSets[] = {
    DEFINE_KSPROPERTY_SET(&AudioSet, ARRAYSIZE(AudioItems), AudioItems, 0, NULL),
};

const KSAUTOMATION_TABLE AudioPinAutomation = {
    .PropertySetsCount = ARRAYSIZE(AudioSets),
    .PropertyItemSize = sizeof(KSPROPERTY_ITEM),
    .PropertySets = AudioSets,
};

const KSPIN_DISPATCH AudioPinDispatch = {
    .Create = Create,
    .Close = Close,
    .Process = Process,
    .SetDataFormat = SetDataFormat,
    .SetDeviceState = SetDeviceState,
    .Clock = &Clock,
};
