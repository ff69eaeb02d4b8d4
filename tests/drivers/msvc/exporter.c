/* SPDX-License-Identifier: MIT */
/* An export driver: others import from it, it has no device, and its DriverEntry never runs. */
#include "msvc.h"

#define POOL_TAG 'pxeT'

static PULONG Counter;

__declspec(dllexport) ULONG NTAPI ExporterCount(VOID)
{
    return ++*Counter;
}

/* By ordinal only. */
ULONG NTAPI ExporterByOrdinal(VOID)
{
    return 4711;
}

__declspec(dllexport) ULONG ExporterVariable = 0x1234;

__declspec(dllexport) NTSTATUS NTAPI DllInitialize(PUNICODE_STRING RegistryPath)
{
    if (RegistryPath->Length == 0)
        return STATUS_INVALID_PARAMETER;
    Counter = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Counter), POOL_TAG);
    if (Counter == NULL)
        return STATUS_NO_MEMORY;
    *Counter = 100;
    return STATUS_SUCCESS;
}

__declspec(dllexport) NTSTATUS NTAPI DllUnload(VOID)
{
    ExFreePoolWithTag(Counter, POOL_TAG);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    return STATUS_UNSUCCESSFUL;
}
