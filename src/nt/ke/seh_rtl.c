/* SPDX-License-Identifier: MIT */
/* Unwinding by hand: what drivers with handlers of their own, and profilers, call. A context that
 * is captured here has what a callee preserves; the rest of the caller's registers is gone by then
 * and reads as zero. RtlLookupFunctionEntry, RtlVirtualUnwind, RtlCaptureContext. Left out: the
 * context pointers of RtlVirtualUnwind. */
#include "ke/seh.h"

#include <string.h>

#include "ke/unwind.h"
#include "pe/pe.h"

static bool read_stack(void *ctx WEIR_UNUSED, uint64_t va, uint64_t *out)
{
    return ke_try_load(va, sizeof(uint64_t), out);
}

void NTAPI RtlCaptureContext(PCONTEXT ContextRecord)
{
    struct pe_context state = {0};
    const struct sim_boundary *call = ke_seh_newest();
    if (call)
        ke_seh_of_boundary(call, &state);
    ke_seh_store(&state, ContextRecord);
    ContextRecord->Rcx = KE_ARG(ContextRecord);
}

void NTAPI RtlRestoreContext(PCONTEXT ContextRecord, PEXCEPTION_RECORD ExceptionRecord)
{
    struct ke_seh_place place = {.boundary = ke_seh_newest()};
    if (ExceptionRecord != NULL && ExceptionRecord->ExceptionCode == STATUS_UNWIND_CONSOLIDATE)
        weir_not_implemented("RtlRestoreContext with STATUS_UNWIND_CONSOLIDATE");
    weir_assert(place.boundary != NULL);
    ke_seh_load(ContextRecord, &place.context);
    ke_seh_resume(ke_current(), &place);
}

PRUNTIME_FUNCTION NTAPI RtlLookupFunctionEntry(ULONG64 ControlPc, PULONG64 ImageBase,
                                               PUNWIND_HISTORY_TABLE HistoryTable)
{
    const struct ke_module *module = ke_module_of(ke_current(), ControlPc);
    struct pe_image_view view;
    struct pe_function function;
    (void)HistoryTable; /* a cache */
    if (!module)
        return NULL;
    *ImageBase = module->base_va;
    ke_module_view(module, &view);
    if (!pe_function_find(&view, (uint32_t)(ControlPc - module->base_va), &function))
        return NULL;
    return (PRUNTIME_FUNCTION)(module->base_va + function.entry_rva);
}

static uint8_t wanted_flags(ULONG handler_type)
{
    return (uint8_t)((handler_type & UNW_FLAG_EHANDLER ? PE_HANDLER_EXCEPTION : 0) |
                     (handler_type & UNW_FLAG_UHANDLER ? PE_HANDLER_UNWIND : 0));
}

PEXCEPTION_ROUTINE NTAPI RtlVirtualUnwind(ULONG HandlerType, ULONG64 ImageBase, ULONG64 ControlPc,
                                          PRUNTIME_FUNCTION FunctionEntry, PCONTEXT ContextRecord,
                                          PVOID *HandlerData, PULONG64 EstablisherFrame,
                                          PKNONVOLATILE_CONTEXT_POINTERS ContextPointers)
{
    static const struct pe_stack_reader reader = {.read = read_stack};
    const struct ke_module *module = ke_module_of(ke_current(), ControlPc);
    struct pe_image_view view;
    struct pe_context state;
    struct pe_unwound unwound;
    (void)FunctionEntry; /* found by ControlPc anyway */
    if (ContextPointers != NULL)
        weir_not_implemented("RtlVirtualUnwind with context pointers");
    if (!module || module->base_va != ImageBase)
        return NULL;
    ke_module_view(module, &view);
    ke_seh_load(ContextRecord, &state);
    if (pe_virtual_unwind(&view, ControlPc, &state, &reader, &unwound) != 0)
        return NULL;
    ContextRecord->Rip = state.rip;
    memcpy(&ContextRecord->Rax, state.gpr, sizeof(state.gpr));
    memcpy(ContextRecord->FltSave.XmmRegisters, state.xmm, sizeof(state.xmm));
    *EstablisherFrame = unwound.establisher_frame;
    if (unwound.handler_rva == 0 || !(unwound.handler_flags & wanted_flags(HandlerType)))
        return NULL;
    *HandlerData = (PVOID)(ImageBase + unwound.handler_data_rva);
    return (PEXCEPTION_ROUTINE)(ImageBase + unwound.handler_rva);
}

/* Frame 0 is the caller itself. */
USHORT NTAPI RtlCaptureStackBackTrace(ULONG FramesToSkip, ULONG FramesToCapture, PVOID *BackTrace,
                                      PULONG BackTraceHash)
{
    struct ke_stack_frame frames[KE_STACK_FRAMES_MAX];
    unsigned count = ke_stack_walk(ke_current(), NULL, frames, KE_STACK_FRAMES_MAX);
    ULONG hash = 0;
    USHORT given = 0;
    for (unsigned i = FramesToSkip; i < count && given < FramesToCapture; i++) {
        BackTrace[given++] = (PVOID)frames[i].rip_va;
        hash += (ULONG)frames[i].rip_va;
    }
    if (BackTraceHash != NULL)
        *BackTraceHash = hash;
    return given;
}

/* UNDOC: no page has it. Callers from the caller's own frame on; there is no user-mode stack (flag
 * 1) to walk. */
ULONG NTAPI RtlWalkFrameChain(PVOID *Callers, ULONG Count, ULONG Flags)
{
    enum { USER_MODE_STACK = 1 };

    if (Flags & USER_MODE_STACK)
        return 0;
    return RtlCaptureStackBackTrace(0, Count, Callers, NULL);
}
