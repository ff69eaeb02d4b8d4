/* SPDX-License-Identifier: MIT */
/* KS1's own dispatching, for objects whose files a driver makes itself: an object header with a
 * KSDISPATCH_TABLE, to which KsDispatchIrp routes. AVStream's files have headers of the same kind
 * but are dispatched directly. KsAllocateObjectHeader; KsDispatchIrp; KsSetMajorFunctionHandler.
 * UNDOC: identifiers that KsSetMajorFunctionHandler's page does not list, and KSDISPATCH_FASTIO for
 * a driver without a table of fast I/O. STATUS_INVALID_PARAMETER. */
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

/* ---- Handlers of the driver object ----------------------------------------------------------- */

/* By fast I/O there is no IRP: the file's table decides, and a file that has no routine for it is
 * asked again by IRP. */
static const KSDISPATCH_TABLE *table_of(PFILE_OBJECT file_object)
{
    static const KSDISPATCH_TABLE none;
    const struct ks_file *file = ks_file_of(file_object);

    return file != NULL && file->table != NULL ? file->table : &none;
}

static BOOLEAN NTAPI fast_device_control(PFILE_OBJECT FileObject, BOOLEAN Wait, PVOID InputBuffer,
                                         ULONG InputBufferLength, PVOID OutputBuffer,
                                         ULONG OutputBufferLength, ULONG IoControlCode,
                                         PIO_STATUS_BLOCK IoStatus, PDEVICE_OBJECT DeviceObject)
{
    PFAST_IO_DEVICE_CONTROL routine = table_of(FileObject)->FastDeviceIoControl;

    return routine != NULL &&
           (BOOLEAN)KE_CALL(routine, KE_ARG(FileObject), Wait, KE_ARG(InputBuffer),
                            InputBufferLength, KE_ARG(OutputBuffer), OutputBufferLength,
                            IoControlCode, KE_ARG(IoStatus), KE_ARG(DeviceObject));
}

static BOOLEAN fast_transfer(PFAST_IO_READ routine, PFILE_OBJECT file, PLARGE_INTEGER offset,
                             ULONG length, BOOLEAN wait, ULONG key, PVOID buffer,
                             PIO_STATUS_BLOCK iosb, PDEVICE_OBJECT device)
{
    return routine != NULL &&
           (BOOLEAN)KE_CALL(routine, KE_ARG(file), KE_ARG(offset), length, wait, key,
                            KE_ARG(buffer), KE_ARG(iosb), KE_ARG(device));
}

static BOOLEAN NTAPI fast_read(PFILE_OBJECT FileObject, PLARGE_INTEGER FileOffset, ULONG Length,
                               BOOLEAN Wait, ULONG LockKey, PVOID Buffer, PIO_STATUS_BLOCK IoStatus,
                               PDEVICE_OBJECT DeviceObject)
{
    return fast_transfer(table_of(FileObject)->FastRead, FileObject, FileOffset, Length, Wait,
                         LockKey, Buffer, IoStatus, DeviceObject);
}

static BOOLEAN NTAPI fast_write(PFILE_OBJECT FileObject, PLARGE_INTEGER FileOffset, ULONG Length,
                                BOOLEAN Wait, ULONG LockKey, PVOID Buffer,
                                PIO_STATUS_BLOCK IoStatus, PDEVICE_OBJECT DeviceObject)
{
    return fast_transfer(table_of(FileObject)->FastWrite, FileObject, FileOffset, Length, Wait,
                         LockKey, Buffer, IoStatus, DeviceObject);
}

static NTSTATUS set_fast_handler(PFAST_IO_DISPATCH fast, ULONG major)
{
    if (fast == NULL)
        return STATUS_INVALID_PARAMETER;
    switch (major) {
    case IRP_MJ_READ:
        fast->FastIoRead = (PFAST_IO_READ)ke_thunk((const void *)fast_read, "KsFastRead", 4);
        return STATUS_SUCCESS;
    case IRP_MJ_WRITE:
        fast->FastIoWrite = (PFAST_IO_WRITE)ke_thunk((const void *)fast_write, "KsFastWrite", 4);
        return STATUS_SUCCESS;
    case IRP_MJ_DEVICE_CONTROL:
        fast->FastIoDeviceControl = (PFAST_IO_DEVICE_CONTROL)ke_thunk(
            (const void *)fast_device_control, "KsFastDeviceControl", 5);
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS NTAPI KsSetMajorFunctionHandler(PDRIVER_OBJECT DriverObject, ULONG MajorFunction)
{
    if ((MajorFunction & KSDISPATCH_FASTIO) != 0)
        return set_fast_handler(DriverObject->FastIoDispatch, MajorFunction & ~KSDISPATCH_FASTIO);
    switch (MajorFunction) {
    case IRP_MJ_CREATE:
        DriverObject->MajorFunction[IRP_MJ_CREATE] = (PDRIVER_DISPATCH)ke_thunk(
            (const void *)ks_dispatch_create, "KsDispatchCreate", 0);
        return STATUS_SUCCESS;
    case IRP_MJ_CLOSE:
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_READ:
    case IRP_MJ_WRITE:
    case IRP_MJ_FLUSH_BUFFERS:
    case IRP_MJ_QUERY_SECURITY:
    case IRP_MJ_SET_SECURITY:
        DriverObject->MajorFunction[MajorFunction] =
            (PDRIVER_DISPATCH)ke_thunk((const void *)KsDispatchIrp, "KsDispatchIrp", 0);
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

/* ---- What has no handler --------------------------------------------------------------------- */

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
