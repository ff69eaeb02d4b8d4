/* SPDX-License-Identifier: MIT */
/* Pixels from a driver's layout to what files hold. Pure: frame_bytes of source, whole frames of
 * target, both the caller's. A format must have passed repack_refusal: then no read leaves the
 * source, whoever said what its geometry is. */
#ifndef WEIR_SUPER_REPACK_H
#define WEIR_SUPER_REPACK_H

#include "super/super.h"

/* NULL when the format can be repacked, else the reason in words. */
const char *repack_refusal(const struct super_format *format);
/* "C422", "C420" or "C444". */
const char *repack_y4m_colour(const struct super_format *format);
uint64_t repack_y4m_bytes(const struct super_format *format);
/* Lossless for YUY2, UYVY (C422) and NV12 (C420). RGB becomes C444 by BT.601 in studio range,
 * 16-bit fixed point:
 *   Y = 16  + (16829 R + 33039 G +  6416 B + 32768) >> 16
 *   U = 128 + (-9714 R - 19070 G + 28784 B + 32768) >> 16
 *   V = 128 + (28784 R - 24103 G -  4681 B + 32768) >> 16
 * Bottom-up RGB is turned over. */
void repack_y4m(const struct super_format *format, const uint8_t *from, uint8_t *to);
/* The way back: planes as Y4M has them to the driver's layout; what pads a line becomes zero.
 * Lossless for YUY2, UYVY and NV12; RGB by the inverse of the matrix. */
void repack_from_y4m(const struct super_format *format, const uint8_t *from, uint8_t *to);
/* One row of 8-bit RGB, by the inverse of the same matrix. row counts from the top. */
void repack_rgb_row(const struct super_format *format, const uint8_t *from, uint32_t row,
                    uint8_t *to);

#endif
