/* SPDX-License-Identifier: MIT */
/* Gates that drivers get at. The gate functions themselves are inline in ks.h: drivers change Count
 * directly, at any IRQL, and opening a gate calls nobody; whoever opens it attempts processing.
 * Flow Control Gates in AVStream; KsPinGetAndGate. */
#include "base/fatal.h"
#include "ks/filter.h"
#include "ks/pin.h"
#include "ks/room.h"

PKSGATE NTAPI KsPinGetAndGate(PKSPIN Pin)
{
    return &ks_pin_of(Pin)->processor.gate;
}

PKSGATE NTAPI KsFilterGetAndGate(PKSFILTER Filter)
{
    return &ks_filter_of(Filter)->processor.gate;
}

/* Joining gates of several pins only means something to a filter that processes for them. */
void NTAPI KsPinAttachAndGate(PKSPIN Pin, PKSGATE AndGate)
{
    UNREFERENCED_PARAMETER(Pin);
    UNREFERENCED_PARAMETER(AndGate);
    weir_not_implemented("KsPinAttachAndGate");
}

void NTAPI KsPinAttachOrGate(PKSPIN Pin, PKSGATE OrGate)
{
    UNREFERENCED_PARAMETER(Pin);
    UNREFERENCED_PARAMETER(OrGate);
    weir_not_implemented("KsPinAttachOrGate");
}
