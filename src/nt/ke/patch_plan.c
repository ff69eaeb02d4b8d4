/* SPDX-License-Identifier: MIT */
/* The proof that a site may be rewritten.
 *
 * The whole image is read once, from the copy made at load. Every function that .pdata names is
 * decoded from its beginning along all branches; what is not reached that way (blocks that only an
 * exception reaches, code without unwind data) is decoded from where it begins, in a row. All
 * branch targets go into a bitmap. Then a site may be rewritten when
 *   - it lies in a function of .pdata, at an instruction the decoder reached;
 *   - no function that can jump there jumps through a register or a table, whose targets would
 *     not be known;
 *   - no branch target lies inside the bytes to overwrite, and no 32-bit RVA or 64-bit address of
 *     such a byte occurs anywhere in the image (handlers, tables of labels);
 *   - the instructions under those bytes may be moved (patch_stub.c).
 * Anything else stays a trap: slower, never wrong. */
#include "ke/patch.h"

#include <stdlib.h>
#include <string.h>

#include "ke/unwind.h"
#include "pe/pe.h"

struct function {
    uint32_t begin;
    uint32_t end;
    bool indirect; /* jumps to places that cannot be read off the instruction */
};

struct ke_code_map {
    uint64_t base_va;
    uint32_t size_bytes;
    const uint8_t *bytes;
    const struct pe_image *image;
    uint64_t *targets; /* one bit for each byte of the image */
    uint8_t *lengths; /* of the instruction that was reached here; 0: none begins here */
    ARRAY(struct function) functions; /* by begin */
    ARRAY(uint32_t) work; /* still to be decoded */
    bool failed; /* out of memory */
};

/* ---- Functions ------------------------------------------------------------------------------- */

static struct function *function_of(const struct ke_code_map *map, uint32_t rva)
{
    size_t low = 0;
    size_t high = map->functions.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct function *function = &map->functions.items[middle];
        if (rva < function->begin)
            high = middle;
        else if (rva >= function->end)
            low = middle + 1;
        else
            return function;
    }
    return NULL;
}

static uint32_t read_u32(const uint8_t *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof(value));
    return value;
}

static void functions_load(struct ke_code_map *map)
{
    enum { ENTRY_BYTES = 12 };
    for (uint32_t i = 0; i < map->image->pdata_count; i++) {
        uint64_t at = map->image->pdata_rva + (uint64_t)i * ENTRY_BYTES;
        if (at + ENTRY_BYTES > map->size_bytes)
            break;
        struct function function = {.begin = read_u32(map->bytes + at),
                                    .end = read_u32(map->bytes + at + 4)};
        bool ordered = map->functions.count == 0 ||
                       map->functions.items[map->functions.count - 1].end <= function.begin;
        if (function.begin >= function.end || function.end > map->size_bytes || !ordered)
            continue;
        if (array_push(&map->functions, function) != 0)
            map->failed = true;
    }
}

/* ---- Decoding -------------------------------------------------------------------------------- */

static bool ends_run(const struct ke_insn *insn)
{
    switch (insn->info.meta.category) {
    case ZYDIS_CATEGORY_UNCOND_BR:
    case ZYDIS_CATEGORY_RET:
    case ZYDIS_CATEGORY_INTERRUPT:
    case ZYDIS_CATEGORY_SYSRET: return true;
    default: return insn->info.mnemonic == ZYDIS_MNEMONIC_UD2;
    }
}

/* A jump through a pointer at a fixed place is a tail call into another module. */
static bool is_open_jump(const struct ke_insn *insn)
{
    const ZydisDecodedOperand *operand = &insn->operands[0];
    if (insn->info.meta.category != ZYDIS_CATEGORY_UNCOND_BR)
        return false;
    if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE)
        return false;
    return operand->type != ZYDIS_OPERAND_TYPE_MEMORY || operand->mem.base != ZYDIS_REGISTER_RIP;
}

/* A branch from one function into the middle of another makes them parts of one. */
static void note_target(struct ke_code_map *map, const struct function *from, uint32_t target)
{
    struct function *to = function_of(map, target);
    bitmap_set(map->targets, target);
    if (from && from->indirect && to && to != from && target != to->begin)
        to->indirect = true;
}

static void note_branch(struct ke_code_map *map, const struct function *from,
                        const struct ke_insn *insn)
{
    const ZydisDecodedOperand *operand = &insn->operands[0];
    if (operand->type != ZYDIS_OPERAND_TYPE_IMMEDIATE || !operand->imm.is_relative)
        return;
    uint64_t target = insn->va + insn->length + operand->imm.value.u - map->base_va;
    if (target >= map->size_bytes)
        return;
    note_target(map, from, (uint32_t)target);
    if (from && target >= from->begin && target < from->end &&
        map->lengths[target] == 0 && array_push(&map->work, (uint32_t)target) != 0)
        map->failed = true;
}

static bool decode_at(const struct ke_code_map *map, uint32_t rva, uint32_t end,
                      struct ke_insn *insn)
{
    return rva < end && ke_insn_scan(map->bytes + rva, end - rva, map->base_va + rva, insn);
}

/* Instructions in a row until the run ends or joins what is known. */
static void decode_run(struct ke_code_map *map, struct function *function, uint32_t rva)
{
    struct ke_insn insn;
    while (map->lengths[rva] == 0 && decode_at(map, rva, function->end, &insn)) {
        map->lengths[rva] = insn.length;
        if (is_open_jump(&insn))
            function->indirect = true;
        if (ke_insn_is_branch(&insn))
            note_branch(map, function, &insn);
        if (ends_run(&insn))
            return;
        rva += insn.length;
        if (rva >= function->end)
            return;
    }
}

static void decode_reachable(struct ke_code_map *map, struct function *function, uint32_t from)
{
    array_clear(&map->work);
    decode_run(map, function, from);
    while (map->work.count > 0)
        decode_run(map, function, array_pop(&map->work));
}

/* Blocks nobody jumps to begin right after an instruction that ends a run, or a call that never
 * returns. Padding decodes as well and does no harm. */
static void decode_rest(struct ke_code_map *map, struct function *function)
{
    uint32_t rva = function->begin;
    while (rva < function->end) {
        if (map->lengths[rva] == 0)
            decode_reachable(map, function, rva);
        rva += map->lengths[rva] != 0 ? map->lengths[rva] : 1;
    }
}

/* Code outside of all functions: its branches count, it is never rewritten. */
static void decode_between(struct ke_code_map *map, uint32_t begin, uint32_t end)
{
    struct ke_insn insn;
    while (begin < end) {
        if (!decode_at(map, begin, end, &insn)) {
            begin++;
            continue;
        }
        if (ke_insn_is_branch(&insn))
            note_branch(map, NULL, &insn);
        begin += insn.length;
    }
}

static void decode_section(struct ke_code_map *map, const struct pe_section *section)
{
    struct function *function;
    uint32_t at = section->rva;
    uint32_t end = section->rva + section->virtual_size;
    if (end > map->size_bytes)
        end = map->size_bytes;
    array_for_each(function, &map->functions) {
        if (function->begin < at || function->begin >= end)
            continue;
        decode_between(map, at, function->begin);
        at = function->end;
    }
    decode_between(map, at, end);
}

static void decode_image(struct ke_code_map *map)
{
    struct function *function;
    array_for_each(function, &map->functions) {
        decode_reachable(map, function, function->begin);
        decode_rest(map, function);
    }
    for (unsigned i = 0; i < map->image->section_count; i++) {
        if (map->image->sections[i].executable)
            decode_section(map, &map->image->sections[i]);
    }
}

/* Whether a function jumps openly may be known only after its branches were noted. */
static void spread_indirect(struct ke_code_map *map)
{
    struct function *function;
    struct ke_insn insn;
    array_for_each(function, &map->functions) {
        if (!function->indirect)
            continue;
        for (uint32_t rva = function->begin; rva < function->end; rva++) {
            if (map->lengths[rva] == 0 || !decode_at(map, rva, function->end, &insn) ||
                !ke_insn_is_branch(&insn))
                continue;
            const ZydisDecodedOperand *operand = &insn.operands[0];
            uint64_t target = insn.va + insn.length + operand->imm.value.u - map->base_va;
            if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE && operand->imm.is_relative &&
                target < map->size_bytes)
                note_target(map, function, (uint32_t)target);
        }
    }
}

struct ke_code_map *ke_code_map_create(const struct ke_module *module)
{
    struct ke_code_map *map = calloc(1, sizeof(*map));
    if (!map)
        return NULL;
    map->base_va = module->base_va;
    map->size_bytes = (uint32_t)module->size_bytes;
    map->bytes = module->copy;
    map->image = module->image;
    map->targets = calloc(BITMAP_WORDS(module->size_bytes), sizeof(uint64_t));
    map->lengths = calloc(module->size_bytes, 1);
    map->failed = !map->targets || !map->lengths;
    if (!map->failed)
        functions_load(map);
    if (!map->failed)
        decode_image(map);
    if (!map->failed)
        spread_indirect(map);
    if (map->failed) {
        ke_code_map_destroy(map);
        return NULL;
    }
    return map;
}

void ke_code_map_destroy(struct ke_code_map *map)
{
    if (!map)
        return;
    array_fini(&map->functions);
    array_fini(&map->work);
    free(map->targets);
    free(map->lengths);
    free(map);
}

/* ---- The question ---------------------------------------------------------------------------- */

static bool anything_targets(const struct ke_code_map *map, uint32_t begin, uint32_t end)
{
    for (uint32_t rva = begin; rva < end; rva++) {
        if (bitmap_test(map->targets, rva))
            return true;
    }
    return false;
}

/* Looks for the address of an inner byte, as an RVA or as a whole address, at any alignment. */
static bool anything_names(const struct ke_code_map *map, uint32_t begin, uint32_t end)
{
    uint32_t low = (uint32_t)map->base_va + begin;
    for (uint32_t at = 0; at + 4 <= map->size_bytes; at++) {
        uint32_t value = read_u32(map->bytes + at);
        if (value - begin < end - begin)
            return true;
        if (value - low < end - begin && at + 8 <= map->size_bytes &&
            read_u32(map->bytes + at + 4) == map->base_va >> 32)
            return true;
    }
    return false;
}

static bool collect(const struct ke_code_map *map, const struct function *function, uint32_t rva,
                    struct ke_patch_plan *plan)
{
    while (plan->bytes < KE_PATCH_JUMP_BYTES) {
        struct ke_insn *insn = &plan->insns[plan->count];
        uint32_t at = rva + plan->bytes;
        if (at >= function->end || map->lengths[at] == 0)
            return false;
        if (!ke_insn_decode(map->bytes + at, function->end - at, map->base_va + at, insn) ||
            !ke_is_relocatable(insn))
            return false;
        plan->count++;
        plan->bytes += insn->length;
        if (ends_run(insn) && plan->bytes < KE_PATCH_JUMP_BYTES)
            return false;
    }
    return true;
}

bool ke_patch_plan(const struct ke_code_map *map, uint64_t va, struct ke_patch_plan *out)
{
    uint64_t rva = va - map->base_va;
    if (rva >= map->size_bytes)
        return false;
    const struct function *function = function_of(map, (uint32_t)rva);
    if (!function || function->indirect)
        return false;
    struct ke_patch_plan plan = {.va = va};
    if (!collect(map, function, (uint32_t)rva, &plan))
        return false;
    uint32_t inner = (uint32_t)rva + 1;
    uint32_t end = (uint32_t)rva + plan.bytes;
    if (anything_targets(map, inner, end) || anything_names(map, inner, end))
        return false;
    *out = plan;
    return true;
}
