/* SPDX-License-Identifier: MIT */
/* The card behind grabber32 and player32: functions for a struct weir_device_model, with the
 * parameters bandwidth, fault and at, and for a grabber payload. */
#ifndef GRABBER32_ENGINE_H
#define GRABBER32_ENGINE_H

#include "../common/wire.h"

int g32_create(const struct weir_device_host *host, enum wire_direction direction, uint32_t id,
               void **out, char *error, size_t size_bytes);
weir_device_destroy_fn g32_destroy;
weir_device_reset_fn g32_reset;
weir_device_power_fn g32_power;
weir_device_read_fn g32_read;
weir_device_write_fn g32_write;

#endif
