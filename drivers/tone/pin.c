/* SPDX-License-Identifier: MIT */
/* The pins that stream: open, formats, states, position, clock. */
#include "tone.h"

/* ---- Process --------------------------------------------------------------------------------- */

/* Called by the timer's attempts only. PENDING: not again before the next. */
static NTSTATUS NTAPI Process(PKSPIN Pin)
{
    PTONE_STREAM Stream = Pin->Context;

    if (Stream->Id == TONE_RENDER)
        ToneRender(Stream);
    else
        ToneCapture(Stream);
    return STATUS_PENDING;
}

/* ---- Formats --------------------------------------------------------------------------------- */

/* Lock is held. A wire has one format at both ends. */
static NTSTATUS TakeFormat(PTONE_STREAM Stream, const WAVE *Wave)
{
    const TONE_STREAM *Other = &Stream->Tone->Streams[TONE_CAPTURE - Stream->Id];

    if (Stream->Tone->Loopback && Other->Pin != NULL && !WaveIsSame(Wave, &Other->Wave))
        return STATUS_NO_MATCH;
    Stream->Wave = *Wave;
    return STATUS_SUCCESS;
}

static NTSTATUS ChangeFormat(PTONE_STREAM Stream, const WAVE *Wave)
{
    NTSTATUS Status;
    KIRQL Irql;

    if (WaveIsSame(Wave, &Stream->Wave))
        return STATUS_SUCCESS; /* some clients say it once more just before RUN */
    if (Stream->Pin->DeviceState != KSSTATE_STOP)
        return STATUS_INVALID_DEVICE_STATE;
    KeAcquireSpinLock(&Stream->Tone->Lock, &Irql);
    Status = TakeFormat(Stream, Wave);
    KeReleaseSpinLock(&Stream->Tone->Lock, Irql);
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

static NTSTATUS Claim(PTONE_STREAM Stream, PKSPIN Pin, const WAVE *Wave)
{
    NTSTATUS Status = STATUS_DEVICE_BUSY; /* a pin of another filter has it */
    KIRQL Irql;

    KeAcquireSpinLock(&Stream->Tone->Lock, &Irql);
    if (Stream->Pin == NULL)
        Status = TakeFormat(Stream, Wave);
    if (NT_SUCCESS(Status))
        Stream->Pin = Pin;
    KeReleaseSpinLock(&Stream->Tone->Lock, Irql);
    return Status;
}

static NTSTATUS NTAPI Create(PKSPIN Pin, PIRP Irp)
{
    PTONE Tone = KsPinGetDevice(Pin)->Context;
    PTONE_STREAM Stream =
        &Tone->Streams[Pin->Id == TONE_PIN_RENDER ? TONE_RENDER : TONE_CAPTURE];
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
    PTONE_STREAM Stream = Pin->Context;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Irp);
    KeAcquireSpinLock(&Stream->Tone->Lock, &Irql);
    Stream->Pin = NULL;
    KeReleaseSpinLock(&Stream->Tone->Lock, Irql);
    return STATUS_SUCCESS;
}

/* ---- States ---------------------------------------------------------------------------------- */

/* The clock of a graph without another is this pin's own. */
static VOID Acquire(PTONE_STREAM Stream)
{
    if (!NT_SUCCESS(KsPinGetReferenceClockInterface(Stream->Pin, &Stream->Clock)))
        Stream->Clock = NULL;
}

static VOID Release(PTONE_STREAM Stream)
{
    KIRQL Irql;

    if (Stream->Clock != NULL)
        Stream->Clock->lpVtbl->Release(Stream->Clock);
    Stream->Clock = NULL;
    KeAcquireSpinLock(&Stream->Tone->Lock, &Irql);
    Stream->Done = 0;
    Stream->Missed = 0;
    Stream->Returned = 0;
    KeReleaseSpinLock(&Stream->Tone->Lock, Irql);
    Stream->Gap = FALSE;
}

/* What is recorded after a pause does not follow what was recorded before it, so the two do not
 * share a buffer. */
static VOID Pause(PTONE_STREAM Stream)
{
    ToneStopStream(Stream);
    if (Stream->Id == TONE_CAPTURE)
        ToneFlushCapture(Stream);
    Stream->Gap = Stream->Done != 0;
}

static NTSTATUS NTAPI SetDeviceState(PKSPIN Pin, KSSTATE To, KSSTATE From)
{
    PTONE_STREAM Stream = Pin->Context;

    if (To == KSSTATE_ACQUIRE && From == KSSTATE_STOP)
        Acquire(Stream);
    if (To == KSSTATE_RUN)
        ToneStartStream(Stream);
    if (To == KSSTATE_PAUSE && From == KSSTATE_RUN)
        Pause(Stream);
    if (To == KSSTATE_STOP)
        Release(Stream);
    return STATUS_SUCCESS;
}

/* ---- The clock ------------------------------------------------------------------------------- */

/* The time of the converters, which goes on in every state; AVStream makes stream time of it. */
static LONGLONG FASTCALL CorrelatedTime(PKSPIN Pin, PLONGLONG SystemTime)
{
    UNREFERENCED_PARAMETER(Pin);
    *SystemTime = ToneNow();
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
    PTONE_STREAM Stream = Pin->Context;
    LONG Written = 0;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Request);
    KeAcquireSpinLock(&Stream->Tone->Lock, &Irql);
    Position->PlayOffset = Stream->Done * Stream->Wave.FrameBytes;
    Position->WriteOffset = Stream->Returned;
    KeReleaseSpinLock(&Stream->Tone->Lock, Irql);
    if (Stream->Id == TONE_RENDER) {
        if (!NT_SUCCESS(KsPinGetAvailableByteCount(Pin, &Written, NULL)))
            Written = 0; /* in STOP there is no queue */
        Position->WriteOffset = Position->PlayOffset + Written;
    }
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

const KSAUTOMATION_TABLE TonePinAutomation = {
    .PropertySetsCount = ARRAYSIZE(AudioSets),
    .PropertyItemSize = sizeof(KSPROPERTY_ITEM),
    .PropertySets = AudioSets,
};

const KSPIN_DISPATCH TonePinDispatch = {
    .Create = Create,
    .Close = Close,
    .Process = Process,
    .SetDataFormat = SetDataFormat,
    .SetDeviceState = SetDeviceState,
    .Clock = &Clock,
};
