/* SPDX-License-Identifier: MIT */
/* What the driver says of itself: one filter with a pin for each channel of the card, and data goes
 * into it. */
#include "player.h"

/* A wish, and only that: buffers of another size may come. Create writes the true size in. */
static const DECLARE_SIMPLE_FRAMING_EX(Framing, STATIC_KSMEMORY_TYPE_KERNEL_NONPAGED,
                                       KSALLOCATOR_REQUIREMENTF_SYSTEM_MEMORY |
                                           KSALLOCATOR_REQUIREMENTF_PREFERENCES_ONLY,
                                       CARD_FRAMES_IN_FLIGHT * 2, 0x3f, 640 * 480 * 2,
                                       VIDEO_LARGEST_FRAME);

/* The flags are those of a pin that captures; that data goes in says DataFlow, and AVStream then
 * maps what is in the buffers (DataUsed) and not what fits in. */
#define PLAYBACK_PIN                                                                  \
    {                                                                                 \
        .Dispatch = &PlayerPinDispatch,                                               \
        .PinDescriptor =                                                              \
            {                                                                         \
                .DataRangesCount = VIDEO_RANGES,                                      \
                .DataRanges = VideoDataRanges,                                        \
                .DataFlow = KSPIN_DATAFLOW_IN,                                        \
                .Communication = KSPIN_COMMUNICATION_SINK,                            \
                .Category = &KSCATEGORY_RENDER,                                       \
            },                                                                        \
        .Flags = KSPIN_FLAG_GENERATE_MAPPINGS | KSPIN_FLAG_DISPATCH_LEVEL_PROCESSING, \
        .InstancesPossible = 1, .AllocatorFraming = &Framing,                         \
        .IntersectHandler = VideoIntersect,                                           \
    }

static const KSPIN_DESCRIPTOR_EX Pins[CARD_CHANNELS_MAX] = {PLAYBACK_PIN, PLAYBACK_PIN};

/* {2F7C9D14-53E8-4B6A-A0C1-7D95E2B84F06} */
static const GUID ReferenceGuid = {
    0x2f7c9d14, 0x53e8, 0x4b6a, {0xa0, 0xc1, 0x7d, 0x95, 0xe2, 0xb8, 0x4f, 0x06}};

static const GUID Categories[] = {{STATIC_KSCATEGORY_VIDEO}, {STATIC_KSCATEGORY_RENDER}};

#define PLAYBACK_FILTER(Count)                                                      \
    {                                                                               \
        .Version = KSFILTER_DESCRIPTOR_VERSION, .ReferenceGuid = &ReferenceGuid,    \
        .PinDescriptorsCount = (Count), .PinDescriptorSize = sizeof(Pins[0]),       \
        .PinDescriptors = Pins, .CategoriesCount = ARRAYSIZE(Categories),           \
        .Categories = Categories, .NodeDescriptorSize = sizeof(KSNODE_DESCRIPTOR),  \
    }

const KSFILTER_DESCRIPTOR PlayerFilter1 = PLAYBACK_FILTER(1);
const KSFILTER_DESCRIPTOR PlayerFilter2 = PLAYBACK_FILTER(2);
