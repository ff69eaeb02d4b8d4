/* SPDX-License-Identifier: MIT */
/* Some buses unload a device that nobody uses, and software devices live on such a bus: a filter
 * says that it is open. The bus's interface is asked for once and given back with the device
 * header. KsReferenceBusObject; KsDereferenceBusObject; BUS_INTERFACE_REFERENCE.
 * UNDOC: a header without a PnP device. STATUS_INVALID_DEVICE_REQUEST.
 * UNDOC: dereferencing what was never referenced. It does nothing. */
#include "ks/bus.h"
#include "ks/header.h"
#include "ks/room.h"

enum { REFERENCE_VERSION = 0x100 };

NTSTATUS NTAPI KsReferenceBusObject(KSDEVICE_HEADER Header)
{
    struct ks_device_header *header = ks_header_of(Header);
    NTSTATUS status = STATUS_SUCCESS;

    if (header->pnp_device == NULL)
        return STATUS_INVALID_DEVICE_REQUEST;
    if (header->bus.ReferenceDeviceObject == NULL)
        status = ks_query_interface(header->pnp_device, &REFERENCE_BUS_INTERFACE, REFERENCE_VERSION,
                                    sizeof header->bus, &header->bus);
    if (NT_SUCCESS(status))
        KE_CALL(header->bus.ReferenceDeviceObject, KE_ARG(header->bus.Interface.Context));
    return status;
}

void NTAPI KsDereferenceBusObject(KSDEVICE_HEADER Header)
{
    struct ks_device_header *header = ks_header_of(Header);

    if (header->bus.DereferenceDeviceObject != NULL)
        KE_CALL(header->bus.DereferenceDeviceObject, KE_ARG(header->bus.Interface.Context));
}

void ks_header_release_bus(struct ks_device_header *header)
{
    if (header->bus.Interface.InterfaceDereference != NULL)
        KE_CALL(header->bus.Interface.InterfaceDereference, KE_ARG(header->bus.Interface.Context));
}
