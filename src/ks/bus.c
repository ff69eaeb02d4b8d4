/* SPDX-License-Identifier: MIT */
/* Config space by way of AVStream: the bus driver's BUS_INTERFACE_STANDARD is asked for once and
 * kept. KsDeviceGetBusData; KsDeviceSetBusData: 0 says that it did not work. */
#include "ks/device.h"
#include "ks/room.h"

static NTSTATUS ask_for_interface(struct ks_device *device)
{
    struct ks_answer *answer = ks_answer_create();
    PIO_STACK_LOCATION stack;
    NTSTATUS status;
    PIRP irp = NULL;

    if (answer != NULL)
        irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, device->public.NextDeviceObject, NULL, 0,
                                           NULL, &answer->done, &answer->iosb);
    if (irp == NULL) {
        ks_free(answer);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    device->bus_type = GUID_BUS_INTERFACE_STANDARD; /* the IRP holds its address */
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    stack = IoGetNextIrpStackLocation(irp);
    stack->MinorFunction = IRP_MN_QUERY_INTERFACE;
    stack->Parameters.QueryInterface.InterfaceType = &device->bus_type;
    stack->Parameters.QueryInterface.Size = sizeof device->bus;
    stack->Parameters.QueryInterface.Version = 1;
    stack->Parameters.QueryInterface.Interface = (PINTERFACE)(void *)&device->bus;
    status = ks_answer_wait(answer, device->public.NextDeviceObject, irp, NULL);
    ks_free(answer);
    return status;
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
