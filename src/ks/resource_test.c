/* SPDX-License-Identifier: MIT */
/* Resources of an image, found by type and name. */
#include "ks/ks_world.h"

static const struct world_config plain = {.windows = KE_WINDOWS_10, .no_adapter = true};

enum { IMAGE = 0x400, HEADERS = 0x80, SECTION = 0x200, TYPE = 10, NAME = 101, DATA = 0x300 };

static UCHAR *image;

static void put32(ULONG at, ULONG value)
{
    memcpy(image + at, &value, sizeof value);
}

static void put16(ULONG at, USHORT value)
{
    memcpy(image + at, &value, sizeof value);
}

/* A directory at an offset of the section with one entry. */
static void directory(ULONG at, USHORT named, ULONG id, ULONG target)
{
    put16(SECTION + at + 12, named);
    put16(SECTION + at + 14, named != 0 ? 0 : 1);
    put32(SECTION + at + 16, id);
    put32(SECTION + at + 20, target);
}

static void make_image(void)
{
    memset(image, 0, IMAGE);
    put16(0, 0x5a4d);
    put32(0x3c, HEADERS);
    put32(HEADERS, 0x4550);
    put32(HEADERS + 24 + 112 + 2 * 8, SECTION);
    put32(HEADERS + 24 + 112 + 2 * 8 + 4, 0x100);
    directory(0, 0, TYPE, 0x80000000 | 0x20);
    directory(0x20, 0, NAME, 0x80000000 | 0x40);
    directory(0x40, 0, 0x409, 0x60);
    put32(SECTION + 0x60, DATA);
    put32(SECTION + 0x64, 5);
    memcpy(image + DATA, "hello", 5);
}

static NTSTATUS load(ULONG_PTR name, ULONG type)
{
    PVOID resource = NULL;
    ULONG bytes = 0;
    NTSTATUS status = KsLoadResource(image, PagedPool, name, type, &resource, &bytes);

    if (!NT_SUCCESS(status)) {
        assert_null(resource);
        return status;
    }
    assert_int_equal(bytes, 5);
    assert_memory_equal(resource, "hello", 5);
    ExFreePool(resource);
    return status;
}

static void resource_body(void)
{
    static const WCHAR name[] = u"Menu";
    PVOID resource;

    world_begin();
    image = ExAllocatePoolWithTag(NonPagedPool, IMAGE, 'tseT');
    make_image();
    assert_int_equal(load(NAME, TYPE), STATUS_SUCCESS);
    assert_int_equal(KsLoadResource(image, NonPagedPool, NAME, TYPE, &resource, NULL),
                     STATUS_SUCCESS); /* the size is optional */
    ExFreePool(resource);
    assert_int_equal(load(NAME, TYPE + 1), STATUS_RESOURCE_TYPE_NOT_FOUND);
    assert_int_equal(load(NAME + 1, TYPE), STATUS_RESOURCE_NAME_NOT_FOUND);
    assert_int_equal(load((ULONG_PTR)name, TYPE), STATUS_RESOURCE_NAME_NOT_FOUND);
    directory(0x20, 1, 0x80000000 | 0x80, 0x80000000 | 0x40);
    put16(SECTION + 0x80, 4);
    memcpy(image + SECTION + 0x82, u"MENU", 8);
    assert_int_equal(load((ULONG_PTR)name, TYPE), STATUS_SUCCESS); /* by a string */
    assert_int_equal(load(NAME, TYPE), STATUS_RESOURCE_NAME_NOT_FOUND);
    make_image();
    put16(SECTION + 0x40 + 14, 0); /* no language */
    assert_int_equal(load(NAME, TYPE), STATUS_RESOURCE_LANG_NOT_FOUND);
    make_image();
    directory(0x40, 0, 0x409, 0xfffff0); /* beyond the section */
    assert_int_equal(load(NAME, TYPE), STATUS_RESOURCE_DATA_NOT_FOUND);
    directory(0, 0, TYPE, 0x80ffff00);
    assert_int_equal(load(NAME, TYPE), STATUS_RESOURCE_NAME_NOT_FOUND);
    make_image();
    put32(HEADERS + 24 + 112 + 2 * 8, 0); /* no resources at all */
    assert_int_equal(load(NAME, TYPE), STATUS_RESOURCE_DATA_NOT_FOUND);
    put16(0, 0); /* no image */
    assert_int_equal(load(NAME, TYPE), STATUS_RESOURCE_DATA_NOT_FOUND);
    ExFreePoolWithTag(image, 'tseT');
    world_end();
}

static void a_resource_is_found_by_type_and_name_and_copied(void **state)
{
    (void)state;
    world_live(&plain, resource_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resource_is_found_by_type_and_name_and_copied),
    };

    return cmocka_run_group_tests_name("resource", tests, NULL, NULL);
}
