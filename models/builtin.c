/* SPDX-License-Identifier: MIT */
/* The cards that are linked to the program. src/hw finds them here (hw/model.h). */
#include "weir/device.h"

extern const struct weir_device_model audio32_model, grabber32_model, grabber64_model;
extern const struct weir_device_model player32_model, player64_model, raw_model;
extern const struct weir_device_model *const weir_builtin_models[];

const struct weir_device_model *const weir_builtin_models[] = {
    &audio32_model,
    &grabber32_model,
    &grabber64_model,
    &player32_model,
    &player64_model,
    &raw_model,
    NULL,
};
