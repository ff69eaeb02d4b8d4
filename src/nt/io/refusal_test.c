/* SPDX-License-Identifier: MIT */
/* What the I/O manager does not do for a driver: devices that are none, names and keys that are not
 * there, requests and packets that cannot be; and what is given back without having been taken. */
#include "io/nt_test.h"

static const GUID capture_guid = {0x65e8773d, 0x8f56, 0x11d0,
                                  {0xa3, 0xb9, 0x00, 0xa0, 0xc9, 0x22, 0x31, 0x96}};
static const DEVPROPKEY property = {{1, 2, 3, {4}}, 5};
enum { TAG = 0x31313131 };

static PDEVICE_OBJECT pdo_of(struct nt *nt)
{
    PDEVICE_OBJECT pdo = nt_device(nt_driver(nt, "bus"), u"\\Device\\pdo");
    struct io_node *node;

    assert_int_equal(io_node_create(nt->io, pdo, &node), STATUS_SUCCESS);
    strcpy(node->instance_path, "PCI\\VEN_1234&DEV_5678\\3&1&0&18");
    return pdo;
}

static void an_interface_needs_a_device_and_a_plain_reference(struct nt *nt)
{
    PDEVICE_OBJECT pdo = pdo_of(nt), stranger = nt_device(nt_driver(nt, "one"), NULL);
    UNICODE_STRING name = {0}, unknown = nt_string(u"\\??\\nothing"), alias = {0};
    UNICODE_STRING bad[] = {nt_string(u"a\\b"), nt_string(u"a/b")};
    ULONG value = 1, needed;
    DEVPROPTYPE type;

    assert_int_equal(IoRegisterDeviceInterface(stranger, &capture_guid, NULL, &name),
                     STATUS_INVALID_DEVICE_REQUEST);
    for (int i = 0; i < 2; i++)
        assert_int_equal(IoRegisterDeviceInterface(pdo, &capture_guid, &bad[i], &name),
                         STATUS_INVALID_DEVICE_REQUEST);
    assert_null(name.Buffer);
    assert_int_equal(IoSetDeviceInterfaceState(&unknown, TRUE), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_false(NT_SUCCESS(IoGetDeviceInterfaceAlias(&unknown, &capture_guid, &alias)));
    assert_int_equal(IoSetDeviceInterfacePropertyData(&unknown, &property, 0, 0, 7, 4, &value),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(IoGetDeviceInterfacePropertyData(&unknown, &property, 0, 0, 4, &value,
                                                      &needed, &type),
                     STATUS_OBJECT_NAME_NOT_FOUND);
}

static void what_is_no_pdo_has_no_properties_and_no_key(struct nt *nt)
{
    PDEVICE_OBJECT pdo = pdo_of(nt), stranger = nt_device(nt_driver(nt, "one"), NULL);
    HANDLE key = (HANDLE)7;
    ULONG value = 0, needed = 0;
    DEVPROPTYPE type;

    assert_int_equal(IoGetDeviceProperty(stranger, DevicePropertyBusNumber, 4, &value, &needed),
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(IoGetDeviceProperty(pdo, (DEVICE_REGISTRY_PROPERTY)999, 4, &value, &needed),
                     STATUS_INVALID_PARAMETER_2);
    assert_int_equal(IoSetDevicePropertyData(stranger, &property, 0, 0, 7, 4, &value),
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(IoGetDevicePropertyData(stranger, &property, 0, 0, 4, &value, &needed, &type),
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(IoOpenDeviceRegistryKey(stranger, PLUGPLAY_REGKEY_DEVICE, KEY_READ, &key),
                     STATUS_INVALID_DEVICE_REQUEST);
    assert_int_equal(IoOpenDeviceRegistryKey(pdo, 0, KEY_READ, &key), STATUS_INVALID_PARAMETER);
    assert_int_equal(IoOpenDeviceRegistryKey(pdo, PLUGPLAY_REGKEY_DRIVER, KEY_READ, &key),
                     STATUS_OBJECT_NAME_NOT_FOUND); /* no driver was installed */
    assert_ptr_equal(key, (HANDLE)7);
}

static NTSTATUS NTAPI told(PVOID notification, PVOID context)
{
    (void)notification;
    (void)context;
    return STATUS_SUCCESS;
}

static void a_notification_is_of_a_category_and_calls_somebody(struct nt *nt)
{
    PDRIVER_OBJECT driver = nt_driver(nt, "one");
    PVOID guid = (PVOID)(uintptr_t)&capture_guid, entry = NULL;

    assert_int_equal(IoRegisterPlugPlayNotification((IO_NOTIFICATION_EVENT_CATEGORY)99, 0, guid,
                                                    driver, told, NULL, &entry),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryDeviceInterfaceChange, 0, guid,
                                                    driver, NULL, NULL, &entry),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, NULL,
                                                    driver, told, NULL, &entry),
                     STATUS_INVALID_PARAMETER);
    assert_null(entry);
}

static void names_that_are_not_there_open_nothing(struct nt *nt)
{
    UNICODE_STRING name = nt_string(u"\\Device\\None"), taken = nt_string(u"\\Device\\Taken");
    OBJECT_ATTRIBUTES attributes;
    PFILE_OBJECT file = NULL;
    PDEVICE_OBJECT device = NULL, second = NULL;
    IO_STATUS_BLOCK iosb;
    HANDLE handle = (HANDLE)7;

    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &device),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_null(file);
    assert_int_equal(ZwCreateFile(&handle, FILE_READ_DATA, &attributes, &iosb, NULL, 0, 0,
                                  FILE_OPEN, 0, NULL, 0),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(ZwOpenFile(&handle, FILE_READ_DATA, &attributes, &iosb, 0, 0),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_ptr_equal(handle, (HANDLE)7);
    nt->driver = nt_driver(nt, "one");
    (void)nt_device(nt->driver, u"\\Device\\Taken");
    assert_int_equal(IoCreateDevice(nt->driver, 0, &taken, 0, 0, FALSE, &second),
                     STATUS_OBJECT_NAME_COLLISION);
}

static void a_timer_and_a_request_need_a_device_and_a_location(struct nt *nt)
{
    PDEVICE_OBJECT device = nt_device(nt_driver(nt, "one"), NULL);
    PIRP irp = IoAllocateIrp(1, FALSE);

    assert_int_equal(IoInitializeTimer((PDEVICE_OBJECT)irp, NULL, NULL), STATUS_INVALID_PARAMETER);
    IoSetNextIrpStackLocation(irp); /* its only one */
    assert_false(IoForwardIrpSynchronously(device, irp));
    IoFreeIrp(irp);
}

static void a_handle_of_nothing_is_no_key(struct nt *nt)
{
    UNICODE_STRING name = nt_string(u"V");
    HANDLE nobody = (HANDLE)(ULONG_PTR)0x7ff0;
    ULONG value = 1, needed = 0;

    (void)nt;
    assert_int_equal(ZwSetValueKey(nobody, &name, 0, REG_DWORD, &value, 4), STATUS_INVALID_HANDLE);
    assert_int_equal(ZwQueryKey(nobody, KeyFullInformation, &value, 4, &needed),
                     STATUS_INVALID_HANDLE);
}

static void fail_next(struct nt *nt, const char *point)
{
    assert_int_equal(sim_fault_arm(nt->world.sim, point, 1), 0);
}

static VOID NTAPI expired(PEX_TIMER timer, PVOID context)
{
    (void)timer;
    (void)context;
}

static void without_memory_nothing_is_made(struct nt *nt)
{
    PDEVICE_OBJECT device = nt_device(nt_driver(nt, "one"), NULL);
    LARGE_INTEGER offset = {.QuadPart = 0};
    IO_STATUS_BLOCK iosb;
    KEVENT event;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    fail_next(nt, "pool");
    assert_null(ExAllocatePool(NonPagedPool, 64));
    fail_next(nt, "pool");
    assert_null(ExAllocatePoolWithTagPriority(NonPagedPool, 64, TAG, NormalPoolPriority));
    fail_next(nt, "pool");
    assert_null(ExAllocatePoolWithQuota(NonPagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, 64));
    fail_next(nt, "pool");
    assert_null(ExAllocateTimer(expired, NULL, 0));
    fail_next(nt, "pool");
    assert_null(IoBuildAsynchronousFsdRequest(IRP_MJ_READ, device, NULL, 0, &offset, &iosb));
    fail_next(nt, "pool");
    assert_null(IoBuildSynchronousFsdRequest(IRP_MJ_READ, device, NULL, 0, &offset, &event,
                                             &iosb));
    fail_next(nt, "pool");
    assert_null(IoAllocateMdl(&iosb, sizeof iosb, FALSE, FALSE, NULL));
}

static void without_address_space_nothing_is_mapped(struct nt *nt)
{
    PVOID buffer = ExAllocatePoolWithTag(PagedPool, 4096, TAG);
    PMDL mdl = IoAllocateMdl(buffer, 4096, FALSE, FALSE, NULL);

    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    fail_next(nt, "map");
    assert_null(MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE,
                                             NormalPagePriority));
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    ExFreePool(buffer);
}

static void describe_paged_pool(struct nt *nt)
{
    PVOID buffer = ExAllocatePoolWithTag(PagedPool, 4096, TAG);

    (void)nt;
    MmBuildMdlForNonPagedPool(IoAllocateMdl(buffer, 4096, FALSE, FALSE, NULL));
}

static void describe_more_than_there_is(struct nt *nt)
{
    PUCHAR buffer = ExAllocatePoolWithTag(NonPagedPool, 4096, TAG);
    PMDL mdl = IoAllocateMdl(buffer, 4096, FALSE, FALSE, NULL);
    PMDL part = IoAllocateMdl(buffer, 8192, FALSE, FALSE, NULL);

    (void)nt;
    MmBuildMdlForNonPagedPool(mdl);
    IoBuildPartialMdl(mdl, part, buffer + 2048, 4096);
}

static void an_event_that_nobody_receives_is_freed(struct nt *nt)
{
    PVOID event = ExAllocatePoolWithTag(NonPagedPool, 64, TAG);

    (void)nt;
    assert_int_equal(IoWMIWriteEvent(event), STATUS_SUCCESS);
}

static void write_a_freed_event(struct nt *nt)
{
    PVOID event = ExAllocatePoolWithTag(NonPagedPool, 64, TAG);

    (void)nt;
    IoWMIWriteEvent(event);
    IoWMIWriteEvent(event);
}

static void a_part_without_address_space_raises(struct nt *nt)
{
    PVOID buffer = ExAllocatePoolWithTag(PagedPool, 4096, TAG);
    PMDL mdl = IoAllocateMdl(buffer, 4096, FALSE, FALSE, NULL);

    MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
    fail_next(nt, "map");
    assert_null(MmMapLockedPages(mdl, KernelMode));
}

static void what_cannot_go_on_is_a_bug_check(void **state)
{
    struct nt nt;

    (void)state;
    nt_live(&nt, 1, 1, write_a_freed_event);
    assert_int_equal(nt.world.bug_check, 0xC2);
    nt_live(&nt, 1, 1, a_part_without_address_space_raises);
    assert_int_not_equal(nt.world.bug_check, 0);
}

static void names_of_something_else_are_no_events(struct nt *nt)
{
    UNICODE_STRING name = nt_string(u"\\BaseNamedObjects\\Tick");
    OBJECT_ATTRIBUTES attributes;
    HANDLE timer, handle = (HANDLE)7;

    (void)nt;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwCreateTimer(&timer, 0x1F0003, &attributes, NotificationTimer), 0);
    assert_null(IoCreateNotificationEvent(&name, &handle));
    assert_null(IoCreateSynchronizationEvent(&name, &handle));
    assert_ptr_equal(handle, (HANDLE)7);
    ZwClose(timer);
}

static void files_and_keys_of_kinds_that_are_not_there(struct nt *nt)
{
    UNICODE_STRING name = nt_string(u"\\Device\\None");
    UNICODE_STRING key_name = nt_string(u"\\Registry\\Machine\\Nowhere\\At\\All");
    OBJECT_ATTRIBUTES attributes, key_attributes;
    HANDLE handle = (HANDLE)7, nobody = (HANDLE)(ULONG_PTR)0x7ff0;
    IO_STATUS_BLOCK iosb;

    (void)nt;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    InitializeObjectAttributes(&key_attributes, &key_name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(IoCreateFile(&handle, FILE_READ_DATA, &attributes, &iosb, NULL, 0, 0,
                                  FILE_OPEN, 0, NULL, 0, CreateFileTypeNone, NULL, 0),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(IoCreateFile(&handle, FILE_READ_DATA, &attributes, &iosb, NULL, 0, 0,
                                  FILE_OPEN, 0, NULL, 0, CreateFileTypeNamedPipe, NULL, 0),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(ZwOpenKeyEx(&handle, KEY_READ, &key_attributes, 0),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(ZwFlushBuffersFile(nobody, &iosb), STATUS_INVALID_HANDLE);
    assert_ptr_equal(handle, (HANDLE)7);
}

static void associates_and_descriptors_need_memory(struct nt *nt)
{
    PIRP master = IoAllocateIrp(2, FALSE);
    PSECURITY_DESCRIPTOR kept = NULL;

    fail_next(nt, "pool");
    assert_null(IoMakeAssociatedIrp(master, 1));
    fail_next(nt, "pool");
    assert_int_equal(SeAssignSecurity(NULL, NULL, &kept, FALSE, NULL, NULL, PagedPool),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_null(kept);
    IoFreeIrp(master);
}

static void unmap_what_is_not_mapped(struct nt *nt)
{
    (void)nt;
    MmUnmapIoSpace((PVOID)0x1000, 4096);
}

/* ---- Given back without having been taken ---------------------------------------------------- */

static KSPIN_LOCK lock;
static void (*release)(void);

static void at_dpc_level(void)
{
    KeReleaseSpinLockFromDpcLevel(&lock);
}

static void at_dpc_level_the_old_way(void)
{
    KefReleaseSpinLockFromDpcLevel(&lock);
}

static void with_irql(void)
{
    KfReleaseSpinLock(&lock, DISPATCH_LEVEL);
}

static void for_a_dpc(void)
{
    KeReleaseSpinLockForDpc(&lock, DISPATCH_LEVEL);
}

static void cancel_lock(void)
{
    IoReleaseCancelSpinLock(DISPATCH_LEVEL);
}

static void give_back(struct nt *nt)
{
    KIRQL old = KeRaiseIrqlToDpcLevel();

    (void)nt;
    lock = 0;
    release();
    KeLowerIrql(old);
}

static void a_lock_that_nobody_holds_is_not_released(void **state)
{
    void (*const ways[])(void) = {at_dpc_level, at_dpc_level_the_old_way, with_irql, for_a_dpc,
                                  cancel_lock};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(ways); i++) {
        release = ways[i];
        NT_FINDS(give_back, spin_lock_not_owned, 0);
    }
}

static void free_twice(struct nt *nt)
{
    PVOID block = ExAllocatePoolWithTag(NonPagedPool, 64, TAG);

    (void)nt;
    ExFreePoolWithTag(block, TAG);
    ExFreePoolWithTag(block, TAG);
}

static void free_twice_without_a_tag(struct nt *nt)
{
    PVOID block = ExAllocatePoolWithTag(NonPagedPool, 64, TAG);

    (void)nt;
    ExFreePool(block);
    ExFreePool(block);
}

static void free_twice_the_new_way(struct nt *nt)
{
    PVOID block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, TAG);

    (void)nt;
    ExFreePool2(block, TAG, NULL, 0);
    ExFreePool2(block, TAG, NULL, 0);
}

static void pool_is_freed_once(void **state)
{
    void (*const bodies[])(struct nt *nt) = {free_twice, free_twice_without_a_tag,
                                             free_twice_the_new_way};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(bodies); i++) {
        struct nt nt;

        nt_live(&nt, 1, 1, bodies[i]);
        assert_int_equal(nt.world.bug_check, 0xC2);
    }
}

static void release_a_mutant(struct nt *nt)
{
    KMUTANT mutant;

    (void)nt;
    KeInitializeMutant(&mutant, FALSE);
    KeReleaseMutant(&mutant, 0, FALSE, FALSE);
}

static void a_mutant_is_released_by_its_owner(void **state)
{
    struct nt nt;

    (void)state;
    nt_live(&nt, 1, 1, release_a_mutant);
    assert_int_equal(nt.world.bug_check, 0x1E); /* STATUS_MUTANT_NOT_OWNED, which nobody handles */
}

static void release_a_resource(struct nt *nt)
{
    static ERESOURCE resource;

    (void)nt;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExReleaseResourceLite(&resource);
}

static void a_resource_is_released_by_its_owner(void **state)
{
    struct nt nt;

    (void)state;
    nt_live(&nt, 1, 1, release_a_resource);
    assert_int_equal(nt.world.bug_check, 0xE3);
}

NT_TEST(an_interface_needs_a_device_and_a_plain_reference)
NT_TEST(what_is_no_pdo_has_no_properties_and_no_key)
NT_TEST(a_notification_is_of_a_category_and_calls_somebody)
NT_TEST(a_timer_and_a_request_need_a_device_and_a_location)
NT_TEST(a_handle_of_nothing_is_no_key)
NT_TEST(without_memory_nothing_is_made)
NT_TEST(without_address_space_nothing_is_mapped)
NT_TEST(an_event_that_nobody_receives_is_freed)
NT_FINDING_TEST(describe_paged_pool, mdl_state, 0)
NT_FINDING_TEST(describe_more_than_there_is, mdl_state, 0)
NT_TEST(names_of_something_else_are_no_events)
NT_TEST(files_and_keys_of_kinds_that_are_not_there)
NT_TEST(associates_and_descriptors_need_memory)
NT_FINDING_TEST(unmap_what_is_not_mapped, unknown_free, 0)
NT_TEST(names_that_are_not_there_open_nothing)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_interface_needs_a_device_and_a_plain_reference),
        cmocka_unit_test(test_what_is_no_pdo_has_no_properties_and_no_key),
        cmocka_unit_test(test_a_notification_is_of_a_category_and_calls_somebody),
        cmocka_unit_test(test_a_timer_and_a_request_need_a_device_and_a_location),
        cmocka_unit_test(test_a_handle_of_nothing_is_no_key),
        cmocka_unit_test(test_without_memory_nothing_is_made),
        cmocka_unit_test(test_without_address_space_nothing_is_mapped),
        cmocka_unit_test(test_an_event_that_nobody_receives_is_freed),
        cmocka_unit_test(test_describe_paged_pool),
        cmocka_unit_test(test_describe_more_than_there_is),
        cmocka_unit_test(what_cannot_go_on_is_a_bug_check),
        cmocka_unit_test(test_names_of_something_else_are_no_events),
        cmocka_unit_test(test_files_and_keys_of_kinds_that_are_not_there),
        cmocka_unit_test(test_associates_and_descriptors_need_memory),
        cmocka_unit_test(test_unmap_what_is_not_mapped),
        cmocka_unit_test(a_mutant_is_released_by_its_owner),
        cmocka_unit_test(test_names_that_are_not_there_open_nothing),
        cmocka_unit_test(a_lock_that_nobody_holds_is_not_released),
        cmocka_unit_test(pool_is_freed_once),
        cmocka_unit_test(a_resource_is_released_by_its_owner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
