/* SPDX-License-Identifier: MIT */
/* A driver looks at its own headers, mapped at its base. Nothing is believed: offsets that leave
 * the headers' page yield NULL. "PE Format". */
#include <stddef.h>
#include <string.h>

#include "rtl/rtl.h"

enum {
    NEW_HEADER_OFFSET = 0x3C,
    HEADER_ROOM = 0x1000,
    OPTIONAL_MAGIC_PE32PLUS = 0x20B,
    OPTIONAL_AT = 24,
    DIRECTORY_COUNT_AT = OPTIONAL_AT + 108,
    DIRECTORIES_AT = OPTIONAL_AT + 112,
    SECTION_BYTES = 40,
};

static ULONG read_ulong(const UCHAR *at)
{
    ULONG value;

    memcpy(&value, at, sizeof value);
    return value;
}

static USHORT read_ushort(const UCHAR *at)
{
    USHORT value;

    memcpy(&value, at, sizeof value);
    return value;
}

PIMAGE_NT_HEADERS64 NTAPI RtlImageNtHeader(PVOID base)
{
    const UCHAR *image = base;
    ULONG offset;

    if (base == NULL || base == (PVOID)-1 || read_ushort(image) != 0x5A4D)
        return NULL;
    offset = read_ulong(image + NEW_HEADER_OFFSET);
    if (offset > HEADER_ROOM - DIRECTORIES_AT || read_ulong(image + offset) != 0x00004550)
        return NULL;
    return (PIMAGE_NT_HEADERS64)(ULONG_PTR)(image + offset);
}

/* Files that are not mapped as images hold a section's bytes where its raw data lies. */
static ULONG file_offset(const UCHAR *headers, ULONG rva)
{
    const UCHAR *section = headers + OPTIONAL_AT + read_ushort(headers + 20);
    USHORT count = read_ushort(headers + 6);

    for (; count-- > 0; section += SECTION_BYTES) {
        ULONG start = read_ulong(section + 12);

        if (rva >= start && rva - start < read_ulong(section + 16))
            return rva - start + read_ulong(section + 20);
    }
    return 0;
}

PVOID NTAPI RtlImageDirectoryEntryToData(PVOID base, BOOLEAN mapped, USHORT entry, PULONG size)
{
    ULONG_PTR plain_base = (ULONG_PTR)base & ~(ULONG_PTR)3; /* low bits mark data files */
    const UCHAR *headers = (const UCHAR *)RtlImageNtHeader((PVOID)plain_base);
    const UCHAR *directory;
    ULONG rva;

    if (headers == NULL || read_ushort(headers + OPTIONAL_AT) != OPTIONAL_MAGIC_PE32PLUS)
        return NULL;
    if (entry >= read_ulong(headers + DIRECTORY_COUNT_AT))
        return NULL;
    directory = headers + DIRECTORIES_AT + (ULONG_PTR)entry * 8;
    rva = read_ulong(directory);
    if (rva == 0)
        return NULL;
    *size = read_ulong(directory + 4);
    if (!mapped || ((ULONG_PTR)base & 1))
        rva = file_offset(headers, rva);
    return rva != 0 ? (PVOID)(plain_base + rva) : NULL;
}

/* The image that holds the address, also in *base; NULL when none does. */
PVOID NTAPI RtlPcToFileHeader(PVOID address, PVOID *base)
{
    const struct ke_module *module = ke_module_of(ke_current(), KE_ARG(address));

    *base = module != NULL ? (PVOID)module->base_va : NULL;
    return *base;
}

/* A hint to the processor's caches, and nothing else. */
void NTAPI RtlPrefetchMemoryNonTemporal(PVOID source, SIZE_T length)
{
    SIZE_T at;

    for (at = 0; at < length; at += 64)
        __builtin_prefetch((char *)source + at, 0, 0);
}
