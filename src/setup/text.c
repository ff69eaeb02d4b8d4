/* SPDX-License-Identifier: MIT */
/* Encodings of text files on Windows. Notepad and Visual Studio write UTF-16 with a byte order
 * mark; old files are in the system's code page, which for the ASCII that they mostly hold makes no
 * difference, and is taken to be 1252. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "setup/internal.h"

int setup_refuse(struct setup_error *error, unsigned line, const char *format, ...)
{
    va_list arguments;

    error->line = line;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

static void put_utf8(struct text *text, uint32_t code)
{
    if (code < 0x80) {
        text_char(text, (char)code);
    } else if (code < 0x800) {
        text_char(text, (char)(0xC0 | code >> 6));
        text_char(text, (char)(0x80 | (code & 0x3F)));
    } else if (code < 0x10000) {
        text_char(text, (char)(0xE0 | code >> 12));
        text_char(text, (char)(0x80 | (code >> 6 & 0x3F)));
        text_char(text, (char)(0x80 | (code & 0x3F)));
    } else {
        text_char(text, (char)(0xF0 | code >> 18));
        text_char(text, (char)(0x80 | (code >> 12 & 0x3F)));
        text_char(text, (char)(0x80 | (code >> 6 & 0x3F)));
        text_char(text, (char)(0x80 | (code & 0x3F)));
    }
}

static void decode_utf16(struct text *text, const uint8_t *bytes, size_t size_bytes, bool big)
{
    for (size_t i = 0; i + 1 < size_bytes; i += 2) {
        uint32_t unit = bytes[i + big] | (uint32_t)bytes[i + !big] << 8;

        if (unit >= 0xD800 && unit < 0xDC00 && i + 3 < size_bytes) {
            uint32_t low = bytes[i + 2 + big] | (uint32_t)bytes[i + 2 + !big] << 8;

            if (low >= 0xDC00 && low < 0xE000) {
                unit = 0x10000 + ((unit & 0x3FF) << 10 | (low & 0x3FF));
                i += 2;
            }
        }
        if (unit != 0)
            put_utf8(text, unit);
    }
}

/* The code point at *at, which moves behind it; -1 for what is no UTF-8. */
static int32_t next_utf8(const uint8_t *bytes, size_t size_bytes, size_t *at)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    uint8_t first = bytes[*at];
    unsigned more = first < 0x80 ? 0 : first >> 5 == 6 ? 1 : first >> 4 == 14 ? 2 : 3;
    uint32_t code = more == 0 ? first : first & (0x3Fu >> more);

    if ((first >= 0x80 && first < 0xC0) || first > 0xF4 || *at + more >= size_bytes)
        return -1;
    for (unsigned i = 1; i <= more; i++) {
        if ((bytes[*at + i] & 0xC0) != 0x80)
            return -1;
        code = code << 6 | (bytes[*at + i] & 0x3Fu);
    }
    if (code < least[more] || code > 0x10FFFF)
        return -1;
    *at += more + 1;
    return (int32_t)code;
}

static bool is_utf8(const uint8_t *bytes, size_t size_bytes)
{
    size_t at = 0;

    while (at < size_bytes) {
        if (next_utf8(bytes, size_bytes, &at) < 0)
            return false;
    }
    return true;
}

/* 0x80 to 0x9F of code page 1252; its five holes stay what they are. */
static void decode_1252(struct text *text, const uint8_t *bytes, size_t size_bytes)
{
    static const uint16_t special[32] = {
        0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

    for (size_t i = 0; i < size_bytes; i++) {
        if (bytes[i] != 0)
            put_utf8(text, bytes[i] >= 0x80 && bytes[i] < 0xA0 ? special[bytes[i] - 0x80]
                                                               : bytes[i]);
    }
}

char *setup_text_decode(const void *raw, size_t size_bytes)
{
    const uint8_t *bytes = raw;
    struct text text;

    text_init(&text);
    if (size_bytes >= 2 && ((bytes[0] == 0xFF && bytes[1] == 0xFE) ||
                            (bytes[0] == 0xFE && bytes[1] == 0xFF))) {
        decode_utf16(&text, bytes + 2, size_bytes - 2, bytes[0] == 0xFE);
    } else {
        bool marked = size_bytes >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0;

        if (marked) {
            bytes += 3;
            size_bytes -= 3;
        }
        if (is_utf8(bytes, size_bytes) && memchr(bytes, 0, size_bytes) == NULL)
            text_bytes(&text, bytes, size_bytes);
        else
            decode_1252(&text, bytes, size_bytes);
    }
    return text_take(&text);
}

uint16_t *setup_text_wide(const char *text, size_t *count)
{
    const uint8_t *bytes = (const uint8_t *)text;
    size_t size_bytes = strlen(text), at = 0, used = 0;
    uint16_t *wide = malloc((size_bytes + 1) * sizeof *wide);

    if (wide == NULL)
        return NULL;
    while (at < size_bytes) {
        int32_t code = next_utf8(bytes, size_bytes, &at);

        if (code < 0) {
            wide[used++] = 0xFFFD;
            at++;
        } else if (code < 0x10000) {
            wide[used++] = (uint16_t)code;
        } else {
            wide[used++] = (uint16_t)(0xD800 + ((code - 0x10000) >> 10));
            wide[used++] = (uint16_t)(0xDC00 + ((code - 0x10000) & 0x3FF));
        }
    }
    wide[used] = 0;
    if (count != NULL)
        *count = used;
    return wide;
}
