/* SPDX-License-Identifier: MIT */
/* The frames of a filter that processes for its pins: how Process is shown them, and what becomes
 * of them. */
#include "ks/filter_world.h"

/* ---- Frames on every pin --------------------------------------------------------------------- */

static void fill(const struct world_request *request, UCHAR value)
{
    UCHAR bytes[WORLD_FRAME];

    memset(bytes, value, request->frame_bytes);
    assert_true(mm_copy_to_va(world->mm, request->buffer_va[0], bytes, request->frame_bytes));
}

static UCHAR byte_of(const struct world_request *request, ULONG offset)
{
    UCHAR byte;

    assert_true(mm_copy_from_va(world->mm, &byte, request->buffer_va[0] + offset, 1));
    return byte;
}

static void copy_body(void)
{
    struct world_request *in, *out;

    filter_begin_in(KSSTATE_PAUSE);
    in = pin_queue(0, 100);
    fill(in, 0x5a);
    assert_int_equal(world->process_calls, 0);
    out = pin_queue(1, 100);
    assert_int_equal(world->process_calls, 1);
    assert_int_equal(world_wait(in), STATUS_SUCCESS);
    assert_int_equal(world_wait(out), STATUS_SUCCESS);
    assert_int_equal(world_header(out, 0).DataUsed, 100);
    assert_int_equal(byte_of(out, 99), 0x5a);
    filter_end();
}

static void process_is_called_when_every_pin_has_a_frame(void **state)
{
    static const struct filter_world config = {.process = filter_copies};

    (void)state;
    world_live(filter_config(&config), copy_body);
}

/* ---- BytesUsed and Terminate ----------------------------------------------------------------- */

static void one_in_three_out(void)
{
    struct world_request *in;

    filter_begin_in(KSSTATE_RUN);
    in = pin_queue(0, 300);
    for (unsigned i = 1; i <= 3; i++) {
        struct world_request *out = pin_queue(1, 100);

        assert_int_equal(world->process_calls, i);
        assert_int_equal(world_wait(out), STATUS_SUCCESS);
        assert_int_equal(world_is_done(in), i == 3);
    }
    filter_end();
}

static void a_frame_stays_until_all_of_it_is_used(void **state)
{
    static const struct filter_world config = {.process = filter_copies};

    (void)state;
    world_live(filter_config(&config), one_in_three_out);
}

static void three_in_one_out(void)
{
    struct world_request *out;

    filter_begin_in(KSSTATE_RUN);
    out = pin_queue(1, 300);
    for (unsigned i = 0; i < 3; i++) {
        assert_false(world_is_done(out));
        fill(pin_queue(0, 100), (UCHAR)i);
    }
    assert_int_equal(world_wait(out), STATUS_SUCCESS);
    assert_int_equal(world_header(out, 0).DataUsed, 300);
    filter_end();
}

static void data_used_of_an_output_frame_adds_up(void **state)
{
    static const struct filter_world config = {.process = filter_copies};

    (void)state;
    world_live(filter_config(&config), three_in_one_out);
}

static NTSTATUS NTAPI sends_forty_bytes(PKSFILTER filter, PKSPROCESSPIN_INDEXENTRY index)
{
    (void)filter;
    index[OUT].Pins[0]->BytesUsed = 40;
    index[OUT].Pins[0]->Terminate = TRUE;
    index[IN].Pins[0]->Terminate = TRUE;
    return STATUS_PENDING;
}

static void terminated(void)
{
    struct world_request *in, *out;

    filter_begin_in(KSSTATE_RUN);
    in = pin_queue(0, 100);
    out = pin_queue(1, 100);
    assert_int_equal(world_wait(in), STATUS_SUCCESS);
    assert_int_equal(world_wait(out), STATUS_SUCCESS);
    assert_int_equal(world_header(out, 0).DataUsed, 40);
    filter_end();
}

static void terminate_lets_go_of_a_frame_that_is_not_used_up(void **state)
{
    static const struct filter_world config = {.process = sends_forty_bytes};

    (void)state;
    world_live(filter_config(&config), terminated);
}

static NTSTATUS NTAPI uses_too_much(PKSFILTER filter, PKSPROCESSPIN_INDEXENTRY index)
{
    (void)filter;
    index[IN].Pins[0]->BytesUsed = 5000;
    index[OUT].Pins[0]->BytesUsed = 5000;
    return STATUS_PENDING;
}

static void too_much(void)
{
    struct world_request *out;

    filter_begin_in(KSSTATE_RUN);
    pin_queue(0, 100);
    out = pin_queue(1, 100);
    assert_int_equal(world_wait(out), STATUS_SUCCESS);
    assert_int_equal(world_header(out, 0).DataUsed, 100);
    filter_end();
}

static void more_bytes_used_than_there_are_count_as_all(void **state)
{
    static const struct filter_world config = {.process = uses_too_much};

    (void)state;
    world_live(filter_config(&config), too_much);
}

static NTSTATUS NTAPI ejects_itself(PKSFILTER filter, PKSPROCESSPIN_INDEXENTRY index)
{
    PKSPROCESSPIN in = index[IN].Pins[0];

    (void)filter;
    KsStreamPointerUnlock(in->StreamPointer, TRUE);
    in->BytesUsed = in->BytesAvailable;
    return STATUS_PENDING;
}

static void moved_by_driver(void)
{
    filter_begin_in(KSSTATE_RUN);
    pin_queue(0, 100);
    pin_queue(0, 100);
    pin_queue(1, 100);
    assert_true(world_is_done(&world->requests[0]));
    assert_false(world_is_done(&world->requests[1]));
    filter_end();
}

static void a_frame_that_the_driver_moved_on_itself_is_not_moved_on_twice(void **state)
{
    static const struct filter_world config = {.process = ejects_itself};

    (void)state;
    world_live(filter_config(&config), moved_by_driver);
}

/* ---- What Process is shown ------------------------------------------------------------------- */

static void shown_body(void)
{
    struct world_request *out;

    filter_begin_in(KSSTATE_RUN);
    pin_send(0, 100, KSSTREAM_HEADER_OPTIONSF_SPLICEPOINT);
    out = pin_queue(1, 200);
    assert_int_equal(counts[IN], 1);
    assert_int_equal(counts[OUT], 1);
    assert_ptr_equal(shown[IN].Pin, opened.pins[0]);
    assert_int_equal(shown[IN].BytesAvailable, 100);
    assert_int_equal(shown[IN].BytesUsed, 0);
    assert_int_equal(shown[IN].Flags, KSSTREAM_HEADER_OPTIONSF_SPLICEPOINT);
    assert_null(shown[IN].InPlaceCounterpart);
    assert_int_equal(shown[OUT].BytesAvailable, 200);
    assert_int_equal(shown[OUT].Flags, 0);
    assert_false(shown[OUT].Terminate);
    pin_state(1, KSSTATE_STOP);
    assert_int_equal(world_header(out, 0).TypeSpecificFlags, 0); /* never sent on: not copied */
    filter_end();
}

static void a_process_pin_shows_the_frame_and_the_flags_of_its_input(void **state)
{
    static const struct filter_world config = {.process = notes};

    (void)state;
    world_live(filter_config(&config), shown_body);
}

/* ---- Mapped pins ----------------------------------------------------------------------------- */

static void mapped_body(void)
{
    filter_begin_in(KSSTATE_PAUSE);
    pin_queue(0, 100);
    pin_queue(1, 3 * 4096);
    assert_int_equal(world->process_calls, 1);
    assert_in_range(shown[OUT].BytesAvailable, 1, 3);
    assert_int_equal(((PKSMAPPING)shown[OUT].Data)->ByteCount % 4096, 0);
    filter_end();
}

static void a_pin_that_generates_mappings_shows_them(void **state)
{
    static const struct filter_world config = {.process = notes,
                                               .out_flags = KSPIN_FLAG_GENERATE_MAPPINGS};

    (void)state;
    world_live(filter_config(&config), mapped_body);
}

static void without_mappings(void)
{
    filter_begin_in(KSSTATE_PAUSE);
    pin_queue(0, 100);
    pin_queue(1, 4096);
    assert_int_equal(world->process_calls, 0);
    filter_end();
}

static void a_frame_that_cannot_be_locked_is_no_frame(void **state)
{
    static const struct filter_world config = {
        .process = notes, .out_flags = KSPIN_FLAG_GENERATE_MAPPINGS, .no_adapter = true};

    (void)state;
    world_run(filter_config(&config), without_mappings);
    assert_int_equal(world->stopped, KE_STOP_DONE);
    assert_int_equal(world_findings(VERIFY_no_adapter), 1);
    world_close();
}

/* ---- Zero-length samples --------------------------------------------------------------------- */

static void zero_length_bypasses(void)
{
    struct world_request *in, *first, *second;

    filter_begin_in(KSSTATE_PAUSE);
    in = pin_send(0, 0, KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY);
    first = pin_queue(1, 100);
    assert_int_equal(world->process_calls, 0);
    assert_int_equal(world_wait(in), STATUS_SUCCESS);
    assert_int_equal(world_wait(first), STATUS_SUCCESS);
    assert_int_equal(world_header(first, 0).DataUsed, 0);
    assert_int_equal(world_header(first, 0).OptionsFlags,
                     KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY);
    second = pin_queue(1, 100);
    pin_queue(0, 100);
    assert_int_equal(world->process_calls, 1);
    assert_int_equal(world_wait(second), STATUS_SUCCESS);
    assert_int_equal(world_header(second, 0).OptionsFlags, 0);
    filter_end();
}

static void a_zero_length_sample_passes_the_driver_by_and_takes_its_flags_along(void **state)
{
    static const struct filter_world config = {.process = filter_copies};

    (void)state;
    world_live(filter_config(&config), zero_length_bypasses);
}

static void zero_length_arrives(void)
{
    struct world_request *in, *out;

    filter_begin_in(KSSTATE_PAUSE);
    in = pin_send(0, 0, KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY);
    out = pin_queue(1, 100);
    assert_int_equal(world->process_calls, 1);
    assert_int_equal(shown[IN].Flags, KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY);
    assert_int_equal(shown[IN].BytesAvailable, 0);
    assert_non_null(shown[IN].StreamPointer);
    assert_int_equal(world_wait(in), STATUS_SUCCESS);
    assert_false(world_is_done(out));
    filter_end();
}

static void a_filter_that_asks_for_zero_length_samples_gets_them(void **state)
{
    static const struct filter_world config = {
        .process = notes, .filter_flags = KSFILTER_FLAG_RECEIVE_ZERO_LENGTH_SAMPLES};

    (void)state;
    world_live(filter_config(&config), zero_length_arrives);
}

/* ---- KsProcessPinUpdate ---------------------------------------------------------------------- */

static unsigned updates;
static PKSPROCESSPIN kept;

static NTSTATUS NTAPI takes_every_input(PKSFILTER filter, PKSPROCESSPIN_INDEXENTRY index)
{
    PKSPROCESSPIN in = index[IN].Pins[0];

    (void)filter;
    kept = in;
    do {
        in->BytesUsed = in->BytesAvailable;
        updates++;
    } while (KsProcessPinUpdate(in));
    assert_null(in->StreamPointer);
    assert_int_equal(in->BytesAvailable, 0);
    return STATUS_SUCCESS;
}

static void update_body(void)
{
    updates = 0;
    filter_begin_in(KSSTATE_PAUSE);
    for (unsigned i = 0; i < 3; i++)
        pin_queue(0, 100);
    pin_queue(1, 100);
    assert_int_equal(world->process_calls, 1);
    assert_int_equal(updates, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(world_wait(&world->requests[i]), STATUS_SUCCESS);
    assert_false(KsProcessPinUpdate(kept)); /* outside of Process */
    filter_end();
}

static void an_update_tells_what_was_used_and_shows_the_next_frame(void **state)
{
    static const struct filter_world config = {.process = takes_every_input};

    (void)state;
    world_live(filter_config(&config), update_body);
}

static BOOLEAN updated[2];

static NTSTATUS NTAPI updates_outputs(PKSFILTER filter, PKSPROCESSPIN_INDEXENTRY index)
{
    (void)filter;
    for (unsigned i = 0; i < index[OUT].Count; i++)
        updated[i] = KsProcessPinUpdate(index[OUT].Pins[i]);
    return STATUS_PENDING;
}

static void update_stopped(void)
{
    filter_begin_in(KSSTATE_PAUSE);
    pin_open(OUT);
    pin_queue(0, 100);
    assert_int_equal(world->process_calls, 1);
    assert_true(updated[0]); /* no frame, but none is required */
    assert_false(updated[1]); /* in STOP */
    filter_end();
}

static void an_update_says_whether_the_pins_conditions_are_met(void **state)
{
    static const struct filter_world config = {
        .process = updates_outputs, .out_flags = KSPIN_FLAG_FRAMES_NOT_REQUIRED_FOR_PROCESSING};

    (void)state;
    world_live(filter_config(&config), update_stopped);
}

/* ---- Cancellation ---------------------------------------------------------------------------- */

static void cancel_waiting(void)
{
    struct world_request *in;

    filter_begin_in(KSSTATE_PAUSE);
    in = pin_queue(0, 100);
    IoCancelIrp(in->irp);
    assert_int_equal(world_wait(in), STATUS_CANCELLED);
    pin_queue(1, 100);
    assert_int_equal(world->process_calls, 0);
    pin_queue(0, 100);
    assert_int_equal(world->process_calls, 1);
    filter_end();
}

static void a_cancelled_frame_is_waited_for_again(void **state)
{
    static const struct filter_world config = {.process = filter_copies};

    (void)state;
    world_live(filter_config(&config), cancel_waiting);
}

static NTSTATUS NTAPI is_cancelled_in_process(PKSFILTER filter, PKSPROCESSPIN_INDEXENTRY index)
{
    IoCancelIrp(world->requests[0].irp);
    assert_false(world_is_done(&world->requests[0]));
    filter_copies(filter, index);
    index[IN].Pins[0]->BytesUsed = 50;
    return STATUS_PENDING;
}

static void cancel_shown(void)
{
    filter_begin_in(KSSTATE_PAUSE);
    pin_queue(0, 100);
    pin_queue(1, 100);
    assert_int_equal(world_wait(&world->requests[0]), STATUS_CANCELLED);
    assert_int_equal(world_wait(&world->requests[1]), STATUS_SUCCESS);
    filter_end();
}

static void a_frame_that_process_works_on_is_cancelled_afterwards(void **state)
{
    static const struct filter_world config = {.process = is_cancelled_in_process};

    (void)state;
    world_live(filter_config(&config), cancel_shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(process_is_called_when_every_pin_has_a_frame),
        cmocka_unit_test(a_frame_stays_until_all_of_it_is_used),
        cmocka_unit_test(data_used_of_an_output_frame_adds_up),
        cmocka_unit_test(terminate_lets_go_of_a_frame_that_is_not_used_up),
        cmocka_unit_test(more_bytes_used_than_there_are_count_as_all),
        cmocka_unit_test(a_frame_that_the_driver_moved_on_itself_is_not_moved_on_twice),
        cmocka_unit_test(a_process_pin_shows_the_frame_and_the_flags_of_its_input),
        cmocka_unit_test(a_pin_that_generates_mappings_shows_them),
        cmocka_unit_test(a_frame_that_cannot_be_locked_is_no_frame),
        cmocka_unit_test(a_zero_length_sample_passes_the_driver_by_and_takes_its_flags_along),
        cmocka_unit_test(a_filter_that_asks_for_zero_length_samples_gets_them),
        cmocka_unit_test(an_update_tells_what_was_used_and_shows_the_next_frame),
        cmocka_unit_test(an_update_says_whether_the_pins_conditions_are_met),
        cmocka_unit_test(a_cancelled_frame_is_waited_for_again),
        cmocka_unit_test(a_frame_that_process_works_on_is_cancelled_afterwards),
    };

    return cmocka_run_group_tests_name("filter_frames", tests, NULL, NULL);
}
