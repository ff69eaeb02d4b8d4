/* SPDX-License-Identifier: MIT */
/* Counted strings. Lengths are in bytes and exclude a terminator; MaximumLength is the buffer.
 * Functions that fill a caller's buffer add a terminator where it fits, as the pages of each say.
 * Functions that allocate take paged pool under the tag 'rtsU', and the matching RtlFree... frees.
 * Not here: conversions between code pages (convert.c). */
#include <string.h>

#include "rtl/rtl.h"

#define STRING_TAG 0x55737472u /* 'rtsU' */

int rtl_compare(const WCHAR *a, size_t a_count, const WCHAR *b, size_t b_count, bool ignore_case)
{
    size_t count = a_count < b_count ? a_count : b_count;
    size_t i;

    for (i = 0; i < count; i++) {
        int left = ignore_case ? rtl_upcase(a[i]) : a[i];
        int right = ignore_case ? rtl_upcase(b[i]) : b[i];

        if (left != right)
            return left - right;
    }
    return a_count < b_count ? -1 : a_count > b_count;
}

/* ---- Making strings -------------------------------------------------------------------------- */

void NTAPI RtlInitAnsiString(PANSI_STRING string, PCSZ source)
{
    SIZE_T length = source != NULL ? strnlen(source, 0xFFFE) : 0;

    string->Length = (USHORT)length;
    string->MaximumLength = source != NULL ? (USHORT)(length + 1) : 0;
    string->Buffer = (PCHAR)(ULONG_PTR)source;
}

void NTAPI RtlInitString(PSTRING string, PCSZ source)
{
    RtlInitAnsiString(string, source);
}

void NTAPI RtlInitUnicodeString(PUNICODE_STRING string, PCWSTR source)
{
    SIZE_T bytes = source != NULL ? nt_wcsnlen(source, 0x7FFE) * sizeof(WCHAR) : 0;

    string->Length = (USHORT)bytes;
    string->MaximumLength = source != NULL ? (USHORT)(bytes + sizeof(WCHAR)) : 0;
    string->Buffer = (PWCH)(ULONG_PTR)source;
}

NTSTATUS NTAPI RtlInitUnicodeStringEx(PUNICODE_STRING string, PCWSTR source)
{
    if (source != NULL && nt_wcsnlen(source, 0x7FFF) > 0x7FFE) {
        *string = (UNICODE_STRING){0};
        return STATUS_NAME_TOO_LONG;
    }
    RtlInitUnicodeString(string, source);
    return STATUS_SUCCESS;
}

void NTAPI RtlCopyString(PSTRING to, const PSTRING from)
{
    USHORT length = 0;

    if (from != NULL) {
        length = from->Length < to->MaximumLength ? from->Length : to->MaximumLength;
        memmove(to->Buffer, from->Buffer, length);
    }
    to->Length = length;
}

/* Copies what fits; a NULL source empties the destination. */
void NTAPI RtlCopyUnicodeString(PUNICODE_STRING to, PCUNICODE_STRING from)
{
    USHORT length = 0;

    if (from != NULL) {
        length = from->Length < to->MaximumLength ? from->Length : to->MaximumLength;
        memmove(to->Buffer, from->Buffer, length);
    }
    to->Length = length;
    if (length + sizeof(WCHAR) <= to->MaximumLength)
        to->Buffer[length / sizeof(WCHAR)] = 0;
}

/* Flags: 1 adds a terminator, 2 also gives an empty string a buffer. */
NTSTATUS NTAPI RtlDuplicateUnicodeString(ULONG flags, PCUNICODE_STRING from, PUNICODE_STRING to)
{
    if ((flags & ~3u) != 0 || flags == 2 || from == NULL || to == NULL)
        return STATUS_INVALID_PARAMETER;
    if (from->Length == 0 && !(flags & 2)) {
        *to = (UNICODE_STRING){0};
        return STATUS_SUCCESS;
    }
    return rtl_string_create(from->Buffer, from->Length / sizeof(WCHAR), STRING_TAG, to);
}

NTSTATUS NTAPI RtlValidateUnicodeString(ULONG flags, PCUNICODE_STRING string)
{
    if (flags != 0)
        return STATUS_INVALID_PARAMETER;
    if (string == NULL)
        return STATUS_SUCCESS;
    if (string->Length % sizeof(WCHAR) != 0 || string->MaximumLength % sizeof(WCHAR) != 0 ||
        string->Length > string->MaximumLength)
        return STATUS_INVALID_PARAMETER;
    if (string->Buffer == NULL && string->MaximumLength != 0)
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

void NTAPI RtlFreeUnicodeString(PUNICODE_STRING string)
{
    if (string->Buffer != NULL)
        ExFreePool(string->Buffer);
    *string = (UNICODE_STRING){0};
}

void NTAPI RtlFreeAnsiString(PANSI_STRING string)
{
    if (string->Buffer != NULL)
        ExFreePool(string->Buffer);
    *string = (ANSI_STRING){0};
}

void NTAPI RtlFreeOemString(POEM_STRING string)
{
    RtlFreeAnsiString(string);
}

/* ---- Comparing ------------------------------------------------------------------------------- */

LONG NTAPI RtlCompareUnicodeStrings(PCWCH a, SIZE_T a_count, PCWCH b, SIZE_T b_count,
                                    BOOLEAN ignore_case)
{
    return rtl_compare(a, a_count, b, b_count, ignore_case);
}

LONG NTAPI RtlCompareUnicodeString(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN ignore_case)
{
    return rtl_compare(a->Buffer, a->Length / sizeof(WCHAR), b->Buffer, b->Length / sizeof(WCHAR),
                       ignore_case);
}

BOOLEAN NTAPI RtlEqualUnicodeString(const UNICODE_STRING *a, const UNICODE_STRING *b,
                                    BOOLEAN ignore_case)
{
    return a->Length == b->Length && RtlCompareUnicodeString(a, b, ignore_case) == 0;
}

BOOLEAN NTAPI RtlPrefixUnicodeString(PCUNICODE_STRING prefix, PCUNICODE_STRING string,
                                     BOOLEAN ignore_case)
{
    SIZE_T count = prefix->Length / sizeof(WCHAR);

    if (prefix->Length > string->Length)
        return FALSE;
    return rtl_compare(prefix->Buffer, count, string->Buffer, count, ignore_case) == 0;
}

LONG NTAPI RtlCompareString(const PSTRING a, const PSTRING b, BOOLEAN ignore_case)
{
    USHORT count = a->Length < b->Length ? a->Length : b->Length;
    USHORT i;

    for (i = 0; i < count; i++) {
        int left = (unsigned char)a->Buffer[i];
        int right = (unsigned char)b->Buffer[i];

        if (ignore_case) {
            left = nt_toupper(left);
            right = nt_toupper(right);
        }
        if (left != right)
            return left - right;
    }
    return (LONG)a->Length - (LONG)b->Length;
}

BOOLEAN NTAPI RtlEqualString(const PSTRING a, const PSTRING b, BOOLEAN ignore_case)
{
    return a->Length == b->Length && RtlCompareString(a, b, ignore_case) == 0;
}

/* Algorithm 0 is the default and the same as 1, multiplication by 65599. */
NTSTATUS NTAPI RtlHashUnicodeString(const UNICODE_STRING *string, BOOLEAN ignore_case,
                                    ULONG algorithm, PULONG hash)
{
    ULONG value = 0;
    USHORT i;

    if (string == NULL || hash == NULL || algorithm > 1)
        return STATUS_INVALID_PARAMETER;
    for (i = 0; i < string->Length / sizeof(WCHAR); i++)
        value = value * 65599u + (ignore_case ? rtl_upcase(string->Buffer[i]) : string->Buffer[i]);
    *hash = value;
    return STATUS_SUCCESS;
}

/* ---- Appending ------------------------------------------------------------------------------- */

static NTSTATUS append(PUNICODE_STRING to, const WCHAR *text, SIZE_T bytes)
{
    if (bytes + to->Length > to->MaximumLength)
        return STATUS_BUFFER_TOO_SMALL;
    if (bytes != 0)
        memmove((PCHAR)to->Buffer + to->Length, text, bytes);
    to->Length = (USHORT)(to->Length + bytes);
    if (to->Length + sizeof(WCHAR) <= to->MaximumLength)
        to->Buffer[to->Length / sizeof(WCHAR)] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAppendUnicodeStringToString(PUNICODE_STRING to, PCUNICODE_STRING from)
{
    return append(to, from->Buffer, from->Length);
}

NTSTATUS NTAPI RtlAppendUnicodeToString(PUNICODE_STRING to, PCWSTR from)
{
    return from != NULL ? append(to, from, nt_wcslen(from) * sizeof(WCHAR)) : STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAppendStringToString(PSTRING to, const STRING *from)
{
    if (from->Length + to->Length > to->MaximumLength)
        return STATUS_BUFFER_TOO_SMALL;
    if (from->Length != 0)
        memmove(to->Buffer + to->Length, from->Buffer, from->Length);
    to->Length = (USHORT)(to->Length + from->Length);
    return STATUS_SUCCESS;
}

/* ---- Case ------------------------------------------------------------------------------------ */

WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR character)
{
    return rtl_upcase(character);
}

WCHAR NTAPI RtlDowncaseUnicodeChar(WCHAR character)
{
    return rtl_downcase(character);
}

CHAR NTAPI RtlUpperChar(CHAR character)
{
    return (CHAR)nt_toupper(character);
}

void NTAPI RtlUpperString(PSTRING to, const PSTRING from)
{
    USHORT length = from->Length < to->MaximumLength ? from->Length : to->MaximumLength;
    USHORT i;

    for (i = 0; i < length; i++)
        to->Buffer[i] = RtlUpperChar(from->Buffer[i]);
    to->Length = length;
}

static NTSTATUS change_case(PUNICODE_STRING to, PCUNICODE_STRING from, BOOLEAN allocate,
                            WCHAR (*change)(WCHAR))
{
    NTSTATUS status;
    USHORT i;

    if (allocate) {
        status = rtl_string_create(from->Buffer, from->Length / sizeof(WCHAR), STRING_TAG, to);
        if (!NT_SUCCESS(status))
            return status;
    } else if (from->Length > to->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (i = 0; i < from->Length / sizeof(WCHAR); i++)
        to->Buffer[i] = change(from->Buffer[i]);
    to->Length = from->Length;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlUpcaseUnicodeString(PUNICODE_STRING to, PCUNICODE_STRING from, BOOLEAN allocate)
{
    return change_case(to, from, allocate, rtl_upcase);
}

NTSTATUS NTAPI RtlDowncaseUnicodeString(PUNICODE_STRING to, PCUNICODE_STRING from,
                                        BOOLEAN allocate)
{
    return change_case(to, from, allocate, rtl_downcase);
}

/* Bytes that agree from the start, not a sign. */
SIZE_T NTAPI RtlCompareMemory(const void *a, const void *b, SIZE_T length)
{
    const UCHAR *left = a;
    const UCHAR *right = b;
    SIZE_T i = 0;

    while (i < length && left[i] == right[i])
        i++;
    return i;
}
