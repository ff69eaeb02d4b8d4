/* SPDX-License-Identifier: MIT */
#include "ke/patch.h"

#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "pe/pe.h"

enum {
    STUBS_BYTES = 64 * 1024,
    STUB_SLOTS = STUBS_BYTES / KE_SLOT_BYTES /* the first holds the address of ke_trap_stub_entry */
};

struct counter {
    uint64_t va;
    unsigned traps;
};

/* What a module has here from its first rewritten site on. */
struct patched_module {
    uint64_t base_va;
    uint64_t size_bytes;
    struct ke_code_map *map; /* NULL: there was no memory for it */
    uint64_t stubs_va; /* 0: none */
    uint32_t used;
    struct ke_slot *slots[STUB_SLOTS];
};

struct ke_patches {
    struct map counters; /* address of the instruction -> struct counter */
    ARRAY(struct counter *) counted;
    struct map displaced; /* original address -> struct ke_slot, all but the first of a site */
    ARRAY(struct patched_module *) modules;
};

/* ---- Creation -------------------------------------------------------------------------------- */

int ke_patches_create(struct ke *ke WEIR_UNUSED, struct ke_patches **out)
{
    struct ke_patches *patches = calloc(1, sizeof(*patches));
    if (!patches)
        return -ENOMEM;
    *out = patches;
    return 0;
}

static void slots_free(struct ke_patches *patches, struct patched_module *module)
{
    for (unsigned i = 0; i < module->used; i++) {
        struct ke_slot *slot = module->slots[i];
        if (slot && map_get(&patches->displaced, slot->original_va) == slot)
            map_remove(&patches->displaced, slot->original_va);
        free(slot);
    }
}

static void module_free(struct ke *ke, struct ke_patches *patches, struct patched_module *module)
{
    slots_free(patches, module);
    if (module->stubs_va) {
        host_unmap((void *)module->stubs_va, STUBS_BYTES);
        sim_space_release(ke->sim, module->stubs_va);
    }
    ke_code_map_destroy(module->map);
    free(module);
}

static void counters_free(struct ke_patches *patches, uint64_t base_va, uint64_t size_bytes)
{
    size_t kept = 0;
    for (size_t i = 0; i < patches->counted.count; i++) {
        struct counter *counter = patches->counted.items[i];
        if (counter->va - base_va < size_bytes) {
            map_remove(&patches->counters, counter->va);
            free(counter);
        } else {
            patches->counted.items[kept++] = counter;
        }
    }
    patches->counted.count = kept;
}

void ke_patches_destroy(struct ke *ke, struct ke_patches *patches)
{
    if (!patches)
        return;
    while (patches->modules.count > 0)
        module_free(ke, patches, array_pop(&patches->modules));
    counters_free(patches, 0, UINT64_MAX);
    array_fini(&patches->modules);
    array_fini(&patches->counted);
    map_fini(&patches->counters);
    map_fini(&patches->displaced);
    free(patches);
}

void ke_patches_forget(struct ke *ke, uint64_t module_va)
{
    struct ke_patches *patches = ke->traps ? ke->traps->patches : NULL;
    const struct ke_module *gone = ke_module_of(ke, module_va);
    if (!patches || !gone)
        return;
    counters_free(patches, gone->base_va, gone->size_bytes);
    for (size_t i = 0; i < patches->modules.count; i++) {
        if (patches->modules.items[i]->base_va != module_va)
            continue;
        module_free(ke, patches, patches->modules.items[i]);
        array_remove_at(&patches->modules, i);
        return;
    }
}

/* ---- Addresses ------------------------------------------------------------------------------- */

struct ke_slot *ke_patch_slot(struct ke *ke, uint64_t rip)
{
    const struct ke_patches *patches = ke->traps ? ke->traps->patches : NULL;
    if (!patches)
        return NULL;
    for (size_t i = 0; i < patches->modules.count; i++) {
        const struct patched_module *module = patches->modules.items[i];
        if (module->stubs_va && rip - module->stubs_va < STUBS_BYTES)
            return module->slots[(rip - module->stubs_va) / KE_SLOT_BYTES];
    }
    return NULL;
}

uint64_t ke_patch_original_va(struct ke *ke, uint64_t rip)
{
    const struct ke_slot *slot = ke_patch_slot(ke, rip);
    if (!slot)
        return rip;
    return rip == slot->slot_va ? slot->original_va : slot->original_va + slot->insn.length;
}

uint64_t ke_patch_resume_va(struct ke *ke, uint64_t original_va)
{
    const struct ke_patches *patches = ke->traps->patches;
    if (patches->displaced.count == 0)
        return original_va;
    const struct ke_slot *slot = map_get(&patches->displaced, original_va);
    return slot ? slot->slot_va : original_va;
}

/* ---- Stubs ----------------------------------------------------------------------------------- */

static bool stubs_open(const struct patched_module *module)
{
    return host_protect(module->stubs_va, STUBS_BYTES, HOST_READ | HOST_WRITE) == 0;
}

/* Executable only: the first slot holds an address of ours, which is no business of the
 * driver's. */
static void stubs_close(const struct patched_module *module)
{
    int error = host_protect(module->stubs_va, STUBS_BYTES, HOST_EXECUTE);
    weir_assert(error == 0);
}

static bool stubs_create(struct ke *ke, struct patched_module *module)
{
    uint64_t entry = (uint64_t)ke_trap_stub_entry;
    uint64_t va;
    if (sim_space_reserve_near(ke->sim, module->base_va, STUBS_BYTES, &va) != 0)
        return false;
    if (host_map_at(va, -1, 0, STUBS_BYTES, HOST_READ | HOST_WRITE) != 0) {
        sim_space_release(ke->sim, va);
        return false;
    }
    memset((void *)va, 0xcc, STUBS_BYTES);
    memcpy((void *)va, &entry, sizeof(entry));
    module->stubs_va = va;
    module->used = 1;
    stubs_close(module);
    return true;
}

static struct patched_module *module_find(struct ke *ke, struct ke_patches *patches, uint64_t va)
{
    const struct ke_module *image = ke_module_of(ke, va);
    if (!image || !image->image || !image->copy)
        return NULL;
    for (size_t i = 0; i < patches->modules.count; i++) {
        if (patches->modules.items[i]->base_va == image->base_va)
            return patches->modules.items[i];
    }
    struct patched_module *module = calloc(1, sizeof(*module));
    if (!module)
        return NULL;
    module->base_va = image->base_va;
    module->size_bytes = image->size_bytes;
    module->map = ke_code_map_create(image);
    if (!module->map || !stubs_create(ke, module) || array_push(&patches->modules, module) != 0) {
        module_free(ke, patches, module);
        return NULL;
    }
    return module;
}

static void hook(struct patched_module *module, struct ke_slot *slot, enum ke_trap_kind kind)
{
    if (!stubs_open(module))
        return;
    ke_slot_write_hook((uint8_t *)slot->slot_va, slot->slot_va, module->stubs_va);
    slot->hooked = true;
    slot->kind = kind;
    stubs_close(module);
}

/* One slot for each instruction and one to jump back from; all of them, or none. */
static bool slots_allocate(struct patched_module *module, const struct ke_patch_plan *plan,
                           struct ke_slot *slots[KE_PATCH_INSNS_MAX + 1])
{
    uint64_t original_va = plan->va;
    if (module->used + plan->count + 1 > STUB_SLOTS)
        return false;
    for (unsigned i = 0; i <= plan->count; i++) {
        slots[i] = calloc(1, sizeof(*slots[i]));
        if (!slots[i]) {
            while (i > 0)
                free(slots[--i]);
            return false;
        }
        slots[i]->original_va = original_va;
        slots[i]->slot_va = module->stubs_va + (uint64_t)KE_SLOT_BYTES * (module->used + i);
        if (i < plan->count) {
            slots[i]->insn = plan->insns[i];
            original_va += plan->insns[i].length;
        }
    }
    return true;
}

static bool slots_relocate(struct ke_slot *const *slots, unsigned count,
                           uint8_t code[][KE_SLOT_BYTES], unsigned *lengths)
{
    for (unsigned i = 1; i < count; i++) {
        lengths[i] = ke_relocate(&slots[i]->insn, slots[i]->slot_va, code[i]);
        if (lengths[i] == 0)
            return false;
    }
    return true;
}

static bool slots_write(struct patched_module *module, struct ke_slot *const *slots, unsigned count)
{
    uint8_t code[KE_PATCH_INSNS_MAX + 1][KE_SLOT_BYTES];
    unsigned lengths[KE_PATCH_INSNS_MAX + 1];
    const struct ke_slot *back = slots[count];
    if (!slots_relocate(slots, count, code, lengths) || !stubs_open(module))
        return false;
    for (unsigned i = 1; i < count; i++)
        ke_slot_write_insn((uint8_t *)slots[i]->slot_va, code[i], lengths[i]);
    ke_write_jump((uint8_t *)back->slot_va, back->slot_va, back->original_va);
    ke_slot_write_hook((uint8_t *)slots[0]->slot_va, slots[0]->slot_va, module->stubs_va);
    stubs_close(module);
    return true;
}

/* ---- Sites ----------------------------------------------------------------------------------- */

static unsigned code_protection(const struct ke_module *image, uint64_t va)
{
    const struct pe_section *section =
        pe_section_at(image->image, (uint32_t)(va - image->base_va));
    bool writable = image->image->is_flat || !section || section->writable;
    return HOST_READ | HOST_EXECUTE | (writable ? HOST_WRITE : 0);
}

/* A driver may have changed its own code: what was proved holds for the bytes of the image only. */
WEIR_NO_SANITIZE static bool code_is_as_planned(const struct ke_patch_plan *plan)
{
    const uint8_t *code = (const uint8_t *)plan->va;
    for (unsigned i = 0; i < plan->count; i++) {
        for (unsigned k = 0; k < plan->insns[i].length; k++) {
            if (*code++ != plan->insns[i].bytes[k])
                return false;
        }
    }
    return true;
}

static bool write_site(struct ke *ke, uint64_t va, uint64_t stub_va)
{
    uint64_t page = bits_align_down(va, HOST_PAGE_SIZE);
    uint64_t bytes = bits_align_up(va + KE_PATCH_JUMP_BYTES, HOST_PAGE_SIZE) - page;
    unsigned protection = code_protection(ke_module_of(ke, va), va);
    if (host_protect(page, bytes, HOST_READ | HOST_WRITE) != 0)
        return false;
    ke_write_jump((uint8_t *)va, va, stub_va);
    int error = host_protect(page, bytes, protection);
    weir_assert(error == 0);
    return true;
}

static void slots_publish(struct ke_patches *patches, struct patched_module *module,
                          struct ke_slot *const *slots, unsigned count)
{
    for (unsigned i = 0; i <= count; i++) {
        module->slots[module->used++] = slots[i];
        if (i > 0 && i < count) {
            int error = map_set(&patches->displaced, slots[i]->original_va, slots[i]);
            weir_assert(error == 0);
        }
    }
}

static void rewrite(struct ke *ke, uint64_t va, enum ke_trap_kind kind)
{
    struct ke_patches *patches = ke->traps->patches;
    struct patched_module *module = module_find(ke, patches, va);
    struct ke_slot *slots[KE_PATCH_INSNS_MAX + 1];
    struct ke_patch_plan plan;
    if (!module || !ke_patch_plan(module->map, va, &plan) || !code_is_as_planned(&plan))
        return;
    if (!slots_allocate(module, &plan, slots))
        return;
    if (!slots_write(module, slots, plan.count) || !write_site(ke, va, slots[0]->slot_va)) {
        for (unsigned i = 0; i <= plan.count; i++)
            free(slots[i]);
        return;
    }
    slots[0]->hooked = true;
    slots[0]->kind = kind;
    slots_publish(patches, module, slots, plan.count);
    TRACE(ke->trace, site_patched, va, slots[0]->slot_va);
}

static struct patched_module *module_of_slot(struct ke_patches *patches, const struct ke_slot *slot)
{
    for (size_t i = 0; i < patches->modules.count; i++) {
        if (slot->slot_va - patches->modules.items[i]->stubs_va < STUBS_BYTES)
            return patches->modules.items[i];
    }
    return NULL;
}

static struct counter *counter_of(struct ke_patches *patches, uint64_t va)
{
    struct counter *counter = map_get(&patches->counters, va);
    if (counter || patches->counted.count >= KE_PATCH_SITES_MAX)
        return counter;
    counter = calloc(1, sizeof(*counter));
    if (!counter)
        return NULL;
    counter->va = va;
    if (array_push(&patches->counted, counter) != 0) {
        free(counter);
        return NULL;
    }
    if (map_set(&patches->counters, va, counter) != 0) {
        free(array_pop(&patches->counted));
        return NULL;
    }
    return counter;
}

void ke_patch_note(struct ke *ke, struct ke_trap_frame *frame, const struct ke_insn *insn,
                   enum ke_trap_kind kind)
{
    struct ke_patches *patches = ke->traps->patches;
    if (frame->origin != KE_ORIGIN_GUEST)
        return;
    if (frame->slot) {
        if (++frame->slot->traps == KE_PATCH_AFTER && !frame->slot->hooked)
            hook(module_of_slot(patches, frame->slot), frame->slot, kind);
        return;
    }
    struct counter *counter = counter_of(patches, insn->va);
    if (counter && ++counter->traps == KE_PATCH_AFTER)
        rewrite(ke, insn->va, kind);
}
