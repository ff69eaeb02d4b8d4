/* SPDX-License-Identifier: MIT */
/* Stream IRPs of drivers that handle them themselves: headers are copied to the system buffer,
 * buffers get MDLs and are locked, as the flags say; to do it again does no harm.
 * KsProbeStreamIrp; KsAllocateExtraData; KsAcquireResetValue.
 * UNDOC: TYPECHANGED in a header without ALLOWFORMATCHANGE, or in one of several, or in a read.
 * STATUS_INVALID_PARAMETER.
 * UNDOC: KsAllocateExtraData of an IRP whose headers were not probed. STATUS_INVALID_PARAMETER, as
 * for an extra size that is no multiple of 8. */
#include <string.h>

#include "ks/room.h"
#include "ks/stream_headers.h"
#include "ks/user.h"

enum { EXTRA_TAG = 0x7845734b };

static LOCK_OPERATION operation_for(ULONG flags)
{
    if ((flags & KSPROBE_MODIFY) != 0)
        return IoModifyAccess;
    return (flags & KSPROBE_STREAMWRITE) != 0 ? IoReadAccess : IoWriteAccess;
}

/* ---- Format changes -------------------------------------------------------------------------- */

/* One header of the plain length, whatever length the caller expects. */
static NTSTATUS check_format_change(const struct ks_stream_headers *headers, ULONG flags)
{
    for (ULONG i = 0; i < headers->count; i++) {
        if ((ks_stream_headers_at(headers, i)->OptionsFlags &
             KSSTREAM_HEADER_OPTIONSF_TYPECHANGED) == 0)
            continue;
        if ((flags & KSPROBE_ALLOWFORMATCHANGE) == 0 || (flags & KSPROBE_STREAMWRITE) == 0 ||
            headers->count != 1 || headers->size != sizeof(KSSTREAM_HEADER))
            return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* A format change in place of headers of an extended length. */
static NTSTATUS capture(PIRP irp, ULONG flags, ULONG header_size, struct ks_stream_headers *headers)
{
    bool may_change = (flags & (KSPROBE_STREAMWRITE | KSPROBE_ALLOWFORMATCHANGE)) ==
                      (KSPROBE_STREAMWRITE | KSPROBE_ALLOWFORMATCHANGE);
    NTSTATUS status = ks_stream_headers_capture(irp, (flags & KSPROBE_STREAMWRITE) == 0,
                                                may_change ? 0 : header_size, headers);

    if (!NT_SUCCESS(status))
        return status;
    status = check_format_change(headers, flags);
    if (!NT_SUCCESS(status) || header_size == 0 || headers->size == header_size)
        return status;
    return (ks_stream_headers_at(headers, 0)->OptionsFlags &
            KSSTREAM_HEADER_OPTIONSF_TYPECHANGED) != 0
               ? STATUS_SUCCESS
               : STATUS_INVALID_BUFFER_SIZE;
}

/* ---- MDLs ------------------------------------------------------------------------------------ */

static bool has_data(const KSSTREAM_HEADER *header)
{
    return header->Data != NULL && header->FrameExtent != 0;
}

static NTSTATUS allocate_all(PIRP irp, const struct ks_stream_headers *headers)
{
    for (ULONG i = 0; i < headers->count; i++) {
        const KSSTREAM_HEADER *header = ks_stream_headers_at(headers, i);

        if (has_data(header) && IoAllocateMdl(header->Data, header->FrameExtent,
                                              irp->MdlAddress != NULL, FALSE, irp) == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS lock_all(PIRP irp, ULONG flags)
{
    enum { READY = MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL };
    NTSTATUS status = STATUS_SUCCESS;

    for (PMDL mdl = irp->MdlAddress; mdl != NULL && NT_SUCCESS(status); mdl = mdl->Next) {
        if ((mdl->MdlFlags & READY) == 0)
            status = ks_user_lock(irp->RequestorMode, mdl, operation_for(flags));
        if (NT_SUCCESS(status) && (flags & KSPROBE_SYSTEMADDRESS) != 0 &&
            MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == NULL)
            status = STATUS_INSUFFICIENT_RESOURCES;
    }
    return status;
}

NTSTATUS NTAPI KsProbeStreamIrp(PIRP Irp, ULONG ProbeFlags, ULONG HeaderSize)
{
    struct ks_stream_headers headers;
    NTSTATUS status = capture(Irp, ProbeFlags, HeaderSize, &headers);

    if (!NT_SUCCESS(status) || (ProbeFlags & KSPROBE_ALLOCATEMDL) == 0)
        return status;
    if (Irp->MdlAddress == NULL)
        status = allocate_all(Irp, &headers);
    if (NT_SUCCESS(status) && (ProbeFlags & KSPROBE_PROBEANDLOCK) != 0)
        status = lock_all(Irp, ProbeFlags);
    if (!NT_SUCCESS(status))
        ks_stream_headers_unlock(Irp);
    return status;
}

/* ---- More room, and resets ------------------------------------------------------------------- */

NTSTATUS NTAPI KsAllocateExtraData(PIRP Irp, ULONG ExtraSize, PVOID *ExtraBuffer)
{
    struct ks_stream_headers headers;
    UCHAR *buffer;
    NTSTATUS status;

    if (ExtraSize % 8 != 0 || ExtraSize > MAXLONG || Irp->AssociatedIrp.SystemBuffer == NULL)
        return STATUS_INVALID_PARAMETER;
    status = ks_stream_headers_capture(Irp, false, 0, &headers); /* finds those that are there */
    if (!NT_SUCCESS(status))
        return status;
    buffer = ExAllocatePoolWithTag(
        NonPagedPool, (SIZE_T)headers.count * ((SIZE_T)headers.size + ExtraSize), EXTRA_TAG);
    if (buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *ExtraBuffer = buffer;
    for (ULONG i = 0; i < headers.count; i++) {
        memcpy(buffer, ks_stream_headers_at(&headers, i), headers.size);
        memset(buffer + headers.size, 0, ExtraSize);
        buffer += (SIZE_T)headers.size + ExtraSize;
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KsAcquireResetValue(PIRP Irp, KSRESET *ResetValue)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS status;
    KSRESET reset;

    if (stack->Parameters.DeviceIoControl.InputBufferLength < sizeof reset)
        return STATUS_INVALID_BUFFER_SIZE;
    status = ks_user_read(Irp->RequestorMode, &reset,
                          stack->Parameters.DeviceIoControl.Type3InputBuffer, sizeof reset);
    if (!NT_SUCCESS(status))
        return status;
    if (reset != KSRESET_BEGIN && reset != KSRESET_END)
        return STATUS_INVALID_PARAMETER;
    *ResetValue = reset;
    return STATUS_SUCCESS;
}
