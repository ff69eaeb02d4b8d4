/* SPDX-License-Identifier: MIT */
/* Sending an IRP. IofCallDriver moves to the next stack location, which the caller prepared, and
 * calls the dispatch routine of the driver that owns the device.
 * A dispatch routine has three ways to answer: complete the IRP and return that status; pass it on
 * and return what it got; mark it pending and return STATUS_PENDING. What it did is recorded in a
 * struct io_call per passage, filled when the IRP comes back past this location, and compared with
 * what it returned ("Returning Status Values", bug check 0xC9).
 * An IRP with no location left is bug check 0x35. */
#include "io/state.h"
#include "trace/rules.h"

enum {
    NO_MORE_IRP_STACK_LOCATIONS = 0x35,
    DRIVER_VERIFIER_IOMANAGER_VIOLATION = 0xC9,
    BAD_IRP = 0x03,
    BAD_DEVICE = 0x04
};

static void check_sendable(struct io *io, PDEVICE_OBJECT device, PIRP irp, struct io_irp *state)
{
    if (irp->Type != IO_TYPE_IRP || (state != NULL && !state->allocated)) {
        KE_FINDING(io->ke, VERIFY_irp_bad, KE_ARG(irp));
        ke_bug_check(DRIVER_VERIFIER_IOMANAGER_VIOLATION, BAD_IRP, KE_ARG(irp), 0, 0);
    }
    if (io_device_of(io, device) == NULL) {
        KE_FINDING(io->ke, VERIFY_device_bad, KE_ARG(device));
        ke_bug_check(DRIVER_VERIFIER_IOMANAGER_VIOLATION, BAD_DEVICE, KE_ARG(device), 0, 0);
    }
    if (irp->CurrentLocation <= 1) {
        KE_FINDING(io->ke, VERIFY_irp_no_location, KE_ARG(irp));
        ke_bug_check(NO_MORE_IRP_STACK_LOCATIONS, KE_ARG(irp), 0, 0, 0);
    }
    if (irp->CancelRoutine != NULL)
        KE_FINDING(io->ke, VERIFY_irp_cancel_routine, KE_ARG(irp));
}

/* Requests of the system start as not supported, so that an answer nobody gave can be told. */
static void check_preset(struct io *io, PIRP irp, const struct io_irp *state, UCHAR major)
{
    /* A driver at the top that skips its location passes the IRP on at the same one. */
    if (irp->CurrentLocation != irp->StackCount || (state != NULL && state->in_flight))
        return;
    if (major != IRP_MJ_PNP && major != IRP_MJ_POWER && major != IRP_MJ_SYSTEM_CONTROL)
        return;
    if (irp->IoStatus.Status != STATUS_NOT_SUPPORTED)
        KE_FINDING(io->ke, VERIFY_irp_preset, (uint32_t)irp->IoStatus.Status);
}

static void forget_call(struct io_irp *state, struct io_call *call)
{
    struct io_call **at;

    for (at = &state->calls; *at != NULL; at = &(*at)->next) {
        if (*at == call) {
            *at = call->next;
            return;
        }
    }
}

static void judge(struct io *io, PIRP irp, const struct io_call *call, UCHAR major,
                  NTSTATUS returned)
{
    if (call->completed && returned == STATUS_PENDING && !call->marked_pending) {
        KE_FINDING(io->ke, VERIFY_irp_pending_mark, major);
    } else if (call->completed && returned != STATUS_PENDING && call->marked_pending) {
        KE_FINDING(io->ke, VERIFY_irp_pending_return, major, (uint32_t)returned);
    } else if (call->completed && returned != STATUS_PENDING && returned != call->final) {
        KE_FINDING(io->ke, VERIFY_irp_dispatch_status, major, (uint32_t)returned,
                   (uint32_t)call->final);
    } else if (!call->completed && call->irp != NULL) {
        if (returned != STATUS_PENDING)
            KE_FINDING(io->ke, VERIFY_irp_lost, major, (uint32_t)returned);
        else if (irp->CurrentLocation == call->location &&
                 !(IoGetCurrentIrpStackLocation(irp)->Control & SL_PENDING_RETURNED))
            KE_FINDING(io->ke, VERIFY_irp_pending_mark, major);
    }
}

NTSTATUS NTAPI IofCallDriver(PDEVICE_OBJECT device, PIRP irp)
{
    struct io *io = io_of(ke_current());
    struct io_irp *state = io_irp_of(io, irp);
    struct io_call call = {.irp = state};
    PIO_STACK_LOCATION location;
    NTSTATUS status;
    UCHAR major;

    if (ke_irql() > DISPATCH_LEVEL)
        KE_FINDING(io->ke, VERIFY_irp_irql, ke_irql());
    check_sendable(io, device, irp, state);
    location = --irp->Tail.Overlay.CurrentStackLocation;
    irp->CurrentLocation--;
    location->DeviceObject = device;
    major = location->MajorFunction;
    if (major > IRP_MJ_MAXIMUM_FUNCTION)
        ke_bug_check(DRIVER_VERIFIER_IOMANAGER_VIOLATION, BAD_IRP, KE_ARG(irp), major, 0);
    check_preset(io, irp, state, major);
    if (state != NULL) {
        state->in_flight = true;
        call.location = irp->CurrentLocation;
        call.next = state->calls;
        state->calls = &call;
    }
    status = (NTSTATUS)KE_CALL(device->DriverObject->MajorFunction[major], KE_ARG(device),
                               KE_ARG(irp));
    if (state != NULL) {
        judge(io, irp, &call, major, status);
        if (call.irp != NULL)
            forget_call(state, &call);
    }
    return status;
}
