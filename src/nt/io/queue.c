/* SPDX-License-Identifier: MIT */
/* StartIo: the I/O manager queues a device's IRPs and hands them to the driver one at a time, at
 * DISPATCH_LEVEL, with the current one in DeviceObject->CurrentIrp. With deferred start-up a call
 * of IoStartNextPacket from within StartIo does not nest but waits until StartIo returned. "StartIo
 * Routines in Drivers", "IoSetStartIoAttributes". */
#include "io/state.h"

static PIRP irp_of(PKDEVICE_QUEUE_ENTRY entry)
{
    return CONTAINING_RECORD(entry, IRP, Tail.Overlay.DeviceQueueEntry);
}

static void call_start_io(PDEVICE_OBJECT device, PIRP irp)
{
    KE_CALL(device->DriverObject->DriverStartIo, KE_ARG(device), KE_ARG(irp));
}

void NTAPI IoStartPacket(PDEVICE_OBJECT device, PIRP irp, PULONG key, PDRIVER_CANCEL cancel)
{
    KIRQL old = KeRaiseIrqlToDpcLevel();
    KIRQL cancel_irql = DISPATCH_LEVEL;
    BOOLEAN queued;

    if (cancel != NULL) {
        IoAcquireCancelSpinLock(&cancel_irql);
        (void)IoSetCancelRoutine(irp, cancel);
    }
    if (key != NULL)
        queued = KeInsertByKeyDeviceQueue(&device->DeviceQueue,
                                          &irp->Tail.Overlay.DeviceQueueEntry, *key);
    else
        queued = KeInsertDeviceQueue(&device->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry);
    if (queued) {
        /* Cancelled on its way here: the routine runs now, with the lock, as if cancelled now. */
        if (cancel != NULL && irp->Cancel && IoSetCancelRoutine(irp, NULL) != NULL) {
            irp->CancelIrql = cancel_irql;
            KE_CALL(cancel, KE_ARG(device), KE_ARG(irp));
        } else if (cancel != NULL) {
            IoReleaseCancelSpinLock(cancel_irql);
        }
    } else {
        device->CurrentIrp = irp;
        if (cancel != NULL)
            IoReleaseCancelSpinLock(cancel_irql);
        call_start_io(device, irp);
    }
    KeLowerIrql(old);
}

static void start_next(PDEVICE_OBJECT device, BOOLEAN cancelable, const ULONG *key)
{
    PKDEVICE_QUEUE_ENTRY entry;
    KIRQL irql = DISPATCH_LEVEL;

    if (cancelable)
        IoAcquireCancelSpinLock(&irql);
    device->CurrentIrp = NULL;
    entry = key != NULL ? KeRemoveByKeyDeviceQueue(&device->DeviceQueue, *key)
                        : KeRemoveDeviceQueue(&device->DeviceQueue);
    if (entry != NULL)
        device->CurrentIrp = irp_of(entry);
    if (cancelable)
        IoReleaseCancelSpinLock(irql);
    if (entry != NULL)
        call_start_io(device, irp_of(entry));
}

static void start_next_or_defer(PDEVICE_OBJECT device, BOOLEAN cancelable, const ULONG *key)
{
    struct io_device *state = io_device_of(io_of(ke_current()), device);

    if (state == NULL || !state->start_io_deferred) {
        start_next(device, cancelable, key);
        return;
    }
    state->start_io_again++;
    if (state->start_io_active)
        return;
    state->start_io_active = true;
    while (state->start_io_again != 0) {
        state->start_io_again--;
        start_next(device, cancelable, key);
    }
    state->start_io_active = false;
}

void NTAPI IoStartNextPacket(PDEVICE_OBJECT device, BOOLEAN cancelable)
{
    start_next_or_defer(device, cancelable, NULL);
}

void NTAPI IoStartNextPacketByKey(PDEVICE_OBJECT device, BOOLEAN cancelable, ULONG key)
{
    start_next_or_defer(device, cancelable, &key);
}

void NTAPI IoSetStartIoAttributes(PDEVICE_OBJECT device, BOOLEAN deferred, BOOLEAN noncancelable)
{
    struct io_device *state = io_device_of(io_of(ke_current()), device);

    if (state == NULL)
        return;
    state->start_io_deferred = deferred;
    state->start_io_noncancelable = noncancelable;
}
