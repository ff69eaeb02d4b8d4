/* SPDX-License-Identifier: MIT */
/* The search for a handler, and everything that raises.
 *
 * A handler of a frame may say: go on where it happened (with the context it may have changed), or
 * I do not want it; or it unwinds and does not come back. What nobody wants is a bug check: 0x7E
 * in a thread, 0x1E at DISPATCH_LEVEL and above. An exception inside a handler or filter is
 * nested: the walk goes on in the frames of the first exception, and handlers up to the one that
 * was running see EXCEPTION_NESTED_CALL. To go on after what is not continuable, or to answer
 * nonsense, raises anew. "Structured Exception Handling"; EXCEPTION_RECORD; ExRaiseStatus;
 * Bug Check 0x1E and 0x7E. */
#include "ke/seh.h"

#include <string.h>

#include "ke/bugcheck.h"

enum { DOUBLE_FAULT = 8 };

static _Noreturn void unhandled(struct ke *ke, const struct ke_trap_frame *frame,
                                const struct ke_seh_pass *pass)
{
    const EXCEPTION_RECORD *record = pass->record;
    uint64_t code = (uint32_t)record->ExceptionCode;
    uint64_t address = KE_ARG(record->ExceptionAddress);
    if (ke->cpu->irql >= DISPATCH_LEVEL)
        ke_bug_check_from(ke, frame, KE_BUG_KMODE_EXCEPTION_NOT_HANDLED, code, address,
                          record->ExceptionInformation[0], record->ExceptionInformation[1]);
    ke_bug_check_from(ke, frame, KE_BUG_SYSTEM_THREAD_EXCEPTION_NOT_HANDLED, code, address,
                      KE_ARG(record), KE_ARG(&pass->block->context));
}

static _Noreturn void raise_again(struct ke *ke, PEXCEPTION_RECORD about, NTSTATUS status);

/* The answers that end the search; false: it goes on. */
static bool obey(struct ke *ke, const struct ke_seh_pass *pass, uint32_t answer)
{
    switch (answer) {
    case ExceptionContinueExecution:
        if (pass->record->ExceptionFlags & EXCEPTION_NONCONTINUABLE)
            raise_again(ke, pass->record, STATUS_NONCONTINUABLE_EXCEPTION);
        return true;
    case ExceptionContinueSearch:
        return false;
    default:
        raise_again(ke, pass->record, STATUS_INVALID_DISPOSITION);
    }
}

/* Handlers that ran when this exception came stand between; nested remembers up to where. */
struct search {
    struct ke_seh_pass *pass;
    uint64_t nested;
    uint32_t scope_index;
};

static bool ask(struct search *search, const struct ke_seh_frame *frame)
{
    struct ke_seh_pass *pass = search->pass;
    ke_seh_store(&frame->caller, &pass->block->unwound);
    uint32_t answer = ke_seh_call_handler(pass, KE_SEH_SEARCH, frame, search->scope_index);
    if (search->nested == frame->unwound.establisher_frame) {
        pass->record->ExceptionFlags &= ~(ULONG)EXCEPTION_NESTED_CALL;
        search->nested = 0;
    }
    return obey(pass->ke, pass, answer);
}

static void note_crossing(struct search *search, enum ke_seh_crossing crossing,
                          const struct ke_seh_pass *other)
{
    if (crossing == KE_SEH_NESTED) {
        search->pass->record->ExceptionFlags |= EXCEPTION_NESTED_CALL;
        if (other->establisher > search->nested)
            search->nested = other->establisher;
    } else if (crossing == KE_SEH_COLLIDED) {
        search->scope_index = other->block->dispatcher.ScopeIndex;
    }
}

static bool search_frames(struct ke_seh_pass *pass)
{
    struct search search = {.pass = pass};
    struct ke_seh_frame frame;
    pass->at.boundary = pass->base;
    ke_seh_load(&pass->block->context, &pass->at.context);
    for (;;) {
        const struct ke_seh_pass *other;
        enum ke_seh_crossing crossing = ke_seh_cross(pass->ke, &pass->at, &other);
        if (crossing == KE_SEH_END)
            return false;
        if (crossing != KE_SEH_INSIDE) {
            note_crossing(&search, crossing, other);
            continue;
        }
        if (!ke_seh_look(pass->ke, &pass->at, &frame))
            return false;
        bool asked = frame.unwound.handler_flags & PE_HANDLER_EXCEPTION;
        if (asked && frame.unwound.handler_rva != 0 && ask(&search, &frame))
            return true;
        search.scope_index = 0;
        pass->at.context = frame.caller;
    }
}

static void begin(struct ke *ke, struct ke_seh_pass *pass, const struct sim_boundary *base)
{
    pass->ke = ke;
    pass->base = base;
    pass->target_ip = NULL;
    pass->block = ke_seh_room(&pass->boundary, base, KE_SEH_SEARCH, sizeof(*pass->block));
    memset(pass->block, 0, sizeof(*pass->block));
    pass->record = &pass->block->record;
}

/* ---- What the processor raised --------------------------------------------------------------- */

static void fill_record(EXCEPTION_RECORD *record, const struct ke_exception *exception)
{
    record->ExceptionCode = (NTSTATUS)exception->code;
    record->ExceptionAddress = (PVOID)exception->address_va;
    record->NumberParameters = exception->count;
    for (unsigned i = 0; i < exception->count; i++)
        record->ExceptionInformation[i] = exception->information[i];
}

static void go_on_as(struct ke_trap_frame *frame, const CONTEXT *context)
{
    struct pe_context state;
    ke_seh_load(context, &state);
    memcpy(frame->gpr, state.gpr, sizeof(frame->gpr));
    for (unsigned i = 0; i < PE_REGISTER_COUNT; i++)
        memcpy(frame->vector[i], state.xmm[i], sizeof(state.xmm[i]));
    frame->rip = state.rip;
    frame->slot = NULL;
    frame->mxcsr = context->MxCsr;
}

/* The processor pushes its own frame where the stack pointer leads: a second fault. */
static void check_stack_pointer(struct ke *ke, const struct ke_trap_frame *frame)
{
    uint64_t rsp = frame->boundary.guest_rsp;
    if (!sim_is_guest_visible(rsp))
        ke_bug_check_from(ke, frame, KE_BUG_UNEXPECTED_KERNEL_MODE_TRAP, DOUBLE_FAULT, rsp, 0, 0);
}

void ke_seh_trap(struct ke *ke, struct ke_trap_frame *frame, const struct ke_exception *exception)
{
    struct ke_seh_pass pass;
    struct pe_context state;
    check_stack_pointer(ke, frame);
    begin(ke, &pass, &frame->boundary);
    fill_record(pass.record, exception);
    ke_seh_of_frame(frame, &state);
    ke_seh_store(&state, &pass.block->context);
    pass.block->context.EFlags = (ULONG)frame->rflags;
    pass.block->context.MxCsr = pass.block->context.FltSave.MxCsr = frame->mxcsr;
    if (!search_frames(&pass))
        unhandled(ke, frame, &pass);
    go_on_as(frame, &pass.block->context);
}

bool ke_seh_may_leave(struct ke *ke)
{
    const struct sim_boundary *call = ke_seh_newest();
    return call && call->kind == 0 && ke->thunk_ops && ke->thunk_ops->holds_nothing &&
           ke->thunk_ops->holds_nothing(ke->thunk_ctx, (uint32_t)call->target);
}

/* ---- What somebody raised by a call ---------------------------------------------------------- */

/* Raised where the driver's call will return to; the record is the driver's or ours. */
static _Noreturn void raise_record(struct ke *ke, const struct sim_boundary *base,
                                   const EXCEPTION_RECORD *record)
{
    struct ke_seh_pass pass;
    struct pe_context state;
    begin(ke, &pass, base);
    *pass.record = *record;
    pass.record->ExceptionAddress = (PVOID)base->guest_rip;
    TRACE(ke->trace, exception, (uint32_t)record->ExceptionCode, base->guest_rip,
          record->ExceptionInformation[1], record->ExceptionInformation[0],
          ke_thread_id(ke_thread_current()));
    ke_seh_of_boundary(base, &state);
    ke_seh_store(&state, &pass.block->context);
    if (!search_frames(&pass))
        unhandled(ke, NULL, &pass);
    pass.at.boundary = base;
    ke_seh_load(&pass.block->context, &pass.at.context);
    ke_seh_resume(ke, &pass.at);
}

static _Noreturn void raise_again(struct ke *ke, PEXCEPTION_RECORD about, NTSTATUS status)
{
    EXCEPTION_RECORD record = {.ExceptionCode = status,
                               .ExceptionFlags = EXCEPTION_NONCONTINUABLE,
                               .ExceptionRecord = about};
    raise_record(ke, ke_seh_newest(), &record);
}

_Noreturn void ke_raise_exception(NTSTATUS status, unsigned count, const uint64_t *information)
{
    struct ke *ke = ke_current();
    const struct sim_boundary *base = ke_seh_newest();
    EXCEPTION_RECORD record = {.ExceptionCode = status,
                               .ExceptionFlags = EXCEPTION_NONCONTINUABLE,
                               .NumberParameters = count};
    for (unsigned i = 0; i < count; i++)
        record.ExceptionInformation[i] = information[i];
    if (!base)
        ke_bug_check(KE_BUG_KMODE_EXCEPTION_NOT_HANDLED, (uint32_t)status, 0,
                     record.ExceptionInformation[0], record.ExceptionInformation[1]);
    raise_record(ke, base, &record);
}

void NTAPI RtlRaiseException(PEXCEPTION_RECORD ExceptionRecord)
{
    struct ke *ke = ke_current();
    const struct sim_boundary *base = ke_seh_newest();
    EXCEPTION_RECORD record = *ExceptionRecord;
    if (!base)
        ke_bug_check(KE_BUG_KMODE_EXCEPTION_NOT_HANDLED, (uint32_t)record.ExceptionCode, 0, 0, 0);
    raise_record(ke, base, &record);
}
