/* SPDX-License-Identifier: MIT */
/* Imports from exporter.sys: by name, by ordinal, a variable, a function that the exporter forwards
 * to the kernel and one that it forwards to itself. */
#include "msvc.h"

__declspec(dllimport) ULONG NTAPI ExporterCount(VOID);
__declspec(dllimport) ULONG NTAPI ExporterByOrdinal(VOID);
__declspec(dllimport) PVOID NTAPI ExporterAllocate(ULONG PoolType, SIZE_T Bytes, ULONG Tag);
__declspec(dllimport) ULONG NTAPI ExporterAgain(VOID);
__declspec(dllimport) ULONG ExporterVariable;

static DRIVER_UNLOAD Unload;

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    PVOID Block;

    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = Unload;
    if (ExporterCount() != 101 || ExporterAgain() != 102)
        return (NTSTATUS)0xE0000001;
    if (ExporterByOrdinal() != 4711)
        return (NTSTATUS)0xE0000002;
    if (ExporterVariable != 0x1234)
        return (NTSTATUS)0xE0000003;
    Block = ExporterAllocate(NonPagedPool, 32, 'pmiT');
    if (Block == NULL)
        return (NTSTATUS)0xE0000004;
    ExFreePoolWithTag(Block, 'pmiT');
    return STATUS_SUCCESS;
}
