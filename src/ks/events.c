/* SPDX-License-Identifier: MIT */
/* The events of an AVStream object: without an AddHandler an entry goes on the object's list, with
 * one the driver puts it where it likes. Signalling finds entries by set and id. Disabling goes by
 * the address of the KSEVENTDATA. Event Handling in AVStream; KsGenerateEvents. A RemoveHandler
 * unlinks the entry itself; without one we do.
 * UNDOC: the order in which events of one id are signalled. It is the order of enabling. */
#include "ks/events.h"

#include "ks/device.h"
#include "ks/event.h"
#include "ks/object.h"
#include "ks/room.h"

void ks_events_init(struct ks_events *events)
{
    KeInitializeSpinLock(&events->lock);
    InitializeListHead(&events->list);
}

static struct ks_event_lock lock_of(struct ks_events *events)
{
    return (struct ks_event_lock){KSEVENTS_SPINLOCK, &events->lock};
}

void ks_events_free(struct ks_events *events, PFILE_OBJECT file)
{
    const struct ks_event_lock lock = lock_of(events);
    struct ks_event *event;

    while ((event = ks_event_claim(&events->list, &lock, file, NULL)) != NULL)
        ks_event_discard(event, &lock);
}

/* ---- Enabling -------------------------------------------------------------------------------- */

static NTSTATUS enable(struct ks_events *events, PIRP irp, const struct ks_exchange *exchange,
                       const KSEVENT_SET *set, const KSEVENT_ITEM *item)
{
    struct ks_event *event;
    NTSTATUS status = ks_event_make(irp, exchange, set, item, &event);

    if (!NT_SUCCESS(status))
        return status;
    if (!ks_event_ask_to_add(irp, exchange, event, &status))
        ks_events_add(events, &event->entry);
    if (!NT_SUCCESS(status))
        ks_event_free(event);
    irp->IoStatus.Information = 0;
    return status;
}

NTSTATUS ks_events_enable(struct ks_events *events, PIRP irp, ULONG set_count,
                          const KSEVENT_SET *sets, ULONG item_bytes)
{
    struct ks_exchange exchange;
    const KSEVENT_ITEM *item;
    const KSEVENT_SET *set;
    NTSTATUS status = ks_exchange_capture(irp, &exchange);

    if (!NT_SUCCESS(status))
        return status;
    item = ks_event_find_item(set_count, sets, item_bytes, exchange.request, &set);
    if (item != NULL && (exchange.request->Flags & KSEVENT_TYPE_QUERYBUFFER) != 0) {
        const struct ks_event_lock lock = lock_of(events);

        return ks_event_query_buffer(irp, &exchange, &events->list, &lock);
    }
    status = ks_event_check(irp, &exchange, set, item);
    return status == STATUS_MORE_PROCESSING_REQUIRED ? enable(events, irp, &exchange, set, item)
                                                     : status;
}

NTSTATUS ks_events_disable(struct ks_events *events, PIRP irp)
{
    return KsDisableEvent(irp, &events->list, KSEVENTS_SPINLOCK, &events->lock);
}

void ks_events_add(struct ks_events *events, PKSEVENT_ENTRY entry)
{
    const struct ks_event_lock lock = lock_of(events);

    ks_event_insert(ks_event_of(entry), &events->list, &lock);
}

void NTAPI KsAddEvent(PVOID Object, PKSEVENT_ENTRY EventEntry)
{
    ks_events_add(&ks_object_of(Object)->events, EventEntry);
}

NTSTATUS NTAPI KsDefaultAddEventHandler(PIRP Irp, PKSEVENTDATA EventData, PKSEVENT_ENTRY EventEntry)
{
    PVOID object = KsGetObjectFromFileObject(IoGetCurrentIrpStackLocation(Irp)->FileObject);

    UNREFERENCED_PARAMETER(EventData);
    if (object == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    KsAddEvent(object, EventEntry);
    return STATUS_SUCCESS;
}

/* ---- Generating ------------------------------------------------------------------------------ */

void NTAPI KsGenerateEvents(PVOID Object, const GUID *EventSet, ULONG EventId, ULONG DataSize,
                            PVOID Data, PFNKSGENERATEEVENTCALLBACK CallBack, PVOID CallBackContext)
{
    struct ks_events *events = &ks_object_of(Object)->events;
    PLIST_ENTRY link;
    KIRQL irql;

    KeAcquireSpinLock(&events->lock, &irql);
    link = events->list.Flink;
    while (link != &events->list) {
        PKSEVENT_ENTRY entry = CONTAINING_RECORD(link, KSEVENT_ENTRY, ListEntry);

        link = link->Flink;
        if (entry->EventItem->EventId != EventId ||
            (EventSet != NULL && !IsEqualGUID(entry->EventSet->Set, EventSet)))
            continue;
        if (CallBack != NULL && !(BOOLEAN)KE_CALL(CallBack, KE_ARG(CallBackContext), KE_ARG(entry)))
            continue;
        KsGenerateDataEvent(entry, DataSize, Data);
    }
    KeReleaseSpinLock(&events->lock, irql);
}
