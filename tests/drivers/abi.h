/* SPDX-License-Identifier: MIT */
/* What abi_test.c, compiled for Linux, and abi.c, compiled for Windows, call of each other: a
 * function of each kind that the Microsoft x64 convention tells apart. */
#ifndef WEIR_TEST_ABI_H
#define WEIR_TEST_ABI_H

#ifdef _WIN64
#define ABI
#else
#define ABI __attribute__((ms_abi))
#endif

/* Of 1, 2, 4 or 8 bytes: in a register, whatever is in them. Of any other size: by reference. */
struct abi_1 {
    signed char a;
};
struct abi_2 {
    char a, b;
};
struct abi_3 {
    char a, b, c;
};
struct abi_4 {
    short a, b;
};
struct abi_8 {
    float a;
    int b;
};
struct abi_12 {
    int a, b, c;
};
struct abi_40 {
    double a;
    long long b[3];
    float c;
};
union abi_union {
    long long all;
    unsigned parts[2];
};

typedef long long ABI abi_callback(void *context, long long b, int c, short d, long long e,
                                   signed char f, void *g, unsigned h);

struct abi_table {
    /* Each position is an integer register or a vector register, never both. */
    double(ABI *mixed)(double a, int b, float c, long long d, double e, short f, float g);
    float(ABI *integers_first)(long long a, float b, int c, double d, float e);
    double(ABI *doubles)(double a, double b, double c, double d, double e, double f);
    struct abi_1(ABI *one)(struct abi_1 a, struct abi_1 b);
    struct abi_2(ABI *two)(struct abi_2 a);
    struct abi_3(ABI *three)(int first, struct abi_3 a);
    struct abi_4(ABI *four)(struct abi_4 a, struct abi_4 b, struct abi_4 c, struct abi_4 d,
                            struct abi_4 e);
    struct abi_8(ABI *eight)(struct abi_8 a, double b);
    struct abi_12(ABI *twelve)(struct abi_12 a, struct abi_12 b, int c, int d, struct abi_12 e);
    struct abi_40(ABI *forty)(struct abi_40 a, float b, struct abi_40 c, int d, double e);
    union abi_union(ABI *united)(int a, union abi_union b);
    /* kinds: i int, l long long, d double, s string (its length counts) */
    double(ABI *sum)(const char *kinds, ...);
    double(ABI *sum_list)(const char *kinds, char *list);
    long long(ABI *call_back)(abi_callback *callback, void *context);
    unsigned long long(ABI *call_plain)(void *function); /* without arguments */
    unsigned long long(ABI *call_elsewhere)(void *function); /* the same, on a CPU's own stack */
};

#endif
