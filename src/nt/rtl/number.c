/* SPDX-License-Identifier: MIT */
/* Numbers and GUIDs as text, byte order, single bits, the random numbers of RtlRandom. */
#include <string.h>

#include "base/base.h"
#include "rtl/rtl.h"

/* Base 0 means decimal. The terminator is written where it fits, the text must fit. */
static NTSTATUS integer_to_string(ULONGLONG value, ULONG base, PUNICODE_STRING string)
{
    char digits[64];
    USHORT count = 0;
    USHORT i;

    if (base == 0)
        base = 10;
    if (base != 2 && base != 8 && base != 10 && base != 16)
        return STATUS_INVALID_PARAMETER;
    do {
        digits[count++] = "0123456789ABCDEF"[value % base];
        value /= base;
    } while (value != 0);
    if (count * sizeof(WCHAR) > string->MaximumLength)
        return STATUS_BUFFER_OVERFLOW;
    for (i = 0; i < count; i++)
        string->Buffer[i] = (WCHAR)digits[count - 1 - i];
    string->Length = (USHORT)(count * sizeof(WCHAR));
    if (string->Length + sizeof(WCHAR) <= string->MaximumLength)
        string->Buffer[count] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlIntegerToUnicodeString(ULONG value, ULONG base, PUNICODE_STRING string)
{
    return integer_to_string(value, base, string);
}

NTSTATUS NTAPI RtlInt64ToUnicodeString(ULONGLONG value, ULONG base, PUNICODE_STRING string)
{
    return integer_to_string(value, base, string);
}

static unsigned digit_of(WCHAR character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10u;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10u;
    return 99;
}

/* Base 0 reads 0x, 0o and 0b as prefixes. Digits end at the first character that is none; no digit
 * at all is the number 0. The page names no overflow, and none is reported. */
static NTSTATUS parse_integer(const WCHAR *text, size_t count, ULONG base, PULONG value)
{
    ULONG result = 0;
    bool negative = false;
    size_t at = 0;

    while (at < count && text[at] <= ' ' && text[at] != 0)
        at++;
    if (at < count && (text[at] == '-' || text[at] == '+'))
        negative = text[at++] == '-';
    if (base == 0) {
        base = 10;
        if (at + 1 < count && text[at] == '0') {
            WCHAR mark = (WCHAR)(text[at + 1] | 0x20);

            base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
            at += base != 10 ? 2 : 0;
        }
    }
    if (base != 2 && base != 8 && base != 10 && base != 16)
        return STATUS_INVALID_PARAMETER;
    for (; at < count && digit_of(text[at]) < base; at++)
        result = result * base + digit_of(text[at]);
    *value = negative ? 0u - result : result;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUnicodeStringToInteger(PCUNICODE_STRING string, ULONG base, PULONG value)
{
    return parse_integer(string->Buffer, string->Length / sizeof(WCHAR), base, value);
}

NTSTATUS NTAPI RtlCharToInteger(PCSZ string, ULONG base, PULONG value)
{
    WCHAR text[64];
    size_t count = 0;

    while (count < ARRAY_LEN(text) && string[count] != 0) {
        text[count] = (unsigned char)string[count];
        count++;
    }
    return parse_integer(text, count, base, value);
}

/* ---- GUIDs ----------------------------------------------------------------------------------- */

/* Which byte of the structure each pair of digits shows; -1 marks a hyphen. */
static const signed char guid_order[] = {3, 2, 1, 0, -1, 5, 4, -1, 7, 6, -1, 8, 9, -1,
                                         10, 11, 12, 13, 14, 15};

void rtl_guid_spell(const GUID *guid, char out[RTL_GUID_CHARS + 1])
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned char bytes[sizeof *guid];
    char *at = out;
    size_t i;

    memcpy(bytes, guid, sizeof bytes);
    *at++ = '{';
    for (i = 0; i < ARRAY_LEN(guid_order); i++) {
        if (guid_order[i] < 0) {
            *at++ = '-';
            continue;
        }
        *at++ = digits[bytes[guid_order[i]] >> 4];
        *at++ = digits[bytes[guid_order[i]] & 15];
    }
    *at++ = '}';
    *at = 0;
}

NTSTATUS NTAPI RtlStringFromGUID(const GUID *guid, PUNICODE_STRING string)
{
    char text[RTL_GUID_CHARS + 1];
    WCHAR wide[RTL_GUID_CHARS];
    size_t i;

    rtl_guid_spell(guid, text);
    for (i = 0; i < RTL_GUID_CHARS; i++)
        wide[i] = (unsigned char)text[i];
    return rtl_string_create(wide, RTL_GUID_CHARS, 0x64697547u /* 'Guid' */, string);
}

NTSTATUS NTAPI RtlGUIDFromString(PUNICODE_STRING string, GUID *guid)
{
    const WCHAR *at = string->Buffer;
    unsigned char bytes[sizeof *guid];
    size_t i;

    if (string->Length < RTL_GUID_CHARS * sizeof(WCHAR) || *at++ != '{')
        return STATUS_INVALID_PARAMETER;
    for (i = 0; i < ARRAY_LEN(guid_order); i++) {
        if (guid_order[i] < 0) {
            if (*at++ != '-')
                return STATUS_INVALID_PARAMETER;
            continue;
        }
        if (digit_of(at[0]) > 15 || digit_of(at[1]) > 15)
            return STATUS_INVALID_PARAMETER;
        bytes[guid_order[i]] = (unsigned char)(digit_of(at[0]) << 4 | digit_of(at[1]));
        at += 2;
    }
    if (*at != '}')
        return STATUS_INVALID_PARAMETER;
    memcpy(guid, bytes, sizeof bytes);
    return STATUS_SUCCESS;
}

/* ---- Bits and bytes -------------------------------------------------------------------------- */

USHORT NTAPI RtlUshortByteSwap(USHORT value)
{
    return __builtin_bswap16(value);
}

ULONG NTAPI RtlUlongByteSwap(ULONG value)
{
    return __builtin_bswap32(value);
}

ULONGLONG NTAPI RtlUlonglongByteSwap(ULONGLONG value)
{
    return __builtin_bswap64(value);
}

CCHAR NTAPI RtlFindLeastSignificantBit(ULONGLONG set)
{
    return set != 0 ? (CCHAR)bits_lowest(set) : -1;
}

CCHAR NTAPI RtlFindMostSignificantBit(ULONGLONG set)
{
    return set != 0 ? (CCHAR)bits_highest(set) : -1;
}

/* UNDOC: the generator is not documented, its range is: 0 to MAXLONG - 1. Lehmer's with the modulus
 * 2^31 - 1; the seed is the whole state. */
ULONG NTAPI RtlRandom(PULONG seed)
{
    ULONGLONG next = ((ULONGLONG)*seed * 0x7FFFFFEDu + 0x7FFFFFC3u) % 0x7FFFFFFFu;

    *seed = (ULONG)next;
    return (ULONG)next;
}

ULONG NTAPI RtlRandomEx(PULONG seed)
{
    return RtlRandom(seed);
}
