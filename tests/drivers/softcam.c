/* SPDX-License-Identifier: MIT */
/* A camera without hardware, as many are written: a timer fills the client's buffers, each held by
 * a clone until its turn comes. What it leaves to AVStream: DataUsed, which follows the clone's
 * offset on a pin without mappings, and every request, for it stands in front of AVStream's
 * dispatch routines and passes on what is not for it. -DNO_FORMAT: its data intersection succeeds
 * without saying a format, and leaks. -DSMALL: pictures smaller than any card of weir draws.
 * -DENTRY=NAME: its entry has that name, for one in front of it. */
#include "../../drivers/common/windows.h"

#ifdef SMALL
enum { HEIGHT = 48 };
#else
enum { HEIGHT = 64 };
#endif
enum { WIDTH = 64, FRAME_BYTES = WIDTH * HEIGHT * 2, INTERVAL_100NS = 333333 };

typedef struct _CAMERA {
    PKSPIN Pin;
    KTIMER Timer;
    KDPC Dpc;
    ULONG Frame;
} CAMERA, *PCAMERA;

static CAMERA Camera;

static void Fill(PKSSTREAM_POINTER Clone)
{
    PKSSTREAM_HEADER Header = Clone->StreamHeader;

    if (Clone->OffsetOut.Remaining < FRAME_BYTES)
        return;
    RtlFillMemory(Clone->OffsetOut.Data, FRAME_BYTES, (UCHAR)Camera.Frame++);
    Header->Duration = INTERVAL_100NS;
    Header->OptionsFlags |= KSSTREAM_HEADER_OPTIONSF_SPLICEPOINT;
    KsStreamPointerAdvanceOffsets(Clone, 0, FRAME_BYTES, FALSE);
}

static VOID NTAPI Tick(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    PKSSTREAM_POINTER Clone = KsPinGetFirstCloneStreamPointer(Camera.Pin);

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(One);
    UNREFERENCED_PARAMETER(Two);
    if (Clone == NULL)
        return;
    Fill(Clone);
    KsStreamPointerDelete(Clone);
}

/* A locked clone of each frame; the queue moves on at once. */
static NTSTATUS NTAPI Process(PKSPIN Pin)
{
    PKSSTREAM_POINTER Leading = KsPinGetLeadingEdgeStreamPointer(Pin,
                                                                 KSSTREAM_POINTER_STATE_LOCKED);
    PKSSTREAM_POINTER Clone;

    while (Leading != NULL) {
        if (!NT_SUCCESS(KsStreamPointerClone(Leading, NULL, 0, &Clone)))
            break;
        if (!NT_SUCCESS(KsStreamPointerAdvance(Leading)))
            return STATUS_PENDING;
    }
    if (Leading != NULL)
        KsStreamPointerUnlock(Leading, FALSE);
    return STATUS_PENDING;
}

static NTSTATUS NTAPI SetDeviceState(PKSPIN Pin, KSSTATE To, KSSTATE From)
{
    LARGE_INTEGER Due;

    Due.QuadPart = -INTERVAL_100NS;
    if (To == KSSTATE_RUN) {
        Camera.Pin = Pin;
        KeInitializeDpc(&Camera.Dpc, Tick, NULL);
        KeInitializeTimer(&Camera.Timer);
        KeSetTimerEx(&Camera.Timer, Due, INTERVAL_100NS / 10000, &Camera.Dpc);
    } else if (From == KSSTATE_RUN) {
        KeCancelTimer(&Camera.Timer);
        KeFlushQueuedDpcs();
    }
    if (To == KSSTATE_STOP) {
        PKSSTREAM_POINTER Clone;

        while ((Clone = KsPinGetFirstCloneStreamPointer(Pin)) != NULL)
            KsStreamPointerDelete(Clone);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI SetDataFormat(PKSPIN Pin, PKSDATAFORMAT Old, PKSMULTIPLE_ITEM OldAttributes,
                                    const KSDATARANGE *Range, const KSATTRIBUTE_LIST *Attributes)
{
    UNREFERENCED_PARAMETER(Pin);
    UNREFERENCED_PARAMETER(Old);
    UNREFERENCED_PARAMETER(OldAttributes);
    UNREFERENCED_PARAMETER(Range);
    UNREFERENCED_PARAMETER(Attributes);
    return STATUS_SUCCESS;
}

static const KS_DATARANGE_VIDEO YUY2 = {
    .DataRange = {.FormatSize = sizeof(KS_DATARANGE_VIDEO),
                  .SampleSize = FRAME_BYTES,
                  .MajorFormat = {STATIC_KSDATAFORMAT_TYPE_VIDEO},
                  .SubFormat = {0x32595559, 0, 0x10, {0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71}},
                  .Specifier = {STATIC_KSDATAFORMAT_SPECIFIER_VIDEOINFO}},
    .bFixedSizeSamples = TRUE,
    .ConfigCaps = {.guid = {STATIC_KSDATAFORMAT_SPECIFIER_VIDEOINFO},
                   .MinOutputSize = {WIDTH, HEIGHT},
                   .MaxOutputSize = {WIDTH, HEIGHT},
                   .MinFrameInterval = INTERVAL_100NS,
                   .MaxFrameInterval = INTERVAL_100NS},
    .VideoInfoHeader = {.AvgTimePerFrame = INTERVAL_100NS,
                        .bmiHeader = {.biSize = sizeof(KS_BITMAPINFOHEADER),
                                      .biWidth = WIDTH,
                                      .biHeight = HEIGHT,
                                      .biPlanes = 1,
                                      .biBitCount = 16,
                                      .biCompression = 0x32595559,
                                      .biSizeImage = FRAME_BYTES}},
};

static NTSTATUS NTAPI Intersect(PVOID Filter, PIRP Irp, PKSP_PIN Pin, PKSDATARANGE Caller,
                                PKSDATARANGE Ours, ULONG Bytes, PVOID Data, PULONG DataSize)
{
    PKS_DATAFORMAT_VIDEOINFOHEADER Format = Data;

    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Pin);
    UNREFERENCED_PARAMETER(Caller);
    UNREFERENCED_PARAMETER(Ours);
#ifdef NO_FORMAT
    ExAllocatePoolWithTag(NonPagedPool, 64, 'kaeL');
    return STATUS_SUCCESS;
#endif
    *DataSize = sizeof *Format;
    if (Bytes == 0)
        return STATUS_BUFFER_OVERFLOW;
    if (Bytes < sizeof *Format)
        return STATUS_BUFFER_TOO_SMALL;
    Format->DataFormat = YUY2.DataRange;
    Format->DataFormat.FormatSize = sizeof *Format;
    Format->VideoInfoHeader = YUY2.VideoInfoHeader;
    return STATUS_SUCCESS;
}

static const PKSDATARANGE Ranges[] = {(PKSDATARANGE)&YUY2};
static const KSPIN_DISPATCH PinDispatch = {
    .Process = Process, .SetDataFormat = SetDataFormat, .SetDeviceState = SetDeviceState};
static const GUID Category = {STATIC_PINNAME_VIDEO_CAPTURE};
static const KSPIN_DESCRIPTOR_EX Pins[] = {{
    .Dispatch = &PinDispatch,
    .PinDescriptor = {.DataRangesCount = 1,
                      .DataRanges = Ranges,
                      .DataFlow = KSPIN_DATAFLOW_OUT,
                      .Communication = KSPIN_COMMUNICATION_BOTH,
                      .Category = &Category},
    .Flags = KSPIN_FLAG_PROCESS_IN_RUN_STATE_ONLY,
    .InstancesPossible = 1,
    .InstancesNecessary = 1,
    .IntersectHandler = Intersect,
}};

static const GUID Categories[] = {{STATIC_KSCATEGORY_CAPTURE}};
static const GUID ReferenceGuid = {0x5ed3fb34, 0x2a0b, 0x4a1c, {1, 2, 3, 4, 5, 6, 7, 8}};
static const KSFILTER_DISPATCH FilterDispatch = {0};
static const KSFILTER_DESCRIPTOR Filter = {
    .Dispatch = &FilterDispatch,
    .Version = KSFILTER_DESCRIPTOR_VERSION,
    .ReferenceGuid = &ReferenceGuid,
    .PinDescriptorsCount = 1,
    .PinDescriptorSize = sizeof(KSPIN_DESCRIPTOR_EX),
    .PinDescriptors = Pins,
    .CategoriesCount = 1,
    .Categories = Categories,
    .NodeDescriptorSize = sizeof(KSNODE_DESCRIPTOR),
};
static const KSFILTER_DESCRIPTOR *const Filters[] = {&Filter};
static const KSDEVICE_DESCRIPTOR Device = {.FilterDescriptorsCount = 1,
                                           .FilterDescriptors = Filters};

static NTSTATUS NTAPI PassOn(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return KsDispatchIrp(DeviceObject, Irp);
}

#ifndef ENTRY
#define ENTRY DriverEntry
#endif
NTSTATUS NTAPI ENTRY(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath);

NTSTATUS NTAPI ENTRY(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS Status = KsInitializeDriver(DriverObject, RegistryPath, &Device);

    if (!NT_SUCCESS(Status))
        return Status;
    DriverObject->MajorFunction[IRP_MJ_PNP] = PassOn;
    DriverObject->MajorFunction[IRP_MJ_CREATE] = PassOn;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = PassOn;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = PassOn;
    return STATUS_SUCCESS;
}
