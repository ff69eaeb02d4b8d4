/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hal/testbed.h"

enum { LOW_MEMORY = 8 << 20, LOW_PAGES = LOW_MEMORY / 4096 };

static struct hal_bed bed;

static void start(uint32_t pressure)
{
    struct mm_config mm = {.ram_bytes = GIB, .low_memory_bytes = LOW_MEMORY};
    struct hal_config config = {.force_bounce = true, .low_memory_pressure = pressure};

    hal_bed_start(&bed, &mm, &config);
}

static void sleep_ms(int64_t ms)
{
    LARGE_INTEGER interval = {.QuadPart = -ms * 10000};

    assert_int_equal(KeDelayExecutionThread(KernelMode, FALSE, &interval), STATUS_SUCCESS);
}

/* ---- How much -------------------------------------------------------------------------------- */

enum { SAMPLES = 10000 };
struct samples {
    uint64_t sum, most;
    uint64_t hash;
    unsigned nothing, all; /* how often it held none, or all it may */
};

/* Somebody wants low memory all the time; what does the rival hold meanwhile? */
static void watch(void *ctx)
{
    struct samples *samples = ctx;

    for (unsigned i = 0; i < SAMPLES; i++) {
        rival_wake(bed.hal);
        sleep_ms(5);
        samples->sum += bed.hal->rival.held_pages;
        samples->hash = samples->hash * 31 + mm_low_free_pages(bed.base.mm);
        samples->nothing += bed.hal->rival.held_pages == 0;
        samples->all += bed.hal->rival.held_pages == bed.hal->rival.most_pages;
        if (bed.hal->rival.held_pages > samples->most)
            samples->most = bed.hal->rival.held_pages;
        assert_int_equal(bed.hal->rival.held_pages + mm_low_free_pages(bed.base.mm), LOW_PAGES);
    }
    sim_stop(bed.base.sim, 0);
}

static void watch_under(uint32_t pressure, struct samples *samples)
{
    memset(samples, 0, sizeof *samples);
    start(pressure);
    assert_int_equal(testbed_run(&bed.base, watch, samples), 0);
    hal_bed_stop(&bed);
}

static void it_holds_as_much_as_it_was_told_on_average(void **state)
{
    static const uint32_t pressures[] = {50, 300, 500, 800, 950};

    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(pressures); i++) {
        struct samples samples;
        uint64_t held;

        watch_under(pressures[i], &samples);
        held = samples.sum * 1000 / SAMPLES / LOW_PAGES;
        assert_in_range(held, pressures[i] - 40, pressures[i] + 40);
        assert_true(samples.most < LOW_PAGES);
        assert_true(samples.nothing > 0); /* sooner or later others get what they want */
        assert_true(samples.all > 0);
    }
}

static void the_same_seed_takes_and_gives_the_same(void **state)
{
    struct samples first, second, other;

    (void)state;
    watch_under(500, &first);
    watch_under(500, &second);
    watch_under(510, &other);
    assert_true(first.hash == second.hash);
    assert_true(first.hash != other.hash);
}

static void without_pressure_there_is_no_rival(void **state)
{
    struct samples samples;

    (void)state;
    watch_under(0, &samples);
    assert_int_equal(samples.most, 0);
}

static void pressure_that_leaves_nothing_is_refused(void **state)
{
    struct hal_config config = {.low_memory_pressure = RIVAL_PRESSURE_MAX + 1};
    struct hal *hal;

    (void)state;
    start(0);
    assert_int_equal(hal_create(bed.base.ke, bed.base.mm, &config, &hal), -EINVAL);
    hal_bed_stop(&bed);
}

/* ---- Others ---------------------------------------------------------------------------------- */

struct got {
    PSCATTER_GATHER_LIST list;
    unsigned calls;
    KIRQL irql;
};

static void NTAPI keep_list(PDEVICE_OBJECT device, PIRP irp, PSCATTER_GATHER_LIST list,
                            PVOID context)
{
    struct got *got = context;

    (void)device;
    (void)irp;
    got->list = list;
    got->calls++;
    got->irql = ke_irql();
}

/* Half of all low memory, again and again: sometimes it must wait until the rival gives. */
static void bounce_half_of_it(void *ctx)
{
    unsigned *waited = ctx;
    ULONG bytes = LOW_MEMORY / 2, registers;
    PDMA_ADAPTER a = hal_bed_adapter(&bed, true, true, bytes, &registers);
    const DMA_OPERATIONS *operations = hal_bed_operations(&bed, a);
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, bytes, 0, &va);

    for (unsigned i = 0; i < 100; i++) {
        struct got got = {0};

        ke_irql_raise(DISPATCH_LEVEL);
        assert_int_equal(operations->GetScatterGatherList(a, NULL, mdl, (PVOID)va, bytes,
                                                          keep_list, &got, FALSE),
                         STATUS_SUCCESS);
        *waited += got.calls == 0;
        ke_irql_lower(PASSIVE_LEVEL);
        for (unsigned ms = 0; got.calls == 0 && ms < 1000; ms++)
            sleep_ms(1);
        assert_int_equal(got.calls, 1);
        assert_int_equal(got.irql, DISPATCH_LEVEL);
        assert_true(bed.hal->rival.held_pages <= LOW_PAGES / 2); /* nobody's page is given twice */
        ke_irql_raise(DISPATCH_LEVEL);
        operations->PutScatterGatherList(a, got.list, FALSE);
        ke_irql_lower(PASSIVE_LEVEL);
        sleep_ms(3);
    }
    operations->PutDmaAdapter(a);
    sim_stop(bed.base.sim, 0);
}

static void what_it_gives_back_goes_to_whoever_waits(void **state)
{
    unsigned waited = 0;

    (void)state;
    start(600);
    assert_int_equal(testbed_run(&bed.base, bounce_half_of_it, &waited), 0);
    assert_in_range(waited, 10, 80);
    assert_int_equal(testbed_findings(&bed.base, VERIFY_adapter_leftover), 0);
    hal_bed_stop(&bed);
}

static void ask_for_too_much(void *ctx)
{
    ULONG bytes = LOW_MEMORY + 4096, registers;
    PDMA_ADAPTER a = hal_bed_adapter(&bed, true, true, bytes, &registers);
    const DMA_OPERATIONS *operations = hal_bed_operations(&bed, a);
    uint64_t va;
    PMDL mdl = hal_bed_buffer(&bed, bytes, 0, &va);
    struct got got = {0};

    (void)ctx;
    rival_wake(bed.hal);
    ke_irql_raise(DISPATCH_LEVEL);
    assert_int_equal(operations->GetScatterGatherList(a, NULL, mdl, (PVOID)va, bytes, keep_list,
                                                      &got, FALSE),
                     STATUS_INSUFFICIENT_RESOURCES);
    ke_irql_lower(PASSIVE_LEVEL);
    operations->PutDmaAdapter(a);
    sim_stop(bed.base.sim, 0);
}

static void more_than_there_ever_is_does_not_wait_for_it(void **state)
{
    (void)state;
    start(900);
    assert_int_equal(testbed_run(&bed.base, ask_for_too_much, NULL), 0);
    hal_bed_stop(&bed);
}

/* ---- The end --------------------------------------------------------------------------------- */

static void wait_for_ever(void *ctx)
{
    KEVENT *event = ExAllocatePoolWithTag(NonPagedPool, sizeof *event, 'tseT');

    (void)ctx;
    KeInitializeEvent(event, NotificationEvent, FALSE);
    rival_wake(bed.hal);
    KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
    fail();
}

static void a_machine_that_stands_still_is_seen_to(void **state)
{
    (void)state;
    start(500);
    assert_int_equal(testbed_run(&bed.base, wait_for_ever, NULL), SIM_STOPPED_BY_STALL);
    assert_int_equal(mm_low_free_pages(bed.base.mm), LOW_PAGES);
    hal_bed_stop(&bed);
}

static void sleep_and_wake(void *ctx)
{
    (void)ctx;
    for (unsigned i = 0; i < 3; i++) {
        rival_wake(bed.hal);
        sleep_ms(3000);
        assert_int_equal(mm_low_free_pages(bed.base.mm), LOW_PAGES);
        assert_false(bed.hal->rival.awake);
    }
    rival_wake(bed.hal);
    assert_true(bed.hal->rival.awake);
    sim_stop(bed.base.sim, 0);
}

static void it_gives_all_back_when_nobody_wants_any_and_comes_again(void **state)
{
    struct mm *mm;

    (void)state;
    start(900);
    assert_int_equal(testbed_run(&bed.base, sleep_and_wake, NULL), 0);
    mm = bed.base.mm;
    hal_destroy(bed.hal);
    assert_int_equal(mm_low_free_pages(mm), LOW_PAGES);
    testbed_stop(&bed.base);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_holds_as_much_as_it_was_told_on_average),
        cmocka_unit_test(the_same_seed_takes_and_gives_the_same),
        cmocka_unit_test(without_pressure_there_is_no_rival),
        cmocka_unit_test(pressure_that_leaves_nothing_is_refused),
        cmocka_unit_test(what_it_gives_back_goes_to_whoever_waits),
        cmocka_unit_test(more_than_there_ever_is_does_not_wait_for_it),
        cmocka_unit_test(a_machine_that_stands_still_is_seen_to),
        cmocka_unit_test(it_gives_all_back_when_nobody_wants_any_and_comes_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
