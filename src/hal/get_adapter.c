/* SPDX-License-Identifier: MIT */
/* IoGetDmaAdapter asks the device's bus driver for its BUS_INTERFACE_STANDARD, whose GetDmaAdapter
 * knows the device behind the PDO. Where the bus driver has none, the adapter is that of a device
 * without hardware. A description that leaves the bus open gets the one the bus driver names.
 * IoGetDmaAdapter, BUS_INTERFACE_STANDARD, IRP_MN_QUERY_INTERFACE; DEVICE_DESCRIPTION,
 * InterfaceType. */
#include <string.h>

#include "hal/adapter.h"
#include "wdk/guids.h"

enum { TAG = 0x47616D44 /* "DmaG" */ };

/* In pool, because the IRP points to it while other drivers have the IRP. */
struct query {
    KEVENT done;
    IO_STATUS_BLOCK result;
    GUID type;
    BUS_INTERFACE_STANDARD bus;
};

static bool query_bus(PDEVICE_OBJECT pdo, struct query *query)
{
    PIO_STACK_LOCATION stack;
    NTSTATUS status;
    PIRP irp;

    query->type = GUID_BUS_INTERFACE_STANDARD;
    KeInitializeEvent(&query->done, NotificationEvent, FALSE);
    irp =
        IoBuildSynchronousFsdRequest(IRP_MJ_PNP, pdo, NULL, 0, NULL, &query->done, &query->result);
    if (irp == NULL)
        return false;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    stack = IoGetNextIrpStackLocation(irp);
    stack->MinorFunction = IRP_MN_QUERY_INTERFACE;
    stack->Parameters.QueryInterface.InterfaceType = &query->type;
    stack->Parameters.QueryInterface.Size = sizeof query->bus;
    stack->Parameters.QueryInterface.Version = 1;
    stack->Parameters.QueryInterface.Interface = (PINTERFACE)&query->bus;
    status = IoCallDriver(pdo, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&query->done, Executive, KernelMode, FALSE, NULL);
        status = query->result.Status;
    }
    return NT_SUCCESS(status);
}

/* What a fault of the IOMMU names (bus.c). */
static void remember_pdo(PDMA_ADAPTER object, PDEVICE_OBJECT pdo)
{
    struct hal_adapter *adapter = object != NULL ? adapter_of(object) : NULL;

    if (adapter != NULL && adapter->slot != NULL)
        adapter->slot->pdo = pdo;
}

static PDMA_ADAPTER from_bus(PDEVICE_OBJECT pdo, PDEVICE_DESCRIPTION description,
                             PULONG map_registers, bool *answered)
{
    struct query *query = ExAllocatePoolWithTag(NonPagedPool, sizeof *query, TAG);
    PDMA_ADAPTER adapter = NULL;

    if (query == NULL)
        return NULL;
    memset(query, 0, sizeof *query);
    if (query_bus(pdo, query)) {
        *answered = query->bus.GetDmaAdapter != NULL;
        if (*answered)
            adapter = (PDMA_ADAPTER)KE_CALL(query->bus.GetDmaAdapter, KE_ARG(query->bus.Context),
                                            KE_ARG(description), KE_ARG(map_registers));
        KE_CALL(query->bus.InterfaceDereference, KE_ARG(query->bus.Context));
    }
    ExFreePoolWithTag(query, TAG);
    return adapter;
}

/* A copy with the bus filled in. Callers of versions before 3 have a shorter structure. */
static DEVICE_DESCRIPTION complete(PDEVICE_OBJECT pdo, PDEVICE_DESCRIPTION description)
{
    DEVICE_DESCRIPTION copy = {0};
    INTERFACE_TYPE type;
    ULONG size;

    memcpy(&copy, description,
           description->Version < DEVICE_DESCRIPTION_VERSION3 ? DEVICE_DESCRIPTION_SIZE_V2
                                                              : sizeof copy);
    if (copy.InterfaceType == InterfaceTypeUndefined && pdo != NULL &&
        NT_SUCCESS(
            IoGetDeviceProperty(pdo, DevicePropertyLegacyBusType, sizeof type, &type, &size)))
        copy.InterfaceType = type;
    return copy;
}

PDMA_ADAPTER NTAPI IoGetDmaAdapter(PDEVICE_OBJECT PhysicalDeviceObject,
                                   PDEVICE_DESCRIPTION DeviceDescription,
                                   PULONG NumberOfMapRegisters)
{
    DEVICE_DESCRIPTION description = complete(PhysicalDeviceObject, DeviceDescription);
    PDMA_ADAPTER adapter = NULL;
    bool answered = false;

    if (PhysicalDeviceObject == NULL) /* UNDOC: optional by its page, refused by x64 systems */
        return NULL;
    adapter = from_bus(PhysicalDeviceObject, &description, NumberOfMapRegisters, &answered);
    if (answered)
        remember_pdo(adapter, PhysicalDeviceObject);
    else
        adapter = hal_get_adapter(NULL, &description, NumberOfMapRegisters);
    return adapter;
}
