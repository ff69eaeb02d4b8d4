/* SPDX-License-Identifier: MIT */
/* Video as KS describes it: bitmap and video headers, ranges and formats, frame information
 * behind a stream header and analog standards.
 * A negative biHeight is a top-down picture; an empty rcTarget is the whole frame. */
#ifndef WEIR_WDK_KSMEDIA_VIDEO_H
#define WEIR_WDK_KSMEDIA_VIDEO_H

#include "wdk/ks_base.h"

typedef LONGLONG REFERENCE_TIME;

/* From the user interface's types, as far as the headers below contain them. */
typedef struct tagRECT {
    LONG left;
    LONG top;
    LONG right;
    LONG bottom;
} RECT, *PRECT;

typedef struct tagSIZE {
    LONG cx;
    LONG cy;
} SIZE, *PSIZE;

/* Bitmaps. */
typedef struct tagKS_RGBQUAD {
    BYTE rgbBlue;
    BYTE rgbGreen;
    BYTE rgbRed;
    BYTE rgbReserved;
} KS_RGBQUAD, *PKS_RGBQUAD;

#define KS_BI_RGB          0
#define KS_BI_RLE8         1
#define KS_BI_RLE4         2
#define KS_BI_BITFIELDS    3
#define KS_iPALETTE_COLORS 256
#define KS_iEGA_COLORS     16
#define KS_iMASK_COLORS    3
#define KS_iTRUECOLOR      16
#define KS_iRED            0
#define KS_iGREEN          1
#define KS_iBLUE           2
#define KS_iPALETTE        8
#define KS_iMAXBITS        8
#define KS_BI_JPEG 4

typedef struct tagKS_BITMAPINFOHEADER {
    ULONG biSize;
    LONG biWidth;
    LONG biHeight;
    WORD biPlanes;
    WORD biBitCount;
    ULONG biCompression;
    ULONG biSizeImage;
    LONG biXPelsPerMeter;
    LONG biYPelsPerMeter;
    ULONG biClrUsed;
    ULONG biClrImportant;
} KS_BITMAPINFOHEADER, *PKS_BITMAPINFOHEADER;

typedef struct tag_KS_TRUECOLORINFO {
    ULONG dwBitMasks[3];
    KS_RGBQUAD bmiColors[256];
} KS_TRUECOLORINFO, *PKS_TRUECOLORINFO;

#define KS_WIDTHBYTES(bits) (((((ULONG)(bits)) + 31u) & ~31u) / 8u)
#define KS_DIBWIDTHBYTES(bi) KS_WIDTHBYTES((ULONG)(bi).biWidth * (ULONG)(bi).biBitCount)
#define KS__DIBSIZE(bi) (KS_DIBWIDTHBYTES(bi) * (ULONG)(bi).biHeight)
#define KS_DIBSIZE(bi) ((bi).biHeight < 0 ? 0u - KS__DIBSIZE(bi) : KS__DIBSIZE(bi))

/* Formats. */
typedef struct tagKS_VIDEOINFOHEADER {
    RECT rcSource;
    RECT rcTarget;
    ULONG dwBitRate;
    ULONG dwBitErrorRate;
    REFERENCE_TIME AvgTimePerFrame;
    KS_BITMAPINFOHEADER bmiHeader;
} KS_VIDEOINFOHEADER, *PKS_VIDEOINFOHEADER;

typedef struct tagKS_VIDEOINFO {
    RECT rcSource;
    RECT rcTarget;
    ULONG dwBitRate;
    ULONG dwBitErrorRate;
    REFERENCE_TIME AvgTimePerFrame;
    KS_BITMAPINFOHEADER bmiHeader;
    union {
        KS_RGBQUAD bmiColors[256];
        ULONG dwBitMasks[3];
        KS_TRUECOLORINFO TrueColorInfo;
    };
} KS_VIDEOINFO, *PKS_VIDEOINFO;

#define KS_SIZE_EGA_PALETTE (KS_iEGA_COLORS * sizeof(KS_RGBQUAD))
#define KS_SIZE_PALETTE (KS_iPALETTE_COLORS * sizeof(KS_RGBQUAD))
#define KS_SIZE_MASKS (KS_iMASK_COLORS * sizeof(ULONG))
#define KS_SIZE_PREHEADER UFIELD_OFFSET(KS_VIDEOINFOHEADER, bmiHeader)
#define KS_SIZE_VIDEOHEADER(header) ((header)->bmiHeader.biSize + KS_SIZE_PREHEADER)

#define KS_INTERLACE_IsInterlaced          0x00000001
#define KS_INTERLACE_1FieldPerSample       0x00000002
#define KS_INTERLACE_Field1First           0x00000004
#define KS_INTERLACE_UNUSED                0x00000008
#define KS_INTERLACE_FieldPatternMask      0x00000030
#define KS_INTERLACE_FieldPatField1Only    0x00000000
#define KS_INTERLACE_FieldPatField2Only    0x00000010
#define KS_INTERLACE_FieldPatBothRegular   0x00000020
#define KS_INTERLACE_FieldPatBothIrregular 0x00000030
#define KS_INTERLACE_DisplayModeMask       0x000000C0
#define KS_INTERLACE_DisplayModeBobOnly    0x00000000
#define KS_INTERLACE_DisplayModeWeaveOnly  0x00000040
#define KS_INTERLACE_DisplayModeBobOrWeave 0x00000080
#define KS_COPYPROTECT_RestrictDuplication 0x00000001
#define AMCONTROL_COLORINFO_PRESENT 0x00000080

typedef struct tagKS_VIDEOINFOHEADER2 {
    RECT rcSource;
    RECT rcTarget;
    ULONG dwBitRate;
    ULONG dwBitErrorRate;
    REFERENCE_TIME AvgTimePerFrame;
    ULONG dwInterlaceFlags;
    ULONG dwCopyProtectFlags;
    ULONG dwPictAspectRatioX;
    ULONG dwPictAspectRatioY;
    union {
        ULONG dwControlFlags;
        ULONG dwReserved1;
    };
    ULONG dwReserved2;
    KS_BITMAPINFOHEADER bmiHeader;
} KS_VIDEOINFOHEADER2, *PKS_VIDEOINFOHEADER2;

typedef struct tagKS_VBIINFOHEADER {
    ULONG StartLine;
    ULONG EndLine;
    ULONG SamplingFrequency;
    ULONG MinLineStartTime;
    ULONG MaxLineStartTime;
    ULONG ActualLineStartTime;
    ULONG ActualLineEndTime;
    ULONG VideoStandard;
    ULONG SamplesPerLine;
    ULONG StrideInBytes;
    ULONG BufferSize;
} KS_VBIINFOHEADER, *PKS_VBIINFOHEADER;

typedef struct tagKS_AnalogVideoInfo {
    RECT rcSource;
    RECT rcTarget;
    ULONG dwActiveWidth;
    ULONG dwActiveHeight;
    REFERENCE_TIME AvgTimePerFrame;
} KS_ANALOGVIDEOINFO, *PKS_ANALOGVIDEOINFO;

typedef struct tagKS_TVTUNER_CHANGE_INFO {
    ULONG dwFlags;
    ULONG dwCountryCode;
    ULONG dwAnalogVideoStandard;
    ULONG dwChannel;
} KS_TVTUNER_CHANGE_INFO, *PKS_TVTUNER_CHANGE_INFO;

typedef struct tagKS_MPEG1VIDEOINFO {
    KS_VIDEOINFOHEADER hdr;
    ULONG dwStartTimeCode;
    ULONG cbSequenceHeader;
    BYTE bSequenceHeader[1];
} KS_MPEG1VIDEOINFO, *PKS_MPEG1VIDEOINFO;

typedef struct tagKS_MPEGVIDEOINFO2 {
    KS_VIDEOINFOHEADER2 hdr;
    ULONG dwStartTimeCode;
    ULONG cbSequenceHeader;
    ULONG dwProfile;
    ULONG dwLevel;
    ULONG dwFlags;
    ULONG bSequenceHeader[1];
} KS_MPEGVIDEOINFO2, *PKS_MPEGVIDEOINFO2;

typedef struct tagKS_DATAFORMAT_VIDEOINFOHEADER {
    KSDATAFORMAT DataFormat;
    KS_VIDEOINFOHEADER VideoInfoHeader;
} KS_DATAFORMAT_VIDEOINFOHEADER, *PKS_DATAFORMAT_VIDEOINFOHEADER;

typedef struct tagKS_DATAFORMAT_VIDEOINFOHEADER2 {
    KSDATAFORMAT DataFormat;
    KS_VIDEOINFOHEADER2 VideoInfoHeader2;
} KS_DATAFORMAT_VIDEOINFOHEADER2, *PKS_DATAFORMAT_VIDEOINFOHEADER2;

typedef struct tagKS_DATAFORMAT_VIDEOINFO_PALETTE {
    KSDATAFORMAT DataFormat;
    KS_VIDEOINFO VideoInfo;
} KS_DATAFORMAT_VIDEOINFO_PALETTE, *PKS_DATAFORMAT_VIDEOINFO_PALETTE;

typedef struct tagKS_DATAFORMAT_VBIINFOHEADER {
    KSDATAFORMAT DataFormat;
    KS_VBIINFOHEADER VBIInfoHeader;
} KS_DATAFORMAT_VBIINFOHEADER, *PKS_DATAFORMAT_VBIINFOHEADER;

/* Ranges. */
typedef enum {
    KS_AnalogVideo_None,
    KS_AnalogVideo_NTSC_M,
    KS_AnalogVideo_NTSC_M_J,
    KS_AnalogVideo_NTSC_433 = 4,
    KS_AnalogVideo_PAL_B = 16,
    KS_AnalogVideo_PAL_D = 32,
    KS_AnalogVideo_PAL_G = 64,
    KS_AnalogVideo_PAL_H = 128,
    KS_AnalogVideo_PAL_I = 256,
    KS_AnalogVideo_PAL_M = 512,
    KS_AnalogVideo_PAL_N = 1024,
    KS_AnalogVideo_PAL_60 = 2048,
    KS_AnalogVideo_SECAM_B = 0x00001000,
    KS_AnalogVideo_SECAM_D = 0x00002000,
    KS_AnalogVideo_SECAM_G = 0x00004000,
    KS_AnalogVideo_SECAM_H = 0x00008000,
    KS_AnalogVideo_SECAM_K = 0x00010000,
    KS_AnalogVideo_SECAM_K1 = 0x00020000,
    KS_AnalogVideo_SECAM_L = 0x00040000,
    KS_AnalogVideo_SECAM_L1 = 0x00080000,
    KS_AnalogVideo_PAL_N_COMBO = 0x00100000,
} KS_AnalogVideoStandard;

#define KS_AnalogVideo_NTSC_Mask  0x00000007
#define KS_AnalogVideo_PAL_Mask   0x00100FF0
#define KS_AnalogVideo_SECAM_Mask 0x000FF000
#define KS_VIDEOSTREAM_PREVIEW     0x0001
#define KS_VIDEOSTREAM_CAPTURE     0x0002
#define KS_VIDEOSTREAM_VBI         0x0010
#define KS_VIDEOSTREAM_NABTS       0x0020
#define KS_VIDEOSTREAM_CC          0x0100
#define KS_VIDEOSTREAM_EDS         0x0200
#define KS_VIDEOSTREAM_TELETEXT    0x0400
#define KS_VIDEOSTREAM_STILL       0x1000
#define KS_VIDEOSTREAM_IS_VPE      0x8000
#define KS_VIDEO_ALLOC_VPE_SYSTEM  0x0001
#define KS_VIDEO_ALLOC_VPE_DISPLAY 0x0002
#define KS_VIDEO_ALLOC_VPE_AGP     0x0004

typedef struct _KS_VIDEO_STREAM_CONFIG_CAPS {
    GUID guid;
    ULONG VideoStandard;
    SIZE InputSize;
    SIZE MinCroppingSize;
    SIZE MaxCroppingSize;
    int CropGranularityX;
    int CropGranularityY;
    int CropAlignX;
    int CropAlignY;
    SIZE MinOutputSize;
    SIZE MaxOutputSize;
    int OutputGranularityX;
    int OutputGranularityY;
    int StretchTapsX;
    int StretchTapsY;
    int ShrinkTapsX;
    int ShrinkTapsY;
    LONGLONG MinFrameInterval;
    LONGLONG MaxFrameInterval;
    LONG MinBitsPerSecond;
    LONG MaxBitsPerSecond;
} KS_VIDEO_STREAM_CONFIG_CAPS, *PKS_VIDEO_STREAM_CONFIG_CAPS;

typedef struct tagKS_DATARANGE_VIDEO {
    KSDATARANGE DataRange;
    BOOL bFixedSizeSamples;
    BOOL bTemporalCompression;
    ULONG StreamDescriptionFlags;
    ULONG MemoryAllocationFlags;
    KS_VIDEO_STREAM_CONFIG_CAPS ConfigCaps;
    KS_VIDEOINFOHEADER VideoInfoHeader;
} KS_DATARANGE_VIDEO, *PKS_DATARANGE_VIDEO;

typedef struct tagKS_DATARANGE_VIDEO2 {
    KSDATARANGE DataRange;
    BOOL bFixedSizeSamples;
    BOOL bTemporalCompression;
    ULONG StreamDescriptionFlags;
    ULONG MemoryAllocationFlags;
    KS_VIDEO_STREAM_CONFIG_CAPS ConfigCaps;
    KS_VIDEOINFOHEADER2 VideoInfoHeader;
} KS_DATARANGE_VIDEO2, *PKS_DATARANGE_VIDEO2;

typedef struct tagKS_DATARANGE_VIDEO_PALETTE {
    KSDATARANGE DataRange;
    BOOL bFixedSizeSamples;
    BOOL bTemporalCompression;
    ULONG StreamDescriptionFlags;
    ULONG MemoryAllocationFlags;
    KS_VIDEO_STREAM_CONFIG_CAPS ConfigCaps;
    KS_VIDEOINFO VideoInfo;
} KS_DATARANGE_VIDEO_PALETTE, *PKS_DATARANGE_VIDEO_PALETTE;

typedef struct tagKS_DATARANGE_VIDEO_VBI {
    KSDATARANGE DataRange;
    BOOL bFixedSizeSamples;
    BOOL bTemporalCompression;
    ULONG StreamDescriptionFlags;
    ULONG MemoryAllocationFlags;
    KS_VIDEO_STREAM_CONFIG_CAPS ConfigCaps;
    KS_VBIINFOHEADER VBIInfoHeader;
} KS_DATARANGE_VIDEO_VBI, *PKS_DATARANGE_VIDEO_VBI;

typedef struct tagKS_DATARANGE_ANALOGVIDEO {
    KSDATARANGE DataRange;
    KS_ANALOGVIDEOINFO AnalogVideoInfo;
} KS_DATARANGE_ANALOGVIDEO, *PKS_DATARANGE_ANALOGVIDEO;

typedef struct tagKS_DATARANGE_MPEG1_VIDEO {
    KSDATARANGE DataRange;
    BOOL bFixedSizeSamples;
    BOOL bTemporalCompression;
    ULONG StreamDescriptionFlags;
    ULONG MemoryAllocationFlags;
    KS_VIDEO_STREAM_CONFIG_CAPS ConfigCaps;
    KS_MPEG1VIDEOINFO VideoInfoHeader;
} KS_DATARANGE_MPEG1_VIDEO, *PKS_DATARANGE_MPEG1_VIDEO;

typedef struct tagKS_DATARANGE_MPEG2_VIDEO {
    KSDATARANGE DataRange;
    BOOL bFixedSizeSamples;
    BOOL bTemporalCompression;
    ULONG StreamDescriptionFlags;
    ULONG MemoryAllocationFlags;
    KS_VIDEO_STREAM_CONFIG_CAPS ConfigCaps;
    KS_MPEGVIDEOINFO2 VideoInfoHeader;
} KS_DATARANGE_MPEG2_VIDEO, *PKS_DATARANGE_MPEG2_VIDEO;

/* Behind a stream header whose Size makes room for it. lSurfacePitch is the stride a client set;
 * FrameCompletionNumber is there from Windows 8.1 on, in what was Reserved. */
#define KS_VIDEO_FLAG_FRAME   0x0000
#define KS_VIDEO_FLAG_FIELD1  0x0001
#define KS_VIDEO_FLAG_FIELD2  0x0002
#define KS_VIDEO_FLAG_I_FRAME 0x0000
#define KS_VIDEO_FLAG_P_FRAME 0x0010
#define KS_VIDEO_FLAG_B_FRAME 0x0020
#define KS_VIDEO_FLAG_FIELD_MASK 0x0003
#define KS_VIDEO_FLAG_IPB_MASK 0x0030
#define KS_VIDEO_FLAG_REPEAT_FIELD 0x0040

typedef struct tagKS_FRAME_INFO {
    ULONG ExtendedHeaderSize;
    ULONG dwFrameFlags;
    LONGLONG PictureNumber;
    LONGLONG DropCount;
    HANDLE hDirectDraw;
    HANDLE hSurfaceHandle;
    RECT DirectDrawRect;
    union {
        LONG lSurfacePitch;
        ULONG Reserved1;
    };
    ULONG Reserved2;
    union {
        struct {
            ULONG Reserved3;
            ULONG Reserved4;
        };
        ULONGLONG FrameCompletionNumber;
    };
} KS_FRAME_INFO, *PKS_FRAME_INFO;

#define KS_VBI_FLAG_FIELD1               0x0001
#define KS_VBI_FLAG_FIELD2               0x0002
#define KS_VBI_FLAG_MV_PRESENT           0x0100
#define KS_VBI_FLAG_MV_HARDWARE          0x0200
#define KS_VBI_FLAG_MV_DETECTED          0x0400
#define KS_VBI_FLAG_TVTUNER_CHANGE       0x0010
#define KS_VBI_FLAG_VBIINFOHEADER_CHANGE 0x0020

typedef struct tagKS_VBI_FRAME_INFO {
    ULONG ExtendedHeaderSize;
    ULONG dwFrameFlags;
    LONGLONG PictureNumber;
    LONGLONG DropCount;
    ULONG dwSamplingFrequency;
    KS_TVTUNER_CHANGE_INFO TvTunerChangeInfo;
    KS_VBIINFOHEADER VBIInfoHeader;
} KS_VBI_FRAME_INFO, *PKS_VBI_FRAME_INFO;

WDK_ASSERT_SIZE(KS_BITMAPINFOHEADER, 40);
WDK_ASSERT_SIZE(KS_VIDEOINFOHEADER, 88);
WDK_ASSERT_OFFSET(KS_VIDEOINFOHEADER, AvgTimePerFrame, 40);
WDK_ASSERT_OFFSET(KS_VIDEOINFOHEADER, bmiHeader, 48);
WDK_ASSERT_SIZE(KS_VIDEOINFOHEADER2, 112);
WDK_ASSERT_OFFSET(KS_VIDEOINFOHEADER2, bmiHeader, 72);
WDK_ASSERT_SIZE(KS_DATAFORMAT_VIDEOINFOHEADER, 152);
WDK_ASSERT_OFFSET(KS_DATAFORMAT_VIDEOINFOHEADER, VideoInfoHeader, 64);
WDK_ASSERT_SIZE(KS_VIDEO_STREAM_CONFIG_CAPS, 128);
WDK_ASSERT_SIZE(KS_DATARANGE_VIDEO, 296);
WDK_ASSERT_OFFSET(KS_DATARANGE_VIDEO, ConfigCaps, 80);
WDK_ASSERT_OFFSET(KS_DATARANGE_VIDEO, VideoInfoHeader, 208);
WDK_ASSERT_SIZE(KS_FRAME_INFO, 72);
WDK_ASSERT_OFFSET(KS_FRAME_INFO, PictureNumber, 8);
WDK_ASSERT_OFFSET(KS_FRAME_INFO, DropCount, 16);
WDK_ASSERT_OFFSET(KS_FRAME_INFO, DirectDrawRect, 40);
WDK_ASSERT_OFFSET(KS_FRAME_INFO, lSurfacePitch, 56);
WDK_ASSERT_OFFSET(KS_FRAME_INFO, FrameCompletionNumber, 64);

#endif
