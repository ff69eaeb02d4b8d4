/* SPDX-License-Identifier: MIT */
/* For the test of the loader: a card made for the interface after this one. */
#include "weir/device.h"

const struct weir_device_model weir_device_model = {
    .abi_version = WEIR_DEVICE_ABI + 1,
    .struct_size = sizeof(struct weir_device_model),
    .name = "mismatch",
};
