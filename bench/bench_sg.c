/* SPDX-License-Identifier: MIT */
/* bench_sg: a frame's pages become a list for a card that reaches them all (goals P5, P6).
 *
 * usage: bench_sg [ROUNDS]
 *
 * Frames are 1920x1080, RGB32 (2025 pages) and YUY2 (1013). P5, subject: GetScatterGatherList and
 * PutScatterGatherList for locked pages - checks, mapping for the bus, list, callback, trace, and
 * the end of all that. Reference: a bare loop of our own that translates each page's address
 * through a two-level table, puts neighbours together and checks nothing. P6, subject: the same
 * between MmProbeAndLockPages and MmUnlockPages; reference: one memcpy of the frame's bytes between
 * contiguous buffers, another pair of eight each time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"
#include "world.h"

enum { RGB32_BYTES = 1920 * 1080 * 4, YUY2_BYTES = 1920 * 1080 * 2, TURNS = 16, COPIES = 8 };

struct sg {
    struct world world;
    struct world_adapter adapter;
    struct world_buffer buffer;
    bool locks; /* within the time */
};

/* ---- The reference of P5 --------------------------------------------------------------------- */

/* 512 pages a leaf, as page tables have. */
enum { LEAF_PAGES = 512, LEAVES = 16 };

struct translation {
    uint64_t base_va;
    mm_pfn *leaves[LEAVES];
};

struct element {
    uint64_t address;
    uint64_t size_bytes;
};

struct bare {
    struct translation translation;
    struct element elements[LEAF_PAGES * LEAVES];
    uint64_t pages;
    uint64_t count; /* of the newest list */
};

static void bare_create(struct bare *bare, struct sg *sg)
{
    memset(bare, 0, sizeof *bare);
    bare->pages = (sg->buffer.size_bytes + MM_PAGE_SIZE - 1) / MM_PAGE_SIZE;
    bare->translation.base_va = sg->buffer.va;
    for (uint64_t i = 0; i < bare->pages; i++) {
        mm_pfn **leaf = &bare->translation.leaves[i / LEAF_PAGES];

        if (*leaf == NULL)
            *leaf = calloc(LEAF_PAGES, sizeof **leaf);
        if (*leaf == NULL)
            exit(1);
        (*leaf)[i % LEAF_PAGES] =
            mm_pfn_of_va(sg->world.mm, sg->buffer.va + i * MM_PAGE_SIZE);
    }
}

static void bare_destroy(struct bare *bare)
{
    for (unsigned i = 0; i < LEAVES; i++)
        free(bare->translation.leaves[i]);
}

static uint64_t translate(const struct translation *translation, uint64_t va)
{
    uint64_t page = (va - translation->base_va) / MM_PAGE_SIZE;

    return translation->leaves[page / LEAF_PAGES][page % LEAF_PAGES] * MM_PAGE_SIZE;
}

static double run_bare(void *ctx)
{
    struct bare *bare = ctx;
    uint64_t start_ns = bench_now_ns();

    for (unsigned turn = 0; turn < TURNS; turn++) {
        struct element *newest = bare->elements;
        uint64_t end = 0;

        for (uint64_t i = 0; i < bare->pages; i++) {
            uint64_t address =
                translate(&bare->translation, bare->translation.base_va + i * MM_PAGE_SIZE);

            if (address == end)
                newest[-1].size_bytes += MM_PAGE_SIZE;
            else
                *newest++ = (struct element){address, MM_PAGE_SIZE};
            end = address + MM_PAGE_SIZE;
        }
        bare->count = (uint64_t)(newest - bare->elements);
    }
    return (double)(bench_now_ns() - start_ns);
}

/* ---- The reference of P6 --------------------------------------------------------------------- */

struct copies {
    uint8_t *memory;
    size_t size_bytes;
    unsigned next;
};

static void copies_create(struct copies *copies, size_t size_bytes)
{
    copies->size_bytes = size_bytes;
    copies->next = 0;
    copies->memory = mmap(NULL, 2 * COPIES * size_bytes, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (copies->memory == MAP_FAILED) {
        perror("bench_sg: mmap");
        exit(1);
    }
}

static void copies_destroy(struct copies *copies)
{
    munmap(copies->memory, 2 * COPIES * copies->size_bytes);
}

static double run_copy(void *ctx)
{
    struct copies *copies = ctx;
    uint8_t *to = copies->memory + 2 * (copies->next++ % COPIES) * copies->size_bytes;
    uint64_t start_ns = bench_now_ns();

    memcpy(to, to + copies->size_bytes, copies->size_bytes);
    return (double)(bench_now_ns() - start_ns);
}

/* ---- The subject ----------------------------------------------------------------------------- */

static double run_lists(void *ctx)
{
    struct sg *sg = ctx;
    uint64_t start_ns = bench_now_ns();

    for (unsigned turn = 0; turn < TURNS; turn++) {
        if (sg->locks)
            MmProbeAndLockPages(sg->buffer.mdl, UserMode, IoWriteAccess);
        world_put(&sg->adapter, world_get(&sg->adapter, &sg->buffer, false), false);
        if (sg->locks)
            MmUnlockPages(sg->buffer.mdl);
    }
    return (double)(bench_now_ns() - start_ns);
}

/* P6 counts one frame. */
static double run_frame(void *ctx)
{
    return run_lists(ctx) / TURNS;
}

static void sg_create(struct sg *sg, enum mm_policy policy, enum hal_iommu iommu, ULONG size_bytes)
{
    struct mm_config memory = {
        .ram_bytes = UINT64_C(8) << 30, .policy = policy, .run_pages = 16};
    struct hal_config config = {.iommu = iommu};

    world_create(&sg->world, &memory, &config);
    world_adapter(&sg->world, 64, size_bytes, &sg->adapter);
    world_buffer(&sg->world, size_bytes, &sg->buffer);
    sg->locks = false;
}

/* ---- Comparisons ----------------------------------------------------------------------------- */

struct variant {
    const char *name;
    enum mm_policy policy;
    enum hal_iommu iommu;
};

static void compare_lists(unsigned rounds, const struct variant *variant)
{
    static struct bare bare;
    struct bench_pair pair;
    struct sg sg;

    sg_create(&sg, variant->policy, variant->iommu, RGB32_BYTES);
    MmProbeAndLockPages(sg.buffer.mdl, UserMode, IoWriteAccess);
    bare_create(&bare, &sg);
    bench_duel(&pair, rounds, &(struct bench_side){run_bare, &bare},
               &(struct bench_side){run_lists, &sg});
    bench_print_pair("P5", variant->name, "ns per page", (double)(TURNS * bare.pages), &pair);
    bare_destroy(&bare);
    world_destroy(&sg.world);
}

static void compare_frames(unsigned rounds, const char *name, ULONG size_bytes,
                           const struct variant *variant)
{
    struct copies copies;
    struct bench_pair pair;
    struct sg sg;
    char text[64];

    sg_create(&sg, variant->policy, variant->iommu, size_bytes);
    sg.locks = true;
    copies_create(&copies, size_bytes);
    bench_duel(&pair, rounds, &(struct bench_side){run_copy, &copies},
               &(struct bench_side){run_frame, &sg});
    snprintf(text, sizeof text, "%s, %s", name, variant->name);
    bench_print_pair("P6", text, "us", 1e3, &pair);
    copies_destroy(&copies);
    world_destroy(&sg.world);
}

int main(int argc, char **argv)
{
    static const struct variant variants[] = {
        {"scattered pages", MM_SCATTERED, HAL_IOMMU_OFF},
        {"runs of up to 16 pages", MM_RUNS, HAL_IOMMU_OFF},
        {"contiguous pages", MM_CONTIGUOUS, HAL_IOMMU_OFF},
        {"scattered pages, remapped", MM_SCATTERED, HAL_IOMMU_REMAP},
    };
    unsigned rounds = bench_rounds(argc > 1 ? argv[1] : NULL);

    bench_pin(0);
    bench_begin("sg");
    for (unsigned i = 0; i < ARRAY_LEN(variants); i++)
        compare_lists(rounds, &variants[i]);
    for (unsigned i = 0; i < ARRAY_LEN(variants); i++)
        compare_frames(rounds, "RGB32", RGB32_BYTES, &variants[i]);
    for (unsigned i = 0; i < ARRAY_LEN(variants); i++)
        compare_frames(rounds, "YUY2", YUY2_BYTES, &variants[i]);
    bench_end();
    return 0;
}
