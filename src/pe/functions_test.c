/* SPDX-License-Identifier: MIT */
#include "pe/pe_test.h"

static void view_of(const struct pe_build *build, struct pe_image *image,
                    struct pe_image_view *view)
{
    uint8_t *mapped = calloc(1, PE_BUILD_IMAGE_BYTES);

    assert_non_null(mapped);
    must_parse(build, image);
    pe_map(image, mapped);
    pe_view_init(view, image, mapped, PE_BUILD_IMAGE_BASE);
}

static void free_view(struct pe_image_view *view)
{
    free((void *)(uintptr_t)view->bytes);
}

static void an_address_finds_its_function_up_to_the_last_byte(void **state)
{
    struct pe_function function;
    struct pe_image_view view;
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    view_of(&build, &image, &view);
    assert_true(pe_function_find(&view, PE_BUILD_FRAMED_RVA, &function));
    assert_int_equal(function.begin_rva, PE_BUILD_FRAMED_RVA);
    assert_int_equal(function.entry_rva, PE_BUILD_PDATA_RVA + 12);
    assert_true(pe_function_find(&view, PE_BUILD_FRAMED_RVA + 15, &function));
    assert_false(pe_function_find(&view, PE_BUILD_FRAMED_RVA + 16, &function));
    assert_true(pe_function_find(&view, PE_BUILD_ENTRY_RVA, &function));
    assert_int_equal(function.entry_rva, PE_BUILD_PDATA_RVA);
    assert_false(pe_function_find(&view, 0, &function));
    assert_false(pe_function_find(&view, 0xFFFFFFFF, &function));
    free_view(&view);
}

static void an_indirect_entry_gives_the_one_it_stands_for(void **state)
{
    uint32_t table = pe_build_offset(PE_BUILD_PDATA_RVA);
    struct pe_function function;
    struct pe_image_view view;
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, table + 24 + 8, (PE_BUILD_PDATA_RVA + 12) | 1);
    view_of(&build, &image, &view);
    assert_true(pe_function_find(&view, PE_BUILD_CHAINED_RVA, &function));
    assert_int_equal(function.begin_rva, PE_BUILD_FRAMED_RVA);
    assert_int_equal(function.entry_rva, PE_BUILD_PDATA_RVA + 12);
    free_view(&view);
}

static void a_chained_part_leads_to_its_root(void **state)
{
    struct pe_function function;
    struct pe_function root;
    struct pe_image_view view;
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    view_of(&build, &image, &view);
    assert_true(pe_function_find(&view, PE_BUILD_CHAINED_RVA, &function));
    assert_true(pe_function_root(&view, &function, &root));
    assert_int_equal(root.begin_rva, PE_BUILD_FRAMED_RVA);
    free_view(&view);
}

static void a_chain_that_leads_to_itself_has_no_root(void **state)
{
    uint32_t chained = pe_build_offset(PE_BUILD_PDATA_RVA + 24 + 8);
    struct pe_function function;
    struct pe_function root;
    struct pe_image_view view;
    struct pe_build build;
    struct pe_image image;
    uint32_t info_rva;

    (void)state;
    pe_build(&build, NULL);
    info_rva = pe_build_get32(&build, chained);
    pe_build_put32(&build, pe_build_offset(info_rva) + 12, info_rva);
    view_of(&build, &image, &view);
    assert_true(pe_function_find(&view, PE_BUILD_CHAINED_RVA, &function));
    assert_false(pe_function_root(&view, &function, &root));
    free_view(&view);
}

static void empty_entries_at_the_end_do_not_count(void **state)
{
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, PE_BUILD_AT_DIRECTORY(3) + 4, 5 * 12);
    must_parse(&build, &image);
    assert_int_equal(image.pdata_count, 3);
}

static void an_unsorted_or_overlapping_table_is_refused(void **state)
{
    uint32_t second = pe_build_offset(PE_BUILD_PDATA_RVA) + 12;
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, second, PE_BUILD_FRAMED_RVA - 1);
    must_refuse(&build, PE_ERROR_BAD_UNWIND, second, "not sorted");
    pe_build_put32(&build, second, PE_BUILD_FRAMED_RVA + 16);
    must_refuse(&build, PE_ERROR_BAD_UNWIND, second, "from 0x1410 to 0x1410");
    pe_build_put32(&build, second, PE_BUILD_FRAMED_RVA);
    pe_build_put32(&build, second + 4, PE_BUILD_IMAGE_BYTES + 1);
    must_refuse(&build, PE_ERROR_BAD_UNWIND, second, "0x8001");
}

static void a_table_of_odd_size_or_elsewhere_is_refused(void **state)
{
    uint32_t directory = PE_BUILD_AT_DIRECTORY(3);
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, directory + 4, 37);
    must_refuse(&build, PE_ERROR_BAD_UNWIND, directory, "37");
    pe_build_put32(&build, directory + 4, 516);
    must_refuse(&build, PE_ERROR_BAD_UNWIND, directory, "outside");
}

static void unwind_info_that_cannot_be_read_is_refused(void **state)
{
    uint32_t info = pe_build_offset(PE_BUILD_PDATA_RVA) + 12 + 8;
    uint32_t entry = info - 8;
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, info, 0x4200);
    must_refuse(&build, PE_ERROR_BAD_UNWIND, entry, "0x4200");
    pe_build_put32(&build, info, PE_BUILD_XDATA_RVA + 2);
    must_refuse(&build, PE_ERROR_BAD_UNWIND, entry, "no section holds");
    pe_build_put32(&build, info, 0x39FC);
    pe_build_put32(&build, pe_build_offset(0x39FC), 0x00010001);
    must_refuse(&build, PE_ERROR_BAD_UNWIND, pe_build_offset(0x39FC), "cut off");
}

static void an_indirect_entry_that_stands_for_nothing_is_refused(void **state)
{
    uint32_t entry = pe_build_offset(PE_BUILD_PDATA_RVA) + 12;
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, entry + 8, (PE_BUILD_PDATA_RVA + 4) | 1);
    must_refuse(&build, PE_ERROR_BAD_UNWIND, entry, "no table entry");
    pe_build_put32(&build, entry + 8, (PE_BUILD_PDATA_RVA + 36) | 1);
    must_refuse(&build, PE_ERROR_BAD_UNWIND, entry, "no table entry");
}

static void a_handler_beyond_the_image_is_refused(void **state)
{
    uint32_t at = pe_build_offset(PE_BUILD_PDATA_RVA) + 12 + 8;
    struct pe_build build;
    uint32_t info;

    (void)state;
    pe_build(&build, NULL);
    info = pe_build_offset(pe_build_get32(&build, at));
    pe_build_put32(&build, info + 8, PE_BUILD_IMAGE_BYTES);
    must_refuse(&build, PE_ERROR_BAD_UNWIND, info, "handler");
}

static void a_table_overwritten_after_parsing_finds_nothing_wrong(void **state)
{
    struct pe_function function;
    struct pe_image_view view;
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    view_of(&build, &image, &view);
    memset((uint8_t *)(uintptr_t)view.bytes + PE_BUILD_PDATA_RVA, 0xFF, 36);
    assert_false(pe_function_find(&view, PE_BUILD_FRAMED_RVA, &function));
    view.pdata_rva = PE_BUILD_IMAGE_BYTES - 4;
    assert_false(pe_function_find(&view, PE_BUILD_FRAMED_RVA, &function));
    free_view(&view);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_finds_its_function_up_to_the_last_byte),
        cmocka_unit_test(an_indirect_entry_gives_the_one_it_stands_for),
        cmocka_unit_test(a_chained_part_leads_to_its_root),
        cmocka_unit_test(a_chain_that_leads_to_itself_has_no_root),
        cmocka_unit_test(empty_entries_at_the_end_do_not_count),
        cmocka_unit_test(an_unsorted_or_overlapping_table_is_refused),
        cmocka_unit_test(a_table_of_odd_size_or_elsewhere_is_refused),
        cmocka_unit_test(unwind_info_that_cannot_be_read_is_refused),
        cmocka_unit_test(an_indirect_entry_that_stands_for_nothing_is_refused),
        cmocka_unit_test(a_handler_beyond_the_image_is_refused),
        cmocka_unit_test(a_table_overwritten_after_parsing_finds_nothing_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
