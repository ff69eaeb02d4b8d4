/* SPDX-License-Identifier: MIT */
/* Device control requests of an application. The method in the code says how its buffers reach the
 * driver: copied through one system buffer (BUFFERED), the second one locked and described by an
 * MDL (IN_DIRECT, OUT_DIRECT), or as bare addresses (NEITHER), which the driver has to probe itself
 * ("Buffer Descriptions for I/O Control Codes").
 * This is the path that every frame of a stream takes; it takes an IRP that was used before, and
 * nothing else is allocated for METHOD_NEITHER. Requests stay on their file's list until they end,
 * so that they can be cancelled in the order in which they came. */
#include "io/state.h"

#include <string.h>

#include "ex/ex.h"

struct control {
    ULONG code;
    uint64_t in_va, out_va;
    ULONG in_bytes, out_bytes;
};

static NTSTATUS check_access(PFILE_OBJECT file, ULONG code)
{
    ULONG access = code >> 14 & 3;

    if ((access & FILE_READ_ACCESS) && !file->ReadAccess)
        return STATUS_ACCESS_DENIED;
    if ((access & FILE_WRITE_ACCESS) && !file->WriteAccess)
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

/* Whether every page of the range is there: locking would raise otherwise. */
static bool is_mapped(struct io *io, uint64_t va, ULONG bytes)
{
    uint64_t page = va & ~(uint64_t)(PAGE_SIZE - 1);

    for (; page < va + bytes; page += PAGE_SIZE) {
        if (mm_pfn_of_va(io->mm, page) == MM_PFN_NONE)
            return false;
    }
    return true;
}

static NTSTATUS make_system_buffer(struct io *io, PIRP irp, uint64_t in_va, ULONG in_bytes,
                                   ULONG room)
{
    PVOID buffer;

    if (room == 0)
        return STATUS_SUCCESS;
    buffer = ExAllocatePoolWithTag(NonPagedPool, room, IO_TAG_BUFFER);
    if (buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (in_bytes != 0 && !mm_copy_from_va(io->mm, buffer, in_va, in_bytes)) {
        ExFreePoolWithTag(buffer, IO_TAG_BUFFER);
        return STATUS_ACCESS_VIOLATION;
    }
    irp->AssociatedIrp.SystemBuffer = buffer;
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    return STATUS_SUCCESS;
}

static NTSTATUS lock_buffer(struct io *io, PIRP irp, const struct control *control,
                            LOCK_OPERATION operation)
{
    if (control->out_bytes == 0)
        return STATUS_SUCCESS;
    if (!is_mapped(io, control->out_va, control->out_bytes))
        return STATUS_ACCESS_VIOLATION;
    if (IoAllocateMdl((PVOID)control->out_va, control->out_bytes, FALSE, FALSE, irp) == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    return mm_lock_pages(irp->MdlAddress, irp->RequestorMode, operation);
}

static NTSTATUS attach_buffers(struct io *io, PIRP irp, const struct control *control)
{
    ULONG larger =
        control->in_bytes > control->out_bytes ? control->in_bytes : control->out_bytes;
    NTSTATUS status;

    switch (METHOD_FROM_CTL_CODE(control->code)) {
    case METHOD_BUFFERED:
        if (control->out_bytes != 0 && !is_mapped(io, control->out_va, control->out_bytes))
            return STATUS_ACCESS_VIOLATION;
        irp->UserBuffer = (PVOID)control->out_va;
        if (control->out_bytes != 0)
            irp->Flags |= IRP_INPUT_OPERATION;
        return make_system_buffer(io, irp, control->in_va, control->in_bytes, larger);
    case METHOD_IN_DIRECT:
    case METHOD_OUT_DIRECT:
        status = make_system_buffer(io, irp, control->in_va, control->in_bytes, control->in_bytes);
        if (!NT_SUCCESS(status))
            return status;
        return lock_buffer(io, irp, control,
                           METHOD_FROM_CTL_CODE(control->code) == METHOD_IN_DIRECT ? IoReadAccess
                                                                                   : IoWriteAccess);
    default:
        irp->UserBuffer = (PVOID)control->out_va;
        return STATUS_SUCCESS;
    }
}

static void fill_location(PIRP irp, PFILE_OBJECT file, const struct control *control, UCHAR major)
{
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);

    next->MajorFunction = major;
    next->FileObject = file;
    next->Parameters.DeviceIoControl.OutputBufferLength = control->out_bytes;
    next->Parameters.DeviceIoControl.InputBufferLength = control->in_bytes;
    next->Parameters.DeviceIoControl.IoControlCode = control->code;
    next->Parameters.DeviceIoControl.Type3InputBuffer =
        METHOD_FROM_CTL_CODE(control->code) == METHOD_NEITHER ? (PVOID)control->in_va : NULL;
}

/* A request that could not be built: nothing was sent, nothing is set. */
static void abandon(struct io *io, struct io_irp *state)
{
    PIRP irp = state->irp;

    if (irp->Flags & IRP_DEALLOCATE_BUFFER)
        ExFreePoolWithTag(irp->AssociatedIrp.SystemBuffer, IO_TAG_BUFFER);
    if (irp->MdlAddress != NULL)
        IoFreeMdl(irp->MdlAddress);
    io_irp_free(io, state);
}

static NTSTATUS send(struct io *io, PFILE_OBJECT file, const struct control *control,
                     KPROCESSOR_MODE mode, PKEVENT event, PIO_STATUS_BLOCK iosb, PIRP *out_irp)
{
    PDEVICE_OBJECT top = IoGetRelatedDeviceObject(file);
    struct io_file *file_state = io_file_of(io, file);
    KPROCESSOR_MODE before;
    struct io_irp *state;
    NTSTATUS status = check_access(file, control->code);
    PIRP irp;

    if (!NT_SUCCESS(status))
        return status;
    irp = io_irp_allocate(io, top->StackSize, IO_IRP_FILE, &state);
    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    irp->RequestorMode = mode;
    irp->Tail.Overlay.Thread = (PETHREAD)KeGetCurrentThread();
    irp->Tail.Overlay.OriginalFileObject = file;
    irp->UserIosb = &irp->IoStatus;
    irp->UserEvent = &file->Event;
    state->iosb = iosb;
    state->event = event != NULL ? event : &file->Event;
    status = attach_buffers(io, irp, control);
    if (!NT_SUCCESS(status)) {
        abandon(io, state);
        return status;
    }
    fill_location(irp, file, control, IRP_MJ_DEVICE_CONTROL);
    ob_reference(io->ob, file);
    state->file = file;
    list_insert_tail(&file_state->irps, &state->link);
    KeClearEvent(state->event);
    if (out_irp != NULL)
        *out_irp = irp;
    before = ex_set_previous_mode(mode);
    status = IofCallDriver(top, irp);
    ex_set_previous_mode(before);
    return status;
}

NTSTATUS io_file_control(PFILE_OBJECT file, ULONG code, uint64_t in_va, ULONG in_bytes,
                         uint64_t out_va, ULONG out_bytes, PKEVENT event, PIO_STATUS_BLOCK iosb,
                         PIRP *out_irp)
{
    struct control control = {code, in_va, out_va, in_bytes, out_bytes};

    return send(io_of(ke_current()), file, &control, UserMode, event, iosb, out_irp);
}

/* An event and a status block that drivers may see the addresses of. */
struct wait_block {
    KEVENT done;
    IO_STATUS_BLOCK iosb;
};

static NTSTATUS send_and_wait(PFILE_OBJECT file, const struct control *control,
                              KPROCESSOR_MODE mode, PIO_STATUS_BLOCK iosb)
{
    struct wait_block *wait = ExAllocatePoolWithTag(NonPagedPool, sizeof *wait, IO_TAG_BUFFER);
    NTSTATUS status;

    *iosb = (IO_STATUS_BLOCK){0};
    if (wait == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeEvent(&wait->done, NotificationEvent, FALSE);
    wait->iosb = *iosb;
    status = send(io_of(ke_current()), file, control, mode, &wait->done, &wait->iosb, NULL);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&wait->done, Executive, KernelMode, FALSE, NULL);
        status = wait->iosb.Status;
    }
    *iosb = wait->iosb;
    ExFreePoolWithTag(wait, IO_TAG_BUFFER);
    return status;
}

NTSTATUS io_file_control_wait(PFILE_OBJECT file, ULONG code, uint64_t in_va, ULONG in_bytes,
                              uint64_t out_va, ULONG out_bytes, ULONG_PTR *out_information)
{
    struct control control = {code, in_va, out_va, in_bytes, out_bytes};
    IO_STATUS_BLOCK iosb;
    NTSTATUS status = send_and_wait(file, &control, UserMode, &iosb);

    if (out_information != NULL)
        *out_information = iosb.Information;
    return status;
}

/* ---- Cancelling ------------------------------------------------------------------------------ */

/* The list changes under us whenever a cancel routine completes its request, so each round looks
 * for the oldest one that is not marked yet. */
void io_file_cancel(PFILE_OBJECT file)
{
    struct io *io = io_of(ke_current());
    struct io_file *state = io_file_of(io, file);
    struct list_node *node = list_first(&state->irps);

    while (node != NULL) {
        PIRP irp = list_entry(node, struct io_irp, link)->irp;

        if (irp->Cancel) {
            node = list_next(&state->irps, node);
            continue;
        }
        IoCancelIrp(irp);
        node = list_first(&state->irps);
    }
}

unsigned io_file_outstanding(PFILE_OBJECT file)
{
    struct io_file *state = io_file_of(io_of(ke_current()), file);

    return (unsigned)list_count(&state->irps);
}

/* ---- As drivers do it, by handle ------------------------------------------------------------- */

/* Synchronous whatever the handle: a caller that gave an event finds it set. */
NTSTATUS NTAPI ZwDeviceIoControlFile(HANDLE handle, HANDLE event_handle, PIO_APC_ROUTINE apc,
                                     PVOID apc_context, PIO_STATUS_BLOCK iosb, ULONG code,
                                     PVOID in, ULONG in_bytes, PVOID out, ULONG out_bytes)
{
    struct io *io = io_of(ke_current());
    struct control control = {code, KE_ARG(in), KE_ARG(out), in_bytes, out_bytes};
    void *file;
    NTSTATUS status = ob_handle_body(io->ob, handle, OB_TYPE_FILE, &file);

    (void)apc_context;
    if (!NT_SUCCESS(status))
        return status;
    if (apc != NULL)
        weir_not_implemented("ZwDeviceIoControlFile with an APC routine");
    status = send_and_wait(file, &control, KernelMode, iosb);
    if (event_handle != NULL)
        (void)ZwSetEvent(event_handle, NULL);
    return status;
}
