/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

enum { LINE = 100, OTHER_LINE = 101, MESSAGE = 200 };

/* A device of ours: it holds its line until its routine calms it. */
struct device {
    bool pending;
    bool stuck;
    uint32_t vector;
    unsigned calls;
    unsigned messages;
    KIRQL irql;
    KEVENT done;
    KDPC dpc;
    struct ke_interrupt *interrupt;
};

static struct device devices[2];
static const void *const object_a = (const void *)UINT64_C(0x300000001000);
static const void *const object_b = (const void *)UINT64_C(0x300000002000);

static BOOLEAN NTAPI service(struct _KINTERRUPT *object, PVOID context)
{
    struct device *device = context;

    assert_true((const void *)object == object_a || (const void *)object == object_b);
    device->calls++;
    device->irql = KeGetCurrentIrql();
    if (device->stuck)
        return TRUE;
    if (!device->pending)
        return FALSE;
    device->pending = false;
    ke_vector_set_level(ke_current(), device->vector,
                        devices[0].pending || devices[1].pending);
    KeInsertQueueDpc(&device->dpc, NULL, NULL);
    return TRUE;
}

static BOOLEAN NTAPI service_message(struct _KINTERRUPT *object, PVOID context, ULONG message)
{
    struct device *device = context;

    (void)object;
    device->calls++;
    device->messages += message;
    KeInsertQueueDpc(&device->dpc, NULL, NULL);
    return TRUE;
}

static void NTAPI signal_done(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    struct device *device = context;

    (void)dpc;
    (void)argument1;
    (void)argument2;
    KeSetEvent(&device->done, 1, FALSE);
}

static struct ke_interrupt_config config_for(struct device *device, uint32_t vector)
{
    *device = (struct device){.vector = vector};
    KeInitializeEvent(&device->done, SynchronizationEvent, FALSE);
    KeInitializeDpc(&device->dpc, signal_done, device);
    return (struct ke_interrupt_config){
        .vector = vector,
        .irql = 6,
        .synchronize_irql = 6,
        .level_triggered = true,
        .shared = true,
        .routine = (const void *)service,
        .context = device,
        .kinterrupt = (void *)(device == &devices[0] ? object_a : object_b),
    };
}

static void raise_line(void *ctx)
{
    struct device *device = ctx;

    device->pending = true;
    ke_vector_set_level(ke_current(), device->vector, true);
}

static void arm(struct world *world, struct sim_event *event, sim_event_fn *fn, void *ctx,
                uint64_t delay_ns)
{
    sim_event_init(event, fn, ctx);
    sim_event_arm(world->sim, event, sim_now_ns(world->sim) + delay_ns);
}

static void line(struct world *world)
{
    struct ke_interrupt_config config = config_for(&devices[0], LINE);
    struct sim_event event;

    assert_int_equal(ke_interrupt_connect(&config, &devices[0].interrupt), STATUS_SUCCESS);
    for (unsigned i = 1; i <= 5; i++) {
        arm(world, &event, raise_line, &devices[0], 10000);
        assert_int_equal(wait_for(&devices[0].done), STATUS_SUCCESS);
        assert_int_equal(devices[0].calls, i);
    }
    assert_int_equal(devices[0].irql, 6);
    ke_interrupt_disconnect(devices[0].interrupt);
    world_drain(world);
    assert_int_equal(world->events[TRACE_interrupt], 5);
}

static void a_line_calls_the_routine_whose_dpc_wakes_a_thread(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++)
        RUN(seed, 1 + seed % 4, line);
}

static void masked(struct world *world)
{
    struct ke_interrupt_config config = config_for(&devices[0], LINE);
    KIRQL old;

    (void)world;
    assert_int_equal(ke_interrupt_connect(&config, &devices[0].interrupt), STATUS_SUCCESS);
    KeRaiseIrql(6, &old);
    raise_line(&devices[0]);
    for (int i = 0; i < 100; i++)
        ke_yield();
    assert_int_equal(devices[0].calls, 0);
    KeLowerIrql(old);
    assert_int_equal(devices[0].calls, 1);
    ke_interrupt_disconnect(devices[0].interrupt);
}

static void an_interrupt_waits_for_irql_to_fall(void **state)
{
    (void)state;
    RUN(1, 1, masked);
}

static void withdrawn(struct world *world)
{
    struct ke_interrupt_config config = config_for(&devices[0], LINE);
    KIRQL old;

    assert_int_equal(ke_interrupt_connect(&config, &devices[0].interrupt), STATUS_SUCCESS);
    KeRaiseIrql(HIGH_LEVEL, &old);
    ke_vector_set_level(world->ke, LINE, true);
    ke_vector_set_level(world->ke, LINE, false);
    KeLowerIrql(old);
    assert_int_equal(devices[0].calls, 0);
    ke_interrupt_disconnect(devices[0].interrupt);
}

static void a_line_that_falls_before_delivery_interrupts_nobody(void **state)
{
    (void)state;
    RUN(1, 1, withdrawn);
}

static void shared(struct world *world)
{
    struct ke_interrupt_config a = config_for(&devices[0], LINE);
    struct ke_interrupt_config b = config_for(&devices[1], LINE);
    KIRQL old;

    (void)world;
    assert_int_equal(ke_interrupt_connect(&a, &devices[0].interrupt), STATUS_SUCCESS);
    assert_int_equal(ke_interrupt_connect(&b, &devices[1].interrupt), STATUS_SUCCESS);
    KeRaiseIrql(HIGH_LEVEL, &old);
    raise_line(&devices[1]);
    KeLowerIrql(old);
    assert_int_equal(wait_for(&devices[1].done), STATUS_SUCCESS);
    assert_int_equal(devices[0].calls, 1); /* asked first, did not claim */
    assert_int_equal(devices[1].calls, 1);
    KeRaiseIrql(HIGH_LEVEL, &old);
    raise_line(&devices[0]);
    raise_line(&devices[1]);
    KeLowerIrql(old);
    assert_int_equal(wait_for(&devices[0].done), STATUS_SUCCESS);
    assert_int_equal(wait_for(&devices[1].done), STATUS_SUCCESS);
    ke_interrupt_disconnect(devices[0].interrupt);
    ke_interrupt_disconnect(devices[1].interrupt);
}

static void routines_on_a_shared_line_are_asked_until_one_claims(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++)
        RUN(seed, 1 + seed % 2, shared);
}

static void refusals(struct world *world)
{
    struct ke_interrupt_config good = config_for(&devices[0], LINE);
    struct ke_interrupt_config bad = config_for(&devices[1], LINE);
    struct ke_interrupt *none = NULL;

    (void)world;
    assert_int_equal(ke_interrupt_connect(&good, &devices[0].interrupt), STATUS_SUCCESS);
    bad.shared = false;
    assert_int_equal(ke_interrupt_connect(&bad, &none), STATUS_INVALID_PARAMETER);
    bad.shared = true;
    bad.synchronize_irql = 5;
    assert_int_equal(ke_interrupt_connect(&bad, &none), STATUS_INVALID_PARAMETER);
    bad.synchronize_irql = 6;
    bad.irql = PASSIVE_LEVEL;
    assert_int_equal(ke_interrupt_connect(&bad, &none), STATUS_INVALID_PARAMETER);
    bad.irql = 6;
    bad.routine = NULL;
    assert_int_equal(ke_interrupt_connect(&bad, &none), STATUS_INVALID_PARAMETER);
    assert_null(none);
    ke_interrupt_disconnect(devices[0].interrupt);
}

static void connections_that_cannot_be_are_refused(void **state)
{
    (void)state;
    RUN(1, 1, refusals);
}

static void connect_late(struct world *world)
{
    struct ke_interrupt_config config = config_for(&devices[0], LINE);

    (void)world;
    raise_line(&devices[0]);
    sleep_ms(1);
    assert_int_equal(ke_interrupt_connect(&config, &devices[0].interrupt), STATUS_SUCCESS);
    assert_int_equal(wait_for(&devices[0].done), STATUS_SUCCESS);
    ke_interrupt_disconnect(devices[0].interrupt);
}

static void a_line_that_is_up_interrupts_as_soon_as_it_is_connected(void **state)
{
    (void)state;
    RUN(1, 2, connect_late);
}

static void send_message(void *ctx)
{
    (void)ctx;
    ke_vector_pulse(ke_current(), MESSAGE);
}

static void messages(struct world *world)
{
    struct ke_interrupt_config config = config_for(&devices[0], MESSAGE);
    struct sim_event event;
    KIRQL old;

    config.level_triggered = false;
    config.shared = false;
    config.message_routine = true;
    config.message = 3;
    config.routine = (const void *)service_message;
    assert_int_equal(ke_interrupt_connect(&config, &devices[0].interrupt), STATUS_SUCCESS);
    arm(world, &event, send_message, NULL, 1000);
    assert_int_equal(wait_for(&devices[0].done), STATUS_SUCCESS);
    assert_int_equal(devices[0].messages, 3);
    KeRaiseIrql(HIGH_LEVEL, &old);
    send_message(NULL);
    send_message(NULL);
    KeLowerIrql(old);
    assert_int_equal(wait_for(&devices[0].done), STATUS_SUCCESS);
    assert_int_equal(devices[0].calls, 2); /* two before delivery are one */
    ke_interrupt_disconnect(devices[0].interrupt);
}

static void a_message_is_delivered_once_with_its_number(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++)
        RUN(seed, 1 + seed % 3, messages);
}

static BOOLEAN NTAPI in_step(PVOID context)
{
    unsigned before = devices[0].calls;

    assert_int_equal(KeGetCurrentIrql(), 8);
    raise_line(&devices[0]);
    for (int i = 0; i < 200; i++)
        ke_yield();
    assert_int_equal(devices[0].calls, before);
    return *(BOOLEAN *)context;
}

static void synchronize(struct world *world)
{
    struct ke_interrupt_config config = config_for(&devices[0], LINE);
    BOOLEAN yes = TRUE;
    KIRQL old;

    (void)world;
    config.synchronize_irql = 8;
    assert_int_equal(ke_interrupt_connect(&config, &devices[0].interrupt), STATUS_SUCCESS);
    assert_true(KeSynchronizeExecution((PKINTERRUPT)object_a, in_step, &yes));
    assert_int_equal(wait_for(&devices[0].done), STATUS_SUCCESS);
    assert_int_equal(devices[0].irql, 8);
    old = KeAcquireInterruptSpinLock((PKINTERRUPT)object_a);
    assert_int_equal(old, PASSIVE_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), 8);
    KeReleaseInterruptSpinLock((PKINTERRUPT)object_a, old);
    ke_interrupt_disconnect(devices[0].interrupt);
}

static void no_routine_runs_while_another_is_synchronized_with_it(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++)
        RUN(seed, 1 + seed % 4, synchronize);
}

static unsigned nested_calls;
static unsigned high_within_low;
static bool in_low;

static BOOLEAN NTAPI service_low(struct _KINTERRUPT *object, PVOID context)
{
    (void)object;
    (void)context;
    in_low = true;
    devices[0].pending = false;
    ke_vector_set_level(ke_current(), LINE, false);
    ke_vector_set_level(ke_current(), OTHER_LINE, true);
    ke_yield();
    in_low = false;
    return TRUE;
}

static BOOLEAN NTAPI service_high(struct _KINTERRUPT *object, PVOID context)
{
    (void)object;
    (void)context;
    nested_calls++;
    high_within_low += in_low;
    ke_vector_set_level(ke_current(), OTHER_LINE, false);
    return TRUE;
}

static void nest(struct world *world)
{
    struct ke_interrupt_config low = config_for(&devices[0], LINE);
    struct ke_interrupt_config high = config_for(&devices[1], OTHER_LINE);

    (void)world;
    nested_calls = high_within_low = 0;
    low.routine = (const void *)service_low;
    high.routine = (const void *)service_high;
    high.irql = high.synchronize_irql = 9;
    assert_int_equal(ke_interrupt_connect(&low, &devices[0].interrupt), STATUS_SUCCESS);
    assert_int_equal(ke_interrupt_connect(&high, &devices[1].interrupt), STATUS_SUCCESS);
    ke_vector_set_level(world->ke, LINE, true);
    sleep_ms(1);
    assert_int_equal(nested_calls, 1);
    assert_int_equal(high_within_low, 1);
    ke_interrupt_disconnect(devices[0].interrupt);
    ke_interrupt_disconnect(devices[1].interrupt);
}

static void a_higher_interrupt_comes_between(void **state)
{
    (void)state;
    RUN(1, 1, nest);
}

static void storm(struct world *world)
{
    struct ke_interrupt_config config = config_for(&devices[0], LINE);

    devices[0].stuck = true;
    assert_int_equal(ke_interrupt_connect(&config, &devices[0].interrupt), STATUS_SUCCESS);
    ke_vector_set_level(world->ke, LINE, true);
    sleep_ms(1000);
}

static void a_line_that_nobody_calms_is_bug_check_f2(void **state)
{
    (void)state;
    RUN_INTO_BUG_CHECK(1, 1, storm, 0xF2);
    RUN_INTO_BUG_CHECK(1, 3, storm, 0xF2);
}

static void unknown_object(struct world *world)
{
    (void)world;
    KeAcquireInterruptSpinLock((PKINTERRUPT)object_a);
}

static void an_interrupt_object_that_is_none_is_a_bug_check(void **state)
{
    (void)state;
    RUN_INTO_BUG_CHECK(1, 1, unknown_object, 0x0A);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_calls_the_routine_whose_dpc_wakes_a_thread),
        cmocka_unit_test(an_interrupt_waits_for_irql_to_fall),
        cmocka_unit_test(a_line_that_falls_before_delivery_interrupts_nobody),
        cmocka_unit_test(routines_on_a_shared_line_are_asked_until_one_claims),
        cmocka_unit_test(connections_that_cannot_be_are_refused),
        cmocka_unit_test(a_line_that_is_up_interrupts_as_soon_as_it_is_connected),
        cmocka_unit_test(a_message_is_delivered_once_with_its_number),
        cmocka_unit_test(no_routine_runs_while_another_is_synchronized_with_it),
        cmocka_unit_test(a_higher_interrupt_comes_between),
        cmocka_unit_test(a_line_that_nobody_calms_is_bug_check_f2),
        cmocka_unit_test(an_interrupt_object_that_is_none_is_a_bug_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
