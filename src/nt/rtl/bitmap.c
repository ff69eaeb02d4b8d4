/* SPDX-License-Identifier: MIT */
/* Bitmaps over the caller's buffer of ULONGs. Not locked, not bounds-checked by Windows either:
 * what lies beyond SizeOfBitMap is the caller's error, and we leave such bits alone.
 * Searches start at the hint and go round once. */
#include <string.h>

#include "rtl/rtl.h"

enum { NONE = 0xFFFFFFFFu };

static bool bit_at(PRTL_BITMAP map, ULONG bit)
{
    return map->Buffer[bit / 32] >> (bit % 32) & 1;
}

static void set_run(PRTL_BITMAP map, ULONG first, ULONG count, bool value)
{
    ULONG bit;

    for (bit = first; count-- > 0 && bit < map->SizeOfBitMap; bit++) {
        if (value)
            map->Buffer[bit / 32] |= 1u << (bit % 32);
        else
            map->Buffer[bit / 32] &= ~(1u << (bit % 32));
    }
}

/* Bits from first on that have the value, at most limit. */
static ULONG run_length(PRTL_BITMAP map, ULONG first, ULONG limit, bool value)
{
    ULONG count = 0;

    while (count < limit && first + count < map->SizeOfBitMap &&
           bit_at(map, first + count) == value)
        count++;
    return count;
}

static ULONG find_between(PRTL_BITMAP map, ULONG from, ULONG to, ULONG wanted, bool value)
{
    ULONG bit = from;

    while (bit < to) {
        ULONG run = run_length(map, bit, wanted, value);

        if (run == wanted)
            return bit;
        bit += run + 1;
    }
    return NONE;
}

static ULONG find(PRTL_BITMAP map, ULONG wanted, ULONG hint, bool value)
{
    ULONG found;

    if (hint >= map->SizeOfBitMap)
        hint = 0;
    if (wanted == 0)
        return hint & ~7u;
    found = find_between(map, hint, map->SizeOfBitMap, wanted, value);
    if (found == NONE && hint != 0)
        found = find_between(map, 0, hint, wanted, value);
    return found;
}

static ULONG count_of(PRTL_BITMAP map, bool value)
{
    ULONG count = 0;
    ULONG bit;

    for (bit = 0; bit < map->SizeOfBitMap; bit++)
        count += bit_at(map, bit) == value;
    return count;
}

void NTAPI RtlInitializeBitMap(PRTL_BITMAP map, PULONG buffer, ULONG size)
{
    map->SizeOfBitMap = size;
    map->Buffer = buffer;
}

void NTAPI RtlClearAllBits(PRTL_BITMAP map)
{
    memset(map->Buffer, 0, (map->SizeOfBitMap + 31) / 32 * sizeof(ULONG));
}

void NTAPI RtlSetAllBits(PRTL_BITMAP map)
{
    memset(map->Buffer, 0xFF, (map->SizeOfBitMap + 31) / 32 * sizeof(ULONG));
}

void NTAPI RtlClearBit(PRTL_BITMAP map, ULONG bit)
{
    set_run(map, bit, 1, false);
}

void NTAPI RtlSetBit(PRTL_BITMAP map, ULONG bit)
{
    set_run(map, bit, 1, true);
}

BOOLEAN NTAPI RtlTestBit(PRTL_BITMAP map, ULONG bit)
{
    return bit < map->SizeOfBitMap && bit_at(map, bit);
}

void NTAPI RtlClearBits(PRTL_BITMAP map, ULONG first, ULONG count)
{
    set_run(map, first, count, false);
}

void NTAPI RtlSetBits(PRTL_BITMAP map, ULONG first, ULONG count)
{
    set_run(map, first, count, true);
}

BOOLEAN NTAPI RtlAreBitsClear(PRTL_BITMAP map, ULONG first, ULONG count)
{
    return count != 0 && run_length(map, first, count, false) == count;
}

BOOLEAN NTAPI RtlAreBitsSet(PRTL_BITMAP map, ULONG first, ULONG count)
{
    return count != 0 && run_length(map, first, count, true) == count;
}

ULONG NTAPI RtlFindClearBits(PRTL_BITMAP map, ULONG wanted, ULONG hint)
{
    return find(map, wanted, hint, false);
}

ULONG NTAPI RtlFindSetBits(PRTL_BITMAP map, ULONG wanted, ULONG hint)
{
    return find(map, wanted, hint, true);
}

ULONG NTAPI RtlFindClearBitsAndSet(PRTL_BITMAP map, ULONG wanted, ULONG hint)
{
    ULONG found = find(map, wanted, hint, false);

    if (found != NONE)
        set_run(map, found, wanted, true);
    return found;
}

ULONG NTAPI RtlFindSetBitsAndClear(PRTL_BITMAP map, ULONG wanted, ULONG hint)
{
    ULONG found = find(map, wanted, hint, true);

    if (found != NONE)
        set_run(map, found, wanted, false);
    return found;
}

ULONG NTAPI RtlNumberOfClearBits(PRTL_BITMAP map)
{
    return count_of(map, false);
}

ULONG NTAPI RtlNumberOfSetBits(PRTL_BITMAP map)
{
    return count_of(map, true);
}

/* The run's first bit goes to *first, which is the bitmap's size when there is no run. */
ULONG NTAPI RtlFindNextForwardRunClear(PRTL_BITMAP map, ULONG from, PULONG first)
{
    ULONG bit = from + run_length(map, from, NONE, true);

    if (from >= map->SizeOfBitMap)
        bit = map->SizeOfBitMap;
    *first = bit;
    return run_length(map, bit, NONE, false);
}

ULONG NTAPI RtlFindFirstRunClear(PRTL_BITMAP map, PULONG first)
{
    return RtlFindNextForwardRunClear(map, 0, first);
}

ULONG NTAPI RtlFindLongestRunClear(PRTL_BITMAP map, PULONG first)
{
    RTL_BITMAP_RUN run;

    if (RtlFindClearRuns(map, &run, 1, TRUE) == 0)
        return 0;
    *first = run.StartingIndex;
    return run.NumberOfBits;
}

/* Keeps the array sorted, longest run first; equal ones in the order of their bits. */
static ULONG insert_longest(PRTL_BITMAP_RUN runs, ULONG used, ULONG room, RTL_BITMAP_RUN run)
{
    ULONG at = used;

    while (at > 0 && runs[at - 1].NumberOfBits < run.NumberOfBits)
        at--;
    if (at == room)
        return used;
    if (used < room)
        used++;
    memmove(&runs[at + 1], &runs[at], (used - 1 - at) * sizeof *runs);
    runs[at] = run;
    return used;
}

ULONG NTAPI RtlFindClearRuns(PRTL_BITMAP map, PRTL_BITMAP_RUN runs, ULONG room, BOOLEAN longest)
{
    ULONG used = 0;
    RTL_BITMAP_RUN run = {0, 0};

    while (longest || used < room) {
        run.NumberOfBits = RtlFindNextForwardRunClear(map, run.StartingIndex + run.NumberOfBits,
                                                      &run.StartingIndex);
        if (run.NumberOfBits == 0)
            break;
        if (longest)
            used = insert_longest(runs, used, room, run);
        else
            runs[used++] = run;
    }
    return used;
}
