/* SPDX-License-Identifier: MIT */
/* Four pins of two filters compete for map registers that serve one frame and a half, on up to four
 * CPUs, with lists refused now and then, cancels, flushes, stops and closes while lists are owed.
 * Whatever the interleaving: every read ends, frames that were mapped carry what the card wrote,
 * nothing stays mapped, nobody waits for ever, nobody complains. WEIR_SEEDS says how many seeds. */
#include "ks/ks_world.h"

enum { SEEDS = 12, STEPS = 50, PINS = 4, DEPTH = 3, PAGES = 16, FRAME = PAGES * 4096 };

/* The driver: one card a pin, which finishes the oldest clone at each tick. */
struct lane {
    PFILE_OBJECT file;
    PKSPIN pin;
    PKSSTREAM_POINTER hardware[DEPTH];
    unsigned depth;
};

static struct lane lanes[PINS];
static KSPIN_LOCK lanes_lock;
static KTIMER card_timer;
static KDPC card_dpc;
static struct sim_rng card_rng;
static uint64_t failed_locks, finished;

static struct lane *lane_of(PKSPIN pin)
{
    for (unsigned i = 0; i < PINS; i++) {
        if (lanes[i].pin == pin)
            return &lanes[i];
    }
    fail_msg("a pin nobody opened");
    return NULL;
}

static PKSSTREAM_POINTER take(struct lane *lane, PKSSTREAM_POINTER wanted)
{
    PKSSTREAM_POINTER taken = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&lanes_lock, &irql);
    for (unsigned i = 0; i < lane->depth && taken == NULL; i++) {
        if (wanted != NULL && lane->hardware[i] != wanted)
            continue;
        taken = lane->hardware[i];
        memmove(&lane->hardware[i], &lane->hardware[i + 1],
                (lane->depth - i - 1) * sizeof lane->hardware[0]);
        lane->depth--;
    }
    KeReleaseSpinLock(&lanes_lock, irql);
    return taken;
}

static void NTAPI clone_cancelled(PKSSTREAM_POINTER clone)
{
    take(lane_of(clone->Pin), clone);
    KsStreamPointerDelete(clone);
}

static bool feed(struct lane *lane)
{
    PKSSTREAM_POINTER lead, clone;
    KIRQL irql;
    bool fed;

    if (lane->depth == DEPTH)
        return false;
    lead = KsPinGetLeadingEdgeStreamPointer(lane->pin, KSSTREAM_POINTER_STATE_LOCKED);
    if (lead == NULL)
        return false;
    fed = NT_SUCCESS(KsStreamPointerClone(lead, clone_cancelled, 0, &clone));
    if (fed) {
        clone->StreamHeader->DataUsed = 0;
        KeAcquireSpinLock(&lanes_lock, &irql);
        lane->hardware[lane->depth++] = clone;
        KeReleaseSpinLock(&lanes_lock, irql);
    }
    KsStreamPointerUnlock(lead, fed);
    return fed;
}

/* Returns what is documented for a routine that did all it could. */
static NTSTATUS NTAPI process(PKSPIN pin)
{
    struct lane *lane = lane_of(pin);

    while (feed(lane))
        continue;
    return lane->depth == DEPTH ? STATUS_PENDING : STATUS_SUCCESS;
}

/* The card writes its number into every byte that the table covers. */
static void write_frame(PKSSTREAM_POINTER clone, UCHAR value)
{
    static UCHAR bytes[FRAME];

    memset(bytes, value, sizeof bytes);
    for (ULONG i = 0; i < clone->Offset->Count; i++) {
        KSMAPPING *mapping = &clone->Offset->Mappings[i];

        assert_int_equal(hw_dma_write(world->card, (uint64_t)mapping->PhysicalAddress.QuadPart,
                                      bytes, mapping->ByteCount),
                         0);
    }
}

static void finish_oldest(struct lane *lane)
{
    PKSSTREAM_POINTER clone = take(lane, NULL);
    PKSPIN pin = lane->pin;

    if (clone == NULL)
        return;
    write_frame(clone, 0x5a);
    clone->StreamHeader->DataUsed = FRAME;
    finished++;
    KsStreamPointerDelete(clone);
    KsPinAttemptProcessing(pin, TRUE);
}

static void NTAPI card_tick(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    (void)Dpc;
    (void)Context;
    (void)Argument1;
    (void)Argument2;
    finish_oldest(&lanes[sim_rng_below(&card_rng, PINS)]);
}

static NTSTATUS set_state(PKSPIN pin, KSSTATE to, KSSTATE from)
{
    PKSSTREAM_POINTER clone;

    if (to != KSSTATE_ACQUIRE || from != KSSTATE_PAUSE)
        return STATUS_SUCCESS;
    while ((clone = take(lane_of(pin), NULL)) != NULL) {
        clone->StreamHeader->DataUsed = 0;
        KsStreamPointerDelete(clone);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS create(PKSPIN pin, PIRP irp)
{
    (void)irp;
    for (unsigned i = 0; i < PINS; i++) {
        if (lanes[i].pin == NULL) {
            lanes[i].pin = pin;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_UNSUCCESSFUL;
}

/* ---- The client ------------------------------------------------------------------------------ */

static void open_pins(PFILE_OBJECT second_filter)
{
    for (unsigned i = 0; i < PINS; i++) {
        lanes[i].file = i == 0 ? world->pin_file
                               : world_another_pin(i < 2 ? world->filter_file : second_filter);
        assert_int_equal(world_state_of(lanes[i].file, KSSTATE_RUN), STATUS_SUCCESS);
    }
}

static void reset(PFILE_OBJECT file, KSRESET to)
{
    ULONG_PTR information;
    uint64_t va;

    assert_int_equal(mm_user_allocate(world->mm, sizeof to, 0, &va), 0);
    assert_true(mm_copy_to_va(world->mm, va, &to, sizeof to));
    io_file_control_wait(file, IOCTL_KS_RESET_STATE, va, sizeof to, 0, 0, &information);
    mm_user_free(world->mm, va);
}

static void stop_and_run(PFILE_OBJECT file)
{
    assert_int_equal(world_state_of(file, KSSTATE_STOP), STATUS_SUCCESS);
    assert_int_equal(world_state_of(file, KSSTATE_RUN), STATUS_SUCCESS);
    world->log[0] = 0;
}

static void cancel_one(struct sim_rng *rng)
{
    struct world_request *request;

    if (world->request_count == 0)
        return;
    request = &world->requests[sim_rng_below(rng, world->request_count)];
    if (request->sent == STATUS_PENDING && !world_is_done(request))
        IoCancelIrp(request->irp);
}

static void step(struct sim_rng *rng)
{
    PFILE_OBJECT file = lanes[sim_rng_below(rng, PINS)].file;

    switch (sim_rng_below(rng, 16)) {
    case 0:
        cancel_one(rng);
        break;
    case 1:
        reset(file, KSRESET_BEGIN);
        reset(file, KSRESET_END);
        world->log[0] = 0;
        break;
    case 2:
        stop_and_run(file);
        break;
    case 3:
        assert_int_equal(sim_fault_arm(world->sim, "sg_list", 1 + sim_rng_below(rng, 4)), 0);
        break;
    case 4:
    case 5:
        sleep_ms((int64_t)sim_rng_below(rng, 4));
        break;
    default:
        if (world->request_count < WORLD_READS)
            world_queue_on(file, 1, FRAME, 0);
        break;
    }
}

static void expect_carried(const struct world_request *request)
{
    UCHAR bytes[2];

    assert_int_equal(world_header(request, 0).DataUsed, FRAME);
    assert_true(mm_copy_from_va(world->mm, &bytes[0], request->buffer_va[0], 1));
    assert_true(mm_copy_from_va(world->mm, &bytes[1], request->buffer_va[0] + FRAME - 1, 1));
    assert_int_equal(bytes[0], 0x5a);
    assert_int_equal(bytes[1], 0x5a);
}

static void expect_all_ended(bool undisturbed)
{
    for (unsigned i = 0; i < world->request_count; i++) {
        struct world_request *request = &world->requests[i];

        if (request->sent != STATUS_PENDING)
            continue;
        assert_int_not_equal(world_wait(request), STATUS_TIMEOUT);
        if (undisturbed)
            assert_int_equal(request->iosb.Status, STATUS_SUCCESS);
        if (request->iosb.Status == STATUS_SUCCESS && world_header(request, 0).DataUsed != 0)
            expect_carried(request);
    }
}

static void expect_nothing_held(void)
{
    struct hal_figures figures;

    hal_figures(world->hal, &figures);
    assert_int_equal(figures.lists_live, 0);
    assert_int_equal(figures.registers_in_use, 0);
}

static void begin(struct sim_rng *rng, PFILE_OBJECT *second_filter)
{
    LARGE_INTEGER due = {.QuadPart = -5000};

    sim_rng_init(rng, world->config->seed, "contention");
    sim_rng_init(&card_rng, world->config->seed, "contention.card");
    memset(lanes, 0, sizeof lanes);
    KeInitializeSpinLock(&lanes_lock);
    world_begin();
    *second_filter = world_another_filter();
    open_pins(*second_filter);
    KeInitializeTimer(&card_timer);
    KeInitializeDpc(&card_dpc, card_tick, NULL);
    KeSetTimerEx(&card_timer, due, 1, &card_dpc);
    world->log[0] = 0;
}

static void finish(PFILE_OBJECT second_filter)
{
    for (unsigned i = 1; i < PINS; i++)
        io_file_close(lanes[i].file);
    io_file_close(second_filter);
    world_close_pin();
    KeCancelTimer(&card_timer);
    KeFlushQueuedDpcs();
    world->log[0] = 0;
    expect_all_ended(false);
    expect_nothing_held();
    world_drain(world);
    failed_locks += world->events[TRACE_frame_lock_failed];
    world_end();
}

/* Nobody disturbs: all frames of all pins get through, though locks fail all the time. */
static void compete(void)
{
    PFILE_OBJECT second_filter;
    struct sim_rng rng;

    begin(&rng, &second_filter);
    for (unsigned i = 0; i < 40; i++) {
        world_queue_on(lanes[i % PINS].file, 1, FRAME, 0);
        if (i % 8 == 7)
            assert_int_equal(sim_fault_arm(world->sim, "sg_list", 1 + sim_rng_below(&rng, 4)), 0);
    }
    expect_all_ended(true);
    finish(second_filter);
}

static void compete_disturbed(void)
{
    PFILE_OBJECT second_filter;
    struct sim_rng rng;

    begin(&rng, &second_filter);
    for (unsigned i = 0; i < STEPS; i++)
        step(&rng);
    assert_int_equal(sim_fault_arm(world->sim, "sg_list", 0), 0);
    finish(second_filter);
}

/* Map registers run out, or the low memory behind them. */
static struct world_config config_for(uint64_t seed, ULONG flags, uint32_t low_memory_pressure)
{
    struct world_config config = {.windows = KE_WINDOWS_10,
                                  .seed = seed,
                                  .cpus = 1 + seed % 4,
                                  .pin_flags = KSPIN_FLAG_GENERATE_MAPPINGS | flags,
                                  .instances = 2,
                                  .address32 = true,
                                  .force_bounce = true,
                                  .limit_bytes = 0x3000,
                                  .create = create,
                                  .process = process,
                                  .set_state = set_state};

    if (low_memory_pressure == 0) {
        config.map_registers = PAGES * 3 / 2;
    } else {
        config.low_memory_bytes = MM_LOW_MEMORY_MIN;
        config.low_memory_pressure = low_memory_pressure;
    }
    return config;
}

static uint64_t seeds(void)
{
    const char *text = getenv("WEIR_SEEDS");

    return text != NULL ? strtoull(text, NULL, 10) : SEEDS;
}

static void live(void (*body)(void), ULONG flags, uint32_t low_memory_pressure)
{
    failed_locks = finished = 0;
    for (uint64_t seed = 1; seed <= seeds(); seed++) {
        struct world_config config = config_for(seed, flags, low_memory_pressure);

        world_live(&config, body);
    }
    assert_true(failed_locks > seeds());
    assert_true(finished > seeds());
}

static void every_frame_of_competing_pins_gets_through(void **state)
{
    (void)state;
    live(compete, 0, 0);
}

static void frames_of_pins_that_process_at_dispatch_level_get_through(void **state)
{
    (void)state;
    live(compete, KSPIN_FLAG_DISPATCH_LEVEL_PROCESSING, 0);
}

static void cancels_flushes_and_stops_end_clean_while_lists_are_owed(void **state)
{
    (void)state;
    live(compete_disturbed, 0, 0);
}

static void every_frame_gets_through_though_a_rival_takes_low_memory(void **state)
{
    (void)state;
    live(compete, 0, 700);
    live(compete_disturbed, 0, 700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_of_competing_pins_gets_through),
        cmocka_unit_test(frames_of_pins_that_process_at_dispatch_level_get_through),
        cmocka_unit_test(cancels_flushes_and_stops_end_clean_while_lists_are_owed),
        cmocka_unit_test(every_frame_gets_through_though_a_rival_takes_low_memory),
    };

    return cmocka_run_group_tests_name("contention", tests, NULL, NULL);
}
