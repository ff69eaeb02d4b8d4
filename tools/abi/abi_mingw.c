/* SPDX-License-Identifier: MIT */
/* The layout of mingw-w64's driver headers, as the sample drivers are compiled with. Their GUIDs
 * come in two forms: DEFINE_GUID, which is made to write a record here, and STATIC_ macros with
 * the bytes, which guids_mingw.tbl.h names. */
#include "mingw_headers.h"

#include "abi_row.h"

static const struct abi_row rows[] ABI_SECTION = {
#include "abi.tbl.h"
};

#undef DEFINE_GUID
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
    static const struct abi_row abi_guid_##name ABI_SECTION = \
        ABI_GUID_ROW(#name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8);
#include <wdmguid.h>

#define GUID_STATIC_BYTES(name, ...) ABI_GUID_ROW(name, __VA_ARGS__),
#define GUID_STATIC(name) GUID_STATIC_BYTES(#name, STATIC_##name)
static const struct abi_row guids[] ABI_SECTION = {
#include "guids_mingw.tbl.h"
};
