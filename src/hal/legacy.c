/* SPDX-License-Identifier: MIT */
/* Named exports that old x64 binaries import instead of calling through DMA_OPERATIONS or a bus
 * interface: the same functions by another name. Newer headers turn these names into calls through
 * the table. HalGetAdapter made adapters before there was Plug and Play, and a driver that still
 * calls it gets bug check 0xE6, 1E. */
#include "hal/adapter.h"
#include "hal/operations.h"

enum { DMA_VIOLATION = 0xE6, HAL_GET_ADAPTER = 0x1E };

PADAPTER_OBJECT NTAPI HalGetAdapter(PDEVICE_DESCRIPTION DeviceDescription,
                                    PULONG NumberOfMapRegisters)
{
    (void)DeviceDescription;
    (void)NumberOfMapRegisters;
    KeBugCheckEx(DMA_VIOLATION, HAL_GET_ADAPTER, 0, 0, 0);
}

PVOID NTAPI HalAllocateCommonBuffer(PDMA_ADAPTER DmaAdapter, ULONG Length,
                                    PPHYSICAL_ADDRESS LogicalAddress, BOOLEAN CacheEnabled)
{
    return hal_allocate_common_buffer(DmaAdapter, Length, LogicalAddress, CacheEnabled);
}

void NTAPI HalFreeCommonBuffer(PDMA_ADAPTER DmaAdapter, ULONG Length,
                               PHYSICAL_ADDRESS LogicalAddress, PVOID VirtualAddress,
                               BOOLEAN CacheEnabled)
{
    hal_free_common_buffer(DmaAdapter, Length, LogicalAddress, VirtualAddress, CacheEnabled);
}

ULONG NTAPI HalReadDmaCounter(PDMA_ADAPTER DmaAdapter)
{
    return hal_read_dma_counter(DmaAdapter);
}

NTSTATUS NTAPI IoAllocateAdapterChannel(PDMA_ADAPTER DmaAdapter, PDEVICE_OBJECT DeviceObject,
                                        ULONG NumberOfMapRegisters,
                                        PDRIVER_CONTROL ExecutionRoutine, PVOID Context)
{
    return hal_allocate_adapter_channel(DmaAdapter, DeviceObject, NumberOfMapRegisters,
                                        ExecutionRoutine, Context);
}

PHYSICAL_ADDRESS NTAPI IoMapTransfer(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                     PVOID CurrentVa, PULONG Length, BOOLEAN WriteToDevice)
{
    return hal_map_transfer(DmaAdapter, Mdl, MapRegisterBase, CurrentVa, Length, WriteToDevice);
}

BOOLEAN NTAPI IoFlushAdapterBuffers(PDMA_ADAPTER DmaAdapter, PMDL Mdl, PVOID MapRegisterBase,
                                    PVOID CurrentVa, ULONG Length, BOOLEAN WriteToDevice)
{
    return hal_flush_adapter_buffers(DmaAdapter, Mdl, MapRegisterBase, CurrentVa, Length,
                                     WriteToDevice);
}

void NTAPI IoFreeAdapterChannel(PDMA_ADAPTER DmaAdapter)
{
    hal_free_adapter_channel(DmaAdapter);
}

void NTAPI IoFreeMapRegisters(PDMA_ADAPTER DmaAdapter, PVOID MapRegisterBase,
                              ULONG NumberOfMapRegisters)
{
    hal_free_map_registers(DmaAdapter, MapRegisterBase, NumberOfMapRegisters);
}

/* ---- Bus data -------------------------------------------------------------------------------- */

/* PCI_SLOT_NUMBER: device in bits 0-4, function in bits 5-7. */
static struct hal_slot *slot_of(BUS_DATA_TYPE type, ULONG bus, ULONG number)
{
    struct hal *hal = hal_here();

    if (type != PCIConfiguration || bus != 0 || number >> 5 != 0)
        return NULL;
    for (size_t i = 0; i < hal->pci.slots.count; i++) {
        if (hal->pci.slots.items[i]->number == number)
            return hal->pci.slots.items[i];
    }
    return NULL;
}

/* 0: there is no such bus. 2 and a vendor of 0xFFFF: there is no such device.
 * HalGetBusDataByOffset, Return value. */
ULONG NTAPI HalGetBusDataByOffset(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber,
                                  PVOID Buffer, ULONG Offset, ULONG Length)
{
    struct hal_slot *slot = slot_of(BusDataType, BusNumber, SlotNumber);

    if (slot != NULL)
        return hal_slot_read_config(slot, Buffer, Offset, Length);
    if (BusDataType != PCIConfiguration || BusNumber != 0 || Length < sizeof(USHORT))
        return 0;
    *(USHORT *)Buffer = 0xFFFF;
    return sizeof(USHORT);
}

ULONG NTAPI HalSetBusDataByOffset(BUS_DATA_TYPE BusDataType, ULONG BusNumber, ULONG SlotNumber,
                                  PVOID Buffer, ULONG Offset, ULONG Length)
{
    struct hal_slot *slot = slot_of(BusDataType, BusNumber, SlotNumber);

    return slot != NULL ? hal_slot_write_config(slot, Buffer, Offset, Length) : 0;
}

/* CPU and bus see the same addresses on a PC. */
BOOLEAN NTAPI HalTranslateBusAddress(INTERFACE_TYPE InterfaceType, ULONG BusNumber,
                                     PHYSICAL_ADDRESS BusAddress, PULONG AddressSpace,
                                     PPHYSICAL_ADDRESS TranslatedAddress)
{
    (void)AddressSpace;
    if (InterfaceType != PCIBus || BusNumber != 0)
        return FALSE;
    *TranslatedAddress = BusAddress;
    return TRUE;
}
