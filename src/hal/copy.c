/* SPDX-License-Identifier: MIT */
#include "hal/copy.h"

#include <cpuid.h>
#include <immintrin.h>
#include <string.h>

#include "base/base.h"

enum { PAGE = 4096, LINE = 64, ABREAST = 4 };

/* ---- Kernels --------------------------------------------------------------------------------- */

/* Each is built for its own instruction set, whatever the rest of the program is built for. */
#define FOUR_PAGES(name, isa, vector, load, store)                                                 \
    WEIR_TARGET(isa)                                                                               \
    static void name(uint8_t *const to[ABREAST], const uint8_t *const from[ABREAST],               \
                     const uint8_t *const next[ABREAST])                                           \
    {                                                                                              \
        enum { VECTORS = LINE / sizeof(vector) };                                                  \
        vector line[ABREAST * VECTORS];                                                            \
                                                                                                   \
        for (size_t at = 0; at < PAGE; at += LINE) {                                               \
            WEIR_UNROLL for (unsigned page = 0; page < ABREAST; page++)                            \
                _mm_prefetch((const char *)next[page] + at, _MM_HINT_T1);                          \
            WEIR_UNROLL for (unsigned i = 0; i < ABREAST * VECTORS; i++)                           \
                line[i] = load((const vector *)(from[i / VECTORS] + at) + i % VECTORS);            \
            WEIR_UNROLL for (unsigned i = 0; i < ABREAST * VECTORS; i++)                           \
                store((vector *)(to[i / VECTORS] + at) + i % VECTORS, line[i]);                    \
        }                                                                                          \
    }

FOUR_PAGES(four_sse2, "sse2", __m128i, _mm_loadu_si128, _mm_storeu_si128)
FOUR_PAGES(four_avx2, "avx2", __m256i, _mm256_loadu_si256, _mm256_storeu_si256)
FOUR_PAGES(four_avx512, "avx512f", __m512i, _mm512_loadu_si512, _mm512_storeu_si512)

static bool has_avx512(void)
{
    return weir_cpu_has("avx512f");
}

static bool has_avx2(void)
{
    return weir_cpu_has("avx2");
}

static bool always(void)
{
    return true; /* every x64 CPU has SSE2 */
}

enum { AVX512, AVX2, SSE2, PLAIN };
static const struct copy_kernel kernels[] = {
    [AVX512] = {"avx512", has_avx512, four_avx512},
    [AVX2] = {"avx2", has_avx2, four_avx2},
    [SSE2] = {"sse2", always, four_sse2},
    [PLAIN] = {"plain", always, NULL},
};

const struct copy_kernel *copy_kernel_at(unsigned index)
{
    return index < ARRAY_LEN(kernels) ? &kernels[index] : NULL;
}

static const struct copy_kernel *widest(void)
{
    const struct copy_kernel *kernel = kernels;

    while (!kernel->runs_here())
        kernel++;
    return kernel;
}

const struct copy_kernel *copy_best_to_bounce(void)
{
    return widest();
}

/* "Fast short rep mov": Intel and AMD manuals, CPUID leaf 7. */
static bool moves_strings_fast(void)
{
    unsigned a, b, c, d;

    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & 1u << 4) != 0;
}

const struct copy_kernel *copy_best_from_bounce(void)
{
    return moves_strings_fast() ? &kernels[PLAIN] : widest();
}

/* ---- Lists of pieces ------------------------------------------------------------------------- */

enum direction { TO_BOUNCE, FROM_BOUNCE };

static bool are_whole_pages(const struct copy_piece *pieces)
{
    for (unsigned i = 0; i < ABREAST; i++) {
        if (pieces[i].size_bytes != PAGE)
            return false;
    }
    return true;
}

static void copy_four(copy_four_fn *four, const struct copy_piece *pieces,
                      const struct copy_piece *after, enum direction direction)
{
    const uint8_t *from[ABREAST], *next[ABREAST];
    uint8_t *to[ABREAST];

    for (unsigned i = 0; i < ABREAST; i++) {
        to[i] = direction == TO_BOUNCE ? pieces[i].bounce : pieces[i].buffer;
        from[i] = direction == TO_BOUNCE ? pieces[i].buffer : pieces[i].bounce;
        next[i] = direction == TO_BOUNCE ? after[i].buffer : after[i].bounce;
    }
    four(to, from, next);
}

static void copy_one(const struct copy_piece *piece, enum direction direction)
{
    if (direction == TO_BOUNCE)
        memcpy(piece->bounce, piece->buffer, piece->size_bytes);
    else
        memcpy(piece->buffer, piece->bounce, piece->size_bytes);
}

static void copy(const struct copy_kernel *kernel, const struct copy_piece *pieces, size_t count,
                 enum direction direction)
{
    size_t i = 0;

    while (i < count) {
        /* Behind the last four there is nothing to ask for but what is here already. */
        const struct copy_piece *after = pieces + (count - i >= 2 * ABREAST ? i + ABREAST : i);

        if (kernel->four != NULL && count - i >= ABREAST && are_whole_pages(pieces + i)) {
            copy_four(kernel->four, pieces + i, after, direction);
            i += ABREAST;
        } else {
            copy_one(pieces + i++, direction);
        }
    }
}

void copy_to_bounce(const struct copy_kernel *kernel, const struct copy_piece *pieces, size_t count)
{
    copy(kernel, pieces, count, TO_BOUNCE);
}

void copy_from_bounce(const struct copy_kernel *kernel, const struct copy_piece *pieces,
                      size_t count)
{
    copy(kernel, pieces, count, FROM_BOUNCE);
}
