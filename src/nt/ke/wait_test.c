/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static NTSTATUS wait_many(ULONG count, void **objects, WAIT_TYPE type, int64_t ms)
{
    LARGE_INTEGER timeout = in_ms(ms);
    KWAIT_BLOCK blocks[MAXIMUM_WAIT_OBJECTS];

    return KeWaitForMultipleObjects(count, objects, type, Executive, KernelMode, FALSE,
                                    ms < 0 ? NULL : &timeout,
                                    count > THREAD_WAIT_OBJECTS ? blocks : NULL);
}

static void timeouts(struct world *world)
{
    KEVENT event;
    LARGE_INTEGER absolute;
    uint64_t before_us;

    (void)world;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    before_us = now_us();
    assert_int_equal(wait_ms(&event, 5), STATUS_TIMEOUT);
    assert_in_range(now_us() - before_us, 5000, 6001);
    KeQuerySystemTimePrecise(&absolute);
    absolute.QuadPart += 70000;
    before_us = now_us();
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &absolute),
                     STATUS_TIMEOUT);
    assert_in_range(now_us() - before_us, 7000, 8001);
    absolute.QuadPart = 1; /* long ago */
    before_us = now_us();
    assert_int_equal(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &absolute),
                     STATUS_TIMEOUT);
    assert_in_range(now_us() - before_us, 0, 10);
    assert_true(IsListEmpty(&event.Header.WaitListHead));
}

static void a_wait_ends_at_its_timeout_and_not_before(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++)
        RUN(seed, 1 + seed % 2, timeouts);
}

static KEVENT events[4];

static void set_third_later(void *ctx)
{
    (void)ctx;
    sleep_ms(2);
    KeSetEvent(&events[2], 0, FALSE);
    sleep_ms(2);
    KeSetEvent(&events[0], 0, FALSE);
}

static void init_events(EVENT_TYPE type)
{
    for (int i = 0; i < 4; i++)
        KeInitializeEvent(&events[i], type, FALSE);
}

static void any_and_all(struct world *world)
{
    void *objects[4] = {&events[0], &events[1], &events[2], &events[3]};
    struct ke_thread *thread;

    init_events(SynchronizationEvent);
    assert_int_equal(wait_many(4, objects, WaitAny, 1), STATUS_TIMEOUT);
    assert_int_equal(ke_thread_start(world->ke, "setter", set_third_later, NULL, &thread), 0);
    assert_int_equal(wait_many(3, objects, WaitAny, -1), STATUS_WAIT_0 + 2);
    assert_int_equal(KeReadStateEvent(&events[2]), 0);
    assert_int_equal(wait_many(4, objects, WaitAny, -1), STATUS_WAIT_0);
    for (int i = 0; i < 4; i++)
        assert_true(IsListEmpty(&events[i].Header.WaitListHead));
    ke_thread_join(thread);
}

static void a_wait_for_any_tells_which_object_it_was(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++)
        RUN(seed, 1 + seed % 3, any_and_all);
}

static void set_all_slowly(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 4; i++) {
        sleep_ms(1);
        if (i > 0)
            assert_int_equal(KeReadStateEvent(&events[i - 1]), 1); /* nothing is taken early */
        KeSetEvent(&events[i], 0, FALSE);
    }
}

static void all(struct world *world)
{
    void *objects[4] = {&events[0], &events[1], &events[2], &events[3]};
    struct ke_thread *thread;

    init_events(SynchronizationEvent);
    assert_int_equal(ke_thread_start(world->ke, "setter", set_all_slowly, NULL, &thread), 0);
    assert_int_equal(wait_many(4, objects, WaitAll, -1), STATUS_SUCCESS);
    for (int i = 0; i < 4; i++)
        assert_int_equal(KeReadStateEvent(&events[i]), 0);
    ke_thread_join(thread);
    KeSetEvent(&events[1], 0, FALSE);
    assert_int_equal(wait_many(2, objects, WaitAll, 2), STATUS_TIMEOUT);
    assert_int_equal(KeReadStateEvent(&events[1]), 1);
}

static void a_wait_for_all_takes_nothing_until_all_are_signalled(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++)
        RUN(seed, 1 + seed % 3, all);
}

static void too_many(struct world *world)
{
    void *objects[4] = {&events[0], &events[1], &events[2], &events[3]};

    (void)world;
    init_events(NotificationEvent);
    KeWaitForMultipleObjects(4, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
}

static void four_objects_without_wait_blocks_are_bug_check_c(void **state)
{
    (void)state;
    RUN_INTO_BUG_CHECK(1, 1, too_many, 0x0C);
}

static void poll_at_dispatch(struct world *world)
{
    KEVENT event;
    KIRQL old;

    (void)world;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(wait_ms(&event, 0), STATUS_TIMEOUT);
    KeSetEvent(&event, 0, FALSE);
    assert_int_equal(wait_ms(&event, 0), STATUS_SUCCESS);
    KeLowerIrql(old);
}

static void asking_without_waiting_is_fine_at_dispatch_level(void **state)
{
    (void)state;
    RUN(1, 1, poll_at_dispatch);
}

static void wait_satisfied_at_dispatch(struct world *world)
{
    KEVENT event;
    KIRQL old;

    (void)world;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_int_equal(wait_for(&event), STATUS_SUCCESS);
    KeLowerIrql(old);
}

static void a_wait_at_dispatch_level_is_a_finding_even_when_satisfied(void **state)
{
    struct world world;

    (void)state;
    world_live(&world, 1, 1, wait_satisfied_at_dispatch);
    assert_int_equal(world.rules[VERIFY_wait_at_dispatch], 1);
    assert_int_equal(world.stopped, KE_STOP_DONE);
}

static void block_at_dispatch(struct world *world)
{
    KEVENT event;

    (void)world;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KfRaiseIrql(DISPATCH_LEVEL);
    wait_for(&event);
}

static void blocking_at_dispatch_level_is_bug_check_a(void **state)
{
    (void)state;
    RUN_INTO_BUG_CHECK(1, 1, block_at_dispatch, 0x0A);
}

static void NTAPI block_in_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)dpc;
    (void)argument1;
    (void)argument2;
    wait_for(context);
}

static void block_there(struct world *world)
{
    KEVENT event;
    KDPC dpc;

    (void)world;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeDpc(&dpc, block_in_dpc, &event);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    sleep_ms(1);
}

static void blocking_in_a_dpc_is_bug_check_b8(void **state)
{
    (void)state;
    RUN_INTO_BUG_CHECK(1, 1, block_there, 0xB8);
}

static void delays(struct world *world)
{
    uint64_t before_us = now_us();
    LARGE_INTEGER interval = {.QuadPart = -1};

    (void)world;
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
    assert_in_range(now_us() - before_us, 0, 1001);
    sleep_ms(10);
    assert_in_range(now_us() - before_us, 10000, 12002);
    interval.QuadPart = 0;
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
    assert_in_range(now_us() - before_us, 10000, 12003);
}

static void delays_last_to_the_next_tick(void **state)
{
    (void)state;
    RUN(1, 1, delays);
}

static void wait_for_ever(struct world *world)
{
    KEVENT event;

    (void)world;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    wait_for(&event);
}

static void a_wait_that_nobody_can_end_is_a_stall(void **state)
{
    struct world world;

    (void)state;
    world_live(&world, 1, 2, wait_for_ever);
    assert_int_equal(world.stopped, SIM_STOPPED_BY_STALL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_ends_at_its_timeout_and_not_before),
        cmocka_unit_test(a_wait_for_any_tells_which_object_it_was),
        cmocka_unit_test(a_wait_for_all_takes_nothing_until_all_are_signalled),
        cmocka_unit_test(four_objects_without_wait_blocks_are_bug_check_c),
        cmocka_unit_test(asking_without_waiting_is_fine_at_dispatch_level),
        cmocka_unit_test(a_wait_at_dispatch_level_is_a_finding_even_when_satisfied),
        cmocka_unit_test(blocking_at_dispatch_level_is_bug_check_a),
        cmocka_unit_test(blocking_in_a_dpc_is_bug_check_b8),
        cmocka_unit_test(delays_last_to_the_next_tick),
        cmocka_unit_test(a_wait_that_nobody_can_end_is_a_stall),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
