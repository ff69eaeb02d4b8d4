/* SPDX-License-Identifier: MIT */
/* Devices, files and create items of drivers that use KS without AVStream. */
#include "ks/legacy_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10};

/* ---- Opening --------------------------------------------------------------------------------- */

static NTSTATUS open_child(PFILE_OBJECT parent, PCWSTR string)
{
    UNICODE_STRING name;
    PFILE_OBJECT file;
    NTSTATUS status;

    RtlInitUnicodeString(&name, string);
    status = legacy_try_open(parent, &name, &file);
    if (NT_SUCCESS(status))
        io_file_close(file);
    return status;
}

static void life_body(void)
{
    PFILE_OBJECT file;

    legacy_begin();
    assert_true(KsiQueryObjectCreateItemsPresent(legacy_device_header()));
    assert_ptr_equal(KsQueryDevicePnpObject(legacy_device_header()), legacy.next);
    file = legacy_open();
    assert_ptr_equal(KsQueryObjectCreateItem(legacy.header), &legacy.items[0]);
    assert_int_equal(KsQueryObjectAccessMask(legacy.header), FILE_READ_DATA | FILE_WRITE_DATA);
    assert_null(KsGetObjectFromFileObject(file)); /* no object of AVStream */
    io_file_close(file);
    world_expect_log("Create Close ");
    legacy_end();
}

static void a_driver_of_the_older_style_lives_without_avstream(void **state)
{
    (void)state;
    world_live(&plain, life_body);
}

static void children_body(void)
{
    PFILE_OBJECT file;

    legacy.child_count = 3;
    legacy.children[0] = legacy_item(u"Bare", KSCREATE_ITEM_NOPARAMETERS);
    legacy.children[1] = legacy_item(u"Pin", 0);
    legacy_begin();
    file = legacy_open();
    world->log[0] = 0;
    assert_int_equal(open_child(file, u"Pin"), STATUS_SUCCESS);
    assert_int_equal(open_child(file, u"pin\\more"), STATUS_SUCCESS);
    assert_int_equal(open_child(file, u"Pine"), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(open_child(file, u"Bare"), STATUS_SUCCESS);
    assert_int_equal(open_child(file, u"Bare\\more"), STATUS_OBJECT_NAME_NOT_FOUND);
    world_expect_log("Create Close Create Close Create Close ");
    io_file_close(file);
    file = legacy_open();
    assert_int_equal(KsAddObjectCreateItemToObjectHeader(legacy.header, legacy_create, NULL,
                                                         u"Late", NULL), STATUS_SUCCESS);
    assert_int_equal(KsAddObjectCreateItemToObjectHeader(legacy.header, legacy_create, NULL,
                                                         u"Full", NULL),
                     STATUS_ALLOTTED_SPACE_EXCEEDED);
    assert_int_equal(open_child(file, u"Late"), STATUS_SUCCESS);
    assert_int_equal(open_child(file, u"Full"), STATUS_OBJECT_NAME_NOT_FOUND);
    io_file_close(file);
    legacy_end();
}

static void sub_objects_are_opened_by_the_items_of_their_parent(void **state)
{
    (void)state;
    world_live(&plain, children_body);
}

/* Whatever the device's own interface stands for, a name behind it goes to the items. */
static NTSTATUS open_named(PCWSTR reference)
{
    WCHAR text[200];
    UNICODE_STRING name = {.Buffer = text, .MaximumLength = sizeof text};
    UNICODE_STRING base = legacy.link;
    PFILE_OBJECT file;
    NTSTATUS status;

    base.Length -= sizeof u"Legacy" - sizeof(WCHAR); /* up to its backslash */
    RtlCopyUnicodeString(&name, &base);
    assert_int_equal(RtlAppendUnicodeToString(&name, reference), STATUS_SUCCESS);
    status = legacy_try_open(NULL, &name, &file);
    if (NT_SUCCESS(status))
        io_file_close(file);
    return status;
}

static unsigned freed;

static void NTAPI item_freed(PKSOBJECT_CREATE_ITEM item)
{
    assert_non_null(item);
    freed++;
}

static void items_body(void)
{
    static char context;
    UNICODE_STRING name = RTL_CONSTANT_STRING(u"Copied");
    UNICODE_STRING never = RTL_CONSTANT_STRING(u"Never");
    KSOBJECT_CREATE_ITEM item;
    PVOID header;

    freed = 0;
    legacy_begin();
    header = legacy_device_header();
    assert_int_equal(open_named(u"Copied"), STATUS_OBJECT_NAME_NOT_FOUND);
    item = legacy_item(u"Copied", 0);
    assert_int_equal(KsAllocateObjectCreateItem(header, &item, TRUE, item_freed), STATUS_SUCCESS);
    memset(&item, 0, sizeof item); /* it was copied */
    assert_int_equal(open_named(u"Copied"), STATUS_SUCCESS);
    assert_int_equal(KsFreeObjectCreateItem(header, &never), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(freed, 0);
    assert_int_equal(KsFreeObjectCreateItem(header, &name), STATUS_SUCCESS);
    assert_int_equal(freed, 1);
    assert_int_equal(open_named(u"Copied"), STATUS_OBJECT_NAME_NOT_FOUND);

    item = legacy_item(u"Mine", 0);
    item.Context = &context;
    assert_int_equal(KsAllocateObjectCreateItem(header, &item, FALSE, item_freed), STATUS_SUCCESS);
    assert_int_equal(KsAllocateObjectCreateItem(header, &item, TRUE, item_freed), STATUS_SUCCESS);
    assert_int_equal(KsFreeObjectCreateItemsByContext(header, &context), STATUS_SUCCESS);
    assert_int_equal(freed, 2); /* the callback is for copies */
    assert_int_equal(KsFreeObjectCreateItemsByContext(header, &context),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    legacy_end();
}

static void create_items_come_and_go(void **state)
{
    (void)state;
    world_live(&plain, items_body);
}

static void slots_body(void)
{
    PVOID header;

    legacy.items[1] = legacy_item(u"", KSCREATE_ITEM_WILDCARD); /* ahead of others */
    legacy.items[2] = legacy_item(u"Named", 0);
    legacy_begin();
    header = legacy_device_header();
    assert_int_equal(open_named(u"Anything"), STATUS_SUCCESS);
    assert_int_equal(KsAddObjectCreateItemToDeviceHeader(header, legacy_create, NULL, u"Slot",
                                                         NULL), STATUS_SUCCESS);
    assert_int_equal(legacy.items[3].ObjectClass.Length, 4 * sizeof(WCHAR));
    assert_int_equal(KsAddObjectCreateItemToDeviceHeader(header, legacy_create, NULL, u"Full",
                                                         NULL), STATUS_ALLOTTED_SPACE_EXCEEDED);
    assert_int_equal(open_named(u"Slot"), STATUS_SUCCESS);
    legacy_end();
}

static void empty_slots_are_filled_until_there_is_none(void **state)
{
    (void)state;
    world_live(&plain, slots_body);
}

static void headers_body(void)
{
    KSDEVICE_HEADER header;

    legacy_begin();
    assert_int_equal(KsAllocateDeviceHeader(&header, 0, NULL), STATUS_SUCCESS);
    assert_false(KsiQueryObjectCreateItemsPresent(header));
    assert_null(KsQueryDevicePnpObject(header));
    KsRecalculateStackDepth(header, FALSE); /* no base object: nothing to set */
    KsFreeDeviceHeader(header);
    legacy_end();
}

static void a_header_begins_empty(void **state)
{
    (void)state;
    world_live(&plain, headers_body);
}

/* ---- Handlers -------------------------------------------------------------------------------- */

static void handlers_body(void)
{
    PDRIVER_OBJECT driver;

    legacy_begin();
    driver = world->driver;
    assert_int_equal(KsSetMajorFunctionHandler(driver, IRP_MJ_SHUTDOWN), STATUS_INVALID_PARAMETER);
    assert_int_equal(KsSetMajorFunctionHandler(driver, 0x1000), STATUS_INVALID_PARAMETER);
    assert_int_equal(KsSetMajorFunctionHandler(driver, KSDISPATCH_FASTIO | IRP_MJ_READ),
                     STATUS_INVALID_PARAMETER); /* no table yet */
    legacy.fast.SizeOfFastIoDispatch = sizeof legacy.fast;
    driver->FastIoDispatch = &legacy.fast;
    assert_int_equal(KsSetMajorFunctionHandler(driver, KSDISPATCH_FASTIO | IRP_MJ_CLOSE),
                     STATUS_INVALID_PARAMETER);
    assert_null(legacy.fast.FastIoRead);
    assert_int_equal(KsSetMajorFunctionHandler(driver, KSDISPATCH_FASTIO | IRP_MJ_READ),
                     STATUS_SUCCESS);
    assert_int_equal(KsSetMajorFunctionHandler(driver, KSDISPATCH_FASTIO | IRP_MJ_WRITE),
                     STATUS_SUCCESS);
    assert_int_equal(KsSetMajorFunctionHandler(driver, KSDISPATCH_FASTIO | IRP_MJ_DEVICE_CONTROL),
                     STATUS_SUCCESS);
    assert_non_null(legacy.fast.FastIoRead);
    assert_non_null(legacy.fast.FastIoWrite);
    assert_non_null(legacy.fast.FastIoDeviceControl);
    driver->FastIoDispatch = NULL;
    legacy_end();
}

static void only_the_listed_major_functions_have_handlers(void **state)
{
    (void)state;
    world_live(&plain, handlers_body);
}

static BOOLEAN NTAPI fast_control(PFILE_OBJECT file, BOOLEAN wait, PVOID in, ULONG in_bytes,
                                  PVOID out, ULONG out_bytes, ULONG code, PIO_STATUS_BLOCK iosb,
                                  PDEVICE_OBJECT device)
{
    assert_non_null(file);
    assert_true(wait);
    assert_null(in);
    assert_null(out);
    assert_int_equal(in_bytes, 3);
    assert_int_equal(out_bytes, 4);
    assert_int_equal(code, 0x77);
    assert_ptr_equal(device, legacy.functional);
    iosb->Information = 5;
    return TRUE;
}

static BOOLEAN NTAPI fast_read(PFILE_OBJECT file, PLARGE_INTEGER offset, ULONG length, BOOLEAN wait,
                               ULONG key, PVOID buffer, PIO_STATUS_BLOCK iosb,
                               PDEVICE_OBJECT device)
{
    (void)file, (void)offset, (void)wait, (void)buffer, (void)device;
    iosb->Information = length + key;
    return TRUE;
}

static void fast_body(void)
{
    IO_STATUS_BLOCK *iosb;
    PFILE_OBJECT file;

    legacy_begin();
    iosb = ExAllocatePoolWithTag(NonPagedPool, sizeof *iosb, 'tseT');
    world->driver->FastIoDispatch = &legacy.fast;
    KsSetMajorFunctionHandler(world->driver, KSDISPATCH_FASTIO | IRP_MJ_READ);
    KsSetMajorFunctionHandler(world->driver, KSDISPATCH_FASTIO | IRP_MJ_WRITE);
    KsSetMajorFunctionHandler(world->driver, KSDISPATCH_FASTIO | IRP_MJ_DEVICE_CONTROL);
    file = legacy_open();
    assert_false(KE_CALL(legacy.fast.FastIoDeviceControl, KE_ARG(file), TRUE, 0, 3, 0, 4, 0x77,
                         KE_ARG(iosb), KE_ARG(legacy.functional)) & 0xff); /* the table has none */
    legacy.table.FastDeviceIoControl = fast_control;
    legacy.table.FastRead = fast_read;
    legacy.table.FastWrite = KsDispatchFastWriteFailure;
    assert_true(KE_CALL(legacy.fast.FastIoDeviceControl, KE_ARG(file), TRUE, 0, 3, 0, 4, 0x77,
                        KE_ARG(iosb), KE_ARG(legacy.functional)) & 0xff);
    assert_int_equal(iosb->Information, 5);
    assert_true(KE_CALL(legacy.fast.FastIoRead, KE_ARG(file), 0, 10, TRUE, 7, 0, KE_ARG(iosb),
                        KE_ARG(legacy.functional)) & 0xff);
    assert_int_equal(iosb->Information, 17);
    assert_false(KE_CALL(legacy.fast.FastIoWrite, KE_ARG(file), 0, 10, TRUE, 7, 0, KE_ARG(iosb),
                         KE_ARG(legacy.functional)) & 0xff);
    io_file_close(file);
    world->driver->FastIoDispatch = NULL;
    ExFreePoolWithTag(iosb, 'tseT');
    legacy_end();
}

static void fast_requests_go_by_the_file_s_table(void **state)
{
    (void)state;
    world_live(&plain, fast_body);
}

/* ---- Stack depth and power ------------------------------------------------------------------- */

static void depth_body(void)
{
    PDEVICE_OBJECT target;
    PFILE_OBJECT file;
    PVOID header;
    CCHAR below;

    legacy_begin();
    header = legacy_device_header();
    below = legacy.next->StackSize;
    assert_int_equal(IoCreateDevice(world->driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &target),
                     STATUS_SUCCESS);
    target->StackSize = 9;
    KsRecalculateStackDepth(header, FALSE);
    assert_int_equal(legacy.functional->StackSize, below + 1);
    KsRecalculateStackDepth(header, TRUE);
    assert_int_equal(legacy.functional->StackSize, below);
    file = legacy_open();
    KsSetTargetDeviceObject(legacy.header, target);
    KsRecalculateStackDepth(header, FALSE);
    assert_int_equal(legacy.functional->StackSize, below + 1); /* not enabled yet */
    KsSetTargetState(legacy.header, KSTARGET_STATE_ENABLED);
    KsRecalculateStackDepth(header, FALSE);
    assert_int_equal(legacy.functional->StackSize, 10);
    KsSetTargetState(legacy.header, KSTARGET_STATE_DISABLED);
    KsRecalculateStackDepth(header, FALSE);
    assert_int_equal(legacy.functional->StackSize, below + 1);
    KsSetTargetState(legacy.header, KSTARGET_STATE_ENABLED);
    KsSetTargetDeviceObject(legacy.header, NULL);
    KsRecalculateStackDepth(header, FALSE);
    assert_int_equal(legacy.functional->StackSize, below + 1);
    KsSetDevicePnpAndBaseObject(header, NULL, legacy.functional);
    KsRecalculateStackDepth(header, TRUE);
    assert_int_equal(legacy.functional->StackSize, 1); /* never less */
    KsSetDevicePnpAndBaseObject(header, legacy.next, legacy.functional);
    KsRecalculateStackDepth(header, FALSE);
    io_file_close(file);
    IoDeleteDevice(target);
    legacy_end();
}

static void the_stack_is_as_deep_as_its_enabled_targets(void **state)
{
    (void)state;
    world_live(&plain, depth_body);
}

static char power_context;

static NTSTATUS NTAPI hear_of_power(PVOID context, PIRP irp)
{
    assert_ptr_equal(context, &power_context);
    assert_int_equal(IoGetCurrentIrpStackLocation(irp)->MajorFunction, IRP_MJ_POWER);
    world_note("Power");
    KsSetPowerDispatch(legacy.header, NULL, NULL); /* allowed: its own entry */
    return STATUS_SUCCESS;
}

static NTSTATUS send_power(DEVICE_POWER_STATE power)
{
    IO_STACK_LOCATION location = {.MajorFunction = IRP_MJ_POWER, .MinorFunction = IRP_MN_SET_POWER};
    IO_STATUS_BLOCK iosb = {.Status = STATUS_NOT_SUPPORTED};

    location.Parameters.Power.Type = DevicePowerState;
    location.Parameters.Power.State.DeviceState = power;
    return io_send(legacy.functional, &location, &iosb);
}

static void power_body(void)
{
    PFILE_OBJECT file;

    legacy_begin();
    file = legacy_open();
    world->log[0] = 0;
    KsSetPowerDispatch(legacy.header, hear_of_power, &power_context);
    assert_int_equal(send_power(PowerDeviceD3), STATUS_SUCCESS);
    world_expect_log("Power ");
    assert_int_equal(send_power(PowerDeviceD0), STATUS_SUCCESS);
    world_expect_log(""); /* it was taken away */
    io_file_close(file);
    legacy_end();
}

static void an_object_hears_of_power_until_its_routine_is_taken_away(void **state)
{
    (void)state;
    world_live(&plain, power_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_driver_of_the_older_style_lives_without_avstream),
        cmocka_unit_test(sub_objects_are_opened_by_the_items_of_their_parent),
        cmocka_unit_test(create_items_come_and_go),
        cmocka_unit_test(empty_slots_are_filled_until_there_is_none),
        cmocka_unit_test(a_header_begins_empty),
        cmocka_unit_test(only_the_listed_major_functions_have_handlers),
        cmocka_unit_test(fast_requests_go_by_the_file_s_table),
        cmocka_unit_test(the_stack_is_as_deep_as_its_enabled_targets),
        cmocka_unit_test(an_object_hears_of_power_until_its_routine_is_taken_away),
    };

    return cmocka_run_group_tests_name("object_header", tests, NULL, NULL);
}
