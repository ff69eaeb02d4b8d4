/* SPDX-License-Identifier: MIT */
#include "ke/trap_decode.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

enum { CACHE_ENTRIES = 256, PAGE_BYTES = 4096 };

struct ke_insn_cache {
    struct ke_insn entries[CACHE_ENTRIES];
};

struct ke_insn_cache *ke_insn_cache_create(void)
{
    return calloc(1, sizeof(struct ke_insn_cache));
}

void ke_insn_cache_destroy(struct ke_insn_cache *cache)
{
    free(cache);
}

static ZyanStatus decode(const uint8_t *bytes, size_t count, uint64_t va, struct ke_insn *out)
{
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    if (count > KE_INSN_BYTES_MAX)
        count = KE_INSN_BYTES_MAX;
    ZyanStatus status = ZydisDecoderDecodeFull(&decoder, bytes, count, &out->info, out->operands);
    if (!ZYAN_SUCCESS(status))
        return status;
    out->va = va;
    out->length = out->info.length;
    memset(out->bytes, 0, sizeof(out->bytes));
    memcpy(out->bytes, bytes, out->length);
    return status;
}

bool ke_insn_decode(const uint8_t *bytes, size_t count, uint64_t va, struct ke_insn *out)
{
    return ZYAN_SUCCESS(decode(bytes, count, va, out));
}

bool ke_insn_is_branch(const struct ke_insn *insn)
{
    switch (insn->info.meta.category) {
    case ZYDIS_CATEGORY_COND_BR:
    case ZYDIS_CATEGORY_UNCOND_BR:
    case ZYDIS_CATEGORY_CALL: return true;
    default: return false;
    }
}

bool ke_insn_scan(const uint8_t *bytes, size_t count, uint64_t va, struct ke_insn *out)
{
    ZydisDecoder decoder;
    ZydisDecoderContext context;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    if (count > KE_INSN_BYTES_MAX)
        count = KE_INSN_BYTES_MAX;
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, &context, bytes, count, &out->info)))
        return false;
    out->va = va;
    out->length = out->info.length;
    return !ke_insn_is_branch(out) ||
           ZYAN_SUCCESS(ZydisDecoderDecodeOperands(&decoder, &context, &out->info, out->operands,
                                                   out->info.operand_count));
}

/* The processor has fetched the instruction, so what is read here can be read. */
WEIR_NO_SANITIZE static bool bytes_are(uint64_t va, const struct ke_insn *insn)
{
    const uint8_t *bytes = (const uint8_t *)va;
    for (unsigned i = 0; i < insn->length; i++) {
        if (bytes[i] != insn->bytes[i])
            return false;
    }
    return true;
}

WEIR_NO_SANITIZE static void fetch(uint64_t va, size_t count, uint8_t *out)
{
    const uint8_t *bytes = (const uint8_t *)va;
    for (size_t i = 0; i < count; i++)
        out[i] = bytes[i];
}

/* The next page is touched only when the instruction does not end on this one. */
static bool decode_at(uint64_t va, struct ke_insn *out)
{
    uint8_t bytes[KE_INSN_BYTES_MAX];
    size_t on_page = PAGE_BYTES - va % PAGE_BYTES;
    size_t count = on_page < sizeof(bytes) ? on_page : sizeof(bytes);
    fetch(va, count, bytes);
    ZyanStatus status = decode(bytes, count, va, out);
    while (status == ZYDIS_STATUS_NO_MORE_DATA && count < sizeof(bytes)) {
        fetch(va + count, 1, bytes + count);
        status = decode(bytes, ++count, va, out);
    }
    return ZYAN_SUCCESS(status);
}

const struct ke_insn *ke_insn_at(struct ke_insn_cache *cache, uint64_t va)
{
    struct ke_insn *entry = &cache->entries[hash_u64(va) % CACHE_ENTRIES];
    if (entry->va == va && entry->length > 0 && bytes_are(va, entry))
        return entry;
    if (decode_at(va, entry))
        return entry;
    entry->va = 0;
    return NULL;
}

bool ke_insn_gpr(ZydisRegister name, unsigned *number, unsigned *size_bytes, unsigned *shift)
{
    *shift = 0;
    *number = (unsigned)ZydisRegisterGetId(name);
    switch (ZydisRegisterGetClass(name)) {
    case ZYDIS_REGCLASS_GPR8:
        *size_bytes = 1;
        if (name >= ZYDIS_REGISTER_AH && name <= ZYDIS_REGISTER_BH) {
            *number = (unsigned)(name - ZYDIS_REGISTER_AH);
            *shift = 8;
        } else {
            *number = name < ZYDIS_REGISTER_AH ? (unsigned)(name - ZYDIS_REGISTER_AL)
                                               : (unsigned)(name - ZYDIS_REGISTER_SPL) + 4;
        }
        return true;
    case ZYDIS_REGCLASS_GPR16: *size_bytes = 2; return true;
    case ZYDIS_REGCLASS_GPR32: *size_bytes = 4; return true;
    case ZYDIS_REGCLASS_GPR64: *size_bytes = 8; return true;
    default: return false;
    }
}

bool ke_insn_vector(ZydisRegister name, unsigned *number)
{
    switch (ZydisRegisterGetClass(name)) {
    case ZYDIS_REGCLASS_XMM:
    case ZYDIS_REGCLASS_YMM:
    case ZYDIS_REGCLASS_ZMM: *number = (unsigned)ZydisRegisterGetId(name); return true;
    default: return false;
    }
}
