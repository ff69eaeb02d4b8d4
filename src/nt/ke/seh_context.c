/* SPDX-License-Identifier: MIT */
/* The state of driver code in its three forms: a boundary or a trap's frame, what unwinding works
 * on, and the CONTEXT that handlers see. A boundary knows what a callee preserves and nothing else;
 * the other registers are shown as zero. */
#include "ke/seh.h"

#include <string.h>

#include "ke/patch.h"

enum { MXCSR_DEFAULT = 0x1f80, RFLAGS_DEFAULT = 0x202, CODE_SEGMENT = 0x10, DATA_SEGMENT = 0x18 };

#if defined(__SANITIZE_ADDRESS__)
void __asan_handle_no_return(void);
#endif

void ke_seh_of_boundary(const struct sim_boundary *boundary, struct pe_context *out)
{
    memset(out, 0, sizeof(*out));
    out->rip = boundary->guest_rip;
    out->gpr[PE_RSP] = boundary->guest_rsp;
    out->gpr[PE_RBX] = boundary->rbx;
    out->gpr[PE_RBP] = boundary->rbp;
    out->gpr[PE_RSI] = boundary->rsi;
    out->gpr[PE_RDI] = boundary->rdi;
    out->gpr[PE_R12] = boundary->r12;
    out->gpr[PE_R13] = boundary->r13;
    out->gpr[PE_R14] = boundary->r14;
    out->gpr[PE_R15] = boundary->r15;
    memcpy(out->xmm[6], boundary->xmm, sizeof(boundary->xmm));
}

void ke_seh_of_frame(const struct ke_trap_frame *frame, struct pe_context *out)
{
    memset(out, 0, sizeof(*out));
    memcpy(out->gpr, frame->gpr, sizeof(out->gpr));
    out->rip = frame->rip;
    for (unsigned i = 0; i < PE_REGISTER_COUNT; i++)
        memcpy(out->xmm[i], frame->vector[i], sizeof(out->xmm[i]));
}

/* CONTEXT has the general registers in the order of their numbers, and so the vectors. */
void ke_seh_store(const struct pe_context *from, CONTEXT *to)
{
    memset(to, 0, sizeof(*to));
    to->ContextFlags = CONTEXT_FULL | CONTEXT_SEGMENTS;
    to->MxCsr = to->FltSave.MxCsr = MXCSR_DEFAULT;
    to->SegCs = CODE_SEGMENT;
    to->SegSs = DATA_SEGMENT;
    to->EFlags = RFLAGS_DEFAULT;
    to->Rip = from->rip;
    memcpy(&to->Rax, from->gpr, sizeof(from->gpr));
    memcpy(to->FltSave.XmmRegisters, from->xmm, sizeof(from->xmm));
}

void ke_seh_load(const CONTEXT *from, struct pe_context *to)
{
    to->rip = from->Rip;
    memcpy(to->gpr, &from->Rax, sizeof(to->gpr));
    memcpy(to->xmm, from->FltSave.XmmRegisters, sizeof(to->xmm));
}

struct sim_boundary *ke_seh_newest(void)
{
    struct sim_fiber *fiber = sim_fiber_current();
    struct sim_boundary *boundary = fiber ? sim_boundary_newest(fiber) : NULL;
    return boundary && boundary->direction == SIM_TO_HOST ? boundary : NULL;
}

void *ke_seh_room(struct sim_boundary *boundary, const struct sim_boundary *base, uint64_t kind,
                  size_t size_bytes)
{
    *boundary = *base;
    boundary->kind = kind;
    /* What was pushed for the call that led here ends 8 bytes below. */
    boundary->guest_rsp = bits_align_down(base->guest_rsp - 8 - size_bytes, 16);
    return (void *)boundary->guest_rsp;
}

static void drop_host_frames(const struct sim_boundary *segment)
{
    struct sim_fiber *fiber = sim_fiber_current();
    const struct sim_boundary *gate = segment;
    while (gate->direction == SIM_TO_HOST)
        gate = gate->previous;
    while (sim_boundary_newest(fiber) != gate)
        sim_boundary_pop(fiber, sim_boundary_newest(fiber));
#if defined(__SANITIZE_ADDRESS__)
    __asan_handle_no_return();
#endif
}

_Noreturn void ke_seh_resume(struct ke *ke, const struct ke_seh_place *place)
{
    struct ke_trap_frame frame WEIR_ALIGNED(64);
    memset(&frame, 0, sizeof(frame));
    memcpy(frame.gpr, place->context.gpr, sizeof(frame.gpr));
    for (unsigned i = 0; i < PE_REGISTER_COUNT; i++)
        memcpy(frame.vector[i], place->context.xmm[i], sizeof(place->context.xmm[i]));
    frame.rip = ke_patch_resume_va(ke, place->context.rip);
    frame.rflags = RFLAGS_DEFAULT;
    frame.mxcsr = MXCSR_DEFAULT;
    drop_host_frames(place->boundary);
    ke_trap_leave(&frame);
}
