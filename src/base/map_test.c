/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/map.h"

static void a_zeroed_map_finds_and_removes_nothing(void **state)
{
    struct map map = {0};

    (void)state;
    assert_null(map_get(&map, 7));
    assert_null(map_remove(&map, 7));
    map_fini(&map);
}

static void setting_a_key_again_replaces_its_value(void **state)
{
    struct map map = {0};
    int a, b;

    (void)state;
    assert_int_equal(map_set(&map, 7, &a), 0);
    assert_int_equal(map_set(&map, 7, &b), 0);
    assert_int_equal(map.count, 1);
    assert_ptr_equal(map_get(&map, 7), &b);
    map_fini(&map);
}

static void many_keys_survive_growth_and_removal_of_others(void **state)
{
    enum { KEYS = 5000 };
    static char values[KEYS];
    struct map map = {0};
    uint64_t i;

    (void)state;
    for (i = 0; i < KEYS; i++)
        assert_int_equal(map_set(&map, (i + 1) * 4096, &values[i]), 0);
    for (i = 0; i < KEYS; i += 3)
        assert_ptr_equal(map_remove(&map, (i + 1) * 4096), &values[i]);
    for (i = 0; i < KEYS; i++)
        assert_ptr_equal(map_get(&map, (i + 1) * 4096), i % 3 == 0 ? NULL : &values[i]);
    map_fini(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zeroed_map_finds_and_removes_nothing),
        cmocka_unit_test(setting_a_key_again_replaces_its_value),
        cmocka_unit_test(many_keys_survive_growth_and_removal_of_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
