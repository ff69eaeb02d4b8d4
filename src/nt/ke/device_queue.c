/* SPDX-License-Identifier: MIT */
/* Device queues: a list with a busy flag. Inserting into a queue that is not busy makes it busy and
 * inserts nothing: the caller goes on with that request itself. Removing from an empty queue makes
 * it not busy (KeInsertDeviceQueue and KeRemoveDeviceQueue, Return value). */
#include "ke/internal.h"

void NTAPI KeInitializeDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    *DeviceQueue = (KDEVICE_QUEUE){.Type = KOBJECT_DEVICE_QUEUE, .Size = sizeof *DeviceQueue};
    InitializeListHead(&DeviceQueue->DeviceListHead);
}

static KLOCK_QUEUE_HANDLE lock_queue(PKDEVICE_QUEUE queue)
{
    KLOCK_QUEUE_HANDLE handle;

    KeAcquireInStackQueuedSpinLock(&queue->Lock, &handle);
    return handle;
}

static PKDEVICE_QUEUE_ENTRY entry_of(PLIST_ENTRY link)
{
    return CONTAINING_RECORD(link, KDEVICE_QUEUE_ENTRY, DeviceListEntry);
}

static PKDEVICE_QUEUE_ENTRY take(PLIST_ENTRY link)
{
    PKDEVICE_QUEUE_ENTRY entry = entry_of(link);

    RemoveEntryList(link);
    entry->Inserted = FALSE;
    return entry;
}

BOOLEAN NTAPI KeInsertDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry)
{
    KLOCK_QUEUE_HANDLE handle = lock_queue(DeviceQueue);
    BOOLEAN busy = DeviceQueue->Busy;

    if (busy)
        InsertTailList(&DeviceQueue->DeviceListHead, &DeviceQueueEntry->DeviceListEntry);
    DeviceQueueEntry->Inserted = busy;
    DeviceQueue->Busy = TRUE;
    KeReleaseInStackQueuedSpinLock(&handle);
    return busy;
}

/* Behind all entries whose key is not greater. */
BOOLEAN NTAPI KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue,
                                       PKDEVICE_QUEUE_ENTRY DeviceQueueEntry, ULONG SortKey)
{
    KLOCK_QUEUE_HANDLE handle = lock_queue(DeviceQueue);
    PLIST_ENTRY head = &DeviceQueue->DeviceListHead;
    PLIST_ENTRY place = head->Blink;
    BOOLEAN busy = DeviceQueue->Busy;

    DeviceQueueEntry->SortKey = SortKey;
    if (busy) {
        while (place != head && entry_of(place)->SortKey > SortKey)
            place = place->Blink;
        InsertHeadList(place, &DeviceQueueEntry->DeviceListEntry);
    }
    DeviceQueueEntry->Inserted = busy;
    DeviceQueue->Busy = TRUE;
    KeReleaseInStackQueuedSpinLock(&handle);
    return busy;
}

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    KLOCK_QUEUE_HANDLE handle = lock_queue(DeviceQueue);
    PKDEVICE_QUEUE_ENTRY entry = NULL;

    if (IsListEmpty(&DeviceQueue->DeviceListHead))
        DeviceQueue->Busy = FALSE;
    else
        entry = take(DeviceQueue->DeviceListHead.Flink);
    KeReleaseInStackQueuedSpinLock(&handle);
    return entry;
}

/* The first entry whose key is not less, or the first of all. */
static PKDEVICE_QUEUE_ENTRY remove_by_key(PKDEVICE_QUEUE queue, ULONG key)
{
    PLIST_ENTRY head = &queue->DeviceListHead;
    PLIST_ENTRY place = head->Flink;

    if (IsListEmpty(head)) {
        queue->Busy = FALSE;
        return NULL;
    }
    while (place != head && entry_of(place)->SortKey < key)
        place = place->Flink;
    return take(place == head ? head->Flink : place);
}

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey)
{
    KLOCK_QUEUE_HANDLE handle = lock_queue(DeviceQueue);
    PKDEVICE_QUEUE_ENTRY entry = remove_by_key(DeviceQueue, SortKey);

    KeReleaseInStackQueuedSpinLock(&handle);
    return entry;
}

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueueIfBusy(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey)
{
    KLOCK_QUEUE_HANDLE handle = lock_queue(DeviceQueue);
    PKDEVICE_QUEUE_ENTRY entry = NULL;

    if (DeviceQueue->Busy)
        entry = remove_by_key(DeviceQueue, SortKey);
    KeReleaseInStackQueuedSpinLock(&handle);
    return entry;
}

BOOLEAN NTAPI KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE DeviceQueue,
                                       PKDEVICE_QUEUE_ENTRY DeviceQueueEntry)
{
    KLOCK_QUEUE_HANDLE handle = lock_queue(DeviceQueue);
    BOOLEAN inserted = DeviceQueueEntry->Inserted;

    if (inserted)
        take(&DeviceQueueEntry->DeviceListEntry);
    KeReleaseInStackQueuedSpinLock(&handle);
    return inserted;
}
