/* SPDX-License-Identifier: MIT */
#include "rtl/chars.h"

#include <stdbool.h>

#include "base/base.h"

/* Bytes 0x80 to 0x9F of code page 1252; the undefined ones map to themselves. */
static const WCHAR cp1252_high[32] = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
};

static bool within(WCHAR character, WCHAR first, WCHAR last)
{
    return character >= first && character <= last;
}

/* Latin Extended-A alternates capital and small; in most of it the capital is even. */
static bool is_extended_pair_even(WCHAR c)
{
    return within(c, 0x0100, 0x0137) || within(c, 0x014A, 0x0177);
}

static bool is_extended_pair_odd(WCHAR c)
{
    return within(c, 0x0139, 0x0148) || within(c, 0x0179, 0x017E);
}

WCHAR rtl_upcase(WCHAR c)
{
    if (within(c, 'a', 'z'))
        return (WCHAR)(c - 32);
    if (c < 0xE0)
        return c;
    if (within(c, 0xE0, 0xFE) && c != 0xF7)
        return (WCHAR)(c - 32);
    if (c == 0xFF)
        return 0x178;
    if (is_extended_pair_even(c) && c != 0x131)
        return (WCHAR)(c & ~1);
    if (is_extended_pair_odd(c))
        return (WCHAR)(c - !(c & 1));
    if (within(c, 0x3B1, 0x3CB) && c != 0x3C2)
        return (WCHAR)(c - 32);
    if (within(c, 0x430, 0x44F))
        return (WCHAR)(c - 32);
    if (within(c, 0x450, 0x45F))
        return (WCHAR)(c - 80);
    return c;
}

WCHAR rtl_downcase(WCHAR c)
{
    if (within(c, 'A', 'Z'))
        return (WCHAR)(c + 32);
    if (c < 0xC0)
        return c;
    if (within(c, 0xC0, 0xDE) && c != 0xD7)
        return (WCHAR)(c + 32);
    if (c == 0x178)
        return 0xFF;
    if (is_extended_pair_even(c) && c != 0x130)
        return (WCHAR)(c | 1);
    if (is_extended_pair_odd(c))
        return (WCHAR)(c + (c & 1));
    if (within(c, 0x391, 0x3AB) && c != 0x3A2)
        return (WCHAR)(c + 32);
    if (within(c, 0x410, 0x42F))
        return (WCHAR)(c + 32);
    if (within(c, 0x400, 0x40F))
        return (WCHAR)(c + 80);
    return c;
}

WCHAR rtl_wide_of_ansi(unsigned char character)
{
    return within(character, 0x80, 0x9F) ? cp1252_high[character - 0x80] : character;
}

unsigned char rtl_ansi_of_wide(WCHAR character)
{
    unsigned i;

    if (character < 0x80 || within(character, 0xA0, 0xFF))
        return (unsigned char)character;
    for (i = 0; i < ARRAY_LEN(cp1252_high); i++) {
        if (cp1252_high[i] == character)
            return (unsigned char)(0x80 + i);
    }
    return '?';
}
