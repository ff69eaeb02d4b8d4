/* SPDX-License-Identifier: MIT */
/* A client names interface, medium and the other end when it opens a pin; PinToHandle NULL says
 * that the client itself is the other end, and then the pin must be able to take IRPs.
 * KSPIN_CONNECT; KsValidateConnectRequest; KSPIN_COMMUNICATION. An empty list in the descriptor
 * means the defaults.
 * UNDOC: mediums with Id of KSMEDIUM_TYPE_ANYINSTANCE. It fits any instance of
 * the set. */
#include "ks/connect.h"

const KSPIN_INTERFACE ks_default_interface = {
    {{{0x1A8766A0, 0x62CE, 0x11CF, {0xA5, 0xD6, 0x28, 0xDB, 0x04, 0xC1, 0x00, 0x00}},
      KSINTERFACE_STANDARD_STREAMING,
      0}}};
const KSPIN_MEDIUM ks_default_medium = {
    {{{0x4747B320, 0x62CE, 0x11CF, {0xA5, 0xD6, 0x28, 0xDB, 0x04, 0xC1, 0x00, 0x00}},
      KSMEDIUM_TYPE_ANYINSTANCE,
      0}}};

static bool interface_fits(const KSIDENTIFIER *listed, const KSIDENTIFIER *wanted)
{
    return IsEqualGUID(&listed->Set, &wanted->Set) && listed->Id == wanted->Id;
}

static bool medium_fits(const KSIDENTIFIER *listed, const KSIDENTIFIER *wanted)
{
    return IsEqualGUID(&listed->Set, &wanted->Set) &&
           (listed->Id == wanted->Id || listed->Id == KSMEDIUM_TYPE_ANYINSTANCE);
}

static bool is_listed(ULONG count, const KSIDENTIFIER *list, const KSIDENTIFIER *fallback,
                      const KSIDENTIFIER *wanted,
                      bool (*fits)(const KSIDENTIFIER *, const KSIDENTIFIER *))
{
    if (count == 0)
        return fits(fallback, wanted);
    for (ULONG i = 0; i < count; i++) {
        if (fits(&list[i], wanted))
            return true;
    }
    return false;
}

static NTSTATUS check_communication(KSPIN_COMMUNICATION communication, HANDLE other_end)
{
    bool sink = communication == KSPIN_COMMUNICATION_SINK;
    bool source = communication == KSPIN_COMMUNICATION_SOURCE;

    if (communication == KSPIN_COMMUNICATION_BOTH)
        return STATUS_SUCCESS;
    return (other_end == NULL ? sink : source) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS ks_connect_check(const KSPIN_DESCRIPTOR *descriptor, const KSPIN_CONNECT *connect)
{
    NTSTATUS status = check_communication(descriptor->Communication, connect->PinToHandle);

    if (!NT_SUCCESS(status))
        return status;
    if (!is_listed(descriptor->InterfacesCount, descriptor->Interfaces, &ks_default_interface,
                   &connect->Interface, interface_fits))
        return STATUS_NO_MATCH;
    if (!is_listed(descriptor->MediumsCount, descriptor->Mediums, &ks_default_medium,
                   &connect->Medium, medium_fits))
        return STATUS_NO_MATCH;
    return STATUS_SUCCESS;
}

bool ks_connect_is_standard(const KSPIN_CONNECT *connect, ULONG flags)
{
    if ((flags & KSPIN_FLAG_USE_STANDARD_TRANSPORT) != 0)
        return true;
    if ((flags & KSPIN_FLAG_DO_NOT_USE_STANDARD_TRANSPORT) != 0)
        return false;
    return interface_fits(&ks_default_interface, &connect->Interface) &&
           IsEqualGUID(&connect->Medium.Set, &ks_default_medium.Set);
}
