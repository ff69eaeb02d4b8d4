/* SPDX-License-Identifier: MIT */
/* Instructions, decoded by Zydis. Driver code is decoded where it lies; a small cache keeps the
 * results and believes them only while the bytes are the same. */
#ifndef WEIR_NT_KE_TRAP_DECODE_H
#define WEIR_NT_KE_TRAP_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <Zydis/Zydis.h>

enum { KE_INSN_BYTES_MAX = 15 };

struct ke_insn {
    uint64_t va;
    uint8_t bytes[KE_INSN_BYTES_MAX + 1];
    uint8_t length;
    ZydisDecodedInstruction info;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

struct ke_insn_cache;
struct ke_insn_cache *ke_insn_cache_create(void);
void ke_insn_cache_destroy(struct ke_insn_cache *cache);
/* Valid until the next call; NULL when the bytes are no instruction. */
const struct ke_insn *ke_insn_at(struct ke_insn_cache *cache, uint64_t va);
bool ke_insn_decode(const uint8_t *bytes, size_t count, uint64_t va, struct ke_insn *out);
/* The same for a first look at much code: operands are there for branches only, bytes never. */
bool ke_insn_scan(const uint8_t *bytes, size_t count, uint64_t va, struct ke_insn *out);
bool ke_insn_is_branch(const struct ke_insn *insn);

/* Number of a general register in the instruction encoding, and the width and shift of this name
 * of it (ah: 1 byte, shift 8). false for other registers. */
bool ke_insn_gpr(ZydisRegister name, unsigned *number, unsigned *size_bytes, unsigned *shift);
/* Number of xmm, ymm or zmm register. */
bool ke_insn_vector(ZydisRegister name, unsigned *number);

#endif
