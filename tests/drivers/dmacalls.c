/* SPDX-License-Identifier: MIT */
/* Calls IoGetDmaAdapter as it may be called, or with DMA_CALLS_TOO_HIGH at an IRQL where it may
 * not. Without a device there is no adapter to get; what counts is the call. Then the driver
 * refuses to load, with a status that tells whether the system has 64-bit physical addresses. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    DEVICE_DESCRIPTION Description = {.Version = DEVICE_DESCRIPTION_VERSION, .Master = TRUE};
    ULONG Registers;
    KIRQL Irql = KeGetCurrentIrql();

    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
#ifdef DMA_CALLS_TOO_HIGH
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
#endif
    if (IoGetDmaAdapter(NULL, &Description, &Registers) != NULL)
        return STATUS_UNSUCCESSFUL;
    KeLowerIrql(Irql);
    return Mm64BitPhysicalAddress ? STATUS_INSUFFICIENT_RESOURCES : STATUS_UNSUCCESSFUL;
}
