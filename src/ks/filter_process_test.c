/* SPDX-License-Identifier: MIT */
/* A filter with a Process callback: when it is called, and when not. */
#include "ks/filter_world.h"

/* ---- Frames on every pin --------------------------------------------------------------------- */

static void success_goes_on(void)
{
    filter_begin_in(KSSTATE_ACQUIRE);
    for (unsigned i = 0; i < 3; i++) {
        pin_queue(0, 100);
        pin_queue(1, 100);
    }
    pin_state(0, KSSTATE_PAUSE);
    assert_int_equal(world->process_calls, 0);
    pin_state(1, KSSTATE_PAUSE);
    assert_int_equal(world->process_calls, 3);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(world_wait(&world->requests[i]), STATUS_SUCCESS);
    filter_end();
}

static void the_last_pin_to_reach_pause_starts_processing_and_success_goes_on(void **state)
{
    static const struct filter_world config = {.process = filter_copies};

    (void)state;
    world_live(filter_config(&config), success_goes_on);
}

/* ---- Pins in other states -------------------------------------------------------------------- */

static void stopped_body(void)
{
    filter_begin_in(KSSTATE_PAUSE);
    pin_open(OUT);
    pin_queue(0, 100);
    pin_queue(1, 100);
    assert_int_equal(world->process_calls, 1);
    assert_int_equal(counts[OUT], 2);
    pin_close(2);
    KsFilterAttemptProcessing(world->filter, FALSE);
    assert_int_equal(world->process_calls, 2);
    assert_int_equal(counts[OUT], 1);
    filter_end();
}

static void a_pin_in_stop_is_in_the_index_and_does_not_hinder(void **state)
{
    static const struct filter_world config = {.process = notes};

    (void)state;
    world_live(filter_config(&config), stopped_body);
}

static void acquire_body(void)
{
    filter_begin_in(KSSTATE_PAUSE);
    pin_open(OUT);
    pin_state(2, KSSTATE_ACQUIRE);
    pin_queue(0, 100);
    pin_queue(1, 100);
    assert_int_equal(world->process_calls, 0);
    pin_state(2, KSSTATE_STOP);
    assert_int_equal(world->process_calls, 1);
    filter_end();
}

static void a_pin_between_stop_and_pause_holds_the_filter_back_until_it_stops(void **state)
{
    static const struct filter_world config = {.process = notes};

    (void)state;
    world_live(filter_config(&config), acquire_body);
}

static void necessary_body(void)
{
    filter_begin();
    pin_open(IN);
    pin_open(OUT);
    assert_int_equal(world_state_of(opened.files[1], KSSTATE_PAUSE), STATUS_INVALID_DEVICE_STATE);
    pin_open(OUT);
    pin_state(0, KSSTATE_PAUSE);
    pin_state(1, KSSTATE_PAUSE);
    pin_queue(0, 100);
    pin_queue(1, 100);
    assert_int_equal(world->process_calls, 0);
    pin_state(2, KSSTATE_ACQUIRE);
    pin_queue(2, 100);
    assert_int_equal(world->process_calls, 0);
    pin_state(2, KSSTATE_PAUSE);
    assert_int_equal(world->process_calls, 1);
    filter_end();
}

static void fewer_ready_instances_than_necessary_hold_the_filter_back(void **state)
{
    static const struct filter_world config = {.process = notes, .out_necessary = 2};

    (void)state;
    world_live(filter_config(&config), necessary_body);
}

/* ---- PENDING, errors, triggers --------------------------------------------------------------- */

static NTSTATUS answer;

static NTSTATUS NTAPI answers(PKSFILTER filter, PKSPROCESSPIN_INDEXENTRY index)
{
    (void)filter;
    (void)index;
    return answer;
}

static void ends_until_attempt(void)
{
    filter_begin_in(KSSTATE_PAUSE);
    pin_queue(0, 100);
    pin_queue(1, 100);
    pin_queue(0, 100);
    pin_queue(1, 100);
    assert_int_equal(world->process_calls, 1);
    KsFilterAttemptProcessing(world->filter, FALSE);
    assert_int_equal(world->process_calls, 2);
    KsPinAttemptProcessing(opened.pins[0], FALSE);
    assert_int_equal(world->process_calls, 3);
    KsFilterAttemptProcessing(world->filter, TRUE);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 4);
    filter_end();
}

static void pending_and_errors_end_processing_until_an_attempt_on_filter_or_pin(void **state)
{
    static const struct filter_world config = {.process = answers};

    (void)state;
    answer = STATUS_PENDING;
    world_live(filter_config(&config), ends_until_attempt);
    answer = STATUS_UNSUCCESSFUL;
    world_live(filter_config(&config), ends_until_attempt);
}

static NTSTATUS NTAPI takes_all_while_more_comes(PKSFILTER filter, PKSPROCESSPIN_INDEXENTRY index)
{
    (void)filter;
    index[IN].Pins[0]->Terminate = TRUE;
    index[OUT].Pins[0]->Terminate = TRUE;
    if (world->process_calls == 1) {
        KsProcessPinUpdate(index[IN].Pins[0]); /* empty now */
        pin_queue(0, 100);
        pin_queue(1, 100);
    }
    return STATUS_PENDING;
}

static void trigger_inside(void)
{
    filter_begin_in(KSSTATE_PAUSE);
    pin_queue(0, 100);
    pin_queue(1, 100);
    assert_int_equal(world->process_calls, 2);
    filter_end();
}

static void a_trigger_while_process_runs_is_not_lost(void **state)
{
    static const struct filter_world config = {.process = takes_all_while_more_comes};

    (void)state;
    world_live(filter_config(&config), trigger_inside);
}

static void under_mutex(void)
{
    filter_begin_in(KSSTATE_PAUSE);
    KsFilterAcquireProcessingMutex(world->filter);
    pin_queue(0, 100);
    pin_queue(1, 100);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 0);
    KsFilterReleaseProcessingMutex(world->filter);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 1);
    filter_end();
}

static void a_trigger_under_the_filters_mutex_is_carried_out_at_its_release(void **state)
{
    static const struct filter_world config = {.process = filter_copies};

    (void)state;
    world_live(filter_config(&config), under_mutex);
}

/* ---- Flags of pins --------------------------------------------------------------------------- */

static void not_required(void)
{
    memset(shown, 0xff, sizeof shown);
    filter_begin_in(KSSTATE_ACQUIRE);
    pin_queue(0, 100);
    pin_state(0, KSSTATE_PAUSE);
    assert_int_equal(world->process_calls, 0);
    pin_state(1, KSSTATE_PAUSE); /* a state change suffices */
    assert_int_equal(world->process_calls, 1);
    assert_null(shown[OUT].StreamPointer);
    assert_null(shown[OUT].Data);
    assert_int_equal(shown[OUT].BytesAvailable, 0);
    assert_int_equal(shown[IN].BytesAvailable, 100);
    pin_queue(1, 50);
    assert_int_equal(world->process_calls, 2);
    assert_int_equal(shown[OUT].BytesAvailable, 50);
    filter_end();
}

static void frames_not_required_lets_the_filter_process_without(void **state)
{
    static const struct filter_world config = {
        .process = notes, .out_flags = KSPIN_FLAG_FRAMES_NOT_REQUIRED_FOR_PROCESSING};

    (void)state;
    world_live(filter_config(&config), not_required);
}

static void some_required(void)
{
    filter_begin_in(KSSTATE_PAUSE);
    pin_open(OUT);
    pin_state(2, KSSTATE_PAUSE);
    pin_queue(0, 100);
    assert_int_equal(world->process_calls, 0);
    pin_queue(2, 100);
    assert_int_equal(world->process_calls, 1);
    assert_int_equal(shown[OUT].BytesAvailable, 0); /* of the first instance */
    pin_queue(1, 100);
    assert_int_equal(world->process_calls, 2);
    assert_int_equal(shown[OUT].BytesAvailable, 100);
    pin_state(2, KSSTATE_STOP);
    assert_int_equal(world->process_calls, 3); /* on its way out it held the others back */
    pin_state(1, KSSTATE_STOP);
    assert_int_equal(world->process_calls, 4); /* nobody is left of whom frames are required */
    assert_int_equal(KsFilterGetAndGate(world->filter)->Count, 1); /* the input alone will do */
    filter_end();
}

static void some_frames_required_wants_one_instance_with_frames(void **state)
{
    static const struct filter_world config = {
        .process = notes,
        .out_flags = KSPIN_FLAG_SOME_FRAMES_REQUIRED_FOR_PROCESSING,
        .optional = true};

    (void)state;
    world_live(filter_config(&config), some_required);
}

static void all_required(void)
{
    filter_begin_in(KSSTATE_PAUSE);
    pin_open(OUT);
    pin_state(2, KSSTATE_PAUSE);
    pin_queue(0, 100);
    pin_queue(2, 100);
    KsFilterAttemptProcessing(world->filter, FALSE);
    assert_int_equal(world->process_calls, 0);
    pin_queue(1, 100);
    assert_int_equal(world->process_calls, 1);
    filter_end();
}

static void a_pin_without_frames_holds_the_filter_back(void **state)
{
    static const struct filter_world config = {.process = notes};

    (void)state;
    world_live(filter_config(&config), all_required);
}

static void run_only(void)
{
    filter_begin_in(KSSTATE_PAUSE);
    pin_queue(0, 100);
    pin_queue(1, 100);
    assert_int_equal(world->process_calls, 0);
    pin_state(1, KSSTATE_RUN);
    assert_int_equal(world->process_calls, 1);
    pin_state(1, KSSTATE_PAUSE);
    KsFilterAttemptProcessing(world->filter, FALSE);
    assert_int_equal(world->process_calls, 1);
    filter_end();
}

static void a_pin_that_processes_in_run_only_holds_the_filter_back_below(void **state)
{
    static const struct filter_world config = {
        .process = notes, .out_flags = KSPIN_FLAG_PROCESS_IN_RUN_STATE_ONLY};

    (void)state;
    world_live(filter_config(&config), run_only);
}

static void any_runs(void)
{
    filter_begin_in(KSSTATE_PAUSE);
    pin_open(OUT);
    pin_state(2, KSSTATE_PAUSE);
    for (unsigned pin = 0; pin < 3; pin++)
        pin_queue(pin, 100);
    pin_state(0, KSSTATE_RUN); /* not one of those */
    assert_int_equal(world->process_calls, 0);
    pin_state(2, KSSTATE_RUN);
    assert_int_equal(world->process_calls, 1);
    pin_state(2, KSSTATE_PAUSE);
    KsFilterAttemptProcessing(world->filter, FALSE);
    assert_int_equal(world->process_calls, 1);
    pin_state(1, KSSTATE_RUN);
    assert_int_equal(world->process_calls, 2);
    filter_end();
}

static void process_if_any_in_run_state_wants_one_of_the_flagged_pins_in_run(void **state)
{
    static const struct filter_world config = {
        .process = notes, .out_flags = KSPIN_FLAG_PROCESS_IF_ANY_IN_RUN_STATE};

    (void)state;
    world_live(filter_config(&config), any_runs);
}

static void do_not_initiate(void)
{
    filter_begin_in(KSSTATE_PAUSE);
    pin_queue(0, 100);
    pin_queue(1, 100);
    assert_int_equal(world->process_calls, 0);
    KsFilterAttemptProcessing(world->filter, FALSE);
    assert_int_equal(world->process_calls, 1);
    filter_end();
}

static void pins_that_do_not_initiate_leave_it_to_attempts(void **state)
{
    static const struct filter_world config = {.process = filter_copies,
                                               .in_flags = KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING,
                                               .out_flags = KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING};

    (void)state;
    world_live(filter_config(&config), do_not_initiate);
}

static unsigned own_calls;

static NTSTATUS NTAPI processes_itself(PKSPIN pin)
{
    (void)pin;
    own_calls++;
    return STATUS_PENDING;
}

static void own_process(void)
{
    own_calls = 0;
    filter_begin_in(KSSTATE_PAUSE);
    pin_queue(1, 100);
    assert_int_equal(own_calls, 1);
    assert_int_equal(world->process_calls, 0);
    pin_queue(0, 100);
    assert_int_equal(world->process_calls, 1);
    assert_int_equal(counts[OUT], 0);
    assert_int_equal(own_calls, 1);
    filter_end();
}

static void a_pin_with_a_process_of_its_own_is_not_the_filters(void **state)
{
    static const KSPIN_DISPATCH dispatch = {
        .Create = world_pin_create, .Close = world_pin_close, .Process = processes_itself};
    static const struct filter_world config = {.process = notes, .out_dispatch = &dispatch};

    (void)state;
    world_live(filter_config(&config), own_process);
}

/* ---- Flags of the filter --------------------------------------------------------------------- */

static KIRQL irql_seen;
static KPRIORITY priority_seen;

static NTSTATUS NTAPI notes_irql(PKSFILTER filter, PKSPROCESSPIN_INDEXENTRY index)
{
    (void)filter;
    (void)index;
    irql_seen = KeGetCurrentIrql();
    priority_seen = KeQueryPriorityThread(KeGetCurrentThread());
    return STATUS_PENDING;
}

static void at_dispatch(void)
{
    KIRQL irql;

    filter_begin_in(KSSTATE_PAUSE);
    pin_queue(0, 100);
    pin_queue(1, 100);
    assert_int_equal(irql_seen, PASSIVE_LEVEL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KsFilterAttemptProcessing(world->filter, FALSE);
    KeLowerIrql(irql);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 2);
    filter_end();
}

static void a_filter_processes_at_dispatch_level_if_it_says_so_and_else_in_a_worker(void **state)
{
    static const struct filter_world plain = {.process = notes_irql};
    static const struct filter_world dispatch = {
        .process = notes_irql, .filter_flags = KSFILTER_FLAG_DISPATCH_LEVEL_PROCESSING};

    (void)state;
    world_live(filter_config(&plain), at_dispatch);
    assert_int_equal(irql_seen, PASSIVE_LEVEL);
    world_live(filter_config(&dispatch), at_dispatch);
    assert_int_equal(irql_seen, DISPATCH_LEVEL);
}

static KPRIORITY priority_of_worker(ULONG filter_flags)
{
    const struct filter_world config = {.process = notes_irql, .filter_flags = filter_flags};

    world_live(filter_config(&config), at_dispatch);
    return priority_seen;
}

static void the_work_queue_follows_from_the_filters_flags(void **state)
{
    KPRIORITY delayed = priority_of_worker(0);
    KPRIORITY critical = priority_of_worker(KSFILTER_FLAG_CRITICAL_PROCESSING);
    KPRIORITY hypercritical = priority_of_worker(KSFILTER_FLAG_HYPERCRITICAL_PROCESSING);

    (void)state;
    assert_true(delayed < critical);
    assert_true(critical < hypercritical);
}

/* ---- Reset, power, coming and going ---------------------------------------------------------- */

static void reset_body(void)
{
    KSRESET reset = KSRESET_BEGIN;
    ULONG_PTR information;
    uint64_t va;

    filter_begin_in(KSSTATE_PAUSE);
    assert_int_equal(mm_user_allocate(world->mm, sizeof reset, 0, &va), 0);
    assert_true(mm_copy_to_va(world->mm, va, &reset, sizeof reset));
    assert_int_equal(io_file_control_wait(opened.files[0], IOCTL_KS_RESET_STATE, va, sizeof reset,
                                          0, 0, &information),
                     STATUS_SUCCESS);
    mm_user_free(world->mm, va);
    assert_int_equal(world->filter_resets, 1);
    pin_state(1, KSSTATE_STOP);
    assert_int_equal(world->filter_resets, 2);
    filter_end();
}

static void the_filter_is_reset_with_any_of_its_pins(void **state)
{
    static const struct filter_world config = {.process = filter_copies};

    (void)state;
    world_live(filter_config(&config), reset_body);
}

static KSSTATE state_asleep;

static void asleep(void)
{
    filter_begin_in(state_asleep);
    assert_int_equal(pnp_power(world->pnp, world->pdo, PowerSystemSleeping3), STATUS_SUCCESS);
    pin_queue(0, 100);
    pin_queue(1, 100);
    KsFilterAttemptProcessing(world->filter, FALSE);
    assert_int_equal(world->process_calls, 0);
    assert_int_equal(pnp_power(world->pnp, world->pdo, PowerSystemWorking), STATUS_SUCCESS);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 1);
    filter_end();
}

static void a_sleeping_device_processes_nothing_and_goes_on_when_it_wakes(void **state)
{
    static const struct filter_world config = {.process = filter_copies};

    (void)state;
    state_asleep = KSSTATE_PAUSE;
    world_live(filter_config(&config), asleep);
    state_asleep = KSSTATE_RUN;
    world_live(filter_config(&config), asleep);
}

static bool inside;

static NTSTATUS NTAPI takes_its_time(PKSFILTER filter, PKSPROCESSPIN_INDEXENTRY index)
{
    ULONG count = index[OUT].Count;

    inside = true;
    sleep_ms(10);
    assert_int_equal(index[OUT].Count, count);
    inside = false;
    filter_copies(filter, index);
    return STATUS_SUCCESS;
}

static void come_and_go(void)
{
    filter_begin_in(KSSTATE_PAUSE);
    for (unsigned i = 0; i < 5; i++) {
        pin_queue(0, 100);
        pin_queue(1, 100);
        KsFilterAttemptProcessing(world->filter, TRUE);
        sleep_ms(2);
        assert_true(inside);
        opened.count = 2;
        pin_open(OUT);
        assert_false(inside);
        pin_close(2);
    }
    filter_end();
}

static void pins_come_and_go_while_the_filter_processes(void **state)
{
    static const struct filter_world config = {.process = takes_its_time,
                                               .in_flags = KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING,
                                               .out_flags = KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING};

    (void)state;
    world_live(filter_config(&config), come_and_go);
}

static void stop_while_processing(void)
{
    filter_begin_in(KSSTATE_PAUSE);
    for (unsigned i = 0; i < 3; i++) {
        pin_queue(0, 100);
        pin_queue(1, 100);
    }
    KsFilterAttemptProcessing(world->filter, TRUE);
    sleep_ms(2);
    assert_true(inside);
    pin_state(0, KSSTATE_ACQUIRE);
    assert_false(inside);
    assert_int_equal(world->process_calls, 1);
    assert_false(world_is_done(&world->requests[2]));
    filter_end();
}

static void leaving_pause_waits_for_the_call_that_is_under_way(void **state)
{
    static const struct filter_world config = {.process = takes_its_time,
                                               .in_flags = KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING,
                                               .out_flags = KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING};

    (void)state;
    world_live(filter_config(&config), stop_while_processing);
}

static ULONG grown_count;

static NTSTATUS NTAPI notes_grown(PKSFILTER filter, PKSPROCESSPIN_INDEXENTRY index)
{
    (void)filter;
    grown_count = index[TYPES].Count;
    return STATUS_PENDING;
}

static void grow(void)
{
    KSPIN_DESCRIPTOR_EX another = world->config->pins[OUT];
    ULONG id;

    filter_begin_in(KSSTATE_PAUSE);
    another.InstancesNecessary = 0;
    KsAcquireControl(world->filter);
    assert_int_equal(KsFilterCreatePinFactory(world->filter, &another, &id), STATUS_SUCCESS);
    KsReleaseControl(world->filter);
    pin_queue(0, 100);
    pin_queue(1, 100);
    assert_int_equal(world->process_calls, 1);
    assert_int_equal(grown_count, 0);
    pin_open(id);
    KsFilterAttemptProcessing(world->filter, FALSE);
    assert_int_equal(grown_count, 1);
    filter_end();
}

static void a_pin_type_added_to_the_filter_is_added_to_the_index(void **state)
{
    static const struct filter_world config = {.process = notes_grown};

    (void)state;
    world_live(filter_config(&config), grow);
}

/* ---- What is refused ------------------------------------------------------------------------- */

static void nothing_open(void)
{
    filter_begin();
    KsFilterAttemptProcessing(world->filter, FALSE);
    pin_open(IN);
    pin_open(OUT);
    KsFilterAttemptProcessing(world->filter, FALSE);
    assert_int_equal(world->process_calls, 0);
    filter_end();
}

static void a_filter_with_no_pin_out_of_stop_is_not_asked(void **state)
{
    static const struct filter_world config = {
        .process = notes,
        .optional = true,
        .in_flags = KSPIN_FLAG_FRAMES_NOT_REQUIRED_FOR_PROCESSING,
        .out_flags = KSPIN_FLAG_FRAMES_NOT_REQUIRED_FOR_PROCESSING};

    (void)state;
    world_live(filter_config(&config), nothing_open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_pin_to_reach_pause_starts_processing_and_success_goes_on),
        cmocka_unit_test(a_pin_in_stop_is_in_the_index_and_does_not_hinder),
        cmocka_unit_test(a_pin_between_stop_and_pause_holds_the_filter_back_until_it_stops),
        cmocka_unit_test(fewer_ready_instances_than_necessary_hold_the_filter_back),
        cmocka_unit_test(pending_and_errors_end_processing_until_an_attempt_on_filter_or_pin),
        cmocka_unit_test(a_trigger_while_process_runs_is_not_lost),
        cmocka_unit_test(
            a_trigger_under_the_filters_mutex_is_carried_out_at_its_release),
        cmocka_unit_test(frames_not_required_lets_the_filter_process_without),
        cmocka_unit_test(some_frames_required_wants_one_instance_with_frames),
        cmocka_unit_test(a_pin_without_frames_holds_the_filter_back),
        cmocka_unit_test(a_pin_that_processes_in_run_only_holds_the_filter_back_below),
        cmocka_unit_test(process_if_any_in_run_state_wants_one_of_the_flagged_pins_in_run),
        cmocka_unit_test(pins_that_do_not_initiate_leave_it_to_attempts),
        cmocka_unit_test(a_pin_with_a_process_of_its_own_is_not_the_filters),
        cmocka_unit_test(a_filter_processes_at_dispatch_level_if_it_says_so_and_else_in_a_worker),
        cmocka_unit_test(the_work_queue_follows_from_the_filters_flags),
        cmocka_unit_test(the_filter_is_reset_with_any_of_its_pins),
        cmocka_unit_test(a_sleeping_device_processes_nothing_and_goes_on_when_it_wakes),
        cmocka_unit_test(pins_come_and_go_while_the_filter_processes),
        cmocka_unit_test(leaving_pause_waits_for_the_call_that_is_under_way),
        cmocka_unit_test(a_pin_type_added_to_the_filter_is_added_to_the_index),
        cmocka_unit_test(a_filter_with_no_pin_out_of_stop_is_not_asked),
    };

    return cmocka_run_group_tests_name("filter_process", tests, NULL, NULL);
}
