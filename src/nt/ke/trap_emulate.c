/* SPDX-License-Identifier: MIT */
#include "ke/trap_emulate.h"

enum { PUSH_BYTES = 8 };

static void emulate_move(struct ke_emulation *e)
{
    uint64_t value;
    if (ke_operand_load(e, 1, &value))
        ke_operand_store(e, 0, value);
}

static void emulate_move_signed(struct ke_emulation *e)
{
    uint64_t value;
    if (ke_operand_load(e, 1, &value))
        ke_operand_store(e, 0, ke_sign_extend(value, ke_operand_bytes(e, 1)));
}

static void emulate_move_swapped(struct ke_emulation *e)
{
    uint64_t value;
    unsigned unused_bits = 64 - 8 * ke_operand_bytes(e, 0);
    if (ke_operand_load(e, 1, &value))
        ke_operand_store(e, 0, __builtin_bswap64(value) >> unused_bits);
}

static void emulate_push(struct ke_emulation *e)
{
    uint64_t value;
    if (ke_operand_bytes(e, 0) != PUSH_BYTES)
        e->result = KE_EMULATED_UNKNOWN;
    else if (ke_operand_load(e, 0, &value) &&
             ke_bus_store(e, e->frame->gpr[KE_RSP] - PUSH_BYTES, PUSH_BYTES, value))
        e->frame->gpr[KE_RSP] -= PUSH_BYTES;
}

/* The destination's address is computed with rsp already moved. */
static void emulate_pop(struct ke_emulation *e)
{
    uint64_t value;
    if (ke_operand_bytes(e, 0) != PUSH_BYTES) {
        e->result = KE_EMULATED_UNKNOWN;
        return;
    }
    if (!ke_bus_load(e, e->frame->gpr[KE_RSP], PUSH_BYTES, &value))
        return;
    e->frame->gpr[KE_RSP] += PUSH_BYTES;
    if (!ke_operand_store(e, 0, value))
        e->frame->gpr[KE_RSP] -= PUSH_BYTES;
}

static bool emulate_plain(struct ke_emulation *e)
{
    switch (e->insn->info.mnemonic) {
    case ZYDIS_MNEMONIC_MOV:
    case ZYDIS_MNEMONIC_MOVZX:
    case ZYDIS_MNEMONIC_MOVNTI: emulate_move(e); return true;
    case ZYDIS_MNEMONIC_MOVSX:
    case ZYDIS_MNEMONIC_MOVSXD: emulate_move_signed(e); return true;
    case ZYDIS_MNEMONIC_MOVBE: emulate_move_swapped(e); return true;
    case ZYDIS_MNEMONIC_PUSH: emulate_push(e); return true;
    case ZYDIS_MNEMONIC_POP: emulate_pop(e); return true;
    default: return false;
    }
}

enum ke_emulated ke_emulate(struct ke_trap_frame *frame, const struct ke_insn *insn,
                            const struct ke_bus *bus)
{
    struct ke_emulation e = {.frame = frame, .insn = insn, .bus = bus, .result = KE_EMULATED_DONE};
    bool again = false;
    if (!emulate_plain(&e) && !ke_emulate_string(&e, &again) && !ke_emulate_vector(&e) &&
        !ke_emulate_alu(&e))
        return KE_EMULATED_UNKNOWN;
    if (e.result == KE_EMULATED_DONE && !again)
        frame->rip = insn->va + insn->length;
    return e.result;
}
