/* SPDX-License-Identifier: MIT */
/* What the driver says of itself: one filter with a capture pin for each channel of the card. */
#include "grabber.h"

/* A wish, and only that: buffers of another size may come. Create writes the true size in. */
static const DECLARE_SIMPLE_FRAMING_EX(Framing, STATIC_KSMEMORY_TYPE_KERNEL_NONPAGED,
                                       KSALLOCATOR_REQUIREMENTF_SYSTEM_MEMORY |
                                           KSALLOCATOR_REQUIREMENTF_PREFERENCES_ONLY,
                                       CARD_FRAMES_IN_FLIGHT * 2, 0x3f, 640 * 480 * 2,
                                       VIDEO_LARGEST_FRAME);

/* GENERATE_MAPPINGS: frames come as lists of pieces at bus addresses, and the offsets of stream
 * pointers count pieces, not bytes. DISPATCH_LEVEL_PROCESSING: a DPC that has freed a place can
 * have Process called there and then. Buffers are taken from PAUSE on. */
#define CAPTURE_PIN                                                                   \
    {                                                                                 \
        .Dispatch = &GrabberPinDispatch, .AutomationTable = &CaptureAutomation,       \
        .PinDescriptor =                                                              \
            {                                                                         \
                .DataRangesCount = VIDEO_RANGES,                                      \
                .DataRanges = VideoDataRanges,                                        \
                .DataFlow = KSPIN_DATAFLOW_OUT,                                       \
                .Communication = KSPIN_COMMUNICATION_BOTH,                            \
                .Category = &KSCATEGORY_CAPTURE,                                      \
                .Name = &PINNAME_VIDEO_CAPTURE,                                       \
            },                                                                        \
        .Flags = KSPIN_FLAG_GENERATE_MAPPINGS | KSPIN_FLAG_DISPATCH_LEVEL_PROCESSING, \
        .InstancesPossible = 1, .AllocatorFraming = &Framing,                         \
        .IntersectHandler = VideoIntersect,                                           \
    }

static const KSPIN_DESCRIPTOR_EX Pins[CARD_CHANNELS_MAX] = {CAPTURE_PIN, CAPTURE_PIN};

/* {6C0A4B5E-2B0F-4E52-9D5B-3B7F7E6C1A64}: names the filter in the INF and in its path. */
static const GUID ReferenceGuid = {
    0x6c0a4b5e, 0x2b0f, 0x4e52, {0x9d, 0x5b, 0x3b, 0x7f, 0x7e, 0x6c, 0x1a, 0x64}};

static const GUID Categories[] = {{STATIC_KSCATEGORY_VIDEO}, {STATIC_KSCATEGORY_CAPTURE}};

#define CAPTURE_FILTER(Count)                                                      \
    {                                                                              \
        .Version = KSFILTER_DESCRIPTOR_VERSION, .ReferenceGuid = &ReferenceGuid,   \
        .PinDescriptorsCount = (Count), .PinDescriptorSize = sizeof(Pins[0]),      \
        .PinDescriptors = Pins, .CategoriesCount = ARRAYSIZE(Categories),          \
        .Categories = Categories, .NodeDescriptorSize = sizeof(KSNODE_DESCRIPTOR), \
    }

const KSFILTER_DESCRIPTOR GrabberFilter1 = CAPTURE_FILTER(1);
const KSFILTER_DESCRIPTOR GrabberFilter2 = CAPTURE_FILTER(2);
