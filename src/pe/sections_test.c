/* SPDX-License-Identifier: MIT */
#include "pe/pe_test.h"

static uint32_t section_field(enum pe_build_section section, uint32_t field)
{
    return PE_BUILD_AT_SECTION(section) + field;
}

static void sections_carry_their_names_places_and_flags(void **state)
{
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    must_parse(&build, &image);
    assert_string_equal(image.sections[PE_BUILD_TEXT].name, ".text");
    assert_true(image.sections[PE_BUILD_TEXT].executable);
    assert_false(image.sections[PE_BUILD_TEXT].writable);
    assert_false(image.sections[PE_BUILD_TEXT].pageable);
    assert_true(image.sections[PE_BUILD_DATA].writable);
    assert_false(image.sections[PE_BUILD_DATA].executable);
    assert_int_equal(image.sections[PE_BUILD_DATA].file_bytes, 0x200);
    assert_int_equal(image.sections[PE_BUILD_DATA].virtual_size, 0x900);
    assert_true(image.sections[PE_BUILD_RELOC].discardable);
}

static void paged_code_is_known_by_its_name_unless_the_flag_forbids(void **state)
{
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    must_parse(&build, &image);
    assert_true(image.sections[PE_BUILD_PAGE].pageable);
    pe_build_put32(&build, section_field(PE_BUILD_PAGE, PE_BUILD_SECTION_FLAGS), 0x68000020);
    must_parse(&build, &image);
    assert_false(image.sections[PE_BUILD_PAGE].pageable);
}

static void init_is_discarded_by_name_as_by_flag(void **state)
{
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, section_field(PE_BUILD_INIT, PE_BUILD_SECTION_FLAGS), 0x60000020);
    must_parse(&build, &image);
    assert_true(image.sections[PE_BUILD_INIT].discardable);
    assert_false(image.sections[PE_BUILD_TEXT].discardable);
}

static void an_address_finds_its_section_or_none(void **state)
{
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    must_parse(&build, &image);
    assert_null(pe_section_at(&image, 0x200));
    assert_ptr_equal(pe_section_at(&image, 0x1000), &image.sections[PE_BUILD_TEXT]);
    assert_ptr_equal(pe_section_at(&image, 0x17FF), &image.sections[PE_BUILD_TEXT]);
    assert_null(pe_section_at(&image, 0x1800));
    assert_ptr_equal(pe_section_at(&image, 0x48FF), &image.sections[PE_BUILD_DATA]);
    assert_ptr_equal(pe_section_at(&image, 0x7000), &image.sections[PE_BUILD_RELOC]);
    assert_null(pe_section_at(&image, 0xFFFFFFFF));
}

static void file_offsets_exist_only_for_what_the_file_backs(void **state)
{
    struct pe_build build;
    struct pe_image image;
    uint64_t offset = 1;

    (void)state;
    pe_build(&build, NULL);
    must_parse(&build, &image);
    assert_true(pe_file_offset(&image, 0x4100, 0x100, &offset));
    assert_int_equal(offset, pe_build_offset(0x4100));
    assert_false(pe_file_offset(&image, 0x4100, 0x101, &offset));
    assert_false(pe_file_offset(&image, 0x4200, 1, &offset));
    assert_true(pe_file_offset(&image, 0x80, 4, &offset));
    assert_int_equal(offset, 0x80);
    assert_false(pe_file_offset(&image, 0x3FF, 2, &offset));
    assert_false(pe_file_offset(&image, 0x1000, UINT64_MAX, &offset));
}

static void a_section_without_bytes_in_the_file_is_all_zero(void **state)
{
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, section_field(PE_BUILD_PAGE, PE_BUILD_SECTION_RAW_BYTES), 0);
    pe_build_put32(&build, section_field(PE_BUILD_PAGE, PE_BUILD_SECTION_RAW_OFFSET), 0xFFFFFFFF);
    pe_build_put32(&build, pe_build_offset(PE_BUILD_EXPORT_ADDRESSES_RVA) + 8, 0);
    must_parse(&build, &image);
    assert_int_equal(image.sections[PE_BUILD_PAGE].file_bytes, 0);
    assert_null(pe_at(&image, PE_BUILD_PAGE_RVA, 1));
    assert_true(pe_is_in_section(&image, PE_BUILD_PAGE_RVA, 0x100));
}

static void without_a_virtual_size_the_size_in_the_file_counts(void **state)
{
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, section_field(PE_BUILD_PAGE, PE_BUILD_SECTION_VIRTUAL_SIZE), 0);
    must_parse(&build, &image);
    assert_int_equal(image.sections[PE_BUILD_PAGE].virtual_size, 0x200);
}

static void sections_that_are_empty_apart_or_overlapping_are_refused(void **state)
{
    uint32_t rva = section_field(PE_BUILD_PAGE, PE_BUILD_SECTION_RVA);
    uint32_t size = section_field(PE_BUILD_PAGE, PE_BUILD_SECTION_VIRTUAL_SIZE);
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, rva, 0x3000);
    must_refuse(&build, PE_ERROR_BAD_SECTION, rva, "PAGE");
    pe_build_put32(&build, rva, 0x1000);
    must_refuse(&build, PE_ERROR_BAD_SECTION, rva, "0x2000");
    pe_build_put32(&build, rva, 0x2010);
    must_refuse(&build, PE_ERROR_BAD_SECTION, rva, "0x2010");
    pe_build(&build, NULL);
    pe_build_put32(&build, size, 0x1001);
    must_refuse(&build, PE_ERROR_BAD_SECTION,
                section_field(PE_BUILD_RDATA, PE_BUILD_SECTION_RVA), ".rdata");
    pe_build_put32(&build, size, 0xFFFFFFFF);
    must_refuse(&build, PE_ERROR_BAD_SECTION, size, "SizeOfImage");
    pe_build_put32(&build, PE_BUILD_AT_SIZE_OF_IMAGE, 0x1900);
    must_refuse(&build, PE_ERROR_BAD_SECTION, size, "SizeOfImage 0x1900");
    pe_build(&build, NULL);
    pe_build_put32(&build, size, 0);
    pe_build_put32(&build, section_field(PE_BUILD_PAGE, PE_BUILD_SECTION_RAW_BYTES), 0);
    must_refuse(&build, PE_ERROR_BAD_SECTION, size, "no size");
}

static void a_section_beyond_the_file_is_truncation(void **state)
{
    uint32_t bytes = section_field(PE_BUILD_RELOC, PE_BUILD_SECTION_RAW_BYTES);
    uint32_t offset = section_field(PE_BUILD_RELOC, PE_BUILD_SECTION_RAW_OFFSET);
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, bytes, 0x201);
    must_refuse(&build, PE_ERROR_TRUNCATED, bytes, ".reloc");
    pe_build_put32(&build, offset, 0xFFFFFE00);
    must_refuse(&build, PE_ERROR_TRUNCATED, bytes, "0xFFFFFE00");
}

static void a_section_off_the_sector_grid_is_refused(void **state)
{
    uint32_t offset = section_field(PE_BUILD_PAGE, PE_BUILD_SECTION_RAW_OFFSET);
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, offset, 0xC10);
    must_refuse(&build, PE_ERROR_BAD_SECTION, offset, "512");
}

static void section_tables_of_wrong_size_are_refused(void **state)
{
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put16(&build, PE_BUILD_AT_SECTION_COUNT, 0);
    must_refuse(&build, PE_ERROR_BAD_SECTION, PE_BUILD_AT_SECTIONS, "no sections");
    pe_build_put16(&build, PE_BUILD_AT_SECTION_COUNT, 97);
    must_refuse(&build, PE_ERROR_TOO_LARGE, PE_BUILD_AT_SECTIONS, "97");
    pe_build_put16(&build, PE_BUILD_AT_SECTION_COUNT, 96);
    must_refuse(&build, PE_ERROR_BAD_SECTION, PE_BUILD_AT_SECTIONS, "SizeOfHeaders");
    must_refuse_bytes(build.bytes, 0x400, PE_ERROR_TRUNCATED, PE_BUILD_AT_SECTIONS,
                      "section table");
}

static void names_with_control_characters_become_printable(void **state)
{
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put_bytes(&build, PE_BUILD_AT_SECTION(PE_BUILD_DATA), "a\x1B" "b\xFF" "defg", 8);
    must_parse(&build, &image);
    assert_string_equal(image.sections[PE_BUILD_DATA].name, "a?b?defg");
}

/* Makes the image one whose sections lie in memory as they lie in the file: only .text is left. */
static void make_flat(struct pe_build *build)
{
    pe_build(build, NULL);
    pe_build_put32(build, PE_BUILD_AT_SECTION_ALIGNMENT, 0x80);
    pe_build_put32(build, PE_BUILD_AT_FILE_ALIGNMENT, 0x80);
    pe_build_put32(build, PE_BUILD_AT_SIZE_OF_IMAGE, 0xC00);
    pe_build_put16(build, PE_BUILD_AT_SECTION_COUNT, 1);
    pe_build_put32(build, PE_BUILD_AT_ENTRY, 0x400);
    pe_build_put32(build, section_field(PE_BUILD_TEXT, PE_BUILD_SECTION_RVA), 0x400);
    pe_build_put32(build, PE_BUILD_AT_DIRECTORY_COUNT, 0);
}

static void an_image_aligned_below_a_page_is_flat(void **state)
{
    struct pe_build build;
    struct pe_image image;
    uint64_t offset;

    (void)state;
    make_flat(&build);
    must_parse(&build, &image);
    assert_true(image.is_flat);
    assert_true(pe_file_offset(&image, 0x400, 0x800, &offset));
    assert_int_equal(offset, 0x400);
    assert_false(pe_file_offset(&image, 0x400, 0x801, &offset));
}

static void a_flat_image_whose_sections_move_is_refused(void **state)
{
    struct pe_build build;

    (void)state;
    make_flat(&build);
    pe_build_put32(&build, section_field(PE_BUILD_TEXT, PE_BUILD_SECTION_RAW_OFFSET), 0x600);
    must_refuse(&build, PE_ERROR_BAD_SECTION,
                section_field(PE_BUILD_TEXT, PE_BUILD_SECTION_RAW_OFFSET), "equal");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_carry_their_names_places_and_flags),
        cmocka_unit_test(paged_code_is_known_by_its_name_unless_the_flag_forbids),
        cmocka_unit_test(init_is_discarded_by_name_as_by_flag),
        cmocka_unit_test(an_address_finds_its_section_or_none),
        cmocka_unit_test(file_offsets_exist_only_for_what_the_file_backs),
        cmocka_unit_test(a_section_without_bytes_in_the_file_is_all_zero),
        cmocka_unit_test(without_a_virtual_size_the_size_in_the_file_counts),
        cmocka_unit_test(sections_that_are_empty_apart_or_overlapping_are_refused),
        cmocka_unit_test(a_section_beyond_the_file_is_truncation),
        cmocka_unit_test(a_section_off_the_sector_grid_is_refused),
        cmocka_unit_test(section_tables_of_wrong_size_are_refused),
        cmocka_unit_test(names_with_control_characters_become_printable),
        cmocka_unit_test(an_image_aligned_below_a_page_is_flat),
        cmocka_unit_test(a_flat_image_whose_sections_move_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
