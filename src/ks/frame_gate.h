/* SPDX-License-Identifier: MIT */
/* Where a pin's frames count in a filter that processes for its pins: straight in the filter's AND
 * gate, in a gate that the driver attached in between, or in the OR gate of a pin type of which
 * some frames are required. Control mutex held, PASSIVE_LEVEL. Not here: the gates' own functions,
 * which are inline in ks.h. */
#ifndef WEIR_KS_FRAME_GATE_H
#define WEIR_KS_FRAME_GATE_H

#include <stdbool.h>

#include "wdk/ks.h"

struct ks_filter;
struct ks_pin;

/* The pin's gate becomes an input of the one it belongs to. */
NTSTATUS ks_frame_gate_join(struct ks_pin *pin);
void ks_frame_gate_leave(struct ks_pin *pin);
/* The pin goes: a gate that was attached to no other pin leaves the filter's. */
void ks_frame_gate_detach(struct ks_pin *pin);
void ks_frame_gates_free(struct ks_filter *filter);

#endif
