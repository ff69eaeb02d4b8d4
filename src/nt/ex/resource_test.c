/* SPDX-License-Identifier: MIT */
/* Resources and run-down protection where ex_test does not look: owners that are no threads,
 * critical regions, counts, use after the end. */
#include "io/nt_test.h"

static ERESOURCE resource;

static void a_critical_region_lasts_as_long_as_the_resource(struct nt *nt)
{
    (void)nt;
    assert_int_equal(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
    ExEnterCriticalRegionAndAcquireResourceExclusive(&resource);
    assert_true(ExIsResourceAcquiredExclusiveLite(&resource));
    assert_true(KeAreApcsDisabled());
    ExReleaseResourceAndLeaveCriticalRegion(&resource);
    assert_false(KeAreApcsDisabled());
    ExEnterCriticalRegionAndAcquireResourceShared(&resource);
    assert_false(ExIsResourceAcquiredExclusiveLite(&resource));
    assert_int_equal(ExIsResourceAcquiredSharedLite(&resource), 1);
    ExReleaseResourceAndLeaveCriticalRegion(&resource);
    assert_int_equal(ExIsResourceAcquiredSharedLite(&resource), 0);
    ExDeleteResourceLite(&resource);
}

static void an_owner_may_be_a_pointer_that_gives_it_back(struct nt *nt)
{
    static ULONG_PTR owner;
    ERESOURCE_THREAD who = (ERESOURCE_THREAD)&owner | 3; /* as the page wants it */

    (void)nt;
    assert_int_equal(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
    KeEnterCriticalRegion();
    assert_true(ExAcquireSharedWaitForExclusive(&resource, FALSE));
    ExSetResourceOwnerPointer(&resource, (PVOID)who);
    assert_int_equal(ExIsResourceAcquiredSharedLite(&resource), 0); /* the thread's no more */
    assert_false(ExAcquireResourceExclusiveLite(&resource, FALSE));
    ExReleaseResourceForThreadLite(&resource, who);
    assert_true(ExAcquireResourceExclusiveLite(&resource, FALSE));
    assert_int_equal(ExReinitializeResourceLite(&resource), STATUS_SUCCESS);
    assert_false(ExIsResourceAcquiredExclusiveLite(&resource));
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&resource);
}

static void giving_back_what_is_not_owned(struct nt *nt)
{
    (void)nt;
    assert_int_equal(ExInitializeResourceLite(&resource), STATUS_SUCCESS);
    KeEnterCriticalRegion();
    ExReleaseResourceForThreadLite(&resource, 3);
}

static void giving_back_what_is_not_owned_stops(void **state)
{
    struct nt nt;

    (void)state;
    nt_live(&nt, 1, 1, giving_back_what_is_not_owned);
    assert_int_equal(nt.world.bug_check, 0xE3); /* RESOURCE_NOT_OWNED */
}

static void rundown_counts_many_at_once_and_begins_anew_only_when_told(struct nt *nt)
{
    EX_RUNDOWN_REF run;

    (void)nt;
    ExInitializeRundownProtection(&run);
    assert_true(ExAcquireRundownProtectionEx(&run, 3));
    ExReleaseRundownProtectionEx(&run, 2);
    ExReleaseRundownProtection(&run);
    ExWaitForRundownProtectionRelease(&run); /* nobody holds it */
    assert_false(ExAcquireRundownProtectionEx(&run, 1));
    ExRundownCompleted(&run);
    assert_false(ExAcquireRundownProtection(&run));
    ExReInitializeRundownProtection(&run);
    assert_true(ExAcquireRundownProtection(&run));
    ExReleaseRundownProtection(&run);
}

NT_TEST(a_critical_region_lasts_as_long_as_the_resource)
NT_TEST(an_owner_may_be_a_pointer_that_gives_it_back)
NT_TEST(rundown_counts_many_at_once_and_begins_anew_only_when_told)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_critical_region_lasts_as_long_as_the_resource),
        cmocka_unit_test(test_an_owner_may_be_a_pointer_that_gives_it_back),
        cmocka_unit_test(giving_back_what_is_not_owned_stops),
        cmocka_unit_test(test_rundown_counts_many_at_once_and_begins_anew_only_when_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
