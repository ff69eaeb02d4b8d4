/* SPDX-License-Identifier: MIT */
/* Numbers that RIFF WAVE files are made of, for what writes and what reads them. Not a door. */
#ifndef WEIR_SUPER_RIFF_H
#define WEIR_SUPER_RIFF_H

#include <stdint.h>

enum {
    RIFF_PCM = 1,
    RIFF_FLOAT = 3,
    RIFF_EXTENSIBLE = 0xFFFE,
    RIFF_FMT_BYTES = 16, /* of PCM */
    RIFF_FMT_LONGER_BYTES = 18, /* and the size of what follows: 0 */
    RIFF_FMT_EXTENSIBLE_BYTES = 40,
    RIFF_GUID_AT = 24, /* in fmt: the subtype, whose first two bytes are the kind */
};
#define RIFF_UNKNOWN_BYTES UINT32_MAX /* in a pipe: up to the end */

/* {xxxx0000-0000-0010-8000-00AA00389B71} behind its first two bytes. */
static const uint8_t riff_guid_tail[14] = {0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B,
                                           0x71};

#endif
