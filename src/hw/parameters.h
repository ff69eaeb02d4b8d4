/* SPDX-License-Identifier: MIT */
/* "key=value,key=value" against a model's table of parameters. The values belong to the set, the
 * table to the model. Every key must be in the table, every value of its type; what is not given
 * has the table's default. */
#ifndef WEIR_HW_PARAMETERS_H
#define WEIR_HW_PARAMETERS_H

#include <stdint.h>

#include "hw/hw.h"
#include "weir/device.h"

struct parameter_value {
    char *text; /* as typed */
    uint64_t number; /* of a choice: its position */
};
struct parameters {
    const struct weir_parameter *table; /* may be NULL: takes none */
    unsigned count;
    struct parameter_value *values; /* count of them, in the order of the table */
};

/* 0, -EINVAL with the reason in error, or -ENOMEM. given may be NULL. */
int parameters_init(struct parameters *parameters, const char *model,
                    const struct weir_parameter *table, const char *given,
                    struct hw_model_error *error);
void parameters_fini(struct parameters *parameters);
/* NULL when the table has no such name. */
const struct parameter_value *parameters_find(const struct parameters *parameters,
                                              const char *name);

#endif
