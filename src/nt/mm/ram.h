/* SPDX-License-Identifier: MIT */
/* RAM: one sparse memfd in which the offset of a byte is its physical address, mapped once as one
 * window. A PC's holes are left out: 0xA0000-0xFFFFF (video memory and firmware) and 3 GB-4 GB
 * (devices); RAM beyond 3 GB goes on at 4 GB. Nothing here costs time or memory in proportion to
 * the size of RAM. Not here: which page is whose (zone.h, low.h). */
#ifndef WEIR_NT_MM_RAM_H
#define WEIR_NT_MM_RAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

#define RAM_LOW_MAX 0xC0000000u
#define RAM_HIGH_BASE 0x100000000u
#define RAM_VIDEO_BASE 0xA0000u
#define RAM_VIDEO_END 0x100000u
#define RAM_BYTES_MIN (UINT64_C(64) << 20)
#define RAM_BYTES_MAX (UINT64_C(1) << 40)

struct mm_ram {
    int fd;
    uint8_t *window;
    uint64_t bytes;
    uint64_t low_end; /* physical address after the last byte below the hole */
    uint64_t high_end; /* after the last byte above it; RAM_HIGH_BASE when there is none */
    uint64_t top; /* size of the window */
};

int ram_init(struct mm_ram *ram, uint64_t bytes); /* -EINVAL, or what the host says */
void ram_fini(struct mm_ram *ram);

static inline bool ram_holds(const struct mm_ram *ram, uint64_t pa, uint64_t size_bytes)
{
    uint64_t end;

    if (weir_add_overflows(pa, size_bytes, &end))
        return false;
    if (end <= ram->low_end)
        return end <= RAM_VIDEO_BASE || pa >= RAM_VIDEO_END;
    return pa >= RAM_HIGH_BASE && end <= ram->high_end;
}

static inline void *ram_page(const struct mm_ram *ram, uint64_t pfn)
{
    return ram->window + (pfn << 12);
}

#endif
