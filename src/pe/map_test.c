/* SPDX-License-Identifier: MIT */
#include "pe/pe_test.h"

static void *map_at(const struct pe_image *image, uint64_t base)
{
    void *mapped = calloc(1, image->size_of_image);

    assert_non_null(mapped);
    pe_map(image, mapped);
    pe_relocate(image, mapped, base);
    return mapped;
}

static void mapping_puts_headers_and_sections_in_place_and_leaves_the_rest_zero(void **state)
{
    struct pe_build build;
    struct pe_image image;
    uint8_t *mapped;

    (void)state;
    pe_build(&build, NULL);
    memset(build.bytes + pe_build_offset(0x4100), 0xEE, 0x100);
    must_parse(&build, &image);
    mapped = map_at(&image, PE_BUILD_IMAGE_BASE);
    assert_memory_equal(mapped, build.bytes, PE_BUILD_HEADER_BYTES);
    assert_memory_equal(mapped + 0x1000, build.bytes + 0x400, 0x800);
    assert_memory_equal(mapped + 0x4000, build.bytes + 0x1800, 0x200);
    assert_int_equal(mapped[0x41FF], 0xEE);
    assert_int_equal(mapped[0x4200], 0);
    assert_int_equal(mapped[0x600], 0);
    free(mapped);
}

static void relocating_moves_every_listed_pointer_and_nothing_else(void **state)
{
    const uint64_t base = UINT64_C(0x300012340000);
    struct pe_build build;
    struct pe_image image;
    size_t changed = 0;
    uint8_t *before;
    uint8_t *after;

    (void)state;
    pe_build(&build, NULL);
    must_parse(&build, &image);
    before = map_at(&image, PE_BUILD_IMAGE_BASE);
    after = map_at(&image, base);
    assert_int_equal(pe_u64(after + PE_BUILD_POINTERS_RVA), base + PE_BUILD_ENTRY_RVA);
    assert_int_equal(pe_u64(after + PE_BUILD_LOAD_CONFIG_RVA + 0x58), base + PE_BUILD_COOKIE_RVA);
    assert_int_equal(pe_u64(after + PE_BUILD_AT_IMAGE_BASE), base);
    for (uint32_t i = 0; i + 8 <= PE_BUILD_IMAGE_BYTES; i += 8)
        changed += memcmp(before + i, after + i, 8) != 0;
    assert_int_equal(changed, image.relocation_count + 1);
    free(before);
    free(after);
}

static void a_flat_image_is_mapped_as_the_file_is(void **state)
{
    uint32_t text = PE_BUILD_AT_SECTION(PE_BUILD_TEXT);
    struct pe_build build;
    struct pe_image image;
    uint8_t *mapped;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, PE_BUILD_AT_SECTION_ALIGNMENT, 0x20);
    pe_build_put32(&build, PE_BUILD_AT_FILE_ALIGNMENT, 0x20);
    pe_build_put32(&build, PE_BUILD_AT_SIZE_OF_IMAGE, 0x3000);
    pe_build_put16(&build, PE_BUILD_AT_SECTION_COUNT, 1);
    pe_build_put32(&build, PE_BUILD_AT_ENTRY, 0x400);
    pe_build_put32(&build, text + PE_BUILD_SECTION_RVA, 0x400);
    pe_build_put32(&build, PE_BUILD_AT_DIRECTORY_COUNT, 0);
    must_parse(&build, &image);
    mapped = map_at(&image, PE_BUILD_IMAGE_BASE);
    assert_memory_equal(mapped, build.bytes, sizeof(build.bytes));
    assert_int_equal(mapped[PE_BUILD_FILE_BYTES], 0);
    free(mapped);
}

static void the_checksum_skips_its_own_field_and_adds_the_length(void **state)
{
    struct pe_build build;
    struct pe_image image;
    uint64_t sum = 0;
    uint32_t plain;

    (void)state;
    pe_build(&build, NULL);
    must_parse(&build, &image);
    plain = pe_image_checksum(&image);
    for (size_t i = 0; i < sizeof(build.bytes); i += 2)
        sum += pe_u16(build.bytes + i);
    while (sum > 0xFFFF)
        sum = (sum & 0xFFFF) + (sum >> 16);
    assert_int_equal(plain, sum + sizeof(build.bytes));
    pe_build_put32(&build, PE_BUILD_AT_CHECKSUM, plain);
    must_parse(&build, &image);
    assert_int_equal(pe_image_checksum(&image), plain);
    assert_int_equal(image.checksum, plain);
    pe_build_put8(&build, pe_build_offset(PE_BUILD_FREE_CODE_RVA), 1);
    assert_true(pe_image_checksum(&image) != plain);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(mapping_puts_headers_and_sections_in_place_and_leaves_the_rest_zero),
        cmocka_unit_test(relocating_moves_every_listed_pointer_and_nothing_else),
        cmocka_unit_test(a_flat_image_is_mapped_as_the_file_is),
        cmocka_unit_test(the_checksum_skips_its_own_field_and_adds_the_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
