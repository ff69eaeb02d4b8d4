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

NTSTATUS ks_exchange_capture(PIRP irp, struct ks_exchange *exchange)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ULONG in = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG out = stack->Parameters.DeviceIoControl.OutputBufferLength;
    SIZE_T bytes = (SIZE_T)data_room(out) + in;
    UCHAR *buffer;
    NTSTATUS status;

    if (in < sizeof(KSIDENTIFIER) || out > MAXLONG || in > MAXLONG)
        return STATUS_INVALID_BUFFER_SIZE;
    if (irp->AssociatedIrp.SystemBuffer != NULL) {
        describe(irp, exchange);
        return STATUS_SUCCESS;
    }
    buffer = ExAllocatePoolWithTag(NonPagedPool, bytes, EXCHANGE_TAG);
    if (buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(buffer, 0, bytes);
    status = ks_user_read(irp->RequestorMode, buffer, irp->UserBuffer, out);
    if (NT_SUCCESS(status))
        status = ks_user_read(irp->RequestorMode, buffer + data_room(out),
                              stack->Parameters.DeviceIoControl.Type3InputBuffer, in);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(buffer, EXCHANGE_TAG);
        return status;
    }
    irp->AssociatedIrp.SystemBuffer = buffer;
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER | (out != 0 ? IRP_INPUT_OPERATION : 0u);
    irp->IoStatus.Information = 0;
    describe(irp, exchange);
    return STATUS_SUCCESS;
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
    ks_answer(Irp, &head, head.Size > sizeof head ? (ULONG)sizeof head : head.Size);
    memcpy((UCHAR *)Irp->AssociatedIrp.SystemBuffer + sizeof head, DataItems,
           (SIZE_T)DataItemsCount * DataItemSize);
    Irp->IoStatus.Information = head.Size;
    return STATUS_SUCCESS;
}
