/* SPDX-License-Identifier: MIT */
/* What is not given to a thread that will not wait for it: resources, mutexes, callbacks; timers
 * that are gone; pool that is not there or not the caller's. */
#include "io/nt_test.h"

enum { TAG = 0x31313131 };

/* ---- A second thread that holds something ---------------------------------------------------- */

static ERESOURCE resource;
static FAST_MUTEX mutex;
static KEVENT held, let_go, gone;

static void hold_exclusive(void *ctx)
{
    (void)ctx;
    KeEnterCriticalRegion();
    assert_true(ExAcquireResourceExclusiveLite(&resource, TRUE));
    KeSetEvent(&held, 0, FALSE);
    wait_for(&let_go);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    KeSetEvent(&gone, 0, FALSE);
}

static void hold_shared(void *ctx)
{
    (void)ctx;
    KeEnterCriticalRegion();
    assert_true(ExAcquireResourceSharedLite(&resource, TRUE));
    KeSetEvent(&held, 0, FALSE);
    wait_for(&let_go);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    KeSetEvent(&gone, 0, FALSE);
}

static void hold_mutex(void *ctx)
{
    (void)ctx;
    ExAcquireFastMutex(&mutex);
    KeSetEvent(&held, 0, FALSE);
    wait_for(&let_go);
    ExReleaseFastMutex(&mutex);
    KeSetEvent(&gone, 0, FALSE);
}

static void begin(struct nt *nt, void (*holder)(void *ctx))
{
    KeInitializeEvent(&held, NotificationEvent, FALSE);
    KeInitializeEvent(&let_go, NotificationEvent, FALSE);
    KeInitializeEvent(&gone, NotificationEvent, FALSE);
    assert_int_equal(ke_thread_start(nt->world.ke, "holder", holder, NULL, NULL), 0);
    wait_for(&held);
}

static void end(void)
{
    KeSetEvent(&let_go, 0, FALSE);
    wait_for(&gone);
}

static void an_exclusive_resource_is_not_given_to_who_will_not_wait(struct nt *nt)
{
    ExInitializeResourceLite(&resource);
    begin(nt, hold_exclusive);
    KeEnterCriticalRegion();
    assert_false(ExAcquireResourceExclusiveLite(&resource, FALSE));
    assert_false(ExAcquireResourceSharedLite(&resource, FALSE));
    assert_false(ExAcquireSharedStarveExclusive(&resource, FALSE));
    assert_false(ExAcquireSharedWaitForExclusive(&resource, FALSE));
    assert_false(ExIsResourceAcquiredExclusiveLite(&resource)); /* by this thread */
    KeLeaveCriticalRegion();
    end();
    assert_int_equal(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
}

static void a_shared_resource_is_not_given_to_a_writer_who_will_not_wait(struct nt *nt)
{
    ExInitializeResourceLite(&resource);
    begin(nt, hold_shared);
    KeEnterCriticalRegion();
    assert_false(ExAcquireResourceExclusiveLite(&resource, FALSE));
    assert_true(ExAcquireResourceSharedLite(&resource, FALSE));
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    end();
    assert_int_equal(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
}

static void a_fast_mutex_is_tried_for(struct nt *nt)
{
    ExInitializeFastMutex(&mutex);
    begin(nt, hold_mutex);
    assert_false(ExTryToAcquireFastMutex(&mutex));
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    end();
    assert_true(ExTryToAcquireFastMutex(&mutex));
    assert_int_equal(KeGetCurrentIrql(), APC_LEVEL);
    ExReleaseFastMutex(&mutex);
}

static void an_unsafe_fast_mutex_leaves_irql_alone(struct nt *nt)
{
    (void)nt;
    ExInitializeFastMutex(&mutex);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&mutex);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_false(ExTryToAcquireFastMutex(&mutex));
    ExReleaseFastMutexUnsafe(&mutex);
    KeLeaveCriticalRegion();
    assert_true(ExTryToAcquireFastMutex(&mutex));
    ExReleaseFastMutex(&mutex);
}

/* ---- Callback objects ------------------------------------------------------------------------ */

static unsigned calls;

static VOID NTAPI called(PVOID context, PVOID first, PVOID second)
{
    (void)context;
    (void)first;
    (void)second;
    calls++;
}

static void a_callback_object_is_opened_made_or_not_there(struct nt *nt)
{
    UNICODE_STRING name = nt_string(u"\\Callback\\Mine");
    OBJECT_ATTRIBUTES attributes;
    PCALLBACK_OBJECT object = NULL, again = NULL;
    PVOID first;

    (void)nt;
    calls = 0;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    assert_int_equal(ExCreateCallback(&object, &attributes, FALSE, TRUE),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_null(object);
    assert_int_equal(ExCreateCallback(&object, &attributes, TRUE, FALSE), STATUS_SUCCESS);
    assert_int_equal(ExCreateCallback(&again, &attributes, FALSE, FALSE), STATUS_SUCCESS);
    assert_ptr_equal(object, again);
    first = ExRegisterCallback(object, called, NULL);
    assert_non_null(first);
    assert_null(ExRegisterCallback(object, called, NULL)); /* one registration is all it allows */
    ExNotifyCallback(object, NULL, NULL);
    assert_int_equal(calls, 1);
    ExUnregisterCallback(first);
    ExNotifyCallback(object, NULL, NULL);
    assert_int_equal(calls, 1);
    ObDereferenceObject(again);
    ObDereferenceObject(object);
}

/* ---- Timers ---------------------------------------------------------------------------------- */

static VOID NTAPI expired(PEX_TIMER timer, PVOID context)
{
    (void)timer;
    (void)context;
    calls++;
}

static void an_ex_timer_tells_whether_it_was_set(struct nt *nt)
{
    PEX_TIMER timer = ExAllocateTimer(expired, NULL, 0);

    (void)nt;
    calls = 0;
    assert_false(ExCancelTimer(timer, NULL)); /* not set */
    assert_false(ExSetTimer(timer, -50000, 0, NULL));
    assert_true(ExSetTimer(timer, -50000, 0, NULL)); /* set anew */
    assert_true(ExCancelTimer(timer, NULL));
    assert_false(ExCancelTimer(timer, NULL));
    sleep_ms(10);
    assert_int_equal(calls, 0);
    assert_false(ExDeleteTimer(timer, TRUE, TRUE, NULL));
}

static void the_edition_has_none_of_the_suites(struct nt *nt)
{
    (void)nt;
    assert_false(ExVerifySuite(DataCenter));
    assert_false(ExVerifySuite(EmbeddedNT));
}

/* ---- Lists ----------------------------------------------------------------------------------- */

static void an_empty_s_list_gives_nothing_under_a_lock_too(struct nt *nt)
{
    static SLIST_HEADER head;
    KSPIN_LOCK lock;

    (void)nt;
    KeInitializeSpinLock(&lock);
    ExInitializeSListHead(&head);
    assert_null(ExInterlockedPopEntrySList(&head, &lock));
}

NT_TEST(an_exclusive_resource_is_not_given_to_who_will_not_wait)
NT_TEST(a_shared_resource_is_not_given_to_a_writer_who_will_not_wait)
NT_TEST(a_fast_mutex_is_tried_for)
NT_TEST(an_unsafe_fast_mutex_leaves_irql_alone)
NT_TEST(a_callback_object_is_opened_made_or_not_there)
NT_TEST(an_ex_timer_tells_whether_it_was_set)
NT_TEST(the_edition_has_none_of_the_suites)
NT_TEST(an_empty_s_list_gives_nothing_under_a_lock_too)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_exclusive_resource_is_not_given_to_who_will_not_wait),
        cmocka_unit_test(test_a_shared_resource_is_not_given_to_a_writer_who_will_not_wait),
        cmocka_unit_test(test_a_fast_mutex_is_tried_for),
        cmocka_unit_test(test_an_unsafe_fast_mutex_leaves_irql_alone),
        cmocka_unit_test(test_a_callback_object_is_opened_made_or_not_there),
        cmocka_unit_test(test_an_ex_timer_tells_whether_it_was_set),
        cmocka_unit_test(test_the_edition_has_none_of_the_suites),
        cmocka_unit_test(test_an_empty_s_list_gives_nothing_under_a_lock_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
