/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static char order[16];
static unsigned count;
static PVOID seen[3];
static ULONG cpu_seen;

static void NTAPI note(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    assert_null(dpc->DpcData);
    order[count++] = *(const char *)context;
    order[count] = 0;
    seen[0] = dpc;
    seen[1] = argument1;
    seen[2] = argument2;
    cpu_seen = KeGetCurrentProcessorNumber();
}

static void insert(struct world *world)
{
    KDPC dpc;
    int first = 1;
    int second = 2;
    KIRQL old;

    (void)world;
    count = 0;
    KeInitializeDpc(&dpc, note, "x");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    assert_true(KeInsertQueueDpc(&dpc, &first, &second));
    assert_false(KeInsertQueueDpc(&dpc, &second, &first));
    assert_int_equal(count, 0);
    KeLowerIrql(old);
    assert_int_equal(count, 1);
    assert_ptr_equal(seen[0], &dpc);
    assert_ptr_equal(seen[1], &first);
    assert_ptr_equal(seen[2], &second);
    assert_true(KeInsertQueueDpc(&dpc, NULL, NULL)); /* below DISPATCH_LEVEL it runs at once */
    assert_int_equal(count, 2);
}

static void a_dpc_runs_when_irql_falls_with_its_first_arguments(void **state)
{
    (void)state;
    RUN(1, 1, insert);
}

static void importance(struct world *world)
{
    KDPC dpcs[4];
    KIRQL old;

    (void)world;
    count = 0;
    KeInitializeDpc(&dpcs[0], note, "a");
    KeInitializeDpc(&dpcs[1], note, "b");
    KeInitializeDpc(&dpcs[2], note, "c");
    KeInitializeThreadedDpc(&dpcs[3], note, "d");
    KeSetImportanceDpc(&dpcs[1], HighImportance);
    KeSetImportanceDpc(&dpcs[2], LowImportance);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    for (int i = 0; i < 4; i++)
        KeInsertQueueDpc(&dpcs[i], NULL, NULL);
    KeLowerIrql(old);
    assert_string_equal(order, "bacd");
}

static void high_importance_goes_first_and_the_rest_in_order(void **state)
{
    (void)state;
    RUN(1, 1, importance);
}

static void removal(struct world *world)
{
    KDPC dpc;
    KIRQL old;

    (void)world;
    count = 0;
    KeInitializeDpc(&dpc, note, "x");
    assert_false(KeRemoveQueueDpc(&dpc));
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_true(KeRemoveQueueDpc(&dpc));
    assert_false(KeRemoveQueueDpc(&dpc));
    KeLowerIrql(old);
    sleep_ms(1);
    assert_int_equal(count, 0);
}

static void a_removed_dpc_does_not_run(void **state)
{
    (void)state;
    RUN(1, 1, removal);
}

static void target(struct world *world)
{
    KDPC dpc;
    PROCESSOR_NUMBER number = {.Number = 1};
    PROCESSOR_NUMBER wrong = {.Number = 9};

    (void)world;
    count = 0;
    KeInitializeDpc(&dpc, note, "x");
    KeSetTargetProcessorDpc(&dpc, 3);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    assert_int_equal(count, 1);
    assert_int_equal(cpu_seen, 3);
    assert_int_equal(KeSetTargetProcessorDpcEx(&dpc, &wrong), STATUS_INVALID_PARAMETER);
    assert_int_equal(KeSetTargetProcessorDpcEx(&dpc, &number), STATUS_SUCCESS);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    assert_int_equal(cpu_seen, 1);
}

static void a_targeted_dpc_runs_there_and_flushing_waits_for_it(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++)
        RUN(seed, 4, target);
}

static void NTAPI requeue(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)context;
    (void)argument1;
    (void)argument2;
    if (++count < 100)
        assert_true(KeInsertQueueDpc(dpc, NULL, NULL));
}

static void requeue_itself(struct world *world)
{
    KDPC dpc;
    uint64_t before_us = now_us();

    (void)world;
    count = 0;
    KeInitializeDpc(&dpc, requeue, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    assert_int_equal(count, 100);
    assert_true(now_us() > before_us);
}

static void a_dpc_may_queue_itself_and_takes_time(void **state)
{
    (void)state;
    RUN(1, 1, requeue_itself);
}

static void search(struct world *world)
{
    KDPC dpc;
    KIRQL old;
    uint64_t found = 0;

    count = 0;
    KeInitializeDpc(&dpc, note, "x");
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    assert_true(ke_dpc_in(world->ke, (uint64_t)&dpc, sizeof dpc, &found));
    assert_int_equal(found, (uint64_t)&dpc);
    KeLowerIrql(old);
    assert_false(ke_dpc_in(world->ke, (uint64_t)&dpc, sizeof dpc, &found));
}

static void memory_that_holds_a_queued_dpc_is_known(void **state)
{
    (void)state;
    RUN(1, 1, search);
}

static KEVENT set_by_event;
static KDPC queued_by_event;

static void device_event(void *ctx)
{
    (void)ctx;
    KeInsertQueueDpc(&queued_by_event, NULL, NULL);
    KeSetEvent(&set_by_event, 0, FALSE);
    assert_int_equal(count, 0);
}

static void from_event(struct world *world)
{
    struct sim_event event;

    count = 0;
    KeInitializeEvent(&set_by_event, NotificationEvent, FALSE);
    KeInitializeDpc(&queued_by_event, note, "x");
    sim_event_init(&event, device_event, NULL);
    sim_event_arm(world->sim, &event, 1000);
    wait_for(&set_by_event);
    KeFlushQueuedDpcs();
    assert_int_equal(count, 1);
}

static void what_an_event_queues_runs_after_the_event(void **state)
{
    (void)state;
    RUN(1, 1, from_event);
    RUN(2, 3, from_event);
}

static int events_at_end;

static void count_events(struct world *world)
{
    insert(world);
    world_drain(world);
    events_at_end = (int)world->events[TRACE_dpc];
}

static void each_dpc_leaves_an_event(void **state)
{
    (void)state;
    RUN(1, 1, count_events);
    assert_int_equal(events_at_end, 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dpc_runs_when_irql_falls_with_its_first_arguments),
        cmocka_unit_test(high_importance_goes_first_and_the_rest_in_order),
        cmocka_unit_test(a_removed_dpc_does_not_run),
        cmocka_unit_test(a_targeted_dpc_runs_there_and_flushing_waits_for_it),
        cmocka_unit_test(a_dpc_may_queue_itself_and_takes_time),
        cmocka_unit_test(memory_that_holds_a_queued_dpc_is_known),
        cmocka_unit_test(what_an_event_queues_runs_after_the_event),
        cmocka_unit_test(each_dpc_leaves_an_event),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
