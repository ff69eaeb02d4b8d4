/* SPDX-License-Identifier: MIT */
/* The layout of include/wdk, as compiled for Linux. */
#include <stddef.h>

#include "wdk/ksmedia.h"
#include "wdk/wdm.h"

#include "abi_row.h"

static const struct abi_row rows[] ABI_SECTION = {
#include "abi.tbl.h"
};

#define GUID_ROW(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
    ABI_GUID_ROW(#name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8),
static const struct abi_row guids[] ABI_SECTION = {
#include "wdk/guids.tbl.h"
};
