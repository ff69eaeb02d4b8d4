/* SPDX-License-Identifier: MIT */
/* Types, flags and IRQL of the pool functions; what blocks are like is tested in nt/mm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mm/testbed.h"

enum { TAG = 0x74736554 };

static struct testbed bed;

static int start(void **state)
{
    struct mm_config config = {.ram_bytes = UINT64_C(1) << 30};

    (void)state;
    testbed_start(&bed, 3, &config);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    ke_irql_lower(PASSIVE_LEVEL);
    testbed_stop(&bed);
    return 0;
}

static bool is_zero(const uint8_t *block, unsigned size_bytes)
{
    for (unsigned i = 0; i < size_bytes; i++) {
        if (block[i] != 0)
            return false;
    }
    return true;
}

static void pool_types_choose_pool_and_alignment(void **state)
{
    static const POOL_TYPE types[] = {NonPagedPool,      PagedPool,
                                      NonPagedPoolNx,    NonPagedPoolCacheAligned,
                                      PagedPoolCacheAligned, NonPagedPoolNxCacheAligned};

    (void)state;
    for (unsigned i = 0; i < sizeof types / sizeof *types; i++) {
        PVOID block = ExAllocatePoolWithTag(types[i], 100, TAG);

        assert_non_null(block);
        assert_int_equal(mm_pool_is_paged(bed.mm, KE_ARG(block)), types[i] & 1);
        if (types[i] & 4)
            assert_int_equal(KE_ARG(block) % 64, 0);
        assert_false(is_zero(block, 100));
        ExFreePoolWithTag(block, TAG);
    }
}

static void every_way_to_ask_gives_a_block(void **state)
{
    (void)state;
    ExFreePool(ExAllocatePool(NonPagedPool, 10));
    ExFreePool(ExAllocatePoolWithQuota(PagedPool, 10));
    ExFreePoolWithTag(ExAllocatePoolWithQuotaTag(NonPagedPool, 10, TAG), TAG);
    ExFreePool2(ExAllocatePoolWithTagPriority(NonPagedPool, 10, TAG, LowPoolPriority), TAG, NULL,
                0);
    ExFreePool(ExAllocatePool3(POOL_FLAG_PAGED, 10, TAG, NULL, 0));
    ExFreePool(ExAllocatePoolWithTag(NonPagedPool, 0, TAG));
    assert_int_equal(testbed_findings(&bed, VERIFY_pool_tag), 0);
}

static void the_newer_function_zeroes_unless_told_not_to(void **state)
{
    PVOID zeroed = ExAllocatePool2(POOL_FLAG_NON_PAGED, 500, TAG);
    PVOID raw = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, 500, TAG);
    PVOID old = ExAllocatePoolWithTag((POOL_TYPE)(NonPagedPoolNx | POOL_ZERO_ALLOCATION), 500, TAG);

    (void)state;
    assert_true(is_zero(zeroed, 500));
    assert_false(is_zero(raw, 500));
    assert_true(is_zero(old, 500));
}

static void start_as(enum ke_windows windows)
{
    struct mm_config config = {.ram_bytes = UINT64_C(1) << 30};

    stop(NULL);
    testbed_start_as(&bed, 3, windows, &config);
}

static void no_execute_pool_before_windows_8_is_a_finding(void **state)
{
    (void)state;
    start_as(KE_WINDOWS_7);
    assert_non_null(ExAllocatePoolWithTag(NonPagedPool, 100, TAG));
    assert_non_null(ExAllocatePoolWithTag(PagedPool, 100, TAG));
    assert_int_equal(testbed_findings(&bed, VERIFY_pool_type), 0);
    assert_non_null(ExAllocatePoolWithTag(NonPagedPoolNx, 100, TAG));
    assert_int_equal(testbed_findings(&bed, VERIFY_pool_type), 1);
    assert_non_null(ExAllocatePoolWithTag(NonPagedPoolNxCacheAligned, 100, TAG));
    assert_int_equal(testbed_findings(&bed, VERIFY_pool_type), 1);
    start_as(KE_WINDOWS_8);
    assert_non_null(ExAllocatePoolWithTag(NonPagedPoolNx, 100, TAG));
    assert_int_equal(testbed_findings(&bed, VERIFY_pool_type), 0);
}

/* The wrappers of wdm.h pass the flag to any Windows: it must not be held against a driver. */
static void zeroing_on_request_came_with_windows_10_2004(void **state)
{
    POOL_TYPE type = (POOL_TYPE)(NonPagedPool | POOL_ZERO_ALLOCATION);

    (void)state;
    start_as(KE_WINDOWS_10_1803);
    assert_false(is_zero(ExAllocatePoolWithTag(type, 500, TAG), 500));
    assert_int_equal(testbed_findings(&bed, VERIFY_pool_type), 0);
    start_as(KE_WINDOWS_10);
    assert_true(is_zero(ExAllocatePoolWithTag(type, 500, TAG), 500));
}

static void flags_that_make_no_sense_give_nothing(void **state)
{
    (void)state;
    assert_null(ExAllocatePool2(0, 10, TAG));
    assert_null(ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_PAGED, 10, TAG));
    assert_null(ExAllocatePool2(POOL_FLAG_NON_PAGED | 0x1000, 10, TAG));
    assert_null(ExAllocatePool2(POOL_FLAG_NON_PAGED, 10, 0));
    assert_null(ExAllocatePool2(POOL_FLAG_NON_PAGED, 0, TAG));
    assert_non_null(ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_SPECIAL_POOL, 10, TAG));
}

static void failing_means_null(void **state)
{
    (void)state;
    assert_int_equal(sim_fault_arm(bed.sim, "pool", 1), 0);
    assert_null(ExAllocatePoolWithTag(NonPagedPool, 10, TAG));
    assert_int_equal(sim_fault_arm(bed.sim, "pool", 1), 0);
    assert_null(ExAllocatePoolWithQuotaTag(
        (POOL_TYPE)(NonPagedPool | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE), 10, TAG));
}

static void paged_pool_is_for_low_irql(void **state)
{
    PVOID block;

    (void)state;
    ke_irql_raise(DISPATCH_LEVEL);
    ExFreePool(ExAllocatePoolWithTag(NonPagedPool, 10, TAG));
    assert_int_equal(testbed_findings(&bed, VERIFY_call_irql), 0);
    block = ExAllocatePoolWithTag(PagedPool, 10, TAG);
    assert_int_equal(testbed_findings(&bed, VERIFY_call_irql), 1);
    ExFreePool(block);
    assert_int_equal(testbed_findings(&bed, VERIFY_call_irql), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(pool_types_choose_pool_and_alignment),
        TEST(every_way_to_ask_gives_a_block),
        TEST(the_newer_function_zeroes_unless_told_not_to),
        TEST(no_execute_pool_before_windows_8_is_a_finding),
        TEST(zeroing_on_request_came_with_windows_10_2004),
        TEST(flags_that_make_no_sense_give_nothing),
        TEST(failing_means_null),
        TEST(paged_pool_is_for_low_irql),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
