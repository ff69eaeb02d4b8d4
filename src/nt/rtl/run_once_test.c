/* SPDX-License-Identifier: MIT */
/* One-time initialization, and rundown protection that is aware of caches. */
#include "io/nt_test.h"

static RTL_RUN_ONCE once;
static unsigned calls;
static ULONG answer;
static char data[8] __attribute__((aligned(8)));

static ULONG NTAPI initialize(PRTL_RUN_ONCE run, PVOID parameter, PVOID *context)
{
    assert_ptr_equal(run, &once);
    assert_ptr_equal(parameter, &calls);
    assert_true(KeAreApcsDisabled());
    calls++;
    sleep_ms(3);
    *context = data;
    return answer;
}

static void begin(void)
{
    calls = 0;
    answer = TRUE;
    RtlRunOnceInitialize(&once);
}

static void other_thread(void *ctx)
{
    PVOID context = NULL;

    assert_int_equal(RtlRunOnceExecuteOnce(&once, initialize, &calls, &context), STATUS_SUCCESS);
    assert_ptr_equal(context, data);
    KeSetEvent(ctx, 0, FALSE);
}

static void all_threads_see_what_one_initialized(struct nt *nt)
{
    KEVENT *done = ExAllocatePoolWithTag(NonPagedPool, 3 * sizeof *done, 0x31313131);
    PVOID context = NULL;

    begin();
    for (int i = 0; i < 3; i++) {
        KeInitializeEvent(&done[i], NotificationEvent, FALSE);
        assert_int_equal(ke_thread_start(nt->world.ke, "other", other_thread, &done[i], NULL), 0);
    }
    assert_int_equal(RtlRunOnceExecuteOnce(&once, initialize, &calls, &context), STATUS_SUCCESS);
    for (int i = 0; i < 3; i++)
        wait_for(&done[i]);
    assert_ptr_equal(context, data);
    assert_int_equal(calls, 1);
    sleep_ms(1);
    ExFreePool(done);
}

static void what_failed_is_tried_again(struct nt *nt)
{
    PVOID context = NULL;

    (void)nt;
    begin();
    answer = FALSE;
    assert_int_equal(RtlRunOnceExecuteOnce(&once, initialize, &calls, &context),
                     STATUS_UNSUCCESSFUL);
    assert_null(context);
    answer = TRUE;
    assert_int_equal(RtlRunOnceExecuteOnce(&once, initialize, &calls, &context), STATUS_SUCCESS);
    assert_int_equal(calls, 2);
}

static void steps_are_refused_out_of_order(struct nt *nt)
{
    PVOID context = NULL;

    (void)nt;
    begin();
    assert_int_equal(RtlRunOnceBeginInitialize(&once, 8, &context), STATUS_INVALID_PARAMETER_2);
    assert_int_equal(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_CHECK_ONLY, &context),
                     STATUS_UNSUCCESSFUL);
    assert_int_equal(RtlRunOnceComplete(&once, 0, data), STATUS_UNSUCCESSFUL); /* nobody began */
    assert_int_equal(RtlRunOnceBeginInitialize(&once, 0, &context), STATUS_PENDING);
    assert_int_equal(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context),
                     STATUS_INVALID_OWNER);
    assert_int_equal(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, data), STATUS_INVALID_OWNER);
    assert_int_equal(RtlRunOnceComplete(&once, 0, data + 1), STATUS_INVALID_PARAMETER_3);
    assert_int_equal(RtlRunOnceComplete(&once, 0, data), STATUS_SUCCESS);
    assert_int_equal(RtlRunOnceComplete(&once, 0, data), STATUS_UNSUCCESSFUL);
    assert_null(context);
    assert_int_equal(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_CHECK_ONLY, &context),
                     STATUS_SUCCESS);
    assert_ptr_equal(context, data);
}

static void of_two_at_once_the_first_to_complete_wins(struct nt *nt)
{
    PVOID context = NULL;

    (void)nt;
    begin();
    assert_int_equal(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context),
                     STATUS_PENDING);
    assert_int_equal(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context),
                     STATUS_PENDING);
    assert_int_equal(RtlRunOnceBeginInitialize(&once, 0, &context), STATUS_INVALID_OWNER);
    assert_int_equal(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, data), STATUS_SUCCESS);
    assert_int_equal(RtlRunOnceComplete(&once, RTL_RUN_ONCE_ASYNC, NULL), STATUS_UNSUCCESSFUL);
    assert_int_equal(RtlRunOnceBeginInitialize(&once, RTL_RUN_ONCE_ASYNC, &context),
                     STATUS_SUCCESS);
    assert_ptr_equal(context, data);
}

/* ---- Rundown protection -------------------------------------------------------------------- */

static void end_and_begin_anew(PEX_RUNDOWN_REF_CACHE_AWARE run)
{
    assert_true(ExAcquireRundownProtectionCacheAware(run));
    assert_true(ExAcquireRundownProtectionCacheAwareEx(run, 2));
    ExReleaseRundownProtectionCacheAwareEx(run, 2);
    ExReleaseRundownProtectionCacheAware(run);
    ExWaitForRundownProtectionReleaseCacheAware(run);
    assert_false(ExAcquireRundownProtectionCacheAware(run));
    assert_false(ExAcquireRundownProtectionCacheAwareEx(run, 1));
    ExRundownCompletedCacheAware(run);
    assert_false(ExAcquireRundownProtectionCacheAware(run));
    ExReInitializeRundownProtectionCacheAware(run);
    assert_true(ExAcquireRundownProtectionCacheAware(run));
    ExReleaseRundownProtectionCacheAware(run);
}

static void cache_aware_protection_refuses_once_rundown_began(struct nt *nt)
{
    PEX_RUNDOWN_REF_CACHE_AWARE run =
        ExAllocateCacheAwareRundownProtection(NonPagedPool, 0x31313131);
    PVOID own = ExAllocatePoolWithTag(NonPagedPool, ExSizeOfRundownProtectionCacheAware(),
                                      0x31313131);

    (void)nt;
    assert_non_null(run);
    end_and_begin_anew(run);
    ExFreeCacheAwareRundownProtection(run);
    memset(own, 0x5a, ExSizeOfRundownProtectionCacheAware());
    ExInitializeRundownProtectionCacheAware(own, ExSizeOfRundownProtectionCacheAware());
    end_and_begin_anew(own);
    ExFreePool(own);
}

NT_TEST(all_threads_see_what_one_initialized)
NT_TEST(what_failed_is_tried_again)
NT_TEST(steps_are_refused_out_of_order)
NT_TEST(of_two_at_once_the_first_to_complete_wins)
NT_TEST(cache_aware_protection_refuses_once_rundown_began)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_threads_see_what_one_initialized),
        cmocka_unit_test(test_what_failed_is_tried_again),
        cmocka_unit_test(test_steps_are_refused_out_of_order),
        cmocka_unit_test(test_of_two_at_once_the_first_to_complete_wins),
        cmocka_unit_test(test_cache_aware_protection_refuses_once_rundown_began),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
