/* SPDX-License-Identifier: MIT */
/* Exported functions that are machine code in the driver's own world: calls of them change neither
 * stacks nor registers, and weir does not see them. Each has a page at a seeded address. Test:
 * "drivers/msvc". */
#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "exports/internal.h"
#include "host/host.h"
#include "mm/mm.h"

extern const uint8_t exports_chkstk_end[];

static const struct {
    const char *name;
    const uint8_t *end;
} functions[] = {
    {"__chkstk", exports_chkstk_end},
};

static size_t bytes_of(const struct exports_row *row, unsigned index)
{
    return (size_t)(functions[index].end - (const uint8_t *)row->function);
}

int exports_bind_code(struct exports *exports, const struct exports_row *row, uint64_t *out_va)
{
    struct mm *mm = mm_of(exports->ke);
    int result = 0;
    uint64_t va;

    for (unsigned i = 0; i < ARRAY_LEN(functions); i++) {
        if (strcmp(functions[i].name, row->name) != 0)
            continue;
        weir_assert(bytes_of(row, i) <= MM_PAGE_SIZE);
        result = mm_image_allocate(mm, MM_PAGE_SIZE, &va);
        if (result != 0)
            return result;
        memcpy((void *)(uintptr_t)va, row->function, bytes_of(row, i));
        result = mm_image_protect(mm, va, MM_PAGE_SIZE, HOST_READ | HOST_EXECUTE);
        *out_va = va;
        return result;
    }
    return -ENOENT;
}
