/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static KSPIN_LOCK locks[2];
static int inside;
static int most;
static int rounds;

static void each_form(struct world *world)
{
    KSPIN_LOCK lock = 99;
    KLOCK_QUEUE_HANDLE handle;
    KIRQL old;

    (void)world;
    KeInitializeSpinLock(&lock);
    assert_true(KeTestSpinLock(&lock));
    KeAcquireSpinLock(&lock, &old);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    assert_false(KeTestSpinLock(&lock));
    assert_false(KeTryToAcquireSpinLockAtDpcLevel(&lock));
    KeReleaseSpinLock(&lock, old);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    old = KeRaiseIrqlToDpcLevel();
    assert_true(KeTryToAcquireSpinLockAtDpcLevel(&lock));
    KeReleaseSpinLockFromDpcLevel(&lock);
    KefAcquireSpinLockAtDpcLevel(&lock);
    assert_false(KeTestSpinLock(&lock));
    KefReleaseSpinLockFromDpcLevel(&lock);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handle);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
    KeLowerIrql(old);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    assert_int_equal(handle.OldIrql, PASSIVE_LEVEL);
    KeReleaseInStackQueuedSpinLock(&handle);
    KeAcquireInStackQueuedSpinLockForDpc(&lock, &handle);
    KeReleaseInStackQueuedSpinLockForDpc(&handle);
    old = KfAcquireSpinLock(&lock);
    KfReleaseSpinLock(&lock, old);
    old = KeAcquireSpinLockForDpc(&lock);
    KeReleaseSpinLockForDpc(&lock, old);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_int_equal(lock, 0);
}

static void every_form_takes_and_frees_the_lock_and_restores_irql(void **state)
{
    (void)state;
    RUN(1, 1, each_form);
}

static void use_lock(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 30; i++) {
        KIRQL old;

        KeAcquireSpinLock(&locks[0], &old);
        most = ++inside > most ? inside : most;
        for (int k = 0; k < 5; k++)
            ke_yield();
        inside--;
        rounds++;
        KeReleaseSpinLock(&locks[0], old);
    }
}

static void exclude(struct world *world)
{
    struct ke_thread *threads[4];

    locks[0] = 0;
    inside = most = rounds = 0;
    for (int i = 0; i < 4; i++)
        assert_int_equal(ke_thread_start(world->ke, "user", use_lock, NULL, &threads[i]), 0);
    for (int i = 0; i < 4; i++)
        ke_thread_join(threads[i]);
    assert_int_equal(most, 1);
    assert_int_equal(rounds, 120);
}

static void only_one_cpu_is_inside(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++)
        RUN(seed, 1 + seed % 5, exclude);
}

static void recurse(struct world *world)
{
    KSPIN_LOCK lock = 0;
    KIRQL old;

    (void)world;
    KeAcquireSpinLock(&lock, &old);
    KeAcquireSpinLockAtDpcLevel(&lock);
}

static void taking_a_lock_twice_is_a_finding_and_bug_check_f(void **state)
{
    struct world world;

    (void)state;
    world_live(&world, 1, 2, recurse);
    assert_int_equal(world.rules[VERIFY_spin_lock_recursive], 1);
    assert_int_equal(world.bug_check, 0x0F);
}

static void release_free(struct world *world)
{
    KSPIN_LOCK lock = 0;
    KIRQL old;

    (void)world;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeReleaseSpinLock(&lock, old);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void releasing_a_free_lock_is_a_finding(void **state)
{
    struct world world;

    (void)state;
    world_live(&world, 1, 1, release_free);
    assert_int_equal(world.rules[VERIFY_spin_lock_not_owned], 1);
    assert_int_equal(world.stopped, KE_STOP_DONE);
}

static int held;

static void take_both(int first, int second)
{
    KIRQL old;

    KeAcquireSpinLock(&locks[first], &old);
    held++;
    while (held < 2)
        ke_yield();
    KeAcquireSpinLockAtDpcLevel(&locks[second]);
    KeReleaseSpinLockFromDpcLevel(&locks[second]);
    KeReleaseSpinLock(&locks[first], old);
}

static void other_order(void *ctx)
{
    (void)ctx;
    take_both(1, 0);
}

static void deadlock(struct world *world)
{
    locks[0] = locks[1] = 0;
    held = 0;
    assert_int_equal(ke_thread_start(world->ke, "other", other_order, NULL, NULL), 0);
    take_both(0, 1);
}

static void two_cpus_that_wait_for_each_other_are_a_deadlock(void **state)
{
    struct world world;

    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++) {
        world_live(&world, seed, 2, deadlock);
        assert_int_equal(world.rules[VERIFY_deadlock], 1);
        assert_int_equal(world.stopped, KE_STOP_STALL);
    }
}

static KTIMER ticking;

static void deadlock_with_timer(struct world *world)
{
    KeInitializeTimer(&ticking);
    KeSetTimerEx(&ticking, in_ms(1), 1, NULL);
    deadlock(world);
}

static void timers_that_go_on_do_not_hide_a_deadlock(void **state)
{
    struct world world;

    (void)state;
    world_live(&world, 1, 2, deadlock_with_timer);
    assert_int_equal(world.rules[VERIFY_deadlock], 1);
    assert_int_equal(world.stopped, KE_STOP_STALL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_takes_and_frees_the_lock_and_restores_irql),
        cmocka_unit_test(only_one_cpu_is_inside),
        cmocka_unit_test(taking_a_lock_twice_is_a_finding_and_bug_check_f),
        cmocka_unit_test(releasing_a_free_lock_is_a_finding),
        cmocka_unit_test(two_cpus_that_wait_for_each_other_are_a_deadlock),
        cmocka_unit_test(timers_that_go_on_do_not_hide_a_deadlock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
