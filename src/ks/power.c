/* SPDX-License-Identifier: MIT */
/* AVStream is its device's power policy owner. A system power IRP goes down the stack, and from its
 * way back a device power IRP is requested; the system IRP ends with it. A device power IRP that
 * takes power away runs the driver first, one that gives power runs it after the lower drivers.
 * Running pins leave RUN before SetPower takes power away, and return after power is back. Power
 * and State Changes in AVStream; KStrDeviceSetPower; Handling System Power Requests. Lower drivers
 * may finish at DISPATCH_LEVEL, so the second halves run in a worker.
 * UNDOC: which device state
 * answers a sleeping system. We take D3, and D0 for a working one.
 * UNDOC: KSDEVICE_FLAG_ENABLE_REMOTE_WAKEUP. The bus is sent IRP_MN_WAIT_WAKE whenever the system
 * goes to sleep. */
#include "ks/device.h"
#include "ks/factory.h"
#include "ks/filter.h"
#include "ks/pin.h"
#include "ks/room.h"
#include "ks/state.h"

/* ---- Sleepers -------------------------------------------------------------------------------- */

static void call_power(PVOID callback, PVOID public, DEVICE_POWER_STATE state)
{
    if (callback != NULL)
        KE_CALL(callback, KE_ARG(public), state);
}

static bool processes(const struct ks_pin *pin)
{
    const KSPIN_DISPATCH *dispatch = pin->public.Descriptor->Dispatch;

    return dispatch != NULL && dispatch->Process != NULL;
}

static void pin_power(struct ks_pin *pin, bool sleep, DEVICE_POWER_STATE to)
{
    if (sleep)
        ks_state_sleep(pin);
    if (processes(pin))
        call_power(sleep ? (PVOID)pin->sleep : (PVOID)pin->wake, &pin->public, to);
    if (!sleep)
        ks_state_wake(pin);
}

static void filter_power(struct ks_filter *filter, bool sleep, DEVICE_POWER_STATE to)
{
    PLIST_ENTRY head = &filter->object.children;

    ks_mutex_acquire(&filter->control);
    for (PLIST_ENTRY link = head->Flink; link != head; link = link->Flink)
        pin_power(ks_pin_of(CONTAINING_RECORD(link, struct ks_object, sibling)->public), sleep, to);
    ks_mutex_release(&filter->control);
    if (filter->filter_centric)
        call_power(sleep ? (PVOID)filter->sleep : (PVOID)filter->wake, &filter->public, to);
}

static void factory_power(struct ks_factory *factory, bool sleep, DEVICE_POWER_STATE to)
{
    PLIST_ENTRY head = &factory->object.children;

    for (PLIST_ENTRY link = head->Flink; link != head; link = link->Flink)
        filter_power(ks_filter_of(CONTAINING_RECORD(link, struct ks_object, sibling)->public),
                     sleep, to);
    call_power(sleep ? (PVOID)factory->sleep : (PVOID)factory->wake, &factory->public, to);
}

static void device_power(struct ks_device *device, bool sleep, DEVICE_POWER_STATE to)
{
    PLIST_ENTRY head = &device->object.children;

    for (PLIST_ENTRY link = head->Flink; link != head; link = link->Flink)
        factory_power(ks_factory_of(CONTAINING_RECORD(link, struct ks_object, sibling)->public),
                      sleep, to);
}

static void set_device_power(struct ks_device *device, PIRP irp, DEVICE_POWER_STATE to)
{
    DEVICE_POWER_STATE from = device->public.DevicePowerState;
    PFNKSDEVICESETPOWER callback = ks_device_dispatch(device)->SetPower;
    POWER_STATE state = {.DeviceState = to};

    KsAcquireDevice(&device->public);
    if (to > from)
        device_power(device, true, to);
    if (callback != NULL)
        KE_CALL(callback, KE_ARG(&device->public), KE_ARG(irp), to, from);
    device->public.DevicePowerState = to;
    PoSetPowerState(device->public.FunctionalDeviceObject, DevicePowerState, state);
    if (to < from)
        device_power(device, false, to);
    KsReleaseDevice(&device->public);
}

/* ---- Device power IRPs ----------------------------------------------------------------------- */

static NTSTATUS pass_power(struct ks_device *device, PIRP irp)
{
    PoStartNextPowerIrp(irp);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(device->public.NextDeviceObject, irp);
}

static void NTAPI finish_power_up(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    struct ks_device *device = Context;
    PIRP irp = device->power_irp;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    UNREFERENCED_PARAMETER(DeviceObject);
    set_device_power(device, irp, stack->Parameters.Power.State.DeviceState);
    device->power_irp = NULL;
    PoStartNextPowerIrp(irp);
    IofCompleteRequest(irp, IO_NO_INCREMENT);
}

static NTSTATUS NTAPI lower_powered_up(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    struct ks_device *device = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (!NT_SUCCESS(Irp->IoStatus.Status))
        return STATUS_SUCCESS;
    device->power_irp = Irp;
    IoQueueWorkItem(device->power_item, KS_ROUTINE(finish_power_up), DelayedWorkQueue, device);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS power_up(struct ks_device *device, PIRP irp)
{
    IoMarkIrpPending(irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, ke_thunk((const void *)lower_powered_up, "KsPowerUp", 0), device,
                           TRUE, TRUE, TRUE);
    PoCallDriver(device->public.NextDeviceObject, irp);
    return STATUS_PENDING;
}

static NTSTATUS device_set_power(struct ks_device *device, PIRP irp)
{
    DEVICE_POWER_STATE to = IoGetCurrentIrpStackLocation(irp)->Parameters.Power.State.DeviceState;

    if (to < device->public.DevicePowerState)
        return power_up(device, irp);
    if (to != device->public.DevicePowerState)
        set_device_power(device, irp, to);
    irp->IoStatus.Status = STATUS_SUCCESS;
    return pass_power(device, irp);
}

/* ---- System power IRPs ----------------------------------------------------------------------- */

static void NTAPI device_irp_done(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction,
                                  POWER_STATE PowerState, PVOID Context, PIO_STATUS_BLOCK IoStatus)
{
    PIRP system_irp = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(MinorFunction);
    UNREFERENCED_PARAMETER(PowerState);
    PoStartNextPowerIrp(system_irp);
    system_irp->IoStatus.Status = IoStatus->Status;
    IofCompleteRequest(system_irp, IO_NO_INCREMENT);
}

static NTSTATUS NTAPI system_irp_came_back(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    struct ks_device *device = Context;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    SYSTEM_POWER_STATE system = stack->Parameters.Power.State.SystemState;
    POWER_STATE state = {.DeviceState = system == PowerSystemWorking ? PowerDeviceD0
                                                                     : PowerDeviceD3};
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (!NT_SUCCESS(Irp->IoStatus.Status))
        return STATUS_SUCCESS;
    if (stack->MinorFunction == IRP_MN_SET_POWER)
        device->public.SystemPowerState = system;
    status = PoRequestPowerIrp(device->public.FunctionalDeviceObject, stack->MinorFunction, state,
                               ke_thunk((const void *)device_irp_done, "KsDevicePowerDone", 1), Irp,
                               NULL);
    if (status == STATUS_PENDING)
        return STATUS_MORE_PROCESSING_REQUIRED;
    Irp->IoStatus.Status = status;
    return STATUS_SUCCESS;
}

static bool can_wake_the_system(const struct ks_device *device)
{
    const KSDEVICE_DESCRIPTOR *descriptor = device->public.Descriptor;

    return descriptor != NULL && descriptor->Version >= MIN_DEV_VER_FOR_FLAGS &&
           (descriptor->Flags & KSDEVICE_FLAG_ENABLE_REMOTE_WAKEUP) != 0;
}

/* Nobody waits for the answer: none of the buses here wakes a device. */
static void ask_to_be_woken(struct ks_device *device, SYSTEM_POWER_STATE sleeping)
{
    POWER_STATE state = {.SystemState = sleeping};

    if (can_wake_the_system(device))
        PoRequestPowerIrp(device->public.FunctionalDeviceObject, IRP_MN_WAIT_WAKE, state, NULL,
                          NULL, NULL);
}

static NTSTATUS system_power(struct ks_device *device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    SYSTEM_POWER_STATE to = stack->Parameters.Power.State.SystemState;

    if (stack->MinorFunction == IRP_MN_SET_POWER && to > PowerSystemWorking &&
        to <= PowerSystemHibernate)
        ask_to_be_woken(device, to);
    IoMarkIrpPending(irp);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, ke_thunk((const void *)system_irp_came_back, "KsSystemPower", 0),
                           device, TRUE, TRUE, TRUE);
    PoCallDriver(device->public.NextDeviceObject, irp);
    return STATUS_PENDING;
}

/* ---- Dispatch -------------------------------------------------------------------------------- */

static NTSTATUS query_power(struct ks_device *device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    PFNKSDEVICEQUERYPOWER callback = ks_device_dispatch(device)->QueryPower;
    SYSTEM_POWER_STATE system = device->public.SystemPowerState;
    NTSTATUS status = STATUS_SUCCESS;

    KsAcquireDevice(&device->public);
    if (callback != NULL)
        status = (NTSTATUS)KE_CALL(callback, KE_ARG(&device->public), KE_ARG(irp),
                                   stack->Parameters.Power.State.DeviceState,
                                   device->public.DevicePowerState, system, system,
                                   stack->Parameters.Power.ShutdownType);
    KsReleaseDevice(&device->public);
    if (NT_SUCCESS(status)) {
        irp->IoStatus.Status = STATUS_SUCCESS;
        return pass_power(device, irp);
    }
    PoStartNextPowerIrp(irp);
    return ks_complete(irp, status);
}

NTSTATUS NTAPI ks_dispatch_power(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct ks_device *device = ks_device_of_object(DeviceObject);
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    bool system = stack->Parameters.Power.Type == SystemPowerState;

    if (device == NULL)
        return ks_complete(Irp, STATUS_INVALID_DEVICE_REQUEST);
    if (stack->MinorFunction == IRP_MN_SET_POWER)
        return system ? system_power(device, Irp) : device_set_power(device, Irp);
    if (stack->MinorFunction == IRP_MN_QUERY_POWER)
        return system ? system_power(device, Irp) : query_power(device, Irp);
    return pass_power(device, Irp);
}

void NTAPI KsFilterRegisterPowerCallbacks(PKSFILTER Filter, PFNKSFILTERPOWER Sleep,
                                          PFNKSFILTERPOWER Wake)
{
    struct ks_filter *filter = ks_filter_of(Filter);

    filter->sleep = Sleep;
    filter->wake = Wake;
}

void NTAPI KsPinRegisterPowerCallbacks(PKSPIN Pin, PFNKSPINPOWER Sleep, PFNKSPINPOWER Wake)
{
    struct ks_pin *pin = ks_pin_of(Pin);

    pin->sleep = Sleep;
    pin->wake = Wake;
}
