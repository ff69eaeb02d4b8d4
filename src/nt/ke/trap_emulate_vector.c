/* SPDX-License-Identifier: MIT */
/* Moves between memory and vector registers: what memcpy and memset of either side are made of.
 * A move goes in pieces of eight bytes, as a bus that has nothing wider would see it. Forms with
 * a mask are not known: nobody moves device registers through them. */
#include "ke/trap_emulate.h"

#include <string.h>

static bool is_full_move(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_LDDQU:
    case ZYDIS_MNEMONIC_MOVAPD:
    case ZYDIS_MNEMONIC_MOVAPS:
    case ZYDIS_MNEMONIC_MOVDQA:
    case ZYDIS_MNEMONIC_MOVDQU:
    case ZYDIS_MNEMONIC_MOVNTDQ:
    case ZYDIS_MNEMONIC_MOVNTDQA:
    case ZYDIS_MNEMONIC_MOVNTPD:
    case ZYDIS_MNEMONIC_MOVNTPS:
    case ZYDIS_MNEMONIC_MOVUPD:
    case ZYDIS_MNEMONIC_MOVUPS:
    case ZYDIS_MNEMONIC_VLDDQU:
    case ZYDIS_MNEMONIC_VMOVAPD:
    case ZYDIS_MNEMONIC_VMOVAPS:
    case ZYDIS_MNEMONIC_VMOVDQA:
    case ZYDIS_MNEMONIC_VMOVDQA32:
    case ZYDIS_MNEMONIC_VMOVDQA64:
    case ZYDIS_MNEMONIC_VMOVDQU:
    case ZYDIS_MNEMONIC_VMOVDQU16:
    case ZYDIS_MNEMONIC_VMOVDQU32:
    case ZYDIS_MNEMONIC_VMOVDQU64:
    case ZYDIS_MNEMONIC_VMOVDQU8:
    case ZYDIS_MNEMONIC_VMOVNTDQ:
    case ZYDIS_MNEMONIC_VMOVNTDQA:
    case ZYDIS_MNEMONIC_VMOVNTPD:
    case ZYDIS_MNEMONIC_VMOVNTPS:
    case ZYDIS_MNEMONIC_VMOVUPD:
    case ZYDIS_MNEMONIC_VMOVUPS: return true;
    default: return false;
    }
}

/* One element of 4 or 8 bytes; a load clears the rest of the 16. */
static bool is_scalar_move(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_MOVD:
    case ZYDIS_MNEMONIC_MOVQ:
    case ZYDIS_MNEMONIC_MOVSD:
    case ZYDIS_MNEMONIC_MOVSS:
    case ZYDIS_MNEMONIC_VMOVD:
    case ZYDIS_MNEMONIC_VMOVQ:
    case ZYDIS_MNEMONIC_VMOVSD:
    case ZYDIS_MNEMONIC_VMOVSS: return true;
    default: return false;
    }
}

/* Half of 16 bytes; a load leaves the other half alone. */
static bool is_half_move(ZydisMnemonic mnemonic, unsigned *offset)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_MOVLPD:
    case ZYDIS_MNEMONIC_MOVLPS: *offset = 0; return true;
    case ZYDIS_MNEMONIC_MOVHPD:
    case ZYDIS_MNEMONIC_MOVHPS: *offset = 8; return true;
    default: return false;
    }
}

static bool has_mask(const struct ke_insn *insn)
{
    ZydisRegister mask = insn->info.avx.mask.reg;
    return insn->info.encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX && mask != ZYDIS_REGISTER_NONE &&
           mask != ZYDIS_REGISTER_K0;
}

static bool move_in(struct ke_emulation *e, uint64_t va, uint8_t *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i += 8) {
        unsigned piece = count - i < 8 ? count - i : 8;
        uint64_t value;
        if (!ke_bus_load(e, va + i, piece, &value))
            return false;
        memcpy(bytes + i, &value, piece);
    }
    return true;
}

static void move_out(struct ke_emulation *e, uint64_t va, const uint8_t *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i += 8) {
        unsigned piece = count - i < 8 ? count - i : 8;
        uint64_t value = 0;
        memcpy(&value, bytes + i, piece);
        if (!ke_bus_store(e, va + i, piece, value))
            return;
    }
}

/* What a load leaves in the register around the bytes that came in. */
static void load(struct ke_emulation *e, uint64_t va, uint8_t *vector, unsigned offset,
                 unsigned count, bool whole)
{
    bool legacy = e->insn->info.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY;
    uint8_t bytes[KE_VECTOR_BYTES];
    if (!move_in(e, va, bytes, count))
        return;
    if (whole)
        memset(vector, 0, legacy ? 16 : KE_VECTOR_BYTES);
    memcpy(vector + offset, bytes, count);
}

/* EVEX forms carry their mask as an operand in between. */
static bool find_operands(const struct ke_emulation *e, unsigned *memory, unsigned *number)
{
    bool has_memory = false;
    bool has_vector = false;
    for (unsigned i = 0; i < e->insn->info.operand_count_visible; i++) {
        const ZydisDecodedOperand *operand = &e->insn->operands[i];
        if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY) {
            *memory = i;
            has_memory = true;
        } else if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER) {
            has_vector |= ke_insn_vector(operand->reg.value, number);
        }
    }
    return has_memory && has_vector;
}

bool ke_emulate_vector(struct ke_emulation *e)
{
    ZydisMnemonic mnemonic = e->insn->info.mnemonic;
    unsigned offset = 0;
    bool whole = is_full_move(mnemonic) || is_scalar_move(mnemonic);
    if (!whole && !is_half_move(mnemonic, &offset))
        return false;
    unsigned memory = 0;
    unsigned number = 0;
    uint64_t va;
    if (!find_operands(e, &memory, &number) || has_mask(e->insn) ||
        ke_operand_bytes(e, memory) > KE_VECTOR_BYTES) {
        e->result = KE_EMULATED_UNKNOWN;
        return true;
    }
    if (!ke_operand_va(e, memory, &va))
        return true;
    uint8_t *vector = e->frame->vector[number];
    unsigned count = ke_operand_bytes(e, memory);
    if (memory == 0)
        move_out(e, va, vector + offset, count);
    else
        load(e, va, vector, offset, count, whole);
    return true;
}
