/* SPDX-License-Identifier: MIT */
/* Automation tables: finding the item of a property, method or event, first in the driver's table,
 * then in the runtime's. Tables are walked with the item size they state. PASSIVE_LEVEL. Not here:
 * what is done with an item (property.h, method.c, events.h). */
#ifndef WEIR_KS_AUTOMATION_H
#define WEIR_KS_AUTOMATION_H

#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_file;

enum { KS_TABLES_MAX = 3 };

/* The tables that answer a request, strongest first. */
struct ks_tables {
    ULONG count;
    const KSAUTOMATION_TABLE *table[KS_TABLES_MAX];
};

/* For a request on this file; a TOPOLOGY request names a node. STATUS_INVALID_PARAMETER when the
 * node is none. */
NTSTATUS ks_tables_of(const struct ks_file *file, ULONG node_id, struct ks_tables *tables);

enum ks_set_kind { KS_PROPERTY_SETS, KS_METHOD_SETS, KS_EVENT_SETS };

/* SETSUPPORT: whether anybody has the set, or with GUID_NULL the sets there are, one after the
 * other, each once. */
NTSTATUS ks_tables_set_support(const struct ks_tables *tables, enum ks_set_kind kind,
                               const GUID *set, PIRP irp);

/* Item at index of an array with items of item_bytes each (0: base_bytes). */
const void *ks_item_at(const void *items, ULONG index, ULONG item_bytes, ULONG base_bytes);

/* The runtime's own tables. */
extern const KSAUTOMATION_TABLE ks_filter_table;
extern const KSAUTOMATION_TABLE ks_pin_table;
extern const KSAUTOMATION_TABLE ks_pin_eos_table; /* of pins that generate end-of-stream events */
extern const KSAUTOMATION_TABLE ks_clock_table;

#endif
