/* SPDX-License-Identifier: MIT */
/* What a minidriver's DriverEntry does: one call that makes AVStream the driver's dispatcher.
 * KsInitializeDriver, Remarks; Initializing an AVStream Minidriver. The descriptor is remembered
 * with the driver object, and AddDevice finds it there. */
#include "ks/device.h"
#include "ks/room.h"

/* Its address names our extension of a driver object. */
static const char driver_extension_id = 'k';

struct driver_extension {
    const KSDEVICE_DESCRIPTOR *descriptor;
};

static void set_dispatch(PDRIVER_OBJECT driver, ULONG major, PDRIVER_DISPATCH routine,
                         const char *name)
{
    driver->MajorFunction[major] = (PDRIVER_DISPATCH)ke_thunk((const void *)routine, name, 0);
}

static void set_dispatch_routines(PDRIVER_OBJECT driver)
{
    set_dispatch(driver, IRP_MJ_CREATE, ks_dispatch_create, "KsDispatchCreate");
    set_dispatch(driver, IRP_MJ_CLEANUP, ks_dispatch_cleanup, "KsDispatchCleanup");
    set_dispatch(driver, IRP_MJ_CLOSE, ks_dispatch_close, "KsDispatchClose");
    set_dispatch(driver, IRP_MJ_DEVICE_CONTROL, ks_dispatch_control, "KsDispatchDeviceControl");
    set_dispatch(driver, IRP_MJ_PNP, ks_dispatch_pnp, "KsDispatchPnp");
    set_dispatch(driver, IRP_MJ_POWER, ks_dispatch_power, "KsDispatchPower");
    set_dispatch(driver, IRP_MJ_SYSTEM_CONTROL, ks_dispatch_system_control,
                 "KsDispatchSystemControl");
}

NTSTATUS NTAPI KsInitializeDriver(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPathName,
                                  const KSDEVICE_DESCRIPTOR *Descriptor)
{
    struct driver_extension *extension;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPathName);
    status = IoAllocateDriverObjectExtension(DriverObject, (PVOID)(ULONG_PTR)&driver_extension_id,
                                             sizeof *extension, (PVOID *)&extension);
    if (!NT_SUCCESS(status))
        return status;
    extension->descriptor = Descriptor;
    DriverObject->DriverExtension->AddDevice =
        (PDRIVER_ADD_DEVICE)ke_thunk((const void *)KsAddDevice, "KsAddDevice", 0);
    DriverObject->DriverUnload =
        (PDRIVER_UNLOAD)ke_thunk((const void *)KsNullDriverUnload, "KsNullDriverUnload", 0);
    set_dispatch_routines(DriverObject);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KsAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject)
{
    struct driver_extension *extension =
        IoGetDriverObjectExtension(DriverObject, (PVOID)(ULONG_PTR)&driver_extension_id);

    return KsCreateDevice(DriverObject, PhysicalDeviceObject,
                          extension != NULL ? extension->descriptor : NULL, 0, NULL);
}

void NTAPI KsNullDriverUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}
