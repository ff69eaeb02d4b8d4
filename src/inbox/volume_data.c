/* SPDX-License-Identifier: MIT */
/* Bytes in and out ("ZwReadFile", "ZwWriteFile"). Every request ends at once. A synchronous file's
 * position follows what was transferred. */
#include <string.h>

#include "inbox/volume.h"

static PVOID buffer_of(PIRP irp)
{
    if (irp->MdlAddress != NULL)
        return MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);
    return irp->AssociatedIrp.SystemBuffer != NULL ? irp->AssociatedIrp.SystemBuffer
                                                   : irp->UserBuffer;
}

static bool is_aligned(const struct volume_open *open, uint64_t offset, ULONG length)
{
    return !(open->options & FILE_NO_INTERMEDIATE_BUFFERING) ||
           (offset % VOLUME_SECTOR_BYTES == 0 && length % VOLUME_SECTOR_BYTES == 0);
}

static void move_position(PFILE_OBJECT file, uint64_t offset, ULONG_PTR count)
{
    if (file->Flags & FO_SYNCHRONOUS_IO)
        file->CurrentByteOffset.QuadPart = (LONGLONG)(offset + count);
}

NTSTATUS volume_read(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct volume_open *open = volume_open_of(volume, stack->FileObject);
    uint64_t offset = (uint64_t)stack->Parameters.Read.ByteOffset.QuadPart;
    ULONG length = stack->Parameters.Read.Length;

    irp->IoStatus.Information = 0;
    if (open == NULL || open->cleaned_up)
        return STATUS_FILE_CLOSED;
    if (open->node->directory)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (!(open->access & (FILE_READ_DATA | FILE_EXECUTE)))
        return STATUS_ACCESS_DENIED;
    if (offset > INT64_MAX || !is_aligned(open, offset, length))
        return STATUS_INVALID_PARAMETER;
    if (length == 0)
        return STATUS_SUCCESS;
    if (offset >= open->node->size_bytes)
        return STATUS_END_OF_FILE;
    if (length > open->node->size_bytes - offset)
        length = (ULONG)(open->node->size_bytes - offset);
    memcpy(buffer_of(irp), open->node->bytes + offset, length);
    KeQuerySystemTime(&open->node->accessed);
    irp->IoStatus.Information = length;
    move_position(stack->FileObject, offset, length);
    return STATUS_SUCCESS;
}

/* All ones mean the end of the file, and so does any offset to who may only append. */
static uint64_t write_offset(const struct volume_open *open, PIO_STACK_LOCATION stack)
{
    uint64_t offset = (uint64_t)stack->Parameters.Write.ByteOffset.QuadPart;

    if (offset == UINT64_MAX || !(open->access & FILE_WRITE_DATA))
        return open->node->size_bytes;
    return offset;
}

NTSTATUS volume_write(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct volume_open *open = volume_open_of(volume, stack->FileObject);
    ULONG length = stack->Parameters.Write.Length;
    NTSTATUS status = STATUS_SUCCESS;
    uint64_t offset;

    irp->IoStatus.Information = 0;
    if (open == NULL || open->cleaned_up)
        return STATUS_FILE_CLOSED;
    if (open->node->directory)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (!(open->access & (FILE_WRITE_DATA | FILE_APPEND_DATA)))
        return STATUS_ACCESS_DENIED;
    offset = write_offset(open, stack);
    if (offset > INT64_MAX || !is_aligned(open, offset, length))
        return STATUS_INVALID_PARAMETER;
    if (length == 0)
        return STATUS_SUCCESS;
    if (offset > VOLUME_BYTES_MAX)
        return STATUS_DISK_FULL;
    if (offset + length > open->node->size_bytes)
        status = volume_resize(volume, open->node, offset + length);
    if (!NT_SUCCESS(status))
        return status;
    memcpy(open->node->bytes + offset, buffer_of(irp), length);
    volume_touch(open->node);
    irp->IoStatus.Information = length;
    move_position(stack->FileObject, offset, length);
    return STATUS_SUCCESS;
}

NTSTATUS volume_flush(struct inbox_volume *volume, PIRP irp, PIO_STACK_LOCATION stack)
{
    struct volume_open *open = volume_open_of(volume, stack->FileObject);

    irp->IoStatus.Information = 0;
    if (open == NULL)
        return STATUS_FILE_CLOSED;
    return open->access & (FILE_WRITE_DATA | FILE_APPEND_DATA) || open->node->directory
               ? STATUS_SUCCESS
               : STATUS_ACCESS_DENIED;
}
