/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static KSPIN_LOCK lock;

static void lists(struct world *world)
{
    LIST_ENTRY head;
    LIST_ENTRY a;
    LIST_ENTRY b;

    (void)world;
    InitializeListHead(&head);
    assert_null(ExInterlockedRemoveHeadList(&head, &lock));
    assert_null(ExInterlockedInsertTailList(&head, &a, &lock));
    assert_ptr_equal(ExInterlockedInsertTailList(&head, &b, &lock), &a);
    assert_ptr_equal(ExInterlockedRemoveHeadList(&head, &lock), &a);
    assert_ptr_equal(ExInterlockedInsertHeadList(&head, &a, &lock), &b);
    assert_ptr_equal(ExInterlockedRemoveHeadList(&head, &lock), &a);
    assert_ptr_equal(ExInterlockedRemoveHeadList(&head, &lock), &b);
    assert_null(ExInterlockedInsertHeadList(&head, &a, &lock));
    assert_int_equal(lock, 0);
}

static void lists_tell_what_was_at_their_end(void **state)
{
    (void)state;
    RUN(1, 1, lists);
}

static void single_lists_and_sums(struct world *world)
{
    SINGLE_LIST_ENTRY head = {NULL};
    SINGLE_LIST_ENTRY a;
    SINGLE_LIST_ENTRY b;
    LARGE_INTEGER sum = {.QuadPart = 5};
    ULONG count = 7;

    (void)world;
    assert_null(ExInterlockedPopEntryList(&head, &lock));
    assert_null(ExInterlockedPushEntryList(&head, &a, &lock));
    assert_ptr_equal(ExInterlockedPushEntryList(&head, &b, &lock), &a);
    assert_ptr_equal(ExInterlockedPopEntryList(&head, &lock), &b);
    assert_int_equal(
        ExInterlockedAddLargeInteger(&sum, (LARGE_INTEGER){.QuadPart = -9}, &lock).QuadPart, 5);
    assert_int_equal(sum.QuadPart, -4);
    assert_int_equal(ExInterlockedAddUlong(&count, 0xFFFFFFFF, &lock), 7);
    assert_int_equal(count, 6);
}

static void single_lists_pop_what_was_pushed_last_and_sums_return_the_old_value(void **state)
{
    (void)state;
    RUN(1, 1, single_lists_and_sums);
}

static void s_lists(struct world *world)
{
    SLIST_HEADER head;
    SLIST_ENTRY entries[3];

    (void)world;
    ExInitializeSListHead(&head);
    assert_null(ExpInterlockedPopEntrySList(&head));
    assert_null(ExpInterlockedPushEntrySList(&head, &entries[0]));
    assert_ptr_equal(ExpInterlockedPushEntrySList(&head, &entries[1]), &entries[0]);
    assert_ptr_equal(ExInterlockedPushEntrySList(&head, &entries[2], &lock), &entries[1]);
    assert_int_equal(ExQueryDepthSList(&head), 3);
    assert_ptr_equal(ExInterlockedPopEntrySList(&head, &lock), &entries[2]);
    assert_ptr_equal(ExpInterlockedFlushSList(&head), &entries[1]);
    assert_ptr_equal(entries[1].Next, &entries[0]);
    assert_int_equal(ExQueryDepthSList(&head), 0);
    assert_null(ExInterlockedFlushSList(&head));
}

static void s_lists_count_their_entries(void **state)
{
    (void)state;
    RUN(1, 1, s_lists);
}

static bool locked;

static void hold_lock(void *ctx)
{
    KIRQL old = KeAcquireSpinLockRaiseToDpc(&lock);

    (void)ctx;
    locked = true;
    KeStallExecutionProcessor(100);
    locked = false;
    KeReleaseSpinLock(&lock, old);
}

static void wait_for_lock(struct world *world)
{
    struct ke_thread *thread;
    LIST_ENTRY head;
    LIST_ENTRY a;

    InitializeListHead(&head);
    assert_int_equal(ke_thread_start(world->ke, "holder", hold_lock, NULL, &thread), 0);
    while (!locked)
        ke_yield();
    ExInterlockedInsertTailList(&head, &a, &lock);
    assert_false(locked);
    ke_thread_join(thread);
}

static void a_list_waits_for_the_cpu_that_holds_its_lock(void **state)
{
    (void)state;
    RUN(1, 2, wait_for_lock);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_tell_what_was_at_their_end),
        cmocka_unit_test(single_lists_pop_what_was_pushed_last_and_sums_return_the_old_value),
        cmocka_unit_test(s_lists_count_their_entries),
        cmocka_unit_test(a_list_waits_for_the_cpu_that_holds_its_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
