/* SPDX-License-Identifier: MIT */
/* IRPs passed to other devices and caught again, control requests of kernel clients, handlers that
 * take a request up again, and cancelling what waits. */
#include "ks/legacy_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10};

/* ---- Forwarding: a request on one file of the driver goes on to another ---------------------- */

static PFILE_OBJECT lower, upper;
static unsigned lower_calls;
static bool reuse;
static NTSTATUS lower_status;
static ULONG lower_stack_code;

static NTSTATUS at_lower(PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    lower_calls++;
    assert_ptr_equal(stack->FileObject, lower);
    lower_stack_code = stack->Parameters.DeviceIoControl.IoControlCode;
    irp->IoStatus.Information = 3;
    return lower_status;
}

static NTSTATUS at_either(PIRP irp)
{
    NTSTATUS status;

    if (IoGetCurrentIrpStackLocation(irp)->FileObject == lower)
        return at_lower(irp);
    status = KsForwardIrp(irp, lower, reuse);
    legacy.sent_on = true;
    return status;
}

static void begin(NTSTATUS (*control)(PIRP irp))
{
    lower_calls = 0;
    lower_status = STATUS_SUCCESS;
    legacy.control = control;
    legacy_begin();
    lower = legacy_open();
    upper = legacy_open();
}

static void end(void)
{
    io_file_close(upper);
    io_file_close(lower);
    lower = upper = NULL;
    legacy_end();
}

/* A request with so many stack locations, straight to the driver. */
static NTSTATUS send(PFILE_OBJECT file, CCHAR locations, ULONG_PTR *information)
{
    PIRP irp = IoAllocateIrp(locations, FALSE);
    PIO_STACK_LOCATION next;
    NTSTATUS status;

    assert_non_null(irp);
    next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    next->Parameters.DeviceIoControl.IoControlCode = 0x1234;
    next->FileObject = file;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IofCallDriver(legacy.functional, irp);
    status = irp->IoStatus.Status;
    if (information != NULL)
        *information = irp->IoStatus.Information;
    IoFreeIrp(irp);
    return status;
}

static void forward_body(void)
{
    ULONG_PTR information;

    begin(at_either);
    reuse = false;
    assert_int_equal(send(upper, 2, &information), STATUS_SUCCESS);
    assert_int_equal(lower_calls, 1);
    assert_int_equal(lower_stack_code, 0x1234);
    assert_int_equal(information, 3);
    assert_int_equal(send(upper, 1, NULL), STATUS_INVALID_DEVICE_REQUEST); /* no location left */
    assert_int_equal(lower_calls, 1);
    reuse = true;
    assert_int_equal(send(upper, 1, NULL), STATUS_SUCCESS);
    assert_int_equal(lower_calls, 2);
    lower_status = STATUS_DEVICE_BUSY;
    assert_int_equal(send(upper, 1, NULL), STATUS_DEVICE_BUSY);
    end();
}

static void a_forwarded_irp_needs_a_location_unless_it_reuses_its_own(void **state)
{
    (void)state;
    world_live(&plain, forward_body);
}

/* ---- Catching -------------------------------------------------------------------------------- */

static KSSTACK_USE use;
static NTSTATUS caught_status;

static NTSTATUS catching(PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    if (stack->FileObject == lower)
        return at_lower(irp);
    if (use == KsStackUseNewLocation && irp->CurrentLocation > 1) {
        PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);

        memset(next, 0, sizeof *next);
        next->MajorFunction = IRP_MJ_DEVICE_CONTROL;
        next->Parameters.DeviceIoControl.IoControlCode = 0x4321;
    }
    caught_status = KsForwardAndCatchIrp(legacy.functional, irp, lower, use);
    assert_ptr_equal(IoGetCurrentIrpStackLocation(irp), stack); /* it is where it was */
    assert_ptr_equal(stack->FileObject, upper);
    assert_int_equal(stack->Parameters.DeviceIoControl.IoControlCode, 0x1234);
    return NT_SUCCESS(caught_status) ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL; /* not completed */
}

static void catch_body(void)
{
    begin(catching);
    use = KsStackCopyToNewLocation;
    assert_int_equal(send(upper, 2, NULL), STATUS_SUCCESS);
    assert_int_equal(lower_stack_code, 0x1234);
    assert_int_equal(send(upper, 1, NULL), STATUS_UNSUCCESSFUL);
    assert_int_equal(caught_status, STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(lower_calls, 1);
    use = KsStackReuseCurrentLocation;
    assert_int_equal(send(upper, 1, NULL), STATUS_SUCCESS);
    assert_int_equal(lower_calls, 2);
    use = KsStackUseNewLocation;
    assert_int_equal(send(upper, 2, NULL), STATUS_SUCCESS);
    assert_int_equal(lower_stack_code, 0x4321);
    assert_int_equal(send(upper, 1, NULL), STATUS_UNSUCCESSFUL);
    assert_int_equal(caught_status, STATUS_INVALID_DEVICE_REQUEST);
    lower_status = STATUS_DEVICE_BUSY;
    assert_int_equal(send(upper, 2, NULL), STATUS_UNSUCCESSFUL);
    assert_int_equal(caught_status, STATUS_DEVICE_BUSY);
    end();
}

static void a_caught_irp_is_as_it_was_before(void **state)
{
    (void)state;
    world_live(&plain, catch_body);
}

/* ---- Control requests from the kernel -------------------------------------------------------- */

enum { CODE_ECHO = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS),
       CODE_PENDS = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS) };

static PIRP pended;

static NTSTATUS echo(PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);

    assert_ptr_equal(stack->FileObject, upper);
    if (stack->Parameters.DeviceIoControl.IoControlCode == CODE_PENDS) {
        IoMarkIrpPending(irp);
        pended = irp;
        return STATUS_PENDING;
    }
    if (stack->Parameters.DeviceIoControl.IoControlCode != CODE_ECHO)
        return STATUS_INVALID_DEVICE_REQUEST;
    irp->IoStatus.Information = stack->Parameters.DeviceIoControl.InputBufferLength;
    return STATUS_SUCCESS;
}

static void finish_later(void *ctx)
{
    (void)ctx;
    while (pended == NULL)
        sleep_ms(1);
    pended->IoStatus.Information = 1;
    legacy_finish(pended, STATUS_SUCCESS);
}

static void synchronous_body(void)
{
    UCHAR *buffer;
    ULONG bytes = 99;

    begin(echo);
    pended = NULL;
    buffer = ExAllocatePoolWithTag(NonPagedPool, 8, 'tseT');
    memcpy(buffer, "abcd", 4);
    assert_int_equal(KsSynchronousIoControlDevice(upper, KernelMode, CODE_ECHO, buffer, 4, buffer,
                                                  8, &bytes), STATUS_SUCCESS);
    assert_int_equal(bytes, 4);
    assert_memory_equal(buffer, "abcd", 4);
    assert_int_equal(KsSynchronousIoControlDevice(upper, KernelMode, 0x99, NULL, 0, NULL, 0,
                                                  &bytes), STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(bytes, 0);
    assert_int_equal(ke_thread_start(world->ke, "finish", finish_later, NULL, NULL), 0);
    assert_int_equal(KsSynchronousIoControlDevice(upper, KernelMode, CODE_PENDS, buffer, 4, buffer,
                                                  8, &bytes), STATUS_SUCCESS);
    assert_int_equal(bytes, 1); /* it waited */
    ExFreePoolWithTag(buffer, 'tseT');
    end();
}

static void a_kernel_client_waits_for_the_end_of_its_request(void **state)
{
    (void)state;
    world_live(&plain, synchronous_body);
}

/* ---- Requests taken up again ----------------------------------------------------------------- */

static const GUID set_guid = {0x97, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

static NTSTATUS NTAPI later(PIRP irp, PKSIDENTIFIER request, PVOID data)
{
    assert_int_equal(request->Id, 4);
    assert_memory_equal(&request->Set, &set_guid, sizeof set_guid);
    if (data == NULL)
        return STATUS_DEVICE_NOT_READY;
    *(ULONG *)data = 42;
    irp->IoStatus.Information = sizeof(ULONG);
    return STATUS_SUCCESS;
}

static NTSTATUS specific(PIRP irp)
{
    return IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode ==
                   IOCTL_KS_PROPERTY
               ? KsDispatchSpecificProperty(irp, later)
               : KsDispatchSpecificMethod(irp, later);
}

static void specific_body(void)
{
    static const ULONG codes[] = {IOCTL_KS_PROPERTY, IOCTL_KS_METHOD};
    KSPROPERTY request = {{{set_guid, 4, KSPROPERTY_TYPE_GET}}};

    begin(specific);
    for (unsigned i = 0; i < ARRAY_LEN(codes); i++) {
        ULONG_PTR bytes;
        ULONG value = 0;

        assert_int_equal(legacy_request(upper, codes[i], &request, sizeof request, &value,
                                        sizeof value, &bytes), STATUS_SUCCESS);
        assert_int_equal(value, 42);
        assert_int_equal(bytes, sizeof value);
        assert_int_equal(legacy_request(upper, codes[i], &request, sizeof request, NULL, 0, NULL),
                         STATUS_DEVICE_NOT_READY);
        assert_int_equal(legacy_request(upper, codes[i], &request, 8, &value, sizeof value, NULL),
                         STATUS_INVALID_BUFFER_SIZE);
    }
    end();
}

static void a_handler_may_take_up_a_property_or_a_method(void **state)
{
    (void)state;
    world_live(&plain, specific_body);
}

/* ---- Cancelling ------------------------------------------------------------------------------ */

static LIST_ENTRY queue;
static KSPIN_LOCK queue_lock;

static NTSTATUS wait_in_queue(PIRP irp)
{
    IoMarkIrpPending(irp);
    KsAddIrpToCancelableQueue(&queue, &queue_lock, irp, KsListEntryTail, NULL);
    return STATUS_PENDING;
}

static void cancel_body(void)
{
    IO_STATUS_BLOCK *iosb;
    KEVENT *event;
    PIRP irp;

    InitializeListHead(&queue);
    begin(wait_in_queue);
    event = ExAllocatePoolWithTag(NonPagedPool, sizeof *event, 'tseT');
    iosb = ExAllocatePoolWithTag(NonPagedPool, sizeof *iosb, 'tseT');
    KeInitializeEvent(event, NotificationEvent, FALSE);
    assert_int_equal(io_file_control(upper, CODE_ECHO, 0, 0, 0, 0, event, iosb, &irp),
                     STATUS_PENDING);
    assert_false(IsListEmpty(&queue));
    irp->IoStatus.Information = 12;
    assert_true(IoSetCancelRoutine(irp, NULL) != NULL);
    IoAcquireCancelSpinLock(&irp->CancelIrql); /* as the I/O manager calls it */
    KsCancelRoutine(legacy.functional, irp);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL); /* it let go of the lock */
    assert_true(IsListEmpty(&queue));
    assert_int_equal(KeReadStateEvent(event), 1);
    assert_int_equal(iosb->Status, STATUS_CANCELLED);
    assert_int_equal(iosb->Information, 0);
    assert_int_equal(io_file_control(upper, CODE_ECHO, 0, 0, 0, 0, event, iosb, &irp),
                     STATUS_PENDING);
    assert_true(IoCancelIrp(irp)); /* by its cancel routine, which is the same */
    assert_int_equal(iosb->Status, STATUS_CANCELLED);
    assert_true(IsListEmpty(&queue));
    ExFreePoolWithTag(event, 'tseT');
    ExFreePoolWithTag(iosb, 'tseT');
    end();
}

static void the_default_cancel_routine_takes_an_irp_off_its_queue(void **state)
{
    (void)state;
    world_live(&plain, cancel_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forwarded_irp_needs_a_location_unless_it_reuses_its_own),
        cmocka_unit_test(a_caught_irp_is_as_it_was_before),
        cmocka_unit_test(a_kernel_client_waits_for_the_end_of_its_request),
        cmocka_unit_test(a_handler_may_take_up_a_property_or_a_method),
        cmocka_unit_test(the_default_cancel_routine_takes_an_irp_off_its_queue),
    };

    return cmocka_run_group_tests_name("forward", tests, NULL, NULL);
}
