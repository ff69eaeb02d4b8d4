/* SPDX-License-Identifier: MIT */
/* Event tracing for Windows, with nobody listening: providers register and get a handle, are told
 * that no event is enabled, and writing succeeds. That is what a system without a trace session
 * does. A driver traced by WPP learns the handle of a session when one is enabled, which never
 * happens; a message to any other handle is refused (WmiTraceMessage, Return value). */
#include "io/state.h"

NTSTATUS NTAPI EtwRegister(LPCGUID provider, PETWENABLECALLBACK callback, PVOID context,
                           PREGHANDLE handle)
{
    (void)provider;
    (void)callback;
    (void)context;
    *handle = ++io_of(ke_current())->next_trace_handle;
    return STATUS_SUCCESS;
}

static NTSTATUS check(REGHANDLE handle)
{
    bool known = handle != 0 && handle <= io_of(ke_current())->next_trace_handle;

    return known ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

NTSTATUS NTAPI EtwUnregister(REGHANDLE handle)
{
    return check(handle);
}

BOOLEAN NTAPI EtwEventEnabled(REGHANDLE handle, PCEVENT_DESCRIPTOR event)
{
    (void)handle;
    (void)event;
    return FALSE;
}

BOOLEAN NTAPI EtwProviderEnabled(REGHANDLE handle, UCHAR level, ULONGLONG keyword)
{
    (void)handle;
    (void)level;
    (void)keyword;
    return FALSE;
}

NTSTATUS NTAPI EtwWrite(REGHANDLE handle, PCEVENT_DESCRIPTOR event, LPCGUID activity, ULONG count,
                        PEVENT_DATA_DESCRIPTOR data)
{
    (void)event;
    (void)activity;
    (void)count;
    (void)data;
    return check(handle);
}

NTSTATUS NTAPI EtwWriteTransfer(REGHANDLE handle, PCEVENT_DESCRIPTOR event, LPCGUID activity,
                                LPCGUID related, ULONG count, PEVENT_DATA_DESCRIPTOR data)
{
    (void)related;
    return EtwWrite(handle, event, activity, count, data);
}

NTSTATUS NTAPI EtwWriteEx(REGHANDLE handle, PCEVENT_DESCRIPTOR event, ULONG64 filter, ULONG flags,
                          LPCGUID activity, LPCGUID related, ULONG count,
                          PEVENT_DATA_DESCRIPTOR data)
{
    (void)filter;
    (void)flags;
    return EtwWriteTransfer(handle, event, activity, related, count, data);
}

NTSTATUS NTAPI EtwWriteString(REGHANDLE handle, UCHAR level, ULONGLONG keyword, LPCGUID activity,
                              PCWSTR string)
{
    (void)level;
    (void)keyword;
    (void)activity;
    (void)string;
    return check(handle);
}

NTSTATUS NTAPI EtwSetInformation(REGHANDLE handle, ULONG class, PVOID information, ULONG bytes)
{
    (void)class;
    (void)information;
    (void)bytes;
    return check(handle);
}

/* Codes: 1 get, 2 set, 3 create, 4 get and set, 5 create and set. A created id is a random UUID. */
NTSTATUS NTAPI EtwActivityIdControl(ULONG code, GUID *id)
{
    if (code < 1 || code > 5)
        return STATUS_INVALID_PARAMETER;
    if (code == 3)
        return ExUuidCreate(id);
    if (code == 1)
        *id = (GUID){0};
    return STATUS_SUCCESS;
}

/* ---- WPP ------------------------------------------------------------------------------------- */

NTSTATUS NTCDECL WmiTraceMessage(TRACEHANDLE session, ULONG flags, LPGUID guid, USHORT number, ...)
{
    (void)session;
    (void)flags;
    (void)guid;
    (void)number;
    return STATUS_INVALID_HANDLE;
}

NTSTATUS NTAPI WmiTraceMessageVa(TRACEHANDLE session, ULONG flags, LPGUID guid, USHORT number,
                                 NT_VA_LIST arguments)
{
    (void)session;
    (void)flags;
    (void)guid;
    (void)number;
    (void)arguments;
    return STATUS_INVALID_HANDLE;
}

/* What a driver asks about a session of which it has the handle or the name: there is none. Without
 * either it has not said what it asks for. "WmiQueryTraceInformation", Return value. */
NTSTATUS NTAPI WmiQueryTraceInformation(TRACE_INFORMATION_CLASS class, PVOID information,
                                        ULONG bytes, PULONG required, PVOID about)
{
    bool handle = class == TraceHandleClass || class == TraceHandleByNameClass;
    ULONG needed = handle ? sizeof(TRACEHANDLE) : sizeof(ULONG);

    (void)information;
    if (class > TraceHandleByNameClass)
        return STATUS_INVALID_INFO_CLASS;
    if (class >= GlobalLoggerHandleClass && class <= AllLoggerHandlesClass)
        weir_not_implemented("WmiQueryTraceInformation of system sessions");
    if (required != NULL)
        *required = needed;
    if (bytes != needed)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (about == NULL)
        return STATUS_INVALID_PARAMETER_MIX;
    return class == TraceHandleByNameClass ? STATUS_INVALID_PARAMETER : STATUS_INVALID_HANDLE;
}
