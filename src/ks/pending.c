/* SPDX-License-Identifier: MIT */
/* KsCompletePendingRequest takes up where the dispatch left: a create that failed still has to lose its
 * object, a close its own, and then the IRP is completed. The page also names PnP requests, the callback
 * pages forbid STATUS_PENDING there; we take those as driver errors (device.c).
 * At DISPATCH_LEVEL the rest waits for a worker, since mutexes are involved. */
#include "ks/pending.h"

#include "ks/device.h"
#include "ks/file.h"
#include "ks/filter.h"
#include "ks/pin.h"
#include "ks/property.h"
#include "ks/room.h"

NTSTATUS ks_pending_check(PIRP irp, NTSTATUS status)
{
    bool marked =
        (IoGetCurrentIrpStackLocation(irp)->Control & SL_PENDING_RETURNED) != 0;

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

struct deferred {
    PIO_WORKITEM item;
    PIRP irp;
};

static void NTAPI finish_in_worker(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    struct deferred *deferred = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    finish(deferred->irp);
    IoFreeWorkItem(deferred->item);
    ks_free(deferred);
}

static void defer(PIRP irp)
{
    PDEVICE_OBJECT device = IoGetCurrentIrpStackLocation(irp)->DeviceObject;
    struct deferred *deferred = ks_allocate(sizeof *deferred);

    weir_assert(deferred != NULL);
    deferred->irp = irp;
    deferred->item = IoAllocateWorkItem(device);
    weir_assert(deferred->item != NULL);
    IoQueueWorkItem(deferred->item, finish_in_worker, DelayedWorkQueue, deferred);
}

void NTAPI KsCompletePendingRequest(PIRP Irp)
{
    UCHAR major = IoGetCurrentIrpStackLocation(Irp)->MajorFunction;

    if (KeGetCurrentIrql() > PASSIVE_LEVEL && major != IRP_MJ_DEVICE_CONTROL)
        defer(Irp);
    else
        finish(Irp);
}
