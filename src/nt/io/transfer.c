/* SPDX-License-Identifier: MIT */
/* Reading and writing by handle, as drivers do it to other devices: IRP_MJ_READ and IRP_MJ_WRITE
 * with the buffer in the form that the device's flags ask for. Synchronous whatever the handle; an
 * event that was given is set. A file system keeps the position of a synchronous file itself, and
 * an asynchronous file has none: its requests must say where ("ZwReadFile", ByteOffset). For
 * devices the position moves on with requests that are given no offset. Not here: APC routines. */
#include "io/state.h"

static NTSTATUS send(PFILE_OBJECT file, ULONG major, PVOID buffer, ULONG bytes,
                     PLARGE_INTEGER offset, PIO_STATUS_BLOCK iosb)
{
    struct io *io = io_of(ke_current());
    PDEVICE_OBJECT top = IoGetRelatedDeviceObject(file);
    IO_STATUS_BLOCK *result = ExAllocatePoolWithTag(NonPagedPool, sizeof *result, IO_TAG_BUFFER);
    PKEVENT done = io_event_take(io);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    PIRP irp = NULL;

    if (result != NULL && done != NULL)
        irp = IoBuildSynchronousFsdRequest(major, top, buffer, bytes, offset, done, result);
    if (irp != NULL) {
        irp->Tail.Overlay.OriginalFileObject = file;
        IoGetNextIrpStackLocation(irp)->FileObject = file;
        status = IofCallDriver(top, irp);
        if (status == STATUS_PENDING)
            KeWaitForSingleObject(done, Executive, KernelMode, FALSE, NULL);
        *iosb = *result;
        status = iosb->Status;
    }
    if (done != NULL)
        io_event_give(io, done);
    if (result != NULL)
        ExFreePoolWithTag(result, IO_TAG_BUFFER);
    return status;
}

static bool is_of_file_system(PFILE_OBJECT file)
{
    return file->DeviceObject->DeviceType == FILE_DEVICE_DISK_FILE_SYSTEM;
}

/* No offset, or the one that stands for the position, is that of a synchronous file. */
static NTSTATUS find_offset(PFILE_OBJECT file, PLARGE_INTEGER offset, PLARGE_INTEGER out)
{
    bool at_position = offset == NULL ||
                       offset->QuadPart == (LONGLONG)(int32_t)FILE_USE_FILE_POINTER_POSITION;

    if (!at_position) {
        *out = *offset;
        return STATUS_SUCCESS;
    }
    if (is_of_file_system(file) && !(file->Flags & FO_SYNCHRONOUS_IO))
        return STATUS_INVALID_PARAMETER;
    *out = file->CurrentByteOffset;
    return STATUS_SUCCESS;
}

static NTSTATUS transfer(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc, PIO_STATUS_BLOCK iosb,
                         ULONG major, PVOID buffer, ULONG bytes, PLARGE_INTEGER offset)
{
    struct io *io = io_of(ke_current());
    LARGE_INTEGER position;
    PFILE_OBJECT file;
    void *body;
    NTSTATUS status = ob_handle_body(io->ob, handle, OB_TYPE_FILE, &body);

    if (!NT_SUCCESS(status))
        return status;
    if (apc != NULL)
        weir_not_implemented("ZwReadFile or ZwWriteFile with an APC routine");
    file = body;
    status = find_offset(file, offset, &position);
    if (!NT_SUCCESS(status))
        return status;
    status = send(file, major, buffer, bytes, &position, iosb);
    if (NT_SUCCESS(status) && offset == NULL && !is_of_file_system(file))
        file->CurrentByteOffset.QuadPart += (LONGLONG)iosb->Information;
    if (event != NULL)
        (void)ZwSetEvent(event, NULL);
    return status;
}

NTSTATUS NTAPI ZwReadFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc, PVOID apc_context,
                          PIO_STATUS_BLOCK iosb, PVOID buffer, ULONG bytes, PLARGE_INTEGER offset,
                          PULONG key)
{
    (void)apc_context;
    (void)key;
    return transfer(handle, event, apc, iosb, IRP_MJ_READ, buffer, bytes, offset);
}

NTSTATUS NTAPI ZwWriteFile(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc, PVOID apc_context,
                           PIO_STATUS_BLOCK iosb, PVOID buffer, ULONG bytes,
                           PLARGE_INTEGER offset, PULONG key)
{
    (void)apc_context;
    (void)key;
    return transfer(handle, event, apc, iosb, IRP_MJ_WRITE, buffer, bytes, offset);
}

NTSTATUS NTAPI ZwFlushBuffersFile(HANDLE handle, PIO_STATUS_BLOCK iosb)
{
    struct io *io = io_of(ke_current());
    void *body;
    NTSTATUS status = ob_handle_body(io->ob, handle, OB_TYPE_FILE, &body);

    return NT_SUCCESS(status) ? send(body, IRP_MJ_FLUSH_BUFFERS, NULL, 0, NULL, iosb) : status;
}
