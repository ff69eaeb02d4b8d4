/* SPDX-License-Identifier: MIT */
/* bench_mapreg: the low pages behind map registers, taken and given back (goal P4).
 *
 * usage: bench_mapreg [ROUNDS]
 *
 * A pool of 64 MB is filled, half of it by single pages, half by runs of up to 48, and emptied at
 * random down to an occupancy. Then a steady stream of one size goes through it: a small
 * window of allocations is kept, each step gives one of them back and takes a new one. Subject:
 * mm_low_allocate and mm_low_free; "all pages of a frame" takes 512 single pages in one call and
 * gives them back, as bouncing does. Reference: a first-fit slot list of our own, in the manner of
 * swiotlb: for each slot of 2 KB the number of free slots from there to the end of its segment of
 * 256 KB, searched from a rotating index. Figures are for one allocation and its release. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "world.h"

enum {
    POOL_BYTES = 64 << 20,
    POOL_PAGES = POOL_BYTES >> 12,
    SLOTS = POOL_BYTES >> 11,
    SEGMENT_SLOTS = 128,
    STEPS_MAX = 2000,
    STEPS_OF_RUNS = 100,
    FRAME_PAGES = 512,
    FRAMES = 4,
    WINDOW = 16,
    RUN_MAX = 48,
    NOTHING = -1
};

/* ---- The reference --------------------------------------------------------------------------- */

struct slot_list {
    uint16_t free[SLOTS]; /* from this slot to the end of its segment; 0: taken */
    uint32_t index; /* the search begins here */
};

static void slots_init(struct slot_list *list)
{
    list->index = 0;
    for (unsigned i = 0; i < SLOTS; i++)
        list->free[i] = (uint16_t)(SEGMENT_SLOTS - i % SEGMENT_SLOTS);
}

/* Pages begin at even slots. */
static int64_t slots_take(struct slot_list *list, unsigned pages)
{
    unsigned wanted = 2 * pages;
    unsigned at = list->index;

    for (unsigned looked = 0; looked < SLOTS / 2; looked++, at = (at + 2) % SLOTS) {
        unsigned count = 0;

        if (list->free[at] < wanted)
            continue;
        for (unsigned i = at; i < at + wanted; i++)
            list->free[i] = 0;
        for (unsigned i = at; i % SEGMENT_SLOTS != 0 && list->free[i - 1] != 0; i--)
            list->free[i - 1] = (uint16_t)++count;
        list->index = (at + wanted) % SLOTS;
        return at / 2;
    }
    return NOTHING;
}

static void slots_give(struct slot_list *list, int64_t page, unsigned pages)
{
    unsigned first = 2 * (unsigned)page;
    unsigned end = first + 2 * pages;
    unsigned count = end % SEGMENT_SLOTS != 0 ? list->free[end] : 0;

    for (unsigned i = end; i != first; i--)
        list->free[i - 1] = (uint16_t)++count;
    for (unsigned i = first; i % SEGMENT_SLOTS != 0 && list->free[i - 1] != 0; i--)
        list->free[i - 1] = (uint16_t)++count;
}

/* ---- Two pools, one stream of requests ------------------------------------------------------- */

struct pool {
    struct slot_list *slots; /* NULL: mm's */
    struct mm *mm;
};

static int64_t take(struct pool *pool, unsigned pages)
{
    if (pool->slots != NULL)
        return slots_take(pool->slots, pages);
    return (int64_t)mm_low_allocate(pool->mm, pages, 1, UINT32_MAX); /* none: -1 as well */
}

static void give(struct pool *pool, int64_t at, unsigned pages)
{
    if (pool->slots != NULL)
        slots_give(pool->slots, at, pages);
    else
        mm_low_free(pool->mm, (mm_pfn)at, pages);
}

struct held {
    int64_t at;
    unsigned pages;
};
struct stream {
    struct pool pool;
    unsigned pages; /* of a request */
    unsigned steps; /* in a sample */
    uint8_t victim[STEPS_MAX]; /* which of the window is replaced */
    struct held window[WINDOW];
    uint64_t refused, requests;
};

static unsigned aged_size(struct sim_rng *rng)
{
    return sim_rng_below(rng, 2) == 0 ? 1 : 1 + (unsigned)sim_rng_below(rng, RUN_MAX);
}

/* Fills the pool, then frees at random down to the share in percent: the holes have the sizes of
 * what was there. */
static void age(struct pool *pool, unsigned percent)
{
    static struct held held[POOL_PAGES];
    unsigned count = 0, used = 0, refused = 0;
    struct sim_rng rng;

    sim_rng_init(&rng, 1, "bench.age");
    while (refused < 1000) {
        held[count].pages = aged_size(&rng);
        held[count].at = take(pool, held[count].pages);
        if (held[count].at == NOTHING)
            refused++;
        else
            used += held[count++].pages;
    }
    while (count != 0 && used > POOL_PAGES / 100 * percent) {
        unsigned victim = (unsigned)sim_rng_below(&rng, count);

        give(pool, held[victim].at, held[victim].pages);
        used -= held[victim].pages;
        held[victim] = held[--count];
    }
}

static double run_stream(void *ctx)
{
    struct stream *stream = ctx;
    uint64_t start_ns = bench_now_ns();

    for (unsigned i = 0; i < stream->steps; i++) {
        struct held *held = &stream->window[stream->victim[i]];

        if (held->at != NOTHING)
            give(&stream->pool, held->at, stream->pages);
        held->at = take(&stream->pool, stream->pages);
        stream->refused += held->at == NOTHING;
    }
    stream->requests += stream->steps;
    return (double)(bench_now_ns() - start_ns);
}

/* The way the HAL takes and gives them: all of a frame's pages, one by one from the reference. */
static double run_frames(void *ctx)
{
    static mm_pfn pfns[FRAME_PAGES];
    struct stream *stream = ctx;
    uint64_t start_ns = bench_now_ns();

    for (unsigned frame = 0; frame < FRAMES; frame++) {
        if (stream->pool.slots == NULL) {
            if (!mm_low_pages_allocate(stream->pool.mm, FRAME_PAGES, UINT32_MAX, pfns))
                exit(1);
            mm_low_pages_free(stream->pool.mm, FRAME_PAGES, pfns);
            continue;
        }
        for (unsigned i = 0; i < FRAME_PAGES; i++)
            pfns[i] = (mm_pfn)slots_take(stream->pool.slots, 1);
        for (unsigned i = 0; i < FRAME_PAGES; i++)
            slots_give(stream->pool.slots, (int64_t)pfns[i], 1);
    }
    return (double)(bench_now_ns() - start_ns);
}

static void stream_init(struct stream *stream, struct mm *mm, struct slot_list *slots,
                        unsigned percent, unsigned pages)
{
    struct sim_rng rng;

    memset(stream, 0, sizeof *stream);
    sim_rng_init(&rng, 1, "bench.stream");
    for (unsigned i = 0; i < STEPS_MAX; i++)
        stream->victim[i] = (uint8_t)sim_rng_below(&rng, WINDOW);
    stream->pool.mm = mm;
    stream->pool.slots = slots;
    stream->pages = pages;
    stream->steps = pages == 1 ? STEPS_MAX : STEPS_OF_RUNS;
    age(&stream->pool, percent);
    for (unsigned i = 0; i < WINDOW; i++)
        stream->window[i].at = NOTHING;
}

static void print_refused(const char *name, const char *side, const struct stream *stream)
{
    char text[128];

    snprintf(text, sizeof text, "%s, refused by the %s", name, side);
    bench_value(text, "%", 100.0 * (double)stream->refused / (double)stream->requests);
}

static void compare(unsigned rounds, unsigned percent, unsigned pages, bool frames)
{
    static struct slot_list slots;
    static struct stream reference, subject;
    struct mm_config memory = {.ram_bytes = UINT64_C(1) << 30, .low_memory_bytes = POOL_BYTES};
    struct hal_config config = {0};
    bench_side_fn *run = frames ? run_frames : run_stream;
    struct bench_pair pair;
    struct world world;
    char name[64];

    world_create(&world, &memory, &config);
    slots_init(&slots);
    stream_init(&reference, NULL, &slots, percent, pages);
    stream_init(&subject, world.mm, NULL, percent, pages);
    bench_duel(&pair, rounds, &(struct bench_side){run, &reference},
               &(struct bench_side){run, &subject});
    snprintf(name, sizeof name, "%s%u KB at %u %%", frames ? "all pages of a frame, each " : "",
             pages * 4, percent);
    bench_print_pair("P4", name, "ns", frames ? FRAMES * FRAME_PAGES : subject.steps, &pair);
    if (pages != 1) {
        print_refused(name, "reference", &reference);
        print_refused(name, "subject", &subject);
    }
    world_destroy(&world);
}

int main(int argc, char **argv)
{
    static const unsigned percents[] = {0, 25, 75, 95}, sizes[] = {1, 16, 64};
    unsigned rounds = bench_rounds(argc > 1 ? argv[1] : NULL);

    bench_pin(0);
    bench_begin("mapreg");
    for (unsigned i = 0; i < ARRAY_LEN(percents); i++)
        compare(rounds, percents[i], 1, true);
    for (unsigned size = 0; size < ARRAY_LEN(sizes); size++) {
        for (unsigned i = 0; i < ARRAY_LEN(percents); i++)
            compare(rounds, percents[i], sizes[size], false);
    }
    bench_end();
    return 0;
}
