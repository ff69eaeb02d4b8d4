/* SPDX-License-Identifier: MIT */
/* Instructions with a memory operand, carried out by hand: for addresses behind which there is
 * no memory but a device, or a page whose content is computed when it is read. Pure: registers
 * are those of the frame, memory is what the bus says. Accesses have the size the instruction
 * has; vectors go in pieces of eight bytes. Not here: deciding who needs this (trap_memory.c). */
#ifndef WEIR_NT_KE_TRAP_EMULATE_H
#define WEIR_NT_KE_TRAP_EMULATE_H

#include <stdbool.h>
#include <stdint.h>

#include "ke/trap.h"

/* 1, 2, 4 or 8 bytes. false: the access is impossible, nothing happened. */
typedef bool ke_bus_read_fn(void *ctx, uint64_t va, unsigned size_bytes, uint64_t *value);
typedef bool ke_bus_write_fn(void *ctx, uint64_t va, unsigned size_bytes, uint64_t value);
struct ke_bus {
    ke_bus_read_fn *read;
    ke_bus_write_fn *write;
    void *ctx;
};

enum ke_emulated {
    KE_EMULATED_DONE, /* registers and rip have moved on; a long repetition may ask to run again */
    KE_EMULATED_FAULT, /* the bus refused; rip is still at the instruction */
    KE_EMULATED_UNKNOWN /* not an instruction we know; nothing happened */
};
enum ke_emulated ke_emulate(struct ke_trap_frame *frame, const struct ke_insn *insn,
                            const struct ke_bus *bus);

/* ---- For the parts: trap_operand.c, trap_emulate_alu.c, _string.c, _vector.c ----------------- */
struct ke_emulation {
    struct ke_trap_frame *frame;
    const struct ke_insn *insn;
    const struct ke_bus *bus;
    enum ke_emulated result; /* not DONE: stop */
};

enum {
    KE_FLAG_CARRY = 1 << 0,
    KE_FLAG_PARITY = 1 << 2,
    KE_FLAG_ADJUST = 1 << 4,
    KE_FLAG_ZERO = 1 << 6,
    KE_FLAG_SIGN = 1 << 7,
    KE_FLAG_DIRECTION = 1 << 10,
    KE_FLAG_OVERFLOW = 1 << 11,
    KE_FLAGS_ARITHMETIC = KE_FLAG_CARRY | KE_FLAG_PARITY | KE_FLAG_ADJUST | KE_FLAG_ZERO |
                          KE_FLAG_SIGN | KE_FLAG_OVERFLOW
};

uint64_t ke_operand_mask(unsigned size_bytes);
uint64_t ke_sign_extend(uint64_t value, unsigned size_bytes);
unsigned ke_operand_bytes(const struct ke_emulation *e, unsigned index);
bool ke_operand_is_memory(const struct ke_emulation *e, unsigned index);
bool ke_operand_va(struct ke_emulation *e, unsigned index, uint64_t *va);
/* These set e->result when they return false. */
bool ke_operand_load(struct ke_emulation *e, unsigned index, uint64_t *value);
bool ke_operand_store(struct ke_emulation *e, unsigned index, uint64_t value);
bool ke_bus_load(struct ke_emulation *e, uint64_t va, unsigned size_bytes, uint64_t *value);
bool ke_bus_store(struct ke_emulation *e, uint64_t va, unsigned size_bytes, uint64_t value);
uint64_t ke_gpr_read(const struct ke_trap_frame *frame, unsigned number, unsigned size_bytes);
void ke_gpr_write(struct ke_trap_frame *frame, unsigned number, unsigned size_bytes,
                  uint64_t value);
void ke_compare_flags(struct ke_trap_frame *frame, uint64_t a, uint64_t b, unsigned size_bytes);

/* false: not one of theirs. Otherwise e->result says how it went; rip is moved by ke_emulate. */
bool ke_emulate_alu(struct ke_emulation *e);
bool ke_emulate_string(struct ke_emulation *e, bool *again);
bool ke_emulate_vector(struct ke_emulation *e);

#endif
