/* SPDX-License-Identifier: MIT */
/* The entry point. AVStream does the rest of a WDM driver: KsInitializeDriver fills in
 * AddDevice, Unload and the dispatch table, and calls the device dispatch when something happens
 * to a device. */
#include "grabber.h"

static const CARD_MODEL *const Cards[] = {&CardGrabber32, &CardGrabber64, NULL};

const CARD_DRIVER CardDriver = {
    .Cards = Cards,
    .Filters = {&GrabberFilter1, &GrabberFilter2},
    .ChannelBytes = sizeof(MAPPED_CHANNEL),
    .RefillsBroken = TRUE,
    .InitializeChannel = MappedInitializeChannel,
    .RegisterAdapter = CardRegisterAdapter,
    .Service = MappedService,
};

/* No filters here: which one a device has depends on the card, so Start creates it. */
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
