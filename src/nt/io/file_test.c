/* SPDX-License-Identifier: MIT */
/* Files: names, the three requests of a life, buffers of device control, cancellation in order. */
#include "io/nt_test.h"

#define IOCTL(method, access) CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, method, access)

static char story[64];
static WCHAR last_name[64];
static USHORT last_name_bytes;
static PFILE_OBJECT last_related;
static NTSTATUS create_status;
static PIRP held[8];
static unsigned held_count;
static ACCESS_MASK last_access;

static void tell(char letter)
{
    size_t length = strlen(story);

    if (length + 1 < sizeof story)
        story[length] = letter;
}

static NTSTATUS NTAPI on_create(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);

    (void)device;
    tell('c');
    last_name_bytes = location->FileObject->FileName.Length;
    if (last_name_bytes != 0)
        memcpy(last_name, location->FileObject->FileName.Buffer, last_name_bytes);
    last_related = location->FileObject->RelatedFileObject;
    last_access = location->Parameters.Create.SecurityContext->DesiredAccess;
    assert_int_equal(irp->RequestorMode, UserMode);
    assert_int_equal(ExGetPreviousMode(), UserMode);
    return nt_complete(irp, create_status, 0);
}

static NTSTATUS NTAPI on_cleanup(PDEVICE_OBJECT device, PIRP irp)
{
    tell('k');
    return nt_succeed(device, irp);
}

static NTSTATUS NTAPI on_close(PDEVICE_OBJECT device, PIRP irp)
{
    tell('x');
    return nt_succeed(device, irp);
}

static void NTAPI on_cancel(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoReleaseCancelSpinLock(irp->CancelIrql);
    tell((char)('0' + irp->IoStatus.Information));
    nt_complete(irp, STATUS_CANCELLED, 0);
}

/* Answers by the function in the code: upper-cases the input, fills what it may write. */
static NTSTATUS NTAPI on_control(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    ULONG out = location->Parameters.DeviceIoControl.OutputBufferLength;
    PCHAR text = irp->AssociatedIrp.SystemBuffer;

    (void)device;
    switch (METHOD_FROM_CTL_CODE(location->Parameters.DeviceIoControl.IoControlCode)) {
    case METHOD_BUFFERED:
        text[0] = (CHAR)(text[0] - 32);
        return nt_complete(irp, STATUS_SUCCESS, 1);
    case METHOD_OUT_DIRECT:
        assert_int_equal(text[0], 'a');
        assert_int_equal(MmGetMdlByteCount(irp->MdlAddress), out);
        memset(MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority), 'd', out);
        return nt_complete(irp, STATUS_SUCCESS, out);
    default:
        held[held_count++] = irp;
        irp->IoStatus.Information = held_count;
        IoMarkIrpPending(irp);
        (void)IoSetCancelRoutine(irp, on_cancel);
        return STATUS_PENDING;
    }
}

static PDEVICE_OBJECT device_of(struct nt *nt)
{
    PDRIVER_OBJECT driver = nt_driver(nt, "files");

    memset(story, 0, sizeof story);
    create_status = STATUS_SUCCESS;
    held_count = 0;
    nt_dispatch(driver, IRP_MJ_CREATE, on_create);
    nt_dispatch(driver, IRP_MJ_CLEANUP, on_cleanup);
    nt_dispatch(driver, IRP_MJ_CLOSE, on_close);
    nt_dispatch(driver, IRP_MJ_DEVICE_CONTROL, on_control);
    return nt_device(driver, u"\\Device\\Files");
}

static PFILE_OBJECT open_file(struct nt *nt)
{
    UNICODE_STRING path = nt_string(u"\\Device\\Files");
    PFILE_OBJECT file;

    assert_int_equal(io_file_open(nt->io, NULL, &path, FILE_READ_DATA | FILE_WRITE_DATA, &file),
                     STATUS_SUCCESS);
    return file;
}

static void a_life_is_create_cleanup_close(struct nt *nt)
{
    PDEVICE_OBJECT device = device_of(nt);
    PFILE_OBJECT file = open_file(nt);

    assert_int_equal(device->ReferenceCount, 1);
    assert_int_equal(last_access, FILE_READ_DATA | FILE_WRITE_DATA);
    ObReferenceObject(file);
    io_file_close(file);
    assert_string_equal(story, "ck"); /* somebody still refers to it */
    ObDereferenceObject(file);
    assert_string_equal(story, "ckx");
    assert_int_equal(device->ReferenceCount, 0);
}

static void a_create_that_fails_is_followed_by_nothing(struct nt *nt)
{
    UNICODE_STRING path = nt_string(u"\\Device\\Files\\x");
    PDEVICE_OBJECT device = device_of(nt);
    PFILE_OBJECT file;

    create_status = STATUS_NO_MATCH;
    assert_int_equal(io_file_open(nt->io, NULL, &path, 0, &file), STATUS_NO_MATCH);
    assert_string_equal(story, "c");
    assert_int_equal(device->ReferenceCount, 0);
}

static void what_the_name_leaves_over_is_the_files_name(struct nt *nt)
{
    UNICODE_STRING link = nt_string(u"\\DosDevices\\Grab");
    UNICODE_STRING target = nt_string(u"\\Device\\Files");
    UNICODE_STRING path = nt_string(u"\\??\\grab\\GLOBAL");
    UNICODE_STRING missing = nt_string(u"\\??\\grabber");
    PFILE_OBJECT file;

    device_of(nt);
    assert_int_equal(IoCreateSymbolicLink(&link, &target), STATUS_SUCCESS);
    assert_int_equal(IoCreateSymbolicLink(&link, &target), STATUS_OBJECT_NAME_COLLISION);
    assert_int_equal(io_file_open(nt->io, NULL, &path, 0, &file), STATUS_SUCCESS);
    assert_int_equal(last_name_bytes, 14);
    assert_memory_equal(last_name, u"\\GLOBAL", 14);
    io_file_close(file);
    assert_int_equal(io_file_open(nt->io, NULL, &missing, 0, &file), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(IoDeleteSymbolicLink(&link), STATUS_SUCCESS);
    assert_int_equal(io_file_open(nt->io, NULL, &path, 0, &file), STATUS_OBJECT_NAME_NOT_FOUND);
}

static void a_name_relative_to_a_file_may_hold_zeros(struct nt *nt)
{
    static WCHAR name[] = u"{146F1A80}\\\0\0binary\0";
    UNICODE_STRING path = {sizeof name - 2, sizeof name, name};
    PFILE_OBJECT parent, child;

    device_of(nt);
    parent = open_file(nt);
    assert_int_equal(io_file_open(nt->io, parent, &path, 0, &child), STATUS_SUCCESS);
    assert_ptr_equal(last_related, parent);
    assert_int_equal(last_name_bytes, sizeof name - 2);
    assert_memory_equal(last_name, name, sizeof name - 2);
    io_file_close(parent);
    assert_string_equal(story, "cck"); /* the child keeps it */
    io_file_close(child);
    assert_string_equal(story, "cckkxx");
}

static void an_exclusive_device_opens_once(struct nt *nt)
{
    UNICODE_STRING path = nt_string(u"\\Device\\Files");
    PDEVICE_OBJECT device = device_of(nt);
    PFILE_OBJECT file, second;

    device->Flags |= DO_EXCLUSIVE;
    file = open_file(nt);
    assert_int_equal(io_file_open(nt->io, NULL, &path, 0, &second), STATUS_ACCESS_DENIED);
    io_file_close(file);
    device->Flags |= DO_DEVICE_INITIALIZING;
    assert_int_equal(io_file_open(nt->io, NULL, &path, 0, &second), STATUS_NO_SUCH_DEVICE);
}

/* ---- Device control -------------------------------------------------------------------------- */

static uint64_t client_text(struct nt *nt, const char *text)
{
    uint64_t va;

    assert_int_equal(mm_user_allocate(nt->mm, 8192, 100, &va), 0);
    assert_true(mm_copy_to_va(nt->mm, va, text, strlen(text) + 1));
    return va;
}

static void buffered_data_is_copied_in_and_out(struct nt *nt)
{
    uint64_t in = client_text(nt, "abc");
    uint64_t out = client_text(nt, "zzz");
    PFILE_OBJECT file;
    ULONG_PTR information;
    char got[4];

    device_of(nt);
    file = open_file(nt);
    assert_int_equal(io_file_control_wait(file, IOCTL(METHOD_BUFFERED, 0), in, 3, out, 3,
                                          &information),
                     STATUS_SUCCESS);
    assert_int_equal(information, 1);
    assert_true(mm_copy_from_va(nt->mm, got, out, 4));
    assert_string_equal(got, "Azz"); /* Information bytes and no more */
    assert_int_equal(io_file_control_wait(file, IOCTL(METHOD_BUFFERED, 0), in, 3, out, 100000,
                                          &information),
                     STATUS_ACCESS_VIOLATION);
    io_file_close(file);
}

static void direct_output_is_the_callers_own_pages(struct nt *nt)
{
    uint64_t in = client_text(nt, "a");
    uint64_t out = client_text(nt, "");
    char got[8000];
    PFILE_OBJECT file;
    ULONG_PTR information;

    device_of(nt);
    file = open_file(nt);
    assert_int_equal(io_file_control_wait(file, IOCTL(METHOD_OUT_DIRECT, 0), in, 1, out, 8000,
                                          &information),
                     STATUS_SUCCESS);
    assert_int_equal(information, 8000);
    assert_true(mm_copy_from_va(nt->mm, got, out, sizeof got));
    assert_int_equal(got[0], 'd');
    assert_int_equal(got[7999], 'd');
    io_file_close(file);
}

static void a_code_may_ask_for_access_the_file_lacks(struct nt *nt)
{
    UNICODE_STRING path = nt_string(u"\\Device\\Files");
    PFILE_OBJECT file;

    device_of(nt);
    assert_int_equal(io_file_open(nt->io, NULL, &path, FILE_READ_DATA, &file), STATUS_SUCCESS);
    assert_int_equal(io_file_control_wait(file, IOCTL(METHOD_BUFFERED, FILE_WRITE_ACCESS), 0, 0, 0,
                                          0, NULL),
                     STATUS_ACCESS_DENIED);
    io_file_close(file);
}

static void several_requests_are_outstanding_and_end_one_by_one(struct nt *nt)
{
    IO_STATUS_BLOCK iosb[3] = {{{0}, 0}};
    KEVENT done[3];
    PFILE_OBJECT file;
    int i;

    device_of(nt);
    file = open_file(nt);
    for (i = 0; i < 3; i++) {
        KeInitializeEvent(&done[i], NotificationEvent, FALSE);
        assert_int_equal(io_file_control(file, IOCTL(METHOD_NEITHER, 0), 0x1000, 1, 0x2000, 2,
                                         &done[i], &iosb[i], NULL),
                         STATUS_PENDING);
    }
    assert_int_equal(io_file_outstanding(file), 3);
    assert_ptr_equal(held[1]->UserBuffer, (PVOID)0x2000);
    (void)IoSetCancelRoutine(held[1], NULL);
    nt_complete(held[1], STATUS_SUCCESS, 77);
    wait_for(&done[1]);
    assert_int_equal(iosb[1].Information, 77);
    assert_int_equal(KeReadStateEvent(&done[0]), 0);
    assert_int_equal(io_file_outstanding(file), 2);
    io_file_cancel(file);
    assert_string_equal(story, "c13"); /* oldest first */
    assert_int_equal(iosb[0].Status, STATUS_CANCELLED);
    assert_int_equal(io_file_outstanding(file), 0);
    io_file_close(file);
}

static void handles_lead_to_files(struct nt *nt)
{
    PFILE_OBJECT file;
    HANDLE handle;
    PVOID body;

    device_of(nt);
    file = open_file(nt);
    assert_int_equal(io_file_handle(file, &handle), STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(handle, 0, *IoFileObjectType, KernelMode, &body,
                                               NULL),
                     STATUS_SUCCESS);
    assert_ptr_equal(body, file);
    ObDereferenceObject(body);
    assert_int_equal(ObReferenceObjectByHandle(handle, 0, *PsThreadType, KernelMode, &body, NULL),
                     STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &body, NULL),
                     STATUS_INVALID_HANDLE);
    assert_string_equal(story, "c");
    io_file_close(file);
}

static NTSTATUS NTAPI kernel_create(PDEVICE_OBJECT device, PIRP irp)
{
    assert_int_equal(irp->RequestorMode, KernelMode);
    tell('C');
    return nt_succeed(device, irp);
}

static void a_driver_opens_by_name_and_closes_by_handle(struct nt *nt)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING path = nt_string(u"\\Device\\Files");
    IO_STATUS_BLOCK iosb;
    PDEVICE_OBJECT device = device_of(nt), found;
    PFILE_OBJECT file;
    HANDLE handle;

    nt_dispatch(device->DriverObject, IRP_MJ_CREATE, kernel_create);
    InitializeObjectAttributes(&attributes, &path, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwCreateFile(&handle, FILE_READ_DATA, &attributes, &iosb, NULL, 0, 0,
                                  FILE_OPEN, 0, NULL, 0),
                     STATUS_SUCCESS);
    assert_true(ObIsKernelHandle(handle));
    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    assert_string_equal(story, "Ckx");
    assert_int_equal(IoGetDeviceObjectPointer(&path, FILE_READ_DATA, &file, &found),
                     STATUS_SUCCESS);
    assert_ptr_equal(found, device);
    ObDereferenceObject(file);
    assert_string_equal(story, "CkxCkx");
}

static NTSTATUS NTAPI on_read(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);

    (void)device;
    memset(irp->AssociatedIrp.SystemBuffer,
           (int)('a' + location->Parameters.Read.ByteOffset.QuadPart),
           location->Parameters.Read.Length);
    return nt_complete(irp, STATUS_SUCCESS, location->Parameters.Read.Length);
}

static void reading_by_handle_moves_the_position(struct nt *nt)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING path = nt_string(u"\\Device\\Files");
    IO_STATUS_BLOCK iosb;
    LARGE_INTEGER offset = {.QuadPart = 7};
    PDEVICE_OBJECT device = device_of(nt);
    PCHAR text = ExAllocatePoolWithTag(NonPagedPool, 16, 0x31313131);
    HANDLE handle;

    device->Flags |= DO_BUFFERED_IO;
    nt_dispatch(device->DriverObject, IRP_MJ_CREATE, nt_succeed);
    nt_dispatch(device->DriverObject, IRP_MJ_READ, on_read);
    InitializeObjectAttributes(&attributes, &path, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwOpenFile(&handle, FILE_READ_DATA, &attributes, &iosb, 0, 0), 0);
    assert_int_equal(ZwReadFile(handle, NULL, NULL, NULL, &iosb, text, 3, NULL, NULL), 0);
    assert_int_equal(iosb.Information, 3);
    assert_memory_equal(text, "aaa", 3);
    assert_int_equal(ZwReadFile(handle, NULL, NULL, NULL, &iosb, text, 3, NULL, NULL), 0);
    assert_memory_equal(text, "ddd", 3);
    assert_int_equal(ZwReadFile(handle, NULL, NULL, NULL, &iosb, text, 1, &offset, NULL), 0);
    assert_int_equal(text[0], 'h');
    assert_int_equal(ZwWriteFile(handle, NULL, NULL, NULL, &iosb, text, 1, NULL, NULL),
                     STATUS_INVALID_DEVICE_REQUEST);
    ZwClose(handle);
    ExFreePool(text);
}

static void closing_a_closed_handle_is_found(struct nt *nt)
{
    PFILE_OBJECT file;
    HANDLE handle;

    device_of(nt);
    file = open_file(nt);
    assert_int_equal(io_file_handle(file, &handle), STATUS_SUCCESS);
    ZwClose(handle);
    assert_int_equal(ZwClose(handle), STATUS_INVALID_HANDLE);
    io_file_close(file);
}

static void dereferencing_too_often_stops(struct nt *nt)
{
    PFILE_OBJECT file;

    device_of(nt);
    file = open_file(nt);
    io_file_close(file);
    ObDereferenceObject(file);
}

NT_TEST(a_life_is_create_cleanup_close)
NT_TEST(a_create_that_fails_is_followed_by_nothing)
NT_TEST(what_the_name_leaves_over_is_the_files_name)
NT_TEST(a_name_relative_to_a_file_may_hold_zeros)
NT_TEST(an_exclusive_device_opens_once)
NT_TEST(buffered_data_is_copied_in_and_out)
NT_TEST(direct_output_is_the_callers_own_pages)
NT_TEST(a_code_may_ask_for_access_the_file_lacks)
NT_TEST(several_requests_are_outstanding_and_end_one_by_one)
NT_TEST(handles_lead_to_files)
NT_TEST(a_driver_opens_by_name_and_closes_by_handle)
NT_TEST(reading_by_handle_moves_the_position)
NT_FINDING_TEST(closing_a_closed_handle_is_found, bad_handle, 0)
NT_FINDING_TEST(dereferencing_too_often_stops, object_reference, 0x18)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_life_is_create_cleanup_close),
        cmocka_unit_test(test_a_create_that_fails_is_followed_by_nothing),
        cmocka_unit_test(test_what_the_name_leaves_over_is_the_files_name),
        cmocka_unit_test(test_a_name_relative_to_a_file_may_hold_zeros),
        cmocka_unit_test(test_an_exclusive_device_opens_once),
        cmocka_unit_test(test_buffered_data_is_copied_in_and_out),
        cmocka_unit_test(test_direct_output_is_the_callers_own_pages),
        cmocka_unit_test(test_a_code_may_ask_for_access_the_file_lacks),
        cmocka_unit_test(test_several_requests_are_outstanding_and_end_one_by_one),
        cmocka_unit_test(test_handles_lead_to_files),
        cmocka_unit_test(test_a_driver_opens_by_name_and_closes_by_handle),
        cmocka_unit_test(test_reading_by_handle_moves_the_position),
        cmocka_unit_test(test_closing_a_closed_handle_is_found),
        cmocka_unit_test(test_dereferencing_too_often_stops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
