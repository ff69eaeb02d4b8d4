/* SPDX-License-Identifier: MIT */
/* Counted strings of UTF-8. A string that does not fit is cut at a character and the caller is
 * warned (STATUS_BUFFER_OVERFLOW); the other way nothing is converted unless all of it fits. A
 * terminator is converted like any other character, and none is added. wdm.h. */
#include <string.h>

#include "rtl/rtl.h"

enum { STRING_TAG = 0x55737472 /* 'rtsU' */ };

NTSTATUS NTAPI RtlInitUTF8StringEx(PUTF8_STRING string, PCSZ source)
{
    SIZE_T length = source != NULL ? strnlen(source, 0xFFFF) : 0;

    *string = (UTF8_STRING){0};
    if (length > 0xFFFE)
        return STATUS_NAME_TOO_LONG;
    RtlInitAnsiString(string, source);
    return STATUS_SUCCESS;
}

/* UNDOC: a source that is too long is cut, as RtlInitAnsiString does. */
void NTAPI RtlInitUTF8String(PUTF8_STRING string, PCSZ source)
{
    RtlInitAnsiString(string, source);
}

void NTAPI RtlFreeUTF8String(PUTF8_STRING string)
{
    if (string->Buffer != NULL)
        ExFreePoolWithTag(string->Buffer, STRING_TAG);
    *string = (UTF8_STRING){0};
}

NTSTATUS NTAPI RtlUnicodeStringToUTF8String(PUTF8_STRING to, PCUNICODE_STRING from,
                                            BOOLEAN allocate)
{
    ULONG used;
    NTSTATUS status;

    RtlUnicodeToUTF8N(NULL, 0, &used, from->Buffer, from->Length);
    if (allocate) {
        if (used > 0xFFFF)
            return STATUS_INVALID_PARAMETER_2;
        to->Buffer = ExAllocatePoolWithTag(PagedPool, used != 0 ? used : 1, STRING_TAG);
        if (to->Buffer == NULL)
            return STATUS_NO_MEMORY;
        to->MaximumLength = (USHORT)used;
    } else if (to->Buffer == NULL) {
        return STATUS_INVALID_PARAMETER_1;
    }
    status = RtlUnicodeToUTF8N(to->Buffer, to->MaximumLength, &used, from->Buffer, from->Length);
    to->Length = (USHORT)used;
    return status == STATUS_BUFFER_TOO_SMALL ? STATUS_BUFFER_OVERFLOW : status;
}

/* UNDOC: which failure says that the string does not fit. */
NTSTATUS NTAPI RtlUTF8StringToUnicodeString(PUNICODE_STRING to, PCUTF8_STRING from,
                                            BOOLEAN allocate)
{
    ULONG used;

    RtlUTF8ToUnicodeN(NULL, 0, &used, from->Buffer, from->Length);
    if (used > 0xFFFE)
        return STATUS_INVALID_PARAMETER_2;
    if (allocate) {
        to->Buffer = ExAllocatePoolWithTag(PagedPool, used + sizeof(WCHAR), STRING_TAG);
        if (to->Buffer == NULL)
            return STATUS_NO_MEMORY;
        to->MaximumLength = (USHORT)(used + sizeof(WCHAR));
        to->Buffer[used / sizeof(WCHAR)] = 0;
    } else if (used > to->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    to->Length = (USHORT)used;
    return RtlUTF8ToUnicodeN(to->Buffer, used, &used, from->Buffer, from->Length);
}
