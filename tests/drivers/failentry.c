/* SPDX-License-Identifier: MIT */
/* A driver that does not want to be loaded. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    DbgPrint("failentry: not today\n");
    return STATUS_INSUFFICIENT_RESOURCES;
}
