/* SPDX-License-Identifier: MIT */
#include "pe/pe_test.h"

static void a_driver_with_every_part_is_accepted(void **state)
{
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    must_parse(&build, &image);
    assert_int_equal(image.preferred_base, PE_BUILD_IMAGE_BASE);
    assert_int_equal(image.size_of_image, PE_BUILD_IMAGE_BYTES);
    assert_int_equal(image.entry_rva, PE_BUILD_ENTRY_RVA);
    assert_int_equal(image.section_count, PE_BUILD_SECTION_COUNT);
    assert_int_equal(image.import_count, 4);
    assert_int_equal(image.relocation_count, 7);
    assert_int_equal(image.pdata_count, 3);
    assert_int_equal(image.timestamp, 0x5F000000);
    assert_false(image.is_flat);
}

static void an_empty_file_is_refused(void **state)
{
    (void)state;
    must_refuse_bytes(NULL, 0, PE_ERROR_EMPTY, 0, "empty");
}

static void a_file_of_another_kind_is_named(void **state)
{
    static const struct {
        const char *bytes;
        size_t      count;
        const char *word;
    } files[] = {
        { "\x7F" "ELF\x02\x01\x01", 7, "ELF" },
        { "#!/bin/sh\n", 10, "script" },
        { "PK\x03\x04....", 8, "ZIP" },
        { "MSCF\0\0\0\0", 8, "cabinet" },
        { "\x64\x86\x03\x00", 4, "object file" },
        { "!<arch>\n", 8, "static library" },
        { "[Version]\r\nSignature", 20, "text" },
        { "\xFF\xFE[\0V\0", 6, "UTF-16" },
        { "\0\0\0\0\0\0\0\0", 8, "zeros" },
        { "\x01\x02\x03\x04", 4, "unknown kind" },
        { "M", 1, "text" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        must_refuse_bytes(files[i].bytes, files[i].count, PE_ERROR_NOT_PE, 0, files[i].word);
}

static void a_dos_or_16_bit_program_is_named(void **state)
{
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put16(&build, PE_BUILD_AT_SIGNATURE, 'N' | 'E' << 8);
    must_refuse(&build, PE_ERROR_NOT_PE, PE_BUILD_AT_SIGNATURE, "16-bit");
    pe_build_put16(&build, PE_BUILD_AT_SIGNATURE, 'L' | 'E' << 8);
    must_refuse(&build, PE_ERROR_NOT_PE, PE_BUILD_AT_SIGNATURE, "VxD");
    pe_build_put16(&build, PE_BUILD_AT_SIGNATURE, 0);
    must_refuse(&build, PE_ERROR_NOT_PE, PE_BUILD_AT_SIGNATURE, "DOS");
}

static void every_truncation_is_refused(void **state)
{
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    for (size_t count = 0; count < sizeof(build.bytes); count++) {
        uint8_t *cut = malloc(count != 0 ? count : 1);
        struct pe_image image;
        struct pe_error error;

        assert_non_null(cut);
        memcpy(cut, build.bytes, count);
        assert_int_equal(pe_parse(cut, count, &image, &error), -ENOEXEC);
        if (count >= 2)
            assert_int_equal(error.kind, PE_ERROR_TRUNCATED);
        free(cut);
    }
}

static void a_header_beyond_the_file_is_truncation(void **state)
{
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    must_refuse_bytes(build.bytes, 0x20, PE_ERROR_TRUNCATED, 0x20, "DOS header");
    pe_build_put32(&build, PE_BUILD_AT_LFANEW, 0xFFFFFFF0);
    must_refuse(&build, PE_ERROR_TRUNCATED, PE_BUILD_AT_LFANEW, "0xFFFFFFF0");
}

static void a_misaligned_header_is_refused(void **state)
{
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    memmove(build.bytes + 0x82, build.bytes + 0x80, 0x200);
    pe_build_put32(&build, PE_BUILD_AT_LFANEW, 0x82);
    must_refuse(&build, PE_ERROR_BAD_HEADER, PE_BUILD_AT_LFANEW, "aligned");
}

static void a_driver_for_another_machine_says_which(void **state)
{
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put16(&build, PE_BUILD_AT_MACHINE, 0x014C);
    must_refuse(&build, PE_ERROR_WRONG_MACHINE, PE_BUILD_AT_MACHINE, "32-bit x86");
    pe_build_put16(&build, PE_BUILD_AT_MACHINE, 0xAA64);
    must_refuse(&build, PE_ERROR_WRONG_MACHINE, PE_BUILD_AT_MACHINE, "ARM64");
    pe_build_put16(&build, PE_BUILD_AT_MACHINE, 0x1234);
    must_refuse(&build, PE_ERROR_WRONG_MACHINE, PE_BUILD_AT_MACHINE, "0x1234");
}

static void an_incomplete_link_is_refused(void **state)
{
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put16(&build, PE_BUILD_AT_CHARACTERISTICS, 0x0020);
    must_refuse(&build, PE_ERROR_BAD_HEADER, PE_BUILD_AT_CHARACTERISTICS, "complete");
}

static void stripped_relocations_are_refused(void **state)
{
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put16(&build, PE_BUILD_AT_CHARACTERISTICS, 0x0023);
    must_refuse(&build, PE_ERROR_RELOCS_STRIPPED, PE_BUILD_AT_CHARACTERISTICS, "/FIXED:NO");
}

static void a_32_bit_optional_header_is_refused(void **state)
{
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put16(&build, PE_BUILD_AT_MAGIC, 0x10B);
    must_refuse(&build, PE_ERROR_NOT_PE32_PLUS, PE_BUILD_AT_MAGIC, "PE32");
}

static void an_optional_header_that_is_too_short_is_refused(void **state)
{
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put16(&build, PE_BUILD_AT_OPTIONAL_BYTES, 111);
    must_refuse(&build, PE_ERROR_BAD_HEADER, PE_BUILD_AT_OPTIONAL_BYTES, "111");
    pe_build_put16(&build, PE_BUILD_AT_OPTIONAL_BYTES, 0);
    must_refuse(&build, PE_ERROR_BAD_HEADER, PE_BUILD_AT_OPTIONAL_BYTES, "0 bytes");
    pe_build_put16(&build, PE_BUILD_AT_OPTIONAL_BYTES, 239);
    must_refuse(&build, PE_ERROR_BAD_HEADER, PE_BUILD_AT_DIRECTORY_COUNT, "16 data directories");
    pe_build_put16(&build, PE_BUILD_AT_OPTIONAL_BYTES, 0xFFFF);
    must_refuse(&build, PE_ERROR_TRUNCATED, PE_BUILD_AT_OPTIONAL, "65535");
}

static void a_program_that_is_no_driver_is_named(void **state)
{
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put16(&build, PE_BUILD_AT_SUBSYSTEM, 3);
    must_refuse(&build, PE_ERROR_WRONG_SUBSYSTEM, PE_BUILD_AT_SUBSYSTEM, "console");
    pe_build_put16(&build, PE_BUILD_AT_SUBSYSTEM, 10);
    must_refuse(&build, PE_ERROR_WRONG_SUBSYSTEM, PE_BUILD_AT_SUBSYSTEM, "EFI");
}

static void impossible_alignments_are_refused(void **state)
{
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, PE_BUILD_AT_SECTION_ALIGNMENT, 0x1800);
    must_refuse(&build, PE_ERROR_BAD_HEADER, PE_BUILD_AT_SECTION_ALIGNMENT, "power of two");
    pe_build_put32(&build, PE_BUILD_AT_SECTION_ALIGNMENT, 0x1000);
    pe_build_put32(&build, PE_BUILD_AT_FILE_ALIGNMENT, 0x100);
    must_refuse(&build, PE_ERROR_BAD_HEADER, PE_BUILD_AT_FILE_ALIGNMENT, "0x100");
    pe_build_put32(&build, PE_BUILD_AT_SECTION_ALIGNMENT, 0x80);
    must_refuse(&build, PE_ERROR_BAD_HEADER, PE_BUILD_AT_FILE_ALIGNMENT, "below a page");
}

static void an_image_base_between_64_k_lines_is_refused(void **state)
{
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put64(&build, PE_BUILD_AT_IMAGE_BASE, PE_BUILD_IMAGE_BASE + 0x1000);
    must_refuse(&build, PE_ERROR_BAD_HEADER, PE_BUILD_AT_IMAGE_BASE, "64 K");
    pe_build_put64(&build, PE_BUILD_AT_IMAGE_BASE, UINT64_C(0xFFFFFFFFFFFF0000));
    must_refuse(&build, PE_ERROR_BAD_HEADER, PE_BUILD_AT_IMAGE_BASE, "ImageBase");
}

static void sizes_beyond_the_limits_are_refused(void **state)
{
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, PE_BUILD_AT_SIZE_OF_IMAGE, 0x80000000);
    must_refuse(&build, PE_ERROR_TOO_LARGE, PE_BUILD_AT_SIZE_OF_IMAGE, "SizeOfImage");
    must_refuse_bytes(build.bytes, (size_t)PE_MAX_FILE_BYTES + 1, PE_ERROR_TOO_LARGE,
                      PE_MAX_FILE_BYTES, "limit");
    pe_build_put32(&build, PE_BUILD_AT_SIZE_OF_IMAGE, 0x200);
    must_refuse(&build, PE_ERROR_BAD_HEADER, PE_BUILD_AT_SIZE_OF_HEADERS, "SizeOfHeaders");
    pe_build_put32(&build, PE_BUILD_AT_SIZE_OF_HEADERS, PE_BUILD_FILE_BYTES + 1);
    must_refuse(&build, PE_ERROR_TRUNCATED, PE_BUILD_AT_SIZE_OF_HEADERS, "headers");
}

static void absent_directories_are_no_directories(void **state)
{
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, PE_BUILD_AT_DIRECTORY_COUNT, 3);
    must_parse(&build, &image);
    assert_int_equal(image.relocation_count, 0);
    assert_int_equal(image.pdata_count, 0);
    assert_int_equal(image.load_config.size_bytes, 0);
    assert_int_equal(image.import_count, 4);
}

static void an_entry_point_outside_the_code_is_refused(void **state)
{
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, PE_BUILD_AT_ENTRY, 0);
    must_refuse(&build, PE_ERROR_BAD_HEADER, PE_BUILD_AT_ENTRY, "no entry point");
    pe_build_put32(&build, PE_BUILD_AT_ENTRY, PE_BUILD_COOKIE_RVA);
    must_refuse(&build, PE_ERROR_BAD_HEADER, PE_BUILD_AT_ENTRY, "executable");
    pe_build_put32(&build, PE_BUILD_AT_ENTRY, 0x7FFFFFFF);
    must_refuse(&build, PE_ERROR_BAD_HEADER, PE_BUILD_AT_ENTRY, "executable");
}

static void a_signature_that_was_cut_off_is_truncation(void **state)
{
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, PE_BUILD_AT_DIRECTORY(4), PE_BUILD_FILE_BYTES - 0x100);
    pe_build_put32(&build, PE_BUILD_AT_DIRECTORY(4) + 4, 0x101);
    must_refuse(&build, PE_ERROR_TRUNCATED, PE_BUILD_AT_DIRECTORY(4), "signature");
}

static void reasons_are_printable_whatever_the_file_says(void **state)
{
    struct pe_error error;

    (void)state;
    assert_int_equal(pe_fail(&error, PE_ERROR_BAD_IMPORT, 7, "a\x1B[31m\xFF%s", "b\n"), -ENOEXEC);
    assert_string_equal(error.reason, "a?[31m?b?");
    assert_string_equal(pe_error_kind_word(error.kind), "bad-import");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_driver_with_every_part_is_accepted),
        cmocka_unit_test(an_empty_file_is_refused),
        cmocka_unit_test(a_file_of_another_kind_is_named),
        cmocka_unit_test(a_dos_or_16_bit_program_is_named),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(a_header_beyond_the_file_is_truncation),
        cmocka_unit_test(a_misaligned_header_is_refused),
        cmocka_unit_test(a_driver_for_another_machine_says_which),
        cmocka_unit_test(an_incomplete_link_is_refused),
        cmocka_unit_test(stripped_relocations_are_refused),
        cmocka_unit_test(a_32_bit_optional_header_is_refused),
        cmocka_unit_test(an_optional_header_that_is_too_short_is_refused),
        cmocka_unit_test(a_program_that_is_no_driver_is_named),
        cmocka_unit_test(impossible_alignments_are_refused),
        cmocka_unit_test(an_image_base_between_64_k_lines_is_refused),
        cmocka_unit_test(sizes_beyond_the_limits_are_refused),
        cmocka_unit_test(absent_directories_are_no_directories),
        cmocka_unit_test(an_entry_point_outside_the_code_is_refused),
        cmocka_unit_test(a_signature_that_was_cut_off_is_truncation),
        cmocka_unit_test(reasons_are_printable_whatever_the_file_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
