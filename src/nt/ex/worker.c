/* SPDX-License-Identifier: MIT */
/* System workers. Windows keeps three queues (critical, delayed, hypercritical), each served by
 * threads of its own priority, and adds threads when those it has are all blocked. Ours keep one
 * spare: a worker that takes an item first sees to it that another one waits, up to a limit, so an
 * item that waits for a later one does not block for ever.
 * An item belongs to its owner again before its routine runs: the routine may free or requeue it.
 * An item queued twice is bug check 0xE4; a routine that returns at another IRQL is ke_call's
 * finding. Not here: the item that keeps a device object alive (io/work_item.c). */
#include <errno.h>
#include <string.h>

#include "ex/ex.h"
#include "ex/state.h"
#include "trace/rules.h"

enum { WORKER_INVALID = 0xE4, WORKER_TAG = 0x6b577845 /* "ExWk" */ };

int ex_workers_init(struct ex *ex)
{
    static const struct {
        const char *name;
        KPRIORITY priority;
    } rows[EX_QUEUES] = {
        [CriticalWorkQueue] = {"worker.critical", 13},
        [DelayedWorkQueue] = {"worker.delayed", 12},
        [HyperCriticalWorkQueue] = {"worker.hyper", 15},
    };
    PKSEMAPHORE available =
        ExAllocatePoolWithTag(NonPagedPool, EX_QUEUES * sizeof *available, WORKER_TAG);
    unsigned i;

    if (available == NULL)
        return -ENOMEM;
    for (i = 0; i < EX_QUEUES; i++) {
        ex->queues[i].ex = ex;
        ex->queues[i].name = rows[i].name;
        ex->queues[i].priority = rows[i].priority;
        ex->queues[i].available = &available[i]; /* its memory goes with mm */
        KeInitializeSemaphore(ex->queues[i].available, 0, MAXLONG);
    }
    return 0;
}

static struct ex_work take(struct ex_queue *queue)
{
    struct ex_work work = queue->pending.items[queue->first++];
    PWORK_QUEUE_ITEM item = work.item;

    if (queue->first == queue->pending.count) {
        queue->first = 0;
        array_clear(&queue->pending);
    }
    if (item != NULL) {
        work.routine = item->WorkerRoutine;
        work.ctx = item->Parameter;
        item->List.Flink = NULL; /* its owner's again, from here on */
    }
    return work;
}

static int put(struct ex_queue *queue, struct ex_work work)
{
    /* Slide down before growing, so that a queue that never empties does not grow for ever. */
    if (queue->first > 64 && queue->first * 2 > queue->pending.count) {
        queue->pending.count -= queue->first;
        memmove(queue->pending.items, queue->pending.items + queue->first,
                queue->pending.count * sizeof work);
        queue->first = 0;
    }
    if (array_push(&queue->pending, work) != 0)
        return -ENOMEM;
    KeReleaseSemaphore(queue->available, 0, 1, FALSE);
    return 0;
}

static int start_worker(struct ex_queue *queue);

static void worker(void *ctx)
{
    struct ex_queue *queue = ctx;

    KeSetPriorityThread(KeGetCurrentThread(), queue->priority);
    for (;;) {
        struct ex_work work;

        KeWaitForSingleObject(queue->available, WrQueue, KernelMode, FALSE, NULL);
        queue->idle--;
        if (queue->idle == 0 && queue->workers < EX_WORKERS_MAX)
            (void)start_worker(queue); /* without memory for a spare, one fewer has to do */
        work = take(queue);
        if (work.routine != NULL)
            KE_CALL(work.routine, KE_ARG(work.ctx));
        else
            work.fn(work.ctx);
        queue->idle++;
    }
}

static int start_worker(struct ex_queue *queue)
{
    struct ke_thread *thread;
    int error = ke_thread_start(queue->ex->ke, queue->name, worker, queue, &thread);

    if (error != 0)
        return error;
    queue->workers++;
    queue->idle++;
    return 0;
}

int ex_workers_start(struct ex *ex)
{
    int error = 0;
    unsigned i;

    for (i = 0; i < EX_QUEUES && error == 0; i++)
        error = start_worker(&ex->queues[i]);
    return error;
}

void ex_workers_fini(struct ex *ex)
{
    unsigned i;

    for (i = 0; i < EX_QUEUES; i++)
        array_fini(&ex->queues[i].pending);
}

int ex_defer(struct ex *ex, ex_work_fn *fn, void *ctx)
{
    return put(&ex->queues[CriticalWorkQueue], (struct ex_work){.fn = fn, .ctx = ctx});
}

void ex_report_work(struct ex *ex, uint64_t base_va, uint64_t end_va)
{
    unsigned i;
    size_t n;

    for (i = 0; i < EX_QUEUES; i++) {
        for (n = ex->queues[i].first; n < ex->queues[i].pending.count; n++) {
            uint64_t routine_va = KE_ARG(ex->queues[i].pending.items[n].routine);

            if (routine_va >= base_va && routine_va < end_va)
                KE_FINDING(ex->ke, VERIFY_work_leftover, routine_va);
        }
    }
}

/* The queue types beyond the three are served by the nearest of them. */
static struct ex_queue *queue_of(struct ex *ex, WORK_QUEUE_TYPE type)
{
    switch (type) {
    case CriticalWorkQueue:
    case RealTimeWorkQueue:
        return &ex->queues[CriticalWorkQueue];
    case HyperCriticalWorkQueue:
    case SuperCriticalWorkQueue:
        return &ex->queues[HyperCriticalWorkQueue];
    default:
        return &ex->queues[DelayedWorkQueue];
    }
}

void NTAPI ExQueueWorkItem(PWORK_QUEUE_ITEM item, WORK_QUEUE_TYPE type)
{
    struct ex *ex = ex_of(ke_current());

    if (item->List.Flink != NULL)
        ke_bug_check(WORKER_INVALID, 1, KE_ARG(item), 0, 0);
    item->List.Flink = &item->List;
    weir_assert(put(queue_of(ex, type), (struct ex_work){.item = item,
                                                         .routine = item->WorkerRoutine}) == 0);
}
