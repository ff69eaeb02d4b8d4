/* SPDX-License-Identifier: MIT */
/* The only legal epilogue: `add rsp, constant` or `lea rsp, [frame register + constant]`, then
 * pops of 8-byte registers, then a return or a jump. The jump is a tail call: one with a memory
 * operand of mod 00, one through a register with REX.W, or a direct one to another function.
 * x64 prolog and epilog, "Epilog code".
 * Test: "an epilogue is recognised from each of its instructions". */
#include "pe/epilogue.h"

#include "pe/internal.h"

enum {
    REX_MASK = 0xF0,
    REX = 0x40,
    REX_W = 0x08,
    REX_R = 0x04,
    REX_B = 0x01,
    MODRM_RSP = 4, /* as register; as base it announces a SIB byte */
    SIB_BASE_ONLY = 0x24,
};

struct modrm {
    unsigned mod;
    unsigned reg;
    unsigned rm;
};

/* Reads a REX prefix if there is one; 0 if not. */
static uint8_t take_rex(struct cursor *cursor)
{
    struct cursor ahead = *cursor;
    uint8_t byte;

    if (!cursor_u8(&ahead, &byte) || (byte & REX_MASK) != REX)
        return 0;
    *cursor = ahead;
    return byte;
}

static bool take_modrm(struct cursor *cursor, struct modrm *out)
{
    uint8_t byte;

    if (!cursor_u8(cursor, &byte))
        return false;
    *out = (struct modrm){ .mod = byte >> 6, .reg = (byte >> 3) & 7, .rm = byte & 7 };
    return true;
}

static bool take_displacement(struct cursor *cursor, unsigned bytes, int32_t *out)
{
    uint32_t wide;
    uint8_t narrow;

    if (bytes == 1) {
        if (!cursor_u8(cursor, &narrow))
            return false;
        *out = (int8_t)narrow;
        return true;
    }
    if (!cursor_u32(cursor, &wide))
        return false;
    *out = (int32_t)wide;
    return true;
}

/* add rsp, imm8 or imm32, behind the REX prefix and the opcode. */
static bool read_add(struct cursor *cursor, uint8_t rex, unsigned immediate_bytes,
                     struct epilogue *out)
{
    struct modrm modrm;

    return rex == (REX | REX_W) && take_modrm(cursor, &modrm) && modrm.mod == 3 &&
           modrm.reg == 0 && modrm.rm == MODRM_RSP &&
           take_displacement(cursor, immediate_bytes, &out->stack_bytes);
}

/* lea rsp, [frame register + displacement]. */
static bool read_lea(struct cursor *cursor, uint8_t rex, unsigned frame_register,
                     struct epilogue *out)
{
    struct modrm modrm;
    uint8_t sib;

    if ((rex & (REX_W | REX_R)) != REX_W || frame_register == 0 || !take_modrm(cursor, &modrm))
        return false;
    if (modrm.reg != MODRM_RSP || modrm.mod == 3)
        return false;
    if (modrm.rm == MODRM_RSP && (!cursor_u8(cursor, &sib) || sib != SIB_BASE_ONLY))
        return false;
    if (modrm.mod == 0 && modrm.rm == 5)
        return false;
    if ((modrm.rm | (rex & REX_B) << 3) != frame_register)
        return false;
    out->from_frame = true;
    return modrm.mod == 0 ||
           take_displacement(cursor, modrm.mod == 1 ? 1 : 4, &out->stack_bytes);
}

/* The first instruction is optional: without it the cursor stays. */
static void read_stack_release(struct cursor *cursor, unsigned frame_register, struct epilogue *out)
{
    struct cursor ahead = *cursor;
    struct epilogue trial = *out;
    uint8_t rex = take_rex(&ahead);
    uint8_t opcode;
    bool read;

    if (!cursor_u8(&ahead, &opcode))
        return;
    if (opcode == 0x83)
        read = read_add(&ahead, rex, 1, &trial);
    else if (opcode == 0x81)
        read = read_add(&ahead, rex, 4, &trial);
    else
        read = opcode == 0x8D && read_lea(&ahead, rex, frame_register, &trial);
    if (read) {
        *cursor = ahead;
        *out = trial;
    }
}

static bool read_pops(struct cursor *cursor, struct epilogue *out)
{
    for (;;) {
        struct cursor ahead = *cursor;
        uint8_t rex = take_rex(&ahead);
        uint8_t opcode;
        unsigned reg;

        if (!cursor_u8(&ahead, &opcode) || (opcode & 0xF8) != 0x58)
            return true;
        reg = (opcode & 7u) | (rex & REX_B) << 3;
        if (reg == PE_RSP || out->pop_count == EPILOGUE_MAX_POPS)
            return false;
        out->pops[out->pop_count++] = (uint8_t)reg;
        *cursor = ahead;
    }
}

/* A direct jump is a tail call when it goes to the first instruction of a function, or to code
 * without unwind data, which is a leaf function. Any other target lies in a body, whose frame must
 * still be there: compilers move rarely executed parts away from their function, and jump back. */
static bool is_tail_call(const struct pe_image_view *view, int64_t target)
{
    struct pe_function there;
    struct pe_function root;

    if (target < 0 || target >= view->size_bytes)
        return true;
    if (!pe_function_find(view, (uint32_t)target, &there))
        return true;
    return pe_function_root(view, &there, &root) && root.begin_rva == target;
}

static bool read_jump(const struct pe_image_view *view, struct cursor *cursor,
                      unsigned displacement_bytes)
{
    int32_t displacement;

    return take_displacement(cursor, displacement_bytes, &displacement) &&
           is_tail_call(view, (int64_t)cursor->offset + displacement);
}

static bool read_end(const struct pe_image_view *view, struct cursor *cursor, struct epilogue *out)
{
    uint8_t rex = take_rex(cursor);
    struct modrm modrm;
    uint8_t opcode;

    if (!cursor_u8(cursor, &opcode))
        return false;
    switch (opcode) {
    case 0xC3:
        return true;
    case 0xC2:
        return cursor_u16(cursor, &out->return_bytes);
    case 0xF3:
        return cursor_u8(cursor, &opcode) && opcode == 0xC3;
    case 0xEB:
        return read_jump(view, cursor, 1);
    case 0xE9:
        return read_jump(view, cursor, 4);
    case 0xFF:
        return take_modrm(cursor, &modrm) && modrm.reg == 4 &&
               (modrm.mod == 0 || (modrm.mod == 3 && (rex & REX_W) != 0));
    default:
        return false;
    }
}

bool epilogue_find(const struct pe_image_view *view, const struct pe_function *function,
                   const struct unwind_info *info, uint32_t rva, struct epilogue *out)
{
    struct epilogue epilogue = { 0 };
    struct cursor cursor;
    uint32_t end = function->end_rva;

    if (end > view->size_bytes || rva >= end)
        return false;
    cursor_init(&cursor, view->bytes, end);
    if (!cursor_seek(&cursor, rva))
        return false;
    read_stack_release(&cursor, info->frame_register, &epilogue);
    if (!read_pops(&cursor, &epilogue) || !read_end(view, &cursor, &epilogue))
        return false;
    *out = epilogue;
    return true;
}
