/* SPDX-License-Identifier: MIT */
#include "io/nt_test.h"

#include "se/se.h"

typedef union {
    ULONG alignment;
    UCHAR bytes[8 + 4 * 15];
} sid_room;

static void make_sid(sid_room *sid, UCHAR authority, UCHAR count)
{
    SID_IDENTIFIER_AUTHORITY from = {{0, 0, 0, 0, 0, authority}};

    assert_int_equal(RtlInitializeSid(sid, &from, count), STATUS_SUCCESS);
    for (ULONG i = 0; i < count; i++)
        *RtlSubAuthoritySid(sid, i) = 100 + i;
}

static void identifiers_are_made_compared_and_copied(struct nt *nt)
{
    SID_IDENTIFIER_AUTHORITY world = {{0, 0, 0, 0, 0, 1}};
    sid_room a, b, c;

    (void)nt;
    assert_int_equal(RtlInitializeSid(&a, &world, 16), STATUS_INVALID_PARAMETER);
    make_sid(&a, 1, 2);
    make_sid(&b, 1, 2);
    assert_int_equal(RtlLengthRequiredSid(2), 16);
    assert_int_equal(RtlLengthSid(&a), 16);
    assert_int_equal(*RtlSubAuthorityCountSid(&a), 2);
    assert_true(RtlEqualSid(&a, &b));
    *RtlSubAuthoritySid(&b, 1) = 7;
    assert_false(RtlEqualSid(&a, &b));
    make_sid(&b, 1, 3);
    assert_false(RtlEqualSid(&a, &b));
    assert_int_equal(RtlCopySid(15, &c, &a), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(RtlCopySid(16, &c, &a), STATUS_SUCCESS);
    assert_true(RtlEqualSid(&a, &c));
    assert_true(RtlValidSid(&a));
    a.bytes[0] = 2;
    assert_false(RtlValidSid(&a));
    a.bytes[0] = SID_REVISION;
    a.bytes[1] = 16;
    assert_false(RtlValidSid(&a));
    assert_false(RtlValidSid(NULL));
}

static void identifiers_have_a_text(struct nt *nt)
{
    static const SID_IDENTIFIER_AUTHORITY large = {{0x00, 0x28, 0x65, 0x1F, 0xE8, 0x48}};
    WCHAR room[9];
    UNICODE_STRING text = {.MaximumLength = sizeof room, .Buffer = room};
    sid_room sid;

    (void)nt;
    make_sid(&sid, 5, 2);
    assert_int_equal(RtlConvertSidToUnicodeString(&text, &sid, FALSE), STATUS_BUFFER_OVERFLOW);
    assert_int_equal(RtlConvertSidToUnicodeString(&text, &sid, TRUE), STATUS_SUCCESS);
    assert_int_equal(text.Length, 26);
    assert_memory_equal(text.Buffer, u"S-1-5-100-101", 28);
    RtlFreeUnicodeString(&text);
    text = (UNICODE_STRING){.MaximumLength = sizeof room, .Buffer = room};
    make_sid(&sid, 5, 1);
    assert_int_equal(RtlConvertSidToUnicodeString(&text, &sid, FALSE), STATUS_SUCCESS);
    assert_int_equal(text.Length, 18); /* without room for a terminator */
    memcpy(&sid.bytes[2], &large, 6);
    assert_int_equal(RtlConvertSidToUnicodeString(&text, &sid, TRUE), STATUS_SUCCESS);
    assert_memory_equal(text.Buffer, u"S-1-0x28651FE848-100", 42);
    RtlFreeUnicodeString(&text);
    sid.bytes[1] = 99;
    assert_int_equal(RtlConvertSidToUnicodeString(&text, &sid, TRUE), STATUS_INVALID_SID);
}

static void lists_take_entries_while_there_is_room(struct nt *nt)
{
    union {
        ULONG alignment;
        UCHAR bytes[64];
    } room;
    PACL acl = (PACL)(PVOID)&room;
    sid_room sid;
    PVOID first, second;

    (void)nt;
    make_sid(&sid, 5, 2); /* an entry of 24 bytes */
    assert_int_equal(RtlCreateAcl(acl, 7, ACL_REVISION), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(RtlCreateAcl(acl, 0x10000, ACL_REVISION), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlCreateAcl(acl, 56, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlCreateAcl(acl, 56, ACL_REVISION), STATUS_SUCCESS);
    assert_int_equal(RtlGetAce(acl, 0, &first), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlAddAccessAllowedAce(acl, ACL_REVISION, 0x10, &sid), STATUS_SUCCESS);
    assert_int_equal(RtlAddAccessAllowedAceEx(acl, ACL_REVISION, 0x20, 0, &sid),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlAddAccessAllowedAceEx(acl, ACL_REVISION, 3, 0x20, &sid), STATUS_SUCCESS);
    assert_int_equal(RtlAddAccessAllowedAce(acl, ACL_REVISION, 0x30, &sid),
                     STATUS_ALLOTTED_SPACE_EXCEEDED);
    assert_int_equal(RtlAddAccessAllowedAce(acl, 3, 0x30, &sid), STATUS_REVISION_MISMATCH);
    assert_int_equal(RtlGetAce(acl, 0, &first), STATUS_SUCCESS);
    assert_int_equal(RtlGetAce(acl, 1, &second), STATUS_SUCCESS);
    assert_ptr_equal(second, (UCHAR *)first + 24);
    assert_int_equal(((UCHAR *)second)[1], 3);
    assert_true(RtlEqualSid((UCHAR *)second + 8, &sid));
    assert_int_equal(RtlDeleteAce(acl, 2), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlDeleteAce(acl, 0), STATUS_SUCCESS);
    assert_int_equal(RtlGetAce(acl, 0, &first), STATUS_SUCCESS);
    assert_int_equal(((UCHAR *)first)[4], 0x20);
    assert_int_equal(RtlGetAce(acl, 1, &second), STATUS_INVALID_PARAMETER);
    room.bytes[8 + 2] = 200; /* an entry that leaves the list */
    assert_int_equal(RtlAddAccessAllowedAce(acl, ACL_REVISION, 0x30, &sid), STATUS_INVALID_ACL);
    assert_int_equal(RtlDeleteAce(acl, 0), STATUS_INVALID_PARAMETER);
    sid.bytes[0] = 0;
    assert_int_equal(RtlAddAccessAllowedAce(acl, ACL_REVISION, 0x30, &sid), STATUS_INVALID_SID);
}

static void descriptors_have_an_owner_a_group_and_a_list(struct nt *nt)
{
    struct se_descriptor absolute;
    UCHAR list[8] = {2, 0, 8, 0};
    PSECURITY_DESCRIPTOR copy;
    sid_room owner, group;
    BOOLEAN present, defaulted;
    PACL dacl = NULL;
    PSID sid;

    (void)nt;
    make_sid(&owner, 5, 1);
    make_sid(&group, 5, 2);
    assert_int_equal(RtlCreateSecurityDescriptor(&absolute, 1), STATUS_SUCCESS);
    assert_int_equal(RtlGetDaclSecurityDescriptor(&absolute, &present, &dacl, &defaulted), 0);
    assert_false(present);
    assert_int_equal(RtlSetOwnerSecurityDescriptor(&absolute, &owner, TRUE), STATUS_SUCCESS);
    assert_int_equal(RtlSetGroupSecurityDescriptor(&absolute, &group, FALSE), STATUS_SUCCESS);
    assert_int_equal(RtlSetDaclSecurityDescriptor(&absolute, TRUE, (PACL)(PVOID)list, TRUE), 0);
    assert_int_equal(SeAssignSecurity(NULL, &absolute, &copy, FALSE, NULL, NULL, PagedPool), 0);
    assert_int_equal(RtlGetOwnerSecurityDescriptor(copy, &sid, &defaulted), STATUS_SUCCESS);
    assert_true(RtlEqualSid(sid, &owner) && defaulted);
    assert_int_equal(RtlGetGroupSecurityDescriptor(copy, &sid, &defaulted), STATUS_SUCCESS);
    assert_true(RtlEqualSid(sid, &group) && !defaulted);
    assert_int_equal(RtlGetDaclSecurityDescriptor(copy, &present, &dacl, &defaulted), 0);
    assert_true(present && defaulted);
    assert_memory_equal(dacl, list, 8);
    assert_int_equal(RtlSetOwnerSecurityDescriptor(copy, NULL, FALSE),
                     STATUS_INVALID_SECURITY_DESCR);
    assert_int_equal(RtlSetGroupSecurityDescriptor(copy, NULL, FALSE),
                     STATUS_INVALID_SECURITY_DESCR);
    SeDeassignSecurity(&copy);
    assert_int_equal(RtlSetOwnerSecurityDescriptor(&absolute, NULL, FALSE), STATUS_SUCCESS);
    assert_int_equal(RtlGetOwnerSecurityDescriptor(&absolute, &sid, &defaulted), STATUS_SUCCESS);
    assert_null(sid);
    absolute.Revision = 9;
    assert_int_equal(RtlSetOwnerSecurityDescriptor(&absolute, &owner, FALSE),
                     STATUS_UNKNOWN_REVISION);
    assert_int_equal(RtlSetGroupSecurityDescriptor(&absolute, &owner, FALSE),
                     STATUS_UNKNOWN_REVISION);
    assert_int_equal(RtlGetOwnerSecurityDescriptor(&absolute, &sid, &defaulted),
                     STATUS_UNKNOWN_REVISION);
    assert_int_equal(RtlGetGroupSecurityDescriptor(&absolute, &sid, &defaulted),
                     STATUS_UNKNOWN_REVISION);
    assert_int_equal(RtlGetDaclSecurityDescriptor(&absolute, &present, &dacl, &defaulted),
                     STATUS_UNKNOWN_REVISION);
}

static void parts_of_a_kept_descriptor_are_read_and_replaced(struct nt *nt)
{
    SECURITY_INFORMATION owner_part = OWNER_SECURITY_INFORMATION;
    SECURITY_INFORMATION list_part = DACL_SECURITY_INFORMATION;
    PSECURITY_DESCRIPTOR kept = NULL;
    struct se_descriptor given;
    UCHAR buffer[64];
    ULONG length = sizeof buffer;
    BOOLEAN defaulted;
    sid_room owner;
    PSID sid;
    PVOID first;

    (void)nt;
    make_sid(&owner, 1, 2);
    assert_int_equal(RtlCreateSecurityDescriptor(&given, SECURITY_DESCRIPTOR_REVISION),
                     STATUS_SUCCESS);
    assert_int_equal(RtlSetOwnerSecurityDescriptor(&given, &owner, FALSE), STATUS_SUCCESS);
    assert_int_equal(SeSetSecurityDescriptorInfo(NULL, &owner_part, &given, &kept, PagedPool, NULL),
                     STATUS_NO_SECURITY_ON_OBJECT);
    kept = &given; /* absolute */
    assert_int_equal(SeSetSecurityDescriptorInfo(NULL, &owner_part, &given, &kept, PagedPool, NULL),
                     STATUS_BAD_DESCRIPTOR_FORMAT);
    assert_int_equal(SeAssignSecurity(NULL, NULL, &kept, FALSE, NULL, NULL, PagedPool),
                     STATUS_SUCCESS);
    first = kept;
    assert_int_equal(SeSetSecurityDescriptorInfo(NULL, &owner_part, &given, &kept, PagedPool, NULL),
                     STATUS_SUCCESS);
    assert_ptr_not_equal(kept, first);
    length = 35;
    assert_int_equal(SeQuerySecurityDescriptorInfo(&owner_part, buffer, &length, &kept),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(length, 36); /* the header and the owner */
    assert_int_equal(SeQuerySecurityDescriptorInfo(&owner_part, buffer, &length, &kept),
                     STATUS_SUCCESS);
    assert_int_equal(RtlGetOwnerSecurityDescriptor(buffer, &sid, &defaulted), STATUS_SUCCESS);
    assert_true(RtlEqualSid(sid, &owner));
    assert_int_equal(SeQuerySecurityDescriptorInfo(&list_part, buffer, &length, &kept),
                     STATUS_SUCCESS);
    assert_int_equal(length, 20); /* a list that lets everybody in has no entries */
    assert_int_equal(RtlGetOwnerSecurityDescriptor(buffer, &sid, &defaulted), STATUS_SUCCESS);
    assert_null(sid); /* not asked for */
    ExFreePool(first);
    ExFreePool(kept);
}

NT_TEST(identifiers_are_made_compared_and_copied)
NT_TEST(parts_of_a_kept_descriptor_are_read_and_replaced)
NT_TEST(identifiers_have_a_text)
NT_TEST(lists_take_entries_while_there_is_room)
NT_TEST(descriptors_have_an_owner_a_group_and_a_list)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identifiers_are_made_compared_and_copied),
        cmocka_unit_test(test_identifiers_have_a_text),
        cmocka_unit_test(test_parts_of_a_kept_descriptor_are_read_and_replaced),
        cmocka_unit_test(test_lists_take_entries_while_there_is_room),
        cmocka_unit_test(test_descriptors_have_an_owner_a_group_and_a_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
