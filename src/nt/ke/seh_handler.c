/* SPDX-License-Identifier: MIT */
/* The handler of every function with a __try. Its data is the scope table: for each __try the range
 * of code it guards, the filter or the __finally block, and for __except the address to go on at.
 * Inner blocks come before outer ones. In the search filters are asked from the inside out; in the
 * unwinding __finally blocks run, but none that also guards the place that is unwound to.
 * ScopeIndex says where to begin and is moved before a __finally runs, so that none runs twice when
 * unwindings collide. "x64 exception handling", Language-specific handler. */
#include "ke/seh.h"

enum { FILTER_EXECUTES = 1 }; /* in place of a filter: __except(EXCEPTION_EXECUTE_HANDLER) */

struct scopes {
    uint64_t base_va;
    uint64_t frame;
    DISPATCHER_CONTEXT *dispatcher;
    const SCOPE_TABLE *table;
    uint32_t pc_rva;
    uint32_t target_rva;
};

static bool holds(const struct scopes *scopes, ULONG index, uint32_t rva)
{
    return rva >= scopes->table->ScopeRecord[index].BeginAddress &&
           rva < scopes->table->ScopeRecord[index].EndAddress;
}

/* A filter answers with 32 bits. */
static LONG ask_filter(const struct scopes *scopes, ULONG index, EXCEPTION_POINTERS *pointers)
{
    ULONG filter = scopes->table->ScopeRecord[index].HandlerAddress;
    if (filter == FILTER_EXECUTES)
        return EXCEPTION_EXECUTE_HANDLER;
    return (LONG)KE_CALL(scopes->base_va + filter, KE_ARG(pointers), scopes->frame);
}

static EXCEPTION_DISPOSITION search(const struct scopes *scopes, EXCEPTION_POINTERS *pointers)
{
    PEXCEPTION_RECORD record = pointers->ExceptionRecord;
    for (ULONG i = scopes->dispatcher->ScopeIndex; i < scopes->table->Count; i++) {
        ULONG target = scopes->table->ScopeRecord[i].JumpTarget;
        if (target == 0 || !holds(scopes, i, scopes->pc_rva))
            continue;
        LONG answer = ask_filter(scopes, i, pointers);
        if (answer < 0)
            return ExceptionContinueExecution;
        if (answer > 0)
            ke_seh_unwind(ke_current(), (PVOID)scopes->frame, (PVOID)(scopes->base_va + target),
                          record, (PVOID)(ULONG_PTR)(uint32_t)record->ExceptionCode);
    }
    return ExceptionContinueSearch;
}

/* The block that is unwound to, or one around it: nothing is left that ends. */
static bool guards_target(const struct scopes *scopes, ULONG index)
{
    ULONG target = scopes->table->ScopeRecord[index].JumpTarget;
    return target != 0 ? target == scopes->target_rva
                       : holds(scopes, index, scopes->target_rva);
}

static EXCEPTION_DISPOSITION unwind(const struct scopes *scopes, bool is_target)
{
    for (ULONG i = scopes->dispatcher->ScopeIndex; i < scopes->table->Count; i++) {
        if (!holds(scopes, i, scopes->pc_rva))
            continue;
        if (is_target && guards_target(scopes, i))
            break;
        if (scopes->table->ScopeRecord[i].JumpTarget != 0)
            continue;
        scopes->dispatcher->ScopeIndex = i + 1;
        KE_CALL(scopes->base_va + scopes->table->ScopeRecord[i].HandlerAddress, TRUE,
                scopes->frame);
    }
    return ExceptionContinueSearch;
}

EXCEPTION_DISPOSITION NTAPI __C_specific_handler(PEXCEPTION_RECORD ExceptionRecord,
                                                 PVOID EstablisherFrame, PCONTEXT ContextRecord,
                                                 PDISPATCHER_CONTEXT DispatcherContext)
{
    struct sim_boundary *call = ke_seh_newest();
    struct sim_boundary room WEIR_ALIGNED(16);
    EXCEPTION_POINTERS *pointers;
    EXCEPTION_DISPOSITION answer;
    struct scopes scopes = {
        .base_va = DispatcherContext->ImageBase,
        .frame = KE_ARG(EstablisherFrame),
        .dispatcher = DispatcherContext,
        .table = DispatcherContext->HandlerData,
        .pc_rva = (uint32_t)(DispatcherContext->ControlPc - DispatcherContext->ImageBase),
        .target_rva = (uint32_t)(DispatcherContext->TargetIp - DispatcherContext->ImageBase)};
    weir_assert(call != NULL);
    pointers = ke_seh_room(&room, call, KE_SEH_HANDLER, sizeof(*pointers));
    *pointers = (EXCEPTION_POINTERS){ExceptionRecord, ContextRecord};
    sim_boundary_push(sim_fiber_current(), &room);
    answer = ExceptionRecord->ExceptionFlags & EXCEPTION_UNWIND
                 ? unwind(&scopes, (ExceptionRecord->ExceptionFlags & EXCEPTION_TARGET_UNWIND) != 0)
                 : search(&scopes, pointers);
    sim_boundary_pop(sim_fiber_current(), &room);
    return answer;
}
