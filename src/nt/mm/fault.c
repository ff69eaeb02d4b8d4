/* SPDX-License-Identifier: MIT */
/* Faults. On Windows a bad address below MmSystemRangeStart raises an exception the driver may
 * catch, a bad one above it is the end (bug check 0x50), and a resident page never faults. Here a
 * fault may also mean that a page has no host mapping yet, or that the address is a device
 * register. */
#include "mm/fault.h"

#include "host/host.h"
#include "mm/state.h"

static unsigned needed_protection(enum ke_access access)
{
    switch (access) {
    case KE_ACCESS_WRITE:
        return HOST_WRITE;
    case KE_ACCESS_EXECUTE:
        return HOST_EXECUTE;
    case KE_ACCESS_READ:
    default:
        return HOST_READ;
    }
}

static enum ke_fault resolve(void *ctx, uint64_t va, enum ke_access access)
{
    struct mm *mm = ctx;
    enum ke_fault bad = va < SIM_SYSTEM_WINDOW_BASE ? KE_FAULT_USER : KE_FAULT_BAD;
    struct mm_region *region = region_find(mm, va);
    uint64_t page;

    if (region == NULL)
        return bad;
    if (region->kind == REGION_IO)
        return access == KE_ACCESS_EXECUTE ? bad : KE_FAULT_IO;
    page = region_page_of(region, va);
    if (!region->lazy || region_pfn(region, page) == 0 ||
        !(region->protection & needed_protection(access)))
        return bad;
    if (!region->masked && bitmap_test(region->clusters, page / DEMAND_CLUSTER_PAGES))
        return bad;
    return demand_touch(mm, region, page) == 0 ? KE_FAULT_RETRY : bad;
}

static mm_pa io_address(struct mm *mm, uint64_t va)
{
    struct mm_region *region = region_find(mm, va);

    weir_assert(region != NULL);
    weir_assert(region->kind == REGION_IO);
    return (mm_pa){region->io_pa + (va - region->base_va)};
}

/* A register or port that no device decodes reads as ones. */
static uint64_t nobody_answers(unsigned size_bytes)
{
    return UINT64_MAX >> (64 - size_bytes * 8);
}

uint64_t fault_io_read(void *ctx, uint64_t va, unsigned size_bytes)
{
    struct mm *mm = ctx;

    if (mm->io.read == NULL)
        return nobody_answers(size_bytes);
    return mm->io.read(mm->io_ctx, io_address(mm, va), size_bytes);
}

void fault_io_write(void *ctx, uint64_t va, unsigned size_bytes, uint64_t value)
{
    struct mm *mm = ctx;

    if (mm->io.write != NULL)
        mm->io.write(mm->io_ctx, io_address(mm, va), size_bytes, value);
}

static uint64_t port_read(void *ctx, uint16_t port, unsigned size_bytes)
{
    struct mm *mm = ctx;

    return mm->io.port_read != NULL ? mm->io.port_read(mm->io_ctx, port, size_bytes)
                                    : nobody_answers(size_bytes);
}

static void port_write(void *ctx, uint16_t port, unsigned size_bytes, uint64_t value)
{
    struct mm *mm = ctx;

    if (mm->io.port_write != NULL)
        mm->io.port_write(mm->io_ctx, port, size_bytes, value);
}

void fault_connect(struct mm *mm)
{
    static const struct ke_memory_ops ops = {
        .resolve = resolve,
        .io_read = fault_io_read,
        .io_write = fault_io_write,
        .port_read = port_read,
        .port_write = port_write,
    };

    ke_set_memory_ops(mm->ke, &ops, mm);
}
