/* SPDX-License-Identifier: MIT */
/* Threads that attach to the other process, and routines that hear of threads. */
#include "io/nt_test.h"

static void attachments_nest_and_name_the_process(struct nt *nt)
{
    PEPROCESS own = IoGetCurrentProcess(), other = ps_client_process(nt->ps);
    KAPC_STATE outer, inner;

    KeStackAttachProcess((PKPROCESS)other, &outer);
    assert_ptr_equal(IoGetCurrentProcess(), other);
    assert_ptr_equal(PsGetCurrentProcessId(), (PVOID)1000);
    KeStackAttachProcess((PKPROCESS)own, &inner);
    assert_ptr_equal(IoGetCurrentProcess(), own);
    KeUnstackDetachProcess(&inner);
    assert_ptr_equal(IoGetCurrentProcess(), other);
    KeUnstackDetachProcess(&outer);
    assert_ptr_equal(IoGetCurrentProcess(), own);
    KeAttachProcess((PKPROCESS)other);
    KeAttachProcess((PKPROCESS)other); /* to the same again: nothing to do */
    assert_ptr_equal(IoGetCurrentProcess(), other);
    KeDetachProcess();
    KeDetachProcess();
    assert_ptr_equal(IoGetCurrentProcess(), own);
}

static void attach_to_nothing(struct nt *nt)
{
    KAPC_STATE state;

    KeStackAttachProcess((PKPROCESS)nt, &state);
}

static void attach_to_nothing_the_old_way(struct nt *nt)
{
    KeAttachProcess((PKPROCESS)nt);
}

static void attach_twice(struct nt *nt)
{
    KeAttachProcess((PKPROCESS)ps_client_process(nt->ps));
    KeAttachProcess((PKPROCESS)ps_system_process(nt->ps));
}

static void detach_what_is_not_attached(struct nt *nt)
{
    KAPC_STATE state = {0};

    (void)nt;
    KeUnstackDetachProcess(&state);
}

static void what_cannot_be_attached_is_a_bug_check(void **state)
{
    void (*const bodies[])(struct nt *nt) = {attach_to_nothing, attach_to_nothing_the_old_way,
                                             attach_twice, detach_what_is_not_attached};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(bodies); i++) {
        struct nt nt;

        nt_live(&nt, 1, 1, bodies[i]);
        assert_int_equal(nt.world.bug_check, 0x5);
    }
}

/* ---- Routines ------------------------------------------------------------------------------- */

static unsigned created, ended;

static void NTAPI on_thread(HANDLE process, HANDLE thread, BOOLEAN create)
{
    assert_ptr_equal(process, (PVOID)4);
    assert_non_null(thread);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    created += create;
    ended += !create;
}

static void NTAPI on_process(HANDLE parent, HANDLE process, BOOLEAN create)
{
    (void)parent;
    (void)process;
    (void)create;
    fail();
}

static void NTAPI thread_body(PVOID context)
{
    (void)context;
}

static void run_a_thread(void)
{
    HANDLE handle;

    assert_int_equal(PsCreateSystemThread(&handle, 0, NULL, NULL, NULL, thread_body, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(ZwWaitForSingleObject(handle, FALSE, NULL), STATUS_SUCCESS);
    ZwClose(handle);
}

static void a_routine_hears_of_threads_until_it_is_removed(struct nt *nt)
{
    (void)nt;
    created = ended = 0;
    assert_int_equal(PsSetCreateThreadNotifyRoutine(on_thread), STATUS_SUCCESS);
    run_a_thread();
    assert_int_equal(created, 1);
    assert_int_equal(ended, 1);
    assert_int_equal(PsRemoveCreateThreadNotifyRoutine(on_thread), STATUS_SUCCESS);
    assert_int_equal(PsRemoveCreateThreadNotifyRoutine(on_thread), STATUS_PROCEDURE_NOT_FOUND);
    run_a_thread();
    assert_int_equal(created, 1);
    for (int i = 0; i < 64; i++)
        assert_int_equal(PsSetCreateThreadNotifyRoutine(on_thread), STATUS_SUCCESS);
    assert_int_equal(PsSetCreateThreadNotifyRoutine(on_thread), STATUS_INSUFFICIENT_RESOURCES);
}

static void a_routine_for_processes_is_registered_once(struct nt *nt)
{
    (void)nt;
    assert_int_equal(PsSetCreateProcessNotifyRoutine(on_process, TRUE),
                     STATUS_PROCEDURE_NOT_FOUND);
    assert_int_equal(PsSetCreateProcessNotifyRoutine(on_process, FALSE), STATUS_SUCCESS);
    assert_int_equal(PsSetCreateProcessNotifyRoutine(on_process, FALSE), STATUS_INVALID_PARAMETER);
    run_a_thread();
    assert_int_equal(PsSetCreateProcessNotifyRoutine(on_process, TRUE), STATUS_SUCCESS);
}

static void a_threads_priority_is_set_by_its_handle(struct nt *nt)
{
    HANDLE current = (HANDLE)(LONG_PTR)-2, nobody = (HANDLE)(ULONG_PTR)0x7ff0, event;
    LONG priority = 12, base = 2, none = 0, page = 5;

    (void)nt;
    assert_int_equal(ZwSetInformationThread(current, 2, &priority, sizeof priority),
                     STATUS_SUCCESS);
    assert_int_equal(KeQueryPriorityThread(KeGetCurrentThread()), 12);
    assert_int_equal(ZwSetInformationThread(current, 3, &base, sizeof base), STATUS_SUCCESS);
    assert_int_equal(KeQueryPriorityThread(KeGetCurrentThread()), 10);
    assert_int_equal(ZwSetInformationThread(current, 24, &page, sizeof page), STATUS_SUCCESS);
    assert_int_equal(ZwSetInformationThread(current, 2, &none, sizeof none),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(ZwSetInformationThread(current, 3, &priority, sizeof priority),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(ZwSetInformationThread(current, 24, &none, sizeof none),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(ZwSetInformationThread(current, 2, &priority, 2),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(ZwSetInformationThread(current, 99, &priority, sizeof priority),
                     STATUS_INVALID_INFO_CLASS);
    assert_int_equal(ZwSetInformationThread(nobody, 2, &priority, sizeof priority),
                     STATUS_INVALID_HANDLE);
    assert_int_equal(ZwCreateEvent(&event, 0x1F0003, NULL, NotificationEvent, FALSE), 0);
    assert_int_equal(ZwSetInformationThread(event, 2, &priority, sizeof priority),
                     STATUS_OBJECT_TYPE_MISMATCH);
    ZwClose(event);
}

static void user_memory_is_secured_where_it_may_be_used_so(struct nt *nt)
{
    uint64_t va;
    HANDLE handle, second;

    assert_int_equal(mm_user_allocate(nt->mm, 3 * 4096, 0, &va), 0);
    handle = MmSecureVirtualMemory((PVOID)va, 3 * 4096, PAGE_READWRITE);
    second = MmSecureVirtualMemory((PVOID)(va + 100), 10, PAGE_READONLY);
    assert_non_null(handle);
    assert_non_null(second);
    assert_ptr_not_equal(handle, second);
    MmUnsecureVirtualMemory(handle);
    MmUnsecureVirtualMemory(second);
    assert_null(MmSecureVirtualMemory((PVOID)va, 5 * 4096, PAGE_READWRITE)); /* past its end */
    assert_null(MmSecureVirtualMemory((PVOID)0x1000, 16, PAGE_READONLY)); /* nothing is there */
    assert_null(MmSecureVirtualMemory((PVOID)va, 16, PAGE_EXECUTE)); /* no such mode */
    assert_null(MmSecureVirtualMemory((PVOID)va, 0, PAGE_READONLY));
    mm_user_free(nt->mm, va);
}

static BOOLEAN NTAPI on_nmi(PVOID context, BOOLEAN handled)
{
    (void)context;
    return handled;
}

static void an_nmi_routine_is_known_by_its_handle(struct nt *nt)
{
    PVOID handles[16];

    (void)nt;
    assert_int_equal(KeDeregisterNmiCallback(NULL), STATUS_INVALID_HANDLE);
    for (int i = 0; i < 16; i++) {
        handles[i] = KeRegisterNmiCallback(on_nmi, NULL);
        assert_non_null(handles[i]);
    }
    assert_null(KeRegisterNmiCallback(on_nmi, NULL));
    assert_int_equal(KeDeregisterNmiCallback(handles[3]), STATUS_SUCCESS);
    assert_int_equal(KeDeregisterNmiCallback(handles[3]), STATUS_INVALID_HANDLE);
}

NT_TEST(attachments_nest_and_name_the_process)
NT_TEST(a_routine_hears_of_threads_until_it_is_removed)
NT_TEST(a_routine_for_processes_is_registered_once)
NT_TEST(a_threads_priority_is_set_by_its_handle)
NT_TEST(user_memory_is_secured_where_it_may_be_used_so)
NT_TEST(an_nmi_routine_is_known_by_its_handle)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attachments_nest_and_name_the_process),
        cmocka_unit_test(what_cannot_be_attached_is_a_bug_check),
        cmocka_unit_test(test_a_routine_hears_of_threads_until_it_is_removed),
        cmocka_unit_test(test_a_routine_for_processes_is_registered_once),
        cmocka_unit_test(test_a_threads_priority_is_set_by_its_handle),
        cmocka_unit_test(test_user_memory_is_secured_where_it_may_be_used_so),
        cmocka_unit_test(test_an_nmi_routine_is_known_by_its_handle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
