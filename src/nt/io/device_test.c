/* SPDX-License-Identifier: MIT */
/* Device objects, stacks, drivers, interfaces and properties. */
#include "io/nt_test.h"

static const GUID capture_guid = {0x65e8773d, 0x8f56, 0x11d0,
                                  {0xa3, 0xb9, 0x00, 0xa0, 0xc9, 0x22, 0x31, 0x96}};

/* ---- Devices and stacks ---------------------------------------------------------------------- */

static void a_device_and_its_extension_start_as_documented(struct nt *nt)
{
    PDRIVER_OBJECT driver = nt_driver(nt, "one");
    PDEVICE_OBJECT device, second;

    assert_int_equal(IoCreateDevice(driver, 100, NULL, FILE_DEVICE_KS, FILE_DEVICE_SECURE_OPEN,
                                    FALSE, &device),
                     STATUS_SUCCESS);
    assert_int_equal(device->Size, sizeof *device + 100);
    assert_ptr_equal(device->DeviceExtension, device + 1);
    assert_int_equal(device->Flags, DO_DEVICE_INITIALIZING);
    assert_int_equal(device->StackSize, 1);
    assert_ptr_equal(driver->DeviceObject, device);
    second = nt_device(driver, NULL);
    assert_ptr_equal(second->NextDevice, device);
    IoDeleteDevice(device);
    assert_null(second->NextDevice);
    IoDeleteDevice(second);
    assert_null(driver->DeviceObject);
}

static void a_name_is_taken_once(struct nt *nt)
{
    PDRIVER_OBJECT driver = nt_driver(nt, "one");
    UNICODE_STRING name = nt_string(u"\\Device\\Name");
    PDEVICE_OBJECT device = nt_device(driver, u"\\Device\\Name");
    PDEVICE_OBJECT second;

    assert_int_equal(IoCreateDevice(driver, 0, &name, 0, 0, FALSE, &second),
                     STATUS_OBJECT_NAME_COLLISION);
    assert_null(second);
    IoDeleteDevice(device);
    assert_int_equal(IoCreateDevice(driver, 0, &name, 0, 0, FALSE, &second), STATUS_SUCCESS);
}

static void stacks_grow_at_the_top_and_shrink(struct nt *nt)
{
    PDRIVER_OBJECT driver = nt_driver(nt, "one");
    PDEVICE_OBJECT d[3];
    int i;

    for (i = 0; i < 3; i++)
        d[i] = nt_device(driver, NULL);
    d[0]->AlignmentRequirement = FILE_QUAD_ALIGNMENT;
    assert_ptr_equal(IoAttachDeviceToDeviceStack(d[1], d[0]), d[0]);
    assert_ptr_equal(IoAttachDeviceToDeviceStack(d[2], d[0]), d[1]); /* the top, not the target */
    assert_int_equal(d[2]->StackSize, 3);
    assert_int_equal(d[2]->AlignmentRequirement, FILE_QUAD_ALIGNMENT);
    assert_ptr_equal(IoGetAttachedDevice(d[0]), d[2]);
    IoDetachDevice(d[1]);
    assert_ptr_equal(IoGetAttachedDevice(d[0]), d[1]);
    d[1]->Flags |= DO_DEVICE_INITIALIZING;
    assert_null(IoAttachDeviceToDeviceStack(d[2], d[0]));
}

static void a_deleted_device_lives_while_it_is_referred_to(struct nt *nt)
{
    PDEVICE_OBJECT device = nt_device(nt_driver(nt, "one"), NULL);

    ObReferenceObject(device);
    IoDeleteDevice(device);
    assert_int_equal(ob_references(nt->ob, device), 1);
    ObDereferenceObject(device);
    assert_int_equal(ob_references(nt->ob, device), 0);
}

static void deleting_twice_stops(struct nt *nt)
{
    PDEVICE_OBJECT device = nt_device(nt_driver(nt, "one"), NULL);

    ObReferenceObject(device);
    IoDeleteDevice(device);
    IoDeleteDevice(device);
}

static void deleting_below_an_attached_device_is_found(struct nt *nt)
{
    PDRIVER_OBJECT driver = nt_driver(nt, "one");
    PDEVICE_OBJECT lower = nt_device(driver, NULL), upper = nt_device(driver, NULL);

    IoAttachDeviceToDeviceStack(upper, lower);
    IoDeleteDevice(lower);
}

/* ---- Drivers --------------------------------------------------------------------------------- */

static NTSTATUS entry_status;
static PDRIVER_OBJECT seen_driver;
static bool unloaded;

static void NTAPI unload(PDRIVER_OBJECT driver)
{
    assert_ptr_equal(driver, seen_driver);
    unloaded = true;
}

static NTSTATUS NTAPI entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING expected = nt_string(
        u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\camera");
    PVOID identity = (PVOID)(uintptr_t)entry;
    PVOID extension;

    seen_driver = driver;
    assert_true(RtlEqualUnicodeString(path, &expected, TRUE));
    assert_int_equal(IoAllocateDriverObjectExtension(driver, identity, 32, &extension),
                     STATUS_SUCCESS);
    assert_int_equal(IoAllocateDriverObjectExtension(driver, identity, 32, &extension),
                     STATUS_OBJECT_NAME_COLLISION);
    assert_non_null(IoGetDriverObjectExtension(driver, identity));
    assert_null(IoGetDriverObjectExtension(driver, driver));
    driver->DriverUnload = unload;
    return entry_status;
}

static PDRIVER_OBJECT load(struct nt *nt, NTSTATUS status)
{
    PDRIVER_OBJECT driver;

    entry_status = status;
    unloaded = false;
    assert_int_equal(io_driver_create(nt->io, "camera", 0, 0, (uint64_t)(uintptr_t)entry, &driver),
                     STATUS_SUCCESS);
    return driver;
}

static void a_driver_is_entered_and_unloaded(struct nt *nt)
{
    PDRIVER_OBJECT driver = load(nt, STATUS_SUCCESS);
    UNICODE_STRING name = nt_string(u"\\Driver\\camera");

    assert_true(RtlEqualUnicodeString(&driver->DriverName, &name, FALSE));
    assert_int_equal(io_driver_initialize(driver), STATUS_SUCCESS);
    assert_string_equal(io_driver_name(driver), "camera");
    assert_int_equal(io_driver_unload(driver), STATUS_SUCCESS);
    assert_true(unloaded);
    driver = load(nt, STATUS_SUCCESS); /* the name is free again */
    io_driver_destroy(driver);
}

static void a_driver_whose_entry_fails_is_gone(struct nt *nt)
{
    PDRIVER_OBJECT driver = load(nt, STATUS_DEVICE_CONFIGURATION_ERROR);

    assert_int_equal(io_driver_initialize(driver), STATUS_DEVICE_CONFIGURATION_ERROR);
    assert_false(unloaded);
    io_driver_destroy(load(nt, STATUS_SUCCESS));
}

static void a_device_left_at_unload_is_found(struct nt *nt)
{
    PDRIVER_OBJECT driver = load(nt, STATUS_SUCCESS);

    assert_int_equal(io_driver_initialize(driver), STATUS_SUCCESS);
    nt_device(driver, NULL);
    io_driver_unload(driver);
}

static void a_device_left_is_found_though_the_list_is_damaged(struct nt *nt)
{
    PDRIVER_OBJECT driver = load(nt, STATUS_SUCCESS);

    assert_int_equal(io_driver_initialize(driver), STATUS_SUCCESS);
    nt_device(driver, NULL);
    driver->DeviceObject = (PDEVICE_OBJECT)(ULONG_PTR)0x3dd9;
    io_driver_unload(driver);
}

/* ---- Interfaces, properties, keys ------------------------------------------------------------ */

static struct io_node *make_pdo(struct nt *nt)
{
    PDRIVER_OBJECT driver = nt_driver(nt, "bus");
    struct io_node *node;
    PDEVICE_OBJECT pdo;

    nt_dispatch(driver, IRP_MJ_CREATE, nt_succeed);
    nt_dispatch(driver, IRP_MJ_CLOSE, nt_succeed);
    nt_dispatch(driver, IRP_MJ_CLEANUP, nt_succeed);
    assert_int_equal(IoCreateDevice(driver, 0, NULL, 0, FILE_AUTOGENERATED_DEVICE_NAME, FALSE,
                                    &pdo),
                     STATUS_SUCCESS);
    pdo->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    assert_int_equal(io_node_create(nt->io, pdo, &node), STATUS_SUCCESS);
    strcpy(node->device_id, "PCI\\VEN_1234&DEV_5678");
    strcpy(node->instance_path, "PCI\\VEN_1234&DEV_5678\\3&1&0&18");
    memcpy(node->hardware_ids, "PCI\\VEN_1234\0PCI\\CC_0480\0", 26);
    strcpy(node->driver_key, "{4D36E96C-E325-11CE-BFC1-08002BE10318}\\0000");
    node->bus_number = 2;
    return node;
}

static void an_interface_appears_once_the_device_has_started(struct nt *nt)
{
    struct io_node *node = make_pdo(nt);
    UNICODE_STRING reference = nt_string(u"GLOBAL");
    UNICODE_STRING name, again;
    const UNICODE_STRING *link;
    PFILE_OBJECT file;
    GUID class_guid;

    assert_int_equal(IoRegisterDeviceInterface(node->pdo, &capture_guid, &reference, &name),
                     STATUS_SUCCESS);
    assert_memory_equal(name.Buffer,
                        u"\\??\\PCI#VEN_1234&DEV_5678#3&1&0&18#"
                        u"{65e8773d-8f56-11d0-a3b9-00a0c9223196}\\GLOBAL",
                        name.Length);
    assert_int_equal(IoRegisterDeviceInterface(node->pdo, &capture_guid, &reference, &again),
                     STATUS_SUCCESS);
    assert_true(RtlEqualUnicodeString(&name, &again, FALSE));
    RtlFreeUnicodeString(&again);
    assert_int_equal(IoSetDeviceInterfaceState(&name, TRUE), STATUS_SUCCESS);
    assert_int_equal(io_interface_at(nt->io, &capture_guid, 0, &link), STATUS_NO_MORE_ENTRIES);
    io_node_set_started(node, true);
    assert_int_equal(io_interface_at(nt->io, &capture_guid, 0, &link), STATUS_SUCCESS);
    assert_int_equal(io_interface_at(nt->io, &capture_guid, 1, &link), STATUS_NO_MORE_ENTRIES);
    assert_int_equal(io_interface_of_any_class(nt->io, 0, &class_guid, &link), STATUS_SUCCESS);
    assert_memory_equal(&class_guid, &capture_guid, sizeof class_guid);
    assert_int_equal(io_interface_of_any_class(nt->io, 1, &class_guid, &link),
                     STATUS_NO_MORE_ENTRIES);
    assert_int_equal(io_file_open(nt->io, NULL, link, 0, &file), STATUS_SUCCESS);
    assert_memory_equal(file->FileName.Buffer, u"\\GLOBAL", 14);
    io_file_close(file);
    assert_int_equal(IoSetDeviceInterfaceState(&name, TRUE), STATUS_OBJECT_NAME_EXISTS);
    assert_int_equal(IoSetDeviceInterfaceState(&name, FALSE), STATUS_SUCCESS);
    assert_int_equal(IoSetDeviceInterfaceState(&name, FALSE), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(io_file_open(nt->io, NULL, &name, 0, &file), STATUS_OBJECT_NAME_NOT_FOUND);
    RtlFreeUnicodeString(&name);
}

static void two_reference_strings_share_one_link(struct nt *nt)
{
    struct io_node *node = make_pdo(nt);
    UNICODE_STRING references[2] = {nt_string(u"A"), nt_string(u"B")};
    UNICODE_STRING names[2];
    PFILE_OBJECT file;
    int i;

    io_node_set_started(node, true);
    for (i = 0; i < 2; i++) {
        assert_int_equal(IoRegisterDeviceInterface(node->pdo, &capture_guid, &references[i],
                                                   &names[i]),
                         STATUS_SUCCESS);
        assert_int_equal(IoSetDeviceInterfaceState(&names[i], TRUE), STATUS_SUCCESS);
    }
    assert_int_equal(IoSetDeviceInterfaceState(&names[0], FALSE), STATUS_SUCCESS);
    assert_int_equal(io_file_open(nt->io, NULL, &names[1], 0, &file), STATUS_SUCCESS);
    io_file_close(file);
    for (i = 0; i < 2; i++)
        RtlFreeUnicodeString(&names[i]);
}

static unsigned arrivals;
static KEVENT arrived;

static NTSTATUS NTAPI on_arrival(PVOID notification, PVOID context)
{
    DEVICE_INTERFACE_CHANGE_NOTIFICATION *change = notification;

    assert_ptr_equal(context, &arrivals);
    assert_int_equal(change->Version, 1);
    assert_true(IsEqualGUID(&change->InterfaceClassGuid, &capture_guid));
    assert_int_equal(change->SymbolicLinkName->Buffer[1], '?');
    arrivals++;
    KeSetEvent(&arrived, 0, FALSE);
    return STATUS_SUCCESS;
}

static void drivers_are_told_of_interfaces_that_come(struct nt *nt)
{
    struct io_node *node = make_pdo(nt);
    UNICODE_STRING name;
    PVOID entry_handle;

    arrivals = 0;
    KeInitializeEvent(&arrived, SynchronizationEvent, FALSE);
    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0,
                                                    (PVOID)(uintptr_t)&capture_guid, nt->driver,
                                                    on_arrival, &arrivals, &entry_handle),
                     STATUS_SUCCESS);
    io_node_set_started(node, true);
    IoRegisterDeviceInterface(node->pdo, &capture_guid, NULL, &name);
    IoSetDeviceInterfaceState(&name, TRUE);
    wait_for(&arrived);
    assert_int_equal(IoUnregisterPlugPlayNotification(entry_handle), STATUS_SUCCESS);
    assert_int_equal(IoUnregisterPlugPlayNotification(entry_handle), STATUS_INVALID_PARAMETER);
    IoSetDeviceInterfaceState(&name, FALSE);
    sleep_ms(1);
    assert_int_equal(arrivals, 1);
    RtlFreeUnicodeString(&name);
}

static void properties_answer_with_their_size(struct nt *nt)
{
    struct io_node *node = make_pdo(nt);
    WCHAR text[64];
    ULONG number, needed;

    assert_int_equal(IoGetDeviceProperty(node->pdo, DevicePropertyBusNumber, sizeof number, &number,
                                         &needed),
                     STATUS_SUCCESS);
    assert_int_equal(number, 2);
    assert_int_equal(IoGetDeviceProperty(node->pdo, DevicePropertyHardwareID, 4, text, &needed),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(needed, 26 * sizeof(WCHAR));
    assert_int_equal(IoGetDeviceProperty(node->pdo, DevicePropertyHardwareID, sizeof text, text,
                                         &needed),
                     STATUS_SUCCESS);
    assert_memory_equal(text, u"PCI\\VEN_1234\0PCI\\CC_0480\0", 52);
    assert_int_equal(IoGetDeviceProperty(node->pdo, DevicePropertyEnumeratorName, sizeof text, text,
                                         &needed),
                     STATUS_SUCCESS);
    assert_memory_equal(text, u"PCI", 8);
    assert_int_equal(IoGetDeviceProperty(node->pdo, DevicePropertyLocationInformation, sizeof text,
                                         text, &needed),
                     STATUS_OBJECT_NAME_NOT_FOUND);
}

static void parameters_are_in_the_devices_software_key(struct nt *nt)
{
    static const char class_key[] = "\\Registry\\Machine\\System\\CurrentControlSet\\Control\\"
                                    "Class\\{4d36e96c-e325-11ce-bfc1-08002be10318}\\0000";
    struct io_node *node = make_pdo(nt);
    UNICODE_STRING name = nt_string(u"Verbose");
    struct {
        KEY_VALUE_PARTIAL_INFORMATION info;
        UCHAR room[8];
    } value;
    HANDLE key;
    ULONG needed;

    assert_int_equal(cm_set_number(nt->cm, class_key, "Verbose", 3), 0);
    assert_int_equal(IoOpenDeviceRegistryKey(node->pdo, PLUGPLAY_REGKEY_DRIVER, KEY_READ, &key),
                     STATUS_SUCCESS);
    assert_int_equal(ZwQueryValueKey(key, &name, KeyValuePartialInformation, &value, sizeof value,
                                     &needed),
                     STATUS_SUCCESS);
    assert_int_equal(value.info.Type, REG_DWORD);
    assert_int_equal(value.info.Data[0], 3);
    ZwClose(key);
    assert_int_equal(IoOpenDeviceRegistryKey(node->pdo, PLUGPLAY_REGKEY_DEVICE, KEY_ALL_ACCESS,
                                             &key),
                     STATUS_SUCCESS);
    ZwClose(key);
}

static void property_data_is_kept_by_key_and_locale(struct nt *nt)
{
    static const DEVPROPKEY key = {{1, 2, 3, {4}}, 5};
    struct io_node *node = make_pdo(nt);
    ULONG value = 77, got = 0, needed;
    DEVPROPTYPE type;
    UNICODE_STRING name;

    assert_int_equal(IoGetDevicePropertyData(node->pdo, &key, 0, 0, 4, &got, &needed, &type),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(IoSetDevicePropertyData(node->pdo, &key, 0, 0, 7, 4, &value), STATUS_SUCCESS);
    assert_int_equal(IoGetDevicePropertyData(node->pdo, &key, 0, 0, 2, &got, &needed, &type),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(needed, 4);
    assert_int_equal(IoGetDevicePropertyData(node->pdo, &key, 0, 0, 4, &got, &needed, &type), 0);
    assert_int_equal(got, 77);
    assert_int_equal(type, 7);
    assert_int_equal(IoGetDevicePropertyData(node->pdo, &key, 1033, 0, 4, &got, &needed, &type),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(IoSetDevicePropertyData(node->pdo, &key, 0, 0, 0, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(IoGetDevicePropertyData(node->pdo, &key, 0, 0, 4, &got, &needed, &type),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    IoRegisterDeviceInterface(node->pdo, &capture_guid, NULL, &name);
    assert_int_equal(IoSetDeviceInterfacePropertyData(&name, &key, 0, 0, 7, 4, &value), 0);
    got = 0;
    assert_int_equal(IoGetDeviceInterfacePropertyData(&name, &key, 0, 0, 4, &got, &needed, &type),
                     STATUS_SUCCESS);
    assert_int_equal(got, 77);
    RtlFreeUnicodeString(&name);
}

static void an_alias_has_the_same_reference_string(struct nt *nt)
{
    static const GUID video_guid = {0x6994ad05, 0x93ef, 0x11d0,
                                    {0xa3, 0xcc, 0x00, 0xa0, 0xc9, 0x22, 0x31, 0x96}};
    struct io_node *node = make_pdo(nt);
    UNICODE_STRING a = nt_string(u"A"), b = nt_string(u"B"), names[3], alias;
    int i;

    IoRegisterDeviceInterface(node->pdo, &capture_guid, &a, &names[0]);
    IoRegisterDeviceInterface(node->pdo, &video_guid, &b, &names[1]);
    assert_int_equal(IoGetDeviceInterfaceAlias(&names[0], &video_guid, &alias),
                     STATUS_OBJECT_PATH_NOT_FOUND);
    IoRegisterDeviceInterface(node->pdo, &video_guid, &a, &names[2]);
    assert_int_equal(IoGetDeviceInterfaceAlias(&names[0], &video_guid, &alias), STATUS_SUCCESS);
    assert_true(RtlEqualUnicodeString(&alias, &names[2], FALSE));
    RtlFreeUnicodeString(&alias);
    for (i = 0; i < 3; i++)
        RtlFreeUnicodeString(&names[i]);
}

/* ---- What outlives its driver ---------------------------------------------------------------- */

static void NTAPI do_nothing(PDRIVER_OBJECT driver)
{
    (void)driver;
}

enum { LINE = 0x51 };

static BOOLEAN NTAPI service(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    return TRUE;
}

/* A driver whose image is this one function. */
static PDRIVER_OBJECT driver_of(struct nt *nt, const void *function)
{
    PDRIVER_OBJECT driver;

    assert_int_equal(io_driver_create(nt->io, "left", KE_ARG(function), 1, 0, &driver), 0);
    driver->DriverUnload = do_nothing;
    return driver;
}

static void an_interrupt_that_stays_connected_is_found(struct nt *nt)
{
    PDRIVER_OBJECT driver = driver_of(nt, (const void *)service);
    PKINTERRUPT interrupt;

    assert_int_equal(IoConnectInterrupt(&interrupt, service, nt->world.ke, NULL, LINE, LINE >> 4,
                                        LINE >> 4, LevelSensitive, TRUE, 1, FALSE),
                     STATUS_SUCCESS);
    assert_int_equal(io_driver_unload(driver), STATUS_SUCCESS);
}

static void a_notification_that_stays_registered_is_found(struct nt *nt)
{
    PDRIVER_OBJECT driver = driver_of(nt, (const void *)on_arrival);
    PVOID entry_handle;

    IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0,
                                   (PVOID)(uintptr_t)&capture_guid, driver, on_arrival, NULL,
                                   &entry_handle);
    assert_int_equal(io_driver_unload(driver), STATUS_SUCCESS);
}

static void NTAPI late_work(PDEVICE_OBJECT device, PVOID context)
{
    (void)device;
    (void)context;
}

static void a_work_item_that_is_still_queued_is_found(struct nt *nt)
{
    PDRIVER_OBJECT driver = driver_of(nt, (const void *)late_work);
    PDEVICE_OBJECT device = nt_device(nt_driver(nt, "other"), NULL);
    PIO_WORKITEM work = IoAllocateWorkItem(device);
    KIRQL old = KeRaiseIrqlToDpcLevel(); /* no worker runs on the one CPU */

    IoQueueWorkItem(work, late_work, DelayedWorkQueue, NULL);
    assert_int_equal(io_driver_unload(driver), STATUS_SUCCESS);
    KeLowerIrql(old);
}

static bool slow_work_done;

static void NTAPI slow_work(PDEVICE_OBJECT device, PVOID context)
{
    (void)device;
    sleep_ms(5);
    slow_work_done = true;
    IoFreeWorkItem(context);
}

static void a_drivers_image_outlives_its_work_items(struct nt *nt)
{
    PDRIVER_OBJECT driver = driver_of(nt, (const void *)slow_work);
    PDEVICE_OBJECT device = nt_device(driver, NULL);
    PIO_WORKITEM work = IoAllocateWorkItem(device);

    slow_work_done = false;
    IoQueueWorkItem(work, slow_work, DelayedWorkQueue, work);
    IoDeleteDevice(device);
    assert_int_equal(io_driver_unload(driver), STATUS_SUCCESS);
    assert_true(slow_work_done);
}

static void NTAPI endless(PVOID context)
{
    (void)context;
    sleep_ms(1000000);
}

static void a_thread_that_still_runs_is_found(struct nt *nt)
{
    PDRIVER_OBJECT driver = driver_of(nt, (const void *)endless);
    HANDLE handle;

    assert_int_equal(PsCreateSystemThread(&handle, 0, NULL, NULL, NULL, endless, NULL), 0);
    ZwClose(handle);
    sleep_ms(1);
    assert_int_equal(io_driver_unload(driver), STATUS_SUCCESS);
}

static void what_is_no_driver_object_gets_no_device(struct nt *nt)
{
    DRIVER_OBJECT *copy = ExAllocatePoolWithTag(NonPagedPool, sizeof *copy, 'tseT');
    PDEVICE_OBJECT device;

    *copy = *nt_driver(nt, "one");
    IoCreateDevice(copy, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
}

static void what_is_no_driver_object_gets_no_extension(struct nt *nt)
{
    DRIVER_OBJECT *copy = ExAllocatePoolWithTag(NonPagedPool, sizeof *copy, 'tseT');
    PVOID extension;

    *copy = *nt_driver(nt, "one");
    IoAllocateDriverObjectExtension(copy, copy, 16, &extension);
}

NT_TEST(a_device_and_its_extension_start_as_documented)
NT_TEST(a_name_is_taken_once)
NT_TEST(stacks_grow_at_the_top_and_shrink)
NT_TEST(a_deleted_device_lives_while_it_is_referred_to)
NT_FINDING_TEST(what_is_no_driver_object_gets_no_device, driver_bad, 0xC9)
NT_FINDING_TEST(what_is_no_driver_object_gets_no_extension, driver_bad, 0xC9)
NT_FINDING_TEST(deleting_twice_stops, device_bad, 0xC9)
NT_FINDING_TEST(deleting_below_an_attached_device_is_found, device_attached, 0)
NT_TEST(a_driver_is_entered_and_unloaded)
NT_TEST(a_drivers_image_outlives_its_work_items)
NT_TEST(a_driver_whose_entry_fails_is_gone)
NT_FINDING_TEST(a_device_left_at_unload_is_found, device_leftover, 0)
NT_FINDING_TEST(a_device_left_is_found_though_the_list_is_damaged, device_leftover, 0)
NT_TEST(an_interface_appears_once_the_device_has_started)
NT_TEST(two_reference_strings_share_one_link)
NT_TEST(drivers_are_told_of_interfaces_that_come)
NT_TEST(properties_answer_with_their_size)
NT_TEST(parameters_are_in_the_devices_software_key)
NT_TEST(property_data_is_kept_by_key_and_locale)
NT_TEST(an_alias_has_the_same_reference_string)
NT_FINDING_TEST(an_interrupt_that_stays_connected_is_found, interrupt_leftover, 0)
NT_FINDING_TEST(a_notification_that_stays_registered_is_found, callback_leftover, 0)
NT_FINDING_TEST(a_work_item_that_is_still_queued_is_found, work_leftover, 0)
NT_FINDING_TEST(a_thread_that_still_runs_is_found, thread_leftover, 0)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_device_and_its_extension_start_as_documented),
        cmocka_unit_test(test_a_name_is_taken_once),
        cmocka_unit_test(test_stacks_grow_at_the_top_and_shrink),
        cmocka_unit_test(test_a_deleted_device_lives_while_it_is_referred_to),
        cmocka_unit_test(test_what_is_no_driver_object_gets_no_device),
        cmocka_unit_test(test_what_is_no_driver_object_gets_no_extension),
        cmocka_unit_test(test_deleting_twice_stops),
        cmocka_unit_test(test_deleting_below_an_attached_device_is_found),
        cmocka_unit_test(test_a_driver_is_entered_and_unloaded),
        cmocka_unit_test(test_a_drivers_image_outlives_its_work_items),
        cmocka_unit_test(test_a_driver_whose_entry_fails_is_gone),
        cmocka_unit_test(test_a_device_left_at_unload_is_found),
        cmocka_unit_test(test_a_device_left_is_found_though_the_list_is_damaged),
        cmocka_unit_test(test_an_interface_appears_once_the_device_has_started),
        cmocka_unit_test(test_two_reference_strings_share_one_link),
        cmocka_unit_test(test_drivers_are_told_of_interfaces_that_come),
        cmocka_unit_test(test_properties_answer_with_their_size),
        cmocka_unit_test(test_parameters_are_in_the_devices_software_key),
        cmocka_unit_test(test_property_data_is_kept_by_key_and_locale),
        cmocka_unit_test(test_an_alias_has_the_same_reference_string),
        cmocka_unit_test(test_an_interrupt_that_stays_connected_is_found),
        cmocka_unit_test(test_a_notification_that_stays_registered_is_found),
        cmocka_unit_test(test_a_work_item_that_is_still_queued_is_found),
        cmocka_unit_test(test_a_thread_that_still_runs_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
