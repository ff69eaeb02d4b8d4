/* SPDX-License-Identifier: MIT */
/* What the pages say may not stand together in a pin descriptor's Flags. PASSIVE_LEVEL. Not here:
 * what a flag does; docs/flags.md says by which tests that is held. */
#ifndef WEIR_KS_PIN_FLAGS_H
#define WEIR_KS_PIN_FLAGS_H

#include <stdbool.h>

#include "wdk/ks.h"

struct ks_object;

/* A pin of this type is being made; tells what is wrong with its flags. */
void ks_pin_flags_check(const struct ks_object *pin, const KSFILTER_DESCRIPTOR *filter,
                        const KSPIN_DESCRIPTOR_EX *descriptor, bool standard_transport);

#endif
