/* SPDX-License-Identifier: MIT */
/* The entry point, and what the driver says of itself: a device without hardware, a filter with an
 * input and an output pin. No flag of either pin changes the rules: Process is called when both
 * have a buffer and are in PAUSE at least, and again as long as it says STATUS_SUCCESS. */
#include "transform.h"

#include "../common/guids.h"

static const DECLARE_SIMPLE_FRAMING_EX(Framing, STATIC_KSMEMORY_TYPE_KERNEL_NONPAGED,
                                       KSALLOCATOR_REQUIREMENTF_SYSTEM_MEMORY |
                                           KSALLOCATOR_REQUIREMENTF_PREFERENCES_ONLY,
                                       4, 0, 640 * 480 * 2, VIDEO_LARGEST_FRAME);

#define VIDEO_PIN(Flow)                                                               \
    {                                                                                 \
        .Dispatch = &TransformPinDispatch,                                            \
        .PinDescriptor =                                                              \
            {                                                                         \
                .DataRangesCount = VIDEO_RANGES,                                      \
                .DataRanges = VideoDataRanges,                                        \
                .DataFlow = (Flow),                                                   \
                .Communication = KSPIN_COMMUNICATION_BOTH,                            \
                .Category = &KSCATEGORY_VIDEO,                                        \
            },                                                                        \
        .InstancesPossible = 1, .InstancesNecessary = 1,                              \
        .AllocatorFraming = &Framing, .IntersectHandler = VideoIntersect,             \
    }

static const KSPIN_DESCRIPTOR_EX Pins[TRANSFORM_PINS] = {
    [TRANSFORM_IN] = VIDEO_PIN(KSPIN_DATAFLOW_IN),
    [TRANSFORM_OUT] = VIDEO_PIN(KSPIN_DATAFLOW_OUT),
};

static NTSTATUS Create(PKSFILTER Filter, PIRP Irp)
{
    PTRANSFORM Transform = ExAllocatePoolWithTag(NonPagedPool, sizeof(*Transform), TRANSFORM_TAG);
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Irp);
    if (Transform == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Transform, sizeof(*Transform));
    Status = KsAddItemToObjectBag(Filter->Bag, Transform, NULL); /* freed with the filter */
    if (NT_SUCCESS(Status))
        Filter->Context = Transform;
    else
        ExFreePoolWithTag(Transform, TRANSFORM_TAG);
    return Status;
}

static const KSFILTER_DISPATCH Dispatch = {.Create = Create, .Process = TransformProcess};

static const GUID Categories[] = {{STATIC_KSCATEGORY_VIDEO}};

/* {9B7B2E7E-2C3A-4C0B-8C4D-4E9A1F7C6D05} */
static const GUID ReferenceGuid = {
    0x9b7b2e7e, 0x2c3a, 0x4c0b, {0x8c, 0x4d, 0x4e, 0x9a, 0x1f, 0x7c, 0x6d, 0x05}};

static const KSFILTER_DESCRIPTOR Filter = {
    .Dispatch = &Dispatch,
    .Version = KSFILTER_DESCRIPTOR_VERSION,
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
