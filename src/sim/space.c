/* SPDX-License-Identifier: MIT */
/* Seeded addresses. Nothing else lives in the two windows (the kernel places its own mappings far
 * above), so a reservation is bookkeeping: what is not mapped is inaccessible. Ranges keep a
 * distance, and small ones share a zone of 1 GB at a time, which keeps page tables small; where the
 * zone lies, and where in it a range lies, comes from the seed. */
#include "sim/private.h"

#include <string.h>

#define GUARD_BYTES UINT64_C(0x10000)
#define ZONE_BYTES UINT64_C(0x40000000)
#define SMALL_BYTES UINT64_C(0x100000)

/* Index of the first range that ends after va. */
static size_t find_after(const struct sim_window *window, uint64_t va)
{
    size_t low = 0;
    size_t high = window->taken.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct sim_range *range = &window->taken.items[middle];

        if (range->va + range->size_bytes > va)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static bool is_free(const struct sim_window *window, uint64_t va, uint64_t size_bytes)
{
    size_t index = find_after(window, va - GUARD_BYTES);

    return index == window->taken.count ||
           window->taken.items[index].va >= va + size_bytes + GUARD_BYTES;
}

static uint64_t draw_va(struct sim *sim, uint64_t base, uint64_t end, uint64_t size_bytes,
                        uint64_t align)
{
    uint64_t first = bits_align_up(base + GUARD_BYTES, align);
    uint64_t last = end - GUARD_BYTES - size_bytes;

    weir_assert(first <= last);
    return first + align * sim_rng_below(&sim->space, (last - first) / align + 1);
}

static int insert(struct sim_window *window, uint64_t va, uint64_t size_bytes)
{
    size_t index = find_after(window, va);
    int error = array_reserve(&window->taken, window->taken.count + 1);

    if (error)
        return error;
    memmove(&window->taken.items[index + 1], &window->taken.items[index],
            (window->taken.count - index) * sizeof window->taken.items[0]);
    window->taken.items[index] = (struct sim_range){.va = va, .size_bytes = size_bytes};
    window->taken.count++;
    return 0;
}

static void choose_bounds(struct sim *sim, struct sim_window *window, uint64_t size_bytes,
                          uint64_t align, uint64_t *base, uint64_t *end)
{
    *base = window->base;
    *end = window->end;
    if (size_bytes > SMALL_BYTES || align > SMALL_BYTES)
        return;
    if (!window->zone_va || window->zone_used_bytes > ZONE_BYTES / 4) {
        window->zone_va = draw_va(sim, window->base, window->end, ZONE_BYTES, ZONE_BYTES);
        window->zone_used_bytes = 0;
    }
    window->zone_used_bytes += size_bytes + 2 * GUARD_BYTES;
    *base = window->zone_va;
    *end = window->zone_va + ZONE_BYTES;
}

static int reserve(struct sim *sim, struct sim_window *window, uint64_t base, uint64_t end,
                   uint64_t size_bytes, uint64_t align, uint64_t *out_va)
{
    for (unsigned attempt = 0; attempt < 1000; attempt++) {
        uint64_t va = draw_va(sim, base, end, size_bytes, align);

        if (is_free(window, va, size_bytes)) {
            int error = insert(window, va, size_bytes);

            if (!error)
                *out_va = va;
            return error;
        }
    }
    return -ENOSPC;
}

int sim_space_reserve(struct sim *sim, bool user, uint64_t size_bytes, uint64_t align,
                      uint64_t *out_va)
{
    struct sim_window *window = user ? &sim->user : &sim->system;
    uint64_t base;
    uint64_t end;

    if (align < HOST_PAGE_SIZE)
        align = HOST_PAGE_SIZE;
    if (!bits_is_power_of_two(align) || size_bytes == 0 || size_bytes > SIM_USER_WINDOW_END / 8)
        return -EINVAL;
    size_bytes = bits_align_up(size_bytes, HOST_PAGE_SIZE);
    choose_bounds(sim, window, size_bytes, align, &base, &end);
    return reserve(sim, window, base, end, size_bytes, align, out_va);
}

int sim_space_reserve_near(struct sim *sim, uint64_t near_va, uint64_t size_bytes, uint64_t *out_va)
{
    struct sim_window *window = near_va < SIM_USER_WINDOW_END ? &sim->user : &sim->system;
    uint64_t base = near_va - SIM_NEAR_BYTES;
    uint64_t end = near_va + SIM_NEAR_BYTES;

    if (size_bytes == 0 || size_bytes > SIM_NEAR_BYTES / 2)
        return -EINVAL;
    size_bytes = bits_align_up(size_bytes, HOST_PAGE_SIZE);
    base = bits_align_up(base < window->base ? window->base : base, HOST_PAGE_SIZE);
    end = end > window->end ? window->end : end;
    return reserve(sim, window, base, end, size_bytes, HOST_PAGE_SIZE, out_va);
}

void sim_space_release(struct sim *sim, uint64_t va)
{
    struct sim_window *window = va < SIM_USER_WINDOW_END ? &sim->user : &sim->system;
    size_t index = find_after(window, va);

    weir_assert(index < window->taken.count);
    weir_assert(window->taken.items[index].va == va);
    array_remove_at(&window->taken, index);
}

void sim_space_create(struct sim *sim)
{
    sim->system.base = SIM_SYSTEM_WINDOW_BASE;
    sim->system.end = SIM_SYSTEM_WINDOW_END;
    sim->user.base = SIM_USER_WINDOW_BASE;
    sim->user.end = SIM_USER_WINDOW_END;
}

void sim_space_destroy(struct sim *sim)
{
    array_fini(&sim->system.taken);
    array_fini(&sim->user.taken);
}
