/* SPDX-License-Identifier: MIT */
/* Several instances of a splitter pin: the driver fills one, the runtime the others. */
#include "ks/filter_world.h"

enum { FRAME = 64 };

static UCHAR next_byte;
static PKSPIN driver_saw; /* by the driver's own Process */

/* Fills the oldest frame of the pin with one byte. */
static NTSTATUS NTAPI fills(PKSPIN pin)
{
    PKSSTREAM_POINTER lead = KsPinGetLeadingEdgeStreamPointer(pin, KSSTREAM_POINTER_STATE_LOCKED);

    driver_saw = pin;
    if (lead == NULL)
        return STATUS_PENDING;
    memset(lead->OffsetOut.Data, ++next_byte, lead->OffsetOut.Remaining);
    lead->StreamHeader->PresentationTime.Time = next_byte * 1000;
    lead->StreamHeader->OptionsFlags |= KSSTREAM_HEADER_OPTIONSF_TIMEVALID;
    KsStreamPointerAdvanceOffsetsAndUnlock(lead, 0, lead->OffsetOut.Remaining, TRUE);
    return STATUS_PENDING;
}

static void expect_picture(struct world_request *request, UCHAR byte, ULONG bytes)
{
    KSSTREAM_HEADER header;
    UCHAR data[FRAME * 2] = {0};

    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    header = world_header(request, 0);
    assert_int_equal(header.DataUsed, bytes);
    assert_int_equal(header.OptionsFlags, KSSTREAM_HEADER_OPTIONSF_TIMEVALID);
    assert_int_equal(header.PresentationTime.Time, byte * 1000);
    assert_true(mm_copy_from_va(world->mm, data, request->buffer_va[0], bytes));
    assert_int_equal(data[0], byte);
    assert_int_equal(data[bytes - 1], byte);
}

/* ---- Pin-centric ----------------------------------------------------------------------------- */

static const KSPIN_DISPATCH filling_dispatch = {.Create = world_pin_create,
                                                .Close = world_pin_close,
                                                .Process = fills,
                                                .SetDeviceState = world_set_state};

static const struct filter_world pin_centric = {
    .process = notes, .optional = true, .out_dispatch = &filling_dispatch,
    .out_flags = KSPIN_FLAG_SPLITTER};

static void three_run(void)
{
    struct world_request *first, *second, *third;

    next_byte = 0;
    filter_begin();
    for (unsigned i = 0; i < 3; i++) {
        pin_open(OUT);
        pin_state(i, KSSTATE_RUN);
    }
    second = pin_queue(1, FRAME);
    third = pin_queue(2, FRAME);
    sleep_ms(2);
    assert_int_equal(next_byte, 0); /* the driver is not asked to fill copies */
    first = pin_queue(0, FRAME);
    assert_ptr_equal(driver_saw, opened.pins[0]);
    expect_picture(first, 1, FRAME);
    expect_picture(second, 1, FRAME);
    expect_picture(third, 1, FRAME);
    filter_end();
}

static void what_the_first_instance_is_given_the_others_get_copies_of(void **state)
{
    (void)state;
    world_live(filter_config(&pin_centric), three_run);
}

static void no_frame_and_short_frame(void)
{
    struct world_request *missed, *shorter, *longer;

    next_byte = 0;
    filter_begin();
    pin_open(OUT);
    pin_open(OUT);
    pin_state(0, KSSTATE_RUN);
    pin_state(1, KSSTATE_RUN);
    expect_picture(pin_queue(0, FRAME), 1, FRAME); /* the copy has none */
    shorter = pin_queue(1, FRAME / 2);
    longer = pin_queue(1, FRAME * 2);
    expect_picture(pin_queue(0, FRAME), 2, FRAME);
    expect_picture(shorter, 2, FRAME / 2);
    expect_picture(pin_queue(0, FRAME), 3, FRAME);
    expect_picture(longer, 3, FRAME);
    missed = pin_queue(1, FRAME);
    pin_state(1, KSSTATE_ACQUIRE);
    expect_picture(pin_queue(0, FRAME), 4, FRAME); /* the copy does not stream */
    assert_false(world_is_done(missed));
    filter_end();
}

static void a_copy_misses_what_it_has_no_frame_for_and_a_short_frame_cuts(void **state)
{
    (void)state;
    world_live(filter_config(&pin_centric), no_frame_and_short_frame);
}

static void relationships(void)
{
    PKSPIN source, delegate;

    filter_begin();
    pin_open(OUT);
    pin_open(OUT);
    pin_open(OUT);
    KsPinGetCopyRelationships(opened.pins[0], &source, &delegate);
    assert_null(source);
    assert_null(delegate);
    KsPinGetCopyRelationships(opened.pins[2], &source, &delegate);
    assert_ptr_equal(source, opened.pins[0]);
    assert_null(delegate);
    pin_close(0);
    KsPinGetCopyRelationships(opened.pins[1], &source, &delegate);
    assert_null(source);
    KsPinGetCopyRelationships(opened.pins[2], &source, &delegate);
    assert_ptr_equal(source, opened.pins[1]);
    filter_end();
}

static void copies_know_their_source_and_the_oldest_inherits(void **state)
{
    (void)state;
    world_live(filter_config(&pin_centric), relationships);
}

static void heir_runs(void)
{
    struct world_request *heir;

    next_byte = 0;
    filter_begin();
    pin_open(OUT);
    pin_open(OUT);
    pin_state(0, KSSTATE_RUN);
    pin_state(1, KSSTATE_RUN);
    heir = pin_queue(1, FRAME);
    pin_close(0);
    KsPinAttemptProcessing(opened.pins[1], FALSE);
    assert_ptr_equal(driver_saw, opened.pins[1]);
    expect_picture(heir, 1, FRAME);
    expect_picture(pin_queue(1, FRAME), 2, FRAME);
    filter_end();
}

static void the_heir_is_filled_by_the_driver(void **state)
{
    (void)state;
    world_live(filter_config(&pin_centric), heir_runs);
}

static void independent(void)
{
    struct world_request *second;

    next_byte = 0;
    filter_begin();
    pin_open(OUT);
    pin_open(OUT);
    pin_state(0, KSSTATE_RUN);
    pin_state(1, KSSTATE_RUN);
    second = pin_queue(1, FRAME);
    assert_ptr_equal(driver_saw, opened.pins[1]);
    expect_picture(second, 1, FRAME);
    expect_picture(pin_queue(0, FRAME), 2, FRAME);
    filter_end();
}

static void without_the_flag_every_instance_is_the_drivers(void **state)
{
    static const struct filter_world config = {
        .process = notes, .optional = true, .out_dispatch = &filling_dispatch};

    (void)state;
    world_live(filter_config(&config), independent);
}

/* ---- Filter-centric -------------------------------------------------------------------------- */

static NTSTATUS NTAPI copies_to_first(PKSFILTER filter, PKSPROCESSPIN_INDEXENTRY index)
{
    assert_int_equal(index[OUT].Count, 2);
    assert_null(index[OUT].Pins[0]->CopySource);
    assert_null(index[OUT].Pins[0]->DelegateBranch);
    assert_ptr_equal(index[OUT].Pins[1]->CopySource, index[OUT].Pins[0]);
    assert_null(index[OUT].Pins[1]->DelegateBranch);
    assert_null(index[OUT].Pins[1]->Data);
    return filter_copies(filter, index);
}

static void filter_splits(void)
{
    struct world_request *in, *first, *second;

    filter_begin_in(KSSTATE_PAUSE);
    pin_open(OUT);
    pin_state(2, KSSTATE_PAUSE);
    first = pin_queue(1, FRAME);
    in = pin_queue(0, FRAME);
    assert_int_equal(world->process_calls, 1); /* a copy without frames hinders nobody */
    assert_int_equal(world_wait(first), STATUS_SUCCESS);
    assert_int_equal(world_wait(in), STATUS_SUCCESS);
    second = pin_queue(2, FRAME);
    first = pin_queue(1, FRAME);
    in = pin_queue(0, FRAME);
    assert_int_equal(world->process_calls, 2);
    assert_int_equal(world_wait(second), STATUS_SUCCESS);
    assert_int_equal(world_header(second, 0).DataUsed, FRAME);
    filter_end();
}

static void a_filter_sees_copies_with_their_source_and_does_not_wait_for_them(void **state)
{
    static const struct filter_world config = {.process = copies_to_first,
                                               .out_flags = KSPIN_FLAG_SPLITTER};

    (void)state;
    world_live(filter_config(&config), filter_splits);
}

static void filter_heir(void)
{
    struct world_request *out;

    filter_begin_in(KSSTATE_PAUSE);
    pin_open(OUT);
    pin_state(2, KSSTATE_PAUSE);
    pin_close(1);
    pin_queue(0, FRAME);
    assert_int_equal(world->process_calls, 0); /* its frames count from now on */
    out = pin_queue(2, FRAME);
    assert_int_equal(world->process_calls, 1);
    assert_int_equal(world_wait(out), STATUS_SUCCESS);
    filter_end();
}

static void the_frames_of_the_heir_count_for_the_filter(void **state)
{
    static const struct filter_world config = {.process = filter_copies,
                                               .out_flags = KSPIN_FLAG_SPLITTER};

    (void)state;
    world_live(filter_config(&config), filter_heir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_first_instance_is_given_the_others_get_copies_of),
        cmocka_unit_test(a_copy_misses_what_it_has_no_frame_for_and_a_short_frame_cuts),
        cmocka_unit_test(copies_know_their_source_and_the_oldest_inherits),
        cmocka_unit_test(the_heir_is_filled_by_the_driver),
        cmocka_unit_test(without_the_flag_every_instance_is_the_drivers),
        cmocka_unit_test(a_filter_sees_copies_with_their_source_and_does_not_wait_for_them),
        cmocka_unit_test(the_frames_of_the_heir_count_for_the_filter),
    };

    return cmocka_run_group_tests_name("splitter", tests, NULL, NULL);
}
