/* SPDX-License-Identifier: MIT */
/* grabber32 and player32 (docs/cards): 32-bit addresses, a table of 256 descriptors that is
 * refilled while the frame runs, results in registers, INTA#.
 *
 * The adapter was described with Dma32BitAddresses alone, so every mapping lies below 4 GB;
 * where a buffer does not, the system has put map registers in between. LowPart is therefore the
 * whole address. */
#include "card.h"

#include "../../models/player32/regs.h"

static NTSTATUS AllocateMemory(PCARD_DEVICE Device)
{
    return CardAllocateMemory(Device, G32_TABLE_BYTES, &Device->Channels[0]->Ring);
}

static VOID FreeMemory(PCARD_DEVICE Device)
{
    CardFreeMemory(Device, &Device->Channels[0]->Ring);
}

/* A reset also ends whatever DMA there is. */
static VOID Reset(PCARD_DEVICE Device)
{
    CardWrite(Device, G32_CONTROL, G32_CONTROL_RESET);
    CardWaitClear(Device, G32_STATUS, G32_STATUS_RESETTING, 1000);
    Device->Channels[0]->Tail = 0;
}

static VOID EnableInterrupts(PCARD_DEVICE Device, BOOLEAN Enable)
{
    CardWrite(Device, G32_INT_ENABLE,
                 Enable ? G32_INT_FRAME | G32_INT_WATERMARK | G32_INT_ERROR : 0);
}

/* Lock held. Settings are taken over with RUN, and the numbers go on where they were. */
static VOID Start(PCARD_CHANNEL Channel)
{
    PCARD_DEVICE Device = Channel->Device;
    const VIDEO_FORMAT *Format = &Channel->Format;

    CardWrite(Device, G32_FORMAT, Format->Code | (Format->BottomUp ? G32_FORMAT_BOTTOM_UP : 0));
    CardWrite(Device, G32_SIZE, Format->Height << 16 | Format->Width);
    CardWrite(Device, G32_PERIOD, Format->PeriodNs);
    CardWrite(Device, G32_TABLE, Channel->Ring.La.LowPart);
    CardWrite(Device, G32_FRAME, Channel->NextNumber);
    CardWrite(Device, G32_CONTROL, G32_CONTROL_RUN);
}

/* The card writes on for up to 20 us after RUN is cleared; RUNNING says when it is over. A
 * halted card is not running. Should a card not keep its promise, only a reset is left. */
static VOID Stop(PCARD_CHANNEL Channel)
{
    PCARD_DEVICE Device = Channel->Device;

    CardWrite(Device, G32_CONTROL, 0);
    if (!CardWaitClear(Device, G32_STATUS, G32_STATUS_RUNNING | G32_STATUS_HALTED, 1000) &&
        !Device->Gone) {
        Reset(Device);
        EnableInterrupts(Device, TRUE);
    }
}

/* A stop empties the table by itself. What was posted to a card that never ran needs a reset,
 * and with one channel there is nobody it could disturb. */
static VOID Rewind(PCARD_CHANNEL Channel)
{
    PCARD_DEVICE Device = Channel->Device;

    if (CardRead(Device, G32_TAIL) != 0) {
        Reset(Device);
        EnableInterrupts(Device, TRUE);
    }
    Channel->Tail = 0;
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

/* The next part of the piece: at most what is left of it, of 64 KB, and of its 64 KB line. */
static ULONG PieceLength(const CARD_PIECE *Piece, ULONG Address)
{
    ULONG Left = Piece->Mapping.ByteCount - Piece->Posted;
    ULONG ToLine = G32_LINE_BYTES - Address % G32_LINE_BYTES;

    return Left < ToLine ? Left : ToLine;
}

/* Posts one descriptor. FALSE: the frame is posted whole. */
static BOOLEAN PostPiece(PCARD_CHANNEL Channel, PCARD_FRAME Frame)
{
    PCARD_PIECE Piece = &Frame->Pieces[Frame->NextPiece];
    struct g32_descriptor *Table = Channel->Ring.Va;
    struct g32_descriptor Entry = {0};

    Entry.address = Piece->Mapping.PhysicalAddress.LowPart + Piece->Posted;
    Entry.length = PieceLength(Piece, Entry.address);
    Piece->Posted += Entry.length;
    if (Piece->Posted == Piece->Mapping.ByteCount)
        Frame->NextPiece++;
    if (Frame->NextPiece == Frame->PieceCount)
        Entry.flags = G32_LAST;
    Table[Channel->Tail % G32_ENTRIES] = Entry;
    Channel->Tail = (Channel->Tail + 1) & 0xffff;
    return Frame->NextPiece < Frame->PieceCount;
}

/* The oldest frame that is not posted whole. */
static PCARD_FRAME FirstUnposted(PCARD_CHANNEL Channel)
{
    PLIST_ENTRY Link;

    for (Link = Channel->Frames.Flink; Link != &Channel->Frames; Link = Link->Flink) {
        PCARD_FRAME Frame = CONTAINING_RECORD(Link, CARD_FRAME, Link);

        if (Frame->NextPiece < Frame->PieceCount)
            return Frame;
    }
    return NULL;
}

/* Called when a frame is added and at each half of the table: a frame of scattered pages has
 * about four times as many pieces as the table has entries. */
static VOID Feed(PCARD_CHANNEL Channel)
{
    PCARD_FRAME Frame = FirstUnposted(Channel);
    ULONG Room;

    if (Frame == NULL)
        return;
    Room = G32_ENTRIES - ((Channel->Tail - CardRead(Channel->Device, G32_HEAD)) & 0xffff);
    if (Room == 0 || Room > G32_ENTRIES)
        return; /* full, or all ones: the card is gone */
    for (; Room > 0 && Frame != NULL; Room--)
        if (!PostPiece(Channel, Frame))
            Frame = FirstUnposted(Channel);
    /* WRITE_REGISTER_ULONG is a barrier: the entries are in memory before the card hears of
     * them. */
    CardWrite(Channel->Device, G32_TAIL, Channel->Tail);
}

/* ---- Interrupts and results ------------------------------------------------------------------ */

/* Reading the register flushes what the card wrote before it queued the result, so the picture
 * is in memory when the number is in the processor. */
static BOOLEAN TakeCompletion(PCARD_CHANNEL Channel, PCARD_COMPLETION Completion)
{
    ULONG Result = CardRead(Channel->Device, G32_RESULT);

    if (Result == 0xffffffff || (Result & G32_RESULT_VALID) == 0)
        return FALSE;
    Completion->Number = Result & G32_RESULT_NUMBER;
    Completion->Whole = (Result & (G32_RESULT_BROKEN | G32_RESULT_SHORT)) == 0;
    return TRUE;
}

static VOID CompletionsTaken(PCARD_CHANNEL Channel)
{
    UNREFERENCED_PARAMETER(Channel); /* reading a result gave it back */
}

static ULONG Interrupt(PCARD_DEVICE Device, ULONG Message)
{
    ULONG Status = CardRead(Device, G32_INT_STATUS);

    UNREFERENCED_PARAMETER(Message);
    if (Status == 0xffffffff || (Status & G32_INT_ALL) == 0)
        return 0; /* another card on this line, or ours is gone */
    CardWrite(Device, G32_INT_STATUS, Status);
    return 1 | ((Status & G32_INT_ERROR) != 0 ? CARD_CAUSE_ERROR : 0);
}

/* The player's bus side is the grabber's; only the direction is another, and that is in the
 * mappings. */
#define CARD32_OPERATIONS                 \
    .BarBytes = G32_BAR_BYTES,            \
    .ChannelCount = 1,                    \
    .Is64Bit = FALSE,                     \
    .LargestPiece = G32_PIECE_MAX,        \
    .NumberMask = G32_RESULT_NUMBER,      \
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

const CARD_MODEL CardGrabber32 = {
    .Name = "grabber32",
    .IdValue = G32_ID_VALUE,
    CARD32_OPERATIONS,
};

const CARD_MODEL CardPlayer32 = {
    .Name = "player32",
    .IdValue = P32_ID_VALUE,
    CARD32_OPERATIONS,
};
