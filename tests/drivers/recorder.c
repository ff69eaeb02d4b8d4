/* SPDX-License-Identifier: MIT */
/* A sound recorder without hardware and without haste: it fills every buffer at once with the
 * bytes' own numbers. Two filters alike, each with a pin of which there may be two; it takes any
 * PCM up to eight channels and leaves data intersection to nobody, as drivers do whose formats are
 * opened by trial. -DGAP: in its sixth packet time jumps by 50 ms, and it says so. -DBACK: its
 * position goes back after ten. */
#include "../../drivers/common/windows.h"

enum { TAG = 'dceR', STRANGE_PACKET = 5, JUMP_100NS = 500000 };

typedef struct _STREAM {
    ULONGLONG Bytes;
    ULONG Packets;
    LONGLONG Time;
} STREAM, *PSTREAM;

static const WAVEFORMATEX *WaveOf(PKSPIN Pin)
{
    return &((const KSDATAFORMAT_WAVEFORMATEX *)Pin->ConnectionFormat)->WaveFormatEx;
}

static NTSTATUS NTAPI Create(PKSPIN Pin, PIRP Irp)
{
    PSTREAM Stream = ExAllocatePoolWithTag(NonPagedPool, sizeof *Stream, TAG);
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Irp);
    if (Stream == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Stream, sizeof *Stream);
    Status = KsAddItemToObjectBag(Pin->Bag, Stream, NULL);
    if (NT_SUCCESS(Status))
        Pin->Context = Stream;
    else
        ExFreePoolWithTag(Stream, TAG);
    return Status;
}

static void Fill(PKSPIN Pin, PKSSTREAM_POINTER Leading)
{
    const WAVEFORMATEX *Wave = WaveOf(Pin);
    PKSSTREAM_HEADER Header = Leading->StreamHeader;
    PSTREAM Stream = Pin->Context;
    ULONG Bytes = Leading->OffsetOut.Remaining, i;

    for (i = 0; i < Bytes; i++)
        Leading->OffsetOut.Data[i] = (UCHAR)(Stream->Bytes + i);
#ifdef GAP
    if (Stream->Packets == STRANGE_PACKET) {
        Stream->Time += JUMP_100NS;
        Header->OptionsFlags |= KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY;
    }
#endif
    Header->PresentationTime.Time = Stream->Time;
    Header->PresentationTime.Numerator = Header->PresentationTime.Denominator = 1;
    Header->OptionsFlags |= KSSTREAM_HEADER_OPTIONSF_TIMEVALID;
    Stream->Time += (LONGLONG)Bytes * 10000000 / Wave->nAvgBytesPerSec;
    Stream->Bytes += Bytes;
    Stream->Packets++;
    KsStreamPointerAdvanceOffsetsAndUnlock(Leading, 0, Bytes, TRUE);
}

static NTSTATUS NTAPI Process(PKSPIN Pin)
{
    PKSSTREAM_POINTER Leading;

    while ((Leading = KsPinGetLeadingEdgeStreamPointer(Pin, KSSTREAM_POINTER_STATE_LOCKED)) !=
           NULL)
        Fill(Pin, Leading);
    return STATUS_PENDING;
}

/* What is opened by trial is tried here: no more channels than there are, and the longer form for
 * more than two. */
static NTSTATUS NTAPI SetDataFormat(PKSPIN Pin, PKSDATAFORMAT Old, PKSMULTIPLE_ITEM OldAttributes,
                                    const KSDATARANGE *Range, const KSATTRIBUTE_LIST *Attributes)
{
    const WAVEFORMATEX *Wave = WaveOf(Pin);

    UNREFERENCED_PARAMETER(Old);
    UNREFERENCED_PARAMETER(OldAttributes);
    UNREFERENCED_PARAMETER(Range);
    UNREFERENCED_PARAMETER(Attributes);
    if (Pin->ConnectionFormat->FormatSize < sizeof(KSDATAFORMAT_WAVEFORMATEX) ||
        Wave->nChannels < 1 || Wave->nChannels > 8 ||
        (Wave->nChannels > 2 && Wave->wFormatTag != WAVE_FORMAT_EXTENSIBLE) ||
        Wave->nBlockAlign != Wave->nChannels * Wave->wBitsPerSample / 8)
        return STATUS_NO_MATCH;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI GetPosition(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    PSTREAM Stream = KsGetPinFromIrp(Irp)->Context;
    KSAUDIO_POSITION *Position = Data;

    UNREFERENCED_PARAMETER(Request);
    Position->PlayOffset = Position->WriteOffset = Stream->Bytes;
#ifdef BACK
    if (Stream->Packets > 2 * STRANGE_PACKET)
        Position->PlayOffset = 1; /* and there it stays */
#endif
    return STATUS_SUCCESS;
}

static const KSPROPERTY_ITEM AudioProperties[] = {
    {.PropertyId = KSPROPERTY_AUDIO_POSITION, .GetPropertyHandler = GetPosition,
     .MinProperty = sizeof(KSPROPERTY), .MinData = sizeof(KSAUDIO_POSITION)}};
static const GUID AudioSet = {STATIC_KSPROPSETID_Audio};
static const KSPROPERTY_SET PropertySets[] = {
    {.Set = &AudioSet, .PropertiesCount = 1, .PropertyItem = AudioProperties}};
static const KSAUTOMATION_TABLE Automation = {.PropertySetsCount = 1,
                                              .PropertyItemSize = sizeof(KSPROPERTY_ITEM),
                                              .PropertySets = PropertySets};

#define RANGE(Kind, Low)                                                            \
    {                                                                               \
        .DataRange = {.FormatSize = sizeof(KSDATARANGE_AUDIO),                      \
                      .MajorFormat = {STATIC_KSDATAFORMAT_TYPE_AUDIO},              \
                      .SubFormat = {Kind},                                          \
                      .Specifier = {STATIC_KSDATAFORMAT_SPECIFIER_WAVEFORMATEX}},   \
        .MaximumChannels = 8, .MinimumBitsPerSample = (Low),                        \
        .MaximumBitsPerSample = 32, .MinimumSampleFrequency = 8000,                 \
        .MaximumSampleFrequency = 192000,                                           \
    }
static const KSDATARANGE_AUDIO Pcm = RANGE(STATIC_KSDATAFORMAT_SUBTYPE_PCM, 8);
static const KSDATARANGE_AUDIO Float = RANGE(STATIC_KSDATAFORMAT_SUBTYPE_IEEE_FLOAT, 32);
static const PKSDATARANGE Ranges[] = {(PKSDATARANGE)&Pcm, (PKSDATARANGE)&Float};

static const KSPIN_DISPATCH PinDispatch = {
    .Create = Create, .Process = Process, .SetDataFormat = SetDataFormat};
static const GUID Category = {STATIC_KSCATEGORY_CAPTURE};
static const KSPIN_DESCRIPTOR_EX Pins[] = {{
    .Dispatch = &PinDispatch,
    .AutomationTable = &Automation,
    .PinDescriptor = {.DataRangesCount = ARRAYSIZE(Ranges),
                      .DataRanges = Ranges,
                      .DataFlow = KSPIN_DATAFLOW_OUT,
                      .Communication = KSPIN_COMMUNICATION_SINK,
                      .Category = &Category},
    .InstancesPossible = 2,
}};

static const GUID Categories[] = {{STATIC_KSCATEGORY_AUDIO}, {STATIC_KSCATEGORY_CAPTURE}};
static const GUID FirstGuid = {0x7c7a1f02, 0x53aa, 0x4b7e, {1, 2, 3, 4, 5, 6, 7, 8}};
static const GUID SecondGuid = {0x7c7a1f03, 0x53aa, 0x4b7e, {1, 2, 3, 4, 5, 6, 7, 8}};
static const KSFILTER_DISPATCH FilterDispatch = {0};
#define FILTER(Guid)                                                                          \
    {                                                                                         \
        .Dispatch = &FilterDispatch, .Version = KSFILTER_DESCRIPTOR_VERSION,                  \
        .ReferenceGuid = &(Guid), .PinDescriptorsCount = ARRAYSIZE(Pins),                     \
        .PinDescriptorSize = sizeof Pins[0], .PinDescriptors = Pins,                          \
        .CategoriesCount = ARRAYSIZE(Categories), .Categories = Categories,                   \
        .NodeDescriptorSize = sizeof(KSNODE_DESCRIPTOR),                                      \
    }
static const KSFILTER_DESCRIPTOR First = FILTER(FirstGuid), Second = FILTER(SecondGuid);
static const KSFILTER_DESCRIPTOR *const Filters[] = {&First, &Second};
static const KSDEVICE_DESCRIPTOR Device = {.FilterDescriptorsCount = ARRAYSIZE(Filters),
                                           .FilterDescriptors = Filters};

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath);

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    return KsInitializeDriver(DriverObject, RegistryPath, &Device);
}
