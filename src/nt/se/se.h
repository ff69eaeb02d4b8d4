/* SPDX-License-Identifier: MIT */
/* Security, as little as drivers touch: descriptors in memory, and answers for a system on which
 * every caller is an administrator. Windows functions stand in wdk/wdm.h under their own names;
 * there is no state, and nothing beside them. Not here: tokens, access checks, auditing. */
#ifndef WEIR_NT_SE_H
#define WEIR_NT_SE_H

#include "wdk/wdm.h"

/* The documented layouts, whose types wdm.h keeps opaque. */
struct se_descriptor { /* absolute form */
    UCHAR Revision;
    UCHAR Sbz1;
    USHORT Control;
    PSID Owner;
    PSID Group;
    PACL Sacl;
    PACL Dacl;
};

struct se_relative_descriptor { /* offsets from its start, 0 = absent */
    UCHAR Revision;
    UCHAR Sbz1;
    USHORT Control;
    ULONG Owner;
    ULONG Group;
    ULONG Sacl;
    ULONG Dacl;
};

enum {
    SE_CONTROL_OWNER_DEFAULTED = 0x0001,
    SE_CONTROL_GROUP_DEFAULTED = 0x0002,
    SE_CONTROL_DACL_PRESENT = 0x0004,
    SE_CONTROL_DACL_DEFAULTED = 0x0008,
    SE_CONTROL_SACL_PRESENT = 0x0010,
    SE_CONTROL_SELF_RELATIVE = 0x8000,
};

/* Size of an access control list, rounded up to a multiple of 4; 0 for NULL. */
ULONG se_acl_bytes(const void *acl);

/* The self-relative form of an absolute descriptor: its size, and the copy. */
ULONG se_relative_bytes(const struct se_descriptor *from);
void se_make_relative(const struct se_descriptor *from, UCHAR *to);

WDK_ASSERT_SIZE(struct se_descriptor, SECURITY_DESCRIPTOR_MIN_LENGTH);

#endif
