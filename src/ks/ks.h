/* SPDX-License-Identifier: MIT */
/* AVStream, the class driver of kernel streaming, as a room that stands on the executive like any
 * driver. A minidriver calls the Ks functions of wdk/ks.h, which are implemented here under their
 * own names; a client reaches filters and pins through io's files. This door holds only what builds
 * the room. ks_create comes after io and pnp, ks_destroy once every device is removed and before
 * they go. */
#ifndef WEIR_KS_H
#define WEIR_KS_H

#include "ke/ke.h"
#include "wdk/ks.h"

struct ks;
int ks_create(struct ke *ke, struct ks **out); /* 0 or -ENOMEM */
void ks_destroy(struct ks *ks); /* NULL is fine */

#endif
