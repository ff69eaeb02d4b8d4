/* SPDX-License-Identifier: MIT */
/* Events and timers by handle and by name, and what is refused: handles of something else or of
 * nothing, names that are not there, types and periods that cannot be. */
#include "io/nt_test.h"

enum { ALL_ACCESS = 0x1F0003, SAME_ACCESS = 2 };
static const HANDLE nobody = (HANDLE)(ULONG_PTR)0x7ff0, this_process = (HANDLE)(LONG_PTR)-1;

static OBJECT_ATTRIBUTES named(PUNICODE_STRING name)
{
    OBJECT_ATTRIBUTES attributes;

    InitializeObjectAttributes(&attributes, name, OBJ_KERNEL_HANDLE, NULL, NULL);
    return attributes;
}

static void a_timer_is_opened_by_its_name(struct nt *nt)
{
    UNICODE_STRING name = nt_string(u"\\BaseNamedObjects\\Tick");
    UNICODE_STRING missing = nt_string(u"\\BaseNamedObjects\\None");
    OBJECT_ATTRIBUTES attributes = named(&name), other = named(&missing), nameless = named(NULL);
    HANDLE timer, again, third = nobody;

    (void)nt;
    assert_int_equal(ZwCreateTimer(&timer, ALL_ACCESS, &attributes, NotificationTimer),
                     STATUS_SUCCESS);
    assert_int_equal(ZwOpenTimer(&again, ALL_ACCESS, &attributes), STATUS_SUCCESS);
    assert_int_equal(ZwOpenTimer(&third, ALL_ACCESS, &other), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(ZwOpenTimer(&third, ALL_ACCESS, &nameless), STATUS_INVALID_PARAMETER);
    assert_int_equal(ZwOpenEvent(&third, ALL_ACCESS, &attributes),
                     STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(ZwCreateTimer(&third, ALL_ACCESS, &attributes, NotificationTimer),
                     STATUS_OBJECT_NAME_COLLISION);
    assert_int_equal(ZwCreateTimer(&third, ALL_ACCESS, NULL, (TIMER_TYPE)7),
                     STATUS_INVALID_PARAMETER_4);
    assert_ptr_equal(third, nobody);
    ZwClose(again);
    ZwClose(timer);
}

static void a_timer_is_cancelled_by_its_handle(struct nt *nt)
{
    LARGE_INTEGER due = {.QuadPart = -50000}, soon = {.QuadPart = 0};
    BOOLEAN state = TRUE;
    HANDLE timer, event;

    (void)nt;
    assert_int_equal(ZwCreateTimer(&timer, ALL_ACCESS, NULL, NotificationTimer),
                     STATUS_SUCCESS);
    assert_int_equal(ZwCreateEvent(&event, ALL_ACCESS, NULL, NotificationEvent, FALSE),
                     STATUS_SUCCESS);
    assert_int_equal(ZwSetTimer(timer, &due, NULL, NULL, FALSE, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(ZwCancelTimer(timer, &state), STATUS_SUCCESS);
    assert_false(state);
    sleep_ms(10);
    assert_int_equal(ZwWaitForSingleObject(timer, FALSE, &soon), STATUS_TIMEOUT);
    assert_int_equal(ZwSetTimer(timer, &due, NULL, NULL, FALSE, 0, &state), STATUS_SUCCESS);
    sleep_ms(10);
    assert_int_equal(ZwCancelTimer(timer, &state), STATUS_SUCCESS);
    assert_true(state); /* it had expired */
    assert_int_equal(ZwSetTimer(timer, &due, NULL, NULL, FALSE, -1, NULL),
                     STATUS_INVALID_PARAMETER_6);
    assert_int_equal(ZwSetTimer(event, &due, NULL, NULL, FALSE, 0, NULL),
                     STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(ZwSetTimer(nobody, &due, NULL, NULL, FALSE, 0, NULL), STATUS_INVALID_HANDLE);
    assert_int_equal(ZwCancelTimer(event, NULL), STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(ZwCancelTimer(nobody, NULL), STATUS_INVALID_HANDLE);
    ZwClose(timer);
    ZwClose(event);
}

static void an_event_by_handle_is_an_event_or_refused(struct nt *nt)
{
    UNICODE_STRING missing = nt_string(u"\\BaseNamedObjects\\None");
    OBJECT_ATTRIBUTES other = named(&missing), nameless = named(NULL);
    HANDLE event = nobody, timer;
    LONG state = 77;

    (void)nt;
    assert_int_equal(ZwCreateEvent(&event, ALL_ACCESS, NULL, (EVENT_TYPE)9, FALSE),
                     STATUS_INVALID_PARAMETER_4);
    assert_int_equal(ZwOpenEvent(&event, ALL_ACCESS, &other), STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(ZwOpenEvent(&event, ALL_ACCESS, &nameless), STATUS_INVALID_PARAMETER);
    assert_ptr_equal(event, nobody);
    assert_int_equal(ZwCreateEvent(&event, ALL_ACCESS, NULL, NotificationEvent, FALSE),
                     STATUS_SUCCESS);
    assert_int_equal(ZwCreateTimer(&timer, ALL_ACCESS, NULL, NotificationTimer),
                     STATUS_SUCCESS);
    assert_int_equal(ZwSetEvent(event, &state), STATUS_SUCCESS);
    assert_int_equal(state, 0);
    assert_int_equal(ZwResetEvent(event, &state), STATUS_SUCCESS);
    assert_int_equal(state, 1);
    assert_int_equal(ZwClearEvent(event), STATUS_SUCCESS);
    assert_int_equal(ZwSetEvent(timer, NULL), STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(ZwResetEvent(timer, NULL), STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(ZwClearEvent(timer), STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(ZwSetEvent(nobody, NULL), STATUS_INVALID_HANDLE);
    assert_int_equal(ZwResetEvent(nobody, NULL), STATUS_INVALID_HANDLE);
    assert_int_equal(ZwClearEvent(nobody), STATUS_INVALID_HANDLE);
    ZwClose(event);
    ZwClose(timer);
}

static void waits_refuse_handles_of_nothing_and_too_many(struct nt *nt)
{
    HANDLE handles[MAXIMUM_WAIT_OBJECTS + 1];
    LARGE_INTEGER now = {.QuadPart = 0};

    (void)nt;
    assert_int_equal(ZwCreateEvent(&handles[0], ALL_ACCESS, NULL, NotificationEvent, FALSE),
                     STATUS_SUCCESS);
    for (int i = 1; i <= MAXIMUM_WAIT_OBJECTS; i++)
        handles[i] = nobody;
    assert_int_equal(ZwWaitForSingleObject(nobody, FALSE, &now), STATUS_INVALID_HANDLE);
    assert_int_equal(ZwWaitForSingleObject(handles[0], FALSE, &now), STATUS_TIMEOUT);
    assert_int_equal(ZwWaitForMultipleObjects(2, handles, WaitAny, FALSE, &now),
                     STATUS_INVALID_HANDLE);
    assert_int_equal(ZwWaitForMultipleObjects(0, handles, WaitAny, FALSE, &now),
                     STATUS_INVALID_PARAMETER_1);
    assert_int_equal(ZwWaitForMultipleObjects(MAXIMUM_WAIT_OBJECTS + 1, handles, WaitAny, FALSE,
                                              &now),
                     STATUS_INVALID_PARAMETER_1);
    assert_int_equal(ZwWaitForMultipleObjects(1, handles, WaitAny, FALSE, &now), STATUS_TIMEOUT);
    ZwClose(handles[0]);
}

static void an_object_is_referred_to_as_what_it_is(struct nt *nt)
{
    HANDLE event, copy = nobody, opened = nobody;
    PVOID body = (PVOID)1;

    (void)nt;
    assert_int_equal(ZwCreateEvent(&event, EVENT_QUERY_STATE, NULL, NotificationEvent, FALSE),
                     STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByHandle(nobody, 0, NULL, KernelMode, &body, NULL),
                     STATUS_INVALID_HANDLE);
    assert_null(body);
    assert_int_equal(ObReferenceObjectByHandle(event, 0, *IoFileObjectType, KernelMode, &body,
                                               NULL),
                     STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(ObReferenceObjectByHandle(event, EVENT_MODIFY_STATE, *ExEventObjectType,
                                               UserMode, &body, NULL),
                     STATUS_ACCESS_DENIED);
    assert_int_equal(ObReferenceObjectByHandleWithTag(event, 0, *IoFileObjectType, KernelMode,
                                                      0x31313131, &body, NULL),
                     STATUS_OBJECT_TYPE_MISMATCH);
    assert_null(body);
    assert_int_equal(ObReferenceObjectByHandle(event, 0, *ExEventObjectType, KernelMode, &body,
                                               NULL),
                     STATUS_SUCCESS);
    assert_int_equal(ObReferenceObjectByPointer(body, 0, *IoFileObjectType, KernelMode),
                     STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(ObReferenceObjectByPointerWithTag(body, 0, *IoFileObjectType, KernelMode,
                                                       0x31313131),
                     STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(ObOpenObjectByPointer(body, OBJ_KERNEL_HANDLE, NULL, 0, *IoFileObjectType,
                                           KernelMode, &opened),
                     STATUS_OBJECT_TYPE_MISMATCH);
    assert_int_equal(ObOpenObjectByPointer(nt, OBJ_KERNEL_HANDLE, NULL, 0, NULL, KernelMode,
                                           &opened),
                     STATUS_INVALID_PARAMETER);
    assert_ptr_equal(opened, nobody);
    assert_int_equal(ZwDuplicateObject(this_process, nobody, this_process, &copy, 0, 0,
                                       SAME_ACCESS),
                     STATUS_INVALID_HANDLE);
    assert_ptr_equal(copy, nobody);
    assert_false(ObIsKernelHandle(NULL));
    assert_false(ObIsKernelHandle(this_process));
    ObDereferenceObject(body);
    ZwClose(event);
}

static void closing_what_is_no_handle_is_found(struct nt *nt)
{
    (void)nt;
    assert_int_equal(ZwClose(nobody), STATUS_INVALID_HANDLE);
    assert_false(ObCloseHandle(nobody, KernelMode));
}

NT_TEST(a_timer_is_opened_by_its_name)
NT_TEST(a_timer_is_cancelled_by_its_handle)
NT_TEST(an_event_by_handle_is_an_event_or_refused)
NT_TEST(waits_refuse_handles_of_nothing_and_too_many)
NT_TEST(an_object_is_referred_to_as_what_it_is)
NT_FINDING_TEST(closing_what_is_no_handle_is_found, bad_handle, 0)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_timer_is_opened_by_its_name),
        cmocka_unit_test(test_a_timer_is_cancelled_by_its_handle),
        cmocka_unit_test(test_an_event_by_handle_is_an_event_or_refused),
        cmocka_unit_test(test_waits_refuse_handles_of_nothing_and_too_many),
        cmocka_unit_test(test_an_object_is_referred_to_as_what_it_is),
        cmocka_unit_test(test_closing_what_is_no_handle_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
