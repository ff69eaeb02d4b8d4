/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static void raise_and_lower(struct world *world)
{
    KIRQL old = 99;

    (void)world;
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeRaiseIrql(APC_LEVEL, &old);
    assert_int_equal(old, PASSIVE_LEVEL);
    assert_int_equal(KeRaiseIrqlToDpcLevel(), APC_LEVEL);
    assert_int_equal(KfRaiseIrql(HIGH_LEVEL), DISPATCH_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), HIGH_LEVEL);
    assert_int_equal(world->trace.irql, HIGH_LEVEL);
    KeLowerIrql(DISPATCH_LEVEL);
    assert_int_equal(KeRaiseIrqlToSynchLevel(), DISPATCH_LEVEL);
    KeLowerIrql(PASSIVE_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_int_equal(world->trace.irql, PASSIVE_LEVEL);
}

static void irql_goes_up_and_down_and_tells_what_it_was(void **state)
{
    (void)state;
    RUN(1, 2, raise_and_lower);
}

static void raise_down(struct world *world)
{
    (void)world;
    KfRaiseIrql(DISPATCH_LEVEL);
    KfRaiseIrql(APC_LEVEL);
}

static void raising_to_a_lower_level_is_bug_check_9(void **state)
{
    (void)state;
    RUN_INTO_BUG_CHECK(1, 1, raise_down, 0x09);
}

static void lower_up(struct world *world)
{
    (void)world;
    KeLowerIrql(DISPATCH_LEVEL);
}

static void lowering_to_a_higher_level_is_bug_check_a(void **state)
{
    (void)state;
    RUN_INTO_BUG_CHECK(1, 1, lower_up, 0x0A);
}

static uint64_t irql_of_other;

static void look_at_own_irql(void *ctx)
{
    (void)ctx;
    irql_of_other = KeGetCurrentIrql();
}

static void raise_on_one_cpu(struct world *world)
{
    struct ke_thread *thread;
    KIRQL old;

    irql_of_other = 99;
    assert_int_equal(ke_thread_start(world->ke, "other", look_at_own_irql, NULL, &thread), 0);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    while (irql_of_other == 99)
        ke_yield();
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(old);
    assert_int_equal(irql_of_other, PASSIVE_LEVEL);
    ke_thread_join(thread);
}

static void each_cpu_has_an_irql_of_its_own(void **state)
{
    (void)state;
    RUN(3, 2, raise_on_one_cpu);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(irql_goes_up_and_down_and_tells_what_it_was),
        cmocka_unit_test(raising_to_a_lower_level_is_bug_check_9),
        cmocka_unit_test(lowering_to_a_higher_level_is_bug_check_a),
        cmocka_unit_test(each_cpu_has_an_irql_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
