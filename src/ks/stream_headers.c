/* SPDX-License-Identifier: MIT */
/* IOCTL_KS_READ_STREAM and IOCTL_KS_WRITE_STREAM carry an array of KSSTREAM_HEADERs, each with a
 * buffer of the client's. The pages name the input buffer for it; real clients, and
 * KsProbeStreamIrp, use the output buffer, so that is looked at first. The captured headers are the
 * IRP's system buffer, which the I/O manager copies back on completion of a read, up to
 * IoStatus.Information. IOCTL_KS_READ_STREAM; KsProbeStreamIrp; KSSTREAM_HEADER. Our reading: a
 * header may be longer than the pin asked for, never shorter than KSSTREAM_HEADER, and all headers
 * of an IRP are of one size. */
#include "ks/stream_headers.h"

#include "ks/room.h"
#include "ks/user.h"

enum { HEADERS_TAG = 0x6448734b, HEADERS_MAX = 1024 };

/* Where they lie. */
struct client_list {
    void *address;
    ULONG bytes;
    bool in_output;
};

static struct client_list find_headers(PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    struct client_list list = {.in_output = stack->Parameters.DeviceIoControl.OutputBufferLength !=
                                            0};

    if (list.in_output) {
        list.address = irp->UserBuffer;
        list.bytes = stack->Parameters.DeviceIoControl.OutputBufferLength;
    } else {
        list.address = stack->Parameters.DeviceIoControl.Type3InputBuffer;
        list.bytes = stack->Parameters.DeviceIoControl.InputBufferLength;
    }
    return list;
}

PKSSTREAM_HEADER ks_stream_headers_at(const struct ks_stream_headers *headers, ULONG index)
{
    return (PKSSTREAM_HEADER)(void *)(headers->first + (SIZE_T)index * headers->size);
}

static NTSTATUS check_header(const KSSTREAM_HEADER *header, bool reads, ULONG size)
{
    if (header->Size != size)
        return STATUS_INVALID_BUFFER_SIZE;
    if (reads && header->DataUsed != 0)
        return STATUS_INVALID_BUFFER_SIZE;
    if (reads && header->OptionsFlags != 0)
        return STATUS_INVALID_PARAMETER;
    return header->DataUsed > header->FrameExtent ? STATUS_INVALID_BUFFER_SIZE : STATUS_SUCCESS;
}

static NTSTATUS check_headers(struct ks_stream_headers *headers, bool reads, ULONG wanted_size)
{
    ULONG size = ((const KSSTREAM_HEADER *)(const void *)headers->first)->Size;
    NTSTATUS status = STATUS_SUCCESS;

    if (size < sizeof(KSSTREAM_HEADER) || size % 8 != 0 || headers->bytes % size != 0 ||
        headers->bytes / size > HEADERS_MAX || (wanted_size != 0 && size != wanted_size))
        return STATUS_INVALID_BUFFER_SIZE;
    headers->size = size;
    headers->count = headers->bytes / size;
    for (ULONG i = 0; i < headers->count && NT_SUCCESS(status); i++)
        status = check_header(ks_stream_headers_at(headers, i), reads, size);
    return status;
}

static NTSTATUS copy_headers(PIRP irp, const struct client_list *list, bool reads,
                             ULONG wanted_size, struct ks_stream_headers *out)
{
    NTSTATUS status;

    out->bytes = list->bytes;
    out->first = ExAllocatePoolWithTag(NonPagedPool, list->bytes, HEADERS_TAG);
    if (out->first == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = ks_user_read(irp->RequestorMode, out->first, list->address, list->bytes);
    if (NT_SUCCESS(status))
        status = check_headers(out, reads, wanted_size);
    if (!NT_SUCCESS(status))
        ExFreePoolWithTag(out->first, HEADERS_TAG);
    return status;
}

NTSTATUS ks_stream_headers_capture(PIRP irp, bool reads, ULONG wanted_size,
                                   struct ks_stream_headers *out)
{
    struct client_list list = find_headers(irp);
    NTSTATUS status;

    if (list.bytes < sizeof(KSSTREAM_HEADER))
        return STATUS_INVALID_BUFFER_SIZE;
    if (irp->AssociatedIrp.SystemBuffer != NULL) {
        out->first = irp->AssociatedIrp.SystemBuffer;
        out->bytes = list.bytes;
        out->size = ((PKSSTREAM_HEADER)(void *)out->first)->Size;
        out->count = out->bytes / out->size;
        return STATUS_SUCCESS;
    }
    status = copy_headers(irp, &list, reads, wanted_size, out);
    if (!NT_SUCCESS(status))
        return status;
    irp->AssociatedIrp.SystemBuffer = out->first;
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    if (reads && list.in_output)
        irp->Flags |= IRP_INPUT_OPERATION;
    return STATUS_SUCCESS;
}

/* ---- Buffers --------------------------------------------------------------------------------- */

NTSTATUS ks_stream_headers_lock(PIRP irp, const KSSTREAM_HEADER *header, LOCK_OPERATION operation,
                                PMDL *mdl)
{
    *mdl = NULL;
    if (header->Data == NULL || header->FrameExtent == 0)
        return STATUS_SUCCESS;
    *mdl = IoAllocateMdl(header->Data, header->FrameExtent, irp->MdlAddress != NULL, FALSE, irp);
    if (*mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    return ks_user_lock(irp->RequestorMode, *mdl, operation);
}

void ks_stream_headers_unlock(PIRP irp)
{
    while (irp->MdlAddress != NULL) {
        PMDL mdl = irp->MdlAddress;

        irp->MdlAddress = mdl->Next;
        if ((mdl->MdlFlags & MDL_PAGES_LOCKED) != 0)
            MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
}
