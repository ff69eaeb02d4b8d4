/* SPDX-License-Identifier: MIT */
/* KS functions that a driver uses by itself, outside AVStream's own dispatching: default clocks,
 * moving IRPs from queue to queue, completing what has no handler, from files and devices to
 * objects, config space. */
#include "ks/ks_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10, .instances = 2};

/* ---- Default clocks -------------------------------------------------------------------------- */

static void clock_body(void)
{
    KSRESOLUTION resolution = {.Granularity = 100};
    PKSDEFAULTCLOCK clock, other;

    world_begin();
    assert_int_equal(KsAllocateDefaultClock(&clock), STATUS_SUCCESS);
    assert_int_equal(KsGetDefaultClockState(clock), KSSTATE_STOP);
    assert_int_equal(KsGetDefaultClockTime(clock), 0);
    sleep_ms(5);
    assert_int_equal(KsGetDefaultClockTime(clock), 0); /* it does not run */
    KsSetDefaultClockState(clock, KSSTATE_RUN);
    assert_int_equal(KsGetDefaultClockState(clock), KSSTATE_RUN);
    sleep_ms(5);
    assert_in_range(KsGetDefaultClockTime(clock), 50000, 80000);
    KsSetDefaultClockTime(clock, 7);
    KsSetDefaultClockState(clock, KSSTATE_PAUSE);
    assert_in_range(KsGetDefaultClockTime(clock), 7, 10000);
    KsSetDefaultClockState(clock, KSSTATE_STOP);
    assert_int_equal(KsGetDefaultClockTime(clock), 0);
    KsFreeDefaultClock(clock);
    assert_int_equal(KsAllocateDefaultClockEx(&other, NULL, NULL, NULL, NULL, &resolution, 1),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(KsAllocateDefaultClockEx(&other, NULL, NULL, NULL, NULL, &resolution, 0),
                     STATUS_SUCCESS);
    KsFreeDefaultClock(other);
    world_end();
}

static void a_default_clock_runs_stands_and_returns_to_zero(void **state)
{
    (void)state;
    world_live(&plain, clock_body);
}

/* ---- Queues of IRPs -------------------------------------------------------------------------- */

static PIRP irp_of(ULONG_PTR tag)
{
    PIRP irp = IoAllocateIrp(2, FALSE);

    assert_non_null(irp);
    IoSetNextIrpStackLocation(irp);
    irp->IoStatus.Information = tag;
    return irp;
}

struct moving {
    unsigned calls, ends;
    ULONG_PTR stop_at;
};

/* Odd ones move. */
static NTSTATUS NTAPI choose(PIRP irp, PVOID context)
{
    struct moving *moving = context;

    moving->calls++;
    if (irp == NULL) {
        moving->ends++;
        return STATUS_SUCCESS;
    }
    if (irp->IoStatus.Information == moving->stop_at)
        return STATUS_UNSUCCESSFUL;
    return irp->IoStatus.Information % 2 != 0 ? STATUS_SUCCESS : STATUS_NO_MATCH;
}

static void move_body(void)
{
    static LIST_ENTRY from, to;
    static KSPIN_LOCK from_lock, to_lock;
    static struct moving moving;
    PIRP irps[4];

    world_begin();
    InitializeListHead(&from);
    InitializeListHead(&to);
    moving = (struct moving){.stop_at = 4};
    for (unsigned i = 0; i < 4; i++) {
        irps[i] = irp_of(i + 1);
        KsAddIrpToCancelableQueue(&from, &from_lock, irps[i], KsListEntryTail, NULL);
    }
    assert_int_equal(KsMoveIrpsOnCancelableQueue(&from, &from_lock, &to, &to_lock, KsListEntryHead,
                                                 choose, &moving), STATUS_UNSUCCESSFUL);
    assert_int_equal(moving.calls, 4);
    assert_int_equal(moving.ends, 0); /* it was stopped before the end */
    assert_ptr_equal(to.Flink, &irps[2]->Tail.Overlay.ListEntry);
    assert_ptr_equal(to.Blink, &irps[0]->Tail.Overlay.ListEntry);
    moving = (struct moving){0};
    assert_int_equal(KsMoveIrpsOnCancelableQueue(&from, &from_lock, &to, NULL, KsListEntryTail,
                                                 choose, &moving), STATUS_SUCCESS);
    assert_int_equal(moving.calls, 3);
    assert_int_equal(moving.ends, 1);
    assert_true(IoCancelIrp(irps[0])); /* under its new lock */
    assert_ptr_equal(to.Blink, to.Flink);
    IoSetCancelRoutine(irps[1], NULL);
    KsRemoveSpecificIrpFromCancelableQueue(irps[1]);
    assert_ptr_equal(from.Flink, &irps[3]->Tail.Overlay.ListEntry);
    KsCancelIo(&from, &from_lock);
    KsCancelIo(&to, &to_lock);
    assert_true(IsListEmpty(&from));
    assert_true(IsListEmpty(&to));
    for (unsigned i = 0; i < 4; i++)
        IoFreeIrp(irps[i]);
    world_end();
}

static void irps_move_as_the_callback_says_until_it_refuses(void **state)
{
    (void)state;
    world_live(&plain, move_body);
}

/* ---- What has no handler --------------------------------------------------------------------- */

static void complete_with(NTSTATUS (NTAPI *routine)(PDEVICE_OBJECT device, PIRP irp), ULONG code,
                          NTSTATUS expected)
{
    PIRP irp = irp_of(0);

    IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode = code;
    assert_int_equal(routine(NULL, irp), expected);
    assert_int_equal(irp->IoStatus.Status, expected);
    IoFreeIrp(irp);
}

static void failures_body(void)
{
    world_begin();
    complete_with(KsDispatchInvalidDeviceRequest, 0, STATUS_INVALID_DEVICE_REQUEST);
    complete_with(KsDispatchQuerySecurity, 0, STATUS_NO_SECURITY_ON_OBJECT);
    complete_with(KsDispatchSetSecurity, 0, STATUS_NO_SECURITY_ON_OBJECT);
    complete_with(KsDefaultDeviceIoCompletion, IOCTL_KS_PROPERTY, STATUS_PROPSET_NOT_FOUND);
    complete_with(KsDefaultDeviceIoCompletion, IOCTL_KS_ENABLE_EVENT, STATUS_PROPSET_NOT_FOUND);
    complete_with(KsDefaultDeviceIoCompletion, 0, STATUS_INVALID_DEVICE_REQUEST);
    assert_false(KsDispatchFastIoDeviceControlFailure(NULL, TRUE, NULL, 0, NULL, 0, 0, NULL,
                                                      NULL));
    assert_false(KsDispatchFastReadFailure(NULL, NULL, 0, TRUE, 0, NULL, NULL, NULL));
    world_end();
}

static void what_has_no_handler_is_completed_with_the_status_of_its_kind(void **state)
{
    (void)state;
    world_live(&plain, failures_body);
}

/* ---- From files and devices to objects ------------------------------------------------------- */

static void objects_body(void)
{
    PFILE_OBJECT second;

    world_begin();
    assert_ptr_equal(KsGetObjectFromFileObject(world->pin_file), world->pin);
    assert_ptr_equal(KsGetObjectFromFileObject(world->filter_file), world->filter);
    assert_int_equal(KsGetObjectTypeFromFileObject(world->pin_file), KsObjectTypePin);
    assert_int_equal(KsGetObjectTypeFromFileObject(world->filter_file), KsObjectTypeFilter);
    assert_ptr_equal(KsGetDeviceForDeviceObject(world->device->FunctionalDeviceObject),
                     world->device);
    KsAcquireControl(world->filter);
    assert_null(KsPinGetNextSiblingPin(KsFilterGetFirstChildPin(world->filter, 0)));
    KsReleaseControl(world->filter);
    second = world_another_pin(world->filter_file);
    KsAcquireControl(world->filter);
    assert_non_null(KsPinGetNextSiblingPin(KsFilterGetFirstChildPin(world->filter, 0)));
    assert_int_equal(KsFilterGetChildPinCount(world->filter, 0), 2);
    KsReleaseControl(world->filter);
    io_file_close(second);
    world_end();
}

static void files_and_devices_lead_to_their_objects(void **state)
{
    (void)state;
    world_live(&plain, objects_body);
}

/* ---- Config space ---------------------------------------------------------------------------- */

static void config_body(void)
{
    UCHAR *line;
    USHORT *vendor;

    world_begin();
    vendor = ExAllocatePoolWithTag(NonPagedPool, 16, 'tseT');
    assert_non_null(vendor);
    line = (UCHAR *)(vendor + 1);
    assert_int_equal(KsDeviceGetBusData(world->device, 0, vendor, 0, 2), 2);
    assert_int_not_equal(*vendor, 0xffff);
    *line = 0x5a;
    assert_int_equal(KsDeviceSetBusData(world->device, 0, line, 0x3c, 1), 1);
    *line = 0;
    assert_int_equal(KsDeviceGetBusData(world->device, 0, line, 0x3c, 1), 1);
    assert_int_equal(*line, 0x5a);
    assert_int_equal(KsDeviceGetBusData(world->device, 0, line, 0x10000, 1), 0);
    assert_int_equal(KsDeviceGetBusData(world->device, 77, line, 0, 1), 0);
    ExFreePoolWithTag(vendor, 'tseT');
    world_end();
}

static void config_space_is_read_and_written_within_its_bounds(void **state)
{
    (void)state;
    world_live(&plain, config_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_default_clock_runs_stands_and_returns_to_zero),
        cmocka_unit_test(irps_move_as_the_callback_says_until_it_refuses),
        cmocka_unit_test(what_has_no_handler_is_completed_with_the_status_of_its_kind),
        cmocka_unit_test(files_and_devices_lead_to_their_objects),
        cmocka_unit_test(config_space_is_read_and_written_within_its_bounds),
    };

    return cmocka_run_group_tests_name("legacy", tests, NULL, NULL);
}
