/* SPDX-License-Identifier: MIT */
/* Machine code of stubs. Only three things depend on where an instruction lies: relative
 * branches, rip-relative operands, and calls, whose return address a driver could see: those
 * stay where they are. */
#include "ke/patch.h"

#include <string.h>

/* Fills with the long no-operations that processors fetch at full speed. */
static void fill_nops(uint8_t *code, unsigned count)
{
    static const uint8_t nop8[] = {0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00};
    static const uint8_t nop2[] = {0x66, 0x90};
    while (count >= sizeof(nop8)) {
        memcpy(code, nop8, sizeof(nop8));
        code += sizeof(nop8);
        count -= (unsigned)sizeof(nop8);
    }
    while (count >= sizeof(nop2)) {
        memcpy(code, nop2, sizeof(nop2));
        code += sizeof(nop2);
        count -= (unsigned)sizeof(nop2);
    }
    if (count)
        *code = 0x90;
}

static bool fits(int64_t distance)
{
    return distance == (int32_t)distance;
}

static bool is_conditional(const struct ke_insn *insn)
{
    return insn->info.meta.category == ZYDIS_CATEGORY_COND_BR;
}

static bool is_relative(const struct ke_insn *insn)
{
    return insn->info.operand_count > 0 &&
           insn->operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE &&
           insn->operands[0].imm.is_relative;
}

/* The loop family and jrcxz have no long form. */
static bool is_short_only(const struct ke_insn *insn)
{
    uint8_t opcode = insn->info.opcode;
    return is_conditional(insn) && insn->info.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT &&
           opcode >= 0xe0 && opcode <= 0xe3;
}

bool ke_is_relocatable(const struct ke_insn *insn)
{
    switch (insn->info.meta.category) {
    case ZYDIS_CATEGORY_CALL:
    case ZYDIS_CATEGORY_INTERRUPT:
    case ZYDIS_CATEGORY_SYSCALL: return false;
    default: return !is_short_only(insn);
    }
}

static unsigned relocate_branch(const struct ke_insn *insn, uint64_t to_va, uint8_t *out)
{
    uint64_t target = insn->va + insn->length + insn->operands[0].imm.value.u;
    unsigned length = is_conditional(insn) ? 6 : 5;
    int64_t distance = (int64_t)(target - (to_va + length));
    int32_t distance32 = (int32_t)distance;
    if (!fits(distance))
        return 0;
    if (is_conditional(insn)) {
        out[0] = 0x0f;
        out[1] = 0x80 | (insn->info.opcode & 0x0f);
    } else {
        out[0] = 0xe9;
    }
    memcpy(out + length - 4, &distance32, 4);
    return length;
}

static bool is_rip_relative(const struct ke_insn *insn)
{
    bool relative = (insn->info.attributes & ZYDIS_ATTRIB_IS_RELATIVE) != 0;
    return relative && insn->info.raw.disp.size == 32;
}

unsigned ke_relocate(const struct ke_insn *insn, uint64_t to_va, uint8_t out[KE_SLOT_BYTES])
{
    if (!ke_is_relocatable(insn))
        return 0;
    if (is_relative(insn))
        return relocate_branch(insn, to_va, out);
    memcpy(out, insn->bytes, insn->length);
    if (is_rip_relative(insn)) {
        int64_t distance = insn->info.raw.disp.value + (int64_t)(insn->va - to_va);
        int32_t distance32 = (int32_t)distance;
        if (!fits(distance))
            return 0;
        memcpy(out + insn->info.raw.disp.offset, &distance32, 4);
    }
    return insn->length;
}

/* call *cell(%rip) */
void ke_slot_write_hook(uint8_t *slot, uint64_t slot_va, uint64_t cell_va)
{
    enum { CALL_BYTES = 6 };
    int32_t distance = (int32_t)(cell_va - (slot_va + CALL_BYTES));
    slot[0] = 0xff;
    slot[1] = 0x15;
    memcpy(slot + 2, &distance, 4);
    fill_nops(slot + CALL_BYTES, KE_SLOT_BYTES - CALL_BYTES);
}

void ke_slot_write_insn(uint8_t *slot, const uint8_t *code, unsigned length)
{
    memcpy(slot, code, length);
    fill_nops(slot + length, KE_SLOT_BYTES - length);
}

void ke_write_jump(uint8_t *code, uint64_t code_va, uint64_t to_va)
{
    int32_t distance = (int32_t)(to_va - (code_va + KE_PATCH_JUMP_BYTES));
    code[0] = 0xe9;
    memcpy(code + 1, &distance, 4);
}
