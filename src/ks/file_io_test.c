/* SPDX-License-Identifier: MIT */
/* Stream requests as a driver without AVStream takes them apart, and reads, writes and questions as
 * a kernel client sends them. */
#include "ks/legacy_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10};

static PFILE_OBJECT file;

static void begin(NTSTATUS (*control)(PIRP irp), NTSTATUS (*transfer)(PIRP irp))
{
    legacy.control = control;
    legacy.transfer = transfer;
    legacy_begin();
    file = legacy_open();
}

static void end(void)
{
    io_file_close(file);
    legacy_end();
}

/* ---- Probing --------------------------------------------------------------------------------- */

static ULONG flags, header_size, extra;
static NTSTATUS extra_status;
static unsigned headers_seen, mdls_seen, locked_seen, mapped_seen;
static ULONG client_flags; /* of the client's headers */

static void look(PIRP irp)
{
    PKSSTREAM_HEADER first = irp->AssociatedIrp.SystemBuffer;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    headers_seen = stack->Parameters.DeviceIoControl.OutputBufferLength / first->Size;
    mdls_seen = locked_seen = mapped_seen = 0;
    for (PMDL mdl = irp->MdlAddress; mdl != NULL; mdl = mdl->Next) {
        mdls_seen++;
        locked_seen += (mdl->MdlFlags & MDL_PAGES_LOCKED) != 0;
        mapped_seen += (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0;
    }
}

static void clean_up(PIRP irp)
{
    while (irp->MdlAddress != NULL) {
        PMDL mdl = irp->MdlAddress;

        irp->MdlAddress = mdl->Next;
        if ((mdl->MdlFlags & MDL_PAGES_LOCKED) != 0)
            MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
}

static void take_extra(PIRP irp)
{
    PVOID buffer = NULL;
    PKSSTREAM_HEADER second;

    extra_status = KsAllocateExtraData(irp, extra, &buffer);
    if (!NT_SUCCESS(extra_status))
        return;
    assert_int_equal(((UCHAR *)buffer)[sizeof *second], 0);
    second = (PKSSTREAM_HEADER)(PVOID)((UCHAR *)buffer + sizeof *second + extra);
    if (headers_seen == 2) {
        assert_int_equal(second->Size, sizeof *second);
        assert_int_equal(second->FrameExtent, 100);
    }
    ExFreePool(buffer);
}

static NTSTATUS probe(PIRP irp)
{
    NTSTATUS status;

    assert_int_equal(KsAllocateExtraData(irp, 8, NULL), STATUS_INVALID_PARAMETER); /* too early */
    status = KsProbeStreamIrp(irp, flags, header_size);
    if (!NT_SUCCESS(status)) {
        assert_null(irp->MdlAddress);
        return status;
    }
    assert_int_equal(KsProbeStreamIrp(irp, flags, header_size), STATUS_SUCCESS); /* no harm */
    look(irp);
    take_extra(irp);
    clean_up(irp);
    irp->IoStatus.Information = 0;
    return STATUS_SUCCESS;
}

/* Two headers with buffers of 100 bytes, or what the test makes of them. */
static NTSTATUS stream(ULONG code, ULONG count, bool good_buffer)
{
    KSSTREAM_HEADER headers[2] = {{0}};
    uint64_t va;
    uint64_t buffer_va;
    NTSTATUS status;
    ULONG_PTR bytes;

    assert_int_equal(mm_user_allocate(world->mm, sizeof headers, 0, &va), 0);
    assert_int_equal(mm_user_allocate(world->mm, 200, 0, &buffer_va), 0);
    for (ULONG i = 0; i < 2; i++)
        headers[i] = (KSSTREAM_HEADER){
            .Size = sizeof headers[i],
            .FrameExtent = 100,
            .Data = (PVOID)(good_buffer ? buffer_va + i * 100 : (uint64_t)0x10),
            .OptionsFlags = client_flags};
    assert_true(mm_copy_to_va(world->mm, va, headers, sizeof headers));
    status = io_file_control_wait(file, code, 0, 0, va, count * (ULONG)sizeof headers[0], &bytes);
    mm_user_free(world->mm, va);
    mm_user_free(world->mm, buffer_va);
    return status;
}

static void probe_body(void)
{
    begin(probe, NULL);
    header_size = sizeof(KSSTREAM_HEADER);
    extra = 16;
    client_flags = 0;
    flags = KSPROBE_STREAMREAD;
    assert_int_equal(stream(IOCTL_KS_READ_STREAM, 2, true), STATUS_SUCCESS);
    assert_int_equal(headers_seen, 2);
    assert_int_equal(mdls_seen, 0);
    assert_int_equal(extra_status, STATUS_SUCCESS);
    flags = KSPROBE_STREAMREAD | KSPROBE_PROBEANDLOCK; /* without MDLs it means nothing */
    assert_int_equal(stream(IOCTL_KS_READ_STREAM, 2, true), STATUS_SUCCESS);
    assert_int_equal(mdls_seen, 0);
    flags = KSPROBE_STREAMREAD | KSPROBE_ALLOCATEMDL | KSPROBE_SYSTEMADDRESS;
    assert_int_equal(stream(IOCTL_KS_READ_STREAM, 2, true), STATUS_SUCCESS);
    assert_int_equal(mdls_seen, 2);
    assert_int_equal(locked_seen, 0);
    assert_int_equal(mapped_seen, 0);
    flags |= KSPROBE_PROBEANDLOCK;
    assert_int_equal(stream(IOCTL_KS_READ_STREAM, 2, true), STATUS_SUCCESS);
    assert_int_equal(locked_seen, 2);
    assert_int_equal(mapped_seen, 2);
    extra = 12;
    assert_int_equal(stream(IOCTL_KS_READ_STREAM, 2, true), STATUS_SUCCESS);
    assert_int_equal(extra_status, STATUS_INVALID_PARAMETER);
    end();
}

static void a_stream_irp_is_probed_as_far_as_the_flags_say(void **state)
{
    (void)state;
    world_live(&plain, probe_body);
}

static void probe_refused_body(void)
{
    begin(probe, NULL);
    flags = KSPROBE_STREAMREAD | KSPROBE_ALLOCATEMDL | KSPROBE_PROBEANDLOCK;
    header_size = sizeof(KSSTREAM_HEADER) + 8;
    client_flags = 0;
    extra = 8;
    assert_int_equal(stream(IOCTL_KS_READ_STREAM, 2, true), STATUS_INVALID_BUFFER_SIZE);
    header_size = 0; /* any */
    assert_int_equal(stream(IOCTL_KS_READ_STREAM, 2, true), STATUS_SUCCESS);
    assert_int_equal(stream(IOCTL_KS_READ_STREAM, 2, false), STATUS_ACCESS_VIOLATION);
    assert_int_equal(stream(IOCTL_KS_READ_STREAM, 0, true), STATUS_INVALID_BUFFER_SIZE);
    flags = KSPROBE_STREAMWRITE;
    client_flags = KSSTREAM_HEADER_OPTIONSF_TYPECHANGED;
    assert_int_equal(stream(IOCTL_KS_WRITE_STREAM, 1, true), STATUS_INVALID_PARAMETER);
    flags |= KSPROBE_ALLOWFORMATCHANGE;
    assert_int_equal(stream(IOCTL_KS_WRITE_STREAM, 2, true), STATUS_INVALID_PARAMETER);
    assert_int_equal(stream(IOCTL_KS_WRITE_STREAM, 1, true), STATUS_SUCCESS);
    header_size = sizeof(KSSTREAM_HEADER) + 8; /* a format change has the plain header */
    assert_int_equal(stream(IOCTL_KS_WRITE_STREAM, 1, true), STATUS_SUCCESS);
    client_flags = 0;
    assert_int_equal(stream(IOCTL_KS_WRITE_STREAM, 1, true), STATUS_INVALID_BUFFER_SIZE);
    end();
}

static void headers_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    world_live(&plain, probe_refused_body);
}

static KSRESET reset;

static NTSTATUS take_reset(PIRP irp)
{
    reset = (KSRESET)99;
    return KsAcquireResetValue(irp, &reset);
}

static NTSTATUS ask_reset(const ULONG *value, ULONG bytes)
{
    return legacy_request(file, IOCTL_KS_RESET_STATE, value, bytes, NULL, 0, NULL);
}

static void reset_body(void)
{
    ULONG value = KSRESET_END;

    begin(take_reset, NULL);
    assert_int_equal(ask_reset(&value, sizeof value),
                     STATUS_SUCCESS);
    assert_int_equal(reset, KSRESET_END);
    value = KSRESET_BEGIN;
    assert_int_equal(ask_reset(&value, sizeof value),
                     STATUS_SUCCESS);
    assert_int_equal(reset, KSRESET_BEGIN);
    value = 2;
    assert_int_equal(ask_reset(&value, sizeof value),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(ask_reset(&value, 2),
                     STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(io_file_control_wait(file, IOCTL_KS_RESET_STATE, 0x10, 4, 0, 0,
                                          &(ULONG_PTR){0}), STATUS_ACCESS_VIOLATION);
    assert_int_equal(reset, 99);
    end();
}

static void a_reset_begins_or_ends(void **state)
{
    (void)state;
    world_live(&plain, reset_body);
}

/* ---- Reads and writes ------------------------------------------------------------------------ */

static PIRP pended;
static bool pend;
static ULONG key_seen;

static NTSTATUS transfer(PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    bool write = stack->MajorFunction == IRP_MJ_WRITE;
    ULONG bytes = write ? stack->Parameters.Write.Length : stack->Parameters.Read.Length;

    assert_ptr_equal(stack->FileObject, file);
    key_seen = write ? stack->Parameters.Write.Key : stack->Parameters.Read.Key;
    if (bytes > 100)
        return STATUS_DISK_FULL;
    if (!write)
        memset(irp->UserBuffer, 0x5a, bytes);
    irp->IoStatus.Information = bytes;
    if (!pend)
        return STATUS_SUCCESS;
    IoMarkIrpPending(irp);
    pended = irp;
    return STATUS_PENDING;
}

static void finish_later(void *ctx)
{
    (void)ctx;
    while (pended == NULL)
        sleep_ms(1);
    legacy_finish(pended, STATUS_SUCCESS);
}

struct pool {
    IO_STATUS_BLOCK iosb;
    KEVENT event;
    UCHAR data[200];
    KSSTREAM_HEADER header;
    FILE_STANDARD_INFORMATION information;
};
static struct pool *pool;

static void transfer_body(void)
{
    begin(NULL, transfer);
    pend = false;
    pended = NULL;
    pool = ExAllocatePoolWithTag(NonPagedPool, sizeof *pool, 'tseT');
    memset(pool, 0, sizeof *pool);
    KeInitializeEvent(&pool->event, NotificationEvent, FALSE);
    assert_int_equal(KsReadFile(file, &pool->event, NULL, &pool->iosb, pool->data, 4, 7,
                                KernelMode), STATUS_SUCCESS);
    assert_int_equal(pool->data[3], 0x5a);
    assert_int_equal(pool->data[4], 0);
    assert_int_equal(pool->iosb.Information, 4);
    assert_int_equal(key_seen, 7);
    assert_int_equal(KeReadStateEvent(&pool->event), 1);
    assert_int_equal(KsWriteFile(file, &pool->event, NULL, &pool->iosb, pool->data, 5, 8,
                                 KernelMode), STATUS_SUCCESS);
    assert_int_equal(pool->iosb.Information, 5);
    assert_int_equal(key_seen, 8);
    assert_int_equal(KsReadFile(file, &pool->event, NULL, &pool->iosb, pool->data, 101, 0,
                                KernelMode), STATUS_DISK_FULL);
    assert_int_equal(pool->iosb.Status, STATUS_DISK_FULL);
    assert_int_equal(pool->iosb.Information, 0);
    assert_int_equal(KsWriteFile(file, NULL, NULL, &pool->iosb, pool->data, 101, 0, KernelMode),
                     STATUS_DISK_FULL);
    pend = true;
    assert_int_equal(ke_thread_start(world->ke, "finish", finish_later, NULL, NULL), 0);
    assert_int_equal(KsReadFile(file, NULL, NULL, &pool->iosb, pool->data, 4, 0, KernelMode),
                     STATUS_PENDING);
    assert_int_equal(KeWaitForSingleObject(&file->Event, Executive, KernelMode, FALSE, NULL),
                     STATUS_SUCCESS); /* the file's own, where the caller has none */
    assert_int_equal(pool->iosb.Status, STATUS_SUCCESS);
    file->Flags |= FO_SYNCHRONOUS_IO;
    pended = NULL;
    assert_int_equal(ke_thread_start(world->ke, "finish", finish_later, NULL, NULL), 0);
    assert_int_equal(KsWriteFile(file, NULL, NULL, &pool->iosb, pool->data, 6, 0, KernelMode),
                     STATUS_SUCCESS); /* waited for */
    assert_int_equal(pool->iosb.Information, 6);
    ExFreePoolWithTag(pool, 'tseT');
    end();
}

static void a_kernel_client_reads_and_writes(void **state)
{
    (void)state;
    world_live(&plain, transfer_body);
}

static BOOLEAN NTAPI fast(PFILE_OBJECT with, PLARGE_INTEGER offset, ULONG bytes, BOOLEAN wait,
                          ULONG key, PVOID buffer, PIO_STATUS_BLOCK iosb, PDEVICE_OBJECT device)
{
    (void)offset, (void)device, (void)buffer;
    assert_ptr_equal(with, file);
    assert_true(wait);
    if (key == 1)
        return FALSE;
    iosb->Status = STATUS_SUCCESS;
    iosb->Information = bytes + 1000;
    return TRUE;
}

static void fast_body(void)
{
    begin(NULL, transfer);
    pend = false;
    pool = ExAllocatePoolWithTag(NonPagedPool, sizeof *pool, 'tseT');
    memset(pool, 0, sizeof *pool);
    legacy.table.FastRead = fast;
    legacy.table.FastWrite = fast;
    world->driver->FastIoDispatch = &legacy.fast;
    KsSetMajorFunctionHandler(world->driver, KSDISPATCH_FASTIO | IRP_MJ_READ);
    KsSetMajorFunctionHandler(world->driver, KSDISPATCH_FASTIO | IRP_MJ_WRITE);
    assert_int_equal(KsReadFile(file, NULL, NULL, &pool->iosb, pool->data, 4, 0, KernelMode),
                     STATUS_SUCCESS);
    assert_int_equal(pool->iosb.Information, 1004);
    assert_int_equal(KsWriteFile(file, NULL, NULL, &pool->iosb, pool->data, 5, 0, KernelMode),
                     STATUS_SUCCESS);
    assert_int_equal(pool->iosb.Information, 1005);
    assert_int_equal(KsReadFile(file, NULL, NULL, &pool->iosb, pool->data, 4, 1, KernelMode),
                     STATUS_SUCCESS); /* refused there, done by IRP */
    assert_int_equal(pool->iosb.Information, 4);
    world->driver->FastIoDispatch = NULL;
    ExFreePoolWithTag(pool, 'tseT');
    end();
}

static void fast_io_is_tried_first(void **state)
{
    (void)state;
    world_live(&plain, fast_body);
}

/* ---- Streams --------------------------------------------------------------------------------- */

static ULONG code_seen;
static NTSTATUS stream_status;

static NTSTATUS take_stream(PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    code_seen = stack->Parameters.DeviceIoControl.IoControlCode;
    assert_int_equal(stack->Parameters.DeviceIoControl.OutputBufferLength, sizeof(KSSTREAM_HEADER));
    assert_ptr_equal(irp->UserBuffer, &pool->header);
    irp->IoStatus.Information = sizeof(KSSTREAM_HEADER);
    return stream_status;
}

static NTSTATUS NTAPI completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    assert_ptr_equal(context, pool);
    world_note(NT_SUCCESS(irp->IoStatus.Status) ? "Done" : "Failed");
    return STATUS_SUCCESS;
}

static NTSTATUS stream_io(KSCOMPLETION_INVOCATION when, ULONG how)
{
    return KsStreamIo(file, &pool->event, NULL, when != 0 ? completed : NULL, pool, when,
                      &pool->iosb, &pool->header, sizeof pool->header, how, KernelMode);
}

static void stream_body(void)
{
    begin(take_stream, NULL);
    pool = ExAllocatePoolWithTag(NonPagedPool, sizeof *pool, 'tseT');
    memset(pool, 0, sizeof *pool);
    KeInitializeEvent(&pool->event, NotificationEvent, FALSE);
    pool->header = (KSSTREAM_HEADER){.Size = sizeof pool->header};
    world->log[0] = 0;
    stream_status = STATUS_SUCCESS;
    assert_int_equal(stream_io(KsInvokeOnSuccess, KSSTREAM_READ | KSSTREAM_SYNCHRONOUS),
                     STATUS_SUCCESS);
    assert_int_equal(code_seen, IOCTL_KS_READ_STREAM);
    assert_int_equal(pool->iosb.Information, sizeof(KSSTREAM_HEADER));
    world_expect_log("Done ");
    assert_int_equal(stream_io(KsInvokeOnError, KSSTREAM_WRITE), STATUS_SUCCESS);
    assert_int_equal(code_seen, IOCTL_KS_WRITE_STREAM);
    world_expect_log("");
    stream_status = STATUS_DEVICE_BUSY;
    assert_int_equal(stream_io(KsInvokeOnError, KSSTREAM_WRITE), STATUS_DEVICE_BUSY);
    assert_int_equal(pool->iosb.Status, STATUS_DEVICE_BUSY);
    world_expect_log("Failed ");
    assert_int_equal(stream_io(KsInvokeOnSuccess, KSSTREAM_READ), STATUS_DEVICE_BUSY);
    assert_int_equal(stream_io(0, KSSTREAM_READ), STATUS_DEVICE_BUSY);
    world_expect_log("");
    ExFreePoolWithTag(pool, 'tseT');
    end();
}

static void a_stream_request_is_built_and_its_end_told(void **state)
{
    (void)state;
    world_live(&plain, stream_body);
}

/* ---- Questions ------------------------------------------------------------------------------- */

static NTSTATUS NTAPI information(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    FILE_STANDARD_INFORMATION *standard = irp->AssociatedIrp.SystemBuffer;

    (void)device;
    assert_ptr_equal(stack->FileObject, file);
    if (stack->MajorFunction == IRP_MJ_SET_INFORMATION)
        return legacy_finish(irp, stack->Parameters.SetFile.FileInformationClass ==
                                          FileEndOfFileInformation
                                      ? STATUS_SUCCESS
                                      : STATUS_ACCESS_DENIED);
    if (stack->Parameters.QueryFile.FileInformationClass != FileStandardInformation)
        return legacy_finish(irp, STATUS_INVALID_PARAMETER);
    assert_int_equal(stack->Parameters.QueryFile.Length, sizeof *standard);
    standard->EndOfFile.QuadPart = 1234;
    irp->IoStatus.Information = sizeof *standard;
    return legacy_finish(irp, STATUS_SUCCESS);
}

static void information_body(void)
{
    begin(NULL, NULL);
    pool = ExAllocatePoolWithTag(NonPagedPool, sizeof *pool, 'tseT');
    assert_int_equal(KsQueryInformationFile(file, &pool->information, sizeof pool->information,
                                            FileStandardInformation),
                     STATUS_INVALID_DEVICE_REQUEST); /* the driver has no routine */
    world->driver->MajorFunction[IRP_MJ_QUERY_INFORMATION] = information;
    world->driver->MajorFunction[IRP_MJ_SET_INFORMATION] = information;
    assert_int_equal(KsQueryInformationFile(file, &pool->information, sizeof pool->information,
                                            FileStandardInformation), STATUS_SUCCESS);
    assert_int_equal(pool->information.EndOfFile.QuadPart, 1234);
    assert_int_equal(KsQueryInformationFile(file, &pool->information, 4, FileBasicInformation),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(KsSetInformationFile(file, &pool->information, 8, FileEndOfFileInformation),
                     STATUS_SUCCESS);
    assert_int_equal(KsSetInformationFile(file, &pool->information, 8, FileBasicInformation),
                     STATUS_ACCESS_DENIED);
    ExFreePoolWithTag(pool, 'tseT');
    end();
}

static void questions_go_to_the_file_s_driver(void **state)
{
    (void)state;
    world_live(&plain, information_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_irp_is_probed_as_far_as_the_flags_say),
        cmocka_unit_test(headers_that_do_not_fit_are_refused),
        cmocka_unit_test(a_reset_begins_or_ends),
        cmocka_unit_test(a_kernel_client_reads_and_writes),
        cmocka_unit_test(fast_io_is_tried_first),
        cmocka_unit_test(a_stream_request_is_built_and_its_end_told),
        cmocka_unit_test(questions_go_to_the_file_s_driver),
    };

    return cmocka_run_group_tests_name("file_io", tests, NULL, NULL);
}
