/* SPDX-License-Identifier: MIT */
/* A driver built for Windows 10 2004 and later: it imports a function that came with it. */
#include <ntddk.h>

__declspec(dllimport) PVOID NTAPI ExAllocatePool2(ULONG64 Flags, SIZE_T NumberOfBytes, ULONG Tag);

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PVOID Block = ExAllocatePool2(0x40, 100, 'doMT');

    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    if (Block == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ExFreePoolWithTag(Block, 'doMT');
    return STATUS_DEVICE_NOT_CONNECTED;
}
