/* SPDX-License-Identifier: MIT */
/* A device's life as the drivers of its stack see it: a bus and a function driver of ours, and the
 * sequence of requests between them, one letter each. */
#include "io/nt_test.h"

#include "pnp/pnp.h"

static char story[128];
static struct pnp *pnp;
static PDEVICE_OBJECT pdo, fdo, lower;
static NTSTATUS start_status, query_status, add_status;
static bool forget_to_clear, forget_to_detach, detach_early;
static ULONG resources_given;
static unsigned state_queries, relation_queries;

static void tell(char letter)
{
    size_t length = strlen(story);

    if (length + 1 < sizeof story)
        story[length] = letter;
}

/* ---- The bus --------------------------------------------------------------------------------- */

static NTSTATUS give_text(PIRP irp, const WCHAR *text, size_t chars)
{
    PWCH copy = ExAllocatePoolWithTag(PagedPool, chars * sizeof(WCHAR), 0x31313131);

    memcpy(copy, text, chars * sizeof(WCHAR));
    return nt_complete(irp, STATUS_SUCCESS, (ULONG_PTR)copy);
}

static NTSTATUS NTAPI bus_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);

    (void)device;
    switch (location->MinorFunction) {
    case IRP_MN_QUERY_ID:
        if (location->Parameters.QueryId.IdType == BusQueryDeviceID)
            return give_text(irp, u"TEST\\CARD", 10);
        if (location->Parameters.QueryId.IdType == BusQueryInstanceID)
            return give_text(irp, u"7", 2);
        if (location->Parameters.QueryId.IdType == BusQueryHardwareIDs)
            return give_text(irp, u"TEST\\CARD\0TEST\\ANY\0", 20);
        break;
    case IRP_MN_QUERY_DEVICE_TEXT:
        if (location->Parameters.QueryDeviceText.DeviceTextType == DeviceTextDescription)
            return give_text(irp, u"a card", 7);
        break;
    case IRP_MN_QUERY_CAPABILITIES:
        assert_int_equal(location->Parameters.DeviceCapabilities.Capabilities->Size, 0x40);
        assert_int_equal(location->Parameters.DeviceCapabilities.Capabilities->Address, UINT32_MAX);
        location->Parameters.DeviceCapabilities.Capabilities->Address = 5;
        return nt_complete(irp, STATUS_SUCCESS, 0);
    case IRP_MN_QUERY_PNP_DEVICE_STATE:
        state_queries++;
        break;
    case IRP_MN_QUERY_DEVICE_RELATIONS:
        if (location->Parameters.QueryDeviceRelations.Type == BusRelations)
            relation_queries++;
        break;
    case IRP_MN_START_DEVICE:
        tell('b');
        return nt_complete(irp, STATUS_SUCCESS, 0);
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        return nt_complete(irp, STATUS_SUCCESS, 0);
    default:
        break;
    }
    return nt_complete(irp, irp->IoStatus.Status, irp->IoStatus.Information);
}

static NTSTATUS NTAPI bus_power(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);

    (void)device;
    if (location->Parameters.Power.Type == DevicePowerState) {
        tell((char)('0' + location->Parameters.Power.State.DeviceState - PowerDeviceD0));
        io_node_of(pdo)->power = location->Parameters.Power.State.DeviceState;
    } else {
        tell(location->MinorFunction == IRP_MN_QUERY_POWER ? 'q' : 'y');
    }
    return nt_complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS resources(void *ctx, PDEVICE_OBJECT device,
                          const IO_RESOURCE_REQUIREMENTS_LIST *requirements,
                          PCM_RESOURCE_LIST *raw, PCM_RESOURCE_LIST *translated)
{
    (void)ctx;
    assert_ptr_equal(device, pdo);
    assert_null(requirements);
    *raw = ExAllocatePoolWithTag(PagedPool, sizeof **raw, 0x31313131);
    *translated = ExAllocatePoolWithTag(PagedPool, sizeof **raw, 0x31313131);
    memset(*raw, 0, sizeof **raw);
    (*raw)->Count = 1;
    (*raw)->List[0].PartialResourceList.Count = 1;
    **translated = **raw;
    (*translated)->List[0].PartialResourceList.PartialDescriptors[0].Type = CmResourceTypeMemory;
    return STATUS_SUCCESS;
}

/* ---- The function driver --------------------------------------------------------------------- */

static NTSTATUS NTAPI on_start(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PCM_RESOURCE_LIST translated = location->Parameters.StartDevice.AllocatedResourcesTranslated;

    (void)device;
    assert_true(IoForwardIrpSynchronously(lower, irp));
    tell('S');
    resources_given = translated != NULL ? translated->List[0].PartialResourceList.Count : 0;
    if (NT_SUCCESS(start_status))
        start_status = irp->IoStatus.Status;
    return nt_complete(irp, start_status, 0);
}

static NTSTATUS pass(PIRP irp)
{
    IoSkipCurrentIrpStackLocation(irp);
    return IofCallDriver(lower, irp);
}

static NTSTATUS succeed_and_pass(PIRP irp, char letter)
{
    tell(letter);
    irp->IoStatus.Status = STATUS_SUCCESS;
    return pass(irp);
}

static void go(void)
{
    if (!forget_to_detach)
        IoDetachDevice(lower);
    IoDeleteDevice(fdo);
}

static NTSTATUS NTAPI fdo_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    NTSTATUS status;

    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return on_start(device, irp);
    case IRP_MN_QUERY_STOP_DEVICE:
        if (!NT_SUCCESS(query_status))
            return nt_complete(irp, query_status, 0);
        return succeed_and_pass(irp, 'p');
    case IRP_MN_CANCEL_STOP_DEVICE:
        return succeed_and_pass(irp, 'c');
    case IRP_MN_STOP_DEVICE:
        return succeed_and_pass(irp, 'P');
    case IRP_MN_QUERY_REMOVE_DEVICE:
        if (!NT_SUCCESS(query_status))
            return nt_complete(irp, query_status, 0);
        return succeed_and_pass(irp, 'r');
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return succeed_and_pass(irp, 'c');
    case IRP_MN_SURPRISE_REMOVAL:
        if (detach_early)
            IoDetachDevice(lower);
        return succeed_and_pass(irp, '!');
    case IRP_MN_REMOVE_DEVICE:
        status = succeed_and_pass(irp, 'R');
        go();
        return status;
    default:
        return pass(irp);
    }
}

static NTSTATUS NTAPI fdo_power(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    PoStartNextPowerIrp(irp);
    IoSkipCurrentIrpStackLocation(irp);
    return PoCallDriver(lower, irp);
}

static NTSTATUS NTAPI add_device(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical)
{
    if (!NT_SUCCESS(add_status))
        return add_status;
    assert_int_equal(IoCreateDevice(driver, 0, NULL, FILE_DEVICE_KS, 0, FALSE, &fdo), 0);
    lower = IoAttachDeviceToDeviceStack(fdo, physical);
    if (!forget_to_clear)
        fdo->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    tell('A');
    return STATUS_SUCCESS;
}

/* ---- The world ------------------------------------------------------------------------------- */

static void set_up(struct nt *nt)
{
    static const struct pnp_bus_ops ops = {resources};
    PDRIVER_OBJECT bus = nt_driver(nt, "testbus");

    memset(story, 0, sizeof story);
    start_status = query_status = add_status = STATUS_SUCCESS;
    forget_to_clear = forget_to_detach = detach_early = false;
    assert_int_equal(pnp_create(nt->world.ke, &pnp), 0);
    nt_dispatch(bus, IRP_MJ_PNP, bus_pnp);
    nt_dispatch(bus, IRP_MJ_POWER, bus_power);
    nt_dispatch(bus, IRP_MJ_CREATE, nt_succeed);
    nt_dispatch(bus, IRP_MJ_CLEANUP, nt_succeed);
    nt_dispatch(bus, IRP_MJ_CLOSE, nt_succeed);
    assert_int_equal(IoCreateDevice(bus, 0, NULL, FILE_DEVICE_BUS_EXTENDER,
                                    FILE_AUTOGENERATED_DEVICE_NAME, FALSE, &pdo),
                     STATUS_SUCCESS);
    pdo->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    assert_int_equal(pnp_announce(pnp, pdo, &ops, NULL), STATUS_SUCCESS);
    nt->driver = nt_driver(nt, "card");
    nt->driver->DriverExtension->AddDevice = add_device;
    nt_dispatch(nt->driver, IRP_MJ_PNP, fdo_pnp);
    nt_dispatch(nt->driver, IRP_MJ_POWER, fdo_power);
    nt_dispatch(nt->driver, IRP_MJ_CREATE, nt_succeed);
    nt_dispatch(nt->driver, IRP_MJ_CLEANUP, nt_succeed);
    nt_dispatch(nt->driver, IRP_MJ_CLOSE, nt_succeed);
}

static void add_and_start(struct nt *nt)
{
    set_up(nt);
    assert_int_equal(pnp_add_device(pnp, nt->driver, pdo), STATUS_SUCCESS);
    assert_int_equal(pnp_start(pnp, pdo), STATUS_SUCCESS);
}

static PFILE_OBJECT open_device(struct nt *nt)
{
    PFILE_OBJECT file;

    assert_int_equal(io_file_open(nt->io, NULL, ob_name_of(nt->ob, pdo), 0, &file), STATUS_SUCCESS);
    return file;
}

static void a_device_is_added_started_and_removed(struct nt *nt)
{
    struct io_node *node;
    uint32_t type;
    const void *data;
    size_t size;

    add_and_start(nt);
    assert_string_equal(story, "AbS"); /* the bus starts before the function driver */
    assert_int_equal(resources_given, 1);
    node = io_node_of(pdo);
    assert_string_equal(node->instance_path, "TEST\\CARD\\7");
    assert_string_equal(node->description, "a card");
    assert_memory_equal(node->hardware_ids, "TEST\\CARD\0TEST\\ANY\0", 20);
    assert_int_equal(node->capabilities.Address, 5);
    assert_true(cm_get_value(nt->cm,
                             "\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\TEST\\CARD\\7",
                             "Service", &type, &data, &size));
    assert_memory_equal(data, u"card", size);
    assert_int_equal(pnp_remove(pnp, pdo), STATUS_SUCCESS);
    assert_string_equal(story, "AbSrR");
    assert_int_equal(pnp_remove(pnp, pdo), STATUS_SUCCESS); /* nothing to do */
    assert_int_equal(pnp_add_device(pnp, nt->driver, pdo), STATUS_SUCCESS); /* and once more */
    assert_int_equal(pnp_start(pnp, pdo), STATUS_SUCCESS);
    assert_string_equal(node->driver_key, PNP_CLASS "\\0000");
    pnp_destroy(pnp);
}

/* ---- Setup ----------------------------------------------------------------------------------- */

static unsigned installs;
static NTSTATUS install_status;

static NTSTATUS install(void *ctx, PDEVICE_OBJECT device)
{
    ULONG depth = 12;
    UNICODE_STRING name = nt_string(u"Depth");
    HANDLE key;

    assert_ptr_equal(ctx, &installs);
    assert_int_equal(story[0], 0); /* before AddDevice */
    assert_int_equal(IoOpenDeviceRegistryKey(device, PLUGPLAY_REGKEY_DRIVER, KEY_ALL_ACCESS, &key),
                     STATUS_SUCCESS);
    assert_int_equal(ZwSetValueKey(key, &name, 0, REG_DWORD, &depth, sizeof depth),
                     STATUS_SUCCESS);
    ZwClose(key);
    installs++;
    return install_status;
}

static void set_up_with_setup(struct nt *nt)
{
    static const struct pnp_setup setup = {
        .description = "Example card", .manufacturer = "Example", .class_name = "Image",
        .class_guid = "{6bdd1fc6-810f-11d0-bec7-08002be2092f}", .install = install,
        .ctx = &installs};

    set_up(nt);
    installs = 0;
    install_status = STATUS_SUCCESS;
    pnp_set_setup(pnp, &setup);
}

static void what_setup_says_of_a_device_is_in_its_keys_before_add_device(struct nt *nt)
{
    struct io_node *node;
    uint32_t type;
    const void *data;
    size_t size;

    set_up_with_setup(nt);
    assert_int_equal(pnp_add_device(pnp, nt->driver, pdo), STATUS_SUCCESS);
    node = io_node_of(pdo);
    assert_string_equal(node->description, "Example card");
    assert_string_equal(node->manufacturer, "Example");
    assert_string_equal(node->driver_key, "{6bdd1fc6-810f-11d0-bec7-08002be2092f}\\0000");
    assert_int_equal(node->class_guid.Data1, 0x6bdd1fc6);
    assert_true(cm_get_value(nt->cm,
                             "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\"
                             "{6BDD1FC6-810F-11D0-BEC7-08002BE2092F}\\0000",
                             "Depth", &type, &data, &size));
    assert_false(cm_get_value(nt->cm, CM_SERVICES "\\card\\Parameters", "Depth", &type, &data,
                              &size)); /* a key of its own */
    assert_int_equal(pnp_start(pnp, pdo), STATUS_SUCCESS);
    assert_int_equal(pnp_remove(pnp, pdo), STATUS_SUCCESS);
    memset(story, 0, sizeof story);
    assert_int_equal(pnp_add_device(pnp, nt->driver, pdo), STATUS_SUCCESS);
    assert_int_equal(installs, 1); /* a device is installed once */
    pnp_destroy(pnp);
}

static void a_device_that_cannot_be_installed_is_not_added(struct nt *nt)
{
    set_up_with_setup(nt);
    install_status = STATUS_INSUFFICIENT_RESOURCES;
    assert_int_equal(pnp_add_device(pnp, nt->driver, pdo), STATUS_INSUFFICIENT_RESOURCES);
    assert_string_equal(story, "");
    pnp_destroy(pnp);
}

static void a_failing_add_device_leaves_the_pdo_alone(struct nt *nt)
{
    set_up(nt);
    add_status = STATUS_UNSUCCESSFUL;
    assert_int_equal(pnp_add_device(pnp, nt->driver, pdo), STATUS_UNSUCCESSFUL);
    assert_int_equal(pnp_start(pnp, pdo), STATUS_INVALID_DEVICE_REQUEST);
    nt->driver->DriverExtension->AddDevice = NULL;
    assert_int_equal(pnp_add_device(pnp, nt->driver, pdo), STATUS_INVALID_DEVICE_REQUEST);
    pnp_destroy(pnp);
}

static void a_failing_first_start_ends_in_removal(struct nt *nt)
{
    set_up(nt);
    start_status = STATUS_DEVICE_CONFIGURATION_ERROR;
    assert_int_equal(pnp_add_device(pnp, nt->driver, pdo), STATUS_SUCCESS);
    assert_int_equal(pnp_start(pnp, pdo), STATUS_DEVICE_CONFIGURATION_ERROR);
    assert_string_equal(story, "AbSR");
    pnp_destroy(pnp);
}

static void a_start_that_fails_after_a_stop_is_a_surprise(struct nt *nt)
{
    add_and_start(nt);
    assert_int_equal(pnp_stop(pnp, pdo), STATUS_SUCCESS);
    start_status = STATUS_UNSUCCESSFUL;
    assert_int_equal(pnp_start(pnp, pdo), STATUS_UNSUCCESSFUL);
    assert_string_equal(story, "AbSpPbS!R");
    pnp_destroy(pnp);
}

static void a_refused_query_is_cancelled(struct nt *nt)
{
    add_and_start(nt);
    query_status = STATUS_DEVICE_BUSY;
    assert_int_equal(pnp_stop(pnp, pdo), STATUS_DEVICE_BUSY);
    assert_int_equal(pnp_remove(pnp, pdo), STATUS_DEVICE_BUSY);
    assert_string_equal(story, "AbScc");
    query_status = STATUS_SUCCESS;
    assert_int_equal(pnp_remove(pnp, pdo), STATUS_SUCCESS);
    pnp_destroy(pnp);
}

static void an_open_file_keeps_a_device_from_removal(struct nt *nt)
{
    PFILE_OBJECT file;

    add_and_start(nt);
    file = open_device(nt);
    assert_int_equal(pnp_remove(pnp, pdo), STATUS_DEVICE_BUSY);
    io_file_close(file);
    assert_int_equal(pnp_remove(pnp, pdo), STATUS_SUCCESS);
    pnp_destroy(pnp);
}

static void after_a_surprise_removal_waits_for_the_last_file(struct nt *nt)
{
    PFILE_OBJECT file, second;

    add_and_start(nt);
    file = open_device(nt);
    assert_int_equal(pnp_surprise_remove(pnp, pdo), STATUS_SUCCESS);
    assert_string_equal(story, "AbS!");
    assert_int_equal(io_file_open(nt->io, NULL, ob_name_of(nt->ob, pdo), 0, &second),
                     STATUS_NO_SUCH_DEVICE);
    io_file_close(file);
    sleep_ms(1);
    assert_string_equal(story, "AbS!R");
    assert_int_equal(pnp_remove_after_surprise(pnp, pdo), STATUS_SUCCESS);
    pnp_destroy(pnp);
}

static void sleep_and_wake_change_the_device_too(struct nt *nt)
{
    add_and_start(nt);
    assert_int_equal(pnp_power(pnp, pdo, PowerSystemSleeping3), STATUS_SUCCESS);
    assert_string_equal(story, "AbSqy3");
    assert_int_equal(pnp_power(pnp, pdo, PowerSystemWorking), STATUS_SUCCESS);
    assert_string_equal(story, "AbSqy3y0");
    pnp_destroy(pnp);
}

static void what_a_driver_calls_stale_is_asked_for_again(struct nt *nt)
{
    unsigned states, relations;

    add_and_start(nt);
    states = state_queries;
    relations = relation_queries;
    IoInvalidateDeviceState(pdo);
    sleep_ms(1);
    assert_int_equal(state_queries, states + 1);
    IoInvalidateDeviceRelations(pdo, BusRelations);
    sleep_ms(1);
    assert_int_equal(relation_queries, relations + 1);
    IoInvalidateDeviceRelations(pdo, EjectionRelations); /* nobody asked for those before */
    sleep_ms(1);
    assert_int_equal(relation_queries, relations + 1);
    pnp_destroy(pnp);
}

static void a_device_left_initializing_is_found(struct nt *nt)
{
    set_up(nt);
    forget_to_clear = true;
    assert_int_equal(pnp_add_device(pnp, nt->driver, pdo), STATUS_SUCCESS);
    pnp_destroy(pnp);
}

static void detaching_at_a_surprise_is_found(struct nt *nt)
{
    PFILE_OBJECT file;

    add_and_start(nt);
    file = open_device(nt);
    detach_early = true;
    assert_int_equal(pnp_surprise_remove(pnp, pdo), STATUS_SUCCESS);
    (void)file;
}

NT_TEST(a_device_is_added_started_and_removed)
NT_TEST(what_setup_says_of_a_device_is_in_its_keys_before_add_device)
NT_TEST(a_device_that_cannot_be_installed_is_not_added)
NT_TEST(a_failing_add_device_leaves_the_pdo_alone)
NT_TEST(a_failing_first_start_ends_in_removal)
NT_TEST(a_start_that_fails_after_a_stop_is_a_surprise)
NT_TEST(a_refused_query_is_cancelled)
NT_TEST(an_open_file_keeps_a_device_from_removal)
NT_TEST(after_a_surprise_removal_waits_for_the_last_file)
NT_TEST(sleep_and_wake_change_the_device_too)
NT_TEST(what_a_driver_calls_stale_is_asked_for_again)
NT_FINDING_TEST(a_device_left_initializing_is_found, device_initializing, 0)
NT_FINDING_TEST(detaching_at_a_surprise_is_found, surprise_order, 0)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_device_is_added_started_and_removed),
        cmocka_unit_test(test_what_setup_says_of_a_device_is_in_its_keys_before_add_device),
        cmocka_unit_test(test_a_device_that_cannot_be_installed_is_not_added),
        cmocka_unit_test(test_a_failing_add_device_leaves_the_pdo_alone),
        cmocka_unit_test(test_a_failing_first_start_ends_in_removal),
        cmocka_unit_test(test_a_start_that_fails_after_a_stop_is_a_surprise),
        cmocka_unit_test(test_a_refused_query_is_cancelled),
        cmocka_unit_test(test_an_open_file_keeps_a_device_from_removal),
        cmocka_unit_test(test_after_a_surprise_removal_waits_for_the_last_file),
        cmocka_unit_test(test_sleep_and_wake_change_the_device_too),
        cmocka_unit_test(test_what_a_driver_calls_stale_is_asked_for_again),
        cmocka_unit_test(test_a_device_left_initializing_is_found),
        cmocka_unit_test(test_detaching_at_a_surprise_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
