/* SPDX-License-Identifier: MIT */
/* People hand over the wrong file more often than a broken one: an archive, the .inf, the object
 * file. Saying which it is saves them the search. */
#include <string.h>

#include "pe/internal.h"

enum { SNIFF_BYTES = 64, LFANEW_OFFSET = 0x3C };

static const struct {
    const char *magic;
    size_t      length;
    const char *what;
} signatures[] = {
    { "\x7F" "ELF", 4, "an ELF file, for Linux or another Unix" },
    { "#!", 2, "a script" },
    { "MSCF", 4, "a cabinet archive; the driver is inside" },
    { "PK\x03\x04", 4, "a ZIP archive; the driver is inside" },
    { "SZDD", 4, "a file compressed by COMPRESS.EXE; expand it first" },
    { "\x1F\x8B", 2, "gzip data" },
    { "7z\xBC\xAF", 4, "a 7-Zip archive" },
    { "!<arch>\n", 8, "a static library" },
    { "\x64\x86", 2, "an x64 object file that has not been linked" },
    { "Microsoft C/C++ MSF", 19, "a PDB symbol file" },
    { "\xCF\xFA\xED\xFE", 4, "a Mach-O file, for macOS" },
    { "\xFF\xFE", 2, "UTF-16 text, perhaps the .inf" },
    { "\xEF\xBB\xBF", 3, "text, perhaps the .inf" },
    { "%PDF", 4, "a PDF document" },
};

static bool all_zero(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

static bool all_text(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_blank = bytes[i] == '\n' || bytes[i] == '\r' || bytes[i] == '\t';

        if (!is_blank && (bytes[i] < 0x20 || bytes[i] > 0x7E))
            return false;
    }
    return true;
}

static const char *sniff_mz(const uint8_t *bytes, size_t size_bytes)
{
    uint32_t header = size_bytes >= SNIFF_BYTES ? pe_u32(bytes + LFANEW_OFFSET) : 0;

    if (header != 0 && header < size_bytes && size_bytes - header >= 2) {
        if (memcmp(bytes + header, "NE", 2) == 0)
            return "a 16-bit Windows program";
        if (memcmp(bytes + header, "LE", 2) == 0 || memcmp(bytes + header, "LX", 2) == 0)
            return "a VxD or OS/2 module";
    }
    return "a DOS program";
}

const char *pe_sniff(const uint8_t *bytes, size_t size_bytes)
{
    size_t count = size_bytes < SNIFF_BYTES ? size_bytes : SNIFF_BYTES;

    if (count >= 2 && memcmp(bytes, "MZ", 2) == 0)
        return sniff_mz(bytes, size_bytes);
    for (size_t i = 0; i < ARRAY_LEN(signatures); i++) {
        size_t length = signatures[i].length;

        if (count >= length && memcmp(bytes, signatures[i].magic, length) == 0)
            return signatures[i].what;
    }
    if (all_zero(bytes, count))
        return "nothing but zeros at its start";
    if (all_text(bytes, count))
        return "text";
    return "a file of unknown kind";
}
