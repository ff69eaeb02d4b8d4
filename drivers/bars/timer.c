/* SPDX-License-Identifier: MIT */
/* A picture is due every frame interval after RUN. Each expiry arms the timer for the next one from
 * the start, so that what a late DPC loses is not lost for good. */
#include "bars.h"

static VOID Arm(PBARS Bars)
{
    LONGLONG Due = Bars->StartTime + (Bars->Tick + 1) * Bars->Format.Duration;
    LARGE_INTEGER Wait;

    Wait.QuadPart = (LONGLONG)KeQueryInterruptTime() - Due; /* below zero: from now */
    if (Wait.QuadPart >= 0)
        Wait.QuadPart = -1;
    KeSetTimer(&Bars->Timer, Wait, &Bars->Dpc);
}

static VOID Expired(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PBARS Bars = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    if (!Bars->Running)
        return;
    Bars->Tick++;
    KsFilterAttemptProcessing(Bars->Filter, FALSE);
    if (Bars->Running)
        Arm(Bars);
}

VOID BarsInitializeTimer(PBARS Bars)
{
    KeInitializeTimer(&Bars->Timer);
    KeInitializeDpc(&Bars->Dpc, Expired, Bars);
}

VOID BarsStartTimer(PBARS Bars)
{
    Bars->StartTime = (LONGLONG)KeQueryInterruptTime();
    Bars->Tick = 0;
    Bars->Running = TRUE;
    Arm(Bars);
}

/* A DPC that is under way may arm the timer once more; after it has been waited for none will, and
 * what it armed, or the DPC of that, goes last. */
VOID BarsStopTimer(PBARS Bars)
{
    Bars->Running = FALSE;
    KeFlushQueuedDpcs();
    KeCancelTimer(&Bars->Timer);
    KeFlushQueuedDpcs();
}
