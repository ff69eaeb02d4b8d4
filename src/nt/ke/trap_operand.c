/* SPDX-License-Identifier: MIT */
/* Operands of an instruction: registers in a frame, immediates, memory through the bus. */
#include "ke/trap_emulate.h"

uint64_t ke_operand_mask(unsigned size_bytes)
{
    return size_bytes >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * size_bytes)) - 1;
}

uint64_t ke_sign_extend(uint64_t value, unsigned size_bytes)
{
    unsigned unused_bits = 64 - 8 * size_bytes;
    return (uint64_t)((int64_t)(value << unused_bits) >> unused_bits);
}

unsigned ke_operand_bytes(const struct ke_emulation *e, unsigned index)
{
    return e->insn->operands[index].size / 8;
}

bool ke_operand_is_memory(const struct ke_emulation *e, unsigned index)
{
    return e->insn->operands[index].type == ZYDIS_OPERAND_TYPE_MEMORY;
}

static bool unknown(struct ke_emulation *e)
{
    e->result = KE_EMULATED_UNKNOWN;
    return false;
}

/* ---- General registers ----------------------------------------------------------------------- */

uint64_t ke_gpr_read(const struct ke_trap_frame *frame, unsigned number, unsigned size_bytes)
{
    return frame->gpr[number] & ke_operand_mask(size_bytes);
}

/* A 32-bit result clears the upper half, shorter ones leave the rest alone. */
void ke_gpr_write(struct ke_trap_frame *frame, unsigned number, unsigned size_bytes, uint64_t value)
{
    uint64_t mask = ke_operand_mask(size_bytes);
    uint64_t kept = size_bytes >= 4 ? 0 : frame->gpr[number] & ~mask;
    frame->gpr[number] = kept | (value & mask);
}

static bool register_load(struct ke_emulation *e, ZydisRegister name, uint64_t *value)
{
    unsigned number;
    unsigned size_bytes;
    unsigned shift;
    if (!ke_insn_gpr(name, &number, &size_bytes, &shift))
        return unknown(e);
    *value = (e->frame->gpr[number] >> shift) & ke_operand_mask(size_bytes);
    return true;
}

static bool register_store(struct ke_emulation *e, ZydisRegister name, uint64_t value)
{
    unsigned number;
    unsigned size_bytes;
    unsigned shift;
    if (!ke_insn_gpr(name, &number, &size_bytes, &shift))
        return unknown(e);
    if (shift)
        e->frame->gpr[number] =
            (e->frame->gpr[number] & ~UINT64_C(0xff00)) | (value & 0xff) << shift;
    else
        ke_gpr_write(e->frame, number, size_bytes, value);
    return true;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

bool ke_bus_load(struct ke_emulation *e, uint64_t va, unsigned size_bytes, uint64_t *value)
{
    if (!e->bus->read(e->bus->ctx, va, size_bytes, value)) {
        e->result = KE_EMULATED_FAULT;
        return false;
    }
    *value &= ke_operand_mask(size_bytes);
    return true;
}

bool ke_bus_store(struct ke_emulation *e, uint64_t va, unsigned size_bytes, uint64_t value)
{
    if (!e->bus->write(e->bus->ctx, va, size_bytes, value & ke_operand_mask(size_bytes))) {
        e->result = KE_EMULATED_FAULT;
        return false;
    }
    return true;
}

static bool address_part(struct ke_emulation *e, ZydisRegister name, uint64_t *value)
{
    *value = 0;
    if (name == ZYDIS_REGISTER_NONE)
        return true;
    if (name == ZYDIS_REGISTER_RIP) {
        *value = e->insn->va + e->insn->length;
        return true;
    }
    return register_load(e, name, value);
}

bool ke_operand_va(struct ke_emulation *e, unsigned index, uint64_t *va)
{
    const ZydisDecodedOperandMem *memory = &e->insn->operands[index].mem;
    uint64_t base;
    uint64_t scaled;
    if (memory->type != ZYDIS_MEMOP_TYPE_MEM)
        return unknown(e);
    if (memory->segment == ZYDIS_REGISTER_FS || memory->segment == ZYDIS_REGISTER_GS)
        return unknown(e);
    if (!address_part(e, memory->base, &base) || !address_part(e, memory->index, &scaled))
        return false;
    *va = base + scaled * memory->scale + (uint64_t)memory->disp.value;
    if (e->insn->info.address_width == 32)
        *va = (uint32_t)*va;
    return true;
}

/* ---- Any operand ----------------------------------------------------------------------------- */

static bool is_whole(unsigned size_bytes)
{
    return size_bytes == 1 || size_bytes == 2 || size_bytes == 4 || size_bytes == 8;
}

bool ke_operand_load(struct ke_emulation *e, unsigned index, uint64_t *value)
{
    const ZydisDecodedOperand *operand = &e->insn->operands[index];
    uint64_t va;
    switch (operand->type) {
    case ZYDIS_OPERAND_TYPE_REGISTER: return register_load(e, operand->reg.value, value);
    case ZYDIS_OPERAND_TYPE_IMMEDIATE: *value = operand->imm.value.u; return true;
    case ZYDIS_OPERAND_TYPE_MEMORY:
        if (!is_whole(operand->size / 8))
            return unknown(e);
        return ke_operand_va(e, index, &va) && ke_bus_load(e, va, operand->size / 8, value);
    default: return unknown(e);
    }
}

bool ke_operand_store(struct ke_emulation *e, unsigned index, uint64_t value)
{
    const ZydisDecodedOperand *operand = &e->insn->operands[index];
    uint64_t va;
    if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER)
        return register_store(e, operand->reg.value, value);
    if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY || !is_whole(operand->size / 8))
        return unknown(e);
    return ke_operand_va(e, index, &va) && ke_bus_store(e, va, operand->size / 8, value);
}
