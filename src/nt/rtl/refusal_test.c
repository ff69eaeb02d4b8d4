/* SPDX-License-Identifier: MIT */
/* What the run-time library does not do: results without room, numbers and versions that are not
 * there, descriptors and keys that are none. */
#include "io/nt_test.h"

#include "rtl/crt.h"

static void a_conversion_needs_room_for_its_result(struct nt *nt)
{
    static char bytes[0x8001];
    ANSI_STRING ansi;
    WCHAR wide[3];
    CHAR narrow[2];
    UNICODE_STRING to = {0, sizeof wide, wide};
    ULONG used = 0;

    (void)nt;
    RtlInitAnsiString(&ansi, "abc");
    assert_int_equal(RtlAnsiStringToUnicodeString(&to, &ansi, FALSE), STATUS_BUFFER_OVERFLOW);
    ansi.Length = 2;
    assert_int_equal(RtlAnsiStringToUnicodeString(&to, &ansi, FALSE), STATUS_SUCCESS);
    ansi = (ANSI_STRING){0x8000, 0x8001, bytes};
    assert_int_equal(RtlAnsiStringToUnicodeString(&to, &ansi, TRUE), STATUS_INVALID_PARAMETER_2);
    assert_int_equal(RtlUnicodeToUTF8N(narrow, 2, &used, u"€", 2), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(used, 0);
}

static void what_is_no_number_is_no_integer(struct nt *nt)
{
    UNICODE_STRING seven = nt_string(u"7"), word = nt_string(u"word");
    ULONG value = 99;

    (void)nt;
    assert_int_equal(RtlUnicodeStringToInteger(&seven, 7, &value), STATUS_INVALID_PARAMETER);
    assert_int_equal(value, 99);
    assert_int_equal(RtlUnicodeStringToInteger(&word, 10, &value), STATUS_SUCCESS);
    assert_int_equal(value, 0); /* as many digits as there are */
}

static void a_duplicate_needs_a_source_and_flags_that_are_there(struct nt *nt)
{
    UNICODE_STRING from = nt_string(u"abc"), to;

    (void)nt;
    assert_int_equal(RtlDuplicateUnicodeString(4, &from, &to), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlDuplicateUnicodeString(2, &from, &to), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlDuplicateUnicodeString(0, NULL, &to), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlDuplicateUnicodeString(0, &from, NULL), STATUS_INVALID_PARAMETER);
}

static void searches_without_a_find_are_null(struct nt *nt)
{
    (void)nt;
    assert_null(nt_strchr("a\\b", 'x'));
    assert_null(nt_strrchr("a\\b", 'x'));
    assert_int_equal(nt_strcat_s(NULL, 4, "a"), 22);
    assert_int_equal(nt_memcpy_s(NULL, 4, "a", 1), 22);
    assert_int_equal(nt__itoa_s(255, NULL, 8, 10), 22);
}

static void what_is_no_number_is_zero_and_what_is_too_large_the_largest(struct nt *nt)
{
    WCHAR *end = NULL;
    static const WCHAR word[] = u"word";
    WCHAR room[4];

    (void)nt;
    assert_int_equal(nt_wcstoul(word, &end, 10), 0);
    assert_ptr_equal(end, word);
    assert_int_equal(nt_wcstoul(u"99999999999", NULL, 10), UINT32_MAX);
    assert_true(nt__strtoui64("99999999999999999999999", NULL, 10) == UINT64_MAX);
    assert_true(nt__strtoui64("word", NULL, 10) == 0);
    assert_int_equal(nt__snwprintf(room, 3, u"%s", u"abcdef"), -1); /* it does not fit */
}

static void oem_strings_are_freed(struct nt *nt)
{
    OEM_STRING string = {2, 3, ExAllocatePoolWithTag(PagedPool, 3, 0x31313131)};

    (void)nt;
    RtlFreeOemString(&string);
    assert_null(string.Buffer);
    RtlFreeOemString(&string); /* nothing to do */
}

static void the_product_and_its_service_packs_are_known(struct nt *nt)
{
    NT_PRODUCT_TYPE type = (NT_PRODUCT_TYPE)0;
    char line[64] = {0};

    (void)nt;
    assert_true(RtlGetNtProductType(&type));
    assert_int_equal(type, NtProductWinNt);
    assert_true(RtlIsServicePackVersionInstalled(0x0A000000));
    assert_false(RtlIsServicePackVersionInstalled(0x06010100)); /* of another Windows */
    RtlPrefetchMemoryNonTemporal(line, sizeof line); /* a hint: nothing is to be seen */
    assert_int_equal(line[0], 0);
}

static void what_is_no_descriptor_is_not_valid(struct nt *nt)
{
    UCHAR bytes[64] = {0};
    PSECURITY_DESCRIPTOR descriptor = bytes;

    (void)nt;
    assert_int_equal(RtlCreateSecurityDescriptor(descriptor, 7), STATUS_UNKNOWN_REVISION);
    assert_false(RtlValidSecurityDescriptor(descriptor));
    assert_false(RtlValidSecurityDescriptor(NULL));
    assert_int_equal(RtlSetDaclSecurityDescriptor(descriptor, TRUE, NULL, FALSE),
                     STATUS_UNKNOWN_REVISION);
    assert_int_equal(RtlCreateSecurityDescriptor(descriptor, 1), STATUS_SUCCESS);
    assert_true(RtlValidSecurityDescriptor(descriptor));
    assert_false(SeValidSecurityDescriptor(sizeof bytes, descriptor)); /* it is absolute */
    assert_false(RtlValidRelativeSecurityDescriptor(descriptor, sizeof bytes, 0));
    bytes[3] = 0x80; /* self-relative from here on */
    assert_true(SeValidSecurityDescriptor(sizeof bytes, descriptor));
    assert_false(SeValidSecurityDescriptor(4, descriptor));
    assert_false(RtlValidRelativeSecurityDescriptor(descriptor, sizeof bytes,
                                                    OWNER_SECURITY_INFORMATION));
    assert_int_equal(RtlSetDaclSecurityDescriptor(descriptor, TRUE, NULL, FALSE),
                     STATUS_INVALID_SECURITY_DESCR);
}

static void keys_that_are_not_there_are_told(struct nt *nt)
{
    ULONG value = 7;

    (void)nt;
    assert_int_equal(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, (PWSTR)(uintptr_t)u"nobody"),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(RtlCheckRegistryKey(77, (PWSTR)(uintptr_t)u"nobody"),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlCreateRegistryKey(77, (PWSTR)(uintptr_t)u"nobody"),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlWriteRegistryValue(77, u"nobody", u"V", REG_DWORD, &value, 4),
                     STATUS_INVALID_PARAMETER);
}

NT_TEST(a_conversion_needs_room_for_its_result)
NT_TEST(what_is_no_number_is_no_integer)
NT_TEST(a_duplicate_needs_a_source_and_flags_that_are_there)
NT_TEST(searches_without_a_find_are_null)
NT_TEST(what_is_no_number_is_zero_and_what_is_too_large_the_largest)
NT_TEST(oem_strings_are_freed)
NT_TEST(the_product_and_its_service_packs_are_known)
NT_TEST(what_is_no_descriptor_is_not_valid)
NT_TEST(keys_that_are_not_there_are_told)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_conversion_needs_room_for_its_result),
        cmocka_unit_test(test_what_is_no_number_is_no_integer),
        cmocka_unit_test(test_a_duplicate_needs_a_source_and_flags_that_are_there),
        cmocka_unit_test(test_searches_without_a_find_are_null),
        cmocka_unit_test(test_what_is_no_number_is_zero_and_what_is_too_large_the_largest),
        cmocka_unit_test(test_oem_strings_are_freed),
        cmocka_unit_test(test_the_product_and_its_service_packs_are_known),
        cmocka_unit_test(test_what_is_no_descriptor_is_not_valid),
        cmocka_unit_test(test_keys_that_are_not_there_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
