/* SPDX-License-Identifier: MIT */
/* What a client reads in DataUsed, by each way in which a driver lets go of an output frame. */
#include "ks/filter_world.h"

enum { FRAME = 1000 };

static void (*lets_go)(PKSSTREAM_POINTER lead);
static ULONG wanted;

static PKSSTREAM_POINTER locked_lead(void)
{
    return KsPinGetLeadingEdgeStreamPointer(world->pin, KSSTREAM_POINTER_STATE_LOCKED);
}

static void one_frame(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead;

    world_begin();
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    request = world_queue(1, FRAME, 0);
    lead = locked_lead();
    assert_non_null(lead);
    assert_int_equal(lead->StreamHeader->DataUsed, 0);
    lets_go(lead);
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    assert_int_equal(world_header(request, 0).DataUsed, wanted);
    world_end();
}

static void expect(void (*way)(PKSSTREAM_POINTER lead), ULONG data_used)
{
    static const struct world_config plain = {.windows = KE_WINDOWS_10, .no_adapter = true};

    lets_go = way;
    wanted = data_used;
    world_live(&plain, one_frame);
}

/* ---- The leading edge ------------------------------------------------------------------------ */

static void all_of_it(PKSSTREAM_POINTER lead)
{
    assert_int_equal(KsStreamPointerAdvanceOffsets(lead, 0, FRAME, FALSE),
                     STATUS_DEVICE_NOT_READY);
}

static void in_pieces(PKSSTREAM_POINTER lead)
{
    assert_int_equal(KsStreamPointerAdvanceOffsets(lead, 0, 300, FALSE), STATUS_SUCCESS);
    assert_int_equal(lead->StreamHeader->DataUsed, 300);
    KsStreamPointerAdvanceOffsetsAndUnlock(lead, 0, 400, FALSE);
    assert_int_equal(lead->StreamHeader->DataUsed, 700);
    assert_int_equal(KsStreamPointerLock(lead), STATUS_SUCCESS);
    KsStreamPointerAdvanceOffsetsAndUnlock(lead, 0, 0, TRUE);
}

static void piece_and_eject(PKSSTREAM_POINTER lead)
{
    KsStreamPointerAdvanceOffsets(lead, 0, 250, TRUE);
}

static void piece_and_eject_unlocked(PKSSTREAM_POINTER lead)
{
    KsStreamPointerAdvanceOffsetsAndUnlock(lead, 0, 250, TRUE);
}

static void too_much(PKSSTREAM_POINTER lead)
{
    KsStreamPointerAdvanceOffsets(lead, 0, FRAME + 1, FALSE);
}

static void by_the_wrong_offset(PKSSTREAM_POINTER lead)
{
    KsStreamPointerAdvanceOffsets(lead, 400, 0, TRUE);
}

static void data_used_follows_the_output_offset_of_the_leading_edge(void **state)
{
    (void)state;
    expect(all_of_it, FRAME);
    expect(in_pieces, 700);
    expect(piece_and_eject, 250);
    expect(piece_and_eject_unlocked, 250);
    expect(too_much, FRAME);
    expect(by_the_wrong_offset, 0);
}

/* ---- Without offsets ------------------------------------------------------------------------- */

static void advances(PKSSTREAM_POINTER lead)
{
    KsStreamPointerAdvance(lead);
}

static void ejects(PKSSTREAM_POINTER lead)
{
    KsStreamPointerUnlock(lead, TRUE);
}

static void says_and_advances(PKSSTREAM_POINTER lead)
{
    lead->StreamHeader->DataUsed = 123;
    KsStreamPointerAdvance(lead);
}

static void says_and_ejects(PKSSTREAM_POINTER lead)
{
    lead->StreamHeader->DataUsed = 123;
    KsStreamPointerUnlock(lead, TRUE);
}

static void says_and_ejects_without_bytes(PKSSTREAM_POINTER lead)
{
    lead->StreamHeader->DataUsed = 123;
    KsStreamPointerAdvanceOffsets(lead, 0, 0, TRUE);
}

static void who_passes_a_frame_without_bytes_says_itself_what_is_in_it(void **state)
{
    (void)state;
    expect(advances, 0);
    expect(ejects, 0);
    expect(says_and_advances, 123);
    expect(says_and_ejects, 123);
    expect(says_and_ejects_without_bytes, 123);
}

/* ---- Clones ---------------------------------------------------------------------------------- */

static PKSSTREAM_POINTER cloned(PKSSTREAM_POINTER lead)
{
    PKSSTREAM_POINTER clone;

    assert_int_equal(KsStreamPointerClone(lead, NULL, 0, &clone), STATUS_SUCCESS);
    return clone;
}

/* The leading edge hands the frame to the hardware as a whole, the clone tells how far it got. */
static void clone_gets_half_way(PKSSTREAM_POINTER lead)
{
    PKSSTREAM_POINTER clone = cloned(lead);

    KsStreamPointerAdvanceOffsets(lead, 0, FRAME, FALSE);
    assert_int_equal(clone->StreamHeader->DataUsed, FRAME);
    assert_int_equal(KsStreamPointerAdvanceOffsets(clone, 0, FRAME / 2, FALSE), STATUS_SUCCESS);
    assert_int_equal(clone->StreamHeader->DataUsed, FRAME / 2);
    KsStreamPointerDelete(clone);
}

static void clone_alone_counts(PKSSTREAM_POINTER lead)
{
    PKSSTREAM_POINTER clone = cloned(lead);

    KsStreamPointerAdvance(lead);
    KsStreamPointerAdvanceOffsets(clone, 0, FRAME, FALSE);
    KsStreamPointerDelete(clone);
}

static void clone_counts_nothing(PKSSTREAM_POINTER lead)
{
    PKSSTREAM_POINTER clone = cloned(lead);

    KsStreamPointerAdvanceOffsets(lead, 0, FRAME, FALSE);
    KsStreamPointerDelete(clone);
}

static void driver_takes_it_back(PKSSTREAM_POINTER lead)
{
    PKSSTREAM_POINTER clone = cloned(lead);

    KsStreamPointerAdvanceOffsets(lead, 0, FRAME, FALSE);
    clone->StreamHeader->DataUsed = 0;
    KsStreamPointerDelete(clone);
}

static void the_last_to_move_by_bytes_is_followed_a_clone_as_well(void **state)
{
    (void)state;
    expect(clone_gets_half_way, FRAME / 2);
    expect(clone_alone_counts, FRAME);
    expect(clone_counts_nothing, FRAME);
    expect(driver_takes_it_back, 0);
}

/* ---- Mappings -------------------------------------------------------------------------------- */

static void mappings_pass(void)
{
    struct world_request *request;
    PKSSTREAM_POINTER lead;

    world_begin();
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    request = world_queue(1, 3 * 4096, 0);
    lead = locked_lead();
    lead->StreamHeader->DataUsed = 77;
    KsStreamPointerAdvanceOffsets(lead, 0, lead->OffsetOut.Remaining, FALSE);
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    assert_int_equal(world_header(request, 0).DataUsed, 77);
    world_end();
}

static void on_a_pin_with_mappings_the_driver_alone_says_it(void **state)
{
    static const struct world_config mapped = {.windows = KE_WINDOWS_10,
                                               .pin_flags = KSPIN_FLAG_GENERATE_MAPPINGS};

    (void)state;
    world_live(&mapped, mappings_pass);
}

/* ---- Filters that process -------------------------------------------------------------------- */

static ULONG used, says;
static BOOLEAN terminates;

static NTSTATUS NTAPI uses_some(PKSFILTER filter, PKSPROCESSPIN_INDEXENTRY index)
{
    PKSPROCESSPIN out = index[OUT].Pins[0];

    (void)filter;
    if (says != 0)
        out->StreamPointer->StreamHeader->DataUsed = says;
    index[IN].Pins[0]->Terminate = TRUE;
    out->BytesUsed = used;
    out->Terminate = terminates;
    return STATUS_PENDING;
}

static void filter_frame(void)
{
    struct world_request *out;

    filter_begin_in(KSSTATE_PAUSE);
    pin_queue(0, 100);
    out = pin_queue(1, FRAME);
    assert_int_equal(world->process_calls, 1);
    if (!terminates) {
        pin_queue(0, 100);
        assert_int_equal(world->process_calls, 2);
        terminates = TRUE;
        used = 0;
        pin_queue(0, 100);
    }
    assert_int_equal(world_wait(out), STATUS_SUCCESS);
    assert_int_equal(world_header(out, 0).DataUsed, wanted);
    filter_end();
}

static void expect_of_filter(ULONG bytes_used, BOOLEAN terminate, ULONG data_used)
{
    static const struct filter_world config = {.process = uses_some};

    used = bytes_used;
    terminates = terminate;
    wanted = data_used;
    world_live(filter_config(&config), filter_frame);
}

static void data_used_is_the_sum_of_bytes_used(void **state)
{
    (void)state;
    says = 0;
    expect_of_filter(FRAME, TRUE, FRAME);
    expect_of_filter(250, TRUE, 250);
    expect_of_filter(250, FALSE, 500);
    says = 60;
    expect_of_filter(0, TRUE, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_used_follows_the_output_offset_of_the_leading_edge),
        cmocka_unit_test(who_passes_a_frame_without_bytes_says_itself_what_is_in_it),
        cmocka_unit_test(the_last_to_move_by_bytes_is_followed_a_clone_as_well),
        cmocka_unit_test(on_a_pin_with_mappings_the_driver_alone_says_it),
        cmocka_unit_test(data_used_is_the_sum_of_bytes_used),
    };

    return cmocka_run_group_tests_name("data_used", tests, NULL, NULL);
}
