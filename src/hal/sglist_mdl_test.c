/* SPDX-License-Identifier: MIT */
/* Lists and the MDLs they come from and are turned into. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hal/testbed_v3.h"

static int start_wide(void **state)
{
    struct hal_config config = {0};

    (void)state;
    start_with(&config, 64, true);
    return 0;
}

static PSCATTER_GATHER_LIST get_list(PMDL mdl, uint64_t skip, ULONG length, BOOLEAN to_device)
{
    struct lists lists = {0};
    PUCHAR va = (PUCHAR)MmGetMdlVirtualAddress(mdl) + skip;

    assert_int_equal(dma->GetScatterGatherList(a, NULL, mdl, va, length, keep_list, &lists,
                                               to_device),
                     STATUS_SUCCESS);
    assert_int_equal(lists.calls, 1);
    return lists.list;
}

/* Over a chain there is a chain: each page of it is where the list says the byte is. */
static void the_mdl_of_a_chained_list_is_a_chain(void **state)
{
    struct hal_config config = {.force_bounce = true};

    (void)state;
    for (unsigned scatter_gather = 0; scatter_gather < 2; scatter_gather++) {
        uint64_t first_va, second_va, skip = 5000;
        PMDL first, second, target = NULL;
        uint8_t bytes[22000], *at = bytes;
        PSCATTER_GATHER_LIST list;

        restart(&config, 64, scatter_gather);
        first = hal_bed_buffer(&bed, 10000, 50, &first_va);
        second = hal_bed_buffer(&bed, 20000, 3000, &second_va);
        first->Next = second;
        for (unsigned i = 0; i < sizeof bytes; i++)
            bytes[i] = (uint8_t)(i * 3 + i / 256);
        assert_true(mm_copy_to_va(bed.base.mm, first_va + skip, bytes, 5000));
        assert_true(mm_copy_to_va(bed.base.mm, second_va, bytes + 5000, 17000));
        list = get_list(first, skip, sizeof bytes, TRUE);
        assert_int_equal(dma->BuildMdlFromScatterGatherList(a, list, first, &target),
                         STATUS_SUCCESS);
        assert_int_equal(target->Next != NULL, scatter_gather);
        for (PMDL mdl = target; mdl != NULL; mdl = mdl->Next) {
            for (ULONG i = 0; i < mdl->ByteCount; i++, at++) {
                uint64_t byte = mdl->ByteOffset + i;
                const uint8_t *page = mm_page(bed.base.mm, MmGetMdlPfnArray(mdl)[byte / 4096]);

                assert_int_equal(page[byte % 4096], *at);
            }
        }
        assert_int_equal(at - bytes, sizeof bytes);
        dma->PutScatterGatherList(a, list, TRUE);
        expect_quiet();
    }
}

static void a_partial_mdl_is_as_good_as_its_source(void **state)
{
    uint64_t va;
    PMDL whole = hal_bed_buffer(&bed, 40000, 700, &va);
    PMDL part = IoAllocateMdl((PVOID)(va + 5000), 20000, FALSE, FALSE, NULL);
    uint64_t at = va + 5000;
    PSCATTER_GATHER_LIST list;

    (void)state;
    IoBuildPartialMdl(whole, part, (PVOID)(va + 5000), 20000);
    list = get_list(part, 0, 20000, FALSE);
    assert_int_equal(total(list), 20000);
    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        assert_int_equal(list->Elements[i].Address.QuadPart,
                         mm_pfn_of_va(bed.base.mm, at) << 12 | at % 4096);
        at += list->Elements[i].Length;
    }
    dma->PutScatterGatherList(a, list, FALSE);
    IoFreeMdl(part);
    expect_quiet();
}

/* Everywhere the same page behind the same byte: MDL, MmGetPhysicalAddress, the list. */
static void physical_addresses_agree_with_mdls_and_lists(void **state)
{
    uint64_t va;
    PMDL user = hal_bed_buffer(&bed, 20000, 300, &va);
    PUCHAR mapped = MmMapLockedPagesSpecifyCache(user, KernelMode, MmCached, NULL, FALSE, 0);
    PUCHAR pool = ExAllocatePoolWithTag(NonPagedPool, 20000, 0x74736554);
    PMDL of_pool = IoAllocateMdl(pool, 20000, FALSE, FALSE, NULL);

    (void)state;
    MmBuildMdlForNonPagedPool(of_pool);
    for (unsigned kind = 0; kind < 2; kind++) {
        PMDL mdl = kind ? of_pool : user;
        PSCATTER_GATHER_LIST list = get_list(mdl, 0, 20000, FALSE);
        uint64_t before = 0;

        for (ULONG i = 0; i < list->NumberOfElements; i++) {
            for (ULONG at = 0; at < list->Elements[i].Length; at += 100) {
                uint64_t pa = (uint64_t)list->Elements[i].Address.QuadPart + at;
                uint64_t done = before + at;
                uint64_t byte = mdl->ByteOffset + done;

                assert_int_equal(MmGetMdlPfnArray(mdl)[byte / 4096] << 12 | byte % 4096, pa);
                assert_int_equal(
                    MmGetPhysicalAddress(kind ? pool + done : mapped + done).QuadPart, pa);
                if (!kind)
                    assert_int_equal(MmGetPhysicalAddress((PVOID)(va + done)).QuadPart, pa);
            }
            before += list->Elements[i].Length;
        }
        dma->PutScatterGatherList(a, list, FALSE);
    }
    expect_quiet();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_wide, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_mdl_of_a_chained_list_is_a_chain),
        TEST(a_partial_mdl_is_as_good_as_its_source),
        TEST(physical_addresses_agree_with_mdls_and_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
