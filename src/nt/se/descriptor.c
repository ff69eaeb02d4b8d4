/* SPDX-License-Identifier: MIT */
/* Security descriptors: a header that points to (absolute) or is followed by (self-relative) two
 * SIDs and two access control lists. Drivers make them to name who may open a device; nobody here
 * is refused, so they are built and measured correctly and then kept. */
#include <string.h>

#include "base/base.h"
#include "se/se.h"

enum { SID_FIXED_BYTES = 8, ACL_FIXED_BYTES = 8, ACL_SIZE_AT = 2 };

static bool is_relative(const struct se_descriptor *descriptor)
{
    return (descriptor->Control & SE_CONTROL_SELF_RELATIVE) != 0;
}

/* One of the four parts, whatever the form; NULL when absent. */
static const UCHAR *part(const struct se_descriptor *descriptor, const void *absolute,
                         size_t relative_at)
{
    ULONG offset;

    if (!is_relative(descriptor))
        return absolute;
    memcpy(&offset, (const UCHAR *)descriptor + relative_at, sizeof offset);
    return offset != 0 ? (const UCHAR *)descriptor + offset : NULL;
}

static ULONG sid_bytes(const UCHAR *sid)
{
    return sid != NULL ? (SID_FIXED_BYTES + 4u * sid[1] + 3) & ~3u : 0;
}

ULONG se_acl_bytes(const void *acl)
{
    USHORT size;

    if (acl == NULL)
        return 0;
    memcpy(&size, (const UCHAR *)acl + ACL_SIZE_AT, sizeof size);
    return (size + 3u) & ~3u;
}

NTSTATUS NTAPI RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, ULONG revision)
{
    struct se_descriptor *absolute = descriptor;

    if (revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    memset(absolute, 0, sizeof *absolute);
    absolute->Revision = SECURITY_DESCRIPTOR_REVISION;
    return STATUS_SUCCESS;
}

BOOLEAN NTAPI RtlValidSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor)
{
    const struct se_descriptor *header = descriptor;

    return header != NULL && header->Revision == SECURITY_DESCRIPTOR_REVISION;
}

ULONG NTAPI RtlLengthSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor)
{
    const struct se_descriptor *d = descriptor;
    ULONG length = is_relative(d) ? sizeof(struct se_relative_descriptor) : sizeof *d;

    length += sid_bytes(part(d, d->Owner, offsetof(struct se_relative_descriptor, Owner)));
    length += sid_bytes(part(d, d->Group, offsetof(struct se_relative_descriptor, Group)));
    if (d->Control & SE_CONTROL_DACL_PRESENT)
        length += se_acl_bytes(part(d, d->Dacl, offsetof(struct se_relative_descriptor, Dacl)));
    if (d->Control & SE_CONTROL_SACL_PRESENT)
        length += se_acl_bytes(part(d, d->Sacl, offsetof(struct se_relative_descriptor, Sacl)));
    return length;
}

/* A present but NULL list lets everybody in. A self-relative descriptor cannot be changed so. */
NTSTATUS NTAPI RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, BOOLEAN present,
                                            PACL dacl, BOOLEAN defaulted)
{
    struct se_descriptor *absolute = descriptor;

    if (absolute->Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    if (is_relative(absolute))
        return STATUS_INVALID_SECURITY_DESCR;
    absolute->Control &= (USHORT) ~(SE_CONTROL_DACL_PRESENT | SE_CONTROL_DACL_DEFAULTED);
    absolute->Dacl = NULL;
    if (present) {
        absolute->Control |= SE_CONTROL_DACL_PRESENT;
        absolute->Dacl = dacl;
        if (defaulted)
            absolute->Control |= SE_CONTROL_DACL_DEFAULTED;
    }
    return STATUS_SUCCESS;
}

/* ---- Owner and group ------------------------------------------------------------------------- */

static NTSTATUS check_absolute(const struct se_descriptor *descriptor)
{
    if (descriptor->Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    return is_relative(descriptor) ? STATUS_INVALID_SECURITY_DESCR : STATUS_SUCCESS;
}

static void set_flag(struct se_descriptor *descriptor, USHORT flag, BOOLEAN set)
{
    descriptor->Control = (USHORT)((descriptor->Control & ~flag) | (set ? flag : 0));
}

NTSTATUS NTAPI RtlSetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PSID owner,
                                             BOOLEAN defaulted)
{
    struct se_descriptor *absolute = descriptor;
    NTSTATUS status = check_absolute(absolute);

    if (!NT_SUCCESS(status))
        return status;
    absolute->Owner = owner;
    set_flag(absolute, SE_CONTROL_OWNER_DEFAULTED, defaulted);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlSetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PSID group,
                                             BOOLEAN defaulted)
{
    struct se_descriptor *absolute = descriptor;
    NTSTATUS status = check_absolute(absolute);

    if (!NT_SUCCESS(status))
        return status;
    absolute->Group = group;
    set_flag(absolute, SE_CONTROL_GROUP_DEFAULTED, defaulted);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PSID *owner,
                                             PBOOLEAN defaulted)
{
    const struct se_descriptor *d = descriptor;

    if (d->Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    *owner = (PSID)(ULONG_PTR)part(d, d->Owner, offsetof(struct se_relative_descriptor, Owner));
    *defaulted = (d->Control & SE_CONTROL_OWNER_DEFAULTED) != 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PSID *group,
                                             PBOOLEAN defaulted)
{
    const struct se_descriptor *d = descriptor;

    if (d->Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    *group = (PSID)(ULONG_PTR)part(d, d->Group, offsetof(struct se_relative_descriptor, Group));
    *defaulted = (d->Control & SE_CONTROL_GROUP_DEFAULTED) != 0;
    return STATUS_SUCCESS;
}

/* Without a list the other parameters stay as they were. */
NTSTATUS NTAPI RtlGetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, PBOOLEAN present,
                                            PACL *dacl, PBOOLEAN defaulted)
{
    const struct se_descriptor *d = descriptor;

    if (d->Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    *present = (d->Control & SE_CONTROL_DACL_PRESENT) != 0;
    if (!*present)
        return STATUS_SUCCESS;
    *dacl = (PACL)(ULONG_PTR)part(d, d->Dacl, offsetof(struct se_relative_descriptor, Dacl));
    *defaulted = (d->Control & SE_CONTROL_DACL_DEFAULTED) != 0;
    return STATUS_SUCCESS;
}

static bool lies_within(ULONG offset, ULONG least_bytes, ULONG length)
{
    return offset >= sizeof(struct se_relative_descriptor) && offset <= length &&
           length - offset >= least_bytes;
}

BOOLEAN NTAPI RtlValidRelativeSecurityDescriptor(PSECURITY_DESCRIPTOR descriptor, ULONG length,
                                                 SECURITY_INFORMATION required)
{
    const struct se_relative_descriptor *d = descriptor;

    if (length < sizeof *d || d->Revision != SECURITY_DESCRIPTOR_REVISION)
        return FALSE;
    if (!(d->Control & SE_CONTROL_SELF_RELATIVE))
        return FALSE;
    if (((required & OWNER_SECURITY_INFORMATION) || d->Owner != 0) &&
        !lies_within(d->Owner, SID_FIXED_BYTES, length))
        return FALSE;
    if (((required & GROUP_SECURITY_INFORMATION) || d->Group != 0) &&
        !lies_within(d->Group, SID_FIXED_BYTES, length))
        return FALSE;
    return d->Dacl == 0 || lies_within(d->Dacl, ACL_FIXED_BYTES, length);
}

BOOLEAN NTAPI SeValidSecurityDescriptor(ULONG length, PSECURITY_DESCRIPTOR descriptor)
{
    return RtlValidRelativeSecurityDescriptor(descriptor, length, 0);
}
