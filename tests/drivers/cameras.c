/* SPDX-License-Identifier: MIT */
/* A virtual camera as those found in the wild are: no descriptor is static, each camera is a filter
 * factory that Start makes (--param Cameras=N), its name and its pins go into the keys of its
 * interfaces, a timer of the high resolution kind paces pictures and Process runs in a worker, what
 * happens is told to a log that a work item writes, all that Start made goes in Stop, and what
 * DriverEntry made with the last device: DriverEntry runs before there is another.
 * -DTRUSTING: a property says that it needs no room, and writes all the same.
 * -DFORGETFUL: it lets itself be stopped while it streams, keeps its cameras then, and forgets them
 * when the next START makes others.
 * -DONCE: a device that was once started leaves a mark in its key, and is not started again. */
#include "../../drivers/common/windows.h"
#include <ntstrsafe.h>

enum { WIDTH = 64, HEIGHT = 64, FRAME_BYTES = WIDTH * HEIGHT * 2, INTERVAL_100NS = 333333 };
enum { CAMERAS_MAX = 4, NAME_CHARS = 24, PICTURE_BYTES = 16 };
enum { POOL_TAG = 'maCV' };

typedef struct _CAMERA {
    ULONG Index;
    KSFILTER_DESCRIPTOR Filter;
    KSPIN_DESCRIPTOR_EX Pin;
    PKSFILTERFACTORY Factory;
    FAST_MUTEX Lock;
    UCHAR Picture[PICTURE_BYTES]; /* what an application sent; guarded by Lock */
} CAMERA, *PCAMERA;

typedef struct _STREAM {
    PCAMERA Camera;
    PEX_TIMER Timer;
    LARGE_INTEGER Started, Frequency;
    LONGLONG Frames; /* since Started */
    BOOLEAN Running;
} STREAM, *PSTREAM;

typedef struct _STATE {
    ULONG Count;
    PCAMERA Cameras[CAMERAS_MAX];
} STATE, *PSTATE;

static PULONG Devices; /* how many there are, made by DriverEntry */

/* ---- The log --------------------------------------------------------------------------------- */

/* Takes its time, as a file does. The work item keeps the device, and with it this code. */
static VOID NTAPI WriteLog(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PVOID Line = ExAllocatePoolWithTag(PagedPool, 512, POOL_TAG);
    LARGE_INTEGER While;

    UNREFERENCED_PARAMETER(DeviceObject);
    While.QuadPart = -20000;
    KeDelayExecutionThread(KernelMode, FALSE, &While);
    if (Line != NULL)
        ExFreePoolWithTag(Line, POOL_TAG);
    IoFreeWorkItem(Context);
}

static void Log(PKSDEVICE Device)
{
    PIO_WORKITEM Item = IoAllocateWorkItem(Device->FunctionalDeviceObject);

    if (Item != NULL)
        IoQueueWorkItem(Item, WriteLog, DelayedWorkQueue, Item);
}

/* ---- The pin --------------------------------------------------------------------------------- */

static PCAMERA CameraOfPin(PKSPIN Pin)
{
    return CONTAINING_RECORD(Pin->Descriptor, CAMERA, Pin);
}

static LONGLONG Elapsed(const STREAM *Stream)
{
    LARGE_INTEGER Now = KeQueryPerformanceCounter(NULL);

    return (Now.QuadPart - Stream->Started.QuadPart) * 10000000 / Stream->Frequency.QuadPart;
}

static VOID NTAPI Tick(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Timer);
    KsPinAttemptProcessing(Context, TRUE);
}

static NTSTATUS NTAPI Create(PKSPIN Pin, PIRP Irp)
{
    PSTREAM Stream = ExAllocatePoolWithTag(NonPagedPool, sizeof *Stream, POOL_TAG);

    UNREFERENCED_PARAMETER(Irp);
    if (Stream == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Stream, sizeof *Stream);
    Stream->Camera = CameraOfPin(Pin);
    Stream->Timer = ExAllocateTimer(Tick, Pin, EX_TIMER_HIGH_RESOLUTION);
    if (Stream->Timer == NULL) {
        ExFreePoolWithTag(Stream, POOL_TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Pin->StreamHeaderSize = sizeof(KSSTREAM_HEADER) + sizeof(KS_FRAME_INFO);
    Pin->Context = Stream;
    Log(KsPinGetDevice(Pin));
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI Close(PKSPIN Pin, PIRP Irp)
{
    PSTREAM Stream = Pin->Context;

    UNREFERENCED_PARAMETER(Irp);
    ExDeleteTimer(Stream->Timer, TRUE, TRUE, NULL);
    ExFreePoolWithTag(Stream, POOL_TAG);
    Log(KsPinGetDevice(Pin));
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI SetDeviceState(PKSPIN Pin, KSSTATE To, KSSTATE From)
{
    PSTREAM Stream = Pin->Context;

    if (To == KSSTATE_RUN) {
        Stream->Started = KeQueryPerformanceCounter(&Stream->Frequency);
        Stream->Frames = 0;
        Stream->Running = TRUE;
        ExSetTimer(Stream->Timer, -INTERVAL_100NS, INTERVAL_100NS, NULL);
    } else if (From == KSSTATE_RUN) {
        ExCancelTimer(Stream->Timer, NULL);
        Stream->Running = FALSE;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI SetDataFormat(PKSPIN Pin, PKSDATAFORMAT Old, PKSMULTIPLE_ITEM OldAttributes,
                                    const KSDATARANGE *Range, const KSATTRIBUTE_LIST *Attributes)
{
    UNREFERENCED_PARAMETER(Old);
    UNREFERENCED_PARAMETER(OldAttributes);
    UNREFERENCED_PARAMETER(Range);
    UNREFERENCED_PARAMETER(Attributes);
    return Pin->ConnectionFormat->FormatSize >= sizeof(KS_DATAFORMAT_VIDEOINFOHEADER)
               ? STATUS_SUCCESS
               : STATUS_NO_MATCH;
}

static void Fill(PSTREAM Stream, PKSSTREAM_POINTER Leading, LONGLONG Skipped)
{
    PKSSTREAM_HEADER Header = Leading->StreamHeader;
    PCAMERA Camera = Stream->Camera;

    ExAcquireFastMutex(&Camera->Lock);
    RtlFillMemory(Leading->OffsetOut.Data, FRAME_BYTES, (UCHAR)(Camera->Index + Stream->Frames));
    RtlCopyMemory(Leading->OffsetOut.Data, Camera->Picture, PICTURE_BYTES);
    ExReleaseFastMutex(&Camera->Lock);
    Header->PresentationTime.Time = Stream->Frames * INTERVAL_100NS;
    Header->Duration = INTERVAL_100NS;
    Header->OptionsFlags = KSSTREAM_HEADER_OPTIONSF_TIMEVALID |
                           KSSTREAM_HEADER_OPTIONSF_DURATIONVALID |
                           KSSTREAM_HEADER_OPTIONSF_SPLICEPOINT;
    if (Header->Size >= sizeof(KSSTREAM_HEADER) + sizeof(KS_FRAME_INFO)) {
        PKS_FRAME_INFO Info = (PKS_FRAME_INFO)(Header + 1);

        Info->PictureNumber = Stream->Frames;
        Info->DropCount += Skipped;
    }
}

/* One picture a call, the newest that is due. */
static NTSTATUS NTAPI Process(PKSPIN Pin)
{
    PSTREAM Stream = Pin->Context;
    PKSSTREAM_POINTER Leading;
    LONGLONG Due;

    if (!Stream->Running)
        return STATUS_SUCCESS;
    Due = Elapsed(Stream) / INTERVAL_100NS;
    if (Stream->Frames >= Due)
        return STATUS_SUCCESS;
    Leading = KsPinGetLeadingEdgeStreamPointer(Pin, KSSTREAM_POINTER_STATE_LOCKED);
    if (Leading == NULL)
        return STATUS_SUCCESS;
    Fill(Stream, Leading, Due - Stream->Frames - 1);
    Stream->Frames = Due;
    KsStreamPointerAdvanceOffsetsAndUnlock(Leading, 0, FRAME_BYTES, TRUE);
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

/* ---- The filter ------------------------------------------------------------------------------ */

static PCAMERA CameraOfRequest(PIRP Irp)
{
    return CONTAINING_RECORD(KsGetFilterFromIrp(Irp)->Descriptor, CAMERA, Filter);
}

static NTSTATUS NTAPI GetPicture(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    PCAMERA Camera = CameraOfRequest(Irp);

    UNREFERENCED_PARAMETER(Request);
    RtlCopyMemory(Data, Camera->Picture, PICTURE_BYTES);
    Irp->IoStatus.Information = PICTURE_BYTES;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI SetPicture(PIRP Irp, PKSIDENTIFIER Request, PVOID Data)
{
    PCAMERA Camera = CameraOfRequest(Irp);

    UNREFERENCED_PARAMETER(Request);
    ExAcquireFastMutex(&Camera->Lock);
    RtlCopyMemory(Camera->Picture, Data, PICTURE_BYTES);
    ExReleaseFastMutex(&Camera->Lock);
    return STATUS_SUCCESS;
}

#ifdef TRUSTING
enum { PICTURE_ROOM = 0 };
#else
enum { PICTURE_ROOM = PICTURE_BYTES };
#endif
static const GUID CameraSet = {0x5ed3fb35, 0x2a0b, 0x4a1c, {1, 2, 3, 4, 5, 6, 7, 8}};
static const KSPROPERTY_ITEM Properties[] = {{.PropertyId = 0,
                                              .GetPropertyHandler = GetPicture,
                                              .MinProperty = sizeof(KSPROPERTY),
                                              .MinData = PICTURE_ROOM,
                                              .SetPropertyHandler = SetPicture}};
static const KSPROPERTY_SET PropertySets[] = {{&CameraSet, 1, Properties, 0, NULL}};
static const KSAUTOMATION_TABLE FilterTable = {.PropertySetsCount = 1,
                                               .PropertyItemSize = sizeof(KSPROPERTY_ITEM),
                                               .PropertySets = PropertySets};

/* ---- Cameras --------------------------------------------------------------------------------- */

static const PKSDATARANGE Ranges[] = {(PKSDATARANGE)&YUY2};
static const KSPIN_DISPATCH PinDispatch = {.Create = Create,
                                           .Close = Close,
                                           .Process = Process,
                                           .SetDataFormat = SetDataFormat,
                                           .SetDeviceState = SetDeviceState};
static const GUID PinCategory = {STATIC_PINNAME_VIDEO_CAPTURE};
static const GUID Categories[] = {{STATIC_KSCATEGORY_VIDEO}, {STATIC_KSCATEGORY_CAPTURE}};

static void Describe(PCAMERA Camera)
{
    Camera->Pin = (KSPIN_DESCRIPTOR_EX){
        .Dispatch = &PinDispatch,
        .PinDescriptor = {.DataRangesCount = 1,
                          .DataRanges = Ranges,
                          .DataFlow = KSPIN_DATAFLOW_OUT,
                          .Communication = KSPIN_COMMUNICATION_BOTH,
                          .Category = &PinCategory},
        .Flags = KSPIN_FLAG_PROCESS_IN_RUN_STATE_ONLY | KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING,
        .InstancesPossible = 1,
        .InstancesNecessary = 1,
        .IntersectHandler = Intersect};
    Camera->Filter = (KSFILTER_DESCRIPTOR){.AutomationTable = &FilterTable,
                                           .Version = KSFILTER_DESCRIPTOR_VERSION,
                                           .PinDescriptorsCount = 1,
                                           .PinDescriptorSize = sizeof Camera->Pin,
                                           .PinDescriptors = &Camera->Pin,
                                           .CategoriesCount = 2,
                                           .Categories = Categories};
}

/* The name that applications show, in the key of each of the camera's interfaces. */
static void GiveName(PCAMERA Camera)
{
    PUNICODE_STRING Link = KsFilterFactoryGetSymbolicLink(Camera->Factory);
    WCHAR Name[NAME_CHARS];
    UNICODE_STRING Value, Alias;
    HANDLE Key;

    RtlStringCchPrintfW(Name, NAME_CHARS, L"Camera number %lu", Camera->Index + 1);
    RtlInitUnicodeString(&Value, L"FriendlyName");
    for (ULONG i = 0; i < 2; i++) {
        if (!NT_SUCCESS(IoGetDeviceInterfaceAlias(Link, &Categories[i], &Alias)))
            continue;
        if (NT_SUCCESS(IoOpenDeviceInterfaceRegistryKey(&Alias, KEY_SET_VALUE, &Key))) {
            ZwSetValueKey(Key, &Value, 0, REG_SZ, Name, sizeof Name);
            ZwClose(Key);
        }
        RtlFreeUnicodeString(&Alias);
    }
}

static NTSTATUS MakeCamera(PKSDEVICE Device, PSTATE State)
{
    PCAMERA Camera = ExAllocatePoolWithTag(NonPagedPool, sizeof *Camera, POOL_TAG);
    WCHAR Reference[NAME_CHARS];
    NTSTATUS Status;

    if (Camera == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Camera, sizeof *Camera);
    Camera->Index = State->Count;
    ExInitializeFastMutex(&Camera->Lock);
    Describe(Camera);
    RtlStringCchPrintfW(Reference, NAME_CHARS, L"Camera%lu", Camera->Index + 1);
    Status = KsCreateFilterFactory(Device->FunctionalDeviceObject, &Camera->Filter, Reference, NULL,
                                   0, NULL, NULL, &Camera->Factory);
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Camera, POOL_TAG);
        return Status;
    }
    GiveName(Camera);
    State->Cameras[State->Count++] = Camera;
    return KsFilterFactoryUpdateCacheData(Camera->Factory, NULL);
}

static ULONG CamerasWanted(void)
{
    RTL_QUERY_REGISTRY_TABLE Table[2];
    ULONG Count = 1;

    RtlZeroMemory(Table, sizeof Table);
    Table[0].Flags = RTL_QUERY_REGISTRY_DIRECT;
    Table[0].Name = (PWSTR)L"Cameras";
    Table[0].EntryContext = &Count;
    Table[0].DefaultType = REG_NONE;
    RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"cameras\\Parameters", Table, NULL, NULL);
    return Count < 1 ? 1 : Count > CAMERAS_MAX ? CAMERAS_MAX : Count;
}

/* ---- The device ------------------------------------------------------------------------------ */

#ifdef ONCE
static BOOLEAN MayStart(PKSDEVICE Device)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Mark");
    KEY_VALUE_PARTIAL_INFORMATION Value;
    ULONG Mark = 1, Bytes;
    NTSTATUS Found = STATUS_UNSUCCESSFUL;
    HANDLE Key;

    if (!NT_SUCCESS(IoOpenDeviceRegistryKey(Device->PhysicalDeviceObject, PLUGPLAY_REGKEY_DEVICE,
                                            KEY_READ | KEY_WRITE, &Key)))
        return FALSE;
    Found = ZwQueryValueKey(Key, &Name, KeyValuePartialInformation, &Value, sizeof Value, &Bytes);
    ZwSetValueKey(Key, &Name, 0, REG_DWORD, &Mark, sizeof Mark);
    ZwClose(Key);
    return !NT_SUCCESS(Found);
}
#else
static BOOLEAN MayStart(PKSDEVICE Device)
{
    UNREFERENCED_PARAMETER(Device);
    return TRUE;
}
#endif

static NTSTATUS NTAPI Start(PKSDEVICE Device, PIRP Irp, PCM_RESOURCE_LIST Translated,
                            PCM_RESOURCE_LIST Untranslated)
{
    ULONG Count = CamerasWanted();
    NTSTATUS Status = STATUS_SUCCESS;
    PSTATE State;

    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Translated);
    UNREFERENCED_PARAMETER(Untranslated);
    if (!MayStart(Device))
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    State = ExAllocatePoolWithTag(NonPagedPool, sizeof *State, POOL_TAG);
    if (State == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ++*Devices;
    RtlZeroMemory(State, sizeof *State);
    Device->Context = State;
    KsAcquireDevice(Device);
    while (State->Count < Count && NT_SUCCESS(Status))
        Status = MakeCamera(Device, State);
    KsReleaseDevice(Device);
    return Status;
}

/* Streams would lose their cameras: nothing is taken away from under them. */
static NTSTATUS NTAPI QueryStop(PKSDEVICE Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Irp);
#ifdef FORGETFUL
    UNREFERENCED_PARAMETER(Device);
    return STATUS_SUCCESS;
#else
    PSTATE State = Device->Context;

    for (ULONG i = 0; i < State->Count; i++) {
        if (KsFilterFactoryGetFirstChildFilter(State->Cameras[i]->Factory) != NULL)
            return STATUS_DEVICE_BUSY;
    }
    return STATUS_SUCCESS;
#endif
}

static VOID NTAPI Stop(PKSDEVICE Device, PIRP Irp)
{
    PSTATE State = Device->Context;

    UNREFERENCED_PARAMETER(Irp);
#ifdef FORGETFUL
    if (KsFilterFactoryGetFirstChildFilter(State->Cameras[0]->Factory) != NULL)
        return;
#endif
    KsAcquireDevice(Device);
    for (ULONG i = 0; i < State->Count; i++) {
        KsDeleteFilterFactory(State->Cameras[i]->Factory);
        ExFreePoolWithTag(State->Cameras[i], POOL_TAG);
    }
    KsReleaseDevice(Device);
    ExFreePoolWithTag(State, POOL_TAG);
    Device->Context = NULL;
    --*Devices;
}

/* Also of a device that did not start. */
static VOID NTAPI Remove(PKSDEVICE Device, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Irp);
    if (*Devices == 0) {
        ExFreePoolWithTag(Devices, POOL_TAG);
        Devices = NULL;
    }
}

static const KSDEVICE_DISPATCH DeviceDispatch = {
    .Start = Start, .QueryStop = QueryStop, .Stop = Stop, .Remove = Remove};
static const KSDEVICE_DESCRIPTOR Device = {.Dispatch = &DeviceDispatch};

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS Status;

    Devices = ExAllocatePoolWithTag(NonPagedPool, sizeof *Devices, POOL_TAG);
    if (Devices == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    *Devices = 0;
    Status = KsInitializeDriver(DriverObject, RegistryPath, &Device);
    if (!NT_SUCCESS(Status))
        ExFreePoolWithTag(Devices, POOL_TAG);
    return Status;
}
