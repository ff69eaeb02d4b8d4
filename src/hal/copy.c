/* SPDX-License-Identifier: MIT */
#include "hal/copy.h"

#include <string.h>

void copy_to_bounce(const struct copy_piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++)
        memcpy(pieces[i].bounce, pieces[i].buffer, pieces[i].size_bytes);
}

void copy_from_bounce(const struct copy_piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++)
        memcpy(pieces[i].buffer, pieces[i].bounce, pieces[i].size_bytes);
}
