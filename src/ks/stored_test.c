/* SPDX-License-Identifier: MIT */
/* What KS keeps in the registry for drivers, and what it asks of the bus below them. */
#include "ks/legacy_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10};

static const GUID set_guid = {0x89, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

/* ---- Properties ------------------------------------------------------------------------------ */

static ULONG level;

static NTSTATUS NTAPI get_level(PIRP irp, PKSIDENTIFIER request, PVOID data)
{
    (void)irp, (void)request;
    memcpy(data, &level, sizeof level);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI set_level(PIRP irp, PKSIDENTIFIER request, PVOID data)
{
    (void)irp, (void)request;
    memcpy(&level, data, sizeof level);
    return STATUS_SUCCESS;
}

static const KSPROPERTY_ITEM items[] = {
    {.PropertyId = 0,
     .GetPropertyHandler = get_level,
     .SetPropertyHandler = set_level,
     .MinProperty = sizeof(KSPROPERTY),
     .MinData = sizeof level,
     .SerializedSize = sizeof level},
};
static const KSPROPERTY_SET sets[] = {
    {&set_guid, 1, items, 0, NULL},
};

static NTSTATUS answer(PIRP irp)
{
    return KsPropertyHandler(irp, 1, sets);
}

#define STORE u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\Kept"

static HANDLE open_store(PCWSTR path)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;
    HANDLE key;

    RtlInitUnicodeString(&name, path);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    assert_int_equal(ZwCreateKey(&key, KEY_ALL_ACCESS, &attributes, 0, NULL, 0, NULL),
                     STATUS_SUCCESS);
    return key;
}

static void put(HANDLE key, PCWSTR value, ULONG type, const void *data, ULONG bytes)
{
    UNICODE_STRING name;

    RtlInitUnicodeString(&name, value);
    assert_int_equal(ZwSetValueKey(key, &name, 0, type, (PVOID)(ULONG_PTR)data, bytes),
                     STATUS_SUCCESS);
}

static void unserialise_body(void)
{
    KSPROPERTY request = {{{set_guid, 0, KSPROPERTY_TYPE_SERIALIZESET}}};
    UNICODE_STRING path = RTL_CONSTANT_STRING(STORE);
    UNICODE_STRING none = RTL_CONSTANT_STRING(STORE u"\\None");
    UNICODE_STRING value = RTL_CONSTANT_STRING(u"b");
    UCHAR kept[20 + 32 + 4];
    PFILE_OBJECT file;
    HANDLE key;

    legacy.control = answer;
    legacy_begin();
    file = legacy_open();
    level = 77;
    assert_int_equal(legacy_request(file, IOCTL_KS_PROPERTY, &request, sizeof request, kept,
                                    sizeof kept, NULL), STATUS_SUCCESS);
    key = open_store(STORE);
    level = 0;
    assert_int_equal(KsUnserializeObjectPropertiesFromRegistry(file, NULL, &path),
                     STATUS_SUCCESS); /* nothing kept is nothing to do */
    assert_int_equal(level, 0);
    put(key, u"a", REG_BINARY, kept, sizeof kept);
    assert_int_equal(KsUnserializeObjectPropertiesFromRegistry(file, NULL, &path), STATUS_SUCCESS);
    assert_int_equal(level, 77);
    level = 0;
    assert_int_equal(KsUnserializeObjectPropertiesFromRegistry(file, key, NULL), STATUS_SUCCESS);
    assert_int_equal(level, 77);
    assert_int_equal(KsUnserializeObjectPropertiesFromRegistry(file, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(KsUnserializeObjectPropertiesFromRegistry(file, NULL, &none),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    put(key, u"b", REG_BINARY, kept, 19); /* no set */
    assert_int_equal(KsUnserializeObjectPropertiesFromRegistry(file, key, NULL),
                     STATUS_INVALID_PARAMETER);
    put(key, u"b", REG_DWORD, kept, 4);
    assert_int_equal(KsUnserializeObjectPropertiesFromRegistry(file, key, NULL),
                     STATUS_INVALID_PARAMETER);
    kept[0]++; /* a set that the object does not have */
    put(key, u"b", REG_BINARY, kept, sizeof kept);
    assert_int_equal(KsUnserializeObjectPropertiesFromRegistry(file, key, NULL),
                     STATUS_PROPSET_NOT_FOUND);
    kept[0]--;
    put(key, u"b", REG_BINARY, kept, sizeof kept - 1);
    assert_int_equal(KsUnserializeObjectPropertiesFromRegistry(file, key, NULL),
                     STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(ZwDeleteValueKey(key, &value), STATUS_SUCCESS);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    io_file_close(file);
    legacy_end();
}

static void kept_properties_go_back_to_their_object(void **state)
{
    (void)state;
    world_live(&plain, unserialise_body);
}

/* ---- Mediums --------------------------------------------------------------------------------- */

static void medium_body(void)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(u"\\??\\tuner");
    UNICODE_STRING nothing = {0};
    KSPIN_MEDIUM medium = {{{set_guid, 0x1f, 3}}};
    struct {
        KEY_VALUE_PARTIAL_INFORMATION head;
        UCHAR more[16];
    } value;
    ULONG bytes;
    ULONG direction = 9;
    HANDLE key;

    legacy_begin();
    assert_int_equal(KsCacheMedium(&link, &medium, 2), STATUS_INVALID_PARAMETER);
    assert_int_equal(KsCacheMedium(&nothing, &medium, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(KsCacheMedium(&link, &medium, 1), STATUS_SUCCESS);
    key = open_store(u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\MediumCache\\"
                     u"{00000089-0001-0002-0304-05060708090a}\\1F\\3");
    assert_int_equal(ZwQueryValueKey(key, &link, KeyValuePartialInformation, &value, sizeof value,
                                     &bytes), STATUS_SUCCESS);
    assert_int_equal(value.head.Type, REG_DWORD);
    memcpy(&direction, value.head.Data, sizeof direction);
    assert_int_equal(direction, 1);
    assert_int_equal(KsCacheMedium(&link, &medium, 0), STATUS_SUCCESS); /* over it */
    assert_int_equal(ZwQueryValueKey(key, &link, KeyValuePartialInformation, &value, sizeof value,
                                     &bytes), STATUS_SUCCESS);
    memcpy(&direction, value.head.Data, sizeof direction);
    assert_int_equal(direction, 0);
    assert_int_equal(ZwClose(key), STATUS_SUCCESS);
    legacy_end();
}

static void a_medium_is_found_under_its_key(void **state)
{
    (void)state;
    world_live(&plain, medium_body);
}

/* ---- The bus --------------------------------------------------------------------------------- */

static PDEVICE_OBJECT bus;
static LONG bus_references, interface_references;

static void NTAPI reference_interface(PVOID context)
{
    assert_ptr_equal(context, bus);
    interface_references++;
}

static void NTAPI dereference_interface(PVOID context)
{
    assert_ptr_equal(context, bus);
    interface_references--;
}

static void NTAPI reference_bus(PVOID context)
{
    assert_ptr_equal(context, bus);
    bus_references++;
}

static void NTAPI dereference_bus(PVOID context)
{
    assert_ptr_equal(context, bus);
    bus_references--;
}

static NTSTATUS NTAPI bus_pnp(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    BUS_INTERFACE_REFERENCE *interface;

    if (device != bus)
        return KsDefaultDispatchPnp(device, irp);
    assert_int_equal(stack->MinorFunction, IRP_MN_QUERY_INTERFACE);
    assert_int_equal(stack->Parameters.QueryInterface.Size, sizeof *interface);
    assert_memory_equal(stack->Parameters.QueryInterface.InterfaceType, &REFERENCE_BUS_INTERFACE,
                        sizeof(GUID));
    interface = (BUS_INTERFACE_REFERENCE *)(PVOID)stack->Parameters.QueryInterface.Interface;
    *interface = (BUS_INTERFACE_REFERENCE){
        .Interface = {.Size = sizeof *interface,
                      .Version = 0x100,
                      .Context = bus,
                      .InterfaceReference = reference_interface,
                      .InterfaceDereference = dereference_interface},
        .ReferenceDeviceObject = reference_bus,
        .DereferenceDeviceObject = dereference_bus};
    reference_interface(bus);
    return legacy_finish(irp, STATUS_SUCCESS);
}

static void bus_body(void)
{
    KSDEVICE_HEADER header;

    bus_references = interface_references = 0;
    legacy_begin();
    world->driver->MajorFunction[IRP_MJ_PNP] = bus_pnp;
    assert_int_equal(IoCreateDevice(world->driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &bus),
                     STATUS_SUCCESS);
    assert_int_equal(KsReferenceBusObject(legacy_device_header()),
                     STATUS_NOT_SUPPORTED); /* PCI has no such interface */
    KsDereferenceBusObject(legacy_device_header()); /* nothing to give back */
    assert_int_equal(KsAllocateDeviceHeader(&header, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(KsReferenceBusObject(header), STATUS_INVALID_DEVICE_REQUEST); /* no bus */
    KsSetDevicePnpAndBaseObject(header, bus, NULL);
    assert_int_equal(KsReferenceBusObject(header), STATUS_SUCCESS);
    assert_int_equal(KsReferenceBusObject(header), STATUS_SUCCESS);
    assert_int_equal(bus_references, 2);
    assert_int_equal(interface_references, 1); /* asked for once */
    KsDereferenceBusObject(header);
    assert_int_equal(bus_references, 1);
    KsDereferenceBusObject(header);
    KsFreeDeviceHeader(header);
    assert_int_equal(interface_references, 0);
    IoDeleteDevice(bus);
    bus = NULL;
    legacy_end();
}

static void a_bus_is_told_that_its_device_is_used(void **state)
{
    (void)state;
    world_live(&plain, bus_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_properties_go_back_to_their_object),
        cmocka_unit_test(a_medium_is_found_under_its_key),
        cmocka_unit_test(a_bus_is_told_that_its_device_is_used),
    };

    return cmocka_run_group_tests_name("stored", tests, NULL, NULL);
}
