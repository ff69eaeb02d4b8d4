/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static KGUARDED_MUTEX mutex;
static int inside;
static int most;
static int rounds;

static void use_mutex(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 20; i++) {
        KeAcquireGuardedMutex(&mutex);
        assert_true(KeAreAllApcsDisabled());
        assert_ptr_equal(mutex.Owner, KeGetCurrentThread());
        most = ++inside > most ? inside : most;
        ke_yield();
        inside--;
        rounds++;
        KeReleaseGuardedMutex(&mutex);
    }
}

static void exclude(struct world *world)
{
    struct ke_thread *threads[3];

    inside = most = rounds = 0;
    KeInitializeGuardedMutex(&mutex);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ke_thread_start(world->ke, "user", use_mutex, NULL, &threads[i]), 0);
    for (int i = 0; i < 3; i++)
        ke_thread_join(threads[i]);
    assert_int_equal(most, 1);
    assert_int_equal(rounds, 60);
    assert_int_equal(mutex.Count, 1);
}

static void only_one_thread_owns_a_guarded_mutex(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++)
        RUN(seed, 1 + seed % 4, exclude);
}

static void try(struct world *world)
{
    (void)world;
    KeInitializeGuardedMutex(&mutex);
    assert_true(KeTryToAcquireGuardedMutex(&mutex));
    assert_false(KeTryToAcquireGuardedMutex(&mutex));
    assert_true(KeAreAllApcsDisabled());
    KeReleaseGuardedMutex(&mutex);
    assert_false(KeAreAllApcsDisabled());
    KeEnterGuardedRegion();
    KeAcquireGuardedMutexUnsafe(&mutex);
    KeReleaseGuardedMutexUnsafe(&mutex);
    KeLeaveGuardedRegion();
    assert_false(KeAreApcsDisabled());
}

static void trying_succeeds_only_when_it_is_free(void **state)
{
    (void)state;
    RUN(1, 1, try);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_one_thread_owns_a_guarded_mutex),
        cmocka_unit_test(trying_succeeds_only_when_it_is_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
