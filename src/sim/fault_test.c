/* SPDX-License-Identifier: MIT */
#include "sim/sim_test.h"

#include <stdio.h>

static void the_chosen_passage_fails_and_no_other(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 1, 1);
    assert_false(sim_fault_point(world.sim, "pool"));
    assert_int_equal(sim_fault_arm(world.sim, "pool", 3), 0);
    assert_false(sim_fault_point(world.sim, "pool"));
    assert_false(sim_fault_point(world.sim, "mdl"));
    assert_false(sim_fault_point(world.sim, "pool"));
    assert_true(sim_fault_point(world.sim, "pool"));
    assert_false(sim_fault_point(world.sim, "pool"));
    world_close(&world);
}

static void an_armed_point_can_be_switched_off(void **state)
{
    struct world world;

    (void)state;
    world_open(&world, 1, 1);
    assert_int_equal(sim_fault_arm(world.sim, "pool", 1), 0);
    assert_int_equal(sim_fault_arm(world.sim, "pool", 0), 0);
    assert_false(sim_fault_point(world.sim, "pool"));
    world_close(&world);
}

static void the_table_has_a_limit_and_names_have_one_too(void **state)
{
    struct world world;
    char name[32];
    int error = 0;

    (void)state;
    world_open(&world, 1, 1);
    assert_int_equal(sim_fault_arm(world.sim, "", 1), -EINVAL);
    for (int i = 0; i < 33; i++) {
        snprintf(name, sizeof name, "point %d", i);
        error = sim_fault_arm(world.sim, name, 1);
        assert_int_equal(error, i < 32 ? 0 : -ENOSPC);
    }
    assert_true(sim_fault_point(world.sim, "point 31"));
    world_close(&world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chosen_passage_fails_and_no_other),
        cmocka_unit_test(an_armed_point_can_be_switched_off),
        cmocka_unit_test(the_table_has_a_limit_and_names_have_one_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
