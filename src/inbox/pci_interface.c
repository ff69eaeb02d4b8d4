/* SPDX-License-Identifier: MIT */
/* BUS_INTERFACE_STANDARD: bus addresses, the DMA adapter and config space by direct call instead of
 * IRPs. All numbers are documented with the structure; the context is the PDO. */
#include <string.h>

#include "base/base.h"
#include "inbox/internal.h"
#include "wdk/guids.h"

static void NTAPI interface_reference(PVOID context)
{
    inbox_device_of(context)->interface_references++;
}

static void NTAPI interface_dereference(PVOID context)
{
    struct inbox_device *device = inbox_device_of(context);

    if (device->interface_references > 0)
        device->interface_references--;
}

/* On a PC the CPU and the bus see device addresses alike. */
static BOOLEAN NTAPI translate(PVOID context, PHYSICAL_ADDRESS bus, ULONG length, PULONG space,
                               PPHYSICAL_ADDRESS out)
{
    (void)context;
    (void)length;
    (void)space;
    *out = bus;
    return TRUE;
}

static PDMA_ADAPTER NTAPI get_dma_adapter(PVOID context, PDEVICE_DESCRIPTION description,
                                          PULONG map_registers)
{
    return hal_get_adapter(inbox_device_of(context)->slot, description, map_registers);
}

static ULONG NTAPI set_bus_data(PVOID context, ULONG type, PVOID buffer, ULONG offset, ULONG length)
{
    if (type != PCI_WHICHSPACE_CONFIG)
        return 0;
    return hal_slot_write_config(inbox_device_of(context)->slot, buffer, offset, length);
}

static ULONG NTAPI get_bus_data(PVOID context, ULONG type, PVOID buffer, ULONG offset, ULONG length)
{
    if (type != PCI_WHICHSPACE_CONFIG)
        return 0;
    return hal_slot_read_config(inbox_device_of(context)->slot, buffer, offset, length);
}

NTSTATUS inbox_query_interface(struct inbox_device *device, PIO_STACK_LOCATION stack)
{
    BUS_INTERFACE_STANDARD bus = {
        .Size = sizeof bus, .Version = 1, .Context = device->pdo,
        .InterfaceReference =
            ke_thunk((const void *)interface_reference, "BUS_INTERFACE.Reference", 0),
        .InterfaceDereference =
            ke_thunk((const void *)interface_dereference, "BUS_INTERFACE.Dereference", 0),
        .TranslateBusAddress =
            ke_thunk((const void *)translate, "BUS_INTERFACE.TranslateBusAddress", 1),
        .GetDmaAdapter = ke_thunk((const void *)get_dma_adapter, "BUS_INTERFACE.GetDmaAdapter", 0),
        .SetBusData = ke_thunk((const void *)set_bus_data, "BUS_INTERFACE.SetBusData", 1),
        .GetBusData = ke_thunk((const void *)get_bus_data, "BUS_INTERFACE.GetBusData", 1)};

    if (memcmp(stack->Parameters.QueryInterface.InterfaceType, &GUID_BUS_INTERFACE_STANDARD,
               sizeof(GUID)) != 0)
        return STATUS_NOT_SUPPORTED;
    if (stack->Parameters.QueryInterface.Size < sizeof bus)
        return STATUS_INVALID_PARAMETER;
    memcpy(stack->Parameters.QueryInterface.Interface, &bus, sizeof bus);
    interface_reference(device->pdo);
    return STATUS_SUCCESS;
}
