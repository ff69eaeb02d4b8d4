/* SPDX-License-Identifier: MIT */
/* Power requests that drivers make.
 *
 * PoRequestPowerIrp makes an IRP for the top of the device's stack and sends it; the caller's
 * routine hears of its end. A power IRP is sent from a system worker, as for any stack with
 * DO_POWER_PAGABLE. PoSetPowerState tells the power manager of a device's state and gives back the
 * former one. Since Windows Vista PoStartNextPowerIrp does nothing and PoCallDriver is
 * IoCallDriver; before, they kept power IRPs in line one by one, which one device on a machine of
 * its own cannot tell from doing nothing. PoRequestPowerIrp; PoSetPowerState; PoStartNextPowerIrp.
 *
 * Not here: idle detection (registration answers NULL, "not used"), the power framework, wake from
 * sleep. */
#include "po/po.h"

#include <errno.h>
#include <stdlib.h>

#include "base/base.h"
#include "po/state.h"

enum { PO_TAG = 'iwoP' };
static const uint64_t po_magic = 0x706f7765726d6e67u;

/* One request on its way. In pool: the worker's item is part of it. */
struct po_request {
    WORK_QUEUE_ITEM item;
    PDEVICE_OBJECT device; /* the caller's */
    PDEVICE_OBJECT top;
    PIRP irp;
    PREQUEST_POWER_COMPLETE completion;
    PVOID context;
    POWER_STATE state;
    UCHAR minor;
};

int po_create(struct ke *ke, struct po **out)
{
    struct po *po = calloc(1, sizeof *po);

    if (po == NULL)
        return -ENOMEM;
    po->magic = po_magic;
    ke_set_room(ke, KE_ROOM_PO, po);
    *out = po;
    return 0;
}

struct po *po_of(struct ke *ke)
{
    return ke_room(ke, KE_ROOM_PO);
}

void po_destroy(struct po *po)
{
    if (po == NULL)
        return;
    weir_assert(po->magic == po_magic);
    map_fini(&po->states);
    map_fini(&po->registered);
    po->magic = 0;
    free(po);
}

static NTSTATUS NTAPI request_done(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    struct po_request *request = context;

    (void)device;
    if (request->completion != NULL)
        KE_CALL(request->completion, KE_ARG(request->device), request->minor,
                (ULONG)request->state.SystemState, KE_ARG(request->context),
                KE_ARG(&irp->IoStatus));
    ObDereferenceObject(request->top);
    ExFreePoolWithTag(request, PO_TAG);
    IoFreeIrp(irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void NTAPI request_send(PVOID context)
{
    struct po_request *request = context;

    IofCallDriver(request->top, request->irp);
}

static PIRP make_irp(struct po_request *request)
{
    PIRP irp = IoAllocateIrp(request->top->StackSize, FALSE);
    PIO_STACK_LOCATION next;

    if (irp == NULL)
        return NULL;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_POWER;
    next->MinorFunction = request->minor;
    if (request->minor == IRP_MN_WAIT_WAKE) {
        next->Parameters.WaitWake.PowerState = request->state.SystemState;
    } else {
        next->Parameters.Power.Type = DevicePowerState;
        next->Parameters.Power.State = request->state;
    }
    IoSetCompletionRoutine(irp, ke_thunk((const void *)request_done, "power completion", 0),
                           request, TRUE, TRUE, TRUE);
    return irp;
}

NTSTATUS NTAPI PoRequestPowerIrp(PDEVICE_OBJECT DeviceObject, UCHAR MinorFunction,
                                 POWER_STATE PowerState, PREQUEST_POWER_COMPLETE CompletionFunction,
                                 PVOID Context, PIRP *Irp)
{
    struct po_request *request;

    if (MinorFunction != IRP_MN_QUERY_POWER && MinorFunction != IRP_MN_SET_POWER &&
        MinorFunction != IRP_MN_WAIT_WAKE)
        return STATUS_INVALID_PARAMETER_2;
    request = ExAllocatePoolWithTag(NonPagedPool, sizeof *request, PO_TAG);
    if (request == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *request = (struct po_request){.device = DeviceObject, .completion = CompletionFunction,
                                   .context = Context, .state = PowerState, .minor = MinorFunction};
    request->top = IoGetAttachedDeviceReference(DeviceObject);
    request->irp = make_irp(request);
    if (request->irp == NULL) {
        ObDereferenceObject(request->top);
        ExFreePoolWithTag(request, PO_TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (Irp != NULL)
        *Irp = request->irp;
    request->item.WorkerRoutine = request_send;
    request->item.Parameter = request;
    ExQueueWorkItem(&request->item, DelayedWorkQueue);
    return STATUS_PENDING;
}

POWER_STATE NTAPI PoSetPowerState(PDEVICE_OBJECT DeviceObject, POWER_STATE_TYPE Type,
                                  POWER_STATE State)
{
    struct po *po = po_of(ke_current());
    POWER_STATE before = {.DeviceState = PowerDeviceD0};
    void *known = map_get(&po->states, KE_ARG(DeviceObject));

    if (Type != DevicePowerState)
        return State;
    if (known != NULL)
        before.DeviceState = (DEVICE_POWER_STATE)((uintptr_t)known - 1);
    if (map_set(&po->states, KE_ARG(DeviceObject), (void *)((uintptr_t)State.DeviceState + 1)) != 0)
        return State;
    return before;
}

NTSTATUS NTAPI PoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return IofCallDriver(DeviceObject, Irp);
}

void NTAPI PoStartNextPowerIrp(PIRP Irp)
{
    (void)Irp;
}

PULONG NTAPI PoRegisterDeviceForIdleDetection(PDEVICE_OBJECT DeviceObject,
                                              ULONG ConservationIdleTime,
                                              ULONG PerformanceIdleTime, DEVICE_POWER_STATE State)
{
    (void)DeviceObject;
    (void)ConservationIdleTime;
    (void)PerformanceIdleTime;
    (void)State;
    return NULL;
}
