/* SPDX-License-Identifier: MIT */
/* The virtual half of the door: system mappings, images, client memory, copies through the window.
 */
#include <errno.h>
#include <string.h>

#include "host/host.h"
#include "mm/state.h"

enum { EAGER_RUNS_MAX = 16, IMAGE_RUN_PAGES = 16, IMAGE_ALIGN = 0x10000 };

static uint64_t pages_for(uint64_t size_bytes)
{
    return (size_bytes + MM_PAGE_SIZE - 1) >> MM_PAGE_SHIFT;
}

/* ---- System mappings ------------------------------------------------------------------------- */

static uint64_t count_runs(const mm_pfn *pfns, uint64_t count)
{
    uint64_t runs = 1;

    for (uint64_t i = 1; i < count; i++)
        runs += pfns[i] != pfns[i - 1] + 1;
    return runs;
}

int mm_system_map(struct mm *mm, const mm_pfn *pfns, uint64_t count, unsigned host_protection,
                  uint64_t *out_va)
{
    bool lazy = count_runs(pfns, count) > EAGER_RUNS_MAX;
    struct mm_region *region;
    int error;

    if (count == 0)
        return -EINVAL;
    error = region_create(mm, REGION_SYSTEM, false, count, MM_PAGE_SIZE, lazy, &region);
    if (error != 0)
        return error;
    region->protection = host_protection;
    memcpy(region->pfns, pfns, count * sizeof *pfns);
    if (!lazy)
        error = region_map(mm, region, 0, count);
    if (error < 0) {
        region_destroy(mm, region);
        return error;
    }
    *out_va = region->base_va;
    return 0;
}

void mm_system_unmap(struct mm *mm, uint64_t va)
{
    struct mm_region *region = region_find(mm, va);

    weir_assert(region != NULL);
    weir_assert(region->kind == REGION_SYSTEM);
    region_destroy(mm, region);
}

/* ---- Images ---------------------------------------------------------------------------------- */

static struct mm_region *image_region(struct mm *mm, uint64_t va, uint64_t size_bytes)
{
    struct mm_region *region = region_find(mm, va);

    weir_assert(region != NULL);
    weir_assert(region->kind == REGION_IMAGE);
    weir_assert(va + size_bytes <= region_end_va(region));
    return region;
}

int mm_image_allocate(struct mm *mm, uint64_t size_bytes, uint64_t *out_va)
{
    uint64_t pages = pages_for(size_bytes);
    struct mm_region *region;
    int error;

    if (size_bytes == 0 || size_bytes > mm->ram.bytes)
        return -EINVAL;
    error = region_create(mm, REGION_IMAGE, false, pages, IMAGE_ALIGN, false, &region);
    if (error != 0)
        return error;
    error = zones_take(&mm->zones, pages, IMAGE_RUN_PAGES, 0, region->pfns);
    if (error != 0)
        goto destroy;
    region->owns_pages = true;
    for (uint64_t i = 0; i < pages; i++)
        zones_clear(&mm->zones, region->pfns[i]);
    error = region_map(mm, region, 0, pages);
    if (error < 0)
        goto destroy;
    *out_va = region->base_va;
    return 0;
destroy:
    region_destroy(mm, region);
    return error;
}

int mm_image_protect(struct mm *mm, uint64_t va, uint64_t size_bytes, unsigned host_protection)
{
    struct mm_region *region = image_region(mm, va, size_bytes);

    weir_assert(region->live);
    return host_protect(va, pages_for(size_bytes) << MM_PAGE_SHIFT, host_protection);
}

void mm_image_discard(struct mm *mm, uint64_t va, uint64_t size_bytes)
{
    struct mm_region *region = image_region(mm, va, size_bytes);
    uint64_t first = region_page_of(region, va);
    uint64_t pages = pages_for(size_bytes);

    host_unmap((void *)va, pages << MM_PAGE_SHIFT);
    for (uint64_t i = first; i < first + pages; i++) {
        if (region->pfns[i] != 0)
            zones_give_run(&mm->zones, region->pfns[i], 1);
        region->pfns[i] = 0;
    }
}

void mm_image_free(struct mm *mm, uint64_t va)
{
    region_destroy(mm, image_region(mm, va, 0));
}

/* ---- Client memory --------------------------------------------------------------------------- */

int mm_user_allocate(struct mm *mm, uint64_t size_bytes, uint32_t offset_bytes, uint64_t *out_va)
{
    struct mm_region *region;
    uint64_t pages;
    int error;

    if (size_bytes == 0 || size_bytes > mm->ram.bytes || offset_bytes >= MM_PAGE_SIZE)
        return -EINVAL;
    pages = pages_for(offset_bytes + size_bytes);
    error = region_create(mm, REGION_USER, true, pages, MM_PAGE_SIZE, true, &region);
    if (error != 0)
        return error;
    error = zones_take(&mm->zones, pages, 1, 0, region->pfns);
    if (error != 0) {
        region_destroy(mm, region);
        return error;
    }
    region->owns_pages = true;
    for (uint64_t i = 0; i < pages; i++)
        zones_clear(&mm->zones, region->pfns[i]);
    *out_va = region->base_va + offset_bytes;
    return 0;
}

/* Pages that an MDL has locked outlive the address range; the last unlock gives them back. */
void mm_user_free(struct mm *mm, uint64_t va)
{
    struct mm_region *region = region_find(mm, va);

    weir_assert(region != NULL);
    weir_assert(region->kind == REGION_USER);
    if (region->pins == 0) {
        region_destroy(mm, region);
        return;
    }
    demand_drop(mm, region);
    region->live = false;
}

/* ---- Through the window ---------------------------------------------------------------------- */

/* Host address of va and how many bytes follow it in its page; NULL when there is no RAM there. */
static uint8_t *reach(struct mm *mm, uint64_t va, uint64_t size_bytes, struct mm_region **cached,
                      uint64_t *piece)
{
    struct mm_region *region = *cached;
    uint64_t offset = va % MM_PAGE_SIZE;
    mm_pfn pfn;

    if (region == NULL || va < region->base_va || va >= region_end_va(region))
        region = *cached = region_find(mm, va);
    if (region == NULL || region->pfns == NULL)
        return NULL;
    pfn = region_pfn(region, region_page_of(region, va));
    if (pfn == 0)
        return NULL;
    *piece = MM_PAGE_SIZE - offset < size_bytes ? MM_PAGE_SIZE - offset : size_bytes;
    return (uint8_t *)ram_page(&mm->ram, pfn) + offset;
}

static bool is_reachable(struct mm *mm, uint64_t va, uint64_t size_bytes)
{
    struct mm_region *region = NULL;
    uint64_t piece;

    for (; size_bytes != 0; va += piece, size_bytes -= piece) {
        if (reach(mm, va, size_bytes, &region, &piece) == NULL)
            return false;
    }
    return true;
}

bool mm_copy_from_va(struct mm *mm, void *to, uint64_t from_va, uint64_t size_bytes)
{
    struct mm_region *region = NULL;
    uint8_t *bytes = to;
    uint64_t piece;

    for (; size_bytes != 0; from_va += piece, bytes += piece, size_bytes -= piece) {
        const uint8_t *from = reach(mm, from_va, size_bytes, &region, &piece);

        if (from == NULL)
            return false;
        memcpy(bytes, from, piece);
    }
    return true;
}

bool mm_copy_to_va(struct mm *mm, uint64_t to_va, const void *from, uint64_t size_bytes)
{
    struct mm_region *region = NULL;
    const uint8_t *bytes = from;
    uint64_t piece;

    if (!is_reachable(mm, to_va, size_bytes))
        return false;
    for (; size_bytes != 0; to_va += piece, bytes += piece, size_bytes -= piece) {
        uint8_t *to = reach(mm, to_va, size_bytes, &region, &piece);

        weir_assert(to != NULL);
        memcpy(to, bytes, piece);
    }
    return true;
}

mm_pfn mm_pfn_of_va(struct mm *mm, uint64_t va)
{
    struct mm_region *region = region_find(mm, va);
    mm_pfn pfn = region != NULL ? region_pfn(region, region_page_of(region, va)) : 0;

    return pfn != 0 ? pfn : MM_PFN_NONE;
}
