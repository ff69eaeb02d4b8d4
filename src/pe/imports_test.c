/* SPDX-License-Identifier: MIT */
#include "pe/pe_test.h"

static void imports_come_by_module_name_ordinal_hint_and_slot(void **state)
{
    struct pe_module_iter modules;
    struct pe_import_iter imports;
    struct pe_module module;
    struct pe_import import;
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    must_parse(&build, &image);
    modules = pe_modules(&image);
    assert_true(pe_module_next(&modules, &module));
    assert_string_equal(module.name, "ntoskrnl.exe");
    imports = pe_imports(&image, &module);
    assert_true(pe_import_next(&imports, &import));
    assert_string_equal(import.name, "DbgPrint");
    assert_int_equal(import.hint, 1);
    assert_int_equal(import.slot_rva, PE_BUILD_IAT_RVA);
    assert_int_equal(import.file_offset, pe_build_offset(PE_BUILD_LOOKUP_RVA));
    assert_true(pe_import_next(&imports, &import));
    assert_string_equal(import.name, "IoGetDmaAdapter");
    assert_true(pe_import_next(&imports, &import));
    assert_null(import.name);
    assert_int_equal(import.ordinal, 7);
    assert_false(pe_import_next(&imports, &import));
    assert_true(pe_module_next(&modules, &module));
    assert_string_equal(module.name, "HAL.dll");
    imports = pe_imports(&image, &module);
    assert_true(pe_import_next(&imports, &import));
    assert_int_equal(import.slot_rva, pe_build_slot(&build, "KeQueryPerformanceCounter"));
    assert_false(pe_import_next(&imports, &import));
    assert_false(pe_module_next(&modules, &module));
    assert_false(pe_module_next(&modules, &module));
}

static void without_a_lookup_table_the_address_table_says_what_is_wanted(void **state)
{
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, pe_build_offset(PE_BUILD_IMPORT_RVA), 0);
    must_parse(&build, &image);
    assert_int_equal(image.import_count, 4);
}

static void bound_imports_are_read_from_the_lookup_table(void **state)
{
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, pe_build_offset(PE_BUILD_IMPORT_RVA) + 4, 0x12345678);
    pe_build_put64(&build, pe_build_offset(PE_BUILD_IAT_RVA), UINT64_C(0xFFFFF80012345678));
    must_parse(&build, &image);
    pe_build_put32(&build, pe_build_offset(PE_BUILD_IMPORT_RVA), 0);
    must_refuse(&build, PE_ERROR_BAD_IMPORT, pe_build_offset(PE_BUILD_IMPORT_RVA), "ntoskrnl.exe");
}

static void an_image_without_imports_has_none(void **state)
{
    struct pe_module_iter modules;
    struct pe_module module;
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, PE_BUILD_AT_DIRECTORY(1), 0);
    must_parse(&build, &image);
    modules = pe_modules(&image);
    assert_false(pe_module_next(&modules, &module));
}

static void descriptors_and_tables_outside_the_file_are_refused(void **state)
{
    uint32_t descriptor = pe_build_offset(PE_BUILD_IMPORT_RVA);
    uint32_t directory = PE_BUILD_AT_DIRECTORY(1);
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, directory, 0x4200);
    must_refuse(&build, PE_ERROR_BAD_IMPORT, directory, "descriptor at 0x4200");
    pe_build(&build, NULL);
    pe_build_put32(&build, descriptor, 0xFFFFFFF8);
    must_refuse(&build, PE_ERROR_BAD_IMPORT, directory, "0xFFFFFFF8");
    pe_build(&build, NULL);
    pe_build_put32(&build, descriptor + 12, 0x7FFFFFFF);
    must_refuse(&build, PE_ERROR_BAD_IMPORT, descriptor + 12, "no name");
    pe_build(&build, NULL);
    pe_build_put32(&build, descriptor + 16, 0x7FFFFFFF);
    must_refuse(&build, PE_ERROR_BAD_IMPORT, pe_build_offset(PE_BUILD_LOOKUP_RVA), "slot");
}

static void entries_that_are_neither_name_nor_ordinal_are_refused(void **state)
{
    uint32_t entry = pe_build_offset(PE_BUILD_LOOKUP_RVA);
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put64(&build, entry, UINT64_C(0x100006300));
    must_refuse(&build, PE_ERROR_BAD_IMPORT, entry, "0x100006300");
    pe_build_put64(&build, entry, 0x9999);
    must_refuse(&build, PE_ERROR_BAD_IMPORT, entry, "0x9999");
    pe_build_put64(&build, entry, UINT64_C(0x8000000000010000));
    must_refuse(&build, PE_ERROR_BAD_IMPORT, entry, "above the ordinal");
}

static void names_that_are_empty_endless_or_unprintable_are_refused(void **state)
{
    uint32_t name_rva;
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    name_rva = pe_build_get32(&build, pe_build_offset(PE_BUILD_LOOKUP_RVA));
    pe_build_put8(&build, pe_build_offset(name_rva + 2), 0);
    must_refuse(&build, PE_ERROR_BAD_IMPORT, pe_build_offset(name_rva + 2), "no valid name");
    pe_build_put8(&build, pe_build_offset(name_rva + 2), 0x1B);
    must_refuse(&build, PE_ERROR_BAD_IMPORT, pe_build_offset(name_rva + 2), "no valid name");
    pe_build(&build, NULL);
    memset(build.bytes + pe_build_offset(name_rva + 2), 'A',
           pe_build_offset(0x67FF) + 1 - pe_build_offset(name_rva + 2));
    must_refuse(&build, PE_ERROR_BAD_IMPORT, pe_build_offset(name_rva + 2), "no valid name");
}

static void a_table_without_end_is_cut_at_the_limit(void **state)
{
    enum { EXTRA = 0x30000 };
    uint32_t header = PE_BUILD_AT_SECTION(PE_BUILD_RELOC);
    struct pe_build build;
    uint8_t *bytes = malloc(PE_BUILD_FILE_BYTES + EXTRA);

    (void)state;
    assert_non_null(bytes);
    pe_build(&build, NULL);
    pe_build_put32(&build, header + PE_BUILD_SECTION_VIRTUAL_SIZE, 0x200 + EXTRA);
    pe_build_put32(&build, header + PE_BUILD_SECTION_RAW_BYTES, 0x200 + EXTRA);
    pe_build_put32(&build, PE_BUILD_AT_SIZE_OF_IMAGE, PE_BUILD_IMAGE_BYTES + EXTRA);
    pe_build_put32(&build, pe_build_offset(PE_BUILD_IMPORT_RVA), 0x7200);
    pe_build_put32(&build, pe_build_offset(PE_BUILD_IMPORT_RVA) + 16, 0x7200);
    memcpy(bytes, build.bytes, PE_BUILD_FILE_BYTES);
    for (size_t i = 0; i < EXTRA / 8; i++)
        memcpy(bytes + PE_BUILD_FILE_BYTES + 8 * i, "\1\0\0\0\0\0\0\x80", 8);
    must_refuse_bytes(bytes, PE_BUILD_FILE_BYTES + EXTRA, PE_ERROR_TOO_LARGE,
                      PE_BUILD_FILE_BYTES + 8 * PE_MAX_IMPORT_FUNCTIONS, "16384");
    free(bytes);
}

static void delay_imports_are_refused_by_name(void **state)
{
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, PE_BUILD_AT_DIRECTORY(13), 0x6700);
    must_parse(&build, &image);
    pe_build_put32(&build, pe_build_offset(0x6704), 0x6780);
    pe_build_put_bytes(&build, pe_build_offset(0x6780), "late.sys", 9);
    must_refuse(&build, PE_ERROR_DELAY_IMPORT, pe_build_offset(0x6700), "late.sys");
    pe_build_put32(&build, PE_BUILD_AT_DIRECTORY(13), 0x7FFFFFFF);
    must_refuse(&build, PE_ERROR_BAD_IMPORT, PE_BUILD_AT_DIRECTORY(13), "delay");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports_come_by_module_name_ordinal_hint_and_slot),
        cmocka_unit_test(without_a_lookup_table_the_address_table_says_what_is_wanted),
        cmocka_unit_test(bound_imports_are_read_from_the_lookup_table),
        cmocka_unit_test(an_image_without_imports_has_none),
        cmocka_unit_test(descriptors_and_tables_outside_the_file_are_refused),
        cmocka_unit_test(entries_that_are_neither_name_nor_ordinal_are_refused),
        cmocka_unit_test(names_that_are_empty_endless_or_unprintable_are_refused),
        cmocka_unit_test(a_table_without_end_is_cut_at_the_limit),
        cmocka_unit_test(delay_imports_are_refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
