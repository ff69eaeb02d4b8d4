/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static void recursion(struct world *world)
{
    KMUTEX mutex;

    (void)world;
    KeInitializeMutex(&mutex, 0);
    assert_int_equal(KeReadStateMutex(&mutex), 1);
    assert_int_equal(wait_for(&mutex), STATUS_SUCCESS);
    assert_true(KeAreApcsDisabled());
    assert_int_equal(wait_for(&mutex), STATUS_SUCCESS);
    assert_int_equal(KeReadStateMutex(&mutex), -1);
    assert_int_equal(KeReleaseMutex(&mutex, FALSE), -1);
    assert_int_equal(KeReleaseMutex(&mutex, FALSE), 0);
    assert_int_equal(KeReadStateMutex(&mutex), 1);
    assert_false(KeAreApcsDisabled());
    assert_null(mutex.OwnerThread);
}

static void the_owner_may_take_a_mutex_again(void **state)
{
    (void)state;
    RUN(1, 1, recursion);
}

static KMUTEX shared;
static int inside;
static int most;

static void use_shared(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(wait_for(&shared), STATUS_SUCCESS);
        most = ++inside > most ? inside : most;
        ke_yield();
        inside--;
        KeReleaseMutex(&shared, FALSE);
        ke_yield();
    }
}

static void exclude(struct world *world)
{
    struct ke_thread *threads[4];

    inside = most = 0;
    KeInitializeMutex(&shared, 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(ke_thread_start(world->ke, "user", use_shared, NULL, &threads[i]), 0);
    for (int i = 0; i < 4; i++)
        ke_thread_join(threads[i]);
    assert_int_equal(most, 1);
}

static void only_one_thread_owns_it(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++)
        RUN(seed, 1 + seed % 4, exclude);
}

static void release_foreign(struct world *world)
{
    KMUTEX mutex;

    (void)world;
    KeInitializeMutex(&mutex, 0);
    KeReleaseMutex(&mutex, FALSE);
}

static void releasing_a_mutex_that_is_not_owned_raises_an_exception(void **state)
{
    struct world world;

    (void)state;
    world_live(&world, 1, 1, release_foreign);
    assert_int_equal(world.stopped, KE_STOP_BUG_CHECK); /* nobody handles it */
}

static void end_as_owner(void *ctx)
{
    (void)ctx;
    wait_for(&shared);
}

static void end_with_mutex(struct world *world)
{
    struct ke_thread *thread;

    KeInitializeMutex(&shared, 0);
    assert_int_equal(ke_thread_start(world->ke, "owner", end_as_owner, NULL, &thread), 0);
    ke_thread_join(thread);
}

static void a_thread_that_ends_with_a_mutex_is_a_bug_check(void **state)
{
    (void)state;
    RUN_INTO_BUG_CHECK(1, 1, end_with_mutex, 0x4000008A);
}

static void abandoned(struct world *world)
{
    KMUTANT mutant;

    (void)world;
    KeInitializeMutant(&mutant, TRUE);
    assert_int_equal(KeReadStateMutant(&mutant), 0);
    KeReleaseMutant(&mutant, 0, TRUE, FALSE);
    assert_int_equal(wait_for(&mutant), STATUS_ABANDONED);
    KeReleaseMutant(&mutant, 0, FALSE, FALSE);
    assert_int_equal(wait_for(&mutant), STATUS_SUCCESS);
    KeReleaseMutant(&mutant, 0, FALSE, FALSE);
    assert_false(KeAreApcsDisabled());
}

static void the_next_owner_is_told_of_abandonment_once(void **state)
{
    (void)state;
    RUN(1, 1, abandoned);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_owner_may_take_a_mutex_again),
        cmocka_unit_test(only_one_thread_owns_it),
        cmocka_unit_test(releasing_a_mutex_that_is_not_owned_raises_an_exception),
        cmocka_unit_test(a_thread_that_ends_with_a_mutex_is_a_bug_check),
        cmocka_unit_test(the_next_owner_is_told_of_abandonment_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
