/* SPDX-License-Identifier: MIT */
/* grabber64 and player64 (docs/cards): two channels, each with a ring of 64-bit descriptors and
 * a ring of completions in memory, and a message of its own.
 *
 * A frame is posted whole or not at all: nothing tells us when a part of the ring is free but
 * the completion of a frame. In steady state the driver touches two registers a frame, the two
 * doorbells; all else it reads from memory. */
#include "card.h"

#include "../../models/player64/regs.h"
#include "museum.h"

enum {
    /* Twice the pages of the largest frame: two of them fit however scattered they are. */
    RING_ENTRIES = 16384,
    DONE_ENTRIES = 64,
};

static VOID WriteChannel(PCARD_CHANNEL Channel, ULONG Offset, ULONG Value)
{
    CardWrite(Channel->Device, G64_CHANNEL(Channel->Index) + Offset, Value);
}

static VOID WriteAddress(PCARD_CHANNEL Channel, ULONG Offset, PHYSICAL_ADDRESS Address)
{
    WriteChannel(Channel, Offset, Address.LowPart);
    WriteChannel(Channel, Offset + 4, Address.HighPart);
}

static NTSTATUS AllocateMemory(PCARD_DEVICE Device)
{
    NTSTATUS Status = STATUS_SUCCESS;
    ULONG i;

    for (i = 0; i < G64_CHANNELS && NT_SUCCESS(Status); i++) {
        PCARD_CHANNEL Channel = Device->Channels[i];

        Status = CardAllocateMemory(Device, RING_ENTRIES * sizeof(struct g64_descriptor),
                                       &Channel->Ring);
        if (NT_SUCCESS(Status))
            Status = CardAllocateMemory(Device, DONE_ENTRIES * sizeof(struct g64_completion),
                                           &Channel->Completions);
    }
    return Status;
}

static VOID FreeMemory(PCARD_DEVICE Device)
{
    ULONG i;

    for (i = 0; i < G64_CHANNELS; i++) {
        CardFreeMemory(Device, &Device->Channels[i]->Ring);
        CardFreeMemory(Device, &Device->Channels[i]->Completions);
    }
}

static VOID ForgetRings(PCARD_CHANNEL Channel)
{
    RtlZeroMemory(Channel->Completions.Va, Channel->Completions.Bytes); /* phase 0: nothing there */
    Channel->Tail = 0;
    Channel->EntriesUsed = 0;
    Channel->CompletionHead = 0;
    Channel->Phase = G64_DONE_PHASE;
}

static VOID Reset(PCARD_DEVICE Device)
{
    ULONG i;

    CardWrite(Device, G64_CONTROL, G64_CONTROL_RESET);
    CardWaitClear(Device, G64_STATUS, G64_STATUS_RESETTING, 1000);
    for (i = 0; i < G64_CHANNELS; i++)
        ForgetRings(Device->Channels[i]);
}

static VOID EnableInterrupts(PCARD_DEVICE Device, BOOLEAN Enable)
{
    CardWrite(Device, G64_INT_ENABLE,
                 Enable ? G64_INT_DONE0 | G64_INT_DONE1 | G64_INT_ERROR : 0);
}

/* Lock held. */
static VOID Start(PCARD_CHANNEL Channel)
{
    const VIDEO_FORMAT *Format = &Channel->Format;

    WriteChannel(Channel, G64_CH_FORMAT,
                 Format->Code | (Format->BottomUp ? G64_FORMAT_BOTTOM_UP : 0));
    WriteChannel(Channel, G64_CH_SIZE, Format->Height << 16 | Format->Width);
    WriteChannel(Channel, G64_CH_PERIOD, Format->PeriodNs);
    WriteChannel(Channel, G64_CH_FRAME, Channel->NextNumber);
    WriteAddress(Channel, G64_CH_RING, Channel->Ring.La);
    WriteChannel(Channel, G64_CH_RING_ENTRIES, RING_ENTRIES);
    WriteAddress(Channel, G64_CH_DONE, Channel->Completions.La);
    WriteChannel(Channel, G64_CH_DONE_ENTRIES, DONE_ENTRIES);
    WriteChannel(Channel, G64_CH_CONTROL, G64_CH_CONTROL_ENABLE);
}

/* The piece under way is finished and the frame gets a completion as BROKEN, within 500 us. */
static VOID Stop(PCARD_CHANNEL Channel)
{
    WriteChannel(Channel, G64_CH_CONTROL, 0);
    CardWaitClear(Channel->Device, G64_CHANNEL(Channel->Index) + G64_CH_STATUS,
                     G64_CH_STATUS_ENABLED | G64_CH_STATUS_BUSY, 2000);
}

static VOID Rewind(PCARD_CHANNEL Channel)
{
    WriteChannel(Channel, G64_CH_CONTROL, G64_CH_CONTROL_RESET);
    CardWaitClear(Channel->Device, G64_CHANNEL(Channel->Index) + G64_CH_STATUS,
                     G64_CH_STATUS_RESETTING, 2000);
    ForgetRings(Channel);
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

/* Pieces are cut to the 1 MB that a descriptor may have (LargestPiece): one is one. */
static VOID PostFrame(PCARD_CHANNEL Channel, PCARD_FRAME Frame)
{
    struct g64_descriptor *Ring = Channel->Ring.Va;
    ULONG i;

    for (i = 0; i < Frame->PieceCount; i++) {
        PCARD_PIECE Piece = &Frame->Pieces[i];
        struct g64_descriptor *Entry = &Ring[Channel->Tail];

        Entry->address = MuseumAddress(Piece->Mapping.PhysicalAddress);
        Entry->length = Piece->Mapping.ByteCount;
        Entry->flags =
            i + 1 < Frame->PieceCount ? 0 : G64_LAST | Frame->Cookie << G64_COOKIE_SHIFT;
        Piece->Posted = Piece->Mapping.ByteCount;
        Channel->Tail = (Channel->Tail + 1) % RING_ENTRIES;
    }
    Frame->NextPiece = Frame->PieceCount;
    Frame->Entries = Frame->PieceCount;
    Channel->EntriesUsed += Frame->Entries;
}

static VOID Feed(PCARD_CHANNEL Channel)
{
    BOOLEAN Any = FALSE;
    PLIST_ENTRY Link;

    for (Link = Channel->Frames.Flink; Link != &Channel->Frames; Link = Link->Flink) {
        PCARD_FRAME Frame = CONTAINING_RECORD(Link, CARD_FRAME, Link);

        if (Frame->NextPiece == Frame->PieceCount)
            continue;
        if (Frame->PieceCount > RING_ENTRIES - 1 - Channel->EntriesUsed)
            break; /* in order, or not at all */
        PostFrame(Channel, Frame);
        Any = TRUE;
    }
    if (Any)
        WriteChannel(Channel, G64_CH_TAIL, Channel->Tail); /* a barrier, and then the doorbell */
}

/* ---- Interrupts and completions -------------------------------------------------------------- */

static BOOLEAN TakeCompletion(PCARD_CHANNEL Channel, PCARD_COMPLETION Completion)
{
    struct g64_completion *Ring = Channel->Completions.Va;
    volatile struct g64_completion *Entry = &Ring[Channel->CompletionHead];
    PCARD_FRAME Frame = CONTAINING_RECORD(Channel->Frames.Flink, CARD_FRAME, Link);
    ULONG Status = Entry->status;

    if ((Status & G64_DONE_PHASE) != Channel->Phase)
        return FALSE;
    KeMemoryBarrier(); /* the phase is read before the rest of the entry */
    Completion->Number = Entry->frame;
    Completion->Whole = (Status & (G64_DONE_BROKEN | G64_DONE_SHORT)) == 0;
    if (++Channel->CompletionHead == DONE_ENTRIES) {
        Channel->CompletionHead = 0;
        Channel->Phase ^= G64_DONE_PHASE;
    }
    NT_ASSERT(!Completion->Whole || Entry->cookie == Frame->Cookie);
    Channel->EntriesUsed -= Frame->Entries;
    Frame->Entries = 0;
    return TRUE;
}

static VOID CompletionsTaken(PCARD_CHANNEL Channel)
{
    WriteChannel(Channel, G64_CH_DONE_HEAD, Channel->CompletionHead);
}

/* With a message for each cause there is nothing to ask the card: not one register is touched. */
static ULONG Interrupt(PCARD_DEVICE Device, ULONG Message)
{
    ULONG Status;

    if (Device->Messages >= G64_MESSAGES) {
        Status = 1u << Message;
    } else {
        Status = CardRead(Device, G64_INT_STATUS);
        if (Status == 0xffffffff || (Status & G64_INT_ALL) == 0)
            return 0;
        CardWrite(Device, G64_INT_STATUS, Status);
    }
    return (Status & (G64_INT_DONE0 | G64_INT_DONE1)) |
           ((Status & G64_INT_ERROR) != 0 ? CARD_CAUSE_ERROR : 0);
}

/* As with the 32-bit cards, the player differs in its name alone. */
#define CARD64_OPERATIONS                 \
    .BarBytes = G64_BAR_BYTES,            \
    .ChannelCount = G64_CHANNELS,         \
    .Is64Bit = TRUE,                      \
    .LargestPiece = G64_PIECE_MAX,        \
    .NumberMask = 0xffffffff,             \
    .MessageCount = G64_MESSAGES,         \
    .AllocateMemory = AllocateMemory,     \
    .FreeMemory = FreeMemory,             \
    .Reset = Reset,                       \
    .EnableInterrupts = EnableInterrupts, \
    .Stop = Stop,                         \
    .Rewind = Rewind,                     \
    .Start = Start,                       \
    .Feed = Feed,                         \
    .TakeCompletion = TakeCompletion,     \
    .CompletionsTaken = CompletionsTaken, \
    .Interrupt = Interrupt

const CARD_MODEL CardGrabber64 = {
    .Name = "grabber64",
    .IdValue = G64_ID_VALUE,
    CARD64_OPERATIONS,
};

const CARD_MODEL CardPlayer64 = {
    .Name = "player64",
    .IdValue = P64_ID_VALUE,
    CARD64_OPERATIONS,
};
