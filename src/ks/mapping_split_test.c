/* SPDX-License-Identifier: MIT */
/* The worked examples of mapping tables, and the arithmetic around them. */
#include "ks/mapping_split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

struct run {
    LONGLONG address;
    ULONG length;
};

static SCATTER_GATHER_LIST *make_list(const struct run *runs, ULONG count)
{
    SCATTER_GATHER_LIST *list = calloc(1, sizeof *list + count * sizeof list->Elements[0]);

    assert_non_null(list);
    list->NumberOfElements = count;
    for (ULONG i = 0; i < count; i++) {
        list->Elements[i].Address.QuadPart = runs[i].address;
        list->Elements[i].Length = runs[i].length;
    }
    return list;
}

static void expect_table(const struct run *runs, ULONG run_count, ULONG limit,
                         const struct run *entries, ULONG entry_count)
{
    SCATTER_GATHER_LIST *list = make_list(runs, run_count);
    ULONG bytes = 0;
    ULONG bound;
    KSMAPPING *table;

    for (ULONG i = 0; i < run_count; i++)
        bytes += runs[i].length;
    bound = ks_mapping_split_bound(list, limit, bytes);
    table = calloc(bound + 1, sizeof *table);
    assert_non_null(table);
    assert_true(bound >= entry_count);
    assert_int_equal(ks_mapping_split(list, limit, sizeof *table, table, bound), entry_count);
    for (ULONG i = 0; i < entry_count; i++) {
        assert_int_equal(table[i].PhysicalAddress.QuadPart, entries[i].address);
        assert_int_equal(table[i].ByteCount, entries[i].length);
        assert_int_equal(table[i].Alignment, 0);
    }
    assert_int_equal(table[entry_count].ByteCount, 0);
    free(table);
    free(list);
}

static const struct run offset_run[] = {{0x10000800, 0x3000}};

static void one_run_without_a_limit_is_one_mapping(void **state)
{
    (void)state;
    expect_table(offset_run, 1, 0, offset_run, 1);
    expect_table(offset_run, 1, MAXULONG, offset_run, 1);
}

static void a_page_limit_cuts_from_the_start_of_the_run_and_pieces_straddle_pages(void **state)
{
    static const struct run want[] = {
        {0x10000800, 0x1000}, {0x10001800, 0x1000}, {0x10002800, 0x1000}};

    (void)state;
    expect_table(offset_run, 1, 0x1000, want, 3);
}

static void runs_shorter_than_the_limit_stay_as_they_are(void **state)
{
    static const struct run runs[] = {
        {0x10000800, 0x800}, {0x20000000, 0x1000}, {0x30000000, 0x400}};

    (void)state;
    expect_table(runs, 3, 0x1000, runs, 3);
}

static void a_rest_shorter_than_the_limit_is_a_mapping_of_its_own(void **state)
{
    static const struct run runs[] = {{0x10000000, 0x2400}};
    static const struct run want[] = {
        {0x10000000, 0x1000}, {0x10001000, 0x1000}, {0x10002000, 0x400}};

    (void)state;
    expect_table(runs, 1, 0x1000, want, 3);
}

static void adjacent_elements_are_not_merged(void **state)
{
    static const struct run runs[] = {{0x10000000, 0x1000}, {0x10001000, 0x1000}};

    (void)state;
    expect_table(runs, 2, 0, runs, 2);
}

static void an_empty_list_gives_an_empty_table(void **state)
{
    SCATTER_GATHER_LIST *list = make_list(NULL, 0);

    (void)state;
    assert_int_equal(ks_mapping_split_bound(list, 0x1000, 0), 0);
    assert_int_equal(ks_mapping_split(list, 0x1000, sizeof(KSMAPPING), NULL, 0), 0);
    assert_int_equal(ks_mapping_split_highest(list), 0);
    free(list);
}

static void entries_lie_a_stride_apart_and_the_drivers_bytes_begin_as_zero(void **state)
{
    enum { STRIDE = 48, ENTRIES = 3 };
    SCATTER_GATHER_LIST *list = make_list(offset_run, 1);
    UCHAR table[STRIDE * ENTRIES];

    (void)state;
    memset(table, 0xee, sizeof table);
    ks_mapping_split(list, 0x1000, STRIDE, table, ENTRIES);
    for (ULONG i = 0; i < ENTRIES; i++) {
        KSMAPPING mapping;

        memcpy(&mapping, table + i * STRIDE, sizeof mapping);
        assert_int_equal(mapping.PhysicalAddress.QuadPart, 0x10000800 + i * 0x1000);
        for (ULONG byte = sizeof mapping; byte < STRIDE; byte++)
            assert_int_equal(table[i * STRIDE + byte], 0);
    }
    free(list);
}

static void a_run_of_nearly_4_gb_is_cut_without_overflow(void **state)
{
    static const struct run runs[] = {{0, 0xfffff000u}};
    static const struct run halves[] = {{0, 0x80000000u}, {0x80000000u, 0x7ffff000u}};

    (void)state;
    expect_table(runs, 1, 0x80000000u, halves, 2);
    expect_table(runs, 1, MAXULONG, runs, 1);
}

static void the_highest_address_is_that_of_the_last_byte(void **state)
{
    static const struct run runs[] = {{0xfffff000, 0x1000}, {0x1000, 0x1000}};
    SCATTER_GATHER_LIST *list = make_list(runs, 2);

    (void)state;
    assert_int_equal(ks_mapping_split_highest(list), 0xffffffff);
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_run_without_a_limit_is_one_mapping),
        cmocka_unit_test(a_page_limit_cuts_from_the_start_of_the_run_and_pieces_straddle_pages),
        cmocka_unit_test(runs_shorter_than_the_limit_stay_as_they_are),
        cmocka_unit_test(a_rest_shorter_than_the_limit_is_a_mapping_of_its_own),
        cmocka_unit_test(adjacent_elements_are_not_merged),
        cmocka_unit_test(an_empty_list_gives_an_empty_table),
        cmocka_unit_test(entries_lie_a_stride_apart_and_the_drivers_bytes_begin_as_zero),
        cmocka_unit_test(a_run_of_nearly_4_gb_is_cut_without_overflow),
        cmocka_unit_test(the_highest_address_is_that_of_the_last_byte),
    };

    return cmocka_run_group_tests_name("mapping_split", tests, NULL, NULL);
}
