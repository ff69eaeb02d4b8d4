/* SPDX-License-Identifier: MIT */
/* The inner loops over runs of 64 bytes, in the widest form the processor has: a run is a run of
 * the template with the stamp or'ed into its low bits. */
#ifndef WEIR_PATTERN_RUN_H
#define WEIR_PATTERN_RUN_H

#include <stddef.h>
#include <stdint.h>

struct pattern_loops {
    void (*store)(const uint8_t *template, const uint8_t *stamp, size_t runs, uint8_t *out);
    /* Past the caches; out is aligned to a run. */
    void (*stream)(const uint8_t *template, const uint8_t *stamp, size_t runs, uint8_t *out);
    /* How many runs from the first on are as drawn. The bytes at ahead are wanted soon. */
    size_t (*equal)(const uint8_t *template, const uint8_t *stamp, size_t runs,
                    const uint8_t *bytes, const uint8_t *ahead);
};
const struct pattern_loops *pattern_loops(void);

#endif
