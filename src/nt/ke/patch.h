/* SPDX-License-Identifier: MIT */
/* Rewriting sites that trap often: a signal costs some 3 us, a jump to a stub a small part of
 * that.
 *
 * A site is one instruction of a driver. After its KE_PATCH_AFTER-th trap, and if patch_plan.c
 * can prove that nothing branches into the five bytes that a jump needs, it becomes `jmp stub`.
 * The stub lies within two gigabytes of the image and consists of slots of 16 bytes, one for
 * each displaced instruction: the first is a hook (`call ke_trap_stub_entry`), the others hold
 * their instructions relocated; one that traps in turn becomes a hook by itself; the last slot
 * jumps back. The driver sees no difference, virtual time neither. Addresses inside a stub never
 * leave this file: traps, stacks and reports are told the address the instruction had in the
 * image.
 *
 * Another fiber may be inside the displaced instructions while they are rewritten (it trapped
 * there): every way back from a trap asks ke_patch_resume_va where an address is now. */
#ifndef WEIR_NT_KE_PATCH_H
#define WEIR_NT_KE_PATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "ke/internal.h"
#include "ke/trap.h"

enum {
    KE_PATCH_AFTER = 16,
    KE_PATCH_JUMP_BYTES = 5,
    KE_SLOT_BYTES = 16,
    KE_PATCH_INSNS_MAX = 5, /* displaced by one jump */
    KE_PATCH_SITES_MAX = 4096 /* counted at a time */
};

struct ke_slot {
    uint64_t original_va;
    uint64_t slot_va;
    struct ke_insn insn; /* as at original_va */
    bool hooked;
    unsigned traps;
    enum ke_trap_kind kind; /* of the hook */
};

int ke_patches_create(struct ke *ke, struct ke_patches **out);
void ke_patches_destroy(struct ke *ke, struct ke_patches *patches);
void ke_patches_forget(struct ke *ke, uint64_t module_va); /* the module goes away */

/* A trap at frame->rip is about to be carried out: counts it, and rewrites the site when it is
 * time. */
void ke_patch_note(struct ke *ke, struct ke_trap_frame *frame, const struct ke_insn *insn,
                   enum ke_trap_kind kind);
/* The slot that rip lies in, or NULL. */
struct ke_slot *ke_patch_slot(struct ke *ke, uint64_t rip);
/* Where the image had what rip executes next; rip itself outside of stubs. */
uint64_t ke_patch_original_va(struct ke *ke, uint64_t rip);
/* Where execution goes on for an address of the image. */
uint64_t ke_patch_resume_va(struct ke *ke, uint64_t original_va);

/* ---- patch_plan.c: is it safe? --------------------------------------------------------------- */
struct ke_code_map; /* branch targets and functions of one image */
struct ke_code_map *ke_code_map_create(const struct ke_module *module);
void ke_code_map_destroy(struct ke_code_map *map);

struct ke_patch_plan {
    uint64_t va;
    unsigned count;
    unsigned bytes; /* of all instructions together, at least KE_PATCH_JUMP_BYTES */
    struct ke_insn insns[KE_PATCH_INSNS_MAX];
};
bool ke_patch_plan(const struct ke_code_map *map, uint64_t va, struct ke_patch_plan *out);

/* ---- patch_stub.c: code ---------------------------------------------------------------------- */
/* The instruction at another address: 0 when it cannot go there, else its length there. */
unsigned ke_relocate(const struct ke_insn *insn, uint64_t to_va, uint8_t out[KE_SLOT_BYTES]);
bool ke_is_relocatable(const struct ke_insn *insn); /* anywhere within two gigabytes */
void ke_slot_write_hook(uint8_t *slot, uint64_t slot_va, uint64_t cell_va);
void ke_slot_write_insn(uint8_t *slot, const uint8_t *code, unsigned length);
void ke_write_jump(uint8_t *code, uint64_t code_va, uint64_t to_va); /* 5 bytes */

#endif
