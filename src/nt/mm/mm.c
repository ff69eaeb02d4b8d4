/* SPDX-License-Identifier: MIT */
/* Start and end of the memory manager, and its physical door. */
#include "mm/mm.h"

#include <errno.h>
#include <stdlib.h>

#include "mm/fault.h"
#include "mm/state.h"

static const uint64_t mm_magic = 0x776569722e6d6d00; /* "weir.mm" */

enum { LOW_MEMORY_DEFAULT = 64 << 20 };

struct mm *mm_of(struct ke *ke)
{
    struct mm *mm = ke_room(ke, KE_ROOM_MM);

    weir_assert(mm != NULL);
    weir_assert(mm->magic == mm_magic);
    return mm;
}

static void raise_status(NTSTATUS status)
{
    ExRaiseStatus(status);
}

void mm_set_raise(struct mm *mm, mm_raise_fn *raise)
{
    mm->raise = raise != NULL ? raise : raise_status;
}

/* Low memory takes a quarter of a small machine's RAM, else 64 MB, unless more is asked for. */
void mm_limits(uint64_t ram_bytes, struct mm_limits *out)
{
    uint64_t quarter = ram_bytes / 4 & ~UINT64_C(0x1FFFFF);

    out->below_4g_bytes = ram_bytes < RAM_LOW_MAX ? ram_bytes : RAM_LOW_MAX;
    out->low_memory_default_bytes = quarter < LOW_MEMORY_DEFAULT ? quarter : LOW_MEMORY_DEFAULT;
    out->low_memory_max_bytes = low_bytes_max(out->below_4g_bytes);
}

static uint64_t low_bytes(const struct mm_config *config)
{
    struct mm_limits limits;

    mm_limits(config->ram_bytes, &limits);
    return config->low_memory_bytes != 0 ? config->low_memory_bytes
                                         : limits.low_memory_default_bytes;
}

/* Each step undoes nothing: mm_destroy takes whatever stands. */
static int build(struct mm *mm, const struct mm_config *config)
{
    uint64_t seed = sim_seed(mm->sim);
    int error = ram_init(&mm->ram, config->ram_bytes);

    if (error != 0)
        return error;
    error = zones_init(&mm->zones, &mm->ram, config, seed);
    if (error == 0)
        error = low_init(&mm->low, &mm->zones, low_bytes(config), seed);
    if (error == 0)
        error = demand_init(&mm->demand, config->client_mappings);
    if (error == 0)
        error = pool_init(mm);
    return error;
}

int mm_create(struct ke *ke, const struct mm_config *config, struct mm **out)
{
    struct mm *mm = calloc(1, sizeof *mm);
    int error;

    if (mm == NULL)
        return -ENOMEM;
    mm->magic = mm_magic;
    mm->ke = ke;
    mm->sim = ke_sim(ke);
    mm->trace = ke_trace(ke);
    mm_set_raise(mm, NULL);
    list_init(&mm->pool.blocks);
    error = build(mm, config);
    if (error != 0) {
        mm_destroy(mm);
        return error;
    }
    ke_set_room(ke, KE_ROOM_MM, mm);
    fault_connect(mm);
    *out = mm;
    return 0;
}

void mm_destroy(struct mm *mm)
{
    if (mm == NULL)
        return;
    weir_assert(mm->magic == mm_magic);
    if (ke_room(mm->ke, KE_ROOM_MM) == mm) {
        ke_set_memory_ops(mm->ke, NULL, NULL);
        ke_set_room(mm->ke, KE_ROOM_MM, NULL);
    }
    pool_fini(mm);
    regions_fini(mm);
    demand_fini(&mm->demand);
    low_fini(&mm->low);
    zones_fini(&mm->zones);
    if (mm->ram.window != NULL)
        ram_fini(&mm->ram);
    mm->magic = 0;
    free(mm);
}

uint64_t mm_highest_pa(struct mm *mm)
{
    return mm->ram.top;
}

bool mm_is_ram(struct mm *mm, mm_pfn pfn)
{
    return pfn < mm->ram.top >> MM_PAGE_SHIFT &&
           ram_holds(&mm->ram, pfn << MM_PAGE_SHIFT, MM_PAGE_SIZE);
}

void *mm_page(struct mm *mm, mm_pfn pfn)
{
    return ram_page(&mm->ram, pfn);
}

void *mm_window(struct mm *mm, mm_pa pa, uint64_t size_bytes)
{
    return ram_holds(&mm->ram, pa.value, size_bytes) ? mm->ram.window + pa.value : NULL;
}

int mm_pages_allocate(struct mm *mm, uint64_t count, uint64_t limit_pa, mm_pfn *out)
{
    return zones_take(&mm->zones, count, 1, limit_pa, out);
}

void mm_pages_free(struct mm *mm, uint64_t count, const mm_pfn *pfns)
{
    zones_give(&mm->zones, count, pfns);
}

mm_pfn mm_low_allocate(struct mm *mm, uint64_t count, uint64_t align_pages, uint64_t limit_pa)
{
    return low_take(&mm->low, count, align_pages, limit_pa);
}

void mm_low_free(struct mm *mm, mm_pfn first, uint64_t count)
{
    low_give(&mm->low, first, count);
}

bool mm_low_pages_allocate(struct mm *mm, uint64_t count, uint64_t limit_pa, mm_pfn *out)
{
    return low_take_pages(&mm->low, count, limit_pa, out);
}

void mm_low_pages_free(struct mm *mm, uint64_t count, const mm_pfn *pfns)
{
    low_give_pages(&mm->low, count, pfns);
}

uint64_t mm_low_free_pages(struct mm *mm)
{
    return low_free_pages(&mm->low);
}

mm_pfn mm_contiguous_allocate(struct mm *mm, uint64_t count, uint64_t low_pa, uint64_t high_pa,
                              uint64_t boundary_bytes)
{
    uint64_t low_pfn = (low_pa >> MM_PAGE_SHIFT) + (low_pa % MM_PAGE_SIZE != 0);
    uint64_t end_pfn = high_pa == UINT64_MAX ? UINT64_MAX : (high_pa + 1) >> MM_PAGE_SHIFT;
    uint64_t boundary_pages = boundary_bytes >> MM_PAGE_SHIFT;

    if (boundary_bytes != 0 && boundary_pages == 0)
        return MM_PFN_NONE;
    return zones_take_contiguous(&mm->zones, count, low_pfn, end_pfn, boundary_pages);
}

void mm_contiguous_free(struct mm *mm, mm_pfn first, uint64_t count)
{
    zones_give_run(&mm->zones, first, count);
}

void mm_set_io_ops(struct mm *mm, const struct mm_io_ops *ops, void *ctx)
{
    mm->io = *ops;
    mm->io_ctx = ctx;
}
