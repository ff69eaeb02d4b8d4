/* SPDX-License-Identifier: MIT */
/* PnP and power requests at the bottom of the stack. The bus driver answers what it knows and
 * completes everything else with the status it came with. Plug and Play Minor IRPs; Bus Driver
 * Power Management. */
#include <string.h>

#include "base/base.h"
#include "inbox/internal.h"
#include "wdk/guids.h"

typedef NTSTATUS pnp_minor_fn(struct inbox_device *device, PIRP irp, PIO_STACK_LOCATION stack);

/* Text as the asker frees it: paged pool. ids may be a list of strings that ends in an empty
 * one. */
static NTSTATUS give_text(PIRP irp, const char *ids, size_t count)
{
    PWCH text = ExAllocatePoolWithTag(PagedPool, count * sizeof(WCHAR), INBOX_TAG);

    if (text == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (size_t i = 0; i < count; i++)
        text[i] = (WCHAR)(unsigned char)ids[i];
    irp->IoStatus.Information = (ULONG_PTR)text;
    return STATUS_SUCCESS;
}

static size_t list_length(const char *list)
{
    size_t used = 0;

    while (list[used] != 0)
        used += strlen(list + used) + 1;
    return used + 1;
}

static NTSTATUS query_id(struct inbox_device *device, PIRP irp, PIO_STACK_LOCATION stack)
{
    switch (stack->Parameters.QueryId.IdType) {
    case BusQueryDeviceID:
        return give_text(irp, device->device_id, strlen(device->device_id) + 1);
    case BusQueryInstanceID:
        return give_text(irp, device->instance_id, strlen(device->instance_id) + 1);
    case BusQueryHardwareIDs:
        return give_text(irp, device->ids.hardware, list_length(device->ids.hardware));
    case BusQueryCompatibleIDs:
        if (device->ids.compatible[0] == 0)
            return irp->IoStatus.Status;
        return give_text(irp, device->ids.compatible, list_length(device->ids.compatible));
    default:
        return irp->IoStatus.Status;
    }
}

static NTSTATUS query_text(struct inbox_device *device, PIRP irp, PIO_STACK_LOCATION stack)
{
    const char *text = stack->Parameters.QueryDeviceText.DeviceTextType == DeviceTextDescription
                           ? device->description
                           : device->location;

    return text[0] != 0 ? give_text(irp, text, strlen(text) + 1) : irp->IoStatus.Status;
}

static NTSTATUS query_capabilities(struct inbox_device *device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PDEVICE_CAPABILITIES capabilities = stack->Parameters.DeviceCapabilities.Capabilities;

    (void)irp;
    if (capabilities->Version != 1 || capabilities->Size < sizeof *capabilities)
        return STATUS_UNSUCCESSFUL;
    if (device->slot != NULL) {
        capabilities->Address = hal_slot_number(device->slot);
        capabilities->UINumber = hal_slot_number(device->slot) >> 16;
        capabilities->DeviceWake = PowerDeviceUnspecified;
        capabilities->SystemWake = PowerSystemUnspecified;
    }
    capabilities->DeviceState[PowerSystemWorking] = PowerDeviceD0;
    for (unsigned i = PowerSystemSleeping1; i < PowerSystemMaximum; i++)
        capabilities->DeviceState[i] = PowerDeviceD3;
    return STATUS_SUCCESS;
}

static NTSTATUS query_bus(struct inbox_device *device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PPNP_BUS_INFORMATION bus;

    (void)stack;
    if (device->slot == NULL)
        return irp->IoStatus.Status;
    bus = ExAllocatePoolWithTag(PagedPool, sizeof *bus, INBOX_TAG);
    if (bus == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *bus = (PNP_BUS_INFORMATION){.BusTypeGuid = GUID_BUS_TYPE_PCI, .LegacyBusType = PCIBus};
    irp->IoStatus.Information = (ULONG_PTR)bus;
    return STATUS_SUCCESS;
}

static NTSTATUS query_target(struct inbox_device *device, PIRP irp, PIO_STACK_LOCATION stack)
{
    PDEVICE_RELATIONS relations;

    if (stack->Parameters.QueryDeviceRelations.Type != TargetDeviceRelation)
        return irp->IoStatus.Status;
    relations = ExAllocatePoolWithTag(PagedPool, sizeof *relations, INBOX_TAG);
    if (relations == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    relations->Count = 1;
    relations->Objects[0] = device->pdo;
    ObReferenceObject(device->pdo);
    irp->IoStatus.Information = (ULONG_PTR)relations;
    return STATUS_SUCCESS;
}

static NTSTATUS start(struct inbox_device *device, PIRP irp, PIO_STACK_LOCATION stack)
{
    (void)irp;
    (void)stack;
    return device->slot != NULL ? hal_slot_enable(device->slot) : STATUS_SUCCESS;
}

static NTSTATUS stop(struct inbox_device *device, PIRP irp, PIO_STACK_LOCATION stack)
{
    (void)irp;
    (void)stack;
    if (device->slot != NULL)
        hal_slot_disable(device->slot);
    return STATUS_SUCCESS;
}

static NTSTATUS agree(struct inbox_device *device, PIRP irp, PIO_STACK_LOCATION stack)
{
    (void)device;
    (void)irp;
    (void)stack;
    return STATUS_SUCCESS;
}

static NTSTATUS query_interface(struct inbox_device *device, PIRP irp, PIO_STACK_LOCATION stack)
{
    NTSTATUS status = STATUS_NOT_SUPPORTED;

    if (device->slot != NULL)
        status = inbox_query_interface(device, stack);
    return status == STATUS_NOT_SUPPORTED ? irp->IoStatus.Status : status;
}

static NTSTATUS config(struct inbox_device *device, PIRP irp, PIO_STACK_LOCATION stack)
{
    bool write = stack->MinorFunction == IRP_MN_WRITE_CONFIG;
    PVOID buffer = stack->Parameters.ReadWriteConfig.Buffer;
    ULONG offset = stack->Parameters.ReadWriteConfig.Offset;
    ULONG length = stack->Parameters.ReadWriteConfig.Length;

    if (device->slot == NULL ||
        stack->Parameters.ReadWriteConfig.WhichSpace != PCI_WHICHSPACE_CONFIG)
        return STATUS_INVALID_PARAMETER;
    irp->IoStatus.Information =
        write ? hal_slot_write_config(device->slot, buffer, offset, length)
              : hal_slot_read_config(device->slot, buffer, offset, length);
    return irp->IoStatus.Information == length ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

static pnp_minor_fn *const minors[] = {
    [IRP_MN_START_DEVICE] = start,
    [IRP_MN_QUERY_REMOVE_DEVICE] = agree,
    [IRP_MN_REMOVE_DEVICE] = stop,
    [IRP_MN_CANCEL_REMOVE_DEVICE] = agree,
    [IRP_MN_STOP_DEVICE] = stop,
    [IRP_MN_QUERY_STOP_DEVICE] = agree,
    [IRP_MN_CANCEL_STOP_DEVICE] = agree,
    [IRP_MN_QUERY_DEVICE_RELATIONS] = query_target,
    [IRP_MN_QUERY_INTERFACE] = query_interface,
    [IRP_MN_QUERY_CAPABILITIES] = query_capabilities,
    [IRP_MN_QUERY_RESOURCES] = inbox_query_resources,
    [IRP_MN_QUERY_RESOURCE_REQUIREMENTS] = inbox_query_requirements,
    [IRP_MN_QUERY_DEVICE_TEXT] = query_text,
    [IRP_MN_QUERY_ID] = query_id,
    [IRP_MN_QUERY_BUS_INFORMATION] = query_bus,
    [IRP_MN_READ_CONFIG] = config,
    [IRP_MN_WRITE_CONFIG] = config,
    [IRP_MN_SURPRISE_REMOVAL] = stop,
};

NTSTATUS NTAPI inbox_dispatch_pnp(PDEVICE_OBJECT pdo, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    struct inbox_device *device = inbox_device_of(pdo);

    weir_assert(device != NULL);
    if (stack->MinorFunction >= ARRAY_LEN(minors) || minors[stack->MinorFunction] == NULL)
        return inbox_complete(irp, irp->IoStatus.Status);
    return inbox_complete(irp, minors[stack->MinorFunction](device, irp, stack));
}

static void set_device_power(struct inbox_device *device, DEVICE_POWER_STATE state)
{
    struct io_node *node = io_node_of(device->pdo);

    if (device->slot != NULL)
        hw_power(hal_slot_device(device->slot), (unsigned)(state - PowerDeviceD0));
    if (node != NULL)
        node->power = state;
}

/* A device state is set here, last on the way down and first on the way up. */
NTSTATUS NTAPI inbox_dispatch_power(PDEVICE_OBJECT pdo, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    struct inbox_device *device = inbox_device_of(pdo);

    weir_assert(device != NULL);
    if (stack->MinorFunction != IRP_MN_SET_POWER && stack->MinorFunction != IRP_MN_QUERY_POWER)
        return inbox_complete(irp, irp->IoStatus.Status);
    if (stack->MinorFunction == IRP_MN_SET_POWER &&
        stack->Parameters.Power.Type == DevicePowerState)
        set_device_power(device, stack->Parameters.Power.State.DeviceState);
    return inbox_complete(irp, STATUS_SUCCESS);
}
