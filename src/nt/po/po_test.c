/* SPDX-License-Identifier: MIT */
/* Power requests that a driver makes of its own stack. */
#include "io/nt_test.h"

#include "po/po.h"

static struct po *po;
static UCHAR seen_minor;
static POWER_STATE seen_state;
static NTSTATUS seen_status, answer;
static KEVENT done;

static NTSTATUS NTAPI power(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);

    (void)device;
    assert_int_equal(irp->IoStatus.Status, STATUS_NOT_SUPPORTED); /* until somebody knows better */
    seen_minor = location->MinorFunction;
    if (seen_minor == IRP_MN_WAIT_WAKE)
        seen_state.SystemState = location->Parameters.WaitWake.PowerState;
    else
        seen_state = location->Parameters.Power.State;
    PoStartNextPowerIrp(irp);
    return nt_complete(irp, answer, 0);
}

static void NTAPI completed(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PVOID context,
                            PIO_STATUS_BLOCK iosb)
{
    assert_non_null(device);
    assert_int_equal(minor, seen_minor);
    assert_int_equal(state.DeviceState, seen_state.DeviceState);
    seen_status = iosb->Status;
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
}

static PDEVICE_OBJECT powered(struct nt *nt)
{
    PDRIVER_OBJECT driver = nt_driver(nt, "one");

    answer = STATUS_SUCCESS;
    KeInitializeEvent(&done, SynchronizationEvent, FALSE);
    assert_int_equal(po_create(nt->world.ke, &po), 0);
    nt_dispatch(driver, IRP_MJ_POWER, power);
    return nt_device(driver, NULL);
}

static NTSTATUS request(PDEVICE_OBJECT device, UCHAR minor, int state)
{
    POWER_STATE wanted = {.DeviceState = (DEVICE_POWER_STATE)state};

    return PoRequestPowerIrp(device, minor, wanted, completed, &done, NULL);
}

static void a_request_goes_to_the_top_of_the_stack_and_its_routine_hears_the_end(struct nt *nt)
{
    PDEVICE_OBJECT device = powered(nt);

    assert_int_equal(request(device, IRP_MN_SET_POWER, PowerDeviceD3), STATUS_PENDING);
    wait_for(&done);
    assert_int_equal(seen_minor, IRP_MN_SET_POWER);
    assert_int_equal(seen_state.DeviceState, PowerDeviceD3);
    assert_int_equal(seen_status, STATUS_SUCCESS);
    answer = STATUS_DEVICE_BUSY;
    assert_int_equal(request(device, IRP_MN_QUERY_POWER, PowerDeviceD2), STATUS_PENDING);
    wait_for(&done);
    assert_int_equal(seen_status, STATUS_DEVICE_BUSY);
    assert_int_equal(request(device, IRP_MN_WAIT_WAKE, PowerSystemSleeping1), STATUS_PENDING);
    wait_for(&done);
    assert_int_equal(seen_minor, IRP_MN_WAIT_WAKE);
    assert_int_equal(seen_state.SystemState, PowerSystemSleeping1);
    sleep_ms(1);
    po_destroy(po);
}

static void only_three_kinds_may_be_asked_for(struct nt *nt)
{
    PDEVICE_OBJECT device = powered(nt);

    seen_minor = 0xff;
    assert_int_equal(request(device, IRP_MN_POWER_SEQUENCE, PowerDeviceD0),
                     STATUS_INVALID_PARAMETER_2);
    assert_int_equal(request(device, 77, PowerDeviceD0), STATUS_INVALID_PARAMETER_2);
    sleep_ms(1);
    assert_int_equal(seen_minor, 0xff);
    po_destroy(po);
}

static void a_device_state_is_remembered_and_the_former_one_returned(struct nt *nt)
{
    PDEVICE_OBJECT device = powered(nt), other = nt_device(device->DriverObject, NULL);
    POWER_STATE d3 = {.DeviceState = PowerDeviceD3}, d0 = {.DeviceState = PowerDeviceD0};

    assert_int_equal(PoSetPowerState(device, DevicePowerState, d3).DeviceState, PowerDeviceD0);
    assert_int_equal(PoSetPowerState(device, DevicePowerState, d0).DeviceState, PowerDeviceD3);
    assert_int_equal(PoSetPowerState(other, DevicePowerState, d3).DeviceState, PowerDeviceD0);
    po_destroy(po);
}

static void no_device_is_watched_for_idleness(struct nt *nt)
{
    PDEVICE_OBJECT device = powered(nt);

    assert_null(PoRegisterDeviceForIdleDetection(device, 60, 60, PowerDeviceD3));
    po_destroy(po);
}

static unsigned told;
static ULONG told_value;

static NTSTATUS NTAPI on_setting(LPCGUID guid, PVOID value, ULONG length, PVOID context)
{
    assert_ptr_equal(context, &told);
    assert_int_equal(length, sizeof(ULONG));
    assert_non_null(guid);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    told_value = *(ULONG *)value;
    told++;
    return STATUS_SUCCESS;
}

static void a_setting_is_told_at_once_and_unknown_ones_never(struct nt *nt)
{
    static const GUID monitor = {0x02731015, 0x4510, 0x4526,
                                 {0x99, 0xe6, 0xe5, 0xa1, 0x7e, 0xbd, 0x1a, 0xea}};
    static const GUID unknown = {1, 2, 3, {4}};
    PDEVICE_OBJECT device = powered(nt);
    PVOID handle = NULL, second = NULL;

    told = 0;
    assert_int_equal(PoRegisterPowerSettingCallback(device, &monitor, on_setting, &told, &handle),
                     STATUS_SUCCESS);
    assert_int_equal(told, 1);
    assert_int_equal(told_value, 1); /* it is on */
    assert_int_equal(PoRegisterPowerSettingCallback(device, &unknown, on_setting, &told, &second),
                     STATUS_SUCCESS);
    assert_int_equal(told, 1);
    assert_int_equal(PoRegisterPowerSettingCallback(device, &monitor, NULL, NULL, &second),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(PoUnregisterPowerSettingCallback(handle), STATUS_SUCCESS);
    assert_int_equal(PoUnregisterPowerSettingCallback(handle), STATUS_INVALID_PARAMETER);
    assert_int_equal(PoUnregisterPowerSettingCallback(second), STATUS_SUCCESS);
    po_destroy(po);
}

static void a_system_state_is_changed_by_the_handle_it_gave(struct nt *nt)
{
    PVOID handle;

    (void)powered(nt);
    handle = PoRegisterSystemState(NULL, ES_SYSTEM_REQUIRED | ES_CONTINUOUS);
    assert_non_null(handle);
    assert_ptr_equal(PoRegisterSystemState(handle, ES_DISPLAY_REQUIRED), handle);
    PoSetSystemState(ES_USER_PRESENT);
    PoUnregisterSystemState(handle);
    assert_null(PoRegisterSystemState(handle, ES_DISPLAY_REQUIRED)); /* it is gone */
    po_destroy(po);
}

NT_TEST(a_setting_is_told_at_once_and_unknown_ones_never)
NT_TEST(a_system_state_is_changed_by_the_handle_it_gave)
NT_TEST(a_request_goes_to_the_top_of_the_stack_and_its_routine_hears_the_end)
NT_TEST(only_three_kinds_may_be_asked_for)
NT_TEST(a_device_state_is_remembered_and_the_former_one_returned)
NT_TEST(no_device_is_watched_for_idleness)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_goes_to_the_top_of_the_stack_and_its_routine_hears_the_end),
        cmocka_unit_test(test_a_setting_is_told_at_once_and_unknown_ones_never),
        cmocka_unit_test(test_a_system_state_is_changed_by_the_handle_it_gave),
        cmocka_unit_test(test_only_three_kinds_may_be_asked_for),
        cmocka_unit_test(test_a_device_state_is_remembered_and_the_former_one_returned),
        cmocka_unit_test(test_no_device_is_watched_for_idleness),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
