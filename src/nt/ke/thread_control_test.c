/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static void priorities(struct world *world)
{
    PKTHREAD thread = KeGetCurrentThread();

    (void)world;
    assert_int_equal(KeQueryPriorityThread(thread), 8);
    assert_int_equal(KeSetPriorityThread(thread, 16), 8);
    assert_int_equal(KeQueryPriorityThread(thread), 16);
    assert_int_equal(KeSetPriorityThread(thread, 99), 16);
    assert_int_equal(KeQueryPriorityThread(thread), 31);
    KeSetPriorityThread(thread, 8);
    assert_int_equal(KeSetBasePriorityThread(thread, 2), 0);
    assert_int_equal(KeQueryPriorityThread(thread), 10);
}

static void priorities_are_set_asked_for_and_kept_in_range(void **state)
{
    (void)state;
    RUN(1, 1, priorities);
}

static bool other_ran;

static void run_other(void *ctx)
{
    (void)ctx;
    other_ran = true;
}

static void lower(struct world *world)
{
    struct ke_thread *thread;

    other_ran = false;
    KeSetPriorityThread(KeGetCurrentThread(), 10);
    assert_int_equal(ke_thread_start(world->ke, "other", run_other, NULL, &thread), 0);
    assert_false(other_ran);
    KeSetPriorityThread(KeGetCurrentThread(), 5);
    assert_true(other_ran);
    ke_thread_join(thread);
}

static void lowering_the_priority_lets_a_better_thread_run(void **state)
{
    (void)state;
    RUN(1, 1, lower);
}

static void raise_other(struct world *world)
{
    struct ke_thread *thread;

    other_ran = false;
    KeSetPriorityThread(KeGetCurrentThread(), 10);
    assert_int_equal(ke_thread_start(world->ke, "other", run_other, NULL, &thread), 0);
    KeSetPriorityThread(ke_thread_object(thread), 12);
    assert_true(other_ran);
    ke_thread_join(thread);
}

static void raising_a_ready_thread_lets_it_preempt(void **state)
{
    (void)state;
    RUN(1, 1, raise_other);
}

static void affinity(struct world *world)
{
    GROUP_AFFINITY group = {.Mask = 2};
    GROUP_AFFINITY before = {.Mask = 99};

    (void)world;
    assert_int_equal(KeSetSystemAffinityThreadEx(4), 0);
    assert_int_equal(KeGetCurrentProcessorNumber(), 2);
    assert_int_equal(KeSetSystemAffinityThreadEx(1), 4);
    assert_int_equal(KeGetCurrentProcessorNumber(), 0);
    KeRevertToUserAffinityThreadEx(4);
    assert_int_equal(KeGetCurrentProcessorNumber(), 2);
    KeRevertToUserAffinityThreadEx(0);
    KeSetSystemGroupAffinityThread(&group, &before);
    assert_int_equal(KeGetCurrentProcessorNumber(), 1);
    assert_int_equal(before.Mask, 0);
    KeRevertToUserGroupAffinityThread(&before);
    KeRevertToUserAffinityThread();
    assert_int_equal(KeSetSystemAffinityThreadEx(0), 0); /* no such processor: nothing changes */
}

static void ideal(struct world *world)
{
    UCHAR first = KeSetIdealProcessorThread(KeGetCurrentThread(), 1);

    (void)world;
    assert_true(first < 3);
    assert_true(KeSetIdealProcessorThread(KeGetCurrentThread(), 200) < 3); /* there is none */
    assert_true(KeGetCurrentProcessorNumber() < 3);
}

static void an_ideal_processor_is_one_of_those_there_are(void **state)
{
    (void)state;
    RUN(1, 3, ideal);
}

static void affinity_at_dispatch(struct world *world)
{
    KIRQL old;

    (void)world;
    KeSetSystemAffinityThread(1);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeSetSystemAffinityThread(4);
    assert_int_equal(KeGetCurrentProcessorNumber(), 0);
    KeLowerIrql(old);
    assert_int_equal(KeGetCurrentProcessorNumber(), 2);
}

static void at_dispatch_level_it_moves_when_irql_falls(void **state)
{
    (void)state;
    RUN(1, 3, affinity_at_dispatch);
}

static void affinity_moves_the_thread_at_once(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++)
        RUN(seed, 3, affinity);
}

static void regions(struct world *world)
{
    KIRQL old;

    (void)world;
    assert_false(KeAreApcsDisabled());
    KeEnterCriticalRegion();
    KeEnterCriticalRegion();
    assert_true(KeAreApcsDisabled());
    assert_false(KeAreAllApcsDisabled());
    KeLeaveCriticalRegion();
    assert_true(KeAreApcsDisabled());
    KeLeaveCriticalRegion();
    KeEnterGuardedRegion();
    assert_true(KeAreAllApcsDisabled());
    KeLeaveGuardedRegion();
    KeRaiseIrql(APC_LEVEL, &old);
    assert_true(KeAreAllApcsDisabled());
    KeLowerIrql(old);
    assert_false(KeAreApcsDisabled());
}

static void regions_nest(void **state)
{
    (void)state;
    RUN(1, 1, regions);
}

static void run_time(struct world *world)
{
    ULONG user = 99;

    (void)world;
    KeStallExecutionProcessor(160000);
    assert_in_range(KeQueryRuntimeThread(KeGetCurrentThread(), &user), 10, 11);
    assert_int_equal(user, 0);
}

static void run_time_counts_in_clock_increments(void **state)
{
    (void)state;
    RUN(1, 1, run_time);
}

static void cycles_and_swap(struct world *world)
{
    ULONG64 stamp = 0;
    ULONG64 before = KeQueryTotalCycleTimeThread(KeGetCurrentThread(), NULL);

    (void)world;
    KeStallExecutionProcessor(10);
    assert_int_equal(KeQueryTotalCycleTimeThread(KeGetCurrentThread(), &stamp) - before, 30000);
    assert_true(stamp >= 30000);
    assert_true(KeSetKernelStackSwapEnable(FALSE));
    assert_false(KeSetKernelStackSwapEnable(TRUE));
    assert_true(KeSetKernelStackSwapEnable(TRUE));
}

static void cycles_follow_virtual_time_and_the_swap_flag_is_kept(void **state)
{
    (void)state;
    RUN(1, 1, cycles_and_swap);
}

static void no_thread(struct world *world)
{
    KeQueryPriorityThread((PKTHREAD)world);
}

static void a_thread_that_is_none_is_a_bug_check(void **state)
{
    (void)state;
    RUN_INTO_BUG_CHECK(1, 1, no_thread, 0x0A);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(priorities_are_set_asked_for_and_kept_in_range),
        cmocka_unit_test(lowering_the_priority_lets_a_better_thread_run),
        cmocka_unit_test(raising_a_ready_thread_lets_it_preempt),
        cmocka_unit_test(affinity_moves_the_thread_at_once),
        cmocka_unit_test(at_dispatch_level_it_moves_when_irql_falls),
        cmocka_unit_test(an_ideal_processor_is_one_of_those_there_are),
        cmocka_unit_test(regions_nest),
        cmocka_unit_test(run_time_counts_in_clock_increments),
        cmocka_unit_test(cycles_follow_virtual_time_and_the_swap_flag_is_kept),
        cmocka_unit_test(a_thread_that_is_none_is_a_bug_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
