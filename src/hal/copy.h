/* SPDX-License-Identifier: MIT */
/* Copying between a buffer's pages and the low pages that stand in for them. Pieces are
 * independent, so a faster kernel may take them in any order. */
#ifndef WEIR_HAL_COPY_H
#define WEIR_HAL_COPY_H

#include <stddef.h>
#include <stdint.h>

struct copy_piece {
    uint8_t *buffer; /* in the driver's or client's memory */
    uint8_t *bounce; /* in low memory */
    uint32_t size_bytes; /* at most a page */
};

void copy_to_bounce(const struct copy_piece *pieces, size_t count);
void copy_from_bounce(const struct copy_piece *pieces, size_t count);

#endif
