/* SPDX-License-Identifier: MIT */
/* PnP and power of devices whose driver has nothing of its own to do there: everything goes down
 * the stack; at REMOVE_DEVICE header and device object go too, and power routines of object headers
 * are called before a power request leaves. KsSetPowerDispatch; KsSetDevicePnpAndBaseObject; the
 * two functions have no pages.
 * UNDOC: what is removed when. The device is detached and deleted after the lower drivers have seen
 * the request.
 * UNDOC: requests of a header without a PnP device. They are completed as they stand. */
#include "ks/device.h"
#include "ks/file.h"
#include "ks/room.h"

static struct ks_device_header *header_of(PDEVICE_OBJECT device)
{
    return ks_header_of(*(PVOID *)device->DeviceExtension);
}

static NTSTATUS remove_device(PDEVICE_OBJECT device, PIRP irp)
{
    struct ks_device_header *header = header_of(device);
    PDEVICE_OBJECT next = header->pnp_device;
    NTSTATUS status;

    irp->IoStatus.Status = STATUS_SUCCESS;
    status = next != NULL ? ks_forward(next, irp) : ks_complete(irp, STATUS_SUCCESS);
    KsFreeDeviceHeader(header);
    if (next != NULL)
        IoDetachDevice(next);
    IoDeleteDevice(device);
    return status;
}

NTSTATUS NTAPI KsDefaultDispatchPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDEVICE_OBJECT next = header_of(DeviceObject)->pnp_device;

    if (IoGetCurrentIrpStackLocation(Irp)->MinorFunction == IRP_MN_REMOVE_DEVICE)
        return remove_device(DeviceObject, Irp);
    return next != NULL ? ks_forward(next, Irp) : ks_complete(Irp, Irp->IoStatus.Status);
}

/* The routine may take its own entry away. */
static void tell_objects(struct ks_device_header *header, PIRP irp)
{
    PLIST_ENTRY link = header->objects.Flink;

    while (link != &header->objects) {
        struct ks_file *file = CONTAINING_RECORD(link, struct ks_file, header_link);

        link = link->Flink;
        if (file->power != NULL)
            KE_CALL(file->power, KE_ARG(file->power_context), KE_ARG(irp));
    }
}

NTSTATUS NTAPI KsDefaultDispatchPower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct ks_device_header *header = header_of(DeviceObject);

    tell_objects(header, Irp);
    PoStartNextPowerIrp(Irp);
    if (header->pnp_device == NULL)
        return ks_complete(Irp, Irp->IoStatus.Status);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(header->pnp_device, Irp);
}
