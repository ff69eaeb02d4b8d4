/* SPDX-License-Identifier: MIT */
/* Page faults, and instructions on memory that is none.
 *
 * What an address means is mm's and hal's to say (struct ke_memory_ops). Here: the guard pages
 * of driver stacks, the page of shared user data, and what Windows does with the rest. A bad
 * system address is never an exception in Windows: bug check 0x50, or 0xD1 at DISPATCH_LEVEL and
 * above (0xA when our code touched it), 0xBE for a write to what is read-only, 0xFC for
 * executing data. A bad user address below DISPATCH_LEVEL is an access violation that a driver
 * may catch; in the middle of a call of ours there is nobody to catch it. (Bug Check Code
 * Reference, the pages of these codes.) */
#include "ke/trap.h"

#include "ke/bugcheck.h"
#include "ke/patch.h"
#include "ke/pcr.h"
#include "ke/thread.h"
#include "ke/trap_emulate.h"

enum {
    PAGE_BYTES = 4096,
    STACK_GUARD_BYTES = 0x10000, /* below a guest stack nothing is mapped that far */
    DOUBLE_FAULT = 8,
    ERROR_WRITE = 2,
    ERROR_EXECUTE = 16
};

/* ---- Whose, and where ------------------------------------------------------------------------ */

bool ke_driver_is_calling(void)
{
    struct sim_fiber *fiber = sim_fiber_current();
    const struct sim_boundary *boundary = fiber ? sim_boundary_newest(fiber) : NULL;
    if (boundary && boundary->direction == SIM_TO_HOST)
        return true;
    return fiber && ke_thread_current()->routine_depth != 0;
}

static enum ke_fault resolve(struct ke *ke, uint64_t va, enum ke_access access)
{
    const struct ke_traps *traps = ke->traps;
    if (traps->ops)
        return traps->ops->resolve(traps->ops_ctx, va, access);
    return va < SIM_SYSTEM_WINDOW_BASE ? KE_FAULT_USER : KE_FAULT_BAD;
}

static bool is_below_a_stack(struct ke *ke, uint64_t va)
{
    uint64_t low;
    uint64_t top;
    for (uint64_t above = PAGE_BYTES; above <= STACK_GUARD_BYTES; above += PAGE_BYTES) {
        if (sim_guest_stack_range(ke->sim, va + above, &low, &top))
            return va < low;
    }
    return false;
}

/* The pages below a driver's stack are never mapped: it has grown out of its 24 KB. */
static void check_stack(struct ke *ke, const struct ke_trap_frame *frame, uint64_t va)
{
    if (is_below_a_stack(ke, va))
        ke_bug_check_from(ke, ke_trap_place(frame), KE_BUG_UNEXPECTED_KERNEL_MODE_TRAP,
                          DOUBLE_FAULT, va, 0, 0);
}

static enum ke_access access_of(const struct ke_trap_frame *frame)
{
    if (frame->error_code & ERROR_EXECUTE)
        return KE_ACCESS_EXECUTE;
    return frame->error_code & ERROR_WRITE ? KE_ACCESS_WRITE : KE_ACCESS_READ;
}

/* ---- Bad accesses ---------------------------------------------------------------------------- */

/* From Windows 10 1507 on the parameter is the processor's error code without its lowest bit. */
static uint64_t access_in_0x50(struct ke *ke, enum ke_access access)
{
    if (ke_windows(ke) < KE_WINDOWS_10_1803)
        return access;
    return access == KE_ACCESS_WRITE ? 2 : access == KE_ACCESS_EXECUTE ? 0x10 : 0;
}

/* The processor's own word for it will not do: Linux fills in a page only when it is touched. */
static bool is_readable(uint64_t va)
{
    uint64_t value;
    return sim_is_guest_visible(va) && ke_try_load(va, 1, &value);
}

static _Noreturn void bad_system_address(struct ke *ke, const struct ke_trap_frame *frame,
                                         uint64_t va, enum ke_access access)
{
    bool ours = frame->origin == KE_ORIGIN_HOST;
    bool present = is_readable(va);
    const struct ke_trap_frame *place = ke_trap_place(frame);
    uint64_t rip = ke_trap_blamed_va(frame);
    struct ke_thread *thread = ke_thread_current();
    TRACE(ke->trace, exception, (uint32_t)STATUS_ACCESS_VIOLATION, rip, va, access,
          thread ? ke_thread_id(thread) : 0);
    if (present && access == KE_ACCESS_EXECUTE)
        ke_bug_check_from(ke, place, KE_BUG_ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY, va, 0, 0, 0);
    if ((present || ke_is_shared_data(va)) && access == KE_ACCESS_WRITE)
        ke_bug_check_from(ke, place, KE_BUG_ATTEMPTED_WRITE_TO_READONLY_MEMORY, va, 0, 0, 0);
    if (ke->cpu->irql >= DISPATCH_LEVEL && ours)
        ke_bug_check_from(ke, place, KE_BUG_IRQL_NOT_LESS_OR_EQUAL, va, ke->cpu->irql, access, rip);
    if (ke->cpu->irql >= DISPATCH_LEVEL)
        ke_bug_check_from(ke, place, KE_BUG_DRIVER_IRQL_NOT_LESS_OR_EQUAL, va, ke->cpu->irql,
                          access, rip);
    ke_bug_check_from(ke, place, KE_BUG_PAGE_FAULT_IN_NONPAGED_AREA, va, access_in_0x50(ke, access),
                      rip, 0);
}

static void bad_access(struct ke *ke, struct ke_trap_frame *frame, uint64_t va,
                       enum ke_access access, bool user)
{
    struct ke_exception exception = {
        .code = (uint32_t)STATUS_ACCESS_VIOLATION,
        .address_va = ke_trap_blamed_va(frame),
        .count = 2,
        .information = {access, va}};
    check_stack(ke, frame, va);
    if (!user || ke->cpu->irql >= DISPATCH_LEVEL)
        bad_system_address(ke, frame, va, access);
    ke_raise(ke, frame, &exception);
}

/* ---- Emulation ------------------------------------------------------------------------------- */

/* The bus behind an emulated instruction: each access goes where its own address says. */
struct machine_bus {
    struct ke *ke;
    uint64_t first_va; /* of an access that was no memory, for the trace */
    enum ke_trap_kind kind;
    bool special; /* there was one */
    uint64_t bad_va; /* of the access that is impossible */
    enum ke_access bad_access;
    bool bad_is_user;
};

static void note_special(struct machine_bus *bus, uint64_t va, enum ke_trap_kind kind)
{
    if (bus->special)
        return;
    bus->special = true;
    bus->first_va = va;
    bus->kind = kind;
}

static bool refuse(struct machine_bus *bus, uint64_t va, enum ke_access access,
                   enum ke_fault fault)
{
    bus->bad_va = va;
    bus->bad_access = access;
    bus->bad_is_user = fault == KE_FAULT_USER;
    return false;
}

/* What is not a device is simply tried: resolve knows about pages that are not there, and tells
 * of a page that is there no more than of one that will never be. */

static bool machine_read(void *ctx, uint64_t va, unsigned size_bytes, uint64_t *value)
{
    struct machine_bus *bus = ctx;
    const struct ke_traps *traps = bus->ke->traps;
    if (ke_is_shared_data(va)) {
        note_special(bus, va, KE_TRAP_KIND_SHARED_DATA);
        *value = ke_shared_data_read(bus->ke, va % PAGE_BYTES, size_bytes);
        return true;
    }
    enum ke_fault fault = resolve(bus->ke, va, KE_ACCESS_READ);
    if (fault == KE_FAULT_IO) {
        note_special(bus, va, KE_TRAP_KIND_DEVICE);
        *value = traps->ops->io_read(traps->ops_ctx, va, size_bytes);
        return true;
    }
    return ke_try_load(va, size_bytes, value) || refuse(bus, va, KE_ACCESS_READ, fault);
}

static bool machine_write(void *ctx, uint64_t va, unsigned size_bytes, uint64_t value)
{
    struct machine_bus *bus = ctx;
    const struct ke_traps *traps = bus->ke->traps;
    enum ke_fault fault = resolve(bus->ke, va, KE_ACCESS_WRITE);
    if (fault == KE_FAULT_IO) {
        note_special(bus, va, KE_TRAP_KIND_DEVICE);
        traps->ops->io_write(traps->ops_ctx, va, size_bytes, value);
        return true;
    }
    return ke_try_store(va, size_bytes, value) || refuse(bus, va, KE_ACCESS_WRITE, fault);
}

/* Memory reached through a rewritten site may be plain memory this time: then it was no trap. */
void ke_trap_memory(struct ke *ke, struct ke_trap_frame *frame, const struct ke_insn *insn)
{
    struct machine_bus machine = {.ke = ke};
    const struct ke_bus bus = {.read = machine_read, .write = machine_write, .ctx = &machine};
    uint64_t rip = ke_trap_blamed_va(frame);
    enum ke_emulated result = ke_emulate(frame, insn, &bus);
    if (result == KE_EMULATED_UNKNOWN)
        ke_trap_unknown(ke, frame);
    if (machine.special) {
        TRACE_CLASSED(ke->trace, call, trap, machine.kind, rip, machine.first_va);
        ke_patch_note(ke, frame, insn, machine.kind);
    }
    if (result == KE_EMULATED_FAULT)
        bad_access(ke, frame, machine.bad_va, machine.bad_access, machine.bad_is_user);
    else if (machine.special && frame->origin != KE_ORIGIN_HOST)
        ke_yield();
}

/* ---- Page faults ----------------------------------------------------------------------------- */

static void emulate_at(struct ke *ke, struct ke_trap_frame *frame)
{
    const struct ke_insn *insn =
        frame->slot ? &frame->slot->insn : ke_insn_at(ke->traps->insns, frame->rip);
    if (!insn)
        ke_trap_unknown(ke, frame);
    struct ke_insn copy = *insn; /* another trap may come before this one ends */
    ke_trap_memory(ke, frame, &copy);
}

static bool is_blameless(const struct ke_trap_frame *frame)
{
    return frame->origin == KE_ORIGIN_HOST && !ke_driver_is_calling();
}

bool ke_trap_page_fault(struct ke *ke, struct ke_trap_frame *frame)
{
    enum ke_access access = access_of(frame);
    uint64_t va = frame->address;
    if (ke_is_shared_data(va) && access == KE_ACCESS_READ) {
        emulate_at(ke, frame);
        return true;
    }
    check_stack(ke, frame, va);
    switch (resolve(ke, va, access)) {
    case KE_FAULT_RETRY: return true;
    case KE_FAULT_IO:
        if (access == KE_ACCESS_EXECUTE)
            bad_system_address(ke, frame, va, access);
        emulate_at(ke, frame);
        return true;
    case KE_FAULT_USER:
        if (is_blameless(frame))
            return false;
        bad_access(ke, frame, va, access, true);
        return true;
    default:
        if (is_blameless(frame))
            return false;
        bad_access(ke, frame, va, access, false);
        return true;
    }
}
