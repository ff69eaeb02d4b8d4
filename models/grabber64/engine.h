/* SPDX-License-Identifier: MIT */
/* The card behind grabber64 and player64: functions for a struct weir_device_model, with the
 * parameters bandwidth, fault and at, and for a grabber payload. */
#ifndef GRABBER64_ENGINE_H
#define GRABBER64_ENGINE_H

#include "../common/wire.h"

int g64_create(const struct weir_device_host *host, enum wire_direction direction, uint32_t id,
               void **out, char *error, size_t size_bytes);
weir_device_destroy_fn g64_destroy;
weir_device_reset_fn g64_reset;
weir_device_power_fn g64_power;
weir_device_read_fn g64_read;
weir_device_write_fn g64_write;

#endif
