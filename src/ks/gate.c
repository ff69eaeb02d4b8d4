/* SPDX-License-Identifier: MIT */
/* Gates that drivers get at. The gate functions themselves are inline in ks.h: drivers change Count
 * directly, at any IRQL, and opening a gate calls nobody; whoever opens it attempts processing.
 * Flow Control Gates in AVStream; KsPinGetAndGate; KsFilterGetAndGate. In a filter that processes
 * for its pins, a pin's gate is open while the pin has a frame, and leads to the filter's
 * (frame_gate.c). */
#include "ks/filter.h"
#include "ks/pin.h"

PKSGATE NTAPI KsPinGetAndGate(PKSPIN Pin)
{
    return &ks_pin_of(Pin)->processor.gate;
}

PKSGATE NTAPI KsFilterGetAndGate(PKSFILTER Filter)
{
    return &ks_filter_of(Filter)->processor.gate;
}
