/* SPDX-License-Identifier: MIT */
/* Cancelling: one system-wide lock guards every IRP's cancel routine. IoCancelIrp marks the IRP,
 * takes its routine off and calls it with the lock held; the routine releases the lock with the
 * IRQL that stands in Irp->CancelIrql ("Canceling IRPs").
 * Cancel-safe queues wrap that for drivers: they own the queue and the lock, the framework owns the
 * cancel routine. An IRP's DriverContext[3] leads back to its queue or to its context. */
#include "io/state.h"

enum { CSQ_PLAIN = 1, CSQ_EXTENDED = 3, CSQ_CONTEXT = 2, CANCEL_STATE_IN_COMPLETED_IRP = 0x48 };

void NTAPI IoAcquireCancelSpinLock(PKIRQL irql)
{
    *irql = KeAcquireSpinLockRaiseToDpc(&io_of(ke_current())->cancel_lock);
}

void NTAPI IoReleaseCancelSpinLock(KIRQL irql)
{
    KeReleaseSpinLock(&io_of(ke_current())->cancel_lock, irql);
}

BOOLEAN NTAPI IoCancelIrp(PIRP irp)
{
    PDRIVER_CANCEL routine;
    KIRQL irql;

    IoAcquireCancelSpinLock(&irql);
    irp->Cancel = TRUE;
    routine = IoSetCancelRoutine(irp, NULL);
    if (routine == NULL) {
        IoReleaseCancelSpinLock(irql);
        return FALSE;
    }
    if (irp->CurrentLocation > irp->StackCount)
        ke_bug_check(CANCEL_STATE_IN_COMPLETED_IRP, KE_ARG(irp), KE_ARG(routine), 0, 0);
    irp->CancelIrql = irql;
    KE_CALL(routine, KE_ARG(IoGetCurrentIrpStackLocation(irp)->DeviceObject), KE_ARG(irp));
    return TRUE;
}

/* ---- Cancel-safe queues ---------------------------------------------------------------------- */

/* The level goes through the queue's own reserved word: the driver writes it once it holds the
 * lock, and no address of ours is shown. */
static KIRQL queue_lock(PIO_CSQ csq)
{
    PKIRQL irql = (PKIRQL)&csq->ReservePointer;

    KE_CALL(csq->CsqAcquireLock, KE_ARG(csq), KE_ARG(irql));
    return *irql;
}

static void queue_unlock(PIO_CSQ csq, KIRQL irql)
{
    KE_CALL(csq->CsqReleaseLock, KE_ARG(csq), irql);
}

static NTSTATUS initialize(PIO_CSQ csq, ULONG type, PVOID insert, PIO_CSQ_REMOVE_IRP remove,
                           PIO_CSQ_PEEK_NEXT_IRP peek, PIO_CSQ_ACQUIRE_LOCK acquire,
                           PIO_CSQ_RELEASE_LOCK release, PIO_CSQ_COMPLETE_CANCELED_IRP complete)
{
    *csq = (IO_CSQ){.Type = type,
                    .CsqInsertIrp = (PIO_CSQ_INSERT_IRP)insert,
                    .CsqRemoveIrp = remove,
                    .CsqPeekNextIrp = peek,
                    .CsqAcquireLock = acquire,
                    .CsqReleaseLock = release,
                    .CsqCompleteCanceledIrp = complete};
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoCsqInitialize(PIO_CSQ csq, PIO_CSQ_INSERT_IRP insert, PIO_CSQ_REMOVE_IRP remove,
                               PIO_CSQ_PEEK_NEXT_IRP peek, PIO_CSQ_ACQUIRE_LOCK acquire,
                               PIO_CSQ_RELEASE_LOCK release,
                               PIO_CSQ_COMPLETE_CANCELED_IRP complete)
{
    return initialize(csq, CSQ_PLAIN, (PVOID)insert, remove, peek, acquire, release, complete);
}

NTSTATUS NTAPI IoCsqInitializeEx(PIO_CSQ csq, PIO_CSQ_INSERT_IRP_EX insert,
                                 PIO_CSQ_REMOVE_IRP remove, PIO_CSQ_PEEK_NEXT_IRP peek,
                                 PIO_CSQ_ACQUIRE_LOCK acquire, PIO_CSQ_RELEASE_LOCK release,
                                 PIO_CSQ_COMPLETE_CANCELED_IRP complete)
{
    return initialize(csq, CSQ_EXTENDED, (PVOID)insert, remove, peek, acquire, release, complete);
}

/* DriverContext[3] holds the queue, or the caller's context, which holds both ways. */
static PIO_CSQ queue_of(PIRP irp, PIO_CSQ_IRP_CONTEXT *context)
{
    PIO_CSQ csq = irp->Tail.Overlay.DriverContext[3];

    *context = NULL;
    if (csq->Type == CSQ_CONTEXT) {
        *context = irp->Tail.Overlay.DriverContext[3];
        csq = (*context)->Csq;
    }
    return csq;
}

static void forget(PIRP irp, PIO_CSQ_IRP_CONTEXT context)
{
    if (context != NULL)
        context->Irp = NULL;
    irp->Tail.Overlay.DriverContext[3] = NULL;
}

/* Runs with the cancel lock held. */
void NTAPI io_csq_cancel(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_CSQ_IRP_CONTEXT context;
    PIO_CSQ csq;
    KIRQL irql;

    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    csq = queue_of(irp, &context);
    irql = queue_lock(csq);
    KE_CALL(csq->CsqRemoveIrp, KE_ARG(csq), KE_ARG(irp));
    forget(irp, context);
    queue_unlock(csq, irql);
    KE_CALL(csq->CsqCompleteCanceledIrp, KE_ARG(csq), KE_ARG(irp));
}

NTSTATUS NTAPI IoCsqInsertIrpEx(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context,
                                PVOID insert_context)
{
    struct io *io = io_of(ke_current());
    NTSTATUS status = STATUS_SUCCESS;
    KIRQL irql = queue_lock(csq);

    irp->Tail.Overlay.DriverContext[3] = csq;
    if (context != NULL) {
        *context = (IO_CSQ_IRP_CONTEXT){CSQ_CONTEXT, irp, csq};
        irp->Tail.Overlay.DriverContext[3] = context;
    }
    if (csq->Type == CSQ_EXTENDED)
        status = (NTSTATUS)KE_CALL(csq->CsqInsertIrp, KE_ARG(csq), KE_ARG(irp),
                                   KE_ARG(insert_context));
    else
        KE_CALL(csq->CsqInsertIrp, KE_ARG(csq), KE_ARG(irp));
    if (!NT_SUCCESS(status)) {
        forget(irp, context);
        queue_unlock(csq, irql);
        return status;
    }
    IoMarkIrpPending(irp);
    (void)IoSetCancelRoutine(irp, io->csq_cancel);
    /* Cancelled before it had a routine: nobody will call it now, so it is taken out again here. */
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL) != NULL) {
        KE_CALL(csq->CsqRemoveIrp, KE_ARG(csq), KE_ARG(irp));
        forget(irp, context);
        queue_unlock(csq, irql);
        KE_CALL(csq->CsqCompleteCanceledIrp, KE_ARG(csq), KE_ARG(irp));
        return status;
    }
    queue_unlock(csq, irql);
    return status;
}

void NTAPI IoCsqInsertIrp(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context)
{
    (void)IoCsqInsertIrpEx(csq, irp, context, NULL);
}

PIRP NTAPI IoCsqRemoveNextIrp(PIO_CSQ csq, PVOID peek_context)
{
    PIO_CSQ_IRP_CONTEXT context;
    PIRP irp = NULL;
    KIRQL irql = queue_lock(csq);

    for (;;) {
        irp = (PIRP)KE_CALL(csq->CsqPeekNextIrp, KE_ARG(csq), KE_ARG(irp), KE_ARG(peek_context));
        if (irp == NULL)
            break;
        if (IoSetCancelRoutine(irp, NULL) == NULL)
            continue; /* being cancelled: its routine waits for our lock */
        KE_CALL(csq->CsqRemoveIrp, KE_ARG(csq), KE_ARG(irp));
        (void)queue_of(irp, &context);
        forget(irp, context);
        break;
    }
    queue_unlock(csq, irql);
    return irp;
}

PIRP NTAPI IoCsqRemoveIrp(PIO_CSQ csq, PIO_CSQ_IRP_CONTEXT context)
{
    KIRQL irql = queue_lock(csq);
    PIRP irp = context->Irp;

    if (irp != NULL && IoSetCancelRoutine(irp, NULL) != NULL) {
        KE_CALL(csq->CsqRemoveIrp, KE_ARG(csq), KE_ARG(irp));
        forget(irp, context);
    } else {
        irp = NULL;
    }
    queue_unlock(csq, irql);
    return irp;
}
