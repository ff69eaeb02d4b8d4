/* SPDX-License-Identifier: MIT */
/* Handlers of the runtime's own property sets, by the file they stand in. Each is a KSPROPERTY_ITEM
 * handler: PASSIVE_LEVEL, request aligned, data a system buffer; it sets Information and returns
 * the status. Not here: who calls them (property.c). */
#ifndef WEIR_KS_HANDLERS_H
#define WEIR_KS_HANDLERS_H

#include "wdk/ks.h"
#include "wdk/wdm.h"

typedef NTSTATUS NTAPI ks_handler(PIRP Irp, PKSIDENTIFIER Request, PVOID Data);

/* set_filter.c fills tables with these. */
ks_handler ks_get_intersection; /* intersection.c */

/* framing.c */
ks_handler ks_get_framing;
ks_handler ks_get_framing_ex;

/* clock.c */
ks_handler ks_get_master_clock;
ks_handler ks_set_master_clock;
ks_handler ks_get_clock_time;
ks_handler ks_get_clock_physical_time;
ks_handler ks_get_clock_correlated_time;
ks_handler ks_get_clock_correlated_physical_time;
ks_handler ks_get_clock_resolution;
ks_handler ks_get_clock_state;
ks_handler ks_get_clock_functions;

#define KS_GET(id, handler, min_property, min_data)                                                \
    {                                                                                              \
        .PropertyId = (id), .GetPropertyHandler = (handler), .MinProperty = (min_property),        \
        .MinData = (min_data)                                                                      \
    }
#define KS_SET(id, handler, min_property, min_data)                                                \
    {                                                                                              \
        .PropertyId = (id), .SetPropertyHandler = (handler), .MinProperty = (min_property),        \
        .MinData = (min_data)                                                                      \
    }
#define KS_GET_SET(id, get, set, min_property, min_data)                                           \
    {                                                                                              \
        .PropertyId = (id), .GetPropertyHandler = (get), .SetPropertyHandler = (set),              \
        .MinProperty = (min_property), .MinData = (min_data)                                       \
    }

#endif
