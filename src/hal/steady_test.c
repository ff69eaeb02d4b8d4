/* SPDX-License-Identifier: MIT */
/* The steady path asks nobody for memory: once as many frames have been locked together as ever
 * are, locking and releasing frames takes none from the host and no pool. The linker leads every
 * call of an allocator in weir to the counters below. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hal/testbed.h"

enum { FRAME = 1280 * 720 * 2, HELD = 4, WARM_FRAMES = 2 * HELD, FRAMES = 64 };

static unsigned allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_mm_pool_allocate(struct mm *mm, const struct mm_pool_request *request);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_mm_pool_allocate(struct mm *mm, const struct mm_pool_request *request);

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    allocations++;
    return __real_realloc(old, size);
}

void *__wrap_mm_pool_allocate(struct mm *mm, const struct mm_pool_request *request)
{
    allocations++;
    return __real_mm_pool_allocate(mm, request);
}

/* ---- Frames ---------------------------------------------------------------------------------- */

struct steady {
    struct hal_bed bed;
    PDMA_ADAPTER adapter;
    const DMA_OPERATIONS *operations;
    PMDL mdls[HELD];
    PSCATTER_GATHER_LIST lists[HELD];
};

static struct steady steady;

static void NTAPI keep_list(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list,
                            PVOID context)
{
    (void)device;
    (void)irp;
    *(PSCATTER_GATHER_LIST *)context = list;
}

static void release(unsigned at, bool to_device)
{
    if (steady.lists[at] == NULL)
        return;
    steady.operations->PutScatterGatherList(steady.adapter, steady.lists[at], to_device);
    MmUnlockPages(steady.mdls[at]);
    steady.lists[at] = NULL;
}

static void lock(unsigned at, bool to_device)
{
    PMDL mdl = steady.mdls[at];

    MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    steady.operations->GetScatterGatherList(steady.adapter, NULL, mdl, MmGetMdlVirtualAddress(mdl),
                                            FRAME, keep_list, &steady.lists[at], to_device);
    assert_non_null(steady.lists[at]);
}

/* The oldest frame is released, the next one locked; every direction comes up. */
static void stream(unsigned frames)
{
    for (unsigned i = 0; i < frames; i++) {
        bool to_device = i / HELD % 2 != 0;

        release(i % HELD, i / HELD % 2 == 0);
        lock(i % HELD, to_device);
    }
    for (unsigned i = 0; i < HELD; i++)
        release(i, (frames - 1) / HELD % 2 != 0);
}

static void nothing_is_allocated(const struct hal_config *config, bool wide, bool scatter_gather)
{
    struct mm_config mm = {.ram_bytes = 8 * GIB, .policy = MM_SCATTERED};
    ULONG registers;
    uint64_t va;

    memset(&steady, 0, sizeof steady);
    hal_bed_start(&steady.bed, &mm, config);
    steady.adapter = hal_bed_adapter(&steady.bed, wide, scatter_gather, FRAME, &registers);
    steady.operations = hal_bed_operations(&steady.bed, steady.adapter);
    for (unsigned i = 0; i < HELD; i++) {
        steady.mdls[i] = hal_bed_buffer(&steady.bed, FRAME, 0, &va);
        MmUnlockPages(steady.mdls[i]);
    }
    ke_irql_raise(DISPATCH_LEVEL);
    allocations = 0;
    stream(WARM_FRAMES);
    assert_int_not_equal(allocations, 0); /* the counters count */
    allocations = 0;
    stream(FRAMES);
    assert_int_equal(allocations, 0);
    ke_irql_lower(PASSIVE_LEVEL);
    hal_bed_stop(&steady.bed);
}

static void a_wide_cards_frames_are_locked_without_allocating(void **state)
{
    struct hal_config config = {0};

    (void)state;
    nothing_is_allocated(&config, true, true);
}

static void a_bounced_cards_frames_are_locked_without_allocating(void **state)
{
    struct hal_config config = {0};

    (void)state;
    nothing_is_allocated(&config, false, true);
    nothing_is_allocated(&config, false, false);
}

static void remapped_frames_are_locked_without_allocating(void **state)
{
    struct hal_config config = {.iommu = HAL_IOMMU_REMAP};

    (void)state;
    nothing_is_allocated(&config, true, true);
    nothing_is_allocated(&config, false, true);
    config.iommu = HAL_IOMMU_STRICT;
    nothing_is_allocated(&config, true, true);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wide_cards_frames_are_locked_without_allocating),
        cmocka_unit_test(a_bounced_cards_frames_are_locked_without_allocating),
        cmocka_unit_test(remapped_frames_are_locked_without_allocating),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
