/* SPDX-License-Identifier: MIT */
/* String instructions: movs, stos, lods, cmps, scas, with their prefixes. Each repetition moves
 * the registers on, so that an access that is refused leaves the instruction ready to be run
 * again; a long run asks for that itself every few thousand elements, because interrupts may
 * come in between. */
#include "ke/trap_emulate.h"

enum { ELEMENTS_AT_ONCE = 4096 };

struct string_op {
    uint64_t step; /* added to rsi and rdi */
    unsigned size_bytes;
    unsigned address_bytes;
};

static void advance(struct ke_trap_frame *frame, unsigned number, const struct string_op *op)
{
    uint64_t next = ke_gpr_read(frame, number, op->address_bytes) + op->step;
    ke_gpr_write(frame, number, op->address_bytes, next);
}

static uint64_t pointer(const struct ke_emulation *e, unsigned number, const struct string_op *op)
{
    return ke_gpr_read(e->frame, number, op->address_bytes);
}

static bool element_move(struct ke_emulation *e, const struct string_op *op)
{
    uint64_t value;
    if (!ke_bus_load(e, pointer(e, KE_RSI, op), op->size_bytes, &value) ||
        !ke_bus_store(e, pointer(e, KE_RDI, op), op->size_bytes, value))
        return false;
    advance(e->frame, KE_RSI, op);
    advance(e->frame, KE_RDI, op);
    return true;
}

static bool element_store(struct ke_emulation *e, const struct string_op *op)
{
    uint64_t value = ke_gpr_read(e->frame, KE_RAX, op->size_bytes);
    if (!ke_bus_store(e, pointer(e, KE_RDI, op), op->size_bytes, value))
        return false;
    advance(e->frame, KE_RDI, op);
    return true;
}

static bool element_load(struct ke_emulation *e, const struct string_op *op)
{
    uint64_t value;
    if (!ke_bus_load(e, pointer(e, KE_RSI, op), op->size_bytes, &value))
        return false;
    ke_gpr_write(e->frame, KE_RAX, op->size_bytes, value);
    advance(e->frame, KE_RSI, op);
    return true;
}

static bool element_compare(struct ke_emulation *e, const struct string_op *op)
{
    uint64_t first;
    uint64_t second;
    if (!ke_bus_load(e, pointer(e, KE_RSI, op), op->size_bytes, &first) ||
        !ke_bus_load(e, pointer(e, KE_RDI, op), op->size_bytes, &second))
        return false;
    ke_compare_flags(e->frame, first, second, op->size_bytes);
    advance(e->frame, KE_RSI, op);
    advance(e->frame, KE_RDI, op);
    return true;
}

static bool element_scan(struct ke_emulation *e, const struct string_op *op)
{
    uint64_t value;
    if (!ke_bus_load(e, pointer(e, KE_RDI, op), op->size_bytes, &value))
        return false;
    ke_compare_flags(e->frame, ke_gpr_read(e->frame, KE_RAX, op->size_bytes), value,
                     op->size_bytes);
    advance(e->frame, KE_RDI, op);
    return true;
}

typedef bool element_fn(struct ke_emulation *e, const struct string_op *op);

static element_fn *element_of(ZydisMnemonic mnemonic, unsigned *size_bytes)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_MOVSB: *size_bytes = 1; return element_move;
    case ZYDIS_MNEMONIC_MOVSW: *size_bytes = 2; return element_move;
    case ZYDIS_MNEMONIC_MOVSD: *size_bytes = 4; return element_move;
    case ZYDIS_MNEMONIC_MOVSQ: *size_bytes = 8; return element_move;
    case ZYDIS_MNEMONIC_STOSB: *size_bytes = 1; return element_store;
    case ZYDIS_MNEMONIC_STOSW: *size_bytes = 2; return element_store;
    case ZYDIS_MNEMONIC_STOSD: *size_bytes = 4; return element_store;
    case ZYDIS_MNEMONIC_STOSQ: *size_bytes = 8; return element_store;
    case ZYDIS_MNEMONIC_LODSB: *size_bytes = 1; return element_load;
    case ZYDIS_MNEMONIC_LODSW: *size_bytes = 2; return element_load;
    case ZYDIS_MNEMONIC_LODSD: *size_bytes = 4; return element_load;
    case ZYDIS_MNEMONIC_LODSQ: *size_bytes = 8; return element_load;
    case ZYDIS_MNEMONIC_CMPSB: *size_bytes = 1; return element_compare;
    case ZYDIS_MNEMONIC_CMPSW: *size_bytes = 2; return element_compare;
    case ZYDIS_MNEMONIC_CMPSD: *size_bytes = 4; return element_compare;
    case ZYDIS_MNEMONIC_CMPSQ: *size_bytes = 8; return element_compare;
    case ZYDIS_MNEMONIC_SCASB: *size_bytes = 1; return element_scan;
    case ZYDIS_MNEMONIC_SCASW: *size_bytes = 2; return element_scan;
    case ZYDIS_MNEMONIC_SCASD: *size_bytes = 4; return element_scan;
    case ZYDIS_MNEMONIC_SCASQ: *size_bytes = 8; return element_scan;
    default: return NULL;
    }
}

/* Whether the repetition ends at this element, beyond the count: only comparisons look. */
static bool stops(const struct ke_emulation *e, element_fn *element)
{
    bool zero = (e->frame->rflags & KE_FLAG_ZERO) != 0;
    if (element != element_compare && element != element_scan)
        return false;
    return e->insn->info.attributes & ZYDIS_ATTRIB_HAS_REPNE ? zero : !zero;
}

static void repeat(struct ke_emulation *e, element_fn *element, const struct string_op *op,
                   bool *again)
{
    for (unsigned i = 0; i < ELEMENTS_AT_ONCE; i++) {
        uint64_t left = ke_gpr_read(e->frame, KE_RCX, op->address_bytes);
        if (left == 0 || !element(e, op))
            return;
        ke_gpr_write(e->frame, KE_RCX, op->address_bytes, left - 1);
        if (left == 1 || stops(e, element))
            return;
    }
    *again = true;
}

bool ke_emulate_string(struct ke_emulation *e, bool *again)
{
    const uint64_t prefixes =
        ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE;
    struct string_op op;
    element_fn *element = element_of(e->insn->info.mnemonic, &op.size_bytes);
    if (!element || e->insn->info.meta.category != ZYDIS_CATEGORY_STRINGOP)
        return false;
    op.address_bytes = e->insn->info.address_width / 8;
    op.step = e->frame->rflags & KE_FLAG_DIRECTION ? -(uint64_t)op.size_bytes : op.size_bytes;
    if (e->insn->info.attributes & prefixes)
        repeat(e, element, &op, again);
    else
        element(e, &op);
    return true;
}
