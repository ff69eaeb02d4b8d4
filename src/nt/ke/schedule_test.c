/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

enum { WORKERS = 4 };

static char order[64];
static unsigned length;

static void append(char letter)
{
    order[length++] = letter;
    order[length] = 0;
}

/* ---- Determinism ----------------------------------------------------------------------------- */

static KSPIN_LOCK lock;
static KEVENT start;
static KTIMER timer;
static KDPC dpc;
static unsigned sum;

static void NTAPI on_timer(PKDPC self, PVOID context, PVOID argument1, PVOID argument2)
{
    (void)self;
    (void)context;
    (void)argument1;
    (void)argument2;
    KeSetEvent(&start, 1, FALSE);
}

static void add_up(void *ctx)
{
    (void)ctx;
    for (int i = 0; i < 30; i++) {
        KIRQL old;

        wait_for(&start);
        KeAcquireSpinLock(&lock, &old);
        sum++;
        ke_yield();
        KeReleaseSpinLock(&lock, old);
        KeStallExecutionProcessor(20);
    }
}

static void busy_world(struct world *world)
{
    struct ke_thread *threads[WORKERS];

    sum = 0;
    KeInitializeSpinLock(&lock);
    KeInitializeEvent(&start, SynchronizationEvent, FALSE);
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, on_timer, NULL);
    KeSetTimerEx(&timer, in_ms(1), 1, &dpc);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(ke_thread_start(world->ke, "worker", add_up, NULL, &threads[i]), 0);
    for (int i = 0; i < WORKERS; i++)
        ke_thread_join(threads[i]);
    assert_int_equal(sum, 30 * WORKERS);
    KeCancelTimer(&timer);
}

static uint64_t digest_of(uint64_t seed, unsigned cpus)
{
    struct world world;

    world_live(&world, seed, cpus, busy_world);
    assert_int_equal(world.stopped, KE_STOP_DONE);
    assert_int_equal(world.events[TRACE_finding], 0);
    return world.digest;
}

static void the_same_seed_gives_the_same_trace(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 6; seed++)
        assert_true(digest_of(seed, 3) == digest_of(seed, 3));
}

static void another_seed_gives_another_trace(void **state)
{
    (void)state;
    assert_true(digest_of(1, 3) != digest_of(2, 3));
}

/* ---- Priorities ------------------------------------------------------------------------------ */

static KEVENT go;

static void say_a(void *ctx)
{
    wait_for(&go);
    append(*(const char *)ctx);
}

static void by_priority(struct world *world)
{
    struct ke_thread *threads[3];
    static const char letters[3] = {'a', 'b', 'c'};
    static const KPRIORITY priorities[3] = {5, 7, 6};

    length = 0;
    KeInitializeEvent(&go, NotificationEvent, FALSE);
    for (int i = 0; i < 3; i++) {
        struct ke_thread_config config = {
            .name = "speaker",
            .fn = say_a,
            .ctx = (void *)(uintptr_t)&letters[i],
            .priority = priorities[i],
        };

        assert_int_equal(ke_thread_create(world->ke, &config, &threads[i]), 0);
    }
    sleep_ms(1);
    KeSetEvent(&go, 0, FALSE);
    assert_int_equal(length, 0); /* ours is higher */
    for (int i = 0; i < 3; i++)
        ke_thread_join(threads[i]);
    assert_string_equal(order, "bca");
}

static void threads_run_in_order_of_priority(void **state)
{
    (void)state;
    RUN(1, 1, by_priority);
}

static void preempt(struct world *world)
{
    struct ke_thread *thread;
    struct ke_thread_config config = {
        .name = "urgent",
        .fn = say_a,
        .ctx = (void *)(uintptr_t) "u",
        .priority = 12,
    };
    KIRQL old;

    length = 0;
    KeInitializeEvent(&go, SynchronizationEvent, FALSE);
    assert_int_equal(ke_thread_create(world->ke, &config, &thread), 0);
    sleep_ms(1);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeSetEvent(&go, 0, FALSE);
    assert_int_equal(length, 0); /* no switch at DISPATCH_LEVEL */
    KeLowerIrql(old);
    assert_int_equal(length, 1);
    ke_thread_join(thread);
}

static void a_higher_priority_preempts_when_irql_allows(void **state)
{
    (void)state;
    RUN(1, 1, preempt);
}

static bool stop_turning;
static unsigned turns[2];

static void turn(void *ctx)
{
    while (!stop_turning) {
        ++*(unsigned *)ctx;
        KeStallExecutionProcessor(100);
    }
}

static void quanta(struct world *world)
{
    struct ke_thread *threads[2];

    stop_turning = false;
    memset(turns, 0, sizeof turns);
    KeSetPriorityThread(KeGetCurrentThread(), 10);
    for (int i = 0; i < 2; i++)
        assert_int_equal(ke_thread_start(world->ke, "turner", turn, &turns[i], &threads[i]), 0);
    sleep_ms(1000);
    stop_turning = true;
    for (int i = 0; i < 2; i++)
        ke_thread_join(threads[i]);
    assert_in_range(turns[0], 4000, 6000);
    assert_in_range(turns[1], 4000, 6000);
}

static void equal_priorities_take_turns(void **state)
{
    (void)state;
    RUN(1, 1, quanta);
}

static void give_way(void *ctx)
{
    for (int i = 0; i < 3; i++) {
        LARGE_INTEGER zero = in_ms(0);

        append(*(const char *)ctx);
        KeDelayExecutionThread(KernelMode, FALSE, &zero);
    }
}

static void yield_quantum(struct world *world)
{
    struct ke_thread *threads[2];
    static const char letters[2] = {'a', 'b'};

    length = 0;
    for (int i = 0; i < 2; i++)
        assert_int_equal(ke_thread_start(world->ke, "giver", give_way,
                                         (void *)(uintptr_t)&letters[i], &threads[i]),
                         0);
    for (int i = 0; i < 2; i++)
        ke_thread_join(threads[i]);
    assert_string_equal(order, "ababab");
}

static void a_delay_of_zero_gives_way_to_equals(void **state)
{
    (void)state;
    RUN(1, 1, yield_quantum);
}

static void boosted(struct world *world)
{
    struct ke_thread *thread;

    length = 0;
    KeInitializeEvent(&go, SynchronizationEvent, FALSE);
    assert_int_equal(ke_thread_start(world->ke, "boosted", say_a, (void *)(uintptr_t) "x", &thread),
                     0);
    sleep_ms(1);
    KeSetEvent(&go, 2, FALSE); /* same priority, but boosted it preempts */
    assert_int_equal(length, 1);
    ke_thread_join(thread);
}

static void an_increment_boosts_the_thread_that_waited(void **state)
{
    (void)state;
    RUN(1, 1, boosted);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_trace),
        cmocka_unit_test(another_seed_gives_another_trace),
        cmocka_unit_test(threads_run_in_order_of_priority),
        cmocka_unit_test(a_higher_priority_preempts_when_irql_allows),
        cmocka_unit_test(equal_priorities_take_turns),
        cmocka_unit_test(a_delay_of_zero_gives_way_to_equals),
        cmocka_unit_test(an_increment_boosts_the_thread_that_waited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
