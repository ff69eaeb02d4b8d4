/* SPDX-License-Identifier: MIT */
/* The DMA adapter, and how AVStream learns of it.
 *
 * A pin with KSPIN_FLAG_GENERATE_MAPPINGS gets its buffers as lists of pieces at bus addresses.
 * AVStream makes these lists with the driver's own adapter object, so it must be registered
 * before the first frame is locked. There are two calls for it:
 *
 *   IKsDeviceFunctions::RegisterAdapterObjectEx   Server 2003 SP1 and later. AVStream also learns
 * the device description and the number of map registers, and can say no.
 *   KsDeviceRegisterAdapterObject                 everywhere, without either
 *
 * A Win64 driver should use the first where it exists. One binary serves all systems when it
 * asks for the interface and falls back: nothing is imported that an older ks.sys lacks. See
 * Supporting DMA in 64-Bit AVStream Drivers. There is no call to take the registration back;
 * AVStream uses the adapter for the last time when the last pin stops, and a new Start registers
 * anew. */
#include "grabber.h"

static VOID DescribeDevice(PGRABBER_DEVICE Device, PDEVICE_DESCRIPTION Description)
{
    RtlZeroMemory(Description, sizeof(*Description));
    Description->Version = DEVICE_DESCRIPTION_VERSION;
    Description->Master = TRUE;
    Description->ScatterGather = TRUE;
    Description->Dma32BitAddresses = TRUE;
    Description->Dma64BitAddresses = Device->Card->Is64Bit;
    Description->InterfaceType = PCIBus;
    /* The largest transfer: it decides how many map registers the adapter is granted. */
    Description->MaximumLength = GRABBER_LARGEST_FRAME;
}

static NTSTATUS RegisterAdapter(PGRABBER_DEVICE Device, PDEVICE_DESCRIPTION Description)
{
    PUNKNOWN Unknown = KsDeviceGetOuterUnknown(Device->KsDevice);
    IKsDeviceFunctions *Functions = NULL;
    NTSTATUS Status;

    Status = Unknown->lpVtbl->QueryInterface(Unknown, &IID_IKsDeviceFunctions, (PVOID *)&Functions);
    if (!NT_SUCCESS(Status)) {
        KsDeviceRegisterAdapterObject(Device->KsDevice, (PADAPTER_OBJECT)Device->Adapter,
                                      Device->Card->LargestMapping, sizeof(GRABBER_MAPPING));
        return STATUS_SUCCESS;
    }
    Status = Functions->lpVtbl->RegisterAdapterObjectEx(
        Functions, (PADAPTER_OBJECT)Device->Adapter, Description, Device->MapRegisters,
        Device->Card->LargestMapping, sizeof(GRABBER_MAPPING));
    Functions->lpVtbl->Release(Functions);
    return Status;
}

NTSTATUS GrabberOpenAdapter(PGRABBER_DEVICE Device)
{
    DEVICE_DESCRIPTION Description;
    NTSTATUS Status;

    DescribeDevice(Device, &Description);
    Device->Adapter = IoGetDmaAdapter(Device->KsDevice->PhysicalDeviceObject, &Description,
                                      &Device->MapRegisters);
    if (Device->Adapter == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = RegisterAdapter(Device, &Description);
    if (!NT_SUCCESS(Status))
        GrabberCloseAdapter(Device);
    return Status;
}

/* No frame may be mapped any more: all pins are stopped. */
VOID GrabberCloseAdapter(PGRABBER_DEVICE Device)
{
    if (Device->Adapter == NULL)
        return;
    Device->Adapter->DmaOperations->PutDmaAdapter(Device->Adapter);
    Device->Adapter = NULL;
}

/* Common buffers come in whole pages, so a page-sized table never crosses one. */
NTSTATUS GrabberAllocateMemory(PGRABBER_DEVICE Device, ULONG Bytes, PGRABBER_MEMORY Memory)
{
    Memory->Va = Device->Adapter->DmaOperations->AllocateCommonBuffer(Device->Adapter, Bytes,
                                                                      &Memory->La, TRUE);
    if (Memory->Va == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Memory->Bytes = Bytes;
    RtlZeroMemory(Memory->Va, Bytes);
    return STATUS_SUCCESS;
}

VOID GrabberFreeMemory(PGRABBER_DEVICE Device, PGRABBER_MEMORY Memory)
{
    if (Memory->Va == NULL)
        return;
    Device->Adapter->DmaOperations->FreeCommonBuffer(Device->Adapter, Memory->Bytes, Memory->La,
                                                     Memory->Va, TRUE);
    Memory->Va = NULL;
}
