/* SPDX-License-Identifier: MIT */
#include "io/nt_test.h"

static void register_and_write(struct nt *nt)
{
    GUID provider = {.Data1 = 1};
    EVENT_DESCRIPTOR event = {0};
    REGHANDLE handle = 0;

    (void)nt;
    assert_int_equal(EtwRegister(&provider, NULL, NULL, &handle), STATUS_SUCCESS);
    assert_int_not_equal(handle, 0);
    assert_false(EtwEventEnabled(handle, &event));
    assert_int_equal(EtwWrite(handle, &event, NULL, 0, NULL), STATUS_SUCCESS);
    assert_int_equal(EtwWrite(handle + 1, &event, NULL, 0, NULL), STATUS_INVALID_HANDLE);
    assert_int_equal(EtwUnregister(handle), STATUS_SUCCESS);
    assert_int_equal(EtwUnregister(0), STATUS_INVALID_HANDLE);
}

static void providers_write_to_nobody_and_unknown_ones_are_refused(void **state)
{
    (void)state;
    NT_RUN(register_and_write);
}

static NTSTATUS NTCDECL by_list(TRACEHANDLE session, LPGUID message, ...)
{
    NT_VA_LIST list;
    NTSTATUS status;

    NT_VA_START(list, message);
    status = WmiTraceMessageVa(session, 0, message, 10, list);
    NT_VA_END(list);
    return status;
}

static void no_session(struct nt *nt)
{
    GUID message = {.Data1 = 2};
    ULONG64 handle = 5;
    ULONG needed = 0, name = 0;

    (void)nt;
    assert_int_equal(WmiTraceMessage(handle, 0, &message, 10, &name, 4, NULL, 0),
                     STATUS_INVALID_HANDLE);
    assert_int_equal(by_list(handle, &message, &name, (SIZE_T)4, NULL), STATUS_INVALID_HANDLE);
    assert_int_equal(WmiQueryTraceInformation(TraceHandleByNameClass, &handle, 4, &needed, &name),
                     STATUS_INFO_LENGTH_MISMATCH);
    assert_int_equal(needed, sizeof(TRACEHANDLE));
    assert_int_equal(WmiQueryTraceInformation(TraceHandleByNameClass, &handle, 8, NULL, &name),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(WmiQueryTraceInformation(TraceEnableLevelClass, &name, 4, &needed, NULL),
                     STATUS_INVALID_PARAMETER_MIX);
    assert_int_equal(WmiQueryTraceInformation(TraceEnableLevelClass, &name, 4, &needed, &handle),
                     STATUS_INVALID_HANDLE);
    assert_int_equal(needed, sizeof(ULONG));
    assert_int_equal(WmiQueryTraceInformation((TRACE_INFORMATION_CLASS)99, &name, 4, NULL, &handle),
                     STATUS_INVALID_INFO_CLASS);
    assert_int_equal(handle, 5);
}

static void there_is_no_trace_session(void **state)
{
    (void)state;
    NT_RUN(no_session);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(providers_write_to_nobody_and_unknown_ones_are_refused),
        cmocka_unit_test(there_is_no_trace_session),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
