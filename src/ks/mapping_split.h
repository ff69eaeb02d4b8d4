/* SPDX-License-Identifier: MIT */
/* From a scatter/gather list to a mapping table: pure arithmetic, callable anywhere.
 * An element longer than the limit is cut from its own start into pieces of the limit and a rest,
 * so breaks lie on page boundaries only where the element began on one. Neighbouring elements are
 * never merged. A limit of 0 means none. The table belongs to the caller. Not here: who owns lists
 * and tables, and when they are made (mapping.h). */
#ifndef WEIR_KS_MAPPING_SPLIT_H
#define WEIR_KS_MAPPING_SPLIT_H

#include <stdbool.h>

#include "wdk/ks.h"
#include "wdk/wdm.h"

/* Entries the table needs at most for a list of so many bytes in all: one for each element, one
 * more for each cut. */
ULONG ks_mapping_split_bound(const SCATTER_GATHER_LIST *list, ULONG limit_bytes, ULONG bytes);
/* Writes the entries, stride bytes apart, and returns their number. The bytes of an entry behind
 * its KSMAPPING are the driver's: all bound of them become zero here and are not touched again. */
ULONG ks_mapping_split(const SCATTER_GATHER_LIST *list, ULONG limit_bytes, ULONG stride_bytes,
                       void *table, ULONG bound);
/* The last address any element reaches; 0 for an empty list. */
ULONGLONG ks_mapping_split_highest(const SCATTER_GATHER_LIST *list);

#endif
