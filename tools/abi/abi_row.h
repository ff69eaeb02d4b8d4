/* SPDX-License-Identifier: MIT */
/* How one set of declarations states its layout: every row of abi.tbl.h becomes a record in the
 * object file's section .abi, which compare.py reads. Nothing is run, so the set compiled by a
 * cross compiler needs no machine to run on. The including file declares the types first.
 * A record is found by its magic, because a linker or compiler may pad between records. */
#ifndef WEIR_ABI_ROW_H
#define WEIR_ABI_ROW_H

#define ABI_MAGIC 0x314942414952754Cull
#define ABI_SECTION __attribute__((section(".abi"), used, aligned(16)))

enum abi_kind {
    ABI_SIZE = 1,  /* first: bytes */
    ABI_FIELD,     /* first: offset, second: bytes */
    ABI_OFFSET,    /* first: offset, of a field that has no size */
    ABI_CONST,     /* first: value */
    ABI_GUID,      /* first, second: the bytes as they lie in memory */
    ABI_PARAMETER, /* first: bytes, second: __builtin_classify_type */
};

struct abi_row {
    unsigned long long magic;
    unsigned long long kind;
    unsigned long long first;
    unsigned long long second;
    char name[128];
};

/* The second half of a GUID's bytes as a number; the first half is packed the same way. */
#define ABI_PACK8(b1, b2, b3, b4, b5, b6, b7, b8) \
    ((unsigned long long)(b1) | (unsigned long long)(b2) << 8 | (unsigned long long)(b3) << 16 | \
        (unsigned long long)(b4) << 24 | (unsigned long long)(b5) << 32 | \
        (unsigned long long)(b6) << 40 | (unsigned long long)(b7) << 48 | \
        (unsigned long long)(b8) << 56)
#define ABI_GUID_ROW(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
    {ABI_MAGIC, ABI_GUID, \
        (unsigned long long)(l) | (unsigned long long)(w1) << 32 | (unsigned long long)(w2) << 48, \
        ABI_PACK8(b1, b2, b3, b4, b5, b6, b7, b8), name}

#define SIZE(type) {ABI_MAGIC, ABI_SIZE, sizeof(type), 0, #type},
#define FIELD(type, field) \
    {ABI_MAGIC, ABI_FIELD, offsetof(type, field), sizeof(((type *)0)->field), #type "." #field},
#define OFFSET(type, field) {ABI_MAGIC, ABI_OFFSET, offsetof(type, field), 0, #type "." #field},
#define CONST_ROW(name) {ABI_MAGIC, ABI_CONST, (unsigned long long)(name), 0, #name},
#define FIELD_OURS(type, field) /* compiled by abi_absent.c alone */

#endif
