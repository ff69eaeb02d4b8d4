/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mm/mdl.h"
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

static int start(void **state)
{
    struct mm_config config = {.ram_bytes = 8 * GIB};

    (void)state;
    testbed_start(&bed, 11, &config);
    mm_set_raise(bed.mm, note_raise);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    testbed_stop(&bed);
    return 0;
}

static void *pool(enum mm_pool_kind kind, uint64_t size_bytes)
{
    struct mm_pool_request request = {.kind = kind, .tag = 0x74736554, .size_bytes = size_bytes};
    void *block = mm_pool_allocate(bed.mm, &request);

    assert_non_null(block);
    return block;
}

static uint64_t client(uint64_t size_bytes, uint32_t offset)
{
    uint64_t va;

    assert_int_equal(mm_user_allocate(bed.mm, size_bytes, offset, &va), 0);
    return va;
}

static PMDL locked(uint64_t va, ULONG size_bytes)
{
    PMDL mdl = IoAllocateMdl((PVOID)va, size_bytes, FALSE, FALSE, NULL);

    assert_non_null(mdl);
    MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    return mdl;
}

static void unlock_and_free(PMDL mdl)
{
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
}

static bool lock_raises(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation)
{
    raised_status = STATUS_SUCCESS;
    if (setjmp(raised) == 0)
        MmProbeAndLockPages(mdl, mode, operation);
    return raised_status == STATUS_ACCESS_VIOLATION;
}

static void an_mdl_describes_its_buffer(void **state)
{
    PMDL mdl = IoAllocateMdl((PVOID)0x12345678, 10000, FALSE, FALSE, NULL);

    (void)state;
    assert_ptr_equal(mdl->StartVa, (PVOID)0x12345000);
    assert_int_equal(mdl->ByteOffset, 0x678);
    assert_int_equal(mdl->ByteCount, 10000);
    assert_int_equal(mdl->Size, 0x30 + 3 * 8);
    assert_int_equal(MmSizeOfMdl((PVOID)0x12345678, 10000), 0x30 + 3 * 8);
    assert_int_equal(mdl->MdlFlags, MDL_ALLOCATED_FIXED_SIZE);
    IoFreeMdl(mdl);
    assert_int_equal(sim_fault_arm(bed.sim, "mdl", 1), 0);
    assert_null(IoAllocateMdl((PVOID)0x12345678, 10000, FALSE, FALSE, NULL));
}

static void a_primary_mdl_replaces_a_secondary_one_is_chained(void **state)
{
    IRP irp = {0};
    PMDL first = IoAllocateMdl((PVOID)0x1000, 1, FALSE, FALSE, &irp);
    PMDL second = IoAllocateMdl((PVOID)0x2000, 1, TRUE, FALSE, &irp);
    PMDL third = IoAllocateMdl((PVOID)0x3000, 1, TRUE, FALSE, &irp);

    (void)state;
    assert_ptr_equal(irp.MdlAddress, first);
    assert_ptr_equal(first->Next, second);
    assert_ptr_equal(second->Next, third);
    IoFreeMdl(first);
    IoFreeMdl(second);
    IoFreeMdl(third);
}

static void locking_fills_in_the_pages(void **state)
{
    uint64_t va = client(FRAME, 8);
    PMDL mdl = locked(va, FRAME);

    (void)state;
    assert_int_equal(mdl->MdlFlags, MDL_PAGES_LOCKED | MDL_WRITE_OPERATION);
    for (uint64_t i = 0; i < mdl_pages(mdl); i++)
        assert_int_equal(MmGetMdlPfnArray(mdl)[i], mm_pfn_of_va(bed.mm, va + i * 4096));
    MmUnlockPages(mdl);
    assert_int_equal(mdl->MdlFlags, 0);
    MmUnlockPages(mdl);
    assert_int_equal(testbed_findings(&bed, VERIFY_mdl_state), 1);
    IoFreeMdl(mdl);
}

static void locking_bad_memory_raises(void **state)
{
    uint64_t va = client(8192, 0);
    PMDL past = IoAllocateMdl((PVOID)va, 8193, FALSE, FALSE, NULL);
    PMDL null = IoAllocateMdl(NULL, 16, FALSE, FALSE, NULL);
    PMDL system = IoAllocateMdl(pool(MM_POOL_NONPAGED, 64), 64, FALSE, FALSE, NULL);

    (void)state;
    assert_true(lock_raises(past, UserMode, IoReadAccess));
    assert_true(lock_raises(null, KernelMode, IoReadAccess));
    assert_true(lock_raises(system, UserMode, IoReadAccess));
    assert_false(lock_raises(system, KernelMode, IoModifyAccess));
    assert_int_equal(null->MdlFlags & MDL_PAGES_LOCKED, 0);
}

static void locking_twice_is_a_finding(void **state)
{
    PMDL mdl = locked(client(4096, 0), 4096);

    (void)state;
    MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    assert_int_equal(testbed_findings(&bed, VERIFY_mdl_state), 1);
}

static void locked_pages_outlive_their_address_range(void **state)
{
    uint64_t va = client(3 * 4096, 0);
    PMDL mdl = locked(va, 3 * 4096);
    uint64_t free_pages = bed.mm->zones.free_pages;
    uint32_t word = 42;

    (void)state;
    assert_true(mm_copy_to_va(bed.mm, va, &word, 4));
    mm_user_free(bed.mm, va);
    assert_false(mm_copy_from_va(bed.mm, &word, va, 4));
    assert_int_equal(bed.mm->zones.free_pages, free_pages);
    assert_int_equal(*(uint32_t *)mm_page(bed.mm, MmGetMdlPfnArray(mdl)[0]), 42);
    MmUnlockPages(mdl);
    assert_int_equal(bed.mm->zones.free_pages, free_pages + 3);
    IoFreeMdl(mdl);
}

/* Touches a system address as a driver would: the fault is resolved, then the access succeeds. */
static uint8_t *touched(PVOID address)
{
    struct mm_region *region = region_find(bed.mm, (uint64_t)(uintptr_t)address);

    assert_non_null(region);
    assert_int_equal(
        demand_touch(bed.mm, region, region_page_of(region, (uint64_t)(uintptr_t)address)), 0);
    return address;
}

static void a_system_mapping_shows_the_buffer(void **state)
{
    uint64_t va = client(FRAME, 8);
    PMDL mdl = locked(va, FRAME);
    uint8_t *system = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    uint8_t byte;

    (void)state;
    assert_non_null(system);
    assert_int_equal((uint64_t)system % 4096, 8);
    assert_ptr_equal(mdl->MappedSystemVa, system);
    assert_int_equal(mdl->MdlFlags,
                     MDL_PAGES_LOCKED | MDL_WRITE_OPERATION | MDL_MAPPED_TO_SYSTEM_VA);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), system);
    *touched(system + FRAME - 1) = 99;
    assert_true(mm_copy_from_va(bed.mm, &byte, va + FRAME - 1, 1));
    assert_int_equal(byte, 99);
    assert_int_equal(MmGetPhysicalAddress(system).QuadPart, mm_pfn_of_va(bed.mm, va) << 12 | 8);
    unlock_and_free(mdl); /* ends the mapping too */
    assert_null(region_find(bed.mm, (uint64_t)(uintptr_t)system));
}

static void the_same_buffer_gets_its_mapping_back(void **state)
{
    uint64_t va = client(FRAME, 0);
    PMDL mdl = locked(va, FRAME);
    uint8_t *system = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    struct mm_region *region = region_find(bed.mm, (uint64_t)(uintptr_t)system);
    uint64_t mappings;

    (void)state;
    *touched(system) = 1;
    mappings = bed.mm->demand.mappings;
    MmUnmapLockedPages(system, mdl);
    assert_true(region->masked);
    assert_false(region->live);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), system);
    assert_int_equal(*touched(system), 1);
    assert_int_equal(bed.mm->demand.mappings, mappings);
    unlock_and_free(mdl);
}

static void many_mappings_come_and_go_without_growing(void **state)
{
    uint64_t va = client(64 * 4096, 0);
    size_t regions = 0;

    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        PMDL mdl = locked(va + i % 32 * 4096, 32 * 4096);

        *touched(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority)) = (uint8_t)i;
        unlock_and_free(mdl);
        if (i == 500)
            regions = bed.mm->regions.sorted.count;
    }
    assert_int_equal(bed.mm->regions.sorted.count, regions);
}

static void mapping_can_fail(void **state)
{
    PMDL mdl = locked(client(4096, 0), 4096);

    (void)state;
    assert_int_equal(sim_fault_arm(bed.sim, "map", 1), 0);
    assert_null(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority));
    assert_int_equal(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA, 0);
    unlock_and_free(mdl);
}

static void unmapping_what_is_not_mapped_is_a_finding(void **state)
{
    PMDL mdl = locked(client(4096, 0), 4096);

    (void)state;
    MmUnmapLockedPages((PVOID)0x1000, mdl);
    assert_int_equal(testbed_findings(&bed, VERIFY_mdl_state), 1);
    unlock_and_free(mdl);
}

static void a_user_mapping_lies_in_user_space_and_leaves_the_mdl_alone(void **state)
{
    PMDL mdl = locked(client(8192, 0), 8192);
    PVOID user =
        MmMapLockedPagesSpecifyCache(mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority);

    (void)state;
    assert_in_range((uint64_t)(uintptr_t)user, SIM_USER_WINDOW_BASE, SIM_USER_WINDOW_END);
    assert_int_equal(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA, 0);
    MmUnmapLockedPages(user, mdl);
    unlock_and_free(mdl);
}

static void nonpaged_pool_is_described_without_locking(void **state)
{
    uint8_t *block = pool(MM_POOL_NONPAGED, 20000);
    PMDL mdl = IoAllocateMdl(block + 100, 19900, FALSE, FALSE, NULL);

    (void)state;
    MmBuildMdlForNonPagedPool(mdl);
    assert_true(mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), block + 100);
    for (unsigned i = 0; i < mdl_pages(mdl); i++)
        assert_int_equal(MmGetMdlPfnArray(mdl)[i],
                         MmGetPhysicalAddress((uint8_t *)mdl->StartVa + i * 4096).QuadPart >> 12);
    IoFreeMdl(mdl);
    assert_int_equal(testbed_findings(&bed, VERIFY_mdl_state), 0);
    mdl = IoAllocateMdl(pool(MM_POOL_PAGED, 100), 100, FALSE, FALSE, NULL);
    MmBuildMdlForNonPagedPool(mdl);
    assert_int_equal(testbed_findings(&bed, VERIFY_mdl_state), 1);
}

static void a_partial_mdl_shares_pages_and_mapping(void **state)
{
    uint64_t va = client(FRAME, 8);
    PMDL mdl = locked(va, FRAME);
    PMDL part = IoAllocateMdl((PVOID)(va + 10000), FRAME - 10000, FALSE, FALSE, NULL);

    (void)state;
    IoBuildPartialMdl(mdl, part, (PVOID)(va + 10000), 0);
    assert_int_equal(part->ByteCount, FRAME - 10000);
    IoBuildPartialMdl(mdl, part, (PVOID)(va + 10000), 30000);
    assert_int_equal(part->ByteCount, 30000);
    assert_true(part->MdlFlags & MDL_PARTIAL);
    for (uint64_t i = 0; i < mdl_pages(part); i++)
        assert_int_equal(MmGetMdlPfnArray(part)[i], mm_pfn_of_va(bed.mm, va + 10000 + i * 4096));
    assert_non_null(MmGetSystemAddressForMdlSafe(part, NormalPagePriority));
    assert_true(part->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED);
    MmPrepareMdlForReuse(part);
    assert_int_equal(part->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED, 0);
    MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    IoBuildPartialMdl(mdl, part, (PVOID)(va + 10000), 30000);
    assert_ptr_equal(MmGetSystemAddressForMdlSafe(part, NormalPagePriority),
                     (uint8_t *)mdl->MappedSystemVa + 10000);
    IoFreeMdl(part);
    unlock_and_free(mdl);
    assert_int_equal(testbed_findings(&bed, VERIFY_mdl_state), 0);
}

static void freeing_a_locked_mdl_is_a_finding(void **state)
{
    (void)state;
    IoFreeMdl(locked(client(4096, 0), 4096));
    assert_int_equal(testbed_findings(&bed, VERIFY_mdl_state), 1);
}

static void advancing_moves_start_and_pages(void **state)
{
    uint64_t va = client(5 * 4096, 0);
    PMDL mdl = locked(va, 5 * 4096);
    PFN_NUMBER third = MmGetMdlPfnArray(mdl)[2];

    (void)state;
    assert_int_equal(MmAdvanceMdl(mdl, 2 * 4096 + 5), STATUS_SUCCESS);
    assert_int_equal(mdl_va(mdl), va + 2 * 4096 + 5);
    assert_int_equal(mdl->ByteCount, 3 * 4096 - 5);
    assert_int_equal(MmGetMdlPfnArray(mdl)[0], third);
    assert_int_equal(MmAdvanceMdl(mdl, 4 * 4096), STATUS_INVALID_PARAMETER_2);
    unlock_and_free(mdl);
}

static PHYSICAL_ADDRESS pa(uint64_t value)
{
    return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)value};
}

static void pages_for_an_mdl_keep_their_limits(void **state)
{
    PMDL mdl = MmAllocatePagesForMdl(pa(0), pa(0xFFFFFFFF), pa(0), 100000);

    (void)state;
    assert_int_equal(mdl->ByteCount, 25 * 4096);
    assert_true(mdl->MdlFlags & MDL_PAGES_LOCKED);
    for (unsigned i = 0; i < 25; i++) {
        assert_true(MmGetMdlPfnArray(mdl)[i] < 0x100000);
        assert_int_equal(*(uint64_t *)mm_page(bed.mm, MmGetMdlPfnArray(mdl)[i]), 0);
    }
    *touched(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority)) = 1;
    MmFreePagesFromMdl(mdl);
    mm_pool_free(bed.mm, mdl, 0);
    assert_null(MmAllocatePagesForMdl(pa(0), pa(UINT64_MAX), pa(0), 0));
    assert_null(MmAllocatePagesForMdlEx(pa(0), pa(UINT64_MAX), pa(0), 0, MmCached, 0));
    assert_null(MmAllocatePagesForMdlEx(pa(0), pa(0xFFFFFF), pa(0), 64 << 20, MmCached,
                                        MM_ALLOCATE_FULLY_REQUIRED));
    mdl = MmAllocatePagesForMdlEx(pa(0), pa(0xFFFFFF), pa(0), 64 << 20, MmCached, 0);
    assert_in_range(mdl->ByteCount, 1 << 20, 16 << 20); /* as many as there are */
    MmFreePagesFromMdl(mdl);
    mm_pool_free(bed.mm, mdl, 0);
}

static void the_one_node_has_all_pages(void **state)
{
    PMDL mdl = MmAllocateNodePagesForMdlEx(pa(0), pa(UINT64_MAX), pa(0), 8192, MmCached, 0, 0);

    (void)state;
    assert_int_equal(mdl->ByteCount, 8192);
    MmFreePagesFromMdl(mdl);
    mm_pool_free(bed.mm, mdl, 0);
    assert_null(MmAllocateNodePagesForMdlEx(pa(0), pa(UINT64_MAX), pa(0), 8192, MmCached, 1, 0));
}

static void contiguous_chunks_are_contiguous(void **state)
{
    PMDL mdl = MmAllocatePagesForMdlEx(pa(0), pa(UINT64_MAX), pa(0x10000), 0x80000, MmCached,
                                       MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS);
    const PFN_NUMBER *pfns = MmGetMdlPfnArray(mdl);

    (void)state;
    for (unsigned i = 0; i < 0x80; i++)
        assert_int_equal(pfns[i], pfns[i & ~15u] + i % 16);
    MmFreePagesFromMdl(mdl);
    mm_pool_free(bed.mm, mdl, 0);
}

static void a_reserved_mapping_serves_one_mdl_after_the_other(void **state)
{
    uint8_t *address = MmAllocateMappingAddress(64 * 4096, 0x70614D20);
    PMDL mdl = locked(client(3 * 4096, 20), 3 * 4096);

    (void)state;
    assert_non_null(address);
    for (unsigned i = 0; i < 3; i++) {
        uint8_t *system = MmMapLockedPagesWithReservedMapping(address, 0x70614D20, mdl, MmCached);

        assert_ptr_equal(system, address + 20);
        *touched(system) = 5;
        assert_null(MmMapLockedPagesWithReservedMapping(address, 0x70614D20, mdl, MmCached));
        MmUnmapReservedMapping(address, 0x70614D20, mdl);
    }
    MmFreeMappingAddress(address, 0x70614D20);
    unlock_and_free(mdl);
}

static void protection_applies_from_the_next_touch(void **state)
{
    PMDL mdl = locked(client(4096, 0), 4096);
    uint8_t *system = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    struct mm_region *region = region_find(bed.mm, (uint64_t)(uintptr_t)system);

    (void)state;
    *touched(system) = 3;
    assert_int_equal(MmProtectMdlSystemAddress(mdl, PAGE_READONLY), STATUS_SUCCESS);
    assert_true(region->masked);
    assert_int_equal(*touched(system), 3);
    assert_int_equal(MmProtectMdlSystemAddress(mdl, 0x4000), STATUS_INVALID_PAGE_PROTECTION);
    MmUnmapLockedPages(system, mdl);
    assert_int_equal(MmProtectMdlSystemAddress(mdl, PAGE_READONLY), STATUS_NOT_MAPPED_VIEW);
    unlock_and_free(mdl);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(an_mdl_describes_its_buffer),
        TEST(a_primary_mdl_replaces_a_secondary_one_is_chained),
        TEST(locking_fills_in_the_pages),
        TEST(locking_bad_memory_raises),
        TEST(locking_twice_is_a_finding),
        TEST(locked_pages_outlive_their_address_range),
        TEST(a_system_mapping_shows_the_buffer),
        TEST(the_same_buffer_gets_its_mapping_back),
        TEST(many_mappings_come_and_go_without_growing),
        TEST(mapping_can_fail),
        TEST(unmapping_what_is_not_mapped_is_a_finding),
        TEST(a_user_mapping_lies_in_user_space_and_leaves_the_mdl_alone),
        TEST(nonpaged_pool_is_described_without_locking),
        TEST(a_partial_mdl_shares_pages_and_mapping),
        TEST(freeing_a_locked_mdl_is_a_finding),
        TEST(advancing_moves_start_and_pages),
        TEST(pages_for_an_mdl_keep_their_limits),
        TEST(the_one_node_has_all_pages),
        TEST(contiguous_chunks_are_contiguous),
        TEST(a_reserved_mapping_serves_one_mdl_after_the_other),
        TEST(protection_applies_from_the_next_touch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
