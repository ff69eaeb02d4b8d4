/* SPDX-License-Identifier: MIT */
/* Config space by way of AVStream: the bus driver's BUS_INTERFACE_STANDARD is asked for once and
 * kept. KsDeviceGetBusData; KsDeviceSetBusData: 0 says that it did not work. */
#include "ks/bus.h"

#include "ks/device.h"
#include "ks/room.h"

/* The IRP holds the address of the type. */
struct question {
    GUID type;
    struct ks_answer answer;
};

NTSTATUS ks_query_interface(PDEVICE_OBJECT device, const GUID *type, USHORT version, USHORT bytes,
                            PVOID interface)
{
    struct question *question = ks_allocate(sizeof *question);
    PIO_STACK_LOCATION stack;
    NTSTATUS status;
    PIRP irp = NULL;

    if (question != NULL) {
        KeInitializeEvent(&question->answer.done, NotificationEvent, FALSE);
        irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, device, NULL, 0, NULL,
                                           &question->answer.done, &question->answer.iosb);
    }
    if (irp == NULL) {
        ks_free(question);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    question->type = *type;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    stack = IoGetNextIrpStackLocation(irp);
    stack->MinorFunction = IRP_MN_QUERY_INTERFACE;
    stack->Parameters.QueryInterface.InterfaceType = &question->type;
    stack->Parameters.QueryInterface.Size = bytes;
    stack->Parameters.QueryInterface.Version = version;
    stack->Parameters.QueryInterface.Interface = interface;
    status = ks_answer_wait(&question->answer, device, irp, NULL);
    ks_free(question);
    return status;
}

static bool has_interface(struct ks_device *device)
{
    return device->bus.GetBusData != NULL || NT_SUCCESS(ks_query_interface(
                                                   device->public.NextDeviceObject,
                                                   &GUID_BUS_INTERFACE_STANDARD, 1,
                                                   sizeof device->bus, &device->bus));
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
