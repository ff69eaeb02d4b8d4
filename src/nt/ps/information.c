/* SPDX-License-Identifier: MIT */
/* What may be set of a thread by its handle: priority, base priority, page priority. Nothing is
 * ever paged out, so the last is checked and forgotten. ZwSetInformationThread. */
#include <string.h>

#include "ps/state.h"

enum {
    THREAD_PRIORITY = 2,
    THREAD_BASE_PRIORITY = 3,
    THREAD_PAGE_PRIORITY = 24,
    PAGE_PRIORITY_MAX = 5, /* MEMORY_PRIORITY_NORMAL */
    BASE_PRIORITY_LIMIT = 2 /* THREAD_PRIORITY_HIGHEST of a variable priority class */
};

static NTSTATUS set(PKTHREAD thread, THREADINFOCLASS class, LONG value)
{
    switch (class) {
    case THREAD_PRIORITY:
        if (value <= LOW_PRIORITY || value > HIGH_PRIORITY)
            return STATUS_INVALID_PARAMETER;
        KeSetPriorityThread(thread, value);
        return STATUS_SUCCESS;
    case THREAD_BASE_PRIORITY:
        if (value < -BASE_PRIORITY_LIMIT || value > BASE_PRIORITY_LIMIT)
            return STATUS_INVALID_PARAMETER;
        KeSetBasePriorityThread(thread, value);
        return STATUS_SUCCESS;
    case THREAD_PAGE_PRIORITY:
        return value >= 1 && value <= PAGE_PRIORITY_MAX ? STATUS_SUCCESS
                                                        : STATUS_INVALID_PARAMETER;
    default: return STATUS_INVALID_INFO_CLASS;
    }
}

static bool is_class(THREADINFOCLASS class)
{
    return class == THREAD_PRIORITY || class == THREAD_BASE_PRIORITY ||
           class == THREAD_PAGE_PRIORITY;
}

NTSTATUS NTAPI ZwSetInformationThread(HANDLE handle, THREADINFOCLASS class, PVOID information,
                                      ULONG length)
{
    NTSTATUS status;
    PVOID thread;
    LONG value;

    if (!is_class(class))
        return STATUS_INVALID_INFO_CLASS; /* UNDOC: which status */
    if (length != sizeof value)
        return STATUS_INFO_LENGTH_MISMATCH;
    memcpy(&value, information, sizeof value);
    status = ObReferenceObjectByHandle(handle, 0, *PsThreadType, KernelMode, &thread, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = set(thread, class, value);
    ObfDereferenceObject(thread);
    return status;
}
