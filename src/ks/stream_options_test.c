/* SPDX-License-Identifier: MIT */
/* What the options of stream headers do: end of stream, a changed format, flush on pause. */
#include "ks/ks_world.h"

static PKSSTREAM_POINTER locked_lead(void)
{
    return KsPinGetLeadingEdgeStreamPointer(world->pin, KSSTREAM_POINTER_STATE_LOCKED);
}

static void begin_in(KSSTATE state_wanted)
{
    world_begin();
    assert_int_equal(world_state(state_wanted), STATUS_SUCCESS);
    world->log[0] = 0;
}

/* The driver fills the oldest frame and lets it go. */
static void let_go(ULONG options)
{
    PKSSTREAM_POINTER lead = locked_lead();

    assert_non_null(lead);
    lead->StreamHeader->OptionsFlags |= options;
    KsStreamPointerAdvanceOffsets(lead, 0, 10, TRUE);
    if (locked_lead() != NULL)
        KsStreamPointerUnlock(lead, FALSE);
}

/* ---- End of stream --------------------------------------------------------------------------- */

static ULONG end_option;

static void output_ends(void)
{
    struct world_request *last, *waiting, *later;

    begin_in(KSSTATE_RUN);
    last = world_queue(1, 100, 0);
    waiting = world_queue(1, 100, 0);
    let_go(end_option);
    assert_int_equal(world_wait(last), STATUS_SUCCESS);
    assert_int_equal(world_header(last, 0).OptionsFlags, end_option);
    sleep_ms(5);
    if (end_option == KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM) {
        assert_int_equal(world_wait(waiting), STATUS_CANCELLED);
        world_expect_log("Reset ");
    } else {
        assert_false(world_is_done(waiting));
        world_expect_log("");
        let_go(0);
    }
    assert_int_equal(world->pin->ResetState, KSRESET_END);
    later = world_queue(1, 100, 0); /* another stream */
    assert_int_equal(later->sent, STATUS_PENDING);
    let_go(0);
    assert_int_equal(world_wait(later), STATUS_SUCCESS);
    world_end();
}

static const struct world_config output = {.windows = KE_WINDOWS_10};
static const struct world_config input = {.windows = KE_WINDOWS_10, .input = true};

static void the_end_of_a_stream_flushes_an_output_pin_and_resets_it(void **state)
{
    (void)state;
    end_option = KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM;
    world_live(&output, output_ends);
}

static void another_option_does_not(void **state)
{
    (void)state;
    end_option = KSSTREAM_HEADER_OPTIONSF_SPLICEPOINT;
    world_live(&output, output_ends);
}

static void output_ends_on_xp(void)
{
    struct world_request *waiting;

    begin_in(KSSTATE_RUN);
    world_queue(1, 100, 0);
    waiting = world_queue(1, 100, 0);
    let_go(KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM);
    sleep_ms(5);
    assert_false(world_is_done(waiting));
    world_expect_log("");
    world_end();
}

static void before_windows_7_nothing_is_flushed(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_VISTA};

    (void)state;
    world_live(&config, output_ends_on_xp);
}

static void input_ends(void)
{
    struct world_request *next;

    begin_in(KSSTATE_RUN);
    world_send(world->pin_file, true, KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM, 1, 100, 0);
    next = world_queue(1, 100, 0);
    KsStreamPointerUnlock(locked_lead(), TRUE);
    sleep_ms(5);
    assert_false(world_is_done(next));
    KsStreamPointerUnlock(locked_lead(), TRUE);
    assert_int_equal(world_wait(next), STATUS_SUCCESS);
    world_expect_log("");
    world_end();
}

static void what_follows_the_end_of_an_input_stream_reaches_the_driver(void **state)
{
    (void)state;
    world_live(&input, input_ends);
}

/* ---- A changed format ------------------------------------------------------------------------ */

static NTSTATUS fetch_format(void)
{
    KSPROPERTY request = {
        {{KSPROPSETID_Connection, KSPROPERTY_CONNECTION_DATAFORMAT, KSPROPERTY_TYPE_GET}}};
    KSDATAFORMAT format;

    return world_property(world->pin_file, &request, sizeof request, &format, sizeof format, NULL);
}

static void read_changes(void)
{
    struct world_request *changed, *held, *third;

    begin_in(KSSTATE_RUN);
    changed = world_queue(1, 100, 0);
    held = world_queue(1, 100, 0);
    third = world_queue(1, 100, 0);
    let_go(KSSTREAM_HEADER_OPTIONSF_TYPECHANGED);
    assert_int_equal(world_wait(changed), STATUS_SUCCESS);
    let_go(0);
    sleep_ms(5);
    assert_false(world_is_done(held));
    assert_int_equal(fetch_format(), STATUS_SUCCESS);
    assert_int_equal(world_wait(held), STATUS_SUCCESS);
    let_go(0);
    assert_int_equal(world_wait(third), STATUS_SUCCESS);
    world_end();
}

static void reads_wait_until_the_client_has_fetched_a_changed_format(void **state)
{
    static const struct world_config fifo = {.windows = KE_WINDOWS_10,
                                             .pin_flags = KSPIN_FLAG_ENFORCE_FIFO};

    (void)state;
    world_live(&output, read_changes);
    world_live(&fifo, read_changes);
}

static void never_fetched(void)
{
    struct world_request *held, *cancelled;

    begin_in(KSSTATE_RUN);
    world_queue(1, 100, 0);
    held = world_queue(1, 100, 0);
    cancelled = world_queue(1, 100, 0);
    let_go(KSSTREAM_HEADER_OPTIONSF_TYPECHANGED);
    let_go(0);
    IoCancelIrp(cancelled->irp);
    assert_int_equal(world_wait(cancelled), STATUS_CANCELLED);
    assert_false(world_is_done(held));
    assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS);
    assert_int_equal(world_wait(held), STATUS_SUCCESS);
    assert_int_equal(world_header(held, 0).DataUsed, 10);
    world_end();
}

static void a_stop_and_a_cancel_do_not_wait_for_the_format(void **state)
{
    (void)state;
    world_live(&output, never_fetched);
}

static void write_changes(void)
{
    ULONG changed = KSSTREAM_HEADER_OPTIONSF_TYPECHANGED;
    PKSSTREAM_POINTER lead;

    begin_in(KSSTATE_RUN);
    assert_int_equal(world_send(world->pin_file, true, changed, 2, 100, 0)->sent,
                     STATUS_INVALID_BUFFER_SIZE);
    assert_int_equal(
        world_send(world->pin_file, true, changed, 1, sizeof(KSDATAFORMAT) - 8, 0)->sent,
        STATUS_INVALID_BUFFER_SIZE);
    world_send(world->pin_file, true, 0, 1, 100, 0);
    world_send(world->pin_file, true, changed, 1, sizeof(KSDATAFORMAT), 0);
    lead = locked_lead();
    assert_int_equal(lead->StreamHeader->OptionsFlags, 0);
    assert_int_equal(KsStreamPointerAdvance(lead), STATUS_SUCCESS);
    assert_int_equal(lead->StreamHeader->OptionsFlags, changed);
    assert_int_equal(lead->OffsetIn.Count, sizeof(KSDATAFORMAT));
    KsStreamPointerUnlock(lead, TRUE);
    world_end();
}

static void a_written_format_is_alone_and_comes_in_its_turn(void **state)
{
    (void)state;
    world_live(&input, write_changes);
}

/* ---- Flush on pause -------------------------------------------------------------------------- */

static void pauses(void)
{
    struct world_request *stale, *kept, *locked;
    PKSSTREAM_POINTER clone;

    begin_in(KSSTATE_RUN);
    locked = world_send(world->pin_file, true, KSSTREAM_HEADER_OPTIONSF_FLUSHONPAUSE, 1, 100, 0);
    assert_int_equal(KsStreamPointerClone(locked_lead(), NULL, 0, &clone), STATUS_SUCCESS);
    KsStreamPointerUnlock(
        KsPinGetLeadingEdgeStreamPointer(world->pin, KSSTREAM_POINTER_STATE_UNLOCKED), TRUE);
    stale = world_send(world->pin_file, true, KSSTREAM_HEADER_OPTIONSF_FLUSHONPAUSE, 1, 100, 0);
    kept = world_queue(1, 100, 0);
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    assert_int_equal(world_wait(stale), STATUS_CANCELLED);
    assert_false(world_is_done(kept));
    assert_false(world_is_done(locked));
    KsStreamPointerDelete(clone);
    assert_true(world_is_done(locked));
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    KsStreamPointerUnlock(locked_lead(), TRUE);
    assert_int_equal(world_wait(kept), STATUS_SUCCESS);
    world_end();
}

static void a_pause_flushes_the_frames_that_ask_for_it_and_no_others(void **state)
{
    (void)state;
    world_live(&input, pauses);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_of_a_stream_flushes_an_output_pin_and_resets_it),
        cmocka_unit_test(another_option_does_not),
        cmocka_unit_test(before_windows_7_nothing_is_flushed),
        cmocka_unit_test(what_follows_the_end_of_an_input_stream_reaches_the_driver),
        cmocka_unit_test(reads_wait_until_the_client_has_fetched_a_changed_format),
        cmocka_unit_test(a_stop_and_a_cancel_do_not_wait_for_the_format),
        cmocka_unit_test(a_written_format_is_alone_and_comes_in_its_turn),
        cmocka_unit_test(a_pause_flushes_the_frames_that_ask_for_it_and_no_others),
    };

    return cmocka_run_group_tests_name("stream_options", tests, NULL, NULL);
}
