/* SPDX-License-Identifier: MIT */
/* In-place transforms: an input and an output pin of a filter in one pipe, so that the frame that
 * comes in goes out, changed where it lies. The frames are in the input pin's queue; the output pin
 * has none. couple and uncouple at PASSIVE_LEVEL, under the mutex of pipes. */
#ifndef WEIR_KS_IN_PLACE_H
#define WEIR_KS_IN_PLACE_H

struct ks_pin;

/* The pin's counterpart, which is looked for when the pin is in STOP; NULL when it has none. */
struct ks_pin *ks_in_place_couple(struct ks_pin *pin);
void ks_in_place_uncouple(struct ks_pin *pin);

#endif
