/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static void clocks(struct world *world)
{
    LARGE_INTEGER system;
    LARGE_INTEGER precise;
    LARGE_INTEGER frequency;
    LARGE_INTEGER counter;
    LARGE_INTEGER ticks;
    ULONG64 stamp;

    KeStallExecutionProcessor(2500700);
    counter = KeQueryPerformanceCounter(&frequency);
    assert_int_equal(frequency.QuadPart, 10000000);
    assert_int_equal(counter.QuadPart, sim_now_ns(world->sim) / 100);
    assert_int_equal(KeQueryInterruptTime(), 25000000);
    assert_int_equal(KeQueryUnbiasedInterruptTime(), 25000000);
    assert_int_equal(KeQueryInterruptTimePrecise(&stamp), (ULONG64)counter.QuadPart);
    assert_int_equal(stamp, counter.QuadPart);
    KeQuerySystemTime(&system);
    assert_int_equal(system.QuadPart, INT64_C(134116992000000000) + 25000000);
    KeQuerySystemTimePrecise(&precise);
    assert_int_equal(precise.QuadPart, INT64_C(134116992000000000) + counter.QuadPart);
    KeQueryTickCount(&ticks);
    assert_int_equal(KeQueryTimeIncrement(), 156250);
    assert_int_equal(ticks.QuadPart, 160);
    KeQueryPerformanceCounter(NULL);
}

static void all_clocks_follow_virtual_time(void **state)
{
    (void)state;
    RUN(1, 1, clocks);
}

static uint64_t woke_us[2];

static void stall_on_cpu(void *ctx)
{
    uint64_t *woke = ctx;

    KeSetSystemAffinityThread(woke == &woke_us[0] ? 1 : 2);
    KeStallExecutionProcessor(1000);
    *woke = now_us();
}

static void stalls(struct world *world)
{
    struct ke_thread *threads[2];
    uint64_t before_us = now_us();

    for (int i = 0; i < 2; i++)
        assert_int_equal(
            ke_thread_start(world->ke, "staller", stall_on_cpu, &woke_us[i], &threads[i]), 0);
    for (int i = 0; i < 2; i++)
        ke_thread_join(threads[i]);
    for (int i = 0; i < 2; i++)
        assert_in_range(woke_us[i] - before_us, 1000, 1010);
}

static void processors_stall_side_by_side(void **state)
{
    (void)state;
    RUN(1, 3, stalls);
}

static void auxiliary(struct world *world)
{
    ULONG64 value = 5;

    (void)world;
    assert_int_equal(KeQueryAuxiliaryCounterFrequency(NULL), STATUS_NOT_SUPPORTED);
    assert_int_equal(KeConvertAuxiliaryCounterToPerformanceCounter(1, &value, NULL),
                     STATUS_NOT_SUPPORTED);
    assert_int_equal(KeConvertPerformanceCounterToAuxiliaryCounter(1, &value, NULL),
                     STATUS_NOT_SUPPORTED);
    assert_int_equal(value, 5);
}

static void there_is_no_auxiliary_counter(void **state)
{
    (void)state;
    RUN(1, 1, auxiliary);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_clocks_follow_virtual_time),
        cmocka_unit_test(there_is_no_auxiliary_counter),
        cmocka_unit_test(processors_stall_side_by_side),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
