/* SPDX-License-Identifier: MIT */
/* Streams whose device sleeps, is stopped and started again, or goes away. */
#include "ks/filter_world.h"

static PKSSTREAM_POINTER locked_lead(void)
{
    return KsPinGetLeadingEdgeStreamPointer(world->pin, KSSTREAM_POINTER_STATE_LOCKED);
}

static NTSTATUS NTAPI fills_one(PKSPIN pin)
{
    PKSSTREAM_POINTER lead = KsPinGetLeadingEdgeStreamPointer(pin, KSSTREAM_POINTER_STATE_LOCKED);

    if (lead != NULL)
        KsStreamPointerUnlock(lead, TRUE);
    return STATUS_SUCCESS;
}

static NTSTATUS system_to(SYSTEM_POWER_STATE state)
{
    NTSTATUS status = pnp_power(world->pnp, world->pdo, state);

    sleep_ms(5);
    return status;
}

/* ---- The order of callbacks ------------------------------------------------------------------ */

static void NTAPI pin_sleeps(PKSPIN pin, DEVICE_POWER_STATE state)
{
    assert_ptr_equal(pin, world->pin);
    assert_int_equal(state, PowerDeviceD3);
    world_note("PinSleep");
}

static void NTAPI pin_wakes(PKSPIN pin, DEVICE_POWER_STATE state)
{
    assert_ptr_equal(pin, world->pin);
    assert_int_equal(state, PowerDeviceD0);
    world_note("PinWake");
}

static void NTAPI filter_sleeps(PKSFILTER filter, DEVICE_POWER_STATE state)
{
    assert_ptr_equal(filter, world->filter);
    assert_int_equal(state, PowerDeviceD3);
    world_note("FilterSleep");
}

static void NTAPI filter_wakes(PKSFILTER filter, DEVICE_POWER_STATE state)
{
    assert_ptr_equal(filter, world->filter);
    assert_int_equal(state, PowerDeviceD0);
    world_note("FilterWake");
}

static NTSTATUS allows_power(DEVICE_POWER_STATE to)
{
    assert_int_equal(to, PowerDeviceD3);
    world_note("QueryPower");
    return STATUS_SUCCESS;
}

static void pin_sleep_order(void)
{
    world_begin();
    KsPinRegisterPowerCallbacks(world->pin, pin_sleeps, pin_wakes);
    KsFilterRegisterPowerCallbacks(world->filter, filter_sleeps, filter_wakes);
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    world->log[0] = 0;
    assert_int_equal(system_to(PowerSystemSleeping3), STATUS_SUCCESS);
    world_expect_log("QueryPower PAUSE PinSleep D3 ");
    assert_int_equal(system_to(PowerSystemWorking), STATUS_SUCCESS);
    world_expect_log("D0 PinWake RUN ");
    world_end();
}

static void a_pin_that_processes_sleeps_between_pause_and_set_power(void **state)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10, .process = fills_one, .query_power = allows_power};

    (void)state;
    world_live(&config, pin_sleep_order);
}

static void filter_sleep_order(void)
{
    filter_begin_in(KSSTATE_PAUSE);
    KsPinRegisterPowerCallbacks(opened.pins[0], pin_sleeps, pin_wakes);
    KsFilterRegisterPowerCallbacks(world->filter, filter_sleeps, filter_wakes);
    world->log[0] = 0;
    assert_int_equal(system_to(PowerSystemSleeping3), STATUS_SUCCESS);
    world_expect_log("FilterSleep D3 ");
    assert_int_equal(system_to(PowerSystemWorking), STATUS_SUCCESS);
    world_expect_log("D0 FilterWake ");
    filter_end();
}

static void a_filter_that_processes_sleeps_in_place_of_its_pins(void **state)
{
    static const struct filter_world config = {.process = notes};

    (void)state;
    world_run(filter_config(&config), filter_sleep_order);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

static void one_callback_only(void)
{
    world_begin();
    KsPinRegisterPowerCallbacks(world->pin, NULL, pin_wakes);
    world->log[0] = 0;
    assert_int_equal(system_to(PowerSystemSleeping3), STATUS_SUCCESS);
    assert_int_equal(system_to(PowerSystemWorking), STATUS_SUCCESS);
    world_expect_log("D3 D0 PinWake ");
    world_end();
}

static void one_of_both_callbacks_is_enough(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10, .process = fills_one};

    (void)state;
    world_live(&config, one_callback_only);
}

static NTSTATUS refuses_power(DEVICE_POWER_STATE to)
{
    (void)to;
    return STATUS_DEVICE_BUSY;
}

static void stays_awake(void)
{
    world_begin();
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    world->log[0] = 0;
    assert_false(NT_SUCCESS(system_to(PowerSystemSleeping3)));
    world_expect_log("");
    assert_int_equal(world->pin->ClientState, KSSTATE_RUN);
    assert_int_equal(world_wait(world_queue(1, 100, 0)), STATUS_SUCCESS);
    world_end();
}

static void a_device_that_refuses_the_query_streams_on(void **state)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10, .process = fills_one, .query_power = refuses_power};

    (void)state;
    world_live(&config, stays_awake);
}

/* ---- Frames across a sleep ------------------------------------------------------------------- */

static NTSTATUS NTAPI takes_nothing(PKSPIN pin)
{
    (void)pin;
    return STATUS_PENDING;
}

static void sleeps_with_frames(void)
{
    struct world_request *held, *waiting, *late;
    PKSSTREAM_POINTER clone;

    world_begin();
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    held = world_queue(1, 8192, 0);
    waiting = world_queue(1, 8192, 0);
    assert_int_equal(KsStreamPointerClone(locked_lead(), NULL, 0, &clone), STATUS_SUCCESS);
    KsStreamPointerUnlock(
        KsPinGetLeadingEdgeStreamPointer(world->pin, KSSTREAM_POINTER_STATE_UNLOCKED), TRUE);
    assert_int_equal(system_to(PowerSystemSleeping3), STATUS_SUCCESS);
    late = world_queue(1, 8192, 0);
    assert_false(world_is_done(held));
    assert_false(world_is_done(waiting));
    assert_int_equal(system_to(PowerSystemWorking), STATUS_SUCCESS);
    assert_int_equal(world->pin->ClientState, KSSTATE_RUN);
    KsStreamPointerDelete(clone);
    assert_int_equal(world_wait(held), STATUS_SUCCESS);
    KsStreamPointerUnlock(locked_lead(), TRUE);
    KsStreamPointerUnlock(locked_lead(), TRUE);
    assert_int_equal(world_wait(waiting), STATUS_SUCCESS);
    assert_int_equal(world_wait(late), STATUS_SUCCESS);
    world_end();
}

static void frames_of_a_running_pin_outlive_a_sleep(void **state)
{
    static const struct world_config plain = {.windows = KE_WINDOWS_10, .process = takes_nothing};
    static const struct world_config mapped = {.windows = KE_WINDOWS_10,
                                               .process = takes_nothing,
                                               .pin_flags = KSPIN_FLAG_GENERATE_MAPPINGS};

    (void)state;
    world_live(&plain, sleeps_with_frames);
    world_live(&mapped, sleeps_with_frames);
}

/* ---- Stop and start -------------------------------------------------------------------------- */

static void stops_and_starts(void)
{
    world_begin();
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    assert_int_equal(world_wait(world_queue(1, 100, 0)), STATUS_SUCCESS);
    world->log[0] = 0;
    world->process_calls = 0;
    assert_int_equal(pnp_stop(world->pnp, world->pdo), STATUS_SUCCESS);
    world_expect_log("Stop ");
    assert_int_equal(world_queue(1, 100, 0)->sent, STATUS_PENDING);
    KsPinAttemptProcessing(world->pin, FALSE);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 0);
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    assert_int_equal(world_wait(&world->requests[1]), STATUS_SUCCESS);
    sleep_ms(5);
    world_expect_log("Start PostStart ");
    assert_int_equal(world->pin->ClientState, KSSTATE_RUN);
    assert_int_equal(world_wait(world_queue(1, 100, 0)), STATUS_SUCCESS);
    world_end();
}

static void a_stream_waits_while_its_device_is_stopped_and_goes_on_with_the_start(void **state)
{
    static const struct world_config plain = {.windows = KE_WINDOWS_10, .process = fills_one};
    static const struct world_config mapped = {.windows = KE_WINDOWS_10,
                                               .process = fills_one,
                                               .pin_flags = KSPIN_FLAG_GENERATE_MAPPINGS};

    (void)state;
    world_live(&plain, stops_and_starts);
    world_live(&mapped, stops_and_starts);
}

/* ---- Surprise removal ------------------------------------------------------------------------ */

static void goes_away_with_frames(void)
{
    struct world_request *held, *waiting;
    PKSSTREAM_POINTER clone;

    world_begin();
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    held = world_queue(1, 8192, 0);
    waiting = world_queue(1, 8192, 0);
    assert_int_equal(KsStreamPointerClone(locked_lead(), NULL, 0, &clone), STATUS_SUCCESS);
    KsStreamPointerUnlock(
        KsPinGetLeadingEdgeStreamPointer(world->pin, KSSTREAM_POINTER_STATE_UNLOCKED), TRUE);
    world->log[0] = 0;
    world->process_calls = 0;
    world->card->removed = true;
    assert_int_equal(pnp_surprise_remove(world->pnp, world->pdo), STATUS_SUCCESS);
    world_expect_log("SurpriseRemoval ");
    assert_int_equal(world_wait(waiting), STATUS_CANCELLED);
    assert_false(world_is_done(held));
    KsPinAttemptProcessing(world->pin, FALSE);
    assert_int_equal(world->process_calls, 0);
    KsStreamPointerDelete(clone);
    assert_true(world_is_done(held));
    assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS);
    world_expect_log("PAUSE ACQUIRE STOP Reset ");
    world_close_pin();
    world_close_filter();
    world_expect_log("Close FilterClose ");
    assert_int_equal(pnp_remove_after_surprise(world->pnp, world->pdo), STATUS_SUCCESS);
    world_expect_log("Stop Remove ");
    assert_int_equal(io_driver_unload(world->driver), STATUS_SUCCESS);
    world_free_requests();
}

static void a_device_that_goes_away_fails_what_waits_and_leaves_locked_frames_to_the_driver(
    void **state)
{
    static const struct world_config plain = {.windows = KE_WINDOWS_10, .process = takes_nothing};
    static const struct world_config mapped = {.windows = KE_WINDOWS_10,
                                               .process = takes_nothing,
                                               .pin_flags = KSPIN_FLAG_GENERATE_MAPPINGS};

    (void)state;
    world_live(&plain, goes_away_with_frames);
    world_live(&mapped, goes_away_with_frames);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pin_that_processes_sleeps_between_pause_and_set_power),
        cmocka_unit_test(a_filter_that_processes_sleeps_in_place_of_its_pins),
        cmocka_unit_test(one_of_both_callbacks_is_enough),
        cmocka_unit_test(a_device_that_refuses_the_query_streams_on),
        cmocka_unit_test(frames_of_a_running_pin_outlive_a_sleep),
        cmocka_unit_test(a_stream_waits_while_its_device_is_stopped_and_goes_on_with_the_start),
        cmocka_unit_test(
            a_device_that_goes_away_fails_what_waits_and_leaves_locked_frames_to_the_driver),
    };

    return cmocka_run_group_tests_name("power", tests, NULL, NULL);
}
