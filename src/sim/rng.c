/* SPDX-License-Identifier: MIT */
/* Seeded random streams: xoshiro256** whose state comes from SplitMix64, as its authors advise
 * (David Blackman and Sebastiano Vigna, "Scrambled Linear Pseudorandom Number Generators"). The
 * name of the stream goes into the start value, so that a draw added to one stream moves no
 * other. */
#include "sim/sim.h"

#include "base/base.h"

static uint64_t rotate_left(uint64_t value, unsigned count)
{
    return value << count | value >> (64 - count);
}

void sim_rng_init(struct sim_rng *rng, uint64_t seed, const char *stream)
{
    uint64_t start = hash_combine(hash_string(stream), seed);

    for (unsigned i = 0; i < 4; i++) {
        start += UINT64_C(0x9E3779B97F4A7C15);
        rng->state[i] = hash_u64(start);
    }
}

uint64_t sim_rng_u64(struct sim_rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

/* The high half of a 128-bit product; what would favour some results is drawn again (Daniel Lemire,
 * "Fast Random Integer Generation in an Interval"). */
uint64_t sim_rng_below(struct sim_rng *rng, uint64_t bound)
{
    weir_assert(bound > 0);
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)sim_rng_u64(rng) * bound;

    if ((uint64_t)product < bound) {
        uint64_t threshold = -bound % bound;

        while ((uint64_t)product < threshold)
            product = (wide)sim_rng_u64(rng) * bound;
    }
    return (uint64_t)(product >> 64);
}

bool sim_rng_chance(struct sim_rng *rng, uint32_t numerator, uint32_t denominator)
{
    return sim_rng_below(rng, denominator) < numerator;
}
