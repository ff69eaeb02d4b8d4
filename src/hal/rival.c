/* SPDX-License-Identifier: MIT */
#include "hal/rival.h"

#include <errno.h>

#include "hal/state.h"

enum {
    TAG = 0x6C615669, /* "iVal" */
    SPARED = 40, /* the part of low memory it never takes is one of so many */
    LONGEST_MS = 20,
    BLOCKS = 256, /* how many about make up all of low memory */
    BLOCK_PAGES_MIN = 32
};
static const uint64_t patience_ns = 2000000000;

struct rival_clock {
    KTIMER timer;
    KDPC dpc;
};

/* ---- How much to hold ------------------------------------------------------------------------ */

/* Anything between nothing and all as often as the nearer of the two ends is far away, and the ends
 * themselves so that the mean is right: a/2 + b = share, with a + b <= 1. Per 2000. */
static uint64_t draw_target(struct hal_rival *rival)
{
    uint64_t share = rival->share;
    uint64_t between = share < 1000 - share ? share : 1000 - share;
    uint64_t draw = sim_rng_below(&rival->rng, 2000);

    if (draw < 2 * between)
        return sim_rng_below(&rival->rng, rival->most_pages + 1);
    return draw < between + 2 * share ? rival->most_pages : 0;
}

/* ---- Taking and giving ----------------------------------------------------------------------- */

/* Blocks of many lengths, as fits; when not even a page is left, others have it all. */
static void take(struct hal *hal)
{
    struct hal_rival *rival = &hal->rival;
    uint64_t target = rival->target_pages;
    uint64_t longest = hal->low_pages / BLOCKS;

    if (longest < BLOCK_PAGES_MIN)
        longest = BLOCK_PAGES_MIN;
    while (rival->held_pages < target && longest != 0) {
        uint64_t left = target - rival->held_pages;
        struct rival_block block = {.pages = 1 + sim_rng_below(&rival->rng, longest)};

        if (block.pages > left)
            block.pages = left;
        if (array_reserve(&rival->blocks, rival->blocks.count + 1) != 0)
            return;
        block.first = mm_low_allocate(hal->mm, block.pages, 1, 0);
        if (block.first == MM_PFN_NONE) {
            longest = block.pages / 2;
            continue;
        }
        array_push(&rival->blocks, block);
        rival->held_pages += block.pages;
    }
}

static void give(struct hal *hal)
{
    struct hal_rival *rival = &hal->rival;

    while (rival->held_pages > rival->target_pages) {
        size_t at = (size_t)sim_rng_below(&rival->rng, rival->blocks.count);
        struct rival_block block = rival->blocks.items[at];

        rival->blocks.items[at] = rival->blocks.items[--rival->blocks.count];
        rival->held_pages -= block.pages;
        mm_low_free(hal->mm, block.first, block.pages);
    }
}

/* True when there is more for the others than before. */
static bool move_to(struct hal *hal, uint64_t target)
{
    struct hal_rival *rival = &hal->rival;
    uint64_t before = rival->held_pages;

    rival->target_pages = target;
    give(hal);
    take(hal);
    if (rival->held_pages != before)
        TRACE(hal->trace, low_memory_rival, rival->held_pages, mm_low_free_pages(hal->mm));
    return rival->held_pages < before;
}

void rival_claim(struct hal *hal)
{
    if (hal->rival.held_pages < hal->rival.target_pages)
        move_to(hal, hal->rival.target_pages);
}

/* ---- When ------------------------------------------------------------------------------------ */

static void set_clock(struct hal_rival *rival)
{
    LONGLONG wait_ms = 1 + (LONGLONG)sim_rng_below(&rival->rng, LONGEST_MS);
    LARGE_INTEGER due = {.QuadPart = -wait_ms * 10000};

    KeSetTimer(&rival->clock->timer, due, &rival->clock->dpc);
}

static void NTAPI rearrange(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    struct hal *hal = hal_here();
    struct hal_rival *rival = &hal->rival;
    bool bored = sim_now_ns(hal->sim) - rival->wanted_ns > patience_ns;
    bool gave;

    (void)Dpc;
    (void)Context;
    (void)Argument1;
    (void)Argument2;
    rival->awake = !bored;
    gave = move_to(hal, bored ? 0 : draw_target(rival));
    if (rival->awake)
        set_clock(rival);
    if (gave)
        registers_serve(hal);
}

void rival_wake(struct hal *hal)
{
    struct hal_rival *rival = &hal->rival;

    if (rival->most_pages == 0)
        return;
    rival->wanted_ns = sim_now_ns(hal->sim);
    if (rival->awake)
        return;
    rival->awake = true;
    move_to(hal, draw_target(rival));
    set_clock(rival);
}

/* ---- Life ------------------------------------------------------------------------------------ */

/* No host address may be found in lists that drivers' timers and DPCs hang in too. */
static int make_clock(struct hal_rival *rival)
{
    PKDEFERRED_ROUTINE routine =
        (PKDEFERRED_ROUTINE)ke_thunk((const void *)(rearrange), "low-memory rival", 0);

    rival->clock = ExAllocatePoolWithTag(NonPagedPool, sizeof *rival->clock, TAG);
    if (rival->clock == NULL)
        return -ENOMEM;
    KeInitializeTimer(&rival->clock->timer);
    KeInitializeDpc(&rival->clock->dpc, routine, NULL);
    return 0;
}

int rival_init(struct hal *hal)
{
    struct hal_rival *rival = &hal->rival;
    uint32_t pressure = hal->config.low_memory_pressure;

    if (pressure == 0)
        return 0;
    if (pressure > RIVAL_PRESSURE_MAX)
        return -EINVAL;
    sim_rng_init(&rival->rng, sim_seed(hal->sim), "hal.rival");
    rival->most_pages = hal->low_pages - hal->low_pages / SPARED - 1;
    rival->share = (uint32_t)(pressure * hal->low_pages / rival->most_pages);
    return make_clock(rival);
}

void rival_fini(struct hal *hal)
{
    struct hal_rival *rival = &hal->rival;

    if (rival->clock != NULL) {
        KeCancelTimer(&rival->clock->timer);
        KeRemoveQueueDpc(&rival->clock->dpc);
        ExFreePoolWithTag(rival->clock, TAG);
    }
    rival->target_pages = 0;
    give(hal);
    array_fini(&rival->blocks);
}
