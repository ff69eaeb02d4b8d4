/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static EX_SPIN_LOCK lock;
static int reading, writing, most_readers, most_writers, together;

static void each_form(struct world *world)
{
    EX_SPIN_LOCK word = 0;
    KIRQL old = ExAcquireSpinLockShared(&word);

    (void)world;
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    assert_int_not_equal(word, 0);
    ExReleaseSpinLockShared(&word, old);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    old = ExAcquireSpinLockExclusive(&word);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    ExReleaseSpinLockExclusive(&word, old);
    assert_int_equal(word, 0);
    old = KeRaiseIrqlToDpcLevel();
    ExAcquireSpinLockSharedAtDpcLevel(&word);
    ExReleaseSpinLockSharedFromDpcLevel(&word);
    ExAcquireSpinLockExclusiveAtDpcLevel(&word);
    ExReleaseSpinLockExclusiveFromDpcLevel(&word);
    KeLowerIrql(old);
    assert_int_equal(word, 0);
}

static void every_form_takes_and_frees_the_lock_and_restores_irql(void **state)
{
    (void)state;
    RUN(1, 1, each_form);
}

static void convert(struct world *world)
{
    EX_SPIN_LOCK word = 0;
    KIRQL old = ExAcquireSpinLockShared(&word);

    (void)world;
    ExAcquireSpinLockSharedAtDpcLevel(&word);
    assert_false(ExTryConvertSharedSpinLockExclusive(&word));
    ExReleaseSpinLockSharedFromDpcLevel(&word);
    assert_true(ExTryConvertSharedSpinLockExclusive(&word));
    ExReleaseSpinLockExclusive(&word, old);
    assert_int_equal(word, 0);
}

static void only_the_last_reader_becomes_the_writer(void **state)
{
    (void)state;
    RUN(1, 1, convert);
}

static void look(void)
{
    most_readers = reading > most_readers ? reading : most_readers;
    most_writers = writing > most_writers ? writing : most_writers;
    together += reading > 0 && writing > 0;
    for (int i = 0; i < 4; i++)
        ke_yield();
}

static void read_and_write(void *ctx)
{
    for (int i = 0; i < 20; i++) {
        bool writes = (i + (int)(uintptr_t)ctx) % 5 == 0;
        int *inside = writes ? &writing : &reading;
        KIRQL old = writes ? ExAcquireSpinLockExclusive(&lock) : ExAcquireSpinLockShared(&lock);

        ++*inside;
        look();
        --*inside;
        if (writes)
            ExReleaseSpinLockExclusive(&lock, old);
        else
            ExReleaseSpinLockShared(&lock, old);
    }
}

static void share(struct world *world)
{
    struct ke_thread *threads[4];

    for (uintptr_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(ke_thread_start(world->ke, "user", read_and_write, (void *)i, &threads[i]),
                         0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        ke_thread_join(threads[i]);
    assert_int_equal(lock, 0);
}

static void readers_share_the_lock_and_a_writer_is_alone(void **state)
{
    (void)state;
    reading = writing = most_readers = most_writers = together = 0;
    for (uint64_t seed = 0; seed < 20; seed++)
        RUN(seed, 4, share);
    assert_true(most_readers > 1);
    assert_int_equal(most_writers, 1);
    assert_int_equal(together, 0);
}

static bool late_reader_in, writer_was_in;

static void write_once(void *ctx)
{
    KIRQL old = ExAcquireSpinLockExclusive(&lock);

    (void)ctx;
    assert_false(late_reader_in);
    writer_was_in = true;
    ExReleaseSpinLockExclusive(&lock, old);
}

static void read_late(void *ctx)
{
    KIRQL old;

    (void)ctx;
    while (lock == 1)
        ke_yield();
    old = ExAcquireSpinLockShared(&lock);
    late_reader_in = true;
    assert_true(writer_was_in);
    ExReleaseSpinLockShared(&lock, old);
}

static void writer_first(struct world *world)
{
    struct ke_thread *writer, *reader;
    KIRQL old;

    lock = 0;
    late_reader_in = writer_was_in = false;
    old = ExAcquireSpinLockShared(&lock);
    assert_int_equal(ke_thread_start(world->ke, "writer", write_once, NULL, &writer), 0);
    assert_int_equal(ke_thread_start(world->ke, "reader", read_late, NULL, &reader), 0);
    while (lock == 1)
        ke_yield();
    for (int i = 0; i < 50; i++)
        ke_yield();
    ExReleaseSpinLockShared(&lock, old);
    ke_thread_join(writer);
    ke_thread_join(reader);
    assert_true(late_reader_in);
}

static void a_writer_that_waits_comes_before_new_readers(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++)
        RUN(seed, 3, writer_first);
}

static void write_twice(struct world *world)
{
    EX_SPIN_LOCK word = 0;

    (void)world;
    ExAcquireSpinLockExclusive(&word);
    ExAcquireSpinLockExclusiveAtDpcLevel(&word);
}

static void read_what_one_writes(struct world *world)
{
    EX_SPIN_LOCK word = 0;

    (void)world;
    ExAcquireSpinLockExclusive(&word);
    ExAcquireSpinLockSharedAtDpcLevel(&word);
}

static void a_writer_that_asks_again_is_a_finding_and_bug_check_f(void **state)
{
    void (*const bodies[])(struct world *) = {write_twice, read_what_one_writes};
    struct world world;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        world_live(&world, 1, 2, bodies[i]);
        assert_int_equal(world.rules[VERIFY_spin_lock_recursive], 1);
        assert_int_equal(world.bug_check, 0x0F);
    }
}

static void write_what_one_reads(struct world *world)
{
    EX_SPIN_LOCK word = 0;

    (void)world;
    ExAcquireSpinLockShared(&word);
    ExAcquireSpinLockExclusiveAtDpcLevel(&word);
}

static void a_reader_that_waits_to_write_is_a_deadlock(void **state)
{
    struct world world;

    (void)state;
    world_live(&world, 1, 2, write_what_one_reads);
    assert_int_equal(world.rules[VERIFY_deadlock], 1);
    assert_int_equal(world.stopped, KE_STOP_STALL);
}

static void release_what_is_free(struct world *world)
{
    EX_SPIN_LOCK word = 0;
    KIRQL old = KeRaiseIrqlToDpcLevel();

    (void)world;
    ExReleaseSpinLockSharedFromDpcLevel(&word);
    ExReleaseSpinLockExclusiveFromDpcLevel(&word);
    assert_int_equal(word, 0);
    ExAcquireSpinLockSharedAtDpcLevel(&word);
    ExReleaseSpinLockExclusiveFromDpcLevel(&word);
    KeLowerIrql(old);
}

static void releasing_what_the_caller_does_not_hold_is_a_finding(void **state)
{
    struct world world;

    (void)state;
    world_live(&world, 1, 1, release_what_is_free);
    assert_int_equal(world.rules[VERIFY_spin_lock_not_owned], 3);
    assert_int_equal(world.stopped, KE_STOP_DONE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_takes_and_frees_the_lock_and_restores_irql),
        cmocka_unit_test(only_the_last_reader_becomes_the_writer),
        cmocka_unit_test(readers_share_the_lock_and_a_writer_is_alone),
        cmocka_unit_test(a_writer_that_waits_comes_before_new_readers),
        cmocka_unit_test(a_writer_that_asks_again_is_a_finding_and_bug_check_f),
        cmocka_unit_test(a_reader_that_waits_to_write_is_a_deadlock),
        cmocka_unit_test(releasing_what_the_caller_does_not_hold_is_a_finding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
