/* SPDX-License-Identifier: MIT */
/* What a filter's pins are like, kept in the key of its device interface. */
#include "ks/ks_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10};

/* Bytes of the value; 0 when there is none. */
static ULONG filter_data_of(PUNICODE_STRING link)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(u"FilterData");
    KEY_VALUE_PARTIAL_INFORMATION header;
    ULONG bytes = 0;
    HANDLE key;
    NTSTATUS status;

    assert_int_equal(IoOpenDeviceInterfaceRegistryKey(link, KEY_READ, &key), STATUS_SUCCESS);
    status = ZwQueryValueKey(key, &name, KeyValuePartialInformation, &header, sizeof header,
                             &bytes);
    ZwClose(key);
    return status == STATUS_OBJECT_NAME_NOT_FOUND
               ? 0
               : bytes - (ULONG)offsetof(KEY_VALUE_PARTIAL_INFORMATION, Data);
}

static PKSFILTERFACTORY factory_of(void)
{
    return KsFilterGetParentFilterFactory(world->filter);
}

static void factory_body(void)
{
    const GUID *other = &KSCATEGORY_RENDER;
    UNICODE_STRING nobodys = RTL_CONSTANT_STRING(u"\\??\\nobodys");
    KSFILTER_DESCRIPTOR descriptor;
    PUNICODE_STRING link;
    HANDLE key;

    world_begin();
    link = KsFilterFactoryGetSymbolicLink(factory_of());
    assert_int_equal(IoOpenDeviceInterfaceRegistryKey(&nobodys, KEY_READ, &key),
                     STATUS_OBJECT_PATH_NOT_FOUND);
    assert_int_equal(filter_data_of(link), 0);
    assert_int_equal(KsFilterFactoryUpdateCacheData(factory_of(), NULL), STATUS_SUCCESS);
    assert_int_equal(filter_data_of(link), 12 + sizeof(GUID)); /* one pin with a category */
    descriptor = *factory_of()->FilterDescriptor;
    descriptor.PinDescriptorsCount = 0;
    assert_int_equal(KsFilterFactoryUpdateCacheData(factory_of(), &descriptor), STATUS_SUCCESS);
    assert_int_equal(filter_data_of(link), 0);
    descriptor.Categories = other;
    assert_int_equal(KsFilterFactoryUpdateCacheData(factory_of(), &descriptor),
                     STATUS_INVALID_PARAMETER);
    world_end();
}

static void a_factory_keeps_its_pins_under_each_category_that_it_has(void **state)
{
    (void)state;
    world_live(&plain, factory_body);
}

static void listed_body(void)
{
    BOOL directions[2] = {FALSE, TRUE};
    KSPIN_MEDIUM mediums[2] = {{.Id = 1}, {.Id = 2}};
    GUID categories[2] = {{1}, {2}};
    UNICODE_STRING link;

    world_begin();
    assert_int_equal(KsRegisterFilterWithNoKSPins(world->pdo, &KSCATEGORY_TVTUNER, 2, directions,
                                                  mediums, NULL), STATUS_SUCCESS);
    assert_int_equal(IoRegisterDeviceInterface(world->pdo, &KSCATEGORY_TVTUNER, NULL, &link),
                     STATUS_SUCCESS);
    assert_int_equal(filter_data_of(&link), 2 * (12 + sizeof(KSPIN_MEDIUM)));
    assert_int_equal(KsRegisterFilterWithNoKSPins(world->pdo, &KSCATEGORY_TVTUNER, 2, directions,
                                                  mediums, categories), STATUS_SUCCESS);
    assert_int_equal(filter_data_of(&link), 2 * (12 + sizeof(KSPIN_MEDIUM) + sizeof(GUID)));
    RtlFreeUnicodeString(&link);
    /* Interfaces are a PDO's. */
    assert_int_equal(KsRegisterFilterWithNoKSPins(world->device->FunctionalDeviceObject,
                                                  &KSCATEGORY_TVTUNER, 2, directions, mediums,
                                                  NULL), STATUS_INVALID_DEVICE_REQUEST);
    world_end();
}

static void a_filter_without_kernel_pins_lists_those_that_a_graph_knows(void **state)
{
    (void)state;
    world_live(&plain, listed_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_factory_keeps_its_pins_under_each_category_that_it_has),
        cmocka_unit_test(a_filter_without_kernel_pins_lists_those_that_a_graph_knows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
