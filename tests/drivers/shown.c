/* SPDX-License-Identifier: MIT */
/* A driver without hardware that has much to show: pins for audio and video, a pin whose data
 * range lies about its size, nodes in a row, properties with ranges, a set of its own, a method, an
 * event. It moves no data. SHOWN_CRASH makes the getter of its own property follow a null
 * pointer. */
#include <ntddk.h>
#include <windef.h>
#define NOBITMAP
#include <mmreg.h> /* ksmedia.h has its audio formats only after it */

#include "../../drivers/common/windows.h"

/* ---- GUIDs ----------------------------------------------------------------------------------- */

static const GUID Reference = {
    0x0d5f7a10, 0x3c5e, 0x4a0b, {0x9a, 0x11, 0x52, 0x6b, 0x1c, 0x3d, 0x90, 0x01}};
static const GUID OwnSet = {
    0x0d5f7a10, 0x3c5e, 0x4a0b, {0x9a, 0x11, 0x52, 0x6b, 0x1c, 0x3d, 0x90, 0x02}};
static const GUID OwnFormat = {
    0x0d5f7a10, 0x3c5e, 0x4a0b, {0x9a, 0x11, 0x52, 0x6b, 0x1c, 0x3d, 0x90, 0x03}};
static const GUID Categories[] = {{STATIC_KSCATEGORY_AUDIO}, {STATIC_KSCATEGORY_RENDER}};
static const GUID AudioSet = {STATIC_KSPROPSETID_Audio};
static const GUID ProcampSet = {STATIC_PROPSETID_VIDCAP_VIDEOPROCAMP};
static const GUID General = {STATIC_KSPROPTYPESETID_General};
static const GUID VolumeNode = {STATIC_KSNODETYPE_VOLUME};
static const GUID MuteNode = {STATIC_KSNODETYPE_MUTE};

/* ---- Data ranges ----------------------------------------------------------------------------- */

static KSDATARANGE_AUDIO AudioRange = {
    {{sizeof(KSDATARANGE_AUDIO), 0, 0, 0, {STATIC_KSDATAFORMAT_TYPE_AUDIO},
      {STATIC_KSDATAFORMAT_SUBTYPE_PCM}, {STATIC_KSDATAFORMAT_SPECIFIER_WAVEFORMATEX}}},
    2, 8, 16, 8000, 44100};

static KS_DATARANGE_VIDEO2 VideoRange = {
    .DataRange = {{sizeof(KS_DATARANGE_VIDEO2), 0, 0, 0, {STATIC_KSDATAFORMAT_TYPE_VIDEO},
                   {0x47504A4D, 0, 0x10, {0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71}},
                   {STATIC_KSDATAFORMAT_SPECIFIER_VIDEOINFO2}}},
    .ConfigCaps = {.MinOutputSize = {160, 120}, .MaxOutputSize = {1920, 1080},
                   .OutputGranularityX = 16, .OutputGranularityY = 8,
                   .MinFrameInterval = 166833, .MaxFrameInterval = 166833},
    .VideoInfoHeader = {.AvgTimePerFrame = 166833, .dwInterlaceFlags = 1,
                        .bmiHeader = {.biWidth = 640, .biHeight = 480, .biBitCount = 24}}};

/* Nobody can be a range in 40 bytes. */
static KSDATARANGE LyingRange = {{40, 0, 0, 0, {0}, {0}, {0}}};
static KSDATARANGE OwnRange; /* filled in by DriverEntry: GUIDs are no constants in C */

static const PKSDATARANGE AudioRanges[] = {(PKSDATARANGE)&AudioRange};
static const PKSDATARANGE VideoRanges[] = {(PKSDATARANGE)&VideoRange};
static const PKSDATARANGE OddRanges[] = {&OwnRange, &LyingRange, &OwnRange};

static NTSTATUS NTAPI IntersectAudio(PVOID Context, PIRP Irp, PKSP_PIN Pin, PKSDATARANGE Caller,
                                     PKSDATARANGE Ours, ULONG Room, PVOID Data, PULONG Bytes)
{
    PKSDATAFORMAT_WAVEFORMATEX Format = Data;

    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Pin);
    UNREFERENCED_PARAMETER(Caller);
    *Bytes = sizeof(*Format);
    if (Room == 0)
        return STATUS_BUFFER_OVERFLOW;
    if (Room < sizeof(*Format))
        return STATUS_BUFFER_TOO_SMALL;
    RtlZeroMemory(Format, sizeof(*Format));
    Format->DataFormat = *Ours;
    Format->DataFormat.FormatSize = sizeof(*Format);
    Format->WaveFormatEx.wFormatTag = 1;
    Format->WaveFormatEx.nChannels = 2;
    Format->WaveFormatEx.nSamplesPerSec = 44100;
    Format->WaveFormatEx.wBitsPerSample = 16;
    Format->WaveFormatEx.nBlockAlign = 4;
    Format->WaveFormatEx.nAvgBytesPerSec = 176400;
    return STATUS_SUCCESS;
}

/* ---- Properties ------------------------------------------------------------------------------ */

static NTSTATUS NTAPI GetVolume(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    UNREFERENCED_PARAMETER(Request);
    *(LONG *)Data = -6 * 65536;
    Irp->IoStatus.Information = sizeof(LONG);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI TakeAnything(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Request);
    UNREFERENCED_PARAMETER(Data);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI GetBrightness(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    PKSPROPERTY_VIDEOPROCAMP_S Answer = Data;

    UNREFERENCED_PARAMETER(Request);
    Answer->Value = 5000;
    Answer->Flags = KSPROPERTY_VIDEOPROCAMP_FLAGS_MANUAL;
    Answer->Capabilities = KSPROPERTY_VIDEOPROCAMP_FLAGS_MANUAL;
    Irp->IoStatus.Information = sizeof(*Answer);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI GetOwn(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    UNREFERENCED_PARAMETER(Request);
#ifdef SHOWN_CRASH
    Data = NULL;
#endif
    *(volatile ULONG *)Data = 0x11223344;
    Irp->IoStatus.Information = sizeof(ULONG);
    return STATUS_SUCCESS;
}

enum { VT_SIGNED = 3 };

static const KSPROPERTY_STEPPING_LONG VolumeSteps = {32768, 0, {.SignedMinimum = -96 * 65536}};
static const KSPROPERTY_MEMBERSLIST VolumeMembers[] = {
    {{KSPROPERTY_MEMBER_STEPPEDRANGES, sizeof(VolumeSteps), 1, 0}, &VolumeSteps}};
static KSPROPERTY_VALUES VolumeValues = {
    .PropTypeSet.Id = VT_SIGNED, .MembersListCount = 1, .MembersList = VolumeMembers};

static const KSPROPERTY_STEPPING_LONG BrightnessSteps = {
    10, 0, {.SignedMinimum = -10000, .SignedMaximum = 10000}};
static const LONG BrightnessDefault = 750;
static const KSPROPERTY_MEMBERSLIST BrightnessMembers[] = {
    {{KSPROPERTY_MEMBER_RANGES, sizeof(BrightnessSteps), 1, 0}, &BrightnessSteps},
    {{KSPROPERTY_MEMBER_VALUES, sizeof(BrightnessDefault), sizeof(BrightnessDefault),
      KSPROPERTY_MEMBER_FLAG_DEFAULT}, &BrightnessDefault}};
static KSPROPERTY_VALUES BrightnessValues = {
    .PropTypeSet.Id = VT_SIGNED, .MembersListCount = 2, .MembersList = BrightnessMembers};

static const KSPROPERTY_ITEM VolumeItems[] = {
    {.PropertyId = KSPROPERTY_AUDIO_VOLUMELEVEL, .GetPropertyHandler = GetVolume,
     .MinProperty = sizeof(KSNODEPROPERTY_AUDIO_CHANNEL), .MinData = sizeof(LONG),
     .SetPropertyHandler = TakeAnything, .Values = &VolumeValues}};
static const KSPROPERTY_SET NodeSets[] = {{&AudioSet, 1, VolumeItems, 0, NULL}};
static const KSAUTOMATION_TABLE NodeTable = {.PropertySetsCount = 1,
                                             .PropertyItemSize = sizeof(KSPROPERTY_ITEM),
                                             .PropertySets = NodeSets};

static const KSPROPERTY_ITEM ProcampItems[] = {
    {.PropertyId = KSPROPERTY_VIDEOPROCAMP_BRIGHTNESS, .GetPropertyHandler = GetBrightness,
     .MinProperty = sizeof(KSPROPERTY_VIDEOPROCAMP_S), .MinData = sizeof(KSPROPERTY_VIDEOPROCAMP_S),
     .SetPropertyHandler = TakeAnything, .Values = &BrightnessValues}};
static const KSPROPERTY_ITEM OwnItems[] = {
    {.PropertyId = 3, .GetPropertyHandler = GetOwn, .MinProperty = sizeof(KSPROPERTY),
     .MinData = sizeof(ULONG)},
    {.PropertyId = 60, .MinProperty = sizeof(KSPROPERTY), .MinData = sizeof(ULONG),
     .SetPropertyHandler = TakeAnything}};
static const KSPROPERTY_SET FilterSets[] = {{&ProcampSet, 1, ProcampItems, 0, NULL},
                                            {&OwnSet, 2, OwnItems, 0, NULL}};
static const KSMETHOD_ITEM Methods[] = {
    {.MethodId = 1, .MethodHandler = TakeAnything, .MinMethod = sizeof(KSMETHOD), .Flags = 1}};
static const KSMETHOD_SET MethodSets[] = {{&OwnSet, 1, Methods, 0, NULL}};
static const KSEVENT_ITEM Events[] = {{.EventId = 2, .DataInput = sizeof(KSEVENTDATA)}};
static const KSEVENT_SET EventSets[] = {{&OwnSet, 1, Events}};
static const KSAUTOMATION_TABLE FilterTable = {
    .PropertySetsCount = 2, .PropertyItemSize = sizeof(KSPROPERTY_ITEM), .PropertySets = FilterSets,
    .MethodSetsCount = 1, .MethodItemSize = sizeof(KSMETHOD_ITEM), .MethodSets = MethodSets,
    .EventSetsCount = 1, .EventItemSize = sizeof(KSEVENT_ITEM), .EventSets = EventSets};

/* ---- Filter ---------------------------------------------------------------------------------- */

static NTSTATUS NTAPI AcceptFormat(PKSPIN Pin, PKSDATAFORMAT Old, PKSMULTIPLE_ITEM OldAttributes,
                                   const KSDATARANGE *Range, const KSATTRIBUTE_LIST *Attributes)
{
    UNREFERENCED_PARAMETER(Pin);
    UNREFERENCED_PARAMETER(Old);
    UNREFERENCED_PARAMETER(OldAttributes);
    UNREFERENCED_PARAMETER(Range);
    UNREFERENCED_PARAMETER(Attributes);
    return STATUS_SUCCESS;
}

static const KSPIN_DISPATCH PinDispatch = {.SetDataFormat = AcceptFormat};

static const KSPIN_DESCRIPTOR_EX Pins[] = {
    {.Dispatch = &PinDispatch,
     .PinDescriptor = {.DataRangesCount = 1, .DataRanges = AudioRanges,
                       .DataFlow = KSPIN_DATAFLOW_IN, .Communication = KSPIN_COMMUNICATION_SINK},
     .InstancesPossible = KSINSTANCE_INDETERMINATE, .IntersectHandler = IntersectAudio},
    {.PinDescriptor = {.DataRangesCount = 1, .DataRanges = VideoRanges,
                       .DataFlow = KSPIN_DATAFLOW_OUT, .Communication = KSPIN_COMMUNICATION_BOTH},
     .InstancesPossible = 1, .InstancesNecessary = 1},
    {.PinDescriptor = {.DataRangesCount = 3, .DataRanges = OddRanges,
                       .DataFlow = KSPIN_DATAFLOW_OUT, .Communication = KSPIN_COMMUNICATION_NONE},
     .InstancesPossible = 0},
};

static const KSNODE_DESCRIPTOR Nodes[] = {{&NodeTable, &VolumeNode, NULL},
                                          {NULL, &MuteNode, NULL}};
static const KSTOPOLOGY_CONNECTION Connections[] = {
    {(ULONG)-1, 0, 0, 1}, {0, 0, 1, 1}, {1, 0, (ULONG)-1, 1}};

static const KSFILTER_DESCRIPTOR Filter = {
    .AutomationTable = &FilterTable, .Version = KSFILTER_DESCRIPTOR_VERSION,
    .ReferenceGuid = &Reference, .PinDescriptorsCount = ARRAYSIZE(Pins),
    .PinDescriptorSize = sizeof(Pins[0]), .PinDescriptors = Pins,
    .CategoriesCount = ARRAYSIZE(Categories), .Categories = Categories,
    .NodeDescriptorsCount = ARRAYSIZE(Nodes), .NodeDescriptorSize = sizeof(Nodes[0]),
    .NodeDescriptors = Nodes, .ConnectionsCount = ARRAYSIZE(Connections),
    .Connections = Connections};
static const KSFILTER_DESCRIPTOR *const Filters[] = {&Filter};
static const KSDEVICE_DESCRIPTOR Device = {.FilterDescriptorsCount = 1,
                                           .FilterDescriptors = Filters,
                                           .Version = KSDEVICE_DESCRIPTOR_VERSION};

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    OwnRange.FormatSize = sizeof(OwnRange);
    OwnRange.MajorFormat = OwnFormat;
    VolumeValues.PropTypeSet.Set = General;
    BrightnessValues.PropTypeSet.Set = General;
    return KsInitializeDriver(DriverObject, RegistryPath, &Device);
}
