/* SPDX-License-Identifier: MIT */
/* What drivers ask and have answered without anything happening: tracing with nobody listening, no
 * debugger to stop for, memory, privileges, threads, clocks. */
#include "io/nt_test.h"

/* ---- Tracing --------------------------------------------------------------------------------- */

static void providers_register_and_nothing_is_enabled(struct nt *nt)
{
    static const GUID provider = {0x1234, 1, 2, {3}};
    EVENT_DESCRIPTOR event = {0};
    REGHANDLE first = 0, second = 0;
    GUID id;

    (void)nt;
    assert_int_equal(EtwRegister(&provider, NULL, NULL, &first), STATUS_SUCCESS);
    assert_int_equal(EtwRegister(&provider, NULL, NULL, &second), STATUS_SUCCESS);
    assert_true(first != second);
    assert_false(EtwProviderEnabled(first, 5, ~0ull));
    assert_false(EtwEventEnabled(first, &event));
    assert_int_equal(EtwWrite(first, &event, NULL, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(EtwWriteEx(first, &event, 0, 0, NULL, NULL, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(EtwWriteTransfer(first, &event, NULL, NULL, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(EtwWriteString(first, 0, 0, NULL, u"text"), STATUS_SUCCESS);
    assert_int_equal(EtwSetInformation(first, 0, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(EtwActivityIdControl(3, &id), STATUS_SUCCESS);
    assert_int_equal(EtwActivityIdControl(9, &id), STATUS_INVALID_PARAMETER);
    assert_int_equal(EtwUnregister(first), STATUS_SUCCESS);
}

static void handles_nobody_was_given_are_invalid(struct nt *nt)
{
    EVENT_DESCRIPTOR event = {0};

    (void)nt;
    assert_int_equal(EtwWrite(0, &event, NULL, 0, NULL), STATUS_INVALID_HANDLE);
    assert_int_equal(EtwWriteEx(99, &event, 0, 0, NULL, NULL, 0, NULL), STATUS_INVALID_HANDLE);
    assert_int_equal(EtwWriteTransfer(99, &event, NULL, NULL, 0, NULL), STATUS_INVALID_HANDLE);
    assert_int_equal(EtwWriteString(99, 0, 0, NULL, u"text"), STATUS_INVALID_HANDLE);
    assert_int_equal(EtwSetInformation(99, 0, NULL, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(EtwUnregister(99), STATUS_INVALID_HANDLE);
}

/* ---- Debugger -------------------------------------------------------------------------------- */

static ULONG NTCDECL by_list(PCSTR prefix, PCSTR format, ...)
{
    NT_VA_LIST list;
    ULONG status;

    NT_VA_START(list, format);
    status = prefix != NULL ? vDbgPrintExWithPrefix(prefix, 0, 0, format, list)
                            : vDbgPrintEx(0, 0, format, list);
    NT_VA_END(list);
    return status;
}

static void prints_are_events_and_nobody_answers_a_prompt(struct nt *nt)
{
    char answer[4] = "abc";

    (void)nt;
    assert_int_equal(DbgPrintEx(0, 3, "%d", 1), STATUS_SUCCESS);
    assert_int_equal(by_list(NULL, "%d", 2), STATUS_SUCCESS);
    assert_int_equal(by_list("pin: ", "%d", 3), STATUS_SUCCESS);
    assert_int_equal(DbgPrompt("well? ", answer, sizeof answer), 0);
    assert_string_equal(answer, "");
    assert_true(DbgQueryDebugFilterState(0, 3));
    assert_int_equal(KdDisableDebugger(), STATUS_DEBUGGER_INACTIVE);
    assert_int_equal(KdEnableDebugger(), STATUS_DEBUGGER_INACTIVE);
    assert_true(KdRefreshDebuggerNotPresent());
}

static void test_prints_are_events(void **state)
{
    struct nt nt;

    (void)state;
    nt_live(&nt, 1, 1, prints_are_events_and_nobody_answers_a_prompt);
    assert_int_equal(nt.world.bug_check, 0);
    assert_int_equal(nt.world.events[TRACE_debug_print], 4);
}

static void break_in(struct nt *nt)
{
    (void)nt;
    DbgBreakPoint();
}

static void break_with_status(struct nt *nt)
{
    (void)nt;
    DbgBreakPointWithStatus(7);
}

static void fail_an_assertion(struct nt *nt)
{
    char what[] = "1 == 2", file[] = "pin.c";

    (void)nt;
    RtlAssert(what, file, 7, NULL);
}

static void a_breakpoint_with_nobody_to_continue_is_a_bug_check(void **state)
{
    void (*const bodies[])(struct nt *nt) = {break_in, break_with_status, fail_an_assertion};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(bodies); i++) {
        struct nt nt;

        nt_live(&nt, 1, 1, bodies[i]);
        assert_int_equal(nt.world.bug_check, 0x1E);
    }
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static void addresses_are_valid_while_something_is_there(struct nt *nt)
{
    PVOID block = ExAllocatePoolWithTag(NonPagedPool, 8192, 'tseT');
    PVOID paged = ExAllocatePoolWithTag(PagedPool, 8192, 'tseT');
    ULONG flags = 7;

    (void)nt;
    assert_true(MmIsAddressValid(block));
    assert_true(MmIsNonPagedSystemAddressValid(block));
    assert_true(MmIsAddressValid(paged));
    assert_false(MmIsNonPagedSystemAddressValid(paged));
    ExFreePoolWithTag(block, 'tseT');
    ExFreePoolWithTag(paged, 'tseT');
    assert_false(MmIsAddressValid(NULL));
    assert_false(MmIsAddressValid((PVOID)(ULONG_PTR)0xffff800000000000));
    assert_int_equal(MmQuerySystemSize(), MmLargeSystem);
    assert_false(MmIsThisAnNtAsSystem());
    assert_false(MmIsDriverVerifying(NULL));
    assert_false(MmIsDriverVerifyingByAddress(NULL));
    (void)MmIsVerifierEnabled(&flags);
    assert_int_equal(flags, 0);
    assert_null(MmLockPagableDataSection(NULL)); /* in no image */
    assert_null(MmPageEntireDriver(NULL));
}

/* ---- Privileges and threads ------------------------------------------------------------------ */

static void the_kernel_and_an_administrator_hold_the_privileges_there_are(struct nt *nt)
{
    LUID debug = {20, 0}, unknown = {999, 0};
    PVOID context[4];

    (void)nt;
    assert_true(SeSinglePrivilegeCheck(debug, UserMode));
    assert_false(SeSinglePrivilegeCheck(unknown, UserMode));
    assert_true(SeSinglePrivilegeCheck(unknown, KernelMode));
    SeCaptureSubjectContext((PVOID)context);
    SeLockSubjectContext((PVOID)context);
    SeUnlockSubjectContext((PVOID)context);
    SeReleaseSubjectContext((PVOID)context);
}

static HANDLE thread_id;
static PETHREAD thread_object;

static void NTAPI system_thread(PVOID context)
{
    PETHREAD found = NULL;

    (void)context;
    thread_id = PsGetCurrentThreadId();
    thread_object = PsGetCurrentThread();
    assert_ptr_equal(PsGetThreadId(thread_object), thread_id);
    assert_ptr_equal(PsGetThreadProcessId(thread_object), PsGetCurrentProcessId());
    assert_true(PsIsSystemThread(thread_object));
    assert_false(PsIsThreadTerminating(thread_object));
    assert_int_equal(PsLookupThreadByThreadId(thread_id, &found), STATUS_SUCCESS);
    assert_ptr_equal(found, thread_object);
    ObDereferenceObject(found);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void a_thread_is_found_by_its_id_while_it_lives(struct nt *nt)
{
    HANDLE handle;
    PETHREAD found = NULL;

    (void)nt;
    assert_int_equal(PsCreateSystemThread(&handle, 0, NULL, NULL, NULL, system_thread, NULL),
                     STATUS_SUCCESS);
    assert_int_equal(ZwWaitForSingleObject(handle, FALSE, NULL), STATUS_SUCCESS);
    assert_true(PsIsThreadTerminating(thread_object));
    ZwClose(handle);
    assert_int_equal(PsLookupThreadByThreadId((HANDLE)(ULONG_PTR)0xfff0, &found),
                     STATUS_INVALID_PARAMETER);
    assert_null(found);
}

/* ---- Clocks and processors ------------------------------------------------------------------- */

static void local_time_is_system_time_and_the_clock_can_be_made_fine(struct nt *nt)
{
    LARGE_INTEGER time = {.QuadPart = 123456789}, other = {.QuadPart = 0};
    ULONG coarsest, finest, current;

    (void)nt;
    ExSystemTimeToLocalTime(&time, &other);
    assert_int_equal(other.QuadPart, 123456789);
    ExLocalTimeToSystemTime(&other, &time);
    assert_int_equal(time.QuadPart, 123456789);
    ExQueryTimerResolution(&coarsest, &finest, &current);
    assert_int_equal(current, coarsest);
    assert_int_equal(ExSetTimerResolution(10000, TRUE), finest);
    ExQueryTimerResolution(&coarsest, &finest, &current);
    assert_int_equal(current, finest);
    assert_int_equal(ExSetTimerResolution(0, FALSE), coarsest);
    assert_true(ExIsProcessorFeaturePresent(PF_XMMI64_INSTRUCTIONS_AVAILABLE));
    assert_false(ExIsProcessorFeaturePresent(999));
}

NT_TEST(providers_register_and_nothing_is_enabled)
NT_TEST(handles_nobody_was_given_are_invalid)
NT_TEST(addresses_are_valid_while_something_is_there)
NT_TEST(the_kernel_and_an_administrator_hold_the_privileges_there_are)
NT_TEST(a_thread_is_found_by_its_id_while_it_lives)
NT_TEST(local_time_is_system_time_and_the_clock_can_be_made_fine)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_providers_register_and_nothing_is_enabled),
        cmocka_unit_test(test_handles_nobody_was_given_are_invalid),
        cmocka_unit_test(test_prints_are_events),
        cmocka_unit_test(a_breakpoint_with_nobody_to_continue_is_a_bug_check),
        cmocka_unit_test(test_addresses_are_valid_while_something_is_there),
        cmocka_unit_test(test_the_kernel_and_an_administrator_hold_the_privileges_there_are),
        cmocka_unit_test(test_a_thread_is_found_by_its_id_while_it_lives),
        cmocka_unit_test(test_local_time_is_system_time_and_the_clock_can_be_made_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
