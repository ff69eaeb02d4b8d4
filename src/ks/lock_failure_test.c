/* SPDX-License-Identifier: MIT */
/* Locks that fail although a frame is there: what the driver sees, when processing goes on, lists
 * that are refused, frames that are too long. */
#include "ks/scarce_world.h"

/* ---- What the driver sees -------------------------------------------------------------------- */

static void expect_waiting_frame(const struct pair *pair)
{
    assert_non_null(pair->lead->StreamHeader); /* on the new frame */
    assert_int_equal(pair->lead->Offset->Count, 0);
    assert_null(KsStreamPointerGetIrp(pair->lead, NULL, NULL)); /* and not locked */
    assert_null(leading(KSSTREAM_POINTER_STATE_LOCKED));
    assert_int_equal(KsStreamPointerLock(pair->lead), STATUS_DEVICE_NOT_READY);
    assert_int_equal(events(TRACE_dma_queued), 1); /* asked for once */
    assert_false(world_is_done(pair->second));
}

static void advance_onto_a_frame_without_registers(void)
{
    struct pair pair;

    begin_paused();
    pair = owe_second();
    expect_waiting_frame(&pair);
    finish(&pair);
    expect_it_can_be_locked(&pair);
    end();
}

static void advance_says_not_ready_and_stays_unlocked_on_the_new_frame(void **state)
{
    static const struct world_config config = {SCARCE(PLAYED)};

    (void)state;
    world_live(&config, advance_onto_a_frame_without_registers);
}

static void advance_offsets_onto_a_frame_without_registers(void)
{
    struct pair pair;

    begin_paused();
    pair = queue_pair();
    assert_int_equal(KsStreamPointerAdvanceOffsets(pair.lead, 0, pair.lead->Offset->Count, FALSE),
                     STATUS_DEVICE_NOT_READY);
    expect_waiting_frame(&pair);
    finish(&pair);
    expect_it_can_be_locked(&pair);
    end();
}

static void advance_offsets_says_not_ready_and_stays_unlocked_on_the_new_frame(void **state)
{
    static const struct world_config config = {SCARCE(PLAYED)};

    (void)state;
    world_live(&config, advance_offsets_onto_a_frame_without_registers);
}

static void eject_onto_a_frame_without_registers(void)
{
    struct pair pair;

    begin_paused();
    pair = queue_pair();
    assert_int_equal(KsStreamPointerAdvanceOffsets(pair.lead, 0, 0, TRUE), STATUS_DEVICE_NOT_READY);
    expect_waiting_frame(&pair);
    KsStreamPointerAdvanceOffsetsAndUnlock(pair.lead, 0, 1, FALSE); /* unlocked: nothing moves */
    assert_false(world_is_done(pair.second));
    finish(&pair);
    expect_it_can_be_locked(&pair);
    end();
}

static void an_ejected_pointer_is_unlocked_on_the_new_frame(void **state)
{
    static const struct world_config config = {SCARCE(PLAYED)};

    (void)state;
    world_live(&config, eject_onto_a_frame_without_registers);
}

static void lock_a_clone_without_registers(void)
{
    PKSSTREAM_POINTER clone;
    struct pair pair;

    begin_paused();
    pair = queue_pair();
    KsStreamPointerUnlock(pair.lead, TRUE);
    clone = clone_of(pair.lead);
    assert_int_equal(KsStreamPointerLock(clone), STATUS_DEVICE_NOT_READY);
    assert_int_equal(clone->Offset->Count, 0);
    assert_int_equal(KsStreamPointerLock(pair.lead), STATUS_DEVICE_NOT_READY);
    finish(&pair);
    assert_int_equal(KsStreamPointerLock(clone), STATUS_SUCCESS);
    assert_int_equal(KsStreamPointerLock(pair.lead), STATUS_SUCCESS);
    assert_ptr_equal(clone->Offset->Mappings, pair.lead->Offset->Mappings);
    KsStreamPointerUnlock(pair.lead, TRUE);
    KsStreamPointerDelete(clone);
    assert_int_equal(world_wait(pair.second), STATUS_SUCCESS);
    end();
}

static void a_clone_cannot_be_locked_either_and_later_shares_the_table(void **state)
{
    static const struct world_config config = {SCARCE(PLAYED)};

    (void)state;
    world_live(&config, lock_a_clone_without_registers);
}

static PKSSTREAM_POINTER trailing(KSSTREAM_POINTER_STATE state)
{
    return KsPinGetTrailingEdgeStreamPointer(world->pin, state);
}

static void lock_a_trailing_edge_without_registers(void)
{
    PKSSTREAM_POINTER lead;
    struct world_request *first, *second;

    begin_paused();
    first = world_queue(1, FRAME, 0);
    second = world_queue(1, FRAME, 0);
    lead = leading(KSSTREAM_POINTER_STATE_UNLOCKED);
    KsStreamPointerAdvance(lead);
    assert_int_equal(KsStreamPointerLock(lead), STATUS_SUCCESS);
    assert_null(trailing(KSSTREAM_POINTER_STATE_LOCKED));
    assert_int_equal(KsStreamPointerAdvance(trailing(KSSTREAM_POINTER_STATE_UNLOCKED)),
                     STATUS_SUCCESS); /* unlocked pointers always advance */
    assert_false(world_is_done(first)); /* its list is owed */
    KsStreamPointerUnlock(lead, TRUE);
    assert_int_equal(KsStreamPointerAdvance(trailing(KSSTREAM_POINTER_STATE_UNLOCKED)),
                     STATUS_SUCCESS);
    assert_int_equal(world_wait(second), STATUS_SUCCESS);
    assert_int_equal(world_wait(first), STATUS_SUCCESS); /* passed by both edges meanwhile */
    end();
}

static void a_trailing_edge_without_map_registers_is_null_and_its_frame_waits_for_the_list(
    void **state)
{
    static const struct world_config config = {SCARCE(PLAYED | KSPIN_FLAG_DISTINCT_TRAILING_EDGE)};

    (void)state;
    world_live(&config, lock_a_trailing_edge_without_registers);
}

static void starve_an_input_pin(void)
{
    struct pair pair;

    begin_paused();
    pair = owe_second();
    expect_waiting_frame(&pair);
    finish(&pair);
    expect_it_can_be_locked(&pair);
    assert_int_equal(pair.second->iosb.Information, FRAME);
    end();
}

static void an_input_frame_waits_for_map_registers_like_any_other(void **state)
{
    static const struct world_config config = {SCARCE(PLAYED), .input = true};

    (void)state;
    world_live(&config, starve_an_input_pin);
}

/* ---- When processing goes on ----------------------------------------------------------------- */

static PKSSTREAM_POINTER held_clone;
static unsigned null_edges;
static NTSTATUS when_null; /* what Process returns then */

/* Locks the leading edge and keeps a clone of it, as a driver feeding hardware does. */
static NTSTATUS NTAPI process_one_frame(PKSPIN pin)
{
    PKSSTREAM_POINTER lead = KsPinGetLeadingEdgeStreamPointer(pin, KSSTREAM_POINTER_STATE_LOCKED);
    PKSSTREAM_POINTER clone;

    if (lead == NULL) {
        null_edges++;
        return when_null;
    }
    assert_int_equal(KsStreamPointerClone(lead, NULL, 0, &clone), STATUS_SUCCESS);
    KsStreamPointerAdvance(lead);
    held_clone = clone;
    return STATUS_PENDING;
}

static void begin_processing(NTSTATUS status)
{
    null_edges = 0;
    held_clone = NULL;
    when_null = status;
    begin_paused();
}

static PKSSTREAM_POINTER take_held(void)
{
    PKSSTREAM_POINTER clone = held_clone;

    assert_non_null(clone);
    held_clone = NULL;
    return clone;
}

static void exhaust_registers(NTSTATUS status)
{
    struct world_request *first, *second;
    unsigned calls;

    begin_processing(status);
    first = world_queue(1, FRAME, 0);
    second = world_queue(1, FRAME, 0);
    KsPinAttemptProcessing(world->pin, FALSE);
    assert_true(null_edges > 0);
    calls = world->process_calls;
    sleep_ms(2000);
    assert_int_equal(world->process_calls, calls); /* no busy loop */
    assert_false(world_is_done(second));
    KsStreamPointerDelete(take_held());
    assert_int_equal(world_wait(first), STATUS_SUCCESS);
    sleep_ms(1); /* no new arrival, no attempt, no timer */
    assert_true(world->process_calls > calls);
    KsStreamPointerDelete(take_held());
    assert_int_equal(world_wait(second), STATUS_SUCCESS);
    end();
}

static void exhaust_and_go_on(void)
{
    exhaust_registers(STATUS_SUCCESS);
}

static void exhaust_and_wait(void)
{
    exhaust_registers(STATUS_PENDING);
}

static void a_release_calls_process_again_without_an_arrival_whatever_it_returned(void **state)
{
    static const struct world_config config = {SCARCE(PROCESSED), .process = process_one_frame};

    (void)state;
    world_live(&config, exhaust_and_go_on);
    world_live(&config, exhaust_and_wait);
}

static void initiate_by_hand(void)
{
    struct world_request *first, *second;
    unsigned calls;

    begin_processing(STATUS_PENDING);
    first = world_queue(1, FRAME, 0);
    second = world_queue(1, FRAME, 0);
    KsPinAttemptProcessing(world->pin, FALSE);
    calls = world->process_calls;
    KsStreamPointerDelete(take_held());
    assert_int_equal(world_wait(first), STATUS_SUCCESS);
    sleep_ms(50);
    assert_int_equal(world->process_calls, calls); /* its own business */
    KsPinAttemptProcessing(world->pin, FALSE);
    KsStreamPointerDelete(take_held());
    assert_int_equal(world_wait(second), STATUS_SUCCESS);
    end();
}

static void initiate_by_hand_and_go_on(void)
{
    struct world_request *first, *second;

    begin_processing(STATUS_SUCCESS);
    first = world_queue(1, FRAME, 0);
    second = world_queue(1, FRAME, 0);
    KsPinAttemptProcessing(world->pin, FALSE);
    KsPinAttemptProcessing(world->pin, FALSE);
    assert_true(null_edges > 0);
    KsStreamPointerDelete(take_held());
    assert_int_equal(world_wait(first), STATUS_SUCCESS);
    sleep_ms(1);
    KsStreamPointerDelete(take_held()); /* success asked for more, and that was owed */
    assert_int_equal(world_wait(second), STATUS_SUCCESS);
    end();
}

static void a_driver_that_initiates_processing_is_called_again_only_after_success(void **state)
{
    static const struct world_config config = {SCARCE(PLAYED), .process = process_one_frame};

    (void)state;
    world_live(&config, initiate_by_hand);
    world_live(&config, initiate_by_hand_and_go_on);
}

/* ---- Lists that are refused ------------------------------------------------------------------ */

static void refuse_one_list(void)
{
    assert_int_equal(sim_fault_arm(world->sim, "sg_list", 1), 0);
}

static void refused_then_timer(void)
{
    struct world_request *request;
    unsigned calls;

    begin_processing(STATUS_SUCCESS);
    refuse_one_list();
    request = world_queue(1, FRAME, 0);
    assert_int_equal(null_edges, 1);
    calls = world->process_calls;
    sleep_ms(5);
    assert_int_equal(world->process_calls, calls);
    sleep_ms(10);
    KsStreamPointerDelete(take_held());
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    end();
}

static void a_refused_list_is_asked_for_again_after_a_while(void **state)
{
    static const struct world_config config = {SCARCE(PROCESSED), .process = process_one_frame};

    (void)state;
    world_live(&config, refused_then_timer);
}

static void refused_then_released_by_another_filter(void)
{
    PFILE_OBJECT filter, other;
    struct world_request *first, *second;
    PKSSTREAM_POINTER holder;

    begin_processing(STATUS_PENDING);
    first = world_queue(1, FRAME, 0);
    holder = take_held();
    filter = world_another_filter();
    other = world_another_pin(filter);
    assert_int_equal(world_state_of(other, KSSTATE_PAUSE), STATUS_SUCCESS);
    refuse_one_list();
    second = world_queue_on(other, 1, FRAME, 0);
    assert_int_equal(null_edges, 1);
    KsStreamPointerDelete(holder);
    assert_int_equal(world_wait(first), STATUS_SUCCESS);
    sleep_ms(1); /* the timer would take 10 */
    KsStreamPointerDelete(take_held());
    assert_int_equal(world_wait(second), STATUS_SUCCESS);
    io_file_close(other);
    io_file_close(filter);
    end();
}

static void a_refused_list_is_asked_for_again_when_another_filter_releases_a_frame(void **state)
{
    static const struct world_config config = {SCARCE(PROCESSED), .process = process_one_frame};

    (void)state;
    world_live(&config, refused_then_released_by_another_filter);
}

static void lock_returns_the_refusal(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead;

    begin_paused();
    request = world_queue(1, FRAME, 0);
    lead = leading(KSSTREAM_POINTER_STATE_UNLOCKED);
    refuse_one_list();
    assert_int_equal(KsStreamPointerLock(lead), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(KsStreamPointerLock(lead), STATUS_SUCCESS);
    KsStreamPointerUnlock(lead, TRUE);
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    end();
}

static void a_refused_list_makes_lock_say_insufficient_resources(void **state)
{
    static const struct world_config config = {SCARCE(PLAYED)};

    (void)state;
    world_live(&config, lock_returns_the_refusal);
}

/* ---- Frames beyond the grant ----------------------------------------------------------------- */

static void too_long(void)
{
    struct world_request *fits, *request;
    unsigned calls;

    begin_processing(STATUS_SUCCESS);
    fits = world_queue(1, FRAME, 0); /* just fits: every page aligned */
    KsStreamPointerDelete(take_held());
    assert_int_equal(world_wait(fits), STATUS_SUCCESS);
    request = world_queue(1, FRAME, 1); /* one page more */
    calls = world->process_calls;
    sleep_ms(5000);
    assert_int_equal(world->process_calls, calls);
    assert_int_equal(KsStreamPointerLock(leading(KSSTREAM_POINTER_STATE_UNLOCKED)),
                     STATUS_INSUFFICIENT_RESOURCES);
    assert_false(world_is_done(request));
    IoCancelIrp(request->irp);
    assert_int_equal(world_wait(request), STATUS_CANCELLED);
    fits = world_queue(1, FRAME, 0); /* the pin is as good as before */
    KsStreamPointerDelete(take_held());
    assert_int_equal(world_wait(fits), STATUS_SUCCESS);
    end();
}

static void live_with_one_finding(const struct world_config *config, void (*body)(void),
                                  enum verify_rule rule)
{
    world_run(config, body);
    assert_int_equal(world->rules[rule], 1);
    assert_int_equal(world->events[TRACE_finding], 1);
    assert_int_equal(world->bug_check, 0);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

static void a_frame_beyond_the_registered_map_registers_is_told_once_and_never_asked_for(
    void **state)
{
    static const struct world_config config = {
        SCARCE(PROCESSED), .map_registers_told = PAGES, .process = process_one_frame};

    (void)state;
    live_with_one_finding(&config, too_long, VERIFY_frame_beyond_grant);
}

/* The adapter grants 16 registers; how AVStream learns of it. */
static void a_frame_beyond_the_adapters_grant_is_asked_for_once(void **state)
{
    static const struct world_config told_more = {.windows = KE_WINDOWS_10,
                                                  .pin_flags = PROCESSED,
                                                  .address32 = true,
                                                  .force_bounce = true,
                                                  .map_registers = PAGES,
                                                  .map_registers_told = 1000,
                                                  .description_version =
                                                      DEVICE_DESCRIPTION_VERSION2,
                                                  .process = process_one_frame};
    static const struct world_config told_nothing = {.windows = KE_WINDOWS_WS2003,
                                                     .pin_flags = PROCESSED,
                                                     .address32 = true,
                                                     .force_bounce = true,
                                                     .map_registers = PAGES,
                                                     .old_registration = true,
                                                     .description_version =
                                                         DEVICE_DESCRIPTION_VERSION2,
                                                     .process = process_one_frame};

    (void)state;
    live_with_one_finding(&told_more, too_long, VERIFY_too_many_registers);
    live_with_one_finding(&told_nothing, too_long, VERIFY_too_many_registers);
}

static void too_long_for_an_old_adapter(void)
{
    struct world_request *request;
    uint64_t refused;

    begin_processing(STATUS_SUCCESS);
    request = world_queue(1, FRAME, 1);
    sleep_ms(10000);
    refused = events(TRACE_dma_refused);
    assert_int_equal(refused, 8);
    sleep_ms(10000);
    assert_int_equal(events(TRACE_dma_refused), refused);
    assert_false(world_is_done(request));
    end();
    assert_int_equal(request->iosb.Status, STATUS_CANCELLED);
}

static void an_adapter_without_calculate_is_asked_eight_times(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_WS2003,
                                               .pin_flags = PROCESSED,
                                               .address32 = true,
                                               .force_bounce = true,
                                               .map_registers = PAGES,
                                               .old_registration = true,
                                               .description_version = DEVICE_DESCRIPTION_VERSION,
                                               .process = process_one_frame};

    (void)state;
    world_run(&config, too_long_for_an_old_adapter);
    assert_int_equal(world->rules[VERIFY_too_many_registers], 8);
    assert_int_equal(world->rules[VERIFY_frame_never_mapped], 1);
    assert_int_equal(world->events[TRACE_finding], 9);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

static void register_enough(void)
{
    struct world_request *request;
    PDMA_ADAPTER first;
    DEVICE_DESCRIPTION description = {.Master = TRUE,
                                      .ScatterGather = TRUE,
                                      .Dma32BitAddresses = TRUE,
                                      .InterfaceType = PCIBus,
                                      .MaximumLength = MAXULONG};

    begin_processing(STATUS_SUCCESS);
    request = world_queue(1, FRAME, 1);
    assert_null(held_clone);
    first = world->adapter;
    world_register_new(world->device, &description, REGISTERS);
    assert_ptr_equal(world->adapter, first);
    sleep_ms(1);
    KsStreamPointerDelete(take_held());
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    end();
}

static void a_frame_beyond_the_grant_is_tried_again_after_a_new_registration(void **state)
{
    static const struct world_config config = {
        SCARCE(PROCESSED), .map_registers_told = PAGES, .process = process_one_frame};

    (void)state;
    live_with_one_finding(&config, register_enough, VERIFY_frame_beyond_grant);
}

static void longer_than_low_memory(void)
{
    struct world_request *request;

    begin_processing(STATUS_SUCCESS);
    request = world_queue(1, LOW_MEMORY + 4096, 0);
    sleep_ms(20000);
    assert_int_equal(events(TRACE_dma_refused), 8);
    end();
    assert_int_equal(request->iosb.Status, STATUS_CANCELLED);
}

static void a_frame_longer_than_low_memory_is_asked_for_eight_times(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = PROCESSED,
                                               .ram_bytes = UINT64_C(8) << 30,
                                               .policy = MM_HIGH,
                                               .low_memory_bytes = LOW_MEMORY,
                                               .address32 = true,
                                               .description_version = DEVICE_DESCRIPTION_VERSION2,
                                               .process = process_one_frame};

    (void)state;
    live_with_one_finding(&config, longer_than_low_memory, VERIFY_frame_never_mapped);
}

/* ---- Low memory ------------------------------------------------------------------------------ */

static void a_list_that_waits_for_low_memory_comes_with_the_next_release(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = PLAYED,
                                               .ram_bytes = UINT64_C(8) << 30,
                                               .policy = MM_HIGH,
                                               .low_memory_bytes = LOW_MEMORY,
                                               .address32 = true};

    (void)state;
    world_live(&config, advance_onto_a_frame_without_registers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(advance_says_not_ready_and_stays_unlocked_on_the_new_frame),
        cmocka_unit_test(advance_offsets_says_not_ready_and_stays_unlocked_on_the_new_frame),
        cmocka_unit_test(an_ejected_pointer_is_unlocked_on_the_new_frame),
        cmocka_unit_test(a_clone_cannot_be_locked_either_and_later_shares_the_table),
        cmocka_unit_test(
            a_trailing_edge_without_map_registers_is_null_and_its_frame_waits_for_the_list),
        cmocka_unit_test(an_input_frame_waits_for_map_registers_like_any_other),
        cmocka_unit_test(a_release_calls_process_again_without_an_arrival_whatever_it_returned),
        cmocka_unit_test(a_driver_that_initiates_processing_is_called_again_only_after_success),
        cmocka_unit_test(a_refused_list_is_asked_for_again_after_a_while),
        cmocka_unit_test(a_refused_list_is_asked_for_again_when_another_filter_releases_a_frame),
        cmocka_unit_test(a_refused_list_makes_lock_say_insufficient_resources),
        cmocka_unit_test(
            a_frame_beyond_the_registered_map_registers_is_told_once_and_never_asked_for),
        cmocka_unit_test(a_frame_beyond_the_adapters_grant_is_asked_for_once),
        cmocka_unit_test(an_adapter_without_calculate_is_asked_eight_times),
        cmocka_unit_test(a_frame_longer_than_low_memory_is_asked_for_eight_times),
        cmocka_unit_test(a_frame_beyond_the_grant_is_tried_again_after_a_new_registration),
        cmocka_unit_test(a_list_that_waits_for_low_memory_comes_with_the_next_release),
    };

    return cmocka_run_group_tests_name("lock_failure", tests, NULL, NULL);
}
