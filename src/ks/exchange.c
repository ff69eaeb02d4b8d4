/* SPDX-License-Identifier: MIT */
/* KS requests reach their handlers with a request structure that is aligned and cannot change under
 * them, and with data in a system buffer. A query without room is answered with
 * STATUS_BUFFER_OVERFLOW, a warning, and the size in Information. KsPropertyHandler; KS Properties.
 */
#include "ks/exchange.h"

#include <string.h>

#include "ks/room.h"
#include "ks/user.h"

enum { EXCHANGE_TAG = 0x6345734b };

static ULONG data_room(ULONG data_bytes)
{
    return (ULONG)ALIGN_UP_BY(data_bytes, 8);
}

static void describe(PIRP irp, struct ks_exchange *exchange)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    UCHAR *buffer = irp->AssociatedIrp.SystemBuffer;

    exchange->request_bytes = stack->Parameters.DeviceIoControl.InputBufferLength;
    exchange->data_bytes = stack->Parameters.DeviceIoControl.OutputBufferLength;
    exchange->data = exchange->data_bytes != 0 ? buffer : NULL;
    exchange->request = (PKSIDENTIFIER)(void *)(buffer + data_room(exchange->data_bytes));
}

static NTSTATUS allocate_in_pool(PIRP irp, SIZE_T bytes, bool gives_back)
{
    irp->AssociatedIrp.SystemBuffer = ExAllocatePoolWithTag(NonPagedPool, bytes, EXCHANGE_TAG);
    if (irp->AssociatedIrp.SystemBuffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(irp->AssociatedIrp.SystemBuffer, 0, bytes);
    irp->Flags |=
        IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER | (gives_back ? IRP_INPUT_OPERATION : 0u);
    return STATUS_SUCCESS;
}

static void free_in_pool(PIRP irp)
{
    ExFreePoolWithTag(irp->AssociatedIrp.SystemBuffer, EXCHANGE_TAG);
    irp->AssociatedIrp.SystemBuffer = NULL;
    irp->Flags &= ~(ULONG)(IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER | IRP_INPUT_OPERATION);
}

/* What the requester sent, into the buffer. */
static NTSTATUS copy_in(PIRP irp, ULONG in, ULONG out)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    UCHAR *buffer = irp->AssociatedIrp.SystemBuffer;
    NTSTATUS status = ks_user_read(irp->RequestorMode, buffer, irp->UserBuffer, out);

    if (!NT_SUCCESS(status))
        return status;
    return ks_user_read(irp->RequestorMode, buffer + data_room(out),
                        stack->Parameters.DeviceIoControl.Type3InputBuffer, in);
}

/* UNDOC: where the allocator leaves the buffer. Its page gives it the IRP and no other place than
 * AssociatedIrp.SystemBuffer. */
static NTSTATUS allocate_by_driver(PIRP irp, PFNKSALLOCATOR allocator, SIZE_T bytes, ULONG one_way)
{
    KSIDENTIFIER request;
    NTSTATUS status = ks_user_read(
        irp->RequestorMode, &request,
        IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.Type3InputBuffer,
        sizeof request);

    if (!NT_SUCCESS(status))
        return status;
    status = (NTSTATUS)KE_CALL(allocator, KE_ARG(irp), bytes, (request.Flags & one_way) == 0);
    if (NT_SUCCESS(status) && irp->AssociatedIrp.SystemBuffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    return status;
}

NTSTATUS ks_exchange_capture_into(PIRP irp, PFNKSALLOCATOR allocator, ULONG one_way,
                                  struct ks_exchange *exchange)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ULONG in = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG out = stack->Parameters.DeviceIoControl.OutputBufferLength;
    SIZE_T bytes = (SIZE_T)data_room(out) + in;
    NTSTATUS status;

    if (in < sizeof(KSIDENTIFIER) || out > MAXLONG || in > MAXLONG)
        return STATUS_INVALID_BUFFER_SIZE;
    if (irp->AssociatedIrp.SystemBuffer != NULL) {
        describe(irp, exchange);
        return STATUS_SUCCESS;
    }
    irp->IoStatus.Information = 0;
    status = allocator != NULL ? allocate_by_driver(irp, allocator, bytes, one_way)
                               : allocate_in_pool(irp, bytes, out != 0);
    if (!NT_SUCCESS(status))
        return status;
    status = copy_in(irp, in, out);
    if (NT_SUCCESS(status))
        describe(irp, exchange);
    else if (allocator == NULL)
        free_in_pool(irp);
    return status;
}

NTSTATUS ks_exchange_capture(PIRP irp, struct ks_exchange *exchange)
{
    return ks_exchange_capture_into(irp, NULL, 0, exchange);
}

void ks_exchange_settle(PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    if (irp->IoStatus.Information > stack->Parameters.DeviceIoControl.OutputBufferLength)
        irp->Flags &= ~(ULONG)IRP_INPUT_OPERATION;
}

NTSTATUS ks_answer_size(PIRP irp, ULONG bytes)
{
    ULONG room = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.OutputBufferLength;

    irp->IoStatus.Information = bytes;
    if (room == 0)
        return STATUS_BUFFER_OVERFLOW;
    if (room >= bytes)
        return STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    return STATUS_BUFFER_TOO_SMALL;
}

NTSTATUS ks_answer(PIRP irp, const void *value, ULONG bytes)
{
    NTSTATUS status = ks_answer_size(irp, bytes);

    if (status == STATUS_SUCCESS)
        memcpy(irp->AssociatedIrp.SystemBuffer, value, bytes);
    return status;
}

NTSTATUS NTAPI KsHandleSizedListQuery(PIRP Irp, ULONG DataItemsCount, ULONG DataItemSize,
                                      const void *DataItems)
{
    ULONG room = IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.OutputBufferLength;
    KSMULTIPLE_ITEM head = {.Size = (ULONG)sizeof head + DataItemsCount * DataItemSize,
                            .Count = DataItemsCount};

    if (room == sizeof(ULONG))
        return ks_answer(Irp, &head.Size, sizeof head.Size);
    if (room == sizeof head)
        return ks_answer(Irp, &head, sizeof head);
    if (room < head.Size)
        return ks_answer_size(Irp, head.Size);
    memcpy(Irp->AssociatedIrp.SystemBuffer, &head, sizeof head);
    if (DataItemsCount != 0)
        memcpy((UCHAR *)Irp->AssociatedIrp.SystemBuffer + sizeof head, DataItems,
               (SIZE_T)DataItemsCount * DataItemSize);
    Irp->IoStatus.Information = head.Size;
    return STATUS_SUCCESS;
}
