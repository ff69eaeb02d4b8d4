/* SPDX-License-Identifier: MIT */
/* Layout: x64 exception handling, sections "struct UNWIND_INFO" and "struct UNWIND_CODE". Four
 * bytes of header, the codes in 16-bit slots with an even number of slots reserved, then either
 * the RVA of a handler and its data or the RUNTIME_FUNCTION this info continues. Version 2 adds
 * the code that lists epilogues; since we recognise epilogues by their instructions, as for
 * version 1, it is skipped. */
#include "pe/unwind_info.h"

#include "pe/internal.h"

enum { INFO_HEADER_BYTES = 4, SLOT_BYTES = 2 };

/* Slots that a code takes, 0 when there is no such code. */
static unsigned slots_of(uint8_t version, unsigned op, unsigned info)
{
    switch (op) {
    case UNWIND_PUSH_NONVOL:
    case UNWIND_ALLOC_SMALL:
    case UNWIND_SET_FPREG:
        return 1;
    case UNWIND_PUSH_MACHFRAME:
        return info <= 1 ? 1 : 0;
    case UNWIND_ALLOC_LARGE:
        return info <= 1 ? 2 + info : 0;
    case UNWIND_SAVE_NONVOL:
    case UNWIND_SAVE_XMM128:
        return 2;
    case UNWIND_SAVE_NONVOL_FAR:
    case UNWIND_SAVE_XMM128_FAR:
        return 3;
    case UNWIND_EPILOG:
        return version == 2 ? 1 : 0;
    default:
        return 0;
    }
}

static uint32_t operand_of(const uint8_t *slot, unsigned op, unsigned info)
{
    switch (op) {
    case UNWIND_ALLOC_SMALL:
        return info * 8 + 8;
    case UNWIND_ALLOC_LARGE:
        return info == 0 ? pe_u16(slot + SLOT_BYTES) * 8u : pe_u32(slot + SLOT_BYTES);
    case UNWIND_SAVE_NONVOL:
        return pe_u16(slot + SLOT_BYTES) * 8u;
    case UNWIND_SAVE_XMM128:
        return pe_u16(slot + SLOT_BYTES) * 16u;
    case UNWIND_SAVE_NONVOL_FAR:
    case UNWIND_SAVE_XMM128_FAR:
        return pe_u32(slot + SLOT_BYTES);
    default:
        return 0;
    }
}

bool unwind_code_next(const struct unwind_info *info, unsigned *slot, struct unwind_code *out)
{
    const uint8_t *from = info->slots + SLOT_BYTES * (size_t)*slot;
    unsigned op;
    unsigned op_info;

    if (*slot >= info->slot_count)
        return false;
    op = from[1] & 0xF;
    op_info = from[1] >> 4;
    out->prologue_offset = from[0];
    out->op = (enum unwind_op)op;
    out->info = (uint8_t)op_info;
    out->operand_bytes = operand_of(from, op, op_info);
    *slot += slots_of(info->version, op, op_info);
    return true;
}

static const char *check_codes(const struct unwind_info *info)
{
    for (unsigned slot = 0; slot < info->slot_count;) {
        const uint8_t *from = info->slots + SLOT_BYTES * (size_t)slot;
        unsigned op = from[1] & 0xF;
        unsigned count = slots_of(info->version, op, from[1] >> 4);

        if (count == 0)
            return "unknown unwind code";
        if (count > info->slot_count - slot)
            return "unwind code cut off at the end of the codes";
        if (op == UNWIND_SET_FPREG && info->frame_register == 0)
            return "unwind code sets a frame register that is not named";
        slot += count;
    }
    return NULL;
}

static const char *read_tail(struct cursor *cursor, size_t start, struct unwind_info *info)
{
    if ((info->flags & UNWIND_FLAG_CHAININFO) != 0) {
        if ((info->flags & (UNWIND_FLAG_EHANDLER | UNWIND_FLAG_UHANDLER)) != 0)
            return "chained unwind info with a handler of its own";
        if (!cursor_u32(cursor, &info->chained.begin_rva) ||
            !cursor_u32(cursor, &info->chained.end_rva) ||
            !cursor_u32(cursor, &info->chained.unwind_rva))
            return "chained unwind info cut off";
        return NULL;
    }
    if ((info->flags & (UNWIND_FLAG_EHANDLER | UNWIND_FLAG_UHANDLER)) != 0) {
        if (!cursor_u32(cursor, &info->handler_rva))
            return "handler cut off";
        info->handler_data = (uint32_t)(cursor->offset - start);
    }
    return NULL;
}

const char *unwind_info_decode(struct cursor cursor, struct unwind_info *out)
{
    struct unwind_info info = { 0 };
    size_t start = cursor.offset;
    const uint8_t *header;
    const char *wrong;

    if (!cursor_bytes(&cursor, INFO_HEADER_BYTES, &header))
        return "unwind info cut off";
    info.version = header[0] & 7;
    info.flags = header[0] >> 3;
    info.prologue_bytes = header[1];
    info.slot_count = header[2];
    info.frame_register = header[3] & 0xF;
    info.frame_offset_bytes = (uint8_t)((header[3] >> 4) * 16);
    if (info.version != 1 && info.version != 2)
        return "unknown version of unwind info";
    if ((info.flags & ~(UNWIND_FLAG_EHANDLER | UNWIND_FLAG_UHANDLER | UNWIND_FLAG_CHAININFO)) != 0)
        return "unknown flags in unwind info";
    if (!cursor_bytes(&cursor, SLOT_BYTES * bits_align_up(info.slot_count, 2), &info.slots))
        return "unwind codes cut off";
    wrong = check_codes(&info);
    if (wrong == NULL)
        wrong = read_tail(&cursor, start, &info);
    if (wrong == NULL)
        *out = info;
    return wrong;
}
