/* SPDX-License-Identifier: MIT */
/* Config space by way of AVStream: the bus driver's BUS_INTERFACE_STANDARD is asked for once and kept.
 * KsDeviceGetBusData; KsDeviceSetBusData: 0 says that it did not work. */
#include "ks/device.h"
#include "ks/room.h"

static NTSTATUS ask_for_interface(struct ks_device *device)
{
    IO_STATUS_BLOCK iosb = {.Status = STATUS_NOT_SUPPORTED};
    PIO_STACK_LOCATION stack;
    KEVENT done;
    NTSTATUS status;
    PIRP irp;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, device->public.NextDeviceObject, NULL, 0, NULL,
                                       &done, &iosb);
    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    stack = IoGetNextIrpStackLocation(irp);
    stack->MinorFunction = IRP_MN_QUERY_INTERFACE;
    stack->Parameters.QueryInterface.InterfaceType = &GUID_BUS_INTERFACE_STANDARD;
    stack->Parameters.QueryInterface.Size = sizeof device->bus;
    stack->Parameters.QueryInterface.Version = 1;
    stack->Parameters.QueryInterface.Interface = (PINTERFACE)(void *)&device->bus;
    status = IofCallDriver(device->public.NextDeviceObject, irp);
    if (status != STATUS_PENDING)
        return status;
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    return iosb.Status;
}

static bool has_interface(struct ks_device *device)
{
    return device->bus.GetBusData != NULL || NT_SUCCESS(ask_for_interface(device));
}

ULONG NTAPI KsDeviceGetBusData(PKSDEVICE Device, ULONG DataType, PVOID Buffer, ULONG Offset,
                               ULONG Length)
{
    struct ks_device *device = ks_device_of(Device);

    if (!has_interface(device))
        return 0;
    return (ULONG)KE_CALL(device->bus.GetBusData, KE_ARG(device->bus.Context), DataType,
                          KE_ARG(Buffer), Offset, Length);
}

ULONG NTAPI KsDeviceSetBusData(PKSDEVICE Device, ULONG DataType, PVOID Buffer, ULONG Offset,
                               ULONG Length)
{
    struct ks_device *device = ks_device_of(Device);

    if (!has_interface(device))
        return 0;
    return (ULONG)KE_CALL(device->bus.SetBusData, KE_ARG(device->bus.Context), DataType,
                          KE_ARG(Buffer), Offset, Length);
}
