/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static void states(struct world *world)
{
    KEVENT event;

    (void)world;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    assert_int_equal(KeReadStateEvent(&event), 1);
    assert_int_equal(KeResetEvent(&event), 1);
    assert_int_equal(KeResetEvent(&event), 0);
    assert_int_equal(KeSetEvent(&event, 0, FALSE), 0);
    assert_int_equal(KeSetEvent(&event, 0, FALSE), 1);
    assert_int_equal(wait_ms(&event, 0), STATUS_SUCCESS);
    assert_int_equal(KeReadStateEvent(&event), 1);
    KeClearEvent(&event);
    assert_int_equal(wait_ms(&event, 0), STATUS_TIMEOUT);
    assert_int_equal(KePulseEvent(&event, 0, FALSE), 0);
    assert_int_equal(KeReadStateEvent(&event), 0);
}

static void setting_and_resetting_return_the_state_before(void **state)
{
    (void)state;
    RUN(1, 1, states);
}

static void synchronization(struct world *world)
{
    KEVENT event;

    (void)world;
    KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    assert_int_equal(wait_for(&event), STATUS_SUCCESS);
    assert_int_equal(KeReadStateEvent(&event), 0);
    assert_int_equal(wait_ms(&event, 0), STATUS_TIMEOUT);
}

static void a_wait_resets_a_synchronization_event(void **state)
{
    (void)state;
    RUN(1, 1, synchronization);
}

static KEVENT gate;
static unsigned passed;

static void pass_gate(void *ctx)
{
    (void)ctx;
    assert_int_equal(wait_for(&gate), STATUS_SUCCESS);
    passed++;
}

static void start_waiters(struct world *world, struct ke_thread *threads[3], EVENT_TYPE type)
{
    passed = 0;
    KeInitializeEvent(&gate, type, FALSE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ke_thread_start(world->ke, "waiter", pass_gate, NULL, &threads[i]), 0);
    sleep_ms(1);
    assert_int_equal(passed, 0);
}

static void notify_all(struct world *world)
{
    struct ke_thread *threads[3];

    start_waiters(world, threads, NotificationEvent);
    KeSetEvent(&gate, 0, FALSE);
    sleep_ms(1);
    assert_int_equal(passed, 3);
    for (int i = 0; i < 3; i++)
        ke_thread_join(threads[i]);
}

static void a_notification_event_lets_all_waiters_go(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++)
        RUN(seed, 1 + seed % 4, notify_all);
}

static void notify_one(struct world *world)
{
    struct ke_thread *threads[3];

    start_waiters(world, threads, SynchronizationEvent);
    for (unsigned i = 1; i <= 3; i++) {
        KeSetEvent(&gate, 0, FALSE);
        sleep_ms(1);
        assert_int_equal(passed, i);
    }
    for (int i = 0; i < 3; i++)
        ke_thread_join(threads[i]);
}

static void a_synchronization_event_lets_one_waiter_go(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++)
        RUN(seed, 1 + seed % 4, notify_one);
}

static void pulse(struct world *world)
{
    struct ke_thread *threads[3];

    start_waiters(world, threads, NotificationEvent);
    KePulseEvent(&gate, 0, FALSE);
    assert_int_equal(KeReadStateEvent(&gate), 0);
    for (int i = 0; i < 3; i++)
        ke_thread_join(threads[i]);
    assert_int_equal(passed, 3);
}

static void a_pulse_lets_waiters_go_and_resets(void **state)
{
    (void)state;
    RUN(2, 2, pulse);
}

static void set_and_wait(struct world *world)
{
    KEVENT own;
    struct ke_thread *threads[3];

    start_waiters(world, threads, NotificationEvent);
    KeInitializeEvent(&own, NotificationEvent, TRUE);
    KeSetEvent(&gate, 0, TRUE);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    assert_int_equal(wait_for(&own), STATUS_SUCCESS);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    for (int i = 0; i < 3; i++)
        ke_thread_join(threads[i]);
}

static void setting_with_wait_keeps_irql_up_until_the_wait(void **state)
{
    (void)state;
    RUN(2, 1, set_and_wait);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_and_resetting_return_the_state_before),
        cmocka_unit_test(a_wait_resets_a_synchronization_event),
        cmocka_unit_test(a_notification_event_lets_all_waiters_go),
        cmocka_unit_test(a_synchronization_event_lets_one_waiter_go),
        cmocka_unit_test(a_pulse_lets_waiters_go_and_resets),
        cmocka_unit_test(setting_with_wait_keeps_irql_up_until_the_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
