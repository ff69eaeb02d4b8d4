/* SPDX-License-Identifier: MIT */
/* The minidriver's own objects.
 *
 *   GRABBER_DEVICE    one card; made in Add, freed in Remove
 *   GRABBER_CHANNEL   one stream of the card, with one pin; part of the device
 *   GRABBER_FRAME     one buffer of the client on its way through the card; the context of a clone
 *                     stream pointer, so it lives exactly as long as the clone
 *   GRABBER_CARD      the operations that differ between the two cards (card32.c, card64.c)
 *
 * Who protects what:
 *   Channel->Lock     the frames, the card's descriptor memory and everything about capture that a
 *                     DPC touches. Never held across a call that can complete an IRP
 *   filter's control  mutex (held by AVStream for SetDeviceState, SetDataFormat, Create, Close):
 * the format, the clock, the pin pointer Device->Control   starting, stopping and power of the
 * card, which come from both of the above and from the device mutex. PASSIVE_LEVEL
 *
 * A frame's way: Process locks the leading edge, clones it, and appends the frame; Feed turns
 * its mappings into descriptors; the card fills it and interrupts; the DPC takes it off the
 * list, fills in the stream header and deletes the clone, which completes the client's read. */
#ifndef GRABBER_H
#define GRABBER_H

#include "windows.h"

#include "format.h"
#include "guids.h"

#define GRABBER_TAG 'barG'

enum {
    GRABBER_CHANNELS_MAX = 2,

    /* Frames the card may own at one time, unless the registry has another number (settings.c).
     * Each holds a lock, and on a 32-bit card in a machine with more than 4 GB each lock holds map
     * registers, which are low memory, for as long as it lasts. Supporting DMA in 64-Bit AVStream
     * Drivers asks for few: enough to cover the time from one interrupt to the next read, no
     * more. The client's other buffers wait unlocked in the queue. */
    GRABBER_FRAMES_IN_FLIGHT = 4,
    GRABBER_FRAMES_IN_FLIGHT_MAX = 1024,

    GRABBER_RETRY_MS = 10,
};

typedef struct _GRABBER_DEVICE GRABBER_DEVICE, *PGRABBER_DEVICE;
typedef struct _GRABBER_CHANNEL GRABBER_CHANNEL, *PGRABBER_CHANNEL;

/* An entry of the mapping table as this driver registers it: AVStream's part, then ours.
 * AVStream fills entries at this stride, clears our part when the table is made, and then leaves
 * it alone until the frame completes; all stream pointers on the frame share the table. */
typedef struct _GRABBER_MAPPING {
    KSMAPPING Mapping;
    ULONG Posted; /* bytes of it that the card has descriptors for */
    ULONG Reserved;
} GRABBER_MAPPING, *PGRABBER_MAPPING;

typedef struct _GRABBER_FRAME {
    LIST_ENTRY Link; /* in Channel->Frames, oldest first */
    PKSSTREAM_POINTER Clone;
    PGRABBER_MAPPING Mappings;
    ULONG MappingCount;
    ULONG NextMapping; /* the first that is not posted whole */
    ULONG Entries; /* ring entries in use (card64.c) */
    ULONG Cookie; /* comes back with the completion (card64.c) */
} GRABBER_FRAME, *PGRABBER_FRAME;

/* What the card says of the oldest frame it had. */
typedef struct _GRABBER_COMPLETION {
    ULONG Number; /* the card's count of frame periods */
    BOOLEAN Whole;
} GRABBER_COMPLETION, *PGRABBER_COMPLETION;

/* Causes that the ISR leaves for the DPC: one bit for each channel, and: */
enum {
    GRABBER_CAUSE_ERROR = 1 << 8,
};

typedef struct _GRABBER_CARD {
    PCSTR Name;
    ULONG IdValue; /* of the ID register, the first of BAR 0 */
    ULONG BarBytes;
    ULONG ChannelCount;
    BOOLEAN Is64Bit;
    ULONG LargestMapping; /* most bytes one mapping may have */
    ULONG NumberMask; /* significant bits of GRABBER_COMPLETION.Number */
    ULONG MessageCount; /* 0: no MSI */
    const KSFILTER_DESCRIPTOR *FilterDescriptor;

    /* PASSIVE_LEVEL, while the device starts and stops. */
    NTSTATUS (*AllocateMemory)(PGRABBER_DEVICE Device);
    VOID (*FreeMemory)(PGRABBER_DEVICE Device);

    /* Device->Control held. */
    VOID (*Reset)(PGRABBER_DEVICE Device); /* after power-on; interrupts come out off */
    VOID (*EnableInterrupts)(PGRABBER_DEVICE Device, BOOLEAN Enable);
    VOID (*Stop)(PGRABBER_CHANNEL Channel); /* returns when the card will write no more */
    VOID (*Rewind)(PGRABBER_CHANNEL Channel); /* the stopped channel forgets its descriptors */

    /* DISPATCH_LEVEL, Channel->Lock held. */
    VOID (*Start)(PGRABBER_CHANNEL Channel);
    VOID (*Feed)(PGRABBER_CHANNEL Channel); /* posts as much of the frames as there is room for */
    BOOLEAN (*TakeCompletion)(PGRABBER_CHANNEL Channel, PGRABBER_COMPLETION Completion);
    VOID (*CompletionsTaken)(PGRABBER_CHANNEL Channel); /* after one or more */

    /* DIRQL. What happened, 0: it was not this card. Message is meaningless with a line. */
    ULONG (*Interrupt)(PGRABBER_DEVICE Device, ULONG Message);
} GRABBER_CARD;

extern const GRABBER_CARD GrabberCard32;
extern const GRABBER_CARD GrabberCard64;

/* Common-buffer memory: where the CPU sees it and where the card does. */
typedef struct _GRABBER_MEMORY {
    PVOID Va;
    PHYSICAL_ADDRESS La;
    ULONG Bytes;
} GRABBER_MEMORY, *PGRABBER_MEMORY;

struct _GRABBER_CHANNEL {
    PGRABBER_DEVICE Device;
    ULONG Index;

    /* Filter control mutex. */
    PKSPIN Pin; /* also read under Lock while Accepting */
    GRABBER_FORMAT Format;
    PIKSREFERENCECLOCK Clock; /* NULL: there is none */

    KSPIN_LOCK Lock;
    LIST_ENTRY Frames;
    ULONG FrameCount;
    BOOLEAN Accepting; /* PAUSE or RUN: Process may add frames */
    BOOLEAN Running; /* RUN: the card should capture (written under Control only) */
    BOOLEAN Posting; /* the card takes descriptors */
    BOOLEAN Discontinuity; /* the next frame does not follow the one before */
    ULONG NextNumber; /* that the card's next frame should have */
    LONGLONG PictureNumber, DropCount; /* since ACQUIRE, as KS_FRAME_INFO has them */
    LONGLONG StartTime; /* for streams without a clock: interrupt time of RUN, less pauses */
    LONGLONG RunTime; /* spent in RUN before the pause, 100 ns */

    KTIMER RetryTimer;
    KDPC RetryDpc;

    /* The card's: descriptors, results. */
    GRABBER_MEMORY Ring, Completions;
    ULONG Tail; /* where the next descriptor goes */
    ULONG EntriesUsed;
    ULONG CompletionHead, Phase;
    ULONG NextCookie;
};

struct _GRABBER_DEVICE {
    PKSDEVICE KsDevice;
    const GRABBER_CARD *Card; /* NULL while not started */
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

    GRABBER_CHANNEL Channels[GRABBER_CHANNELS_MAX];
};

/* device.c */
extern const KSDEVICE_DISPATCH GrabberDeviceDispatch;

/* settings.c */
VOID GrabberReadSettings(PGRABBER_DEVICE Device); /* PASSIVE_LEVEL */

/* adapter.c */
NTSTATUS GrabberOpenAdapter(PGRABBER_DEVICE Device);
VOID GrabberCloseAdapter(PGRABBER_DEVICE Device);
NTSTATUS GrabberAllocateMemory(PGRABBER_DEVICE Device, ULONG Bytes, PGRABBER_MEMORY Memory);
VOID GrabberFreeMemory(PGRABBER_DEVICE Device, PGRABBER_MEMORY Memory);

/* interrupt.c */
NTSTATUS GrabberConnectInterrupt(PGRABBER_DEVICE Device, PCM_PARTIAL_RESOURCE_DESCRIPTOR Resource);
VOID GrabberDisconnectInterrupt(PGRABBER_DEVICE Device);
KDEFERRED_ROUTINE GrabberDpc;

/* capture.c */
VOID GrabberChannelInitialize(PGRABBER_DEVICE Device, ULONG Index);
VOID GrabberChannelAccept(PGRABBER_CHANNEL Channel, BOOLEAN Accept);
VOID GrabberChannelRun(PGRABBER_CHANNEL Channel, BOOLEAN Run);
VOID GrabberChannelSuspend(PGRABBER_CHANNEL Channel);
VOID GrabberChannelResume(PGRABBER_CHANNEL Channel);
VOID GrabberChannelService(PGRABBER_CHANNEL Channel);
VOID GrabberChannelDropFrames(PGRABBER_CHANNEL Channel);
BOOLEAN GrabberChannelAddFrame(PGRABBER_CHANNEL Channel, PKSSTREAM_POINTER Clone);
BOOLEAN GrabberChannelHasRoom(PGRABBER_CHANNEL Channel);
VOID GrabberChannelRetryLater(PGRABBER_CHANNEL Channel);

/* frame.c */
PGRABBER_FRAME GrabberFrameInitialize(PKSSTREAM_POINTER Clone);
VOID GrabberFrameRewind(PGRABBER_FRAME Frame);
VOID GrabberFrameComplete(PGRABBER_CHANNEL Channel, PGRABBER_FRAME Frame);

/* filter.c */
extern const KSFILTER_DESCRIPTOR GrabberFilter1; /* one capture pin */
extern const KSFILTER_DESCRIPTOR GrabberFilter2; /* two */

/* pin.c */
extern const KSPIN_DISPATCH GrabberPinDispatch;

static inline ULONG GrabberRead(PGRABBER_DEVICE Device, ULONG Offset)
{
    return READ_REGISTER_ULONG((volatile ULONG *)(Device->Registers + Offset));
}

static inline VOID GrabberWrite(PGRABBER_DEVICE Device, ULONG Offset, ULONG Value)
{
    WRITE_REGISTER_ULONG((volatile ULONG *)(Device->Registers + Offset), Value);
}

/* Waits at PASSIVE_LEVEL until the register has none of the bits; FALSE: not within the time, or
 * the card is gone. For waits the data sheet bounds by a few hundred microseconds. */
BOOLEAN GrabberWaitClear(PGRABBER_DEVICE Device, ULONG Offset, ULONG Bits, ULONG Microseconds);

#endif
