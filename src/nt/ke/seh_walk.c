/* SPDX-License-Identifier: MIT */
/* What both passes share: from frame to frame, over boundaries, and the call of a handler. */
#include "ke/seh.h"

#include "ke/patch.h"
#include "ke/unwind.h"
#include "pe/pe.h"

static bool read_stack(void *ctx WEIR_UNUSED, uint64_t va, uint64_t *out)
{
    return sim_is_guest_visible(va) && ke_try_load(va, sizeof(uint64_t), out);
}

/* A walk that does not come closer to the stack's top would never end. */
bool ke_seh_look(struct ke *ke, struct ke_seh_place *place, struct ke_seh_frame *out)
{
    static const struct pe_stack_reader reader = {.read = read_stack};
    struct pe_image_view view;
    place->context.rip = ke_patch_original_va(ke, place->context.rip);
    out->pc = place->context.rip;
    out->module = ke_module_of(ke, out->pc);
    if (!out->module)
        return false;
    ke_module_view(out->module, &view);
    out->caller = place->context;
    if (pe_virtual_unwind(&view, out->pc, &out->caller, &reader, &out->unwound) != 0)
        return false;
    return out->caller.gpr[PE_RSP] > place->context.gpr[PE_RSP];
}

/* Where we had called the driver, and who had called us before. */
static const struct sim_boundary *behind(const struct sim_boundary *boundary)
{
    while (boundary && boundary->direction == SIM_TO_HOST)
        boundary = boundary->previous;
    return boundary ? boundary->previous : NULL;
}

enum ke_seh_crossing ke_seh_cross(struct ke *ke, struct ke_seh_place *place,
                                  const struct ke_seh_pass **pass)
{
    if (place->context.rip != sim_gate_return_va(ke->sim))
        return KE_SEH_INSIDE;
    const struct sim_boundary *outer = behind(place->boundary);
    if (!outer || outer->direction != SIM_TO_HOST)
        return KE_SEH_END;
    *pass = container_of(outer, const struct ke_seh_pass, boundary);
    switch (outer->kind) {
    case KE_SEH_HANDLER:
        place->boundary = outer;
        ke_seh_of_boundary(outer, &place->context);
        return KE_SEH_RETURNED;
    case KE_SEH_SEARCH:
        place->boundary = (*pass)->base;
        ke_seh_load(&(*pass)->block->context, &place->context);
        return KE_SEH_NESTED;
    case KE_SEH_UNWIND:
        *place = (*pass)->at;
        return KE_SEH_COLLIDED;
    default:
        return KE_SEH_END;
    }
}

static void fill_dispatcher(struct ke_seh_pass *pass, const struct ke_seh_frame *frame,
                            uint32_t scope_index)
{
    uint64_t base_va = frame->module->base_va;
    pass->block->dispatcher = (DISPATCHER_CONTEXT){
        .ControlPc = frame->pc,
        .ImageBase = base_va,
        .FunctionEntry = (PRUNTIME_FUNCTION)(base_va + frame->unwound.function.entry_rva),
        .EstablisherFrame = frame->unwound.establisher_frame,
        .TargetIp = KE_ARG(pass->target_ip),
        .ContextRecord = pass->boundary.kind == KE_SEH_SEARCH ? &pass->block->unwound
                                                              : &pass->block->context,
        .LanguageHandler = (PEXCEPTION_ROUTINE)(base_va + frame->unwound.handler_rva),
        .HandlerData = (PVOID)(base_va + frame->unwound.handler_data_rva),
        .ScopeIndex = scope_index};
}

uint32_t ke_seh_call_handler(struct ke_seh_pass *pass, uint64_t kind,
                             const struct ke_seh_frame *frame, uint32_t scope_index)
{
    struct sim_fiber *fiber = sim_fiber_current();
    struct ke_seh_block *block = pass->block;
    pass->establisher = frame->unwound.establisher_frame;
    pass->boundary.kind = kind;
    fill_dispatcher(pass, frame, scope_index);
    sim_boundary_push(fiber, &pass->boundary);
    uint32_t answer = (uint32_t)KE_CALL(block->dispatcher.LanguageHandler, KE_ARG(pass->record),
                                        pass->establisher, KE_ARG(&block->context),
                                        KE_ARG(&block->dispatcher));
    sim_boundary_pop(fiber, &pass->boundary);
    return answer;
}
