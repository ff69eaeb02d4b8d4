/* SPDX-License-Identifier: MIT */
/* A filter: one opened filter file object. The driver sees the KSFILTER, our part follows it.
 * Made and destroyed by its file's create and close, under the device mutex; its control mutex
 * guards everything below it. Not here: pins (pin.h), nodes (node.h). */
#ifndef WEIR_KS_FILTER_H
#define WEIR_KS_FILTER_H

#include <stdbool.h>

#include "ks/file.h"
#include "ks/filter_process.h"
#include "ks/mutex.h"
#include "ks/object.h"
#include "ks/process.h"
#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_factory;

struct ks_filter {
    KSFILTER public; /* first */
    uint64_t magic;
    struct ks_object object;
    struct ks_file file;
    struct ks_factory *factory;
    struct ks_mutex control;
    struct ks_processor processor;
    struct ks_filter_process process;
    KSPIN_LOCK copies_lock;
    LIST_ENTRY copies; /* pins that the runtime fills; see splitter.h */
    bool filter_centric; /* the filter has a Process callback */
    PFILE_OBJECT file_object;
    PFNKSFILTERPOWER sleep, wake;
};

struct ks_filter *ks_filter_of(PKSFILTER filter);
/* NULL when there is no such pin type. */
const KSPIN_DESCRIPTOR_EX *ks_filter_pin_descriptor(const struct ks_filter *filter, ULONG pin_id);
const KSNODE_DESCRIPTOR *ks_filter_node_descriptor(const struct ks_filter *filter, ULONG node_id);

/* IRP_MJ_CREATE through one of the factory's create items. */
NTSTATUS NTAPI ks_filter_dispatch_create(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS ks_filter_close(struct ks_filter *filter, PIRP irp);
/* A pin of a filter that processes was reset, or its queue was flushed. */
void ks_filter_call_reset(struct ks_filter *filter);
void ks_filter_create_finished(struct ks_filter *filter, NTSTATUS status);
void ks_filter_close_finished(struct ks_filter *filter);

#endif
