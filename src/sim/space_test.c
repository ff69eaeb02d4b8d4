/* SPDX-License-Identifier: MIT */
#include "sim/sim_test.h"

static void reservations_lie_in_their_window_apart_and_aligned(void **state)
{
    enum { RANGES = 300 };
    struct world world;
    static uint64_t va[RANGES];
    static uint64_t size[RANGES];

    (void)state;
    world_open(&world, 4, 1);
    for (unsigned i = 0; i < RANGES; i++) {
        bool user = i % 3 == 0;
        uint64_t align = UINT64_C(1) << (12 + i % 10);

        size[i] = 4096 * (1 + (uint64_t)i * i * i % 9000);
        assert_int_equal(sim_space_reserve(world.sim, user, size[i], align, &va[i]), 0);
        assert_true(bits_is_aligned(va[i], align));
        assert_true(sim_is_guest_visible(va[i]));
        assert_int_equal(va[i] < SIM_USER_WINDOW_END, user);
        for (unsigned k = 0; k < i; k++)
            assert_true(va[k] + size[k] + 0x10000 <= va[i] || va[i] + size[i] + 0x10000 <= va[k]);
    }
    for (unsigned i = 0; i < RANGES; i++)
        sim_space_release(world.sim, va[i]);
    world_close(&world);
}

static void addresses_follow_from_the_seed(void **state)
{
    struct world world;
    uint64_t va[3];
    static const uint64_t seeds[3] = {4, 4, 5};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        world_open(&world, seeds[i], 1);
        assert_int_equal(sim_space_reserve(world.sim, false, 4096, 0, &va[i]), 0);
        world_close(&world);
    }
    assert_int_equal(va[0], va[1]);
    assert_int_not_equal(va[0], va[2]);
}

static void a_reservation_near_an_address_can_be_reached_by_a_jump(void **state)
{
    static const uint64_t places[] = {SIM_SYSTEM_WINDOW_BASE, 0x412345678000,
                                      SIM_SYSTEM_WINDOW_END - 4096};
    struct world world;
    uint64_t va;

    (void)state;
    world_open(&world, 4, 1);
    for (unsigned i = 0; i < ARRAY_LEN(places); i++) {
        assert_int_equal(sim_space_reserve_near(world.sim, places[i], 5000, &va), 0);
        assert_true(va - places[i] < SIM_NEAR_BYTES || places[i] - va <= SIM_NEAR_BYTES);
        assert_true(va >= SIM_SYSTEM_WINDOW_BASE && va + 8192 <= SIM_SYSTEM_WINDOW_END);
        sim_space_release(world.sim, va);
    }
    assert_int_equal(sim_space_reserve_near(world.sim, places[1], 0, &va), -EINVAL);
    world_close(&world);
}

static void nonsense_is_refused(void **state)
{
    struct world world;
    uint64_t va = 1;

    (void)state;
    world_open(&world, 4, 1);
    assert_int_equal(sim_space_reserve(world.sim, false, 0, 0, &va), -EINVAL);
    assert_int_equal(sim_space_reserve(world.sim, false, 4096, 5000, &va), -EINVAL);
    assert_int_equal(sim_space_reserve(world.sim, false, UINT64_MAX / 2, 0, &va), -EINVAL);
    assert_int_equal(va, 1);
    world_close(&world);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(reservations_lie_in_their_window_apart_and_aligned),
        cmocka_unit_test(addresses_follow_from_the_seed),
        cmocka_unit_test(a_reservation_near_an_address_can_be_reached_by_a_jump),
        cmocka_unit_test(nonsense_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
