/* SPDX-License-Identifier: MIT */
/* Devices found and attached by name, references taken on the way through a stack, requests built
 * without the I/O manager's event, StartIo by key, registrations that wait for an occasion. */
#include "io/nt_test.h"

/* ---- Stacks ---------------------------------------------------------------------------------- */

static void a_device_is_attached_to_a_named_one(struct nt *nt)
{
    PDRIVER_OBJECT driver = nt_driver(nt, "one");
    PDEVICE_OBJECT named, upper, attached = NULL;
    UNICODE_STRING name = nt_string(u"\\Device\\Base"), missing = nt_string(u"\\Device\\None");

    nt_dispatch(driver, IRP_MJ_CREATE, nt_succeed);
    nt_dispatch(driver, IRP_MJ_CLEANUP, nt_succeed);
    nt_dispatch(driver, IRP_MJ_CLOSE, nt_succeed);
    named = nt_device(driver, u"\\Device\\Base");
    upper = nt_device(driver, NULL);
    assert_int_equal(IoAttachDevice(upper, &missing, &attached), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_null(attached);
    assert_int_equal(IoAttachDevice(upper, &name, &attached), STATUS_SUCCESS);
    assert_ptr_equal(attached, named);
    assert_ptr_equal(IoGetAttachedDevice(named), upper);
    IoDetachDevice(named);
}

static void a_stack_that_is_being_made_takes_nobody(struct nt *nt)
{
    PDRIVER_OBJECT driver = nt_driver(nt, "one");
    PDEVICE_OBJECT lower = nt_device(driver, NULL), upper = nt_device(driver, NULL);
    PDEVICE_OBJECT attached = NULL;

    lower->Flags |= DO_DEVICE_INITIALIZING;
    assert_int_equal(IoAttachDeviceToDeviceStackSafe(upper, lower, &attached),
                     STATUS_NO_SUCH_DEVICE);
    assert_null(attached);
    assert_null(IoAttachDeviceToDeviceStack(upper, lower));
    lower->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    assert_int_equal(IoAttachDeviceToDeviceStackSafe(upper, lower, &attached), STATUS_SUCCESS);
    assert_ptr_equal(attached, lower);
}

static void whoever_walks_a_stack_holds_what_it_found(struct nt *nt)
{
    PDRIVER_OBJECT driver = nt_driver(nt, "one");
    PDEVICE_OBJECT d[3], found;
    uint64_t before;

    for (int i = 0; i < 3; i++)
        d[i] = nt_device(driver, NULL);
    IoAttachDeviceToDeviceStack(d[1], d[0]);
    IoAttachDeviceToDeviceStack(d[2], d[1]);
    before = ob_references(nt->ob, d[2]);
    found = IoGetAttachedDeviceReference(d[0]);
    assert_ptr_equal(found, d[2]);
    assert_int_equal(ob_references(nt->ob, d[2]), before + 1);
    ObDereferenceObject(found);
    before = ob_references(nt->ob, d[0]);
    found = IoGetDeviceAttachmentBaseRef(d[2]);
    assert_ptr_equal(found, d[0]);
    assert_int_equal(ob_references(nt->ob, d[0]), before + 1);
    ObDereferenceObject(found);
    found = IoGetLowerDeviceObject(d[2]);
    assert_ptr_equal(found, d[1]);
    ObDereferenceObject(found);
    assert_null(IoGetLowerDeviceObject(d[0])); /* there is nothing below */
}

static void names_are_taken_once_and_links_lead_somewhere(struct nt *nt)
{
    UNICODE_STRING link = nt_string(u"\\DosDevices\\Plain"), target = nt_string(u"\\Device\\P");

    (void)nt;
    assert_int_equal(IoCreateUnprotectedSymbolicLink(&link, &target), STATUS_SUCCESS);
    assert_int_equal(IoCreateUnprotectedSymbolicLink(&link, &target),
                     STATUS_OBJECT_NAME_COLLISION);
    assert_int_equal(IoCreateSymbolicLink(&link, &target), STATUS_OBJECT_NAME_COLLISION);
    assert_int_equal(IoDeleteSymbolicLink(&link), STATUS_SUCCESS);
    assert_int_equal(IoDeleteSymbolicLink(&link), STATUS_OBJECT_NAME_NOT_FOUND);
}

/* ---- Requests -------------------------------------------------------------------------------- */

static unsigned completions;

static NTSTATUS NTAPI keep_it(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)context;
    completions++;
    assert_int_equal(irp->IoStatus.Information, 7);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS NTAPI read_seven(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    assert_int_equal(IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Length, 16);
    assert_int_equal(IoGetCurrentIrpStackLocation(irp)->Parameters.Read.ByteOffset.QuadPart, 512);
    assert_false(IoIsOperationSynchronous(irp));
    memcpy(irp->AssociatedIrp.SystemBuffer, "seven b", 7);
    return nt_complete(irp, STATUS_SUCCESS, 7);
}

static void an_asynchronous_request_comes_back_to_its_routine(struct nt *nt)
{
    PDRIVER_OBJECT driver = nt_driver(nt, "one");
    PDEVICE_OBJECT device = nt_device(driver, NULL);
    LARGE_INTEGER offset = {.QuadPart = 512};
    PVOID buffer = ExAllocatePoolWithTag(NonPagedPool, 16, 0x31313131);
    IO_STATUS_BLOCK iosb;
    PIRP irp;

    completions = 0;
    device->Flags |= DO_BUFFERED_IO;
    nt_dispatch(driver, IRP_MJ_READ, read_seven);
    irp = IoBuildAsynchronousFsdRequest(IRP_MJ_READ, device, buffer, 16, &offset, &iosb);
    assert_non_null(irp);
    assert_int_equal(IoSetCompletionRoutineEx(device, irp, keep_it, NULL, TRUE, TRUE, TRUE),
                     STATUS_SUCCESS);
    assert_int_equal(IofCallDriver(device, irp), STATUS_SUCCESS);
    assert_int_equal(completions, 1);
    if (irp->AssociatedIrp.SystemBuffer != NULL && (irp->Flags & IRP_DEALLOCATE_BUFFER))
        ExFreePool(irp->AssociatedIrp.SystemBuffer);
    IoFreeIrp(irp);
    ExFreePool(buffer);
}

static void a_driver_initializes_an_irp_in_memory_of_its_own(struct nt *nt)
{
    USHORT bytes = IoSizeOfIrp(2);
    PIRP irp = ExAllocatePoolWithTag(NonPagedPool, bytes, 0x31313131);

    (void)nt;
    memset(irp, 0x5a, bytes);
    IoInitializeIrp(irp, bytes, 2);
    assert_int_equal(irp->Type, IO_TYPE_IRP);
    assert_int_equal(irp->Size, bytes);
    assert_int_equal(irp->StackCount, 2);
    assert_int_equal(irp->CurrentLocation, 3);
    assert_null(irp->MdlAddress);
    assert_false(irp->Cancel);
    ExFreePool(irp);
}

static void initializing_an_allocated_irp_is_found(struct nt *nt)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    (void)nt;
    IoInitializeIrp(irp, IoSizeOfIrp(1), 1);
}

static void a_request_knows_who_made_it(struct nt *nt)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    (void)nt;
    IoSetNextIrpStackLocation(irp);
    assert_null(IoGetRequestorProcess(irp)); /* of nobody's thread */
    assert_int_equal(IoGetRequestorProcessId(irp), 0);
    irp->Tail.Overlay.Thread = PsGetCurrentThread();
    irp->RequestorMode = KernelMode;
    assert_ptr_equal(IoGetRequestorProcess(irp), IoGetCurrentProcess());
    assert_int_equal(IoGetRequestorProcessId(irp), 4); /* the system's */
    assert_ptr_equal(PsGetProcessId(IoGetRequestorProcess(irp)), (PVOID)4);
    IoFreeIrp(irp);
}

static void requests_are_synchronous_for_the_reasons_the_page_names(struct nt *nt)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    FILE_OBJECT file = {0};
    PIO_STACK_LOCATION location;

    (void)nt;
    IoSetNextIrpStackLocation(irp);
    location = IoGetCurrentIrpStackLocation(irp);
    location->FileObject = &file;
    location->MajorFunction = IRP_MJ_READ;
    irp->Flags = IRP_INPUT_OPERATION;
    assert_false(IoIsOperationSynchronous(irp));
    file.Flags = FO_SYNCHRONOUS_IO;
    assert_true(IoIsOperationSynchronous(irp));
    irp->Flags = IRP_PAGING_IO; /* asynchronous, whatever the file says */
    assert_false(IoIsOperationSynchronous(irp));
    irp->Flags = IRP_PAGING_IO | IRP_SYNCHRONOUS_PAGING_IO;
    assert_true(IoIsOperationSynchronous(irp));
    file.Flags = 0;
    irp->Flags = IRP_SYNCHRONOUS_API;
    assert_true(IoIsOperationSynchronous(irp));
    irp->Flags = 0;
    location->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    location->Parameters.DeviceIoControl.IoControlCode =
        CTL_CODE(FILE_DEVICE_UNKNOWN, 1, METHOD_BUFFERED, FILE_ANY_ACCESS);
    assert_true(IoIsOperationSynchronous(irp));
    location->Parameters.DeviceIoControl.IoControlCode =
        CTL_CODE(FILE_DEVICE_UNKNOWN, 1, METHOD_NEITHER, FILE_ANY_ACCESS);
    assert_false(IoIsOperationSynchronous(irp));
    IoFreeIrp(irp);
}

static void access_is_checked_for_what_the_file_was_opened_for(struct nt *nt)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    FILE_OBJECT file = {.ReadAccess = TRUE};

    (void)nt;
    IoSetNextIrpStackLocation(irp);
    IoGetCurrentIrpStackLocation(irp)->FileObject = &file;
    irp->RequestorMode = UserMode;
    assert_int_equal(IoValidateDeviceIoControlAccess(irp, FILE_READ_ACCESS), STATUS_SUCCESS);
    assert_int_equal(IoValidateDeviceIoControlAccess(irp, FILE_WRITE_ACCESS),
                     STATUS_ACCESS_DENIED);
    assert_int_equal(IoValidateDeviceIoControlAccess(irp, 0x10), STATUS_INVALID_PARAMETER);
    irp->RequestorMode = KernelMode;
    assert_int_equal(IoValidateDeviceIoControlAccess(irp, FILE_WRITE_ACCESS), STATUS_SUCCESS);
    IoFreeIrp(irp);
}

static void the_cancel_lock_raises_to_dispatch_level(struct nt *nt)
{
    KIRQL irql = 99;

    (void)nt;
    IoAcquireCancelSpinLock(&irql);
    assert_int_equal(irql, PASSIVE_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    IoReleaseCancelSpinLock(irql);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void taking_the_cancel_lock_twice_stops(struct nt *nt)
{
    KIRQL irql;

    (void)nt;
    IoAcquireCancelSpinLock(&irql);
    IoAcquireCancelSpinLock(&irql);
}

/* ---- StartIo --------------------------------------------------------------------------------- */

static char story[16];

static void tell(char letter)
{
    size_t length = strlen(story);

    if (length + 1 < sizeof story)
        story[length] = letter;
}

static void NTAPI start_io(PDEVICE_OBJECT device, PIRP irp)
{
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    tell((char)('0' + irp->IoStatus.Information));
    if (irp->IoStatus.Information == 1)
        IoStartNextPacketByKey(device, FALSE, 5); /* before it returns */
    tell('.');
}

static PIRP packet(ULONG_PTR number)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    irp->IoStatus.Information = number;
    return irp;
}

/* The device is busy with packet 2, and three wait under keys 9, 5 and 1. */
static PDEVICE_OBJECT busy(struct nt *nt, const char *name)
{
    ULONG keys[] = {9, 5, 1};
    PDEVICE_OBJECT device;

    memset(story, 0, sizeof story);
    nt->driver = nt_driver(nt, name);
    device = nt_device(nt->driver, NULL);
    nt->driver->DriverStartIo = ke_thunk((const void *)start_io, "start io", 0);
    IoStartPacket(device, packet(2), NULL, NULL);
    for (unsigned i = 0; i < 3; i++)
        IoStartPacket(device, packet(3 + i), &keys[i], NULL);
    return device;
}

static void the_next_packet_is_the_first_with_the_key_or_more(struct nt *nt)
{
    PDEVICE_OBJECT device = busy(nt, "one");
    KIRQL old = KeRaiseIrqlToDpcLevel();

    IoStartNextPacketByKey(device, FALSE, 2);
    IoStartNextPacketByKey(device, FALSE, 6);
    IoStartNextPacketByKey(device, FALSE, 6); /* none: from the beginning */
    assert_string_equal(story, "2.4.3.5.");
    IoStartNextPacketByKey(device, FALSE, 0); /* nothing waits: the device is idle */
    assert_null(device->CurrentIrp);
    assert_string_equal(story, "2.4.3.5.");
    KeLowerIrql(old);
}

static void a_deferred_packet_waits_until_start_io_has_returned(struct nt *nt)
{
    for (int deferred = 0; deferred < 2; deferred++) {
        PDEVICE_OBJECT device;
        KIRQL old;

        memset(story, 0, sizeof story);
        nt->driver = nt_driver(nt, deferred ? "deferred" : "nested");
        device = nt_device(nt->driver, NULL);
        nt->driver->DriverStartIo = ke_thunk((const void *)start_io, "start io", 0);
        IoSetStartIoAttributes(device, (BOOLEAN)deferred, FALSE);
        for (ULONG_PTR number = 0; number < 3; number++)
            IoStartPacket(device, packet(2 - number % 2), NULL, NULL);
        old = KeRaiseIrqlToDpcLevel();
        IoStartNextPacket(device, FALSE); /* packet 1, which asks for the next */
        KeLowerIrql(old);
        assert_string_equal(story, deferred ? "2.1.2." : "2.12..");
        memset(story, 0, sizeof story);
        IoStartPacket(device, packet(3), NULL, NULL); /* it is busy with the last still */
        old = KeRaiseIrqlToDpcLevel();
        IoStartNextPacket(device, FALSE);
        IoStartNextPacket(device, FALSE);
        KeLowerIrql(old);
        assert_string_equal(story, "3.");
        IoStartPacket(device, packet(1), NULL, NULL); /* idle: at once */
        assert_string_equal(story, "3.1.");
    }
}

static void NTAPI never_called(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    (void)irp;
    fail();
}

static void a_dequeued_packet_loses_its_cancel_routine_if_the_driver_says_so(struct nt *nt)
{
    for (int noncancelable = 0; noncancelable < 2; noncancelable++) {
        PDEVICE_OBJECT device = busy(nt, noncancelable ? "one" : "other");
        PIRP irp = packet(7);
        ULONG key = 0;
        KIRQL old;

        IoSetStartIoAttributes(device, FALSE, (BOOLEAN)noncancelable);
        IoStartPacket(device, irp, &key, never_called);
        old = KeRaiseIrqlToDpcLevel();
        IoStartNextPacketByKey(device, TRUE, 0);
        KeLowerIrql(old);
        assert_ptr_equal(device->CurrentIrp, irp);
        assert_int_equal(irp->CancelRoutine == NULL, noncancelable);
    }
}

/* ---- Cancel-safe queues ---------------------------------------------------------------------- */

static NTSTATUS verdict;
static PIRP queued;
static PVOID seen_context;
static KSPIN_LOCK queue_lock;

static NTSTATUS NTAPI insert_ex(PIO_CSQ csq, PIRP irp, PVOID context)
{
    (void)csq;
    seen_context = context;
    if (NT_SUCCESS(verdict))
        queued = irp;
    return verdict;
}

static void NTAPI remove_it(PIO_CSQ csq, PIRP irp)
{
    (void)csq;
    assert_ptr_equal(queued, irp);
    queued = NULL;
}

static PIRP NTAPI peek(PIO_CSQ csq, PIRP irp, PVOID context)
{
    (void)csq;
    (void)context;
    return irp == NULL ? queued : NULL;
}

static void NTAPI acquire(PIO_CSQ csq, PKIRQL irql)
{
    (void)csq;
    KeAcquireSpinLock(&queue_lock, irql);
}

static void NTAPI release(PIO_CSQ csq, KIRQL irql)
{
    (void)csq;
    KeReleaseSpinLock(&queue_lock, irql);
}

static void NTAPI canceled(PIO_CSQ csq, PIRP irp)
{
    (void)csq;
    (void)irp;
    completions++;
}

static void an_extended_queue_may_refuse_an_irp(struct nt *nt)
{
    PIO_CSQ csq = ExAllocatePoolWithTag(NonPagedPool, sizeof *csq, 0x31313131);
    PIRP irp = IoAllocateIrp(1, FALSE);

    (void)nt;
    completions = 0;
    queued = NULL;
    KeInitializeSpinLock(&queue_lock);
    IoSetNextIrpStackLocation(irp);
    assert_int_equal(IoCsqInitializeEx(csq, insert_ex, remove_it, peek, acquire, release, canceled),
                     STATUS_SUCCESS);
    verdict = STATUS_UNSUCCESSFUL;
    assert_int_equal(IoCsqInsertIrpEx(csq, irp, NULL, &completions), STATUS_UNSUCCESSFUL);
    assert_ptr_equal(seen_context, &completions);
    assert_false(IoGetCurrentIrpStackLocation(irp)->Control & SL_PENDING_RETURNED);
    assert_false(IoCancelIrp(irp)); /* it has no cancel routine */
    irp->Cancel = FALSE;
    verdict = STATUS_SUCCESS;
    assert_int_equal(IoCsqInsertIrpEx(csq, irp, NULL, NULL), STATUS_SUCCESS);
    assert_true(IoGetCurrentIrpStackLocation(irp)->Control & SL_PENDING_RETURNED);
    assert_true(IoCancelIrp(irp));
    assert_int_equal(completions, 1);
    assert_null(IoCsqRemoveNextIrp(csq, NULL));
    ExFreePool(csq);
}

/* ---- Work items in memory of one's own ------------------------------------------------------- */

static KEVENT ran;

static void NTAPI work(PDEVICE_OBJECT device, PVOID context)
{
    assert_ptr_equal(context, &ran);
    assert_non_null(device);
    KeSetEvent(&ran, 0, FALSE);
}

static void a_work_item_may_lie_in_the_drivers_memory(struct nt *nt)
{
    PDEVICE_OBJECT device = nt_device(nt_driver(nt, "one"), NULL);
    PIO_WORKITEM item = ExAllocatePoolWithTag(NonPagedPool, IoSizeofWorkItem(), 0x31313131);

    KeInitializeEvent(&ran, NotificationEvent, FALSE);
    IoInitializeWorkItem(device, item);
    IoQueueWorkItem(item, work, DelayedWorkQueue, &ran);
    wait_for(&ran);
    sleep_ms(1);
    IoUninitializeWorkItem(item);
    ExFreePool(item);
}

NT_TEST(a_device_is_attached_to_a_named_one)
NT_TEST(a_stack_that_is_being_made_takes_nobody)
NT_TEST(whoever_walks_a_stack_holds_what_it_found)
NT_TEST(names_are_taken_once_and_links_lead_somewhere)
NT_TEST(an_asynchronous_request_comes_back_to_its_routine)
NT_TEST(a_driver_initializes_an_irp_in_memory_of_its_own)
NT_FINDING_TEST(initializing_an_allocated_irp_is_found, irp_bad, 0)
NT_TEST(a_request_knows_who_made_it)
NT_TEST(requests_are_synchronous_for_the_reasons_the_page_names)
NT_TEST(access_is_checked_for_what_the_file_was_opened_for)
NT_TEST(the_cancel_lock_raises_to_dispatch_level)
NT_FINDING_TEST(taking_the_cancel_lock_twice_stops, spin_lock_recursive, 0xF)
NT_TEST(the_next_packet_is_the_first_with_the_key_or_more)
NT_TEST(a_deferred_packet_waits_until_start_io_has_returned)
NT_TEST(a_dequeued_packet_loses_its_cancel_routine_if_the_driver_says_so)
NT_TEST(an_extended_queue_may_refuse_an_irp)
NT_TEST(a_work_item_may_lie_in_the_drivers_memory)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_device_is_attached_to_a_named_one),
        cmocka_unit_test(test_a_stack_that_is_being_made_takes_nobody),
        cmocka_unit_test(test_whoever_walks_a_stack_holds_what_it_found),
        cmocka_unit_test(test_names_are_taken_once_and_links_lead_somewhere),
        cmocka_unit_test(test_an_asynchronous_request_comes_back_to_its_routine),
        cmocka_unit_test(test_a_driver_initializes_an_irp_in_memory_of_its_own),
        cmocka_unit_test(test_initializing_an_allocated_irp_is_found),
        cmocka_unit_test(test_a_request_knows_who_made_it),
        cmocka_unit_test(test_requests_are_synchronous_for_the_reasons_the_page_names),
        cmocka_unit_test(test_access_is_checked_for_what_the_file_was_opened_for),
        cmocka_unit_test(test_the_cancel_lock_raises_to_dispatch_level),
        cmocka_unit_test(test_taking_the_cancel_lock_twice_stops),
        cmocka_unit_test(test_the_next_packet_is_the_first_with_the_key_or_more),
        cmocka_unit_test(test_a_deferred_packet_waits_until_start_io_has_returned),
        cmocka_unit_test(test_a_dequeued_packet_loses_its_cancel_routine_if_the_driver_says_so),
        cmocka_unit_test(test_an_extended_queue_may_refuse_an_irp),
        cmocka_unit_test(test_a_work_item_may_lie_in_the_drivers_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
