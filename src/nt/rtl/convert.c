/* SPDX-License-Identifier: MIT */
/* Between the ANSI code page (1252), UTF-8 and UTF-16. The code page has one byte a character, so
 * sizes follow from counts. Destinations are terminated where that is documented: the counted
 * string functions are, the ...N functions are not. */
#include <string.h>

#include "rtl/rtl.h"

#define STRING_TAG 0x55737472u /* 'rtsU' */

ULONG NTAPI RtlxAnsiStringToUnicodeSize(PCANSI_STRING string)
{
    return ((ULONG)string->Length + 1) * sizeof(WCHAR);
}

ULONG NTAPI RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING string)
{
    return string->Length / sizeof(WCHAR) + 1;
}

/* Without an allocation the text and its terminator must fit: STATUS_BUFFER_OVERFLOW. */
NTSTATUS NTAPI RtlAnsiStringToUnicodeString(PUNICODE_STRING to, PANSI_STRING from,
                                            BOOLEAN allocate)
{
    ULONG bytes = RtlxAnsiStringToUnicodeSize(from);
    USHORT i;

    if (bytes > UNICODE_STRING_MAX_BYTES)
        return STATUS_INVALID_PARAMETER_2;
    if (allocate) {
        to->Buffer = ExAllocatePoolWithTag(PagedPool, bytes, STRING_TAG);
        if (to->Buffer == NULL)
            return STATUS_NO_MEMORY;
        to->MaximumLength = (USHORT)bytes;
    } else if (bytes > to->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (i = 0; i < from->Length; i++)
        to->Buffer[i] = rtl_wide_of_ansi((unsigned char)from->Buffer[i]);
    to->Buffer[i] = 0;
    to->Length = (USHORT)(bytes - sizeof(WCHAR));
    return STATUS_SUCCESS;
}

/* What does not fit is cut, and STATUS_BUFFER_OVERFLOW says so. */
NTSTATUS NTAPI RtlUnicodeStringToAnsiString(PANSI_STRING to, PCUNICODE_STRING from,
                                            BOOLEAN allocate)
{
    ULONG bytes = RtlxUnicodeStringToAnsiSize(from);
    NTSTATUS status = STATUS_SUCCESS;
    USHORT length = (USHORT)(bytes - 1);
    USHORT i;

    if (allocate) {
        to->Buffer = ExAllocatePoolWithTag(PagedPool, bytes, STRING_TAG);
        if (to->Buffer == NULL)
            return STATUS_NO_MEMORY;
        to->MaximumLength = (USHORT)bytes;
    } else if (to->MaximumLength == 0) {
        return STATUS_BUFFER_OVERFLOW;
    } else if (bytes > to->MaximumLength) {
        status = STATUS_BUFFER_OVERFLOW;
        length = (USHORT)(to->MaximumLength - 1);
    }
    for (i = 0; i < length; i++)
        to->Buffer[i] = (CHAR)rtl_ansi_of_wide(from->Buffer[i]);
    to->Buffer[length] = 0;
    to->Length = length;
    return status;
}

NTSTATUS NTAPI RtlMultiByteToUnicodeN(PWCH to, ULONG to_bytes, PULONG used, const CHAR *from,
                                      ULONG from_bytes)
{
    ULONG count = to_bytes / sizeof(WCHAR) < from_bytes ? to_bytes / sizeof(WCHAR) : from_bytes;
    ULONG i;

    for (i = 0; i < count; i++)
        to[i] = rtl_wide_of_ansi((unsigned char)from[i]);
    if (used != NULL)
        *used = count * sizeof(WCHAR);
    return count < from_bytes ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlMultiByteToUnicodeSize(PULONG used, const CHAR *from, ULONG from_bytes)
{
    (void)from;
    *used = from_bytes * sizeof(WCHAR);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeToMultiByteN(PCHAR to, ULONG to_bytes, PULONG used, PCWCH from,
                                      ULONG from_bytes)
{
    ULONG wanted = from_bytes / sizeof(WCHAR);
    ULONG count = to_bytes < wanted ? to_bytes : wanted;
    ULONG i;

    for (i = 0; i < count; i++)
        to[i] = (CHAR)rtl_ansi_of_wide(from[i]);
    if (used != NULL)
        *used = count;
    return count < wanted ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeToMultiByteSize(PULONG used, PCWCH from, ULONG from_bytes)
{
    (void)from;
    *used = from_bytes / sizeof(WCHAR);
    return STATUS_SUCCESS;
}

WCHAR NTAPI RtlAnsiCharToUnicodeChar(PUCHAR *source)
{
    return rtl_wide_of_ansi(*(*source)++);
}

/* ---- UTF-8 ----------------------------------------------------------------------------------- */

enum { REPLACEMENT = 0xFFFD };

static bool is_high_surrogate(ULONG unit)
{
    return unit >= 0xD800 && unit < 0xDC00;
}

static bool is_low_surrogate(ULONG unit)
{
    return unit >= 0xDC00 && unit < 0xE000;
}

static ULONG utf8_encode(ULONG code, UCHAR out[4])
{
    if (code < 0x80) {
        out[0] = (UCHAR)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (UCHAR)(0xC0 | code >> 6);
        out[1] = (UCHAR)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (UCHAR)(0xE0 | code >> 12);
        out[1] = (UCHAR)(0x80 | (code >> 6 & 0x3F));
        out[2] = (UCHAR)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (UCHAR)(0xF0 | code >> 18);
    out[1] = (UCHAR)(0x80 | (code >> 12 & 0x3F));
    out[2] = (UCHAR)(0x80 | (code >> 6 & 0x3F));
    out[3] = (UCHAR)(0x80 | (code & 0x3F));
    return 4;
}

/* Whole characters only; STATUS_SOME_NOT_MAPPED when U+FFFD had to stand in. A NULL destination
 * asks for the size. */
NTSTATUS NTAPI RtlUnicodeToUTF8N(PCHAR to, ULONG to_bytes, PULONG used, PCWCH from,
                                 ULONG from_bytes)
{
    ULONG count = from_bytes / sizeof(WCHAR);
    NTSTATUS status = STATUS_SUCCESS;
    ULONG done = 0;
    ULONG i;

    for (i = 0; i < count; i++) {
        UCHAR bytes[4];
        ULONG code = from[i];
        ULONG length;

        if (is_high_surrogate(code) && i + 1 < count && is_low_surrogate(from[i + 1])) {
            code = 0x10000 + ((code - 0xD800) << 10) + (from[++i] - 0xDC00u);
        } else if (is_high_surrogate(code) || is_low_surrogate(code)) {
            code = REPLACEMENT;
            status = STATUS_SOME_NOT_MAPPED;
        }
        length = utf8_encode(code, bytes);
        if (to != NULL && done + length > to_bytes) {
            status = STATUS_BUFFER_TOO_SMALL;
            break;
        }
        if (to != NULL)
            memcpy(to + done, bytes, length);
        done += length;
    }
    *used = done;
    return status;
}

/* Decodes one character and returns the bytes it took; code REPLACEMENT when they are no UTF-8. */
static ULONG utf8_decode(const UCHAR *from, ULONG room, ULONG *code)
{
    static const ULONG smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    ULONG length = from[0] < 0x80 ? 1 : from[0] < 0xC0 ? 0 : from[0] < 0xE0 ? 2 :
                   from[0] < 0xF0 ? 3 : from[0] < 0xF8 ? 4 : 0;
    ULONG value;
    ULONG i;

    *code = REPLACEMENT;
    if (length == 0 || length > room)
        return 1;
    value = length == 1 ? from[0] : from[0] & (0x7Fu >> length);
    for (i = 1; i < length; i++) {
        if ((from[i] & 0xC0) != 0x80)
            return i;
        value = value << 6 | (from[i] & 0x3F);
    }
    if (value >= smallest[length] && value < 0x110000 && !is_high_surrogate(value) &&
        !is_low_surrogate(value))
        *code = value;
    return length;
}

NTSTATUS NTAPI RtlUTF8ToUnicodeN(PWSTR to, ULONG to_bytes, PULONG used, PCCH from,
                                 ULONG from_bytes)
{
    NTSTATUS status = STATUS_SUCCESS;
    ULONG at = 0;
    ULONG done = 0;

    while (at < from_bytes) {
        ULONG code;
        ULONG units;
        const UCHAR *start = (const UCHAR *)from + at;

        at += utf8_decode(start, from_bytes - at, &code);
        if (code == REPLACEMENT && *start != 0xEF)
            status = STATUS_SOME_NOT_MAPPED;
        units = code >= 0x10000 ? 2 : 1;
        if (to != NULL && (done + units) * sizeof(WCHAR) > to_bytes) {
            status = STATUS_BUFFER_TOO_SMALL;
            break;
        }
        if (to != NULL && units == 2) {
            to[done] = (WCHAR)(0xD800 + ((code - 0x10000) >> 10));
            to[done + 1] = (WCHAR)(0xDC00 + ((code - 0x10000) & 0x3FF));
        } else if (to != NULL) {
            to[done] = (WCHAR)code;
        }
        done += units;
    }
    *used = done * sizeof(WCHAR);
    return status;
}
