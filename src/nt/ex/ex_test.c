/* SPDX-License-Identifier: MIT */
#include "io/nt_test.h"

static char story[32];

static void tell(char letter)
{
    size_t length = strlen(story);

    if (length + 1 < sizeof story)
        story[length] = letter;
}

/* ---- Fast mutexes ---------------------------------------------------------------------------- */

static FAST_MUTEX mutex;
static int inside, worst;

static void contend(void *ctx)
{
    int i;

    (void)ctx;
    for (i = 0; i < 20; i++) {
        ExAcquireFastMutex(&mutex);
        assert_int_equal(KeGetCurrentIrql(), APC_LEVEL);
        inside++;
        worst = inside > worst ? inside : worst;
        ke_yield();
        ke_yield();
        inside--;
        ExReleaseFastMutex(&mutex);
        ke_yield();
    }
}

static void a_fast_mutex_lets_one_in(struct nt *nt)
{
    struct ke_thread *threads[3];
    int i;

    inside = worst = 0;
    ExInitializeFastMutex(&mutex);
    for (i = 0; i < 3; i++)
        assert_int_equal(ke_thread_start(nt->world.ke, "contender", contend, NULL, &threads[i]), 0);
    for (i = 0; i < 3; i++)
        ke_thread_join(threads[i]);
    assert_int_equal(worst, 1);
    assert_int_equal(mutex.Count, 1);
    assert_true(ExTryToAcquireFastMutex(&mutex));
    assert_int_equal(KeGetCurrentIrql(), APC_LEVEL);
    ExReleaseFastMutex(&mutex);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void taking_a_fast_mutex_twice_stops(struct nt *nt)
{
    (void)nt;
    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutexUnsafe(&mutex);
    ExAcquireFastMutexUnsafe(&mutex);
}

/* ---- Resources ------------------------------------------------------------------------------- */

static ERESOURCE resource;

static void read_it(void *ctx)
{
    (void)ctx;
    KeEnterCriticalRegion();
    assert_true(ExAcquireResourceSharedLite(&resource, TRUE));
    tell('r');
    sleep_ms(2);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
}

static void write_it(void *ctx)
{
    (void)ctx;
    KeEnterCriticalRegion();
    assert_true(ExAcquireResourceExclusiveLite(&resource, TRUE));
    tell('W');
    sleep_ms(2);
    tell('w');
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
}

static void start_thread(struct nt *nt, ke_thread_fn *fn, struct ke_thread **out)
{
    assert_int_equal(ke_thread_start(nt->world.ke, "user", fn, NULL, out), 0);
    sleep_ms(1); /* until it waits or has it */
}

static void readers_share_and_a_waiting_writer_goes_first(struct nt *nt)
{
    struct ke_thread *threads[4];
    int i;

    memset(story, 0, sizeof story);
    assert_int_equal(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
    KeEnterCriticalRegion();
    assert_true(ExAcquireResourceSharedLite(&resource, FALSE));
    assert_true(ExAcquireResourceSharedLite(&resource, FALSE)); /* again */
    start_thread(nt, read_it, &threads[0]);
    start_thread(nt, write_it, &threads[1]);
    start_thread(nt, read_it, &threads[2]);
    assert_string_equal(story, "r"); /* the second reader stands behind the writer */
    assert_int_equal(ExGetExclusiveWaiterCount(&resource), 1);
    assert_int_equal(ExGetSharedWaiterCount(&resource), 1);
    assert_true(ExAcquireSharedStarveExclusive(&resource, FALSE));
    assert_int_equal(ExIsResourceAcquiredSharedLite(&resource), 3);
    for (i = 0; i < 3; i++)
        ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    for (i = 0; i < 3; i++)
        ke_thread_join(threads[i]);
    assert_string_equal(story, "rWwr");
    assert_int_equal(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
}

static void an_exclusive_owner_may_take_it_again_and_share_it(struct nt *nt)
{
    struct ke_thread *thread;

    memset(story, 0, sizeof story);
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    assert_true(ExAcquireResourceExclusiveLite(&resource, FALSE));
    assert_true(ExAcquireResourceExclusiveLite(&resource, FALSE));
    assert_true(ExAcquireResourceSharedLite(&resource, FALSE));
    assert_true(ExIsResourceAcquiredExclusiveLite(&resource));
    start_thread(nt, read_it, &thread);
    assert_string_equal(story, "");
    ExConvertExclusiveToSharedLite(&resource);
    ke_thread_join(thread);
    assert_string_equal(story, "r");
    assert_false(ExIsResourceAcquiredExclusiveLite(&resource));
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&resource);
}

/* ---- Rundown, timers, the rest --------------------------------------------------------------- */

static EX_RUNDOWN_REF run;

static void release_run(void *ctx)
{
    (void)ctx;
    sleep_ms(3);
    tell('r');
    ExReleaseRundownProtection(&run);
}

static void rundown_waits_for_the_last_reference_and_refuses_more(struct nt *nt)
{
    memset(story, 0, sizeof story);
    ExInitializeRundownProtection(&run);
    assert_true(ExAcquireRundownProtection(&run));
    assert_int_equal(ke_thread_start(nt->world.ke, "holder", release_run, NULL, NULL), 0);
    ExWaitForRundownProtectionRelease(&run);
    tell('d');
    assert_string_equal(story, "rd");
    assert_false(ExAcquireRundownProtection(&run));
    ExReInitializeRundownProtection(&run);
    assert_true(ExAcquireRundownProtection(&run));
}

static void NTAPI on_timer(PEX_TIMER timer, PVOID context)
{
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    assert_non_null(timer);
    assert_ptr_equal(context, story);
    tell('t');
}

static void NTAPI on_delete(PVOID context)
{
    assert_ptr_equal(context, story);
    tell('d');
}

static void an_ex_timer_calls_back_until_it_is_deleted(struct nt *nt)
{
    EXT_DELETE_PARAMETERS parameters = {.DeleteCallback = on_delete, .DeleteContext = story};
    PEX_TIMER timer = ExAllocateTimer(on_timer, story, 0);

    (void)nt;
    memset(story, 0, sizeof story);
    assert_false(ExSetTimer(timer, -50000, 100000, NULL));
    sleep_ms(27);
    assert_string_equal(story, "ttt"); /* at 5, 15 and 25 ms */
    assert_true(ExDeleteTimer(timer, TRUE, TRUE, &parameters));
    sleep_ms(30);
    assert_string_equal(story, "tttd");
}

static void deferred_work_runs_at_passive_level(void *ctx)
{
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeSetEvent(ctx, 0, FALSE);
}

static void work_may_be_deferred_from_dispatch_level(struct nt *nt)
{
    KEVENT done;
    KIRQL old = KeRaiseIrqlToDpcLevel();

    KeInitializeEvent(&done, NotificationEvent, FALSE);
    assert_int_equal(ex_defer(nt->ex, deferred_work_runs_at_passive_level, &done), 0);
    KeLowerIrql(old);
    wait_for(&done);
}

static void uuids_follow_from_the_seed(struct nt *nt)
{
    UUID a, b;

    (void)nt;
    assert_int_equal(ExUuidCreate(&a), STATUS_SUCCESS);
    assert_int_equal(ExUuidCreate(&b), STATUS_SUCCESS);
    assert_false(IsEqualGUID(&a, &b));
    assert_int_equal(a.Data3 >> 12, 4);
}

static void queueing_an_item_twice_stops(struct nt *nt)
{
    WORK_QUEUE_ITEM item;
    KIRQL old = KeRaiseIrqlToDpcLevel();

    (void)nt;
    (void)old;
    ExInitializeWorkItem(&item, NULL, NULL);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    ExQueueWorkItem(&item, DelayedWorkQueue);
}

static void test_queueing_an_item_twice_stops(void **state)
{
    struct nt nt;

    (void)state;
    nt_live(&nt, 1, 1, queueing_an_item_twice_stops);
    assert_int_equal(nt.world.bug_check, 0xE4);
}

static void raising_is_a_bug_check_nobody_handles(struct nt *nt)
{
    (void)nt;
    ExRaiseStatus(STATUS_INVALID_PARAMETER);
}

static void test_raising_is_a_bug_check_nobody_handles(void **state)
{
    struct nt nt;

    (void)state;
    nt_live(&nt, 1, 1, raising_is_a_bug_check_nobody_handles);
    assert_int_equal(nt.world.bug_check, 0x1E);
}

NT_TEST(a_fast_mutex_lets_one_in)
NT_FINDING_TEST(taking_a_fast_mutex_twice_stops, mutex_order, 0xBF)
NT_TEST(readers_share_and_a_waiting_writer_goes_first)
NT_TEST(an_exclusive_owner_may_take_it_again_and_share_it)
NT_TEST(rundown_waits_for_the_last_reference_and_refuses_more)
NT_TEST(an_ex_timer_calls_back_until_it_is_deleted)
NT_TEST(work_may_be_deferred_from_dispatch_level)
NT_TEST(uuids_follow_from_the_seed)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_fast_mutex_lets_one_in),
        cmocka_unit_test(test_taking_a_fast_mutex_twice_stops),
        cmocka_unit_test(test_readers_share_and_a_waiting_writer_goes_first),
        cmocka_unit_test(test_an_exclusive_owner_may_take_it_again_and_share_it),
        cmocka_unit_test(test_rundown_waits_for_the_last_reference_and_refuses_more),
        cmocka_unit_test(test_an_ex_timer_calls_back_until_it_is_deleted),
        cmocka_unit_test(test_work_may_be_deferred_from_dispatch_level),
        cmocka_unit_test(test_uuids_follow_from_the_seed),
        cmocka_unit_test(test_queueing_an_item_twice_stops),
        cmocka_unit_test(test_raising_is_a_bug_check_nobody_handles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
