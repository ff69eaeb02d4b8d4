/* SPDX-License-Identifier: MIT */
/* IRP_MJ_DEVICE_CONTROL: which request goes to which part. All KS requests are METHOD_NEITHER;
 * requests that nobody knows are answered as KsDefaultDeviceIoCompletion answers them. KS IOCTLs.
 */
#include "ks/automation.h"
#include "ks/device.h"
#include "ks/events.h"
#include "ks/exchange.h"
#include "ks/file.h"
#include "ks/pin.h"
#include "ks/property.h"
#include "ks/room.h"
#include "ks/stream_io.h"

/* "Queries for the list of event sets, or for support of a particular event set": KSIDENTIFIER. */
static bool asks_for_event_sets(PIRP irp, NTSTATUS *status, const GUID **set)
{
    struct ks_exchange exchange;

    *status = ks_exchange_capture(irp, &exchange);
    if (!NT_SUCCESS(*status) || (exchange.request->Flags & KSEVENT_TYPE_SETSUPPORT) == 0)
        return false;
    *set = &exchange.request->Set;
    return true;
}

/* The first table that knows the event has the word. */
static NTSTATUS enable_in_tables(struct ks_file *file, PIRP irp, const struct ks_tables *tables)
{
    NTSTATUS unknown = STATUS_PROPSET_NOT_FOUND;

    for (ULONG i = 0; i < tables->count; i++) {
        const KSAUTOMATION_TABLE *table = tables->table[i];
        NTSTATUS status = ks_events_enable(file->events, irp, table->EventSetsCount,
                                           table->EventSets, table->EventItemSize);

        if (status != STATUS_PROPSET_NOT_FOUND && status != STATUS_NOT_FOUND)
            return status;
        if (status == STATUS_NOT_FOUND)
            unknown = status;
    }
    return unknown;
}

static NTSTATUS enable_event(struct ks_file *file, PIRP irp)
{
    struct ks_tables tables;
    NTSTATUS status = ks_tables_of(file, KsGetNodeIdFromIrp(irp), &tables);
    const GUID *set;

    if (!NT_SUCCESS(status))
        return status;
    if (asks_for_event_sets(irp, &status, &set))
        status = ks_tables_set_support(&tables, KS_EVENT_SETS, set, irp);
    else if (NT_SUCCESS(status))
        status = enable_in_tables(file, irp, &tables);
    ks_exchange_settle(irp);
    return status;
}

static NTSTATUS stream(struct ks_file *file, PIRP irp, ULONG code)
{
    struct ks_pin *pin;

    if (file->kind != KS_FILE_PIN)
        return STATUS_INVALID_DEVICE_REQUEST;
    pin = ks_pin_of(file->object->public);
    return code == IOCTL_KS_RESET_STATE ? ks_stream_reset(pin, irp) : ks_stream_io(pin, irp);
}

/* Between kernel-mode peers only; a pin without a callback does not know the protocol. */
static NTSTATUS handshake(struct ks_file *file, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    struct ks_pin *pin;

    if (irp->RequestorMode != KernelMode || file->kind != KS_FILE_PIN)
        return STATUS_INVALID_DEVICE_REQUEST;
    pin = ks_pin_of(file->object->public);
    if (pin->handshake == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (stack->Parameters.DeviceIoControl.InputBufferLength != sizeof(KSHANDSHAKE) ||
        stack->Parameters.DeviceIoControl.OutputBufferLength != sizeof(KSHANDSHAKE))
        return STATUS_INVALID_BUFFER_SIZE;
    irp->IoStatus.Information = sizeof(KSHANDSHAKE);
    return (NTSTATUS)KE_CALL(pin->handshake, KE_ARG(&pin->public),
                             KE_ARG(stack->Parameters.DeviceIoControl.Type3InputBuffer),
                             KE_ARG(irp->UserBuffer));
}

static NTSTATUS serve(struct ks_file *file, PIRP irp, ULONG code)
{
    switch (code) {
    case IOCTL_KS_PROPERTY:
        return ks_property_request(file, irp);
    case IOCTL_KS_METHOD:
        return ks_method_request(file, irp);
    case IOCTL_KS_ENABLE_EVENT:
        return enable_event(file, irp);
    case IOCTL_KS_DISABLE_EVENT:
        return file->events != NULL ? ks_events_disable(file->events, irp) : STATUS_UNSUCCESSFUL;
    case IOCTL_KS_READ_STREAM:
    case IOCTL_KS_WRITE_STREAM:
    case IOCTL_KS_RESET_STATE:
        return stream(file, irp, code);
    case IOCTL_KS_HANDSHAKE:
        return handshake(file, irp);
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

NTSTATUS NTAPI ks_dispatch_control(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG code = IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode;
    struct ks_file *file = ks_file_of_irp(Irp);
    NTSTATUS status;

    if (file == NULL)
        return KsDefaultDeviceIoCompletion(DeviceObject, Irp);
    if (file->kind == KS_FILE_FOREIGN)
        return KsDispatchIrp(DeviceObject, Irp);
    if (file->object != NULL && file->object->device->state == KS_DEVICE_GONE &&
        (code == IOCTL_KS_READ_STREAM || code == IOCTL_KS_WRITE_STREAM))
        return ks_complete(Irp, STATUS_DEVICE_NOT_CONNECTED);
    status = serve(file, Irp, code);
    return status == STATUS_PENDING ? status : ks_complete(Irp, status);
}

/* What a request gets that no handler wants. */
NTSTATUS NTAPI KsDefaultDeviceIoCompletion(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG code = IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode;
    bool set_request = code == IOCTL_KS_PROPERTY || code == IOCTL_KS_METHOD ||
                       code == IOCTL_KS_ENABLE_EVENT;

    UNREFERENCED_PARAMETER(DeviceObject);
    return ks_complete(Irp, set_request ? STATUS_PROPSET_NOT_FOUND : STATUS_INVALID_DEVICE_REQUEST);
}

NTSTATUS NTAPI KsDispatchInvalidDeviceRequest(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return ks_complete(Irp, STATUS_INVALID_DEVICE_REQUEST);
}
