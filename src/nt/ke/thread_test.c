/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static unsigned ran;

static void run_once(void *ctx)
{
    (void)ctx;
    ran++;
}

static void life(struct world *world)
{
    struct ke_thread *thread;
    PKTHREAD object;

    ran = 0;
    assert_int_equal(ke_thread_start(world->ke, "once", run_once, NULL, &thread), 0);
    object = ke_thread_object(thread);
    assert_true(sim_is_guest_visible((uint64_t)object));
    assert_ptr_equal(ke_thread_of(world->ke, object), thread);
    assert_int_equal(object->Header.Type, KOBJECT_THREAD);
    assert_string_equal(ke_thread_name(thread), "once");
    assert_int_equal(wait_for(object), STATUS_SUCCESS);
    assert_int_equal(wait_for(object), STATUS_SUCCESS); /* it stays signalled */
    assert_int_equal(ran, 1);
    assert_int_equal(ke_thread_exit_status(thread), STATUS_SUCCESS);
    ke_thread_join(thread);
    assert_null(ke_thread_of(world->ke, object));
    assert_null(ke_thread_of(world->ke, (PKTHREAD)world));
}

static void a_thread_runs_ends_and_is_signalled(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++)
        RUN(seed, 1 + seed % 3, life);
}

static void hold(struct world *world)
{
    struct ke_thread_config config = {.name = "held", .fn = run_once, .priority = 15, .held = true};
    struct ke_thread *thread;

    ran = 0;
    assert_int_equal(ke_thread_create(world->ke, &config, &thread), 0);
    sleep_ms(1);
    assert_int_equal(ran, 0);
    ke_thread_release(thread);
    ke_thread_join(thread);
    assert_int_equal(ran, 1);
}

static void a_held_thread_runs_when_it_is_released(void **state)
{
    (void)state;
    RUN(1, 1, hold);
    RUN(1, 2, hold);
}

static void end_early(void *ctx)
{
    (void)ctx;
    ke_thread_exit(STATUS_CANCELLED);
}

static void statuses(struct world *world)
{
    struct ke_thread *thread;

    assert_int_equal(ke_thread_start(world->ke, "early", end_early, NULL, &thread), 0);
    assert_int_equal(ke_thread_exit_status(thread), STATUS_PENDING);
    wait_for(ke_thread_object(thread));
    assert_int_equal(ke_thread_exit_status(thread), STATUS_CANCELLED);
    ke_thread_unref(thread);
    assert_ptr_equal(ke_thread_object(ke_thread_current()), KeGetCurrentThread());
    assert_int_equal(ke_thread_id(ke_thread_current()), 1);
}

static void a_thread_may_end_early_with_a_status(void **state)
{
    (void)state;
    RUN(1, 1, statuses);
}

static void many(struct world *world)
{
    ran = 0;
    for (int i = 0; i < 3000; i++) {
        struct ke_thread *thread;

        assert_int_equal(ke_thread_start(world->ke, "short", run_once, NULL, &thread), 0);
        ke_thread_join(thread);
    }
    assert_int_equal(ran, 3000);
}

static void slots_serve_again(void **state)
{
    (void)state;
    RUN(1, 2, many);
}

static KEVENT release;

static void wait_for_release(void *ctx)
{
    (void)ctx;
    wait_for(&release);
}

static void too_many(struct world *world)
{
    unsigned started = 0;
    struct ke_thread *thread = NULL;
    int error;

    KeInitializeEvent(&release, NotificationEvent, FALSE);
    while ((error = ke_thread_start(world->ke, "waiter", wait_for_release, NULL, NULL)) == 0)
        started++;
    assert_int_equal(error, -EAGAIN);
    assert_in_range(started, 1000, 1024);
    KeSetEvent(&release, 0, FALSE);
    sleep_ms(1);
    assert_int_equal(ke_thread_start(world->ke, "after", run_once, NULL, &thread), 0);
    ke_thread_join(thread);
}

static void there_is_a_limit_and_ended_threads_make_room(void **state)
{
    (void)state;
    RUN(1, 2, too_many);
}

static void fail_first(struct world *world)
{
    assert_int_equal(sim_fault_arm(world->sim, "thread", 1), 0);
    assert_int_equal(ke_thread_start(world->ke, "refused", run_once, NULL, NULL), -EAGAIN);
    assert_int_equal(ke_thread_start(world->ke, "accepted", run_once, NULL, NULL), 0);
}

static void creation_can_be_made_to_fail(void **state)
{
    (void)state;
    RUN(1, 1, fail_first);
}

static void end_in_region(void *ctx)
{
    (void)ctx;
    KeEnterCriticalRegion();
}

static void in_region(struct world *world)
{
    assert_int_equal(ke_thread_start(world->ke, "region", end_in_region, NULL, NULL), 0);
    sleep_ms(1);
}

static void end_at_dispatch(void *ctx)
{
    (void)ctx;
    KfRaiseIrql(DISPATCH_LEVEL);
    ke_thread_exit(STATUS_SUCCESS);
}

static void at_dispatch(struct world *world)
{
    assert_int_equal(ke_thread_start(world->ke, "raised", end_at_dispatch, NULL, NULL), 0);
    sleep_ms(1);
}

static void ending_at_dispatch_level_is_a_bug_check(void **state)
{
    (void)state;
    RUN_INTO_BUG_CHECK(1, 1, at_dispatch, 0x0A);
}

static void ending_in_a_critical_region_is_bug_check_20(void **state)
{
    (void)state;
    RUN_INTO_BUG_CHECK(1, 1, in_region, 0x20);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_runs_ends_and_is_signalled),
        cmocka_unit_test(a_held_thread_runs_when_it_is_released),
        cmocka_unit_test(a_thread_may_end_early_with_a_status),
        cmocka_unit_test(slots_serve_again),
        cmocka_unit_test(there_is_a_limit_and_ended_threads_make_room),
        cmocka_unit_test(creation_can_be_made_to_fail),
        cmocka_unit_test(ending_at_dispatch_level_is_a_bug_check),
        cmocka_unit_test(ending_in_a_critical_region_is_bug_check_20),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
