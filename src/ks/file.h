/* SPDX-License-Identifier: MIT */
/* What stands behind a KS file object's FsContext.
 * FsContext points at a word that points at this header (a KSOBJECT_HEADER to drivers); AVStream's
 * own objects embed the header, whose first word points at itself. It lives from create to close.
 * Callable up to DISPATCH_LEVEL. Not here: what the object does (filter.h, pin.h, node.h). */
#ifndef WEIR_KS_FILE_H
#define WEIR_KS_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "ks/create_item.h"
#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_device_header;
struct ks_events;
struct ks_object;

enum ks_file_kind { KS_FILE_FILTER, KS_FILE_PIN, KS_FILE_NODE, KS_FILE_CLOCK, KS_FILE_FOREIGN };

struct ks_file {
    struct ks_file *self; /* first */
    uint64_t magic;
    enum ks_file_kind kind;
    struct ks_object *object; /* filter or pin; a node's or clock's parent; NULL for foreign ones */
    struct ks_events *events; /* what is enabled on it; NULL for foreign ones */
    ULONG node_id;
    ACCESS_MASK access;
    PKSOBJECT_CREATE_ITEM create_item;
    const KSDISPATCH_TABLE *table; /* foreign: a driver's own dispatch */
    struct ks_create_list items; /* foreign: its sub-objects */
    struct ks_device_header *header; /* foreign: of its device, may be NULL */
    LIST_ENTRY header_link;
    PDEVICE_OBJECT target; /* KsSetTargetDeviceObject */
    KSTARGET_STATE target_state;
    PFNKSCONTEXT_DISPATCH power; /* KsSetPowerDispatch */
    PVOID power_context;
    WORK_QUEUE_ITEM finish_item; /* ends a pended create or close at PASSIVE_LEVEL */
};

void ks_file_init(struct ks_file *file, enum ks_file_kind kind, struct ks_object *object, PIRP irp);
void ks_file_fini(struct ks_file *file);
bool ks_file_is_live(const struct ks_file *file); /* also takes NULL */
/* NULL when the file object is not (yet, or any more) one of KS. */
struct ks_file *ks_file_of(PFILE_OBJECT file_object);
struct ks_file *ks_file_of_irp(PIRP irp);

#endif
