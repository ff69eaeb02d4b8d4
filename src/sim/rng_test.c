/* SPDX-License-Identifier: MIT */
#include "sim/sim_test.h"

static void the_same_seed_and_name_give_the_same_numbers(void **state)
{
    struct sim_rng a;
    struct sim_rng b;

    (void)state;
    sim_rng_init(&a, 7, "pages");
    sim_rng_init(&b, 7, "pages");
    for (int i = 0; i < 100; i++)
        assert_true(sim_rng_u64(&a) == sim_rng_u64(&b));
}

static void another_name_or_seed_gives_other_numbers(void **state)
{
    struct sim_rng a;
    struct sim_rng b;
    struct sim_rng c;
    uint64_t first;

    (void)state;
    sim_rng_init(&a, 7, "pages");
    sim_rng_init(&b, 7, "schedule");
    sim_rng_init(&c, 8, "pages");
    first = sim_rng_u64(&a);
    assert_true(first != sim_rng_u64(&b));
    assert_true(first != sim_rng_u64(&c));
}

static void numbers_stay_below_their_bound_and_reach_every_value(void **state)
{
    struct sim_rng rng;
    unsigned seen[10] = {0};

    (void)state;
    sim_rng_init(&rng, 1, "test");
    for (int i = 0; i < 10000; i++)
        seen[sim_rng_below(&rng, 10)]++;
    for (int i = 0; i < 10; i++)
        assert_in_range(seen[i], 800, 1200);
    assert_true(sim_rng_below(&rng, 1) == 0);
}

static void chances_come_true_about_as_often_as_they_say(void **state)
{
    struct sim_rng rng;
    unsigned hits = 0;

    (void)state;
    sim_rng_init(&rng, 1, "test");
    for (int i = 0; i < 10000; i++)
        hits += sim_rng_chance(&rng, 1, 4);
    assert_in_range(hits, 2300, 2700);
    assert_false(sim_rng_chance(&rng, 0, 4));
    assert_true(sim_rng_chance(&rng, 4, 4));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_and_name_give_the_same_numbers),
        cmocka_unit_test(another_name_or_seed_gives_other_numbers),
        cmocka_unit_test(numbers_stay_below_their_bound_and_reach_every_value),
        cmocka_unit_test(chances_come_true_about_as_often_as_they_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
