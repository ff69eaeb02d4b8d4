/* SPDX-License-Identifier: MIT */
/* Pins with mappings: the card works in the client's own buffers (packet-based DMA). The same for
 * a pin that captures and for one that plays, but for three functions that the driver supplies.
 *
 * A client's buffer becomes a MAPPED_FRAME, the context of a clone stream pointer: it lives
 * exactly as long as the clone. Process locks the leading edge, clones it and gives the frame to
 * the card's channel; the DPC deletes the clone, which completes the client's request. */
#ifndef DRIVERS_MAPPED_H
#define DRIVERS_MAPPED_H

#include "card.h"

enum { MAPPED_RETRY_MS = 10 };

typedef struct _MAPPED_CHANNEL {
    CARD_CHANNEL Card;
    KTIMER RetryTimer;
    KDPC RetryDpc;
} MAPPED_CHANNEL, *PMAPPED_CHANNEL;

typedef struct _MAPPED_FRAME {
    CARD_FRAME Card;
    PKSSTREAM_POINTER Clone;
} MAPPED_FRAME, *PMAPPED_FRAME;

/* Of CARD_DRIVER. */
VOID MappedInitializeChannel(PCARD_CHANNEL Channel);
VOID MappedService(PCARD_CHANNEL Channel);

/* Of KSPIN_DISPATCH; Pin->Context is the channel. */
NTSTATUS MappedSetDataFormat(PKSPIN Pin, PKSDATAFORMAT OldFormat, PKSMULTIPLE_ITEM OldAttributes,
                             const KSDATARANGE *Range, const KSATTRIBUTE_LIST *AttributeRange);
NTSTATUS MappedProcess(PKSPIN Pin);
VOID MappedReset(PKSPIN Pin);
NTSTATUS MappedSetDeviceState(PKSPIN Pin, KSSTATE To, KSSTATE From);

/* The driver's. */
BOOLEAN MappedIsGoodBuffer(PCARD_CHANNEL Channel, const KSSTREAM_HEADER *Header);
/* Before the clone goes. */
VOID MappedFrameDone(PCARD_CHANNEL Channel, PMAPPED_FRAME Frame);
VOID MappedFrameDropped(PMAPPED_FRAME Frame); /* the card did not get to it */

#endif
