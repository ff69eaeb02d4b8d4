/* SPDX-License-Identifier: MIT */
/* The DMA adapter, and the memory that driver and card share. A driver whose pins have mappings
 * also registers the adapter with AVStream (register.c); one that copies does not. */
#include "card.h"

static VOID DescribeDevice(PCARD_DEVICE Device, PDEVICE_DESCRIPTION Description)
{
    RtlZeroMemory(Description, sizeof(*Description));
    Description->Version = DEVICE_DESCRIPTION_VERSION;
    Description->Master = TRUE;
    Description->ScatterGather = TRUE;
    Description->Dma32BitAddresses = TRUE;
    Description->Dma64BitAddresses = Device->Card->Is64Bit;
    Description->InterfaceType = PCIBus;
    /* The largest transfer: it decides how many map registers the adapter is granted. */
    Description->MaximumLength = VIDEO_LARGEST_FRAME;
}

NTSTATUS CardOpenAdapter(PCARD_DEVICE Device)
{
    DEVICE_DESCRIPTION Description;
    NTSTATUS Status = STATUS_SUCCESS;

    DescribeDevice(Device, &Description);
    Device->Adapter = IoGetDmaAdapter(Device->KsDevice->PhysicalDeviceObject, &Description,
                                      &Device->MapRegisters);
    if (Device->Adapter == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (CardDriver.RegisterAdapter != NULL)
        Status = CardDriver.RegisterAdapter(Device, &Description);
    if (!NT_SUCCESS(Status))
        CardCloseAdapter(Device);
    return Status;
}

/* No frame may be mapped any more: all pins are stopped. */
VOID CardCloseAdapter(PCARD_DEVICE Device)
{
    if (Device->Adapter == NULL)
        return;
    Device->Adapter->DmaOperations->PutDmaAdapter(Device->Adapter);
    Device->Adapter = NULL;
}

/* Common buffers come in whole pages, so a page-sized table never crosses one. A pin that is open
 * while the device is stopped finds no adapter. */
NTSTATUS CardAllocateMemory(PCARD_DEVICE Device, ULONG Bytes, PCARD_MEMORY Memory)
{
    if (Device->Adapter == NULL)
        return STATUS_DEVICE_NOT_READY;
    Memory->Va = Device->Adapter->DmaOperations->AllocateCommonBuffer(Device->Adapter, Bytes,
                                                                      &Memory->La, TRUE);
    if (Memory->Va == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Memory->Bytes = Bytes;
    RtlZeroMemory(Memory->Va, Bytes);
    return STATUS_SUCCESS;
}

VOID CardFreeMemory(PCARD_DEVICE Device, PCARD_MEMORY Memory)
{
    if (Memory->Va == NULL)
        return;
    Device->Adapter->DmaOperations->FreeCommonBuffer(Device->Adapter, Memory->Bytes, Memory->La,
                                                     Memory->Va, TRUE);
    Memory->Va = NULL;
}
