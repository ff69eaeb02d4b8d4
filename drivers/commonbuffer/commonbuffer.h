/* SPDX-License-Identifier: MIT */
/* Capture by common-buffer DMA: the card writes into memory of the driver's, and the driver copies
 * from there to the client (Common Buffer DMA in AVStream). The card and its frames are in
 * drivers/common.
 *
 *   COMMON_BUFFER    room for one picture, from AllocateCommonBuffer; made on entry into PAUSE
 *   COMMON_CHANNEL   a channel with its buffers
 *
 * A buffer is with the card (Channel->Frames), or full (Full), or being copied from by Process. */
#ifndef COMMONBUFFER_H
#define COMMONBUFFER_H

#include "../common/card.h"
#include "../common/pin.h"

enum {
    COMMON_BUFFERS_MAX = 16, /* FramesInFlight says how many we would like to have */
    COMMON_BUFFERS_MIN = 2, /* one for the card, one for the client */
    COMMON_PART_MIN = 16384, /* bytes; smaller allocations are not worth their descriptors */
};

typedef struct _COMMON_BUFFER {
    CARD_FRAME Card;
    PCARD_MEMORY Parts; /* one after the other they hold the picture */
    ULONG PartCount;
} COMMON_BUFFER, *PCOMMON_BUFFER;

typedef struct _COMMON_CHANNEL {
    CARD_CHANNEL Card;
    PCOMMON_BUFFER Buffers[COMMON_BUFFERS_MAX]; /* filter's control mutex */
    ULONG BufferCount;
    LIST_ENTRY Full; /* oldest first (Channel->Lock) */
} COMMON_CHANNEL, *PCOMMON_CHANNEL;

static inline PCOMMON_CHANNEL CommonOf(PCARD_CHANNEL Channel)
{
    return CONTAINING_RECORD(Channel, COMMON_CHANNEL, Card);
}

/* buffer.c, PASSIVE_LEVEL. As many buffers as there is memory for; fewer than COMMON_BUFFERS_MIN
 * is a failure. */
NTSTATUS CommonAllocateBuffers(PCOMMON_CHANNEL Common);
VOID CommonFreeBuffers(PCOMMON_CHANNEL Common);
VOID CommonCopyOut(const COMMON_BUFFER *Buffer, PVOID To, ULONG Bytes);

/* pin.c */
extern const KSPIN_DISPATCH CommonPinDispatch;
VOID CommonInitializeChannel(PCARD_CHANNEL Channel);
VOID CommonService(PCARD_CHANNEL Channel);

#endif
