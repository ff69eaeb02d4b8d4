/* SPDX-License-Identifier: MIT */
/* Requests about files by handle: IRP_MJ_QUERY_INFORMATION and its like. Information goes through a
 * system buffer ("IRP_MJ_QUERY_INFORMATION", "IRP_MJ_SET_INFORMATION"): a driver sees a copy, and
 * what it says is copied back. They wait for the end whatever the handle. */
#include <string.h>

#include "io/state.h"
#include "wdk/wdm_file.h"

struct question {
    IO_STACK_LOCATION location;
    PVOID data;
    ULONG bytes;
    bool gives, takes; /* to the driver, from it, by a copy; neither: it gets the caller's buffer */
};

static NTSTATUS send(PFILE_OBJECT file, PDEVICE_OBJECT top, PIRP irp, struct question *question,
                     ULONG_PTR *information)
{
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    NTSTATUS status;

    irp->Flags = IRP_SYNCHRONOUS_API;
    irp->RequestorMode = KernelMode;
    irp->Tail.Overlay.Thread = PsGetCurrentThread();
    irp->Tail.Overlay.OriginalFileObject = file;
    irp->UserIosb = &irp->IoStatus;
    irp->UserBuffer = question->data;
    *next = question->location;
    next->FileObject = file;
    status = io_send_irp(io_of(ke_current()), top, irp);
    *information = irp->IoStatus.Information;
    return status;
}

static NTSTATUS ask(PFILE_OBJECT file, struct question *question, ULONG_PTR *information)
{
    struct io *io = io_of(ke_current());
    PDEVICE_OBJECT top = IoGetRelatedDeviceObject(file);
    PVOID buffer = ExAllocatePoolWithTag(NonPagedPool, question->bytes + 1, IO_TAG_BUFFER);
    PIRP irp = buffer != NULL ? io_irp_allocate(io, top->StackSize, IO_IRP_PLAIN, NULL) : NULL;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    *information = 0;
    if (irp != NULL) {
        memset(buffer, 0, question->bytes + 1);
        if (question->gives)
            memcpy(buffer, question->data, question->bytes);
        if (question->gives || question->takes)
            irp->AssociatedIrp.SystemBuffer = buffer;
        status = send(file, top, irp, question, information);
        irp->AssociatedIrp.SystemBuffer = NULL;
        IoFreeIrp(irp);
        if (question->takes && (NT_SUCCESS(status) || status == STATUS_BUFFER_OVERFLOW) &&
            *information <= question->bytes)
            memcpy(question->data, buffer, *information);
    }
    if (buffer != NULL)
        ExFreePoolWithTag(buffer, IO_TAG_BUFFER);
    return status;
}

static NTSTATUS ask_by_handle(HANDLE handle, struct question *question, PIO_STATUS_BLOCK iosb)
{
    ULONG_PTR information;
    void *file;
    NTSTATUS status = ob_handle_body(io_of(ke_current())->ob, handle, OB_TYPE_FILE, &file);

    if (!NT_SUCCESS(status))
        return status;
    status = ask(file, question, &information);
    iosb->Information = information;
    return iosb->Status = status;
}

static struct question query_of(FILE_INFORMATION_CLASS class, PVOID data, ULONG bytes)
{
    struct question question = {.data = data, .bytes = bytes, .takes = true};

    question.location.MajorFunction = IRP_MJ_QUERY_INFORMATION;
    question.location.Parameters.QueryFile.Length = bytes;
    question.location.Parameters.QueryFile.FileInformationClass = class;
    return question;
}

NTSTATUS NTAPI ZwQueryInformationFile(HANDLE handle, PIO_STATUS_BLOCK iosb, PVOID data, ULONG bytes,
                                      FILE_INFORMATION_CLASS class)
{
    struct question question = query_of(class, data, bytes);

    if ((unsigned)class == 0 || class >= FileMaximumInformation)
        return STATUS_INVALID_INFO_CLASS;
    return ask_by_handle(handle, &question, iosb);
}

NTSTATUS NTAPI IoQueryFileInformation(PFILE_OBJECT file, FILE_INFORMATION_CLASS class, ULONG bytes,
                                      PVOID data, PULONG returned)
{
    struct question question = query_of(class, data, bytes);
    ULONG_PTR information;
    NTSTATUS status;

    if (io_file_of(io_of(ke_current()), file) == NULL)
        return STATUS_INVALID_PARAMETER;
    status = ask(file, &question, &information);
    *returned = (ULONG)information;
    return status;
}

NTSTATUS NTAPI ZwSetInformationFile(HANDLE handle, PIO_STATUS_BLOCK iosb, PVOID data, ULONG bytes,
                                    FILE_INFORMATION_CLASS class)
{
    struct question question = {.data = data, .bytes = bytes, .gives = true};

    if ((unsigned)class == 0 || class >= FileMaximumInformation)
        return STATUS_INVALID_INFO_CLASS;
    question.location.MajorFunction = IRP_MJ_SET_INFORMATION;
    question.location.Parameters.SetFile.Length = bytes;
    question.location.Parameters.SetFile.FileInformationClass = class;
    return ask_by_handle(handle, &question, iosb);
}

NTSTATUS NTAPI ZwQueryVolumeInformationFile(HANDLE handle, PIO_STATUS_BLOCK iosb, PVOID data,
                                            ULONG bytes, FS_INFORMATION_CLASS class)
{
    struct question question = {.data = data, .bytes = bytes, .takes = true};

    if ((unsigned)class == 0 || class >= FileFsMaximumInformation)
        return STATUS_INVALID_INFO_CLASS;
    question.location.MajorFunction = IRP_MJ_QUERY_VOLUME_INFORMATION;
    question.location.Parameters.QueryVolume.Length = bytes;
    question.location.Parameters.QueryVolume.FsInformationClass = class;
    return ask_by_handle(handle, &question, iosb);
}

/* The pattern of the first call on a handle stays ("ZwQueryDirectoryFile", FileName). */
NTSTATUS NTAPI ZwQueryDirectoryFile(HANDLE handle, HANDLE event, PVOID apc, PVOID apc_context,
                                    PVOID status_block, PVOID data, ULONG bytes,
                                    FILE_INFORMATION_CLASS class, BOOLEAN single,
                                    PUNICODE_STRING pattern, BOOLEAN restart)
{
    struct question question = {.data = data, .bytes = bytes};
    NTSTATUS status;

    (void)apc_context;
    if (apc != NULL)
        weir_not_implemented("ZwQueryDirectoryFile with an APC routine");
    question.location.MajorFunction = IRP_MJ_DIRECTORY_CONTROL;
    question.location.MinorFunction = IRP_MN_QUERY_DIRECTORY;
    question.location.Flags = (UCHAR)((restart ? SL_RESTART_SCAN : 0) |
                                      (single ? SL_RETURN_SINGLE_ENTRY : 0));
    question.location.Parameters.QueryDirectory.Length = bytes;
    question.location.Parameters.QueryDirectory.FileName = pattern;
    question.location.Parameters.QueryDirectory.FileInformationClass = class;
    status = ask_by_handle(handle, &question, status_block);
    if (event != NULL)
        (void)ZwSetEvent(event, NULL);
    return status;
}

/* ---- By name --------------------------------------------------------------------------------- */

NTSTATUS NTAPI ZwQueryFullAttributesFile(POBJECT_ATTRIBUTES attributes,
                                         PFILE_NETWORK_OPEN_INFORMATION out)
{
    IO_STATUS_BLOCK iosb;
    HANDLE handle;
    NTSTATUS status = ZwOpenFile(&handle, FILE_READ_ATTRIBUTES, attributes, &iosb,
                                 FILE_SHARE_VALID_FLAGS, 0);

    if (!NT_SUCCESS(status))
        return status;
    status = ZwQueryInformationFile(handle, &iosb, out, sizeof *out, FileNetworkOpenInformation);
    ZwClose(handle);
    return status;
}

NTSTATUS NTAPI ZwDeleteFile(POBJECT_ATTRIBUTES attributes)
{
    FILE_DISPOSITION_INFORMATION disposition = {.DeleteFile = TRUE};
    IO_STATUS_BLOCK iosb;
    HANDLE handle;
    NTSTATUS status = ZwOpenFile(&handle, DELETE, attributes, &iosb, FILE_SHARE_VALID_FLAGS, 0);

    if (!NT_SUCCESS(status))
        return status;
    status = ZwSetInformationFile(handle, &iosb, &disposition, sizeof disposition,
                                  FileDispositionInformation);
    ZwClose(handle);
    return status;
}
