/* SPDX-License-Identifier: MIT */
/* Formats the pins offer, and what a format means to the card. */
#ifndef DRIVERS_FORMAT_H
#define DRIVERS_FORMAT_H

#include "windows.h"

typedef struct _VIDEO_FORMAT {
    ULONG Code; /* the cards' FORMAT register: both count alike */
    ULONG Width, Height;
    BOOLEAN BottomUp;
    ULONG FrameBytes;
    ULONG PeriodNs;
    LONGLONG Duration; /* 100 ns */
} VIDEO_FORMAT, *PVIDEO_FORMAT;

enum {
    VIDEO_RANGES = 20, /* five formats by four sizes */
    VIDEO_LARGEST_FRAME = 3840 * 2160 * 4,
    VIDEO_TAG = 'ediV',
};
extern PKSDATARANGE VideoDataRanges[VIDEO_RANGES];

/* Fills the data ranges; once, from DriverEntry. */
VOID VideoInitializeFormats(VOID);

/* A PFNKSINTERSECTHANDLEREX. */
NTSTATUS VideoIntersect(PVOID Context, PIRP Irp, PKSP_PIN Pin, PKSDATARANGE CallerRange,
                          PKSDATARANGE OurRange, ULONG BufferSize, PVOID Data, PULONG DataSize);

/* STATUS_NO_MATCH when the range does not hold the format. */
NTSTATUS VideoParseFormat(const KSDATAFORMAT *Format, const KSDATARANGE *Range,
                            PVIDEO_FORMAT Parsed);

/* In Create: the pin's framing says the frames are so large. */
NTSTATUS VideoSetFraming(PKSPIN Pin, ULONG FrameBytes);

#endif
