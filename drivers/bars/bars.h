/* SPDX-License-Identifier: MIT */
/* One filter of bars.sys. The filter's Context is this, and so is the pin's, which inherits it.
 * Picture number, drops and Tick are touched by Process only, which runs once at a time. */
#ifndef DRIVERS_BARS_H
#define DRIVERS_BARS_H

#include "../common/format.h"

enum { BARS_TAG = 'sraB', BARS_PIN = 0 };

typedef struct _BARS {
    PKSFILTER Filter;
    VIDEO_FORMAT Format;
    PIKSREFERENCECLOCK Clock; /* NULL: a graph without one */
    KTIMER Timer;
    KDPC Dpc;
    volatile LONG Running;
    LONGLONG StartTime; /* 100 ns of interrupt time, when Tick was 0 */
    volatile LONGLONG Tick; /* pictures that were due */
    LONGLONG PictureNumber, DropCount;
} BARS, *PBARS;

/* draw.c: picture Number of a format; bars that wander to the left. */
VOID BarsDraw(const VIDEO_FORMAT *Format, ULONG Number, PUCHAR Picture);

/* timer.c: from RUN until PAUSE processing is attempted once a picture. PASSIVE_LEVEL. */
VOID BarsInitializeTimer(PBARS Bars);
VOID BarsStartTimer(PBARS Bars);
VOID BarsStopTimer(PBARS Bars);

/* pin.c */
extern const KSPIN_DISPATCH BarsPinDispatch;
NTSTATUS BarsProcess(PKSFILTER Filter, PKSPROCESSPIN_INDEXENTRY Index);

#endif
