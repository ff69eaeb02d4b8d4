/* SPDX-License-Identifier: MIT */
/* Objects with handles, names and references, by way of events; share access, error log packets and
 * what else drivers ask of IRPs and threads. */
#include "io/nt_test.h"

static HANDLE named_event(UNICODE_STRING *name, ULONG flags, NTSTATUS expected)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle = NULL;

    InitializeObjectAttributes(&attributes, name, OBJ_KERNEL_HANDLE | flags, NULL, NULL);
    assert_int_equal(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent,
                                   FALSE), expected);
    return handle;
}

static PKEVENT event_of(HANDLE handle)
{
    PVOID body = NULL;

    assert_int_equal(ObReferenceObjectByHandleWithTag(handle, 0, NULL, KernelMode, 'tseT', &body,
                                                      NULL), STATUS_SUCCESS);
    ObDereferenceObjectWithTag(body, 'tseT');
    return body;
}

static void a_named_event_is_shared_by_all_who_open_it(struct nt *nt)
{
    UNICODE_STRING name = nt_string(u"\\BaseNamedObjects\\Ready"), other = nt_string(u"\\Nobody");
    HANDLE first = named_event(&name, 0, STATUS_SUCCESS), second;
    OBJECT_ATTRIBUTES attributes;

    (void)nt;
    (void)named_event(&name, 0, STATUS_OBJECT_NAME_COLLISION);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwOpenEvent(&second, EVENT_ALL_ACCESS, &attributes), STATUS_SUCCESS);
    assert_ptr_equal(event_of(first), event_of(second));
    assert_int_equal(ZwSetEvent(second, NULL), STATUS_SUCCESS);
    assert_int_equal(KeReadStateEvent(event_of(first)), 1);
    assert_int_equal(ZwClearEvent(first), STATUS_SUCCESS);
    assert_int_equal(KeReadStateEvent(event_of(second)), 0);
    assert_true(ObCloseHandle(first, KernelMode));
    assert_true(ObCloseHandle(second, KernelMode));
    InitializeObjectAttributes(&attributes, &other, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwOpenEvent(&second, EVENT_ALL_ACCESS, &attributes),
                     STATUS_OBJECT_NAME_NOT_FOUND);
}

static void references_hold_an_object_after_its_handle_is_closed(struct nt *nt)
{
    HANDLE handle, again;
    PKEVENT event;

    assert_int_equal(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, NULL, NotificationEvent, TRUE), 0);
    event = event_of(handle);
    assert_int_equal(ob_references(nt->ob, event), 1);
    assert_int_equal(ObReferenceObjectByPointer(event, 0, NULL, KernelMode), STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByPointerWithTag(event, 0, NULL, KernelMode, 'tseT'),
                     STATUS_SUCCESS);
    ObReferenceObjectWithTag(event, 'tseT');
    assert_int_equal(ob_references(nt->ob, event), 4);
    ZwClose(handle);
    assert_int_equal(KeReadStateEvent(event), 1);
    assert_int_equal(ObOpenObjectByPointer(event, OBJ_KERNEL_HANDLE, NULL, 0, NULL, KernelMode,
                                           &again), STATUS_SUCCESS);
    assert_ptr_equal(event_of(again), event);
    ZwClose(again);
    ObMakeTemporaryObject(event);
    ObDereferenceObjectWithTag(event, 'tseT');
    ObDereferenceObjectDeferDelete(event);
    assert_int_equal(ob_references(nt->ob, event), 1);
    ObDereferenceObject(event);
    assert_int_equal(ObOpenObjectByPointer(nt, OBJ_KERNEL_HANDLE, NULL, 0, NULL, KernelMode,
                                           &again), STATUS_INVALID_PARAMETER);
}

static void a_name_is_told_to_those_who_have_room(struct nt *nt)
{
    static union {
        OBJECT_NAME_INFORMATION information;
        UCHAR bytes[256];
    } buffer;
    UNICODE_STRING name = nt_string(u"\\BaseNamedObjects\\Ready");
    HANDLE handle = named_event(&name, 0, STATUS_SUCCESS);
    ULONG needed = 0;

    (void)nt;
    assert_int_equal(ObQueryNameString(event_of(handle), &buffer.information, 16, &needed),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_true(needed > 16);
    assert_int_equal(ObQueryNameString(event_of(handle), &buffer.information, needed, &needed),
                     STATUS_SUCCESS);
    assert_true(RtlEqualUnicodeString(&buffer.information.Name, &name, FALSE));
    ZwClose(handle);
}

/* ---- Share access ---------------------------------------------------------------------------- */

static void a_file_is_shared_as_its_openers_allow(struct nt *nt)
{
    FILE_OBJECT reader = {0}, second = {0}, writer = {0};
    SHARE_ACCESS share;

    (void)nt;
    IoSetShareAccess(FILE_READ_DATA, FILE_SHARE_READ, &reader, &share);
    assert_int_equal(share.OpenCount, 1);
    assert_int_equal(IoCheckShareAccess(FILE_READ_DATA, FILE_SHARE_READ, &second, &share, FALSE),
                     STATUS_SUCCESS);
    assert_int_equal(share.OpenCount, 1);
    IoUpdateShareAccess(&second, &share);
    assert_int_equal(share.Readers, 2);
    assert_int_equal(IoCheckShareAccess(FILE_WRITE_DATA, FILE_SHARE_READ, &writer, &share, TRUE),
                     STATUS_SHARING_VIOLATION); /* nobody shares writing */
    assert_int_equal(share.OpenCount, 2);
    assert_int_equal(IoCheckShareAccess(FILE_READ_DATA, 0, &writer, &share, TRUE),
                     STATUS_SHARING_VIOLATION); /* it would not let the others read */
    IoRemoveShareAccess(&second, &share);
    IoRemoveShareAccess(&reader, &share);
    assert_int_equal(share.OpenCount, 0);
    assert_int_equal(IoCheckShareAccess(FILE_WRITE_DATA, 0, &writer, &share, TRUE),
                     STATUS_SUCCESS);
    assert_int_equal(share.Writers, 1);
}

/* ---- The rest -------------------------------------------------------------------------------- */

static void error_log_packets_have_a_size_between_limits(struct nt *nt)
{
    PVOID packet;

    (void)nt;
    assert_null(IoAllocateErrorLogEntry(NULL, 8));
    assert_null(IoAllocateErrorLogEntry(NULL, ERROR_LOG_MAXIMUM_SIZE + 1));
    packet = IoAllocateErrorLogEntry(NULL, sizeof(IO_ERROR_LOG_PACKET));
    assert_non_null(packet);
    IoFreeErrorLogEntry(packet);
    packet = IoAllocateErrorLogEntry(NULL, ERROR_LOG_MAXIMUM_SIZE);
    assert_non_null(packet);
    IoWriteErrorLogEntry(packet); /* and frees it */
}

static void the_top_level_irp_is_the_threads_own(struct nt *nt)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    (void)nt;
    assert_non_null(irp);
    assert_null(IoGetTopLevelIrp());
    IoSetTopLevelIrp(irp);
    assert_ptr_equal(IoGetTopLevelIrp(), irp);
    IoSetTopLevelIrp(NULL);
    assert_null(IoGetTopLevelIrp());
    assert_false(IoIs32bitProcess(irp));
    IoFreeIrp(irp);
}

NT_TEST(a_named_event_is_shared_by_all_who_open_it)
NT_TEST(references_hold_an_object_after_its_handle_is_closed)
NT_TEST(a_name_is_told_to_those_who_have_room)
NT_TEST(a_file_is_shared_as_its_openers_allow)
NT_TEST(error_log_packets_have_a_size_between_limits)
NT_TEST(the_top_level_irp_is_the_threads_own)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_named_event_is_shared_by_all_who_open_it),
        cmocka_unit_test(test_references_hold_an_object_after_its_handle_is_closed),
        cmocka_unit_test(test_a_name_is_told_to_those_who_have_room),
        cmocka_unit_test(test_a_file_is_shared_as_its_openers_allow),
        cmocka_unit_test(test_error_log_packets_have_a_size_between_limits),
        cmocka_unit_test(test_the_top_level_irp_is_the_threads_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
