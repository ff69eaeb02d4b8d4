/* SPDX-License-Identifier: MIT */
/* The capture pin, which copies.
 *
 * KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING: AVStream does not call Process when a buffer arrives, for
 * a buffer is of no use without a picture. The DPC attempts processing when there is a picture;
 * if there is no buffer then, the picture waits for the next attempt, and there is one with each
 * picture. The card must therefore never run out of memory to write to: without pictures there are
 * no attempts, and without attempts no buffer would ever come back. When the client is too slow
 * the oldest picture that waits is given up. */
#include "commonbuffer.h"

static PCOMMON_BUFFER BufferOf(PLIST_ENTRY Link)
{
    return CONTAINING_RECORD(Link, COMMON_BUFFER, Card.Link);
}

VOID CommonInitializeChannel(PCARD_CHANNEL Channel)
{
    InitializeListHead(&CommonOf(Channel)->Full);
}

/* ---- Buffers between card and client --------------------------------------------------------- */

/* Channel->Lock held. */
static VOID GiveToCard(PCARD_CHANNEL Channel, PCOMMON_BUFFER Buffer)
{
    CardFrameRewind(&Buffer->Card);
    CardChannelAddFrame(Channel, &Buffer->Card);
}

/* Channel->Lock held. The pictures behind it learn that there is one less before them. */
static VOID GiveUpOldest(PCARD_CHANNEL Channel)
{
    PCOMMON_CHANNEL Common = CommonOf(Channel);
    PCOMMON_BUFFER Oldest = BufferOf(RemoveHeadList(&Common->Full));
    PLIST_ENTRY Link;

    Channel->DropCount++;
    for (Link = Common->Full.Flink; Link != &Common->Full; Link = Link->Flink)
        BufferOf(Link)->Card.Stamp.DropCount++;
    if (IsListEmpty(&Common->Full))
        Channel->Discontinuity = TRUE;
    else
        BufferOf(Common->Full.Flink)->Card.Stamp.Discontinuity = TRUE;
    GiveToCard(Channel, Oldest);
}

/* The card has finished pictures. <= DISPATCH_LEVEL. */
VOID CommonService(PCARD_CHANNEL Channel)
{
    PCOMMON_CHANNEL Common = CommonOf(Channel);
    LIST_ENTRY Finished;
    BOOLEAN Attempt;
    KIRQL Irql;

    InitializeListHead(&Finished);
    KeAcquireSpinLock(&Channel->Lock, &Irql);
    CardChannelTakeFinished(Channel, &Finished);
    while (!IsListEmpty(&Finished))
        InsertTailList(&Common->Full, RemoveHeadList(&Finished));
    while (Channel->FrameCount == 0 && !IsListEmpty(&Common->Full))
        GiveUpOldest(Channel);
    Attempt = Channel->Accepting && Channel->Posting && !IsListEmpty(&Common->Full);
    KeReleaseSpinLock(&Channel->Lock, Irql);
    /* In a thread: copying a picture is no work for a DPC. */
    if (Attempt)
        KsPinAttemptProcessing(Channel->Pin, TRUE);
}

static PCOMMON_BUFFER TakeOldest(PCARD_CHANNEL Channel)
{
    PCOMMON_CHANNEL Common = CommonOf(Channel);
    PCOMMON_BUFFER Buffer = NULL;
    KIRQL Irql;

    KeAcquireSpinLock(&Channel->Lock, &Irql);
    if (!IsListEmpty(&Common->Full))
        Buffer = BufferOf(RemoveHeadList(&Common->Full));
    KeReleaseSpinLock(&Channel->Lock, Irql);
    return Buffer;
}

static VOID GiveBack(PCARD_CHANNEL Channel, PCOMMON_BUFFER Buffer)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Channel->Lock, &Irql);
    GiveToCard(Channel, Buffer);
    KeReleaseSpinLock(&Channel->Lock, Irql);
}

/* ---- Process --------------------------------------------------------------------------------- */

/* The leading edge is locked, so Data is an address of kernel memory that holds until it is
 * unlocked. Ejecting moves it to the next frame, which completes this one. */
static VOID Deliver(PCARD_CHANNEL Channel, PKSSTREAM_POINTER Leading, PCOMMON_BUFFER Buffer)
{
    CommonCopyOut(Buffer, Leading->StreamHeader->Data, Channel->Format.FrameBytes);
    CaptureFillHeader(Channel, Leading->StreamHeader, &Buffer->Card.Stamp);
    GiveBack(Channel, Buffer);
    KsStreamPointerUnlock(Leading, TRUE);
}

/* Too small for a picture, or no memory at all: it goes back empty. */
static VOID Refuse(PKSSTREAM_POINTER Leading)
{
    Leading->StreamHeader->DataUsed = 0;
    if (Leading->StreamHeader->Data != NULL)
        KsStreamPointerSetStatusCode(Leading, STATUS_BUFFER_TOO_SMALL);
    KsStreamPointerUnlock(Leading, TRUE);
}

/* PASSIVE_LEVEL, never concurrent. PENDING: call again when the DPC asks for it. */
static NTSTATUS Process(PKSPIN Pin)
{
    PCARD_CHANNEL Channel = Pin->Context;
    PKSSTREAM_POINTER Leading;
    PCOMMON_BUFFER Buffer;

    for (;;) {
        Leading = KsPinGetLeadingEdgeStreamPointer(Pin, KSSTREAM_POINTER_STATE_LOCKED);
        if (Leading == NULL)
            return STATUS_PENDING;
        if (Leading->StreamHeader->Data == NULL ||
            Leading->StreamHeader->FrameExtent < Channel->Format.FrameBytes) {
            Refuse(Leading);
            continue;
        }
        Buffer = TakeOldest(Channel);
        if (Buffer == NULL)
            break;
        Deliver(Channel, Leading, Buffer);
    }
    KsStreamPointerUnlock(Leading, FALSE);
    return STATUS_PENDING;
}

/* ---- States ---------------------------------------------------------------------------------- */

static VOID SetAccepting(PCARD_CHANNEL Channel, BOOLEAN Accepting)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Channel->Lock, &Irql);
    Channel->Accepting = Accepting;
    KeReleaseSpinLock(&Channel->Lock, Irql);
}

/* Into PAUSE: the format is settled, and memory is held only while it is needed. */
static NTSTATUS Prepare(PCARD_CHANNEL Channel)
{
    PCOMMON_CHANNEL Common = CommonOf(Channel);
    NTSTATUS Status = CommonAllocateBuffers(Common);
    ULONG i;

    if (!NT_SUCCESS(Status))
        return Status;
    for (i = 0; i < Common->BufferCount; i++)
        GiveBack(Channel, Common->Buffers[i]);
    SetAccepting(Channel, TRUE);
    return STATUS_SUCCESS;
}

/* Out of PAUSE. The card is stopped; after the mutex nobody copies, and no DPC attempts again. */
static VOID Unprepare(PCARD_CHANNEL Channel)
{
    LIST_ENTRY Taken;

    SetAccepting(Channel, FALSE);
    KeFlushQueuedDpcs();
    KsPinAcquireProcessingMutex(Channel->Pin);
    InitializeListHead(&Taken);
    CardChannelTakeFrames(Channel, &Taken);
    InitializeListHead(&CommonOf(Channel)->Full);
    CommonFreeBuffers(CommonOf(Channel));
    KsPinReleaseProcessingMutex(Channel->Pin);
}

static NTSTATUS SetDeviceState(PKSPIN Pin, KSSTATE To, KSSTATE From)
{
    PCARD_CHANNEL Channel = Pin->Context;
    NTSTATUS Status = STATUS_SUCCESS;

    switch (To) {
    case KSSTATE_STOP:
        PinReleaseClock(Channel);
        break;
    case KSSTATE_ACQUIRE:
        if (From == KSSTATE_STOP) {
            PinAcquireClock(Channel);
            CardChannelRestart(Channel);
        } else {
            Unprepare(Channel);
        }
        break;
    case KSSTATE_PAUSE:
        if (From == KSSTATE_RUN)
            CardChannelRun(Channel, FALSE);
        else
            Status = Prepare(Channel);
        break;
    case KSSTATE_RUN:
        CardChannelRun(Channel, TRUE);
        break;
    }
    return Status;
}

/* ---- Create and close ------------------------------------------------------------------------ */

static NTSTATUS Create(PKSPIN Pin, PIRP Irp)
{
    NTSTATUS Status = PinOpen(Pin);

    UNREFERENCED_PARAMETER(Irp);
    if (NT_SUCCESS(Status))
        Pin->StreamHeaderSize = sizeof(KSSTREAM_HEADER) + sizeof(KS_FRAME_INFO);
    return Status;
}

static NTSTATUS Close(PKSPIN Pin, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
    PinClose(Pin);
    return STATUS_SUCCESS;
}

/* No Reset: none of the client's buffers are ever with us. */
const KSPIN_DISPATCH CommonPinDispatch = {
    .Create = Create,
    .Close = Close,
    .Process = Process,
    .SetDataFormat = PinSetDataFormat,
    .SetDeviceState = SetDeviceState,
};
