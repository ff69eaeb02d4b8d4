/* SPDX-License-Identifier: MIT */
/* Completing an IRP. It goes back up, location by location. At each the routine that the driver
 * above put there is called if its conditions hold; STATUS_MORE_PROCESSING_REQUIRED stops the way
 * and makes the IRP that driver's again, who completes it once more later and the way goes on from
 * there. Where no routine is called, the pending mark is carried up for the driver
 * ("IoCompleteRequest", "Implementing an IoCompletion Routine").
 * At the top an IRP that the system owns ends: buffered data is copied out, pages are unlocked, the
 * status block is written, the event set. Windows does that in the requesting thread; here it
 * happens at once, through the window on RAM, which no IRQL forbids.
 * Completing twice is bug check 0x44. */
#include "io/state.h"
#include "trace/rules.h"

enum { MULTIPLE_IRP_COMPLETE_REQUESTS = 0x44, DRIVER_VERIFIER_IOMANAGER_VIOLATION = 0xC9 };

static void check_completable(struct io *io, PIRP irp, struct io_irp *state)
{
    if (irp->Type != IO_TYPE_IRP || irp->CurrentLocation > irp->StackCount ||
        (state != NULL && !state->allocated)) {
        KE_FINDING(io->ke, VERIFY_irp_completed_twice, KE_ARG(irp));
        ke_bug_check(MULTIPLE_IRP_COMPLETE_REQUESTS, KE_ARG(irp), 0, 0, 0);
    }
    if (irp->IoStatus.Status == STATUS_PENDING || irp->IoStatus.Status == -1) {
        KE_FINDING(io->ke, VERIFY_irp_pending_status, KE_ARG(irp));
        ke_bug_check(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 6, (uint32_t)irp->IoStatus.Status,
                     KE_ARG(irp), 0);
    }
    if (irp->CancelRoutine != NULL) {
        KE_FINDING(io->ke, VERIFY_irp_cancel_routine, KE_ARG(irp));
        ke_bug_check(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 7, KE_ARG(irp->CancelRoutine),
                     KE_ARG(irp), 0);
    }
    if (ke_irql() > DISPATCH_LEVEL)
        KE_FINDING(io->ke, VERIFY_irp_irql, ke_irql());
}

static void check_information(struct io *io, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG room = location->Parameters.DeviceIoControl.OutputBufferLength;

    if (location->MajorFunction != IRP_MJ_DEVICE_CONTROL || !(irp->Flags & IRP_BUFFERED_IO) ||
        METHOD_FROM_CTL_CODE(location->Parameters.DeviceIoControl.IoControlCode) != METHOD_BUFFERED)
        return;
    if (NT_SUCCESS(irp->IoStatus.Status) && irp->IoStatus.Information > room)
        KE_FINDING(io->ke, VERIFY_irp_information, irp->IoStatus.Information, room);
}

static bool is_routine_due(PIRP irp, PIO_STACK_LOCATION location)
{
    if (irp->Cancel && (location->Control & SL_INVOKE_ON_CANCEL))
        return true;
    if (NT_SUCCESS(irp->IoStatus.Status))
        return (location->Control & SL_INVOKE_ON_SUCCESS) != 0;
    return (location->Control & SL_INVOKE_ON_ERROR) != 0;
}

static void record(struct io_irp *state, CHAR location, bool pending, NTSTATUS status)
{
    struct io_call *call;

    for (call = state != NULL ? state->calls : NULL; call != NULL; call = call->next) {
        if (call->location == location) {
            call->completed = true;
            call->marked_pending = pending;
            call->final = status;
        }
    }
}

/* One location up. False when its routine keeps the IRP. */
static bool pass_location(PIRP irp, struct io_irp *state)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PIO_COMPLETION_ROUTINE routine = location->CompletionRoutine;
    PVOID context = location->Context;
    bool due = is_routine_due(irp, location);
    PDEVICE_OBJECT device;
    CHAR passed = irp->CurrentLocation;

    irp->PendingReturned = (location->Control & SL_PENDING_RETURNED) != 0;
    record(state, passed, irp->PendingReturned, irp->IoStatus.Status);
    irp->CurrentLocation++;
    irp->Tail.Overlay.CurrentStackLocation++;
    device = irp->CurrentLocation <= irp->StackCount
                 ? IoGetCurrentIrpStackLocation(irp)->DeviceObject
                 : NULL;
    if (due && routine != NULL) {
        if (state != NULL)
            state->in_flight = false; /* the routine may free it, if it then stops the way */
        if ((NTSTATUS)KE_CALL(routine, KE_ARG(device), KE_ARG(irp), KE_ARG(context)) ==
            STATUS_MORE_PROCESSING_REQUIRED)
            return false;
        if (state != NULL)
            state->in_flight = true;
        return true;
    }
    if (irp->PendingReturned && irp->CurrentLocation <= irp->StackCount)
        IoMarkIrpPending(irp);
    return true;
}

static void complete_master(struct io *io, struct io_irp *state, PIRP irp)
{
    PIRP master = irp->AssociatedIrp.MasterIrp;
    LONG left = --master->AssociatedIrp.IrpCount;

    while (irp->MdlAddress != NULL) {
        PMDL mdl = irp->MdlAddress;

        irp->MdlAddress = mdl->Next;
        IoFreeMdl(mdl);
    }
    io_irp_free(io, state);
    if (left == 0)
        IofCompleteRequest(master, IO_NO_INCREMENT);
}

static void release_mdls(PIRP irp)
{
    while (irp->MdlAddress != NULL) {
        PMDL mdl = irp->MdlAddress;

        irp->MdlAddress = mdl->Next;
        if (mdl->MdlFlags & MDL_PAGES_LOCKED)
            MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
}

/* Warnings, such as STATUS_BUFFER_OVERFLOW, bring data along. */
static void release_system_buffer(struct io *io, PIRP irp)
{
    PVOID buffer = irp->AssociatedIrp.SystemBuffer;

    if (!(irp->Flags & IRP_BUFFERED_IO))
        return;
    if ((irp->Flags & IRP_INPUT_OPERATION) && !NT_ERROR(irp->IoStatus.Status) &&
        irp->IoStatus.Information != 0)
        (void)mm_copy_to_va(io->mm, KE_ARG(irp->UserBuffer), buffer, irp->IoStatus.Information);
    if (irp->Flags & IRP_DEALLOCATE_BUFFER)
        ExFreePool(buffer); /* perhaps a driver's, with a tag of its own */
}

void io_irp_finish(struct io *io, struct io_irp *state)
{
    PIRP irp = state->irp;
    bool of_file = state->kind == IO_IRP_FILE;
    PIO_STATUS_BLOCK iosb = of_file ? state->iosb : irp->UserIosb;
    PKEVENT event = of_file ? state->event : irp->UserEvent;
    PFILE_OBJECT file = state->file;
    IO_STATUS_BLOCK result = irp->IoStatus;

    release_system_buffer(io, irp);
    release_mdls(irp);
    list_remove(&state->link);
    io_irp_free(io, state);
    if (iosb != NULL)
        *iosb = result;
    if (file != NULL)
        file->FinalStatus = result.Status;
    if (event != NULL)
        KeSetEvent(event, EVENT_INCREMENT, FALSE);
    if (file != NULL)
        ob_dereference(io->ob, file);
}

void NTAPI IofCompleteRequest(PIRP irp, CCHAR boost)
{
    struct io *io = io_of(ke_current());
    struct io_irp *state = io_irp_of(io, irp);

    (void)boost;
    check_completable(io, irp, state);
    check_information(io, irp);
    while (irp->CurrentLocation <= irp->StackCount) {
        if (!pass_location(irp, state))
            return;
    }
    if (state == NULL || state->kind == IO_IRP_PLAIN) {
        if (state != NULL)
            state->in_flight = false;
        return; /* whoever allocated it frees it */
    }
    if (irp->Flags & IRP_ASSOCIATED_IRP)
        complete_master(io, state, irp);
    else
        io_irp_finish(io, state);
}

/* The routine of those who send and wait: sets an event and keeps the IRP. */
NTSTATUS NTAPI io_signal_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)irp;
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

BOOLEAN NTAPI IoForwardIrpSynchronously(PDEVICE_OBJECT device, PIRP irp)
{
    struct io *io = io_of(ke_current());
    PKEVENT done;

    if (irp->CurrentLocation <= 1)
        return FALSE;
    done = io_event_take(io);
    if (done == NULL)
        return FALSE;
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, io->signal_completion, done, TRUE, TRUE, TRUE);
    if (IofCallDriver(device, irp) == STATUS_PENDING)
        KeWaitForSingleObject(done, Executive, KernelMode, FALSE, NULL);
    io_event_give(io, done);
    return TRUE;
}

/* The IRP comes back through io_signal_completion, which keeps it. */
NTSTATUS io_send_irp(struct io *io, PDEVICE_OBJECT top, PIRP irp)
{
    PKEVENT done = io_event_take(io);
    NTSTATUS status;

    if (done == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoSetCompletionRoutine(irp, io->signal_completion, done, TRUE, TRUE, TRUE);
    status = IofCallDriver(top, irp);
    if (status == STATUS_PENDING)
        KeWaitForSingleObject(done, Executive, KernelMode, FALSE, NULL);
    io_event_give(io, done);
    return irp->IoStatus.Status;
}

NTSTATUS io_send(PDEVICE_OBJECT device, const IO_STACK_LOCATION *location, PIO_STATUS_BLOCK iosb)
{
    struct io *io = io_of(ke_current());
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(device);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    PIRP irp = io_irp_allocate(io, top->StackSize, IO_IRP_PLAIN, NULL);

    if (irp != NULL) {
        irp->IoStatus = *iosb;
        irp->Tail.Overlay.Thread = PsGetCurrentThread();
        *IoGetNextIrpStackLocation(irp) = *location;
        status = io_send_irp(io, top, irp);
        *iosb = irp->IoStatus;
        IoFreeIrp(irp);
    }
    ob_dereference(io->ob, top);
    return status;
}

/* ---- Completion routines that outlive their driver's call ------------------------------------ */

/* Windows keeps the device's driver loaded until the routine has run. Drivers are unloaded only
 * after their devices are gone here, so an ordinary routine does. */
NTSTATUS NTAPI IoSetCompletionRoutineEx(PDEVICE_OBJECT device, PIRP irp,
                                        PIO_COMPLETION_ROUTINE routine, PVOID context,
                                        BOOLEAN on_success, BOOLEAN on_error, BOOLEAN on_cancel)
{
    (void)device;
    IoSetCompletionRoutine(irp, routine, context, on_success, on_error, on_cancel);
    return STATUS_SUCCESS;
}
