/* SPDX-License-Identifier: MIT */
/* What each trap means, except for page faults (trap_memory.c).
 *
 * Privileged instructions do what they would do in the kernel, as far as a driver can tell: CR8
 * is the IRQL, cli and sti hold back interrupts of this CPU, rdtsc counts virtual time, three
 * cycles a nanosecond. (popf cannot be seen: a driver that restores the interrupt flag that way
 * leaves interrupts off.) Exceptions of driver code go to its handlers (seh.h). One in a function
 * of ours, over an address that the driver gave us, is raised where the driver called if the
 * function holds nothing (memcpy); otherwise it ends the machine: 0x7E in a thread, 0x1E at
 * DISPATCH_LEVEL and above, without exception and context records. A system call instruction in
 * the kernel would enter the system call handler with the wrong GS and fault there until the
 * double fault: bug check 0x7F, parameter 8, after a finding that says why. */
#include "ke/trap.h"

#include <stdio.h>

#include "ke/bugcheck.h"
#include "ke/patch.h"
#include "ke/pcr.h"
#include "ke/seh.h"
#include "ke/trap_emulate.h"
#include "ke/watchdog.h"

/* Not in ntstatus.h: no documented function returns it. */
#define STATUS_FLOAT_MULTIPLE_TRAPS ((NTSTATUS)0xC00002B5)

enum {
    DOUBLE_FAULT = 8,
    SYSCALL_BYTES = 2,
    TSC_PER_NS = 3,
    IRQL_MAX = 15,
    MSR_TSC = 0x10,
    MSR_APIC_BASE = 0x1b,
    MSR_PAT = 0x277
};
#define MSR_EFER           0xc0000080u
#define MSR_FS_BASE        0xc0000100u
#define MSR_GS_BASE        0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u

/* ---- Ends ------------------------------------------------------------------------------------ */

_Noreturn void ke_trap_unknown(struct ke *ke, const struct ke_trap_frame *frame)
{
    const struct ke_module *module = ke_module_of(ke, frame->rip);
    const struct ke_insn *insn =
        frame->slot ? &frame->slot->insn : ke_insn_at(ke->traps->insns, frame->rip);
    char bytes[3 * KE_INSN_BYTES_MAX + 1] = "";
    char text[160];
    for (unsigned i = 0; insn && i < insn->length; i++)
        snprintf(bytes + 3 * (size_t)i, 4, " %02x", insn->bytes[i]);
    snprintf(text, sizeof(text), "instruction%s at %s+0x%llx (trap %u, address 0x%llx)", bytes,
             module ? module->name : "0",
             (unsigned long long)(frame->rip - (module ? module->base_va : 0)),
             (unsigned)frame->trap_number, (unsigned long long)frame->address);
    weir_not_implemented(text);
}

/* Linked programs begin here: offsets from it are what a symbolizer wants. */
extern const char __executable_start[];

static _Noreturn void our_own_fault(struct ke *ke, const struct ke_trap_frame *frame)
{
    char text[160];
    ke->traps->ending = true;
    snprintf(text, sizeof(text), "signal %u in weir itself at weir+0x%llx, address 0x%llx",
             (unsigned)frame->signal,
             (unsigned long long)(frame->rip - (uint64_t)__executable_start),
             (unsigned long long)frame->address);
    weir_assert_failed(__FILE__, __LINE__, text);
}

void ke_raise(struct ke *ke, struct ke_trap_frame *frame, const struct ke_exception *exception)
{
    struct ke_thread *thread = ke_thread_current();
    uint32_t code = exception->code;
    TRACE(ke->trace, exception, code, exception->address_va, exception->information[1],
          exception->information[0], thread ? ke_thread_id(thread) : 0);
    const struct ke_trap_frame *place = ke_trap_place(frame);
    if (place) {
        ke_seh_trap(ke, frame, exception);
        return;
    }
    if (ke_seh_may_leave(ke))
        ke_raise_exception((NTSTATUS)code, exception->count, exception->information);
    if (ke->cpu->irql >= DISPATCH_LEVEL)
        ke_bug_check_from(ke, NULL, KE_BUG_KMODE_EXCEPTION_NOT_HANDLED, code,
                          exception->address_va, exception->information[0],
                          exception->information[1]);
    ke_bug_check_from(ke, NULL, KE_BUG_SYSTEM_THREAD_EXCEPTION_NOT_HANDLED, code,
                      exception->address_va, 0, 0);
}

static void raise_code(struct ke *ke, struct ke_trap_frame *frame, NTSTATUS code)
{
    struct ke_exception exception = {.code = (uint32_t)code, .address_va = frame->rip};
    ke_raise(ke, frame, &exception);
}

/* The processor does not say which address a general protection fault was about. */
static void raise_protection(struct ke *ke, struct ke_trap_frame *frame)
{
    struct ke_exception exception = {.code = (uint32_t)STATUS_ACCESS_VIOLATION,
                                     .address_va = ke_trap_blamed_va(frame),
                                     .count = 2,
                                     .information = {0, UINT64_MAX}};
    ke_raise(ke, frame, &exception);
}

/* ---- Privileged instructions ----------------------------------------------------------------- */

static bool is_cr8(const ZydisDecodedOperand *operand)
{
    return operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
           operand->reg.value == ZYDIS_REGISTER_CR8;
}

static void set_irql(struct ke *ke, uint64_t to)
{
    if (to > ke->cpu->irql)
        ke_irql_raise((KIRQL)to);
    else if (to < ke->cpu->irql)
        ke_irql_lower((KIRQL)to);
}

void ke_trap_cr8(struct ke *ke, struct ke_trap_frame *frame, const struct ke_insn *insn)
{
    unsigned number;
    unsigned size_bytes;
    unsigned shift;
    bool reads = is_cr8(&insn->operands[1]);
    if (!ke_insn_gpr(insn->operands[reads ? 0 : 1].reg.value, &number, &size_bytes, &shift))
        ke_trap_unknown(ke, frame);
    if (!reads && frame->gpr[number] > IRQL_MAX) {
        raise_protection(ke, frame);
        return;
    }
    TRACE_CLASSED(ke->trace, call, trap, KE_TRAP_KIND_IRQL, frame->rip, 0);
    ke_patch_note(ke, frame, insn, KE_TRAP_KIND_IRQL);
    frame->rip = insn->va + insn->length;
    if (reads)
        frame->gpr[number] = ke->cpu->irql;
    else
        set_irql(ke, frame->gpr[number]);
    ke_yield();
}

static void set_edx_eax(struct ke_trap_frame *frame, uint64_t value)
{
    frame->gpr[KE_RAX] = (uint32_t)value;
    frame->gpr[KE_RDX] = value >> 32;
}

static bool read_msr(struct ke *ke, uint32_t msr, uint64_t *value)
{
    switch (msr) {
    case MSR_TSC: *value = ke->trace->now_ns * TSC_PER_NS; return true;
    case MSR_APIC_BASE: *value = 0xfee00800u | (ke->cpu->number == 0 ? 0x100u : 0); return true;
    case MSR_PAT: *value = 0x0007010600070106u; return true;
    case MSR_EFER: *value = 0xd01; return true;
    case MSR_GS_BASE: *value = (uint64_t)ke_pcr(ke, ke->cpu->number); return true;
    case MSR_FS_BASE:
    case MSR_KERNEL_GS_BASE: *value = 0; return true;
    default: return false;
    }
}

static bool privileged_plain(struct ke *ke, struct ke_trap_frame *frame, const struct ke_insn *insn)
{
    uint64_t value;
    switch (insn->info.mnemonic) {
    case ZYDIS_MNEMONIC_CLI: ke->traps->interrupts_off[ke->cpu->number] = true; return true;
    case ZYDIS_MNEMONIC_STI: ke->traps->interrupts_off[ke->cpu->number] = false; return true;
    case ZYDIS_MNEMONIC_HLT: sim_stall(ke->sim, KE_TICK_NS); return true;
    case ZYDIS_MNEMONIC_INVD:
    case ZYDIS_MNEMONIC_INVLPG:
    case ZYDIS_MNEMONIC_WBINVD: return true;
    case ZYDIS_MNEMONIC_RDTSCP: frame->gpr[KE_RCX] = ke->cpu->number; WEIR_FALLTHROUGH;
    case ZYDIS_MNEMONIC_RDTSC:
        set_edx_eax(frame, ke->trace->now_ns * TSC_PER_NS);
        return true;
    case ZYDIS_MNEMONIC_RDMSR:
        if (!read_msr(ke, (uint32_t)frame->gpr[KE_RCX], &value))
            return false;
        set_edx_eax(frame, value);
        return true;
    default: return false;
    }
}

static bool is_privileged(const struct ke_insn *insn)
{
    return (insn->info.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) != 0;
}

/* A read or write of an MSR that is not there is a general protection fault in the kernel too. */
static bool is_msr(const struct ke_insn *insn)
{
    return insn->info.mnemonic == ZYDIS_MNEMONIC_RDMSR ||
           insn->info.mnemonic == ZYDIS_MNEMONIC_WRMSR;
}

static void privileged(struct ke *ke, struct ke_trap_frame *frame, const struct ke_insn *insn)
{
    uint64_t rip = frame->rip;
    if (insn->info.mnemonic == ZYDIS_MNEMONIC_MOV &&
        (is_cr8(&insn->operands[0]) || is_cr8(&insn->operands[1]))) {
        ke_trap_cr8(ke, frame, insn);
        return;
    }
    if (ke_trap_port(ke, frame, insn)) {
        ke_yield();
        return;
    }
    if (privileged_plain(ke, frame, insn)) {
        TRACE_CLASSED(ke->trace, call, trap, KE_TRAP_KIND_PRIVILEGED, rip, 0);
        frame->rip = rip + insn->length;
        ke_yield();
        return;
    }
    if (is_privileged(insn) && !is_msr(insn))
        ke_trap_unknown(ke, frame);
    raise_protection(ke, frame);
}

static void software_interrupt(struct ke *ke, struct ke_trap_frame *frame, unsigned vector)
{
    switch (vector) {
    case 0x29: /* __fastfail */
        ke_bug_check_from(ke, frame, KE_BUG_KERNEL_SECURITY_CHECK_FAILURE,
                          (uint32_t)frame->gpr[KE_RCX], 0, 0, 0);
    case 0x2c: raise_code(ke, frame, STATUS_ASSERTION_FAILURE); return;
    case 0x2d: raise_code(ke, frame, STATUS_BREAKPOINT); return;
    default: ke_trap_unknown(ke, frame);
    }
}

static void general_protection(struct ke *ke, struct ke_trap_frame *frame)
{
    const struct ke_insn *insn =
        frame->slot ? &frame->slot->insn : ke_insn_at(ke->traps->insns, frame->rip);
    if (!insn) {
        raise_protection(ke, frame);
        return;
    }
    struct ke_insn copy = *insn; /* another trap may come before this one ends */
    if (copy.info.mnemonic == ZYDIS_MNEMONIC_INT)
        software_interrupt(ke, frame, (unsigned)copy.operands[0].imm.value.u & 0xff);
    else
        privileged(ke, frame, &copy);
}

/* ---- The rest -------------------------------------------------------------------------------- */

static bool direct_read(void *ctx WEIR_UNUSED, uint64_t va, unsigned size_bytes WEIR_UNUSED,
                        uint64_t *value)
{
    return ke_try_load(va, sizeof(uint64_t), value);
}

/* Windows tells a zero divisor from a quotient that does not fit. */
static void divide(struct ke *ke, struct ke_trap_frame *frame)
{
    const struct ke_insn *insn = ke_insn_at(ke->traps->insns, frame->rip);
    const struct ke_bus bus = {.read = direct_read};
    struct ke_emulation e = {.frame = frame, .insn = insn, .bus = &bus};
    uint64_t divisor = 0;
    if (insn)
        ke_operand_load(&e, 0, &divisor);
    raise_code(ke, frame,
               divisor == 0 ? STATUS_INTEGER_DIVIDE_BY_ZERO : STATUS_INTEGER_OVERFLOW);
}

static _Noreturn void system_call(struct ke *ke, struct ke_trap_frame *frame)
{
    frame->rip -= SYSCALL_BYTES;
    TRACE(ke->trace, syscall_trapped, frame->rip, frame->gpr[KE_RAX]);
    TRACE(ke->trace, finding, VERIFY_syscall, frame->rip, frame->gpr[KE_RAX]);
    ke_bug_check_from(ke, frame, KE_BUG_UNEXPECTED_KERNEL_MODE_TRAP, DOUBLE_FAULT, 0, 0, 0);
}

static void dispatch_guest(struct ke *ke, struct ke_trap_frame *frame)
{
    switch (frame->trap_number) {
    case KE_TRAP_FORCED: ke_watchdog_forced(ke, frame); return;
    case KE_TRAP_SYSCALL: system_call(ke, frame);
    case KE_TRAP_DIVIDE: divide(ke, frame); return;
    case KE_TRAP_DEBUG: raise_code(ke, frame, STATUS_SINGLE_STEP); return;
    case KE_TRAP_BREAKPOINT:
        frame->rip--;
        raise_code(ke, frame, STATUS_BREAKPOINT);
        return;
    case KE_TRAP_INVALID_OPCODE: raise_code(ke, frame, STATUS_ILLEGAL_INSTRUCTION); return;
    case KE_TRAP_STACK:
    case KE_TRAP_PROTECTION: general_protection(ke, frame); return;
    case KE_TRAP_X87: raise_code(ke, frame, STATUS_FLOAT_INVALID_OPERATION); return;
    case KE_TRAP_ALIGNMENT: raise_code(ke, frame, STATUS_DATATYPE_MISALIGNMENT); return;
    case KE_TRAP_SIMD: raise_code(ke, frame, STATUS_FLOAT_MULTIPLE_TRAPS); return;
    default: ke_trap_unknown(ke, frame);
    }
}

/* Ours, on an address that is no address at all: the driver's fault when the driver is calling. */
static void dispatch_host(struct ke *ke, struct ke_trap_frame *frame)
{
    bool protection =
        frame->trap_number == KE_TRAP_PROTECTION || frame->trap_number == KE_TRAP_STACK;
    if (!protection || !ke_driver_is_calling())
        our_own_fault(ke, frame);
    raise_protection(ke, frame);
}

void ke_trap_dispatch(struct ke *ke, struct ke_trap_frame *frame)
{
    if (frame->trap_number == KE_TRAP_PAGE) {
        if (!ke_trap_page_fault(ke, frame))
            our_own_fault(ke, frame);
    } else if (frame->origin == KE_ORIGIN_HOST) {
        dispatch_host(ke, frame);
    } else {
        dispatch_guest(ke, frame);
    }
}
