/* SPDX-License-Identifier: MIT */
/* Formats the pins offer, and what a format means to the card. */
#ifndef GRABBER_FORMAT_H
#define GRABBER_FORMAT_H

#include "windows.h"

typedef struct _GRABBER_FORMAT {
    ULONG Code; /* the cards' FORMAT register: both count alike */
    ULONG Width, Height;
    BOOLEAN BottomUp;
    ULONG FrameBytes;
    ULONG PeriodNs;
    LONGLONG Duration; /* 100 ns */
} GRABBER_FORMAT, *PGRABBER_FORMAT;

enum {
    GRABBER_RANGES = 20, /* five formats by four sizes */
    GRABBER_LARGEST_FRAME = 3840 * 2160 * 4,
};
extern PKSDATARANGE GrabberDataRanges[GRABBER_RANGES];

/* Fills the data ranges; once, from DriverEntry. */
VOID GrabberInitializeFormats(VOID);

/* A PFNKSINTERSECTHANDLEREX. */
NTSTATUS GrabberIntersect(PVOID Context, PIRP Irp, PKSP_PIN Pin, PKSDATARANGE CallerRange,
                          PKSDATARANGE OurRange, ULONG BufferSize, PVOID Data, PULONG DataSize);

/* STATUS_NO_MATCH when the range does not hold the format. */
NTSTATUS GrabberParseFormat(const KSDATAFORMAT *Format, const KSDATARANGE *Range,
                            PGRABBER_FORMAT Parsed);

#endif
