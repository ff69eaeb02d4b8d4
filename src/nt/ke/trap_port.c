/* SPDX-License-Identifier: MIT */
/* Port input and output: in, out and their string forms. A machine without port operations has
 * no ports: reads give all ones, writes go nowhere, as on an empty bus. */
#include "ke/trap.h"

#include "ke/trap_emulate.h"

static uint64_t port_read(struct ke *ke, uint16_t port, unsigned size_bytes)
{
    const struct ke_traps *traps = ke->traps;
    if (!traps->ops || !traps->ops->port_read)
        return ke_operand_mask(size_bytes);
    return traps->ops->port_read(traps->ops_ctx, port, size_bytes);
}

static void port_write(struct ke *ke, uint16_t port, unsigned size_bytes, uint64_t value)
{
    const struct ke_traps *traps = ke->traps;
    if (traps->ops && traps->ops->port_write)
        traps->ops->port_write(traps->ops_ctx, port, size_bytes,
                               value & ke_operand_mask(size_bytes));
}

/* An immediate port number, or dx. */
static uint16_t port_number(const struct ke_trap_frame *frame, const ZydisDecodedOperand *operand)
{
    if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
        return (uint16_t)operand->imm.value.u;
    return (uint16_t)frame->gpr[KE_RDX];
}

static unsigned string_bytes(ZydisMnemonic mnemonic, bool *input)
{
    *input = true;
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_INSB: return 1;
    case ZYDIS_MNEMONIC_INSW: return 2;
    case ZYDIS_MNEMONIC_INSD: return 4;
    default: break;
    }
    *input = false;
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_OUTSB: return 1;
    case ZYDIS_MNEMONIC_OUTSW: return 2;
    case ZYDIS_MNEMONIC_OUTSD: return 4;
    default: return 0;
    }
}

/* The buffer is the driver's memory: a fault on it is one of ours on an address it supplied. */
WEIR_NO_SANITIZE static void string_element(struct ke *ke, uint16_t port, unsigned size_bytes,
                                            bool input, uint64_t va)
{
    uint64_t value = 0;
    uint8_t *bytes = (uint8_t *)va;
    if (input)
        value = port_read(ke, port, size_bytes);
    for (unsigned i = 0; i < size_bytes; i++) {
        if (input)
            bytes[i] = (uint8_t)(value >> (8 * i));
        else
            value |= (uint64_t)bytes[i] << (8 * i);
    }
    if (!input)
        port_write(ke, port, size_bytes, value);
}

static bool string_port(struct ke *ke, struct ke_trap_frame *frame, const struct ke_insn *insn)
{
    bool input;
    unsigned size_bytes = string_bytes(insn->info.mnemonic, &input);
    unsigned pointer = input ? KE_RDI : KE_RSI;
    bool repeats = (insn->info.attributes & ZYDIS_ATTRIB_HAS_REP) != 0;
    uint64_t count = repeats ? frame->gpr[KE_RCX] : 1;
    uint64_t step = frame->rflags & KE_FLAG_DIRECTION ? -(uint64_t)size_bytes : size_bytes;
    if (size_bytes == 0)
        return false;
    for (; count > 0; count--) {
        string_element(ke, (uint16_t)frame->gpr[KE_RDX], size_bytes, input, frame->gpr[pointer]);
        frame->gpr[pointer] += step;
        if (repeats)
            frame->gpr[KE_RCX] = count - 1;
    }
    return true;
}

bool ke_trap_port(struct ke *ke, struct ke_trap_frame *frame, const struct ke_insn *insn)
{
    const ZydisDecodedOperand *operands = insn->operands;
    uint64_t rip = frame->rip;
    switch (insn->info.mnemonic) {
    case ZYDIS_MNEMONIC_IN: {
        unsigned size_bytes = operands[0].size / 8;
        uint64_t value = port_read(ke, port_number(frame, &operands[1]), size_bytes);
        ke_gpr_write(frame, KE_RAX, size_bytes, value);
        break;
    }
    case ZYDIS_MNEMONIC_OUT:
        port_write(ke, port_number(frame, &operands[0]), operands[1].size / 8, frame->gpr[KE_RAX]);
        break;
    default:
        if (!string_port(ke, frame, insn))
            return false;
        break;
    }
    TRACE_CLASSED(ke->trace, call, trap, KE_TRAP_KIND_PORT, rip, 0);
    frame->rip = rip + insn->length;
    return true;
}
