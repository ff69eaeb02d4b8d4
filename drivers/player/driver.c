/* SPDX-License-Identifier: MIT */
/* The entry point. */
#include "player.h"

static const CARD_MODEL *const Cards[] = {&CardPlayer32, &CardPlayer64, NULL};

const CARD_DRIVER CardDriver = {
    .Cards = Cards,
    .Filters = {&PlayerFilter1, &PlayerFilter2},
    .ChannelBytes = sizeof(MAPPED_CHANNEL),
    .RefillsBroken = FALSE,
    .InitializeChannel = MappedInitializeChannel,
    .RegisterAdapter = CardRegisterAdapter,
    .Service = MappedService,
};

static const KSDEVICE_DESCRIPTOR DeviceDescriptor = {
    .Dispatch = &CardDeviceDispatch,
    .Version = KSDEVICE_DESCRIPTOR_VERSION,
};

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    VideoInitializeFormats();
    return KsInitializeDriver(DriverObject, RegistryPath, &DeviceDescriptor);
}
