/* SPDX-License-Identifier: MIT */
/* Data ranges and formats of pins: walking the driver's lists, matching, and setting a format.
 * Range lists are the driver's; a range with KSDATARANGE_ATTRIBUTES is followed in the list by its
 * attribute list. Formats in requests are 8-aligned copies. Control mutex held for setting.
 * Not here: intersections (intersection.h). */
#ifndef WEIR_KS_FORMAT_H
#define WEIR_KS_FORMAT_H

#include <stdbool.h>

#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_pin;

/* Walks a descriptor's ranges. */
struct ks_range_walk {
    const PKSDATARANGE *ranges;
    ULONG count;
    ULONG index;
    const KSDATARANGE *range;
    const KSATTRIBUTE_LIST *attributes; /* of range, or NULL */
};
void ks_range_walk_begin(struct ks_range_walk *walk, const KSPIN_DESCRIPTOR *descriptor);
bool ks_range_walk_next(struct ks_range_walk *walk);

/* Major type, subtype and specifier are equal or wild on either side. */
bool ks_range_matches(const KSDATARANGE *a, const KSDATARANGE *b);
/* The attributes that range demands are in the given list (NULL: none). */
bool ks_attributes_match(const KSATTRIBUTE_LIST *range, const KSMULTIPLE_ITEM *given);

/* A format as it came: checks sizes, finds the attribute list behind it. */
NTSTATUS ks_format_check(const KSDATAFORMAT *format, ULONG bytes, PKSMULTIPLE_ITEM *attributes);

/* Makes format the pin's and asks the driver, range by range. On failure all is as before. */
NTSTATUS ks_format_set(struct ks_pin *pin, const KSDATAFORMAT *format,
                       const KSMULTIPLE_ITEM *attributes);
void ks_format_free(struct ks_pin *pin);

#endif
