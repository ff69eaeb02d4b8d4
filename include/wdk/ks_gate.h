/* SPDX-License-Identifier: MIT */
/* Flow-control gates. A gate's Count and the way it propagates are ABI: drivers carry this code
 * inline and change Count at any time, at any IRQL, so the runtime keeps its own inputs as
 * balanced on and off operations on the same Count and never assigns it.
 * An AND gate starts at 1 and loses 1 for each input that is off; an OR gate starts at 0 and
 * gains 1 for each input that is on. Either is open when Count is above 0. A gate that opens or
 * closes turns on or off the one input that it is of NextGate.
 * Opening a gate dispatches nothing: whoever opens it calls Ks...AttemptProcessing. */
#ifndef WEIR_WDK_KS_GATE_H
#define WEIR_WDK_KS_GATE_H

#include "wdk/ntdef.h"

typedef struct _KSGATE KSGATE, *PKSGATE;

struct _KSGATE {
    LONG Count;
    PKSGATE NextGate;
};
WDK_ASSERT_SIZE(KSGATE, 16);
WDK_ASSERT_OFFSET(KSGATE, NextGate, 8);

FORCEINLINE void KsGateTurnInputOn(PKSGATE Gate)
{
    while (Gate != NULL && InterlockedIncrement(&Gate->Count) == 1) {
        Gate = Gate->NextGate;
    }
}

FORCEINLINE void KsGateTurnInputOff(PKSGATE Gate)
{
    while (Gate != NULL && InterlockedDecrement(&Gate->Count) == 0) {
        Gate = Gate->NextGate;
    }
}

/* Unsafe: the answer may be old by the time it is read. */
FORCEINLINE BOOLEAN KsGateGetStateUnsafe(PKSGATE Gate)
{
    return Gate->Count > 0;
}

/* Closes a gate that is open by exactly one input; that is how a processing thread takes it. */
FORCEINLINE BOOLEAN KsGateCaptureThreshold(PKSGATE Gate)
{
    BOOLEAN captured = InterlockedCompareExchange(&Gate->Count, 0, 1) == 1;

    if (captured) {
        KsGateTurnInputOff(Gate->NextGate);
    }
    return captured;
}

FORCEINLINE void KsGateInitialize(PKSGATE Gate, LONG InitialCount, PKSGATE NextGate,
    BOOLEAN StateToPropagate)
{
    Gate->Count = InitialCount;
    Gate->NextGate = NextGate;
    if (NextGate == NULL) {
        return;
    }
    if (InitialCount > 0 && StateToPropagate) {
        KsGateTurnInputOn(NextGate);
    } else if (InitialCount <= 0 && !StateToPropagate) {
        KsGateTurnInputOff(NextGate);
    }
}

FORCEINLINE void KsGateInitializeAnd(PKSGATE AndGate, PKSGATE NextOrGate)
{
    KsGateInitialize(AndGate, 1, NextOrGate, TRUE);
}

FORCEINLINE void KsGateInitializeOr(PKSGATE OrGate, PKSGATE NextAndGate)
{
    KsGateInitialize(OrGate, 0, NextAndGate, FALSE);
}

/* Inputs come and go without a change of state where their state is the neutral one. */
FORCEINLINE void KsGateAddOnInputToAnd(PKSGATE AndGate)
{
    UNREFERENCED_PARAMETER(AndGate);
}

FORCEINLINE void KsGateAddOffInputToAnd(PKSGATE AndGate)
{
    KsGateTurnInputOff(AndGate);
}

FORCEINLINE void KsGateRemoveOnInputFromAnd(PKSGATE AndGate)
{
    UNREFERENCED_PARAMETER(AndGate);
}

FORCEINLINE void KsGateRemoveOffInputFromAnd(PKSGATE AndGate)
{
    KsGateTurnInputOn(AndGate);
}

FORCEINLINE void KsGateAddOnInputToOr(PKSGATE OrGate)
{
    KsGateTurnInputOn(OrGate);
}

FORCEINLINE void KsGateAddOffInputToOr(PKSGATE OrGate)
{
    UNREFERENCED_PARAMETER(OrGate);
}

FORCEINLINE void KsGateRemoveOnInputFromOr(PKSGATE OrGate)
{
    KsGateTurnInputOff(OrGate);
}

FORCEINLINE void KsGateRemoveOffInputFromOr(PKSGATE OrGate)
{
    UNREFERENCED_PARAMETER(OrGate);
}

/* Takes the gate's output out of the next gate. Only the head of a chain may be terminated. */
FORCEINLINE void KsGateTerminateAnd(PKSGATE AndGate)
{
    if (AndGate->NextGate == NULL) {
        return;
    }
    if (KsGateGetStateUnsafe(AndGate)) {
        KsGateRemoveOnInputFromOr(AndGate->NextGate);
    } else {
        KsGateRemoveOffInputFromOr(AndGate->NextGate);
    }
}

FORCEINLINE void KsGateTerminateOr(PKSGATE OrGate)
{
    if (OrGate->NextGate == NULL) {
        return;
    }
    if (KsGateGetStateUnsafe(OrGate)) {
        KsGateRemoveOnInputFromAnd(OrGate->NextGate);
    } else {
        KsGateRemoveOffInputFromAnd(OrGate->NextGate);
    }
}

#endif
