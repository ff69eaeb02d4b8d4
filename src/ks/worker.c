/* SPDX-License-Identifier: MIT */
/* KS workers: a driver registers one, queues work items on it, and can unregister it, which waits
 * until the items are done. A counted worker queues its own item when its count leaves zero.
 * KsRegisterWorker; KsQueueWorkItem; KsRegisterCountedWorker; KsIncrementCountedWorker.
 * UNDOC:
 * whether items of one worker run side by side. Ours run one after the other, in the order of
 * queueing. */
#include "ks/room.h"

static const uint64_t worker_magic = 0x6b73776f726b6572u;

struct ks_worker {
    uint64_t magic;
    WORK_QUEUE_TYPE type;
    WORK_QUEUE_ITEM drain;
    KSPIN_LOCK lock;
    LIST_ENTRY items; /* WORK_QUEUE_ITEM.List */
    bool draining;
    KEVENT idle; /* signalled while nothing is queued or runs */
    PWORK_QUEUE_ITEM counted;
    LONG count;
};

static struct ks_worker *worker_of(PKSWORKER handle)
{
    struct ks_worker *worker = handle;

    if (worker == NULL || worker->magic != worker_magic)
        ks_not_an_object(handle);
    return worker;
}

static PWORK_QUEUE_ITEM next_item(struct ks_worker *worker)
{
    PWORK_QUEUE_ITEM item = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&worker->lock, &irql);
    if (!IsListEmpty(&worker->items)) {
        item = CONTAINING_RECORD(RemoveHeadList(&worker->items), WORK_QUEUE_ITEM, List);
        item->List.Flink = NULL; /* it may be queued again from now on */
    } else {
        worker->draining = false;
        KeSetEvent(&worker->idle, IO_NO_INCREMENT, FALSE);
    }
    KeReleaseSpinLock(&worker->lock, irql);
    return item;
}

static void NTAPI drain(PVOID Parameter)
{
    struct ks_worker *worker = Parameter;
    PWORK_QUEUE_ITEM item;

    while ((item = next_item(worker)) != NULL)
        KE_CALL(item->WorkerRoutine, KE_ARG(item->Parameter));
}

NTSTATUS NTAPI KsRegisterCountedWorker(WORK_QUEUE_TYPE WorkQueueType,
                                       PWORK_QUEUE_ITEM CountedWorkItem, PKSWORKER *Worker)
{
    struct ks_worker *worker = ks_allocate(sizeof *worker);

    if (worker == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    worker->magic = worker_magic;
    worker->type = WorkQueueType;
    worker->counted = CountedWorkItem;
    worker->drain.WorkerRoutine = KS_ROUTINE(drain);
    worker->drain.Parameter = worker;
    KeInitializeSpinLock(&worker->lock);
    KeInitializeEvent(&worker->idle, NotificationEvent, TRUE);
    InitializeListHead(&worker->items);
    *Worker = worker;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KsRegisterWorker(WORK_QUEUE_TYPE WorkQueueType, PKSWORKER *Worker)
{
    return KsRegisterCountedWorker(WorkQueueType, NULL, Worker);
}

void NTAPI KsUnregisterWorker(PKSWORKER Worker)
{
    struct ks_worker *worker = worker_of(Worker);
    KIRQL irql;

    KeWaitForSingleObject(&worker->idle, Executive, KernelMode, FALSE, NULL);
    KeAcquireSpinLock(&worker->lock, &irql); /* drain is out of it afterwards */
    KeReleaseSpinLock(&worker->lock, irql);
    worker->magic = 0;
    ks_free(worker);
}

NTSTATUS NTAPI KsQueueWorkItem(PKSWORKER Worker, PWORK_QUEUE_ITEM WorkItem)
{
    struct ks_worker *worker = worker_of(Worker);
    bool start;
    KIRQL irql;

    KeAcquireSpinLock(&worker->lock, &irql);
    InsertTailList(&worker->items, &WorkItem->List);
    start = !worker->draining;
    worker->draining = true;
    KeClearEvent(&worker->idle);
    KeReleaseSpinLock(&worker->lock, irql);
    if (start)
        ExQueueWorkItem(&worker->drain, worker->type);
    return STATUS_SUCCESS;
}

ULONG NTAPI KsIncrementCountedWorker(PKSWORKER Worker)
{
    struct ks_worker *worker = worker_of(Worker);
    ULONG count = (ULONG)InterlockedIncrement(&worker->count);

    if (count == 1)
        KsQueueWorkItem(Worker, worker->counted);
    return count;
}

ULONG NTAPI KsDecrementCountedWorker(PKSWORKER Worker)
{
    return (ULONG)InterlockedDecrement(&worker_of(Worker)->count);
}
