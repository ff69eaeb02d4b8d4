/* SPDX-License-Identifier: MIT */
/* Arithmetic and logic with a memory operand, flags included (Intel SDM volume 1, appendix A).
 * With a lock prefix the result is the same: nothing else runs between the load and the store. */
#include "ke/trap_emulate.h"

static uint64_t top_bit(unsigned size_bytes)
{
    return UINT64_C(1) << (8 * size_bytes - 1);
}

static uint64_t result_flags(uint64_t value, unsigned size_bytes)
{
    uint64_t flags = 0;
    if ((value & ke_operand_mask(size_bytes)) == 0)
        flags |= KE_FLAG_ZERO;
    if (value & top_bit(size_bytes))
        flags |= KE_FLAG_SIGN;
    if (!__builtin_parity((unsigned)(value & 0xff)))
        flags |= KE_FLAG_PARITY;
    return flags;
}

static void set_flags(struct ke_trap_frame *frame, uint64_t changed, uint64_t flags)
{
    frame->rflags = (frame->rflags & ~changed) | (flags & changed);
}

static uint64_t add_flags(uint64_t a, uint64_t b, uint64_t sum, unsigned size_bytes)
{
    uint64_t carries = (a & b) | ((a | b) & ~sum);
    uint64_t overflows = ~(a ^ b) & (a ^ sum);
    uint64_t flags = result_flags(sum, size_bytes) | ((a ^ b ^ sum) & KE_FLAG_ADJUST);
    if (carries & top_bit(size_bytes))
        flags |= KE_FLAG_CARRY;
    if (overflows & top_bit(size_bytes))
        flags |= KE_FLAG_OVERFLOW;
    return flags;
}

static uint64_t subtract_flags(uint64_t a, uint64_t b, uint64_t difference, unsigned size_bytes)
{
    uint64_t borrows = (~a & b) | (~(a ^ b) & difference);
    uint64_t overflows = (a ^ b) & (a ^ difference);
    uint64_t flags = result_flags(difference, size_bytes) | ((a ^ b ^ difference) & KE_FLAG_ADJUST);
    if (borrows & top_bit(size_bytes))
        flags |= KE_FLAG_CARRY;
    if (overflows & top_bit(size_bytes))
        flags |= KE_FLAG_OVERFLOW;
    return flags;
}

void ke_compare_flags(struct ke_trap_frame *frame, uint64_t a, uint64_t b, unsigned size_bytes)
{
    set_flags(frame, KE_FLAGS_ARITHMETIC, subtract_flags(a, b, a - b, size_bytes));
}

static uint64_t binary(ZydisMnemonic mnemonic, uint64_t a, uint64_t b, uint64_t carry,
                       unsigned size_bytes, uint64_t *flags)
{
    uint64_t result;
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_ADC:
    case ZYDIS_MNEMONIC_ADD:
        result = a + b + (mnemonic == ZYDIS_MNEMONIC_ADC ? carry : 0);
        *flags = add_flags(a, b, result, size_bytes);
        return result;
    case ZYDIS_MNEMONIC_CMP:
    case ZYDIS_MNEMONIC_SBB:
    case ZYDIS_MNEMONIC_SUB:
        result = a - b - (mnemonic == ZYDIS_MNEMONIC_SBB ? carry : 0);
        *flags = subtract_flags(a, b, result, size_bytes);
        return result;
    case ZYDIS_MNEMONIC_OR: result = a | b; break;
    case ZYDIS_MNEMONIC_XOR: result = a ^ b; break;
    default: result = a & b; break; /* AND, TEST */
    }
    *flags = result_flags(result, size_bytes);
    return result;
}

/* Two operands, the first one gets the result unless it is a comparison. */
static bool emulate_binary(struct ke_emulation *e)
{
    ZydisMnemonic mnemonic = e->insn->info.mnemonic;
    uint64_t carry = e->frame->rflags & KE_FLAG_CARRY;
    uint64_t flags;
    uint64_t a;
    uint64_t b;
    if (!ke_operand_load(e, 0, &a) || !ke_operand_load(e, 1, &b))
        return true;
    uint64_t result = binary(mnemonic, a, b, carry, ke_operand_bytes(e, 0), &flags);
    bool compares = mnemonic == ZYDIS_MNEMONIC_CMP || mnemonic == ZYDIS_MNEMONIC_TEST;
    if (compares || ke_operand_store(e, 0, result))
        set_flags(e->frame, KE_FLAGS_ARITHMETIC, flags);
    return true;
}

static bool emulate_unary(struct ke_emulation *e)
{
    unsigned size_bytes = ke_operand_bytes(e, 0);
    uint64_t changed = KE_FLAGS_ARITHMETIC;
    uint64_t flags = 0;
    uint64_t result;
    uint64_t a;
    if (!ke_operand_load(e, 0, &a))
        return true;
    switch (e->insn->info.mnemonic) {
    case ZYDIS_MNEMONIC_INC:
        result = a + 1;
        flags = add_flags(a, 1, result, size_bytes);
        changed &= ~(uint64_t)KE_FLAG_CARRY;
        break;
    case ZYDIS_MNEMONIC_DEC:
        result = a - 1;
        flags = subtract_flags(a, 1, result, size_bytes);
        changed &= ~(uint64_t)KE_FLAG_CARRY;
        break;
    case ZYDIS_MNEMONIC_NEG:
        result = 0 - a;
        flags = subtract_flags(0, a, result, size_bytes);
        break;
    default: /* NOT */
        result = ~a;
        changed = 0;
        break;
    }
    if (ke_operand_store(e, 0, result))
        set_flags(e->frame, changed, flags);
    return true;
}

/* The memory operand is written first, so that a refusal leaves the register alone. */
static bool emulate_exchange(struct ke_emulation *e, bool add)
{
    unsigned memory = ke_operand_is_memory(e, 0) ? 0 : 1;
    unsigned size_bytes = ke_operand_bytes(e, 0);
    uint64_t old;
    uint64_t other;
    if (!ke_operand_load(e, memory, &old) || !ke_operand_load(e, 1 - memory, &other))
        return true;
    if (!ke_operand_store(e, memory, add ? old + other : other))
        return true;
    ke_operand_store(e, 1 - memory, old);
    if (add)
        set_flags(e->frame, KE_FLAGS_ARITHMETIC, add_flags(old, other, old + other, size_bytes));
    return true;
}

/* The destination is written in both cases, as on the processor. */
static bool emulate_compare_exchange(struct ke_emulation *e)
{
    unsigned size_bytes = ke_operand_bytes(e, 0);
    uint64_t expected = ke_gpr_read(e->frame, KE_RAX, size_bytes);
    uint64_t old;
    uint64_t replacement;
    if (!ke_operand_load(e, 0, &old) || !ke_operand_load(e, 1, &replacement))
        return true;
    if (!ke_operand_store(e, 0, old == expected ? replacement : old))
        return true;
    ke_compare_flags(e->frame, expected, old, size_bytes);
    if (old != expected)
        ke_gpr_write(e->frame, KE_RAX, size_bytes, old);
    return true;
}

/* With the bit's number in a register, the number reaches beyond the operand. */
static bool emulate_bit(struct ke_emulation *e)
{
    unsigned size_bytes = ke_operand_bytes(e, 0);
    uint64_t va;
    uint64_t number;
    uint64_t value;
    if (!ke_operand_is_memory(e, 0) || !ke_operand_va(e, 0, &va) ||
        !ke_operand_load(e, 1, &number)) {
        e->result = e->result == KE_EMULATED_DONE ? KE_EMULATED_UNKNOWN : e->result;
        return true;
    }
    if (e->insn->operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER) {
        int64_t offset = (int64_t)ke_sign_extend(number, ke_operand_bytes(e, 1));
        va += (uint64_t)((offset >> (size_bytes == 8 ? 6 : size_bytes == 4 ? 5 : 4)) * size_bytes);
    }
    if (!ke_bus_load(e, va, size_bytes, &value))
        return true;
    uint64_t bit = UINT64_C(1) << (number % (8 * size_bytes));
    uint64_t carry = value & bit ? KE_FLAG_CARRY : 0;
    switch (e->insn->info.mnemonic) {
    case ZYDIS_MNEMONIC_BTS: value |= bit; break;
    case ZYDIS_MNEMONIC_BTR: value &= ~bit; break;
    case ZYDIS_MNEMONIC_BTC: value ^= bit; break;
    default: break;
    }
    if (e->insn->info.mnemonic == ZYDIS_MNEMONIC_BT || ke_bus_store(e, va, size_bytes, value))
        set_flags(e->frame, KE_FLAG_CARRY, carry);
    return true;
}

bool ke_emulate_alu(struct ke_emulation *e)
{
    switch (e->insn->info.mnemonic) {
    case ZYDIS_MNEMONIC_ADC:
    case ZYDIS_MNEMONIC_ADD:
    case ZYDIS_MNEMONIC_AND:
    case ZYDIS_MNEMONIC_CMP:
    case ZYDIS_MNEMONIC_OR:
    case ZYDIS_MNEMONIC_SBB:
    case ZYDIS_MNEMONIC_SUB:
    case ZYDIS_MNEMONIC_TEST:
    case ZYDIS_MNEMONIC_XOR: return emulate_binary(e);
    case ZYDIS_MNEMONIC_DEC:
    case ZYDIS_MNEMONIC_INC:
    case ZYDIS_MNEMONIC_NEG:
    case ZYDIS_MNEMONIC_NOT: return emulate_unary(e);
    case ZYDIS_MNEMONIC_XCHG: return emulate_exchange(e, false);
    case ZYDIS_MNEMONIC_XADD: return emulate_exchange(e, true);
    case ZYDIS_MNEMONIC_CMPXCHG: return emulate_compare_exchange(e);
    case ZYDIS_MNEMONIC_BT:
    case ZYDIS_MNEMONIC_BTC:
    case ZYDIS_MNEMONIC_BTR:
    case ZYDIS_MNEMONIC_BTS: return emulate_bit(e);
    default: return false;
    }
}
