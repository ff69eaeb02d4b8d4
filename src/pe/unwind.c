/* SPDX-License-Identifier: MIT */
/* x64 code keeps no frame pointer chain. The unwind codes say what the prologue did to the stack
 * and to the non-volatile registers, in reverse order; undoing them gives the caller's registers.
 * Three places differ: within the prologue only the codes of instructions already executed are
 * undone; within an epilogue the rest of its instructions is carried out instead; and a function
 * without unwind data has moved nothing, so its return address is at rsp. x64 exception handling,
 * "Unwind procedure". Handlers are named only for the body: Windows calls none in prologue or
 * epilogue. Not here: the context pointers that RtlVirtualUnwind offers on the side. */
#include <errno.h>

#include "pe/epilogue.h"
#include "pe/internal.h"
#include "pe/unwind_info.h"

enum {
    ALL_OF_PROLOGUE = 256, /* above any prologue offset: every code has been executed */
    MACHINE_FRAME_RSP = 24,
};

struct unwinder {
    const struct pe_image_view   *view;
    const struct pe_stack_reader *reader;
    struct pe_context             context;
    struct pe_unwound             out;
    bool                          in_prologue;
};

static int read_stack(const struct unwinder *unwinder, uint64_t address, uint64_t *out)
{
    return unwinder->reader->read(unwinder->reader->ctx, address, out) ? 0 : -EFAULT;
}

static int pop(struct unwinder *unwinder, uint64_t *out)
{
    uint64_t value;

    if (read_stack(unwinder, unwinder->context.gpr[PE_RSP], &value) != 0)
        return -EFAULT;
    unwinder->context.gpr[PE_RSP] += 8;
    *out = value;
    return 0;
}

static uint64_t frame_address(const struct unwinder *unwinder, const struct unwind_info *info)
{
    return unwinder->context.gpr[info->frame_register] - info->frame_offset_bytes;
}

/* The register holds the frame once the prologue has set it; in a chained part it was set long
 * before. */
static bool frame_is_set(const struct unwind_info *info, unsigned executed)
{
    struct unwind_code code;
    unsigned slot = 0;

    if (info->frame_register == 0)
        return false;
    if (executed == ALL_OF_PROLOGUE || (info->flags & UNWIND_FLAG_CHAININFO) != 0)
        return true;
    while (unwind_code_next(info, &slot, &code)) {
        if (code.op == UNWIND_SET_FPREG)
            return code.prologue_offset <= executed;
    }
    return false;
}

static int pop_machine_frame(struct unwinder *unwinder, bool error_code)
{
    uint64_t frame = unwinder->context.gpr[PE_RSP] + (error_code ? 8 : 0);
    uint64_t rip;
    uint64_t rsp;

    if (read_stack(unwinder, frame, &rip) != 0 ||
        read_stack(unwinder, frame + MACHINE_FRAME_RSP, &rsp) != 0)
        return -EFAULT;
    unwinder->context.rip = rip;
    unwinder->context.gpr[PE_RSP] = rsp;
    unwinder->out.machine_frame = true;
    return 0;
}

static int restore_xmm(struct unwinder *unwinder, unsigned number, uint64_t address)
{
    if (read_stack(unwinder, address, &unwinder->context.xmm[number][0]) != 0)
        return -EFAULT;
    return read_stack(unwinder, address + 8, &unwinder->context.xmm[number][1]);
}

static int undo(struct unwinder *unwinder, const struct unwind_info *info,
                const struct unwind_code *code, uint64_t frame)
{
    uint64_t *gpr = unwinder->context.gpr;

    switch (code->op) {
    case UNWIND_PUSH_NONVOL:
        return pop(unwinder, &gpr[code->info]);
    case UNWIND_ALLOC_LARGE:
    case UNWIND_ALLOC_SMALL:
        gpr[PE_RSP] += code->operand_bytes;
        return 0;
    case UNWIND_SET_FPREG:
        gpr[PE_RSP] = frame_address(unwinder, info);
        return 0;
    case UNWIND_SAVE_NONVOL:
    case UNWIND_SAVE_NONVOL_FAR:
        return read_stack(unwinder, frame + code->operand_bytes, &gpr[code->info]);
    case UNWIND_SAVE_XMM128:
    case UNWIND_SAVE_XMM128_FAR:
        return restore_xmm(unwinder, code->info, frame + code->operand_bytes);
    case UNWIND_PUSH_MACHFRAME:
        return pop_machine_frame(unwinder, code->info != 0);
    case UNWIND_EPILOG:
        return 0;
    }
    weir_assert_failed(__FILE__, __LINE__, "an unwind code that was checked");
}

static int undo_codes(struct unwinder *unwinder, const struct unwind_info *info, unsigned executed)
{
    uint64_t frame = frame_is_set(info, executed) ? frame_address(unwinder, info)
                                                  : unwinder->context.gpr[PE_RSP];
    struct unwind_code code;
    unsigned slot = 0;

    while (unwind_code_next(info, &slot, &code)) {
        int result;

        if (code.op != UNWIND_EPILOG && code.prologue_offset > executed)
            continue;
        result = undo(unwinder, info, &code, frame);
        if (result != 0)
            return result;
    }
    return 0;
}

static void name_handler(struct unwinder *unwinder, const struct pe_function *function,
                         const struct unwind_info *info)
{
    if (info->handler_rva == 0 || unwinder->in_prologue)
        return;
    unwinder->out.handler_rva = info->handler_rva;
    unwinder->out.handler_data_rva = function->unwind_rva + info->handler_data;
    unwinder->out.handler_flags =
        info->flags & (UNWIND_FLAG_EHANDLER | UNWIND_FLAG_UHANDLER);
}

/* Undoes function and all that it is chained to. */
static int undo_chain(struct unwinder *unwinder, const struct pe_function *function,
                      const struct unwind_info *first, unsigned executed)
{
    struct pe_function at = *function;
    struct unwind_info info = *first;

    for (int depth = 0; depth < UNWIND_MAX_CHAIN; depth++) {
        int result = undo_codes(unwinder, &info, executed);

        if (result != 0)
            return result;
        if ((info.flags & UNWIND_FLAG_CHAININFO) == 0) {
            name_handler(unwinder, &at, &info);
            return unwinder->out.machine_frame ? 0 : pop(unwinder, &unwinder->context.rip);
        }
        at = info.chained;
        executed = ALL_OF_PROLOGUE;
        if (!pe_function_info(unwinder->view, &at, &info))
            return -ENOEXEC;
    }
    return -ENOEXEC;
}

static int finish_epilogue(struct unwinder *unwinder, const struct unwind_info *info,
                           const struct epilogue *epilogue)
{
    uint64_t *gpr = unwinder->context.gpr;

    if (epilogue->from_frame)
        gpr[PE_RSP] = gpr[info->frame_register];
    gpr[PE_RSP] += (uint64_t)(int64_t)epilogue->stack_bytes;
    for (unsigned i = 0; i < epilogue->pop_count; i++) {
        if (pop(unwinder, &gpr[epilogue->pops[i]]) != 0)
            return -EFAULT;
    }
    if (pop(unwinder, &unwinder->context.rip) != 0)
        return -EFAULT;
    gpr[PE_RSP] += epilogue->return_bytes;
    return 0;
}

static int unwind_function(struct unwinder *unwinder, const struct pe_function *function,
                           uint32_t rva)
{
    unsigned executed = ALL_OF_PROLOGUE;
    struct epilogue epilogue;
    struct unwind_info info;

    if (!pe_function_info(unwinder->view, function, &info))
        return -ENOEXEC;
    if (rva >= function->begin_rva && rva - function->begin_rva < info.prologue_bytes) {
        executed = rva - function->begin_rva;
        unwinder->in_prologue = true;
    }
    unwinder->out.function = *function;
    unwinder->out.establisher_frame = frame_is_set(&info, executed)
                                          ? frame_address(unwinder, &info)
                                          : unwinder->context.gpr[PE_RSP];
    if (!unwinder->in_prologue &&
        epilogue_find(unwinder->view, function, &info, rva, &epilogue))
        return finish_epilogue(unwinder, &info, &epilogue);
    return undo_chain(unwinder, function, &info, executed);
}

int pe_virtual_unwind(const struct pe_image_view *view, uint64_t rip, struct pe_context *context,
                      const struct pe_stack_reader *reader, struct pe_unwound *out)
{
    struct unwinder unwinder = { .view = view, .reader = reader, .context = *context };
    struct pe_function function;
    uint32_t rva;
    int result;

    if (rip < view->base_va || rip - view->base_va >= view->size_bytes)
        return -EINVAL;
    rva = (uint32_t)(rip - view->base_va);
    if (pe_function_find(view, rva, &function)) {
        result = unwind_function(&unwinder, &function, rva);
    } else {
        unwinder.out.establisher_frame = context->gpr[PE_RSP];
        result = pop(&unwinder, &unwinder.context.rip);
    }
    if (result != 0)
        return result;
    *context = unwinder.context;
    *out = unwinder.out;
    return 0;
}
