/* SPDX-License-Identifier: MIT */
/* The bytes behind guids.h. */
#include "wdk/guids.h"

#define GUID_ROW(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
    const GUID name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}};
#include "wdk/guids.tbl.h"
#undef GUID_ROW
