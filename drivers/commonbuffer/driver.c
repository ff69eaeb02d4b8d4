/* SPDX-License-Identifier: MIT */
/* The entry point, and what the driver says of itself: one filter with a capture pin for each
 * channel of the card. The adapter is not registered, and no pin has mappings. */
#include "commonbuffer.h"

static const DECLARE_SIMPLE_FRAMING_EX(Framing, STATIC_KSMEMORY_TYPE_KERNEL_NONPAGED,
                                       KSALLOCATOR_REQUIREMENTF_SYSTEM_MEMORY |
                                           KSALLOCATOR_REQUIREMENTF_PREFERENCES_ONLY,
                                       CARD_FRAMES_IN_FLIGHT, 0x3f, 640 * 480 * 2,
                                       VIDEO_LARGEST_FRAME);

static const KSPIN_DESCRIPTOR_EX Pins[CARD_CHANNELS_MAX] = {
    [0 ... CARD_CHANNELS_MAX - 1] = {
        .Dispatch = &CommonPinDispatch,
        .AutomationTable = &CaptureAutomation,
        .PinDescriptor = {
            .DataRangesCount = VIDEO_RANGES,
            .DataRanges = VideoDataRanges,
            .DataFlow = KSPIN_DATAFLOW_OUT,
            .Communication = KSPIN_COMMUNICATION_BOTH,
            .Category = &KSCATEGORY_CAPTURE,
            .Name = &PINNAME_VIDEO_CAPTURE,
        },
        .Flags = KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING,
        .InstancesPossible = 1,
        .AllocatorFraming = &Framing,
        .IntersectHandler = VideoIntersect,
    },
};

static const GUID Categories[] = {{STATIC_KSCATEGORY_VIDEO}, {STATIC_KSCATEGORY_CAPTURE}};

/* {B1E3F6C2-9A34-4D0E-8C57-2A6D5F0E7B31} */
static const GUID ReferenceGuid = {
    0xb1e3f6c2, 0x9a34, 0x4d0e, {0x8c, 0x57, 0x2a, 0x6d, 0x5f, 0x0e, 0x7b, 0x31}};

#define FILTER(Count)                                                              \
    {                                                                              \
        .Version = KSFILTER_DESCRIPTOR_VERSION, .ReferenceGuid = &ReferenceGuid,   \
        .PinDescriptorsCount = (Count), .PinDescriptorSize = sizeof(Pins[0]),      \
        .PinDescriptors = Pins, .CategoriesCount = ARRAYSIZE(Categories),          \
        .Categories = Categories, .NodeDescriptorSize = sizeof(KSNODE_DESCRIPTOR), \
    }
static const KSFILTER_DESCRIPTOR Filters[CARD_CHANNELS_MAX] = {FILTER(1), FILTER(2)};

static const CARD_MODEL *const Cards[] = {&CardGrabber32, &CardGrabber64, NULL};

const CARD_DRIVER CardDriver = {
    .Cards = Cards,
    .Filters = {&Filters[0], &Filters[1]},
    .ChannelBytes = sizeof(COMMON_CHANNEL),
    .RefillsBroken = TRUE,
    .InitializeChannel = CommonInitializeChannel,
    .Service = CommonService,
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
