/* SPDX-License-Identifier: MIT */
/* bench_bounce: what it costs that a card reaches only 4 GB (goals P1 to P3, P17).
 *
 * usage: bench_bounce DRIVER.sys [ROUNDS]
 *
 * Frames are 1920x1080 RGB32, 2025 pages scattered above 4 GB. Subject: GetScatterGatherList and
 * PutScatterGatherList of an adapter with 32 bits - checks, map registers, low pages, mapping,
 * list, callback, trace and the copy, which "gather" (to the device) does on the way in and
 * "scatter" (from the device) on the way out. Reference: one memcpy a page between the same buffers
 * and low pages of its own, by the C library, and nothing else. Cold: the next of 32 buffers each
 * time, 265 MB in all; hot: the same one. A consumer reads every byte of the copy. "kernel"
 * compares a bare copy kernel with memcpy, "all but the copy" the whole call with the bare kernel.
 *
 * P17 streams from grabber32: subject with every page above 4 GB, reference with every page below,
 * where nothing is bounced, plus one scattering memcpy of a frame. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"
#include "hal/copy.h"
#include "stream.h"
#include "world.h"

enum { FRAME_BYTES = 1920 * 1080 * 4, PAGES = FRAME_BYTES / MM_PAGE_SIZE, BUFFERS = 32 };

struct bounce {
    struct world world;
    struct world_adapter adapter;
    struct world_buffer buffers[BUFFERS];
    uint8_t *pages[BUFFERS][PAGES];
    uint8_t *low[PAGES]; /* the reference's */
    unsigned next;
};

struct side {
    struct bounce *bounce;
    bool gather, hot, consume;
    const struct copy_kernel *kernel; /* of raw copies */
};

static uint64_t sink; /* keeps the consumer's work alive */
static volatile size_t page_bytes = MM_PAGE_SIZE; /* a size that is known becomes other code than
                                                     the C library's */

/* ---- The machine ----------------------------------------------------------------------------- */

static void bounce_create(struct bounce *bounce)
{
    struct mm_config memory = {.ram_bytes = UINT64_C(8) << 30, .policy = MM_HIGH};
    struct hal_config config = {0};

    world_create(&bounce->world, &memory, &config);
    world_adapter(&bounce->world, 32, FRAME_BYTES, &bounce->adapter);
    for (unsigned i = 0; i < BUFFERS; i++) {
        struct world_buffer *buffer = &bounce->buffers[i];

        world_buffer(&bounce->world, FRAME_BYTES, buffer);
        MmProbeAndLockPages(buffer->mdl, UserMode, IoWriteAccess);
        for (unsigned page = 0; page < PAGES; page++)
            bounce->pages[i][page] =
                world_page(&bounce->world, buffer, (uint64_t)page * MM_PAGE_SIZE);
    }
    for (unsigned page = 0; page < PAGES; page++) {
        mm_pfn pfn = mm_low_allocate(bounce->world.mm, 1, 1, UINT32_MAX);

        bounce->low[page] = mm_page(bounce->world.mm, pfn);
        memset(bounce->low[page], 1, MM_PAGE_SIZE);
    }
}

static unsigned choose_buffer(const struct side *side)
{
    struct bounce *bounce = side->bounce;

    return side->hot ? 0 : bounce->next++ % BUFFERS;
}

/* ---- The consumer ---------------------------------------------------------------------------- */

static void consume(const uint8_t *bytes, size_t size_bytes)
{
    const uint64_t *words = (const uint64_t *)bytes;
    uint64_t a = 0, b = 0, c = 0, d = 0;

    for (size_t i = 0; i < size_bytes / sizeof *words; i += 4) {
        a += words[i];
        b += words[i + 1];
        c += words[i + 2];
        d += words[i + 3];
    }
    sink += a + b + c + d;
}

static void consume_pages(uint8_t *const pages[PAGES])
{
    for (unsigned i = 0; i < PAGES; i++)
        consume(pages[i], MM_PAGE_SIZE);
}

/* As a card reads it: by the list. */
static void consume_list(struct bounce *bounce, const SCATTER_GATHER_LIST *list)
{
    for (ULONG i = 0; i < list->NumberOfElements; i++) {
        mm_pa pa = {(uint64_t)list->Elements[i].Address.QuadPart};

        consume(mm_window(bounce->world.mm, pa, list->Elements[i].Length),
                list->Elements[i].Length);
    }
}

/* ---- Sides ----------------------------------------------------------------------------------- */

static double run_memcpy(void *ctx)
{
    const struct side *side = ctx;
    struct bounce *bounce = side->bounce;
    uint8_t *const *pages = bounce->pages[choose_buffer(side)];
    uint64_t start_ns = bench_now_ns();

    for (unsigned i = 0; i < PAGES; i++) {
        if (side->gather)
            memcpy(bounce->low[i], pages[i], page_bytes);
        else
            memcpy(pages[i], bounce->low[i], page_bytes);
    }
    if (side->consume)
        consume_pages(side->gather ? bounce->low : pages);
    return (double)(bench_now_ns() - start_ns);
}

static double run_kernel(void *ctx)
{
    static struct copy_piece pieces[PAGES];
    const struct side *side = ctx;
    struct bounce *bounce = side->bounce;
    uint8_t *const *pages = bounce->pages[choose_buffer(side)];
    uint64_t start_ns;

    for (unsigned i = 0; i < PAGES; i++)
        pieces[i] = (struct copy_piece){pages[i], bounce->low[i], MM_PAGE_SIZE};
    start_ns = bench_now_ns();
    if (side->gather)
        copy_to_bounce(side->kernel, pieces, PAGES);
    else
        copy_from_bounce(side->kernel, pieces, PAGES);
    return (double)(bench_now_ns() - start_ns);
}

static double run_call(void *ctx)
{
    const struct side *side = ctx;
    struct bounce *bounce = side->bounce;
    unsigned chosen = choose_buffer(side);
    const struct world_buffer *buffer = &bounce->buffers[chosen];
    uint64_t start_ns = bench_now_ns();
    PSCATTER_GATHER_LIST list = world_get(&bounce->adapter, buffer, side->gather);

    if (side->consume && side->gather)
        consume_list(bounce, list);
    world_put(&bounce->adapter, list, side->gather);
    if (side->consume && !side->gather)
        consume_pages(bounce->pages[chosen]);
    return (double)(bench_now_ns() - start_ns);
}

/* ---- Comparisons ----------------------------------------------------------------------------- */

static void compare(const char *goal, const char *name, unsigned rounds, bench_side_fn *reference,
                    bench_side_fn *subject, struct side *side)
{
    struct bench_pair pair;
    char text[128];

    bench_duel(&pair, rounds, &(struct bench_side){reference, side},
               &(struct bench_side){subject, side});
    snprintf(text, sizeof text, "%s, %s, %s", name, side->gather ? "gather" : "scatter",
             side->hot ? "hot" : "cold");
    bench_print_pair(goal, text, "us", 1e3, &pair);
}

static void compare_kernels(struct bounce *bounce, unsigned rounds)
{
    const struct copy_kernel *kernel;

    for (unsigned i = 0; (kernel = copy_kernel_at(i)) != NULL; i++) {
        char name[64];

        snprintf(name, sizeof name, "kernel %s", kernel->name);
        if (!kernel->runs_here()) {
            bench_value(name, "on this CPU", 0);
            continue;
        }
        for (unsigned direction = 0; direction < 2; direction++) {
            struct side side = {.bounce = bounce, .gather = direction == 0, .kernel = kernel};

            compare("kernels", name, rounds, run_memcpy, run_kernel, &side);
        }
    }
}

static void compare_calls(struct bounce *bounce, unsigned rounds)
{
    for (unsigned i = 0; i < 2; i++) {
        struct side side = {.bounce = bounce, .gather = i == 0};

        side.kernel = side.gather ? copy_best_to_bounce() : copy_best_from_bounce();

        compare("P1", "whole call", rounds, run_memcpy, run_call, &side);
        compare("P3", "all but the copy", rounds, run_kernel, run_call, &side);
    }
    for (unsigned i = 0; i < 4; i++) {
        struct side side = {
            .bounce = bounce, .gather = i % 2 == 0, .hot = i / 2 == 0, .consume = true};

        compare("P2", "whole call and consumer", rounds, run_memcpy, run_call, &side);
    }
}

/* ---- The stream ------------------------------------------------------------------------------ */

/* Scattered pages for the reference's copy without a machine: the streams' machines are children of
 * this process, and a process has one. */
static void bounce_without_machine(struct bounce *bounce)
{
    enum { ALL = (BUFFERS + 1) * PAGES };
    static uint8_t *pages[ALL];
    uint8_t *memory = mmap(NULL, (size_t)ALL * MM_PAGE_SIZE, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    struct sim_rng rng;

    if (memory == MAP_FAILED) {
        perror("bench_bounce: mmap");
        exit(1);
    }
    sim_rng_init(&rng, 1, "bench.pages");
    for (unsigned i = 0; i < ALL; i++) {
        unsigned j = (unsigned)sim_rng_below(&rng, i + 1);

        pages[i] = pages[j];
        pages[j] = memory + (size_t)i * MM_PAGE_SIZE;
    }
    memcpy(bounce->pages, pages, sizeof bounce->pages);
    memcpy(bounce->low, pages + BUFFERS * PAGES, sizeof bounce->low);
}

struct stream_side {
    const struct stream_driver *driver;
    const struct stream_variant *variant;
    struct side copy; /* bounce NULL: none */
};

static double run_stream(void *ctx)
{
    struct stream_side *side = ctx;
    double frame_ns = stream_frame_ns(side->driver, side->variant);

    if (frame_ns == 0 || side->copy.bounce == NULL)
        return frame_ns;
    return frame_ns + run_memcpy(&side->copy);
}

static void compare_streams(struct bounce *bounce, const struct stream_driver *driver,
                            unsigned rounds)
{
    static const struct stream_variant below = {
        "grabber32 below 4 GB", "grabber32", "payload=full", "RGB4", WEIR_PATTERN_FULL,
        false,                  60,          MM_LOW};
    static const struct stream_variant above = {
        "grabber32 above 4 GB", "grabber32", "payload=full", "RGB4", WEIR_PATTERN_FULL,
        false,                  60,          MM_HIGH};
    struct stream_side reference = {driver, &below, {.bounce = bounce}};
    struct stream_side subject = {driver, &above, {.bounce = NULL}};
    struct bench_pair pair;

    bench_duel(&pair, rounds, &(struct bench_side){run_stream, &reference},
               &(struct bench_side){run_stream, &subject});
    bench_print_pair("P17", "stream, every page bounced", "us per frame", 1e3, &pair);
    bench_value("stream, every page bounced, median", "times real time",
                1e9 / 60 / bench_median(&pair.subject));
}

int main(int argc, char **argv)
{
    static struct bounce bounce;
    unsigned rounds = bench_rounds(argc > 2 ? argv[2] : NULL);
    struct stream_driver driver;

    if (argc < 2 || !stream_driver_read(&driver, argv[1])) {
        fprintf(stderr, "usage: bench_bounce DRIVER.sys [ROUNDS]\n");
        return 2;
    }
    bench_pin(0);
    bounce_create(&bounce);
    bench_begin("bounce");
    compare_calls(&bounce, rounds);
    compare_kernels(&bounce, rounds);
    world_destroy(&bounce.world);
    bounce_without_machine(&bounce);
    compare_streams(&bounce, &driver, rounds);
    bench_end();
    stream_driver_free(&driver);
    return 0;
}
