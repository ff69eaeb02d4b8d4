/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static void counts(struct world *world)
{
    KAFFINITY affinity = 0;
    PROCESSOR_NUMBER number = {0};

    (void)world;
    assert_int_equal(KeQueryActiveProcessors(), 7);
    assert_int_equal(KeQueryActiveProcessorCount(&affinity), 3);
    assert_int_equal(KeQueryActiveProcessorCount(NULL), 3);
    assert_int_equal(affinity, 7);
    assert_int_equal(KeQueryActiveProcessorCountEx(0), 3);
    assert_int_equal(KeQueryActiveProcessorCountEx(0xFFFF), 3);
    assert_int_equal(KeQueryActiveProcessorCountEx(1), 0);
    assert_int_equal(KeQueryMaximumProcessorCount(), 3);
    assert_int_equal(KeQueryMaximumProcessorCountEx(0), 3);
    assert_int_equal(KeQueryMaximumProcessorCountEx(1), 0);
    assert_int_equal(KeQueryActiveGroupCount(), 1);
    assert_int_equal(KeQueryMaximumGroupCount(), 1);
    assert_int_equal(KeQueryGroupAffinity(0), 7);
    assert_int_equal(KeQueryGroupAffinity(1), 0);
    assert_int_equal(KeQueryHighestNodeNumber(), 0);
    assert_int_equal(KeGetCurrentNodeNumber(), 0);
    assert_int_equal(KeGetProcessorNumberFromIndex(2, &number), STATUS_SUCCESS);
    assert_int_equal(number.Number, 2);
    assert_int_equal(KeGetProcessorIndexFromNumber(&number), 2);
    assert_int_equal(KeGetProcessorNumberFromIndex(3, &number), STATUS_INVALID_PARAMETER);
    number.Group = 1;
    assert_int_equal(KeGetProcessorIndexFromNumber(&number), MAXULONG);
    assert_int_equal(KeGetRecommendedSharedDataAlignment(), 64);
    assert_true(KeInvalidateAllCaches());
    KeFlushWriteBuffer();
}

static void the_machine_has_one_group_of_all_its_processors(void **state)
{
    (void)state;
    RUN(1, 3, counts);
}

static void current(struct world *world)
{
    PROCESSOR_NUMBER number = {.Group = 9, .Number = 9};

    for (ULONG cpu = 0; cpu < 4; cpu++) {
        KeSetSystemAffinityThread((KAFFINITY)1 << cpu);
        assert_int_equal(KeGetCurrentProcessorNumber(), cpu);
        assert_int_equal(KeGetCurrentProcessorNumberEx(&number), cpu);
        assert_int_equal(number.Number, cpu);
        assert_int_equal(number.Group, 0);
        assert_int_equal(world->trace.cpu, cpu);
    }
}

static void a_thread_knows_the_processor_it_runs_on(void **state)
{
    (void)state;
    RUN(1, 4, current);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machine_has_one_group_of_all_its_processors),
        cmocka_unit_test(a_thread_knows_the_processor_it_runs_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
