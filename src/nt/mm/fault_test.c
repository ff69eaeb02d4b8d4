/* SPDX-License-Identifier: MIT */
/* Faults as they really come: the processor's, through ke's trap layer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/host.h"
#include "mm/mdl.h"
#include "mm/testbed.h"

enum { FRAME = 1920 * 1080 * 2, FRAME_PAGES = 1013 };
#define GIB (UINT64_C(1) << 30)

static struct testbed bed;

static int start(void **state)
{
    struct mm_config config = {.ram_bytes = 8 * GIB, .client_mappings = 2000};

    (void)state;
    testbed_start(&bed, 7, &config);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    testbed_stop(&bed);
    return 0;
}

/* Traps are on within the test only: cmocka sets signal handlers of its own around each. */
static void run(ke_thread_fn *fn, void *ctx)
{
    struct ke_trap_config traps = {0};

    assert_int_equal(ke_traps_install(bed.ke, &traps), 0);
    assert_int_equal(testbed_run(&bed, fn, ctx), KE_STOP_DONE);
    ke_traps_remove(bed.ke);
}

static void finish(void)
{
    sim_stop(bed.sim, KE_STOP_DONE);
}

static void write_three_frames(void *ctx)
{
    uint64_t *vas = ctx;

    for (unsigned round = 0; round < 2; round++) {
        for (unsigned frame = 0; frame < 3; frame++) {
            for (unsigned page = 0; page < FRAME_PAGES; page++)
                *(volatile uint32_t *)(vas[frame] + page * 4096ull) += frame * 10000 + page;
        }
    }
    finish();
}

/* Three frames need more host mappings than the budget has, so some are lost and made again. */
static void untouched_pages_appear_when_they_are_touched(void **state)
{
    uint64_t vas[3];

    (void)state;
    for (unsigned frame = 0; frame < 3; frame++)
        assert_int_equal(mm_user_allocate(bed.mm, FRAME, 0, &vas[frame]), 0);
    run(write_three_frames, vas);
    for (unsigned frame = 0; frame < 3; frame++) {
        for (unsigned page = 0; page < FRAME_PAGES; page++) {
            uint32_t found;

            assert_true(mm_copy_from_va(bed.mm, &found, vas[frame] + page * 4096ull, 4));
            assert_int_equal(found, 2 * (frame * 10000 + page));
        }
    }
    assert_true(bed.mm->demand.evictions > 0);
    assert_in_range(bed.mm->demand.mappings, 1, 2000);
}

static void map_and_fill(void *ctx)
{
    PMDL mdl = ctx;

    for (unsigned round = 0; round < 3; round++) {
        uint8_t *system = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);

        memset(system, (int)round + 1, FRAME);
        MmUnmapLockedPages(system, mdl);
    }
    finish();
}

static void a_mapped_mdl_is_written_through_its_system_address(void **state)
{
    uint64_t va;
    uint8_t byte;
    PMDL mdl;

    (void)state;
    assert_int_equal(mm_user_allocate(bed.mm, FRAME, 0, &va), 0);
    mdl = IoAllocateMdl((PVOID)va, FRAME, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, UserMode, IoWriteAccess);
    run(map_and_fill, mdl);
    assert_true(mm_copy_from_va(bed.mm, &byte, va + FRAME - 1, 1));
    assert_int_equal(byte, 3);
}

static void fill_a_large_block(void *ctx)
{
    struct mm_pool_request request = {.size_bytes = 3 << 20, .tag = 1};
    uint8_t *block = mm_pool_allocate(bed.mm, &request);

    (void)ctx;
    memset(block, 5, 3 << 20);
    mm_pool_free(bed.mm, block, 1);
    finish();
}

static void a_large_pool_block_needs_no_care(void **state)
{
    (void)state;
    run(fill_a_large_block, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(untouched_pages_appear_when_they_are_touched),
        TEST(a_mapped_mdl_is_written_through_its_system_address),
        TEST(a_large_pool_block_needs_no_care),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
