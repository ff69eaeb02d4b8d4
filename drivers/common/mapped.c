/* SPDX-License-Identifier: MIT */
/* A channel's frames, from the moment Process has a clone to the moment the clone is deleted.
 *
 * Frames lie in one list, oldest first. Feed posts them to the card in that order, and the card
 * completes them in that order. A frame that comes back broken (the card overran) goes to the
 * end of the list and is filled again: the client never sees a hole, only a gap in the numbers.
 *
 * Three flags keep apart what stops what:
 *   Accepting   PAUSE and RUN: Process may add frames. In PAUSE they are already posted, so the
 * first picture after RUN finds a buffer Running     RUN: the card should capture. It does so while
 * it has power; one that loses its power in RUN goes on with the same frames when it has it back
 *   Posting     descriptors may be written: the card has power and nobody is stopping it */
#include "grabber.h"

static KDEFERRED_ROUTINE RetryDpc;

VOID GrabberChannelInitialize(PGRABBER_DEVICE Device, ULONG Index)
{
    PGRABBER_CHANNEL Channel = &Device->Channels[Index];

    Channel->Device = Device;
    Channel->Index = Index;
    KeInitializeSpinLock(&Channel->Lock);
    InitializeListHead(&Channel->Frames);
    KeInitializeTimer(&Channel->RetryTimer);
    KeInitializeDpc(&Channel->RetryDpc, RetryDpc, Channel);
}

static PGRABBER_FRAME RemoveOldest(PGRABBER_CHANNEL Channel)
{
    Channel->FrameCount--;
    return CONTAINING_RECORD(RemoveHeadList(&Channel->Frames), GRABBER_FRAME, Link);
}

static VOID Feed(PGRABBER_CHANNEL Channel)
{
    if (Channel->Posting && !Channel->Device->Gone)
        Channel->Device->Card->Feed(Channel);
}

/* ---- Adding frames --------------------------------------------------------------------------- */

/* Looked at without the lock: Process calls are never concurrent, and nobody else adds. */
BOOLEAN GrabberChannelHasRoom(PGRABBER_CHANNEL Channel)
{
    return Channel->Accepting && Channel->FrameCount < Channel->Device->FramesInFlight;
}

/* FALSE: the stream stopped meanwhile, the clone is still the caller's. */
BOOLEAN GrabberChannelAddFrame(PGRABBER_CHANNEL Channel, PKSSTREAM_POINTER Clone)
{
    PGRABBER_FRAME Frame = GrabberFrameInitialize(Clone);
    BOOLEAN Accepted;
    KIRQL Irql;

    KeAcquireSpinLock(&Channel->Lock, &Irql);
    Accepted = Channel->Accepting;
    if (Accepted) {
        Frame->Cookie = Channel->NextCookie++ & 0xffff;
        InsertTailList(&Channel->Frames, &Frame->Link);
        Channel->FrameCount++;
        Feed(Channel);
    }
    KeReleaseSpinLock(&Channel->Lock, Irql);
    return Accepted;
}

/* ---- Completing frames ----------------------------------------------------------------------- */

/* Numbers count frame periods. A step of more than one means frames were missed. */
static VOID Account(PGRABBER_CHANNEL Channel, const GRABBER_COMPLETION *Completion)
{
    ULONG Mask = Channel->Device->Card->NumberMask;
    ULONG Missed = (Completion->Number - Channel->NextNumber) & Mask;

    Channel->NextNumber = (Completion->Number + 1) & Mask;
    Channel->PictureNumber += (LONGLONG)Missed + 1;
    if (!Completion->Whole)
        Missed++;
    Channel->DropCount += Missed;
    if (Missed != 0)
        Channel->Discontinuity = TRUE;
}

static VOID Requeue(PGRABBER_CHANNEL Channel)
{
    PGRABBER_FRAME Frame = RemoveOldest(Channel);

    GrabberFrameRewind(Frame);
    InsertTailList(&Channel->Frames, &Frame->Link);
    Channel->FrameCount++;
}

/* Under the lock. Whole frames go to Finished. A frame cut short by our own stop is not
 * accounted for, nobody wanted it, and stays the oldest. */
static BOOLEAN TakeCompletions(PGRABBER_CHANNEL Channel, PLIST_ENTRY Finished)
{
    const GRABBER_CARD *Card = Channel->Device->Card;
    GRABBER_COMPLETION Completion;
    BOOLEAN Any = FALSE;

    while (!IsListEmpty(&Channel->Frames) && Card->TakeCompletion(Channel, &Completion)) {
        Any = TRUE;
        if (Completion.Whole) {
            PGRABBER_FRAME Frame;

            Account(Channel, &Completion);
            Frame = RemoveOldest(Channel);
            GrabberFrameComplete(Channel, Frame);
            InsertTailList(Finished, &Frame->Link);
        } else if (Channel->Posting) {
            Account(Channel, &Completion);
            Requeue(Channel);
        }
    }
    return Any;
}

/* Takes what the card has finished, feeds it, and hands the pictures to the client. <= DISPATCH. */
VOID GrabberChannelService(PGRABBER_CHANNEL Channel)
{
    LIST_ENTRY Finished;
    BOOLEAN Attempt;
    KIRQL Irql;

    InitializeListHead(&Finished);
    KeAcquireSpinLock(&Channel->Lock, &Irql);
    if (TakeCompletions(Channel, &Finished))
        Channel->Device->Card->CompletionsTaken(Channel);
    Feed(Channel);
    Attempt = Channel->Accepting && Channel->Posting && !IsListEmpty(&Finished);
    KeReleaseSpinLock(&Channel->Lock, Irql);

    /* Deleting the clone releases the frame's mappings and completes the client's read, and the
     * client may come back with the buffer at once: not a thing to do under a lock. */
    while (!IsListEmpty(&Finished)) {
        PGRABBER_FRAME Frame = CONTAINING_RECORD(RemoveHeadList(&Finished), GRABBER_FRAME, Link);

        KsStreamPointerDelete(Frame->Clone);
    }
    /* Frames may wait in the queue: Process returned when enough were in flight, and no arrival
     * calls it again while the queue is not empty. */
    if (Attempt)
        KsPinAttemptProcessing(Channel->Pin, FALSE);
}

/* ---- Trying again ---------------------------------------------------------------------------- */

/* A leading edge that cannot be locked is an empty queue, or a lack of map registers. With
 * frames in flight the next completion tries again; without any, only a timer can. On an empty
 * queue the attempt finds nothing and does nothing. */
VOID GrabberChannelRetryLater(PGRABBER_CHANNEL Channel)
{
    LARGE_INTEGER Due;
    KIRQL Irql;

    Due.QuadPart = -10000LL * GRABBER_RETRY_MS;
    KeAcquireSpinLock(&Channel->Lock, &Irql);
    if (Channel->Accepting && Channel->FrameCount == 0)
        KeSetTimer(&Channel->RetryTimer, Due, &Channel->RetryDpc);
    KeReleaseSpinLock(&Channel->Lock, Irql);
}

static VOID NTAPI RetryDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PGRABBER_CHANNEL Channel = Context;
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

/* ---- Starting and stopping ------------------------------------------------------------------- */

static VOID SetPosting(PGRABBER_CHANNEL Channel, BOOLEAN Posting)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Channel->Lock, &Irql);
    Channel->Posting = Posting;
    Feed(Channel);
    KeReleaseSpinLock(&Channel->Lock, Irql);
}

static VOID RewindFrames(PGRABBER_CHANNEL Channel)
{
    PLIST_ENTRY Link;
    KIRQL Irql;

    KeAcquireSpinLock(&Channel->Lock, &Irql);
    for (Link = Channel->Frames.Flink; Link != &Channel->Frames; Link = Link->Flink)
        GrabberFrameRewind(CONTAINING_RECORD(Link, GRABBER_FRAME, Link));
    KeReleaseSpinLock(&Channel->Lock, Irql);
}

static VOID StartCard(PGRABBER_CHANNEL Channel)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Channel->Lock, &Irql);
    Channel->Device->Card->Start(Channel);
    KeReleaseSpinLock(&Channel->Lock, Irql);
}

/* With DMA in flight: the card is told to stop and says when it has; until then the frames stay
 * where they are. What it completed before is delivered, what it did not is kept to be posted
 * anew. Posting stays off. */
static VOID StopCard(PGRABBER_CHANNEL Channel)
{
    SetPosting(Channel, FALSE);
    Channel->Device->Card->Stop(Channel);
    GrabberChannelService(Channel);
    RewindFrames(Channel);
}

static BOOLEAN IsCardThere(PGRABBER_DEVICE Device)
{
    return Device->Powered && !Device->Gone;
}

/* To and from RUN. Device->Control keeps power changes out. */
VOID GrabberChannelRun(PGRABBER_CHANNEL Channel, BOOLEAN Run)
{
    PGRABBER_DEVICE Device = Channel->Device;

    ExAcquireFastMutex(&Device->Control);
    Channel->Running = Run;
    if (Run)
        Channel->StartTime = (LONGLONG)KeQueryInterruptTime() - Channel->RunTime;
    else
        Channel->RunTime = (LONGLONG)KeQueryInterruptTime() - Channel->StartTime;
    if (IsCardThere(Device) && Run) {
        StartCard(Channel);
    } else if (IsCardThere(Device)) {
        StopCard(Channel);
        Device->Card->Rewind(Channel);
        SetPosting(Channel, TRUE);
    }
    ExReleaseFastMutex(&Device->Control);
    /* A stop may have completed frames and left others in the queue. */
    KsPinAttemptProcessing(Channel->Pin, TRUE);
}

/* The card is about to lose its power; Device->Control is held. */
VOID GrabberChannelSuspend(PGRABBER_CHANNEL Channel)
{
    if (Channel->Running)
        StopCard(Channel);
    else
        SetPosting(Channel, FALSE);
}

/* The card has power and was reset; Device->Control is held. */
VOID GrabberChannelResume(PGRABBER_CHANNEL Channel)
{
    RewindFrames(Channel);
    Channel->Device->Card->Rewind(Channel);
    SetPosting(Channel, TRUE);
    if (!Channel->Running)
        return;
    Channel->Discontinuity = TRUE;
    StartCard(Channel);
    KsPinAttemptProcessing(Channel->Pin, TRUE);
}

/* To and from PAUSE. After FALSE no DPC of ours touches the pin any more. */
VOID GrabberChannelAccept(PGRABBER_CHANNEL Channel, BOOLEAN Accept)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Channel->Lock, &Irql);
    Channel->Accepting = Accept;
    KeReleaseSpinLock(&Channel->Lock, Irql);
    if (!Accept) {
        KeCancelTimer(&Channel->RetryTimer);
        KeFlushQueuedDpcs();
    }
}

/* Gives back the frames the card has not filled; it is stopped. DataUsed 0 tells the client that
 * there is nothing in them. Their descriptors are posted, though nobody runs them, so the card
 * must forget them first. */
VOID GrabberChannelDropFrames(PGRABBER_CHANNEL Channel)
{
    PGRABBER_DEVICE Device = Channel->Device;
    LIST_ENTRY Dropped;
    KIRQL Irql;

    InitializeListHead(&Dropped);
    ExAcquireFastMutex(&Device->Control);
    KeAcquireSpinLock(&Channel->Lock, &Irql);
    Channel->Posting = FALSE;
    while (!IsListEmpty(&Channel->Frames))
        InsertTailList(&Dropped, &RemoveOldest(Channel)->Link);
    KeReleaseSpinLock(&Channel->Lock, Irql);
    if (IsCardThere(Device)) {
        Device->Card->Rewind(Channel);
        SetPosting(Channel, TRUE);
    }
    ExReleaseFastMutex(&Device->Control);
    while (!IsListEmpty(&Dropped)) {
        PGRABBER_FRAME Frame = CONTAINING_RECORD(RemoveHeadList(&Dropped), GRABBER_FRAME, Link);

        Frame->Clone->StreamHeader->DataUsed = 0;
        KsStreamPointerDelete(Frame->Clone);
    }
}
