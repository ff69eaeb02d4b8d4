/* SPDX-License-Identifier: MIT */
/* IRPs on their way down and up a stack of devices. */
#include "io/nt_test.h"

enum { IOCTL_ANY = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_NEITHER, FILE_ANY_ACCESS) };

/* What happened, in order, one letter each. */
static char story[64];
static PDEVICE_OBJECT lower;
static PIRP kept;

static void tell(char letter)
{
    size_t length = strlen(story);

    if (length + 1 < sizeof story)
        story[length] = letter;
}

static void begin(void)
{
    memset(story, 0, sizeof story);
    kept = NULL;
}

static NTSTATUS NTAPI on_up(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    tell(*(const char *)context);
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI pass_with_routine(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    tell('u');
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, on_up, (PVOID)(uintptr_t) "U", TRUE, TRUE, TRUE);
    return IofCallDriver(lower, irp);
}

static NTSTATUS NTAPI skip_down(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    tell('s');
    IoSkipCurrentIrpStackLocation(irp);
    return IofCallDriver(lower, irp);
}

static NTSTATUS NTAPI finish(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    tell('l');
    return nt_complete(irp, STATUS_SUCCESS, 5);
}

static NTSTATUS NTAPI pend(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    tell('p');
    IoMarkIrpPending(irp);
    kept = irp;
    return STATUS_PENDING;
}

/* Two devices of one driver each; the upper one passes, the lower one answers. */
static PDEVICE_OBJECT stack(struct nt *nt, PDRIVER_DISPATCH pass, PDRIVER_DISPATCH answer)
{
    PDRIVER_OBJECT bottom = nt_driver(nt, "bottom");
    PDRIVER_OBJECT top = nt_driver(nt, "top");
    PDEVICE_OBJECT upper;

    begin();
    nt_dispatch(bottom, IRP_MJ_DEVICE_CONTROL, answer);
    nt_dispatch(top, IRP_MJ_DEVICE_CONTROL, pass);
    lower = nt_device(bottom, NULL);
    upper = nt_device(top, NULL);
    assert_ptr_equal(IoAttachDeviceToDeviceStack(upper, lower), lower);
    assert_int_equal(upper->StackSize, 2);
    return upper;
}

static NTSTATUS send(PDEVICE_OBJECT device, PIO_STATUS_BLOCK iosb)
{
    KEVENT done;
    NTSTATUS status;
    PIRP irp;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(IOCTL_ANY, device, NULL, 0, NULL, 0, FALSE, &done, iosb);
    assert_non_null(irp);
    status = IofCallDriver(device, irp);
    if (status == STATUS_PENDING && kept != NULL)
        nt_complete(kept, STATUS_SUCCESS, 9);
    wait_for(&done);
    return status;
}

static void routines_run_on_the_way_up(struct nt *nt)
{
    PDEVICE_OBJECT upper = stack(nt, pass_with_routine, finish);
    IO_STATUS_BLOCK iosb = {0};

    assert_int_equal(send(upper, &iosb), STATUS_SUCCESS);
    assert_string_equal(story, "ulU");
    assert_int_equal(iosb.Information, 5);
}

static void a_pended_irp_carries_its_mark_up(struct nt *nt)
{
    PDEVICE_OBJECT upper = stack(nt, pass_with_routine, pend);
    IO_STATUS_BLOCK iosb = {0};

    assert_int_equal(send(upper, &iosb), STATUS_PENDING);
    assert_string_equal(story, "upU");
    assert_int_equal(iosb.Information, 9);
}

static void a_skipped_location_is_the_lower_drivers(struct nt *nt)
{
    PDEVICE_OBJECT upper = stack(nt, skip_down, pend);
    IO_STATUS_BLOCK iosb = {0};

    assert_int_equal(send(upper, &iosb), STATUS_PENDING);
    assert_string_equal(story, "sp");
}

/* ---- Taking an IRP back ---------------------------------------------------------------------- */

static NTSTATUS NTAPI pass_and_wait(PDEVICE_OBJECT device, PIRP irp)
{
    NTSTATUS status;

    (void)device;
    tell('w');
    assert_true(IoForwardIrpSynchronously(lower, irp));
    tell('W');
    status = irp->IoStatus.Status;
    IofCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static void a_driver_may_wait_for_the_lower_one_and_complete_again(struct nt *nt)
{
    PDEVICE_OBJECT upper = stack(nt, pass_and_wait, finish);
    IO_STATUS_BLOCK iosb = {0};

    assert_int_equal(send(upper, &iosb), STATUS_SUCCESS);
    assert_string_equal(story, "wlW");
}

static NTSTATUS NTAPI take(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    assert_null(device); /* nobody above has a location */
    *(PIRP *)context = irp;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static void an_irp_of_ones_own_is_sent_taken_back_and_used_again(struct nt *nt)
{
    PDEVICE_OBJECT upper = stack(nt, skip_down, finish);
    PIRP irp = IoAllocateIrp(upper->StackSize, FALSE);
    PIRP back = NULL;
    int i;

    for (i = 0; i < 3; i++) {
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_DEVICE_CONTROL;
        IoSetCompletionRoutine(irp, take, &back, TRUE, TRUE, TRUE);
        assert_int_equal(IofCallDriver(upper, irp), STATUS_SUCCESS);
        assert_ptr_equal(back, irp);
        IoReuseIrp(irp, STATUS_SUCCESS);
        assert_int_equal(irp->CurrentLocation, 3);
    }
    IoFreeIrp(irp);
    (void)nt;
}

static void routines_run_only_for_the_outcome_they_ask_for(struct nt *nt)
{
    PDEVICE_OBJECT upper = stack(nt, skip_down, finish);
    PIRP irp = IoAllocateIrp(upper->StackSize, FALSE);
    PIRP back = NULL;

    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    IoSetCompletionRoutine(irp, take, &back, FALSE, TRUE, FALSE);
    assert_int_equal(IofCallDriver(upper, irp), STATUS_SUCCESS);
    assert_null(back);
    IoFreeIrp(irp);
    (void)nt;
}

static void the_last_associate_completes_its_master(struct nt *nt)
{
    PDEVICE_OBJECT upper = stack(nt, pend, finish);
    IO_STATUS_BLOCK iosb = {0};
    KEVENT done;
    PIRP master, part[2];
    int i;

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    master = IoBuildDeviceIoControlRequest(IOCTL_ANY, upper, NULL, 0, NULL, 0, FALSE, &done, &iosb);
    assert_int_equal(IofCallDriver(upper, master), STATUS_PENDING);
    master->IoStatus.Status = STATUS_SUCCESS;
    master->AssociatedIrp.IrpCount = 2;
    for (i = 0; i < 2; i++) {
        part[i] = IoMakeAssociatedIrp(master, lower->StackSize);
        IoGetNextIrpStackLocation(part[i])->MajorFunction = IRP_MJ_DEVICE_CONTROL;
        assert_int_equal(KeReadStateEvent(&done), 0);
        assert_int_equal(IofCallDriver(lower, part[i]), STATUS_SUCCESS);
    }
    assert_int_equal(KeReadStateEvent(&done), 1);
    (void)nt;
}

/* ---- What is found --------------------------------------------------------------------------- */

static NTSTATUS NTAPI finish_twice(PDEVICE_OBJECT device, PIRP irp)
{
    finish(device, irp);
    return finish(device, irp);
}

static void completing_twice_stops(struct nt *nt)
{
    IO_STATUS_BLOCK iosb = {0};

    send(stack(nt, skip_down, finish_twice), &iosb);
}

static NTSTATUS NTAPI finish_pending(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return nt_complete(irp, STATUS_PENDING, 0);
}

static void completing_with_pending_stops(struct nt *nt)
{
    IO_STATUS_BLOCK iosb = {0};

    send(stack(nt, finish_pending, finish), &iosb);
}

static NTSTATUS NTAPI pend_unmarked(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    kept = irp;
    return STATUS_PENDING;
}

static void pending_without_the_mark_is_found(struct nt *nt)
{
    IO_STATUS_BLOCK iosb = {0};

    send(stack(nt, pend_unmarked, finish), &iosb);
}

static NTSTATUS NTAPI mark_and_finish(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    IoMarkIrpPending(irp);
    return nt_complete(irp, STATUS_SUCCESS, 0);
}

static void a_mark_without_pending_is_found(struct nt *nt)
{
    IO_STATUS_BLOCK iosb = {0};

    send(stack(nt, mark_and_finish, finish), &iosb);
}

static NTSTATUS NTAPI lie(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    nt_complete(irp, STATUS_SUCCESS, 0);
    return STATUS_UNSUCCESSFUL;
}

static void another_status_than_the_irps_is_found(struct nt *nt)
{
    IO_STATUS_BLOCK iosb = {0};

    send(stack(nt, lie, finish), &iosb);
}

static NTSTATUS NTAPI forget(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    kept = irp;
    return STATUS_SUCCESS;
}

static void an_irp_that_nobody_completes_is_found(struct nt *nt)
{
    PDEVICE_OBJECT upper = stack(nt, forget, finish);
    PIRP irp = IoAllocateIrp(upper->StackSize, FALSE);

    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    assert_int_equal(IofCallDriver(upper, irp), STATUS_SUCCESS);
}

static NTSTATUS NTAPI pass_unprepared(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    return IofCallDriver(lower, irp);
}

static void running_out_of_locations_stops(struct nt *nt)
{
    PDEVICE_OBJECT upper = stack(nt, pass_unprepared, finish);
    PIRP irp = IoAllocateIrp(1, FALSE);

    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    IofCallDriver(upper, irp);
}

static void sending_a_freed_irp_stops(struct nt *nt)
{
    PDEVICE_OBJECT upper = stack(nt, skip_down, finish);
    PIRP irp = IoAllocateIrp(upper->StackSize, FALSE);

    IoFreeIrp(irp);
    IofCallDriver(upper, irp);
}

static void freeing_an_irp_in_flight_stops(struct nt *nt)
{
    PDEVICE_OBJECT upper = stack(nt, pend, finish);
    PIRP irp = IoAllocateIrp(upper->StackSize, FALSE);

    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    assert_int_equal(IofCallDriver(upper, irp), STATUS_PENDING);
    IoFreeIrp(irp);
}

static void a_pnp_request_without_its_preset_is_found(struct nt *nt)
{
    PDEVICE_OBJECT upper = stack(nt, skip_down, finish);
    IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_PNP};
    IO_STATUS_BLOCK iosb = {.Status = STATUS_SUCCESS};

    assert_int_equal(io_send(upper, &location, &iosb), STATUS_INVALID_DEVICE_REQUEST);
}

NT_TEST(routines_run_on_the_way_up)
NT_TEST(a_pended_irp_carries_its_mark_up)
NT_TEST(a_skipped_location_is_the_lower_drivers)
NT_TEST(a_driver_may_wait_for_the_lower_one_and_complete_again)
NT_TEST(an_irp_of_ones_own_is_sent_taken_back_and_used_again)
NT_TEST(routines_run_only_for_the_outcome_they_ask_for)
NT_TEST(the_last_associate_completes_its_master)
NT_FINDING_TEST(completing_twice_stops, irp_completed_twice, 0x44)
NT_FINDING_TEST(completing_with_pending_stops, irp_pending_status, 0xC9)
NT_FINDING_TEST(pending_without_the_mark_is_found, irp_pending_mark, 0)
NT_FINDING_TEST(a_mark_without_pending_is_found, irp_pending_return, 0)
NT_FINDING_TEST(another_status_than_the_irps_is_found, irp_dispatch_status, 0)
NT_FINDING_TEST(an_irp_that_nobody_completes_is_found, irp_lost, 0)
NT_FINDING_TEST(running_out_of_locations_stops, irp_no_location, 0x35)
NT_FINDING_TEST(sending_a_freed_irp_stops, irp_bad, 0xC9)
NT_FINDING_TEST(freeing_an_irp_in_flight_stops, irp_free_busy, 0xC9)
NT_FINDING_TEST(a_pnp_request_without_its_preset_is_found, irp_preset, 0)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routines_run_on_the_way_up),
        cmocka_unit_test(test_a_pended_irp_carries_its_mark_up),
        cmocka_unit_test(test_a_skipped_location_is_the_lower_drivers),
        cmocka_unit_test(test_a_driver_may_wait_for_the_lower_one_and_complete_again),
        cmocka_unit_test(test_an_irp_of_ones_own_is_sent_taken_back_and_used_again),
        cmocka_unit_test(test_routines_run_only_for_the_outcome_they_ask_for),
        cmocka_unit_test(test_the_last_associate_completes_its_master),
        cmocka_unit_test(test_completing_twice_stops),
        cmocka_unit_test(test_completing_with_pending_stops),
        cmocka_unit_test(test_pending_without_the_mark_is_found),
        cmocka_unit_test(test_a_mark_without_pending_is_found),
        cmocka_unit_test(test_another_status_than_the_irps_is_found),
        cmocka_unit_test(test_an_irp_that_nobody_completes_is_found),
        cmocka_unit_test(test_running_out_of_locations_stops),
        cmocka_unit_test(test_sending_a_freed_irp_stops),
        cmocka_unit_test(test_freeing_an_irp_in_flight_stops),
        cmocka_unit_test(test_a_pnp_request_without_its_preset_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
