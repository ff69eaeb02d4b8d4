/* SPDX-License-Identifier: MIT */
/* Events that clients have enabled on an object: a list under a spin lock.
 * Entries are made by IOCTL_KS_ENABLE_EVENT, and freed by IOCTL_KS_DISABLE_EVENT, by being
 * one-shot, or with the file object that enabled them. Generating is callable up to DISPATCH_LEVEL,
 * the rest at PASSIVE_LEVEL. Not here: finding the event's item (automation.h). */
#ifndef WEIR_KS_EVENTS_H
#define WEIR_KS_EVENTS_H

#include <stdbool.h>

#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_events {
    KSPIN_LOCK lock;
    LIST_ENTRY list;
};

void ks_events_init(struct ks_events *events);
/* All entries of one file object, before its Close callback; NULL: of every file. */
void ks_events_free(struct ks_events *events, PFILE_OBJECT file);

/* The two requests, for an object's list; table as merged from driver's and runtime's. */
NTSTATUS ks_events_enable(struct ks_events *events, PIRP irp, ULONG set_count,
                          const KSEVENT_SET *sets, ULONG item_bytes);
NTSTATUS ks_events_disable(struct ks_events *events, PIRP irp);
void ks_events_add(struct ks_events *events, PKSEVENT_ENTRY entry);

/* When a clock's event is due, in 100 ns of stream time; see clock_marks.c. */
struct ks_mark {
    LONGLONG time;
    LONGLONG interval; /* 0: once */
    bool told; /* once, and it was */
};
struct ks_mark *ks_event_mark(PKSEVENT_ENTRY entry);

#endif
