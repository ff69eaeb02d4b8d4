/* SPDX-License-Identifier: MIT */
/* KsCompletePendingRequest takes up where the dispatch left: a create that failed still has to lose
 * its object, a close its own, and then the IRP is completed. The page also names PnP requests, the
 * callback pages forbid STATUS_PENDING there; we take those as driver errors (device.c). At
 * DISPATCH_LEVEL the rest waits for a worker, since mutexes are involved. */
#include "ks/pending.h"

#include "ks/device.h"
#include "ks/file.h"
#include "ks/filter.h"
#include "ks/pin.h"
#include "ks/property.h"
#include "ks/room.h"

NTSTATUS ks_pending_check(PIRP irp, NTSTATUS status)
{
    bool marked = (IoGetCurrentIrpStackLocation(irp)->Control & SL_PENDING_RETURNED) != 0;

    if (status == STATUS_PENDING && !marked) {
        KE_FINDING(ke_current(), VERIFY_callback_status, (ULONG)status);
        IoMarkIrpPending(irp);
    }
    return status;
}

static void finish_object(PIRP irp, struct ks_file *file)
{
    UCHAR major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;

    if (file == NULL || file->object == NULL)
        return;
    if (major == IRP_MJ_CREATE && file->kind == KS_FILE_FILTER)
        ks_filter_create_finished(ks_filter_of(file->object->public), irp->IoStatus.Status);
    else if (major == IRP_MJ_CREATE && file->kind == KS_FILE_PIN)
        ks_pin_create_finished(ks_pin_of(file->object->public), irp->IoStatus.Status);
    else if (major == IRP_MJ_CLOSE && file->kind == KS_FILE_FILTER)
        ks_filter_close_finished(ks_filter_of(file->object->public));
    else if (major == IRP_MJ_CLOSE && file->kind == KS_FILE_PIN)
        ks_pin_close_finished(ks_pin_of(file->object->public));
    else if (major == IRP_MJ_DEVICE_CONTROL)
        ks_property_settle(irp);
}

static void finish(PIRP irp)
{
    finish_object(irp, ks_file_of_irp(irp));
    IofCompleteRequest(irp, IO_NO_INCREMENT);
}

static void NTAPI finish_in_worker(PVOID Parameter)
{
    finish(Parameter);
}

static void defer(PIRP irp, struct ks_file *file)
{
    file->finish_item.WorkerRoutine = KS_ROUTINE(finish_in_worker);
    file->finish_item.Parameter = irp;
    ExQueueWorkItem(&file->finish_item, DelayedWorkQueue);
}

void NTAPI KsCompletePendingRequest(PIRP Irp)
{
    UCHAR major = IoGetCurrentIrpStackLocation(Irp)->MajorFunction;
    struct ks_file *file = ks_file_of_irp(Irp);

    if (KeGetCurrentIrql() > PASSIVE_LEVEL && major != IRP_MJ_DEVICE_CONTROL && file != NULL)
        defer(Irp, file);
    else
        finish(Irp);
}
