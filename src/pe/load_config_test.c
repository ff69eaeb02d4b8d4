/* SPDX-License-Identifier: MIT */
#include "pe/pe_test.h"

static void the_slots_of_cookie_and_control_flow_guard_are_found(void **state)
{
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    must_parse(&build, &image);
    assert_int_equal(image.load_config.size_bytes, PE_BUILD_LOAD_CONFIG_BYTES);
    assert_int_equal(image.load_config.security_cookie_rva, PE_BUILD_COOKIE_RVA);
    assert_int_equal(image.load_config.guard_check_rva, PE_BUILD_GUARD_CHECK_SLOT_RVA);
    assert_int_equal(image.load_config.guard_dispatch_rva, PE_BUILD_GUARD_DISPATCH_SLOT_RVA);
    assert_int_equal(image.load_config.guard_xfg_check_rva, 0);
    assert_int_equal(image.load_config.guard_flags, 0x100);
}

static void fields_beyond_the_structures_own_size_do_not_exist(void **state)
{
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, pe_build_offset(PE_BUILD_LOAD_CONFIG_RVA), 0x70);
    must_parse(&build, &image);
    assert_int_equal(image.load_config.security_cookie_rva, PE_BUILD_COOKIE_RVA);
    assert_int_equal(image.load_config.guard_check_rva, 0);
    pe_build_put32(&build, pe_build_offset(PE_BUILD_LOAD_CONFIG_RVA), 0x5F);
    must_parse(&build, &image);
    assert_int_equal(image.load_config.security_cookie_rva, 0);
}

static void the_guard_table_has_the_stride_its_flags_say(void **state)
{
    uint32_t config = pe_build_offset(PE_BUILD_LOAD_CONFIG_RVA);
    struct pe_build build;
    struct pe_image image;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put64(&build, config + 0x80, PE_BUILD_IMAGE_BASE + 0x3980);
    pe_build_put64(&build, config + 0x88, 25);
    pe_build_put32(&build, config + 0x90, 0x10000500);
    must_parse(&build, &image);
    assert_int_equal(image.load_config.guard_function_table_rva, 0x3980);
    assert_int_equal(image.load_config.guard_function_count, 25);
    assert_int_equal(image.load_config.guard_function_stride_bytes, 5);
    pe_build_put64(&build, config + 0x88, 26);
    must_refuse(&build, PE_ERROR_BAD_LOAD_CONFIG, config + 0x80, "GuardCFFunctionTable");
    pe_build_put64(&build, config + 0x88, UINT64_MAX);
    must_refuse(&build, PE_ERROR_BAD_LOAD_CONFIG, config + 0x88, "entries");
}

static void slots_outside_the_image_are_refused_by_name(void **state)
{
    uint32_t config = pe_build_offset(PE_BUILD_LOAD_CONFIG_RVA);
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put64(&build, config + 0x58, PE_BUILD_IMAGE_BASE - 8);
    must_refuse(&build, PE_ERROR_BAD_LOAD_CONFIG, config + 0x58, "SecurityCookie");
    pe_build_put64(&build, config + 0x58, PE_BUILD_IMAGE_BASE + 0x48F9);
    must_refuse(&build, PE_ERROR_BAD_LOAD_CONFIG, config + 0x58, "SecurityCookie");
    pe_build(&build, NULL);
    pe_build_put64(&build, config + 0x78, UINT64_C(0x240003348));
    must_refuse(&build, PE_ERROR_BAD_LOAD_CONFIG, config + 0x78, "GuardCFDispatch");
}

static void a_structure_that_does_not_fit_is_refused(void **state)
{
    uint32_t config = pe_build_offset(PE_BUILD_LOAD_CONFIG_RVA);
    uint32_t directory = PE_BUILD_AT_DIRECTORY(10);
    struct pe_build build;

    (void)state;
    pe_build(&build, NULL);
    pe_build_put32(&build, config, 0x801);
    must_refuse(&build, PE_ERROR_BAD_LOAD_CONFIG, config, "2049");
    pe_build_put32(&build, config, 3);
    must_refuse(&build, PE_ERROR_BAD_LOAD_CONFIG, config, "3 bytes");
    pe_build_put32(&build, directory, 0x4200);
    must_refuse(&build, PE_ERROR_BAD_LOAD_CONFIG, directory, "0x4200");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_slots_of_cookie_and_control_flow_guard_are_found),
        cmocka_unit_test(fields_beyond_the_structures_own_size_do_not_exist),
        cmocka_unit_test(the_guard_table_has_the_stride_its_flags_say),
        cmocka_unit_test(slots_outside_the_image_are_refused_by_name),
        cmocka_unit_test(a_structure_that_does_not_fit_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
