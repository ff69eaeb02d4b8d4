/* SPDX-License-Identifier: MIT */
/* One enabled event: whom to tell and how, and what has been kept for a client that buffers.
 * Made at PASSIVE_LEVEL and freed there; generating is for any IRQL. Lists and their locks belong
 * to whoever keeps them: an AVStream object (events.h) or a driver (event_list.c). */
#ifndef WEIR_KS_EVENT_H
#define WEIR_KS_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "ks/events.h"
#include "ks/exchange.h"
#include "wdk/ks.h"
#include "wdk/wdm.h"

/* The lock of an event list, of the kind its owner uses. */
struct ks_event_lock {
    KSEVENTS_LOCKTYPE type;
    PVOID lock;
};
void ks_event_lock_take(const struct ks_event_lock *lock, KIRQL *irql);
void ks_event_lock_drop(const struct ks_event_lock *lock, KIRQL irql);

/* Our part, in front of what the driver sees. */
struct ks_event {
    uint64_t magic;
    bool leaving; /* somebody is removing it */
    KSEVENTDATA data; /* as the client gave it */
    KSBUFFER_ITEM work; /* DpcItem: signals from above DISPATCH_LEVEL */
    KSPIN_LOCK buffer_lock;
    ULONG buffered; /* entries of work.BufferList */
    struct ks_mark mark; /* of a clock's event */
    KSEVENT_ENTRY entry; /* last: the item's extra bytes follow */
};

struct ks_event *ks_event_of(PKSEVENT_ENTRY entry);

/* An item of the sets, or NULL; *set NULL: nobody has the set. */
const KSEVENT_ITEM *ks_event_find_item(ULONG set_count, const KSEVENT_SET *sets, ULONG item_bytes,
                                       const KSIDENTIFIER *request, const KSEVENT_SET **set);
/* What the request asks for: enabling, buffered enabling, support; STATUS_MORE_PROCESSING_REQUIRED
 * stands for an event to be made, anything else is the answer. */
NTSTATUS ks_event_check(PIRP irp, const struct ks_exchange *exchange, const KSEVENT_SET *set,
                        const KSEVENT_ITEM *item);
NTSTATUS ks_event_make(PIRP irp, const struct ks_exchange *exchange, const KSEVENT_SET *set,
                       const KSEVENT_ITEM *item, struct ks_event **out);
/* Asks the item's AddHandler. False when there is none. */
bool ks_event_ask_to_add(PIRP irp, const struct ks_exchange *exchange, struct ks_event *event,
                         NTSTATUS *status);
void ks_event_free(struct ks_event *event);
/* Onto a list, under its lock. */
void ks_event_insert(struct ks_event *event, PLIST_ENTRY list, const struct ks_event_lock *lock);
/* By file object and by the address of the client's KSEVENTDATA, NULL for any; the one found is
 * marked as leaving. */
struct ks_event *ks_event_claim(PLIST_ENTRY list, const struct ks_event_lock *lock,
                                PFILE_OBJECT file, const void *event_data);
/* Takes a claimed event off its list, by the driver's hand if the item has one, and frees it. */
void ks_event_discard(struct ks_event *event, const struct ks_event_lock *lock);
/* KSEVENT_TYPE_QUERYBUFFER: the oldest that was kept. */
NTSTATUS ks_event_query_buffer(PIRP irp, const struct ks_exchange *exchange, PLIST_ENTRY list,
                               const struct ks_event_lock *lock);

#endif
