/* SPDX-License-Identifier: MIT */
#include "mm/ram.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "host/host.h"

enum { ZONE_BYTES = 2 << 20 };

static int map_piece(const struct mm_ram *ram, uint64_t from_pa, uint64_t to_pa)
{
    if (from_pa >= to_pa)
        return 0;
    return host_map_at((uint64_t)(uintptr_t)ram->window + from_pa, ram->fd, from_pa,
                       to_pa - from_pa, HOST_READ | HOST_WRITE);
}

int ram_init(struct mm_ram *ram, uint64_t bytes)
{
    void *window;
    int error;

    if (bytes < RAM_BYTES_MIN || bytes > RAM_BYTES_MAX || bytes % ZONE_BYTES != 0)
        return -EINVAL;
    memset(ram, 0, sizeof *ram);
    ram->bytes = bytes;
    ram->low_end = bytes < RAM_LOW_MAX ? bytes : RAM_LOW_MAX;
    ram->high_end = RAM_HIGH_BASE + (bytes - ram->low_end);
    ram->top = ram->high_end > RAM_HIGH_BASE ? ram->high_end : ram->low_end;
    error = host_memfd_create("weir-ram", ram->top, &ram->fd);
    if (error != 0)
        return error;
    error = host_map(-1, 0, ram->top, HOST_NONE, &window);
    if (error != 0)
        goto close;
    ram->window = window;
    error = map_piece(ram, 0, ram->low_end);
    if (error == 0)
        error = map_piece(ram, RAM_HIGH_BASE, ram->high_end);
    if (error == 0)
        return 0;
    host_unmap(window, ram->top);
close:
    host_fd_close(ram->fd);
    return error;
}

void ram_fini(struct mm_ram *ram)
{
    host_unmap(ram->window, ram->top);
    host_fd_close(ram->fd);
    memset(ram, 0, sizeof *ram);
}
