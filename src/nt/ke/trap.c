/* SPDX-License-Identifier: MIT */
/* From signal to frame: everything that happens on the signal stack, and the bookkeeping around
 * a trap. trap.h tells the whole story. */
#include "ke/trap.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "ke/patch.h"
#include "ke/watchdog.h"

enum {
    RED_ZONE_BYTES = 128, /* below rsp, where a System V leaf function keeps data */
    HOST_STACK_MARGIN = 32 * 1024, /* what trap handling may need */
    ENTRY_RFLAGS = 0x202,
    TSC_PER_NS = 3
};

extern const uint8_t ke_probe_begin[];
extern const uint8_t ke_probe_end[];
extern const uint8_t ke_probe_failed[];

/* ---- Creation -------------------------------------------------------------------------------- */

static uint32_t vector_level(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
        return 2;
    return __builtin_cpu_supports("avx") ? 1 : 0;
}

int ke_trap_create(struct ke *ke)
{
    struct ke_traps *traps = calloc(1, sizeof(*traps));
    if (!traps)
        return -ENOMEM;
    traps->ke = ke;
    ke->traps = traps;
    ke_vector_level = vector_level();
    traps->insns = ke_insn_cache_create();
    int error = traps->insns ? ke_patches_create(ke, &traps->patches) : -ENOMEM;
    if (!error)
        error = ke_watchdog_create(ke);
    if (error)
        ke_trap_destroy(ke);
    return error;
}

void ke_trap_destroy(struct ke *ke)
{
    if (!ke->traps)
        return;
    ke_traps_remove(ke);
    ke_watchdog_destroy(ke);
    ke_patches_destroy(ke, ke->traps->patches);
    ke_insn_cache_destroy(ke->traps->insns);
    free(ke->traps);
    ke->traps = NULL;
}

void ke_set_memory_ops(struct ke *ke, const struct ke_memory_ops *ops, void *ctx)
{
    ke->traps->ops = ops;
    ke->traps->ops_ctx = ctx;
}

bool ke_interrupts_enabled(struct ke *ke, unsigned cpu)
{
    return !ke->traps || !ke->traps->interrupts_off[cpu];
}

/* ---- On the signal stack --------------------------------------------------------------------- */

static enum ke_trap_origin origin_of(const struct host_fault *fault)
{
    if (sim_is_guest_visible(fault->rip))
        return KE_ORIGIN_GUEST;
    if (sim_is_guest_visible(fault->gpr[KE_RSP]))
        return KE_ORIGIN_CROSSING;
    return KE_ORIGIN_HOST;
}

/* Where the frame goes; NULL when there is no room, which only a runaway recursion of ours can
 * cause. */
static struct ke_trap_frame *place_frame(const struct host_fault *fault, enum ke_trap_origin origin)
{
    struct sim_fiber *fiber = sim_fiber_current();
    uint64_t above = fault->gpr[KE_RSP] - RED_ZONE_BYTES;
    uint64_t low;
    uint64_t top;
    if (origin != KE_ORIGIN_HOST) {
        if (!fiber)
            return NULL;
        above = sim_fiber_host_rsp(fiber);
    }
    if (fiber) {
        sim_fiber_host_stack(fiber, &low, &top);
        if (above < low + HOST_STACK_MARGIN || above > top)
            return NULL;
    }
    return (struct ke_trap_frame *)bits_align_down(above - TRAP_FRAME_BYTES, 64);
}

static uint64_t trap_number(const struct host_fault *fault)
{
    if (fault->signal == 0)
        return KE_TRAP_FORCED;
    return fault->signal == SIGSYS ? KE_TRAP_SYSCALL : fault->trap_number;
}

/* The interrupted code's registers go to the frame, it goes on at the entry. */
WEIR_NO_SANITIZE static bool enter(struct host_fault *fault)
{
    enum ke_trap_origin origin = origin_of(fault);
    struct ke_trap_frame *frame = place_frame(fault, origin);
    if (!frame)
        return false;
    for (unsigned i = 0; i < 16; i++)
        frame->gpr[i] = fault->gpr[i];
    frame->rip = fault->rip;
    frame->rflags = fault->rflags;
    frame->trap_number = trap_number(fault);
    frame->error_code = fault->error_code;
    frame->address = fault->address;
    frame->signal = (uint64_t)fault->signal;
    frame->origin = origin;
    frame->slot = NULL;
    fault->gpr[KE_RSP] = (uint64_t)frame;
    fault->rip = (uint64_t)ke_trap_entry;
    fault->rflags = ENTRY_RFLAGS;
    return true;
}

/* Once rdtsc traps it does so everywhere: libraries of ours get host time in the same unit. */
WEIR_NO_SANITIZE static bool serve_host_tsc(const struct ke *ke, struct host_fault *fault)
{
    const uint8_t *code = (const uint8_t *)fault->rip;
    if (!ke->traps->tsc_trapped || fault->signal != SIGSEGV ||
        fault->trap_number != KE_TRAP_PROTECTION || origin_of(fault) != KE_ORIGIN_HOST)
        return false;
    bool rdtsc = code[0] == 0x0f && code[1] == 0x31;
    bool rdtscp = code[0] == 0x0f && code[1] == 0x01 && code[2] == 0xf9;
    if (!rdtsc && !rdtscp)
        return false;
    uint64_t value = host_monotonic_ns() * TSC_PER_NS;
    fault->gpr[KE_RAX] = (uint32_t)value;
    fault->gpr[KE_RDX] = value >> 32;
    if (rdtscp)
        fault->gpr[KE_RCX] = 0;
    fault->rip += rdtsc ? 2 : 3;
    return true;
}

static bool on_fault(void *ctx, struct host_fault *fault)
{
    struct ke *ke = ctx;
    if (fault->signal == 0)
        return ke_watchdog_tick(ke, fault) ? enter(fault) : true;
    if (fault->rip - (uint64_t)ke_probe_begin < (uint64_t)(ke_probe_end - ke_probe_begin)) {
        fault->rip = (uint64_t)ke_probe_failed;
        return true;
    }
    if (serve_host_tsc(ke, fault))
        return true;
    return !ke->traps->ending && enter(fault);
}

int ke_traps_install(struct ke *ke, const struct ke_trap_config *config)
{
    weir_assert(!ke->traps->installed);
    int error = host_faults_install(on_fault, ke, config->watchdog ? KE_WATCHDOG_TICK_NS : 0);
    if (error)
        return error;
    ke->traps->installed = true;
    if (config->trap_tsc) {
        error = host_tsc_trap(true);
        ke->traps->tsc_trapped = error == 0;
    }
    if (error)
        ke_traps_remove(ke);
    return error;
}

void ke_traps_remove(struct ke *ke)
{
    if (!ke->traps->installed)
        return;
    if (ke->traps->tsc_trapped)
        host_tsc_trap(false);
    ke->traps->tsc_trapped = false;
    host_faults_remove();
    ke->traps->installed = false;
}

/* ---- On the host stack ----------------------------------------------------------------------- */

/* Our code between the two stacks faulted on the driver's, or the driver jumped out of its
 * world: the place is the call that led there, or, when that address was overwritten, what it was
 * overwritten with. Never the host's address, which differs from run to run. */
static void blame_caller(struct ke_trap_frame *frame)
{
    uint64_t return_va = 0;
    if (ke_try_load(frame->gpr[KE_RSP], sizeof(return_va), &return_va))
        frame->boundary.guest_rsp += sizeof(return_va);
    frame->boundary.guest_rip = return_va;
}

static void leave_boundary(struct ke_trap_frame *frame)
{
    struct sim_boundary *boundary = &frame->boundary;
    boundary->direction = SIM_TO_HOST;
    boundary->target = frame->trap_number;
    boundary->kind = KE_BOUNDARY_TRAP;
    boundary->guest_rip = frame->rip;
    boundary->guest_rsp = frame->gpr[KE_RSP];
    boundary->rbx = frame->gpr[KE_RBX];
    boundary->rbp = frame->gpr[KE_RBP];
    boundary->rsi = frame->gpr[KE_RSI];
    boundary->rdi = frame->gpr[KE_RDI];
    boundary->r12 = frame->gpr[KE_R12];
    boundary->r13 = frame->gpr[KE_R13];
    boundary->r14 = frame->gpr[KE_R14];
    boundary->r15 = frame->gpr[KE_R15];
    for (unsigned i = 0; i < ARRAY_LEN(boundary->xmm); i++)
        memcpy(boundary->xmm[i], frame->vector[6 + i], sizeof(boundary->xmm[i]));
    if (frame->origin == KE_ORIGIN_CROSSING)
        blame_caller(frame);
    sim_boundary_push(sim_fiber_current(), boundary);
}

static void locate(struct ke *ke, struct ke_trap_frame *frame)
{
    struct ke_slot *slot = ke_patch_slot(ke, frame->rip);
    if (!slot)
        return;
    frame->slot = frame->rip == slot->slot_va ? slot : NULL;
    frame->rip = ke_patch_original_va(ke, frame->rip);
}

void ke_trap_run(struct ke_trap_frame *frame)
{
    struct ke *ke = ke_ambient;
    if (frame->origin == KE_ORIGIN_HOST) {
        ke_trap_dispatch(ke, frame);
        return;
    }
    locate(ke, frame);
    leave_boundary(frame);
    ke_trap_dispatch(ke, frame);
    sim_boundary_pop(sim_fiber_current(), &frame->boundary);
    frame->rip = ke_patch_resume_va(ke, frame->rip);
}

const struct ke_trap_frame *ke_trap_place(const struct ke_trap_frame *frame)
{
    bool guest = frame->origin == KE_ORIGIN_GUEST || frame->origin == KE_ORIGIN_STUB;
    return guest ? frame : NULL;
}

uint64_t ke_trap_blamed_va(const struct ke_trap_frame *frame)
{
    return ke_trap_place(frame) ? frame->rip : ke_caller_va();
}

bool ke_trap_run_stub(struct ke_trap_frame *frame)
{
    struct ke *ke = ke_ambient;
    uint64_t return_va = frame->rip;
    struct ke_slot *slot = ke_patch_slot(ke, return_va);
    weir_assert(slot);
    frame->rip = slot->original_va;
    frame->trap_number = slot->kind == KE_TRAP_KIND_IRQL ? KE_TRAP_PROTECTION : KE_TRAP_PAGE;
    frame->error_code = 0;
    frame->address = 0;
    frame->signal = 0;
    frame->origin = KE_ORIGIN_STUB;
    frame->slot = slot;
    leave_boundary(frame);
    if (slot->kind == KE_TRAP_KIND_IRQL)
        ke_trap_cr8(ke, frame, &slot->insn);
    else
        ke_trap_memory(ke, frame, &slot->insn);
    sim_boundary_pop(sim_fiber_current(), &frame->boundary);
    bool straight = frame->rip == slot->original_va + slot->insn.length;
    frame->rip = straight ? return_va : ke_patch_resume_va(ke, frame->rip);
    return straight;
}
