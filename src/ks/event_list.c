/* SPDX-License-Identifier: MIT */
/* Events on lists of a driver's own: class drivers and drivers without AVStream keep a list under a
 * lock of their choice, or give each item an AddHandler that keeps its entries elsewhere.
 * KsEnableEventWithAllocator; KsDisableEvent; KsFreeEventList; KsGenerateEventList.
 * UNDOC: the remove handler is called without the list's lock, since it has to take it. An entry
 * that somebody removes is not found again meanwhile.
 * UNDOC: a list of sets is answered to SETSUPPORT of GUID_NULL, as for AVStream's objects. */
#include "ks/automation.h"
#include "ks/event.h"
#include "ks/room.h"

enum { ONE_WAY = KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_ONESHOT | KSEVENT_TYPE_ENABLEBUFFERED };

static NTSTATUS enable(PIRP irp, const struct ks_exchange *exchange, const KSEVENT_SET *set,
                       const KSEVENT_ITEM *item, PLIST_ENTRY list, const struct ks_event_lock *lock)
{
    struct ks_event *event;
    NTSTATUS status = ks_event_make(irp, exchange, set, item, &event);

    if (!NT_SUCCESS(status))
        return status;
    if (!ks_event_ask_to_add(irp, exchange, event, &status))
        ks_event_insert(event, list, lock);
    if (!NT_SUCCESS(status))
        ks_event_free(event);
    return status;
}

static NTSTATUS serve(PIRP irp, const struct ks_exchange *exchange, const KSAUTOMATION_TABLE *table,
                      PLIST_ENTRY list, const struct ks_event_lock *lock)
{
    const struct ks_tables tables = {.count = 1, .table = {table}};
    const KSEVENT_ITEM *item;
    const KSEVENT_SET *set;
    NTSTATUS status;

    if ((exchange->request->Flags & KSEVENT_TYPE_SETSUPPORT) != 0)
        return ks_tables_set_support(&tables, KS_EVENT_SETS, &exchange->request->Set, irp);
    if ((exchange->request->Flags & KSEVENT_TYPE_QUERYBUFFER) != 0)
        return list != NULL ? ks_event_query_buffer(irp, exchange, list, lock)
                            : STATUS_UNSUCCESSFUL;
    item = ks_event_find_item(table->EventSetsCount, table->EventSets, table->EventItemSize,
                              exchange->request, &set);
    status = ks_event_check(irp, exchange, set, item);
    return status == STATUS_MORE_PROCESSING_REQUIRED
               ? enable(irp, exchange, set, item, list, lock)
               : status;
}

/* Information is 0 but for the answers to questions. */
NTSTATUS NTAPI KsEnableEventWithAllocator(PIRP Irp, ULONG EventSetsCount,
                                          const KSEVENT_SET *EventSet, PLIST_ENTRY EventsList,
                                          KSEVENTS_LOCKTYPE EventsFlags, PVOID EventsLock,
                                          PFNKSALLOCATOR Allocator, ULONG EventItemSize)
{
    const struct ks_event_lock lock = {EventsFlags, EventsLock};
    const KSAUTOMATION_TABLE table = {.EventSetsCount = EventSetsCount,
                                      .EventItemSize = EventItemSize,
                                      .EventSets = EventSet};
    struct ks_exchange exchange;
    NTSTATUS status;

    Irp->IoStatus.Information = 0;
    if (EventItemSize % 8 != 0 || (EventItemSize != 0 && EventItemSize < sizeof(KSEVENT_ITEM)))
        return STATUS_INVALID_PARAMETER;
    status = ks_exchange_capture_into(Irp, Allocator, ONE_WAY, &exchange);
    if (!NT_SUCCESS(status))
        return status;
    status = serve(Irp, &exchange, &table, EventsList, &lock);
    if (status != STATUS_PENDING)
        ks_exchange_settle(Irp);
    return status;
}

NTSTATUS NTAPI KsEnableEvent(PIRP Irp, ULONG EventSetsCount, const KSEVENT_SET *EventSet,
                             PLIST_ENTRY EventsList, KSEVENTS_LOCKTYPE EventsFlags,
                             PVOID EventsLock)
{
    return KsEnableEventWithAllocator(Irp, EventSetsCount, EventSet, EventsList, EventsFlags,
                                      EventsLock, NULL, 0);
}

void NTAPI KsFreeEventList(PFILE_OBJECT FileObject, PLIST_ENTRY EventsList,
                           KSEVENTS_LOCKTYPE EventsFlags, PVOID EventsLock)
{
    const struct ks_event_lock lock = {EventsFlags, EventsLock};
    struct ks_event *event;

    while ((event = ks_event_claim(EventsList, &lock, FileObject, NULL)) != NULL)
        ks_event_discard(event, &lock);
}

NTSTATUS NTAPI KsDisableEvent(PIRP Irp, PLIST_ENTRY EventsList, KSEVENTS_LOCKTYPE EventsFlags,
                              PVOID EventsLock)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG bytes = stack->Parameters.DeviceIoControl.InputBufferLength;
    const struct ks_event_lock lock = {EventsFlags, EventsLock};
    struct ks_event *event;

    Irp->IoStatus.Information = 0;
    if (bytes == 0) {
        KsFreeEventList(stack->FileObject, EventsList, EventsFlags, EventsLock);
        return STATUS_SUCCESS;
    }
    if (bytes < sizeof(KSEVENTDATA))
        return STATUS_INVALID_BUFFER_SIZE;
    event = ks_event_claim(EventsList, &lock, stack->FileObject,
                           stack->Parameters.DeviceIoControl.Type3InputBuffer);
    if (event == NULL)
        return STATUS_UNSUCCESSFUL;
    ks_event_discard(event, &lock);
    return STATUS_SUCCESS;
}

void NTAPI KsGenerateEventList(GUID *Set, ULONG EventId, PLIST_ENTRY EventsList,
                               KSEVENTS_LOCKTYPE EventsFlags, PVOID EventsLock)
{
    const struct ks_event_lock lock = {EventsFlags, EventsLock};
    PLIST_ENTRY link;
    KIRQL irql;

    ks_event_lock_take(&lock, &irql);
    link = EventsList->Flink;
    while (link != EventsList) {
        PKSEVENT_ENTRY entry = CONTAINING_RECORD(link, KSEVENT_ENTRY, ListEntry);

        link = link->Flink; /* the entry may be gone afterwards */
        if (entry->EventItem->EventId == EventId &&
            (Set == NULL || IsEqualGUID(entry->EventSet->Set, Set)))
            KsGenerateEvent(entry);
    }
    ks_event_lock_drop(&lock, irql);
}
