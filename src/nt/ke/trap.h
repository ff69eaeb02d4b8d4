/* SPDX-License-Identifier: MIT */
/* Traps: what the processor throws while a driver runs, and what we make of it.
 *
 * The way of a trap. A signal arrives on the signal stack; trap.c only classifies: it saves the
 * general registers into a struct ke_trap_frame on the fiber's host stack, below the newest
 * boundary, points the interrupted code at ke_trap_entry and returns from the signal. The entry
 * (trap_entry.S) saves the vector registers and calls ke_trap_run, which is ordinary code on an
 * ordinary stack: it may yield, run device models and deliver interrupts. Then all registers go
 * back, changed where the instruction says so. A site that traps often is rewritten (patch.h)
 * and comes in through ke_trap_stub_entry without a signal; from ke_trap_run_stub on the two
 * ways are one, at the same cost in virtual time.
 *
 * A frame lives until its trap ends. x87 and MMX registers are not in it: as in Windows, kernel
 * code that uses them without KeSaveFloatingPointState loses them when something else runs.
 *
 * A fault of our own code on an address that a driver supplied comes in the same way, on the
 * stack that faulted; it never yields. A fault of our own that no driver can have caused ends
 * weir. */
#ifndef WEIR_NT_KE_TRAP_H
#define WEIR_NT_KE_TRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ke/internal.h"
#include "ke/trap_decode.h"
#include "ke/trap_layout.h"

enum ke_gpr {
    KE_RAX, KE_RCX, KE_RDX, KE_RBX, KE_RSP, KE_RBP, KE_RSI, KE_RDI,
    KE_R8, KE_R9, KE_R10, KE_R11, KE_R12, KE_R13, KE_R14, KE_R15
};

enum {
    KE_VECTORS = 32, /* zmm0 to zmm31 */
    KE_VECTOR_BYTES = 64,
    KE_BOUNDARY_TRAP = 1 /* sim_boundary.kind: left by a trap, not by a call */
};

/* The processor's numbers of exceptions (Intel SDM volume 3, chapter 6), and two of ours. */
enum ke_trap_number {
    KE_TRAP_DIVIDE = 0,
    KE_TRAP_DEBUG = 1,
    KE_TRAP_BREAKPOINT = 3,
    KE_TRAP_INVALID_OPCODE = 6,
    KE_TRAP_STACK = 12,
    KE_TRAP_PROTECTION = 13,
    KE_TRAP_PAGE = 14,
    KE_TRAP_X87 = 16,
    KE_TRAP_ALIGNMENT = 17,
    KE_TRAP_SIMD = 19,
    KE_TRAP_FORCED = 256, /* the watchdog's */
    KE_TRAP_SYSCALL = 257
};

enum ke_trap_origin {
    KE_ORIGIN_GUEST, /* the driver's code */
    KE_ORIGIN_STUB, /* the driver's code, at a site that was rewritten */
    KE_ORIGIN_HOST, /* our code */
    KE_ORIGIN_CROSSING /* our code between the two, still on a guest stack */
};

struct ke_trap_frame {
    uint64_t gpr[16];
    uint64_t rip;
    uint64_t rflags;
    uint64_t iret[5]; /* rip cs rflags rsp ss, for the way back */
    uint32_t mxcsr;
    uint32_t reserved;
    uint64_t opmask[8];
    uint8_t vector[KE_VECTORS][KE_VECTOR_BYTES]; /* valid up to the width the CPU has */
    struct sim_boundary boundary;
    uint64_t trap_number; /* enum ke_trap_number */
    uint64_t error_code;
    uint64_t address; /* page fault */
    uint64_t signal;
    enum ke_trap_origin origin;
    struct ke_slot *slot; /* the rewritten site this frame is at, or NULL */
};

_Static_assert(offsetof(struct ke_trap_frame, rip) == TRAP_RIP, "assembly knows this");
_Static_assert(offsetof(struct ke_trap_frame, rflags) == TRAP_RFLAGS, "assembly knows this");
_Static_assert(offsetof(struct ke_trap_frame, iret) == TRAP_IRET, "assembly knows this");
_Static_assert(offsetof(struct ke_trap_frame, mxcsr) == TRAP_MXCSR, "assembly knows this");
_Static_assert(offsetof(struct ke_trap_frame, opmask) == TRAP_OPMASK, "assembly knows this");
_Static_assert(offsetof(struct ke_trap_frame, vector) == TRAP_VECTOR, "assembly knows this");
_Static_assert(sizeof(struct ke_trap_frame) <= TRAP_FRAME_BYTES, "assembly knows this");
_Static_assert(TRAP_FRAME_BYTES % 64 == 0, "vectors are aligned");

/* What a trap was, in the event of that name. */
enum ke_trap_kind {
    KE_TRAP_KIND_IRQL, /* CR8 */
    KE_TRAP_KIND_SHARED_DATA,
    KE_TRAP_KIND_DEVICE,
    KE_TRAP_KIND_PORT,
    KE_TRAP_KIND_PAGE, /* became present */
    KE_TRAP_KIND_PRIVILEGED
};

/* An exception as Windows would raise it. */
struct ke_exception {
    uint32_t code; /* NTSTATUS */
    uint64_t address_va; /* of the instruction */
    unsigned count;
    uint64_t information[2]; /* access violation: enum ke_access, address */
};
struct ke_traps {
    struct ke *ke;
    const struct ke_memory_ops *ops;
    void *ops_ctx;
    struct ke_insn_cache *insns;
    struct ke_patches *patches;
    bool installed;
    bool tsc_trapped;
    bool ending; /* a fault of ours is being reported: the next one kills */
    bool interrupts_off[SIM_CPUS_MAX]; /* cli */
};

/* trap.c; create, destroy and the memory operations are declared in internal.h and ke.h. */
void ke_trap_run(struct ke_trap_frame *frame); /* called by trap_entry.S */
bool ke_trap_run_stub(struct ke_trap_frame *frame); /* true: the stub may simply go on */
/* The frame when its registers are the driver's, NULL when they are ours; and the driver's
 * address to blame. */
const struct ke_trap_frame *ke_trap_place(const struct ke_trap_frame *frame);
uint64_t ke_trap_blamed_va(const struct ke_trap_frame *frame);
/* 1, 2, 4 or 8 bytes, wherever they are; false when they cannot be accessed. Brings no pages in. */
bool ke_try_load(uint64_t va, unsigned size_bytes, uint64_t *value);
bool ke_try_store(uint64_t va, unsigned size_bytes, uint64_t value);

/* trap_dispatch.c: the frame's trap, on the host stack. The boundary is pushed when guest code
 * trapped. */
void ke_trap_dispatch(struct ke *ke, struct ke_trap_frame *frame);
void ke_raise(struct ke *ke, struct ke_trap_frame *frame, const struct ke_exception *exception);
_Noreturn void ke_trap_unknown(struct ke *ke, const struct ke_trap_frame *frame);
void ke_trap_cr8(struct ke *ke, struct ke_trap_frame *frame, const struct ke_insn *insn);

/* trap_memory.c */
/* false: a fault of our own that no driver is to blame for. */
bool ke_trap_page_fault(struct ke *ke, struct ke_trap_frame *frame);
/* A memory operand that is known not to be plain memory. */
void ke_trap_memory(struct ke *ke, struct ke_trap_frame *frame, const struct ke_insn *insn);
/* Whether guest code waits for our answer to a call or a trap, or a routine of ours stands in a
 * driver's place (AVStream dispatching a request): what it reads then, the driver built. */
bool ke_driver_is_calling(void);

/* trap_port.c: in, out, ins, outs; false when it is none of them. */
bool ke_trap_port(struct ke *ke, struct ke_trap_frame *frame, const struct ke_insn *insn);

/* trap_entry.S */
void ke_trap_entry(void);
void ke_trap_stub_entry(void);
extern uint32_t ke_vector_level; /* 0 SSE, 1 AVX, 2 AVX-512: a fact about the CPU */

#endif
