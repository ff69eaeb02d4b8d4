/* SPDX-License-Identifier: MIT */
/* How an AVStream device comes to be and ends, whoever calls for it, and what its filter factories
 * are found by. */
#include "ks/ks_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10, .no_adapter = true};

/* ---- Making devices -------------------------------------------------------------------------- */

struct making {
    ULONG extension_bytes;
    const KSDEVICE_DESCRIPTOR *descriptor;
    PKSDEVICE made;
    NTSTATUS status;
};

static struct making making;

static NTSTATUS NTAPI add_by_create(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical)
{
    making.made = NULL;
    making.status = KsCreateDevice(driver, physical, making.descriptor, making.extension_bytes,
                                   &making.made);
    return making.status;
}

static void use_create(PDRIVER_OBJECT driver)
{
    driver->DriverExtension->AddDevice = add_by_create;
}

static const struct world_config creates = {
    .windows = KE_WINDOWS_10, .no_adapter = true, .entered = use_create};

static void create_body(void)
{
    PDEVICE_OBJECT functional;

    making = (struct making){.descriptor = &world_device_descriptor, .extension_bytes = 64};
    world_load();
    assert_int_equal(making.status, STATUS_SUCCESS);
    functional = making.made->FunctionalDeviceObject;
    assert_ptr_equal(KsGetDeviceForDeviceObject(functional), making.made);
    assert_ptr_equal(making.made->PhysicalDeviceObject, world->pdo);
    assert_ptr_equal(world->device, making.made); /* Add was called with it */
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    world_open_pin();
    world_end();
}

static void a_driver_may_create_its_device_itself(void **state)
{
    (void)state;
    world_live(&creates, create_body);
}

static NTSTATUS try_add(PDRIVER_ADD_DEVICE add)
{
    return (NTSTATUS)KE_CALL(add, KE_ARG(world->driver), KE_ARG(world->pdo));
}

static NTSTATUS NTAPI failing_add(PKSDEVICE device)
{
    world->device = device;
    return STATUS_DEVICE_CONFIGURATION_ERROR;
}

static void refused_body(void)
{
    static const KSDEVICE_DISPATCH dispatch = {.Add = failing_add};
    static const KSFILTER_DESCRIPTOR old = {.Version = 0x100};
    static const KSFILTER_DESCRIPTOR *const filters[] = {&old};
    static const KSDEVICE_DESCRIPTOR fails = {.Dispatch = &dispatch};
    static const KSDEVICE_DESCRIPTOR bad_filter = {.FilterDescriptorsCount = 1,
                                                   .FilterDescriptors = filters};
    CCHAR depth;

    making = (struct making){.descriptor = &world_device_descriptor};
    world_load();
    depth = IoGetAttachedDevice(world->pdo)->StackSize;
    making.extension_bytes = sizeof(PVOID) - 1;
    assert_int_equal(try_add(add_by_create), STATUS_INVALID_PARAMETER);
    making.extension_bytes = sizeof(PVOID);
    making.descriptor = &fails;
    assert_int_equal(try_add(add_by_create), STATUS_DEVICE_CONFIGURATION_ERROR);
    making.descriptor = &bad_filter;
    assert_int_equal(try_add(add_by_create), STATUS_INVALID_PARAMETER);
    assert_null(making.made);
    assert_int_equal(IoGetAttachedDevice(world->pdo)->StackSize, depth); /* nothing is left */
    world_unload();
}

static void a_device_that_cannot_be_made_leaves_nothing(void **state)
{
    (void)state;
    world_live(&creates, refused_body);
}

/* Without KsInitializeDriver there is no descriptor to find. */
static NTSTATUS NTAPI bare_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    (void)path;
    driver->DriverExtension->AddDevice = KsAddDevice;
    driver->DriverUnload = KsNullDriverUnload;
    driver->MajorFunction[IRP_MJ_PNP] = KsDispatchIrp;
    return STATUS_SUCCESS;
}

static void bare_body(void)
{
    PDEVICE_OBJECT functional;
    PKSDEVICE device;

    assert_int_equal(
        io_driver_create(world->io, "bare", 0, 0, KE_ARG(bare_entry), &world->driver),
        STATUS_SUCCESS);
    assert_int_equal(io_driver_initialize(world->driver), STATUS_SUCCESS);
    assert_int_equal(inbox_pci_pdo(world->inbox, world->slot, &world->pdo), STATUS_SUCCESS);
    assert_int_equal(KsAddDevice(world->driver, world->pdo), STATUS_SUCCESS);
    functional = IoGetAttachedDevice(world->pdo);
    device = KsGetDeviceForDeviceObject(functional);
    assert_non_null(device);
    assert_null(device->Descriptor);
    assert_null(KsGetFirstChild(device)); /* no filter factories */
    KsTerminateDevice(functional);
    assert_null(KsGetDeviceForDeviceObject(functional));
    KsTerminateDevice(functional); /* what is none is left alone */
    IoDetachDevice(world->pdo);
    IoDeleteDevice(functional);
    KsNullDriverUnload(world->driver);
    assert_int_equal(io_driver_unload(world->driver), STATUS_SUCCESS);
}

static void a_driver_without_a_descriptor_gets_a_device_without_filters(void **state)
{
    (void)state;
    world_live(&plain, bare_body);
}

/* ---- A device object of the driver's own ----------------------------------------------------- */

struct extension {
    KSDEVICE_HEADER header; /* first */
    ULONG own;
};

static NTSTATUS NTAPI add_by_initialize(PDRIVER_OBJECT driver, PDEVICE_OBJECT physical)
{
    PDEVICE_OBJECT functional, next;

    assert_int_equal(IoCreateDevice(driver, sizeof(struct extension), NULL, FILE_DEVICE_KS, 0,
                                    FALSE, &functional), STATUS_SUCCESS);
    ((struct extension *)functional->DeviceExtension)->own = 7;
    next = IoAttachDeviceToDeviceStack(functional, physical);
    making.status = KsInitializeDevice(functional, physical, next, making.descriptor);
    if (!NT_SUCCESS(making.status)) {
        assert_null(((struct extension *)functional->DeviceExtension)->header);
        IoDetachDevice(next);
        IoDeleteDevice(functional);
        return making.status;
    }
    functional->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static void use_initialize(PDRIVER_OBJECT driver)
{
    driver->DriverExtension->AddDevice = add_by_initialize;
}

static const struct world_config initializes = {
    .windows = KE_WINDOWS_10, .no_adapter = true, .entered = use_initialize};

static void initialize_body(void)
{
    static const KSDEVICE_DISPATCH dispatch = {.Add = failing_add};
    static const KSDEVICE_DESCRIPTOR fails = {.Dispatch = &dispatch};
    PDEVICE_OBJECT functional;

    making = (struct making){.descriptor = &world_device_descriptor};
    world_load();
    functional = IoGetAttachedDevice(world->pdo);
    assert_int_equal(((struct extension *)functional->DeviceExtension)->own, 7);
    assert_ptr_equal(KsGetDeviceForDeviceObject(functional)->NextDeviceObject, world->pdo);
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    world_open_pin();
    making.descriptor = &fails;
    assert_int_equal(try_add(add_by_initialize), STATUS_DEVICE_CONFIGURATION_ERROR);
    making.descriptor = &world_device_descriptor;
    world_end();
}

static void avstream_may_be_put_on_a_driver_s_own_device(void **state)
{
    (void)state;
    world_live(&initializes, initialize_body);
}

/* ---- Factories ------------------------------------------------------------------------------- */

static PKSFILTERFACTORY factory_of_device(void)
{
    PKSFILTERFACTORY factory;

    KsAcquireDevice(world->device);
    factory = KsGetFirstChild(world->device);
    KsReleaseDevice(world->device);
    return factory;
}

static NTSTATUS interfaces_are_there(void)
{
    const UNICODE_STRING *link;

    return io_interface_at(world->io, &KSCATEGORY_CAPTURE, 0, &link);
}

static void link_body(void)
{
    static const KSFILTER_DESCRIPTOR hidden = {.Version = KSFILTER_DESCRIPTOR_VERSION};
    PKSFILTERFACTORY factory, other;
    PUNICODE_STRING link;

    world_begin();
    factory = factory_of_device();
    link = KsFilterFactoryGetSymbolicLink(factory);
    assert_non_null(link);
    assert_true(RtlEqualUnicodeString(link, (PUNICODE_STRING)(ULONG_PTR)world_link(), TRUE));
    assert_int_equal(KsFilterFactorySetDeviceClassesState(factory, FALSE), STATUS_SUCCESS);
    assert_int_equal(interfaces_are_there(), STATUS_NO_MORE_ENTRIES);
    assert_int_equal(KsFilterFactorySetDeviceClassesState(factory, FALSE),
                     STATUS_OBJECT_NAME_NOT_FOUND); /* as IoSetDeviceInterfaceState says */
    assert_int_equal(KsFilterFactorySetDeviceClassesState(factory, TRUE), STATUS_SUCCESS);
    assert_int_equal(interfaces_are_there(), STATUS_SUCCESS);
    KsAcquireDevice(world->device);
    assert_int_equal(KsCreateFilterFactory(world->device->FunctionalDeviceObject, &hidden,
                                           (PWSTR)(ULONG_PTR)u"hidden", NULL, 0, NULL, NULL,
                                           &other), STATUS_SUCCESS);
    KsReleaseDevice(world->device);
    assert_null(KsFilterFactoryGetSymbolicLink(other)); /* no category, no interface */
    assert_int_equal(KsFilterFactorySetDeviceClassesState(other, TRUE), STATUS_SUCCESS);
    world_end();
}

static void a_factory_s_interfaces_are_switched_and_named(void **state)
{
    (void)state;
    world_live(&plain, link_body);
}

/* The filter under another reference string of the device. */
static NTSTATUS open_as(PCWSTR reference, PFILE_OBJECT *out)
{
    static WCHAR text[300];
    UNICODE_STRING name = {.Buffer = text, .MaximumLength = sizeof text};
    UNICODE_STRING link = *world_link();

    while (link.Length != 0 && link.Buffer[link.Length / sizeof(WCHAR) - 1] != u'\\')
        link.Length -= sizeof(WCHAR);
    RtlCopyUnicodeString(&name, &link);
    assert_int_equal(RtlAppendUnicodeToString(&name, reference), STATUS_SUCCESS);
    return io_file_open(world->io, NULL, &name, FILE_READ_DATA, out);
}

static NTSTATUS try_factory(const KSFILTER_DESCRIPTOR *descriptor)
{
    PKSFILTERFACTORY factory = NULL;
    NTSTATUS status;

    KsAcquireDevice(world->device);
    status = KsCreateFilterFactory(world->device->FunctionalDeviceObject, descriptor,
                                   (PWSTR)(ULONG_PTR)u"tried", NULL, 0, NULL, NULL, &factory);
    KsReleaseDevice(world->device);
    if (!NT_SUCCESS(status))
        assert_null(factory);
    return status;
}

static void bad_factory_body(void)
{
    static const KSNODE_DESCRIPTOR node;
    KSFILTER_DESCRIPTOR descriptor;
    PKSFILTERFACTORY factory = NULL;
    PFILE_OBJECT file;

    world_begin();
    descriptor = world_filter_descriptor;
    descriptor.Version = 0x100;
    assert_int_equal(try_factory(&descriptor), STATUS_INVALID_PARAMETER);
    descriptor = world_filter_descriptor;
    descriptor.PinDescriptorSize = sizeof(KSPIN_DESCRIPTOR_EX) - 8;
    assert_int_equal(try_factory(&descriptor), STATUS_INVALID_PARAMETER);
    descriptor.PinDescriptorSize = sizeof(KSPIN_DESCRIPTOR_EX) + 4;
    assert_int_equal(try_factory(&descriptor), STATUS_INVALID_PARAMETER);
    descriptor = world_filter_descriptor;
    descriptor.NodeDescriptorsCount = 1;
    descriptor.NodeDescriptors = &node;
    descriptor.NodeDescriptorSize = sizeof node - 8;
    assert_int_equal(try_factory(&descriptor), STATUS_INVALID_PARAMETER);
    assert_int_equal(KsCreateFilterFactory(world->pdo, &world_filter_descriptor, NULL, NULL, 0,
                                           NULL, NULL, &factory), STATUS_INVALID_PARAMETER);
    assert_int_equal(open_as(u"tried", &file), STATUS_OBJECT_NAME_NOT_FOUND);
    world_end();
}

static void a_factory_needs_a_descriptor_that_fits(void **state)
{
    (void)state;
    world_live(&plain, bad_factory_body);
}

/* ---- Names of factories ---------------------------------------------------------------------- */

static void create_item_body(void)
{
    PKSFILTERFACTORY factory;
    PFILE_OBJECT file;
    PKSFILTER first;

    world_begin();
    first = world->filter;
    factory = factory_of_device();
    assert_int_equal(open_as(u"other", &file), STATUS_OBJECT_NAME_NOT_FOUND);
    KsAcquireDevice(world->device);
    assert_int_equal(KsFilterFactoryAddCreateItem(factory, (PWSTR)(ULONG_PTR)u"other", NULL,
                                                  KSCREATE_ITEM_FREEONSTOP), STATUS_SUCCESS);
    KsReleaseDevice(world->device);
    assert_int_equal(open_as(u"other", &file), STATUS_SUCCESS);
    assert_ptr_not_equal(world->filter, first);
    assert_ptr_equal(KsGetParent(world->filter), factory);
    io_file_close(file);
    world_close_pin();
    world_close_filter();
    assert_int_equal(pnp_stop(world->pnp, world->pdo), STATUS_SUCCESS);
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    assert_int_equal(open_as(u"other", &file), STATUS_OBJECT_NAME_NOT_FOUND); /* freed on stop */
    assert_ptr_equal(factory_of_device(), factory); /* which its own name keeps */
    world_unload();
}

static void a_factory_may_have_more_names(void **state)
{
    (void)state;
    world_live(&plain, create_item_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_driver_may_create_its_device_itself),
        cmocka_unit_test(a_device_that_cannot_be_made_leaves_nothing),
        cmocka_unit_test(a_driver_without_a_descriptor_gets_a_device_without_filters),
        cmocka_unit_test(avstream_may_be_put_on_a_driver_s_own_device),
        cmocka_unit_test(a_factory_s_interfaces_are_switched_and_named),
        cmocka_unit_test(a_factory_needs_a_descriptor_that_fits),
        cmocka_unit_test(a_factory_may_have_more_names),
    };

    return cmocka_run_group_tests_name("device", tests, NULL, NULL);
}
