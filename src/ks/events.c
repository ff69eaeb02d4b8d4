/* SPDX-License-Identifier: MIT */
/* A client enables an event with a KSEVENTDATA that says how to be told. The runtime makes an
 * entry, with extra room if the item wants it; without an AddHandler it goes on the object's list,
 * with one the driver puts it where it likes. Signalling finds entries by set and id. Disabling
 * goes by the address of the KSEVENTDATA. Event Handling in AVStream; KSEVENT_ENTRY; KSEVENT_ITEM;
 * KsGenerateEvents. A RemoveHandler unlinks the entry itself; without one we do.
 * UNDOC: the order
 * in which events of one id are signalled. It is the order of enabling. Left out: buffered events,
 * and notification of kernel callers by work item of a KS worker. */
#include "ks/events.h"

#include <string.h>

#include "base/fatal.h"
#include "ks/automation.h"
#include "ks/device.h"
#include "ks/exchange.h"
#include "ks/object.h"
#include "ks/room.h"

static const uint64_t event_magic = 0x6b736576656e7421u;

/* Our part, in front of what the driver sees. */
struct ks_event {
    uint64_t magic;
    PKSPIN_LOCK lock; /* of the list it is on, once it is on one */
    KSEVENTDATA data; /* as the client gave it */
    KSDPC_ITEM dpc; /* signals from above DISPATCH_LEVEL */
    struct ks_mark mark; /* of a clock's event */
    KSEVENT_ENTRY entry; /* last: the item's extra bytes follow */
};

static struct ks_event *event_of(PKSEVENT_ENTRY entry)
{
    struct ks_event *event = CONTAINING_RECORD(entry, struct ks_event, entry);

    if (event->magic != event_magic)
        ks_not_an_object(entry);
    return event;
}

struct ks_mark *ks_event_mark(PKSEVENT_ENTRY entry)
{
    return &event_of(entry)->mark;
}

void ks_events_init(struct ks_events *events)
{
    KeInitializeSpinLock(&events->lock);
    InitializeListHead(&events->list);
}

/* ---- Notification ---------------------------------------------------------------------------- */

static bool is_handle_form(ULONG type)
{
    return type == KSEVENTF_EVENT_HANDLE || type == KSEVENTF_SEMAPHORE_HANDLE;
}

/* Handles become objects; the forms with objects are for kernel callers. */
static NTSTATUS take_target(struct ks_event *event, KPROCESSOR_MODE mode)
{
    const KSEVENTDATA *data = &event->data;

    event->entry.NotificationType = data->NotificationType;
    switch (data->NotificationType) {
    case KSEVENTF_EVENT_HANDLE:
        return ObReferenceObjectByHandle(data->EventHandle.Event, EVENT_MODIFY_STATE,
                                         *ExEventObjectType, mode, &event->entry.Object, NULL);
    case KSEVENTF_SEMAPHORE_HANDLE:
        event->entry.SemaphoreAdjustment = (ULONG)data->SemaphoreHandle.Adjustment;
        return ObReferenceObjectByHandle(data->SemaphoreHandle.Semaphore, EVENT_MODIFY_STATE,
                                         *ExSemaphoreObjectType, mode, &event->entry.Object, NULL);
    case KSEVENTF_EVENT_OBJECT:
    case KSEVENTF_SEMAPHORE_OBJECT:
    case KSEVENTF_DPC:
    case KSEVENTF_WORKITEM:
        event->entry.Object = data->Alignment.Unused;
        return mode == KernelMode ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

static void drop_target(struct ks_event *event)
{
    if (is_handle_form(event->entry.NotificationType) && event->entry.Object != NULL)
        ObDereferenceObject(event->entry.Object);
    event->entry.Object = NULL;
}

static void notify(struct ks_event *event)
{
    const KSEVENTDATA *data = &event->data;

    switch (event->entry.NotificationType) {
    case KSEVENTF_EVENT_HANDLE:
        KeSetEvent(event->entry.Object, EVENT_INCREMENT, FALSE);
        break;
    case KSEVENTF_SEMAPHORE_HANDLE:
        KeReleaseSemaphore(event->entry.Object, SEMAPHORE_INCREMENT,
                           (LONG)event->entry.SemaphoreAdjustment, FALSE);
        break;
    case KSEVENTF_EVENT_OBJECT:
        KeSetEvent(data->EventObject.Event, data->EventObject.Increment, FALSE);
        break;
    case KSEVENTF_SEMAPHORE_OBJECT:
        KeReleaseSemaphore(data->SemaphoreObject.Semaphore, data->SemaphoreObject.Increment,
                           data->SemaphoreObject.Adjustment, FALSE);
        break;
    case KSEVENTF_DPC:
        KeInsertQueueDpc(data->Dpc.Dpc, event->entry.EventData, NULL);
        break;
    default:
        ExQueueWorkItem(data->WorkItem.WorkQueueItem, data->WorkItem.WorkQueueType);
        break;
    }
}

/* ---- Entries --------------------------------------------------------------------------------- */

static void free_event(struct ks_event *event)
{
    KeRemoveQueueDpc(&event->dpc.Dpc);
    drop_target(event);
    event->magic = 0;
    ks_free(event);
}

/* Takes the entry off its list, by the driver's hand if the item has one, and frees it. */
static void discard(struct ks_event *event)
{
    PFNKSREMOVEEVENT handler = event->entry.EventItem->RemoveHandler;
    KIRQL irql;

    if (handler != NULL) {
        KE_CALL(handler, KE_ARG(event->entry.FileObject), KE_ARG(&event->entry));
    } else if (event->lock != NULL) {
        KeAcquireSpinLock(event->lock, &irql);
        RemoveEntryList(&event->entry.ListEntry);
        KeReleaseSpinLock(event->lock, irql);
    }
    free_event(event);
}

void NTAPI KsDiscardEvent(PKSEVENT_ENTRY EventEntry)
{
    free_event(event_of(EventEntry));
}

static struct ks_event *find(struct ks_events *events, PFILE_OBJECT file, const void *event_data)
{
    struct ks_event *found = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&events->lock, &irql);
    for (PLIST_ENTRY link = events->list.Flink; link != &events->list && found == NULL;
         link = link->Flink) {
        PKSEVENT_ENTRY entry = CONTAINING_RECORD(link, KSEVENT_ENTRY, ListEntry);

        if ((file == NULL || entry->FileObject == file) &&
            (event_data == NULL || entry->EventData == event_data))
            found = event_of(entry);
    }
    KeReleaseSpinLock(&events->lock, irql);
    return found;
}

void ks_events_free(struct ks_events *events, PFILE_OBJECT file)
{
    struct ks_event *event;

    while ((event = find(events, file, NULL)) != NULL)
        discard(event);
}

/* ---- Enabling -------------------------------------------------------------------------------- */

static const KSEVENT_ITEM *look_up(ULONG set_count, const KSEVENT_SET *sets, ULONG item_bytes,
                                   const KSIDENTIFIER *request, const KSEVENT_SET **set)
{
    *set = NULL;
    for (ULONG i = 0; i < set_count; i++) {
        if (!IsEqualGUID(sets[i].Set, &request->Set))
            continue;
        *set = &sets[i];
        for (ULONG e = 0; e < sets[i].EventsCount; e++) {
            const KSEVENT_ITEM *item = ks_item_at(sets[i].EventItem, e, item_bytes, sizeof *item);

            if (item->EventId == request->Id)
                return item;
        }
    }
    return NULL;
}

static void NTAPI notify_from_dpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KsGenerateEvent(Context);
}

static NTSTATUS make_event(PIRP irp, const struct ks_exchange *exchange, const KSEVENT_SET *set,
                           const KSEVENT_ITEM *item, struct ks_event **out)
{
    ULONG flags = exchange->request->Flags;
    struct ks_event *event = ks_allocate(sizeof *event + item->ExtraEntryData);
    NTSTATUS status;

    if (event == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    event->magic = event_magic;
    memcpy(&event->data, exchange->data, sizeof event->data);
    KeInitializeDpc(&event->dpc.Dpc, KS_ROUTINE(notify_from_dpc), &event->entry);
    event->entry.DpcItem = &event->dpc;
    event->entry.EventData = irp->UserBuffer;
    event->entry.EventSet = set;
    event->entry.EventItem = item;
    event->entry.FileObject = IoGetCurrentIrpStackLocation(irp)->FileObject;
    event->entry.Flags = (flags & KSEVENT_TYPE_ONESHOT) != 0 ? KSEVENT_ENTRY_ONESHOT : 0;
    status = take_target(event, irp->RequestorMode);
    if (!NT_SUCCESS(status)) {
        event->entry.Object = NULL;
        free_event(event);
        return status;
    }
    *out = event;
    return STATUS_SUCCESS;
}

static NTSTATUS add_event(struct ks_events *events, PIRP irp, const struct ks_exchange *exchange,
                          struct ks_event *event)
{
    PFNKSADDEVENT handler = event->entry.EventItem->AddHandler;

    KSEVENT_ENTRY_IRP_STORAGE(irp) = &event->entry;
    if (handler == NULL) {
        ks_events_add(events, &event->entry);
        return STATUS_SUCCESS;
    }
    return (NTSTATUS)KE_CALL(handler, KE_ARG(irp), KE_ARG(exchange->data), KE_ARG(&event->entry));
}

NTSTATUS ks_events_enable(struct ks_events *events, PIRP irp, ULONG set_count,
                          const KSEVENT_SET *sets, ULONG item_bytes)
{
    struct ks_exchange exchange;
    const KSEVENT_ITEM *item;
    const KSEVENT_SET *set;
    struct ks_event *event;
    NTSTATUS status = ks_exchange_capture(irp, &exchange);

    if (!NT_SUCCESS(status))
        return status;
    item = look_up(set_count, sets, item_bytes, exchange.request, &set);
    if (item == NULL)
        return set != NULL ? STATUS_NOT_FOUND : STATUS_PROPSET_NOT_FOUND;
    if ((exchange.request->Flags & (KSEVENT_TYPE_SETSUPPORT | KSEVENT_TYPE_BASICSUPPORT)) != 0)
        return STATUS_SUCCESS;
    if ((exchange.request->Flags & (KSEVENT_TYPE_ENABLEBUFFERED | KSEVENT_TYPE_QUERYBUFFER)) != 0)
        weir_not_implemented("buffered KS events");
    if (exchange.data_bytes < sizeof(KSEVENTDATA) || exchange.data_bytes < item->DataInput)
        return STATUS_BUFFER_TOO_SMALL;
    status = make_event(irp, &exchange, set, item, &event);
    if (!NT_SUCCESS(status))
        return status;
    status = add_event(events, irp, &exchange, event);
    if (!NT_SUCCESS(status))
        free_event(event);
    irp->IoStatus.Information = 0;
    return status;
}

NTSTATUS ks_events_disable(struct ks_events *events, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ULONG bytes = stack->Parameters.DeviceIoControl.InputBufferLength;
    struct ks_event *event;

    if (bytes == 0) {
        ks_events_free(events, stack->FileObject);
        return STATUS_SUCCESS;
    }
    if (bytes < sizeof(KSEVENTDATA))
        return STATUS_INVALID_BUFFER_SIZE;
    event = find(events, stack->FileObject,
                 stack->Parameters.DeviceIoControl.Type3InputBuffer);
    if (event == NULL)
        return STATUS_UNSUCCESSFUL;
    discard(event);
    return STATUS_SUCCESS;
}

void ks_events_add(struct ks_events *events, PKSEVENT_ENTRY entry)
{
    struct ks_event *event = event_of(entry);
    KIRQL irql;

    event->lock = &events->lock;
    KeAcquireSpinLock(&events->lock, &irql);
    InsertTailList(&events->list, &entry->ListEntry);
    KeReleaseSpinLock(&events->lock, irql);
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

/* A one-shot entry stays linked but silent until it is disabled or its file closes; freeing it here
 * would need PASSIVE_LEVEL for its remove handler. */
NTSTATUS NTAPI KsGenerateEvent(PKSEVENT_ENTRY EventEntry)
{
    struct ks_event *event = event_of(EventEntry);

    if (KeGetCurrentIrql() > DISPATCH_LEVEL) {
        KeInsertQueueDpc(&event->dpc.Dpc, NULL, NULL);
        return STATUS_SUCCESS;
    }
    if ((EventEntry->Flags & KSEVENT_ENTRY_DELETED) != 0)
        return STATUS_SUCCESS;
    if ((EventEntry->Flags & KSEVENT_ENTRY_ONESHOT) != 0)
        EventEntry->Flags |= KSEVENT_ENTRY_DELETED;
    notify(event);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KsGenerateDataEvent(PKSEVENT_ENTRY EventEntry, ULONG DataSize, PVOID Data)
{
    UNREFERENCED_PARAMETER(DataSize);
    UNREFERENCED_PARAMETER(Data); /* goes to buffered events only, which are refused */
    return KsGenerateEvent(EventEntry);
}

void NTAPI KsGenerateEvents(PVOID Object, const GUID *EventSet, ULONG EventId, ULONG DataSize,
                            PVOID Data, PFNKSGENERATEEVENTCALLBACK CallBack, PVOID CallBackContext)
{
    struct ks_events *events = &ks_object_of(Object)->events;
    KIRQL irql;

    KeAcquireSpinLock(&events->lock, &irql);
    for (PLIST_ENTRY link = events->list.Flink; link != &events->list; link = link->Flink) {
        PKSEVENT_ENTRY entry = CONTAINING_RECORD(link, KSEVENT_ENTRY, ListEntry);

        if (entry->EventItem->EventId != EventId ||
            (EventSet != NULL && !IsEqualGUID(entry->EventSet->Set, EventSet)))
            continue;
        if (CallBack != NULL && !(BOOLEAN)KE_CALL(CallBack, KE_ARG(CallBackContext), KE_ARG(entry)))
            continue;
        KsGenerateDataEvent(entry, DataSize, Data);
    }
    KeReleaseSpinLock(&events->lock, irql);
}
