/* SPDX-License-Identifier: MIT */
/* Eight bars of full colour: white, yellow, cyan, green, magenta, red, blue, black. All lines of a
 * picture are alike, so the first one of each plane is drawn and copied. */
#include "bars.h"

#include "../../models/grabber32/regs.h"

enum { BAR_COUNT = 8, PIXELS_A_PICTURE = 4 /* that they wander */ };

typedef struct _COLOUR {
    UCHAR R, G, B, Y, U, V;
} COLOUR;

static const COLOUR Colours[BAR_COUNT] = {
    {255, 255, 255, 235, 128, 128}, {255, 255, 0, 210, 16, 146}, {0, 255, 255, 170, 166, 16},
    {0, 255, 0, 145, 54, 34},       {255, 0, 255, 106, 202, 222}, {255, 0, 0, 81, 90, 240},
    {0, 0, 255, 41, 240, 110},      {0, 0, 0, 16, 128, 128},
};

static const COLOUR *ColourAt(const VIDEO_FORMAT *Format, ULONG Number, ULONG X)
{
    ULONG Shift = (ULONG)((ULONGLONG)Number * PIXELS_A_PICTURE % Format->Width);

    return &Colours[(X + Shift) % Format->Width * BAR_COUNT / Format->Width];
}

/* Pairs of pixels share their U and V. */
static VOID DrawPacked(const VIDEO_FORMAT *Format, ULONG Number, PUCHAR Line)
{
    ULONG Luma = Format->Code == G32_FORMAT_YUY2 ? 0 : 1;
    ULONG X;

    for (X = 0; X < Format->Width; X += 2, Line += 4) {
        const COLOUR *Colour = ColourAt(Format, Number, X);

        Line[Luma] = Colour->Y;
        Line[Luma + 2] = Colour->Y;
        Line[1 - Luma] = Colour->U;
        Line[3 - Luma] = Colour->V;
    }
}

static VOID DrawRgb(const VIDEO_FORMAT *Format, ULONG Number, PUCHAR Line)
{
    ULONG PixelBytes = Format->Code == G32_FORMAT_RGB24 ? 3 : 4;
    ULONG X;

    for (X = 0; X < Format->Width; X++, Line += PixelBytes) {
        const COLOUR *Colour = ColourAt(Format, Number, X);

        Line[0] = Colour->B;
        Line[1] = Colour->G;
        Line[2] = Colour->R;
        if (PixelBytes == 4)
            Line[3] = 0;
    }
}

static VOID DrawLuma(const VIDEO_FORMAT *Format, ULONG Number, PUCHAR Line)
{
    ULONG X;

    for (X = 0; X < Format->Width; X++)
        Line[X] = ColourAt(Format, Number, X & ~1u)->Y;
}

static VOID DrawChroma(const VIDEO_FORMAT *Format, ULONG Number, PUCHAR Line)
{
    ULONG X;

    for (X = 0; X < Format->Width; X += 2) {
        Line[X] = ColourAt(Format, Number, X)->U;
        Line[X + 1] = ColourAt(Format, Number, X)->V;
    }
}

static VOID RepeatLine(PUCHAR First, ULONG Stride, ULONG Lines)
{
    ULONG i;

    for (i = 1; i < Lines; i++)
        RtlCopyMemory(First + (SIZE_T)i * Stride, First, Stride);
}

static VOID DrawNv12(const VIDEO_FORMAT *Format, ULONG Number, PUCHAR Picture)
{
    PUCHAR Chroma = Picture + (SIZE_T)Format->Width * Format->Height;

    DrawLuma(Format, Number, Picture);
    RepeatLine(Picture, Format->Width, Format->Height);
    DrawChroma(Format, Number, Chroma);
    RepeatLine(Chroma, Format->Width, Format->Height / 2);
}

VOID BarsDraw(const VIDEO_FORMAT *Format, ULONG Number, PUCHAR Picture)
{
    switch (Format->Code) {
    case G32_FORMAT_NV12:
        DrawNv12(Format, Number, Picture);
        return;
    case G32_FORMAT_YUY2:
    case G32_FORMAT_UYVY:
        DrawPacked(Format, Number, Picture);
        break;
    default:
        DrawRgb(Format, Number, Picture);
        break;
    }
    RepeatLine(Picture, Format->FrameBytes / Format->Height, Format->Height);
}
