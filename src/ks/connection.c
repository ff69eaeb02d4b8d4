/* SPDX-License-Identifier: MIT */
/* What a driver asks about the other end of a pin's connection. A pin that a client opened has the
 * client at the other end, and there is no file, device or interface to be had; one that is
 * connected to another pin (pipe.c) reaches that pin's and its filter's interfaces directly, both
 * being AVStream's. File and device are told to IRP sources only. KsPinGetConnectedPinInterface;
 * KsPinGetConnectedFilterInterface; KsPinGetConnectedPinFileObject;
 * KsPinGetConnectedPinDeviceObject; KsPinRegisterHandshakeCallback. */
#include "ks/filter.h"
#include "ks/pin.h"
#include "ks/room.h"

static NTSTATUS ask(PVOID object, const GUID *id, PVOID *interface)
{
    PUNKNOWN unknown = KsGetOuterUnknown(object);

    return (NTSTATUS)KE_CALL(unknown->lpVtbl->QueryInterface, KE_ARG(unknown), KE_ARG(id),
                             KE_ARG(interface));
}

NTSTATUS NTAPI KsPinGetConnectedPinInterface(PKSPIN Pin, const GUID *InterfaceId, PVOID *Interface)
{
    struct ks_pin *peer = ks_pin_of(Pin)->pipe.peer;

    return peer != NULL ? ask(&peer->public, InterfaceId, Interface) : STATUS_UNSUCCESSFUL;
}

NTSTATUS NTAPI KsPinGetConnectedFilterInterface(PKSPIN Pin, const GUID *InterfaceId,
                                                PVOID *Interface)
{
    struct ks_pin *peer = ks_pin_of(Pin)->pipe.peer;

    return peer != NULL ? ask(&peer->filter->public, InterfaceId, Interface) : STATUS_UNSUCCESSFUL;
}

PFILE_OBJECT NTAPI KsPinGetConnectedPinFileObject(PKSPIN Pin)
{
    return ks_pin_of(Pin)->pipe.file;
}

PDEVICE_OBJECT NTAPI KsPinGetConnectedPinDeviceObject(PKSPIN Pin)
{
    PFILE_OBJECT file = ks_pin_of(Pin)->pipe.file;

    return file != NULL ? IoGetRelatedDeviceObject(file) : NULL;
}

/* Only kernel-mode peers shake hands. */
void NTAPI KsPinRegisterHandshakeCallback(PKSPIN Pin, PFNKSPINHANDSHAKE Handshake)
{
    ks_pin_of(Pin)->handshake = Handshake;
}

/* Called when an IRP has made its round, before it is completed or sent round again. */
void NTAPI KsPinRegisterIrpCompletionCallback(PKSPIN Pin, PFNKSPINIRPCOMPLETION IrpCompletion)
{
    ks_pin_of(Pin)->irp_completion = IrpCompletion;
}
