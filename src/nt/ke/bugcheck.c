/* SPDX-License-Identifier: MIT */
#include "ke/bugcheck.h"

#include <stdlib.h>

#include "ke/unwind.h"

struct ke_bug_check_state {
    bool reported;
};

int ke_bugcheck_create(struct ke *ke)
{
    ke->bug_check = calloc(1, sizeof(*ke->bug_check));
    if (!ke->bug_check)
        return -ENOMEM;
    int error = ke_modules_create(ke);
    if (error)
        ke_bugcheck_destroy(ke);
    return error;
}

void ke_bugcheck_destroy(struct ke *ke)
{
    ke_modules_destroy(ke);
    free(ke->bug_check);
    ke->bug_check = NULL;
}

/* Four registers an event, in hardware encoding order, then rip and rflags. */
static void report_registers(struct ke *ke, const uint64_t gpr[16], uint64_t rip, uint64_t rflags)
{
    for (unsigned i = 0; i < 16; i += 4)
        TRACE(ke->trace, registers, i / 4, gpr[i], gpr[i + 1], gpr[i + 2], gpr[i + 3]);
    TRACE(ke->trace, registers, 4, rip, rflags);
}

/* At a call only what a callee preserves is known; the rest is shown as zero. */
static void report_boundary(struct ke *ke, const struct sim_boundary *boundary)
{
    uint64_t gpr[16] = {0};
    gpr[KE_RBX] = boundary->rbx;
    gpr[KE_RSP] = boundary->guest_rsp;
    gpr[KE_RBP] = boundary->rbp;
    gpr[KE_RSI] = boundary->rsi;
    gpr[KE_RDI] = boundary->rdi;
    gpr[KE_R12] = boundary->r12;
    gpr[KE_R13] = boundary->r13;
    gpr[KE_R14] = boundary->r14;
    gpr[KE_R15] = boundary->r15;
    report_registers(ke, gpr, boundary->guest_rip, 0);
}

static const struct sim_boundary *newest_call(void)
{
    struct sim_fiber *fiber = sim_fiber_current();
    const struct sim_boundary *boundary = fiber ? sim_boundary_newest(fiber) : NULL;
    while (boundary && boundary->direction != SIM_TO_HOST)
        boundary = boundary->previous;
    return boundary;
}

static void report_stack(struct ke *ke, const struct ke_trap_frame *frame)
{
    struct ke_stack_frame frames[KE_STACK_FRAMES_MAX];
    unsigned count = ke_stack_walk(ke, frame, frames, KE_STACK_FRAMES_MAX);
    for (unsigned i = 0; i < count; i++)
        TRACE(ke->trace, stack_frame, i, frames[i].rip_va, frames[i].rsp_va);
}

static _Noreturn void stop(struct ke *ke)
{
    sim_stop(ke->sim, KE_STOP_BUG_CHECK);
    weir_assert_failed(__FILE__, __LINE__, "a bug check outside of a running machine");
}

/* frame or call: whose code it is; neither: nobody's. */
static _Noreturn void crash(struct ke *ke, const struct ke_trap_frame *frame,
                            const struct sim_boundary *call, uint32_t code, uint64_t p1,
                            uint64_t p2, uint64_t p3, uint64_t p4)
{
    uint64_t rip = frame ? frame->rip : call ? call->guest_rip : 0;
    if (ke->bug_check->reported)
        stop(ke);
    ke->bug_check->reported = true;
    TRACE(ke->trace, bug_check, code, p1, p2, p3, p4, rip);
    if (frame)
        report_registers(ke, frame->gpr, frame->rip, frame->rflags);
    else if (call)
        report_boundary(ke, call);
    if (frame || call)
        report_stack(ke, frame);
    ke_crash_callbacks(ke);
    stop(ke);
}

_Noreturn void ke_bug_check_from(struct ke *ke, const struct ke_trap_frame *frame, uint32_t code,
                                 uint64_t p1, uint64_t p2, uint64_t p3, uint64_t p4)
{
    crash(ke, frame, newest_call(), code, p1, p2, p3, p4);
}

_Noreturn void ke_bug_check_by_hardware(uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3,
                                        uint64_t p4)
{
    crash(ke_current(), NULL, NULL, code, p1, p2, p3, p4);
}

_Noreturn void ke_bug_check(uint32_t code, uint64_t p1, uint64_t p2, uint64_t p3, uint64_t p4)
{
    ke_bug_check_from(ke_current(), NULL, code, p1, p2, p3, p4);
}
