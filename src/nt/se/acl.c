/* SPDX-License-Identifier: MIT */
/* Access control lists: a header and entries one behind the other, each with its own size. Drivers
 * build them entry by entry; a list that is full, or of a newer revision than the entry, refuses.
 * ntifs.h. */
#include <string.h>

#include "base/base.h"
#include "se/se.h"

enum { INHERITANCE_FLAGS = 0x1F, ACE_FIXED_BYTES = 8 };

struct acl {
    UCHAR revision;
    UCHAR sbz1;
    USHORT bytes;
    USHORT count;
    USHORT sbz2;
};

struct ace {
    UCHAR type;
    UCHAR flags;
    USHORT bytes;
    ACCESS_MASK mask; /* the SID follows */
};

NTSTATUS NTAPI RtlCreateAcl(PACL Acl, ULONG AclLength, ULONG AclRevision)
{
    struct acl *acl = (struct acl *)Acl;

    if (AclLength < sizeof *acl)
        return STATUS_BUFFER_TOO_SMALL;
    if ((AclRevision != ACL_REVISION && AclRevision != ACL_REVISION_DS) || AclLength > 0xFFFF)
        return STATUS_INVALID_PARAMETER;
    *acl = (struct acl){.revision = (UCHAR)AclRevision, .bytes = (USHORT)(AclLength & ~3u)};
    return STATUS_SUCCESS;
}

/* Where the next entry goes; NULL when the entries do not lie within the list. */
static struct ace *end_of(struct acl *acl, ULONG index)
{
    ULONG at = sizeof *acl;

    for (ULONG i = 0; i < index; i++) {
        const struct ace *ace = (const struct ace *)(PVOID)((UCHAR *)acl + at);

        if (at + ACE_FIXED_BYTES > acl->bytes || ace->bytes < ACE_FIXED_BYTES ||
            at + ace->bytes > acl->bytes)
            return NULL;
        at += ace->bytes;
    }
    return (struct ace *)(PVOID)((UCHAR *)acl + at);
}

NTSTATUS NTAPI RtlAddAccessAllowedAceEx(PACL Acl, ULONG AceRevision, ULONG AceFlags,
                                        ACCESS_MASK AccessMask, PSID Sid)
{
    struct acl *acl = (struct acl *)Acl;
    struct ace *ace;
    ULONG bytes;

    if (!RtlValidSid(Sid))
        return STATUS_INVALID_SID;
    if (AceRevision != ACL_REVISION && AceRevision != ACL_REVISION_DS)
        return STATUS_REVISION_MISMATCH;
    if (acl->revision < ACL_REVISION || acl->revision > ACL_REVISION_DS)
        return STATUS_REVISION_MISMATCH;
    if ((AceFlags & ~(ULONG)INHERITANCE_FLAGS) != 0)
        return STATUS_INVALID_PARAMETER;
    ace = end_of(acl, acl->count);
    if (ace == NULL)
        return STATUS_INVALID_ACL;
    bytes = ACE_FIXED_BYTES + RtlLengthSid(Sid);
    if ((ULONG)((UCHAR *)ace - (UCHAR *)acl) + bytes > acl->bytes)
        return STATUS_ALLOTTED_SPACE_EXCEEDED;
    *ace = (struct ace){.type = ACCESS_ALLOWED_ACE_TYPE, .flags = (UCHAR)AceFlags,
                        .bytes = (USHORT)bytes, .mask = AccessMask};
    memcpy(ace + 1, Sid, RtlLengthSid(Sid));
    acl->count++;
    if (AceRevision > acl->revision)
        acl->revision = (UCHAR)AceRevision;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAddAccessAllowedAce(PACL Acl, ULONG AceRevision, ACCESS_MASK AccessMask, PSID Sid)
{
    return RtlAddAccessAllowedAceEx(Acl, AceRevision, 0, AccessMask, Sid);
}

NTSTATUS NTAPI RtlGetAce(PACL Acl, ULONG AceIndex, PVOID *Ace)
{
    struct acl *acl = (struct acl *)Acl;
    struct ace *ace;

    if (AceIndex >= acl->count)
        return STATUS_INVALID_PARAMETER;
    ace = end_of(acl, AceIndex);
    if (ace == NULL || end_of(acl, AceIndex + 1) == NULL)
        return STATUS_INVALID_PARAMETER;
    *Ace = ace;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlDeleteAce(PACL Acl, ULONG AceIndex)
{
    struct acl *acl = (struct acl *)Acl;
    UCHAR *end = (UCHAR *)end_of(acl, acl->count);
    PVOID found;
    ULONG bytes;

    if (end == NULL || !NT_SUCCESS(RtlGetAce(Acl, AceIndex, &found)))
        return STATUS_INVALID_PARAMETER;
    bytes = ((const struct ace *)found)->bytes;
    memmove(found, (UCHAR *)found + bytes, (size_t)(end - ((UCHAR *)found + bytes)));
    memset(end - bytes, 0, bytes);
    acl->count--;
    return STATUS_SUCCESS;
}
