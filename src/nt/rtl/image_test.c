/* SPDX-License-Identifier: MIT */
/* A driver's look at its own headers, and at large resources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rtl/rtl.h"

enum { NEW_HEADER = 0x80, OPTIONAL = NEW_HEADER + 24, DIRECTORIES = OPTIONAL + 112 };

static UCHAR image[0x2000];

static void put(ULONG at, ULONG value)
{
    memcpy(image + at, &value, sizeof value);
}

/* A header with 16 directories; the sixth (debug) lies at 0x1100, 0x1c bytes. */
static void make_image(void)
{
    memset(image, 0, sizeof image);
    image[0] = 'M';
    image[1] = 'Z';
    put(0x3c, NEW_HEADER);
    put(NEW_HEADER, 0x00004550);
    put(OPTIONAL, 0x20b);
    put(OPTIONAL + 108, 16);
    put(DIRECTORIES + 8 * 6, 0x1100);
    put(DIRECTORIES + 8 * 6 + 4, 0x1c);
}

static void headers_are_found_where_they_are(void **state)
{
    (void)state;
    make_image();
    assert_ptr_equal(RtlImageNtHeader(image), image + NEW_HEADER);
    put(NEW_HEADER, 0);
    assert_null(RtlImageNtHeader(image));
    make_image();
    put(0x3c, 0xfffffff0);
    assert_null(RtlImageNtHeader(image));
    image[0] = 0;
    assert_null(RtlImageNtHeader(image));
    assert_null(RtlImageNtHeader(NULL));
}

static void directories_are_found_or_null(void **state)
{
    ULONG size = 7;

    (void)state;
    make_image();
    assert_ptr_equal(RtlImageDirectoryEntryToData(image, TRUE, 6, &size), image + 0x1100);
    assert_int_equal(size, 0x1c);
    assert_null(RtlImageDirectoryEntryToData(image, TRUE, 5, &size)); /* empty */
    assert_null(RtlImageDirectoryEntryToData(image, TRUE, 16, &size)); /* there is none */
    put(OPTIONAL, 0x10b);
    assert_null(RtlImageDirectoryEntryToData(image, TRUE, 6, &size)); /* a 32-bit image */
}

static void large_resources_keep_their_length_where_it_can_be_told(void **state)
{
    IO_RESOURCE_DESCRIPTOR descriptor = {0};
    ULONGLONG alignment = 0, lowest = 0, highest = 0;

    (void)state;
    assert_int_equal(RtlIoEncodeMemIoResource(&descriptor, CmResourceTypeMemory, 8ull << 30, 4096,
                                              0, UINT64_MAX), STATUS_SUCCESS);
    assert_int_equal(descriptor.Type, CmResourceTypeMemoryLarge);
    assert_true(RtlIoDecodeMemIoResource(&descriptor, &alignment, &lowest, &highest) ==
                8ull << 30);
    assert_int_equal(alignment, 4096);
    assert_int_equal(lowest, 0);
    assert_true(highest == UINT64_MAX);
    assert_int_equal(RtlIoEncodeMemIoResource(&descriptor, CmResourceTypeInterrupt, 16, 16, 0, 255),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlIoEncodeMemIoResource(&descriptor, CmResourceTypePort, 8ull << 30, 16, 0,
                                              255), STATUS_UNSUCCESSFUL);
    assert_int_equal(RtlIoEncodeMemIoResource(&descriptor, CmResourceTypePort, 16, 16, 0, 255),
                     STATUS_SUCCESS);
    assert_int_equal(descriptor.Type, CmResourceTypePort);
    assert_int_equal(RtlIoDecodeMemIoResource(&descriptor, NULL, NULL, NULL), 16);
}

static void statuses_become_error_codes(void **state)
{
    (void)state;
    assert_int_equal(RtlNtStatusToDosError(STATUS_SUCCESS), 0);
    assert_int_equal(RtlNtStatusToDosErrorNoTeb(STATUS_ACCESS_DENIED), 5);
    assert_int_equal(RtlNtStatusToDosError((NTSTATUS)0xC0070057), 0x57);
    assert_int_equal(RtlNtStatusToDosError((NTSTATUS)0xC0FFFFFF), 317);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_found_where_they_are),
        cmocka_unit_test(directories_are_found_or_null),
        cmocka_unit_test(large_resources_keep_their_length_where_it_can_be_told),
        cmocka_unit_test(statuses_become_error_codes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
