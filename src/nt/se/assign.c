/* SPDX-License-Identifier: MIT */
/* Descriptors that objects keep. Assigning makes a self-relative copy of the explicit descriptor,
 * else of the parent's, else one that lets everybody in; the copy is pool that SeDeassignSecurity
 * frees. What inheritance and defaults from a token would add is left out, since nobody is refused
 * by it. */
#include <string.h>

#include "se/se.h"

enum { DESCRIPTOR_TAG = 0x63536553 /* 'SeSc' */ };

static ULONG copy_part(UCHAR *to, ULONG at, const void *part, ULONG bytes, ULONG *offset)
{
    *offset = 0;
    if (part == NULL || bytes == 0)
        return at;
    memcpy(to + at, part, bytes);
    *offset = at;
    return at + bytes;
}

static ULONG sid_bytes(const UCHAR *sid)
{
    return sid != NULL ? 8u + 4u * sid[1] : 0;
}

ULONG se_relative_bytes(const struct se_descriptor *from)
{
    ULONG bytes = sizeof(struct se_relative_descriptor) + sid_bytes(from->Owner) +
                  sid_bytes(from->Group);

    if (from->Control & SE_CONTROL_DACL_PRESENT)
        bytes += se_acl_bytes(from->Dacl);
    if (from->Control & SE_CONTROL_SACL_PRESENT)
        bytes += se_acl_bytes(from->Sacl);
    return bytes;
}

void se_make_relative(const struct se_descriptor *from, UCHAR *to)
{
    struct se_relative_descriptor *header = (struct se_relative_descriptor *)(PVOID)to;
    ULONG at = sizeof *header;
    const UCHAR *owner = from->Owner, *group = from->Group;

    memset(header, 0, sizeof *header);
    header->Revision = from->Revision;
    header->Control = from->Control | SE_CONTROL_SELF_RELATIVE;
    at = copy_part(to, at, owner, sid_bytes(owner), &header->Owner);
    at = copy_part(to, at, group, sid_bytes(group), &header->Group);
    if (from->Control & SE_CONTROL_DACL_PRESENT)
        at = copy_part(to, at, from->Dacl, se_acl_bytes(from->Dacl), &header->Dacl);
    if (from->Control & SE_CONTROL_SACL_PRESENT)
        (void)copy_part(to, at, from->Sacl, se_acl_bytes(from->Sacl), &header->Sacl);
}

static NTSTATUS copy(PSECURITY_DESCRIPTOR from, POOL_TYPE pool, PSECURITY_DESCRIPTOR *out)
{
    ULONG bytes = RtlLengthSecurityDescriptor(from);
    UCHAR *to = ExAllocatePoolWithTag(pool, bytes, DESCRIPTOR_TAG);

    if (to == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (((const struct se_descriptor *)from)->Control & SE_CONTROL_SELF_RELATIVE)
        memcpy(to, from, bytes);
    else
        se_make_relative(from, to);
    *out = to;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI SeAssignSecurity(PSECURITY_DESCRIPTOR parent, PSECURITY_DESCRIPTOR explicit,
                                PSECURITY_DESCRIPTOR *out, BOOLEAN is_directory,
                                PSECURITY_SUBJECT_CONTEXT subject, PGENERIC_MAPPING mapping,
                                POOL_TYPE pool)
{
    struct se_descriptor everybody = {.Revision = SECURITY_DESCRIPTOR_REVISION,
                                      .Control = SE_CONTROL_DACL_PRESENT};

    (void)is_directory;
    (void)subject;
    (void)mapping;
    return copy(explicit != NULL ? explicit : parent != NULL ? parent : (PVOID)&everybody, pool,
                out);
}

NTSTATUS NTAPI SeDeassignSecurity(PSECURITY_DESCRIPTOR *descriptor)
{
    if (*descriptor != NULL)
        ExFreePool(*descriptor);
    *descriptor = NULL;
    return STATUS_SUCCESS;
}
