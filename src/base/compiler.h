/* SPDX-License-Identifier: MIT */
/* Everything weir asks of the compiler beyond C17, in one place.
 * GCC 12 and clang 14 are the compilers it is written for; no other header uses an extension
 * directly. Not here: anything with state or behaviour of its own. */
#ifndef WEIR_BASE_COMPILER_H
#define WEIR_BASE_COMPILER_H

#include <stddef.h>

#define WEIR_PRINTF(format_index, first_argument)                                                  \
    __attribute__((format(printf, format_index, first_argument)))
#define WEIR_NORETURN         _Noreturn
#define WEIR_UNUSED           __attribute__((unused))
#define WEIR_USED             __attribute__((used))
#define WEIR_MUST_CHECK       __attribute__((warn_unused_result))
#define WEIR_NOINLINE         __attribute__((noinline))
#define WEIR_ALWAYS_INLINE    inline __attribute__((always_inline))
#define WEIR_COLD             __attribute__((cold))
#define WEIR_PACKED           __attribute__((packed))
#define WEIR_ALIGNED(bytes)   __attribute__((aligned(bytes)))
#define WEIR_SECTION(name)    __attribute__((section(name)))
#define WEIR_VISIBLE          __attribute__((visibility("default")))
#define WEIR_FALLTHROUGH      __attribute__((fallthrough))

/* The Windows x64 calling convention, for every function a driver calls and every driver function
 * we call. */
#define WEIR_MS_ABI           __attribute__((ms_abi))

/* true for a function of the Windows convention that returns nothing. Where a parameter is narrower
 * than int the types never match: false says nothing then. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
typedef void WEIR_MS_ABI weir_nothing_fn();
#pragma GCC diagnostic pop
#define weir_returns_nothing(function)                                                             \
    __builtin_types_compatible_p(__typeof__(function), weir_nothing_fn)

/* For code that reads memory the sanitizers know nothing of: driver stacks, signal frames, guest
 * pages. */
#define WEIR_NO_SANITIZE      __attribute__((no_sanitize("address", "undefined")))

/* Compiles one function for more than the CPU that everything else is compiled for; ask
 * weir_cpu_has("avx2") before it is called. */
#define WEIR_TARGET(isa)      __attribute__((target(isa)))
#define weir_cpu_has(feature) (__builtin_cpu_supports(feature) != 0)
/* In front of a loop of few and known turns: no loop is left. */
#define WEIR_UNROLL           _Pragma("GCC unroll 16")

#define weir_likely(condition)   __builtin_expect(!!(condition), 1)
#define weir_unlikely(condition) __builtin_expect(!!(condition), 0)
#define weir_typeof(expression)  __typeof__(expression)

/* true when the mathematical result does not fit *out; *out then holds the wrapped value. */
#define weir_add_overflows(a, b, out) __builtin_add_overflow((a), (b), (out))
#define weir_sub_overflows(a, b, out) __builtin_sub_overflow((a), (b), (out))
#define weir_mul_overflows(a, b, out) __builtin_mul_overflow((a), (b), (out))

#define weir_count_trailing_zeros(value64) ((unsigned)__builtin_ctzll(value64))
#define weir_count_leading_zeros(value64)  ((unsigned)__builtin_clzll(value64))
#define weir_count_ones(value64)           ((unsigned)__builtin_popcountll(value64))

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#define container_of(pointer, type, member)                                                        \
    ((type *)(void *)((char *)(pointer) - offsetof(type, member)))

#endif
