/* SPDX-License-Identifier: MIT */
#include "pe/pe_test.h"

static void exports_come_by_name_with_forwarders_marked(void **state)
{
    struct pe_export_iter exports;
    struct pe_export export;
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    must_parse(&build, &image);
    exports = pe_exports(&image);
    assert_true(pe_export_next(&exports, &export));
    assert_string_equal(export.name, "DllInitialize");
    assert_int_equal(export.rva, PE_BUILD_ENTRY_RVA);
    assert_int_equal(export.ordinal, 1);
    assert_null(export.forwarder);
    assert_true(pe_export_next(&exports, &export));
    assert_string_equal(export.name, "Moved");
    assert_string_equal(export.forwarder, "hal.Moved");
    assert_int_equal(export.rva, 0);
    assert_false(pe_export_next(&exports, &export));
}

static void an_export_is_found_by_exact_name(void **state)
{
    struct pe_export export;
    struct pe_build build;
    struct pe_image image;
    struct pe_error error;

    (void)state;
    pe_build(&build, NULL);
    must_parse(&build, &image);
    assert_int_equal(pe_export_find(&image, "DllInitialize", &export, &error), 0);
    assert_int_equal(export.rva, PE_BUILD_ENTRY_RVA);
    assert_int_equal(pe_export_find(&image, "dllinitialize", &export, &error), -ENOENT);
}

static void an_export_is_found_by_ordinal_named_or_not(void **state)
{
    struct pe_export export;
    struct pe_build build;
    struct pe_image image;
    struct pe_error error;

    (void)state;
    pe_build(&build, NULL);
    must_parse(&build, &image);
    assert_int_equal(pe_export_find_ordinal(&image, 3, &export, &error), 0);
    assert_int_equal(export.rva, PE_BUILD_PAGE_RVA);
    assert_null(export.name);
    assert_int_equal(pe_export_find_ordinal(&image, 0, &export, &error), -ENOENT);
    assert_int_equal(pe_export_find_ordinal(&image, 4, &export, &error), -ENOENT);
    pe_build_put32(&build, pe_build_offset(PE_BUILD_EXPORT_ADDRESSES_RVA) + 8, 0);
    assert_int_equal(pe_export_find_ordinal(&image, 3, &export, &error), -ENOENT);
}

static void a_forwarder_is_refused_by_name_when_it_is_needed(void **state)
{
    uint32_t address = pe_build_offset(PE_BUILD_EXPORT_ADDRESSES_RVA) + 4;
    struct pe_export export;
    struct pe_build build;
    struct pe_image image;
    struct pe_error error;

    (void)state;
    pe_build(&build, NULL);
    must_parse(&build, &image);
    assert_int_equal(pe_export_find(&image, "Moved", &export, &error), -ENOEXEC);
    assert_int_equal(error.kind, PE_ERROR_FORWARDED_EXPORT);
    assert_int_equal(error.file_offset, address);
    assert_non_null(strstr(error.reason, "hal.Moved"));
    assert_int_equal(pe_export_find_ordinal(&image, 2, &export, &error), -ENOEXEC);
}

static void an_image_without_exports_has_none(void **state)
{
    struct pe_export_iter exports;
    struct pe_export export;
    struct pe_build build;
    struct pe_image image;
    struct pe_error error;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, PE_BUILD_AT_DIRECTORY(0), 0);
    must_parse(&build, &image);
    exports = pe_exports(&image);
    assert_false(pe_export_next(&exports, &export));
    assert_int_equal(pe_export_find(&image, "Moved", &export, &error), -ENOENT);
    assert_int_equal(pe_export_find_ordinal(&image, 1, &export, &error), -ENOENT);
}

static void tables_outside_the_file_are_refused(void **state)
{
    uint32_t directory = pe_build_offset(PE_BUILD_EXPORT_RVA);
    struct pe_build build;

    (void)state;
    for (uint32_t field = 28; field <= 36; field += 4) {
        pe_build(&build, NULL);
        pe_build_put32(&build, directory + field, 0x7FFFFFFF);
        must_refuse(&build, PE_ERROR_BAD_EXPORT, directory + field, "table is outside");
    }
    pe_build(&build, NULL);
    pe_build_put32(&build, PE_BUILD_AT_DIRECTORY(0), 0x7FFFFFFF);
    must_refuse(&build, PE_ERROR_BAD_EXPORT, PE_BUILD_AT_DIRECTORY(0), "directory");
}

static void counts_above_the_limit_are_refused(void **state)
{
    uint32_t directory = pe_build_offset(PE_BUILD_EXPORT_RVA);
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, directory + 20, 65537);
    must_refuse(&build, PE_ERROR_TOO_LARGE, directory + 20, "65537");
    pe_build(&build, NULL);
    pe_build_put32(&build, directory + 24, 0xFFFFFFFF);
    must_refuse(&build, PE_ERROR_TOO_LARGE, directory + 20, "4294967295");
}

static void entries_that_lead_nowhere_are_refused(void **state)
{
    uint32_t addresses = pe_build_offset(PE_BUILD_EXPORT_ADDRESSES_RVA);
    uint32_t names = pe_build_offset(PE_BUILD_EXPORT_NAMES_RVA);
    uint32_t ordinals = pe_build_offset(PE_BUILD_EXPORT_NAME_ORDINALS_RVA);
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, addresses, PE_BUILD_IMAGE_BYTES);
    must_refuse(&build, PE_ERROR_BAD_EXPORT, addresses, "beyond the image");
    pe_build(&build, NULL);
    pe_build_put32(&build, addresses, PE_BUILD_EXPORT_RVA + 0x70);
    must_refuse(&build, PE_ERROR_BAD_EXPORT, addresses, "MODULE.NAME");
    pe_build(&build, NULL);
    pe_build_put32(&build, names, 0x7FFFFFFF);
    must_refuse(&build, PE_ERROR_BAD_EXPORT, names, "number 0");
    pe_build(&build, NULL);
    pe_build_put16(&build, ordinals + 2, 3);
    must_refuse(&build, PE_ERROR_BAD_EXPORT, ordinals + 2, "Moved");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(exports_come_by_name_with_forwarders_marked),
        cmocka_unit_test(an_export_is_found_by_exact_name),
        cmocka_unit_test(an_export_is_found_by_ordinal_named_or_not),
        cmocka_unit_test(a_forwarder_is_refused_by_name_when_it_is_needed),
        cmocka_unit_test(an_image_without_exports_has_none),
        cmocka_unit_test(tables_outside_the_file_are_refused),
        cmocka_unit_test(counts_above_the_limit_are_refused),
        cmocka_unit_test(entries_that_lead_nowhere_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
