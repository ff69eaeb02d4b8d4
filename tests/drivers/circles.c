/* SPDX-License-Identifier: MIT */
/* A driver that asks again and again for what cannot come. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    while (IoGetCurrentProcess() != NULL)
        ;
    return STATUS_SUCCESS;
}
