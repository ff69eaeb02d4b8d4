/* SPDX-License-Identifier: MIT */
/* 64-bit hashes for tables, check words and trace digests. Same bytes and seed, same value, on
 * every host. Not for secrets: an adversary can make collisions. */
#ifndef WEIR_BASE_HASH_H
#define WEIR_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *bytes, size_t count, uint64_t seed);
uint64_t hash_string(const char *string);

/* A bijection that spreads every input bit over the word (the finaliser of SplitMix64). */
static inline uint64_t hash_u64(uint64_t value)
{
    value ^= value >> 30;
    value *= UINT64_C(0xBF58476D1CE4E5B9);
    value ^= value >> 27;
    value *= UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

/* Order matters: combine(combine(s, a), b) differs from combine(combine(s, b), a). */
static inline uint64_t hash_combine(uint64_t so_far, uint64_t value)
{
    return hash_u64(so_far * UINT64_C(0x9E3779B97F4A7C15) + hash_u64(value));
}

#endif
