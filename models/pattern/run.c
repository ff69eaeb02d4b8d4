/* SPDX-License-Identifier: MIT */
/* The same three loops for SSE2, which every x64 processor has, and for AVX2. The wide form is not
 * about arithmetic: half a cache line at a time is what keeps streaming stores at the speed of
 * memory. */
#include "run.h"

#include <immintrin.h>

#include "pattern_internal.h"

/* ---- SSE2 ------------------------------------------------------------------------------------ */

static __m128i drawn_16(const uint8_t *template, const uint8_t *stamp)
{
    return _mm_or_si128(_mm_loadu_si128((const __m128i *)template),
                        _mm_loadu_si128((const __m128i *)stamp));
}

static void store_16(const uint8_t *template, const uint8_t *stamp, size_t runs, uint8_t *out)
{
    for (; runs > 0; runs--, template += RUN, out += RUN)
        for (unsigned k = 0; k < RUN; k += 16)
            _mm_storeu_si128((__m128i *)(out + k), drawn_16(template + k, stamp + k));
}

static void stream_16(const uint8_t *template, const uint8_t *stamp, size_t runs, uint8_t *out)
{
    for (; runs > 0; runs--, template += RUN, out += RUN)
        for (unsigned k = 0; k < RUN; k += 16)
            _mm_stream_si128((__m128i *)(out + k), drawn_16(template + k, stamp + k));
}

static size_t equal_16(const uint8_t *template, const uint8_t *stamp, size_t runs,
                       const uint8_t *bytes, const uint8_t *ahead)
{
    for (size_t i = 0; i < runs; i++, template += RUN, bytes += RUN, ahead += RUN) {
        __m128i differs = _mm_setzero_si128();

        _mm_prefetch((const char *)ahead, _MM_HINT_T1);
        for (unsigned k = 0; k < RUN; k += 16) {
            __m128i have = _mm_loadu_si128((const __m128i *)(bytes + k));

            differs = _mm_or_si128(differs,
                                   _mm_xor_si128(have, drawn_16(template + k, stamp + k)));
        }
        if (_mm_movemask_epi8(_mm_cmpeq_epi8(differs, _mm_setzero_si128())) != 0xffff)
            return i;
    }
    return runs;
}

/* ---- AVX2 ------------------------------------------------------------------------------------ */

#define AVX2 __attribute__((target("avx2")))

static inline AVX2 __m256i drawn_32(const uint8_t *template, __m256i stamp)
{
    return _mm256_or_si256(_mm256_loadu_si256((const __m256i *)template), stamp);
}

static AVX2 void store_32(const uint8_t *template, const uint8_t *stamp, size_t runs, uint8_t *out)
{
    const __m256i low = _mm256_loadu_si256((const __m256i *)stamp);
    const __m256i high = _mm256_loadu_si256((const __m256i *)(stamp + 32));

    for (; runs > 0; runs--, template += RUN, out += RUN) {
        _mm256_storeu_si256((__m256i *)out, drawn_32(template, low));
        _mm256_storeu_si256((__m256i *)(out + 32), drawn_32(template + 32, high));
    }
}

static AVX2 void stream_32(const uint8_t *template, const uint8_t *stamp, size_t runs, uint8_t *out)
{
    const __m256i low = _mm256_loadu_si256((const __m256i *)stamp);
    const __m256i high = _mm256_loadu_si256((const __m256i *)(stamp + 32));

    for (; runs > 0; runs--, template += RUN, out += RUN) {
        _mm256_stream_si256((__m256i *)out, drawn_32(template, low));
        _mm256_stream_si256((__m256i *)(out + 32), drawn_32(template + 32, high));
    }
}

static AVX2 size_t equal_32(const uint8_t *template, const uint8_t *stamp, size_t runs,
                            const uint8_t *bytes, const uint8_t *ahead)
{
    const __m256i low = _mm256_loadu_si256((const __m256i *)stamp);
    const __m256i high = _mm256_loadu_si256((const __m256i *)(stamp + 32));

    for (size_t i = 0; i < runs; i++, template += RUN, bytes += RUN, ahead += RUN) {
        __m256i first = _mm256_loadu_si256((const __m256i *)bytes);
        __m256i second = _mm256_loadu_si256((const __m256i *)(bytes + 32));

        _mm_prefetch((const char *)ahead, _MM_HINT_T1);
        first = _mm256_xor_si256(first, drawn_32(template, low));
        second = _mm256_xor_si256(second, drawn_32(template + 32, high));
        first = _mm256_or_si256(first, second);
        if (!_mm256_testz_si256(first, first))
            return i;
    }
    return runs;
}

/* ---- Which ----------------------------------------------------------------------------------- */

const struct pattern_loops *pattern_loops(void)
{
    static const struct pattern_loops narrow = {store_16, stream_16, equal_16};
    static const struct pattern_loops wide = {store_32, stream_32, equal_32};

    return __builtin_cpu_supports("avx2") ? &wide : &narrow;
}
