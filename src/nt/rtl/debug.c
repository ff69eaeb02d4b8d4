/* SPDX-License-Identifier: MIT */
/* Debug output: a debug_print event, then the text, in the one order that all events share.
 * Windows holds back what a component's mask does not let through, and DbgPrint without a debugger
 * goes nowhere; a simulated machine has its debugger always attached and lets everything through,
 * because what the driver's author printed is what he wants to see. A message is cut at 512 bytes
 * as on Windows ("DbgPrint", Remarks).
 * Breakpoints: DbgBreakPoint with nobody to continue is bug check 0x1E with STATUS_BREAKPOINT, as
 * on a system whose debugger is not there. */
#include <string.h>

#include "rtl/format.h"
#include "rtl/rtl.h"

enum { MESSAGE_MAX = 512 };

static void emit(const char *text, size_t length)
{
    struct trace *trace = ke_trace(ke_current());

    TRACE(trace, debug_print, length);
    trace_text(trace, text, length);
}

static ULONG print(PCSTR prefix, PCSTR format, NT_VA_LIST *list)
{
    char message[MESSAGE_MAX];
    size_t used = strnlen(prefix, sizeof message);
    struct rtl_sink sink = {.narrow = message + used, .capacity = sizeof message - used};

    memcpy(message, prefix, used);
    rtl_format_narrow(&sink, format, list);
    used += sink.length < sink.capacity ? sink.length : sink.capacity;
    emit(message, used);
    return STATUS_SUCCESS;
}

ULONG NTCDECL DbgPrint(PCSTR format, ...)
{
    NT_VA_LIST list;
    ULONG status;

    NT_VA_START(list, format);
    status = print("", format, &list);
    NT_VA_END(list);
    return status;
}

ULONG NTCDECL DbgPrintEx(ULONG component, ULONG level, PCSTR format, ...)
{
    NT_VA_LIST list;
    ULONG status;

    NT_VA_START(list, format);
    status = vDbgPrintExWithPrefix("", component, level, format, list);
    NT_VA_END(list);
    return status;
}

ULONG NTAPI vDbgPrintEx(ULONG component, ULONG level, PCSTR format, NT_VA_LIST list)
{
    return vDbgPrintExWithPrefix("", component, level, format, list);
}

ULONG NTAPI vDbgPrintExWithPrefix(PCSTR prefix, ULONG component, ULONG level, PCSTR format,
                                  NT_VA_LIST list)
{
    (void)component;
    (void)level;
    return print(prefix, format, &list);
}

NTSTATUS NTAPI DbgQueryDebugFilterState(ULONG component, ULONG level)
{
    (void)component;
    (void)level;
    return TRUE;
}

NTSTATUS NTAPI DbgSetDebugFilterState(ULONG component, ULONG level, BOOLEAN state)
{
    (void)component;
    (void)level;
    (void)state;
    return STATUS_SUCCESS;
}

void NTAPI DbgBreakPoint(void)
{
    ke_bug_check(0x1E, (uint32_t)STATUS_BREAKPOINT, ke_caller_va(), 0, 0);
}

void NTAPI DbgBreakPointWithStatus(ULONG status)
{
    ke_bug_check(0x1E, (uint32_t)STATUS_BREAKPOINT, ke_caller_va(), status, 0);
}

/* Nobody answers: an empty line. */
ULONG NTAPI DbgPrompt(PCCH prompt, PCH response, ULONG room)
{
    emit(prompt, strnlen(prompt, MESSAGE_MAX));
    if (room != 0)
        response[0] = 0;
    return 0;
}

NTSTATUS NTAPI KdDisableDebugger(void)
{
    return STATUS_DEBUGGER_INACTIVE;
}

NTSTATUS NTAPI KdEnableDebugger(void)
{
    return STATUS_DEBUGGER_INACTIVE;
}

BOOLEAN NTAPI KdRefreshDebuggerNotPresent(void)
{
    return TRUE;
}

/* A failed RTL assertion of a checked build prints itself and breaks. */
void NTAPI RtlAssert(PVOID assertion, PVOID file, ULONG line, PSTR message)
{
    DbgPrint("Assertion failed: %s%s%s, %s line %lu\n", message != NULL ? message : "",
             message != NULL ? ": " : "", (PSTR)assertion, (PSTR)file, line);
    DbgBreakPoint();
}
