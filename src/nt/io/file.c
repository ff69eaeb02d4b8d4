/* SPDX-License-Identifier: MIT */
/* File objects: what an open of a device is. A name leads through links to a device object, often a
 * PDO; what the name does not use up becomes FileName, and the request goes to the top of that
 * device's stack. A name relative to a parent file goes whole to the parent's device: KS opens
 * pins, clocks and allocators so, with binary parameters in the name, which is therefore counted
 * and never scanned. Three requests frame a file's life: CREATE (when it fails, no other follows),
 * CLEANUP when the last handle or the application's reference goes, CLOSE when nothing refers to
 * the object any more. */
#include "io/state.h"

#include <stdlib.h>
#include <string.h>

#include "ex/ex.h"
#include "ps/ps.h"
#include "rtl/rtl.h"

#define READS (FILE_READ_DATA | FILE_EXECUTE | GENERIC_READ | GENERIC_ALL)
#define WRITES (FILE_WRITE_DATA | FILE_APPEND_DATA | GENERIC_WRITE | GENERIC_ALL)

/* Whose open it is. */
struct open {
    struct io *io;
    PDEVICE_OBJECT device; /* the one that the name led to */
    PFILE_OBJECT related;
    const WCHAR *name; /* for the device */
    size_t name_chars;
    ACCESS_MASK access;
    ULONG share;
    ULONG options;
    ULONG disposition;
    ULONG attributes; /* of a file that is made */
    KPROCESSOR_MODE mode;
};

struct io_file *io_file_of(struct io *io, PFILE_OBJECT file)
{
    return ob_state(io->ob, OB_TYPE_FILE, file);
}

/* ---- Requests without parameters ------------------------------------------------------------- */

/* Sends and waits, in the mode of whoever owns the file. */
static NTSTATUS send(struct io *io, PFILE_OBJECT file, const IO_STACK_LOCATION *location,
                     ULONG flags, KPROCESSOR_MODE mode, ULONG_PTR *information)
{
    PDEVICE_OBJECT top = IoGetRelatedDeviceObject(file);
    PIO_STACK_LOCATION next;
    KPROCESSOR_MODE before;
    NTSTATUS status;
    PIRP irp = io_irp_allocate(io, top->StackSize, IO_IRP_PLAIN, NULL);

    if (irp == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    irp->Flags = flags | IRP_SYNCHRONOUS_API;
    irp->RequestorMode = mode;
    irp->Tail.Overlay.Thread = PsGetCurrentThread();
    irp->Tail.Overlay.OriginalFileObject = file;
    irp->UserIosb = &irp->IoStatus;
    next = IoGetNextIrpStackLocation(irp);
    *next = *location;
    next->FileObject = file;
    before = ex_set_previous_mode(mode);
    status = io_send_irp(io, top, irp);
    ex_set_previous_mode(before);
    if (information != NULL)
        *information = irp->IoStatus.Information;
    IoFreeIrp(irp);
    return status;
}

static void cleanup(struct io *io, PFILE_OBJECT file, KPROCESSOR_MODE mode)
{
    IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_CLEANUP};

    if (file->Flags & FO_CLEANUP_COMPLETE)
        return;
    file->Flags |= FO_CLEANUP_COMPLETE;
    (void)send(io, file, &location, IRP_CLOSE_OPERATION, mode, NULL);
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void close_device(struct io *io, PDEVICE_OBJECT device)
{
    struct io_device *state = io_device_of(io, device);

    if (--device->ReferenceCount == 0 && state->node != NULL && state->node->removed &&
        io->pnp_ops != NULL)
        io->pnp_ops->last_file_closed(io->pnp_ctx, device);
    ob_dereference(io->ob, device);
}

static void free_file(struct io *io, struct io_file *state)
{
    PFILE_OBJECT file = state->object;

    if (file->RelatedFileObject != NULL)
        ob_dereference(io->ob, file->RelatedFileObject);
    if (file->FileName.Buffer != NULL)
        ExFreePoolWithTag(file->FileName.Buffer, IO_TAG_FILE);
    ExFreePoolWithTag(file, IO_TAG_FILE);
    if (state->device != NULL)
        close_device(io, state->device);
    free(state);
}

static void file_delete(void *body, void *context)
{
    struct io_file *state = context;
    IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_CLOSE};

    (void)body;
    if (state->created) {
        cleanup(state->io, state->object, KernelMode);
        (void)send(state->io, state->object, &location, IRP_CLOSE_OPERATION, KernelMode, NULL);
    }
    free_file(state->io, state);
}

/* The last handle to a file that a driver opened by handle. */
static void file_handles_gone(void *body, void *context)
{
    struct io_file *state = context;

    (void)body;
    if (state->created && (state->object->Flags & FO_HANDLE_CREATED))
        cleanup(state->io, state->object, KernelMode);
}

static void init_object(PFILE_OBJECT file, const struct open *open)
{
    memset(file, 0, sizeof *file);
    file->Type = IO_TYPE_FILE;
    file->Size = sizeof *file;
    file->DeviceObject = open->device;
    file->RelatedFileObject = open->related;
    file->ReadAccess = (open->access & READS) != 0;
    file->WriteAccess = (open->access & WRITES) != 0;
    file->DeleteAccess = (open->access & DELETE) != 0;
    file->SharedRead = (open->share & FILE_SHARE_READ) != 0;
    file->SharedWrite = (open->share & FILE_SHARE_WRITE) != 0;
    file->SharedDelete = (open->share & FILE_SHARE_DELETE) != 0;
    if (open->options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT))
        file->Flags |= FO_SYNCHRONOUS_IO;
    KeInitializeEvent(&file->Lock, SynchronizationEvent, FALSE);
    KeInitializeEvent(&file->Event, NotificationEvent, FALSE);
    KeInitializeSpinLock(&file->IrpListLock);
    InitializeListHead(&file->IrpList);
}

static NTSTATUS make_file(const struct open *open, struct io_file **out)
{
    struct io_file *state = calloc(1, sizeof *state);
    PFILE_OBJECT file = ExAllocatePoolWithTag(NonPagedPool, sizeof *file, IO_TAG_FILE);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    if (state == NULL || file == NULL) {
        if (file != NULL)
            ExFreePoolWithTag(file, IO_TAG_FILE);
        free(state);
        return status;
    }
    init_object(file, open);
    state->io = open->io;
    state->object = file;
    list_init(&state->irps);
    if (open->name_chars != 0)
        status = rtl_string_create(open->name, open->name_chars, IO_TAG_FILE, &file->FileName);
    else
        status = STATUS_SUCCESS;
    if (NT_SUCCESS(status))
        status = ob_object_create(open->io->ob, OB_TYPE_FILE, file, state, file_delete,
                                  file_handles_gone);
    if (!NT_SUCCESS(status)) {
        file->RelatedFileObject = NULL;
        free_file(open->io, state);
        return status;
    }
    state->device = open->device;
    state->device->ReferenceCount++;
    ob_reference(open->io->ob, state->device);
    if (open->related != NULL)
        ob_reference(open->io->ob, open->related);
    *out = state;
    return STATUS_SUCCESS;
}

static NTSTATUS send_create(const struct open *open, PFILE_OBJECT file, ULONG_PTR *information)
{
    IO_SECURITY_CONTEXT *security;
    IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_CREATE};
    NTSTATUS status;

    /* In pool, because the driver reads it. */
    security = ExAllocatePoolWithTag(NonPagedPool, sizeof *security, IO_TAG_BUFFER);
    if (security == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *security = (IO_SECURITY_CONTEXT){.DesiredAccess = open->access,
                                      .FullCreateOptions = open->options};
    location.Parameters.Create.SecurityContext = security;
    location.Parameters.Create.Options = open->disposition << 24 | (open->options & 0xFFFFFF);
    location.Parameters.Create.ShareAccess = (USHORT)open->share;
    location.Parameters.Create.FileAttributes = (USHORT)open->attributes;
    status = send(open->io, file, &location, IRP_CREATE_OPERATION, open->mode, information);
    ExFreePoolWithTag(security, IO_TAG_BUFFER);
    return status;
}

/* Whether the device may be opened at all just now. */
static NTSTATUS check_device(struct io *io, PDEVICE_OBJECT device)
{
    struct io_device *state = io_device_of(io, device);

    if (state == NULL || state->deleted || (device->Flags & DO_DEVICE_INITIALIZING))
        return STATUS_NO_SUCH_DEVICE;
    if (state->node != NULL && (state->node->removed || !state->node->started))
        return STATUS_NO_SUCH_DEVICE;
    if ((device->Flags & DO_EXCLUSIVE) && device->ReferenceCount != 0)
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

static NTSTATUS open_file(struct open *open, ULONG_PTR *information, PFILE_OBJECT *out)
{
    struct io_file *state;
    NTSTATUS status = check_device(open->io, open->device);

    if (!NT_SUCCESS(status))
        return status;
    status = make_file(open, &state);
    if (!NT_SUCCESS(status))
        return status;
    status = send_create(open, state->object, information);
    if (!NT_SUCCESS(status)) {
        ob_dereference(open->io->ob, state->object);
        return status;
    }
    state->created = true;
    state->object->Flags |= FO_FILE_OPEN;
    *out = state->object;
    return STATUS_SUCCESS;
}

/* Fills in device and name; names of files relative to a parent are the device's alone. */
static NTSTATUS resolve(struct open *open, const UNICODE_STRING *path)
{
    enum ob_type type;
    void *body;
    size_t rest;
    NTSTATUS status;

    open->name = path->Buffer;
    open->name_chars = path->Length / sizeof(WCHAR);
    if (open->related != NULL) {
        open->device = open->related->DeviceObject;
        return STATUS_SUCCESS;
    }
    status = ob_name_find(open->io->ob, path, &type, &body, &rest);
    if (!NT_SUCCESS(status))
        return status;
    if (type != OB_TYPE_DEVICE)
        return STATUS_OBJECT_TYPE_MISMATCH;
    open->device = body;
    open->name += open->name_chars - rest;
    open->name_chars = rest;
    return STATUS_SUCCESS;
}

NTSTATUS io_file_open(struct io *io, PFILE_OBJECT relative_to, const UNICODE_STRING *path,
                      ACCESS_MASK access, PFILE_OBJECT *out)
{
    struct open open = {.io = io,
                        .related = relative_to,
                        .access = access,
                        .share = FILE_SHARE_READ | FILE_SHARE_WRITE,
                        .disposition = FILE_OPEN,
                        .mode = UserMode};
    NTSTATUS status = resolve(&open, path);

    return NT_SUCCESS(status) ? open_file(&open, NULL, out) : status;
}

void io_file_close(PFILE_OBJECT file)
{
    struct io *io = io_of(ke_current());

    weir_assert(io_file_of(io, file) != NULL);
    cleanup(io, file, UserMode);
    ob_dereference(io->ob, file);
}

NTSTATUS io_file_handle(PFILE_OBJECT file, HANDLE *out)
{
    return ob_handle_open(io_of(ke_current())->ob, file, FILE_ALL_ACCESS, 0, out);
}

/* ---- As drivers open files ------------------------------------------------------------------- */

NTSTATUS NTAPI IoGetDeviceObjectPointer(PUNICODE_STRING name, ACCESS_MASK access,
                                        PFILE_OBJECT *file, PDEVICE_OBJECT *device)
{
    struct open open = {.io = io_of(ke_current()),
                        .access = access,
                        .disposition = FILE_OPEN,
                        .options = FILE_NON_DIRECTORY_FILE,
                        .mode = KernelMode};
    NTSTATUS status = resolve(&open, name);

    if (NT_SUCCESS(status))
        status = open_file(&open, NULL, file);
    if (NT_SUCCESS(status))
        *device = IoGetRelatedDeviceObject(*file);
    return status;
}

static bool is_absent(NTSTATUS status)
{
    return status == STATUS_OBJECT_NAME_NOT_FOUND || status == STATUS_OBJECT_PATH_NOT_FOUND;
}

static NTSTATUS resolve_file(struct open *open, const UNICODE_STRING *path)
{
    NTSTATUS status = resolve(open, path);

    if (open->related != NULL || !is_absent(status) || !io_is_file_path(path))
        return status;
    io_note_wanted(open->io, path, "there are no files; --files DIR stands for C:\\");
    return io_absent_file(path);
}

static NTSTATUS open_named(struct open *open, const UNICODE_STRING *path, ULONG_PTR *information,
                           PFILE_OBJECT *out)
{
    NTSTATUS status = resolve_file(open, path);

    if (!NT_SUCCESS(status))
        return status;
    status = open_file(open, information, out);
    if (is_absent(status) && open->related == NULL && io_is_file_path(path))
        io_note_wanted(open->io, path, "not there below the folder of --files");
    return status;
}

NTSTATUS NTAPI ZwCreateFile(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                            PIO_STATUS_BLOCK iosb, PLARGE_INTEGER allocation_size,
                            ULONG file_attributes, ULONG share, ULONG disposition, ULONG options,
                            PVOID ea, ULONG ea_bytes)
{
    struct open open = {.io = io_of(ke_current()),
                        .access = access,
                        .share = share,
                        .disposition = disposition,
                        .options = options,
                        .attributes = file_attributes,
                        .mode = KernelMode};
    UNICODE_STRING moved;
    PFILE_OBJECT file;
    WCHAR *below;
    void *root;
    NTSTATUS status;

    (void)allocation_size;
    (void)ea;
    (void)ea_bytes;
    if (attributes == NULL || attributes->ObjectName == NULL)
        return STATUS_INVALID_PARAMETER;
    if (attributes->RootDirectory != NULL) {
        status = ob_handle_body(open.io->ob, attributes->RootDirectory, OB_TYPE_FILE, &root);
        if (!NT_SUCCESS(status))
            return status;
        open.related = root;
    }
    below = open.related == NULL ? io_below_system_root(attributes->ObjectName, &moved) : NULL;
    status = open_named(&open, below != NULL ? &moved : attributes->ObjectName,
                        &iosb->Information, &file);
    free(below);
    if (!NT_SUCCESS(status))
        return iosb->Status = status;
    file->Flags |= FO_HANDLE_CREATED;
    status = ob_handle_open(open.io->ob, file, access, attributes->Attributes, handle);
    ob_dereference(open.io->ob, file);
    return iosb->Status = status;
}

NTSTATUS NTAPI ZwOpenFile(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                          PIO_STATUS_BLOCK iosb, ULONG share, ULONG options)
{
    return ZwCreateFile(handle, access, attributes, iosb, NULL, 0, share, FILE_OPEN, options, NULL,
                        0);
}

NTSTATUS NTAPI IoCreateFile(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes,
                            PIO_STATUS_BLOCK iosb, PLARGE_INTEGER allocation_size,
                            ULONG file_attributes, ULONG share, ULONG disposition, ULONG options,
                            PVOID ea, ULONG ea_bytes, CREATE_FILE_TYPE type, PVOID parameters,
                            ULONG io_options)
{
    (void)parameters;
    (void)io_options;
    if (type != CreateFileTypeNone)
        return STATUS_INVALID_PARAMETER;
    return ZwCreateFile(handle, access, attributes, iosb, allocation_size, file_attributes, share,
                        disposition, options, ea, ea_bytes);
}
