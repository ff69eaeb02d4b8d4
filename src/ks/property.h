/* SPDX-License-Identifier: MIT */
/* IOCTL_KS_PROPERTY: the verbs, and the handlers of items. PASSIVE_LEVEL.
 * The status returned is for the caller to complete the IRP with, unless it is STATUS_PENDING.
 * Not here: where the tables come from (automation.h), what the runtime's own handlers do
 * (set_*.c). */
#ifndef WEIR_KS_PROPERTY_H
#define WEIR_KS_PROPERTY_H

#include "ks/automation.h"
#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_exchange;
struct ks_file;

/* Sets with the item size of the table they come from. */
struct ks_property_source {
    ULONG count;
    struct {
        ULONG set_count;
        ULONG item_bytes;
        const KSPROPERTY_SET *sets;
    } table[KS_TABLES_MAX];
};

struct ks_property_lookup {
    const KSPROPERTY_SET *set; /* NULL: nobody has the set */
    const KSPROPERTY_ITEM *item; /* NULL: nobody has the id, or not with this verb */
};

struct ks_property_lookup ks_property_find(const struct ks_property_source *source,
                                           const KSIDENTIFIER *request, ULONG verb);
/* Calls the item's handler for GET or SET, without asking sizes. */
NTSTATUS ks_property_call(PIRP irp, const struct ks_property_lookup *found, ULONG verb,
                          PKSIDENTIFIER request, PVOID data);

/* A whole set at once: serialize.c. */
NTSTATUS ks_property_serialize(const struct ks_property_source *source, PIRP irp,
                               const struct ks_exchange *exchange);
NTSTATUS ks_property_unserialize(const struct ks_property_source *source, PIRP irp,
                                 const struct ks_exchange *exchange);
NTSTATUS ks_property_serialized_size(PIRP irp, const struct ks_property_lookup *found);

NTSTATUS ks_property_request(const struct ks_file *file, PIRP irp);
/* Methods go the same way. */
NTSTATUS ks_method_request(const struct ks_file *file, PIRP irp);
/* A request that a handler kept is about to be completed. */
void ks_property_settle(PIRP irp);

#endif
