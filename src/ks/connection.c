/* SPDX-License-Identifier: MIT */
/* What a driver asks about the other end of a pin's connection. A pin that a client opened has the
 * client at the other end: ConnectionIsExternal is TRUE, and there is no file, device or interface
 * to be had. Connections from pin to pin do not exist here (pin.c), so these are all the answers
 * there are. KsPinGetConnectedPinInterface; KsPinGetConnectedPinFileObject;
 * KsPinRegisterHandshakeCallback. */
#include "ks/pin.h"
#include "ks/room.h"

NTSTATUS NTAPI KsPinGetConnectedPinInterface(PKSPIN Pin, const GUID *InterfaceId, PVOID *Interface)
{
    UNREFERENCED_PARAMETER(ks_pin_of(Pin));
    UNREFERENCED_PARAMETER(InterfaceId);
    UNREFERENCED_PARAMETER(Interface);
    return STATUS_UNSUCCESSFUL;
}

NTSTATUS NTAPI KsPinGetConnectedFilterInterface(PKSPIN Pin, const GUID *InterfaceId,
                                                PVOID *Interface)
{
    return KsPinGetConnectedPinInterface(Pin, InterfaceId, Interface);
}

PFILE_OBJECT NTAPI KsPinGetConnectedPinFileObject(PKSPIN Pin)
{
    UNREFERENCED_PARAMETER(ks_pin_of(Pin));
    return NULL;
}

PDEVICE_OBJECT NTAPI KsPinGetConnectedPinDeviceObject(PKSPIN Pin)
{
    UNREFERENCED_PARAMETER(ks_pin_of(Pin));
    return NULL;
}

/* Only kernel-mode peers shake hands. */
void NTAPI KsPinRegisterHandshakeCallback(PKSPIN Pin, PFNKSPINHANDSHAKE Handshake)
{
    ks_pin_of(Pin)->handshake = Handshake;
}

/* Called when an IRP has made its round, before it is completed. */
void NTAPI KsPinRegisterIrpCompletionCallback(PKSPIN Pin, PFNKSPINIRPCOMPLETION IrpCompletion)
{
    ks_pin_of(Pin)->irp_completion = IrpCompletion;
}
