/* SPDX-License-Identifier: MIT */
/* UNWIND_INFO, decoded and checked: what a function's prologue did, so that it can be undone.
 * Works on any bytes; the decoded form borrows them. unwind_info_decode checks every code, so
 * walking the codes of a decoded info cannot leave it. Not here: what the codes do to registers
 * (unwind.c). */
#ifndef WEIR_PE_UNWIND_INFO_H
#define WEIR_PE_UNWIND_INFO_H

#include "base/base.h"
#include "pe/pe_unwind.h"

enum unwind_flag {
    UNWIND_FLAG_EHANDLER = 1,
    UNWIND_FLAG_UHANDLER = 2,
    UNWIND_FLAG_CHAININFO = 4,
};

enum unwind_op {
    UNWIND_PUSH_NONVOL = 0,
    UNWIND_ALLOC_LARGE = 1,
    UNWIND_ALLOC_SMALL = 2,
    UNWIND_SET_FPREG = 3,
    UNWIND_SAVE_NONVOL = 4,
    UNWIND_SAVE_NONVOL_FAR = 5,
    UNWIND_EPILOG = 6, /* version 2 only */
    UNWIND_SAVE_XMM128 = 8,
    UNWIND_SAVE_XMM128_FAR = 9,
    UNWIND_PUSH_MACHFRAME = 10,
};

/* Chains longer than this are damage: real ones have one or two links. */
enum { UNWIND_MAX_CHAIN = 32 };

struct unwind_info {
    uint8_t            version;
    uint8_t            flags;
    uint8_t            prologue_bytes;
    uint8_t            slot_count;
    uint8_t            frame_register; /* 0: none */
    uint8_t            frame_offset_bytes;
    const uint8_t     *slots;
    struct pe_function chained;        /* with UNWIND_FLAG_CHAININFO */
    uint32_t           handler_rva;    /* with UNWIND_FLAG_EHANDLER or UNWIND_FLAG_UHANDLER */
    uint32_t           handler_data;   /* offset of the handler's data from the start of the info */
};

struct unwind_code {
    uint8_t        prologue_offset; /* of the instruction after the one described */
    enum unwind_op op;
    uint8_t        info;
    uint32_t       operand_bytes;   /* size of an allocation, or offset of a save from the frame */
};

/* The cursor stands at the info and may not read beyond what can hold it.
 * NULL on success, else what is wrong, in words. */
const char *unwind_info_decode(struct cursor cursor, struct unwind_info *out);

/* Code by code, *slot counting from 0; false at the end. */
bool unwind_code_next(const struct unwind_info *info, unsigned *slot, struct unwind_code *out);

/* The info that function leads to in a mapped image; false when it is damaged. */
bool pe_function_info(const struct pe_image_view *view, const struct pe_function *function,
                      struct unwind_info *out);

#endif
