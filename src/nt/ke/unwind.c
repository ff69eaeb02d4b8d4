/* SPDX-License-Identifier: MIT */
#include "ke/unwind.h"

#include <stdlib.h>
#include <string.h>

#include "ke/patch.h"
#include "ke/seh.h"
#include "pe/pe.h"

/* ---- Modules --------------------------------------------------------------------------------- */

struct ke_modules {
    ARRAY(struct ke_module) modules;
};

int ke_modules_create(struct ke *ke)
{
    ke->modules = calloc(1, sizeof(*ke->modules));
    return ke->modules ? 0 : -ENOMEM;
}

void ke_modules_destroy(struct ke *ke)
{
    if (!ke->modules)
        return;
    array_fini(&ke->modules->modules);
    free(ke->modules);
    ke->modules = NULL;
}

void ke_module_add(struct ke *ke, const struct ke_module *module)
{
    int error = array_push(&ke->modules->modules, *module);
    weir_assert(error == 0);
}

void ke_module_remove(struct ke *ke, uint64_t base_va)
{
    struct ke_module *module;
    array_for_each(module, &ke->modules->modules) {
        if (module->base_va != base_va)
            continue;
        ke_patches_forget(ke, base_va);
        array_remove_at(&ke->modules->modules, (size_t)(module - ke->modules->modules.items));
        return;
    }
}

const struct ke_module *ke_module_of(struct ke *ke, uint64_t va)
{
    const struct ke_module *module;
    array_for_each(module, &ke->modules->modules) {
        if (va - module->base_va < module->size_bytes)
            return module;
    }
    return NULL;
}

void ke_module_view(const struct ke_module *module, struct pe_image_view *out)
{
    pe_view_init(out, module->image, module->copy, module->base_va);
}

/* ---- Stack walk ------------------------------------------------------------------------------ */

struct walk {
    struct ke *ke;
    struct ke_stack_frame *out;
    unsigned count;
    unsigned count_max;
};

static bool read_stack(void *ctx WEIR_UNUSED, uint64_t va, uint64_t *out)
{
    return sim_is_guest_visible(va) && ke_try_load(va, sizeof(uint64_t), out);
}

/* One frame up; false at the end of what can be followed. A jump into nowhere looks like a leaf
 * function: its caller's return address is on top of the stack. */
static bool step(struct walk *walk, const struct ke_module *module, bool first,
                 struct pe_context *context)
{
    static const struct pe_stack_reader reader = {.read = read_stack};
    struct pe_image_view view;
    struct pe_unwound unwound;
    if (module) {
        ke_module_view(module, &view);
        return pe_virtual_unwind(&view, context->rip, context, &reader, &unwound) == 0;
    }
    if (!first || sim_thunk_host_fn(walk->ke->sim, context->rip, NULL))
        return false;
    if (!read_stack(NULL, context->gpr[PE_RSP], &context->rip))
        return false;
    context->gpr[PE_RSP] += 8;
    return true;
}

static void walk_segment(struct walk *walk, struct pe_context *context)
{
    uint64_t end = sim_gate_return_va(walk->ke->sim);
    bool first = true;
    while (walk->count < walk->count_max && context->rip != end) {
        uint64_t rsp = context->gpr[PE_RSP];
        context->rip = ke_patch_original_va(walk->ke, context->rip);
        const struct ke_module *module = ke_module_of(walk->ke, context->rip);
        if (!module && !first)
            return;
        walk->out[walk->count++] =
            (struct ke_stack_frame){.rip_va = context->rip, .rsp_va = rsp, .module = module};
        if (!step(walk, module, first, context) || context->gpr[PE_RSP] <= rsp)
            return;
        first = false;
    }
}

unsigned ke_stack_walk(struct ke *ke, const struct ke_trap_frame *frame, struct ke_stack_frame *out,
                       unsigned count_max)
{
    struct walk walk = {.ke = ke, .out = out, .count_max = count_max};
    struct sim_fiber *fiber = sim_fiber_current();
    struct pe_context context;
    if (frame) {
        ke_seh_of_frame(frame, &context);
        walk_segment(&walk, &context);
    }
    for (struct sim_boundary *boundary = fiber ? sim_boundary_newest(fiber) : NULL; boundary;
         boundary = boundary->previous) {
        if (boundary->direction != SIM_TO_HOST || (frame && boundary == &frame->boundary))
            continue;
        if (boundary->previous && boundary->previous->direction == SIM_TO_HOST)
            continue; /* room for an exception: the frames are those of the one below */
        ke_seh_of_boundary(boundary, &context);
        walk_segment(&walk, &context);
    }
    return walk.count;
}
