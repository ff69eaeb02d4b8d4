/* SPDX-License-Identifier: MIT */
/* The wire from DAC to ADC. It remembers the last CABLE_BYTES by the device's frame number, so the
 * two streams need not start together, and one may stand still while the other runs. */
#include "tone.h"

static ULONG Capacity(const WAVE *Wave)
{
    return CABLE_BYTES / Wave->FrameBytes;
}

/* Where a frame lies, and how many follow it without a break. */
static ULONG Span(const WAVE *Wave, ULONGLONG Frame, ULONG Frames, PULONG Offset)
{
    ULONG At = (ULONG)(Frame % Capacity(Wave));

    *Offset = At * Wave->FrameBytes;
    return min(Frames, Capacity(Wave) - At);
}

VOID CableWrite(PTONE_CABLE Cable, const WAVE *Wave, const AUDIO_LEVEL *Level, ULONGLONG First,
                const UCHAR *From, ULONG Frames)
{
    ULONG Offset, Now;

    if (First != Cable->To)
        Cable->From = First; /* there was a gap, and what lies before it has been heard */
    Cable->To = First + Frames;
    if (Cable->To - Cable->From > Capacity(Wave))
        Cable->From = Cable->To - Capacity(Wave);
    for (; Frames != 0; Frames -= Now, First += Now, From += Now * Wave->FrameBytes) {
        Now = Span(Wave, First, Frames, &Offset);
        LevelApply(Level, Wave, Cable->Data + Offset, From, Now);
    }
}

static ULONG ReadPart(const TONE_CABLE *Cable, const WAVE *Wave, ULONGLONG First, PUCHAR To,
                      ULONG Frames)
{
    ULONG Offset;

    if (First >= Cable->To || First + Frames <= Cable->From) {
        RtlZeroMemory(To, Frames * Wave->FrameBytes);
        return Frames;
    }
    if (First < Cable->From) {
        Frames = (ULONG)(Cable->From - First);
        RtlZeroMemory(To, Frames * Wave->FrameBytes);
        return Frames;
    }
    Frames = Span(Wave, First, (ULONG)min(Frames, Cable->To - First), &Offset);
    RtlCopyMemory(To, Cable->Data + Offset, Frames * Wave->FrameBytes);
    return Frames;
}

VOID CableRead(const TONE_CABLE *Cable, const WAVE *Wave, ULONGLONG First, PUCHAR To, ULONG Frames)
{
    ULONG Now;

    for (; Frames != 0; Frames -= Now, First += Now, To += Now * Wave->FrameBytes)
        Now = ReadPart(Cable, Wave, First, To, Frames);
}
