/* SPDX-License-Identifier: MIT */
#include "io/nt_test.h"

#include <stdio.h>

#define ROOT u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"

static HANDLE create(const WCHAR *path, HANDLE root, ULONG *disposition)
{
    UNICODE_STRING name = nt_string(path);
    OBJECT_ATTRIBUTES attributes;
    HANDLE key;

    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, root, NULL);
    assert_int_equal(ZwCreateKey(&key, KEY_ALL_ACCESS, &attributes, 0, NULL, 0, disposition),
                     STATUS_SUCCESS);
    return key;
}

static NTSTATUS open_key(const WCHAR *path, HANDLE root, HANDLE *key)
{
    UNICODE_STRING name = nt_string(path);
    OBJECT_ATTRIBUTES attributes;

    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, root, NULL);
    return ZwOpenKey(key, KEY_READ, &attributes);
}

static void keys_are_created_opened_and_deleted(struct nt *nt)
{
    HANDLE key, sub, again;
    ULONG disposition;

    (void)nt;
    key = create(ROOT u"camera", NULL, &disposition);
    assert_int_equal(disposition, REG_CREATED_NEW_KEY);
    ZwClose(create(ROOT u"CAMERA", NULL, &disposition));
    assert_int_equal(disposition, REG_OPENED_EXISTING_KEY);
    sub = create(u"Sub", key, NULL);
    assert_int_equal(open_key(ROOT u"camera\\sub", NULL, &again), STATUS_SUCCESS);
    ZwClose(again);
    assert_int_equal(open_key(u"\\Registry\\Machine\\System\\ControlSet001\\Services\\camera", NULL,
                              &again),
                     STATUS_SUCCESS);
    ZwClose(again);
    assert_int_equal(open_key(ROOT u"none", NULL, &again), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(open_key(u"\\Machine", NULL, &again), STATUS_OBJECT_PATH_SYNTAX_BAD);
    assert_int_equal(ZwDeleteKey(key), STATUS_CANNOT_DELETE); /* it has a subkey */
    assert_int_equal(ZwDeleteKey(sub), STATUS_SUCCESS);
    assert_int_equal(ZwDeleteKey(sub), STATUS_KEY_DELETED);
    assert_int_equal(ZwFlushKey(sub), STATUS_KEY_DELETED);
    ZwClose(sub);
    assert_int_equal(ZwDeleteKey(key), STATUS_SUCCESS);
    ZwClose(key);
}

static void a_parent_must_exist(struct nt *nt)
{
    UNICODE_STRING name = nt_string(ROOT u"a\\b");
    OBJECT_ATTRIBUTES attributes;
    HANDLE key;

    (void)nt;
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    assert_int_equal(ZwCreateKey(&key, KEY_ALL_ACCESS, &attributes, 0, NULL, 0, NULL),
                     STATUS_OBJECT_NAME_NOT_FOUND);
}

static void sizes_of_values_are_told_and_kept_to(struct nt *nt)
{
    UNICODE_STRING name = nt_string(u"Width");
    UCHAR buffer[64];
    PKEY_VALUE_PARTIAL_INFORMATION partial = (PVOID)buffer;
    PKEY_VALUE_FULL_INFORMATION full = (PVOID)buffer;
    HANDLE key = create(ROOT u"camera", NULL, NULL);
    ULONG value = 1920, needed;

    (void)nt;
    assert_int_equal(ZwQueryValueKey(key, &name, KeyValuePartialInformation, buffer, 64, &needed),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(ZwSetValueKey(key, &name, 0, REG_DWORD, &value, sizeof value), STATUS_SUCCESS);
    assert_int_equal(ZwQueryValueKey(key, &name, KeyValuePartialInformation, NULL, 0, &needed),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(needed, 16);
    memset(buffer, 0xEE, sizeof buffer);
    assert_int_equal(ZwQueryValueKey(key, &name, KeyValuePartialInformation, buffer, 14, &needed),
                     STATUS_BUFFER_OVERFLOW);
    assert_int_equal(partial->DataLength, 4);
    assert_int_equal(buffer[13], 0x07);
    assert_int_equal(buffer[14], 0xEE); /* a part, and no more */
    assert_int_equal(ZwQueryValueKey(key, &name, KeyValuePartialInformation, buffer, 16, &needed),
                     STATUS_SUCCESS);
    assert_int_equal(partial->Type, REG_DWORD);
    assert_int_equal(ZwQueryValueKey(key, &name, KeyValueFullInformation, buffer, 64, &needed),
                     STATUS_SUCCESS);
    assert_int_equal(full->DataOffset, 32); /* 20 + 10, rounded up */
    assert_int_equal(needed, 36);
    assert_int_equal(*(PULONG)(PVOID)(buffer + full->DataOffset), 1920);
    assert_memory_equal(full->Name, u"Width", 10);
    assert_int_equal(ZwQueryValueKey(key, &name, KeyValueBasicInformation, buffer, 64, &needed),
                     STATUS_SUCCESS);
    assert_int_equal(needed, 22);
    assert_int_equal(ZwQueryValueKey(key, &name, KeyValuePartialInformationAlign64, buffer, 64,
                                     &needed),
                     STATUS_SUCCESS);
    assert_int_equal(needed, 12);
    assert_int_equal(ZwQueryValueKey(key, &name, MaxKeyValueInfoClass, buffer, 64, &needed),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(ZwDeleteValueKey(key, &name), STATUS_SUCCESS);
    assert_int_equal(ZwDeleteValueKey(key, &name), STATUS_OBJECT_NAME_NOT_FOUND);
    ZwClose(key);
}

static void subkeys_come_sorted_and_values_as_they_were_made(struct nt *nt)
{
    UNICODE_STRING names[] = {nt_string(u"b"), nt_string(u"a"), nt_string(u"")};
    HANDLE key = create(ROOT u"camera", NULL, NULL);
    UCHAR buffer[256];
    PKEY_BASIC_INFORMATION basic = (PVOID)buffer;
    PKEY_VALUE_BASIC_INFORMATION value = (PVOID)buffer;
    PKEY_FULL_INFORMATION full = (PVOID)buffer;
    ULONG needed;
    int i;

    (void)nt;
    ZwClose(create(u"zebra", key, NULL));
    ZwClose(create(u"Alpha", key, NULL));
    for (i = 0; i < 3; i++)
        assert_int_equal(ZwSetValueKey(key, &names[i], 0, REG_SZ, (PVOID)(uintptr_t)u"x", 4), 0);
    assert_int_equal(ZwEnumerateKey(key, 0, KeyBasicInformation, buffer, 256, &needed), 0);
    assert_memory_equal(basic->Name, u"Alpha", 10);
    assert_int_equal(ZwEnumerateKey(key, 1, KeyBasicInformation, buffer, 256, &needed), 0);
    assert_memory_equal(basic->Name, u"zebra", 10);
    assert_int_equal(ZwEnumerateKey(key, 2, KeyBasicInformation, buffer, 256, &needed),
                     STATUS_NO_MORE_ENTRIES);
    assert_int_equal(ZwEnumerateValueKey(key, 0, KeyValueBasicInformation, buffer, 256, &needed),
                     STATUS_SUCCESS);
    assert_int_equal(value->Name[0], 'b');
    assert_int_equal(ZwEnumerateValueKey(key, 3, KeyValueBasicInformation, buffer, 256, &needed),
                     STATUS_NO_MORE_ENTRIES);
    assert_int_equal(ZwQueryKey(key, KeyFullInformation, buffer, 256, &needed), 0);
    assert_int_equal(full->SubKeys, 2);
    assert_int_equal(full->Values, 3);
    assert_int_equal(full->MaxNameLen, 10);
    assert_int_equal(ZwQueryKey(key, KeyNameInformation, buffer, 256, &needed), 0);
    assert_memory_equal(buffer + 4,
                        u"\\REGISTRY\\Machine\\System\\CurrentControlSet\\Services\\camera",
                        needed - 4);
    ZwClose(key);
}

/* ---- By table -------------------------------------------------------------------------------- */

static char story[64];

static NTSTATUS NTAPI on_value(PWSTR name, ULONG type, PVOID data, ULONG length, PVOID context,
                               PVOID entry)
{
    size_t used = strlen(story);

    assert_ptr_equal(context, story);
    (void)entry;
    snprintf(story + used, sizeof story - used, "%c%u:%u ", name != NULL ? (char)name[0] : '-',
             (unsigned)type, (unsigned)length);
    if (type == REG_SZ)
        assert_int_equal(((PWSTR)data)[length / 2 - 1], 0);
    return STATUS_SUCCESS;
}

static void a_table_calls_routines_and_fills_variables(struct nt *nt)
{
    ULONG number = 0, missing = 0;
    WCHAR room[8];
    UNICODE_STRING text = {0, sizeof room, room}, allocated = {0};
    struct {
        LONG size;
        UCHAR bytes[20];
    } binary = {.size = sizeof binary};
    RTL_QUERY_REGISTRY_TABLE table[] = {
        {on_value, 0, u"Multi", NULL, REG_NONE, NULL, 0},
        {on_value, RTL_QUERY_REGISTRY_NOEXPAND, u"Multi", NULL, REG_NONE, NULL, 0},
        {on_value, 0, u"Nothing", NULL, REG_SZ, (PVOID)(uintptr_t)u"def", 0},
        {NULL, RTL_QUERY_REGISTRY_DIRECT, u"Number", &number, REG_NONE, NULL, 0},
        {NULL, RTL_QUERY_REGISTRY_DIRECT, u"Nothing", &missing, REG_DWORD, &number, 4},
        {NULL, RTL_QUERY_REGISTRY_DIRECT, u"Text", &text, REG_NONE, NULL, 0},
        {NULL, RTL_QUERY_REGISTRY_DIRECT, u"Text", &allocated, REG_NONE, NULL, 0},
        {NULL, RTL_QUERY_REGISTRY_DIRECT, u"Binary", &binary, REG_NONE, NULL, 0},
        {NULL, RTL_QUERY_REGISTRY_SUBKEY, u"Sub", NULL, REG_NONE, NULL, 0},
        {on_value, 0, NULL, NULL, REG_NONE, NULL, 0},
        {NULL, 0, NULL, NULL, REG_NONE, NULL, 0},
    };
    const char *path = CM_SERVICES "\\camera";

    memset(story, 0, sizeof story);
    cm_set_number(nt->cm, path, "Number", 42);
    cm_set_string(nt->cm, path, "Text", "abc");
    cm_set_value(nt->cm, path, "Multi", REG_MULTI_SZ, u"aa\0bbb\0", 16);
    cm_set_value(nt->cm, path, "Binary", REG_BINARY, "0123456789", 10);
    cm_set_number(nt->cm, CM_SERVICES "\\camera\\Sub", "Inner", 1);
    assert_int_equal(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, u"camera", table, story, NULL),
                     STATUS_SUCCESS);
    assert_string_equal(story, "M1:6 M1:8 M7:16 N1:8 I4:4 ");
    assert_int_equal(number, 42);
    assert_int_equal(missing, 42);
    assert_int_equal(text.Length, 6);
    assert_memory_equal(allocated.Buffer, u"abc", 8);
    assert_int_equal(binary.size, 10); /* now the length, then the type, then the data */
    assert_memory_equal(binary.bytes + 4, "0123456789", 10);
    RtlFreeUnicodeString(&allocated);
}

static void a_table_fails_where_it_must(struct nt *nt)
{
    ULONG number = 7;
    RTL_QUERY_REGISTRY_TABLE table[] = {
        {NULL, RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_REQUIRED, u"None", &number, 0, NULL,
         0},
        {NULL, 0, NULL, NULL, REG_NONE, NULL, 0},
    };

    cm_make_key(nt->cm, CM_SERVICES "\\camera");
    assert_int_equal(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, u"camera", table, NULL, NULL),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    table[0].Flags = RTL_QUERY_REGISTRY_DIRECT | RTL_QUERY_REGISTRY_TYPECHECK;
    table[0].Name = u"Text";
    table[0].DefaultType = REG_DWORD << RTL_QUERY_REGISTRY_TYPECHECK_SHIFT;
    cm_set_string(nt->cm, CM_SERVICES "\\camera", "Text", "abc");
    assert_int_equal(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, u"camera", table, NULL, NULL),
                     STATUS_OBJECT_TYPE_MISMATCH);
    table[0].Name = NULL;
    assert_int_equal(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, u"camera", table, NULL, NULL),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, u"nothing", table, NULL, NULL),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(number, 7);
}

static void values_are_written_and_deleted_by_name(struct nt *nt)
{
    ULONG value = 5;
    uint32_t type;
    const void *data;
    size_t size;

    assert_int_equal(RtlCreateRegistryKey(RTL_REGISTRY_SERVICES, (PWSTR)(uintptr_t)u"tuner"), 0);
    assert_int_equal(RtlCheckRegistryKey(RTL_REGISTRY_SERVICES, (PWSTR)(uintptr_t)u"tuner"), 0);
    assert_int_equal(RtlWriteRegistryValue(RTL_REGISTRY_SERVICES, u"tuner", u"V", REG_DWORD, &value,
                                           4),
                     0);
    assert_true(cm_get_value(nt->cm, CM_SERVICES "\\tuner", "v", &type, &data, &size));
    assert_memory_equal(data, &value, 4);
    assert_int_equal(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, u"tuner", u"V"), 0);
    assert_int_equal(RtlDeleteRegistryValue(RTL_REGISTRY_SERVICES, u"tuner", u"V"),
                     STATUS_OBJECT_NAME_NOT_FOUND);
}

NT_TEST(keys_are_created_opened_and_deleted)
NT_TEST(a_parent_must_exist)
NT_TEST(sizes_of_values_are_told_and_kept_to)
NT_TEST(subkeys_come_sorted_and_values_as_they_were_made)
NT_TEST(a_table_calls_routines_and_fills_variables)
NT_TEST(a_table_fails_where_it_must)
NT_TEST(values_are_written_and_deleted_by_name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_are_created_opened_and_deleted),
        cmocka_unit_test(test_a_parent_must_exist),
        cmocka_unit_test(test_sizes_of_values_are_told_and_kept_to),
        cmocka_unit_test(test_subkeys_come_sorted_and_values_as_they_were_made),
        cmocka_unit_test(test_a_table_calls_routines_and_fills_variables),
        cmocka_unit_test(test_a_table_fails_where_it_must),
        cmocka_unit_test(test_values_are_written_and_deleted_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
