/* SPDX-License-Identifier: MIT */
#include "pe/pe_test.h"

static void relocations_come_in_file_order_without_padding(void **state)
{
    static const uint32_t expected[] = { 0x3258, 0x3270, 0x3278, 0x3340, 0x3348, 0x4008, 0x4010 };
    struct pe_relocation_iter iter;
    struct pe_build build;
    struct pe_image image;
    uint32_t rva;

    (void)state;
    pe_build(&build, NULL);
    must_parse(&build, &image);
    iter = pe_relocations(&image);
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        assert_true(pe_relocation_next(&iter, &rva));
        assert_int_equal(rva, expected[i]);
    }
    assert_false(pe_relocation_next(&iter, &rva));
    assert_false(pe_relocation_next(&iter, &rva));
}

static void empty_blocks_and_a_padded_table_are_accepted(void **state)
{
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, pe_build_offset(PE_BUILD_RELOC_RVA) + 32, 0x5000);
    pe_build_put32(&build, pe_build_offset(PE_BUILD_RELOC_RVA) + 36, 8);
    pe_build_put32(&build, PE_BUILD_AT_DIRECTORY(5) + 4, 0x80);
    must_parse(&build, &image);
    assert_int_equal(image.relocation_count, 7);
}

static void types_of_other_machines_are_refused_with_their_place(void **state)
{
    uint32_t entry = pe_build_offset(PE_BUILD_RELOC_RVA) + 10;
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put16(&build, entry, 0x3270);
    must_refuse(&build, PE_ERROR_BAD_RELOCATION, entry, "HIGHLOW");
    pe_build_put16(&build, entry, 0xF270);
    must_refuse(&build, PE_ERROR_BAD_RELOCATION, entry, "type 15");
}

static void a_target_beyond_the_image_is_refused(void **state)
{
    uint32_t block = pe_build_offset(PE_BUILD_RELOC_RVA) + 20;
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, block, 0x7000);
    pe_build_put16(&build, block + 8, 0xAFF9);
    must_refuse(&build, PE_ERROR_BAD_RELOCATION, block + 8, "0x7FF9");
    pe_build_put32(&build, block, 0xFFFFF000);
    must_refuse(&build, PE_ERROR_BAD_RELOCATION, block + 8, "0xFFFFFFF9");
}

static void blocks_of_impossible_size_are_refused(void **state)
{
    static const uint32_t sizes[] = { 0, 7, 9, 36, 0xFFFFFFFF };
    uint32_t size = pe_build_offset(PE_BUILD_RELOC_RVA) + 4;
    struct pe_build build;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        pe_build(&build, NULL);
        pe_build_put32(&build, size, sizes[i]);
        must_refuse(&build, PE_ERROR_BAD_RELOCATION, size, "block");
    }
}

static void a_table_that_is_cut_or_elsewhere_is_refused(void **state)
{
    uint32_t directory = PE_BUILD_AT_DIRECTORY(5);
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, directory + 4, 36);
    pe_build_put32(&build, pe_build_offset(PE_BUILD_RELOC_RVA) + 32, 1);
    must_refuse(&build, PE_ERROR_BAD_RELOCATION, pe_build_offset(PE_BUILD_RELOC_RVA) + 32, "left");
    pe_build_put32(&build, directory + 4, 0x201);
    must_refuse(&build, PE_ERROR_BAD_RELOCATION, directory, "outside");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(relocations_come_in_file_order_without_padding),
        cmocka_unit_test(empty_blocks_and_a_padded_table_are_accepted),
        cmocka_unit_test(types_of_other_machines_are_refused_with_their_place),
        cmocka_unit_test(a_target_beyond_the_image_is_refused),
        cmocka_unit_test(blocks_of_impossible_size_are_refused),
        cmocka_unit_test(a_table_that_is_cut_or_elsewhere_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
