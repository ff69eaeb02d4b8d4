/* SPDX-License-Identifier: MIT */
/* A driver feeds hardware through clones, its DPC gives them back, and a client does what clients
 * do, in an order that the seed decides: whatever the interleaving, every read ends, nothing stays
 * mapped, nobody complains. */
#include "ks/ks_world.h"

enum { SEEDS = 12, STEPS = 60, HARDWARE_DEPTH = 4, FRAME_BYTES = 6 * 4096 };

/* The driver: clones wait in hardware[], oldest first, until a timer's DPC finishes them. */
static PKSSTREAM_POINTER hardware[HARDWARE_DEPTH];
static unsigned in_hardware;
static KSPIN_LOCK hardware_lock;
static KTIMER frame_timer;
static KDPC frame_dpc;

static void forget(PKSSTREAM_POINTER clone)
{
    for (unsigned i = 0; i < in_hardware; i++) {
        if (hardware[i] != clone)
            continue;
        memmove(&hardware[i], &hardware[i + 1], (in_hardware - i - 1) * sizeof hardware[0]);
        in_hardware--;
        return;
    }
}

static void NTAPI clone_cancelled(PKSSTREAM_POINTER clone)
{
    KIRQL irql;

    KeAcquireSpinLock(&hardware_lock, &irql);
    forget(clone);
    KeReleaseSpinLock(&hardware_lock, irql);
    KsStreamPointerDelete(clone);
}

/* One frame to the hardware; false when it is full or there is none. */
static bool feed(PKSPIN pin)
{
    PKSSTREAM_POINTER lead, clone;
    bool fed = false;
    KIRQL irql;

    if (in_hardware == HARDWARE_DEPTH)
        return false;
    lead = KsPinGetLeadingEdgeStreamPointer(pin, KSSTREAM_POINTER_STATE_LOCKED);
    if (lead == NULL)
        return false;
    if (NT_SUCCESS(KsStreamPointerClone(lead, clone_cancelled, sizeof(ULONG), &clone))) {
        clone->StreamHeader->DataUsed = 0;
        KeAcquireSpinLock(&hardware_lock, &irql);
        hardware[in_hardware++] = clone;
        KeReleaseSpinLock(&hardware_lock, irql);
        fed = true;
    }
    KsStreamPointerUnlock(lead, fed);
    return fed;
}

static NTSTATUS NTAPI process(PKSPIN pin)
{
    while (feed(pin))
        continue;
    return STATUS_PENDING;
}

static PKSSTREAM_POINTER take_oldest(void)
{
    PKSSTREAM_POINTER clone = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&hardware_lock, &irql);
    if (in_hardware != 0) {
        clone = hardware[0];
        forget(clone);
    }
    KeReleaseSpinLock(&hardware_lock, irql);
    return clone;
}

static void NTAPI frame_done(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PKSSTREAM_POINTER clone = take_oldest();
    PKSPIN pin;

    (void)Dpc;
    (void)Context;
    (void)Argument1;
    (void)Argument2;
    if (clone == NULL)
        return;
    pin = clone->Pin;
    clone->StreamHeader->DataUsed = FRAME_BYTES;
    KsStreamPointerDelete(clone);
    KsPinAttemptProcessing(pin, FALSE);
}

static NTSTATUS set_state(PKSPIN pin, KSSTATE to, KSSTATE from)
{
    LARGE_INTEGER due = {.QuadPart = -5000};
    PKSSTREAM_POINTER clone;

    (void)pin;
    if (to == KSSTATE_RUN)
        KeSetTimerEx(&frame_timer, due, 1, &frame_dpc);
    if (from == KSSTATE_RUN) {
        KeCancelTimer(&frame_timer);
        KeFlushQueuedDpcs();
    }
    if (to == KSSTATE_ACQUIRE && from == KSSTATE_PAUSE) {
        while ((clone = take_oldest()) != NULL) {
            clone->StreamHeader->DataUsed = 0;
            KsStreamPointerDelete(clone);
        }
    }
    return STATUS_SUCCESS;
}

/* ---- The client ------------------------------------------------------------------------------ */

static void queue_again(struct sim_rng *rng)
{
    unsigned headers = 1 + (unsigned)sim_rng_below(rng, 3);

    if (world->request_count < WORLD_READS)
        world_queue(headers, FRAME_BYTES, (ULONG)sim_rng_below(rng, 4096));
}

static void expect_all_done(void)
{
    struct hal_figures figures;

    for (unsigned i = 0; i < world->request_count; i++) {
        if (world->requests[i].sent == STATUS_PENDING)
            assert_int_not_equal(world_wait(&world->requests[i]), STATUS_TIMEOUT);
    }
    hal_figures(world->hal, &figures);
    assert_int_equal(figures.lists_live, 0);
    assert_int_equal(figures.registers_in_use, 0);
    assert_int_equal(in_hardware, 0);
    world_free_requests();
}

static void step(struct sim_rng *rng)
{
    switch (sim_rng_below(rng, 12)) {
    case 0:
        io_file_cancel(world->pin_file);
        break;
    case 1:
        world_state(KSSTATE_PAUSE);
        break;
    case 2:
        world_state(KSSTATE_STOP);
        expect_all_done();
        break;
    case 3:
        if (world->request_count != 0 &&
            !world_is_done(&world->requests[world->request_count - 1]) &&
            world->requests[world->request_count - 1].sent == STATUS_PENDING)
            IoCancelIrp(world->requests[world->request_count - 1].irp);
        break;
    case 4:
        sleep_ms((int64_t)sim_rng_below(rng, 5));
        break;
    case 5:
    case 6:
        world_state(KSSTATE_RUN);
        break;
    default:
        queue_again(rng);
        break;
    }
}

static void client(void)
{
    struct sim_rng rng;

    sim_rng_init(&rng, world->config->seed, "stress");
    KeInitializeSpinLock(&hardware_lock);
    KeInitializeTimer(&frame_timer);
    KeInitializeDpc(&frame_dpc, frame_done, NULL);
    in_hardware = 0;
    world_begin();
    for (unsigned i = 0; i < STEPS; i++) {
        world->log[0] = 0;
        step(&rng);
    }
    world->log[0] = 0;
    if (world->config->seed % 2 == 0) {
        world_close_pin(); /* the client dies wherever it is */
        world->log[0] = 0;
    } else {
        assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS);
    }
    expect_all_done();
    world_end();
}

static void live_with(ULONG flags, uint32_t map_registers)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct world_config config = {.windows = KE_WINDOWS_10,
                                      .seed = seed,
                                      .cpus = 4,
                                      .pin_flags = flags,
                                      .address32 = map_registers != 0,
                                      .force_bounce = map_registers != 0,
                                      .map_registers = map_registers,
                                      .process = process,
                                      .set_state = set_state};

        world_live(&config, client);
    }
}

static void mapped_pins_end_clean_whatever_the_interleaving(void **state)
{
    (void)state;
    live_with(KSPIN_FLAG_GENERATE_MAPPINGS, 0);
}

static void scarce_map_registers_end_clean_whatever_the_interleaving(void **state)
{
    (void)state;
    live_with(KSPIN_FLAG_GENERATE_MAPPINGS | KSPIN_FLAG_PROCESS_IN_RUN_STATE_ONLY, 16);
}

static void processing_at_dispatch_level_ends_clean_whatever_the_interleaving(void **state)
{
    (void)state;
    live_with(KSPIN_FLAG_DISPATCH_LEVEL_PROCESSING | KSPIN_FLAG_ENFORCE_FIFO, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mapped_pins_end_clean_whatever_the_interleaving),
        cmocka_unit_test(scarce_map_registers_end_clean_whatever_the_interleaving),
        cmocka_unit_test(processing_at_dispatch_level_ends_clean_whatever_the_interleaving),
    };

    return cmocka_run_group_tests_name("stress", tests, NULL, NULL);
}
