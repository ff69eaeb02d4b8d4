/* SPDX-License-Identifier: MIT */
/* Meant not to compile: each FIELD_OURS row of abi.tbl.h must be an error against mingw-w64's
 * headers. A row without one is a field they have meanwhile gained, and should become a FIELD. */
#define SIZE(type)
#define FIELD(type, field)
#define OFFSET(type, field)
#define CONST_ROW(name)
#define FIELD_OURS(type, field) sizeof(((type *)0)->field),

#include "mingw_headers.h"

const unsigned long long absent[] = {
#include "abi.tbl.h"
};
