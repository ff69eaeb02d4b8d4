/* SPDX-License-Identifier: MIT */
/* Unwinding: from the code that asks for it up to a frame, calling on the way the handlers that
 * want to know (every function with a __finally has one); then the driver goes on in that frame, at
 * the address it named, with a result in rax. __finally blocks run on the way, and may themselves
 * raise or unwind: that collides with this unwinding, which is then taken up where it stood by
 * the newer one. To unwind past the last frame of a segment is a bug check: the frames behind are
 * ours. RtlUnwindEx; "x64 exception handling", Unwind procedure. */
#include "ke/seh.h"

#include <string.h>

#include "ke/bugcheck.h"

struct unwinding {
    struct ke_seh_pass *pass;
    uint64_t target_frame;
    uint32_t scope_index;
};

static _Noreturn void no_target(const struct ke_seh_pass *pass)
{
    ke_bug_check(KE_BUG_KMODE_EXCEPTION_NOT_HANDLED, (uint32_t)STATUS_INVALID_UNWIND_TARGET,
                 pass->at.context.rip, KE_ARG(pass->record), 0);
}

static void tell(struct unwinding *unwinding, const struct ke_seh_frame *frame, PVOID result)
{
    struct ke_seh_pass *pass = unwinding->pass;
    ULONG *flags = &pass->record->ExceptionFlags;
    if (frame->unwound.establisher_frame == unwinding->target_frame)
        *flags |= EXCEPTION_TARGET_UNWIND;
    ke_seh_store(&pass->at.context, &pass->block->context);
    pass->block->context.Rax = KE_ARG(result);
    uint32_t answer = ke_seh_call_handler(pass, KE_SEH_UNWIND, frame, unwinding->scope_index);
    *flags &= ~(ULONG)(EXCEPTION_COLLIDED_UNWIND | EXCEPTION_TARGET_UNWIND);
    if (answer != ExceptionContinueSearch)
        ke_raise_exception(STATUS_INVALID_DISPOSITION, 0, NULL);
}

/* Moves pass->at to the target frame. */
static void unwind_frames(struct unwinding *unwinding, PVOID result)
{
    struct ke_seh_pass *pass = unwinding->pass;
    struct ke_seh_frame frame;
    for (;;) {
        const struct ke_seh_pass *other;
        enum ke_seh_crossing crossing = ke_seh_cross(pass->ke, &pass->at, &other);
        if (crossing == KE_SEH_END)
            no_target(pass);
        if (crossing == KE_SEH_COLLIDED) {
            pass->record->ExceptionFlags |= EXCEPTION_COLLIDED_UNWIND;
            unwinding->scope_index = other->block->dispatcher.ScopeIndex;
        }
        if (crossing != KE_SEH_INSIDE)
            continue;
        if (!ke_seh_look(pass->ke, &pass->at, &frame))
            no_target(pass);
        if ((frame.unwound.handler_flags & PE_HANDLER_UNWIND) && frame.unwound.handler_rva != 0)
            tell(unwinding, &frame, result);
        if (frame.unwound.establisher_frame == unwinding->target_frame)
            return;
        unwinding->scope_index = 0;
        pass->at.context = frame.caller;
    }
}

_Noreturn void ke_seh_unwind(struct ke *ke, PVOID target_frame, PVOID target_ip,
                             PEXCEPTION_RECORD record, PVOID result)
{
    struct ke_seh_pass pass = {.ke = ke, .base = ke_seh_newest(), .target_ip = target_ip};
    struct unwinding unwinding = {.pass = &pass, .target_frame = KE_ARG(target_frame)};
    if (!pass.base)
        ke_bug_check(KE_BUG_KMODE_EXCEPTION_NOT_HANDLED, (uint32_t)STATUS_INVALID_UNWIND_TARGET, 0,
                     0, 0);
    pass.block = ke_seh_room(&pass.boundary, pass.base, KE_SEH_UNWIND, sizeof(*pass.block));
    memset(pass.block, 0, sizeof(*pass.block));
    pass.at.boundary = pass.base;
    ke_seh_of_boundary(pass.base, &pass.at.context);
    pass.record = record ? record : &pass.block->record;
    if (!record) {
        pass.record->ExceptionCode = STATUS_UNWIND;
        pass.record->ExceptionAddress = (PVOID)pass.base->guest_rip;
    }
    pass.record->ExceptionFlags |= EXCEPTION_UNWINDING;
    if (!target_frame)
        pass.record->ExceptionFlags |= EXCEPTION_EXIT_UNWIND;
    unwind_frames(&unwinding, result);
    pass.at.context.rip = KE_ARG(target_ip);
    pass.at.context.gpr[PE_RAX] = KE_ARG(result);
    ke_seh_resume(ke, &pass.at);
}

void NTAPI RtlUnwindEx(PVOID TargetFrame, PVOID TargetIp, PEXCEPTION_RECORD ExceptionRecord,
                       PVOID ReturnValue, PCONTEXT ContextRecord,
                       PUNWIND_HISTORY_TABLE HistoryTable)
{
    (void)ContextRecord; /* room to work in, of which we have our own */
    (void)HistoryTable; /* a cache */
    ke_seh_unwind(ke_current(), TargetFrame, TargetIp, ExceptionRecord, ReturnValue);
}

void NTAPI RtlUnwind(PVOID TargetFrame, PVOID TargetIp, PEXCEPTION_RECORD ExceptionRecord,
                     PVOID ReturnValue)
{
    ke_seh_unwind(ke_current(), TargetFrame, TargetIp, ExceptionRecord, ReturnValue);
}

/* A goto or return out of a __try with a __finally. */
void NTAPI _local_unwind(PVOID Frame, PVOID TargetIp)
{
    ke_seh_unwind(ke_current(), Frame, TargetIp, NULL, NULL);
}
