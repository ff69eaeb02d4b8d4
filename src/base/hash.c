/* SPDX-License-Identifier: MIT */
#include "base/hash.h"

#include <string.h>

/* Multiply-and-rotate over four lanes of eight bytes, so that a frame of some megabytes hashes at
 * memory speed. */
#define HASH_MULTIPLIER UINT64_C(0x9FB21C651E98DF25)
#define HASH_INCREMENT  UINT64_C(0x9E3779B97F4A7C15)

enum { HASH_LANES = 4, HASH_BLOCK = HASH_LANES * 8 };

static uint64_t load_u64(const uint8_t *bytes)
{
    uint64_t value;

    memcpy(&value, bytes, sizeof(value));
    return value;
}

static uint64_t mix(uint64_t lane, uint64_t value)
{
    lane ^= value * HASH_INCREMENT;
    lane = (lane << 29) | (lane >> 35);
    return lane * HASH_MULTIPLIER;
}

static uint64_t hash_tail(uint64_t hash, const uint8_t *bytes, size_t count)
{
    uint64_t last = 0;

    for (; count >= 8; bytes += 8, count -= 8)
        hash = mix(hash, load_u64(bytes));
    if (count != 0)
        memcpy(&last, bytes, count);
    return mix(hash, last);
}

uint64_t hash_bytes(const void *bytes, size_t count, uint64_t seed)
{
    const uint8_t *from = bytes;
    uint64_t hash = hash_u64(seed + HASH_INCREMENT) ^ ((uint64_t)count * HASH_MULTIPLIER);
    size_t left = count;

    if (left >= HASH_BLOCK) {
        uint64_t lanes[HASH_LANES];

        for (size_t i = 0; i < HASH_LANES; i++)
            lanes[i] = hash + (i + 1) * HASH_INCREMENT;
        for (; left >= HASH_BLOCK; from += HASH_BLOCK, left -= HASH_BLOCK) {
            for (size_t i = 0; i < HASH_LANES; i++)
                lanes[i] = mix(lanes[i], load_u64(from + 8 * i));
        }
        for (size_t i = 0; i < HASH_LANES; i++)
            hash = hash_combine(hash, lanes[i]);
    }
    return hash_u64(hash_tail(hash, from, left));
}

uint64_t hash_string(const char *string)
{
    return hash_bytes(string, strlen(string), 0);
}
