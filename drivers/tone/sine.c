/* SPDX-License-Identifier: MIT */
/* A sine of half the full scale, without floating point: 64 steps a quarter, straight lines between
 * them. A phase of 2^32 is once around. */
#include "tone.h"

enum { STEPS = 64, FRACTION_BITS = 24 };

/* round((2^31 - 1) * sin(i * pi / 128)) */
static const LONG Quarter[STEPS + 1] = {
    0, 52701887, 105372028, 157978697, 210490206, 262874923, 315101294, 367137860,
    418953276, 470516330, 521795963, 572761285, 623381597, 673626408, 723465451, 772868706,
    821806413, 870249095, 918167571, 965532978, 1012316784, 1058490807, 1104027236, 1148898640,
    1193077990, 1236538675, 1279254515, 1321199780, 1362349204, 1402677999, 1442161874, 1480777044,
    1518500249, 1555308767, 1591180425, 1626093615, 1660027308, 1692961061, 1724875039, 1755750016,
    1785567395, 1814309215, 1841958164, 1868497585, 1893911493, 1918184580, 1941302224, 1963250500,
    1984016188, 2003586778, 2021950483, 2039096240, 2055013722, 2069693341, 2083126253, 2095304369,
    2106220351, 2115867625, 2124240379, 2131333571, 2137142926, 2141664947, 2144896909, 2146836865,
    2147483647,
};

static LONG SineAt(ULONG Phase)
{
    ULONG Part = Phase & 0x3fffffff, Step;
    LONGLONG Value;

    if (Phase & 0x40000000)
        Part = 0x40000000 - Part; /* the second and the fourth quarter run backwards */
    Step = Part >> FRACTION_BITS;
    Value = Quarter[Step];
    if (Step < STEPS)
        Value += (LONGLONG)(Quarter[Step + 1] - Quarter[Step]) *
                     (Part & ((1u << FRACTION_BITS) - 1)) >>
                 FRACTION_BITS;
    return (LONG)(Phase & 0x80000000 ? -Value : Value);
}

static ULONG StepOf(ULONG Frequency, ULONG Rate)
{
    return (ULONG)(((ULONGLONG)Frequency << 32) / Rate);
}

VOID SineDraw(const WAVE *Wave, ULONG Frequency, ULONGLONG First, PUCHAR To, ULONG Frames)
{
    ULONG i, Channel;

    for (i = 0; i < Frames; i++)
        for (Channel = 0; Channel < Wave->Channels; Channel++, To += Wave->SampleBytes) {
            ULONG Step = StepOf(Frequency << Channel, Wave->Rate);

            WaveStore(To, Wave->SampleBytes, SineAt((ULONG)(First + i) * Step) / 2);
        }
}
