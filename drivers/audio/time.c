/* SPDX-License-Identifier: MIT */
/* The device's time is that of the performance counter, in the 100 ns of KS: a sound card's would
 * come from its crystal. Seconds and the rest are converted apart, so that nothing overflows. */
#include "audio.h"

enum { UNITS = 10000000 /* a second */ };

LONGLONG AudioNow(VOID)
{
    LARGE_INTEGER Frequency, Counter = KeQueryPerformanceCounter(&Frequency);

    return Counter.QuadPart / Frequency.QuadPart * UNITS +
           Counter.QuadPart % Frequency.QuadPart * UNITS / Frequency.QuadPart;
}

ULONGLONG AudioFrameAt(LONGLONG Time, ULONG Rate)
{
    return (ULONGLONG)Time / UNITS * Rate + (ULONGLONG)Time % UNITS * Rate / UNITS;
}

LONGLONG AudioTimeOf(ULONGLONG Frame, ULONG Rate)
{
    return (LONGLONG)(Frame / Rate * UNITS + Frame % Rate * UNITS / Rate);
}
