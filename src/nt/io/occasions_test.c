/* SPDX-License-Identifier: MIT */
/* What drivers register for an occasion to come - shutdown, a second initialization, WMI - and what
 * they ask of devices, interrupts and stacks. */
#include "io/nt_test.h"

static const GUID capture_guid = {0x65e8773d, 0x8f56, 0x11d0,
                                  {0xa3, 0xb9, 0x00, 0xa0, 0xc9, 0x22, 0x31, 0x96}};

/* ---- Occasions ------------------------------------------------------------------------------- */

static void a_device_is_registered_for_shutdown_until_it_is_not(struct nt *nt)
{
    PDEVICE_OBJECT device = nt_device(nt_driver(nt, "one"), NULL);

    assert_int_equal(IoRegisterShutdownNotification(device), STATUS_SUCCESS);
    assert_true(device->Flags & DO_SHUTDOWN_REGISTERED);
    assert_int_equal(IoRegisterLastChanceShutdownNotification(device), STATUS_SUCCESS);
    IoUnregisterShutdownNotification(device);
    assert_false(device->Flags & DO_SHUTDOWN_REGISTERED);
    IoUnregisterShutdownNotification(device); /* nothing to do */
}

static char story[16];

static void tell(char letter)
{
    size_t length = strlen(story);

    if (length + 1 < sizeof story)
        story[length] = letter;
}

static void NTAPI once_more(PDRIVER_OBJECT driver, PVOID context, ULONG count)
{
    assert_ptr_equal(context, story);
    assert_int_equal(count, driver->DriverExtension->Count);
    tell((char)('0' + count));
    if (count < 3) /* "can register itself again" */
        IoRegisterDriverReinitialization(driver, once_more, story);
}

static NTSTATUS NTAPI entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    tell('e');
    IoRegisterDriverReinitialization(driver, once_more, story);
    IoRegisterBootDriverReinitialization(driver, once_more, story);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI failing_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)entry(driver, path);
    return STATUS_UNSUCCESSFUL;
}

static void reinitialization_comes_after_an_entry_that_succeeds(struct nt *nt)
{
    PDRIVER_OBJECT driver;

    memset(story, 0, sizeof story);
    assert_int_equal(io_driver_create(nt->io, "camera", 0, 0, (uint64_t)(uintptr_t)entry, &driver),
                     STATUS_SUCCESS);
    assert_int_equal(io_driver_initialize(driver), STATUS_SUCCESS);
    assert_string_equal(story, "e1234");
    io_driver_destroy(driver);
    memset(story, 0, sizeof story);
    assert_int_equal(io_driver_create(nt->io, "broken", 0, 0, (uint64_t)(uintptr_t)failing_entry,
                                      &driver),
                     STATUS_SUCCESS);
    assert_int_equal(io_driver_initialize(driver), STATUS_UNSUCCESSFUL);
    assert_string_equal(story, "e");
}

static void wmi_knows_its_actions(struct nt *nt)
{
    PDEVICE_OBJECT device = nt_device(nt_driver(nt, "one"), NULL);

    for (ULONG action = WMIREG_ACTION_REGISTER; action <= WMIREG_ACTION_BLOCK_IRPS; action++)
        assert_int_equal(IoWMIRegistrationControl(device, action), STATUS_SUCCESS);
    assert_int_equal(IoWMIRegistrationControl(device, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(IoWMIRegistrationControl(device, 77), STATUS_INVALID_PARAMETER);
    assert_int_not_equal(IoWMIDeviceObjectToProviderId(device), 0);
}

static void wmi_instances_have_ids_of_their_own(struct nt *nt)
{
    GUID guid = capture_guid;
    ULONG first = 0, second = 0;

    (void)nt;
    assert_int_equal(IoWMIAllocateInstanceIds(&guid, 3, &first), STATUS_SUCCESS);
    assert_int_equal(IoWMIAllocateInstanceIds(&guid, 1, &second), STATUS_SUCCESS);
    assert_int_equal(second, first + 3);
}

/* ---- Devices --------------------------------------------------------------------------------- */

static struct io_node *make_pdo(struct nt *nt)
{
    PDEVICE_OBJECT pdo = nt_device(nt_driver(nt, "bus"), u"\\Device\\pdo");
    struct io_node *node;

    assert_int_equal(io_node_create(nt->io, pdo, &node), STATUS_SUCCESS);
    strcpy(node->device_id, "PCI\\VEN_1234&DEV_5678");
    strcpy(node->instance_path, "PCI\\VEN_1234&DEV_5678\\3&1&0&18");
    return node;
}

static void an_instance_is_named_by_its_device(struct nt *nt)
{
    struct io_node *node = make_pdo(nt);
    PDEVICE_OBJECT stranger = nt_device(nt_driver(nt, "one"), NULL);
    UNICODE_STRING name = {0}, expected = nt_string(u"PCI\\VEN_1234&DEV_5678\\3&1&0&18");

    assert_int_equal(IoWMISuggestInstanceName(node->pdo, NULL, FALSE, &name), STATUS_SUCCESS);
    assert_true(RtlEqualUnicodeString(&name, &expected, FALSE));
    RtlFreeUnicodeString(&name);
    name.Length = 1;
    assert_int_equal(IoWMISuggestInstanceName(stranger, NULL, FALSE, &name),
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(IoWMISuggestInstanceName(NULL, NULL, FALSE, &name),
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(name.Length, 1);
}

static void interfaces_are_listed_while_they_are_on(struct nt *nt)
{
    struct io_node *node = make_pdo(nt);
    PDEVICE_OBJECT other = nt_device(nt_driver(nt, "one"), NULL);
    UNICODE_STRING name;
    PWSTR list;

    assert_int_equal(IoRegisterDeviceInterface(node->pdo, &capture_guid, NULL, &name),
                     STATUS_SUCCESS);
    assert_int_equal(IoGetDeviceInterfaces(&capture_guid, NULL, 0, &list), STATUS_SUCCESS);
    assert_int_equal(list[0], 0); /* it is off: an empty list */
    ExFreePool(list);
    assert_int_equal(IoGetDeviceInterfaces(&capture_guid, NULL, DEVICE_INTERFACE_INCLUDE_NONACTIVE,
                                           &list),
                     STATUS_SUCCESS);
    assert_memory_equal(list, name.Buffer, name.Length);
    assert_int_equal(list[name.Length / 2], 0);
    assert_int_equal(list[name.Length / 2 + 1], 0);
    ExFreePool(list);
    io_node_set_started(node, true);
    IoSetDeviceInterfaceState(&name, TRUE);
    assert_int_equal(IoGetDeviceInterfaces(&capture_guid, node->pdo, 0, &list), STATUS_SUCCESS);
    assert_memory_equal(list, name.Buffer, name.Length);
    ExFreePool(list);
    assert_int_equal(IoGetDeviceInterfaces(&capture_guid, other, 0, &list), STATUS_SUCCESS);
    assert_int_equal(list[0], 0);
    ExFreePool(list);
    RtlFreeUnicodeString(&name);
}

static NTSTATUS NTAPI told(PVOID notification, PVOID context)
{
    (void)notification;
    (void)context;
    return STATUS_SUCCESS;
}

static void a_notification_ends_once(struct nt *nt)
{
    PVOID entry_handle;

    nt->driver = nt_driver(nt, "one");
    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0,
                                                    (PVOID)(uintptr_t)&capture_guid, nt->driver,
                                                    told, NULL, &entry_handle),
                     STATUS_SUCCESS);
    assert_int_equal(IoUnregisterPlugPlayNotificationEx(entry_handle), STATUS_SUCCESS);
    assert_int_equal(IoUnregisterPlugPlayNotificationEx(entry_handle), STATUS_INVALID_PARAMETER);
}

static void the_only_node_is_number_0(struct nt *nt)
{
    USHORT node = 99;

    assert_int_equal(IoGetDeviceNumaNode(make_pdo(nt)->pdo, &node), STATUS_SUCCESS);
    assert_int_equal(node, 0);
}

/* ---- Interrupts and stacks ------------------------------------------------------------------- */

static BOOLEAN NTAPI service(PKINTERRUPT interrupt, PVOID context)
{
    (void)interrupt;
    (void)context;
    return FALSE;
}

static void an_interrupts_affinity_is_asked_of_a_connected_one(struct nt *nt)
{
    PKINTERRUPT interrupt;
    GROUP_AFFINITY affinity = {0};

    assert_int_equal(IoConnectInterrupt(&interrupt, service, nt->world.ke, NULL, 0x51, 5, 5,
                                        LevelSensitive, TRUE, 1, FALSE),
                     STATUS_SUCCESS);
    assert_int_equal(IoGetAffinityInterrupt(interrupt, &affinity), STATUS_SUCCESS);
    assert_int_equal(affinity.Mask, KeQueryActiveProcessors());
    IoDisconnectInterrupt(interrupt);
    affinity.Mask = 77;
    assert_int_equal(IoGetAffinityInterrupt(interrupt, &affinity), STATUS_INVALID_PARAMETER);
    assert_int_equal(affinity.Mask, 77);
}

NT_TEST(a_device_is_registered_for_shutdown_until_it_is_not)
NT_TEST(reinitialization_comes_after_an_entry_that_succeeds)
NT_TEST(wmi_knows_its_actions)
NT_TEST(wmi_instances_have_ids_of_their_own)
NT_TEST(an_instance_is_named_by_its_device)
NT_TEST(interfaces_are_listed_while_they_are_on)
NT_TEST(a_notification_ends_once)
NT_TEST(the_only_node_is_number_0)
NT_TEST(an_interrupts_affinity_is_asked_of_a_connected_one)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_device_is_registered_for_shutdown_until_it_is_not),
        cmocka_unit_test(test_reinitialization_comes_after_an_entry_that_succeeds),
        cmocka_unit_test(test_wmi_knows_its_actions),
        cmocka_unit_test(test_wmi_instances_have_ids_of_their_own),
        cmocka_unit_test(test_an_instance_is_named_by_its_device),
        cmocka_unit_test(test_interfaces_are_listed_while_they_are_on),
        cmocka_unit_test(test_a_notification_ends_once),
        cmocka_unit_test(test_the_only_node_is_number_0),
        cmocka_unit_test(test_an_interrupts_affinity_is_asked_of_a_connected_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
