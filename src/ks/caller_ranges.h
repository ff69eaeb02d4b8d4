/* SPDX-License-Identifier: MIT */
/* The data ranges of a KSPROPERTY_PIN_DATAINTERSECTION request: a KSMULTIPLE_ITEM behind the
 * KSP_PIN, then the ranges, each 8-aligned, one with attributes followed by their list. The request
 * is a captured copy. PASSIVE_LEVEL. Not here: what intersects with what (intersection.c). */
#ifndef WEIR_KS_CALLER_RANGES_H
#define WEIR_KS_CALLER_RANGES_H

#include <stdbool.h>

#include "wdk/ks.h"

struct ks_caller_walk {
    const UCHAR *at;
    const UCHAR *end;
    ULONG left;
};

/* request_bytes: of the whole request. False when the list does not lie within it. */
bool ks_caller_walk_begin(struct ks_caller_walk *walk, PKSP_PIN pin, ULONG request_bytes);
/* False for a range that does not fit; there is one while walk->left is not 0. */
bool ks_caller_walk_next(struct ks_caller_walk *walk, PKSDATARANGE *range,
                         const KSMULTIPLE_ITEM **attributes);

#endif
