/* SPDX-License-Identifier: MIT */
/* The sample driver, which asks a function that no kernel has before it does anything. The build
 * calls the sample's DriverEntry GrabberEntry. */
#undef DriverEntry
#include <ntddk.h>

__declspec(dllimport) NTSTATUS NTAPI ExNobodyHasWrittenThis(PDRIVER_OBJECT DriverObject);

DRIVER_INITIALIZE DriverEntry, GrabberEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS Status = ExNobodyHasWrittenThis(DriverObject);

    return NT_SUCCESS(Status) ? GrabberEntry(DriverObject, RegistryPath) : Status;
}
