/* SPDX-License-Identifier: MIT */
/* Parts of the descriptor that an object keeps, read and replaced. SeQuerySecurityDescriptorInfo;
 * SeSetSecurityDescriptorInfo. What is asked for comes back self-relative; what is set replaces the
 * kept descriptor by a new one, and the old one stays its owner's to free.
 * UNDOC: an object without a descriptor answers with one that has no parts.
 * Left out: generic rights are not mapped, and nobody's access is checked. */
#include <string.h>

#include "se/se.h"

enum { DESCRIPTOR_TAG = 0x63536553 /* 'SeSc' */ };

static PVOID part_at(const struct se_relative_descriptor *from, ULONG offset)
{
    return offset != 0 ? (UCHAR *)(ULONG_PTR)from + offset : NULL;
}

/* The parts of a descriptor of either form, as pointers. */
static struct se_descriptor parts_of(PSECURITY_DESCRIPTOR descriptor)
{
    const struct se_relative_descriptor *relative = descriptor;
    struct se_descriptor parts;

    memcpy(&parts, descriptor, sizeof *relative);
    if ((relative->Control & SE_CONTROL_SELF_RELATIVE) == 0) {
        memcpy(&parts, descriptor, sizeof parts);
        return parts;
    }
    parts.Control &= (USHORT)~SE_CONTROL_SELF_RELATIVE;
    parts.Owner = part_at(relative, relative->Owner);
    parts.Group = part_at(relative, relative->Group);
    parts.Sacl = part_at(relative, relative->Sacl);
    parts.Dacl = part_at(relative, relative->Dacl);
    return parts;
}

static void take_control(struct se_descriptor *to, const struct se_descriptor *from, USHORT bits)
{
    to->Control = (USHORT)((to->Control & ~bits) | (from->Control & bits));
}

/* The parts that which names, from one to the other. */
static void take_parts(struct se_descriptor *to, const struct se_descriptor *from,
                       SECURITY_INFORMATION which)
{
    if ((which & OWNER_SECURITY_INFORMATION) != 0) {
        to->Owner = from->Owner;
        take_control(to, from, SE_CONTROL_OWNER_DEFAULTED);
    }
    if ((which & GROUP_SECURITY_INFORMATION) != 0) {
        to->Group = from->Group;
        take_control(to, from, SE_CONTROL_GROUP_DEFAULTED);
    }
    if ((which & DACL_SECURITY_INFORMATION) != 0) {
        to->Dacl = from->Dacl;
        take_control(to, from, SE_CONTROL_DACL_PRESENT | SE_CONTROL_DACL_DEFAULTED);
    }
    if ((which & SACL_SECURITY_INFORMATION) != 0) {
        to->Sacl = from->Sacl;
        take_control(to, from, SE_CONTROL_SACL_PRESENT);
    }
}

NTSTATUS NTAPI SeQuerySecurityDescriptorInfo(PSECURITY_INFORMATION which,
                                             PSECURITY_DESCRIPTOR buffer, PULONG length,
                                             PSECURITY_DESCRIPTOR *kept)
{
    struct se_descriptor asked = {.Revision = SECURITY_DESCRIPTOR_REVISION};
    ULONG room = *length;

    if (*kept != NULL) {
        struct se_descriptor parts = parts_of(*kept);

        take_parts(&asked, &parts, *which);
    }
    *length = se_relative_bytes(&asked);
    if (room < *length)
        return STATUS_BUFFER_TOO_SMALL;
    se_make_relative(&asked, buffer);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI SeSetSecurityDescriptorInfo(PVOID object, PSECURITY_INFORMATION which,
                                           PSECURITY_DESCRIPTOR given, PSECURITY_DESCRIPTOR *kept,
                                           POOL_TYPE pool, PGENERIC_MAPPING mapping)
{
    struct se_descriptor parts, changed;
    PVOID fresh;

    (void)object;
    (void)mapping;
    if (*kept == NULL)
        return STATUS_NO_SECURITY_ON_OBJECT;
    if ((((const struct se_relative_descriptor *)*kept)->Control & SE_CONTROL_SELF_RELATIVE) == 0)
        return STATUS_BAD_DESCRIPTOR_FORMAT;
    changed = parts_of(*kept);
    parts = parts_of(given);
    take_parts(&changed, &parts, *which);
    fresh = ExAllocatePoolWithTag(pool, se_relative_bytes(&changed), DESCRIPTOR_TAG);
    if (fresh == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    se_make_relative(&changed, fresh);
    *kept = fresh;
    return STATUS_SUCCESS;
}
