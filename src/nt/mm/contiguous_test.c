/* SPDX-License-Identifier: MIT */
/* The variants of contiguous memory and of mapping an MDL that drivers of all ages call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mm/testbed.h"

enum { BYTES = 100000, PAGE = 4096 };
#define GIB (UINT64_C(1) << 30)

static struct testbed bed;

static int start(void **state)
{
    struct mm_config config = {.ram_bytes = 8 * GIB};

    (void)state;
    testbed_start(&bed, 7, &config);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    testbed_stop(&bed);
    return 0;
}

static PHYSICAL_ADDRESS pa(uint64_t address)
{
    return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)address};
}

static void expect_contiguous(uint8_t *memory, uint64_t lowest, uint64_t highest)
{
    uint64_t first = (uint64_t)MmGetPhysicalAddress(memory).QuadPart;

    assert_true(first >= lowest);
    assert_true(first + BYTES - 1 <= highest);
    for (unsigned at = 0; at < BYTES; at += PAGE)
        assert_int_equal(MmGetPhysicalAddress(memory + at).QuadPart, first + at);
    memory[0] = memory[BYTES - 1] = 1;
}

static void memory_of_a_node_keeps_its_limits(void **state)
{
    void *first = MmAllocateContiguousMemorySpecifyCacheNode(BYTES, pa(4 * GIB), pa(8 * GIB), pa(0),
                                                             MmCached, 0);
    void *second = MmAllocateContiguousNodeMemory(BYTES, pa(0), pa(UINT32_MAX), pa(0),
                                                  PAGE_READWRITE, 0);

    (void)state;
    assert_non_null(first);
    assert_non_null(second);
    expect_contiguous(first, 4 * GIB, 8 * GIB);
    expect_contiguous(second, 0, UINT32_MAX);
    MmFreeContiguousMemorySpecifyCache(first, BYTES, MmCached);
    assert_int_equal(MmGetPhysicalAddress(first).QuadPart, 0);
    MmFreeContiguousMemory(second);
    assert_int_equal(MmGetPhysicalAddress(second).QuadPart, 0);
}

static void memory_comes_with_a_status_and_its_size(void **state)
{
    SIZE_T bytes = BYTES;
    PVOID memory = &bytes;

    (void)state;
    assert_int_equal(MmAllocateContiguousMemoryEx(&bytes, pa(0), pa(UINT32_MAX), pa(0),
                                                  0xFFFFFFFF, PAGE_READWRITE, NULL, 'tseT', 2,
                                                  &memory), STATUS_INVALID_PARAMETER);
    assert_null(memory);
    assert_int_equal(MmAllocateContiguousMemoryEx(&bytes, pa(0), pa(UINT32_MAX), pa(0),
                                                  0xFFFFFFFF, PAGE_READWRITE, &bed, 'tseT', 0,
                                                  &memory), STATUS_INVALID_PARAMETER);
    assert_int_equal(MmAllocateContiguousMemoryEx(&bytes, pa(100 * GIB), pa(200 * GIB), pa(0), 0,
                                                  PAGE_READWRITE, NULL, 'tseT', 0, &memory),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(bytes, BYTES);
    assert_int_equal(MmAllocateContiguousMemoryEx(&bytes, pa(0), pa(UINT32_MAX), pa(0), 0,
                                                  PAGE_READWRITE, NULL, 'tseT',
                                                  MM_ALLOCATE_CONTIGUOUS_MEMORY_FAST_ONLY, &memory),
                     STATUS_SUCCESS);
    assert_int_equal(bytes, 25 * PAGE);
    expect_contiguous(memory, 0, UINT32_MAX);
    MmFreeContiguousMemory(memory);
}

static void memory_of_a_node_can_be_missing(void **state)
{
    (void)state;
    assert_null(MmAllocateContiguousMemorySpecifyCacheNode(BYTES, pa(100 * GIB), pa(200 * GIB),
                                                           pa(0), MmCached, 0));
    assert_null(MmAllocateContiguousNodeMemory(16 * GIB, pa(0), pa(UINT64_MAX), pa(0),
                                               PAGE_READWRITE, 0));
    assert_int_equal(sim_fault_arm(bed.sim, "contiguous", 1), 0);
    assert_null(MmAllocateContiguousNodeMemory(PAGE, pa(0), pa(UINT64_MAX), pa(0), PAGE_READWRITE,
                                               0));
}

static void mapping_without_a_cache_type_shows_the_same_pages(void **state)
{
    void *memory = MmAllocateContiguousMemory(PAGE, pa(UINT64_MAX));
    PMDL mdl = IoAllocateMdl(memory, PAGE, FALSE, FALSE, NULL);
    PMDL partial = IoAllocateMdl(memory, PAGE, FALSE, FALSE, NULL);
    PVOID mapped;

    (void)state;
    assert_non_null(mdl);
    MmBuildMdlForNonPagedPool(mdl);
    IoBuildPartialMdl(mdl, partial, memory, PAGE);
    mapped = MmMapLockedPages(partial, KernelMode);
    assert_non_null(mapped);
    assert_int_equal(MmGetPhysicalAddress(mapped).QuadPart,
                     MmGetPhysicalAddress(memory).QuadPart);
    IoFreeMdl(partial);
    IoFreeMdl(mdl);
    MmFreeContiguousMemory(memory);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(memory_of_a_node_keeps_its_limits),
        TEST(memory_comes_with_a_status_and_its_size),
        TEST(memory_of_a_node_can_be_missing),
        TEST(mapping_without_a_cache_type_shows_the_same_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
