/* SPDX-License-Identifier: MIT */
/* Reads, writes, stream requests and questions that a kernel client sends to a file object. A
 * driver with fast I/O is tried that way first, where a caller in the kernel may; otherwise there
 * is an IRP, and on a file opened for synchronous I/O its end is waited for. KsReadFile;
 * KsWriteFile; KsStreamIo; KsQueryInformationFile; KsSetInformationFile.
 * UNDOC: PortContext. Completion ports do not exist here; it rides in the IRP. */
#include "ks/device.h"
#include "ks/room.h"

/* What a request is made of, beside the IRP. */
struct transfer {
    PFILE_OBJECT file;
    PDEVICE_OBJECT device;
    PKEVENT event; /* the caller's, or the file's */
    PIO_STATUS_BLOCK iosb;
    PVOID port_context;
    KPROCESSOR_MODE mode;
};

static struct transfer begin(PFILE_OBJECT file, PKEVENT event, PVOID port_context,
                             PIO_STATUS_BLOCK iosb, KPROCESSOR_MODE mode)
{
    struct transfer transfer = {.file = file,
                                .device = IoGetRelatedDeviceObject(file),
                                .event = event != NULL ? event : &file->Event,
                                .iosb = iosb,
                                .port_context = port_context,
                                .mode = mode};

    KeClearEvent(transfer.event);
    return transfer;
}

static bool is_synchronous(PFILE_OBJECT file)
{
    return (file->Flags & FO_SYNCHRONOUS_IO) != 0;
}

/* The status block is written by completion, but not where a request fails at once. */
static NTSTATUS send(const struct transfer *transfer, PIRP irp)
{
    NTSTATUS status;

    irp->RequestorMode = transfer->mode;
    irp->Tail.Overlay.OriginalFileObject = transfer->file;
    irp->Overlay.AsynchronousParameters.UserApcContext = transfer->port_context;
    IoGetNextIrpStackLocation(irp)->FileObject = transfer->file;
    status = IofCallDriver(transfer->device, irp);
    if (status == STATUS_PENDING && is_synchronous(transfer->file)) {
        KeWaitForSingleObject(transfer->event, Executive, KernelMode, FALSE, NULL);
        return transfer->iosb->Status;
    }
    if (NT_ERROR(status)) {
        transfer->iosb->Status = status;
        transfer->iosb->Information = 0;
    }
    return status;
}

/* ---- Reading and writing --------------------------------------------------------------------- */

/* "If the requester mode is not KernelMode, but the previous mode was, then fast I/O cannot be
 * used." */
static bool may_be_fast(KPROCESSOR_MODE mode)
{
    return mode == KernelMode || ExGetPreviousMode() != KernelMode;
}

/* Offsets and status blocks of fast I/O lie where the driver can see them. */
struct fast {
    LARGE_INTEGER offset;
    IO_STATUS_BLOCK iosb;
};

static bool try_fast(const struct transfer *transfer, bool write, PVOID buffer, ULONG bytes,
                     ULONG key)
{
    PFAST_IO_DISPATCH table = transfer->device->DriverObject->FastIoDispatch;
    PFAST_IO_READ routine = NULL;
    struct fast *fast;
    bool handled;

    if (table != NULL)
        routine = write ? (PFAST_IO_READ)table->FastIoWrite : table->FastIoRead;
    if (routine == NULL || !may_be_fast(transfer->mode))
        return false;
    fast = ks_allocate(sizeof *fast);
    if (fast == NULL)
        return false;
    fast->offset = transfer->file->CurrentByteOffset;
    handled = (BOOLEAN)KE_CALL(routine, KE_ARG(transfer->file), KE_ARG(&fast->offset), bytes, TRUE,
                               key, KE_ARG(buffer), KE_ARG(&fast->iosb),
                               KE_ARG(transfer->device));
    if (handled) {
        *transfer->iosb = fast->iosb;
        KeSetEvent(transfer->event, IO_NO_INCREMENT, FALSE);
    }
    ks_free(fast);
    return handled;
}

static NTSTATUS read_or_write(const struct transfer *transfer, bool write, PVOID buffer,
                              ULONG bytes, ULONG key)
{
    LARGE_INTEGER offset = transfer->file->CurrentByteOffset;
    PIO_STACK_LOCATION next;
    PIRP irp;

    if (try_fast(transfer, write, buffer, bytes, key))
        return transfer->iosb->Status;
    irp = IoBuildSynchronousFsdRequest(write ? IRP_MJ_WRITE : IRP_MJ_READ, transfer->device, buffer,
                                       bytes, &offset, transfer->event, transfer->iosb);
    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    next = IoGetNextIrpStackLocation(irp);
    if (write)
        next->Parameters.Write.Key = key;
    else
        next->Parameters.Read.Key = key;
    return send(transfer, irp);
}

NTSTATUS NTAPI KsReadFile(PFILE_OBJECT FileObject, PKEVENT Event, PVOID PortContext,
                          PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length, ULONG Key,
                          KPROCESSOR_MODE RequestorMode)
{
    struct transfer transfer =
        begin(FileObject, Event, PortContext, IoStatusBlock, RequestorMode);

    return read_or_write(&transfer, false, Buffer, Length, Key);
}

NTSTATUS NTAPI KsWriteFile(PFILE_OBJECT FileObject, PKEVENT Event, PVOID PortContext,
                           PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length, ULONG Key,
                           KPROCESSOR_MODE RequestorMode)
{
    struct transfer transfer =
        begin(FileObject, Event, PortContext, IoStatusBlock, RequestorMode);

    return read_or_write(&transfer, true, Buffer, Length, Key);
}

NTSTATUS NTAPI KsStreamIo(PFILE_OBJECT FileObject, PKEVENT Event, PVOID PortContext,
                          PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID CompletionContext,
                          KSCOMPLETION_INVOCATION CompletionInvocationFlags,
                          PIO_STATUS_BLOCK IoStatusBlock, PVOID StreamHeaders, ULONG Length,
                          ULONG Flags, KPROCESSOR_MODE RequestorMode)
{
    struct transfer transfer =
        begin(FileObject, Event, PortContext, IoStatusBlock, RequestorMode);
    ULONG code = (Flags & KSSTREAM_WRITE) != 0 ? IOCTL_KS_WRITE_STREAM : IOCTL_KS_READ_STREAM;
    PIRP irp = IoBuildDeviceIoControlRequest(code, transfer.device, NULL, 0, StreamHeaders, Length,
                                             FALSE, transfer.event, IoStatusBlock);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (CompletionRoutine != NULL)
        IoSetCompletionRoutine(irp, CompletionRoutine, CompletionContext,
                               (CompletionInvocationFlags & KsInvokeOnSuccess) != 0,
                               (CompletionInvocationFlags & KsInvokeOnError) != 0,
                               (CompletionInvocationFlags & KsInvokeOnCancel) != 0);
    return send(&transfer, irp);
}

/* ---- Questions ------------------------------------------------------------------------------- */

static NTSTATUS NTAPI answered(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    UNREFERENCED_PARAMETER(Irp);
    KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void describe(PIO_STACK_LOCATION next, bool set, ULONG bytes, FILE_INFORMATION_CLASS class)
{
    next->MajorFunction = set ? IRP_MJ_SET_INFORMATION : IRP_MJ_QUERY_INFORMATION;
    if (set) {
        next->Parameters.SetFile.Length = bytes;
        next->Parameters.SetFile.FileInformationClass = class;
    } else {
        next->Parameters.QueryFile.Length = bytes;
        next->Parameters.QueryFile.FileInformationClass = class;
    }
}

static NTSTATUS ask(PFILE_OBJECT file, bool set, PVOID information, ULONG bytes,
                    FILE_INFORMATION_CLASS class)
{
    PDEVICE_OBJECT device = IoGetRelatedDeviceObject(file);
    PKEVENT event = ks_allocate(sizeof *event);
    PIRP irp = event != NULL ? IoAllocateIrp(device->StackSize, FALSE) : NULL;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    if (irp != NULL) {
        KeInitializeEvent(event, NotificationEvent, FALSE);
        describe(IoGetNextIrpStackLocation(irp), set, bytes, class);
        IoGetNextIrpStackLocation(irp)->FileObject = file;
        irp->AssociatedIrp.SystemBuffer = information;
        irp->RequestorMode = KernelMode;
        irp->Tail.Overlay.OriginalFileObject = file;
        irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
        IoSetCompletionRoutine(irp, KS_ROUTINE(answered), event, TRUE, TRUE, TRUE);
        IofCallDriver(device, irp);
        KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
        status = irp->IoStatus.Status;
        IoFreeIrp(irp);
    }
    ks_free(event);
    return status;
}

NTSTATUS NTAPI KsQueryInformationFile(PFILE_OBJECT FileObject, PVOID FileInformation, ULONG Length,
                                      FILE_INFORMATION_CLASS FileInformationClass)
{
    return ask(FileObject, false, FileInformation, Length, FileInformationClass);
}

NTSTATUS NTAPI KsSetInformationFile(PFILE_OBJECT FileObject, PVOID FileInformation, ULONG Length,
                                    FILE_INFORMATION_CLASS FileInformationClass)
{
    return ask(FileObject, true, FileInformation, Length, FileInformationClass);
}
