/* SPDX-License-Identifier: MIT */
/* The capture pin: formats, states, and Process, which takes the client's buffers. */
#include "grabber.h"

/* A pin inherits its Context from the filter and so from the device; after Create it is the
 * channel. */
static PGRABBER_CHANNEL ChannelOf(PKSPIN Pin)
{
    PGRABBER_DEVICE Device = KsPinGetDevice(Pin)->Context;

    return &Device->Channels[Pin->Id];
}

/* ---- Formats --------------------------------------------------------------------------------- */

/* Called before Create (OldFormat NULL) and when the client changes the format; the new one is
 * already in Pin->ConnectionFormat. Some clients set the same format once more just before RUN. */
static NTSTATUS SetDataFormat(PKSPIN Pin, PKSDATAFORMAT OldFormat, PKSMULTIPLE_ITEM OldAttributes,
                              const KSDATARANGE *Range, const KSATTRIBUTE_LIST *AttributeRange)
{
    PGRABBER_CHANNEL Channel = ChannelOf(Pin);
    GRABBER_FORMAT Format;
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(OldAttributes);
    UNREFERENCED_PARAMETER(AttributeRange);
    RtlZeroMemory(&Format, sizeof(Format)); /* holes too: it is compared below */
    Status = GrabberParseFormat(Pin->ConnectionFormat, Range, &Format);
    if (!NT_SUCCESS(Status))
        return Status;
    if (OldFormat != NULL && Pin->DeviceState != KSSTATE_STOP)
        return RtlCompareMemory(&Format, &Channel->Format, sizeof(Format)) == sizeof(Format)
                   ? STATUS_SUCCESS
                   : STATUS_INVALID_DEVICE_STATE;
    Channel->Format = Format;
    return STATUS_SUCCESS;
}

/* The descriptor and what it points to are shared by all instances, and const: KsEdit makes
 * copies that belong to this pin, first of the descriptor, then of the framing. */
static NTSTATUS EditFraming(PKSPIN Pin, ULONG FrameBytes)
{
    PKSALLOCATOR_FRAMING_EX Framing;
    NTSTATUS Status;

    Status = KsEdit(Pin, &Pin->Descriptor, GRABBER_TAG);
    if (NT_SUCCESS(Status))
        Status = KsEdit(Pin, &Pin->Descriptor->AllocatorFraming, GRABBER_TAG);
    if (!NT_SUCCESS(Status))
        return Status;
    Framing = (PKSALLOCATOR_FRAMING_EX)Pin->Descriptor->AllocatorFraming;
    Framing->FramingItem[0].PhysicalRange.MinFrameSize = FrameBytes;
    Framing->FramingItem[0].PhysicalRange.MaxFrameSize = FrameBytes;
    Framing->FramingItem[0].FramingRange.Range.MinFrameSize = FrameBytes;
    Framing->FramingItem[0].FramingRange.Range.MaxFrameSize = FrameBytes;
    return STATUS_SUCCESS;
}

/* ---- Create and close ------------------------------------------------------------------------ */

static NTSTATUS Create(PKSPIN Pin, PIRP Irp)
{
    PGRABBER_CHANNEL Channel = ChannelOf(Pin);
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Irp);
    Status = EditFraming(Pin, Channel->Format.FrameBytes);
    if (!NT_SUCCESS(Status))
        return Status;
    /* We would like KS_FRAME_INFO behind each header; whether it is there the header's size
     * tells. */
    Pin->StreamHeaderSize = sizeof(KSSTREAM_HEADER) + sizeof(KS_FRAME_INFO);
    Pin->Context = Channel;
    Channel->Pin = Pin;
    return STATUS_SUCCESS;
}

static NTSTATUS Close(PKSPIN Pin, PIRP Irp)
{
    PGRABBER_CHANNEL Channel = Pin->Context;

    UNREFERENCED_PARAMETER(Irp);
    Channel->Pin = NULL;
    return STATUS_SUCCESS;
}

/* ---- States ---------------------------------------------------------------------------------- */

/* A graph without a clock is normal: the frames then carry the time since RUN. Numbers start anew
 * here and not at RUN, so a pause leaves no gap in them. */
static VOID Acquire(PGRABBER_CHANNEL Channel)
{
    KIRQL Irql;

    if (!NT_SUCCESS(KsPinGetReferenceClockInterface(Channel->Pin, &Channel->Clock)))
        Channel->Clock = NULL;
    KeAcquireSpinLock(&Channel->Lock, &Irql);
    Channel->NextNumber = 0;
    Channel->PictureNumber = 0;
    Channel->DropCount = 0;
    Channel->RunTime = 0;
    Channel->Discontinuity = FALSE;
    KeReleaseSpinLock(&Channel->Lock, Irql);
}

static VOID Release(PGRABBER_CHANNEL Channel)
{
    if (Channel->Clock != NULL)
        Channel->Clock->lpVtbl->Release(Channel->Clock);
    Channel->Clock = NULL;
}

/* A pin on the standard transport goes through the states one at a time, whatever the client
 * asks. */
static NTSTATUS SetDeviceState(PKSPIN Pin, KSSTATE To, KSSTATE From)
{
    PGRABBER_CHANNEL Channel = Pin->Context;

    switch (To) {
    case KSSTATE_STOP:
        Release(Channel);
        break;
    case KSSTATE_ACQUIRE:
        if (From == KSSTATE_STOP) {
            Acquire(Channel);
        } else {
            /* The queue is about to go: no frame of it may be ours any longer. */
            GrabberChannelAccept(Channel, FALSE);
            GrabberChannelDropFrames(Channel);
        }
        break;
    case KSSTATE_PAUSE:
        if (From == KSSTATE_RUN)
            GrabberChannelRun(Channel, FALSE);
        else
            GrabberChannelAccept(Channel, TRUE);
        break;
    case KSSTATE_RUN:
        GrabberChannelRun(Channel, TRUE);
        break;
    }
    return STATUS_SUCCESS;
}

/* A flush: the client wants its buffers back. Comes in any state, and once after every stop,
 * when there is nothing left to do. */
static VOID Reset(PKSPIN Pin)
{
    PGRABBER_CHANNEL Channel = Pin->Context;
    BOOLEAN Running = Channel->Running;

    if (!Channel->Accepting)
        return;
    if (Running)
        GrabberChannelRun(Channel, FALSE);
    GrabberChannelDropFrames(Channel);
    if (Running)
        GrabberChannelRun(Channel, TRUE);
}

/* ---- Process --------------------------------------------------------------------------------- */

/* A buffer that cannot hold a picture, or none at all (a header may come with flags only): it
 * goes back empty. */
static VOID Refuse(PKSSTREAM_POINTER Leading, NTSTATUS Status)
{
    Leading->StreamHeader->DataUsed = 0;
    if (Leading->StreamHeader->Data != NULL)
        KsStreamPointerSetStatusCode(Leading, Status);
    KsStreamPointerUnlock(Leading, TRUE);
}

/* The leading edge is locked. It comes back unlocked, on the next frame. */
static NTSTATUS TakeFrame(PGRABBER_CHANNEL Channel, PKSSTREAM_POINTER Leading)
{
    PKSSTREAM_POINTER Clone;
    NTSTATUS Status;

    if (Leading->StreamHeader->Data == NULL ||
        Leading->StreamHeader->FrameExtent < Channel->Format.FrameBytes) {
        Refuse(Leading, STATUS_BUFFER_TOO_SMALL);
        return STATUS_SUCCESS;
    }
    /* No cancel callback: the clone is locked for as long as it lives, and so cannot be
     * cancelled. */
    Status = KsStreamPointerClone(Leading, NULL, sizeof(GRABBER_FRAME), &Clone);
    if (!NT_SUCCESS(Status)) {
        KsStreamPointerUnlock(Leading, FALSE);
        return Status;
    }
    if (!GrabberChannelAddFrame(Channel, Clone)) {
        KsStreamPointerDelete(Clone);
        KsStreamPointerUnlock(Leading, FALSE);
        return STATUS_DEVICE_NOT_READY;
    }
    /* On a pin with mappings the offset counts mappings: past all of them, so on to the next
     * frame. It is left unlocked, for a lock is what costs, and we may have as many as we want. */
    KsStreamPointerAdvanceOffsetsAndUnlock(Leading, 0, Leading->OffsetOut.Remaining, FALSE);
    return STATUS_SUCCESS;
}

/* Called when frames arrive in an empty queue, when the pin enters PAUSE, and when we attempt
 * it. Takes as many frames as may be in flight and leaves the others in the queue, unlocked.
 *
 * Always PENDING: "do not call again before something happens". What happens is the completion
 * of a frame in flight, whose DPC attempts processing; or, with none in flight, the retry timer.
 * A leading edge that cannot be locked may be a lack of map registers, and both cover that. */
static NTSTATUS Process(PKSPIN Pin)
{
    PGRABBER_CHANNEL Channel = Pin->Context;
    PKSSTREAM_POINTER Leading;

    while (GrabberChannelHasRoom(Channel)) {
        Leading = KsPinGetLeadingEdgeStreamPointer(Pin, KSSTREAM_POINTER_STATE_LOCKED);
        if (Leading == NULL || !NT_SUCCESS(TakeFrame(Channel, Leading))) {
            GrabberChannelRetryLater(Channel);
            break;
        }
    }
    return STATUS_PENDING;
}

const KSPIN_DISPATCH GrabberPinDispatch = {
    .Create = Create,
    .Close = Close,
    .Process = Process,
    .Reset = Reset,
    .SetDataFormat = SetDataFormat,
    .SetDeviceState = SetDeviceState,
};
