/* SPDX-License-Identifier: MIT */
#include "pnp/send.h"

#include "base/base.h"

enum { SEND_TAG = 'SpnP' };

static NTSTATUS NTAPI send_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)irp;
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* The IRP comes back through the completion routine whether it was pended or not, so there is one way to wait. */
static NTSTATUS send_and_wait(PDEVICE_OBJECT top, PIRP irp, PKEVENT done)
{
    KeInitializeEvent(done, NotificationEvent, FALSE);
    IoSetCompletionRoutine(irp, ke_thunk((const void *)send_done, "pnp completion", 0), done, TRUE, TRUE,
                           TRUE);
    IofCallDriver(top, irp);
    KeWaitForSingleObject(done, Executive, KernelMode, FALSE, NULL);
    return irp->IoStatus.Status;
}

NTSTATUS pnp_send(PDEVICE_OBJECT pdo, const IO_STACK_LOCATION *stack, ULONG_PTR *information)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(pdo);
    PKEVENT done = ExAllocatePoolWithTag(NonPagedPool, sizeof *done, SEND_TAG);
    PIRP irp = IoAllocateIrp(top->StackSize, FALSE);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    PIO_STACK_LOCATION next;

    if (irp != NULL && done != NULL) {
        irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
        next = IoGetNextIrpStackLocation(irp);
        *next = *stack;
        status = send_and_wait(top, irp, done);
        if (information != NULL)
            *information = irp->IoStatus.Information;
        TRACE(ke_trace(ke_current()), pnp, stack->MinorFunction, status,
              stack->MajorFunction);
    }
    if (irp != NULL)
        IoFreeIrp(irp);
    if (done != NULL)
        ExFreePoolWithTag(done, SEND_TAG);
    ObDereferenceObject(top);
    return status;
}

NTSTATUS pnp_send_minor(PDEVICE_OBJECT pdo, UCHAR minor)
{
    IO_STACK_LOCATION stack = {.MajorFunction = IRP_MJ_PNP, .MinorFunction = minor};

    return pnp_send(pdo, &stack, NULL);
}
