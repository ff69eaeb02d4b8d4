/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtl/rtl.h"

static void the_epoch_was_a_monday(void **state)
{
    LARGE_INTEGER zero = {.QuadPart = 0};
    TIME_FIELDS fields;

    (void)state;
    RtlTimeToTimeFields(&zero, &fields);
    assert_int_equal(fields.Year, 1601);
    assert_int_equal(fields.Month, 1);
    assert_int_equal(fields.Day, 1);
    assert_int_equal(fields.Weekday, 1);
}

static void fields_and_time_are_each_others_inverse(void **state)
{
    LONGLONG days;

    (void)state;
    for (days = 0; days < 400 * 366; days += 13) {
        LARGE_INTEGER time = {.QuadPart = days * 864000000000ll + 249678900000ll};
        LARGE_INTEGER back;
        TIME_FIELDS fields;

        time.QuadPart -= time.QuadPart % 10000;
        RtlTimeToTimeFields(&time, &fields);
        assert_true(RtlTimeFieldsToTime(&fields, &back));
        assert_true(back.QuadPart == time.QuadPart);
    }
}

static void a_date_that_does_not_exist_is_refused(void **state)
{
    TIME_FIELDS fields = {.Year = 1900, .Month = 2, .Day = 29};
    LARGE_INTEGER time;

    (void)state;
    assert_false(RtlTimeFieldsToTime(&fields, &time)); /* 1900 was no leap year */
    fields.Year = 2000;
    assert_true(RtlTimeFieldsToTime(&fields, &time));
    fields.Hour = 24;
    assert_false(RtlTimeFieldsToTime(&fields, &time));
}

static void seconds_count_from_1970(void **state)
{
    LARGE_INTEGER time;
    ULONG seconds;

    (void)state;
    RtlSecondsSince1970ToTime(1000000000, &time);
    assert_true(RtlTimeToSecondsSince1970(&time, &seconds));
    assert_int_equal(seconds, 1000000000);
    time.QuadPart = 0;
    assert_false(RtlTimeToSecondsSince1970(&time, &seconds));
}

static void bitmaps_find_runs_from_the_hint_and_around(void **state)
{
    ULONG words[4] = {0};
    RTL_BITMAP map;
    RTL_BITMAP_RUN runs[2];

    (void)state;
    RtlInitializeBitMap(&map, words, 100);
    /* Five are left, so it starts over. */
    assert_int_equal(RtlFindClearBitsAndSet(&map, 10, 95), 0);
    assert_int_equal(RtlFindClearBitsAndSet(&map, 5, 95), 95);
    assert_int_equal(RtlFindClearBits(&map, 86, 0), 0xFFFFFFFFu);
    assert_int_equal(RtlNumberOfSetBits(&map), 15);
    RtlSetBits(&map, 20, 10);
    assert_int_equal(RtlFindClearRuns(&map, runs, 2, TRUE), 2);
    assert_int_equal(runs[0].StartingIndex, 30);
    assert_int_equal(runs[0].NumberOfBits, 65);
    assert_int_equal(runs[1].StartingIndex, 10);
    assert_true(RtlAreBitsSet(&map, 20, 10));
    assert_false(RtlAreBitsSet(&map, 20, 11));
}

static void large_resources_keep_their_length_in_units(void **state)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR d = {0};
    ULONGLONG start;

    (void)state;
    assert_int_equal(RtlCmEncodeMemIoResource(&d, CmResourceTypeMemory, 1ull << 36, 1ull << 40), 0);
    assert_int_equal(d.Type, CmResourceTypeMemoryLarge);
    assert_true(RtlCmDecodeMemIoResource(&d, &start) == 1ull << 36);
    assert_true(start == 1ull << 40);
    assert_int_equal(RtlCmEncodeMemIoResource(&d, CmResourceTypeMemory, 4096, 0x1000), 0);
    assert_int_equal(d.Type, CmResourceTypeMemory);
    assert_true(RtlCmDecodeMemIoResource(&d, NULL) == 4096);
    assert_int_equal(RtlCmEncodeMemIoResource(&d, CmResourceTypePort, 1ull << 36, 0),
                     STATUS_UNSUCCESSFUL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_epoch_was_a_monday),
        cmocka_unit_test(fields_and_time_are_each_others_inverse),
        cmocka_unit_test(a_date_that_does_not_exist_is_refused),
        cmocka_unit_test(seconds_count_from_1970),
        cmocka_unit_test(bitmaps_find_runs_from_the_hint_and_around),
        cmocka_unit_test(large_resources_keep_their_length_in_units),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
