/* SPDX-License-Identifier: MIT */
/* Work items that keep their device object alive while they are queued and while their routine runs
 * ("System Worker Threads"). The item is free again before its routine starts, so the routine may
 * free or queue it. Freeing one that is queued is found. */
#include "io/state.h"

#include <string.h>

#include "trace/rules.h"

struct _IO_WORKITEM {
    WORK_QUEUE_ITEM item;
    PVOID object; /* device or driver object */
    PVOID routine;
    PVOID context;
    BOOLEAN extended; /* the routine gets the item too */
    BOOLEAN queued;
};

void NTAPI IoInitializeWorkItem(PVOID object, PIO_WORKITEM work)
{
    memset(work, 0, sizeof *work);
    work->object = object;
    ExInitializeWorkItem(&work->item, io_of(ke_current())->run_work_item, work);
}

void NTAPI IoUninitializeWorkItem(PIO_WORKITEM work)
{
    if (work->queued)
        KE_FINDING(ke_current(), VERIFY_work_item, KE_ARG(work));
}

ULONG NTAPI IoSizeofWorkItem(void)
{
    return sizeof(struct _IO_WORKITEM);
}

PIO_WORKITEM NTAPI IoAllocateWorkItem(PDEVICE_OBJECT device)
{
    PIO_WORKITEM work = ExAllocatePoolWithTag(NonPagedPool, sizeof *work, IO_TAG_WORK);

    if (work != NULL)
        IoInitializeWorkItem(device, work);
    return work;
}

void NTAPI IoFreeWorkItem(PIO_WORKITEM work)
{
    IoUninitializeWorkItem(work);
    ExFreePoolWithTag(work, IO_TAG_WORK);
}

static void forget(PIO_WORKITEM work)
{
    struct io *io = io_of(ke_current());
    size_t i;

    for (i = 0; i < io->queued_work.count; i++) {
        if (io->queued_work.items[i].work == work) {
            array_remove_at(&io->queued_work, i);
            return;
        }
    }
}

void io_report_work(struct io *io, uint64_t base_va, uint64_t end_va)
{
    struct io_queued_work *queued;

    array_for_each(queued, &io->queued_work) {
        if (queued->routine_va >= base_va && queued->routine_va < end_va)
            KE_FINDING(io->ke, VERIFY_work_leftover, queued->routine_va);
    }
}

void NTAPI io_run_work_item(PVOID context)
{
    PIO_WORKITEM work = context;
    PVOID object = work->object;
    PVOID routine = work->routine;
    PVOID routine_context = work->context;

    work->queued = FALSE;
    forget(work);
    if (work->extended)
        KE_CALL(routine, KE_ARG(object), KE_ARG(routine_context), KE_ARG(work));
    else
        KE_CALL(routine, KE_ARG(object), KE_ARG(routine_context));
    ObfDereferenceObject(object);
}

static void queue(PIO_WORKITEM work, PVOID routine, BOOLEAN extended, WORK_QUEUE_TYPE type,
                  PVOID context)
{
    struct io *io = io_of(ke_current());

    ObfReferenceObject(work->object);
    weir_assert(array_push(&io->queued_work,
                           ((struct io_queued_work){work, KE_ARG(routine)})) == 0);
    work->routine = routine;
    work->context = context;
    work->extended = extended;
    work->queued = TRUE;
    ExQueueWorkItem(&work->item, type);
}

void NTAPI IoQueueWorkItem(PIO_WORKITEM work, PIO_WORKITEM_ROUTINE routine, WORK_QUEUE_TYPE type,
                           PVOID context)
{
    queue(work, (PVOID)routine, FALSE, type, context);
}

void NTAPI IoQueueWorkItemEx(PIO_WORKITEM work, PIO_WORKITEM_ROUTINE_EX routine,
                             WORK_QUEUE_TYPE type, PVOID context)
{
    queue(work, (PVOID)routine, TRUE, type, context);
}
