/* SPDX-License-Identifier: MIT */
/* The card as all sample drivers see it, whatever they do with its pictures.
 *
 *   CARD_DEVICE    one card; made in Add, freed in Remove
 *   CARD_CHANNEL   one stream of the card, with one pin; the first member of the driver's own
 *   CARD_FRAME     memory for one picture on its way through the card, as a list of pieces
 *   CARD_MODEL     the operations that differ between cards (card32.c, card64.c)
 *   CARD_DRIVER    what the driver that is linked with this does differently
 *
 * Who protects what:
 *   Channel->Lock     the frames, the card's descriptor memory and everything about streaming that
 *                     a DPC touches. Never held across a call that can complete an IRP
 *   filter's control  mutex (held by AVStream for SetDeviceState, SetDataFormat, Create, Close):
 *                     the format, the clock, the pin pointer
 *   Device->Control   starting, stopping and power of the card, which come from both of the above
 *                     and from the device mutex. PASSIVE_LEVEL
 *
 * A frame's way: the driver adds it; Feed turns its pieces into descriptors; the card does its
 * work and interrupts; the DPC takes the frame off the list and gives it back to the driver. */
#ifndef DRIVERS_CARD_H
#define DRIVERS_CARD_H

#include "windows.h"

#include "format.h"
#include "guids.h"

#define CARD_TAG 'draC'

enum {
    CARD_CHANNELS_MAX = 2,

    /* Frames the card may own at one time, unless the registry has another number (settings.c).
     * On a pin with mappings each holds a lock, and on a 32-bit card in a machine with more than
     * 4 GB each lock holds map registers, which are low memory, for as long as it lasts.
     * Supporting DMA in 64-Bit AVStream Drivers asks for few: enough to cover the time from one
     * interrupt to the next request, no more. The client's other buffers wait unlocked in the
     * queue. */
    CARD_FRAMES_IN_FLIGHT = 4,
    CARD_FRAMES_IN_FLIGHT_MAX = 1024,
};

typedef struct _CARD_DEVICE CARD_DEVICE, *PCARD_DEVICE;
typedef struct _CARD_CHANNEL CARD_CHANNEL, *PCARD_CHANNEL;

/* A piece of a frame. It begins as AVStream's mappings do, so a table of mappings registered with
 * this stride is a table of pieces. */
typedef struct _CARD_PIECE {
    KSMAPPING Mapping;
    ULONG Posted; /* bytes of it that the card has descriptors for */
    ULONG Reserved;
} CARD_PIECE, *PCARD_PIECE;

/* When a picture was there, and what went before it. */
typedef struct _CARD_STAMP {
    LONGLONG Time; /* stream time, 100 ns */
    LONGLONG PictureNumber, DropCount;
    BOOLEAN Discontinuity; /* it does not follow the one before */
} CARD_STAMP, *PCARD_STAMP;

typedef struct _CARD_FRAME {
    LIST_ENTRY Link; /* in Channel->Frames, oldest first */
    PCARD_PIECE Pieces;
    ULONG PieceCount;
    ULONG NextPiece; /* the first that is not posted whole */
    ULONG Entries; /* ring entries in use (card64.c) */
    ULONG Cookie; /* comes back with the completion (card64.c) */
    CARD_STAMP Stamp; /* set when the card has done its work */
} CARD_FRAME, *PCARD_FRAME;

/* What the card says of the oldest frame it had. */
typedef struct _CARD_COMPLETION {
    ULONG Number; /* the card's count of frame periods */
    BOOLEAN Whole;
} CARD_COMPLETION, *PCARD_COMPLETION;

/* Causes that the ISR leaves for the DPC: one bit for each channel, and: */
enum {
    CARD_CAUSE_ERROR = 1 << 8,
};

typedef struct _CARD_MODEL {
    PCSTR Name;
    ULONG IdValue; /* of the ID register, the first of BAR 0 */
    ULONG BarBytes;
    ULONG ChannelCount;
    BOOLEAN Is64Bit;
    ULONG LargestPiece; /* most bytes one mapping may have */
    ULONG NumberMask; /* significant bits of CARD_COMPLETION.Number */
    ULONG MessageCount; /* 0: no MSI */

    /* PASSIVE_LEVEL, while the device starts and stops. */
    NTSTATUS (*AllocateMemory)(PCARD_DEVICE Device);
    VOID (*FreeMemory)(PCARD_DEVICE Device);

    /* Device->Control held. */
    VOID (*Reset)(PCARD_DEVICE Device); /* after power-on; interrupts come out off */
    VOID (*EnableInterrupts)(PCARD_DEVICE Device, BOOLEAN Enable);
    VOID (*Stop)(PCARD_CHANNEL Channel); /* returns when the card touches no memory any more */
    VOID (*Rewind)(PCARD_CHANNEL Channel); /* the stopped channel forgets its descriptors */

    /* DISPATCH_LEVEL, Channel->Lock held. */
    VOID (*Start)(PCARD_CHANNEL Channel);
    VOID (*Feed)(PCARD_CHANNEL Channel); /* posts as much of the frames as there is room for */
    BOOLEAN (*TakeCompletion)(PCARD_CHANNEL Channel, PCARD_COMPLETION Completion);
    VOID (*CompletionsTaken)(PCARD_CHANNEL Channel); /* after one or more */

    /* DIRQL. What happened, 0: it was not this card. Message is meaningless with a line. */
    ULONG (*Interrupt)(PCARD_DEVICE Device, ULONG Message);
} CARD_MODEL;

extern const CARD_MODEL CardGrabber32;
extern const CARD_MODEL CardGrabber64;
extern const CARD_MODEL CardPlayer32;
extern const CARD_MODEL CardPlayer64;

/* Common-buffer memory: where the CPU sees it and where the card does. */
typedef struct _CARD_MEMORY {
    PVOID Va;
    PHYSICAL_ADDRESS La;
    ULONG Bytes;
} CARD_MEMORY, *PCARD_MEMORY;

struct _CARD_CHANNEL {
    PCARD_DEVICE Device;
    ULONG Index;

    /* Filter control mutex. */
    PKSPIN Pin; /* also read under Lock while Accepting */
    VIDEO_FORMAT Format;
    PIKSREFERENCECLOCK Clock; /* NULL: there is none */

    KSPIN_LOCK Lock;
    LIST_ENTRY Frames;
    ULONG FrameCount;
    BOOLEAN Accepting; /* PAUSE or RUN: frames may be added */
    BOOLEAN Running; /* RUN: the card should work (written under Control only) */
    BOOLEAN Posting; /* the card takes descriptors */
    BOOLEAN Discontinuity; /* the next frame does not follow the one before */
    ULONG NextNumber; /* that the card's next frame should have */
    LONGLONG PictureNumber, DropCount; /* since ACQUIRE, as KS_FRAME_INFO has them */
    LONGLONG StartTime; /* for streams without a clock: interrupt time of RUN, less pauses */
    LONGLONG RunTime; /* spent in RUN before the pause, 100 ns */

    /* The card's: descriptors, results. */
    CARD_MEMORY Ring, Completions;
    ULONG Tail; /* where the next descriptor goes */
    ULONG EntriesUsed;
    ULONG CompletionHead, Phase;
    ULONG NextCookie;
};

struct _CARD_DEVICE {
    PKSDEVICE KsDevice;
    const CARD_MODEL *Card; /* NULL while not started */
    PUCHAR Registers;
    ULONG RegisterBytes;

    ULONG FramesInFlight; /* at most, on each channel */

    PDMA_ADAPTER Adapter;
    ULONG MapRegisters;

    PVOID InterruptContext; /* of IoConnectInterruptEx, or the PKINTERRUPT */
    ULONG InterruptVersion; /* how it was connected; 0: it is not */
    ULONG Messages; /* granted; 0: line */
    volatile LONG Causes; /* from the ISR to the DPC */
    KDPC Dpc;

    FAST_MUTEX Control;
    BOOLEAN Powered; /* started and in D0 (Control) */
    BOOLEAN Gone; /* surprise removed */

    PCARD_CHANNEL Channels[CARD_CHANNELS_MAX];
};

/* One of these in each driver. */
typedef struct _CARD_DRIVER {
    const CARD_MODEL *const *Cards; /* that it knows; ends with NULL */
    const KSFILTER_DESCRIPTOR *Filters[CARD_CHANNELS_MAX]; /* for cards of one channel, of two */
    ULONG ChannelBytes;
    /* What cannot be done again: a picture broken by an overrun goes back to the card's list and
     * is taken anew; one that was broken on its way out is over. */
    BOOLEAN RefillsBroken;
    VOID (*InitializeChannel)(PCARD_CHANNEL Channel);
    /* With the new adapter; NULL: AVStream does not hear of it. */
    NTSTATUS (*RegisterAdapter)(PCARD_DEVICE Device, PDEVICE_DESCRIPTION Description);
    /* The card has finished frames: <= DISPATCH_LEVEL. */
    VOID (*Service)(PCARD_CHANNEL Channel);
} CARD_DRIVER;

extern const CARD_DRIVER CardDriver;

/* device.c */
extern const KSDEVICE_DISPATCH CardDeviceDispatch;

/* settings.c */
VOID CardReadSettings(PCARD_DEVICE Device); /* PASSIVE_LEVEL */

/* adapter.c */
NTSTATUS CardOpenAdapter(PCARD_DEVICE Device);
VOID CardCloseAdapter(PCARD_DEVICE Device);
NTSTATUS CardAllocateMemory(PCARD_DEVICE Device, ULONG Bytes, PCARD_MEMORY Memory);
VOID CardFreeMemory(PCARD_DEVICE Device, PCARD_MEMORY Memory);

/* register.c: CARD_DRIVER.RegisterAdapter of the drivers with mapped pins */
NTSTATUS CardRegisterAdapter(PCARD_DEVICE Device, PDEVICE_DESCRIPTION Description);

/* interrupt.c */
NTSTATUS CardConnectInterrupt(PCARD_DEVICE Device, PCM_PARTIAL_RESOURCE_DESCRIPTOR Resource);
VOID CardDisconnectInterrupt(PCARD_DEVICE Device);
KDEFERRED_ROUTINE CardDpc;

/* channel.c */
VOID CardChannelInitialize(PCARD_CHANNEL Channel, PCARD_DEVICE Device, ULONG Index);
VOID CardChannelRestart(PCARD_CHANNEL Channel); /* STOP to ACQUIRE: numbers begin anew */
VOID CardChannelRun(PCARD_CHANNEL Channel, BOOLEAN Run);
VOID CardChannelSuspend(PCARD_CHANNEL Channel);
VOID CardChannelResume(PCARD_CHANNEL Channel);
VOID CardChannelTakeFrames(PCARD_CHANNEL Channel, PLIST_ENTRY Taken);
/* Channel->Lock held. */
VOID CardChannelAddFrame(PCARD_CHANNEL Channel, PCARD_FRAME Frame);
BOOLEAN CardChannelTakeFinished(PCARD_CHANNEL Channel, PLIST_ENTRY Finished);
VOID CardFrameRewind(PCARD_FRAME Frame);

static inline ULONG CardRead(PCARD_DEVICE Device, ULONG Offset)
{
    return READ_REGISTER_ULONG((volatile ULONG *)(Device->Registers + Offset));
}

static inline VOID CardWrite(PCARD_DEVICE Device, ULONG Offset, ULONG Value)
{
    WRITE_REGISTER_ULONG((volatile ULONG *)(Device->Registers + Offset), Value);
}

/* Waits at PASSIVE_LEVEL until the register has none of the bits; FALSE: not within the time, or
 * the card is gone. For waits the data sheet bounds by a few hundred microseconds. */
BOOLEAN CardWaitClear(PCARD_DEVICE Device, ULONG Offset, ULONG Bits, ULONG Microseconds);

#endif
