/* SPDX-License-Identifier: MIT */
/* The back end "model": card models written against include/weir/device.h, built in or loaded
 * from a shared object. One model_device is one card; it owns the card's state, its timers and
 * the handle of the shared object. The model's functions see only their struct weir_device_host. */
#ifndef WEIR_HW_MODEL_H
#define WEIR_HW_MODEL_H

#include "hw/hw.h"
#include "weir/device.h"

/* The built-in models, NULL at the end. Defined beside the models (models/builtin.c). */
extern const struct weir_device_model *const weir_builtin_models[];

/* 0, or -EINVAL and why this cannot be a card. from is what the user named. */
int model_check(const struct weir_device_model *model, const char *from,
                struct hw_model_error *error);

/* What a card of this model is before its parameters are looked at, and the model's function that
 * looks at them; NULL when it has none, or was made before there was one. */
void model_description(const struct weir_device_model *model,
                       struct weir_device_description *out);
weir_device_describe_fn *model_describe(const struct weir_device_model *model);
/* NULL, or why such a card cannot be. */
const char *model_impossible(const struct weir_device_description *description);

/* Finds a built-in model, or loads a shared object. *library is its handle, NULL for a built-in. */
int model_find(const char *name_or_path, const struct weir_device_model **model, void **library,
               struct hw_model_error *error);
void model_release_library(void *library); /* NULL is fine */

#endif
