/* SPDX-License-Identifier: MIT */
#include "guids.h"

/* A format with a FOURCC has it as the first part of its GUID. */
#define FOURCC_GUID(a, b, c, d)                                                             \
    {                                                                                       \
        (ULONG)(a) | (ULONG)(b) << 8 | (ULONG)(c) << 16 | (ULONG)(d) << 24, 0x0000, 0x0010, \
        {                                                                                   \
            0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71                                  \
        }                                                                                   \
    }
const GUID VideoSubtypeYuy2 = FOURCC_GUID('Y', 'U', 'Y', '2');
const GUID VideoSubtypeUyvy = FOURCC_GUID('U', 'Y', 'V', 'Y');
const GUID VideoSubtypeNv12 = FOURCC_GUID('N', 'V', '1', '2');
const GUID VideoSubtypeRgb24 = {
    0xe436eb7d, 0x524f, 0x11ce, {0x9f, 0x53, 0x00, 0x20, 0xaf, 0x0b, 0xa7, 0x70}};
const GUID VideoSubtypeRgb32 = {
    0xe436eb7e, 0x524f, 0x11ce, {0x9f, 0x53, 0x00, 0x20, 0xaf, 0x0b, 0xa7, 0x70}};

/* Of Windows. */
#undef KSCATEGORY_CAPTURE
#undef KSCATEGORY_RENDER
#undef KSCATEGORY_VIDEO
#undef KSDATAFORMAT_TYPE_VIDEO
#undef KSDATAFORMAT_SPECIFIER_VIDEOINFO
#undef PINNAME_VIDEO_CAPTURE
#undef KSMEMORY_TYPE_KERNEL_NONPAGED
#undef PROPSETID_VIDCAP_DROPPEDFRAMES
const GUID KSCATEGORY_CAPTURE = {STATIC_KSCATEGORY_CAPTURE};
const GUID KSCATEGORY_RENDER = {STATIC_KSCATEGORY_RENDER};
const GUID KSCATEGORY_VIDEO = {STATIC_KSCATEGORY_VIDEO};
const GUID KSDATAFORMAT_TYPE_VIDEO = {STATIC_KSDATAFORMAT_TYPE_VIDEO};
const GUID KSDATAFORMAT_SPECIFIER_VIDEOINFO = {STATIC_KSDATAFORMAT_SPECIFIER_VIDEOINFO};
const GUID PINNAME_VIDEO_CAPTURE = {STATIC_PINNAME_VIDEO_CAPTURE};
const GUID PROPSETID_VIDCAP_DROPPEDFRAMES = {STATIC_PROPSETID_VIDCAP_DROPPEDFRAMES};
const GUID IID_IKsDeviceFunctions = {STATIC_IID_IKsDeviceFunctions};
