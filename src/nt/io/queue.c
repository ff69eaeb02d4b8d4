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

/* "cannot be canceled once it has been dequeued": it loses its cancel routine on the way out. */
static PIRP take_next(PDEVICE_OBJECT device, const struct io_device *state, BOOLEAN cancelable,
                      const ULONG *key)
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
    if (entry != NULL && cancelable && state != NULL && state->start_io_noncancelable)
        (void)IoSetCancelRoutine(irp_of(entry), NULL);
    if (cancelable)
        IoReleaseCancelSpinLock(irql);
    return entry != NULL ? irp_of(entry) : NULL;
}

/* Deferred packets wait until the routine has returned, and come then one after the other. */
static void start(PDEVICE_OBJECT device, PIRP irp)
{
    struct io_device *state = io_device_of(io_of(ke_current()), device);
    struct io_deferred_start *later = state != NULL ? &state->deferred_start : NULL;

    if (state == NULL || !state->start_io_deferred) {
        call_start_io(device, irp);
        return;
    }
    state->start_io_active = true;
    call_start_io(device, irp);
    while (later->count != 0) {
        later->count--;
        irp = take_next(device, state, later->cancelable, later->by_key ? &later->key : NULL);
        if (irp != NULL)
            call_start_io(device, irp);
    }
    state->start_io_active = false;
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
        start(device, irp);
    }
    KeLowerIrql(old);
}

static void start_next_or_defer(PDEVICE_OBJECT device, BOOLEAN cancelable, const ULONG *key)
{
    struct io_device *state = io_device_of(io_of(ke_current()), device);
    PIRP irp;

    if (state != NULL && state->start_io_active) {
        state->deferred_start = (struct io_deferred_start){
            .count = state->deferred_start.count + 1, .cancelable = cancelable,
            .by_key = key != NULL, .key = key != NULL ? *key : 0};
        return;
    }
    irp = take_next(device, state, cancelable, key);
    if (irp != NULL)
        start(device, irp);
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
