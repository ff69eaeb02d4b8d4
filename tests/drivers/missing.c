/* SPDX-License-Identifier: MIT */
/* A driver that calls what no kernel has; the import library comes from missing.def. */
#include <ntddk.h>

__declspec(dllimport) NTSTATUS NTAPI ExNobodyHasWrittenThis(PDRIVER_OBJECT DriverObject);

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS Status = ExNobodyHasWrittenThis(DriverObject);

    UNREFERENCED_PARAMETER(RegistryPath);
    DbgPrint("missing: status %08x\n", Status); /* so that the call above is no jump */
    return Status;
}
