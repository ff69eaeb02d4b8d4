/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static KTIMER timer;
static KDPC dpc;
static unsigned ran;
static ULONG ran_on;

static void NTAPI count_dpc(PKDPC self, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)self;
    (void)context;
    (void)argument1;
    (void)argument2;
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    ran++;
    ran_on = KeGetCurrentProcessorNumber();
}

static void prepare(TIMER_TYPE type)
{
    ran = 0;
    KeInitializeTimerEx(&timer, type);
    KeInitializeDpc(&dpc, count_dpc, NULL);
}

static void one_shot(struct world *world)
{
    uint64_t before_us = now_us();

    (void)world;
    prepare(NotificationTimer);
    assert_false(KeReadStateTimer(&timer));
    assert_false(KeSetTimer(&timer, in_ms(3), &dpc));
    assert_int_equal(wait_for(&timer), STATUS_SUCCESS);
    assert_in_range(now_us() - before_us, 3000, 4001);
    assert_true(KeReadStateTimer(&timer));
    sleep_ms(10);
    assert_int_equal(ran, 1);
    assert_int_equal(wait_ms(&timer, 0), STATUS_SUCCESS);
    assert_false(KeCancelTimer(&timer));
}

static void a_timer_is_signalled_when_due_and_queues_its_dpc(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++)
        RUN(seed, 1 + seed % 3, one_shot);
}

static void set_twice(struct world *world)
{
    (void)world;
    prepare(NotificationTimer);
    assert_false(KeSetTimer(&timer, in_ms(3), &dpc));
    assert_true(KeSetTimer(&timer, in_ms(10), &dpc));
    sleep_ms(6);
    assert_int_equal(ran, 0);
    sleep_ms(6);
    assert_int_equal(ran, 1);
}

static void setting_a_queued_timer_returns_true(void **state)
{
    (void)state;
    RUN(1, 1, set_twice);
}

static void cancel(struct world *world)
{
    (void)world;
    prepare(NotificationTimer);
    KeSetTimer(&timer, in_ms(3), &dpc);
    assert_true(KeCancelTimer(&timer));
    assert_false(KeCancelTimer(&timer));
    sleep_ms(6);
    assert_int_equal(ran, 0);
    assert_false(KeReadStateTimer(&timer));
}

static void a_cancelled_timer_never_expires(void **state)
{
    (void)state;
    RUN(1, 1, cancel);
}

static void periodic(struct world *world)
{
    (void)world;
    prepare(SynchronizationTimer);
    KeSetTimerEx(&timer, in_ms(1), 2, &dpc);
    for (int i = 0; i < 5; i++)
        assert_int_equal(wait_for(&timer), STATUS_SUCCESS);
    assert_in_range(now_us(), 9000, 11000);
    assert_true(KeCancelTimer(&timer));
    sleep_ms(10);
    assert_int_equal(ran, 5);
}

static void a_periodic_timer_expires_until_it_is_cancelled(void **state)
{
    (void)state;
    RUN(1, 1, periodic);
}

static void absolute(struct world *world)
{
    LARGE_INTEGER due;
    uint64_t before_us = now_us();

    (void)world;
    prepare(NotificationTimer);
    KeQuerySystemTimePrecise(&due);
    due.QuadPart += 40000;
    KeSetTimer(&timer, due, NULL);
    assert_int_equal(wait_for(&timer), STATUS_SUCCESS);
    assert_in_range(now_us() - before_us, 4000, 5001);
    due.QuadPart -= 100000000;
    before_us = now_us();
    KeSetTimer(&timer, due, NULL);
    assert_int_equal(wait_for(&timer), STATUS_SUCCESS);
    assert_in_range(now_us() - before_us, 0, 10);
}

static void system_times_are_due_when_they_come_and_past_ones_at_once(void **state)
{
    (void)state;
    RUN(1, 1, absolute);
}

static void grid(struct world *world)
{
    LARGE_INTEGER due = {.QuadPart = -10001};

    (void)world;
    prepare(NotificationTimer);
    KeSetCoalescableTimer(&timer, due, 0, 5, NULL);
    wait_for(&timer);
    assert_in_range(sim_now_ns(ke_sim(world->ke)) % 1000000, 0, 5000);
}

static void timers_expire_on_the_tick_of_one_millisecond(void **state)
{
    (void)state;
    RUN(1, 1, grid);
}

static void targeted(struct world *world)
{
    (void)world;
    prepare(NotificationTimer);
    KeSetTargetProcessorDpc(&dpc, 2);
    KeSetTimer(&timer, in_ms(1), &dpc);
    sleep_ms(3);
    assert_int_equal(ran, 1);
    assert_int_equal(ran_on, 2);
}

static void the_dpc_of_a_timer_runs_on_its_target(void **state)
{
    (void)state;
    RUN(1, 4, targeted);
}

static void set_and_search(struct world *world)
{
    uint64_t found = 0;

    prepare(NotificationTimer);
    assert_false(ke_timer_in(world->ke, (uint64_t)&timer, sizeof timer, &found));
    KeSetTimer(&timer, in_ms(1), NULL);
    assert_true(ke_timer_in(world->ke, (uint64_t)&timer - 8, sizeof timer, &found));
    assert_int_equal(found, (uint64_t)&timer);
    sleep_ms(3);
    assert_false(ke_timer_in(world->ke, (uint64_t)&timer, sizeof timer, &found));
}

static void memory_that_holds_a_set_timer_is_known(void **state)
{
    (void)state;
    RUN(1, 1, set_and_search);
}

static void overwrite_set(struct world *world)
{
    (void)world;
    prepare(NotificationTimer);
    KeSetTimer(&timer, in_ms(1), NULL);
    timer.Header.WaitListHead.Flink = NULL;
    sleep_ms(3);
}

static void a_timer_overwritten_while_set_is_bug_check_a(void **state)
{
    (void)state;
    RUN_INTO_BUG_CHECK(1, 1, overwrite_set, 0x0A);
}

static void leave_set(struct world *world)
{
    (void)world;
    prepare(NotificationTimer);
    KeSetTimerEx(&timer, in_ms(100), 100, &dpc);
}

static void a_world_may_end_with_timers_set(void **state)
{
    (void)state;
    RUN(1, 1, leave_set);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_is_signalled_when_due_and_queues_its_dpc),
        cmocka_unit_test(setting_a_queued_timer_returns_true),
        cmocka_unit_test(a_cancelled_timer_never_expires),
        cmocka_unit_test(a_periodic_timer_expires_until_it_is_cancelled),
        cmocka_unit_test(system_times_are_due_when_they_come_and_past_ones_at_once),
        cmocka_unit_test(timers_expire_on_the_tick_of_one_millisecond),
        cmocka_unit_test(the_dpc_of_a_timer_runs_on_its_target),
        cmocka_unit_test(memory_that_holds_a_set_timer_is_known),
        cmocka_unit_test(a_timer_overwritten_while_set_is_bug_check_a),
        cmocka_unit_test(a_world_may_end_with_timers_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
