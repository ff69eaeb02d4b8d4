/* SPDX-License-Identifier: MIT */
/* A pin's way through STOP, ACQUIRE, PAUSE and RUN, one step at a time.
 * Control mutex held, PASSIVE_LEVEL. Not here: the property that asks for it (set_connection.c). */
#ifndef WEIR_KS_STATE_H
#define WEIR_KS_STATE_H

#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_pin;

/* Stops at the first step that fails and returns its status. */
NTSTATUS ks_state_set(struct ks_pin *pin, KSSTATE target);
/* One step, for a pin whose pipe is on its way (pipe.c). */
NTSTATUS ks_state_step(struct ks_pin *pin, KSSTATE to);
/* One step down, whatever the driver says. */
void ks_state_force_step(struct ks_pin *pin, KSSTATE to);
/* Down to STOP, whatever the driver says: the file is being closed. */
void ks_state_force_stop(struct ks_pin *pin);
/* Sleep: the pin leaves RUN, while DeviceState keeps what the client wants. */
void ks_state_sleep(struct ks_pin *pin);
void ks_state_wake(struct ks_pin *pin);

#endif
