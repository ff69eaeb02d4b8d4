/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mm/testbed.h"

enum { TAG = 0x74736554 };

static struct testbed bed;
static unsigned allocated, freed;

static int start(void **state)
{
    struct mm_config config = {.ram_bytes = UINT64_C(1) << 30};

    (void)state;
    allocated = freed = 0;
    testbed_start(&bed, 3, &config);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    testbed_stop(&bed);
    return 0;
}

static PVOID NTAPI count_allocate(POOL_TYPE type, SIZE_T size_bytes, ULONG tag)
{
    allocated++;
    return ExAllocatePoolWithTag(type, size_bytes, tag);
}

static void NTAPI count_free(PVOID block)
{
    freed++;
    ExFreePool(block);
}

static PVOID NTAPI count_allocate_ex(POOL_TYPE type, SIZE_T size_bytes, ULONG tag,
                                     PLOOKASIDE_LIST_EX list)
{
    assert_int_equal(list->L.Tag, tag);
    return count_allocate(type, size_bytes, tag);
}

static void NTAPI count_free_ex(PVOID block, PLOOKASIDE_LIST_EX list)
{
    assert_int_equal(list->L.Tag, TAG);
    count_free(block);
}

static void a_new_list_is_empty_and_callable_by_drivers(void **state)
{
    static NPAGED_LOOKASIDE_LIST list;

    (void)state;
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 200, TAG, 0);
    assert_int_equal(ExQueryDepthSList(&list.L.ListHead), 0);
    assert_int_equal(list.L.Depth, 4);
    assert_int_equal(list.L.Size, 200);
    assert_int_equal(list.L.Type, NonPagedPool);
    assert_ptr_equal(sim_thunk_host_fn(bed.sim, KE_ARG(list.L.Allocate), NULL),
                     ExAllocatePoolWithTag);
    assert_ptr_equal(sim_thunk_host_fn(bed.sim, KE_ARG(list.L.Free), NULL), ExFreePool);
    ExDeleteNPagedLookasideList(&list);
}

static void deleting_frees_what_is_cached(void **state)
{
    static PAGED_LOOKASIDE_LIST list;

    (void)state;
    ExInitializePagedLookasideList(&list, count_allocate, count_free, 0, 4, TAG, 0);
    assert_int_equal(list.L.Size, sizeof(SLIST_ENTRY)); /* room for the link */
    assert_int_equal(list.L.Type, PagedPool);
    for (unsigned i = 0; i < 3; i++)
        ExpInterlockedPushEntrySList(&list.L.ListHead,
                                     list.L.Allocate(list.L.Type, list.L.Size, list.L.Tag));
    ExDeletePagedLookasideList(&list);
    assert_int_equal(allocated, 3);
    assert_int_equal(freed, 3);
}

static void the_extended_kind_passes_the_list_along(void **state)
{
    static LOOKASIDE_LIST_EX list;

    (void)state;
    assert_int_equal(ExInitializeLookasideListEx(&list, count_allocate_ex, count_free_ex,
                                                 NonPagedPoolNx, 0, 100, TAG, 0),
                     STATUS_SUCCESS);
    ExpInterlockedPushEntrySList(&list.L.ListHead,
                                 list.L.AllocateEx(list.L.Type, list.L.Size, TAG, &list));
    ExFlushLookasideListEx(&list);
    assert_int_equal(freed, 1);
    ExDeleteLookasideListEx(&list);
    assert_int_equal(freed, 1);
}

static void bad_parameters_are_named(void **state)
{
    static LOOKASIDE_LIST_EX list;
    const ULONG both = EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL |
                       EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE;

    (void)state;
    assert_int_equal(ExInitializeLookasideListEx(&list, NULL, NULL, PagedPool, both, 10, TAG, 0),
                     STATUS_INVALID_PARAMETER_5);
    assert_int_equal(ExInitializeLookasideListEx(&list, NULL, NULL, PagedPool, 8, 10, TAG, 0),
                     STATUS_INVALID_PARAMETER_5);
    assert_int_equal(ExInitializeLookasideListEx(&list, NULL, NULL, PagedPool, 0, 10, TAG, 9),
                     STATUS_INVALID_PARAMETER_8);
    assert_int_equal(ExInitializeLookasideListEx(&list, NULL, NULL, PagedPool, 1, 10, TAG, 0),
                     STATUS_SUCCESS);
    assert_true(list.L.Type & POOL_RAISE_IF_ALLOCATION_FAILURE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_new_list_is_empty_and_callable_by_drivers),
        TEST(deleting_frees_what_is_cached),
        TEST(the_extended_kind_passes_the_list_along),
        TEST(bad_parameters_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
