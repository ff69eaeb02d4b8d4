/* SPDX-License-Identifier: MIT */
/* Passing an IRP to the next device, with another file object in its stack location, and getting it
 * back. KsForwardIrp completes an IRP that has no stack location left, KsForwardAndCatchIrp leaves
 * it to its caller. Their pages; KsSynchronousIoControlDevice. */
#include "ks/device.h"
#include "ks/header.h"
#include "ks/room.h"

static bool has_next_location(PIRP irp)
{
    return irp->CurrentLocation > 1;
}

NTSTATUS NTAPI KsDefaultForwardIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return ks_forward(ks_header_of(*(PVOID *)DeviceObject->DeviceExtension)->pnp_device, Irp);
}

NTSTATUS NTAPI KsForwardIrp(PIRP Irp, PFILE_OBJECT FileObject, BOOLEAN ReuseStackLocation)
{
    PDEVICE_OBJECT device = IoGetRelatedDeviceObject(FileObject);

    if (ReuseStackLocation) {
        IoGetCurrentIrpStackLocation(Irp)->FileObject = FileObject;
        return ks_forward(device, Irp);
    }
    if (!has_next_location(Irp))
        return ks_complete(Irp, STATUS_INVALID_DEVICE_REQUEST);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoGetNextIrpStackLocation(Irp)->FileObject = FileObject;
    return IofCallDriver(device, Irp);
}

/* ---- Catching -------------------------------------------------------------------------------- */

static NTSTATUS NTAPI caught(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS send_and_catch(PDEVICE_OBJECT device, PIRP irp, PKEVENT event)
{
    IoSetCompletionRoutine(irp, KS_ROUTINE(caught), event, TRUE, TRUE, TRUE);
    IofCallDriver(device, irp);
    KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
    return irp->IoStatus.Status;
}

/* The location that the lower driver gets is the current one, with its owner's completion routine
 * in it; both come back as they were. */
static NTSTATUS reuse_and_catch(PDEVICE_OBJECT device, PIRP irp, PFILE_OBJECT file, PKEVENT event)
{
    PIO_STACK_LOCATION current = IoGetCurrentIrpStackLocation(irp);
    IO_STACK_LOCATION saved = *current;
    NTSTATUS status;

    current->FileObject = file;
    IoSkipCurrentIrpStackLocation(irp);
    status = send_and_catch(device, irp, event);
    IoSetNextIrpStackLocation(irp);
    *current = saved;
    return status;
}

NTSTATUS NTAPI KsForwardAndCatchIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp, PFILE_OBJECT FileObject,
                                    KSSTACK_USE StackUse)
{
    PKEVENT event;
    NTSTATUS status;

    if (StackUse != KsStackReuseCurrentLocation && !has_next_location(Irp))
        return STATUS_INVALID_DEVICE_REQUEST;
    event = ks_allocate(sizeof *event);
    if (event == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KeInitializeEvent(event, NotificationEvent, FALSE);
    if (StackUse == KsStackReuseCurrentLocation) {
        status = reuse_and_catch(DeviceObject, Irp, FileObject, event);
    } else {
        if (StackUse == KsStackCopyToNewLocation)
            IoCopyCurrentIrpStackLocationToNext(Irp);
        IoGetNextIrpStackLocation(Irp)->FileObject = FileObject;
        status = send_and_catch(DeviceObject, Irp, event);
    }
    ks_free(event);
    return status;
}

/* The file's device takes the IRP on behalf of a kernel caller, who waits. */
NTSTATUS NTAPI KsSynchronousIoControlDevice(PFILE_OBJECT FileObject, KPROCESSOR_MODE RequestorMode,
                                            ULONG IoControl, PVOID InBuffer, ULONG InSize,
                                            PVOID OutBuffer, ULONG OutSize, PULONG BytesReturned)
{
    PDEVICE_OBJECT device = IoGetRelatedDeviceObject(FileObject);
    struct ks_answer *answer = ks_answer_create();
    NTSTATUS status;
    PIRP irp = NULL;

    if (answer != NULL)
        irp = IoBuildDeviceIoControlRequest(IoControl, device, InBuffer, InSize, OutBuffer, OutSize,
                                            FALSE, &answer->done, &answer->iosb);
    if (irp == NULL) {
        ks_free(answer);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    irp->RequestorMode = RequestorMode;
    IoGetNextIrpStackLocation(irp)->FileObject = FileObject;
    status = ks_answer_wait(answer, device, irp, BytesReturned);
    ks_free(answer);
    return status;
}
