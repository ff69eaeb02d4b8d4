/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "client/inspect_value.h"
#include "wdk/guids.h"
#include "wdk/ksmedia.h"

/* ---- Bench: a description as a driver would write it ----------------------------------------- */

static uint8_t description[1024];
static size_t description_bytes;

static void begin(ULONG variant)
{
    KSPROPERTY_DESCRIPTION head = {
        .AccessFlags = KSPROPERTY_TYPE_GET,
        .PropTypeSet = {.Set = KSPROPTYPESETID_General, .Id = variant}};

    memset(description, 0, sizeof description);
    memcpy(description, &head, sizeof head);
    description_bytes = sizeof head;
}

static void add(ULONG kind, ULONG size, ULONG count, ULONG flags, const void *members, size_t bytes)
{
    KSPROPERTY_MEMBERSHEADER head = {kind, size, count, flags};
    KSPROPERTY_DESCRIPTION whole;

    memcpy(description + description_bytes, &head, sizeof head);
    memcpy(description + description_bytes + sizeof head, members, bytes);
    description_bytes += sizeof head + bytes;
    memcpy(&whole, description, sizeof whole);
    whole.MembersListCount++;
    memcpy(description, &whole, sizeof whole);
}

static json_t *decode(size_t bytes)
{
    json_t *property = json_object();
    uint8_t *copy = malloc(bytes != 0 ? bytes : 1);

    assert_non_null(copy);
    memcpy(copy, description, bytes);
    inspect_description(property, INSPECT_BYTES, copy, bytes);
    free(copy);
    return property;
}

static int64_t number(const json_t *property, const char *list, size_t index, const char *key)
{
    const json_t *each = json_array_get(json_object_get(property, list), index);

    return json_integer_value(key != NULL ? json_object_get(each, key) : each);
}

static size_t count(const json_t *property, const char *list)
{
    return json_array_size(json_object_get(property, list));
}

/* ---- Descriptions ---------------------------------------------------------------------------- */

enum { VT_I4 = 3, VT_UI4 = 19, VT_I8 = 20 };

static void steps_and_the_default_are_read_as_drivers_write_them(void **state)
{
    KSPROPERTY_STEPPING_LONG steps = {.SteppingDelta = 10,
                                      .Bounds = {.SignedMinimum = -100, .SignedMaximum = 100}};
    LONG usual = -7;
    json_t *property;

    (void)state;
    begin(VT_I4);
    /* Samples put steps into plain ranges, and the size of one value for the count. */
    add(KSPROPERTY_MEMBER_RANGES, sizeof steps, 1, 0, &steps, sizeof steps);
    add(KSPROPERTY_MEMBER_VALUES, sizeof usual, sizeof usual, KSPROPERTY_MEMBER_FLAG_DEFAULT,
        &usual, sizeof usual);
    property = decode(description_bytes);
    assert_string_equal(json_string_value(json_object_get(property, "type")), "signed 32-bit");
    assert_int_equal(count(property, "ranges"), 1);
    assert_int_equal(number(property, "ranges", 0, "min"), -100);
    assert_int_equal(number(property, "ranges", 0, "max"), 100);
    assert_int_equal(number(property, "ranges", 0, "step"), 10);
    assert_int_equal(json_integer_value(json_object_get(property, "default")), -7);
    json_decref(property);
}

static void sizes_of_one_element_and_of_all_are_both_understood(void **state)
{
    ULONG values[3] = {1, 2, 0xFFFFFFFF};

    (void)state;
    for (ULONG size = 4; size <= 12; size += 8) {
        json_t *property;

        begin(VT_UI4);
        add(KSPROPERTY_MEMBER_VALUES, size, 3, 0, values, sizeof values);
        property = decode(description_bytes);
        assert_int_equal(count(property, "values"), 3);
        assert_int_equal(number(property, "values", 2, NULL), 0xFFFFFFFF);
        json_decref(property);
    }
}

static void ranges_of_64_bits_have_64_bits(void **state)
{
    KSPROPERTY_BOUNDS_LONGLONG bounds = {.SignedMinimum = INT64_MIN, .SignedMaximum = INT64_MAX};
    json_t *property;

    (void)state;
    begin(VT_I8);
    add(KSPROPERTY_MEMBER_RANGES, sizeof bounds, 1, 0, &bounds, sizeof bounds);
    property = decode(description_bytes);
    assert_int_equal(number(property, "ranges", 0, "min"), INT64_MIN);
    assert_int_equal(number(property, "ranges", 0, "max"), INT64_MAX);
    json_decref(property);
}

static void a_description_cut_anywhere_gives_what_is_whole(void **state)
{
    KSPROPERTY_BOUNDS_LONG bounds = {.SignedMinimum = 1, .SignedMaximum = 2};

    (void)state;
    begin(VT_I4);
    add(KSPROPERTY_MEMBER_RANGES, sizeof bounds, 1, 0, &bounds, sizeof bounds);
    for (size_t bytes = 0; bytes < description_bytes; bytes++) {
        json_t *property = decode(bytes);

        assert_int_equal(count(property, "ranges"), 0);
        json_decref(property);
    }
}

static void lists_that_lie_are_left_out(void **state)
{
    static const struct {
        ULONG size, count;
    } lies[] = {{0, 0}, {0, 1}, {1, 1}, {0xFFFFFFFF, 0xFFFFFFFF}, {0x10000, 0x10000},
                {8, 0xFFFFFFFF}, {4, 2}, {1000, 0}};
    KSPROPERTY_BOUNDS_LONG bounds = {.SignedMinimum = 1, .SignedMaximum = 2};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        json_t *property;

        begin(VT_I4);
        add(KSPROPERTY_MEMBER_RANGES, lies[i].size, lies[i].count, 0, &bounds, sizeof bounds);
        property = decode(description_bytes);
        assert_int_equal(count(property, "ranges"), 0);
        json_decref(property);
    }
}

/* ---- Values ---------------------------------------------------------------------------------- */

static void values_shorter_than_their_type_are_bytes(void **state)
{
    static const uint8_t bytes[64] = {0x11, 0x22};

    (void)state;
    for (int type = INSPECT_BYTES; type <= INSPECT_DROPPED; type++) {
        for (size_t size = 0; size < inspect_type_bytes((enum inspect_type)type); size++) {
            json_t *value = inspect_value((enum inspect_type)type, bytes, size);

            assert_int_equal(json_integer_value(json_object_get(value, "bytes")), size);
            json_decref(value);
        }
    }
}

static void values_have_the_words_of_their_type(void **state)
{
    static const uint32_t run = KSSTATE_RUN, beyond = 9;
    static const int64_t all = -1;
    json_t *value = inspect_value(INSPECT_STATE, &run, sizeof run);

    (void)state;
    assert_string_equal(json_string_value(value), "RUN");
    json_decref(value);
    value = inspect_value(INSPECT_STATE, &beyond, sizeof beyond);
    assert_int_equal(json_integer_value(value), 9);
    json_decref(value);
    value = inspect_value(INSPECT_UNSIGNED64, &all, sizeof all);
    assert_int_equal(json_integer_value(value), INT64_MAX);
    json_decref(value);
    value = inspect_value(INSPECT_FORMAT, &all, sizeof all);
    assert_string_equal(json_string_value(json_object_get(value, "hex")), "ffffffffffffffff");
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_and_the_default_are_read_as_drivers_write_them),
        cmocka_unit_test(sizes_of_one_element_and_of_all_are_both_understood),
        cmocka_unit_test(ranges_of_64_bits_have_64_bits),
        cmocka_unit_test(a_description_cut_anywhere_gives_what_is_whole),
        cmocka_unit_test(lists_that_lie_are_left_out),
        cmocka_unit_test(values_shorter_than_their_type_are_bytes),
        cmocka_unit_test(values_have_the_words_of_their_type),
    };

    return cmocka_run_group_tests_name("inspect_value", tests, NULL, NULL);
}
