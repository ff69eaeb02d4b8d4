/* SPDX-License-Identifier: MIT */
/* Threads, mutexes, DPCs and interrupts that are none, or not the caller's. */
#include "ke/ke_test.h"

static ULONG_PTR words[64]; /* no object of any kind */

static void raise_priority(struct world *world)
{
    (void)world;
    KeSetPriorityThread((PKTHREAD)words, 9);
}

static void raise_base_priority(struct world *world)
{
    (void)world;
    KeSetBasePriorityThread((PKTHREAD)words, 1);
}

static void set_ideal(struct world *world)
{
    (void)world;
    KeSetIdealProcessorThread((PKTHREAD)words, 0);
}

static void what_is_no_thread_is_told(void **state)
{
    void (*const bodies[])(struct world *world) = {raise_priority, raise_base_priority, set_ideal};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(bodies); i++) {
        struct world world;

        world_live(&world, 1, 1, bodies[i]);
        assert_int_not_equal(world.bug_check, 0);
    }
}

static void synchronize(struct world *world)
{
    (void)world;
    KeSynchronizeExecution((PKINTERRUPT)words, NULL, NULL);
}

static void release(struct world *world)
{
    (void)world;
    KeReleaseInterruptSpinLock((PKINTERRUPT)words, PASSIVE_LEVEL);
}

static void what_is_no_interrupt_is_told(void **state)
{
    void (*const bodies[])(struct world *world) = {synchronize, release};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(bodies); i++) {
        struct world world;

        world_live(&world, 1, 1, bodies[i]);
        assert_int_not_equal(world.bug_check, 0);
    }
}

static void another_group(struct world *world)
{
    GROUP_AFFINITY wanted = {.Mask = 1, .Group = 1}, before = {.Mask = 77};

    (void)world;
    KeSetSystemGroupAffinityThread(&wanted, &before);
    assert_int_equal(before.Mask, 0); /* nothing was set */
    KeSetSystemAffinityThread(0); /* nor here: no such processor */
    assert_true(KeGetCurrentProcessorNumber() < 2);
}

static void affinity_to_nothing_changes_nothing(void **state)
{
    (void)state;
    RUN(1, 2, another_group);
}

static void take_twice(struct world *world)
{
    KSPIN_LOCK lock = 0;
    KIRQL old;

    (void)world;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KefAcquireSpinLockAtDpcLevel(&lock);
    KefAcquireSpinLockAtDpcLevel(&lock);
}

static void a_lock_is_not_taken_twice_the_old_way(void **state)
{
    (void)state;
    RUN_INTO_BUG_CHECK(1, 1, take_twice, 0xF);
}

static void release_exclusive(struct world *world)
{
    EX_SPIN_LOCK lock = 0;
    KIRQL old;

    (void)world;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExReleaseSpinLockExclusive(&lock, old);
}

static void release_shared(struct world *world)
{
    EX_SPIN_LOCK lock = 0;
    KIRQL old;

    (void)world;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExReleaseSpinLockShared(&lock, old);
}

static void a_shared_lock_that_nobody_holds_is_not_released(void **state)
{
    void (*const bodies[])(struct world *world) = {release_exclusive, release_shared};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(bodies); i++) {
        struct world world;

        world_live(&world, 1, 1, bodies[i]);
        assert_true(world.rules[VERIFY_spin_lock_not_owned] > 0);
    }
}

static void wait_at_dispatch(struct world *world)
{
    LARGE_INTEGER interval = in_ms(1);
    KIRQL old;

    (void)world;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

static void a_delay_at_dispatch_level_is_told(void **state)
{
    struct world world;

    (void)state;
    world_live(&world, 1, 1, wait_at_dispatch);
    assert_int_equal(world.bug_check, 0xA);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_thread_is_told),
        cmocka_unit_test(what_is_no_interrupt_is_told),
        cmocka_unit_test(affinity_to_nothing_changes_nothing),
        cmocka_unit_test(a_lock_is_not_taken_twice_the_old_way),
        cmocka_unit_test(a_shared_lock_that_nobody_holds_is_not_released),
        cmocka_unit_test(a_delay_at_dispatch_level_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
