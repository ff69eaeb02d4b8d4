/* SPDX-License-Identifier: MIT */
/* Gates between the pins of a filter and the filter's own: what opens it, what closes it, what a
 * driver may put in between. */
#include "ks/filter_world.h"

static KSGATE gate; /* the driver's */

static NTSTATUS NTAPI waits(PKSFILTER filter, PKSPROCESSPIN_INDEXENTRY index)
{
    (void)filter;
    (void)index;
    return STATUS_PENDING;
}

static const struct filter_world plain = {.process = waits};
static const struct filter_world optional = {.process = waits, .optional = true};

/* ---- The filter's and the pins' own gates ---------------------------------------------------- */

static void filter_gate(void)
{
    PKSGATE own;

    filter_begin_in(KSSTATE_PAUSE);
    own = KsFilterGetAndGate(world->filter);
    assert_int_equal(own->Count, -1); /* two pins without frames */
    pin_queue(0, 100);
    assert_int_equal(own->Count, 0);
    KsGateTurnInputOff(own);
    pin_queue(1, 100);
    KsFilterAttemptProcessing(world->filter, FALSE);
    assert_int_equal(world->process_calls, 0);
    KsGateTurnInputOn(own);
    sleep_ms(5);
    assert_int_equal(world->process_calls, 0);
    KsFilterAttemptProcessing(world->filter, FALSE);
    assert_int_equal(world->process_calls, 1);
    assert_int_equal(own->Count, 1);
    filter_end();
}

static void opening_the_filters_gate_lets_attempts_through_and_dispatches_nothing(void **state)
{
    (void)state;
    world_live(filter_config(&plain), filter_gate);
}

static void pin_gate(void)
{
    filter_begin_in(KSSTATE_PAUSE);
    KsGateTurnInputOff(KsPinGetAndGate(opened.pins[1]));
    pin_queue(0, 100);
    pin_queue(1, 100);
    assert_int_equal(world->process_calls, 0);
    KsGateTurnInputOn(KsPinGetAndGate(opened.pins[1]));
    KsPinAttemptProcessing(opened.pins[1], FALSE);
    assert_int_equal(world->process_calls, 1);
    filter_end();
}

static void closing_the_gate_of_a_pin_closes_that_of_its_filter(void **state)
{
    (void)state;
    world_live(filter_config(&plain), pin_gate);
}

static void balance(void)
{
    PKSGATE own;

    filter_begin_in(KSSTATE_RUN);
    own = KsFilterGetAndGate(world->filter);
    for (unsigned i = 0; i < 3; i++) {
        pin_queue(0, 100);
        pin_queue(1, 100);
        pin_state(0, KSSTATE_STOP);
        pin_state(1, KSSTATE_STOP);
        assert_int_equal(own->Count, 0); /* nobody is out of STOP */
        pin_state(0, KSSTATE_RUN);
        pin_state(1, KSSTATE_RUN);
        assert_int_equal(own->Count, -1);
    }
    filter_end();
}

static void inputs_of_the_filters_gate_come_and_go_with_the_pins(void **state)
{
    (void)state;
    world_live(filter_config(&plain), balance);
}

/* ---- Attached gates -------------------------------------------------------------------------- */

static void or_gate(void)
{
    filter_begin();
    KsGateInitializeOr(&gate, NULL);
    pin_open(IN);
    pin_open(OUT);
    pin_open(OUT);
    KsPinAttachOrGate(opened.pins[1], &gate);
    KsPinAttachOrGate(opened.pins[2], &gate);
    for (unsigned pin = 0; pin < 3; pin++)
        pin_state(pin, KSSTATE_PAUSE);
    pin_queue(0, 100);
    assert_int_equal(world->process_calls, 0);
    pin_queue(2, 100);
    assert_int_equal(world->process_calls, 1);
    assert_int_equal(gate.Count, 1);
    pin_queue(1, 100);
    assert_int_equal(world->process_calls, 2);
    assert_int_equal(gate.Count, 2);
    filter_end();
}

static void behind_an_or_gate_one_pin_with_frames_is_enough(void **state)
{
    (void)state;
    world_live(filter_config(&plain), or_gate);
}

static void states_count_all_the_same(void)
{
    filter_begin();
    KsGateInitializeOr(&gate, NULL);
    pin_open(IN);
    pin_open(OUT);
    pin_open(OUT);
    KsPinAttachOrGate(opened.pins[1], &gate);
    KsPinAttachOrGate(opened.pins[2], &gate);
    pin_state(0, KSSTATE_PAUSE);
    pin_state(1, KSSTATE_PAUSE);
    pin_state(2, KSSTATE_ACQUIRE);
    pin_queue(0, 100);
    pin_queue(1, 100);
    assert_int_equal(world->process_calls, 0);
    pin_state(2, KSSTATE_PAUSE);
    assert_int_equal(world->process_calls, 1);
    filter_end();
}

static void an_or_gate_is_about_frames_and_every_pin_must_still_be_in_pause(void **state)
{
    (void)state;
    world_live(filter_config(&plain), states_count_all_the_same);
}

static void and_gate(void)
{
    filter_begin();
    KsGateInitializeAnd(&gate, NULL);
    pin_open(IN);
    pin_open(OUT);
    KsPinAttachAndGate(opened.pins[1], &gate);
    KsGateTurnInputOff(&gate); /* an input of the driver's own */
    pin_state(0, KSSTATE_PAUSE);
    pin_state(1, KSSTATE_PAUSE);
    pin_queue(0, 100);
    pin_queue(1, 100);
    assert_int_equal(gate.Count, 0);
    assert_int_equal(world->process_calls, 0);
    KsGateTurnInputOn(&gate);
    KsFilterAttemptProcessing(world->filter, FALSE);
    assert_int_equal(world->process_calls, 1);
    filter_end();
}

static void an_and_gate_has_the_pin_and_the_drivers_inputs(void **state)
{
    (void)state;
    world_live(filter_config(&plain), and_gate);
}

static void detached(void)
{
    PKSGATE own;

    filter_begin();
    own = KsFilterGetAndGate(world->filter);
    KsGateInitializeOr(&gate, NULL);
    pin_open(IN);
    pin_open(OUT);
    assert_int_equal(own->Count, 0);
    KsPinAttachOrGate(opened.pins[0], &gate);
    KsPinAttachOrGate(opened.pins[1], &gate);
    assert_int_equal(own->Count, -1); /* the closed gate is one input, whoever is behind it */
    KsPinAttachOrGate(opened.pins[0], NULL);
    assert_int_equal(own->Count, -1);
    pin_close(1);
    assert_int_equal(own->Count, 0);
    assert_null(gate.NextGate);
    pin_state(0, KSSTATE_PAUSE);
    pin_queue(0, 100);
    assert_int_equal(world->process_calls, 1);
    assert_int_equal(gate.Count, 0);
    filter_end();
}

static void a_gate_leaves_the_filters_with_the_last_pin_behind_it(void **state)
{
    (void)state;
    world_live(filter_config(&optional), detached);
}

/* ---- What is refused ------------------------------------------------------------------------- */

static void too_late(void)
{
    filter_begin_in(KSSTATE_ACQUIRE);
    KsGateInitializeOr(&gate, NULL);
    KsPinAttachOrGate(opened.pins[0], &gate);
    assert_null(gate.NextGate);
    assert_int_equal(world_findings(VERIFY_gate_attach), 1);
    pin_state(0, KSSTATE_STOP);
    KsPinAttachOrGate(opened.pins[0], &gate);
    assert_ptr_equal(gate.NextGate, KsFilterGetAndGate(world->filter));
    KsPinAttachOrGate(opened.pins[0], NULL);
    assert_int_equal(world_findings(VERIFY_gate_attach), 1);
    filter_end();
}

static void attaching_to_a_pin_out_of_stop_is_a_finding(void **state)
{
    (void)state;
    world_run(filter_config(&plain), too_late);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

static void has_its_own(void)
{
    filter_begin();
    pin_open(OUT);
    KsGateInitializeAnd(&gate, NULL);
    KsPinAttachAndGate(opened.pins[0], &gate);
    assert_null(gate.NextGate);
    assert_int_equal(world_findings(VERIFY_gate_attach), 1);
    filter_end();
}

static void attaching_where_some_frames_are_required_is_a_finding(void **state)
{
    static const struct filter_world config = {
        .process = waits, .out_flags = KSPIN_FLAG_SOME_FRAMES_REQUIRED_FOR_PROCESSING};

    (void)state;
    world_run(filter_config(&config), has_its_own);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    world_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_the_filters_gate_lets_attempts_through_and_dispatches_nothing),
        cmocka_unit_test(closing_the_gate_of_a_pin_closes_that_of_its_filter),
        cmocka_unit_test(inputs_of_the_filters_gate_come_and_go_with_the_pins),
        cmocka_unit_test(behind_an_or_gate_one_pin_with_frames_is_enough),
        cmocka_unit_test(an_or_gate_is_about_frames_and_every_pin_must_still_be_in_pause),
        cmocka_unit_test(an_and_gate_has_the_pin_and_the_drivers_inputs),
        cmocka_unit_test(a_gate_leaves_the_filters_with_the_last_pin_behind_it),
        cmocka_unit_test(attaching_to_a_pin_out_of_stop_is_a_finding),
        cmocka_unit_test(attaching_where_some_frames_are_required_is_a_finding),
    };

    return cmocka_run_group_tests_name("frame_gate", tests, NULL, NULL);
}
