/* SPDX-License-Identifier: MIT */
/* Every pin of a device, one after the other, under the mutexes that keep it in being.
 * PASSIVE_LEVEL; takes the device mutex and each filter's control mutex. */
#ifndef WEIR_KS_VISIT_H
#define WEIR_KS_VISIT_H

struct ks_device;
struct ks_pin;

typedef void ks_pin_visit(struct ks_pin *pin);
void ks_visit_pins(struct ks_device *device, ks_pin_visit *visit);

#endif
