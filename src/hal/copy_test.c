/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"
#include "hal/copy.h"
#include "sim/sim.h"

/* Two memories of pages; pieces lie anywhere in their own page, so that they never overlap. */
enum { PAGE = 4096, PAGES = 48, BYTES = PAGES * PAGE, CASES = 400 };

struct room {
    uint8_t buffer[BYTES];
    uint8_t bounce[BYTES];
};

static struct room before, ours, theirs;

static void fill(struct sim_rng *rng)
{
    for (size_t i = 0; i < BYTES; i++) {
        before.buffer[i] = (uint8_t)sim_rng_u64(rng);
        before.bounce[i] = (uint8_t)sim_rng_u64(rng);
    }
}

static void shuffle(struct sim_rng *rng, unsigned *pages)
{
    for (unsigned i = 0; i < PAGES; i++)
        pages[i] = i;
    for (unsigned i = PAGES - 1; i != 0; i--) {
        unsigned j = (unsigned)sim_rng_below(rng, i + 1);
        unsigned page = pages[i];

        pages[i] = pages[j];
        pages[j] = page;
    }
}

/* Whole pages mostly, else any length at any offset, an own one on either side. */
static size_t make_pieces(struct sim_rng *rng, struct room *room, struct copy_piece *pieces)
{
    size_t count = (size_t)sim_rng_below(rng, PAGES + 1);
    unsigned buffers[PAGES], bounces[PAGES];

    shuffle(rng, buffers);
    shuffle(rng, bounces);
    for (size_t i = 0; i < count; i++) {
        bool whole = sim_rng_below(rng, 8) != 0;
        uint32_t size = whole ? PAGE : (uint32_t)sim_rng_below(rng, PAGE + 1);
        uint64_t slack = PAGE - size;

        pieces[i] = (struct copy_piece){
            .buffer = room->buffer + buffers[i] * PAGE + sim_rng_below(rng, slack + 1),
            .bounce = room->bounce + bounces[i] * PAGE + sim_rng_below(rng, slack + 1),
            .size_bytes = size,
        };
    }
    return count;
}

static void copy_by_memcpy(const struct copy_piece *pieces, size_t count, bool to_bounce)
{
    for (size_t i = 0; i < count; i++) {
        if (to_bounce)
            memcpy(pieces[i].bounce, pieces[i].buffer, pieces[i].size_bytes);
        else
            memcpy(pieces[i].buffer, pieces[i].bounce, pieces[i].size_bytes);
    }
}

/* Every byte of both memories, so that a byte too many is seen as well. */
static void compare_with_memcpy(const struct copy_kernel *kernel, uint64_t seed)
{
    struct copy_piece pieces[PAGES];
    struct sim_rng rng;

    sim_rng_init(&rng, seed, "copy");
    fill(&rng);
    for (unsigned i = 0; i < CASES; i++) {
        struct sim_rng same = rng;
        bool to_bounce = i % 2 == 0;
        size_t count;

        memcpy(&theirs, &before, sizeof theirs);
        memcpy(&ours, &before, sizeof ours);
        copy_by_memcpy(pieces, make_pieces(&same, &theirs, pieces), to_bounce);
        count = make_pieces(&rng, &ours, pieces);
        if (to_bounce)
            copy_to_bounce(kernel, pieces, count);
        else
            copy_from_bounce(kernel, pieces, count);
        assert_memory_equal(&ours, &theirs, sizeof ours);
    }
}

static void every_kernel_gives_the_bytes_of_memcpy(void **state)
{
    const struct copy_kernel *kernel;

    (void)state;
    for (unsigned i = 0; (kernel = copy_kernel_at(i)) != NULL; i++) {
        if (kernel->runs_here())
            compare_with_memcpy(kernel, i);
        else
            printf("kernel %s: skipped, this CPU lacks it\n", kernel->name);
    }
}

static void what_is_chosen_runs_here_and_is_the_widest_that_reads_four_abreast(void **state)
{
    const struct copy_kernel *best = copy_best_to_bounce();

    (void)state;
    assert_true(best->runs_here());
    assert_non_null(best->four);
    for (unsigned i = 0; copy_kernel_at(i) != best; i++)
        assert_false(copy_kernel_at(i)->runs_here());
    assert_true(copy_best_from_bounce()->runs_here());
}

static void no_pieces_are_no_copy(void **state)
{
    (void)state;
    copy_to_bounce(copy_best_to_bounce(), NULL, 0);
    copy_from_bounce(copy_best_from_bounce(), NULL, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_gives_the_bytes_of_memcpy),
        cmocka_unit_test(what_is_chosen_runs_here_and_is_the_widest_that_reads_four_abreast),
        cmocka_unit_test(no_pieces_are_no_copy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
