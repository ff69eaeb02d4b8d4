/* SPDX-License-Identifier: MIT */
/* Cancelable queues: a driver's list of IRPs under the driver's spin lock, where each IRP can be
 * cancelled while it waits. Whoever takes an IRP, to remove it or only to work on it where it is,
 * takes its cancel routine away first, and gives it back by KsReleaseIrpOnCancelableQueue.
 * KsAddIrpToCancelableQueue; KsRemoveIrpFromCancelableQueue; KsMoveIrpsOnCancelableQueue. The
 * lock's address rides in the IRP, as KSQUEUE_SPINLOCK_IRP_STORAGE says. Marking the IRP pending is
 * the driver's business. */
#include "ks/device.h"
#include "ks/room.h"

static PIRP irp_at(PLIST_ENTRY link)
{
    return CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry);
}

static PDRIVER_CANCEL routine_or_default(PDRIVER_CANCEL routine)
{
    return routine != NULL
               ? routine
               : (PDRIVER_CANCEL)ke_thunk((const void *)KsCancelRoutine, "KsCancelRoutine", 0);
}

/* As IoCancelIrp would: the routine releases the cancel spin lock. */
static void call_cancel(PIRP irp, PDRIVER_CANCEL routine)
{
    IoAcquireCancelSpinLock(&irp->CancelIrql);
    KE_CALL(routine, KE_ARG(IoGetCurrentIrpStackLocation(irp)->DeviceObject), KE_ARG(irp));
}

/* Makes a waiting IRP cancelable. An IRP cancelled in the meantime is cancelled now. */
static void arm(PIRP irp, PDRIVER_CANCEL routine)
{
    routine = routine_or_default(routine);
    IoSetCancelRoutine(irp, routine);
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL) != NULL)
        call_cancel(irp, routine);
}

void NTAPI KsAddIrpToCancelableQueue(PLIST_ENTRY QueueHead, PKSPIN_LOCK SpinLock, PIRP Irp,
                                     KSLIST_ENTRY_LOCATION ListLocation,
                                     PDRIVER_CANCEL DriverCancel)
{
    KIRQL irql;

    KSQUEUE_SPINLOCK_IRP_STORAGE(Irp) = SpinLock;
    KeAcquireSpinLock(SpinLock, &irql);
    if (ListLocation == KsListEntryTail)
        InsertTailList(QueueHead, &Irp->Tail.Overlay.ListEntry);
    else
        InsertHeadList(QueueHead, &Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(SpinLock, irql);
    arm(Irp, DriverCancel);
}

/* Cancel spin lock held on entry. */
void NTAPI KsCancelRoutine(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PKSPIN_LOCK lock = KSQUEUE_SPINLOCK_IRP_STORAGE(Irp);
    KIRQL irql;

    UNREFERENCED_PARAMETER(DeviceObject);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    KeAcquireSpinLock(lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(lock, irql);
    Irp->IoStatus.Information = 0;
    ks_complete(Irp, STATUS_CANCELLED);
}

PIRP NTAPI KsRemoveIrpFromCancelableQueue(PLIST_ENTRY QueueHead, PKSPIN_LOCK SpinLock,
                                          KSLIST_ENTRY_LOCATION ListLocation,
                                          KSIRP_REMOVAL_OPERATION RemovalOperation)
{
    bool head = ListLocation == KsListEntryHead;
    bool single = RemovalOperation == KsAcquireOnlySingleItem ||
                  RemovalOperation == KsAcquireAndRemoveOnlySingleItem;
    bool removes = RemovalOperation == KsAcquireAndRemove ||
                   RemovalOperation == KsAcquireAndRemoveOnlySingleItem;
    PIRP found = NULL;
    PLIST_ENTRY link;
    KIRQL irql;

    KeAcquireSpinLock(SpinLock, &irql);
    link = head ? QueueHead->Flink : QueueHead->Blink;
    while (link != QueueHead && found == NULL) {
        if (IoSetCancelRoutine(irp_at(link), NULL) != NULL)
            found = irp_at(link);
        else if (single)
            break;
        link = head ? link->Flink : link->Blink;
    }
    if (found != NULL && removes)
        RemoveEntryList(&found->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(SpinLock, irql);
    return found;
}

void NTAPI KsRemoveSpecificIrpFromCancelableQueue(PIRP Irp)
{
    PKSPIN_LOCK lock = KSQUEUE_SPINLOCK_IRP_STORAGE(Irp);
    KIRQL irql;

    KeAcquireSpinLock(lock, &irql);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(lock, irql);
}

void NTAPI KsReleaseIrpOnCancelableQueue(PIRP Irp, PDRIVER_CANCEL DriverCancel)
{
    arm(Irp, DriverCancel);
}

static void move_irp(PIRP irp, PLIST_ENTRY destination, PKSPIN_LOCK lock,
                     KSLIST_ENTRY_LOCATION where)
{
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    if (where == KsListEntryTail)
        InsertTailList(destination, &irp->Tail.Overlay.ListEntry);
    else
        InsertHeadList(destination, &irp->Tail.Overlay.ListEntry);
    KSQUEUE_SPINLOCK_IRP_STORAGE(irp) = lock;
}

NTSTATUS NTAPI KsMoveIrpsOnCancelableQueue(PLIST_ENTRY SourceList, PKSPIN_LOCK SourceLock,
                                           PLIST_ENTRY DestinationList, PKSPIN_LOCK DestinationLock,
                                           KSLIST_ENTRY_LOCATION ListLocation,
                                           PFNKSIRPLISTCALLBACK ListCallback, PVOID Context)
{
    bool two = DestinationLock != NULL && DestinationLock != SourceLock;
    NTSTATUS status = STATUS_SUCCESS;
    PLIST_ENTRY link;
    KIRQL irql;

    KeAcquireSpinLock(SourceLock, &irql);
    if (two)
        KeAcquireSpinLockAtDpcLevel(DestinationLock);
    for (link = SourceList->Flink; link != SourceList && NT_SUCCESS(status);) {
        PIRP irp = irp_at(link);

        link = link->Flink;
        status = (NTSTATUS)KE_CALL(ListCallback, KE_ARG(irp), KE_ARG(Context));
        if (status == STATUS_SUCCESS)
            move_irp(irp, DestinationList, two ? DestinationLock : SourceLock, ListLocation);
        else if (status == STATUS_NO_MATCH)
            status = STATUS_SUCCESS;
    }
    if (NT_SUCCESS(status))
        status = (NTSTATUS)KE_CALL(ListCallback, 0, KE_ARG(Context));
    if (two)
        KeReleaseSpinLockFromDpcLevel(DestinationLock);
    KeReleaseSpinLock(SourceLock, irql);
    return status;
}

/* One IRP that can still be cancelled, with its routine. */
static PIRP next_cancelable(PLIST_ENTRY head, PKSPIN_LOCK lock, PDRIVER_CANCEL *routine)
{
    PIRP found = NULL;
    KIRQL irql;

    KeAcquireSpinLock(lock, &irql);
    for (PLIST_ENTRY link = head->Flink; link != head && found == NULL; link = link->Flink) {
        PIRP irp = irp_at(link);

        irp->Cancel = TRUE;
        *routine = IoSetCancelRoutine(irp, NULL);
        if (*routine != NULL)
            found = irp;
    }
    KeReleaseSpinLock(lock, irql);
    return found;
}

void NTAPI KsCancelIo(PLIST_ENTRY QueueHead, PKSPIN_LOCK SpinLock)
{
    PDRIVER_CANCEL routine;
    PIRP irp;

    while ((irp = next_cancelable(QueueHead, SpinLock, &routine)) != NULL)
        call_cancel(irp, routine);
}
