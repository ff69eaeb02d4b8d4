/* SPDX-License-Identifier: MIT */
/* PnP requests of an AVStream device. Starting: the lower drivers first, then Start with the
 * translated and the raw resources; PostStart follows in a worker thread, and only then are the
 * device interfaces enabled. Stopping and removing: the driver first, then down the stack.
 * PostStart, QueryStop and QueryRemove run under the device mutex. KSDEVICE_DISPATCH and the pages
 * of its callbacks; Initializing an AVStream Minidriver. None of them may return STATUS_PENDING.
 * UNDOC: Start runs without the device mutex. Its page is silent; Microsoft's hardware sample takes
 * the mutex itself there, around KsCreateFilterFactory, which could not work if it were held.
 * UNDOC: Stop is called for a started device that is removed too, before Remove. The pages name
 * STOP_DEVICE only; but published drivers, Microsoft's among them, free in Stop what Start made and
 * have no Remove, and to one that has both it is a stop followed by a removal.
 * UNDOC: QueryCapabilities. The driver sees what the lower drivers have filled in.
 * UNDOC: pins of a device that is stopped to be started again. Their states stay, as far as pages
 * tell, but nothing is processed meanwhile. UNDOC: frames that wait when a device is gone. Their
 * IRPs are cancelled, those of locked frames when the lock goes: nothing will fill them, and
 * IRP_MN_SURPRISE_REMOVAL says to fail outstanding I/O. */
#include "base/fatal.h"
#include "ks/device.h"
#include "ks/factory.h"
#include "ks/header.h"
#include "ks/pin.h"
#include "ks/queue.h"
#include "ks/room.h"
#include "ks/visit.h"

static void suspend(struct ks_pin *pin)
{
    ks_processor_set_sleep(&pin->processor, true);
    ks_processor_wait_idle(&pin->processor);
}

static void go_on(struct ks_pin *pin)
{
    ks_processor_set_sleep(&pin->processor, false);
    if (pin->processor.state_on)
        ks_processor_initiate(&pin->processor);
}

static void give_up(struct ks_pin *pin)
{
    ks_processor_set_sleep(&pin->processor, true);
    if (pin->queue != NULL)
        ks_queue_cancel_all(pin->queue);
}

typedef NTSTATUS minor_handler(struct ks_device *device, PIRP irp);

static NTSTATUS pass_down(struct ks_device *device, PIRP irp)
{
    return ks_forward(device->public.NextDeviceObject, irp);
}

/* ---- Start ----------------------------------------------------------------------------------- */

static NTSTATUS call_start(struct ks_device *device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    PFNKSDEVICEPNPSTART start = ks_device_dispatch(device)->Start;
    NTSTATUS status = STATUS_SUCCESS;

    if (start != NULL)
        status = ks_check_status(
            (NTSTATUS)KE_CALL(start, KE_ARG(&device->public), KE_ARG(irp),
                              KE_ARG(stack->Parameters.StartDevice.AllocatedResourcesTranslated),
                              KE_ARG(stack->Parameters.StartDevice.AllocatedResources)));
    if (NT_SUCCESS(status))
        device->public.Started = TRUE;
    return status;
}

static void NTAPI post_start(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    struct ks_device *device = Context;
    PFNKSDEVICE callback = ks_device_dispatch(device)->PostStart;
    NTSTATUS status = STATUS_SUCCESS;

    UNREFERENCED_PARAMETER(DeviceObject);
    KsAcquireDevice(&device->public);
    if (callback != NULL)
        status = ks_check_status((NTSTATUS)KE_CALL(callback, KE_ARG(&device->public)));
    if (NT_SUCCESS(status))
        ks_factories_set_state(device, TRUE);
    KsReleaseDevice(&device->public);
    if (device->state == KS_DEVICE_STARTING)
        ks_device_set_state(device, NT_SUCCESS(status) ? KS_DEVICE_STARTED : KS_DEVICE_FAILED);
}

static NTSTATUS start(struct ks_device *device, PIRP irp)
{
    NTSTATUS status = ks_forward_and_wait(device->public.NextDeviceObject, irp);

    if (NT_SUCCESS(status))
        status = call_start(device, irp);
    if (NT_SUCCESS(status)) {
        ks_dma_resume(device);
        ks_visit_pins(device, go_on);
        ks_device_set_state(device, KS_DEVICE_STARTING);
        IoQueueWorkItem(device->post_start_item, KS_ROUTINE(post_start), DelayedWorkQueue, device);
    }
    return ks_complete(irp, status);
}

/* PostStart of the last start is over afterwards. */
static void settle(struct ks_device *device)
{
    KeWaitForSingleObject(&device->settled, Executive, KernelMode, FALSE, NULL);
}

/* ---- Queries --------------------------------------------------------------------------------- */

static NTSTATUS ask(struct ks_device *device, PIRP irp, PFNKSDEVICEIRP callback)
{
    NTSTATUS status = STATUS_SUCCESS;

    settle(device);
    KsAcquireDevice(&device->public);
    if (callback != NULL)
        status = ks_check_status((NTSTATUS)KE_CALL(callback, KE_ARG(&device->public), KE_ARG(irp)));
    KsReleaseDevice(&device->public);
    if (!NT_SUCCESS(status))
        return ks_complete(irp, status);
    irp->IoStatus.Status = STATUS_SUCCESS;
    return pass_down(device, irp);
}

static NTSTATUS query_stop(struct ks_device *device, PIRP irp)
{
    return ask(device, irp, ks_device_dispatch(device)->QueryStop);
}

static NTSTATUS query_remove(struct ks_device *device, PIRP irp)
{
    return ask(device, irp, ks_device_dispatch(device)->QueryRemove);
}

static void tell(struct ks_device *device, PIRP irp, PFNKSDEVICEIRPVOID callback)
{
    if (callback != NULL)
        KE_CALL(callback, KE_ARG(&device->public), KE_ARG(irp));
}

/* A cancelled query goes down before the driver resumes. */
static NTSTATUS resume(struct ks_device *device, PIRP irp, PFNKSDEVICEIRPVOID callback)
{
    ks_forward_and_wait(device->public.NextDeviceObject, irp);
    tell(device, irp, callback);
    return ks_complete(irp, STATUS_SUCCESS);
}

static NTSTATUS cancel_stop(struct ks_device *device, PIRP irp)
{
    return resume(device, irp, ks_device_dispatch(device)->CancelStop);
}

static NTSTATUS cancel_remove(struct ks_device *device, PIRP irp)
{
    return resume(device, irp, ks_device_dispatch(device)->CancelRemove);
}

static NTSTATUS query_capabilities(struct ks_device *device, PIRP irp)
{
    PDEVICE_CAPABILITIES capabilities =
        IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceCapabilities.Capabilities;
    PFNKSDEVICEQUERYCAPABILITIES callback = ks_device_dispatch(device)->QueryCapabilities;
    NTSTATUS status = ks_forward_and_wait(device->public.NextDeviceObject, irp);

    if (NT_SUCCESS(status) && callback != NULL)
        status = ks_check_status((NTSTATUS)KE_CALL(callback, KE_ARG(&device->public), KE_ARG(irp),
                                                   KE_ARG(capabilities)));
    return ks_complete(irp, status);
}

static NTSTATUS query_interface(struct ks_device *device, PIRP irp)
{
    NTSTATUS status = STATUS_NOT_SUPPORTED;

    if (ks_device_has_query_interface(device))
        status = ks_check_status((NTSTATUS)KE_CALL(ks_device_dispatch(device)->QueryInterface,
                                                   KE_ARG(&device->public), KE_ARG(irp)));
    return status == STATUS_NOT_SUPPORTED ? pass_down(device, irp) : ks_complete(irp, status);
}

/* ---- Stop and remove ------------------------------------------------------------------------- */

static void leave_resources(struct ks_device *device, PIRP irp)
{
    ks_dma_stop(device);
    tell(device, irp, ks_device_dispatch(device)->Stop);
    device->public.Started = FALSE;
}

static NTSTATUS stop(struct ks_device *device, PIRP irp)
{
    settle(device);
    ks_visit_pins(device, suspend);
    leave_resources(device, irp);
    ks_device_set_state(device, KS_DEVICE_STOPPED);
    KsAcquireDevice(&device->public);
    ks_factories_set_state(device, FALSE);
    ks_header_free_on_stop(device->header);
    KsReleaseDevice(&device->public);
    irp->IoStatus.Status = STATUS_SUCCESS;
    return pass_down(device, irp);
}

static NTSTATUS surprise_removal(struct ks_device *device, PIRP irp)
{
    settle(device);
    ks_device_set_state(device, KS_DEVICE_GONE);
    ks_factories_set_state(device, FALSE);
    tell(device, irp, ks_device_dispatch(device)->SurpriseRemoval);
    ks_visit_pins(device, give_up);
    irp->IoStatus.Status = STATUS_SUCCESS;
    return pass_down(device, irp);
}

static NTSTATUS remove_device(struct ks_device *device, PIRP irp)
{
    PDEVICE_OBJECT functional = device->public.FunctionalDeviceObject;
    PDEVICE_OBJECT next = device->public.NextDeviceObject;
    NTSTATUS status;

    settle(device);
    ks_factories_set_state(device, FALSE);
    if (device->public.Started)
        leave_resources(device, irp);
    tell(device, irp, ks_device_dispatch(device)->Remove);
    KsTerminateDevice(functional);
    irp->IoStatus.Status = STATUS_SUCCESS;
    status = ks_forward(next, irp);
    IoDetachDevice(next);
    IoDeleteDevice(functional);
    return status;
}

NTSTATUS NTAPI ks_dispatch_pnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    static minor_handler *const handlers[] = {
        [IRP_MN_START_DEVICE] = start,
        [IRP_MN_QUERY_REMOVE_DEVICE] = query_remove,
        [IRP_MN_REMOVE_DEVICE] = remove_device,
        [IRP_MN_CANCEL_REMOVE_DEVICE] = cancel_remove,
        [IRP_MN_STOP_DEVICE] = stop,
        [IRP_MN_QUERY_STOP_DEVICE] = query_stop,
        [IRP_MN_CANCEL_STOP_DEVICE] = cancel_stop,
        [IRP_MN_QUERY_INTERFACE] = query_interface,
        [IRP_MN_QUERY_CAPABILITIES] = query_capabilities,
        [IRP_MN_SURPRISE_REMOVAL] = surprise_removal,
    };
    struct ks_device *device = ks_device_of_object(DeviceObject);
    UCHAR minor = IoGetCurrentIrpStackLocation(Irp)->MinorFunction;
    minor_handler *handler = minor < ARRAY_LEN(handlers) ? handlers[minor] : NULL;

    if (device == NULL)
        return ks_complete(Irp, STATUS_INVALID_DEVICE_REQUEST);
    return handler != NULL ? handler(device, Irp) : pass_down(device, Irp);
}

NTSTATUS NTAPI ks_dispatch_system_control(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct ks_device *device = ks_device_of_object(DeviceObject);

    return device != NULL ? pass_down(device, Irp)
                          : ks_complete(Irp, STATUS_INVALID_DEVICE_REQUEST);
}
