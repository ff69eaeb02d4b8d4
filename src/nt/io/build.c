/* SPDX-License-Identifier: MIT */
/* IRPs made ready by the I/O manager for a driver that calls another. Synchronous ones belong to
 * the system: it writes the status block, sets the event and frees the IRP. Asynchronous ones
 * belong to the caller, whose completion routine frees them, after the MDL or the system buffer.
 * "Building an IRP for IRP_MJ_DEVICE_CONTROL", "Creating IRPs for Lower-Level Drivers". */
#include "io/state.h"

#include <string.h>

static struct io_irp *start(PDEVICE_OBJECT device, enum io_irp_kind kind)
{
    struct io_irp *state;
    PIRP irp = io_irp_allocate(io_of(ke_current()), device->StackSize, kind, &state);

    if (irp == NULL)
        return NULL;
    irp->Tail.Overlay.Thread = (PETHREAD)KeGetCurrentThread();
    irp->RequestorMode = KernelMode;
    return state;
}

static void give_up(struct io_irp *state)
{
    if (state->irp->Flags & IRP_DEALLOCATE_BUFFER)
        ExFreePoolWithTag(state->irp->AssociatedIrp.SystemBuffer, IO_TAG_BUFFER);
    if (state->irp->MdlAddress != NULL)
        IoFreeMdl(state->irp->MdlAddress);
    io_irp_free(io_of(ke_current()), state);
}

static bool add_system_buffer(PIRP irp, const void *data, ULONG data_bytes, ULONG room)
{
    PVOID buffer = ExAllocatePoolWithTag(NonPagedPool, room, IO_TAG_BUFFER);

    if (buffer == NULL)
        return false;
    if (data_bytes != 0)
        memcpy(buffer, data, data_bytes);
    irp->AssociatedIrp.SystemBuffer = buffer;
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    return true;
}

/* A buffer that cannot be locked ends the building with NULL, not with an exception; the MDL goes
 * with the request. IoBuildDeviceIoControlRequest, Return value. */
static bool add_mdl(PIRP irp, PVOID buffer, ULONG bytes, LOCK_OPERATION operation)
{
    if (IoAllocateMdl(buffer, bytes, FALSE, FALSE, irp) == NULL)
        return false;
    return NT_SUCCESS(mm_lock_pages(irp->MdlAddress, KernelMode, operation));
}

static bool add_control_buffers(PIRP irp, ULONG code, PVOID in, ULONG in_bytes, PVOID out,
                                ULONG out_bytes)
{
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    ULONG larger = in_bytes > out_bytes ? in_bytes : out_bytes;

    switch (METHOD_FROM_CTL_CODE(code)) {
    case METHOD_BUFFERED:
        if (larger == 0)
            return true;
        if (!add_system_buffer(irp, in, in_bytes, larger))
            return false;
        if (out != NULL) {
            irp->Flags |= IRP_INPUT_OPERATION;
            irp->UserBuffer = out;
        }
        return true;
    case METHOD_IN_DIRECT:
    case METHOD_OUT_DIRECT:
        if (in_bytes != 0 && !add_system_buffer(irp, in, in_bytes, in_bytes))
            return false;
        return out_bytes == 0 ||
               add_mdl(irp, out, out_bytes,
                       METHOD_FROM_CTL_CODE(code) == METHOD_IN_DIRECT ? IoReadAccess
                                                                      : IoWriteAccess);
    default:
        next->Parameters.DeviceIoControl.Type3InputBuffer = in;
        irp->UserBuffer = out;
        return true;
    }
}

PIRP NTAPI IoBuildDeviceIoControlRequest(ULONG code, PDEVICE_OBJECT device, PVOID in,
                                         ULONG in_bytes, PVOID out, ULONG out_bytes,
                                         BOOLEAN internal, PKEVENT event, PIO_STATUS_BLOCK iosb)
{
    struct io_irp *state = start(device, IO_IRP_THREADED);
    PIO_STACK_LOCATION next;

    if (state == NULL)
        return NULL;
    next = IoGetNextIrpStackLocation(state->irp);
    next->MajorFunction = internal ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
    next->Parameters.DeviceIoControl.IoControlCode = code;
    next->Parameters.DeviceIoControl.InputBufferLength = in_bytes;
    next->Parameters.DeviceIoControl.OutputBufferLength = out_bytes;
    state->irp->UserEvent = event;
    state->irp->UserIosb = iosb;
    if (!add_control_buffers(state->irp, code, in, in_bytes, out, out_bytes)) {
        give_up(state);
        return NULL;
    }
    return state->irp;
}

static bool transfers_data(ULONG major)
{
    return major == IRP_MJ_READ || major == IRP_MJ_WRITE;
}

/* A buffer goes the way that the device asks for in its flags. */
static bool add_data_buffer(PIRP irp, PDEVICE_OBJECT device, ULONG major, PVOID buffer, ULONG bytes)
{
    if (bytes == 0)
        return true;
    if (device->Flags & DO_BUFFERED_IO) {
        if (!add_system_buffer(irp, buffer, major == IRP_MJ_WRITE ? bytes : 0, bytes))
            return false;
        irp->UserBuffer = buffer;
        if (major == IRP_MJ_READ)
            irp->Flags |= IRP_INPUT_OPERATION;
        return true;
    }
    if (device->Flags & DO_DIRECT_IO)
        return add_mdl(irp, buffer, bytes, major == IRP_MJ_READ ? IoWriteAccess : IoReadAccess);
    irp->UserBuffer = buffer;
    return true;
}

static struct io_irp *build(ULONG major, PDEVICE_OBJECT device, PVOID buffer, ULONG bytes,
                            PLARGE_INTEGER offset, PIO_STATUS_BLOCK iosb, enum io_irp_kind kind)
{
    struct io_irp *state = start(device, kind);
    PIO_STACK_LOCATION next;

    if (state == NULL)
        return NULL;
    next = IoGetNextIrpStackLocation(state->irp);
    next->MajorFunction = (UCHAR)major;
    state->irp->UserIosb = iosb;
    if (!transfers_data(major))
        return state;
    next->Parameters.Read.Length = bytes; /* Write has the same layout */
    if (offset != NULL)
        next->Parameters.Read.ByteOffset = *offset;
    if (!add_data_buffer(state->irp, device, major, buffer, bytes)) {
        give_up(state);
        return NULL;
    }
    return state;
}

PIRP NTAPI IoBuildSynchronousFsdRequest(ULONG major, PDEVICE_OBJECT device, PVOID buffer,
                                        ULONG bytes, PLARGE_INTEGER offset, PKEVENT event,
                                        PIO_STATUS_BLOCK iosb)
{
    struct io_irp *state = build(major, device, buffer, bytes, offset, iosb, IO_IRP_THREADED);

    if (state == NULL)
        return NULL;
    state->irp->UserEvent = event;
    return state->irp;
}

PIRP NTAPI IoBuildAsynchronousFsdRequest(ULONG major, PDEVICE_OBJECT device, PVOID buffer,
                                         ULONG bytes, PLARGE_INTEGER offset, PIO_STATUS_BLOCK iosb)
{
    struct io_irp *state = build(major, device, buffer, bytes, offset, iosb, IO_IRP_PLAIN);

    return state != NULL ? state->irp : NULL;
}
