/* SPDX-License-Identifier: MIT */
/* Memory that drivers of all ages ask for, and what is told of memory that is not theirs. */
#include "io/nt_test.h"

enum { TAG = 0x31313131 };

static void memory_without_a_cache_is_memory(struct nt *nt)
{
    PUCHAR memory = MmAllocateNonCachedMemory(10000);

    (void)nt;
    assert_non_null(memory);
    assert_int_equal((ULONG_PTR)memory % PAGE_SIZE, 0);
    memory[0] = memory[9999] = 7;
    assert_int_not_equal(MmGetPhysicalAddress(memory).QuadPart, 0);
    MmFreeNonCachedMemory(memory, 10000);
    assert_int_equal(MmGetPhysicalAddress(memory).QuadPart, 0); /* gone */
    assert_null(MmAllocateNonCachedMemory(UINT64_C(1) << 40)); /* more than there is */
}

static void freeing_pool_as_memory_without_a_cache_stops(struct nt *nt)
{
    (void)nt;
    MmFreeNonCachedMemory(ExAllocatePoolWithTag(NonPagedPool, 64, TAG), 64);
}

static void an_mdl_is_made_or_filled_in(struct nt *nt)
{
    PUCHAR buffer = ExAllocatePoolWithTag(NonPagedPool, 9000, TAG);
    PMDL mdl = MmCreateMdl(NULL, buffer + 100, 8000);
    PMDL own = ExAllocatePoolWithTag(NonPagedPool, MmSizeOfMdl(buffer, 9000), TAG);

    (void)nt;
    assert_non_null(mdl);
    assert_ptr_equal(MmGetMdlVirtualAddress(mdl), buffer + 100);
    assert_int_equal(MmGetMdlByteCount(mdl), 8000);
    IoFreeMdl(mdl);
    assert_ptr_equal(MmCreateMdl(own, buffer, 9000), own);
    assert_int_equal(MmGetMdlByteCount(own), 9000);
    assert_null(own->Next);
    ExFreePool(own);
    ExFreePool(buffer);
}

static void device_memory_is_mapped_with_a_protection(struct nt *nt)
{
    PHYSICAL_ADDRESS where = {.QuadPart = 0xE0000000};
    PVOID mapped = MmMapIoSpaceEx(where, 4096, PAGE_READWRITE | PAGE_NOCACHE);

    (void)nt;
    assert_non_null(mapped);
    MmUnmapIoSpace(mapped, 4096);
    assert_null(MmMapIoSpaceEx(where, 0, PAGE_READWRITE | PAGE_NOCACHE));
    assert_null(MmMapIoSpaceEx(where, 4096, 0)); /* no protection at all */
    assert_null(MmMapIoSpaceEx(where, 4096, PAGE_NOCACHE | PAGE_WRITECOMBINE | PAGE_READWRITE));
}

static void pages_that_are_not_mapped_are_not_unmapped(struct nt *nt)
{
    PUCHAR buffer = ExAllocatePoolWithTag(NonPagedPool, 4096, TAG);
    PMDL mdl = IoAllocateMdl(buffer, 4096, FALSE, FALSE, NULL);

    (void)nt;
    MmUnmapReservedMapping(buffer, TAG, mdl); /* no reservation lies there */
}

static void pages_that_are_not_locked_are_not_unlocked(struct nt *nt)
{
    PUCHAR buffer = ExAllocatePoolWithTag(NonPagedPool, 4096, TAG);

    (void)nt;
    MmUnlockPages(IoAllocateMdl(buffer, 4096, FALSE, FALSE, NULL));
}

static void pages_of_a_buffer_are_not_freed(struct nt *nt)
{
    PUCHAR buffer = ExAllocatePoolWithTag(NonPagedPool, 4096, TAG);
    PMDL mdl = IoAllocateMdl(buffer, 4096, FALSE, FALSE, NULL);

    (void)nt;
    MmBuildMdlForNonPagedPool(mdl);
    MmFreePagesFromMdl(mdl);
}

static void a_reservation_that_is_none_is_a_bug_check(struct nt *nt)
{
    (void)nt;
    assert_null(MmAllocateMappingAddress(0, TAG));
    MmFreeMappingAddress((PVOID)0x1000, TAG);
}

static void contiguous_memory_that_is_none_is_a_bug_check(struct nt *nt)
{
    (void)nt;
    MmFreeContiguousMemorySpecifyCache((PVOID)0x1000, 4096, MmCached);
}

static void expect_bug_check(void (*body)(struct nt *nt), uint64_t code)
{
    struct nt nt;

    nt_live(&nt, 1, 1, body);
    assert_int_equal(nt.world.bug_check, code);
}

static void what_was_never_reserved_or_allocated_ends_in_a_bug_check(void **state)
{
    (void)state;
    expect_bug_check(a_reservation_that_is_none_is_a_bug_check, 0xDA);
    expect_bug_check(contiguous_memory_that_is_none_is_a_bug_check, 0xC2);
    expect_bug_check(freeing_pool_as_memory_without_a_cache_stops, 0xC2);
}

NT_TEST(memory_without_a_cache_is_memory)
NT_TEST(an_mdl_is_made_or_filled_in)
NT_TEST(device_memory_is_mapped_with_a_protection)
NT_FINDING_TEST(pages_that_are_not_mapped_are_not_unmapped, mdl_state, 0)
NT_FINDING_TEST(pages_that_are_not_locked_are_not_unlocked, mdl_state, 0)
NT_FINDING_TEST(pages_of_a_buffer_are_not_freed, mdl_state, 0)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_without_a_cache_is_memory),
        cmocka_unit_test(test_an_mdl_is_made_or_filled_in),
        cmocka_unit_test(test_device_memory_is_mapped_with_a_protection),
        cmocka_unit_test(test_pages_that_are_not_mapped_are_not_unmapped),
        cmocka_unit_test(test_pages_that_are_not_locked_are_not_unlocked),
        cmocka_unit_test(test_pages_of_a_buffer_are_not_freed),
        cmocka_unit_test(what_was_never_reserved_or_allocated_ends_in_a_bug_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
