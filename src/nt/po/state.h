/* SPDX-License-Identifier: MIT */
/* What the files of po share. */
#ifndef WEIR_NT_PO_STATE_H
#define WEIR_NT_PO_STATE_H

#include "base/base.h"
#include "po/po.h"

enum { PO_HANDLE_SETTING = 1, PO_HANDLE_STATE = 2 };

struct po {
    uint64_t magic;
    struct map states; /* by device object: POWER_STATE + 1 */
    struct map registered; /* by handle: which kind of registration */
    uint64_t handles; /* given so far */
};

struct po *po_of(struct ke *ke);

#endif
