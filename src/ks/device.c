/* SPDX-License-Identifier: MIT */
/* A device comes to be in AddDevice: a functional device object on top of the stack, the KSDEVICE,
 * the device header, a filter factory for each descriptor, and then the driver's Add callback.
 * KsCreateDevice; KsInitializeDevice; KSDEVICE_DESCRIPTOR. A driver that makes its own device
 * object calls KsInitializeDevice itself. Left out: child devices named in the INF. */
#include "ks/device.h"

#include "ks/clock.h"
#include "ks/factory.h"
#include "ks/room.h"
#include "ks/unknown.h"

static const uint64_t device_magic = 0x6b73646576696365u;

struct ks_device *ks_device_of(PKSDEVICE device)
{
    struct ks_device *state = (struct ks_device *)device;

    if (state == NULL || state->magic != device_magic)
        ks_not_an_object(device);
    return state;
}

struct ks_device *ks_device_of_object(PDEVICE_OBJECT object)
{
    struct ks_device_header *header = ks_header_of_object(object);

    return header != NULL ? header->device : NULL;
}

const KSDEVICE_DISPATCH *ks_device_dispatch(const struct ks_device *device)
{
    static const KSDEVICE_DISPATCH none;
    const KSDEVICE_DESCRIPTOR *descriptor = device->public.Descriptor;

    return descriptor != NULL && descriptor->Dispatch != NULL ? descriptor->Dispatch : &none;
}

bool ks_device_has_query_interface(const struct ks_device *device)
{
    const KSDEVICE_DESCRIPTOR *descriptor = device->public.Descriptor;

    return descriptor != NULL && descriptor->Version >= MIN_DEV_VER_FOR_QI &&
           ks_device_dispatch(device)->QueryInterface != NULL;
}

void ks_device_set_state(struct ks_device *device, enum ks_device_state state)
{
    device->state = state;
    if (state == KS_DEVICE_STARTING)
        KeClearEvent(&device->settled);
    else
        KeSetEvent(&device->settled, IO_NO_INCREMENT, FALSE);
}

NTSTATUS ks_check_status(NTSTATUS status)
{
    if (status == STATUS_PENDING)
        KE_FINDING(ke_current(), VERIFY_callback_status, (ULONG)status);
    return status;
}

/* ---- IRPs ------------------------------------------------------------------------------------ */

NTSTATUS ks_complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

NTSTATUS ks_forward(PDEVICE_OBJECT next, PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IofCallDriver(next, irp);
}

NTSTATUS ks_forward_and_wait(PDEVICE_OBJECT next, PIRP irp)
{
    if (!IoForwardIrpSynchronously(next, irp))
        return STATUS_INSUFFICIENT_RESOURCES;
    return irp->IoStatus.Status;
}

/* ---- Making and ending ----------------------------------------------------------------------- */

static void free_device(struct ks_device *device)
{
    if (device->post_start_item != NULL)
        IoFreeWorkItem(device->post_start_item);
    if (device->power_item != NULL)
        IoFreeWorkItem(device->power_item);
    ks_dma_fini(&device->dma);
    device->magic = 0;
    ks_free(device);
}

static struct ks_device *allocate_device(PDEVICE_OBJECT functional, PDEVICE_OBJECT physical,
                                         PDEVICE_OBJECT next, const KSDEVICE_DESCRIPTOR *descriptor)
{
    struct ks_device *device = ks_allocate(sizeof *device);

    if (device == NULL)
        return NULL;
    device->magic = device_magic;
    device->public.Descriptor = descriptor;
    device->public.FunctionalDeviceObject = functional;
    device->public.PhysicalDeviceObject = physical;
    device->public.NextDeviceObject = next;
    device->public.SystemPowerState = PowerSystemWorking;
    device->public.DevicePowerState = PowerDeviceD0;
    ks_bag_shelf_init(&device->shelf);
    ks_mutex_init(&device->mutex, KS_MUTEX_DEVICE);
    ks_dma_init(&device->dma);
    KeInitializeEvent(&device->settled, NotificationEvent, TRUE);
    device->post_start_item = IoAllocateWorkItem(functional);
    device->power_item = IoAllocateWorkItem(functional);
    if (device->post_start_item == NULL || device->power_item == NULL) {
        free_device(device);
        return NULL;
    }
    ks_object_init(&device->object, KsObjectTypeDevice, &device->public, device, NULL);
    return device;
}

static NTSTATUS create_factories(struct ks_device *device, const KSDEVICE_DESCRIPTOR *descriptor)
{
    NTSTATUS status = STATUS_SUCCESS;

    for (ULONG i = 0; i < descriptor->FilterDescriptorsCount && NT_SUCCESS(status); i++)
        status = KsCreateFilterFactory(device->public.FunctionalDeviceObject,
                                       descriptor->FilterDescriptors[i], NULL, NULL, 0, NULL, NULL,
                                       NULL);
    return status;
}

static NTSTATUS make_tables(void)
{
    struct ks *room = ks_room();
    NTSTATUS status = ks_unknown_make_vtables(room);

    return NT_SUCCESS(status) ? ks_clock_make_vtable(room) : status;
}

static NTSTATUS create_children(struct ks_device *device, const KSDEVICE_DESCRIPTOR *descriptor)
{
    NTSTATUS status = STATUS_SUCCESS;

    if (descriptor != NULL) {
        KsAcquireDevice(&device->public);
        status = create_factories(device, descriptor);
        KsReleaseDevice(&device->public);
    }
    if (NT_SUCCESS(status) && ks_device_dispatch(device)->Add != NULL)
        status = ks_check_status(
            (NTSTATUS)KE_CALL(ks_device_dispatch(device)->Add, KE_ARG(&device->public)));
    return status;
}

NTSTATUS NTAPI KsInitializeDevice(PDEVICE_OBJECT FunctionalDeviceObject,
                                  PDEVICE_OBJECT PhysicalDeviceObject,
                                  PDEVICE_OBJECT NextDeviceObject,
                                  const KSDEVICE_DESCRIPTOR *Descriptor)
{
    KSDEVICE_HEADER *slot = FunctionalDeviceObject->DeviceExtension;
    struct ks_device *device;
    NTSTATUS status = make_tables();

    if (NT_SUCCESS(status))
        status = KsAllocateDeviceHeader(slot, 0, NULL);
    if (!NT_SUCCESS(status))
        return status;
    device =
        allocate_device(FunctionalDeviceObject, PhysicalDeviceObject, NextDeviceObject, Descriptor);
    if (device == NULL) {
        KsFreeDeviceHeader(*slot);
        *slot = NULL;
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    device->header = ks_header_of(*slot);
    device->header->device = device;
    KsSetDevicePnpAndBaseObject(*slot, NextDeviceObject, FunctionalDeviceObject);
    status = create_children(device, Descriptor);
    if (!NT_SUCCESS(status))
        KsTerminateDevice(FunctionalDeviceObject);
    return status;
}

void NTAPI KsTerminateDevice(PDEVICE_OBJECT DeviceObject)
{
    struct ks_device *device = ks_device_of_object(DeviceObject);

    if (device == NULL)
        return;
    ks_device_set_state(device, KS_DEVICE_GONE);
    KsAcquireDevice(&device->public);
    ks_factories_destroy(device);
    KsReleaseDevice(&device->public);
    KsFreeDeviceHeader(device->header);
    *(PVOID *)DeviceObject->DeviceExtension = NULL;
    ks_object_fini(&device->object);
    free_device(device);
}

static void undo_create(PDEVICE_OBJECT functional, PDEVICE_OBJECT next)
{
    if (next != NULL)
        IoDetachDevice(next);
    IoDeleteDevice(functional);
}

NTSTATUS NTAPI KsCreateDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject,
                              const KSDEVICE_DESCRIPTOR *Descriptor, ULONG ExtensionSize,
                              PKSDEVICE *Device)
{
    PDEVICE_OBJECT functional;
    PDEVICE_OBJECT next;
    NTSTATUS status;

    if (ExtensionSize != 0 && ExtensionSize < sizeof(KSDEVICE_HEADER))
        return STATUS_INVALID_PARAMETER;
    status = IoCreateDevice(DriverObject, ExtensionSize != 0 ? ExtensionSize : sizeof(PVOID) * 4,
                            NULL, FILE_DEVICE_KS, 0, FALSE, &functional);
    if (!NT_SUCCESS(status))
        return status;
    next = IoAttachDeviceToDeviceStack(functional, PhysicalDeviceObject);
    if (next == NULL) {
        undo_create(functional, NULL);
        return STATUS_DEVICE_REMOVED;
    }
    functional->Flags |= DO_POWER_PAGABLE;
    status = KsInitializeDevice(functional, PhysicalDeviceObject, next, Descriptor);
    if (!NT_SUCCESS(status)) {
        undo_create(functional, next);
        return status;
    }
    functional->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    if (Device != NULL)
        *Device = KsGetDeviceForDeviceObject(functional);
    return STATUS_SUCCESS;
}

PKSDEVICE NTAPI KsGetDeviceForDeviceObject(PDEVICE_OBJECT FunctionalDeviceObject)
{
    struct ks_device *device = ks_device_of_object(FunctionalDeviceObject);

    return device != NULL ? &device->public : NULL;
}
