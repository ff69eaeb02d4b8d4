/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/host.h"
#include "mm/fault.h"
#include "mm/limits.h"
#include "mm/state.h"
#include "mm/testbed.h"

enum { FRAME = 1920 * 1080 * 2 };
#define GIB (UINT64_C(1) << 30)

static struct testbed bed;
static jmp_buf raised;
static NTSTATUS raised_status;

static void note_raise(NTSTATUS status)
{
    raised_status = status;
    longjmp(raised, 1);
}

static int start_budget(uint64_t client_mappings)
{
    struct mm_config config = {.ram_bytes = 8 * GIB, .client_mappings = client_mappings};

    testbed_start(&bed, 7, &config);
    mm_set_raise(bed.mm, note_raise);
    return 0;
}

static int start(void **state)
{
    (void)state;
    return start_budget(0);
}

static int stop(void **state)
{
    (void)state;
    testbed_stop(&bed);
    return 0;
}

/* What ke's trap layer does with a fault. */
static bool touch(uint64_t va)
{
    struct mm_region *region = region_find(bed.mm, va);

    return region != NULL && demand_touch(bed.mm, region, region_page_of(region, va)) == 0;
}

static void client_memory_is_zero_and_lies_in_the_user_window(void **state)
{
    uint8_t bytes[64], zeros[64] = {0};
    uint64_t va;

    (void)state;
    assert_int_equal(mm_user_allocate(bed.mm, FRAME, 100, &va), 0);
    assert_in_range(va, SIM_USER_WINDOW_BASE, SIM_USER_WINDOW_END);
    assert_int_equal(va % 4096, 100);
    assert_true(mm_copy_from_va(bed.mm, bytes, va + FRAME - 64, 64));
    assert_memory_equal(bytes, zeros, 64);
    mm_user_free(bed.mm, va);
    assert_false(mm_copy_from_va(bed.mm, bytes, va, 1));
}

static void freed_client_memory_comes_back_zeroed(void **state)
{
    uint8_t byte = 0xEE;
    uint64_t va;

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(mm_user_allocate(bed.mm, FRAME, 0, &va), 0);
        for (unsigned page = 0; page < FRAME / 4096; page++) {
            uint8_t found = 1;

            assert_true(mm_copy_from_va(bed.mm, &found, va + page * 4096, 1));
            assert_int_equal(found, 0);
            assert_true(mm_copy_to_va(bed.mm, va + page * 4096, &byte, 1));
        }
        mm_user_free(bed.mm, va);
    }
}

static void copies_cross_pages_and_refuse_what_is_not_there(void **state)
{
    static uint8_t from[3 * 4096], to[3 * 4096];
    uint64_t va;

    (void)state;
    for (unsigned i = 0; i < sizeof from; i++)
        from[i] = (uint8_t)(i * 7);
    assert_int_equal(mm_user_allocate(bed.mm, 3 * 4096, 10, &va), 0);
    assert_true(mm_copy_to_va(bed.mm, va, from, sizeof from));
    assert_true(mm_copy_from_va(bed.mm, to, va, sizeof to));
    assert_memory_equal(from, to, sizeof to);
    assert_false(mm_copy_to_va(bed.mm, va + 4096, from, sizeof from));
    assert_true(mm_copy_from_va(bed.mm, to, va, sizeof to)); /* a refused copy changes nothing */
    assert_memory_equal(from, to, sizeof to);
    assert_false(mm_copy_from_va(bed.mm, to, 0, 1));
}

static void a_touched_page_shows_the_same_bytes_as_the_window(void **state)
{
    uint64_t va;
    uint32_t word = 0x12345678;

    (void)state;
    assert_int_equal(mm_user_allocate(bed.mm, FRAME, 0, &va), 0);
    assert_true(mm_copy_to_va(bed.mm, va + 5 * 4096, &word, 4));
    assert_true(touch(va + 5 * 4096));
    assert_int_equal(*(uint32_t *)(va + 5 * 4096), word);
    *(uint32_t *)(va + 6 * 4096) = ~word;
    assert_true(mm_copy_from_va(bed.mm, &word, va + 6 * 4096, 4));
    assert_int_equal(word, ~0x12345678u);
    assert_ptr_equal(mm_page(bed.mm, mm_pfn_of_va(bed.mm, va)),
                     mm_window(bed.mm, (mm_pa){mm_pfn_of_va(bed.mm, va) << 12}, 4096));
}

static void host_mappings_stay_within_the_budget(void **state)
{
    uint64_t va;

    (void)state;
    testbed_stop(&bed);
    start_budget(1000);
    assert_int_equal(mm_user_allocate(bed.mm, 4 * FRAME, 0, &va), 0);
    for (unsigned round = 0; round < 2; round++) {
        for (uint64_t page = 0; page < 4 * FRAME / 4096; page++) {
            assert_true(touch(va + page * 4096));
            *(uint64_t *)(va + page * 4096) += page;
            assert_in_range(bed.mm->demand.mappings, 1, 1000);
        }
    }
    assert_true(bed.mm->demand.evictions > 0);
    for (uint64_t page = 0; page < 4 * FRAME / 4096; page++) {
        uint64_t found;

        assert_true(mm_copy_from_va(bed.mm, &found, va + page * 4096, 8));
        assert_int_equal(found, 2 * page);
    }
    mm_user_free(bed.mm, va);
    assert_int_equal(bed.mm->demand.mappings, 0);
}

static void a_budget_too_small_is_refused(void **state)
{
    struct mm_config config = {.ram_bytes = GIB, .client_mappings = 5};
    struct mm *mm;

    (void)state;
    assert_int_equal(mm_create(bed.ke, &config, &mm), -EINVAL);
}

static void images_are_zero_aligned_and_lose_what_is_discarded(void **state)
{
    uint64_t va;

    (void)state;
    assert_int_equal(mm_image_allocate(bed.mm, 100000, &va), 0);
    assert_int_equal(va % 0x10000, 0);
    assert_in_range(va, SIM_SYSTEM_WINDOW_BASE, SIM_SYSTEM_WINDOW_END);
    for (unsigned i = 0; i < 100000; i += 8)
        assert_int_equal(*(uint64_t *)(va + i), 0);
    *(uint64_t *)(va + 8192) = 5;
    assert_int_equal(mm_image_protect(bed.mm, va, 4096, HOST_READ), 0);
    mm_image_discard(bed.mm, va + 4096, 4096);
    assert_true(mm_pfn_of_va(bed.mm, va + 4096) == MM_PFN_NONE);
    assert_int_equal(*(uint64_t *)(va + 8192), 5);
    mm_image_free(bed.mm, va);
    assert_true(mm_pfn_of_va(bed.mm, va) == MM_PFN_NONE);
}

static void system_maps_of_many_runs_are_lazy_and_keep_their_pages(void **state)
{
    static mm_pfn pfns[500];
    uint64_t va;

    (void)state;
    assert_int_equal(mm_pages_allocate(bed.mm, 500, 0, pfns), 0);
    assert_int_equal(mm_system_map(bed.mm, pfns, 500, HOST_READ | HOST_WRITE, &va), 0);
    assert_int_equal(mm_pfn_of_va(bed.mm, va + 499 * 4096), pfns[499]);
    assert_true(touch(va + 499 * 4096));
    *(uint32_t *)(va + 499 * 4096) = 9;
    assert_int_equal(*(uint32_t *)mm_page(bed.mm, pfns[499]), 9);
    mm_system_unmap(bed.mm, va);
    assert_true(mm_pfn_of_va(bed.mm, va) == MM_PFN_NONE);
    assert_int_equal(*(uint32_t *)mm_page(bed.mm, pfns[499]), 9);
    mm_pages_free(bed.mm, 500, pfns);
}

static void system_maps_of_few_runs_work_at_once(void **state)
{
    mm_pfn pfns[4];
    uint64_t va;

    (void)state;
    pfns[0] = mm_contiguous_allocate(bed.mm, 4, 0, UINT64_MAX, 0);
    for (unsigned i = 1; i < 4; i++)
        pfns[i] = pfns[0] + i;
    assert_int_equal(mm_system_map(bed.mm, pfns, 4, HOST_READ | HOST_WRITE, &va), 0);
    memset((void *)va, 0x11, 4 * 4096);
    assert_int_equal(*(uint8_t *)mm_page(bed.mm, pfns[3]), 0x11);
    mm_system_unmap(bed.mm, va);
    mm_contiguous_free(bed.mm, pfns[0], 4);
}

static PHYSICAL_ADDRESS pa(uint64_t value)
{
    return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)value};
}

static void contiguous_memory_is_contiguous_and_not_zero(void **state)
{
    uint8_t *memory = MmAllocateContiguousMemory(300000, pa(0xFFFFFFFF));
    uint64_t first = (uint64_t)MmGetPhysicalAddress(memory).QuadPart;

    (void)state;
    assert_non_null(memory);
    assert_true(first + 300000 <= 4 * GIB);
    for (unsigned i = 0; i < 300000; i += 4096)
        assert_int_equal(MmGetPhysicalAddress(memory + i + 5).QuadPart, first + i + 5);
    assert_int_not_equal(*(uint64_t *)memory, 0);
    MmFreeContiguousMemory(memory);
    assert_int_equal(MmGetPhysicalAddress(memory).QuadPart, 0);
    assert_null(MmAllocateContiguousMemory(4 * GIB, pa(0xFFFFFFFF)));
    assert_int_equal(sim_fault_arm(bed.sim, "contiguous", 1), 0);
    assert_null(MmAllocateContiguousMemory(4096, pa(UINT64_MAX)));
}

static void contiguous_memory_below_4_gb_comes_from_low_memory(void **state)
{
    uint64_t all = mm_low_free_pages(bed.mm);
    PHYSICAL_ADDRESS none = pa(0);
    void *memory = MmAllocateContiguousMemory(300000, pa(0xFFFFFFFF));
    void *anywhere = MmAllocateContiguousMemory(300000, pa(UINT64_MAX));
    void *whole = MmAllocateContiguousMemorySpecifyCache(0x9000, none, pa(0xFFFFFFFF),
                                                         pa(0x10000), MmCached);
    uint64_t first = (uint64_t)MmGetPhysicalAddress(whole).QuadPart;

    (void)state;
    assert_int_equal(mm_low_free_pages(bed.mm), all - 74 - 9);
    assert_int_equal(first / 0x10000, (first + 0x8FFF) / 0x10000);
    assert_null(MmAllocateContiguousMemorySpecifyCache(0x11000, none, pa(0xFFFFFFFF), pa(0x10000),
                                                       MmCached));
    assert_null(MmAllocateContiguousMemorySpecifyCache(4096, pa(0xBFFF0000), pa(0xBFFFFFFF), none,
                                                       MmCached));
    assert_null(MmAllocateContiguousMemory(all << MM_PAGE_SHIFT, pa(0xFFFFFFFF)));
    assert_true((uint64_t)MmGetPhysicalAddress(MmAllocateContiguousMemory(4096, pa(0xFFFFFF)))
                    .QuadPart <= 0xFFFFFF);
    MmFreeContiguousMemory(anywhere);
    MmFreeContiguousMemory(memory);
    MmFreeContiguousMemory(whole);
    assert_int_equal(mm_low_free_pages(bed.mm), all - 1);
}

static void free_wild_contiguous(void *ctx)
{
    MmFreeContiguousMemory(ctx);
}

static void freeing_what_is_no_contiguous_memory_is_a_bug_check(void **state)
{
    struct trace_event event;

    (void)state;
    assert_int_equal(testbed_run(&bed, free_wild_contiguous, (void *)SIM_SYSTEM_WINDOW_BASE),
                     KE_STOP_BUG_CHECK);
    assert_int_equal(testbed_events(&bed, TRACE_bug_check, &event), 1);
    assert_int_equal(event.arg[0], 0xC2);
    assert_int_equal(event.arg[1], 0x60);
}

static uint64_t device_read(void *ctx, mm_pa address, unsigned size_bytes)
{
    *(uint64_t *)ctx = address.value;
    return 0xABCD0000u + size_bytes;
}

static void device_write(void *ctx, mm_pa address, unsigned size_bytes, uint64_t value)
{
    (void)size_bytes;
    *(uint64_t *)ctx = address.value + value;
}

static void device_registers_are_reached_by_their_physical_address(void **state)
{
    const struct mm_io_ops ops = {.read = device_read, .write = device_write};
    uint64_t seen = 0;
    uint8_t *registers;

    (void)state;
    mm_set_io_ops(bed.mm, &ops, &seen);
    registers = MmMapIoSpace(pa(0xE0000010), 0x100, MmNonCached);
    assert_non_null(registers);
    assert_int_equal((uint64_t)registers % 4096, 0x10);
    assert_int_equal(fault_io_read(bed.mm, (uint64_t)registers + 4, 4), 0xABCD0004u);
    assert_int_equal(seen, 0xE0000014);
    fault_io_write(bed.mm, (uint64_t)registers + 8, 4, 3);
    assert_int_equal(seen, 0xE000001B);
    assert_int_equal(MmGetPhysicalAddress(registers).QuadPart, 0xE0000010);
    MmUnmapIoSpace(registers, 0x100);
    assert_int_equal(testbed_findings(&bed, VERIFY_unknown_free), 0);
    MmUnmapIoSpace(registers, 0x100);
    assert_int_equal(testbed_findings(&bed, VERIFY_unknown_free), 1);
}

static void ram_under_mm_map_io_space_is_memory(void **state)
{
    uint8_t *memory = MmAllocateContiguousMemory(8192, pa(UINT64_MAX));
    uint8_t *alias = MmMapIoSpace(MmGetPhysicalAddress(memory), 8192, MmCached);

    (void)state;
    assert_non_null(alias);
    alias[5000] = 77;
    assert_int_equal(memory[5000], 77);
    MmUnmapIoSpace(alias, 8192);
    assert_null(MmMapIoSpace(pa(0xBFFFF000), 8192, MmCached)); /* half of it RAM */
    assert_null(MmMapIoSpace(pa(0xE0000000), 0, MmNonCached));
    MmFreeContiguousMemory(memory);
}

static bool raises(void (*probe)(uint64_t va, uint64_t size), uint64_t va, uint64_t size,
                   NTSTATUS status)
{
    raised_status = STATUS_SUCCESS;
    if (setjmp(raised) == 0)
        probe(va, size);
    return raised_status == status;
}

static void probe_read(uint64_t va, uint64_t size)
{
    ProbeForRead((void *)va, size, 4);
}

static void probe_write(uint64_t va, uint64_t size)
{
    ProbeForWrite((void *)va, size, 4);
}

static void probing_raises_outside_user_space_and_when_misaligned(void **state)
{
    uint64_t va;

    (void)state;
    assert_int_equal(mm_user_allocate(bed.mm, 8192, 0, &va), 0);
    assert_true(raises(probe_read, va, 8192, STATUS_SUCCESS));
    assert_true(raises(probe_write, va, 8192, STATUS_SUCCESS));
    assert_true(raises(probe_read, va + 2, 4, STATUS_DATATYPE_MISALIGNMENT));
    assert_true(raises(probe_read, SIM_SYSTEM_WINDOW_BASE, 4, STATUS_ACCESS_VIOLATION));
    assert_true(raises(probe_read, MM_USER_PROBE_ADDRESS - 4, 8, STATUS_ACCESS_VIOLATION));
    assert_true(raises(probe_read, UINT64_MAX - 3, 8, STATUS_ACCESS_VIOLATION));
    assert_true(raises(probe_read, SIM_SYSTEM_WINDOW_BASE, 0, STATUS_SUCCESS));
    assert_true(raises(probe_read, 0x10000, 4, STATUS_SUCCESS)); /* reads are not tried */
    assert_true(raises(probe_write, 0x10000, 4, STATUS_ACCESS_VIOLATION));
    assert_true(raises(probe_write, va + 4096, 8192, STATUS_ACCESS_VIOLATION));
}

static void physical_ranges_are_those_of_the_machine(void **state)
{
    PPHYSICAL_MEMORY_RANGE ranges = MmGetPhysicalMemoryRanges();

    (void)state;
    assert_int_equal(ranges[1].BaseAddress.QuadPart, 0x100000);
    assert_int_equal(ranges[2].BaseAddress.QuadPart, 4 * GIB);
    assert_int_equal(ranges[2].NumberOfBytes.QuadPart, 5 * GIB);
    assert_int_equal(ranges[3].NumberOfBytes.QuadPart, 0);
    mm_pool_free(bed.mm, ranges, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(client_memory_is_zero_and_lies_in_the_user_window),
        TEST(freed_client_memory_comes_back_zeroed),
        TEST(copies_cross_pages_and_refuse_what_is_not_there),
        TEST(a_touched_page_shows_the_same_bytes_as_the_window),
        TEST(host_mappings_stay_within_the_budget),
        TEST(a_budget_too_small_is_refused),
        TEST(images_are_zero_aligned_and_lose_what_is_discarded),
        TEST(system_maps_of_many_runs_are_lazy_and_keep_their_pages),
        TEST(system_maps_of_few_runs_work_at_once),
        TEST(contiguous_memory_is_contiguous_and_not_zero),
        TEST(contiguous_memory_below_4_gb_comes_from_low_memory),
        TEST(freeing_what_is_no_contiguous_memory_is_a_bug_check),
        TEST(device_registers_are_reached_by_their_physical_address),
        TEST(ram_under_mm_map_io_space_is_memory),
        TEST(probing_raises_outside_user_space_and_when_misaligned),
        TEST(physical_ranges_are_those_of_the_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
