/* SPDX-License-Identifier: MIT */
/* Symbolic links and directories by handle, and when their names go. */
#include "io/nt_test.h"

enum { ALL_ACCESS = 0xF0001 };
static const HANDLE nobody = (HANDLE)(ULONG_PTR)0x7ff0;

static OBJECT_ATTRIBUTES named(PUNICODE_STRING name, ULONG flags)
{
    OBJECT_ATTRIBUTES attributes;

    InitializeObjectAttributes(&attributes, name, OBJ_KERNEL_HANDLE | flags, NULL, NULL);
    return attributes;
}

static void a_link_tells_its_target_to_those_who_have_room(struct nt *nt)
{
    UNICODE_STRING name = nt_string(u"\\DosDevices\\Cam"), target = nt_string(u"\\Device\\Cam0");
    OBJECT_ATTRIBUTES attributes = named(&name, 0);
    WCHAR room[16];
    UNICODE_STRING out = {0, 4, room};
    HANDLE link;
    ULONG length = 0;

    (void)nt;
    assert_int_equal(IoCreateSymbolicLink(&name, &target), STATUS_SUCCESS);
    assert_int_equal(ZwOpenSymbolicLinkObject(&link, ALL_ACCESS, &attributes), STATUS_SUCCESS);
    assert_int_equal(ZwQuerySymbolicLinkObject(link, &out, &length), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(length, target.Length);
    assert_int_equal(out.Length, 0);
    out.MaximumLength = sizeof room;
    assert_int_equal(ZwQuerySymbolicLinkObject(link, &out, NULL), STATUS_SUCCESS);
    assert_true(RtlEqualUnicodeString(&out, &target, FALSE));
    assert_int_equal(ZwQuerySymbolicLinkObject(nobody, &out, NULL), STATUS_INVALID_HANDLE);
    ZwClose(link);
    assert_int_equal(IoDeleteSymbolicLink(&name), STATUS_SUCCESS); /* the handle did not own it */
}

static void a_link_goes_with_its_last_handle_unless_it_is_permanent(struct nt *nt)
{
    UNICODE_STRING name = nt_string(u"\\DosDevices\\Cam"), target = nt_string(u"\\Device\\Cam0");
    OBJECT_ATTRIBUTES passing = named(&name, 0), lasting = named(&name, OBJ_PERMANENT);
    HANDLE link, again = nobody;

    (void)nt;
    assert_int_equal(ZwCreateSymbolicLinkObject(&link, ALL_ACCESS, &passing, &target),
                     STATUS_SUCCESS);
    assert_int_equal(ZwCreateSymbolicLinkObject(&again, ALL_ACCESS, &passing, &target),
                     STATUS_OBJECT_NAME_COLLISION);
    ZwClose(link);
    assert_int_equal(ZwOpenSymbolicLinkObject(&again, ALL_ACCESS, &passing),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_ptr_equal(again, nobody);
    assert_int_equal(ZwCreateSymbolicLinkObject(&link, ALL_ACCESS, &lasting, &target),
                     STATUS_SUCCESS);
    assert_int_equal(ZwOpenSymbolicLinkObject(&again, ALL_ACCESS, &passing), STATUS_SUCCESS);
    ZwClose(again);
    assert_int_equal(ZwMakeTemporaryObject(link), STATUS_SUCCESS);
    ZwClose(link);
    assert_int_equal(ZwOpenSymbolicLinkObject(&again, ALL_ACCESS, &passing),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(ZwMakeTemporaryObject(nobody), STATUS_INVALID_HANDLE);
}

static void a_directory_is_made_opened_and_gone(struct nt *nt)
{
    UNICODE_STRING name = nt_string(u"\\Mine"), below = nt_string(u"\\Mine\\Event");
    OBJECT_ATTRIBUTES attributes = named(&name, 0), openif = named(&name, OBJ_OPENIF);
    OBJECT_ATTRIBUTES event_attributes = named(&below, 0), nameless = named(NULL, 0);
    HANDLE directory, again = nobody, event;

    (void)nt;
    assert_int_equal(ZwOpenDirectoryObject(&again, ALL_ACCESS, &attributes),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(ZwCreateDirectoryObject(&directory, ALL_ACCESS, &attributes),
                     STATUS_SUCCESS);
    assert_int_equal(ZwCreateDirectoryObject(&again, ALL_ACCESS, &attributes),
                     STATUS_OBJECT_NAME_COLLISION);
    assert_ptr_equal(again, nobody);
    assert_int_equal(ZwCreateDirectoryObject(&again, ALL_ACCESS, &openif),
                     STATUS_OBJECT_NAME_EXISTS);
    ZwClose(again);
    assert_int_equal(ZwCreateEvent(&event, ALL_ACCESS, &event_attributes, NotificationEvent, FALSE),
                     STATUS_SUCCESS);
    assert_int_equal(ZwOpenDirectoryObject(&again, ALL_ACCESS, &event_attributes),
                     STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(ZwOpenSymbolicLinkObject(&again, ALL_ACCESS, &attributes),
                     STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(ZwCreateDirectoryObject(&again, ALL_ACCESS, &nameless),
                     STATUS_INVALID_PARAMETER);
    ZwClose(event);
    ZwClose(directory);
    assert_int_equal(ZwOpenDirectoryObject(&again, ALL_ACCESS, &attributes),
                     STATUS_OBJECT_NAME_NOT_FOUND);
}

NT_TEST(a_link_tells_its_target_to_those_who_have_room)
NT_TEST(a_link_goes_with_its_last_handle_unless_it_is_permanent)
NT_TEST(a_directory_is_made_opened_and_gone)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_link_tells_its_target_to_those_who_have_room),
        cmocka_unit_test(test_a_link_goes_with_its_last_handle_unless_it_is_permanent),
        cmocka_unit_test(test_a_directory_is_made_opened_and_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
