/* SPDX-License-Identifier: MIT */
/* What the pins of the sample drivers do alike: formats, framing, the clock, and for pins that
 * capture the stream header and the count of dropped frames. Under the filter's control mutex,
 * where nothing else is said. */
#ifndef DRIVERS_PIN_H
#define DRIVERS_PIN_H

#include "card.h"

/* A pin inherits its Context from the filter and so from the device; after PinOpen it is the
 * channel. */
PCARD_CHANNEL PinChannel(PKSPIN Pin);
/* In Create and Close. */
NTSTATUS PinOpen(PKSPIN Pin);
VOID PinClose(PKSPIN Pin);

/* A PFNKSPINSETDATAFORMAT. */
NTSTATUS PinSetDataFormat(PKSPIN Pin, PKSDATAFORMAT OldFormat, PKSMULTIPLE_ITEM OldAttributes,
                          const KSDATARANGE *Range, const KSATTRIBUTE_LIST *AttributeRange);

VOID PinAcquireClock(PCARD_CHANNEL Channel);
VOID PinReleaseClock(PCARD_CHANNEL Channel);

/* ---- Pins that capture (capture.c) ----------------------------------------------------------- */

/* The stream header of a captured picture. <= DISPATCH_LEVEL, without Channel->Lock. */
VOID CaptureFillHeader(PCARD_CHANNEL Channel, PKSSTREAM_HEADER Header, const CARD_STAMP *Stamp);
/* PROPSETID_VIDCAP_DROPPEDFRAMES. */
extern const KSAUTOMATION_TABLE CaptureAutomation;

#endif
