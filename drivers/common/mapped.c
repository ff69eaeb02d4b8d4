/* SPDX-License-Identifier: MIT */
/* A client's buffers on their way through a pin with mappings: taking, completing, trying again,
 * giving back. */
#include "mapped.h"
#include "pin.h"

static KDEFERRED_ROUTINE RetryDpc;

static PMAPPED_CHANNEL MappedOf(PCARD_CHANNEL Channel)
{
    return CONTAINING_RECORD(Channel, MAPPED_CHANNEL, Card);
}

static PMAPPED_FRAME MappedFrameOf(PLIST_ENTRY Link)
{
    return CONTAINING_RECORD(Link, MAPPED_FRAME, Card.Link);
}

VOID MappedInitializeChannel(PCARD_CHANNEL Channel)
{
    KeInitializeTimer(&MappedOf(Channel)->RetryTimer);
    KeInitializeDpc(&MappedOf(Channel)->RetryDpc, RetryDpc, Channel);
}

/* ---- Formats --------------------------------------------------------------------------------- */

/* AVStream maps a frame in one go, and none may take more map registers than the adapter was
 * granted: such a format could never be streamed. A buffer may begin anywhere in a page. */
NTSTATUS MappedSetDataFormat(PKSPIN Pin, PKSDATAFORMAT OldFormat, PKSMULTIPLE_ITEM OldAttributes,
                             const KSDATARANGE *Range, const KSATTRIBUTE_LIST *AttributeRange)
{
    PCARD_DEVICE Device = KsPinGetDevice(Pin)->Context;
    VIDEO_FORMAT Format;
    NTSTATUS Status = VideoParseFormat(Pin->ConnectionFormat, Range, &Format);

    if (NT_SUCCESS(Status) && BYTES_TO_PAGES(Format.FrameBytes) + 1 > Device->MapRegisters)
        Status = STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(Status))
        return Status;
    return PinSetDataFormat(Pin, OldFormat, OldAttributes, Range, AttributeRange);
}

/* ---- Trying again ---------------------------------------------------------------------------- */

/* A leading edge that cannot be locked is an empty queue, or a lack of map registers. With
 * frames in flight the next completion tries again; without any, only a timer can. On an empty
 * queue the attempt finds nothing and does nothing. */
static VOID RetryLater(PCARD_CHANNEL Channel)
{
    PMAPPED_CHANNEL Mapped = MappedOf(Channel);
    LARGE_INTEGER Due;
    KIRQL Irql;

    Due.QuadPart = -10000LL * MAPPED_RETRY_MS;
    KeAcquireSpinLock(&Channel->Lock, &Irql);
    if (Channel->Accepting && Channel->FrameCount == 0)
        KeSetTimer(&Mapped->RetryTimer, Due, &Mapped->RetryDpc);
    KeReleaseSpinLock(&Channel->Lock, Irql);
}

static VOID NTAPI RetryDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PCARD_CHANNEL Channel = Context;
    BOOLEAN Attempt;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLockAtDpcLevel(&Channel->Lock);
    Attempt = Channel->Accepting;
    KeReleaseSpinLockFromDpcLevel(&Channel->Lock);
    if (Attempt)
        KsPinAttemptProcessing(Channel->Pin, FALSE);
}

/* ---- Taking buffers -------------------------------------------------------------------------- */

/* The clone was made from the locked leading edge, so it is locked too: the frame cannot be
 * cancelled under the card, its mappings exist, and both hold until the clone is deleted. */
static PMAPPED_FRAME InitializeFrame(PKSSTREAM_POINTER Clone)
{
    PMAPPED_FRAME Frame = Clone->Context;

    RtlZeroMemory(Frame, sizeof(*Frame));
    Frame->Clone = Clone;
    /* Offset is OffsetIn on a pin that data goes into and OffsetOut on one that it comes out of.
     * Entries are sizeof(CARD_PIECE) apart because that is the stride we registered. */
    Frame->Card.Pieces = (PCARD_PIECE)Clone->Offset->Mappings;
    Frame->Card.PieceCount = Clone->Offset->Count;
    return Frame;
}

/* FALSE: the stream stopped meanwhile, the clone is still the caller's. */
static BOOLEAN AddFrame(PCARD_CHANNEL Channel, PKSSTREAM_POINTER Clone)
{
    PMAPPED_FRAME Frame = InitializeFrame(Clone);
    BOOLEAN Accepted;
    KIRQL Irql;

    KeAcquireSpinLock(&Channel->Lock, &Irql);
    Accepted = Channel->Accepting;
    if (Accepted)
        CardChannelAddFrame(Channel, &Frame->Card);
    KeReleaseSpinLock(&Channel->Lock, Irql);
    return Accepted;
}

/* A buffer of a wrong size, or none at all (a header may come with flags only): it goes back
 * empty. */
static VOID Refuse(PKSSTREAM_POINTER Leading, NTSTATUS Status)
{
    Leading->StreamHeader->DataUsed = 0;
    if (Leading->StreamHeader->Data != NULL)
        KsStreamPointerSetStatusCode(Leading, Status);
    KsStreamPointerUnlock(Leading, TRUE);
}

/* The leading edge is locked. It comes back unlocked, on the next frame. */
static NTSTATUS TakeFrame(PCARD_CHANNEL Channel, PKSSTREAM_POINTER Leading)
{
    PKSSTREAM_POINTER Clone;
    NTSTATUS Status;

    if (Leading->StreamHeader->Data == NULL ||
        !MappedIsGoodBuffer(Channel, Leading->StreamHeader)) {
        Refuse(Leading, STATUS_BUFFER_TOO_SMALL);
        return STATUS_SUCCESS;
    }
    /* No cancel callback: the clone is locked for as long as it lives, and so cannot be
     * cancelled. */
    Status = KsStreamPointerClone(Leading, NULL, sizeof(MAPPED_FRAME), &Clone);
    if (!NT_SUCCESS(Status)) {
        KsStreamPointerUnlock(Leading, FALSE);
        return Status;
    }
    if (!AddFrame(Channel, Clone)) {
        KsStreamPointerDelete(Clone);
        KsStreamPointerUnlock(Leading, FALSE);
        return STATUS_DEVICE_NOT_READY;
    }
    /* On a pin with mappings offsets count mappings: past all of them, so on to the next frame;
     * the offset of the other direction is zero. The edge is left unlocked, for a lock is what
     * costs, and we may have as many as we want. */
    KsStreamPointerAdvanceOffsetsAndUnlock(Leading, Leading->OffsetIn.Remaining,
                                           Leading->OffsetOut.Remaining, FALSE);
    return STATUS_SUCCESS;
}

/* Looked at without the lock: Process calls are never concurrent, and nobody else adds. */
static BOOLEAN HasRoom(PCARD_CHANNEL Channel)
{
    return Channel->Accepting && Channel->FrameCount < Channel->Device->FramesInFlight;
}

/* Called when frames arrive in an empty queue, when the pin enters PAUSE, and when we attempt
 * it. Takes as many frames as may be in flight and leaves the others in the queue, unlocked.
 *
 * Always PENDING: "do not call again before something happens". What happens is the completion
 * of a frame in flight, whose DPC attempts processing; or, with none in flight, the retry timer.
 * A leading edge that cannot be locked may be a lack of map registers, and both cover that. */
NTSTATUS MappedProcess(PKSPIN Pin)
{
    PCARD_CHANNEL Channel = Pin->Context;
    PKSSTREAM_POINTER Leading;

    while (HasRoom(Channel)) {
        Leading = KsPinGetLeadingEdgeStreamPointer(Pin, KSSTREAM_POINTER_STATE_LOCKED);
        if (Leading == NULL || !NT_SUCCESS(TakeFrame(Channel, Leading))) {
            RetryLater(Channel);
            break;
        }
    }
    return STATUS_PENDING;
}

/* ---- Completing ------------------------------------------------------------------------------ */

/* Takes what the card has finished, feeds it, and completes the client's requests. <= DISPATCH. */
VOID MappedService(PCARD_CHANNEL Channel)
{
    LIST_ENTRY Finished;
    BOOLEAN Attempt;
    KIRQL Irql;

    InitializeListHead(&Finished);
    KeAcquireSpinLock(&Channel->Lock, &Irql);
    Attempt = CardChannelTakeFinished(Channel, &Finished) && Channel->Accepting && Channel->Posting;
    KeReleaseSpinLock(&Channel->Lock, Irql);

    /* Deleting the clone releases the frame's mappings and completes the client's request, and the
     * client may come back with the buffer at once: not a thing to do under a lock. */
    while (!IsListEmpty(&Finished)) {
        PMAPPED_FRAME Frame = MappedFrameOf(RemoveHeadList(&Finished));

        MappedFrameDone(Channel, Frame);
        KsStreamPointerDelete(Frame->Clone);
    }
    /* Frames may wait in the queue: Process returned when enough were in flight, and no arrival
     * calls it again while the queue is not empty. */
    if (Attempt)
        KsPinAttemptProcessing(Channel->Pin, FALSE);
}

/* ---- States ---------------------------------------------------------------------------------- */

/* To and from PAUSE. After FALSE no DPC of ours touches the pin any more. */
static VOID Accept(PCARD_CHANNEL Channel, BOOLEAN Yes)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Channel->Lock, &Irql);
    Channel->Accepting = Yes;
    KeReleaseSpinLock(&Channel->Lock, Irql);
    if (!Yes) {
        KeCancelTimer(&MappedOf(Channel)->RetryTimer);
        KeFlushQueuedDpcs();
    }
}

/* Gives back the frames the card has not done; it is stopped. */
static VOID DropFrames(PCARD_CHANNEL Channel)
{
    LIST_ENTRY Dropped;

    InitializeListHead(&Dropped);
    CardChannelTakeFrames(Channel, &Dropped);
    while (!IsListEmpty(&Dropped)) {
        PMAPPED_FRAME Frame = MappedFrameOf(RemoveHeadList(&Dropped));

        MappedFrameDropped(Frame);
        KsStreamPointerDelete(Frame->Clone);
    }
}

/* A pin on the standard transport goes through the states one at a time, whatever the client
 * asks. */
NTSTATUS MappedSetDeviceState(PKSPIN Pin, KSSTATE To, KSSTATE From)
{
    PCARD_CHANNEL Channel = Pin->Context;

    switch (To) {
    case KSSTATE_STOP:
        PinReleaseClock(Channel);
        break;
    case KSSTATE_ACQUIRE:
        if (From == KSSTATE_STOP) {
            PinAcquireClock(Channel);
            CardChannelRestart(Channel);
        } else {
            /* The queue is about to go: no frame of it may be ours any longer. */
            Accept(Channel, FALSE);
            DropFrames(Channel);
        }
        break;
    case KSSTATE_PAUSE:
        if (From == KSSTATE_RUN)
            CardChannelRun(Channel, FALSE);
        else
            Accept(Channel, TRUE);
        break;
    case KSSTATE_RUN:
        CardChannelRun(Channel, TRUE);
        break;
    }
    return STATUS_SUCCESS;
}

/* A flush: the client wants its buffers back. Comes in any state, and once after every stop,
 * when there is nothing left to do. */
VOID MappedReset(PKSPIN Pin)
{
    PCARD_CHANNEL Channel = Pin->Context;
    BOOLEAN Running = Channel->Running;

    if (!Channel->Accepting)
        return;
    if (Running)
        CardChannelRun(Channel, FALSE);
    DropFrames(Channel);
    if (Running)
        CardChannelRun(Channel, TRUE);
}
