/* SPDX-License-Identifier: MIT */
/* What the driver says of itself: one filter with a capture pin for each channel of the card. */
#include "grabber.h"

/* A wish, and only that: buffers of another size may come. Create writes the true size in. */
static const DECLARE_SIMPLE_FRAMING_EX(Framing, STATIC_KSMEMORY_TYPE_KERNEL_NONPAGED,
                                       KSALLOCATOR_REQUIREMENTF_SYSTEM_MEMORY |
                                           KSALLOCATOR_REQUIREMENTF_PREFERENCES_ONLY,
                                       GRABBER_FRAMES_IN_FLIGHT * 2, 0x3f, 640 * 480 * 2,
                                       GRABBER_LARGEST_FRAME);

/* ---- Dropped frames -------------------------------------------------------------------------- */

static NTSTATUS GetDroppedFrames(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    PKSPROPERTY_DROPPEDFRAMES_CURRENT_S Current = Data;
    PGRABBER_CHANNEL Channel = KsGetPinFromIrp(Irp)->Context;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Request);
    KeAcquireSpinLock(&Channel->Lock, &Irql);
    Current->PictureNumber = Channel->PictureNumber;
    Current->DropCount = Channel->DropCount;
    KeReleaseSpinLock(&Channel->Lock, Irql);
    Current->AverageFrameSize = Channel->Format.FrameBytes;
    return STATUS_SUCCESS;
}

static DEFINE_KSPROPERTY_TABLE(DroppedFramesItems){
    DEFINE_KSPROPERTY_ITEM(KSPROPERTY_DROPPEDFRAMES_CURRENT, GetDroppedFrames, sizeof(KSPROPERTY),
                           sizeof(KSPROPERTY_DROPPEDFRAMES_CURRENT_S), NULL, NULL, 0, NULL, NULL,
                           0)};

static DEFINE_KSPROPERTY_SET_TABLE(PinProperties){
    DEFINE_KSPROPERTY_SET(&PROPSETID_VIDCAP_DROPPEDFRAMES, SIZEOF_ARRAY(DroppedFramesItems),
                          DroppedFramesItems, 0, NULL)};

static DEFINE_KSAUTOMATION_TABLE(PinAutomation){
    DEFINE_KSAUTOMATION_PROPERTIES(PinProperties),
    DEFINE_KSAUTOMATION_METHODS_NULL,
    DEFINE_KSAUTOMATION_EVENTS_NULL,
};

/* ---- Pins and filters ------------------------------------------------------------------------ */

/* GENERATE_MAPPINGS: frames come as lists of pieces at bus addresses, and the offsets of stream
 * pointers count pieces, not bytes. DISPATCH_LEVEL_PROCESSING: a DPC that has freed a place can
 * have Process called there and then. Buffers are taken from PAUSE on. */
#define CAPTURE_PIN                                                                   \
    {                                                                                 \
        .Dispatch = &GrabberPinDispatch, .AutomationTable = &PinAutomation,           \
        .PinDescriptor =                                                              \
            {                                                                         \
                .DataRangesCount = GRABBER_RANGES,                                    \
                .DataRanges = GrabberDataRanges,                                      \
                .DataFlow = KSPIN_DATAFLOW_OUT,                                       \
                .Communication = KSPIN_COMMUNICATION_BOTH,                            \
                .Category = &KSCATEGORY_CAPTURE,                                      \
                .Name = &PINNAME_VIDEO_CAPTURE,                                       \
            },                                                                        \
        .Flags = KSPIN_FLAG_GENERATE_MAPPINGS | KSPIN_FLAG_DISPATCH_LEVEL_PROCESSING, \
        .InstancesPossible = 1, .AllocatorFraming = &Framing,                         \
        .IntersectHandler = GrabberIntersect,                                         \
    }

static const KSPIN_DESCRIPTOR_EX Pins[GRABBER_CHANNELS_MAX] = {CAPTURE_PIN, CAPTURE_PIN};

static const GUID Categories[] = {{STATIC_KSCATEGORY_VIDEO}, {STATIC_KSCATEGORY_CAPTURE}};

#define CAPTURE_FILTER(Count)                                                           \
    {                                                                                   \
        .Version = KSFILTER_DESCRIPTOR_VERSION, .ReferenceGuid = &GrabberReferenceGuid, \
        .PinDescriptorsCount = (Count), .PinDescriptorSize = sizeof(Pins[0]),           \
        .PinDescriptors = Pins, .CategoriesCount = ARRAYSIZE(Categories),               \
        .Categories = Categories, .NodeDescriptorSize = sizeof(KSNODE_DESCRIPTOR),      \
    }

const KSFILTER_DESCRIPTOR GrabberFilter1 = CAPTURE_FILTER(1);
const KSFILTER_DESCRIPTOR GrabberFilter2 = CAPTURE_FILTER(2);
