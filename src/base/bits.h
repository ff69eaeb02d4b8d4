/* SPDX-License-Identifier: MIT */
/* Alignment, powers of two and bitmaps over 64-bit words. The caller owns the words.
 * Alignments are powers of two; bits_align_up wraps to 0 past the top, so test the size first. */
#ifndef WEIR_BASE_BITS_H
#define WEIR_BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

#define BITMAP_WORDS(bit_count) (((size_t)(bit_count) + 63) / 64)
#define BITMAP_NONE             SIZE_MAX

static inline uint64_t bits_align_down(uint64_t value, uint64_t alignment)
{
    return value & ~(alignment - 1);
}

static inline uint64_t bits_align_up(uint64_t value, uint64_t alignment)
{
    return (value + (alignment - 1)) & ~(alignment - 1);
}

static inline bool bits_is_aligned(uint64_t value, uint64_t alignment)
{
    return (value & (alignment - 1)) == 0;
}

static inline bool bits_is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* value must not be 0 in these two. */
static inline unsigned bits_lowest(uint64_t value)
{
    return weir_count_trailing_zeros(value);
}

static inline unsigned bits_highest(uint64_t value)
{
    return 63u - weir_count_leading_zeros(value);
}

static inline unsigned bits_count(uint64_t value)
{
    return weir_count_ones(value);
}

static inline bool bitmap_test(const uint64_t *words, size_t bit)
{
    return (words[bit / 64] >> (bit % 64)) & 1;
}

static inline void bitmap_set(uint64_t *words, size_t bit)
{
    words[bit / 64] |= UINT64_C(1) << (bit % 64);
}

static inline void bitmap_clear(uint64_t *words, size_t bit)
{
    words[bit / 64] &= ~(UINT64_C(1) << (bit % 64));
}

void bitmap_set_range(uint64_t *words, size_t first, size_t count);
void bitmap_clear_range(uint64_t *words, size_t first, size_t count);

/* Number of set bits among the first bit_count. */
size_t bitmap_weight(const uint64_t *words, size_t bit_count);

/* First set (clear) bit at or after from, below bit_count; BITMAP_NONE when there is none. */
size_t bitmap_find_set(const uint64_t *words, size_t bit_count, size_t from);
size_t bitmap_find_clear(const uint64_t *words, size_t bit_count, size_t from);

/* First run of run clear bits that starts at or after from; run is at least 1. */
size_t bitmap_find_clear_run(const uint64_t *words, size_t bit_count, size_t from, size_t run);

#endif
