/* SPDX-License-Identifier: MIT */
/* Five formats by four sizes, one data range each, and the frame rates of film, PAL and NTSC.
 *
 * A data range says what is possible, a data format what is. They begin alike (KSDATARANGE and
 * KSDATAFORMAT are the same structure), and both of ours end in a KS_VIDEOINFOHEADER. A client
 * asks for the intersection of its range with ours and is given a format; it may change the
 * frame interval in there, and then opens the pin with it. */
#include "format.h"

#include "guids.h"

#include "../../models/grabber32/regs.h"

/* ---- What there is --------------------------------------------------------------------------- */

#define FOURCC(a, b, c, d) ((ULONG)(a) | (ULONG)(b) << 8 | (ULONG)(c) << 16 | (ULONG)(d) << 24)

typedef struct _PIXELS {
    const GUID *Subtype;
    ULONG Compression;
    USHORT BitCount;
    ULONG Code;
} PIXELS;

static const PIXELS Pixels[] = {
    {&VideoSubtypeYuy2, FOURCC('Y', 'U', 'Y', '2'), 16, G32_FORMAT_YUY2},
    {&VideoSubtypeUyvy, FOURCC('U', 'Y', 'V', 'Y'), 16, G32_FORMAT_UYVY},
    {&VideoSubtypeNv12, FOURCC('N', 'V', '1', '2'), 12, G32_FORMAT_NV12},
    {&VideoSubtypeRgb24, KS_BI_RGB, 24, G32_FORMAT_RGB24},
    {&VideoSubtypeRgb32, KS_BI_RGB, 32, G32_FORMAT_RGB32},
};

static const SIZE Sizes[] = {{640, 480}, {1280, 720}, {1920, 1080}, {3840, 2160}};

/* Intervals are given in 100 ns, which cannot express most rates: the card gets the true period. */
typedef struct _RATE {
    LONGLONG Interval;
    ULONG PeriodNs;
} RATE;

static const RATE Rates[] = {
    {166667, 16666667}, /* 60 */
    {166833, 16683333}, /* 60000/1001 */
    {200000, 20000000}, /* 50 */
    {333333, 33333333}, /* 30 */
    {333667, 33366667}, /* 30000/1001 */
    {400000, 40000000}, /* 25 */
    {416667, 41666667}, /* 24 */
    {417083, 41708333}, /* 24000/1001 */
};
enum { SHORTEST_INTERVAL = 166666, LONGEST_INTERVAL = 417084, DEFAULT_INTERVAL = 333333 };

/* Clients round up or down: one unit either way is the same rate. */
static const RATE *FindRate(LONGLONG Interval)
{
    ULONG i;

    for (i = 0; i < ARRAYSIZE(Rates); i++)
        if (Interval >= Rates[i].Interval - 1 && Interval <= Rates[i].Interval + 1)
            return &Rates[i];
    return NULL;
}

/* Lines of bitmaps are padded to 4 bytes; the other formats are packed. */
static ULONG FrameBytes(const PIXELS *Of, ULONG Width, ULONG Height)
{
    if (Of->Compression == KS_BI_RGB)
        return (Width * Of->BitCount / 8 + 3) / 4 * 4 * Height;
    return Width * Height / 8 * Of->BitCount;
}

static LONG BitsPerSecond(ULONG Bytes, LONGLONG Interval)
{
    ULONGLONG Bits = 8ull * Bytes * 10000000 / Interval;

    return Bits > MAXLONG ? MAXLONG : (LONG)Bits; /* 4K at 60 frames does not fit in the field */
}

/* ---- Data ranges ----------------------------------------------------------------------------- */

static KS_DATARANGE_VIDEO Ranges[VIDEO_RANGES];
PKSDATARANGE VideoDataRanges[VIDEO_RANGES];

static VOID FillInfoHeader(PKS_VIDEOINFOHEADER Info, const PIXELS *Of, SIZE Size)
{
    ULONG Bytes = FrameBytes(Of, Size.cx, Size.cy);

    Info->rcTarget.right = Size.cx;
    Info->rcTarget.bottom = Size.cy;
    Info->dwBitRate = BitsPerSecond(Bytes, DEFAULT_INTERVAL);
    Info->AvgTimePerFrame = DEFAULT_INTERVAL;
    Info->bmiHeader.biSize = sizeof(KS_BITMAPINFOHEADER);
    Info->bmiHeader.biWidth = Size.cx;
    Info->bmiHeader.biHeight = Size.cy;
    Info->bmiHeader.biPlanes = 1;
    Info->bmiHeader.biBitCount = Of->BitCount;
    Info->bmiHeader.biCompression = Of->Compression;
    Info->bmiHeader.biSizeImage = Bytes;
}

static VOID FillRange(PKS_DATARANGE_VIDEO Range, const PIXELS *Of, SIZE Size)
{
    KS_VIDEO_STREAM_CONFIG_CAPS *Caps = &Range->ConfigCaps;
    ULONG Bytes = FrameBytes(Of, Size.cx, Size.cy);

    Range->DataRange.FormatSize = sizeof(*Range);
    Range->DataRange.SampleSize = Bytes;
    Range->DataRange.MajorFormat = KSDATAFORMAT_TYPE_VIDEO;
    Range->DataRange.SubFormat = *Of->Subtype;
    Range->DataRange.Specifier = KSDATAFORMAT_SPECIFIER_VIDEOINFO;
    Range->bFixedSizeSamples = TRUE;
    Range->StreamDescriptionFlags = KS_VIDEOSTREAM_CAPTURE;
    Caps->guid = KSDATAFORMAT_SPECIFIER_VIDEOINFO;
    Caps->InputSize = Size;
    Caps->MinCroppingSize = Size;
    Caps->MaxCroppingSize = Size;
    Caps->CropGranularityX = 1;
    Caps->CropGranularityY = 1;
    Caps->CropAlignX = 1;
    Caps->CropAlignY = 1;
    Caps->MinOutputSize = Size;
    Caps->MaxOutputSize = Size;
    Caps->OutputGranularityX = 1;
    Caps->OutputGranularityY = 1;
    Caps->MinFrameInterval = SHORTEST_INTERVAL;
    Caps->MaxFrameInterval = LONGEST_INTERVAL;
    Caps->MinBitsPerSecond = BitsPerSecond(Bytes, LONGEST_INTERVAL);
    Caps->MaxBitsPerSecond = BitsPerSecond(Bytes, SHORTEST_INTERVAL);
    FillInfoHeader(&Range->VideoInfoHeader, Of, Size);
}

VOID VideoInitializeFormats(VOID)
{
    ULONG i, j, Count = 0;

    C_ASSERT(ARRAYSIZE(Pixels) * ARRAYSIZE(Sizes) == VIDEO_RANGES);
    for (i = 0; i < ARRAYSIZE(Pixels); i++)
        for (j = 0; j < ARRAYSIZE(Sizes); j++, Count++) {
            FillRange(&Ranges[Count], &Pixels[i], Sizes[j]);
            VideoDataRanges[Count] = &Ranges[Count].DataRange;
        }
}

/* ---- Intersection ---------------------------------------------------------------------------- */

/* KS has compared the three GUIDs. A caller that names no size takes ours. */
static BOOLEAN IsSameSize(const KS_DATARANGE_VIDEO *Caller, const KS_DATARANGE_VIDEO *Ours)
{
    const KS_BITMAPINFOHEADER *Theirs = &Caller->VideoInfoHeader.bmiHeader;
    const KS_BITMAPINFOHEADER *Header = &Ours->VideoInfoHeader.bmiHeader;
    LONG Height = Theirs->biHeight < 0 ? -Theirs->biHeight : Theirs->biHeight;

    if (Theirs->biWidth == 0 && Height == 0)
        return TRUE;
    return Theirs->biWidth == Header->biWidth && Height == Header->biHeight;
}

NTSTATUS VideoIntersect(PVOID Context, PIRP Irp, PKSP_PIN Pin, PKSDATARANGE CallerRange,
                          PKSDATARANGE OurRange, ULONG BufferSize, PVOID Data, PULONG DataSize)
{
    const KS_DATARANGE_VIDEO *Caller = (const KS_DATARANGE_VIDEO *)CallerRange;
    const KS_DATARANGE_VIDEO *Ours = (const KS_DATARANGE_VIDEO *)OurRange;
    BOOLEAN HasInfo = CallerRange->FormatSize >= sizeof(KS_DATARANGE_VIDEO);
    PKS_DATAFORMAT_VIDEOINFOHEADER Format = Data;

    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(Pin);
    if (HasInfo && !IsSameSize(Caller, Ours))
        return STATUS_NO_MATCH;
    *DataSize = sizeof(*Format);
    if (BufferSize == 0)
        return STATUS_BUFFER_OVERFLOW; /* the caller wants to know the size */
    if (BufferSize < sizeof(*Format))
        return STATUS_BUFFER_TOO_SMALL;
    RtlZeroMemory(Format, sizeof(*Format));
    Format->DataFormat = Ours->DataRange;
    Format->DataFormat.FormatSize = sizeof(*Format);
    Format->VideoInfoHeader = Ours->VideoInfoHeader;
    if (HasInfo && FindRate(Caller->VideoInfoHeader.AvgTimePerFrame) != NULL) {
        Format->VideoInfoHeader.AvgTimePerFrame = Caller->VideoInfoHeader.AvgTimePerFrame;
        Format->VideoInfoHeader.dwBitRate =
            BitsPerSecond(Format->DataFormat.SampleSize, Format->VideoInfoHeader.AvgTimePerFrame);
    }
    return STATUS_SUCCESS;
}

/* ---- Formats --------------------------------------------------------------------------------- */

static const PIXELS *FindPixels(const GUID *Subtype)
{
    ULONG i;

    for (i = 0; i < ARRAYSIZE(Pixels); i++)
        if (IsEqualGUID(Subtype, Pixels[i].Subtype))
            return &Pixels[i];
    return NULL;
}

NTSTATUS VideoParseFormat(const KSDATAFORMAT *Format, const KSDATARANGE *Range,
                            PVIDEO_FORMAT Parsed)
{
    const KS_DATAFORMAT_VIDEOINFOHEADER *Video = (const KS_DATAFORMAT_VIDEOINFOHEADER *)Format;
    const KS_DATARANGE_VIDEO *Ours = (const KS_DATARANGE_VIDEO *)Range;
    const KS_BITMAPINFOHEADER *Header = &Video->VideoInfoHeader.bmiHeader;
    const PIXELS *Of = FindPixels(&Format->SubFormat);
    const RATE *Rate;

    if (Format->FormatSize < sizeof(*Video) || Of == NULL)
        return STATUS_NO_MATCH;
    Rate = FindRate(Video->VideoInfoHeader.AvgTimePerFrame);
    if (Rate == NULL || Header->biCompression != Of->Compression ||
        Header->biBitCount != Of->BitCount ||
        Header->biWidth != Ours->VideoInfoHeader.bmiHeader.biWidth)
        return STATUS_NO_MATCH;
    Parsed->Width = Header->biWidth;
    Parsed->Height = Header->biHeight < 0 ? -Header->biHeight : Header->biHeight;
    if (Parsed->Height != (ULONG)Ours->VideoInfoHeader.bmiHeader.biHeight)
        return STATUS_NO_MATCH;
    /* Only bitmaps stand on their head; for the others the sign means nothing. */
    Parsed->BottomUp = Of->Compression == KS_BI_RGB && Header->biHeight > 0;
    Parsed->Code = Of->Code;
    Parsed->FrameBytes = FrameBytes(Of, Parsed->Width, Parsed->Height);
    Parsed->PeriodNs = Rate->PeriodNs;
    Parsed->Duration = Rate->Interval;
    return STATUS_SUCCESS;
}

/* ---- Framing --------------------------------------------------------------------------------- */

/* The descriptor and what it points to are shared by all instances, and const: KsEdit makes
 * copies that belong to this pin, first of the descriptor, then of the framing. */
NTSTATUS VideoSetFraming(PKSPIN Pin, ULONG FrameBytes)
{
    PKSALLOCATOR_FRAMING_EX Framing;
    NTSTATUS Status;

    Status = KsEdit(Pin, &Pin->Descriptor, VIDEO_TAG);
    if (NT_SUCCESS(Status))
        Status = KsEdit(Pin, &Pin->Descriptor->AllocatorFraming, VIDEO_TAG);
    if (!NT_SUCCESS(Status))
        return Status;
    Framing = (PKSALLOCATOR_FRAMING_EX)Pin->Descriptor->AllocatorFraming;
    Framing->FramingItem[0].PhysicalRange.MinFrameSize = FrameBytes;
    Framing->FramingItem[0].PhysicalRange.MaxFrameSize = FrameBytes;
    Framing->FramingItem[0].FramingRange.Range.MinFrameSize = FrameBytes;
    Framing->FramingItem[0].FramingRange.Range.MaxFrameSize = FrameBytes;
    return STATUS_SUCCESS;
}
