/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static void counts(struct world *world)
{
    KSEMAPHORE semaphore;

    (void)world;
    KeInitializeSemaphore(&semaphore, 1, 3);
    assert_int_equal(wait_for(&semaphore), STATUS_SUCCESS);
    assert_int_equal(wait_ms(&semaphore, 0), STATUS_TIMEOUT);
    assert_int_equal(KeReleaseSemaphore(&semaphore, 0, 2, FALSE), 0);
    assert_int_equal(KeReleaseSemaphore(&semaphore, 0, 1, FALSE), 2);
    assert_int_equal(KeReadStateSemaphore(&semaphore), 3);
    assert_int_equal(wait_for(&semaphore), STATUS_SUCCESS);
    assert_int_equal(KeReadStateSemaphore(&semaphore), 2);
}

static void waits_take_what_releases_give(void **state)
{
    (void)state;
    RUN(1, 1, counts);
}

static KSEMAPHORE tokens;
static unsigned taken;

static void take_token(void *ctx)
{
    (void)ctx;
    wait_for(&tokens);
    taken++;
}

static void release_two(struct world *world)
{
    struct ke_thread *threads[3];

    taken = 0;
    KeInitializeSemaphore(&tokens, 0, 10);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ke_thread_start(world->ke, "taker", take_token, NULL, &threads[i]), 0);
    sleep_ms(1);
    KeReleaseSemaphore(&tokens, 0, 2, FALSE);
    sleep_ms(1);
    assert_int_equal(taken, 2);
    KeReleaseSemaphore(&tokens, 0, 1, FALSE);
    for (int i = 0; i < 3; i++)
        ke_thread_join(threads[i]);
    assert_int_equal(taken, 3);
}

static void a_release_of_two_lets_two_waiters_go(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++)
        RUN(seed, 1 + seed % 3, release_two);
}

static void release_too_many(struct world *world)
{
    KSEMAPHORE semaphore;

    (void)world;
    KeInitializeSemaphore(&semaphore, 0, 1);
    KeReleaseSemaphore(&semaphore, 0, 2, FALSE);
}

static void a_release_beyond_the_limit_raises_an_exception(void **state)
{
    struct world world;

    (void)state;
    world_live(&world, 1, 1, release_too_many);
    assert_int_equal(world.stopped, KE_STOP_BUG_CHECK); /* nobody handles it */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_take_what_releases_give),
        cmocka_unit_test(a_release_of_two_lets_two_waiters_go),
        cmocka_unit_test(a_release_beyond_the_limit_raises_an_exception),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
