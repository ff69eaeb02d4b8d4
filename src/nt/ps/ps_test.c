/* SPDX-License-Identifier: MIT */
/* System threads, processes, and what ob keeps for others: events, callbacks, names. */
#include "io/nt_test.h"

static char story[32];

static void tell(char letter)
{
    size_t length = strlen(story);

    if (length + 1 < sizeof story)
        story[length] = letter;
}

static void NTAPI thread_main(PVOID context)
{
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_int_equal((uintptr_t)PsGetCurrentProcessId(), 4);
    tell(*(const char *)context);
    if (story[0] == 'e')
        PsTerminateSystemThread(STATUS_SUCCESS);
    tell('.');
}

static PVOID start(struct nt *nt, const char *letter, HANDLE *handle)
{
    OBJECT_ATTRIBUTES attributes;
    CLIENT_ID id;
    PVOID body;

    (void)nt;
    memset(story, 0, sizeof story);
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(PsCreateSystemThread(handle, THREAD_ALL_ACCESS, &attributes, NULL, &id,
                                          thread_main, (PVOID)(uintptr_t)letter),
                     STATUS_SUCCESS);
    assert_int_equal((uintptr_t)id.UniqueProcess, 4);
    assert_true((uintptr_t)id.UniqueThread % 4 == 0);
    assert_int_equal(ObReferenceObjectByHandle(*handle, SYNCHRONIZE, *PsThreadType, KernelMode,
                                               &body, NULL),
                     STATUS_SUCCESS);
    return body;
}

static void a_system_thread_is_waited_for_by_its_object(struct nt *nt)
{
    HANDLE handle;
    PVOID body = start(nt, "a", &handle);

    assert_int_equal(ZwClose(handle), STATUS_SUCCESS);
    wait_for(body);
    assert_string_equal(story, "a.");
    ObDereferenceObject(body);
    sleep_ms(1);
    assert_int_equal(ob_references(nt->ob, body), 0);
}

static void a_thread_may_end_itself(struct nt *nt)
{
    HANDLE handle;
    PVOID body = start(nt, "e", &handle);

    assert_int_equal(ZwWaitForSingleObject(handle, FALSE, NULL), STATUS_SUCCESS);
    assert_string_equal(story, "e");
    ZwClose(handle);
    ObDereferenceObject(body);
}

static void many_threads_come_and_go(struct nt *nt)
{
    int i;

    for (i = 0; i < 200; i++) {
        HANDLE handle;
        PVOID body = start(nt, "x", &handle);

        ZwClose(handle);
        wait_for(body);
        ObDereferenceObject(body);
    }
}

static void a_thread_of_ours_can_be_referred_to(struct nt *nt)
{
    PKTHREAD self = KeGetCurrentThread();
    PVOID body;

    (void)nt;
    ObReferenceObject(self);
    assert_int_equal(ObReferenceObjectByHandle((HANDLE)-2, 0, *PsThreadType, KernelMode, &body,
                                               NULL),
                     STATUS_SUCCESS);
    assert_ptr_equal(body, self);
    ObDereferenceObject(self);
    ObDereferenceObject(self);
    assert_int_equal(PsTerminateSystemThread(STATUS_SUCCESS), STATUS_INVALID_PARAMETER);
}

static void the_process_is_the_applications_during_its_calls(struct nt *nt)
{
    PEPROCESS process;

    assert_ptr_equal(IoGetCurrentProcess(), ps_system_process(nt->ps));
    assert_int_equal(ex_set_previous_mode(UserMode), KernelMode);
    assert_ptr_equal(IoGetCurrentProcess(), ps_client_process(nt->ps));
    assert_int_equal(ex_set_previous_mode(KernelMode), UserMode);
    assert_int_equal(PsLookupProcessByProcessId((HANDLE)4, &process), STATUS_SUCCESS);
    ObDereferenceObject(process);
    assert_int_equal(PsLookupProcessByProcessId((HANDLE)5, &process), STATUS_INVALID_PARAMETER);
}

static void named_events_are_shared(struct nt *nt)
{
    UNICODE_STRING name = nt_string(u"\\BaseNamedObjects\\Go");
    HANDLE first, second;
    PKEVENT a, b;
    LONG previous;

    a = IoCreateNotificationEvent(&name, &first);
    b = IoCreateNotificationEvent(&name, &second);
    assert_non_null(a);
    assert_ptr_equal(a, b);
    assert_int_equal(KeReadStateEvent(a), 1); /* created signalled */
    assert_int_equal(ZwResetEvent(second, &previous), STATUS_SUCCESS);
    assert_int_equal(previous, 1);
    assert_int_equal(KeReadStateEvent(a), 0);
    ZwClose(first);
    ZwClose(second);
    assert_int_equal(ob_references(nt->ob, a), 0);
}

static void timers_and_events_are_waited_for_together(struct nt *nt)
{
    LARGE_INTEGER due = in_ms(5), timeout = in_ms(2);
    HANDLE handles[4];
    uint64_t before;
    int i;

    (void)nt;
    for (i = 0; i < 3; i++)
        assert_int_equal(ZwCreateEvent(&handles[i], EVENT_ALL_ACCESS, NULL, NotificationEvent,
                                       FALSE),
                         STATUS_SUCCESS);
    assert_int_equal(ZwCreateTimer(&handles[3], 0, NULL, NotificationTimer), STATUS_SUCCESS);
    before = now_us();
    assert_int_equal(ZwSetTimer(handles[3], &due, NULL, NULL, FALSE, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(ZwWaitForMultipleObjects(4, handles, WaitAny, FALSE, &timeout),
                     STATUS_TIMEOUT);
    assert_int_equal(ZwWaitForMultipleObjects(4, handles, WaitAny, FALSE, NULL), STATUS_WAIT_0 + 3);
    assert_in_range(now_us() - before, 4900, 6500);
    for (i = 0; i < 3; i++)
        assert_int_equal(ZwSetEvent(handles[i], NULL), STATUS_SUCCESS);
    assert_int_equal(ZwWaitForMultipleObjects(4, handles, WaitAll, FALSE, NULL), STATUS_WAIT_0);
    assert_int_equal(ZwWaitForMultipleObjects(0, handles, WaitAll, FALSE, NULL),
                     STATUS_INVALID_PARAMETER_1);
    for (i = 0; i < 4; i++)
        assert_int_equal(ZwClose(handles[i]), STATUS_SUCCESS);
}

static void a_duplicate_keeps_the_object(struct nt *nt)
{
    HANDLE first, second;
    PKEVENT event;

    assert_int_equal(ZwCreateEvent(&first, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE), 0);
    assert_int_equal(ObReferenceObjectByHandle(first, 0, NULL, KernelMode, (PVOID *)&event, NULL),
                     STATUS_SUCCESS);
    ObDereferenceObject(event);
    assert_int_equal(ZwDuplicateObject((HANDLE)-1, first, (HANDLE)-1, &second, 0, 0, 3), 0);
    assert_int_equal(ob_references(nt->ob, event), 1);
    assert_int_equal(ZwSetEvent(first, NULL), STATUS_INVALID_HANDLE);
    assert_int_equal(ZwSetEvent(second, NULL), STATUS_SUCCESS);
    ZwClose(second);
}

static void descriptors_are_assigned_as_copies(struct nt *nt)
{
    UCHAR absolute[SECURITY_DESCRIPTOR_MIN_LENGTH];
    UCHAR dacl[8] = {2, 0, 8, 0};
    PSECURITY_DESCRIPTOR copy;

    (void)nt;
    assert_int_equal(RtlCreateSecurityDescriptor(absolute, 2), STATUS_UNKNOWN_REVISION);
    assert_int_equal(RtlCreateSecurityDescriptor(absolute, 1), STATUS_SUCCESS);
    assert_int_equal(RtlSetDaclSecurityDescriptor(absolute, TRUE, (PACL)(PVOID)dacl, FALSE), 0);
    assert_int_equal(RtlLengthSecurityDescriptor(absolute), 48);
    assert_int_equal(SeAssignSecurity(NULL, absolute, &copy, FALSE, NULL, NULL, PagedPool), 0);
    assert_true(RtlValidRelativeSecurityDescriptor(copy, 28, 0));
    assert_int_equal(RtlLengthSecurityDescriptor(copy), 28);
    assert_int_equal(RtlSetDaclSecurityDescriptor(copy, FALSE, NULL, FALSE),
                     STATUS_INVALID_SECURITY_DESCR);
    assert_int_equal(SeDeassignSecurity(&copy), STATUS_SUCCESS);
    assert_null(copy);
}

static void NTAPI on_callback(PVOID context, PVOID argument1, PVOID argument2)
{
    assert_ptr_equal(argument1, story);
    assert_null(argument2);
    tell(*(const char *)context);
}

static void callbacks_are_called_in_order_of_registration(struct nt *nt)
{
    UNICODE_STRING name = nt_string(u"\\Callback\\Test");
    OBJECT_ATTRIBUTES attributes;
    PCALLBACK_OBJECT callback, again;
    PVOID first, second;

    memset(story, 0, sizeof story);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    assert_int_equal(ExCreateCallback(&callback, &attributes, FALSE, TRUE),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(ExCreateCallback(&callback, &attributes, TRUE, TRUE), STATUS_SUCCESS);
    assert_int_equal(ExCreateCallback(&again, &attributes, FALSE, TRUE), STATUS_SUCCESS);
    assert_ptr_equal(callback, again);
    first = ExRegisterCallback(callback, on_callback, (PVOID)(uintptr_t) "1");
    second = ExRegisterCallback(callback, on_callback, (PVOID)(uintptr_t) "2");
    ExNotifyCallback(callback, story, NULL);
    ExUnregisterCallback(first);
    ExNotifyCallback(callback, story, NULL);
    ExUnregisterCallback(second);
    assert_string_equal(story, "122");
    ObDereferenceObject(callback);
    ObDereferenceObject(again);
    assert_int_equal(ob_references(nt->ob, callback), 0);
}

static void an_image_made_the_application_and_none_the_system(struct nt *nt)
{
    PUNICODE_STRING name = NULL;

    assert_int_equal(SeLocateProcessImageName(ps_client_process(nt->ps), &name), STATUS_SUCCESS);
    assert_int_equal(name->Buffer[0], u'\\');
    assert_int_equal(name->Buffer[name->Length / 2 - 1], u'e');
    assert_ptr_equal(name->Buffer, name + 1);
    ExFreePool(name);
    name = NULL;
    assert_int_equal(SeLocateProcessImageName(ps_system_process(nt->ps), &name), STATUS_NOT_FOUND);
    assert_null(name);
}

static void links_may_lead_to_links_but_not_for_ever(struct nt *nt)
{
    UNICODE_STRING a = nt_string(u"\\??\\A"), b = nt_string(u"\\DosDevices\\B"),
                   c = nt_string(u"\\GLOBAL??\\C"), device = nt_string(u"\\Device\\D"),
                   path = nt_string(u"\\??\\a\\rest");
    enum ob_type type;
    void *body;
    size_t rest;

    nt_device(nt_driver(nt, "d"), u"\\Device\\D");
    assert_int_equal(IoCreateSymbolicLink(&a, &b), STATUS_SUCCESS);
    assert_int_equal(IoCreateSymbolicLink(&b, &device), STATUS_SUCCESS);
    assert_int_equal(ob_name_find(nt->ob, &path, &type, &body, &rest), STATUS_SUCCESS);
    assert_int_equal(type, OB_TYPE_DEVICE);
    assert_int_equal(rest, 5);
    assert_int_equal(IoDeleteSymbolicLink(&b), STATUS_SUCCESS);
    assert_int_equal(IoCreateSymbolicLink(&b, &c), STATUS_SUCCESS);
    assert_int_equal(IoCreateSymbolicLink(&c, &b), STATUS_SUCCESS);
    assert_int_equal(ob_name_find(nt->ob, &path, &type, &body, &rest),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    assert_int_equal(IoDeleteSymbolicLink(&device), STATUS_OBJECT_TYPE_MISMATCH);
}

NT_TEST(a_system_thread_is_waited_for_by_its_object)
NT_TEST(a_thread_may_end_itself)
NT_TEST(many_threads_come_and_go)
NT_TEST(a_thread_of_ours_can_be_referred_to)
NT_TEST(the_process_is_the_applications_during_its_calls)
NT_TEST(named_events_are_shared)
NT_TEST(timers_and_events_are_waited_for_together)
NT_TEST(a_duplicate_keeps_the_object)
NT_TEST(descriptors_are_assigned_as_copies)
NT_TEST(callbacks_are_called_in_order_of_registration)
NT_TEST(an_image_made_the_application_and_none_the_system)
NT_TEST(links_may_lead_to_links_but_not_for_ever)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_system_thread_is_waited_for_by_its_object),
        cmocka_unit_test(test_a_thread_may_end_itself),
        cmocka_unit_test(test_many_threads_come_and_go),
        cmocka_unit_test(test_a_thread_of_ours_can_be_referred_to),
        cmocka_unit_test(test_the_process_is_the_applications_during_its_calls),
        cmocka_unit_test(test_named_events_are_shared),
        cmocka_unit_test(test_timers_and_events_are_waited_for_together),
        cmocka_unit_test(test_a_duplicate_keeps_the_object),
        cmocka_unit_test(test_descriptors_are_assigned_as_copies),
        cmocka_unit_test(test_callbacks_are_called_in_order_of_registration),
        cmocka_unit_test(test_an_image_made_the_application_and_none_the_system),
        cmocka_unit_test(test_links_may_lead_to_links_but_not_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
