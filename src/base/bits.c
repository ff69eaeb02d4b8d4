/* SPDX-License-Identifier: MIT */
#include "base/bits.h"

/* The bits [first, first + count) that fall into the word of first, as a mask. */
static uint64_t word_mask(size_t first, size_t count)
{
    size_t shift = first % 64;
    size_t room = 64 - shift;

    if (count >= room)
        return ~UINT64_C(0) << shift;
    return ((UINT64_C(1) << count) - 1) << shift;
}

void bitmap_set_range(uint64_t *words, size_t first, size_t count)
{
    while (count != 0) {
        size_t step = 64 - first % 64 < count ? 64 - first % 64 : count;

        words[first / 64] |= word_mask(first, count);
        first += step;
        count -= step;
    }
}

void bitmap_clear_range(uint64_t *words, size_t first, size_t count)
{
    while (count != 0) {
        size_t step = 64 - first % 64 < count ? 64 - first % 64 : count;

        words[first / 64] &= ~word_mask(first, count);
        first += step;
        count -= step;
    }
}

size_t bitmap_weight(const uint64_t *words, size_t bit_count)
{
    size_t weight = 0;

    for (size_t i = 0; i < bit_count / 64; i++)
        weight += bits_count(words[i]);
    if (bit_count % 64 != 0)
        weight += bits_count(words[bit_count / 64] & word_mask(0, bit_count % 64));
    return weight;
}

/* flip is all ones to look for clear bits, 0 to look for set ones. */
static size_t find(const uint64_t *words, size_t bit_count, size_t from, uint64_t flip)
{
    while (from < bit_count) {
        uint64_t word = (words[from / 64] ^ flip) & (~UINT64_C(0) << (from % 64));

        if (word != 0) {
            size_t bit = from - from % 64 + bits_lowest(word);

            return bit < bit_count ? bit : BITMAP_NONE;
        }
        from += 64 - from % 64;
    }
    return BITMAP_NONE;
}

size_t bitmap_find_set(const uint64_t *words, size_t bit_count, size_t from)
{
    return find(words, bit_count, from, 0);
}

size_t bitmap_find_clear(const uint64_t *words, size_t bit_count, size_t from)
{
    return find(words, bit_count, from, ~UINT64_C(0));
}

size_t bitmap_find_clear_run(const uint64_t *words, size_t bit_count, size_t from, size_t run)
{
    size_t start = bitmap_find_clear(words, bit_count, from);

    while (start != BITMAP_NONE && run <= bit_count - start) {
        size_t end = bitmap_find_set(words, bit_count, start);

        if (end == BITMAP_NONE || end - start >= run)
            return start;
        start = bitmap_find_clear(words, bit_count, end);
    }
    return BITMAP_NONE;
}
