/* SPDX-License-Identifier: MIT */
/* Numbers from the command line and from files, with nothing guessed: the whole string must be the
 * number. 0, -EINVAL (not such a number) or -ERANGE (one, but too large or outside the limits);
 * *out untouched on failure. No sign, no blanks, no locale. */
#ifndef WEIR_BASE_NUM_H
#define WEIR_BASE_NUM_H

#include <stdint.h>

/* Decimal, or hexadecimal after 0x. */
int num_parse_u64(const char *string, uint64_t *out);
int num_parse_u32(const char *string, uint32_t *out);

/* As num_parse_u64, within [low, high]. */
int num_parse_range(const char *string, uint64_t low, uint64_t high, uint64_t *out);

/* A byte count with an optional suffix K, M, G or T (powers of 1024, either case, "KiB" and the
 * like too). */
int num_parse_size(const char *string, uint64_t *out);

/* "59.94" with scale 1000 gives 59940. scale is a power of ten; more digits than it holds must be
 * zeros. */
int num_parse_decimal(const char *string, uint64_t scale, uint64_t *out);

#endif
