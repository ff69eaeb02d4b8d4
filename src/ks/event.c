/* SPDX-License-Identifier: MIT */
/* A client enables an event with a KSEVENTDATA that says how to be told. An entry is made, with
 * extra room if the item wants it. A client that buffers is not told: what was generated is kept
 * until it asks with QUERYBUFFER. Event Handling in AVStream; KSEVENT; KSEVENTDATA; KSEVENT_ENTRY;
 * KSEVENT_ITEM; KSBUFFER_ITEM; KsGenerateDataEvent.
 * UNDOC: how many notifications are kept. It is BUFFERS_MAX; what comes then fails.
 * UNDOC: QUERYBUFFER when nothing is kept is STATUS_NO_MORE_ENTRIES, for an event that is not
 * enabled STATUS_UNSUCCESSFUL. A notification stays until it has been read whole.
 * UNDOC: data of a buffered event generated above DISPATCH_LEVEL cannot be kept. The call fails. */
#include "ks/event.h"

#include <string.h>

#include "ks/automation.h"
#include "ks/room.h"

static const uint64_t event_magic = 0x6b736576656e7421u;

enum { BUFFERS_MAX = 64 };

struct buffered {
    LIST_ENTRY link;
    ULONG bytes;
    UCHAR data[];
};

struct ks_event *ks_event_of(PKSEVENT_ENTRY entry)
{
    struct ks_event *event = CONTAINING_RECORD(entry, struct ks_event, entry);

    if (event->magic != event_magic)
        ks_not_an_object(entry);
    return event;
}

struct ks_mark *ks_event_mark(PKSEVENT_ENTRY entry)
{
    return &ks_event_of(entry)->mark;
}

/* ---- Whom to tell ---------------------------------------------------------------------------- */

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
    case KSEVENTF_KSWORKITEM:
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

static NTSTATUS notify(struct ks_event *event)
{
    const KSEVENTDATA *data = &event->data;

    switch (event->entry.NotificationType) {
    case KSEVENTF_EVENT_HANDLE:
        KeSetEvent(event->entry.Object, EVENT_INCREMENT, FALSE);
        return STATUS_SUCCESS;
    case KSEVENTF_SEMAPHORE_HANDLE:
        KeReleaseSemaphore(event->entry.Object, SEMAPHORE_INCREMENT,
                           (LONG)event->entry.SemaphoreAdjustment, FALSE);
        return STATUS_SUCCESS;
    case KSEVENTF_EVENT_OBJECT:
        KeSetEvent(data->EventObject.Event, data->EventObject.Increment, FALSE);
        return STATUS_SUCCESS;
    case KSEVENTF_SEMAPHORE_OBJECT:
        KeReleaseSemaphore(data->SemaphoreObject.Semaphore, data->SemaphoreObject.Increment,
                           data->SemaphoreObject.Adjustment, FALSE);
        return STATUS_SUCCESS;
    case KSEVENTF_DPC:
        KeInsertQueueDpc(data->Dpc.Dpc, event->entry.EventData, NULL);
        return STATUS_SUCCESS;
    case KSEVENTF_WORKITEM:
        ExQueueWorkItem(data->WorkItem.WorkQueueItem, data->WorkItem.WorkQueueType);
        return STATUS_SUCCESS;
    case KSEVENTF_KSWORKITEM:
        return KsQueueWorkItem(data->KsWorkItem.KsWorkerObject, data->KsWorkItem.WorkQueueItem);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

/* ---- Making and freeing ---------------------------------------------------------------------- */

const KSEVENT_ITEM *ks_event_find_item(ULONG set_count, const KSEVENT_SET *sets, ULONG item_bytes,
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

NTSTATUS ks_event_check(PIRP irp, const struct ks_exchange *exchange, const KSEVENT_SET *set,
                        const KSEVENT_ITEM *item)
{
    ULONG flags = exchange->request->Flags;

    if (set == NULL)
        return STATUS_PROPSET_NOT_FOUND;
    if ((flags & KSEVENT_TYPE_SETSUPPORT) != 0)
        return STATUS_SUCCESS;
    if (item == NULL)
        return STATUS_NOT_FOUND;
    if ((flags & KSEVENT_TYPE_BASICSUPPORT) != 0)
        return item->SupportHandler == NULL
                   ? STATUS_SUCCESS
                   : (NTSTATUS)KE_CALL(item->SupportHandler, KE_ARG(irp), KE_ARG(exchange->request),
                                       KE_ARG(exchange->data));
    if (exchange->data_bytes < sizeof(KSEVENTDATA) || exchange->data_bytes < item->DataInput)
        return STATUS_BUFFER_TOO_SMALL;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void NTAPI notify_from_dpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KsGenerateEvent(Context);
}

static ULONG entry_flags(ULONG request_flags)
{
    return ((request_flags & KSEVENT_TYPE_ONESHOT) != 0 ? KSEVENT_ENTRY_ONESHOT : 0) |
           ((request_flags & KSEVENT_TYPE_ENABLEBUFFERED) != 0 ? KSEVENT_ENTRY_BUFFERED : 0);
}

NTSTATUS ks_event_make(PIRP irp, const struct ks_exchange *exchange, const KSEVENT_SET *set,
                       const KSEVENT_ITEM *item, struct ks_event **out)
{
    struct ks_event *event = ks_allocate(sizeof *event + item->ExtraEntryData);
    NTSTATUS status;

    if (event == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    event->magic = event_magic;
    memcpy(&event->data, exchange->data, sizeof event->data);
    KeInitializeDpc(&event->work.DpcItem.Dpc, KS_ROUTINE(notify_from_dpc), &event->entry);
    event->work.DpcItem.ReferenceCount = 1;
    InitializeListHead(&event->work.BufferList);
    KeInitializeSpinLock(&event->buffer_lock);
    event->entry.BufferItem = &event->work;
    event->entry.EventData = irp->UserBuffer;
    event->entry.EventSet = set;
    event->entry.EventItem = item;
    event->entry.FileObject = IoGetCurrentIrpStackLocation(irp)->FileObject;
    event->entry.Flags = entry_flags(exchange->request->Flags);
    status = take_target(event, irp->RequestorMode);
    if (!NT_SUCCESS(status)) {
        event->entry.Object = NULL;
        ks_event_free(event);
        return status;
    }
    *out = event;
    return STATUS_SUCCESS;
}

bool ks_event_ask_to_add(PIRP irp, const struct ks_exchange *exchange, struct ks_event *event,
                         NTSTATUS *status)
{
    PFNKSADDEVENT handler = event->entry.EventItem->AddHandler;

    KSEVENT_ENTRY_IRP_STORAGE(irp) = &event->entry;
    if (handler == NULL)
        return false;
    KSEVENT_ITEM_IRP_STORAGE(irp) = ks_visible(event->entry.EventItem);
    *status =
        (NTSTATUS)KE_CALL(handler, KE_ARG(irp), KE_ARG(exchange->data), KE_ARG(&event->entry));
    return true;
}

void ks_event_free(struct ks_event *event)
{
    KeRemoveQueueDpc(&event->work.DpcItem.Dpc);
    while (!IsListEmpty(&event->work.BufferList))
        ks_free(CONTAINING_RECORD(RemoveHeadList(&event->work.BufferList), struct buffered, link));
    drop_target(event);
    event->magic = 0;
    ks_free(event);
}

void NTAPI KsDiscardEvent(PKSEVENT_ENTRY EventEntry)
{
    ks_event_free(ks_event_of(EventEntry));
}

/* ---- Lists ----------------------------------------------------------------------------------- */

void ks_event_insert(struct ks_event *event, PLIST_ENTRY list, const struct ks_event_lock *lock)
{
    KIRQL irql;

    ks_event_lock_take(lock, &irql);
    InsertTailList(list, &event->entry.ListEntry);
    ks_event_lock_drop(lock, irql);
}

/* Lock held. */
static struct ks_event *find(PLIST_ENTRY list, PFILE_OBJECT file, const void *event_data)
{
    for (PLIST_ENTRY link = list->Flink; link != list; link = link->Flink) {
        PKSEVENT_ENTRY entry = CONTAINING_RECORD(link, KSEVENT_ENTRY, ListEntry);
        struct ks_event *event = ks_event_of(entry);

        if (!event->leaving && (file == NULL || entry->FileObject == file) &&
            (event_data == NULL || entry->EventData == event_data))
            return event;
    }
    return NULL;
}

struct ks_event *ks_event_claim(PLIST_ENTRY list, const struct ks_event_lock *lock,
                                PFILE_OBJECT file, const void *event_data)
{
    struct ks_event *event;
    KIRQL irql;

    ks_event_lock_take(lock, &irql);
    event = find(list, file, event_data);
    if (event != NULL)
        event->leaving = true;
    ks_event_lock_drop(lock, irql);
    return event;
}

void ks_event_discard(struct ks_event *event, const struct ks_event_lock *lock)
{
    PFNKSREMOVEEVENT handler = event->entry.EventItem->RemoveHandler;
    KIRQL irql;

    if (handler != NULL) {
        KE_CALL(handler, KE_ARG(event->entry.FileObject), KE_ARG(&event->entry));
    } else {
        ks_event_lock_take(lock, &irql);
        RemoveEntryList(&event->entry.ListEntry);
        ks_event_lock_drop(lock, irql);
    }
    ks_event_free(event);
}

/* ---- Buffers --------------------------------------------------------------------------------- */

static NTSTATUS keep(struct ks_event *event, ULONG bytes, const void *data)
{
    struct buffered *buffered;
    bool full;
    KIRQL irql;

    if (KeGetCurrentIrql() > DISPATCH_LEVEL)
        return STATUS_INSUFFICIENT_RESOURCES;
    buffered = ks_allocate(sizeof *buffered + bytes);
    if (buffered == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    buffered->bytes = bytes;
    if (bytes != 0)
        memcpy(buffered->data, data, bytes);
    KeAcquireSpinLock(&event->buffer_lock, &irql);
    full = event->buffered == BUFFERS_MAX;
    if (!full) {
        event->buffered++;
        InsertTailList(&event->work.BufferList, &buffered->link);
    }
    KeReleaseSpinLock(&event->buffer_lock, irql);
    if (full)
        ks_free(buffered);
    return full ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

static NTSTATUS give_oldest(struct ks_event *event, PIRP irp)
{
    struct buffered *oldest = NULL;
    NTSTATUS status = STATUS_NO_MORE_ENTRIES;
    KIRQL irql;

    KeAcquireSpinLock(&event->buffer_lock, &irql);
    if (!IsListEmpty(&event->work.BufferList)) {
        oldest = CONTAINING_RECORD(event->work.BufferList.Flink, struct buffered, link);
        status = oldest->bytes == 0 ? STATUS_SUCCESS : ks_answer(irp, oldest->data, oldest->bytes);
    }
    if (status == STATUS_SUCCESS) {
        RemoveEntryList(&oldest->link);
        event->buffered--;
    }
    KeReleaseSpinLock(&event->buffer_lock, irql);
    if (status == STATUS_SUCCESS)
        ks_free(oldest);
    return status;
}

NTSTATUS ks_event_query_buffer(PIRP irp, const struct ks_exchange *exchange, PLIST_ENTRY list,
                               const struct ks_event_lock *lock)
{
    const KSQUERYBUFFER *query = (const KSQUERYBUFFER *)(const void *)exchange->request;
    struct ks_event *event;
    NTSTATUS status = STATUS_UNSUCCESSFUL;

    if (exchange->request_bytes < sizeof *query)
        return STATUS_INVALID_BUFFER_SIZE;
    if (query->EventData == NULL)
        return status;
    event = ks_event_claim(list, lock, IoGetCurrentIrpStackLocation(irp)->FileObject,
                           query->EventData);
    if (event == NULL)
        return status;
    if ((event->entry.Flags & KSEVENT_ENTRY_BUFFERED) != 0)
        status = give_oldest(event, irp);
    event->leaving = false;
    return status;
}

/* ---- Generating ------------------------------------------------------------------------------ */

/* A one-shot entry stays linked but silent until it is disabled or its file closes; freeing it here
 * would need PASSIVE_LEVEL for its remove handler. */
static bool is_silent(PKSEVENT_ENTRY entry)
{
    if ((entry->Flags & KSEVENT_ENTRY_DELETED) != 0)
        return true;
    if ((entry->Flags & KSEVENT_ENTRY_ONESHOT) != 0)
        entry->Flags |= KSEVENT_ENTRY_DELETED;
    return false;
}

NTSTATUS NTAPI KsGenerateDataEvent(PKSEVENT_ENTRY EventEntry, ULONG DataSize, PVOID Data)
{
    struct ks_event *event = ks_event_of(EventEntry);

    if ((EventEntry->Flags & KSEVENT_ENTRY_BUFFERED) != 0)
        return is_silent(EventEntry) ? STATUS_SUCCESS : keep(event, DataSize, Data);
    if (KeGetCurrentIrql() > DISPATCH_LEVEL) {
        KeInsertQueueDpc(&event->work.DpcItem.Dpc, NULL, NULL);
        return STATUS_SUCCESS;
    }
    return is_silent(EventEntry) ? STATUS_SUCCESS : notify(event);
}

NTSTATUS NTAPI KsGenerateEvent(PKSEVENT_ENTRY EventEntry)
{
    return KsGenerateDataEvent(EventEntry, 0, NULL);
}
