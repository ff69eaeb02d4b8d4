/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static void crash(struct world *world)
{
    (void)world;
    KeBugCheckEx(0xDEADDEAD, 1, 2, 3, 4);
}

static void crash_shortly(struct world *world)
{
    (void)world;
    KeBugCheck(0xE2);
}

static void a_driver_may_end_the_machine(void **state)
{
    (void)state;
    RUN_INTO_BUG_CHECK(1, 2, crash, 0xDEADDEAD);
    RUN_INTO_BUG_CHECK(1, 2, crash_shortly, 0xE2);
}

static KBUGCHECK_CALLBACK_RECORD last_words;
static KIRQL irql_at_end;
static ULONG length_at_end;

static void NTAPI callback(PVOID buffer, ULONG length)
{
    irql_at_end = KeGetCurrentIrql();
    length_at_end = length;
    if (buffer)
        KeBugCheck(0xE3);
}

static void crash_with_callback(struct world *world)
{
    UCHAR name[] = "test";

    KeInitializeCallbackRecord(&last_words);
    assert_true(KeRegisterBugCheckCallback(&last_words, callback, NULL, 12, name));
    crash_shortly(world);
}

static void what_was_registered_for_the_end_runs_at_high_level(void **state)
{
    (void)state;
    irql_at_end = 0;
    RUN_INTO_BUG_CHECK(1, 1, crash_with_callback, 0xE2);
    assert_int_equal(irql_at_end, HIGH_LEVEL);
    assert_int_equal(length_at_end, 12);
    assert_int_equal(last_words.State, BufferFinished);
}

static void crash_twice(struct world *world)
{
    UCHAR name[] = "test";

    KeInitializeCallbackRecord(&last_words);
    assert_true(KeRegisterBugCheckCallback(&last_words, callback, name, 1, name));
    crash_shortly(world);
}

static void a_bug_check_at_the_end_only_ends_it(void **state)
{
    (void)state;
    RUN_INTO_BUG_CHECK(1, 1, crash_twice, 0xE2);
    assert_int_equal(last_words.State, BufferStarted);
}

static void records(struct world *world)
{
    KBUGCHECK_CALLBACK_RECORD record;
    KBUGCHECK_REASON_CALLBACK_RECORD reason;
    UCHAR name[] = "test";

    (void)world;
    KeInitializeCallbackRecord(&record);
    KeInitializeCallbackRecord(&reason);
    assert_false(KeDeregisterBugCheckCallback(&record));
    assert_true(KeRegisterBugCheckCallback(&record, callback, NULL, 0, name));
    assert_false(KeRegisterBugCheckCallback(&record, callback, NULL, 0, name));
    assert_true(KeDeregisterBugCheckCallback(&record));
    assert_true(KeRegisterBugCheckCallback(&record, callback, NULL, 0, name));
    assert_true(KeRegisterBugCheckReasonCallback(&reason, NULL, KbCallbackDumpIo, name));
    assert_false(KeRegisterBugCheckReasonCallback(&reason, NULL, KbCallbackDumpIo, name));
    assert_true(KeDeregisterBugCheckReasonCallback(&reason));
    assert_false(KeDeregisterBugCheckReasonCallback(&reason));
}

static void a_record_is_registered_once(void **state)
{
    (void)state;
    RUN(1, 1, records);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_driver_may_end_the_machine),
        cmocka_unit_test(what_was_registered_for_the_end_runs_at_high_level),
        cmocka_unit_test(a_bug_check_at_the_end_only_ends_it),
        cmocka_unit_test(a_record_is_registered_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
