/* SPDX-License-Identifier: MIT */
/* The entry point, and what the driver says of itself: a device without hardware, a filter that
 * processes for its one pin.
 *
 * Flags of the pin: Process is called whether there is a buffer or not, so that a picture for which
 * there is none can be counted (FRAMES_NOT_REQUIRED_FOR_PROCESSING), only by the timer's attempts
 * (DO_NOT_INITIATE_PROCESSING), and from RUN on (PROCESS_IN_RUN_STATE_ONLY). The filter may be
 * called at DISPATCH_LEVEL, which lets the timer's DPC do the work itself. */
#include "bars.h"

#include "../common/guids.h"

static const DECLARE_SIMPLE_FRAMING_EX(Framing, STATIC_KSMEMORY_TYPE_KERNEL_NONPAGED,
                                       KSALLOCATOR_REQUIREMENTF_SYSTEM_MEMORY |
                                           KSALLOCATOR_REQUIREMENTF_PREFERENCES_ONLY,
                                       4, 0, 640 * 480 * 2, VIDEO_LARGEST_FRAME);

static const KSPIN_DESCRIPTOR_EX Pins[] = {
    [BARS_PIN] = {
        .Dispatch = &BarsPinDispatch,
        .PinDescriptor = {
            .DataRangesCount = VIDEO_RANGES,
            .DataRanges = VideoDataRanges,
            .DataFlow = KSPIN_DATAFLOW_OUT,
            .Communication = KSPIN_COMMUNICATION_BOTH,
            .Category = &PINNAME_VIDEO_CAPTURE,
            .Name = &PINNAME_VIDEO_CAPTURE,
        },
        .Flags = KSPIN_FLAG_FRAMES_NOT_REQUIRED_FOR_PROCESSING |
                 KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING | KSPIN_FLAG_PROCESS_IN_RUN_STATE_ONLY,
        .InstancesPossible = 1,
        .InstancesNecessary = 1,
        .AllocatorFraming = &Framing,
        .IntersectHandler = VideoIntersect,
    },
};

static NTSTATUS Create(PKSFILTER Filter, PIRP Irp)
{
    PBARS Bars = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Bars), BARS_TAG);
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Irp);
    if (Bars == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Bars, sizeof(*Bars));
    Status = KsAddItemToObjectBag(Filter->Bag, Bars, NULL); /* freed with the filter */
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Bars, BARS_TAG);
        return Status;
    }
    Bars->Filter = Filter;
    BarsInitializeTimer(Bars);
    Filter->Context = Bars;
    return STATUS_SUCCESS;
}

static const KSFILTER_DISPATCH Dispatch = {.Create = Create, .Process = BarsProcess};

static const GUID Categories[] = {{STATIC_KSCATEGORY_VIDEO}, {STATIC_KSCATEGORY_CAPTURE}};

/* {4F0C8D0A-5E63-4B7C-A0B8-0C9C1D5E2F77} */
static const GUID ReferenceGuid = {
    0x4f0c8d0a, 0x5e63, 0x4b7c, {0xa0, 0xb8, 0x0c, 0x9c, 0x1d, 0x5e, 0x2f, 0x77}};

static const KSFILTER_DESCRIPTOR Filter = {
    .Dispatch = &Dispatch,
    .Version = KSFILTER_DESCRIPTOR_VERSION,
    .Flags = KSFILTER_FLAG_DISPATCH_LEVEL_PROCESSING,
    .ReferenceGuid = &ReferenceGuid,
    .PinDescriptorsCount = ARRAYSIZE(Pins),
    .PinDescriptorSize = sizeof(Pins[0]),
    .PinDescriptors = Pins,
    .CategoriesCount = ARRAYSIZE(Categories),
    .Categories = Categories,
    .NodeDescriptorSize = sizeof(KSNODE_DESCRIPTOR),
};

static const KSFILTER_DESCRIPTOR *const Filters[] = {&Filter};

static const KSDEVICE_DESCRIPTOR Device = {
    .FilterDescriptorsCount = ARRAYSIZE(Filters),
    .FilterDescriptors = Filters,
    .Version = KSDEVICE_DESCRIPTOR_VERSION,
};

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    VideoInitializeFormats();
    return KsInitializeDriver(DriverObject, RegistryPath, &Device);
}
