/* SPDX-License-Identifier: MIT */
/* Every GUID of guids.tbl.h as a constant; guids.c defines them. */
#ifndef WEIR_WDK_GUIDS_H
#define WEIR_WDK_GUIDS_H

#include "wdk/ntdef.h"

#define GUID_ROW(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) extern const GUID name;
#include "wdk/guids.tbl.h"
#undef GUID_ROW

#endif
