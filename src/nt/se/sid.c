/* SPDX-License-Identifier: MIT */
/* Security identifiers: revision, the number of subauthorities, six bytes of authority from the
 * highest, and the subauthorities. ntifs.h. */
#include <string.h>

#include "base/base.h"
#include "se/se.h"

enum { SID_FIXED_BYTES = 8, AUTHORITY_BYTES = 6, SID_TEXT_CHARS = 256, SID_TAG = 'rtsU' };

struct sid {
    UCHAR revision;
    UCHAR count;
    UCHAR authority[AUTHORITY_BYTES];
    ULONG sub[];
};

ULONG NTAPI RtlLengthRequiredSid(ULONG SubAuthorityCount)
{
    return SID_FIXED_BYTES + 4 * SubAuthorityCount;
}

ULONG NTAPI RtlLengthSid(PSID Sid)
{
    return RtlLengthRequiredSid(((const struct sid *)Sid)->count);
}

BOOLEAN NTAPI RtlValidSid(PSID Sid)
{
    const struct sid *sid = Sid;

    return sid != NULL && sid->revision == SID_REVISION && sid->count <= SID_MAX_SUB_AUTHORITIES;
}

NTSTATUS NTAPI RtlInitializeSid(PSID Sid, PSID_IDENTIFIER_AUTHORITY IdentifierAuthority,
                                UCHAR SubAuthorityCount)
{
    struct sid *sid = Sid;

    if (SubAuthorityCount > SID_MAX_SUB_AUTHORITIES)
        return STATUS_INVALID_PARAMETER;
    sid->revision = SID_REVISION;
    sid->count = SubAuthorityCount;
    memcpy(sid->authority, IdentifierAuthority->Value, AUTHORITY_BYTES);
    return STATUS_SUCCESS;
}

/* Not held against the count, as the page says. */
PULONG NTAPI RtlSubAuthoritySid(PSID Sid, ULONG SubAuthority)
{
    return &((struct sid *)Sid)->sub[SubAuthority];
}

PUCHAR NTAPI RtlSubAuthorityCountSid(PSID Sid)
{
    return &((struct sid *)Sid)->count;
}

BOOLEAN NTAPI RtlEqualSid(PSID Sid1, PSID Sid2)
{
    ULONG bytes = RtlLengthSid(Sid1);

    return bytes == RtlLengthSid(Sid2) && memcmp(Sid1, Sid2, bytes) == 0;
}

NTSTATUS NTAPI RtlCopySid(ULONG DestinationSidLength, PSID DestinationSid, PSID SourceSid)
{
    ULONG bytes = RtlLengthSid(SourceSid);

    if (bytes > DestinationSidLength)
        return STATUS_BUFFER_TOO_SMALL;
    memmove(DestinationSid, SourceSid, bytes);
    return STATUS_SUCCESS;
}

/* ---- As text --------------------------------------------------------------------------------- */

static ULONG put_number(WCHAR *to, ULONG64 value, ULONG base)
{
    WCHAR digits[24];
    ULONG count = 0;

    do {
        digits[count++] = u"0123456789ABCDEF"[value % base];
        value /= base;
    } while (value != 0);
    for (ULONG i = 0; i < count; i++)
        to[i] = digits[count - 1 - i];
    return count;
}

/* S-1-AUTHORITY-SUB-SUB...; an authority of more than 32 bits is hexadecimal. */
static ULONG sid_text(const struct sid *sid, WCHAR out[SID_TEXT_CHARS])
{
    ULONG length = 0;
    ULONG64 authority = 0;

    for (ULONG i = 0; i < AUTHORITY_BYTES; i++)
        authority = authority << 8 | sid->authority[i];
    memcpy(out, u"S-1-", 8);
    length = 4;
    if (authority >> 32 != 0) {
        memcpy(out + length, u"0x", 4);
        length += 2;
    }
    length += put_number(out + length, authority, authority >> 32 != 0 ? 16 : 10);
    for (ULONG i = 0; i < sid->count; i++) {
        out[length++] = '-';
        length += put_number(out + length, sid->sub[i], 10);
    }
    return length;
}

NTSTATUS NTAPI RtlConvertSidToUnicodeString(PUNICODE_STRING UnicodeString, PSID Sid,
                                            BOOLEAN AllocateDestinationString)
{
    WCHAR text[SID_TEXT_CHARS];
    ULONG length;

    if (!RtlValidSid(Sid))
        return STATUS_INVALID_SID;
    length = sid_text(Sid, text);
    if (AllocateDestinationString) {
        UnicodeString->MaximumLength = (USHORT)((length + 1) * sizeof(WCHAR));
        UnicodeString->Buffer =
            ExAllocatePoolWithTag(PagedPool, UnicodeString->MaximumLength, SID_TAG);
        if (UnicodeString->Buffer == NULL)
            return STATUS_NO_MEMORY;
    } else if (length * sizeof(WCHAR) > UnicodeString->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    memcpy(UnicodeString->Buffer, text, length * sizeof(WCHAR));
    UnicodeString->Length = (USHORT)(length * sizeof(WCHAR));
    if (UnicodeString->Length + sizeof(WCHAR) <= UnicodeString->MaximumLength)
        UnicodeString->Buffer[length] = 0;
    return STATUS_SUCCESS;
}
