/* SPDX-License-Identifier: MIT */
/* When Process is called, and when not. */
#include "ks/ks_world.h"

static NTSTATUS answer; /* what Process returns */
static unsigned consume; /* frames it ejects a call */

static NTSTATUS NTAPI process(PKSPIN pin)
{
    for (unsigned i = 0; i < consume; i++) {
        PKSSTREAM_POINTER lead =
            KsPinGetLeadingEdgeStreamPointer(pin, KSSTREAM_POINTER_STATE_LOCKED);

        if (lead != NULL)
            KsStreamPointerUnlock(lead, TRUE);
    }
    return answer;
}

static void begin(KSSTATE state_wanted, NTSTATUS returns, unsigned consumes)
{
    answer = returns;
    consume = consumes;
    world_begin();
    assert_int_equal(world_state(state_wanted), STATUS_SUCCESS);
}

static void end(void)
{
    assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS);
    world_end();
}

static const struct world_config plain = {.windows = KE_WINDOWS_10, .process = process};

/* ---- SUCCESS and PENDING --------------------------------------------------------------------- */

static void success_goes_on(void)
{
    begin(KSSTATE_ACQUIRE, STATUS_SUCCESS, 1);
    for (unsigned i = 0; i < 3; i++)
        world_queue(1, 100, 0);
    assert_int_equal(world->process_calls, 0);
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    assert_int_equal(world->process_calls, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(world_wait(&world->requests[i]), STATUS_SUCCESS);
    end();
}

static void success_with_frames_left_is_called_again(void **state)
{
    (void)state;
    world_live(&plain, success_goes_on);
}

static void pending_stops(void)
{
    begin(KSSTATE_PAUSE, STATUS_PENDING, 0);
    world_queue(1, 100, 0);
    assert_int_equal(world->process_calls, 1);
    world_queue(1, 100, 0);
    world_queue(1, 100, 0);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 1);
    KsPinAttemptProcessing(world->pin, FALSE);
    assert_int_equal(world->process_calls, 2);
    KsPinAttemptProcessing(world->pin, TRUE);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 3);
    end();
}

static void pending_with_frames_left_waits_for_an_attempt_and_no_arrival_helps(void **state)
{
    (void)state;
    world_live(&plain, pending_stops);
}

static void error_stops(void)
{
    begin(KSSTATE_PAUSE, STATUS_UNSUCCESSFUL, 0);
    world_queue(1, 100, 0);
    world_queue(1, 100, 0);
    assert_int_equal(world->process_calls, 1);
    end();
}

static void an_error_ends_processing_like_pending(void **state)
{
    (void)state;
    world_live(&plain, error_stops);
}

static void every_arrival(void)
{
    begin(KSSTATE_PAUSE, STATUS_PENDING, 0);
    for (unsigned i = 0; i < 3; i++)
        world_queue(1, 100, 0);
    assert_int_equal(world->process_calls, 3);
    end();
}

static void initiate_on_every_arrival_calls_for_each_frame(void **state)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10,
        .process = process,
        .pin_flags = KSPIN_FLAG_INITIATE_PROCESSING_ON_EVERY_ARRIVAL};

    (void)state;
    world_live(&config, every_arrival);
}

static void do_not_initiate(void)
{
    begin(KSSTATE_ACQUIRE, STATUS_PENDING, 0);
    world_queue(1, 100, 0);
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 0);
    KsPinAttemptProcessing(world->pin, FALSE);
    assert_int_equal(world->process_calls, 1);
    end();
}

static void do_not_initiate_leaves_it_to_attempts(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .process = process,
                                               .pin_flags = KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING};

    (void)state;
    world_live(&config, do_not_initiate);
}

/* ---- Gates ----------------------------------------------------------------------------------- */

static void gate_body(void)
{
    PKSGATE gate;

    begin(KSSTATE_PAUSE, STATUS_PENDING, 0);
    gate = KsPinGetAndGate(world->pin);
    assert_int_equal(gate->Count, 0); /* the state is there, frames are not */
    KsGateTurnInputOff(gate);
    world_queue(1, 100, 0);
    assert_int_equal(world->process_calls, 0);
    assert_int_equal(gate->Count, 0);
    KsPinAttemptProcessing(world->pin, FALSE);
    assert_int_equal(world->process_calls, 0);
    KsGateTurnInputOn(gate);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 0);
    assert_int_equal(gate->Count, 1);
    KsPinAttemptProcessing(world->pin, FALSE);
    assert_int_equal(world->process_calls, 1);
    assert_int_equal(gate->Count, 1);
    end();
}

static void a_closed_gate_stops_attempts_and_opening_it_alone_dispatches_nothing(void **state)
{
    (void)state;
    world_live(&plain, gate_body);
}

/* ---- Triggers while Process runs ------------------------------------------------------------- */

static NTSTATUS NTAPI process_then_frame_comes(PKSPIN pin)
{
    PKSSTREAM_POINTER lead = KsPinGetLeadingEdgeStreamPointer(pin, KSSTREAM_POINTER_STATE_LOCKED);

    if (lead != NULL)
        KsStreamPointerUnlock(lead, TRUE);
    if (world->process_calls == 1)
        world_queue(1, 100, 0); /* the queue is empty now, and Process about to return */
    return STATUS_PENDING;
}

static void arrival_inside(void)
{
    world_begin();
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    world_queue(1, 100, 0);
    assert_int_equal(world->process_calls, 2);
    assert_int_equal(world_wait(&world->requests[1]), STATUS_SUCCESS);
    end();
}

static void
a_frame_that_arrives_on_an_empty_queue_before_pending_is_returned_is_not_lost(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .process = process_then_frame_comes};

    (void)state;
    world_live(&config, arrival_inside);
}

static NTSTATUS NTAPI process_and_attempt(PKSPIN pin)
{
    if (world->process_calls == 1)
        KsPinAttemptProcessing(pin, FALSE);
    return STATUS_PENDING;
}

static void attempt_inside(void)
{
    world_begin();
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    world_queue(1, 100, 0);
    assert_int_equal(world->process_calls, 2);
    end();
}

static void an_attempt_from_within_process_leads_to_one_more_call(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .process = process_and_attempt};

    (void)state;
    world_live(&config, attempt_inside);
}

/* ---- The processing mutex -------------------------------------------------------------------- */

static void mutex_body(void)
{
    begin(KSSTATE_PAUSE, STATUS_PENDING, 1);
    KsPinAcquireProcessingMutex(world->pin);
    world_queue(1, 100, 0);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 0);
    KsPinReleaseProcessingMutex(world->pin);
    assert_int_equal(world_wait(&world->requests[0]), STATUS_SUCCESS);
    assert_int_equal(world->process_calls, 1);
    end();
}

static void a_trigger_under_the_processing_mutex_is_carried_out_at_its_release(void **state)
{
    (void)state;
    world_live(&plain, mutex_body);
}

static void wrong_order(void)
{
    begin(KSSTATE_STOP, STATUS_PENDING, 0);
    KsPinAcquireProcessingMutex(world->pin);
    KsAcquireControl(world->pin);
    KsReleaseControl(world->pin);
    KsPinReleaseProcessingMutex(world->pin);
    assert_int_equal(world_findings(VERIFY_mutex_order), 1);
    KsAcquireDevice(world->device);
    KsAcquireControl(world->pin);
    KsReleaseControl(world->pin);
    KsReleaseDevice(world->device);
    assert_int_equal(world_findings(VERIFY_mutex_order), 1);
    KsReleaseControl(world->pin);
    assert_int_equal(world_findings(VERIFY_mutex_order), 2);
    KsPinReleaseProcessingMutex(world->pin);
    KsFilterReleaseProcessingMutex(world->filter);
    assert_int_equal(world_findings(VERIFY_mutex_order), 4);
    world_end();
}

static void mutexes_out_of_order_or_not_owned_are_findings(void **state)
{
    (void)state;
    world_run(&plain, wrong_order);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

/* ---- Sleep ----------------------------------------------------------------------------------- */

static KSSTATE state_asleep;

static void asleep(void)
{
    begin(state_asleep, STATUS_PENDING, 1);
    assert_int_equal(pnp_power(world->pnp, world->pdo, PowerSystemSleeping3), STATUS_SUCCESS);
    world_queue(1, 100, 0);
    KsPinAttemptProcessing(world->pin, FALSE);
    assert_int_equal(world->process_calls, 0);
    assert_int_equal(pnp_power(world->pnp, world->pdo, PowerSystemWorking), STATUS_SUCCESS);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 1);
    end();
}

static void what_arrives_while_the_device_sleeps_is_processed_when_it_wakes(void **state)
{
    (void)state;
    state_asleep = KSSTATE_PAUSE;
    world_live(&plain, asleep);
    state_asleep = KSSTATE_RUN;
    world_live(&plain, asleep);
}

static void waking_starts_nothing_where_the_driver_does(void)
{
    begin(KSSTATE_RUN, STATUS_PENDING, 1);
    assert_int_equal(pnp_power(world->pnp, world->pdo, PowerSystemSleeping3), STATUS_SUCCESS);
    world_queue(1, 100, 0);
    assert_int_equal(pnp_power(world->pnp, world->pdo, PowerSystemWorking), STATUS_SUCCESS);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 0);
    KsPinAttemptProcessing(world->pin, FALSE);
    assert_int_equal(world->process_calls, 1);
    end();
}

static void do_not_initiate_holds_for_waking_too(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .process = process,
                                               .pin_flags = KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING};

    (void)state;
    world_live(&config, waking_starts_nothing_where_the_driver_does);
}

/* ---- IRQL ------------------------------------------------------------------------------------ */

static KIRQL irqls[8];

static NTSTATUS NTAPI process_notes_irql(PKSPIN pin)
{
    (void)pin;
    assert_in_range(world->process_calls, 1, 7);
    irqls[world->process_calls] = KeGetCurrentIrql();
    return STATUS_PENDING;
}

static void attempt_at_dispatch(void)
{
    KIRQL irql;

    world_begin();
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    world_queue(1, 100, 0);
    assert_int_equal(irqls[1], PASSIVE_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KsPinAttemptProcessing(world->pin, FALSE);
    KeLowerIrql(irql);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 2);
    end();
}

static void an_attempt_at_dispatch_level_goes_through_a_worker(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .process = process_notes_irql};

    (void)state;
    world_run(&config, attempt_at_dispatch);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    assert_int_equal(irqls[2], PASSIVE_LEVEL);
    world_close();
}

static void a_pin_that_may_process_at_dispatch_level_does(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .process = process_notes_irql,
                                               .pin_flags = KSPIN_FLAG_DISPATCH_LEVEL_PROCESSING};

    (void)state;
    world_run(&config, attempt_at_dispatch);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    assert_int_equal(irqls[2], DISPATCH_LEVEL);
    world_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_with_frames_left_is_called_again),
        cmocka_unit_test(pending_with_frames_left_waits_for_an_attempt_and_no_arrival_helps),
        cmocka_unit_test(an_error_ends_processing_like_pending),
        cmocka_unit_test(initiate_on_every_arrival_calls_for_each_frame),
        cmocka_unit_test(do_not_initiate_leaves_it_to_attempts),
        cmocka_unit_test(a_closed_gate_stops_attempts_and_opening_it_alone_dispatches_nothing),
        cmocka_unit_test(
            a_frame_that_arrives_on_an_empty_queue_before_pending_is_returned_is_not_lost),
        cmocka_unit_test(an_attempt_from_within_process_leads_to_one_more_call),
        cmocka_unit_test(a_trigger_under_the_processing_mutex_is_carried_out_at_its_release),
        cmocka_unit_test(mutexes_out_of_order_or_not_owned_are_findings),
        cmocka_unit_test(what_arrives_while_the_device_sleeps_is_processed_when_it_wakes),
        cmocka_unit_test(do_not_initiate_holds_for_waking_too),
        cmocka_unit_test(an_attempt_at_dispatch_level_goes_through_a_worker),
        cmocka_unit_test(a_pin_that_may_process_at_dispatch_level_does),
    };

    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
