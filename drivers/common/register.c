/* SPDX-License-Identifier: MIT */
/* How AVStream learns of the DMA adapter.
 *
 * A pin with KSPIN_FLAG_GENERATE_MAPPINGS gets its buffers as lists of pieces at bus addresses.
 * AVStream makes these lists with the driver's own adapter object, so it must be registered
 * before the first frame is locked. There are two calls for it:
 *
 *   IKsDeviceFunctions::RegisterAdapterObjectEx   Server 2003 SP1 and later. AVStream also learns
 *                                                 the device description and the number of map
 *                                                 registers, and can say no
 *   KsDeviceRegisterAdapterObject                 everywhere, without either
 *
 * A Win64 driver should use the first where it exists. One binary serves all systems when it
 * asks for the interface and falls back: nothing is imported that an older ks.sys lacks. See
 * Supporting DMA in 64-Bit AVStream Drivers. There is no call to take the registration back;
 * AVStream uses the adapter for the last time when the last pin stops, and a new Start registers
 * anew. */
#include "card.h"

NTSTATUS CardRegisterAdapter(PCARD_DEVICE Device, PDEVICE_DESCRIPTION Description)
{
    PUNKNOWN Unknown = KsDeviceGetOuterUnknown(Device->KsDevice);
    IKsDeviceFunctions *Functions = NULL;
    NTSTATUS Status;

    Status = Unknown->lpVtbl->QueryInterface(Unknown, &IID_IKsDeviceFunctions, (PVOID *)&Functions);
    if (!NT_SUCCESS(Status)) {
        KsDeviceRegisterAdapterObject(Device->KsDevice, (PADAPTER_OBJECT)Device->Adapter,
                                      Device->Card->LargestPiece, sizeof(CARD_PIECE));
        return STATUS_SUCCESS;
    }
    Status = Functions->lpVtbl->RegisterAdapterObjectEx(
        Functions, (PADAPTER_OBJECT)Device->Adapter, Description, Device->MapRegisters,
        Device->Card->LargestPiece, sizeof(CARD_PIECE));
    Functions->lpVtbl->Release(Functions);
    return Status;
}
