/* SPDX-License-Identifier: MIT */
/* KS1's own dispatching, for objects whose files a driver makes itself: an object header with a
 * KSDISPATCH_TABLE, to which KsDispatchIrp routes. AVStream's files have headers of the same kind
 * but are dispatched directly. KsAllocateObjectHeader; KsDispatchIrp; KsSetMajorFunctionHandler. */
#include "ks/device.h"
#include "ks/file.h"
#include "ks/room.h"

static PDRIVER_DISPATCH routine_for(const struct ks_file *file, UCHAR major)
{
    const KSDISPATCH_TABLE *table = file->table;

    switch (major) {
    case IRP_MJ_DEVICE_CONTROL:
        return table->DeviceIoControl;
    case IRP_MJ_READ:
        return table->Read;
    case IRP_MJ_WRITE:
        return table->Write;
    case IRP_MJ_FLUSH_BUFFERS:
        return table->Flush;
    case IRP_MJ_CLOSE:
        return table->Close;
    case IRP_MJ_QUERY_SECURITY:
        return table->QuerySecurity;
    case IRP_MJ_SET_SECURITY:
        return table->SetSecurity;
    default:
        return NULL;
    }
}

/* A minidriver may put routines of its own over those that KsInitializeDriver set, look at requests
 * there and give on to KsDispatchIrp what is not for them; published ones do. UNDOC: the page knows
 * tables only, but what AVStream's own files and devices are asked must then end up where it would
 * have without the driver. Test: "a driver that looks at every request first passes them on". */
static PDRIVER_DISPATCH runtime_routine_for(UCHAR major)
{
    switch (major) {
    case IRP_MJ_CREATE:
        return ks_dispatch_create;
    case IRP_MJ_CLEANUP:
        return ks_dispatch_cleanup;
    case IRP_MJ_CLOSE:
        return ks_dispatch_close;
    case IRP_MJ_DEVICE_CONTROL:
        return ks_dispatch_control;
    case IRP_MJ_PNP:
        return ks_dispatch_pnp;
    case IRP_MJ_POWER:
        return ks_dispatch_power;
    case IRP_MJ_SYSTEM_CONTROL:
        return ks_dispatch_system_control;
    default:
        return NULL;
    }
}

static PDRIVER_DISPATCH route(PDEVICE_OBJECT device, PIRP irp)
{
    UCHAR major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
    struct ks_file *file = ks_file_of_irp(irp);

    if (file != NULL && file->kind == KS_FILE_FOREIGN)
        return routine_for(file, major);
    return ks_device_of_object(device) != NULL ? runtime_routine_for(major) : NULL;
}

NTSTATUS NTAPI KsDispatchIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PDRIVER_DISPATCH routine = route(DeviceObject, Irp);

    if (routine == NULL)
        return KsDispatchInvalidDeviceRequest(DeviceObject, Irp);
    return (NTSTATUS)KE_CALL(routine, KE_ARG(DeviceObject), KE_ARG(Irp));
}

NTSTATUS NTAPI KsSetMajorFunctionHandler(PDRIVER_OBJECT DriverObject, ULONG MajorFunction)
{
    const void *routine = MajorFunction == IRP_MJ_CREATE ? (const void *)ks_dispatch_create
                                                         : (const void *)KsDispatchIrp;

    if (MajorFunction > IRP_MJ_MAXIMUM_FUNCTION)
        return STATUS_INVALID_PARAMETER;
    DriverObject->MajorFunction[MajorFunction] =
        (PDRIVER_DISPATCH)ke_thunk(routine, "KsDispatchIrp", 0);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KsAllocateObjectHeader(KSOBJECT_HEADER *Header, ULONG ItemsCount,
                                      PKSOBJECT_CREATE_ITEM ItemsList, PIRP Irp,
                                      const KSDISPATCH_TABLE *Table)
{
    PFILE_OBJECT file_object = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PVOID context = file_object->FsContext;
    struct ks_file *file = ks_allocate(sizeof *file);

    if (file == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ks_file_init(file, KS_FILE_FOREIGN, NULL, Irp);
    file_object->FsContext = context; /* the driver's own, whose first word is to hold the header */
    file->table = Table;
    file->item_count = ItemsCount;
    file->items = ItemsList;
    *Header = file;
    return STATUS_SUCCESS;
}

void NTAPI KsFreeObjectHeader(KSOBJECT_HEADER Header)
{
    struct ks_file *file = Header;

    ks_file_fini(file);
    ks_free(file);
}

void NTAPI KsSetTargetDeviceObject(KSOBJECT_HEADER Header, PDEVICE_OBJECT TargetDevice)
{
    ((struct ks_file *)Header)->target = TargetDevice;
}

/* ---- What has no handler --------------------------------------------------------------------- */

NTSTATUS NTAPI KsDispatchQuerySecurity(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return ks_complete(Irp, STATUS_NO_SECURITY_ON_OBJECT);
}

NTSTATUS NTAPI KsDispatchSetSecurity(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return ks_complete(Irp, STATUS_NO_SECURITY_ON_OBJECT);
}

BOOLEAN NTAPI KsDispatchFastIoDeviceControlFailure(PFILE_OBJECT FileObject, BOOLEAN Wait,
                                                   PVOID InputBuffer, ULONG InputBufferLength,
                                                   PVOID OutputBuffer, ULONG OutputBufferLength,
                                                   ULONG IoControlCode, PIO_STATUS_BLOCK IoStatus,
                                                   PDEVICE_OBJECT DeviceObject)
{
    UNREFERENCED_PARAMETER(FileObject);
    UNREFERENCED_PARAMETER(Wait);
    UNREFERENCED_PARAMETER(InputBuffer);
    UNREFERENCED_PARAMETER(InputBufferLength);
    UNREFERENCED_PARAMETER(OutputBuffer);
    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(IoControlCode);
    UNREFERENCED_PARAMETER(IoStatus);
    UNREFERENCED_PARAMETER(DeviceObject);
    return FALSE;
}

BOOLEAN NTAPI KsDispatchFastReadFailure(PFILE_OBJECT FileObject, PLARGE_INTEGER FileOffset,
                                        ULONG Length, BOOLEAN Wait, ULONG LockKey, PVOID Buffer,
                                        PIO_STATUS_BLOCK IoStatus, PDEVICE_OBJECT DeviceObject)
{
    UNREFERENCED_PARAMETER(FileObject);
    UNREFERENCED_PARAMETER(FileOffset);
    UNREFERENCED_PARAMETER(Length);
    UNREFERENCED_PARAMETER(Wait);
    UNREFERENCED_PARAMETER(LockKey);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(IoStatus);
    UNREFERENCED_PARAMETER(DeviceObject);
    return FALSE;
}

/* ---- Forwarding ------------------------------------------------------------------------------ */

static PDEVICE_OBJECT next_device(PDEVICE_OBJECT device)
{
    return ks_header_of(*(PVOID *)device->DeviceExtension)->base_device;
}

NTSTATUS NTAPI KsDefaultForwardIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return ks_forward(next_device(DeviceObject), Irp);
}

NTSTATUS NTAPI KsDefaultDispatchPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UCHAR minor = IoGetCurrentIrpStackLocation(Irp)->MinorFunction;
    PDEVICE_OBJECT next = next_device(DeviceObject);
    NTSTATUS status;

    if (minor == IRP_MN_REMOVE_DEVICE) {
        KsFreeDeviceHeader(*(PVOID *)DeviceObject->DeviceExtension);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        status = ks_forward(next, Irp);
        IoDetachDevice(next);
        IoDeleteDevice(DeviceObject);
        return status;
    }
    return ks_forward(next, Irp);
}

NTSTATUS NTAPI KsDefaultDispatchPower(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PoStartNextPowerIrp(Irp);
    return ks_forward(next_device(DeviceObject), Irp);
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
