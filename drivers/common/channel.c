/* SPDX-License-Identifier: MIT */
/* A channel's frames between the driver and the card.
 *
 * Frames lie in one list, oldest first. Feed posts them to the card in that order, and the card
 * completes them in that order. A captured frame that comes back broken (the card overran) goes
 * to the end of the list and is filled again: the client never sees a hole, only a gap in the
 * numbers.
 *
 * Three flags keep apart what stops what:
 *   Accepting   PAUSE and RUN: the driver may add frames. In PAUSE they are already posted, so the
 *               first picture after RUN finds memory
 *   Running     RUN: the card should work. It does so while it has power; one that loses its power
 *               in RUN goes on with the same frames when it has it back
 *   Posting     descriptors may be written: the card has power and nobody is stopping it */
#include "card.h"
#include "museum.h"

VOID CardChannelInitialize(PCARD_CHANNEL Channel, PCARD_DEVICE Device, ULONG Index)
{
    Channel->Device = Device;
    Channel->Index = Index;
    KeInitializeSpinLock(&Channel->Lock);
    InitializeListHead(&Channel->Frames);
}

/* Numbers start anew here and not at RUN, so a pause leaves no gap in them. */
VOID CardChannelRestart(PCARD_CHANNEL Channel)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Channel->Lock, &Irql);
    Channel->NextNumber = 0;
    Channel->PictureNumber = 0;
    Channel->DropCount = 0;
    Channel->RunTime = 0;
    Channel->Discontinuity = FALSE;
    KeReleaseSpinLock(&Channel->Lock, Irql);
}

/* ---- Frames ---------------------------------------------------------------------------------- */

/* The card has forgotten the frame: all of it must be posted again. */
VOID CardFrameRewind(PCARD_FRAME Frame)
{
    ULONG i;

    for (i = 0; i < Frame->PieceCount; i++)
        Frame->Pieces[i].Posted = 0;
    Frame->NextPiece = 0;
    Frame->Entries = 0;
}

static PCARD_FRAME RemoveOldest(PCARD_CHANNEL Channel)
{
    Channel->FrameCount--;
    return CONTAINING_RECORD(RemoveHeadList(&Channel->Frames), CARD_FRAME, Link);
}

static VOID Feed(PCARD_CHANNEL Channel)
{
    if (Channel->Posting && !Channel->Device->Gone)
        Channel->Device->Card->Feed(Channel);
}

VOID CardChannelAddFrame(PCARD_CHANNEL Channel, PCARD_FRAME Frame)
{
    Frame->Cookie = Channel->NextCookie++ & 0xffff;
    InsertTailList(&Channel->Frames, &Frame->Link);
    Channel->FrameCount++;
    Feed(Channel);
}

/* Takes back what the card has not done; it is stopped. Descriptors are posted for some of it,
 * though nobody runs them, so the card must forget them first. */
VOID CardChannelTakeFrames(PCARD_CHANNEL Channel, PLIST_ENTRY Taken)
{
    PCARD_DEVICE Device = Channel->Device;
    KIRQL Irql;

    ExAcquireFastMutex(&Device->Control);
    KeAcquireSpinLock(&Channel->Lock, &Irql);
    Channel->Posting = FALSE;
    while (!IsListEmpty(&Channel->Frames))
        InsertTailList(Taken, &RemoveOldest(Channel)->Link);
    KeReleaseSpinLock(&Channel->Lock, Irql);
    if (Device->Powered && !Device->Gone) {
        Device->Card->Rewind(Channel);
        KeAcquireSpinLock(&Channel->Lock, &Irql);
        Channel->Posting = TRUE;
        KeReleaseSpinLock(&Channel->Lock, Irql);
    }
    ExReleaseFastMutex(&Device->Control);
}

/* ---- Completing frames ----------------------------------------------------------------------- */

/* Stream time, if the graph has a clock; else the time since RUN, which runs at the same rate.
 * Callable in a DPC: KsPinGetReferenceClockInterface says so of the interface it returns. */
static LONGLONG StreamTime(PCARD_CHANNEL Channel)
{
    LONGLONG SystemTime;

    if (Channel->Clock != NULL)
        return Channel->Clock->lpVtbl->GetCorrelatedTime(Channel->Clock, &SystemTime);
    return (LONGLONG)KeQueryInterruptTime() - Channel->StartTime;
}

/* Numbers count frame periods. A step of more than one means frames were missed. */
static VOID Account(PCARD_CHANNEL Channel, const CARD_COMPLETION *Completion)
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

static VOID Finish(PCARD_CHANNEL Channel, PLIST_ENTRY Finished)
{
    PCARD_FRAME Frame = RemoveOldest(Channel);

    Frame->Stamp.Time = StreamTime(Channel);
    Frame->Stamp.PictureNumber = Channel->PictureNumber;
    Frame->Stamp.DropCount = Channel->DropCount;
    Frame->Stamp.Discontinuity = Channel->Discontinuity;
    Channel->Discontinuity = FALSE;
    InsertTailList(Finished, &Frame->Link);
}

static VOID Requeue(PCARD_CHANNEL Channel)
{
    PCARD_FRAME Frame = RemoveOldest(Channel);

    CardFrameRewind(Frame);
    InsertTailList(&Channel->Frames, &Frame->Link);
    Channel->FrameCount++;
}

/* Moves what the card has finished to a list, and feeds the card. TRUE: there was something. A
 * frame cut short by our own stop is not accounted for, nobody wanted it, and stays the oldest. */
BOOLEAN CardChannelTakeFinished(PCARD_CHANNEL Channel, PLIST_ENTRY Finished)
{
    const CARD_MODEL *Card = Channel->Device->Card;
    CARD_COMPLETION Completion;
    BOOLEAN Any = FALSE;

    while (!IsListEmpty(&Channel->Frames) && Card->TakeCompletion(Channel, &Completion)) {
        Any = TRUE;
        if (!Completion.Whole && !Channel->Posting)
            continue;
        Account(Channel, &Completion);
        if (Completion.Whole || !CardDriver.RefillsBroken)
            Finish(Channel, Finished);
        else
            Requeue(Channel);
        if (MuseumOneMore() && !IsListEmpty(&Channel->Frames))
            Finish(Channel, Finished);
    }
    if (Any)
        Card->CompletionsTaken(Channel);
    Feed(Channel);
    return !IsListEmpty(Finished);
}

/* ---- Starting and stopping ------------------------------------------------------------------- */

static VOID SetPosting(PCARD_CHANNEL Channel, BOOLEAN Posting)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Channel->Lock, &Irql);
    Channel->Posting = Posting;
    Feed(Channel);
    KeReleaseSpinLock(&Channel->Lock, Irql);
}

static VOID RewindFrames(PCARD_CHANNEL Channel)
{
    PLIST_ENTRY Link;
    KIRQL Irql;

    KeAcquireSpinLock(&Channel->Lock, &Irql);
    for (Link = Channel->Frames.Flink; Link != &Channel->Frames; Link = Link->Flink)
        CardFrameRewind(CONTAINING_RECORD(Link, CARD_FRAME, Link));
    KeReleaseSpinLock(&Channel->Lock, Irql);
}

static VOID StartCard(PCARD_CHANNEL Channel)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Channel->Lock, &Irql);
    Channel->Device->Card->Start(Channel);
    KeReleaseSpinLock(&Channel->Lock, Irql);
}

/* With DMA in flight: the card is told to stop and says when it has; until then the frames stay
 * where they are. What it completed before is delivered, what it did not is kept to be posted
 * anew. Posting stays off. */
static VOID StopCard(PCARD_CHANNEL Channel)
{
    SetPosting(Channel, FALSE);
    Channel->Device->Card->Stop(Channel);
    CardDriver.Service(Channel);
    RewindFrames(Channel);
}

static BOOLEAN IsCardThere(PCARD_DEVICE Device)
{
    return Device->Powered && !Device->Gone;
}

/* To and from RUN. Device->Control keeps power changes out. */
VOID CardChannelRun(PCARD_CHANNEL Channel, BOOLEAN Run)
{
    PCARD_DEVICE Device = Channel->Device;

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
VOID CardChannelSuspend(PCARD_CHANNEL Channel)
{
    if (Channel->Running)
        StopCard(Channel);
    else
        SetPosting(Channel, FALSE);
}

/* The card has power and was reset; Device->Control is held. */
VOID CardChannelResume(PCARD_CHANNEL Channel)
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
